import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kambin.core import InputError
from kambin.frames import RigidTransform, angles_from_direction, direction_from_angles

NUMBERS = st.floats(-500.0, 500.0)
POINTS = arrays(np.float64, (4, 3), elements=NUMBERS)


@st.composite
def rotations(draw) -> np.ndarray:
    quaternion = draw(arrays(np.float64, 4, elements=st.floats(-1.0, 1.0)))
    assume(np.linalg.norm(quaternion) > 0.1)
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


@st.composite
def motions(draw, target: str = "b", source: str = "a") -> RigidTransform:
    origin = draw(arrays(np.float64, 3, elements=NUMBERS))
    return RigidTransform.from_axes(target, source, draw(rotations()), origin)


@given(motions(), POINTS)
def test_the_inverse_brings_points_back(motion, points) -> None:
    assert motion.inverse().points(motion.points(points)) == pytest.approx(points, abs=1e-9)


@given(motions("c", "b"), motions("b", "a"), POINTS)
def test_a_composition_does_both(second, first, points) -> None:
    both = (second @ first).points(points)
    assert both == pytest.approx(second.points(first.points(points)), abs=1e-9)


@given(motions(), POINTS)
def test_a_motion_keeps_distances_and_handedness(motion, points) -> None:
    def sides(p):
        return p[1:] - p[0]

    moved = sides(motion.points(points))
    assert np.linalg.norm(moved, axis=1) == pytest.approx(
        np.linalg.norm(sides(points), axis=1), abs=1e-8
    )
    scale = max(1.0, np.abs(sides(points)).max()) ** 3
    assert np.linalg.det(moved) / scale == pytest.approx(
        np.linalg.det(sides(points)) / scale, abs=1e-9
    )


@given(motions(), st.integers(0, 2))
def test_a_mirror_is_refused(motion, axis) -> None:
    mirror = np.eye(4)
    mirror[axis, axis] = -1.0
    with pytest.raises(InputError, match="mirror"):
        RigidTransform("b", "a", motion.matrix @ mirror)


@given(motions(), st.integers(0, 2), st.floats(1e-4, 10.0))
def test_a_scaling_is_refused(motion, axis, factor) -> None:
    assume(abs(factor - 1.0) > 1e-4)
    scaling = np.eye(4)
    scaling[axis, axis] = factor
    with pytest.raises(InputError, match="IN-020"):
        RigidTransform("b", "a", motion.matrix @ scaling)


@given(motions(), st.integers(0, 15), st.sampled_from([np.nan, np.inf, -np.inf]))
def test_a_number_that_is_none_is_refused(motion, place, number) -> None:
    matrix = np.array(motion.matrix)
    matrix.flat[place] = number
    with pytest.raises(InputError, match="finite"):
        RigidTransform("b", "a", matrix)


@given(st.floats(-179.9, 179.9), st.floats(-89.0, 89.0), st.floats(0.01, 1000.0))
def test_angles_come_back_within_a_tenth_of_a_degree(axial, craniocaudal, length) -> None:
    back = angles_from_direction(length * direction_from_angles(axial, craniocaudal))
    assert back == pytest.approx((axial, craniocaudal), abs=0.1)
    assert back == pytest.approx((axial, craniocaudal), abs=1e-6)
