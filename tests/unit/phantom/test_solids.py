"""Solids: exact where an exact distance is known, closed, inside their boxes, blended smoothly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.phantom.bodies import Column, FacetSolid, IliacWing, VertebralBody
from kambin.phantom.solids import (
    Extrusion,
    RoundedBox,
    Solid,
    Superellipsoid,
    TubeSolid,
    power,
    smooth_maximum,
    smooth_minimum,
)


def a_body(**changes: object) -> VertebralBody:
    numbers = {
        "width_mm": 46.0,
        "depth_mm": 35.0,
        "anterior_height_mm": 27.0,
        "posterior_height_mm": 25.0,
        "waist": 0.09,
        "upper_concavity_mm": 0.8,
        "lower_concavity_mm": 1.4,
        "exponents": (2.5, 3.5),
        "notch_mm": 1.2,
        "rim_blend_mm": 2.4,
    }
    return VertebralBody(**{**numbers, **changes})


def a_wing() -> IliacWing:
    return IliacWing(
        142.0, (72.0, 48.0, 0.008), (50.0, 6.0, 0.0029), (3.2, 5.6, 7.5), -70.0, 0.35, 10.0
    )


def a_column() -> Column:
    knots = [[-20.0, 1.0, 2.0, 8.0, 6.0], [0.0, 0.0, 0.0, 9.0, 7.0], [30.0, -2.0, 4.0, 10.0, 8.0]]
    return Column(np.array(knots))


def a_facet() -> FacetSolid:
    return FacetSolid(Superellipsoid((8.0, 6.0, 12.0), 2.5, 2.5), (0.6, -2.8, -3.0), 0.02)


ALL_SOLIDS = {
    "ellipsoid": Superellipsoid((9.0, 6.0, 14.0)),
    "superellipsoid": Superellipsoid((9.0, 6.0, 14.0), 3.0, 4.0),
    "box": RoundedBox((10.0, 4.0, 8.0), 1.5),
    "tube": TubeSolid(np.array([[0.0, 0, 0], [12.0, 3, 5], [20.0, -4, 9]]), np.array([4.0, 3, 2])),
    "flat tube": TubeSolid(np.array([[0.0, 0, 0], [20.0, 2, 3]]), np.array([5.0, 3.0]), 2.0),
    "extrusion": Extrusion(np.array([[0.0, 0], [20.0, 2], [18.0, 14], [1.0, 9]]), 3.0, 1.0),
    "body": a_body(),
    "bulging disc": a_body(waist=-0.02, upper_concavity_mm=-1.0, lower_concavity_mm=-1.5),
    "facet": a_facet(),
    "column": a_column(),
    "wing": a_wing(),
}


def at(solid: Solid, points: np.ndarray) -> np.ndarray:
    x, y, z = np.asarray(points, dtype=np.float32).T
    return np.asarray(solid.distance(x, y, z), dtype=np.float64)


def cloud(solid: Solid, margin_mm: float, count: int = 6000) -> np.ndarray:
    low, high = solid.bounds()
    box = np.random.default_rng(7).random((count, 3))
    return low - margin_mm + box * (high - low + 2 * margin_mm)


@pytest.mark.parametrize("name", ALL_SOLIDS)
def test_a_solid_lies_inside_its_box_and_fills_a_good_part_of_it(name: str) -> None:
    solid = ALL_SOLIDS[name]
    low, high = solid.bounds()
    points = cloud(solid, 6.0)
    outside_box = ((points < low - 0.02) | (points > high + 0.02)).any(axis=1)
    inside = at(solid, points) < 0
    assert not (inside & outside_box).any()
    assert inside.sum() > 60


@pytest.mark.parametrize("name", ALL_SOLIDS)
def test_near_the_surface_the_value_changes_about_as_fast_as_the_distance(name: str) -> None:
    solid = ALL_SOLIDS[name]
    points = cloud(solid, 3.0, 20000)
    near = points[np.abs(at(solid, points)) < 0.4]
    step = 0.05
    slopes = [
        (at(solid, near + step * axis) - at(solid, near - step * axis)) / (2 * step)
        for axis in np.eye(3)
    ]
    steepness = np.linalg.norm(slopes, axis=0)
    assert 0.6 < np.median(steepness) < 1.4
    assert np.percentile(steepness, 98) < 2.2


@pytest.mark.parametrize("name", ALL_SOLIDS)
def test_broadcast_axes_give_what_single_points_give(name: str) -> None:
    solid = ALL_SOLIDS[name]
    low, high = solid.bounds()
    axes = [np.linspace(low[k] - 2, high[k] + 2, 7).astype(np.float32) for k in range(3)]
    x, y, z = axes
    grid = np.broadcast_to(
        solid.distance(x[:, None, None], y[None, :, None], z[None, None, :]), (7, 7, 7)
    )
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    np.testing.assert_allclose(grid.ravel(), at(solid, points), atol=2e-4)


def test_a_sphere_is_exact() -> None:
    points = cloud(Superellipsoid((10.0, 10.0, 10.0)), 12.0)
    points = points[np.linalg.norm(points, axis=1) > 1]
    expected = np.linalg.norm(points, axis=1) - 10
    np.testing.assert_allclose(at(Superellipsoid((10.0, 10.0, 10.0)), points), expected, atol=2e-3)


def test_a_tube_of_one_radius_is_a_capsule() -> None:
    solid = TubeSolid(np.array([[0.0, 0, 0], [10.0, 0, 0]]), np.array([2.0, 2.0]))
    points = np.array([[5.0, 3, 0], [-4.0, 0, 0], [14.0, 3, 0], [5.0, 0, 0]])
    np.testing.assert_allclose(at(solid, points), [1.0, 2.0, 3.0, -2.0], atol=1e-5)


def test_a_tube_needs_two_points() -> None:
    solid = TubeSolid(np.zeros((1, 3)), np.ones(1))
    with pytest.raises(LookupError, match="two points"):
        at(solid, np.zeros((1, 3)))


def test_a_flat_tube_is_thinner_front_to_back() -> None:
    solid = TubeSolid(np.array([[-20.0, 0, 0], [20.0, 0, 0]]), np.array([6.0, 6.0]), 2.0)
    assert at(solid, np.array([[0.0, 2.9, 0], [0.0, 0, 5.9]])).max() < 0
    assert at(solid, np.array([[0.0, 3.1, 0], [0.0, 0, 6.1]])).min() > 0


def test_a_box_is_exact_at_faces_and_edges() -> None:
    solid = RoundedBox((5.0, 4.0, 3.0), 1.0)
    points = np.array([[7.0, 0, 0], [0, 0, 3.5], [4 + 3.0, 3 + 4.0, 0], [0.0, 0, 0]])
    np.testing.assert_allclose(at(solid, points), [2.0, 0.5, 4.0, -3.0], atol=1e-5)


@given(st.floats(-30, 30), st.floats(-30, 30))
def test_an_extruded_square_is_a_box(y: float, z: float) -> None:
    square = np.array([[-8.0, -8], [8.0, -8], [8.0, 8], [-8.0, 8]])
    flat = Extrusion(square, 50.0, 0.0)
    point = np.array([[0.0, y, z]])
    expected = at(RoundedBox((50.0, 8.0, 8.0), 0.0), point)
    np.testing.assert_allclose(at(flat, point), expected, atol=1e-3)


def test_the_order_of_a_polygon_does_not_matter() -> None:
    outline = np.array([[0.0, 0], [20.0, 2], [18.0, 14], [1.0, 9]])
    points = cloud(Extrusion(outline, 3.0, 1.0), 5.0, 500)
    np.testing.assert_allclose(
        at(Extrusion(outline, 3.0, 1.0), points),
        at(Extrusion(outline[::-1].copy(), 3.0, 1.0), points),
        atol=1e-5,
    )


@pytest.mark.parametrize("exponent", [0.4, 1.0, 1.5, 2.0, 2.5, 3.0, 3.2, 4.0, 6.0])
def test_the_fast_power_is_the_power(exponent: float) -> None:
    base = np.linspace(0, 3, 50)
    np.testing.assert_allclose(power(base, exponent), base**exponent, rtol=1e-12, atol=1e-300)


def test_joining_is_exact_away_from_the_seam_and_rounded_at_it() -> None:
    a, b = np.array([0.0, 5.0, 1.0]), np.array([5.0, 0.0, 1.0])
    np.testing.assert_allclose(smooth_minimum(a, b, 2.0), [0.0, 0.0, 0.5])
    np.testing.assert_allclose(smooth_minimum(a, b, 0.0), [0.0, 0.0, 1.0])
    np.testing.assert_allclose(smooth_maximum(a, b, 2.0), [5.0, 5.0, 1.5])


def test_the_plates_of_a_body_are_concave() -> None:
    body = a_body(anterior_height_mm=26.0, posterior_height_mm=26.0)
    heights = np.linspace(0, 20, 4001)

    def top(x: float, y: float) -> float:
        column = np.column_stack([np.full_like(heights, x), np.full_like(heights, y), heights])
        return float(heights[at(body, column) < 0].max())

    assert top(0, 0) == pytest.approx(13 - 0.8, abs=0.02)
    assert top(0, -14) > top(0, 0)
    assert top(16, 0) > top(0, 0)


def test_a_body_is_wedged_and_has_a_waist() -> None:
    body = a_body()
    front, back = np.array([[0.0, -12, 13.1]]), np.array([[0.0, 12, 13.1]])
    assert at(body, front)[0] < at(body, back)[0]
    middle, rim = np.array([[21.8, 0.0, 0]]), np.array([[21.8, 0.0, 10.0]])
    assert at(body, middle)[0] > at(body, rim)[0]


def test_the_posterior_wall_stays_where_it_is_at_all_heights() -> None:
    body = a_body(notch_mm=0.0)
    heights = np.array([-8.0, 0.0, 8.0])
    points = np.column_stack([np.zeros(3), np.full(3, 17.5), heights])
    np.testing.assert_allclose(at(body, points), 0, atol=0.05)


def test_the_joint_surface_is_a_hollow_of_even_distance() -> None:
    facet = a_facet()
    along = np.linspace(-4, 4, 9)
    surface = np.column_stack([along, 0.02 * along**2, np.zeros(9)])
    normals = np.column_stack([-0.04 * along, np.ones(9), np.zeros(9)])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    np.testing.assert_allclose(at(facet, surface + normals), 1.0, atol=0.03)


def test_a_column_follows_its_knots() -> None:
    column = a_column()
    assert at(column, np.array([[-2.0, 4.0, 29.0]]))[0] < 0
    np.testing.assert_allclose(at(column, np.array([[-1.0 + 9.5, 2.0, 15.0]])), 0, atol=0.05)
    np.testing.assert_allclose(at(column, np.array([[0.0, 0.0, 33.0]])), 3.0, atol=1e-5)


def test_the_crest_is_the_highest_part_of_the_wing() -> None:
    points = cloud(a_wing(), 1.0, 60000)
    inside = points[at(a_wing(), points) < 0]
    highest = inside[np.argmax(inside[:, 2])]
    assert highest[2] == pytest.approx(47, abs=2.5)
    assert highest[0] == pytest.approx(72, abs=18)
