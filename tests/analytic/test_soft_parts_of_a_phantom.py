"""Joints, arteries and muscles of a made patient, against rules that did not make them."""

import numpy as np
import pytest
from benchmarks.completion_study import line_distance_mm, resample_mm

from kambin.anatomy import Level, Structure, StructureKey
from kambin.anatomy.completion import complete_bones, complete_soft_parts
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.knowledge import value
from kambin.phantom import PhantomParameters, SpineCase, paint_spine_case
from kambin.phantom.build import build_spine
from kambin.phantom.chain import joint_axes

LEVEL = Level("L4", "L5")
PARAMETERS = PhantomParameters(LEVEL, Side.RIGHT, seed=5)


@pytest.fixture(scope="module")
def a_patient() -> SpineCase:
    """L3 to S1 of one made patient, labels of 1 mm."""
    return paint_spine_case(PARAMETERS)


@pytest.fixture(scope="module")
def soft(a_patient: SpineCase) -> dict[StructureKey, Structure]:
    """What is completed of it beside bones and nerves."""
    return complete_soft_parts(complete_bones(a_patient.case))[0]


def on_labels(region: LabelMap, labels: LabelMap) -> np.ndarray:
    mask = np.zeros(labels.shape, dtype=bool)
    ijk = np.rint(labels.ijk(region.lps_mm(np.argwhere(region.values)))).astype(int)
    mask[tuple(ijk.T)] = True
    return mask


@pytest.mark.parametrize("side", Side)
def test_the_joint_is_where_the_made_processes_meet(
    soft: dict[StructureKey, Structure], a_patient: SpineCase, side: Side
) -> None:
    joint = soft[StructureKey("facet_joint", str(LEVEL), side)]
    places = joint.region.lps_mm(np.argwhere(joint.region.values))
    upper, lower = (
        a_patient.truth.distance(StructureKey("vertebra", name), places)
        for name in (LEVEL.upper, LEVEL.lower)
    )
    midway = np.abs(upper - lower) < 0.7
    true_gap_mm = float(np.median((upper + lower)[midway]))
    # Smoothing rounds what faces the gap: 0.3 mm too wide, as the page says.
    assert 0.0 < joint.quality["gap_median_mm"] - true_gap_mm < 0.5

    size = build_spine(PARAMETERS).sizes.vertebrae[LEVEL.lower]
    centre, _ = joint_axes(size, side)
    found = [joint.quality[f"centre_{way}_mm"] for way in ("lateral", "posterior", "cranial")]
    assert np.linalg.norm(centre - found) < 4.0
    angle = joint.quality["angle_to_sagittal_deg"]
    assert angle == pytest.approx(size.sides[side].facet_deg, abs=6.0)


@pytest.mark.parametrize("side", Side)
def test_an_artery_misses_by_less_than_its_sigma(
    soft: dict[StructureKey, Structure], a_patient: SpineCase, side: Side
) -> None:
    key = StructureKey("segmental_artery", "L4", side)
    (shape,) = (shape for shape in a_patient.truth.shapes if shape.key == key)
    knots = np.vstack([piece.solid.points_mm for piece in shape.pieces])
    apart = np.linalg.norm(np.diff(knots, axis=0), axis=1) > 0
    line = resample_mm(knots[np.concatenate([[True], apart])])
    tube = soft[key].tube
    assert tube is not None
    gaps_mm = line_distance_mm(line, tube.points_lps_mm)
    assert gaps_mm.mean() < 2.0
    assert np.mean(gaps_mm < value("completion_soft.artery_sigma_mm")) > 0.68


@pytest.mark.parametrize(("kind", "least"), [("multifidus", 0.75), ("erector_spinae", 0.88)])
def test_the_mass_is_parted_where_its_muscles_meet(
    soft: dict[StructureKey, Structure], a_patient: SpineCase, kind: str, least: float
) -> None:
    labels = a_patient.truth.labels(1.0)
    value_of = {key: number for number, key in a_patient.truth.names.items()}
    # Within the lumbar levels: the mass goes on where no joint tells how to part it.
    frames = a_patient.truth.vertebra_frames
    heights = [frames[name].lps_from_vertebra.origin_mm[2] for name in ("L3", "S1")]
    low, high = sorted(int(labels.ijk([0.0, 0.0, z])[2]) for z in heights)
    for side in Side:
        key = StructureKey(kind, "", side)
        true = (labels.values == value_of[key])[:, :, low:high]
        found = on_labels(soft[key].region, labels)[:, :, low:high]
        assert 2 * (true & found).sum() / (true.sum() + found.sum()) >= least
