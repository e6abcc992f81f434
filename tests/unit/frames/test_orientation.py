import numpy as np
import pytest

from kambin.frames import LPS_FROM_RAS, nearest_axes, orientation_code


def test_lps_and_ras_undo_each_other() -> None:
    twice = LPS_FROM_RAS @ LPS_FROM_RAS
    assert twice == pytest.approx(np.eye(4))


@pytest.mark.parametrize(
    ("diagonal", "code"), [((1, 1, 1), "LPS"), ((-1, -1, 1), "RAS"), ((-2, 3, -0.5), "RPI")]
)
def test_the_code_says_where_the_axes_point(diagonal, code) -> None:
    assert orientation_code(np.diag([*diagonal, 1.0])) == code


def test_a_sagittal_image_runs_posterior_first() -> None:
    affine = np.zeros((4, 4))
    affine[1, 0], affine[2, 1], affine[0, 2], affine[3, 3] = 1.0, -1.0, 3.0, 1.0
    assert orientation_code(affine) == "PIL"
    assert nearest_axes(affine) == ((1, 1), (2, -1), (0, 1))


def test_each_axis_is_named_once_even_at_45_degrees() -> None:
    turn = np.array([[1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) / np.sqrt(2.0)
    assert sorted(axis for axis, _ in nearest_axes(turn)) == [0, 1, 2]
