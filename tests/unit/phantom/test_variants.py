"""Each variant does what its name says, and no more."""

from functools import cache

import numpy as np
import pytest

from kambin.anatomy import Level, StructureKey
from kambin.frames import Side
from kambin.phantom import PhantomParameters, PhantomTruth, build_truth

L45 = Level("L4", "L5")
key = StructureKey.parse


@cache
def patient(*variants: str) -> PhantomTruth:
    return build_truth(PhantomParameters(L45, Side.LEFT, variants=variants))


@pytest.fixture(scope="module")
def the_usual_patient() -> PhantomTruth:
    return patient()


def crest_above_disc_mm(truth: PhantomTruth, side: Side, level: Level = L45) -> float:
    region = truth.region(StructureKey("ilium", "", side), 3.0)
    crest = region.lps_mm(np.argwhere(region.values))[:, 2].max()
    return float(crest - truth.disc_frames[level].lps_from_disc.origin_mm[2])


def volume_mm3(truth: PhantomTruth, name: str, spacing_mm: float = 1.5) -> float:
    return float(truth.region(key(name), spacing_mm).values.sum()) * spacing_mm**3


def test_a_high_crest_stands_above_l4_on_both_sides(the_usual_patient: PhantomTruth) -> None:
    high = patient("high-crest")
    for side in Side:
        usual = crest_above_disc_mm(the_usual_patient, side)
        assert -6 < usual < 14
        assert crest_above_disc_mm(high, side) == pytest.approx(usual + 24, abs=3.1)


def test_a_large_process_is_larger_at_every_level(the_usual_patient: PhantomTruth) -> None:
    large = patient("large-sap")
    for name in ("sap:L4:left", "sap:L5:right"):
        grown = volume_mm3(large, name) / volume_mm3(the_usual_patient, name)
        assert 1.25 < grown < 1.8
    assert volume_mm3(large, "body:L4", 2.0) == volume_mm3(the_usual_patient, "body:L4", 2.0)


def test_a_large_process_narrows_the_foramen_and_keeps_its_joint(
    the_usual_patient: PhantomTruth,
) -> None:
    frame = the_usual_patient.vertebra_frames["L5"].lps_from_vertebra
    wall = the_usual_patient.vertebra_frames["L5"].posterior_wall_y_mm
    line = np.column_stack([np.full(160, 18.0), wall + np.arange(160) * 0.1, np.full(160, 15.0)])
    fronts = []
    for truth in (the_usual_patient, patient("large-sap")):
        inside = truth.distance(key("vertebra:L5"), frame.points(line)) < 0
        fronts.append(line[np.argmax(inside), 1] - wall)
    assert fronts[1] < fronts[0] - 0.8


def test_a_collapsed_disc_is_low_at_the_asked_level_only(the_usual_patient: PhantomTruth) -> None:
    collapsed = patient("collapsed-disc")
    for level, frame in the_usual_patient.disc_frames.items():
        share = collapsed.disc_frames[level].height_mm / frame.height_mm
        assert share == pytest.approx(0.42 if level == L45 else 1.0)
    assert volume_mm3(collapsed, "disc:L4-L5") < 0.75 * volume_mm3(the_usual_patient, "disc:L4-L5")


def test_a_collapsed_disc_brings_the_pedicles_together(the_usual_patient: PhantomTruth) -> None:
    gaps = [
        np.linalg.norm(
            truth.vertebra_frames["L4"].lps_from_vertebra.origin_mm
            - truth.vertebra_frames["L5"].lps_from_vertebra.origin_mm
        )
        for truth in (the_usual_patient, patient("collapsed-disc"))
    ]
    assert gaps[0] - gaps[1] > 3


def test_six_lumbar_vertebrae_stand_on_one_sacrum() -> None:
    six = patient("l6")
    assert {"T12", "L1", "L5", "L6", "S1"} <= set(six.vertebra_frames)
    assert Level("L5", "L6") in six.disc_frames
    assert Level("L6", "S1") in six.disc_frames
    names = {str(name) for name in six.names.values()}
    assert {"body:L6", "sap:L6:left", "exiting_root:L6:right", "disc:L6-S1"} <= names
    assert "disc:L5-S1" not in names
    assert -6 < crest_above_disc_mm(six, Side.LEFT, Level("L5", "L6")) < 14


def test_obesity_adds_fat_all_round_and_most_behind(the_usual_patient: PhantomTruth) -> None:
    obese = patient("obese")
    thin, thick = (truth.shapes[0].bounds_lps_mm() for truth in (the_usual_patient, obese))
    assert thick[1][0] - thin[1][0] > 25
    assert thin[0][1] - thick[0][1] > 10
    assert thick[1][1] - thin[1][1] == pytest.approx(26, abs=1)
    for truth, (low, high) in ((the_usual_patient, thin), (obese, thick)):
        assert (truth.low_lps_mm[:2] < low[:2] - 8).all()
        assert (truth.high_lps_mm[:2] > high[:2] + 8).all()
    bone = [shape.key for shape in the_usual_patient.shapes]
    assert [shape.key for shape in obese.shapes] == bone


def test_variants_go_together() -> None:
    both = build_truth(
        PhantomParameters(
            Level("L6", "S1"), Side.RIGHT, zone="foraminal", variants=("obese", "l6", "large-sap")
        )
    )
    assert both.frame_id.endswith("l6-large-sap-obese")
    assert key("fragment") in set(both.names.values())
