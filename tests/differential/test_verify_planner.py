"""The planner's fields against the second checker's surfaces, on random trajectories.

What the differences are, and why parts of a bone have an allowance, is in docs/adr/0006.
"""

from dataclasses import dataclass, replace
from pathlib import Path as FilePath

import numpy as np
import pytest
from tests.differential.random_paths import (
    Question,
    Rows,
    Target,
    build_near_hazards,
    compare,
    draw_paths,
    find_measured,
    keep_near,
    shifted,
)
from tests.shelf import Shelf
from tests.unit.planning.made_level import make_plan
from tests.unit.planning.simple_spine import LEVEL, build_case, build_simple_spine

from kambin.anatomy import Case, Level, StructureKey, complete
from kambin.core import NoStore, SilentProgress
from kambin.exchange import read_case
from kambin.frames import Side, direction_from_angles
from kambin.imaging import (
    Field,
    Grid,
    extract_surface,
    segment_surface_clearance,
    surface_distance,
)
from kambin.phantom import PhantomParameters, build_phantom
from kambin.planning import Path, PlanRequest, evaluate, find_toolset
from kambin.planning.bundle import Bundle
from kambin.planning.fields import HazardSet, build_hazards, crop_to_grid
from kambin.planning.models import Trajectory
from kambin.planning.policy import find_hazards
from kambin.planning.second_way import Extent, find_parted_bones, measure_stages
from kambin.planning.tubes import measure_tube_clearance

SEED = 20261122

STRICT_MM = 0.3
"""Architecture 8.12, for labels of 1 mm and for nerves drawn as tubes."""

SOFT_KINDS = ("exiting_root", "traversing_root", "drg", "dural_sac")
"""What is made on the working grid of 1 mm or in closed form, however coarse the labels are."""

TRAJECTORIES = 200
PATHS = 300
"""Through the made patient; some 3,600 distances."""

BOX_EDGE_MM = 0.6


@dataclass(frozen=True)
class Compared:
    """A patient with random paths, the planner's fields, and all distances from both sides."""

    question: Question
    paths: list[Path]
    hazards: HazardSet
    targets: tuple[Target, ...]
    rows: Rows


def _compare(question: Question, count: int) -> Compared:
    paths = draw_paths(question, count, np.random.default_rng(SEED))
    hazards = build_near_hazards(question, paths)
    targets = tuple(find_measured(question, hazards))
    rows = compare(question, paths, hazards, targets)
    return Compared(question, paths, hazards, targets, rows)


@pytest.fixture(scope="module")
def a_phantom() -> Compared:
    """Three hundred paths through a made patient of 1 mm, completed as any other patient is."""
    parameters = PhantomParameters(level=LEVEL, side=Side.LEFT, zone="paracentral", spacing_mm=1.0)
    made = build_phantom(parameters)
    case = Case(made.image, made.labels, made.names, "phantom")
    return _compare(Question(case, complete(case), LEVEL, Side.LEFT), PATHS)


@pytest.fixture(scope="module")
def a_real_ct(shared_data: FilePath, shelf: Shelf) -> Compared:
    """Two hundred paths through the CT of 3 mm."""
    case = read_case(shelf.real_ct(shared_data))
    question = Question(case, shelf.complete(case), Level("L3", "L4"), Side.LEFT)
    return _compare(question, TRAJECTORIES)


def _share_within(rows: Rows, limit_mm: float) -> float:
    return float((rows.differences_mm <= limit_mm).mean())


class TestPhantom:
    """Labels of 1 mm: 0.3 mm for all that is not cut, and what cutting adds."""

    def test_nothing_differs_by_more_than_verify_allows(self, a_phantom: Compared) -> None:
        rows = a_phantom.rows.of(Extent.WHOLE, Extent.ALL_PARTS)
        assert len(rows) > 3_300
        assert not rows.beyond(), str(rows)

    def test_whole_structures_agree_within_the_strict_bound(self, a_phantom: Compared) -> None:
        rows = a_phantom.rows.of(Extent.WHOLE).outside
        assert {row.key.kind for row in rows.rows} >= {*SOFT_KINDS, "ilium", "vertebra"}
        assert rows.differences_mm.max() <= STRICT_MM, str(rows)
        assert rows.differences_mm.mean() <= 0.04, str(rows)

    def test_the_bone_as_a_whole_is_where_its_parts_say(self, a_phantom: Compared) -> None:
        rows = a_phantom.rows.of(Extent.ALL_PARTS).outside
        assert {str(row.key) for row in rows.rows} == {"vertebra:L4", "vertebra:L5"}
        assert _share_within(rows, STRICT_MM) >= 0.998, str(rows)

    def test_parts_never_grant_much_more_room_than_their_surface(self, a_phantom: Compared) -> None:
        rows = a_phantom.rows.of(Extent.PART).outside
        assert len({row.key for row in rows.rows}) >= 15
        # Of the 0.6 mm that verify allows where parts were cut; docs/adr/0006 has what is used.
        assert np.percentile(rows.overstated_mm, 99) <= STRICT_MM, str(rows)
        assert rows.overstated_mm.max() <= 0.6, str(rows)

    def test_ridges_of_cut_parts_are_kept_by_fields_and_surfaces(self, a_phantom: Compared) -> None:
        rows = a_phantom.rows.of(Extent.PART).outside
        assert not rows.beyond(), str(rows)
        assert _share_within(rows, STRICT_MM) >= 0.96, str(rows)
        assert rows.differences_mm.max() <= 0.6, str(rows)

    def test_the_surfaces_of_one_plan_are_those_of_all_paths(self, a_phantom: Compared) -> None:
        question = a_phantom.question
        targets = {(t.structure.key, t.extent): t for t in a_phantom.targets}
        for path in a_phantom.paths[:2]:
            plan = make_plan(_stages(a_phantom, path), trajectory=_trajectory(path))
            measured = measure_stages(
                question.anatomy, plan, level=question.level, side=question.side
            )
            known = [m for m in measured if (m.key, m.extent) in targets]
            assert len(known) > 20
            for m in known:
                gap = targets[m.key, m.extent].distance_mm(path, m.stage.stop_mm)
                assert m.clearance_mm == pytest.approx(gap - m.stage.radius_mm, abs=1e-4)

    def test_a_field_of_one_given_mesh_errs_by_its_interpolation(self, a_phantom: Compared) -> None:
        name = "sap:L5:left"
        structure, grid = a_phantom.question.anatomy.require(name), _grid_around(a_phantom, name)
        surface = extract_surface(crop_to_grid(structure.region, grid))
        nodes = np.stack(np.meshgrid(*grid.axes_mm(), indexing="ij"), axis=-1).reshape(-1, 3)
        at_nodes = surface_distance(nodes, surface).reshape(grid.shape).astype(np.float32)
        field = Field.measured(grid, at_nodes, 0.0)
        compared = 0
        for path in a_phantom.paths:
            gap = segment_surface_clearance(path.entry_lps_mm, path.target_lps_mm, surface)[0]
            points, _ = path.samples()
            inside = (grid.ijk(points) >= 0) & (grid.ijk(points) <= np.array(grid.shape) - 1)
            if not 0.5 < gap < 8 or not inside.all(axis=1).any():
                continue
            sampled = float(field.sample(points[inside.all(axis=1)]).min())
            # A distance d from a point bends by 1 / d in two directions, over nodes h apart.
            assert abs(sampled - gap) <= 0.05 + grid.spacing_mm**2 / (4 * gap)
            compared += 1
        assert compared > 140


class TestPower:
    """What the comparison would say of fields that lie 1 mm off."""

    @pytest.mark.parametrize(
        ("name", "axis"),
        [
            *(("exiting_root:L4:left", axis) for axis in range(3)),
            ("dural_sac", 0),
            ("drg:L4:left", 1),
            ("traversing_root:L5:left", 2),
        ],
    )
    def test_a_shifted_nerve_is_seen(self, a_phantom: Compared, name: str, axis: int) -> None:
        rows = _rows_after_a_shift(a_phantom, (StructureKey.parse(name),), axis)
        beyond = rows.of(Extent.WHOLE).beyond()
        assert {str(row.key) for row in beyond} == {name}

    # Paths run over L5 from the side: moved to the side it is as far from them as before.
    @pytest.mark.parametrize(
        ("place", "axis"),
        [*(("vertebra:L4", axis) for axis in range(3)), ("vertebra:L5", 1), ("vertebra:L5", 2)],
    )
    def test_shifted_parts_of_a_bone_are_seen_on_the_whole_bone(
        self, a_phantom: Compared, place: str, axis: int
    ) -> None:
        question = a_phantom.question
        groups = {h.key: h.group for h in a_phantom.hazards.hazards}
        parted = find_parted_bones(question.anatomy, groups, question.level)
        rows = _rows_after_a_shift(a_phantom, parted[StructureKey.parse(place)], axis)
        beyond = rows.of(Extent.ALL_PARTS).beyond()
        assert {str(row.key) for row in beyond} == {place}

    def test_without_a_shift_nothing_is_seen(self, a_phantom: Compared) -> None:
        few = replace(a_phantom, paths=a_phantom.paths[:FEW_PATHS])
        rows = compare(few.question, few.paths, few.hazards, few.targets)
        assert not rows.of(Extent.WHOLE, Extent.ALL_PARTS).beyond()


class TestRealCt:
    """Labels of 3 mm: half a voxel more for what is made from them."""

    def test_nothing_differs_by_more_than_verify_allows(self, a_real_ct: Compared) -> None:
        rows = a_real_ct.rows.of(Extent.WHOLE, Extent.ALL_PARTS)
        assert len(rows) > 2_000
        # Thin ends of ribs on 3 mm had 1.83 mm more room on a surface that lost them.
        assert not rows.beyond(), str(rows)

    def test_whole_structures_agree_within_half_a_voxel_more(self, a_real_ct: Compared) -> None:
        rows = a_real_ct.rows.of(Extent.WHOLE, Extent.ALL_PARTS).outside
        assert rows.differences_mm.max() <= STRICT_MM + 1.2, str(rows)
        assert rows.overstated_mm.max() <= STRICT_MM + 0.3, str(rows)
        assert rows.differences_mm.mean() <= 0.2, str(rows)

    def test_nerves_and_sac_agree_within_the_strict_bound(self, a_real_ct: Compared) -> None:
        rows = a_real_ct.rows.of(Extent.WHOLE).outside
        nerves = Rows(tuple(row for row in rows.rows if row.key.kind in SOFT_KINDS))
        assert len(nerves) > 800
        assert nerves.differences_mm.max() <= STRICT_MM, str(nerves)

    def test_parts_never_grant_much_more_room_than_their_surface(self, a_real_ct: Compared) -> None:
        rows = a_real_ct.rows.of(Extent.PART).outside
        # Half a voxel of the labels more is allowed; hardly any of it is used.
        assert np.percentile(rows.overstated_mm, 99) <= STRICT_MM, str(rows)
        assert rows.overstated_mm.max() <= 0.45, str(rows)
        assert rows.differences_mm.max() <= 0.6, str(rows)


FEW_PATHS = 40
"""Enough for a shift along any axis to be seen."""


def _rows_after_a_shift(compared: Compared, keys: tuple[StructureKey, ...], axis: int) -> Rows:
    """A few paths compared when some fields lie 1 mm off along one axis."""
    wrong = shifted(compared.hazards, keys, np.eye(3)[axis])
    return compare(compared.question, compared.paths[:FEW_PATHS], wrong, compared.targets)


def _stages(compared: Compared, path: Path) -> tuple:
    question = compared.question
    return evaluate(
        question.case,
        question.anatomy,
        path,
        question.tools,
        level=question.level,
        side=question.side,
        hazards=compared.hazards,
    )


def _trajectory(path: Path) -> Trajectory:
    return Trajectory(
        entry_lps_mm=tuple(path.entry_lps_mm.tolist()),
        target_lps_mm=tuple(path.target_lps_mm.tolist()),
        length_mm=path.length_mm,
    )


def _grid_around(compared: Compared, name: str) -> Grid:
    """The nodes on which the planner keeps the field of a structure."""
    hazards = {str(hazard.key): hazard for hazard in compared.hazards.hazards}
    field = hazards[name].field
    assert field is not None
    return field.grid


def test_fields_and_surfaces_agree_on_random_trajectories(rng: np.random.Generator) -> None:
    anatomy = build_simple_spine()
    case, tools = build_case(anatomy), find_toolset(PlanRequest(LEVEL, Side.LEFT))
    targets = np.array([11, 18, 0]) + rng.uniform(-4, 4, (TRAJECTORIES, 3))
    rays = np.array(
        [
            direction_from_angles(theta, phi)
            for theta, phi in rng.uniform((30, -15), (75, 30), (TRAJECTORIES, 2))
        ]
    )
    entries = targets + 120 * rays
    hazards = keep_near(
        build_hazards(
            anatomy,
            find_hazards(anatomy.structures, level=LEVEL, side=Side.LEFT),
            Bundle.around(anatomy, entries, targets),
            progress=SilentProgress(),
            store=NoStore(),
        )
    )
    names = ("exiting_root:L4:left", "dural_sac", "body:L4", "iap:L4:left", "pedicle:L4:left")
    surfaces = {
        n: extract_surface(anatomy.require(n).region)
        for n in names
        if anatomy.require(n).tube is None
    }
    worst = dict.fromkeys(names, 0.0)
    for entry, target in zip(entries, targets, strict=True):
        stages = evaluate(
            case,
            anatomy,
            Path(entry, target, 4.0),
            tools,
            level=LEVEL,
            side=Side.LEFT,
            hazards=hazards,
        )
        rows = {r.structure: r.clearance_mm + stages[0].radius_mm for r in stages[0].clearances}
        for name in names:
            tube = anatomy.require(name).tube
            other = (
                segment_surface_clearance(entry, target, surfaces[name])[0]
                if tube is None
                else measure_tube_clearance(entry, target, tube)[0]
            )
            if -1 < other < 8:
                worst[name] = max(worst[name], abs(rows[name] - other))
    assert worst["exiting_root:L4:left"] < 0.1
    assert worst["dural_sac"] < 0.1
    # Boxes have edges that no bone has: the two ways of smoothing round them differently.
    assert max(worst.values()) <= BOX_EDGE_MM, worst
