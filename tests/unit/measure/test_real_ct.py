"""Real labels at 3 mm: the foramina lie where the trial on the same data found them."""

from pathlib import Path

import pytest

from kambin.anatomy import Level, complete
from kambin.exchange import import_case, read_case
from kambin.frames import Side
from kambin.measure import Measurements, measure_case


@pytest.fixture(scope="module")
def measured_ct(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Measurements:
    labels = shared_data / "ct_ts_abdopelvis_3mm" / "labels_totalseg117.nii.gz"
    folder = import_case(
        image=None,
        labels=[labels],
        dialect="auto",
        fragment=None,
        out=tmp_path_factory.mktemp("real") / "case",
    )
    case = read_case(folder)
    return measure_case(complete(case), case, level=Level("L4", "L5"))


@pytest.mark.parametrize(("side", "trial_mm2"), [(Side.LEFT, 125.0), (Side.RIGHT, 112.0)])
def test_the_foramen_at_l4_l5_agrees_with_the_trial(
    measured_ct: Measurements, side: Side, trial_mm2: float
) -> None:
    area = measured_ct.find("foramen_area", "L4-L5", side)
    height = measured_ct.find("foramen_height", "L4-L5", side)
    assert area is not None
    assert height is not None
    assert area.value == pytest.approx(trial_mm2, rel=0.35)
    assert 15 <= height.value <= 22
    assert area.reading.bias is not None


def test_the_ilium_is_met_where_the_trial_met_it(measured_ct: Measurements) -> None:
    for side in Side:
        row = measured_ct.find("ilium_axial_angle", "L4-L5", side)
        assert row is not None
        assert 50 <= row.value <= 66
        assert dict(row.reading.curve)[20.0] == 90.0
        assert row.reading.point_lps_mm[0] * side.lateral_sign_lps > 0


def test_the_crest_of_this_patient_stands_above_the_disc_line(measured_ct: Measurements) -> None:
    for side in Side:
        row = measured_ct.find("crest_class", "L4-L5", side)
        assert row is not None
        assert row.value == 3


def test_sizes_of_bone_are_those_of_a_human_spine(measured_ct: Measurements) -> None:
    for row in measured_ct:
        paper = row.literature
        if row.quantity in ("pedicle_height", "canal_width", "posterior_body_height"):
            assert abs(row.value - paper.mean) <= 3 * paper.sd + row.uncertainty, row.quantity


def test_what_3_mm_cannot_say_is_null_and_said_so(measured_ct: Measurements) -> None:
    for quantity in ("facet_gap", "sap_volume"):
        assert {row.value for row in measured_ct if row.quantity == quantity} == {None}
    codes = {finding.code for finding in measured_ct.findings}
    assert {"AN-302", "AN-303"} <= codes
