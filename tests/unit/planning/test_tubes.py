"""The distance from a straight tool to a nerve, without any field."""

import numpy as np
import pytest

from kambin.anatomy import Tube
from kambin.imaging import Grid, tube_distance
from kambin.planning.tubes import measure_tube_clearance


def a_tube(points, radii) -> Tube:
    return Tube(np.array(points, float), np.array(radii, float))


STRAIGHT = a_tube([(0, 0, z) for z in range(-30, 31, 5)], [2] * 13)
"""Pieces of 5 mm, as nerves have."""


def test_a_tool_across_a_nerve_is_its_distance_less_the_radius_away() -> None:
    gap, point = measure_tube_clearance((-20, 5, 0), (20, 5, 0), STRAIGHT)
    assert gap == pytest.approx(3.0, abs=1e-3)
    assert point == pytest.approx([0, 5, 0], abs=1e-9)


def test_a_tool_through_a_nerve_is_inside_by_the_radius() -> None:
    gap, _ = measure_tube_clearance((-20, 0, 0), (20, 0, 0), STRAIGHT)
    assert gap == pytest.approx(-2.0)


def test_a_tool_that_ends_before_the_nerve_is_measured_from_its_end() -> None:
    gap, point = measure_tube_clearance((30, 0, 0), (7, 0, 0), STRAIGHT)
    assert gap == pytest.approx(5.0)
    assert point == pytest.approx([7, 0, 0])


def test_beyond_the_end_of_a_nerve_its_last_ball_counts() -> None:
    gap, _ = measure_tube_clearance((-9, 0, 40), (9, 0, 40), STRAIGHT)
    assert gap == pytest.approx(10 - 2)


def test_a_nerve_of_one_point_is_a_ball() -> None:
    gap, _ = measure_tube_clearance((3, 4, -9), (3, 4, 9), a_tube([(0, 0, 0)], [1.5]))
    assert gap == pytest.approx(3.5)


def test_a_tool_without_length_is_a_point() -> None:
    gap, point = measure_tube_clearance((6, 0, 0), (6, 0, 0), STRAIGHT)
    assert gap == pytest.approx(4.0)
    assert point == pytest.approx([6, 0, 0])


def test_direction_of_tool_and_nerve_does_not_matter() -> None:
    bent = a_tube([(0, 0, 0), (4, 3, 9), (9, 3, 20)], [1.5, 2.5, 2.0])
    turned = a_tube(bent.points_lps_mm[::-1], bent.radii_mm[::-1])
    a, b = (20.0, 8, 3), (-5.0, 6, 14)
    expected = measure_tube_clearance(a, b, bent)[0]
    assert measure_tube_clearance(b, a, bent)[0] == pytest.approx(expected)
    assert measure_tube_clearance(a, b, turned)[0] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(4))
def test_the_field_of_the_tube_agrees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tube = a_tube(np.cumsum(rng.uniform(-3, 5, (4, 3)), axis=0), rng.uniform(1.5, 2.5, 4))
    field = tube_distance(
        tube.points_lps_mm, tube.radii_mm, Grid(np.full(3, -24.0), 0.75, (64, 64, 64), "patient")
    )
    a, b = rng.uniform(-20, 20, (2, 3))
    points = a + np.linspace(0, 1, 400)[:, None] * (b - a)
    gap, _ = measure_tube_clearance(a, b, tube)
    nearest = float(field.sample(points).min())
    if gap > 0:
        assert nearest == pytest.approx(gap, abs=0.1)
    else:
        assert nearest < 0.1


def _sampled_gap(a: np.ndarray, b: np.ndarray, tube: Tube, balls: int) -> float:
    """The nearest of many balls along each piece: never below the exact distance."""
    least = np.inf
    for n in range(len(tube.radii_mm) - 1):
        share = np.linspace(0, 1, balls)[:, None]
        centres = (1 - share) * tube.points_lps_mm[n] + share * tube.points_lps_mm[n + 1]
        radii = ((1 - share) * tube.radii_mm[n] + share * tube.radii_mm[n + 1])[:, 0]
        along = np.clip((centres - a) @ (b - a) / max((b - a) @ (b - a), 1e-12), 0, 1)
        gaps = np.linalg.norm(centres - a - along[:, None] * (b - a), axis=1) - radii
        least = min(least, float(gaps.min()))
    return least


@pytest.mark.parametrize("seed", range(60))
def test_no_ball_of_many_is_nearer_than_the_closed_form(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = rng.integers(2, 6)
    # every third tube swells faster than it is long: one ball holds the next
    widest = 9.0 if seed % 3 == 0 else 3.0
    tube = a_tube(
        np.cumsum(rng.uniform(-8, 8, (count, 3)), axis=0), rng.uniform(0.5, widest, count)
    )
    a, b = rng.uniform(-25, 25, (2, 3))
    if seed % 5 == 0:
        b = a + 3 * (tube.points_lps_mm[1] - tube.points_lps_mm[0])
    exact, sampled = measure_tube_clearance(a, b, tube)[0], _sampled_gap(a, b, tube, 2001)
    assert exact <= sampled + 1e-9
    assert exact == pytest.approx(sampled, abs=1e-5 if exact > 0 else 0.01)


@pytest.mark.parametrize("length_mm", [5.0, 60.0])
def test_a_long_straight_piece_is_measured_as_exactly_as_a_short_one(length_mm: float) -> None:
    piece = a_tube([(0, 0, 0), (0, 0, length_mm)], [2, 2])
    for z in np.linspace(0, length_mm, 41):
        assert measure_tube_clearance((4, -9, z), (4, 9, z), piece)[0] == pytest.approx(2)
        assert measure_tube_clearance((-9, 0, z), (9, 0, z), piece)[0] == pytest.approx(-2)
