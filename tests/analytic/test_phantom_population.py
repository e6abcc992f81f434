"""Twenty made patients lie where the literature puts their mean (evidence, section 13)."""

from functools import cache

import numpy as np
import pytest

from kambin.anatomy import Level
from kambin.frames import Side
from kambin.phantom import PhantomParameters, build_spine
from kambin.phantom.organs import Spine

LEVELS = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
LUMBAR = ("L1", "L2", "L3", "L4", "L5")


@cache
def twenty_patients() -> tuple[Spine, ...]:
    return tuple(
        build_spine(PhantomParameters(Level("L4", "L5"), Side.LEFT, seed=seed))
        for seed in range(20)
    )


def mean_of(quantity: str, name: str) -> float:
    return float(np.mean([getattr(s.sizes.vertebrae[name], quantity) for s in twenty_patients()]))


@pytest.mark.parametrize(
    ("name", "expected_mm"), list(zip(LEVELS, (6.6, 7.9, 8.8, 9.3, 8.1), strict=True))
)
def test_v7_disc_heights_are_those_of_ct(name: str, expected_mm: float) -> None:
    level = Level.parse(name)
    heights = [spine.sizes.disc_heights_mm[level] for spine in twenty_patients()]
    assert np.mean(heights) == pytest.approx(expected_mm, abs=2.0)


def test_v7_the_disc_l4_l5_is_the_highest() -> None:
    means = {
        name: np.mean([s.sizes.disc_heights_mm[Level.parse(name)] for s in twenty_patients()])
        for name in LEVELS
    }
    assert max(means, key=lambda name: means[name]) == "L4-L5"
    assert means["L1-L2"] < means["L4-L5"]


def test_v14_lordosis_grows_downwards_and_is_that_of_a_lying_patient() -> None:
    segments = np.array(
        [[s.sizes.lordosis_deg[Level.parse(name)] for name in LEVELS] for s in twenty_patients()]
    )
    assert (np.diff(segments.mean(axis=0)) > 0).all()
    assert segments.sum(axis=1).mean() == pytest.approx(37, abs=4)
    standing = np.array([1.2, 5.9, 9.1, 12.7, 21.6])
    assert (segments.mean(axis=0) < standing).all()


def test_the_sacral_plate_is_tilted_as_in_supine_patients() -> None:
    tilts = [spine.sizes.sacral_tilt_deg for spine in twenty_patients()]
    assert 35 < np.mean(tilts) < 54


@pytest.mark.parametrize(
    ("name", "expected_mm"), list(zip(LUMBAR, (41.1, 43.0, 44.8, 47.5, 48.8), strict=True))
)
def test_v16_end_plate_widths(name: str, expected_mm: float) -> None:
    assert mean_of("width_mm", name) == pytest.approx(expected_mm, abs=4)


@pytest.mark.parametrize(
    ("name", "expected_mm", "band_mm"),
    list(zip(LUMBAR, (8.7, 8.9, 10.3, 12.9, 18.0), (3, 3, 3, 3, 6), strict=True)),
)
def test_v17_pedicle_widths(name: str, expected_mm: float, band_mm: float) -> None:
    widths = [
        side.pedicle_width_mm
        for spine in twenty_patients()
        for side in spine.sizes.vertebrae[name].sides.values()
    ]
    assert np.mean(widths) == pytest.approx(expected_mm, abs=band_mm)


@pytest.mark.parametrize(
    ("name", "posterior_mm", "anterior_mm"),
    list(zip(LUMBAR, (26.6, 27.0, 26.7, 25.8, 24.1), (24.5, 25.8, 26.8, 26.9, 27.4), strict=True)),
)
def test_v18_body_heights(name: str, posterior_mm: float, anterior_mm: float) -> None:
    assert mean_of("posterior_height_mm", name) == pytest.approx(posterior_mm, abs=3)
    assert mean_of("anterior_height_mm", name) == pytest.approx(anterior_mm, abs=3)


def test_v18_l5_is_a_wedge() -> None:
    assert 2 < mean_of("anterior_height_mm", "L5") - mean_of("posterior_height_mm", "L5") < 5


def test_v19_the_canal_is_least_deep_at_l4_and_12_to_17_mm_everywhere() -> None:
    depths = {name: mean_of("canal_depth_mm", name) for name in LUMBAR}
    assert min(depths, key=lambda name: depths[name]) in ("L3", "L4")
    assert all(12 < depth < 17 for depth in depths.values())
