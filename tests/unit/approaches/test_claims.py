"""Each promise with the literature, what a plan shows of it, and a place kept for the registry."""

import json
from typing import Any

import pytest
from tests.e2e.command_line import run_kambin
from tests.unit.approaches.test_skin_cut import a_body

from kambin.approaches.claims import NO_REGISTRY, weigh_claims
from kambin.approaches.claims_models import Claim, Claims, PlanNumber
from kambin.approaches.claims_patient import NO_PLAN
from kambin.cli.claims import print_claims
from kambin.knowledge.promises import promises
from kambin.planning import Plan
from kambin.planning.bone_models import Resection
from kambin.planning.choice_models import Objectives
from kambin.planning.models import Clearance, Stage, Trajectory
from kambin.planning.reach_models import Reach

SHA = "ab" * 32


def a_stage(tool: str, **gaps: float) -> Stage:
    clearances = tuple(
        Clearance.model_construct(structure=name.replace("__", ":"), clearance_mm=gap)
        for name, gap in gaps.items()
    )
    return Stage.model_construct(tool=tool, clearances=clearances)


def a_plan(**changed: Any) -> Plan:
    """A plan with the parts that claims reads."""
    bone: dict[str, Any] = {
        "volume_mm3": 210.4, "sap_fraction": 0.18, "rim_volume_mm3": 12.0, "rim_is_removed": False,
        "iap_volume_mm3": 0.0, "pars_volume_mm3": 0.0, "pars_left_mm": 7.25,
        "facet_kept_fraction": 0.91, "stability_class": "minor", "stability_source": None,
        "not_assessed_reason": None,
    }  # fmt: skip
    reach: dict[str, Any] = {
        "reachable_fraction": 0.87, "visible_fraction": 0.8, "residual_mm3": 61.0,
        "without_modelled_fraction": None, "not_assessed_reason": None, "blockers_modelled": (),
    }  # fmt: skip
    muscle = Objectives.model_construct(
        muscle_mm3=3120.0, muscle_path_mm={"erector_spinae": 42.0, "quadratus": 8.5}
    )
    parts: dict[str, Any] = {
        "case_sha256": SHA, "content_sha256": "cd" * 32, "level": "L4-L5", "side": "left",
        "cannula_mm": 7.5, "objectives": muscle,
        "trajectory": Trajectory(
            entry_lps_mm=(0.0, 0.0, 0.0), target_lps_mm=(0.0, -80.0, 0.0), length_mm=80.0
        ),
        "stages": (
            a_stage("needle", lamina__L4=1.0),
            a_stage("cannula", lamina__L4=3.5, lamina__L5=2.25, sap__L5__left=-1.0),
        ),
        "resection": Resection.model_construct(**(bone | changed.pop("bone", {}))),
        "reach": Reach.model_construct(**(reach | changed.pop("reached", {}))),
    }  # fmt: skip
    return Plan.model_construct(**(parts | changed))


def claims(found: Claims) -> dict[str, Claim]:
    return {claim.name: claim for claim in found.claims}


def numbers(claim: Claim) -> dict[str, PlanNumber]:
    return {one.name: one for one in claim.patient.numbers}


def test_without_a_plan_the_literature_stands_alone() -> None:
    found = weigh_claims()
    assert (found.case_sha256, found.level, found.side) == (None, None, None)
    assert [claim.name for claim in found.claims] == list(promises())
    assert not any(claim.patient.assessed for claim in found.claims)
    assert claims(found)["skin"].patient.says == NO_PLAN
    # what no plan can ever show says why, with or without one
    assert "before the operation" in claims(found)["blood"].patient.says


def test_each_promise_carries_verdict_figures_and_their_sources() -> None:
    blood = claims(weigh_claims())["blood"]
    assert (blood.verdict, blood.tag, blood.unverified) == ("misleading", "D", True)
    against = {figure.name: figure for figure in blood.against}
    assert against["blood_hidden_first"].figure == "178.4 +- 66.5 mL (SD)"
    assert against["blood_hidden_first"].citations == {"M9": "PMID 39719902 (n = 170)"}
    assert "82 %" in blood.words


def test_a_place_is_kept_for_the_registry() -> None:
    assert {claim.registry.says for claim in weigh_claims().claims} == {NO_REGISTRY}
    assert {claim.registry.given for claim in weigh_claims().claims} == {False}


def test_a_plan_changes_no_verdict() -> None:
    alone, planned = claims(weigh_claims()), claims(weigh_claims(a_plan()))
    for name, claim in planned.items():
        assert claim.model_copy(update={"patient": alone[name].patient}) == alone[name]


def test_bone_is_told_by_where_it_goes() -> None:
    lamina = claims(weigh_claims(a_plan()))["lamina"]
    told = numbers(lamina)
    assert lamina.patient.says.startswith("The plan takes no bone of the lamina")
    assert told["lamina_gap_mm"].value == 2.25
    assert told["sap_fraction"].text == "18%"
    assert told["volume_mm3"].text == "210 mm3"
    # rim that stays is no bone taken
    assert told["rim_volume_mm3"].value == 0.0
    taken = claims(weigh_claims(a_plan(bone={"rim_is_removed": True})))["lamina"]
    assert numbers(taken)["rim_volume_mm3"].value == 12.0


def test_a_tool_in_the_lamina_is_told() -> None:
    plan = a_plan(stages=(a_stage("reamer", lamina__L4=-0.4),))
    assert (
        claims(weigh_claims(plan))["lamina"].patient.says == "Tools of the plan overlap the lamina."
    )


def test_a_needle_beside_the_lamina_is_no_bite() -> None:
    told = numbers(
        claims(weigh_claims(a_plan(stages=(a_stage("needle", lamina__L4=-1.0),))))["lamina"]
    )
    assert told["lamina_gap_mm"].value is None
    assert told["lamina_gap_mm"].text == "not assessed: no gap to a lamina is known"


def test_bone_that_no_reason_is_kept_for_is_told_as_not_assessed() -> None:
    found = claims(weigh_claims(a_plan(bone={"volume_mm3": None, "not_assessed_reason": None})))
    says = found["lamina"].patient.says
    assert says == "Bone was not assessed: the plan does not say why."


def test_without_a_lamina_nobody_says_that_none_of_it_is_taken() -> None:
    bone = claims(weigh_claims(a_plan(stages=(a_stage("cannula", sap__L5__left=-1.0),))))["lamina"]
    assert not bone.patient.assessed
    assert "not assessed: no gap to one is known" in bone.patient.says
    # what was measured stands all the same, and says of which bone it is
    taken = numbers(bone)["volume_mm3"]
    assert taken.value == 210.4
    assert "in all" not in taken.title


def test_coarse_labels_leave_bone_and_stability_null_and_give_muscle() -> None:
    lost = dict.fromkeys(
        ("volume_mm3", "sap_fraction", "facet_kept_fraction", "pars_left_mm", "rim_volume_mm3",
         "iap_volume_mm3", "pars_volume_mm3")
    )  # fmt: skip
    why = {"stability_class": "not_assessed", "not_assessed_reason": "label spacing 3.00 mm"}
    found = claims(weigh_claims(a_plan(bone=lost | why)))
    for name in ("lamina", "stability"):
        assert found[name].patient.assessed is False
    assert numbers(found["stability"])["stability_class"].value is None
    assert "label spacing 3.00 mm" in numbers(found["stability"])["sap_fraction"].text
    assert "label spacing 3.00 mm" in found["lamina"].patient.says
    assert found["muscle"].patient.assessed is True


def test_muscle_is_told_by_volume_and_way() -> None:
    muscle = claims(weigh_claims(a_plan()))["muscle"]
    told = numbers(muscle)
    assert told["muscle_mm3"].text == "3120 mm3"
    assert told["path_erector_spinae_mm"].title == "way through erector spinae"
    assert told["path_quadratus_mm"].value == 8.5
    # a plan measures no ligament: that is said, and not zero
    assert told["flavum_mm3"].value is None


def test_without_muscles_nothing_is_said_of_them() -> None:
    bare = Objectives.model_construct(muscle_mm3=0.0, muscle_path_mm={})
    muscle = claims(weigh_claims(a_plan(objectives=bare)))["muscle"].patient
    assert muscle.assessed is False
    assert "No muscle is segmented" in muscle.says
    old = claims(weigh_claims(a_plan(objectives=None)))["muscle"].patient
    assert old.assessed is False
    assert old.numbers == ()


def test_stability_is_a_class_with_its_shares() -> None:
    told = numbers(claims(weigh_claims(a_plan()))["stability"])
    assert told["stability_class"].value == "minor"
    assert told["facet_kept_fraction"].text == "91%"
    assert told["pars_left_mm"].text == "7.2 mm"


def test_reach_is_that_of_this_herniation_alone() -> None:
    types = claims(weigh_claims(a_plan()))["all_types"]
    assert numbers(types)["reachable_fraction"].text == "87%"
    assert "kambin indications" in types.patient.says
    none = a_plan(reached={"reachable_fraction": None, "visible_fraction": None,
                           "residual_mm3": None, "not_assessed_reason": "no fragment"})  # fmt: skip
    missing = claims(weigh_claims(none))["all_types"].patient
    assert missing.assessed is False
    assert missing.numbers[0].text == "not assessed: no fragment"


def test_a_modelled_nerve_that_blocks_is_told() -> None:
    plan = a_plan(reached={"blockers_modelled": ("dural_sac",), "without_modelled_fraction": 1.0})
    types = claims(weigh_claims(plan))["all_types"]
    assert "modelled, not seen" in types.patient.says
    assert numbers(types)["without_modelled_fraction"].text == "100%"
    seen = claims(weigh_claims(a_plan()))["all_types"].patient
    assert "modelled, not seen" not in seen.says
    assert seen.numbers[3].text == "not assessed: no modelled nerve blocks"


def test_a_guidewire_beside_the_lamina_is_no_bite() -> None:
    plan = a_plan(stages=(a_stage("guidewire", lamina__L4=-1.0), a_stage("reamer", lamina__L4=4.0)))
    assert numbers(claims(weigh_claims(plan))["lamina"])["lamina_gap_mm"].value == 4.0


def test_the_cut_is_computed_from_cannula_slant_and_skin() -> None:
    told = numbers(claims(weigh_claims(a_plan(), a_body()))["skin"])
    assert told["slant_deg"].value == pytest.approx(0.0, abs=1.0)
    assert told["half_circumference_mm"].value == pytest.approx(11.78, abs=0.01)
    assert told["cut_mm"].text == "9.8 mm"
    assert "[D]" in told["cut_mm"].source
    assert told["stretch_for_incision_tezuka"].text == "47%"
    assert told["stretch_for_incision_seven"].value > told["stretch_for_incision_tezuka"].value


def test_another_cannula_and_another_slant_ask_another_cut() -> None:
    wide = numbers(claims(weigh_claims(a_plan(cannula_mm=8.0), a_body()))["skin"])
    thin = numbers(claims(weigh_claims(a_plan(cannula_mm=6.3), a_body()))["skin"])
    assert thin["cut_mm"].value < wide["cut_mm"].value
    leaning = Trajectory(
        entry_lps_mm=(0.0, 0.0, 0.0), target_lps_mm=(60.0, -60.0, 0.0), length_mm=85.0
    )
    slanted = numbers(claims(weigh_claims(a_plan(trajectory=leaning), a_body()))["skin"])
    assert slanted["slant_deg"].text == "45 deg"
    assert slanted["cut_mm"].value > 11.0


def test_without_a_skin_the_cannula_counts_as_upright_and_that_is_said() -> None:
    told = numbers(claims(weigh_claims(a_plan()))["skin"])
    assert told["slant_deg"].value is None
    assert "counted as upright" in told["slant_deg"].text
    assert told["cut_mm"].text == "9.8 mm"


def test_a_cannula_under_the_skin_has_no_cut() -> None:
    flat = Trajectory(entry_lps_mm=(0.0, 0.0, 0.0), target_lps_mm=(80.0, -8.0, 0.0), length_mm=80.4)
    skin = claims(weigh_claims(a_plan(trajectory=flat), a_body()))["skin"]
    assert skin.patient.assessed is False
    assert "too flat" in numbers(skin)["stretch_for_incision_tezuka"].text


def test_the_same_plan_gives_the_same_bytes() -> None:
    one, two = (weigh_claims(a_plan(), a_body()).model_dump_json() for _ in range(2))
    assert one == two
    document = json.loads(one)
    assert document["schema_version"] == 1
    assert document["plan_sha256"] == "cd" * 32


def test_a_person_reads_promise_verdict_figures_plan_and_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_claims(weigh_claims(a_plan(), a_body()))
    text = capsys.readouterr().out
    assert text.startswith("L4-L5 LEFT")
    assert '6. "Basically no bleeding"  MISLEADING [D]' in text
    assert "against  Hidden loss as a share of the total loss: 82 %" in text
    assert "cut at a stretch of 20%: 9.8 mm" in text
    assert text.count(NO_REGISTRY) == 9
    assert "none is made here" in text


def test_the_literature_alone_needs_no_case() -> None:
    asked = run_kambin("claims", "--json")
    assert asked.code == 0, asked.errors
    assert len(asked.document["claims"]) == 9
    page = run_kambin("claims")
    assert page.code == 0
    assert "FALSE AS STATED" in page.text


def test_a_case_without_its_plan_is_a_usage_error() -> None:
    asked = run_kambin("claims", "some-case", "--json")
    assert asked.code == 2
    assert "RQ-164" in asked.text
