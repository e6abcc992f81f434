"""One tool's contact from its clearance at many poses, against numbers on paper."""

import numpy as np
import pytest
from scipy.special import ndtr

from kambin.planning.contact import (
    BOUND_TOLERANCE,
    LOG2_POSES_SAMPLES,
    SCRAMBLES_SAMPLES,
    Contact,
    draw_normal,
    rate_contact,
)

POSES = SCRAMBLES_SAMPLES * 2**LOG2_POSES_SAMPLES


def _rate(clearances: np.ndarray, sigma_mm: float = 1.0, known: np.ndarray | None = None):
    exact = np.ones(len(clearances), bool) if known is None else known
    return rate_contact(clearances, exact, sigma_mm, "needle")


@pytest.mark.parametrize("sigma_mm", [0.25, 1.0, 4.0])
@pytest.mark.parametrize("gap_mm", [-2.0, 0.0, 1.0, 3.0])
def test_poses_all_alike_are_the_normal_tail_without_doubt(gap_mm: float, sigma_mm: float) -> None:
    found = _rate(np.full(POSES, gap_mm), sigma_mm)
    tail = float(ndtr(-gap_mm / sigma_mm))
    same = pytest.approx(tail)
    assert found == Contact(same, same, same, "needle", is_bound=False)


@pytest.mark.parametrize(("gap_mm", "chance"), [(-1e-9, 1.0), (0.0, 1.0), (1e-9, 0.0)])
def test_touching_a_surface_that_is_known_exactly_is_contact(gap_mm: float, chance: float) -> None:
    assert _rate(np.full(POSES, gap_mm), 0.0).probability == chance


@pytest.mark.parametrize("gap_mm", [0.5, 2.0, 4.0])
def test_errors_of_pose_and_surface_add_as_squares(gap_mm: float) -> None:
    # Poses off by 1.5 mm along the normal and a surface off by 2 mm: 2.5 mm together.
    off = 1.5 * draw_normal(SCRAMBLES_SAMPLES, LOG2_POSES_SAMPLES)[..., 0].ravel()
    found = _rate(gap_mm + off, 2.0)
    tail = float(ndtr(-gap_mm / 2.5))
    assert found.probability == pytest.approx(tail, abs=2e-4)
    assert found.low - 1e-4 <= tail <= found.high + 1e-4


def test_scrambles_that_disagree_widen_the_interval() -> None:
    agree = np.tile([0.0, 2.0], POSES // 2)
    apart = np.repeat([0.0, 2.0], POSES // 2)
    calm, torn = _rate(agree), _rate(apart)
    assert calm.probability == pytest.approx(torn.probability)
    assert calm.high - calm.low < 1e-9
    assert torn.high - torn.low > 0.1


def test_an_interval_stays_between_never_and_always() -> None:
    apart = np.repeat([-50.0, 50.0], POSES // 2)
    found = _rate(apart, 0.5)
    assert found.probability == 0.5
    assert 0.0 <= found.low < 0.1
    assert found.high == pytest.approx(1.0 - found.low)
    nearly = np.full(POSES, 50.0)
    nearly[: POSES // SCRAMBLES_SAMPLES] = -50.0
    assert _rate(nearly, 0.5).low == 0.0


@pytest.mark.parametrize(("known_share", "is_bound"), [(0.0, True), (0.5, True), (1.0, False)])
def test_a_number_is_a_bound_where_what_is_not_known_counts(
    known_share: float, is_bound: bool
) -> None:
    known = np.arange(POSES) % 4 < 4 * known_share
    found = _rate(np.full(POSES, 1.0), 1.0, known)
    assert found.is_bound is is_bound
    assert found.low == pytest.approx(known_share * found.probability, abs=1e-9)


def test_what_is_not_known_and_adds_next_to_nothing_makes_no_bound() -> None:
    known = np.arange(POSES) % 2 == 0
    far = np.where(known, 1.0, 6.0)
    found = _rate(far, 1.0, known)
    assert not found.is_bound
    assert found.probability - found.low < BOUND_TOLERANCE
    assert _rate(np.full(POSES, 6.0), 1.0, np.zeros(POSES, bool)).is_bound


def test_drawn_numbers_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        draw_normal(2, 3)[0] = 0.0


@pytest.mark.parametrize("axis", range(5))
def test_every_scramble_alone_is_balanced_along_each_axis(axis: int) -> None:
    drawn = draw_normal(SCRAMBLES_SAMPLES, LOG2_POSES_SAMPLES)[..., axis]
    # Of a scrambled net exactly one point lies in each of the equal shares.
    shares = np.floor(ndtr(drawn) * 2**LOG2_POSES_SAMPLES).astype(int)
    for scramble in shares:
        assert len(np.unique(np.clip(scramble, 0, 2**LOG2_POSES_SAMPLES - 1))) >= (
            2**LOG2_POSES_SAMPLES - 2
        )
