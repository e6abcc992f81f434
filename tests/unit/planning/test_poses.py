"""Poses of a path, and the leaping march against plain sampling with numpy."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.posed_level import (
    GEOMETRY,
    LENGTH_MM,
    PATH,
    REACH_MM,
    a_hazard_near,
    a_tool,
    plane,
    surroundings,
)
from tests.unit.planning.small_problems import Formula, a_block, ball, the_tools

from kambin.frames import Side
from kambin.planning import Group, Path, Toolset
from kambin.planning.axis_kernels import nearest_to_segment
from kambin.planning.error_model import PathFrame
from kambin.planning.fields import Hazard, find_faces
from kambin.planning.poses import Poses, Surroundings

FRAME = PathFrame.of(PATH, Side.LEFT)


def _tools() -> Toolset:
    stages = ("needle", "cannula", "forceps")
    return replace(the_tools(), tools=tuple(a_tool(stage, 1.0) for stage in stages))


def _docked(stop_mm: float = 7.1, past_mm: float = 3.0) -> Path:
    return Path(PATH.entry_lps_mm, PATH.target_lps_mm, stop_mm, {"forceps": -past_mm})


def _random(path: Path, rng: np.random.Generator, count: int = 60) -> Poses:
    shifts, tilts = rng.normal(0, 2.0, (count, 3)), rng.normal(0, 0.05, (count, 2))
    return Poses.of(path, FRAME, shifts, tilts)


def _sample_all(around: Surroundings, hazard: Hazard, poses: Poses) -> np.ndarray:
    """The same gaps from every sample of every axis, with numpy alone."""
    _, along = around.path.samples()
    assert hazard.field is not None
    found = np.empty((len(poses), len(around.stops_mm)))
    for p, way in enumerate(poses.ways):
        points = poses.tips_lps_mm(0.0)[p] + along[:, None] * way
        nodes = hazard.field.grid.ijk(points)
        held = ((nodes >= 0) & (nodes <= np.array(hazard.field.grid.shape) - 1)).all(axis=1)
        near = np.full(len(points), hazard.reach_mm)
        near[held] = np.minimum(hazard.field.sample(points[held]), hazard.reach_mm)
        for s, stop in enumerate(around.stops_mm):
            found[p, s] = near[along >= stop - 1e-9].min()
    return found


@pytest.mark.parametrize(
    "formula",
    [plane(3.0), plane(9.0), ball((30.0, 6.0, 2.0), 4.0), ball((4.0, 1.0, 0.0), 3.0)],
    ids=["near wall", "far wall", "ball beside", "ball beyond the target"],
)
def test_leaping_finds_what_sampling_everything_finds(
    formula: Formula, rng: np.random.Generator
) -> None:
    path = _docked()
    hazard = a_hazard_near(formula)
    around, _ = surroundings(_tools(), [hazard], path)
    assert around.stops_mm == (-3.0, 0.0, 7.1)
    poses = _random(path, rng)
    gaps, exact = around.measure(0, poses, around.moves_mm(poses))
    plain = _sample_all(around, hazard, poses)
    assert np.where(exact, gaps, REACH_MM) == pytest.approx(plain, abs=1e-5)
    assert exact.any()


def test_the_pose_without_error_has_the_gaps_of_the_stages(rng: np.random.Generator) -> None:
    path = _docked()
    hazards = [a_hazard_near(plane(3.0)), a_hazard_near(ball((4.0, 1.0, 0.0), 3.0), name="colon")]
    around, stages = surroundings(_tools(), hazards, path)
    still = Poses.of(path, FRAME, np.zeros((1, 3)), np.zeros((1, 2)))
    for h, hazard in enumerate(hazards):
        gaps, _ = around.measure(h, still, around.moves_mm(still))
        for stage in stages:
            row = next(r for r in stage.clearances if r.structure == str(hazard.key))
            gap = gaps[0, around.stops_mm.index(stage.stop_mm)]
            assert gap - stage.radius_mm == pytest.approx(row.clearance_mm, abs=1e-5)


def test_no_point_moves_farther_than_its_ends(rng: np.random.Generator) -> None:
    poses = _random(PATH, rng)
    _, along = PATH.samples()
    for p in range(len(poses)):
        points = poses.tips_lps_mm(0.0)[p] + along[:, None] * poses.ways[p]
        away = np.linalg.norm(points - PATH.samples()[0], axis=1).max()
        assert away == pytest.approx(poses.moves_mm(0.0)[p], abs=1e-9)


def test_a_pose_is_as_long_as_the_path_and_its_entry_where_it_was_shifted() -> None:
    shift, tilt = np.array([[0.0, 1.5, -2.0]]), np.array([[0.03, 0.04]])
    poses = Poses.of(PATH, FRAME, shift, tilt)
    assert np.linalg.norm(poses.ways, axis=1) == pytest.approx([1.0])
    moved = poses.entries_lps_mm[0] - PATH.entry_lps_mm
    assert FRAME.axes @ moved == pytest.approx(shift[0])
    assert np.degrees(np.arccos(poses.ways[0] @ FRAME.axes[0])) == pytest.approx(
        np.degrees(0.05), rel=1e-6
    )
    length = np.linalg.norm(poses.entries_lps_mm - poses.tips_lps_mm(0.0), axis=1)
    assert length == pytest.approx([LENGTH_MM])


def test_some_poses_can_be_kept(rng: np.random.Generator) -> None:
    poses = _random(PATH, rng)
    kept = poses.keep(np.arange(len(poses)) % 2 == 0)
    assert len(kept) == len(poses) // 2
    assert kept.entries_lps_mm == pytest.approx(poses.entries_lps_mm[::2])


def test_needs_are_the_widest_demand_of_the_tools_that_end_there() -> None:
    path = _docked()
    tools = replace(
        the_tools(),
        tools=(a_tool("needle", 0.6), a_tool("reamer", 1.5), a_tool("cannula", 3.75)),
    )
    hazards = [
        a_hazard_near(plane(9.0)),
        a_hazard_near(plane(9.0), name="sap:L5:left", group=Group.REMOVABLE),
    ]
    around, _ = surroundings(tools, hazards, path)
    assert around.stops_mm == (0.0, 7.1)
    margins = [
        [tools.margin_mm(tool, h.group, h.structure) for tool in tools.tools] for h in hazards
    ]
    needs = around.needs_mm()
    assert needs[0] == pytest.approx([0.6 + margins[0][0], 3.75 + margins[0][2]])
    assert needs[1] == pytest.approx([0.6 + margins[1][0], -np.inf])


def test_a_path_without_neighbours_has_no_gaps() -> None:
    around, _ = surroundings(_tools(), [])
    assert around.gaps_mm.shape == (0, 1)
    assert GEOMETRY.side is Side.LEFT


def test_faces_far_from_an_axis_are_measured_as_points(rng: np.random.Generator) -> None:
    points = find_faces(a_block((0, 0, 0), (4, 6, 3)))
    for _ in range(20):
        start, end = rng.uniform(-30, 30, (2, 3))
        gap, share = nearest_to_segment(points, start, end)
        way = end - start
        along = np.clip((points - start) @ way / (way @ way), 0, 1)
        gaps = np.linalg.norm(points - start - along[:, None] * way, axis=1)
        assert gap == pytest.approx(gaps.min(), abs=1e-9)
        assert share == pytest.approx(along[np.argmin(gaps)], abs=1e-9)
