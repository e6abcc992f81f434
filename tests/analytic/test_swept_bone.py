"""Swept tools against volumes on paper, whose error shrinks with the grains; and their mirror."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from kambin.planning.bone_kernels import union_shares, union_shares_plainly

Float = NDArray[np.float64]

point = st.tuples(*[st.floats(-8, 8)] * 3)
capsule = st.tuples(point, point, st.floats(0.2, 5)).map(lambda c: [*c[0], *c[1], c[2]])
capsules = st.lists(capsule, min_size=1, max_size=4).map(np.array)


def _voxels(spacing_mm: float, half_mm: float = 9.0) -> Float:
    axis = np.arange(-half_mm, half_mm, spacing_mm) + 0.5 * spacing_mm
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)


COARSE, MIDDLE = _voxels(1.5), _voxels(1.0)


def _volume(voxels: Float, spacing_mm: float, tools: Float, grains: int = 2) -> float:
    shares = union_shares(voxels, spacing_mm * np.eye(3), tools, grains)
    return float(shares.sum()) * spacing_mm**3


def _through(way: object, radius_mm: float, *, half_mm: float = 40.0) -> Float:
    """A tool that runs through the middle, far beyond both ends of all bone."""
    unit = np.asarray(way, float) / np.linalg.norm(way)
    return np.array([[*(-half_mm * unit), *(half_mm * unit), radius_mm]])


# Closed forms


@pytest.mark.parametrize("radius", [2.0, 3.0, 4.5])
def test_a_hole_through_a_ball_leaves_a_napkin_ring(radius: float) -> None:
    # 4 pi / 3 (R^3 - (R^2 - r^2)^1.5) goes, whatever the direction
    ball = MIDDLE[np.linalg.norm(MIDDLE, axis=1) <= 8]
    whole = _volume(ball, 1.0, _through((1, 0, 0), 30.0))
    taken = _volume(ball, 1.0, _through((1, 2, 3), radius))
    part = 1 - (1 - (radius / 8) ** 2) ** 1.5
    # the ball itself is made of voxels
    assert taken / whole == pytest.approx(part, rel=0.04)


@pytest.mark.parametrize("degrees", [30.0, 45.0, 60.0, 90.0])
def test_two_channels_at_an_angle_share_what_steinmetz_says(degrees: float) -> None:
    # 16 r^3 / (3 sin a), cut from the sum of both within the box
    angle = math.radians(degrees)
    one, other = _through((1, 0, 0), 2.0), _through((math.cos(angle), math.sin(angle), 0), 2.0)
    fine = _voxels(0.75)
    sums = _volume(fine, 0.75, one) + _volume(fine, 0.75, other)
    both = _volume(fine, 0.75, np.concatenate([one, other]))
    assert sums - both == pytest.approx(16 * 8 / (3 * math.sin(angle)), rel=0.03)


@pytest.mark.parametrize("degrees", [0.0, 15.0, 30.0, 40.0])
def test_a_slab_is_crossed_over_its_thickness_and_the_cosine(degrees: float) -> None:
    slab = MIDDLE[np.abs(MIDDLE[:, 2]) < 3]
    angle = math.radians(degrees)
    taken = _volume(slab, 1.0, _through((math.sin(angle), 0, math.cos(angle)), 2.5), 4)
    assert taken == pytest.approx(math.pi * 2.5**2 * 6 / math.cos(angle), rel=0.02)


def test_nested_tools_take_what_the_widest_takes() -> None:
    tools = np.concatenate([_through((1, 1, 0), r) for r in (1.0, 2.0, 3.5)])
    assert _volume(MIDDLE, 1.0, tools) == _volume(MIDDLE, 1.0, tools[2:])


def test_the_error_shrinks_with_the_grains() -> None:
    # the mean over directions, because a single one may be right by chance
    errors = []
    true = math.pi * 9 * 8 + 4 / 3 * math.pi * 27
    turns = Rotation.random(8, random_state=4).as_matrix()[:, 0]
    for grains in (1, 2, 4, 8):
        found = [
            _volume(COARSE, 1.5, np.array([[*(-4 * w), *(4 * w), 3.0]]), grains) for w in turns
        ]
        errors.append(float(np.abs(np.array(found) - true).mean()))
    assert errors[3] < errors[2] < errors[0]
    assert errors[3] < 0.003 * true


def test_the_error_shrinks_with_the_voxels() -> None:
    true = math.pi * 9 * 8 + 4 / 3 * math.pi * 27
    turns = Rotation.random(6, random_state=4).as_matrix()[:, 0]
    errors = []
    for spacing, voxels in ((3.0, _voxels(3.0)), (1.5, COARSE), (0.75, _voxels(0.75))):
        found = [_volume(voxels, spacing, np.array([[*(-4 * w), *(4 * w), 3.0]])) for w in turns]
        errors.append(float(np.abs(np.array(found) - true).mean()))
    assert errors[2] < errors[1] < errors[0]


# What holds for all tools


@settings(max_examples=30, deadline=None)
@given(tools=capsules, angles=st.tuples(*[st.floats(-3, 3)] * 3))
def test_the_kernel_is_its_plain_twin_in_turned_and_flat_voxels(
    tools: Float, angles: tuple[float, float, float]
) -> None:
    turn = Rotation.from_euler("xyz", angles).as_matrix()
    axes = np.ascontiguousarray(turn @ np.diag([0.6, 1.1, 2.7]))
    ours = union_shares(COARSE[::11], axes, tools, 2)
    theirs = union_shares_plainly(COARSE[::11], axes, tools, 2)
    # a grain on a surface to the last bit may fall either way
    assert np.abs(ours - theirs).sum() <= 2 / 8
    assert ((ours >= 0) & (ours <= 1)).all()


@settings(max_examples=30, deadline=None)
@given(tools=capsules)
def test_more_tools_never_take_less_and_never_more_than_each_alone(tools: Float) -> None:
    each = [union_shares(COARSE, 1.5 * np.eye(3), one[None], 2) for one in tools]
    all_of_them = union_shares(COARSE, 1.5 * np.eye(3), tools, 2)
    assert (all_of_them >= np.max(each, axis=0)).all()
    assert (all_of_them <= np.minimum(np.sum(each, axis=0), 1)).all()


@settings(max_examples=20, deadline=None)
@given(tools=capsules)
def test_the_order_of_the_tools_does_not_matter(tools: Float) -> None:
    one, other = (union_shares(COARSE, 1.5 * np.eye(3), t, 2) for t in (tools, tools[::-1].copy()))
    assert np.array_equal(one, other)


@settings(max_examples=20, deadline=None)
@given(tool=capsule)
def test_a_tool_from_the_other_end_takes_the_same(tool: list[float]) -> None:
    turned = np.array([[*tool[3:6], *tool[:3], tool[6]]])
    one, other = (union_shares(COARSE, 1.5 * np.eye(3), t, 2) for t in (np.array([tool]), turned))
    assert np.abs(one - other).sum() <= 2 / 8


@settings(max_examples=20, deadline=None)
@given(tools=capsules)
def test_the_mirrored_tool_takes_the_mirrored_voxels(tools: Float) -> None:
    flip = np.array([-1.0, 1, 1])
    mirrored = tools * [-1, 1, 1, -1, 1, 1, 1]
    one = union_shares(COARSE, 1.5 * np.eye(3), tools, 2)
    other = union_shares(COARSE * flip, 1.5 * np.eye(3), mirrored, 2)
    assert np.array_equal(one, other)


@settings(max_examples=20, deadline=None)
@given(tools=capsules, scale=st.sampled_from([0.5, 2.0, 4.0]))
def test_shares_do_not_change_when_everything_is_scaled(tools: Float, scale: float) -> None:
    one = union_shares(COARSE, 1.5 * np.eye(3), tools, 2)
    other = union_shares(scale * COARSE, scale * 1.5 * np.eye(3), scale * tools, 2)
    assert np.array_equal(one, other)


@settings(max_examples=20, deadline=None)
@given(tool=capsule, more=st.floats(0, 3))
def test_a_longer_tool_never_takes_less(tool: list[float], more: float) -> None:
    tip, outer = np.array(tool[:3]), np.array(tool[3:6])
    longer = np.array([[*tip, *(outer + more * (outer - tip)), tool[6]]])
    one = union_shares(COARSE, 1.5 * np.eye(3), np.array([tool]), 2)
    other = union_shares(COARSE, 1.5 * np.eye(3), longer, 2)
    # only a grain on the surface to the last bit may be lost
    assert np.maximum(one - other, 0).sum() <= 2 / 8


@pytest.mark.parametrize("radius", [0.0, -1.0])
def test_a_tool_without_thickness_takes_nothing_beside_one_that_does(radius: float) -> None:
    thick, thin = _through((1, 0, 0), 3.0), _through((0, 1, 0), radius)
    both = np.concatenate([thin, thick])
    assert np.array_equal(
        union_shares(MIDDLE, np.eye(3), both, 2), union_shares(MIDDLE, np.eye(3), thick, 2)
    )


def test_a_tool_of_no_length_is_a_ball() -> None:
    ball = np.array([[0.0, 0, 0, 0, 0, 0, 6.0]])
    assert _volume(MIDDLE, 1.0, ball, 4) == pytest.approx(4 / 3 * math.pi * 216, rel=0.01)


def test_no_tool_and_no_voxel_are_no_fault() -> None:
    assert not union_shares(MIDDLE, np.eye(3), np.zeros((0, 7)), 2).any()
    assert union_shares(np.zeros((0, 3)), np.eye(3), _through((1, 0, 0), 3.0), 2).shape == (0,)
