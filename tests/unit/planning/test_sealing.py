"""The seal of a plan changes with every field, and with nothing else."""

import json
from importlib.metadata import version
from typing import Any

import pytest
from tests.unit.planning.made_choices import (
    ALTERNATIVE,
    DOCKING,
    OBJECTIVES,
    PREFERENCE,
    RULE,
    TARGET_CHOICE,
)
from tests.unit.planning.made_level import (
    ROOT,
    make_clearance,
    make_plan,
    make_resection,
    make_stage,
    make_tolerance,
)

import kambin
from kambin.planning import MigratedFrom, Plan, hash_content, round_document, seal_plan
from kambin.planning.bone_models import DiameterVolume, ReamerPass, StopVolume
from kambin.planning.error_model import ErrorModel
from kambin.planning.reach_models import Residual
from kambin.planning.sealing import find_software

PLAN = make_plan((make_stage("needle", make_clearance()), make_stage("cannula", stop_mm=5.0)))

PASS = ReamerPass(
    instrument="reamer-7.5",
    radius_mm=3.75,
    tilt_deg=0.0,
    pivot="axis",
    tip_lps_mm=(8.0, 12.0, 0.0),
    outer_lps_mm=(72.0, 60.0, 0.0),
    stop_mm=5.0,
    taken_mm3=300.0,
)

RESIDUAL = Residual(
    volume_mm3=120.0,
    pieces=2,
    largest_mm3=80.0,
    centroid_lps_mm=(4.0, 10.0, 1.0),
    distances_mm={"dural_sac": 1.5, ROOT: None},
)

OTHER: dict[str, Any] = {
    "schema_version": 1,
    "status": "needs_confirmation",
    "case_sha256": "d" * 64,
    "level": "L5-S1",
    "side": "right",
    "technique": "inside-out",
    "zone": None,
    "cannula_mm": 7.0,
    "not_assessed": (),
    "evidence": (),
    "margins": "plan-only",
    "weights": {"clearance": 2.0},
    "docking": DOCKING,
    "target_choice": TARGET_CHOICE,
    "preferences": (PREFERENCE,),
    "objectives": OBJECTIVES,
    "alternatives": (ALTERNATIVE,),
    "explanation": ("why",),
    "rules": (RULE,),
    "migrated_from": MigratedFrom(schema_version=1, content_sha256="e" * 64),
}
"""Another value for every plain field."""

PARTS: dict[str, dict[str, Any]] = {
    "side_witness": {"signed_offset_lps_mm": 71.0, "guarded_root": "exiting_root:L4:right"},
    "trajectory": {
        "entry_lps_mm": (72.0, 60.0, 1.0),
        "target_lps_mm": (8.0, 12.0, 1.0),
        "length_mm": 81.0,
    },
    "entry": {
        "lateral_of_midline_mm": 71.0,
        "cranial_of_disc_line_mm": 1.0,
        "cranial_of_spinous_tip_mm": 0.0,
        "spinous_tip": "L4",
        "along_skin_lateral_mm": 71.0,
        "depth_mm": 81.0,
    },
    "angles": {
        "axial_inclination_to_disc_deg": 1.0,
        "craniocaudal_to_disc_deg": 1.0,
        "axial_inclination_to_patient_deg": 1.0,
        "craniocaudal_to_patient_deg": 1.0,
        "convention": "kambin-2",
    },
    "resection": {
        "volume_mm3": 1.0,
        "sap_fraction": None,
        "ventrodorsal_fraction": 0.1,
        "full_thickness_fraction": 0.1,
        "facet_kept_fraction": 0.9,
        "stability_class": "minor",
        "rim_volume_mm3": 1.0,
        "rim_is_removed": True,
        "pars_left_mm": None,
        "iap_volume_mm3": None,
        "pars_volume_mm3": None,
        "margin_mm": 0.25,
        "needed_mm3": 300.0,
        "collateral_mm3": 12.0,
        "uncovered_mm3": 3.0,
        "single_pass_mm3": 310.0,
        "stability_source": "a book [D]",
        "passes": (PASS,),
        "volume_against_diameter": (DiameterVolume(diameter_mm=7.5, volume_mm3=300.0),),
        "volume_against_stop": (StopVolume(stop_mm=4.0, volume_mm3=250.0),),
        "not_assessed_reason": "why",
    },
    "reach": {
        "reachable_fraction": 0.5,
        "visible_fraction": 0.5,
        "residual_mm3": 1.0,
        "both_fraction": 0.4,
        "neither_fraction": 0.3,
        "rigid_fraction": 0.2,
        "without_modelled_fraction": 0.9,
        "without_removable_fraction": 0.8,
        "visible_best_rotation_fraction": 0.3,
        "best_rotation_deg": 45.0,
        "fragment_mm3": 900.0,
        "swivel_deg": 5.0,
        "swivel_free_fraction": 0.6,
        "residual": RESIDUAL,
        "blockers_modelled": (ROOT,),
        "not_assessed_reason": None,
    },
    "certainty": {
        "contact_probability": {ROOT: 0.2},
        "contact_interval": {ROOT: (0.1, 0.3)},
        "contact_worst_stage": {ROOT: "cannula"},
        "contact_at_most": (ROOT,),
        "contact_meant": ("sap:L5:left",),
        "error_sources": ErrorModel().list_sources(),
        "setting": "compensated",
        "poses": 512,
        "seed": 1,
        "displayed_uncertainty_mm": 2.3,
        "tolerance": make_tolerance(),
        "tolerance_entry_mm": None,
        "tolerance_angle_deg": 0.4,
        "not_assessed_reason": "why",
    },
    "certificate": {
        "objective_mm": 1.4,
        "upper_bound_mm": 1.6,
        "gap_mm": 0.1,
        "continuum_gap_mm": 0.1,
        "candidates": 11,
        "nodes": 6,
        "method": "guessed",
    },
    "software": {"kambin": "1", "numpy": "1", "numba": "1", "simpleitk": "1"},
}
"""Another value for every field of every part."""

LISTED = ("stages", "findings", "corridors", "content_sha256")

NESTED = [(part, name, value) for part, rows in PARTS.items() for name, value in rows.items()]


def test_every_field_of_a_plan_is_in_this_test() -> None:
    assert set(Plan.model_fields) == {*OTHER, *PARTS, *LISTED}


@pytest.mark.parametrize("part", PARTS)
def test_every_field_of_a_part_is_in_this_test(part: str) -> None:
    assert set(type(getattr(PLAN, part)).model_fields) == set(PARTS[part])


@pytest.mark.parametrize(("name", "value"), OTHER.items())
def test_the_seal_changes_with_each_plain_field(name: str, value: object) -> None:
    other = PLAN.model_copy(update={name: value})
    assert hash_content(other) != PLAN.content_sha256


@pytest.mark.parametrize(("part", "name", "value"), NESTED)
def test_the_seal_changes_with_each_field_of_each_part(part: str, name: str, value: object) -> None:
    whole = getattr(PLAN, part)
    assert getattr(whole, name) != value
    other = PLAN.model_copy(update={part: whole.model_copy(update={name: value})})
    assert hash_content(other) != PLAN.content_sha256


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tool", "dilator"),
        ("instrument", "other"),
        ("radius_mm", 1.1),
        ("tip_lps_mm", (8.0, 12.0, 0.1)),
        ("stop_mm", 0.1),
        ("clearances", ()),
    ],
)
def test_the_seal_changes_with_each_field_of_a_stage(name: str, value: object) -> None:
    first = PLAN.stages[0].model_copy(update={name: value})
    other = PLAN.model_copy(update={"stages": (first, *PLAN.stages[1:])})
    assert hash_content(other) != PLAN.content_sha256


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("structure", "aorta"),
        ("group", "vessel"),
        ("clearance_mm", 3.1),
        ("point_lps_mm", (8.1, 12.0, 0.0)),
        ("sigma_mm", 2.4),
        ("origin", "drawn"),
        ("hard_margin_mm", None),
        ("uncertainty_mm", 4.9),
        ("inside_uncertainty", True),
        ("surface_uncertainty_mm", 4.0),
    ],
)
def test_the_seal_changes_with_each_field_of_a_clearance(name: str, value: object) -> None:
    row = PLAN.stages[0].clearances[0].model_copy(update={name: value})
    first = PLAN.stages[0].model_copy(update={"clearances": (row,)})
    other = PLAN.model_copy(update={"stages": (first, *PLAN.stages[1:])})
    assert hash_content(other) != PLAN.content_sha256


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("instrument", "reamer-8.5"),
        ("radius_mm", 4.25),
        ("tilt_deg", 5.0),
        ("pivot", "docking"),
        ("tip_lps_mm", (8.0, 12.0, 0.1)),
        ("outer_lps_mm", (72.0, 60.0, 0.1)),
        ("stop_mm", 5.1),
        ("taken_mm3", 299.0),
    ],
)
def test_the_seal_changes_with_each_field_of_a_pass(name: str, value: object) -> None:
    whole, other = (
        make_plan(PLAN.stages, resection=make_resection(passes=(one,)))
        for one in (PASS, PASS.model_copy(update={name: value}))
    )
    assert name in ReamerPass.model_fields
    assert whole.content_sha256 != other.content_sha256


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("volume_mm3", 121.0),
        ("pieces", 3),
        ("largest_mm3", 81.0),
        ("centroid_lps_mm", (4.0, 10.0, 1.1)),
        ("distances_mm", {"dural_sac": 1.5, ROOT: 2.0}),
    ],
)
def test_the_seal_changes_with_each_field_of_what_stays(name: str, value: object) -> None:
    whole, other = (
        make_plan(PLAN.stages, reach=PLAN.reach.model_copy(update={"residual": one}))
        for one in (RESIDUAL, RESIDUAL.model_copy(update={name: value}))
    )
    assert name in Residual.model_fields
    assert whole.content_sha256 != other.content_sha256


def test_the_seal_changes_with_the_order_of_the_passes() -> None:
    last = PASS.model_copy(update={"instrument": "reamer-8.5"})
    one, other = (
        make_plan(PLAN.stages, resection=make_resection(passes=passes))
        for passes in ((PASS, last), (last, PASS))
    )
    assert one.content_sha256 != other.content_sha256


def test_the_seal_changes_with_the_order_of_the_stages() -> None:
    other = PLAN.model_copy(update={"stages": PLAN.stages[::-1]})
    assert hash_content(other) != PLAN.content_sha256


def test_the_seal_does_not_seal_itself() -> None:
    assert hash_content(PLAN.model_copy(update={"content_sha256": "x"})) == PLAN.content_sha256


def test_the_seal_is_a_sha256_in_hexadecimal() -> None:
    assert len(PLAN.content_sha256) == 64
    assert set(PLAN.content_sha256) <= set("0123456789abcdef")


@pytest.mark.parametrize(("change", "same"), [(4e-7, True), (-4e-7, True), (6e-7, False)])
def test_what_lies_below_the_last_digit_does_not_change_the_seal(change: float, same: bool) -> None:
    resection = make_resection(volume_mm3=0.5 + change)
    base = make_plan(PLAN.stages, resection=make_resection(volume_mm3=0.5))
    other = base.model_copy(update={"resection": resection})
    assert (hash_content(other) == base.content_sha256) is same


def test_minus_zero_is_zero() -> None:
    other = make_plan(PLAN.stages, resection=make_resection(volume_mm3=-0.0))
    assert other.content_sha256 == PLAN.content_sha256
    assert "-0.0" not in other.model_dump_json()


def test_a_number_that_rounds_to_zero_has_no_sign() -> None:
    resection = round_document(make_resection(volume_mm3=-1e-9))
    assert json.dumps(resection.volume_mm3) == "0.0"


def test_rounding_goes_into_every_list_and_mapping() -> None:
    row = make_clearance(point_lps_mm=(1 / 3, 2 / 3, 1e-9))
    plan = make_plan((make_stage("needle", row),))
    assert plan.stages[0].clearances[0].point_lps_mm == (0.333333, 0.666667, 0.0)


def test_rounding_keeps_the_kind_of_document() -> None:
    assert round_document(PLAN) == PLAN
    assert type(round_document(make_resection())) is type(make_resection())


def test_rounding_leaves_counts_and_flags() -> None:
    assert type(PLAN.certificate.candidates) is int
    assert PLAN.resection.rim_is_removed is False


def test_a_sealed_plan_survives_its_own_file() -> None:
    again = Plan.model_validate_json(PLAN.model_dump_json())
    assert again == PLAN
    assert hash_content(again) == again.content_sha256


def test_sealing_again_after_an_edit_gives_a_new_seal() -> None:
    edited = seal_plan(PLAN.model_copy(update={"zone": "central"}))
    assert edited.content_sha256 != PLAN.content_sha256
    assert seal_plan(edited) == edited


def test_the_versions_are_those_that_are_installed() -> None:
    software = find_software()
    assert software.kambin == kambin.__version__
    assert (software.numpy, software.numba) == (version("numpy"), version("numba"))
    assert software.simpleitk == version("SimpleITK")
