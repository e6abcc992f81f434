"""The lattice of a disc, and surfaces found along its columns."""

import numpy as np
import pytest
from tests.unit.measure.conftest import build

from kambin.anatomy import DiscFrame, Level
from kambin.anatomy.fragment_lattice import (
    INSIDE_SHARE,
    LATTICE_STEP_MM,
    DiscLattice,
    first_entry_mm,
    last_exit_mm,
    sample_region,
)
from kambin.frames import RigidTransform
from kambin.imaging import LabelMap

L45 = Level("L4", "L5")
Y = np.arange(-4.0, 4.5, 0.5)


def disc_at(rotation: np.ndarray | None = None) -> DiscFrame:
    turn = np.eye(3) if rotation is None else rotation
    frame = RigidTransform.from_axes("lps", "disc", turn, [5.0, -3.0, 20.0])
    return DiscFrame(L45, frame, 17.0, 22.0, 10.0)


def lattice(low: tuple[float, ...], high: tuple[float, ...]) -> DiscLattice:
    return DiscLattice(disc_at(), np.array(low), np.array(high))


@pytest.fixture(scope="module")
def a_block() -> LabelMap:
    """Ten voxels of 1 mm each way, in the middle of the map; its surface lies at 0 and 10 mm."""
    values = np.zeros((16, 16, 16), dtype=np.uint8)
    values[3:13, 3:13, 3:13] = 1
    affine = np.eye(4)
    affine[:3, 3] = -2.5
    return LabelMap(values, affine, "lps")


def test_nodes_are_whole_steps_and_hold_the_corners() -> None:
    for axis, low, high in zip(
        lattice((-3.2, 0.1, -1.0), (2.9, 0.2, 1.0)).axes_mm, (-3.2, 0.1, -1), (2.9, 0.2, 1),
        strict=True,
    ):  # fmt: skip
        np.testing.assert_allclose(axis / LATTICE_STEP_MM, np.round(axis / LATTICE_STEP_MM))
        assert axis[0] <= low
        assert axis[-1] >= high
        assert axis[-1] - high < LATTICE_STEP_MM
        assert low - axis[0] < LATTICE_STEP_MM


def test_a_mirrored_box_has_the_mirrored_nodes() -> None:
    one = lattice((-3.2, -1, 0), (7.3, 1, 2)).axes_mm[0]
    other = lattice((-7.3, -1, 0), (3.2, 1, 2)).axes_mm[0]
    np.testing.assert_allclose(one, -other[::-1])


@pytest.mark.parametrize("turn", [np.eye(3), np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])])
def test_nodes_lie_in_the_frame_of_the_disc(a_block: LabelMap, turn: np.ndarray) -> None:
    """The lattice steps through voxel indices; each node mapped on its own says the same."""
    disc = disc_at(turn)
    nodes = DiscLattice(disc, np.array([-9.0, -3, -22]), np.array([9.0, 12, -5]))
    local = np.stack(np.meshgrid(*nodes.axes_mm, indexing="ij"), axis=-1)
    filled = nodes.sample(a_block)
    one_by_one = sample_region(a_block, disc.lps_from_disc.points(local))
    assert 0.05 < filled.mean() < 0.95
    np.testing.assert_allclose(filled, one_by_one, atol=1e-6)


def test_what_is_not_there_fills_nothing() -> None:
    nodes = lattice((-1, 0, 0), (1, 1, 2))
    assert not nodes.sample(None).any()
    assert nodes.sample(None).shape == tuple(len(axis) for axis in nodes.axes_mm)
    anatomy = build()
    assert not nodes.sample_any(anatomy, ["disc:L1-L2", "colon"]).any()
    assert not nodes.sample_any(anatomy, []).any()


def test_of_several_structures_the_fuller_counts() -> None:
    anatomy = build()
    nodes = DiscLattice(
        anatomy.disc_frames[L45], np.array([-3.0, -3.0, -12.0]), np.array([3.0, 3.0, 12.0])
    )
    keys = ("body:L4", "disc:L4-L5", "body:L5")
    each = [nodes.sample_any(anatomy, [key]) for key in keys]
    both = nodes.sample_any(anatomy, [*keys, "disc:L1-L2"])
    np.testing.assert_array_equal(both, np.max(each, axis=0))
    assert (both >= INSIDE_SHARE).all()


@pytest.mark.parametrize(
    ("x_mm", "share"),
    [(5.0, 1.0), (0.5, 1.0), (0.25, 0.75), (0.0, 0.5), (-0.25, 0.25), (-0.5, 0.0), (10.0, 0.5)],
)
def test_a_surface_is_where_the_share_is_a_half(
    a_block: LabelMap, x_mm: float, share: float
) -> None:
    for point in ([x_mm, 5, 5], [5, x_mm, 5], [5, 5, x_mm]):
        assert sample_region(a_block, point) == pytest.approx(share)


@pytest.mark.parametrize("far_mm", [40.0, -40.0])
def test_far_away_nothing_is_filled(a_block: LabelMap, far_mm: float) -> None:
    points = np.full((2, 3, 3), far_mm)
    assert sample_region(a_block, points).shape == (2, 3)
    assert not sample_region(a_block, points).any()


def test_a_structure_that_fills_its_map_ends_at_its_border() -> None:
    full = LabelMap(np.ones((4, 4, 4), np.uint8), np.eye(4), "lps")
    shares = sample_region(full, [[1.5, 1.5, z] for z in (-1.0, -0.5, 0.0, 3.0, 3.5, 4.0)])
    np.testing.assert_allclose(shares, [0, 0.5, 1, 1, 0.5, 0], atol=1e-9)


def ramp(surface_mm: float) -> np.ndarray:
    """A structure that begins at a height of y and goes on, one column, shape (1, J, 1)."""
    return np.clip(0.5 + (Y - surface_mm), 0, 1)[None, :, None]


@pytest.mark.parametrize("surface_mm", [-3.0, -0.8, 0.0, 0.3, 2.75])
def test_a_column_enters_where_the_surface_is(surface_mm: float) -> None:
    assert first_entry_mm(ramp(surface_mm), Y)[0, 0] == pytest.approx(surface_mm)
    assert last_exit_mm(ramp(surface_mm)[:, ::-1], Y)[0, 0] == pytest.approx(-surface_mm)


@pytest.mark.parametrize(("front", "back"), [(-3.0, -1.0), (-1.2, 2.4)])
def test_a_slab_is_left_where_it_ends(front: float, back: float) -> None:
    slab = np.minimum(ramp(front), 1 - ramp(back))
    assert first_entry_mm(slab, Y)[0, 0] == pytest.approx(front)
    assert last_exit_mm(slab, Y)[0, 0] == pytest.approx(back)


def test_of_two_slabs_the_first_is_entered_and_the_last_is_left() -> None:
    two = np.maximum(np.minimum(ramp(-3.0), 1 - ramp(-2.0)), np.minimum(ramp(1.0), 1 - ramp(2.5)))
    assert first_entry_mm(two, Y)[0, 0] == pytest.approx(-3.0)
    assert last_exit_mm(two, Y)[0, 0] == pytest.approx(2.5)


def test_an_empty_column_has_no_surface_and_a_full_one_ends_at_the_lattice() -> None:
    both = np.zeros((2, len(Y), 1))
    both[1] = 1
    entry, leave = first_entry_mm(both, Y)[:, 0], last_exit_mm(both, Y)[:, 0]
    assert np.isnan([entry[0], leave[0]]).all()
    assert (entry[1], leave[1]) == (Y[0], Y[-1])


@pytest.mark.parametrize(("share", "seen"), [(0.5, True), (0.5 - 1e-5, False)])
def test_a_node_on_the_surface_counts_as_inside(share: float, seen: bool) -> None:
    column = np.zeros((1, len(Y), 1))
    column[0, 6, 0] = share
    assert bool(np.isfinite(first_entry_mm(column, Y))[0, 0]) is seen
