"""Shapes: placed and mirrored pieces, grids equal to points, gaps by inflated cuts."""

import numpy as np
import pytest

from kambin.anatomy import StructureKey
from kambin.frames import RigidTransform, Side
from kambin.phantom.organs import LPS
from kambin.phantom.shapes import Piece, Shape, bounds_of, place, place_tube, turned
from kambin.phantom.solids import RoundedBox, Superellipsoid, TubeSolid

BODY = StructureKey("body", "L4")
ARCH = StructureKey("pars", "L4")
WHOLE = StructureKey("vertebra", "L4")


@pytest.fixture
def a_tilted_frame() -> RigidTransform:
    return RigidTransform.from_axes("lps", "L4", turned(12, 25, -7), [3.0, 20.0, -5.0])


@pytest.fixture
def two_balls_and_a_cut() -> Shape:
    ball = Superellipsoid((6.0, 6.0, 6.0))
    return Shape(
        WHOLE,
        (
            place(BODY, ball, LPS),
            place(ARCH, ball, LPS, centre_mm=(9.0, 0.0, 0.0), blend_mm=2.0),
        ),
        (place(ARCH, RoundedBox((30.0, 1.0, 30.0), 0.0), LPS, centre_mm=(9.0, 5.0, 0.0)),),
    )


def axes_of(low: float, high: float, step: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    axis = np.arange(low, high, step)
    return axis, axis + 0.1, axis - 0.1


def test_turned_axes_are_a_rotation_and_zero_turns_nothing() -> None:
    axes = turned(31, -12, 44)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1)
    np.testing.assert_array_equal(turned(), np.eye(3))


def test_yaw_turns_left_towards_posterior_and_pitch_posterior_towards_cranial() -> None:
    np.testing.assert_allclose(turned(yaw_deg=90) @ [1, 0, 0], [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(turned(pitch_deg=90) @ [0, 1, 0], [0, 0, 1], atol=1e-12)


def test_a_piece_is_where_it_is_put(a_tilted_frame: RigidTransform) -> None:
    ball = place(BODY, Superellipsoid((4.0, 4.0, 4.0)), a_tilted_frame, centre_mm=(10.0, 2.0, 1.0))
    centre = a_tilted_frame.points([10.0, 2.0, 1.0])
    x, y, z = (centre + np.array([7.0, 0, 0])).astype(np.float32)[:, None]
    np.testing.assert_allclose(ball.distance(x, y, z), 3.0, atol=1e-4)


def test_the_right_piece_is_the_mirror_image_of_the_left(a_tilted_frame: RigidTransform) -> None:
    solid = RoundedBox((8.0, 2.0, 5.0), 0.5)
    pieces = {
        side: place(
            BODY, solid, a_tilted_frame, centre_mm=(12.0, 3.0, 4.0), axes=turned(30), side=side
        )
        for side in Side
    }
    local = np.random.default_rng(3).uniform(-25, 25, (200, 3))
    values = []
    for side, sign in ((Side.LEFT, 1), (Side.RIGHT, -1)):
        x, y, z = a_tilted_frame.points(local * [sign, 1, 1]).astype(np.float32).T
        values.append(pieces[side].distance(x, y, z))
    np.testing.assert_allclose(values[0], values[1], atol=1e-4)


def test_a_box_round_a_turned_piece_holds_it(a_tilted_frame: RigidTransform) -> None:
    piece = place(BODY, RoundedBox((9.0, 2.0, 5.0), 0.5), a_tilted_frame, axes=turned(40, 10))
    low, high = piece.bounds_lps_mm()
    points = np.random.default_rng(1).uniform(-20, 20, (5000, 3)) + a_tilted_frame.origin_mm
    x, y, z = points.astype(np.float32).T
    inside = np.asarray(piece.distance(x, y, z)) < 0
    assert inside.sum() > 10
    assert ((points[inside] >= low) & (points[inside] <= high)).all()


def test_a_grid_gives_what_points_give(two_balls_and_a_cut: Shape) -> None:
    axes = axes_of(-12, 20, 1.3)
    sample = two_balls_and_a_cut.sample(axes, margin_mm=2.0)
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)[sample.box]
    exact = two_balls_and_a_cut.distance(grid.reshape(-1, 3)).reshape(sample.distance_mm.shape)
    near = np.abs(exact) < 1.5
    assert near.sum() > 200
    np.testing.assert_allclose(sample.distance_mm[near], exact[near], atol=2e-4)


def test_each_voxel_belongs_to_the_nearest_part(two_balls_and_a_cut: Shape) -> None:
    axes = (np.array([-3.0, 12.0]), np.array([0.0]), np.array([0.0]))
    sample = two_balls_and_a_cut.sample(axes, margin_mm=0.0)
    assert two_balls_and_a_cut.parts == (BODY, ARCH)
    assert [two_balls_and_a_cut.parts[k] for k in sample.part[:, 0, 0]] == [BODY, ARCH]


def test_a_cut_takes_away_and_an_inflated_cut_leaves_a_gap() -> None:
    ball = Superellipsoid((5.0, 5.0, 5.0))
    first = place(BODY, ball, LPS)
    second = place(ARCH, ball, LPS, centre_mm=(6.0, 0.0, 0.0))
    shape = Shape(WHOLE, (second,), (first.inflated(1.5),))
    line = np.column_stack([np.arange(0, 12, 0.01), np.zeros(1200), np.zeros(1200)])
    kept = line[shape.distance(line) < 0, 0]
    assert kept.min() == pytest.approx(6.5, abs=0.02)
    assert kept.max() == pytest.approx(11, abs=0.02)


def test_a_shape_outside_the_grid_gives_an_empty_box(two_balls_and_a_cut: Shape) -> None:
    far = np.arange(500.0, 520.0)
    assert two_balls_and_a_cut.sample((far, far, far), margin_mm=1.0).distance_mm.size == 0


def test_a_tube_in_segments_is_the_tube() -> None:
    tube = TubeSolid(
        np.array([[0.0, 0, 0], [10.0, 4, 2], [14.0, 9, 12]]), np.array([3.0, 2.0, 2.5])
    )
    pieces = place_tube(BODY, tube, LPS)
    assert len(pieces) == 2
    points = np.random.default_rng(2).uniform(-6, 20, (300, 3))
    np.testing.assert_allclose(
        Shape(BODY, pieces).distance(points),
        Shape(BODY, (place(BODY, tube, LPS),)).distance(points),
        atol=1e-4,
    )


def test_the_box_of_several_shapes_holds_each(two_balls_and_a_cut: Shape) -> None:
    other = Shape(BODY, (place(BODY, Superellipsoid((2.0, 2.0, 2.0)), LPS, centre_mm=(0, 40, 0)),))
    low, high = bounds_of([two_balls_and_a_cut, other])
    np.testing.assert_allclose(low[0], -6)
    np.testing.assert_allclose(high[1], 42)


def test_an_inflated_piece_is_a_new_piece(two_balls_and_a_cut: Shape) -> None:
    piece = two_balls_and_a_cut.pieces[0]
    assert isinstance(piece.inflated(1.0), Piece)
    assert piece.inflate_mm == 0
