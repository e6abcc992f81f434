"""The kernels of reach, against closed forms in worlds of planes and against their plain twin."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kambin.planning.reach_kernels import BENT, RIGID, SEEN, free_extents, is_free, trace_reach
from kambin.planning.reach_plain import PlainWorld

SPACING_MM = 1.0
LOW = np.array([-20.0, -10.0, -10.0])
SHAPE = (41, 21, 21)
CONTACT_MM = 1.0
FRAME = np.array([*LOW, SPACING_MM, CONTACT_MM])
FAR = np.full(SHAPE, 100.0, dtype=np.float32)
NO_CHANNEL = np.zeros((0, 7))
STEP_MM = 0.5
X, Y, Z = np.meshgrid(*(LOW[n] + SPACING_MM * np.arange(SHAPE[n]) for n in range(3)), indexing="ij")

TIP, WAY = np.zeros((1, 3)), np.array([[-1.0, 0, 0]])
"""A cannula that ends in the origin and looks towards -x."""

World = tuple[
    NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float64], NDArray
]


def _world(
    bone: NDArray[np.float32] = FAR,
    soft: NDArray[np.float32] = FAR,
    cut: NDArray[np.float32] = FAR,
    reamed: NDArray[np.float64] = NO_CHANNEL,
) -> World:
    return bone, soft, cut, FRAME, reamed


def _wall(x: float) -> NDArray[np.float32]:
    """The distance to a wall that fills everything below x."""
    return (X - x).astype(np.float32)


def _random_world(seed: int) -> World:
    """Three balls, one of each kind, and a channel."""
    rng = np.random.default_rng(seed)
    fields = []
    for _ in range(3):
        centre, radius = rng.uniform((-12, -8, -8), (0, 8, 8)), rng.uniform(1, 4)
        away = np.sqrt((X - centre[0]) ** 2 + (Y - centre[1]) ** 2 + (Z - centre[2]) ** 2)
        fields.append((away - radius).astype(np.float32))
    reamed = np.array([[*rng.uniform(-8, 0, 3), 20.0, 0, 0, 3.0]])
    return fields[0], fields[1], fields[2], FRAME, reamed


def _shape(jaw: float = 4.0, radius: float = 12.0, half_deg: float = 40.0, view: float = 30.0):
    cosines = np.cos(np.radians([half_deg, max(view - half_deg, 0), view + half_deg]))
    return np.array([*cosines, jaw, radius, 1.25])


def _views(count: int = 8, view_deg: float = 30.0) -> NDArray[np.float64]:
    turns, tilt = 2 * np.pi * np.arange(count) / count, np.radians(view_deg)
    lean = np.stack([np.zeros(count), np.sin(turns), np.cos(turns)], axis=1)
    return (np.cos(tilt) * WAY + np.sin(tilt) * lean)[None]


def _trace(
    world: World, points: object, *, extent: tuple[float, float] = (15.0, 15.0), **more: object
) -> tuple[list[int], list[int]]:
    shape = more.get("shape", _shape())
    bends = np.radians(more.get("bends_deg", [0.0]))
    found, shown = trace_reach(
        *world,
        np.array(points, dtype=float),
        TIP,
        WAY,
        np.array([extent]),
        more.get("views", _views()),
        shape,
        bends,
        STEP_MM,
    )
    return found.tolist(), shown.tolist()


# Free lines


@pytest.mark.parametrize(("end", "free"), [(-4.9, True), (-5.0, True), (-5.1, False)])
def test_a_line_of_sight_ends_at_the_face_of_what_blocks(end: float, free: bool) -> None:
    start, stop = np.zeros(3), np.array([end, 0, 0])
    for name in ("bone", "soft", "cut"):
        assert is_free(*_world(**{name: _wall(-5.0)}), start, stop, 0.0, STEP_MM) is free


@pytest.mark.parametrize(
    ("name", "gap"), [("soft", 1.75), ("bone", 1.75 - CONTACT_MM), ("cut", 1.75 - CONTACT_MM)]
)
def test_a_shaft_keeps_its_radius_from_nerves_and_may_press_on_bone(name: str, gap: float) -> None:
    # along a wall below it, just nearer and just farther than it may come
    for height, free in ((gap + 0.01, True), (gap - 0.01, False)):
        field = (Z + height).astype(np.float32)
        ends = np.zeros(3), np.array([-15.0, 0, 0])
        assert is_free(*_world(**{name: field}), *ends, 1.75, STEP_MM) is free


def test_a_line_of_no_length_is_its_point() -> None:
    inside, outside = np.array([-6.0, 0, 0]), np.array([-4.0, 0, 0])
    world = _world(soft=_wall(-5.0))
    assert not is_free(*world, inside, inside, 0.0, STEP_MM)
    assert is_free(*world, outside, outside, 0.0, STEP_MM)


def test_a_channel_opens_bone_that_may_be_reamed_and_nothing_else() -> None:
    channel = np.array([[-18.0, 0, 0, 0, 0, 0, 3.0]])
    ends = np.zeros(3), np.array([-15.0, 0, 0])
    assert is_free(*_world(cut=_wall(-5.0), reamed=channel), *ends, 0.0, STEP_MM)
    assert not is_free(*_world(bone=_wall(-5.0), reamed=channel), *ends, 0.0, STEP_MM)
    assert not is_free(*_world(soft=_wall(-5.0), reamed=channel), *ends, 0.0, STEP_MM)


@pytest.mark.parametrize(("need", "free"), [(3.9, True), (4.1, False)])
def test_in_a_channel_a_shaft_has_the_room_of_its_radius(need: float, free: bool) -> None:
    channel = np.array([[-18.0, 0, 0, 0, 0, 0, 3.0]])
    ends = np.zeros(3), np.array([-15.0, 0, 0])
    world = _world(cut=np.full(SHAPE, -5, np.float32), reamed=channel)
    assert is_free(*world, *ends, need, STEP_MM) is free


@pytest.mark.parametrize("seed", range(4))
def test_free_lines_are_those_of_the_plain_twin(seed: int) -> None:
    world = _random_world(seed)
    plain = PlainWorld(*world, STEP_MM)
    rng = np.random.default_rng(100 + seed)
    ends = rng.uniform(LOW + 1, -LOW - 1, (150, 2, 3))
    needs = rng.choice([0.0, 1.25, 1.75], len(ends))
    ours = [is_free(*world, a, b, n, STEP_MM) for (a, b), n in zip(ends, needs, strict=True)]
    theirs = [plain.is_free(a, b, n) for (a, b), n in zip(ends, needs, strict=True)]
    assert ours == theirs
    assert 0 < sum(ours) < len(ours)


# How far straight forceps go


@pytest.mark.parametrize("wall", [-5.0, -8.0, -11.0])
def test_forceps_go_on_until_their_radius_meets_a_nerve(wall: float) -> None:
    free = free_extents(*_world(soft=_wall(wall)), TIP, WAY, 18.0, 1.75, STEP_MM)
    assert free[0] == pytest.approx(math.floor((-wall - 1.75) / STEP_MM) * STEP_MM)


def test_forceps_that_nothing_stops_go_as_far_as_they_may() -> None:
    assert free_extents(*_world(), TIP, WAY, 18.0, 1.75, STEP_MM).tolist() == [18.0]


def test_forceps_that_are_blocked_at_once_do_not_move() -> None:
    assert free_extents(*_world(soft=-FAR), TIP, WAY, 18.0, 1.75, STEP_MM).tolist() == [0.0]


@pytest.mark.parametrize("seed", range(4))
def test_free_ways_are_those_of_the_plain_twin(seed: int) -> None:
    world = _random_world(seed)
    plain = PlainWorld(*world, STEP_MM)
    rng = np.random.default_rng(seed)
    ways = rng.normal(size=(40, 3))
    ways /= np.linalg.norm(ways, axis=1)[:, None]
    tips = rng.uniform(-4, 4, (40, 3))
    ours = free_extents(*world, tips, ways, 9.0, 1.75, STEP_MM)
    theirs = [plain.free_extent(t, w, 9.0, 1.75) for t, w in zip(tips, ways, strict=True)]
    assert ours.tolist() == theirs
    assert 0 < ours.mean() < 9.0


# What is grasped


@pytest.mark.parametrize(
    ("point", "found"),
    [
        ((-10.0, 3.9, 0.0), RIGID | BENT),
        ((-10.0, 4.1, 0.0), 0),
        ((-18.9, 0.0, 0.0), RIGID | BENT),
        ((-19.1, 0.0, 0.0), 0),
        ((3.9, 0.0, 0.0), RIGID | BENT),
        ((4.1, 0.0, 0.0), 0),
    ],
)
def test_straight_forceps_grasp_a_jaw_s_width_about_their_way(
    point: tuple[float, float, float], found: int
) -> None:
    # 15 mm on from the tip, and what an open jaw of 4 mm holds around that
    assert _trace(_world(), [point])[0][0] & (RIGID | BENT) == found


@pytest.mark.parametrize(
    ("bend", "aside", "reached"), [(60.0, 9.9, True), (60.0, 10.1, False), (30.0, 5.7, False)]
)
def test_a_bent_tip_comes_as_far_aside_as_its_arc(bend: float, aside: float, reached: bool) -> None:
    # 12 mm (1 - cos 60) and 4 mm of jaw: 10 mm; with 30 degrees 1.6 and 4
    ahead = -12.0 * math.sin(math.radians(bend)) - 1.0
    found = _trace(_world(), [(ahead, 0.0, aside)], bends_deg=[0.0, bend])[0][0]
    assert found & (RIGID | BENT) == (BENT if reached else 0)


def test_an_arc_that_meets_a_nerve_is_no_way() -> None:
    # a plate across the arc, between the axis and the point, that the axis itself passes by
    plate = np.maximum(np.abs(Z - 3) - 0.5, np.maximum(X + 4, -X - 18)).astype(np.float32)
    point = (-11.4, 0.0, 9.0)
    assert _trace(_world(), [point], bends_deg=[0.0, 60.0])[0][0] & BENT
    assert not _trace(_world(soft=plate), [point], bends_deg=[0.0, 60.0])[0][0] & BENT


def test_what_lies_behind_a_wall_is_not_grasped_though_the_jaw_is_wide_enough() -> None:
    wall = (0.5 - np.abs(Z - 2)).astype(np.float32) * -1
    assert _trace(_world(), [(-8.0, 0.0, 3.5)])[0][0] & RIGID
    assert not _trace(_world(soft=wall), [(-8.0, 0.0, 3.5)])[0][0] & RIGID


# What is seen


@pytest.mark.parametrize(
    ("angle", "seen"), [(0.0, True), (35.0, True), (69.0, True), (71.0, False), (120.0, False)]
)
def test_the_scope_sees_to_its_view_and_half_its_field(angle: float, seen: bool) -> None:
    a = math.radians(angle)
    found, shown = _trace(_world(), [(-6 * math.cos(a), 0.0, 6 * math.sin(a))])
    assert bool(found[0] & SEEN) is seen
    assert bool(shown[0]) is seen


def test_each_rotation_shows_its_own_side() -> None:
    # 60 degrees off the axis: only those that lean there see it, the first leans up
    a = math.radians(60)
    up, down = (-6 * math.cos(a), 0.0, 6 * math.sin(a)), (-6 * math.cos(a), 0.0, -6 * math.sin(a))
    _, (above, below) = _trace(_world(), [up, down])
    assert above & 1
    assert not below & 1
    assert below & (1 << 4)
    # the other side is the same turned by half a turn, 4 of 8 rotations
    assert below == ((above << 4) | (above >> 4)) & 255


def test_a_wider_field_never_shows_less() -> None:
    rng = np.random.default_rng(5)
    points = rng.uniform((-12, -9, -9), (2, 9, 9), (80, 3))
    world = _random_world(2)
    narrow, wide = (np.array(_trace(world, points, shape=_shape(half_deg=h))[1]) for h in (30, 45))
    assert not (narrow & ~wide).any()
    assert (narrow != wide).any()


@pytest.mark.parametrize("seed", range(3))
def test_reach_and_sight_are_those_of_the_plain_twin(seed: int) -> None:
    world = _random_world(seed + 10)
    rng = np.random.default_rng(seed)
    points = rng.uniform((-15, -8, -8), (2, 8, 8), (40, 3))
    tips = rng.uniform((1, -1, -1), (3, 1, 1), (3, 3))
    ways = rng.normal(size=(3, 3)) * 0.1 + WAY
    ways /= np.linalg.norm(ways, axis=1)[:, None]
    views = np.repeat(_views(), 3, axis=0)
    extent = rng.uniform(2, 15, (3, 2))
    bends = np.radians([0.0, 20, 40, 60])
    ours = trace_reach(*world, points, tips, ways, extent, views, _shape(), bends, STEP_MM)
    theirs = PlainWorld(*world, STEP_MM).trace(
        points, tips, ways, extent=extent, views=views, shape=_shape(), bends=bends
    )
    assert np.array_equal(ours[0], theirs[0])
    assert np.array_equal(ours[1], theirs[1])
    assert len(set(ours[0].tolist())) > 2


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 5),
    jaw=st.lists(st.floats(0, 6), min_size=2, max_size=2).map(sorted),
    far=st.lists(st.floats(0, 15), min_size=2, max_size=2).map(sorted),
)
def test_a_wider_jaw_and_a_longer_way_never_grasp_less(
    seed: int, jaw: list[float], far: list[float]
) -> None:
    points = np.random.default_rng(seed).uniform((-15, -8, -8), (2, 8, 8), (40, 3))
    less = np.array(_trace(_world(), points, shape=_shape(jaw[0]), extent=(far[0],) * 2)[0])
    more = np.array(_trace(_world(), points, shape=_shape(jaw[1]), extent=(far[1],) * 2)[0])
    assert not (less & ~more & (RIGID | BENT)).any()
