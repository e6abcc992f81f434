"""The area of the skin about each entry, whatever the shape and the order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kambin.frames import Side, direction_from_angles
from kambin.knowledge import value
from kambin.planning.skin_areas import find_patch_areas_mm2

FEW = settings(max_examples=15)
Points = NDArray[np.float64]
CENTRE = np.array([10.0, -20.0, 5.0])
SIDES = 5


def _rays(side: Side = Side.LEFT, steps: int = SIDES) -> Points:
    """Unit rays of a lattice of whole degrees about 45 degrees, shape (steps^2, 3)."""
    step = value("planning.lattice_step_deg")
    angles = 45.0 + step * np.arange(steps)
    rays = np.array([direction_from_angles(a, b - 45.0) for a in angles for b in angles])
    rays[:, 0] *= side.lateral_sign_lps
    return rays


def _areas(points: Points, side: Side = Side.LEFT) -> Points:
    return find_patch_areas_mm2(points, CENTRE, side)


def _wavy(seed: int, size_mm: float = 100.0) -> Points:
    """A bumpy skin about the centre."""
    rng = np.random.default_rng(seed)
    lengths = size_mm * (1 + 0.002 * rng.standard_normal(SIDES**2))
    return CENTRE + _rays() * lengths[:, None]


@FEW
@given(st.integers(0, 99), st.floats(0.5, 3.0))
def test_areas_grow_with_the_square_of_the_size(seed: int, scale: float) -> None:
    skin = _wavy(seed)
    larger = CENTRE + scale * (skin - CENTRE)
    assert _areas(larger) == pytest.approx(scale**2 * _areas(skin), rel=1e-9)


@FEW
@given(st.integers(0, 99))
def test_the_order_of_the_entries_does_not_matter(seed: int) -> None:
    skin = _wavy(seed)
    order = np.random.default_rng(seed).permutation(len(skin))
    assert _areas(skin[order]) == pytest.approx(_areas(skin)[order], rel=1e-12)


@FEW
@given(st.integers(0, 99))
def test_the_mirrored_skin_has_the_same_areas(seed: int) -> None:
    skin = _wavy(seed)
    mirrored = CENTRE + (skin - CENTRE) * (-1, 1, 1)
    assert _areas(mirrored, Side.RIGHT) == pytest.approx(_areas(skin), rel=1e-12)


@FEW
@given(st.tuples(*[st.floats(-200, 200)] * 3), st.integers(0, 99))
def test_a_shifted_patient_has_the_same_skin(shift: tuple[float, ...], seed: int) -> None:
    skin = _wavy(seed)
    moved = find_patch_areas_mm2(skin + shift, CENTRE + shift, Side.LEFT)
    assert moved == pytest.approx(_areas(skin), rel=1e-7)


@FEW
@given(st.integers(0, 99), st.sets(st.integers(0, SIDES**2 - 1), max_size=9))
def test_fewer_entries_never_have_more_skin(seed: int, gone: set[int]) -> None:
    skin = _wavy(seed)
    kept = np.array([at not in gone for at in range(len(skin))])
    assert (_areas(skin[kept]) <= _areas(skin)[kept] + 1e-9).all()


@FEW
@given(st.integers(0, 99))
def test_a_bumpy_skin_is_no_smaller_than_a_smooth_one_within_it(seed: int) -> None:
    skin = _wavy(seed)
    lengths = np.linalg.norm(skin - CENTRE, axis=1)
    inner = CENTRE + _rays() * lengths.min()
    assert _areas(skin).sum() > _areas(inner).sum()


def test_corner_edge_and_inner_entries_have_one_two_and_four_quarters() -> None:
    areas = _areas(CENTRE + 100.0 * _rays()).reshape(SIDES, SIDES)
    inner = areas[1:-1, 1:-1].mean()
    corners = areas[[0, 0, -1, -1], [0, -1, 0, -1]].mean()
    assert corners / inner == pytest.approx(0.25, abs=0.01)
    assert areas[0, 1:-1].mean() / inner == pytest.approx(0.5, abs=0.02)


def test_the_sum_of_two_neighbouring_pieces_is_the_whole() -> None:
    skin = (CENTRE + 100.0 * _rays()).reshape(SIDES, SIDES, 3)
    low, high = (part.reshape(-1, 3) for part in (skin[:3], skin[2:]))
    whole = _areas(skin.reshape(-1, 3)).sum()
    assert _areas(low).sum() + _areas(high).sum() == pytest.approx(whole, rel=1e-9)


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_less_than_four_corners_make_no_patch(kept: int) -> None:
    square = (CENTRE + 100.0 * _rays(steps=2))[:kept]
    assert _areas(square).sum() == 0


def test_four_corners_make_one_patch_by_a_closed_form() -> None:
    rays = _rays(steps=2)
    # on a plane a patch is flat, and its two triangulations are the same
    flat = CENTRE + rays * (80.0 / rays[:, 1])[:, None]
    a, b, c, d = flat[0], flat[1], flat[3], flat[2]
    exact = np.linalg.norm(np.cross(c - a, d - b)) / 2
    assert _areas(flat).sum() == pytest.approx(exact, rel=1e-9)
    assert len(set(_areas(flat).round(9))) == 1
