"""Contact probability against closed forms: a plane, a sphere, and a plane with a tilted axis."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import multivariate_normal, ncx2
from tests.unit.planning.posed_level import (
    GEOMETRY,
    LENGTH_MM,
    PATH,
    ROOT,
    TARGET,
    a_hazard_near,
    a_tool,
    plane,
    surroundings,
)
from tests.unit.planning.small_problems import Formula, ball, the_tools

from kambin.planning import Toolset
from kambin.planning.contact import Contact, assess_contact, draw_poses
from kambin.planning.error_model import ErrorModel

RADIUS_MM = 0.5
ABSOLUTE = 0.002
"""What 4,096 poses may be off."""


class OnlyShift(ErrorModel):
    """A model whose only pose error is a shift of one sigma along each axis."""

    def covariance(self, path: object, geometry: object) -> np.ndarray:
        # A tilt of a nanoradian keeps the matrix positive.
        return np.diag([SHIFT_MM**2] * 3 + [1e-18] * 2)


class ShiftAndTilt(ErrorModel):
    """A model of shift and tilt that are independent."""

    def covariance(self, path: object, geometry: object) -> np.ndarray:
        return np.diag([SHIFT_MM**2] * 3 + [TILT_RAD**2] * 2)


SHIFT_MM, TILT_RAD = 1.3, 0.02


def _needle() -> Toolset:
    return replace(the_tools(), tools=(a_tool("needle", RADIUS_MM),))


def _contact(formula: Formula, sigma_mm: float, model: ErrorModel) -> Contact:
    around, stages = surroundings(_needle(), [a_hazard_near(formula, sigma_mm=sigma_mm)])
    poses = draw_poses(around, model, GEOMETRY)
    assert len(poses) == 4096
    return assess_contact(around, stages, model, poses)[ROOT]


@pytest.mark.parametrize("sigma_mm", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("height_mm", [1.0, 2.5, 4.0])
def test_a_plane_beside_a_shifted_needle(height_mm: float, sigma_mm: float) -> None:
    expected = float(ndtr(-(height_mm - RADIUS_MM) / np.hypot(sigma_mm, SHIFT_MM)))
    found = _contact(plane(height_mm), sigma_mm, OnlyShift())
    assert found.probability == pytest.approx(expected, abs=ABSOLUTE)
    assert found.low - ABSOLUTE / 2 <= expected <= found.high + ABSOLUTE / 2
    assert not found.is_bound


@pytest.mark.parametrize("height_mm", [1.5, 3.0])
def test_a_plane_beside_a_tilted_needle(height_mm: float) -> None:
    # Contact is of one of the two ends: the surface's error and the heights of both ends are
    # jointly normal, and neither end may reach the surface.
    sigma_mm = 0.8
    swing = LENGTH_MM * TILT_RAD
    common = sigma_mm**2 + SHIFT_MM**2
    spread = np.array([[common, common], [common, common + swing**2]])
    room = np.full(2, height_mm - RADIUS_MM)
    expected = 1 - float(multivariate_normal(cov=spread, allow_singular=True).cdf(room))
    found = _contact(plane(height_mm), sigma_mm, ShiftAndTilt())
    assert found.probability == pytest.approx(expected, abs=ABSOLUTE)


@pytest.mark.parametrize("gap_mm", [1.0, 2.0, 3.5])
def test_a_sphere_before_the_tip(gap_mm: float) -> None:
    # The tip points at a ball: it touches where the shifted tip lies in a larger ball, whose
    # chance is a noncentral chi-square of three degrees; the surface's error is integrated.
    ball_mm, sigma_mm = 6.0, 0.7
    centre = TARGET - [ball_mm + gap_mm + RADIUS_MM, 0, 0]
    errors = np.linspace(-5 * sigma_mm, 5 * sigma_mm, 2001)
    weights = np.exp(-0.5 * (errors / sigma_mm) ** 2)
    away = (ball_mm + gap_mm + RADIUS_MM) / SHIFT_MM
    reach = np.maximum(ball_mm + RADIUS_MM + errors, 0.0) / SHIFT_MM
    chances = ncx2.cdf(reach**2, 3, away**2)
    expected = float((weights * chances).sum() / weights.sum())
    found = _contact(ball(tuple(centre), ball_mm), sigma_mm, OnlyShift())
    assert found.probability == pytest.approx(expected, abs=ABSOLUTE)


@pytest.mark.parametrize("gap_mm", [1.0, 2.5])
def test_a_sphere_beside_the_needle(gap_mm: float) -> None:
    # Seen along the needle the ball is a disc, and the shift has two degrees of freedom.
    ball_mm, sigma_mm = 8.0, 1.0
    beside = ball_mm + gap_mm + RADIUS_MM
    errors = np.linspace(-5 * sigma_mm, 5 * sigma_mm, 2001)
    weights = np.exp(-0.5 * (errors / sigma_mm) ** 2)
    reach = np.maximum(ball_mm + RADIUS_MM + errors, 0.0) / SHIFT_MM
    chances = ncx2.cdf(reach**2, 2, (beside / SHIFT_MM) ** 2)
    expected = float((weights * chances).sum() / weights.sum())
    found = _contact(ball((PATH.tip_lps_mm(30.0)[0], 0.0, beside), ball_mm), sigma_mm, OnlyShift())
    assert found.probability == pytest.approx(expected, abs=ABSOLUTE)


def test_a_plane_without_pose_error_is_the_normal_tail() -> None:
    class Exact(ErrorModel):
        def covariance(self, path: object, geometry: object) -> np.ndarray:
            return 1e-18 * np.eye(5)

    found = _contact(plane(2.5), 1.0, Exact())
    assert found.probability == pytest.approx(float(ndtr(-2.0)), rel=1e-5)
    # Rare contact that no count of 4,096 poses could tell from none.
    rare = _contact(plane(5.5), 1.0, Exact())
    assert rare.probability == pytest.approx(float(ndtr(-5.0)), rel=1e-4)
