"""What must hold of levels, skins and targets for any numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.unit.planning.small_problems import (
    FRAME,
    MIRROR,
    a_body,
    a_level,
    mirrored,
    tilted_axes,
)

from kambin.frames import Side, direction_from_angles
from kambin.imaging import Grid
from kambin.planning import Path
from kambin.planning.corridor import find_path_angles
from kambin.planning.fields import find_overlap
from kambin.planning.geometry import cross_pedicle_line, find_foramen_fault
from kambin.planning.skin import Skin
from kambin.planning.surgeon import describe_angles
from kambin.planning.targets import _box

SIDES = st.sampled_from(list(Side))
TILTS = st.floats(-40.0, 40.0)
POINTS = arrays(np.float64, (4, 3), elements=st.floats(-90.0, 90.0))
ORIGINS = arrays(np.float64, 3, elements=st.floats(-50.0, 50.0))
ENTRIES = arrays(np.float64, (4, 3), elements=st.floats(30.0, 110.0))
TARGETS = arrays(np.float64, (3, 3), elements=st.floats(-8.0, 24.0))

LOPSIDED = a_body(
    lambda x, y, z: (x / np.where(x > 0, 44, 36)) ** 2 + (y / 40) ** 2 + (z / 48) ** 2 <= 1,
    half_mm=(48, 48, 56),
    spacing_mm=4.0,
)
MIRRORED = Skin(mirrored(LOPSIDED.region))
BOX = a_body(lambda x, y, z: (abs(x) <= 40) & (abs(y) <= 30) & (abs(z) <= 40))


@given(SIDES, TILTS, ORIGINS, POINTS)
@settings(max_examples=20)
def test_the_level_keeps_distances(side, tilt, origin, points) -> None:
    level = a_level(side, tilt_deg=tilt, origin_lps_mm=origin)
    local = level.surgical_mm(points)
    assert level.lps_mm(local) == pytest.approx(points, abs=1e-9)
    there, here = (np.linalg.norm(np.diff(p, axis=0), axis=1) for p in (local, points))
    assert there == pytest.approx(here, abs=1e-9)


@given(TILTS, ORIGINS, POINTS)
@settings(max_examples=20)
def test_both_sides_differ_by_the_sign_of_lateral_alone(tilt, origin, points) -> None:
    left, right = (
        a_level(s, tilt_deg=tilt, origin_lps_mm=origin).surgical_mm(points) for s in Side
    )
    assert np.array_equal(left * MIRROR, right)


@given(SIDES, TILTS, ENTRIES, TARGETS, st.floats(0.0, 30.0))
@settings(max_examples=20)
def test_a_crossing_lies_on_its_path_and_on_its_line(side, tilt, entries, targets, line) -> None:
    level = a_level(side, tilt_deg=tilt)
    a, b = entries * (side.lateral_sign_lps, 1, 1), targets * (side.lateral_sign_lps, 1, 1)
    crossing = cross_pedicle_line(level, a, b, line)
    outer, inner = level.surgical_mm(a)[:, None], level.surgical_mm(b)[None]
    # On the segment: the two legs add up to the whole way.
    legs = np.linalg.norm(crossing - inner, axis=-1) + np.linalg.norm(outer - crossing, axis=-1)
    assert legs == pytest.approx(np.linalg.norm(outer - inner, axis=-1), abs=1e-6)
    expected = np.maximum(np.broadcast_to(inner[..., 0], crossing.shape[:2]), line)
    assert crossing[..., 0] == pytest.approx(expected, abs=1e-6)


@given(TILTS, ENTRIES, TARGETS)
@settings(max_examples=20)
def test_a_wider_foramen_lets_no_path_less_through(tilt, entries, targets) -> None:
    narrow = find_foramen_fault(a_level(tilt_deg=tilt), entries, targets)
    wide = a_level(tilt_deg=tilt, foramen_top_mm=15.0, foramen_floor_mm=-9.0, wall_mm=19.0)
    assert not (find_foramen_fault(wide, entries, targets) & ~narrow).any()


@given(TILTS, ENTRIES, TARGETS)
@settings(max_examples=20)
def test_the_foramen_is_the_same_in_the_mirror(tilt, entries, targets) -> None:
    left = find_foramen_fault(a_level(Side.LEFT, tilt_deg=tilt), entries, targets)
    right = find_foramen_fault(
        a_level(Side.RIGHT, tilt_deg=tilt), entries * MIRROR, targets * MIRROR
    )
    assert np.array_equal(left, right)


@given(SIDES, st.floats(-89.0, 89.0), st.floats(-80.0, 80.0), st.floats(20.0, 190.0))
@settings(max_examples=20)
def test_angles_and_length_come_back(side, theta, phi, length) -> None:
    target = np.array([3.0, 16.0, -2.0])
    way = length * direction_from_angles(theta, phi) * (side.lateral_sign_lps, 1, 1)
    found = find_path_angles((target + way)[None], target[None], side)
    assert [float(f[0, 0]) for f in found] == pytest.approx([theta, phi, length], abs=1e-6)


@given(TILTS, st.floats(0.0, 89.0), st.floats(-60.0, 60.0))
@settings(max_examples=20)
def test_angles_to_the_disc_are_those_of_the_turned_path(tilt, theta, phi) -> None:
    way = 80 * direction_from_angles(theta, phi)
    level = a_level(tilt_deg=tilt)
    path = Path(tilted_axes(tilt) @ way, np.zeros(3), 0.0)
    angles = describe_angles(level, path)
    assert angles.axial_inclination_to_disc_deg == pytest.approx(theta, abs=1e-6)
    assert angles.craniocaudal_to_disc_deg == pytest.approx(phi, abs=1e-6)


@given(TILTS, st.floats(0.0, 89.0), st.floats(-60.0, 60.0))
@settings(max_examples=20)
def test_both_sides_have_the_same_angles(tilt, theta, phi) -> None:
    way = 80 * direction_from_angles(theta, phi)
    left, right = (
        describe_angles(
            a_level(side, tilt_deg=tilt),
            Path(way * (side.lateral_sign_lps, 1, 1), np.zeros(3), 0.0),
        )
        for side in Side
    )
    assert left == right


@given(st.floats(-55.0, 55.0), st.floats(-45.0, 45.0))
@settings(max_examples=20)
def test_a_box_is_left_where_its_faces_are(theta, phi) -> None:
    ray = direction_from_angles(theta, phi)
    ways = np.array([41, 31, 41]) / np.maximum(np.abs(ray), 1e-12)
    first, second, _ = np.sort(ways)
    found = BOX.find_exits(np.zeros(3), ray[None], 100.0)[0]
    if second - first > 4.0:  # away from the edges, which voxels round off
        assert np.linalg.norm(found) == pytest.approx(first, abs=1e-6)
    else:
        assert np.linalg.norm(found) == pytest.approx(first, abs=2.0)


@given(arrays(np.float64, (5, 2), elements=st.floats(-80.0, 80.0)), ORIGINS)
@settings(max_examples=10)
def test_the_mirrored_body_is_left_at_the_mirrored_points(angles, shift) -> None:
    rays = np.array([direction_from_angles(*pair) for pair in angles])
    origin = shift / 5
    here = LOPSIDED.find_exits(origin, rays, 100.0)
    there = MIRRORED.find_exits(origin * MIRROR, rays * MIRROR, 100.0)
    assert np.isfinite(here).all()
    assert there * MIRROR == pytest.approx(here, abs=1e-6)


@given(SIDES, TILTS, ORIGINS, st.sampled_from([None, "paracentral"]))
@settings(max_examples=20)
def test_a_box_of_targets_stands_around_its_middle(side, tilt, origin, zone) -> None:
    level = a_level(side, tilt_deg=tilt, origin_lps_mm=origin)
    targets = _box(level, np.array([10.0, 16.0, 0.0]), zone)
    away = np.linalg.norm(targets.points_lps_mm - targets.centre_lps_mm, axis=1)
    assert targets.offsets_mm == pytest.approx(away, abs=1e-9)
    lateral = level.surgical_mm(targets.points_lps_mm)[:, 0]
    assert (np.diff(lateral) >= -1e-9).all()  # from medial to lateral on either side


@given(
    st.tuples(*[st.integers(-25, 25)] * 3),
    st.tuples(*[st.integers(1, 20)] * 3),
    st.sampled_from([0.75, 1.0, 3.0]),
)
@settings(max_examples=20)
def test_overlapping_slices_hold_the_same_nodes(shift, shape, spacing) -> None:
    ours = Grid(np.array([-7.3, 2.1, 40.0]), spacing, (12, 9, 15), FRAME)
    theirs = Grid(ours.origin_lps_mm + spacing * np.array(shift), spacing, shape, FRAME)
    mine, other = find_overlap(ours, theirs)
    for axis in range(3):
        a, b = ours.axes_mm()[axis][mine[axis]], theirs.axes_mm()[axis][other[axis]]
        assert a == pytest.approx(b)
        first, last = max(0, shift[axis]), min(ours.shape[axis], shift[axis] + shape[axis])
        assert len(a) == max(0, last - first)
