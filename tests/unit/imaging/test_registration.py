"""Rigid fits of points and surfaces, and motions between two."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from kambin.core import InputError
from kambin.frames import RigidTransform
from kambin.imaging import (
    Grid,
    LabelMap,
    blend_points,
    extract_surface,
    fit_points,
    fit_surface,
    signed_distance,
    turn_deg,
)

POINTS = np.array([[0.0, 0, 0], [40, 0, 5], [10, 30, 0], [5, 5, 60], [30, 20, 30]])


def motion(degrees: float = 8.0, shift: tuple[float, float, float] = (4, -3, 2)) -> RigidTransform:
    axis = np.array([0.6, 0.0, 0.8])
    turn = Rotation.from_rotvec(np.deg2rad(degrees) * axis).as_matrix()
    return RigidTransform.from_axes("ct", "mr", turn, np.array(shift, dtype=float))


def test_paired_points_give_their_motion_back() -> None:
    fit = fit_points(POINTS, motion().points(POINTS), target="ct", source="mr")
    np.testing.assert_allclose(fit.transform.matrix, motion().matrix, atol=1e-12)
    assert fit.residuals_mm.max() < 1e-10
    on_a_line = np.outer(np.arange(4.0), [1.0, 2.0, 30.0])
    line = fit_points(on_a_line, on_a_line, target="ct", source="mr")
    assert line.conditioning < 1e-6
    assert fit.conditioning > 1.0


def test_a_mirror_is_refused_and_never_returned() -> None:
    mirrored = POINTS * [-1.0, 1.0, 1.0]
    with pytest.raises(InputError, match="A mirror fits") as caught:
        fit_points(POINTS, mirrored, target="ct", source="mr")
    assert caught.value.code == "IN-092"
    flat = POINTS * [1.0, 0.0, 1.0]
    # points in one plane can be mirrored by a turn: this is why a residual proves no side
    fit = fit_points(flat, flat * [-1.0, 1.0, 1.0], target="ct", source="mr")
    assert np.linalg.det(fit.transform.rotation) == pytest.approx(1.0)


def test_two_points_are_not_enough() -> None:
    with pytest.raises(InputError, match="three pairs") as caught:
        fit_points(POINTS[:2], POINTS[:2], target="ct", source="mr")
    assert caught.value.code == "IN-092"


def a_block() -> LabelMap:
    values = np.zeros((40, 36, 44), dtype=np.uint8)
    values[8:30, 8:24, 8:34] = 1
    values[16:22, 24:32, 12:20] = 1
    return LabelMap(values, np.eye(4), "patient")


def test_a_surface_is_moved_home_from_eight_degrees_and_half_of_it_lost() -> None:
    block = a_block()
    grid = Grid(np.full(3, -12.0), 1.0, (64, 60, 68), "patient")
    points = extract_surface(block).vertices_lps_mm[::2]
    moved = motion().inverse().points(points)
    start = RigidTransform.from_axes("ct", "mr", np.eye(3), [3.0, -2.0, 1.0])
    for some in (moved, moved[points[:, 2] > 20.0]):
        fit = fit_surface(some, signed_distance(block, grid), start, scale_mm=1.5)
        start = fit.transform
        away = fit.transform.points(moved) - points
        assert np.linalg.norm(away, axis=1).max() < 0.35
        assert fit.residuals_mm.mean() < 0.15


def test_a_ball_holds_no_turn() -> None:
    ijk = np.stack(np.meshgrid(*[np.arange(30.0)] * 3, indexing="ij"), -1)
    ball = (np.linalg.norm(ijk - 15, axis=-1) < 10).astype(np.uint8)
    region = LabelMap(ball, np.eye(4), "patient")
    grid = Grid(np.full(3, -8.0), 1.0, (46, 46, 46), "patient")
    points = extract_surface(region).vertices_lps_mm
    still = RigidTransform.from_axes("ct", "mr", np.eye(3), np.zeros(3))
    round_one = fit_surface(points, signed_distance(region, grid), still, scale_mm=1.5)
    block = fit_surface(
        extract_surface(a_block()).vertices_lps_mm,
        signed_distance(a_block(), Grid(np.full(3, -8.0), 1.0, (56, 52, 60), "patient")),
        still,
        scale_mm=1.5,
    )
    assert 2 * round_one.conditioning < block.conditioning


def test_a_blend_ends_in_both_motions_and_is_a_screw_between() -> None:
    first, second = motion(2.0), motion(20.0, (1, 8, -6))
    for share, end in ((0.0, first), (1.0, second)):
        at_end = blend_points(POINTS, first, second, np.full(5, share))
        np.testing.assert_allclose(at_end, end.points(POINTS), atol=1e-9)
    half = blend_points(POINTS, first, second, np.full(5, 0.5))
    fit = fit_points(POINTS, half, target="ct", source="mr")
    assert fit.residuals_mm.max() < 1e-9
    # twice the same step leads from the first to the second
    step = fit.transform @ first.inverse()
    np.testing.assert_allclose(step.points(half), second.points(POINTS), atol=1e-9)
    assert turn_deg(step) == pytest.approx(9.0)


def test_a_blend_of_mere_shifts_is_linear() -> None:
    a, b = motion(0.0, (0, 0, 0)), motion(0.0, (4, 0, 2))
    moved = blend_points(POINTS, a, b, np.full(5, 0.25))
    np.testing.assert_allclose(moved - POINTS, [[1.0, 0.0, 0.5]] * 5, atol=1e-12)
