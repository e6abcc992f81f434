"""Parts found by rules fitted to drawn vertebrae, against those the made patient defines."""

import numpy as np
import pytest

from kambin.anatomy import BonyAnatomy, Level, StructureKey
from kambin.anatomy.completion import complete_bones
from kambin.frames import Side
from kambin.phantom import PhantomParameters, SpineCase, paint_spine_case

LEAST_DICE = 0.90


@pytest.fixture(scope="module")
def a_patient() -> SpineCase:
    levels = (Level("L3", "L4"), Level("L5", "S1"))
    return paint_spine_case(PhantomParameters(Level("L4", "L5"), Side.LEFT, seed=1), levels)


@pytest.fixture(scope="module")
def completed(a_patient: SpineCase) -> BonyAnatomy:
    return complete_bones(a_patient.case)


def dice(patient: SpineCase, found: BonyAnatomy, key: StructureKey) -> float:
    """Dice of one part on the labels of the patient, whose spacing the parts share."""
    labels = patient.truth.labels(1.0)
    numbers = {name: number for number, name in patient.truth.names.items()}
    region = found.structures[key].region
    ijk = np.rint(labels.ijk(region.lps_mm(np.argwhere(region.values > 0)))).astype(int)
    hit = (labels.values[tuple(ijk.T)] == numbers[key]).sum()
    return float(2 * hit / (len(ijk) + (labels.values == numbers[key]).sum()))


@pytest.mark.parametrize("kind", ["sap", "iap"])
def test_processes_agree_with_their_definition(
    a_patient: SpineCase, completed: BonyAnatomy, kind: str
) -> None:
    for name in ("L2", "L3", "L4", "L5", *(("S1",) if kind == "sap" else ())):
        scores = [dice(a_patient, completed, StructureKey(kind, name, side)) for side in Side]
        assert np.mean(scores) >= LEAST_DICE, name


def test_pedicles_have_the_size_they_were_made_with(
    a_patient: SpineCase, completed: BonyAnatomy
) -> None:
    """Across the axis of the pedicle; a coronal section made them 1.3 to 2.5 mm too wide."""
    errors = []
    for name in ("L2", "L3", "L4", "L5"):
        true = a_patient.truth.vertebra_frames[name].pedicles
        found = completed.vertebra_frames[name].pedicles
        errors += [np.subtract(found[side][3:], true[side][3:]) for side in Side]
    width, height = np.transpose(errors)
    assert np.abs(width).max() < 0.9
    assert np.abs(width.mean()) < 0.5
    assert np.abs(height.mean()) < 0.5
