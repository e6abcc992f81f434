"""Triangles and circles against numbers of the literature and against a second way."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt

from kambin.measure import inscribed_circle, polygon_area_mm2, solve_right_triangle
from kambin.measure.polygon import inscribed_radii_mm, intersect_half_planes

# V1 and V1b of the evidence: base and height of a cadaver series (A4), mm.
ROWS = [
    ((12.15, 11.29), (68.6, 16.59, 6.85)),
    ((17.94, 17.18), (154.1, 24.84, 10.28)),
]


@pytest.mark.parametrize(("legs", "expected"), ROWS)
def test_v1_a_right_triangle_has_the_published_area_and_incircle(legs, expected) -> None:
    found = solve_right_triangle(*legs)
    sizes = (found.area_mm2, found.hypotenuse_mm, found.incircle_mm)
    assert sizes == pytest.approx(expected, abs=0.05)


def test_v1b_the_reported_hypotenuse_of_l5_s1_is_not_that_of_a_right_triangle() -> None:
    assert abs(solve_right_triangle(17.94, 17.18).hypotenuse_mm - 28.03) > 3


@pytest.mark.parametrize("legs", [row[0] for row in ROWS])
def test_the_incircle_of_a_right_triangle_is_that_of_the_programme(legs) -> None:
    centre, diameter = inscribed_circle([[0, 0], [legs[0], 0], [0, legs[1]]])
    assert diameter == pytest.approx(solve_right_triangle(*legs).incircle_mm, abs=1e-9)
    assert centre == pytest.approx([diameter / 2, diameter / 2], abs=1e-6)


@given(
    angles=st.lists(st.floats(0.0, 2 * math.pi), min_size=3, max_size=4, unique=True),
    shift=st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
)
def test_three_ways_find_one_circle(angles, shift) -> None:
    """Corners on a circle of 12 mm: programme, weighted offsets, distance transform."""
    turns = np.sort(angles)
    # Sides under 2 mm make slivers whose circle a raster cannot see.
    gaps = np.diff([*turns, turns[0] + 2 * math.pi])
    if gaps.min() < 0.3:
        return
    corners = 12 * np.column_stack([np.cos(turns), np.sin(turns)]) + shift
    _, diameter = inscribed_circle(corners)
    along = np.roll(corners, -1, axis=0) - corners
    normals = np.column_stack([along[:, 1], -along[:, 0]])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    offsets = (normals * corners).sum(axis=1)
    assert 2 * float(inscribed_radii_mm(normals, offsets)) == pytest.approx(diameter, abs=1e-6)
    step = 0.1
    x, y = np.meshgrid(*[np.arange(-18, 18, step)] * 2, indexing="ij")
    inside = (np.stack([x, y], axis=-1) @ normals.T <= offsets).all(axis=-1)
    raster = 2 * step * distance_transform_edt(np.pad(inside, 1)).max()
    assert raster == pytest.approx(diameter, abs=4 * step)


def test_lines_that_do_not_close_hold_no_largest_circle() -> None:
    normals = np.array([[0.0, -1.0], [0.6, -0.8], [-1.0, 0.0]])
    assert inscribed_radii_mm(normals, np.array([0.0, 10.0, 0.0])) == math.inf


def test_a_strip_holds_circles_of_its_width() -> None:
    normals = np.array([[0.0, -1.0], [0.0, 1.0], [-1.0, 0.0]])
    assert inscribed_radii_mm(normals, np.array([0.0, 10.0, 0.0])) == pytest.approx(5.0)


def test_lines_without_room_between_them_have_a_negative_circle_and_no_polygon() -> None:
    normals = np.array([[0.0, -1.0], [-1.0, 0.0], [math.sqrt(0.5), math.sqrt(0.5)]])
    offsets = np.array([0.0, 0.0, -3.0])
    assert inscribed_radii_mm(normals, offsets) < 0
    assert len(intersect_half_planes(normals, offsets, 50.0)[0]) == 0


def test_a_cut_triangle_is_a_trapezium_whose_sides_know_their_lines() -> None:
    normals = np.array([[0.0, -1.0], [-1.0, 0.0], [math.sqrt(0.5), math.sqrt(0.5)], [0.0, 1.0]])
    offsets = np.array([0.0, 0.0, 10 * math.sqrt(0.5), 4.0])
    corners, sides = intersect_half_planes(normals, offsets, 50.0)
    assert polygon_area_mm2(corners) == pytest.approx(10 * 10 / 2 - 6 * 6 / 2)
    lengths = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    assert {int(s): float(n) for s, n in zip(sides, lengths, strict=True)} == pytest.approx(
        {0: 10.0, 1: 4.0, 2: 4 * math.sqrt(2), 3: 6.0}
    )
