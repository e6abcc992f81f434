"""Volumes of swept tools in voxels: closed forms, the plain twin, and that they never fall."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from kambin.planning.bone_kernels import union_shares, union_shares_plainly

GRAINS = 2
OUTER = (15.3, 9.1, 11.7)


def _voxels(spacing_mm: float, half_mm: float = 14.0) -> NDArray[np.float64]:
    axis = np.arange(-half_mm, half_mm, spacing_mm) + 0.5 * spacing_mm
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)


def _capsule(tip: object, outer: object, radius_mm: float) -> NDArray[np.float64]:
    return np.array([[*np.asarray(tip, float), *np.asarray(outer, float), radius_mm]])


def _volume_mm3(
    voxels: NDArray[np.float64], spacing_mm: float, capsules: NDArray[np.float64]
) -> float:
    shares = union_shares(voxels, spacing_mm * np.eye(3), capsules, GRAINS)
    return float(shares.sum()) * spacing_mm**3


HALF = _voxels(0.5)
TURNS = [Rotation.random(random_state=seed).as_matrix() for seed in range(3)]


@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("radius", [2.5, 3.75, 4.25])
def test_a_swept_capsule_has_its_volume_within_a_hundredth(radius: float, turn: int) -> None:
    way = TURNS[turn][0] * 7
    found = _volume_mm3(HALF, 0.5, _capsule(-way, way, radius))
    expected = math.pi * radius**2 * 14 + 4 / 3 * math.pi * radius**3
    assert found == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("depth", [0.52, 0.77, 1.3, 1.9])
def test_a_ball_in_a_half_space_takes_a_cap(depth: float) -> None:
    # pi h^2 (3 r - h) / 3, at depths that are no multiple of a voxel
    below = HALF[HALF[:, 2] < 0]
    found = _volume_mm3(below, 0.5, _capsule((0.1, 0.2, 3 - depth), (0.1, 0.2, 9.0), 3.0))
    assert found == pytest.approx(math.pi * depth**2 * (9 - depth) / 3, rel=0.04)


def test_a_slanted_channel_through_a_slab_is_a_slanted_cylinder() -> None:
    # a slab of 4 mm crossed at 30 degrees to its normal
    slab = HALF[np.abs(HALF[:, 2]) < 2]
    way = np.array([math.sin(math.radians(30)), 0, math.cos(math.radians(30))])
    found = _volume_mm3(slab, 0.5, _capsule(-12 * way, 12 * way, 3.75))
    expected = math.pi * 3.75**2 * 4 / math.cos(math.radians(30))
    assert found == pytest.approx(expected, rel=0.01)


def test_two_channels_that_cross_count_their_common_part_once() -> None:
    # two equal cylinders at right angles share 16 r^3 / 3
    ends = np.array([[-10.0, 0, 0], [0, -10.0, 0]])
    both = np.concatenate([_capsule(end, -end, 3.0) for end in ends])
    one = math.pi * 9 * 20 + 4 / 3 * math.pi * 27
    assert _volume_mm3(HALF, 0.5, both) == pytest.approx(2 * one - 16 * 27 / 3, rel=0.01)


def test_the_volume_is_smooth_in_the_radius() -> None:
    # voxel centres alone would jump: a step of 0.02 mm changes the volume as its surface says
    radii = np.arange(3.0, 3.4, 0.02)
    volumes = [_volume_mm3(HALF, 0.5, _capsule((0, 0, -6), (0, 0, 6), r)) for r in radii]
    surface = 2 * math.pi * 3.2 * 12 + 4 * math.pi * 3.2**2
    assert np.diff(volumes).max() < 3 * surface * 0.02


def test_the_kernel_is_its_plain_twin() -> None:
    rng = np.random.default_rng(7)
    centres = rng.uniform(-8, 8, (400, 3))
    axes = TURNS[0] @ np.diag([0.7, 0.9, 3.0])
    capsules = np.column_stack([rng.uniform(-6, 6, (3, 6)), [2.0, 0.0, 3.5]])
    ours = union_shares(centres, axes, capsules, 3)
    assert np.array_equal(ours, union_shares_plainly(centres, axes, capsules, 3))
    assert 0 < ours.mean() < 1


@settings(max_examples=40, deadline=None)
@given(
    tip=st.tuples(*[st.floats(-6, 6)] * 3),
    radii=st.lists(st.floats(0.1, 6), min_size=2, max_size=2).map(sorted),
)
def test_a_share_never_falls_with_the_radius(
    tip: tuple[float, float, float], radii: list[float]
) -> None:
    coarse = _voxels(1.5, 9.0)
    narrow, wide = (
        union_shares(coarse, 1.5 * np.eye(3), _capsule(tip, OUTER, r), GRAINS) for r in radii
    )
    assert (narrow <= wide).all()


def test_a_tool_without_radius_takes_nothing() -> None:
    assert _volume_mm3(HALF, 0.5, _capsule((0, 0, 0), OUTER, 0.0)) == 0
