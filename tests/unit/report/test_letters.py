"""The letters come from the picture's axes, for upright, oblique and mirrored pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.report import direction_letters, find_edge_letters

LEFT, BACK, UP = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        (LEFT, "L"),
        ((-2.0, 0.0, 0.0), "R"),
        (BACK, "P"),
        ((0.0, -0.1, 0.0), "A"),
        (UP, "S"),
        ((0.0, 0.0, -9.0), "I"),
        ((1.0, 1.0, 0.0), "LP"),
        ((0.5, 1.0, 0.0), "PL"),
        ((-0.6, 0.0, 0.9), "SR"),
        ((0.2, 1.0, 0.1), "P"),
    ],
)
def test_a_direction_is_named_by_the_patient(
    direction: tuple[float, float, float], letters: str
) -> None:
    assert direction_letters(direction) == letters


def test_an_axial_picture_seen_from_the_feet_has_left_on_its_right() -> None:
    letters = find_edge_letters(LEFT, BACK)
    assert (letters.left, letters.right, letters.top, letters.bottom) == ("R", "L", "A", "P")


def test_a_picture_seen_from_behind_has_left_on_its_left() -> None:
    letters = find_edge_letters((-1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
    assert (letters.left, letters.right, letters.top, letters.bottom) == ("L", "R", "S", "I")


OPPOSITE = str.maketrans("LRAPSI", "RLPAIS")
MIRRORED = str.maketrans("LR", "RL")
directions = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(
    lambda v: float(np.linalg.norm(v)) > 1e-3
)


@given(directions)
def test_the_opposite_direction_has_the_opposite_letters(
    direction: tuple[float, float, float],
) -> None:
    backwards = tuple(-v for v in direction)
    assert direction_letters(backwards) == direction_letters(direction).translate(OPPOSITE)


@given(directions)
def test_mirroring_the_patient_swaps_left_and_right_and_nothing_else(
    direction: tuple[float, float, float],
) -> None:
    x, y, z = direction
    assert direction_letters((-x, y, z)) == direction_letters(direction).translate(MIRRORED)


@given(directions, st.floats(1e-2, 1e3))
def test_the_length_of_a_direction_does_not_matter(
    direction: tuple[float, float, float], length: float
) -> None:
    longer = tuple(length * v for v in direction)
    assert direction_letters(longer) == direction_letters(direction)
