"""Each solid against its own formula: signs, volumes, and how solids are put together."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from kambin.approaches.solids import (
    BORDER_EPSILON,
    Box,
    Capsules,
    Common,
    Everything,
    Half,
    Joined,
    Near,
    Solid,
    Tube,
    Without,
)

STEP_MM = 0.25
AXIS_MM = np.arange(-8 + STEP_MM / 2, 8, STEP_MM)
LATTICE = np.stack(np.meshgrid(AXIS_MM, AXIS_MM, AXIS_MM, indexing="ij"), axis=-1).reshape(-1, 3)
"""Middles of small cubes that fill a block of 16 mm about the origin."""

SPOTS = np.random.default_rng(11).uniform(-8, 8, (500, 3))
X, Y, Z = np.eye(3)


def volume_mm3(solid: Solid) -> float:
    return float((solid.gap_mm(LATTICE) <= 0).sum()) * STEP_MM**3


def at(*points: tuple[float, float, float]) -> np.ndarray:
    return np.array(points, dtype=float)


def turn(axis: np.ndarray, angle_rad: float) -> np.ndarray:
    """A rotation about an axis, by Rodrigues' formula."""
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turned: np.ndarray = (
        np.eye(3) + math.sin(angle_rad) * cross + (1 - math.cos(angle_rad)) * cross @ cross
    )
    return turned


# --- tube ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [Z, X, (X + Y + Z) / math.sqrt(3), (2 * X - Z) / math.sqrt(5)])
@pytest.mark.parametrize("radius_mm", [1.5, 3.0])
def test_a_tube_has_the_volume_of_a_cylinder(way: np.ndarray, radius_mm: float) -> None:
    tube = Tube(-5 * way, 5 * way, radius_mm)
    assert volume_mm3(tube) == pytest.approx(math.pi * radius_mm**2 * 10, rel=0.03)


def test_a_tube_ends_flat_and_its_gap_is_the_way_to_wall_or_end() -> None:
    tube = Tube(np.zeros(3), 10 * Z, 2.0)
    points = at((0, 0, 5), (1.5, 0, 5), (3, 0, 5), (0, 0, -1), (0, 0, 13), (1, 0, 9.5))
    assert tube.gap_mm(points) == pytest.approx([-2, -0.5, 1, 1, 3, -0.5])
    # beside the flat end: a round one would hold it
    assert tube.gap_mm(at((0, 0, -0.1), (0, 0, 10.1))).min() > 0


def test_a_tube_is_the_same_from_either_end() -> None:
    start, end = np.array([1.0, -2, 3]), np.array([-4.0, 5, 1])
    there, back = Tube(start, end, 2.5), Tube(end, start, 2.5)
    assert there.gap_mm(SPOTS) == pytest.approx(back.gap_mm(SPOTS))


@given(
    angle_rad=st.floats(-3, 3),
    axis=st.tuples(*[st.floats(0.1, 1.0)] * 3),
    shift=st.tuples(*[st.floats(-5, 5)] * 3),
)
def test_a_tube_moves_with_the_patient(angle_rad, axis, shift) -> None:
    start, end = np.array([1.0, -2, 3]), np.array([-4.0, 5, 1])
    turned = turn(np.array(axis), angle_rad)
    moved = Tube(turned @ start + shift, turned @ end + shift, 2.5)
    before = Tube(start, end, 2.5).gap_mm(SPOTS[:60])
    assert moved.gap_mm(SPOTS[:60] @ turned.T + shift) == pytest.approx(before, abs=1e-9)


# --- capsules -----------------------------------------------------------------------------------


def test_a_capsule_is_a_cylinder_with_two_half_balls() -> None:
    found = volume_mm3(Capsules(np.array([[0, 0, -4, 0, 0, 4, 2.0]])))
    assert found == pytest.approx(math.pi * 4 * 8 + 4 / 3 * math.pi * 8, rel=0.03)


def test_of_capsules_the_nearest_counts_each_with_its_own_radius() -> None:
    pair = Capsules(np.array([[0, 0, -4, 0, 0, 4, 2.0], [6, 0, -4, 6, 0, 4, 1.0]]))
    points = at((0, 0, 0), (6, 0, 0), (3.5, 0, 0), (0, 0, 7), (6, 0, -7))
    assert pair.gap_mm(points) == pytest.approx([-2, -1, 1.5, 1, 2])


def test_crossing_capsules_count_their_common_part_once() -> None:
    one = np.array([[0, 0, -4, 0, 0, 4, 2.0]])
    alone = volume_mm3(Capsules(one))
    assert volume_mm3(Capsules(np.concatenate([one, one]))) == alone
    crossed = volume_mm3(Capsules(np.concatenate([one, [[-4, 0, 0, 4, 0, 0, 2.0]]])))
    # two equal cylinders at a right angle share 16/3 r^3
    assert crossed == pytest.approx(2 * alone - 16 / 3 * 8, rel=0.02)


def test_no_capsule_is_nowhere() -> None:
    assert (Capsules(np.zeros((0, 7))).gap_mm(SPOTS) == np.inf).all()


# --- box, half, near, everything ----------------------------------------------------------------


@pytest.mark.parametrize("angle_deg", [0, 20, 45])
def test_a_box_has_the_volume_of_its_edges_however_it_is_turned(angle_deg: float) -> None:
    axes = turn(np.array([1.0, 2, 3]), math.radians(angle_deg))
    found = volume_mm3(Box(np.array([0.3, -0.2, 0.1]), axes, np.array([2.0, 3, 4])))
    assert found == pytest.approx(4 * 6 * 8, rel=0.03)


def test_the_rows_of_a_box_are_its_axes() -> None:
    box = Box(np.zeros(3), np.array([Z, X, Y]), np.array([1.0, 2, 3]))
    points = at((0, 0, 0.9), (0, 0, 1.1), (1.9, 0, 0), (2.1, 0, 0), (0, 2.9, 0), (0, 3.1, 0))
    assert (box.gap_mm(points) <= 0).tolist() == [True, False] * 3
    assert box.gap_mm(points) == pytest.approx([-0.1, 0.1, -0.1, 0.1, -0.1, 0.1])


def test_a_half_space_and_its_turned_one_fill_space() -> None:
    point, normal = np.array([1.0, 0, -1]), (X + Z) / math.sqrt(2)
    here, there = Half(point, normal), Half(point, -normal)
    assert here.gap_mm(SPOTS) == pytest.approx(-there.gap_mm(SPOTS))
    assert here.gap_mm(at((-5, 0, 0)))[0] < 0 < here.gap_mm(at((5, 0, 0)))[0]
    assert volume_mm3(Half(np.array([2.0, 0, 0]), X)) == 10 * 16 * 16


def test_what_is_near_a_point_is_a_ball() -> None:
    ball = Near(cKDTree(np.zeros((1, 3))), 4.0)
    assert volume_mm3(ball) == pytest.approx(4 / 3 * math.pi * 64, rel=0.01)
    points = at((0, 0, 0), (3, 0, 0), (0, 5, 0), (7.9, 0, 0), (50, 0, 0))
    # beyond twice the reach it says no more than that
    assert ball.gap_mm(points) == pytest.approx([-4, -1, 1, 3.9, 4])


def test_everything_holds_every_point() -> None:
    assert (Everything().gap_mm(SPOTS) == -np.inf).all()
    assert volume_mm3(Everything()) == 16**3


# --- put together -------------------------------------------------------------------------------

_numbers = st.floats(-6, 6)
_points = st.tuples(_numbers, _numbers, _numbers).map(np.array)


@st.composite
def _a_solid(draw: st.DrawFn) -> Solid:
    kind = draw(st.sampled_from(["tube", "capsules", "box", "half", "near"]))
    point, size = draw(_points), draw(st.floats(0.5, 6))
    if kind == "tube":
        return Tube(point, point + draw(st.floats(1, 12)) * Y, size)
    if kind == "capsules":
        rows = [[*point, *(point + 7 * X + Z), size], [*point, *(point - 5 * Z), 1.0]]
        return Capsules(np.array(rows))
    if kind == "box":
        axes = turn(np.array([1.0, 1, 2]), draw(st.floats(-3, 3)))
        return Box(point, axes, np.array([size, 2.0, 4.0]))
    if kind == "half":
        return Half(point, turn(np.array([3.0, 1, 2]), size)[0])
    return Near(cKDTree(point[None]), size)


@given(one=_a_solid(), two=_a_solid(), three=_a_solid())
def test_solids_are_put_together_as_sets_are(one, two, three) -> None:
    a, b, c = (solid.gap_mm(SPOTS) <= 0 for solid in (one, two, three))
    assert ((Common((one, two, three)).gap_mm(SPOTS) <= 0) == (a & b & c)).all()
    assert ((Joined((one, two, three)).gap_mm(SPOTS) <= 0) == (a | b | c)).all()
    assert ((Without(one, two).gap_mm(SPOTS) <= 0) == (a & ~b)).all()


@given(one=_a_solid(), two=_a_solid())
def test_common_and_remainder_make_up_the_whole_without_overlap(one, two) -> None:
    whole = one.gap_mm(SPOTS) <= 0
    common = Common((one, two)).gap_mm(SPOTS) <= 0
    left = Without(one, two).gap_mm(SPOTS) <= 0
    assert not (common & left).any()
    assert ((common | left) == whole).all()


@given(one=_a_solid(), two=_a_solid())
def test_the_order_of_parts_changes_no_sign(one, two) -> None:
    for kind in (Common, Joined):
        there, back = (kind(parts).gap_mm(SPOTS) <= 0 for parts in ((one, two), (two, one)))
        assert (there == back).all()


@given(one=_a_solid(), two=_a_solid(), seed=st.integers(0, 2**16))
def test_no_gap_changes_its_sign_before_the_point_has_moved_by_it(one, two, seed) -> None:
    rng = np.random.default_rng(seed)
    ways = rng.normal(size=SPOTS.shape)
    ways /= np.linalg.norm(ways, axis=1)[:, None]
    for solid in (one, Common((one, two)), Joined((one, two)), Without(one, two)):
        gap = solid.gap_mm(SPOTS)
        finite = np.minimum(np.abs(gap), 20.0)
        moved = solid.gap_mm(SPOTS + 0.999 * finite[:, None] * ways)
        clear = finite > 1e-6
        assert ((moved <= 0) == (gap <= 0))[clear].all()


def test_putting_solids_together_leaves_their_own_gaps_alone() -> None:
    class Kept:
        """A solid that hands out the same array each time."""

        def __init__(self) -> None:
            self.gap = np.linspace(-1, 1, len(SPOTS))

        def gap_mm(self, _: np.ndarray) -> np.ndarray:
            return self.gap[: len(_)]

    kept, half = Kept(), Half(np.zeros(3), X)
    before = kept.gap.copy()
    for solid in (Common((kept, half)), Joined((kept, half)), Without(kept, half)):
        solid.gap_mm(SPOTS)
        assert (kept.gap == before).all()


def test_a_point_on_the_border_is_of_what_is_taken() -> None:
    half = Half(np.zeros(3), X)
    border = at((0, 1, 2))
    assert half.gap_mm(border)[0] == 0
    assert Without(Everything(), half).gap_mm(border)[0] == BORDER_EPSILON
    assert Common((Everything(), half)).gap_mm(border)[0] <= 0


def test_a_ring_is_what_a_thin_tube_leaves_of_a_wide_one() -> None:
    wide, thin = (Tube(-6 * Z, 6 * Z, radius) for radius in (4.0, 2.0))
    found = volume_mm3(Without(wide, thin))
    assert found == pytest.approx(math.pi * (16 - 4) * 12, rel=0.02)
    assert found == volume_mm3(wide) - volume_mm3(Common((wide, thin)))


def test_near_nothing_is_asked_nothing() -> None:
    near = Near(cKDTree(np.array([[0.0, 0, 0], [5, 5, 5]])), 3.0)
    assert near.gap_mm(np.zeros((0, 3))).shape == (0,)
