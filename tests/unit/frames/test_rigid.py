import numpy as np
import pytest

from kambin.core import InputError
from kambin.frames import RigidTransform

QUARTER_TURN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


@pytest.fixture
def lps_from_disc() -> RigidTransform:
    return RigidTransform.from_axes("lps", "disc", QUARTER_TURN, [10.0, 20.0, 30.0])


def test_points_turn_and_move(lps_from_disc) -> None:
    assert lps_from_disc.points([[1.0, 0.0, 0.0]]) == pytest.approx(np.array([[10.0, 21.0, 30.0]]))


def test_vectors_turn_and_do_not_move(lps_from_disc) -> None:
    assert lps_from_disc.vectors([1.0, 0.0, 0.0]) == pytest.approx(np.array([0.0, 1.0, 0.0]))


def test_the_inverse_swaps_the_frames(lps_from_disc) -> None:
    back = lps_from_disc.inverse()
    assert (back.target, back.source) == ("disc", "lps")
    assert back.points(lps_from_disc.origin_mm) == pytest.approx(np.zeros(3))


def test_composition_keeps_the_outer_frames(lps_from_disc) -> None:
    disc_from_tool = RigidTransform.from_axes("disc", "tool", np.eye(3), [1.0, 2.0, 3.0])
    both = lps_from_disc @ disc_from_tool
    assert (both.target, both.source) == ("lps", "tool")
    assert both.points(np.zeros(3)) == pytest.approx(lps_from_disc.points([1.0, 2.0, 3.0]))


def test_transforms_that_do_not_meet_are_refused(lps_from_disc) -> None:
    with pytest.raises(InputError, match=r"IN-021.*disc is not lps") as raised:
        _ = lps_from_disc @ lps_from_disc
    assert raised.value.where == "lps_from_disc @ lps_from_disc"


def test_the_matrix_cannot_be_changed(lps_from_disc) -> None:
    with pytest.raises(ValueError, match="read-only"):
        lps_from_disc.matrix[0, 0] = 2.0


def test_changing_the_array_it_came_from_changes_nothing() -> None:
    matrix = np.eye(4)
    made = RigidTransform("a", "b", matrix)
    matrix[0, 3] = 5.0
    assert made.origin_mm == pytest.approx(np.zeros(3))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m * np.nan, "finite"),
        (lambda m: m[:3], "finite 4 x 4"),
        (lambda m: m + np.eye(4)[3][:, None] * [1.0, 0.0, 0.0, 0.0], "last row"),
        (lambda m: m @ np.diag([1.001, 1.0, 1.0, 1.0]), "orthonormal"),
        (lambda m: m @ np.diag([-1.0, 1.0, 1.0, 1.0]), "mirror"),
    ],
)
def test_what_is_not_a_rigid_motion_is_refused(lps_from_disc, change, reason) -> None:
    with pytest.raises(InputError, match=f"IN-020.*{reason}"):
        RigidTransform("lps", "disc", change(np.array(lps_from_disc.matrix)))
