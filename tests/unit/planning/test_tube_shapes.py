"""Straight tools beside balls, cones and bends: distances on paper."""

import numpy as np
import pytest

from kambin.anatomy import Tube
from kambin.planning.tubes import measure_tube_clearance

PIECE = Tube(np.array([(0.0, 0, 0), (0, 0, 5)]), np.array([2.0, 2.0]))
"""A straight piece of 5 mm."""


def test_parallel_lines_are_apart_everywhere() -> None:
    assert measure_tube_clearance((5, 0, 1), (5, 0, 4), PIECE)[0] == pytest.approx(3)


def test_a_tube_of_one_point_is_a_ball() -> None:
    ball = Tube(np.array([(1.0, 2, 3)]), np.array([1.5]))
    distance, foot = measure_tube_clearance((1, -9, 7), (1, 9, 7), ball)
    assert distance == pytest.approx(4 - 1.5)
    assert foot == pytest.approx([1, 2, 7])


def test_the_thick_end_of_a_cone_is_nearer() -> None:
    cone = Tube(np.array([(0.0, 0, -5), (0, 0, 5)]), np.array([1.0, 3.0]))
    distance, foot = measure_tube_clearance((8, 0, -5), (8, 0, 5), cone)
    assert distance == pytest.approx(5)
    assert foot == pytest.approx([8, 0, 5])


def test_a_bend_is_measured_at_its_nearest_piece() -> None:
    bent = Tube(np.array([(0.0, 0, 0), (10, 0, 0), (10, 10, 0)]), np.array([1.0, 1, 1]))
    distance, _ = measure_tube_clearance((14, 5, -9), (14, 5, 9), bent)
    assert distance == pytest.approx(3, abs=0.01)


def test_the_side_of_a_cone_is_met_at_a_right_angle() -> None:
    # the radius falls by 6 mm over 20 mm: the sine of the side is 0.3
    cone = Tube(np.array([(0.0, 0, -10), (0, 0, 10)]), np.array([8.0, 2.0]))
    distance, _ = measure_tube_clearance((10, 0, 0), (10, 0, 0), cone)
    assert distance == pytest.approx(10 * np.sqrt(1 - 0.3**2) + 10 * 0.3 - 8)


def test_a_cone_that_swells_faster_than_it_is_long_is_its_larger_ball() -> None:
    cone = Tube(np.array([(0.0, 0, 0), (0, 0, 1)]), np.array([1.0, 5.0]))
    for foot in ((9.0, 0, -6), (9.0, 0, 1), (9.0, 0, 6)):
        distance, _ = measure_tube_clearance(foot, foot, cone)
        assert distance == pytest.approx(np.linalg.norm(np.subtract(foot, (0, 0, 1))) - 5)
