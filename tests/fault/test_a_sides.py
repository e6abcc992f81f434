"""Rows A01, A13 and G11: no exchange of left and right, front and back passes unseen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.anatomy.box_spine import (
    NAMES,
    VALUES,
    box_spine,
    mirrored,
    renamed,
    severities,
    with_labels,
    with_sides_swapped,
    without,
)

from kambin.anatomy import Case, check_case
from kambin.anatomy.check_sides import check_sides
from kambin.anatomy.survey import survey_labels
from kambin.core import Severity, find_blocking

PAIRS = sorted({(k.kind, k.place) for k in NAMES.values() if k.side})


@pytest.fixture(scope="module")
def a_clean_patient() -> Case:
    return box_spine()


def sides(case: Case) -> tuple:
    return check_sides(survey_labels(case))


def test_a_clean_patient_has_nothing_to_stop_or_to_answer(a_clean_patient):
    findings = check_case(a_clean_patient).findings

    assert [f for f in findings if f.severity is not Severity.NOTE] == []


def test_a01_names_swapped_alone_block(a_clean_patient):
    findings = sides(with_sides_swapped(a_clean_patient))

    assert severities(findings, "AN-101") == [Severity.BLOCK]
    assert "kidney:left" in next(f for f in findings if f.code == "AN-101").where


def test_a01_voxels_mirrored_without_renaming_block(a_clean_patient):
    assert severities(sides(mirrored(a_clean_patient)), "AN-101") == [Severity.BLOCK]


def test_a13_voxels_and_names_mirrored_together_ask_about_situs_inversus(a_clean_patient):
    findings = sides(mirrored(with_sides_swapped(a_clean_patient)))

    assert severities(findings, "AN-103") == [Severity.CONFIRM]
    assert find_blocking(findings) == ()


def test_a01_mirrored_organs_without_any_sided_name_block(a_clean_patient):
    sided = {k.kind for k in NAMES.values() if k.side}

    findings = sides(mirrored(without(a_clean_patient, *sided)))

    assert severities(findings, "AN-102") == [Severity.BLOCK]


@settings(max_examples=20)
@given(pair=st.sampled_from(PAIRS))
def test_a01_any_single_swapped_pair_blocks(pair):
    kind, place = pair
    left, right = (":".join(p for p in (kind, place, side) if p) for side in ("left", "right"))

    findings = sides(renamed(box_spine_once(), {left: right, right: left}))

    assert severities(findings, "AN-101") == [Severity.BLOCK]
    assert left in next(f for f in findings if f.code == "AN-101").where


def test_a01_a_single_sided_structure_on_the_wrong_side_blocks(a_clean_patient):
    alone = without(a_clean_patient, "kidney:right")

    assert severities(sides(renamed(alone, {"kidney:left": "kidney:right"})), "AN-101") == [
        Severity.BLOCK
    ]


def test_a01_no_organ_at_all_asks_about_the_side(a_clean_patient):
    findings = sides(without(a_clean_patient, "liver", "spleen", "aorta", "kidney"))

    assert severities(findings, "AN-105") == [Severity.CONFIRM]


def test_a13_a_left_vena_cava_asks(a_clean_patient):
    vessels = {"aorta": "vena_cava", "vena_cava": "aorta"}

    findings = sides(renamed(a_clean_patient, vessels))

    assert severities(findings, "AN-104") == [Severity.CONFIRM]
    assert find_blocking(findings) == ()


def test_a13_a_kidney_across_the_midline_asks(a_clean_patient):
    def move_the_right_kidney_over(values: np.ndarray) -> None:
        kidney = values == VALUES["kidney:right"]
        values[kidney] = 0
        moved = np.roll(kidney, 54, axis=0) & (values == 0)
        values[moved] = VALUES["kidney:right"]

    findings = sides(with_labels(a_clean_patient, move_the_right_kidney_over))

    assert severities(findings, "AN-104") == [Severity.CONFIRM]


def test_g11_front_and_back_exchanged_block(a_clean_patient):
    def flip_front_to_back(values: np.ndarray) -> None:
        values[:] = values[:, ::-1].copy()

    findings = sides(with_labels(a_clean_patient, flip_front_to_back))

    assert severities(findings, "AN-106") == [Severity.BLOCK]


def test_g11_lps_read_as_ras_blocks(a_clean_patient):
    def turn_about_the_long_axis(values: np.ndarray) -> None:
        values[:] = values[::-1, ::-1].copy()

    findings = sides(with_labels(a_clean_patient, turn_about_the_long_axis))

    assert severities(findings, "AN-101") == [Severity.BLOCK]
    assert severities(findings, "AN-106") == [Severity.BLOCK]


def test_g11_head_and_feet_exchanged_block(a_clean_patient):
    def flip_head_to_foot(values: np.ndarray) -> None:
        values[:] = values[:, :, ::-1].copy()

    findings = check_case(with_labels(a_clean_patient, flip_head_to_foot)).findings

    assert Severity.BLOCK in severities(findings, "AN-106")


_ONCE: list[Case] = []


def box_spine_once() -> Case:
    """Return one clean patient for all hypothesis examples."""
    if not _ONCE:
        _ONCE.append(box_spine())
    return _ONCE[0]
