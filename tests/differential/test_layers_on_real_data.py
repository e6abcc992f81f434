"""Layers of a real CT against its grey values, which the layers never look at."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from tests.shelf import Shelf
from tests.unit.approaches.made_back import make_way

from kambin.anatomy import Anatomy, Case, Level
from kambin.approaches.layers import Layer, find_layers, points_at
from kambin.exchange import read_case
from kambin.frames import Side, direction_from_angles
from kambin.planning import Plan, Trajectory
from kambin.planning.skin import Skin

FAT_HU, SOFT_HU = -60.0, -30.0
"""Fat is darker than the one, muscle with its own fat brighter than the other."""


@pytest.fixture(scope="module")
def the_patient(shared_data: Path, shelf: Shelf) -> tuple[Case, Anatomy]:
    case = read_case(shelf.real_ct(shared_data))
    return case, shelf.complete(case)


def _way(anatomy: Anatomy, level: Level, side: Side, axial_deg: float) -> Plan:
    """A straight way to the back of the disc from 15 degrees cranial."""
    frame = anatomy.disc_frames[level]
    sign = np.array([side.lateral_sign_lps, 1.0, 1.0])
    target = frame.lps_from_disc.points(np.array([14.0, frame.posterior_rim_y_mm, 2.0]) * sign)
    out = frame.lps_from_disc.vectors(direction_from_angles(axial_deg, 15.0) * sign)
    entry = Skin(anatomy.require("skin").region).find_exits(target, out[None], 320.0)[0]
    way = Trajectory(
        entry_lps_mm=tuple(entry.tolist()),
        target_lps_mm=tuple(target.tolist()),
        length_mm=float(np.linalg.norm(entry - target)),
    )
    plan: Plan = make_way(side).model_copy(update={"level": str(level), "trajectory": way})
    return plan


def _grey_hu(case: Case, plan: Plan, layer: Layer) -> NDArray[np.float64]:
    """The image along a layer, without the millimetres at its borders."""
    assert case.image is not None
    depths = np.arange(layer.from_mm + 2.0, layer.to_mm - 2.0, 0.5)
    nodes = case.image.ijk(points_at(plan, depths)).T
    found: NDArray[np.float64] = ndimage.map_coordinates(
        case.image.values.astype(np.float64), nodes, order=1
    )
    return found


WAYS = [
    (Level.parse("L3-L4"), Side.LEFT, 50.0),
    (Level.parse("L3-L4"), Side.RIGHT, 45.0),
    (Level.parse("L4-L5"), Side.LEFT, 55.0),
    (Level.parse("L4-L5"), Side.RIGHT, 50.0),
]


@pytest.mark.parametrize(("level", "side", "axial_deg"), WAYS)
def test_fat_is_dark_and_muscle_is_not(
    the_patient: tuple[Case, Anatomy], level: Level, side: Side, axial_deg: float
) -> None:
    case, anatomy = the_patient
    plan = _way(anatomy, level, side, axial_deg)
    layers = find_layers(anatomy, plan)
    subcutis = next(one for one in layers if one.name == "subcutis")
    assert np.median(_grey_hu(case, plan, subcutis)) < FAT_HU
    muscles = [one for one in layers if one.name in ("erector_spinae", "quadratus", "psoas")]
    assert sum(one.length_mm for one in muscles) > 10
    for muscle in muscles:
        if muscle.length_mm > 6:
            assert np.median(_grey_hu(case, plan, muscle)) > SOFT_HU


@pytest.mark.parametrize(("level", "side", "axial_deg"), WAYS)
def test_lengths_sum_to_the_way_on_real_labels(
    the_patient: tuple[Case, Anatomy], level: Level, side: Side, axial_deg: float
) -> None:
    plan = _way(the_patient[1], level, side, axial_deg)
    layers = find_layers(the_patient[1], plan)
    assert layers[0].from_mm == 0.0
    assert sum(one.length_mm for one in layers) == pytest.approx(
        plan.trajectory.length_mm, abs=2e-6
    )
    # a coarse label is ragged, and is told as one muscle all the same
    names = [one.name for one in layers]
    assert names.count("erector_spinae") <= 2


@pytest.mark.parametrize(("level", "side", "axial_deg"), WAYS[2:])
def test_the_air_before_the_skin_is_no_layer(
    the_patient: tuple[Case, Anatomy], level: Level, side: Side, axial_deg: float
) -> None:
    case, anatomy = the_patient
    plan = _way(anatomy, level, side, axial_deg)
    assert case.image is not None
    # the way begins at the skin: air in front of it, tissue behind it
    outside, inside = points_at(plan, np.array([-6.0, 6.0]))
    grey = ndimage.map_coordinates(
        case.image.values.astype(np.float64),
        case.image.ijk(np.array([outside, inside])).T,
        order=1,
    )
    assert grey[0] < -500 < grey[1]
