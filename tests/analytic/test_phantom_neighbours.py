"""Forty made patients: canal, ilium and kidneys lie where papers put them (evidence 13)."""

from functools import cache

import numpy as np
import pytest

from kambin.anatomy import Level
from kambin.frames import Side, direction_from_angles
from kambin.phantom import PhantomParameters, build_spine
from kambin.phantom.build import build_bones, build_organs
from kambin.phantom.discs import disc_frame, vertebra_frame
from kambin.phantom.organs import Spine
from kambin.phantom.shapes import Shape
from kambin.phantom.sizes import Draw

SEEDS = range(40)
LUMBAR = ("L1", "L2", "L3", "L4", "L5")
STOP_DEG = 90.0


@cache
def their_neighbours() -> tuple[tuple[Spine, tuple[Shape, ...], tuple[Shape, ...]], ...]:
    """Spine, both ilia and all organs of each patient."""
    found = []
    for seed in SEEDS:
        asked = PhantomParameters(Level("L4", "L5"), Side.LEFT, seed=seed)
        spine, draw = build_spine(asked), Draw(np.random.default_rng([seed, 2]))
        ilia = [one for one in build_bones(asked, spine, draw) if one.key.kind == "ilium"]
        found.append((spine, tuple(ilia), tuple(build_organs(draw))))
    return tuple(found)


def target_mm(spine: Spine, name: str, side: Side) -> np.ndarray:
    """Posterior margin of the disc at the medial line of a pedicle, mm, LPS."""
    level = Level.parse(name)
    disc = disc_frame(level, spine.sizes, spine.frames)
    # The sacrum has no pedicle of its own; the one above stands in.
    holder = level.upper if level.lower == "S1" else level.lower
    frame = vertebra_frame(holder, spine.sizes, spine.frames)
    across, behind, up, breadth, _ = frame.pedicles[side]
    medial = [side.lateral_sign_lps * (across - breadth / 2), behind, up]
    x = disc.lps_from_disc.inverse().points(frame.lps_from_vertebra.points(medial))[0]
    point: np.ndarray = disc.lps_from_disc.points([x, disc.posterior_rim_y_mm, 0.0])
    return point


def first_met_deg(
    shapes: tuple[Shape, ...], start: np.ndarray, side: Side, craniocaudal_deg: float
) -> float:
    """First axial inclination, from the midline outward, whose line meets a shape."""
    along, angles = np.arange(0.0, 150.0, 2.0), np.arange(15.0, STOP_DEG + 1, 1.0)
    ways = np.array([direction_from_angles(a, craniocaudal_deg) for a in angles.tolist()])
    ways = ways * [side.lateral_sign_lps, 1, 1]
    places = (start + along[:, None] * ways[:, None]).reshape(-1, 3)
    inside = np.min([one.distance(places) for one in shapes], axis=0) < 0
    met = inside.reshape(len(angles), -1).any(axis=1)
    return float(angles[np.argmax(met)]) if met.any() else STOP_DEG


@pytest.mark.parametrize(
    ("name", "expected_mm"), list(zip(LUMBAR, (16.1, 14.8, 13.8, 12.9, 13.5), strict=True))
)
def test_v19_the_canal_is_as_deep_as_in_the_chosen_family(name: str, expected_mm: float) -> None:
    # MR of 604 men (A26); the families of CT (A49, A58) are deeper, 4 to 6 mm at L5.
    depths = [s.sizes.vertebrae[name].canal_depth_mm for s, _, _ in their_neighbours()]
    assert np.mean(depths) == pytest.approx(expected_mm, abs=2.0)


@cache
def organ_contacts_deg(name: str, side: Side) -> list[float]:
    return [
        first_met_deg(organs, target_mm(spine, name, side), side, 0.0)
        for spine, _, organs in their_neighbours()
    ]


@pytest.mark.parametrize(("name", "expected_deg"), [("L1-L2", 80.0), ("L2-L3", 86.5)])
def test_v9_organs_let_lines_as_flat_as_published_through(name: str, expected_deg: float) -> None:
    means = {side: np.mean(organ_contacts_deg(name, side)) for side in Side}
    assert np.mean(list(means.values())) == pytest.approx(expected_deg, abs=8.0)
    assert abs(means[Side.LEFT] - means[Side.RIGHT]) < 5


@cache
def ilium_angles_deg(name: str, craniocaudal_deg: float) -> list[float]:
    return [
        first_met_deg(ilia, target_mm(spine, name, side), side, craniocaudal_deg)
        for spine, ilia, _ in their_neighbours()
        for side in Side
    ]


def test_v8_the_ilium_stands_as_published_at_ten_degrees_from_cranial() -> None:
    assert np.mean(ilium_angles_deg("L4-L5", 0.0)) == pytest.approx(83.3, abs=7)
    # The paper states no cranio-caudal angle; at 10 the made patients have its mean.
    assert np.mean(ilium_angles_deg("L5-S1", 10.0)) == pytest.approx(56.0, abs=6)


def test_v8_the_share_that_lets_65_degrees_through_is_the_published_one() -> None:
    assert np.mean(np.array(ilium_angles_deg("L4-L5", 0.0)) >= 65) > 0.85 - 0.1
    assert np.mean(np.array(ilium_angles_deg("L5-S1", 10.0)) >= 65) < 0.35 + 0.1


def test_v8_the_angle_at_l5_s1_grows_with_the_cranio_caudal_angle() -> None:
    means = [np.mean(ilium_angles_deg("L5-S1", phi)) for phi in (0.0, 10.0, 20.0)]
    assert (np.diff(means) > 5).all()
    # Level with the patient's axial plane it is far below the published mean.
    assert means[0] < 49
