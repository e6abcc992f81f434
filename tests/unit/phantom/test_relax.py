"""Lines are bent out of obstacles, stay smooth, and stay put where nothing is in the way."""

import numpy as np
import pytest

from kambin.anatomy import StructureKey, Tube
from kambin.phantom.organs import LPS
from kambin.phantom.relax import Obstacle, relax_lines
from kambin.phantom.shapes import Shape, place
from kambin.phantom.solids import Superellipsoid

ROOT = StructureKey.parse("exiting_root:L4:left")
BONE = StructureKey.parse("vertebra:L4")


@pytest.fixture
def a_straight_line() -> Tube:
    points = np.column_stack([np.linspace(-20, 20, 41), np.full(41, 0.5), np.zeros(41)])
    return Tube(points, np.full(41, 2.0))


def a_ball(radius_mm: float, x_mm: float = 0.0) -> Obstacle:
    ball = Superellipsoid((radius_mm, radius_mm, radius_mm))
    return Obstacle(Shape(BONE, (place(BONE, ball, LPS, centre_mm=(x_mm, 0, 0)),)), 0.6)


def test_a_line_through_a_ball_goes_round_it(a_straight_line: Tube) -> None:
    ball = a_ball(4.0)
    bent = relax_lines({ROOT: a_straight_line}, (ball,))[ROOT]
    clear = ball.shape.distance(bent.points_lps_mm) - bent.radii_mm
    assert clear.min() > 0.4
    steps = np.linalg.norm(np.diff(bent.points_lps_mm, axis=0), axis=1)
    assert steps.max() < 2.5


def test_a_line_with_nothing_in_its_way_stays(a_straight_line: Tube) -> None:
    bent = relax_lines({ROOT: a_straight_line}, (a_ball(4.0, 200.0),))[ROOT]
    np.testing.assert_allclose(bent.points_lps_mm, a_straight_line.points_lps_mm, atol=1e-9)


def test_lines_do_not_pull_each_other(a_straight_line: Tube) -> None:
    other = StructureKey.parse("exiting_root:L5:left")
    far = Tube(a_straight_line.points_lps_mm + np.array([0, 60, 0]), a_straight_line.radii_mm)
    together = relax_lines({ROOT: a_straight_line, other: far}, (a_ball(4.0),))
    alone = relax_lines({ROOT: a_straight_line}, (a_ball(4.0),))
    np.testing.assert_allclose(together[ROOT].points_lps_mm, alone[ROOT].points_lps_mm)
    np.testing.assert_allclose(together[other].points_lps_mm, far.points_lps_mm, atol=1e-9)


def test_radii_are_kept(a_straight_line: Tube) -> None:
    bent = relax_lines({ROOT: a_straight_line}, (a_ball(4.0),))[ROOT]
    np.testing.assert_array_equal(bent.radii_mm, a_straight_line.radii_mm)
