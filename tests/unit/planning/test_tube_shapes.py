"""Straight tools beside balls, cones and bends: distances on paper."""

import numpy as np
import pytest

from kambin.anatomy import Tube
from kambin.planning.tubes import ROUND_SAMPLES, measure_tube_clearance

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


def test_between_its_balls_a_gap_is_missed_by_a_thousandth() -> None:
    gaps = [measure_tube_clearance((4, -9, z), (4, 9, z), PIECE)[0] for z in np.linspace(0, 5, 41)]
    assert min(gaps) >= 2 - 1e-12
    assert max(gaps) == pytest.approx(2, abs=0.001)


def test_between_its_balls_an_overlap_is_missed_by_half_their_spacing_at_most() -> None:
    depths = [
        measure_tube_clearance((-9, 0, z), (9, 0, z), PIECE)[0] for z in np.linspace(0, 5, 41)
    ]
    assert min(depths) >= -2 - 1e-12
    assert max(depths) <= -2 + 0.5 * 5 / ROUND_SAMPLES + 1e-9
