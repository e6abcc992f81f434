"""All gaps of an axis at once: the same as structure by structure, sample by sample."""

import numpy as np
import pytest
from tests.unit.planning.posed_level import LENGTH_MM, PATH, a_hazard_near, plane
from tests.unit.planning.simple_spine import LEVEL, build_case

from kambin.anatomy import Anatomy
from kambin.frames import Side
from kambin.planning import Path, PlanRequest
from kambin.planning.evaluator import Evaluator
from kambin.planning.fields import Hazard, HazardSet
from kambin.planning.gap_meter import GapMeter, cut_into_blocks, find_gap_meter

STOPS = (-4.0, 0.0, 3.3, 8.0)


@pytest.fixture(scope="module")
def hazards(a_simple_spine: Anatomy) -> tuple[Hazard, ...]:
    """Near and far structures, with fields and without."""
    request = PlanRequest(LEVEL, Side.LEFT, zone="paracentral")
    found = Evaluator.prepare(build_case(a_simple_spine), a_simple_spine, request).hazards.hazards
    assert {hazard.field is None for hazard in found} == {True, False}
    return found


def _assert_same(hazards: tuple[Hazard, ...], meter: GapMeter, path: Path) -> None:
    points, along = path.samples()
    gaps, feet = meter.measure(path.target_lps_mm, path.way, along, STOPS)
    firsts = [int(np.searchsorted(along, stop)) for stop in STOPS]
    for h, hazard in enumerate(hazards):
        for s, (gap, point) in enumerate(hazard.find_gaps(points, firsts)):
            assert gaps[h, s] == pytest.approx(gap, abs=1e-9), str(hazard.key)
            foot = path.target_lps_mm + feet[h, s] * path.way
            if gap < hazard.reach_mm:
                assert np.abs(foot - point).max() < 1e-9
            else:
                # Two faces may be as near: then the foot is that of either.
                faces = hazard.faces.points_lps_mm
                nearest = np.linalg.norm(faces - foot, axis=1).min()
                assert max(nearest, hazard.reach_mm) == pytest.approx(gap, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_every_gap_is_that_of_the_structure_measured_alone(
    hazards: tuple[Hazard, ...], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    low, high = hazards[0].structure.region.bounds_lps_mm()
    ends = rng.uniform(low - 30, high + 30, (2, 3))
    ends[0, 1] += 60
    own = {"needle": STOPS[1], "wire": STOPS[2], "forceps": STOPS[0]}
    _assert_same(hazards, GapMeter.of(hazards), Path(ends[0], ends[1], STOPS[3], own))


def test_the_paths_of_one_question_share_a_meter_of_their_own(hazards: tuple[Hazard, ...]) -> None:
    field = next(hazard.field for hazard in hazards if hazard.field is not None)
    ours, others = HazardSet(field.grid, hazards), HazardSet(field.grid, hazards[:2])
    meter = find_gap_meter(ours)
    assert find_gap_meter(ours) is meter
    assert len(find_gap_meter(others).shapes) == len(hazards[:2]) < len(meter.shapes)
    _assert_same(hazards, meter, PATH)


@pytest.mark.parametrize("height_mm", [-2.0, 0.0, 3.0, 14.0])
def test_beside_a_wall_the_gap_is_its_height(height_mm: float) -> None:
    meter = GapMeter.of([a_hazard_near(plane(height_mm))])
    gaps, _ = meter.measure(PATH.target_lps_mm, PATH.way, PATH.along_mm(), (0.0,))
    assert gaps[0, 0] == pytest.approx(height_mm, abs=1e-5)


def test_a_shorter_tool_is_as_near_as_its_own_part_of_the_axis() -> None:
    meter = GapMeter.of([a_hazard_near(lambda x, y, z: np.hypot(x - 10.0, z - 2.0) + 0 * y)])
    along = Path(PATH.entry_lps_mm, PATH.target_lps_mm, 5.0).along_mm()
    gaps, feet = meter.measure(PATH.target_lps_mm, PATH.way, along, (0.0, 5.0))
    assert gaps[0] == pytest.approx([2.0, np.hypot(5.0, 2.0)], abs=0.02)
    assert feet[0] == pytest.approx([0.0, 5.0])


def test_without_hazards_there_are_no_gaps() -> None:
    gaps, _ = GapMeter.of([]).measure(PATH.target_lps_mm, PATH.way, PATH.along_mm(), (0.0,))
    assert gaps.shape == (0, 1)


def test_blocks_hold_every_point_once_and_lie_around_their_own() -> None:
    points = np.random.default_rng(0).uniform(0, LENGTH_MM, (500, 3))
    sorted_points, blocks = cut_into_blocks(points)
    assert sorted(map(tuple, sorted_points)) == sorted(map(tuple, points))
    assert len(blocks) > 1
    held = [sorted_points[int(first) : int(stop)] for *_, first, stop in blocks]
    assert sum(len(part) for part in held) == len(points)
    for (x, y, z, radius, *_), part in zip(blocks, held, strict=True):
        assert np.linalg.norm(part - [x, y, z], axis=1).max() <= radius + 1e-9


def test_no_points_are_no_block() -> None:
    points, blocks = cut_into_blocks(np.zeros((0, 3)))
    assert len(points) == len(blocks) == 0
