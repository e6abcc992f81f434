"""Fits of points and surfaces at their limits: noise, planes, far starts, too few steps."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from kambin.core import InputError
from kambin.frames import RigidTransform
from kambin.imaging import (
    Field,
    Grid,
    blend_points,
    fit_points,
    fit_surface,
    registration,
    turn_deg,
)

STILL = RigidTransform.from_axes("ct", "mr", np.eye(3), np.zeros(3))
HALF = np.array([8.0, 5.0, 11.0])


def turned(
    rotvec_deg: tuple[float, float, float], shift: tuple[float, float, float] = (0, 0, 0)
) -> RigidTransform:
    turn = Rotation.from_rotvec(np.radians(rotvec_deg)).as_matrix()
    return RigidTransform.from_axes("ct", "mr", turn, np.array(shift, dtype=float))


@pytest.fixture(scope="module")
def box() -> Field:
    """The exact signed distance to a box, sampled every millimetre."""
    grid = Grid(np.full(3, -24.0), 1.0, (49, 49, 49), "ct")
    nodes = np.stack(np.meshgrid(*grid.axes_mm(), indexing="ij"), -1)
    out = np.abs(nodes) - HALF
    outside = np.linalg.norm(np.maximum(out, 0), axis=-1)
    distance = outside + np.minimum(out.max(axis=-1), 0)
    return Field(grid, distance.astype(np.float32), 1.0, 0.01)


@pytest.fixture(scope="module")
def skin() -> np.ndarray:
    """Points on all six faces of the same box."""
    points = np.random.default_rng(3).uniform(-1, 1, (600, 3)) * HALF
    face = np.arange(600) % 3
    points[np.arange(600), face] = HALF[face] * np.where(np.arange(600) % 2, 1, -1)
    return points


@pytest.mark.parametrize("rotvec", [(0, 0, 0), (7, 0, 0), (0, -6, 3), (4, 4, -4)])
@pytest.mark.parametrize("shift", [(0, 0, 0), (2.5, -1.5, 3.0)])
def test_a_box_finds_its_place(
    rotvec: tuple[float, float, float],
    shift: tuple[float, float, float],
    box: Field,
    skin: np.ndarray,
) -> None:
    truth = turned(rotvec, shift)
    fit = fit_surface(truth.inverse().points(skin), box, STILL, scale_mm=1.5)
    np.testing.assert_allclose(fit.transform.points(truth.inverse().points(skin)), skin, atol=0.05)
    assert (fit.transform.target, fit.transform.source) == ("ct", "mr")
    assert fit.residuals_mm.shape == (600,)
    assert fit.residuals_mm.max() < 0.05
    assert 0.1 < fit.conditioning <= 1.0


def test_strangers_among_the_points_hardly_pull(box: Field, skin: np.ndarray) -> None:
    rng = np.random.default_rng(5)
    far = skin[:120] + np.array([9.0, 0.0, 0.0]) + rng.uniform(-2, 2, (120, 3))
    fit = fit_surface(np.vstack([skin, far]), box, turned((3, 0, 2), (1, 1, 1)), scale_mm=1.5)
    assert np.linalg.norm(fit.transform.points(skin) - skin, axis=1).max() < 0.3


def test_the_fit_ends_after_its_steps_even_if_it_still_moves(
    box: Field, skin: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = turned((9, 3, 0), (4, -3, 2))
    whole = fit_surface(skin, box, start, scale_mm=1.5)
    monkeypatch.setattr(registration, "FIT_ITERATIONS", 3)
    cut_short = fit_surface(skin, box, start, scale_mm=1.5)
    before = np.abs(box.sample(start.points(skin))).mean()
    assert whole.residuals_mm.mean() < cut_short.residuals_mm.mean() < before


def test_a_single_face_holds_one_shift_and_two_turns_only(box: Field, skin: np.ndarray) -> None:
    top = skin[skin[:, 2] == HALF[2]]
    fit = fit_surface(top, box, turned((0, 0, 0), (0, 0, 2.0)), scale_mm=1.5)
    # under what a fusion asks about; the whole box above holds more
    assert fit.conditioning < 0.1
    assert fit.residuals_mm.max() < 0.05
    # what the face does not hold is left as it was
    np.testing.assert_allclose(fit.transform.points(top)[:, :2], top[:, :2], atol=0.05)


@pytest.mark.parametrize("noise_mm", [0.1, 0.5, 2.0])
def test_noisy_pairs_are_fitted_with_least_squares(
    noise_mm: float, rng: np.random.Generator
) -> None:
    source = rng.uniform(-40, 40, (30, 3))
    truth = turned((20, -10, 5), (7, 8, -9))
    target = truth.points(source) + rng.normal(0, noise_mm, source.shape)
    fit = fit_points(source, target, target="ct", source="mr")

    def squares(motion: RigidTransform) -> float:
        return float(np.sum((motion.points(source) - target) ** 2))

    # neither the truth nor a motion close by does better
    best = squares(fit.transform)
    assert best <= squares(truth)
    for nudge in (turned((0.1, 0, 0)), turned((0, 0, -0.1)), turned((0, 0, 0), (0.05, 0, 0))):
        near = RigidTransform.from_axes(
            "ct",
            "mr",
            nudge.rotation @ fit.transform.rotation,
            nudge.points(fit.transform.origin_mm),
        )
        assert best < squares(near)
    np.testing.assert_allclose(
        fit.residuals_mm, np.linalg.norm(fit.transform.points(source) - target, axis=1)
    )


@pytest.mark.parametrize(
    ("source", "target"), [(0, 0), (2, 2), (4, 3), (3, 4)], ids=["none", "two", "more", "fewer"]
)
def test_what_does_not_pair_is_refused(source: int, target: int) -> None:
    points = np.arange(15.0).reshape(5, 3) ** 1.5
    with pytest.raises(InputError, match="three pairs are needed") as caught:
        fit_points(
            points[:source].reshape(-1, 3), points[:target].reshape(-1, 3), target="a", source="b"
        )
    assert caught.value.code == "IN-092"


def test_a_mirror_is_told_from_noise(rng: np.random.Generator) -> None:
    source = rng.uniform(-40, 40, (12, 3))
    for noise_mm, is_told in ((0.5, True), (60.0, False)):
        mirrored = source * [-1, 1, 1] + rng.normal(0, noise_mm, source.shape)
        if is_told:
            with pytest.raises(InputError, match="A mirror fits"):
                fit_points(source, mirrored, target="ct", source="mr")
        else:
            # of mere noise nothing can be said; the motion is proper all the same
            fit = fit_points(source, mirrored, target="ct", source="mr")
            assert np.linalg.det(fit.transform.rotation) == pytest.approx(1.0)


@pytest.mark.parametrize("degrees", [0.0, 1e-6, 12.0, 90.0, 179.0])
def test_the_turn_is_read_in_degrees(degrees: float) -> None:
    assert turn_deg(turned((0, degrees, 0), (5, 5, 5))) == pytest.approx(degrees, abs=1e-6)


def test_each_point_is_blended_by_its_own_share() -> None:
    first, second = turned((0, 0, 0)), turned((0, 0, 40), (0, 0, 10))
    points = np.tile([10.0, 0.0, 0.0], (3, 1))
    moved = blend_points(points, first, second, np.array([0.0, 0.5, 1.0]))
    angles = np.degrees(np.arctan2(moved[:, 1], moved[:, 0]))
    np.testing.assert_allclose(angles, [0.0, 20.0, 40.0], atol=1e-9)
    np.testing.assert_allclose(moved[:, 2], [0.0, 5.0, 10.0], atol=1e-9)
    # a screw never shortens the lever, as a mean of both places would
    np.testing.assert_allclose(np.linalg.norm(moved[:, :2], axis=1), 10.0)
