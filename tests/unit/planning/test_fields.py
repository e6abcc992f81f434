"""Distance fields of hazards: boxes of one lattice, margins, recall and far distances."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.small_problems import (
    FRAME,
    a_block,
    a_field,
    a_hazard,
    a_structure,
    ball,
)

from kambin.anatomy import Anatomy, StructureKey, Tube
from kambin.core import NoStore, SilentProgress
from kambin.imaging import Grid, LabelMap
from kambin.knowledge import value
from kambin.planning import Group
from kambin.planning.bundle import Bundle
from kambin.planning.fields import (
    MARGINS_BATCH,
    Hazard,
    HazardSet,
    build_hazards,
    crop_to_grid,
    find_faces,
    find_field,
    find_field_grid,
    find_overlap,
    find_reach_mm,
)
from kambin.planning.slack import Slack

KEY = StructureKey.parse("exiting_root:L4:left")
CAP = value("planning.field_reach_mm")


class Shelf:
    """A field store that keeps everything and counts what was asked."""

    def __init__(self) -> None:
        self.kept: dict[str, np.ndarray] = {}
        self.hits = 0

    def find(self, key: str) -> np.ndarray | None:
        found = self.kept.get(key)
        self.hits += found is not None
        return found

    def keep(self, key: str, values: np.ndarray) -> None:
        self.kept[key] = values


def a_grid(low=(-10, -10, -10), size: int = 21, spacing_mm: float = 1.0) -> Grid:
    return Grid(np.array(low, float), spacing_mm, (size, size, size), FRAME)


# Boxes of one lattice


def test_the_box_of_a_structure_goes_beyond_it_by_the_reach() -> None:
    box = find_field_grid(a_block((0, 0, 0), (2, 2, 2)), a_grid((-30, -30, -30), 61), 4.5)
    # The region keeps three voxels of background around its block.
    assert box.origin_lps_mm == pytest.approx([-8, -8, -8])
    assert box.high_lps_mm == pytest.approx([10, 10, 10])


def test_the_box_goes_beyond_the_region_of_interest_too() -> None:
    box = find_field_grid(a_block((-30, -30, -30), (30, 30, 30)), a_grid(), 3.5)
    assert box.origin_lps_mm == pytest.approx([-14] * 3)
    assert box.high_lps_mm == pytest.approx([14] * 3)


def test_the_box_keeps_the_lattice() -> None:
    grid = a_grid((-10.3, -9.8, -10.1), 28, 0.75)
    box = find_field_grid(a_block((1, 2, 3), (4, 4, 4)), grid, 3.3)
    steps = (box.origin_lps_mm - grid.origin_lps_mm) / 0.75
    assert steps == pytest.approx(np.rint(steps), abs=1e-9)
    assert (box.spacing_mm, box.frame_id) == (0.75, FRAME)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_structure_out_of_reach_has_no_box(axis: int, sign: int) -> None:
    away = np.zeros(3)
    away[axis] = sign * 25.0
    region = a_block(away - 1, away + 1)
    assert find_field_grid(region, a_grid(), 20.0) is not None
    assert find_field_grid(region, a_grid(), 10.0) is None


def test_a_large_structure_is_cut_to_the_grid_and_three_voxels() -> None:
    cut = crop_to_grid(a_block((-40, -40, -40), (40, 40, 40)), a_grid((-5, -5, -5), 11))
    low, high = cut.bounds_lps_mm()
    assert low == pytest.approx([-8] * 3)
    assert high == pytest.approx([8] * 3)
    assert cut.values.all()


def test_cutting_moves_no_voxel() -> None:
    region = a_block((-20, -3, 0), (4, 9, 30))
    cut = crop_to_grid(region, a_grid())
    whole = region.lps_mm(np.argwhere(region.values > 0))
    kept = cut.lps_mm(np.argwhere(cut.values > 0))
    low, high = cut.bounds_lps_mm()
    inside = ((whole >= low - 1e-6) & (whole <= high + 1e-6)).all(axis=1)
    assert np.array_equal(kept, whole[inside])


def test_at_least_one_voxel_is_kept() -> None:
    cut = crop_to_grid(a_block((90, 90, 90), (95, 95, 95)), a_grid())
    assert min(cut.shape) >= 1
    assert not cut.values.any()


def test_cutting_does_not_depend_on_the_order_of_storage() -> None:
    region = a_block((-20, -3, 0), (4, 9, 30))
    affine = np.array(region.lps_from_ijk)
    affine[:, 3] += affine[:, 0] * (region.shape[0] - 1)
    affine[:, 0] *= -1
    flipped = LabelMap(region.values[::-1], affine, region.frame_id)
    straight, other = (crop_to_grid(r, a_grid()).canonical() for r in (region, flipped))
    assert np.array_equal(straight.values, other.values)
    assert straight.lps_from_ijk == pytest.approx(other.lps_from_ijk)


@pytest.mark.parametrize("shift", [(0, 0, 0), (3, -4, 5), (-12, 0, 12), (25, 0, 0), (-30, 2, 2)])
def test_overlapping_slices_are_the_same_nodes(shift: tuple[int, int, int]) -> None:
    ours = a_grid(spacing_mm=0.75)
    theirs = Grid(ours.origin_lps_mm + 0.75 * np.array(shift), 0.75, (15, 18, 30), FRAME)
    mine, other = find_overlap(ours, theirs)
    for axis in range(3):
        a, b = ours.axes_mm()[axis][mine[axis]], theirs.axes_mm()[axis][other[axis]]
        assert a == pytest.approx(b)
        common = [x for x in ours.axes_mm()[axis] if np.abs(theirs.axes_mm()[axis] - x).min() < 0.1]
        assert len(a) == len(common)


# Faces


def test_one_voxel_has_six_faces_around_it() -> None:
    faces = find_faces(a_block((3, 4, 5), (3, 4, 5)))
    expected = [(3 + d, 4, 5) for d in (-0.5, 0.5)]
    expected += [(3, 4 + d, 5) for d in (-0.5, 0.5)] + [(3, 4, 5 + d) for d in (-0.5, 0.5)]
    assert sorted(map(tuple, faces.tolist())) == sorted(expected)


@pytest.mark.parametrize("size", [(1, 1, 4), (2, 3, 4), (5, 5, 5)])
def test_a_block_has_the_faces_of_a_block(size: tuple[int, int, int]) -> None:
    a, b, c = size
    faces = find_faces(a_block((0, 0, 0), (a - 1, b - 1, c - 1)))
    assert len(faces) == 2 * (a * b + b * c + c * a)


def test_a_structure_at_the_border_of_its_array_has_faces_there() -> None:
    solid = LabelMap(np.ones((2, 2, 2), np.uint8), np.diag([2.0, 2, 2, 1]), FRAME)
    faces = find_faces(solid)
    assert len(faces) == 24
    assert faces.min() == -1.0  # half a voxel of 2 mm beyond its centre
    assert faces.max() == 3.0


# Distances of one hazard


def test_near_a_structure_its_field_answers() -> None:
    hazard = a_hazard("dural_sac", Group.SAC, a_grid(), ball((0, 0, 0), 3.0))
    points = np.array([(8.0, 0, 0), (0, 5.0, 0), (0, 0, 0)])
    assert hazard.distances_mm(points) == pytest.approx([5.0, 2.0, -3.0], abs=1e-5)


def test_beyond_the_field_a_point_has_a_finite_distance_beyond_the_reach() -> None:
    hazard = a_hazard("dural_sac", Group.SAC, a_grid(), ball((0, 0, 0), 3.0))
    far = hazard.distances_mm(np.array([(8.0, 0, 0), (50.0, 0, 0)]))[1]
    assert np.isfinite(far)
    assert far >= hazard.reach_mm


@pytest.mark.parametrize("has_field", [True, False])
def test_far_from_a_structure_its_faces_answer(has_field: bool) -> None:
    block = a_structure("colon", a_block((0, 0, 0), (2, 2, 2)))
    field = a_field(a_grid(), ball((1, 1, 1), 1.5)) if has_field else None
    hazard = Hazard(block.key, Group.ORGAN, block, field, 2.0)
    points = np.array([(30.0, 1, 1), (1, -40.0, 1)])
    assert hazard.distances_mm(points) == pytest.approx([27.5, 39.5])


def test_one_near_point_is_enough_for_the_field() -> None:
    block = a_structure("colon", a_block((0, 0, 0), (2, 2, 2)))
    hazard = Hazard(block.key, Group.ORGAN, block, a_field(a_grid(), ball((1, 1, 1), 1.5)), 2.0)
    found = hazard.distances_mm(np.array([(3.0, 1, 1), (9.0, 1, 1)]))
    assert found == pytest.approx([0.5, 6.5], abs=1e-5)


@pytest.mark.parametrize(
    ("group", "row"),
    [
        (Group.ORGAN, "organ_mm"),
        (Group.VESSEL, "vessel_mm"),
        (Group.NERVE, "needle_root_hard_mm"),
        (Group.SAC, "needle_root_hard_mm"),
        (Group.REMOVABLE, "needle_root_hard_mm"),
        (Group.RIM, "needle_root_hard_mm"),
        (Group.NEVER, "needle_root_hard_mm"),
    ],
)
def test_the_reach_goes_beyond_margin_tool_and_sigma(group: Group, row: str) -> None:
    assert find_reach_mm(group) == value(f"margins.{row}") + CAP + 1


# Combined


def test_with_no_hazard_everything_is_far() -> None:
    total = HazardSet(a_grid(), ()).combined({}, frozenset())
    assert total.shape == (21, 21, 21)
    assert (total == CAP).all()


def test_a_margin_is_taken_off_the_distance() -> None:
    hazard = a_hazard(str(KEY), Group.NERVE, a_grid(), ball((0, 0, 0), 2.0))
    total = HazardSet(a_grid(), (hazard,)).combined({KEY: 1.5}, frozenset())
    assert total[10, 10, 10] == pytest.approx(-2.0 - 1.5)
    assert total[16, 10, 10] == pytest.approx(6 - 2 - 1.5)
    assert total[0, 0, 0] == CAP


def test_a_contact_allowance_is_added() -> None:
    hazard = a_hazard(str(KEY), Group.NERVE, a_grid(), ball((0, 0, 0), 2.0))
    total = HazardSet(a_grid(), (hazard,)).combined({KEY: -0.5}, frozenset())
    assert total[10, 10, 10] == pytest.approx(-1.5)


@pytest.mark.parametrize(
    ("margins", "leave_out"), [({}, frozenset()), ({KEY: None}, frozenset()), ({KEY: 1.0}, {KEY})]
)
def test_what_demands_nothing_or_is_left_out_is_not_there(margins: dict, leave_out) -> None:
    hazard = a_hazard(str(KEY), Group.NERVE, a_grid(), ball((0, 0, 0), 2.0))
    total = HazardSet(a_grid(), (hazard,)).combined(margins, frozenset(leave_out))
    assert (total == CAP).all()


def test_a_hazard_without_field_is_far() -> None:
    hazard = replace(a_hazard(str(KEY), Group.NERVE, a_grid(), ball((0, 0, 0), 2.0)), field=None)
    assert (HazardSet(a_grid(), (hazard,)).combined({KEY: 5.0}, frozenset()) == CAP).all()


def test_of_two_hazards_the_nearer_counts() -> None:
    other = StructureKey("dural_sac")
    hazards = (
        a_hazard(str(KEY), Group.NERVE, a_grid(), ball((-5, 0, 0), 2.0)),
        a_hazard(str(other), Group.SAC, a_grid(), ball((5, 0, 0), 1.0)),
    )
    margins = {KEY: 1.0, other: 0.5}
    both = HazardSet(a_grid(), hazards).combined(margins, frozenset())
    alone = [HazardSet(a_grid(), (h,)).combined(margins, frozenset()) for h in hazards]
    assert np.array_equal(both, np.minimum(*alone))
    turned = HazardSet(a_grid(), hazards[::-1]).combined(margins, frozenset())
    assert np.array_equal(both, turned)


def two_balls() -> HazardSet:
    return HazardSet(
        a_grid(),
        (
            a_hazard(str(KEY), Group.NERVE, a_grid(), ball((-5, 0, 0), 2.0)),
            a_hazard("dural_sac", Group.SAC, a_grid(), ball((5, 0, 0), 1.0)),
        ),
    )


def test_the_same_demands_are_combined_once() -> None:
    sac, hazards = StructureKey("dural_sac"), two_balls()
    first = hazards.recall({KEY: 1.0, sac: 0.5}, frozenset())
    assert np.array_equal(first.values, hazards.combined({KEY: 1.0, sac: 0.5}, frozenset()))
    assert hazards.recall({sac: 0.5, KEY: 1.0}, frozenset()) is first
    assert hazards.recall({KEY: 1.0, sac: 0.6}, frozenset()) is not first
    # What is left out and what demands nothing leave the same field.
    alone = hazards.recall({KEY: 1.0, sac: 0.5}, frozenset({sac}))
    assert hazards.recall({KEY: 1.0, sac: None}, frozenset()) is alone
    assert alone is not first


def test_a_slack_is_measured_once_and_is_that_of_the_values() -> None:
    field = two_balls().recall({KEY: 1.0}, frozenset())
    assert field.slack == Slack.measured(field.values)
    assert field.slack is field.slack


def test_of_many_demands_the_latest_are_kept() -> None:
    hazards = two_balls()
    first = hazards.recall({KEY: 0.0}, frozenset())
    for margin in range(1, MARGINS_BATCH):
        hazards.recall({KEY: float(margin)}, frozenset())
    # It was asked for lately, so that another one goes.
    assert hazards.recall({KEY: 0.0}, frozenset()) is first
    hazards.recall({KEY: 9.0}, frozenset())
    assert len(hazards.kept) == MARGINS_BATCH
    assert hazards.recall({KEY: 0.0}, frozenset()) is first
    assert len(hazards.kept) == MARGINS_BATCH


def test_other_hazards_recall_nothing_of_these() -> None:
    hazards = two_balls()
    hazards.recall({KEY: 1.0}, frozenset())
    fewer = replace(hazards, hazards=hazards.hazards[:1])
    assert hazards.kept
    assert not fewer.kept
    assert fewer == HazardSet(hazards.grid, hazards.hazards[:1])


def test_a_small_field_counts_only_where_it_lies() -> None:
    small = a_hazard(str(KEY), Group.NERVE, a_grid((-2, -2, -2), 5), ball((0, 0, 0), 2.0))
    total = HazardSet(a_grid(), (small,)).combined({KEY: 0.0}, frozenset())
    assert total[10, 10, 10] == pytest.approx(-2.0)
    assert total[12, 10, 10] == pytest.approx(0.0, abs=1e-6)
    assert (total[13:] == CAP).all()


# Making and recalling


@pytest.fixture(scope="module")
def a_sac() -> Tube:
    return Tube(np.array([(0.0, 0, -20), (0, 0, 20)]), np.array([3.0, 3.0]))


def test_a_tube_is_measured_from_its_line_and_not_its_voxels(a_sac: Tube) -> None:
    sac = a_structure("dural_sac", a_block((-3, -3, -8), (3, 3, 8)), tube=a_sac)
    field = find_field(sac, a_grid(), 5.0, NoStore())
    points = np.array([(7.0, 0, 0), (0, 4.5, 3.2), (3.0, 4.0, -6.0)])
    assert field.sample(points) == pytest.approx([4.0, 1.5, 2.0], abs=0.05)


def test_a_block_is_measured_from_its_faces() -> None:
    field = find_field(
        a_structure("colon", a_block((-3, -3, -3), (3, 3, 3))), a_grid(), 5.0, Shelf()
    )
    assert field.sample([(7.0, 0, 0), (0, -6.0, 0)]) == pytest.approx([3.5, 2.5], abs=0.3)


def test_out_of_reach_nothing_is_measured() -> None:
    shelf = Shelf()
    assert (
        find_field(a_structure("colon", a_block((60, 0, 0), (63, 3, 3))), a_grid(), 5.0, shelf)
        is None
    )
    assert not shelf.kept


def test_a_field_is_recalled_instead_of_made_again() -> None:
    shelf, colon = Shelf(), a_structure("colon", a_block((-3, -3, -3), (3, 3, 3)))
    first = find_field(colon, a_grid(), 5.0, shelf)
    second = find_field(colon, a_grid(), 5.0, shelf)
    assert (len(shelf.kept), shelf.hits) == (1, 1)
    assert np.array_equal(first.values, second.values)
    assert second.grid.shape == first.grid.shape


def test_a_kept_field_of_another_shape_is_not_believed() -> None:
    shelf, colon = Shelf(), a_structure("colon", a_block((-3, -3, -3), (3, 3, 3)))
    right = find_field(colon, a_grid(), 5.0, shelf)
    (key,) = shelf.kept
    shelf.kept[key] = np.zeros((2, 2, 2), np.float32)
    assert np.array_equal(find_field(colon, a_grid(), 5.0, shelf).values, right.values)


def test_whatever_the_field_depends_on_changes_its_name(a_sac: Tube) -> None:
    shelf, region = Shelf(), a_block((-3, -3, -3), (3, 3, 3))
    moved = LabelMap(region.values, region.lps_from_ijk + np.eye(4, k=3) * 0.5, FRAME)
    thicker = Tube(a_sac.points_lps_mm, a_sac.radii_mm + 0.5)
    asked = [
        (a_structure("colon", region), a_grid()),
        (a_structure("colon", moved), a_grid()),
        (a_structure("kidney:left", region), a_grid()),
        (a_structure("colon", region), a_grid((-10.5, -10, -10))),
        (a_structure("colon", region, tube=a_sac), a_grid()),
        (a_structure("colon", region, tube=thicker), a_grid()),
    ]
    for thing, grid in asked:
        find_field(thing, grid, 5.0, shelf)
    assert len(shelf.kept) == len(asked)
    assert shelf.hits == 0


class Notes(SilentProgress):
    """A progress display that remembers."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int]] = []

    def step(self, title: str, done: int, total: int) -> None:
        self.steps.append((title, done, total))


def test_only_what_lies_near_the_paths_gets_a_field(a_simple_spine: Anatomy) -> None:
    near = a_structure("iap:L4:left", a_block((28, 26, -2), (32, 30, 2)))
    far = a_structure("colon", a_block((28, -40, -2), (32, -36, 2)))
    anatomy = replace(a_simple_spine, structures={near.key: near, far.key: far})
    bundle = Bundle.around(anatomy, [(40.0, 40, 0)], [(10.0, 16, 0)])
    notes = Notes()
    groups = {near.key: Group.NEVER, far.key: Group.ORGAN}
    made = build_hazards(anatomy, groups, bundle, progress=notes, store=NoStore())
    assert [h.key for h in made.hazards] == [near.key, far.key]
    assert made.hazards[0].field is not None
    assert made.hazards[1].field is None
    assert made.grid is bundle.grid
    assert notes.steps == [("fields", 0, 2), ("fields", 1, 2), ("fields", 2, 2)]
