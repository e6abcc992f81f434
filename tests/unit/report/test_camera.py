"""The camera keeps the head up, never mirrors, and maps millimetres truly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.report import Camera

CENTRE = (10.0, -20.0, 30.0)
SIZE_PX = (300, 200)


def test_from_behind_the_patients_left_is_on_the_left() -> None:
    camera = Camera.from_behind(CENTRE, 100.0)
    left_of_centre = camera.pixels([[20.0, -20.0, 30.0]], SIZE_PX)[0]
    assert left_of_centre[0] < SIZE_PX[0] / 2
    assert (camera.letters.left, camera.letters.top) == ("L", "S")


def test_from_the_left_anterior_is_on_the_left() -> None:
    camera = Camera.from_left(CENTRE, 100.0)
    assert (camera.letters.left, camera.letters.right) == ("A", "P")


def test_from_the_right_anterior_is_on_the_right() -> None:
    camera = Camera.from_right(CENTRE, 100.0)
    assert (camera.letters.left, camera.letters.right) == ("P", "A")


def test_the_centre_is_in_the_middle_at_depth_zero() -> None:
    camera = Camera.from_left(CENTRE, 100.0)
    assert camera.pixels([CENTRE], SIZE_PX)[0] == pytest.approx([150.0, 100.0, 0.0])


def test_what_is_farther_from_the_eye_is_deeper() -> None:
    camera = Camera.from_behind(CENTRE, 100.0)
    front, back = camera.pixels([[10.0, -40.0, 30.0], [10.0, 0.0, 30.0]], SIZE_PX)[:, 2]
    assert front > back


def test_looking_along_the_body_keeps_anterior_up() -> None:
    camera = Camera.looking((0.0, 0.0, 1.0), centre_lps_mm=CENTRE, height_mm=50.0)
    assert camera.letters.top == "A"
    assert camera.letters.right == "L"


views = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: float(np.hypot(v[0], v[1])) > 0.05)


@given(views)
def test_the_picture_is_never_a_mirror_and_the_head_is_up(
    view: tuple[float, float, float],
) -> None:
    camera = Camera.looking(view, centre_lps_mm=CENTRE, height_mm=50.0)
    axes = np.stack([camera.right_lps, camera.up_lps, -camera.view_lps])
    assert np.linalg.det(axes) == pytest.approx(1.0)
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-9)
    assert camera.up_lps[2] > 0
    assert camera.right_lps[2] == pytest.approx(0.0, abs=1e-9)


@given(views)
def test_a_millimetre_in_the_picture_is_a_millimetre(view: tuple[float, float, float]) -> None:
    camera = Camera.looking(view, centre_lps_mm=CENTRE, height_mm=50.0)
    points = np.stack([np.array(CENTRE), np.array(CENTRE) + 5.0 * camera.right_lps])
    pixels = camera.pixels(points, SIZE_PX)
    assert np.linalg.norm(pixels[1, :2] - pixels[0, :2]) == pytest.approx(5.0 * 200 / 50.0)
