"""Table V10 and what is not assessed, on boxes of known size: rates and reasons are shown exactly.

The canal of these boxes is 24 mm wide and 13 mm deep, the disc's margin 10 mm high.
"""

import json
from dataclasses import replace
from functools import cache

import pytest
from tests.unit.measure.conftest import SHAPES, UPPER_BODY, Box, a_case, build

from kambin.anatomy import Anatomy, Case, Level, Origin, StructureKey
from kambin.approaches.indications import judge_indications
from kambin.approaches.indications_answers import Answers, read_answers
from kambin.approaches.indications_models import Indications, RuleVerdict
from kambin.cli.indications import print_indications
from kambin.core import AnatomyError, PlanError, RequestError
from kambin.frames import Side
from kambin.measure.herniation import measure_herniation
from kambin.planning import Plan
from kambin.planning.bone_models import Resection
from kambin.planning.reach_models import Reach

__all__ = ["a_case"]

LEVEL = Level("L4", "L5")
CANAL: Box = (-12, 12, 17, 30, -40, 40)
CENTRAL_SEVERE: Box = (-12, 12, 17, 27, -4, 4)
LATERAL_SEVERE: Box = (-6, 12, 17, 29, -4, 4)
MILD: Box = (3, 9, 17, 21, -4, 4)
LOW: Box = (3, 9, 17, 22, -15, -7)
HIGH: Box = (3, 9, 17, 22, -19, -11)
ASKED = read_answers(
    contraindication=["none"],
    translation_mm=1.0,
    angulation_deg=4.0,
    surgeon_cases=60,
    age_years=45,
    risk=["none"],
)


@cache
def spine(box: Box | None = None, *missing: str, spacing_mm: float = 1.0) -> Anatomy:
    changed = {} if box is None else {"fragment": (box,)}
    gone = ("dural_sac", "exiting_root:L4:right", *missing)
    return build(canal=(CANAL,), without=gone, spacing_mm=spacing_mm, **changed)


def judge(anatomy: Anatomy, case: Case, **asked: object) -> Indications:
    side = asked.pop("side", Side.LEFT)
    return judge_indications(case, anatomy, LEVEL, side, **asked)


def rules(found: Indications) -> dict[str, RuleVerdict]:
    return {rule.name: rule for rule in found.rules}


def shown(found: Indications, capsys: pytest.CaptureFixture[str]) -> str:
    print_indications(found)
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("box", "rule", "rate", "verdict"),
    [
        (CENTRAL_SEVERE, "R1", "15 %", "red"),
        (LATERAL_SEVERE, "R2", "11.1 %", "amber"),
        (HIGH, "R3", "15.7 %", "amber"),
    ],
)
def test_the_published_failure_is_shown_where_its_rule_applies(
    box: Box, rule: str, rate: str, verdict: str, a_case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    # the root would be displaced by these boxes; what it says stands in another test
    found = judge(spine(box, "exiting_root:L4:left"), a_case)
    met = rules(found)[rule]
    assert met.applies is True
    assert met.figures[0].figure == rate
    assert met.citations["H3"].startswith("Lee SH 2006")
    assert found.approaches["transforaminal"].verdict == verdict
    assert f"published: {rate} Failed:" in shown(found, capsys)


@pytest.mark.parametrize("box", [MILD, LOW])
def test_a_small_herniation_meets_none_of_the_three(box: Box, a_case: Case) -> None:
    found = rules(judge(spine(box), a_case))
    assert [found[name].applies for name in ("R1", "R2", "R3", "R3_very_high")] == [False] * 4


@pytest.mark.parametrize("box", [CENTRAL_SEVERE, LATERAL_SEVERE, MILD, LOW, HIGH])
def test_the_three_rules_say_what_measuring_says(box: Box, a_case: Case) -> None:
    anatomy = spine(box)
    herniation, _ = measure_herniation(anatomy, a_case)
    assert herniation is not None
    found = rules(judge(anatomy, a_case))
    for rate in herniation.rates:
        assert found[rate.rule].applies is rate.applies
        assert found[rate.rule].is_borderline is rate.is_borderline
        assert found[rate.rule].figures[0].value == rate.failure_percent


def test_without_a_fragment_and_a_zone_the_rules_of_the_herniation_are_open(a_case: Case) -> None:
    found = judge(spine(), a_case)
    assert (found.herniation_from, found.herniation_origin, found.zone) == ("none", None, None)
    here = rules(found)
    assert all(here[n].applies is None for n in ("R1", "R2", "R3", "R4", "R9", "R10", "R11"))
    notes = [f for f in found.findings if f.code == "AN-460"]
    assert any("R1, R2, R3" in f.why and "no fragment" in f.why for f in notes)


def test_a_zone_answers_what_a_zone_can_answer(a_case: Case) -> None:
    found = judge(spine(), a_case, zone="central")
    here = rules(found)
    assert (found.herniation_from, found.zone) == ("zone", "central")
    assert (here["R9"].applies, here["R10"].applies, here["R2"].applies) == (True, False, False)
    assert here["R1"].applies is here["R3"].applies is None


def test_the_fragment_of_another_level_or_side_is_not_judged(a_case: Case) -> None:
    found = judge(spine(MILD), a_case, side=Side.RIGHT)
    assert found.herniation_from == "none"
    assert "lies on the left" in rules(found)["R9"].because
    named = judge(spine(MILD), a_case, side=Side.RIGHT, zone="paracentral")
    assert (named.herniation_from, named.zone) == ("zone", "paracentral")


def test_a_fragment_in_the_midline_is_judged_from_both_sides(a_case: Case) -> None:
    for side in Side:
        found = judge(spine(CENTRAL_SEVERE), a_case, side=side)
        assert (found.herniation_from, found.zone) == ("fragment", "central")


def test_a_seen_root_is_judged_and_a_modelled_one_is_not(a_case: Case) -> None:
    anatomy = spine(MILD)
    seen = rules(judge(anatomy, a_case))["R8"]
    assert seen.applies is not None
    key = StructureKey.parse("exiting_root:L4:left")
    modelled = replace(anatomy.structures[key], origin=Origin.MODELLED)
    found = judge(replace(anatomy, structures={**anatomy.structures, key: modelled}), a_case)
    unseen = rules(found)["R8"]
    assert unseen.applies is None
    assert "is modelled, not seen" in unseen.because
    assert found.approaches["transforaminal"].verdict == "as_far_as_assessed"
    term = next(t for t in found.difficulty.terms if t.name == "facet_root_mm")
    assert term.value is term.contribution is None


def test_a_modelled_fragment_and_canal_say_so(a_case: Case) -> None:
    anatomy = spine(MILD)
    keys = [StructureKey.parse(name) for name in ("fragment", "canal")]
    made = {key: replace(anatomy.structures[key], origin=Origin.MODELLED) for key in keys}
    found = judge(replace(anatomy, structures={**anatomy.structures, **made}), a_case)
    assert found.herniation_origin == "modelled"
    canal = next(f for f in found.facts if f.name == "canal_share")
    assert "modelled" in canal.because


def test_coarse_labels_leave_the_facet_open_with_the_finding(a_case: Case) -> None:
    found = judge(spine(spacing_mm=3.0), a_case)
    fact = next(f for f in found.facts if f.name == "facet_root_mm")
    assert fact.value is None
    assert "AN-302" in {f.code for f in found.findings}
    assert "Label spacing 3.00 mm" in rules(found)["R8"].because


def test_nothing_is_green_before_everything_was_asked(a_case: Case) -> None:
    open_ = judge(spine(MILD), a_case).approaches["transforaminal"]
    assert open_.verdict == "as_far_as_assessed"
    assert len(open_.not_asked) == 8
    assert any("--surgeon-cases" in line for line in open_.not_asked)


def test_an_answer_against_it_is_red(a_case: Case) -> None:
    found = judge(spine(MILD), a_case, answers=read_answers(contraindication=["infection"]))
    assert found.approaches["transforaminal"].reasons == ("R12_infection",)
    assert found.approaches["transforaminal"].verdict == "red"
    assert rules(found)["R12_infection"].unverified is True


def test_calcium_that_no_image_shows_keeps_the_verdict_open(a_case: Case) -> None:
    # the boxes have no image: all is asked and measured but whether the fragment is calcified
    found = judge(spine(MILD), a_case, answers=ASKED).approaches["transforaminal"]
    assert found.not_asked == ()
    assert found.not_assessed == ("R11",)
    assert found.verdict == "as_far_as_assessed"


@pytest.mark.parametrize(("forward", "applies"), [(0, False), (7, False), (10, True)])
def test_a_vertebra_that_slipped_a_quarter_is_red_whatever_was_answered(
    forward: int, *, applies: bool, a_case: Case
) -> None:
    x0, x1, y0, y1, z0, z1 = UPPER_BODY
    body = (x0, x1, y0 - forward, y1 - forward, z0, z1)
    moved = {"vertebra__L4": (body, *SHAPES["vertebra:L4"][1:]), "body__L4": (body,)}
    anatomy = build(canal=(CANAL,), without=("dural_sac", "exiting_root:L4:right"), **moved)
    found = rules(judge(anatomy, a_case, answers=ASKED))["R12_slip"]
    # the plate is 34 mm deep: a quarter of it is 8.5 mm
    assert found.applies is applies
    assert f"{forward / 34:.0%}" in found.because


def test_a_plan_adds_what_it_reaches_and_takes(a_case: Case) -> None:
    reach = Reach.model_construct(reachable_fraction=0.8, not_assessed_reason=None)
    bone = Resection.model_construct(sap_fraction=0.25, not_assessed_reason=None)
    plan = Plan.model_construct(
        case_sha256=a_case.sha256, level="L4-L5", side="left", reach=reach, resection=bone
    )
    terms = {t.name: t for t in judge(spine(MILD), a_case, plan=plan).difficulty.terms}
    assert terms["unreached_share"].value == pytest.approx(0.2)
    assert terms["sap_share"].contribution == pytest.approx(1.0)


def test_a_plan_that_could_not_say_leaves_its_terms_open_with_the_reason(a_case: Case) -> None:
    reach = Reach.model_construct(reachable_fraction=None, not_assessed_reason="no scope")
    bone = Resection.model_construct(sap_fraction=None, not_assessed_reason="too coarse")
    plan = Plan.model_construct(
        case_sha256=a_case.sha256, level="L4-L5", side="left", reach=reach, resection=bone
    )
    terms = {t.name: t for t in judge(spine(MILD), a_case, plan=plan).difficulty.terms}
    assert terms["unreached_share"].because == "not assessed: no scope"
    assert terms["sap_share"].because == "not assessed: too coarse"


def test_a_missing_ilium_leaves_its_rules_open_and_no_other(a_case: Case) -> None:
    found = judge(spine(MILD, "ilium:left"), a_case)
    lost = {f.name for f in found.facts if f.origin == "not_assessed"}
    assert {"ilium_angle_deg", "crest_above_l5_mm", "crest_above_l4_mm"} <= lost
    assert "canal_share" not in lost
    assert "AN-300" in {f.code for f in found.findings}


def test_the_crest_is_told_against_both_pedicles(a_case: Case) -> None:
    found = {f.name: f.value for f in judge(spine(), a_case).facts}
    # ilium up to z = 8; the L5 pedicle's middle lies at -13.5, the L4 one's lower line at 12
    assert found["crest_above_l5_mm"] == pytest.approx(21.5, abs=0.01)
    assert found["crest_above_l4_mm"] == pytest.approx(-4.0, abs=0.01)


def test_the_same_question_has_the_same_answer_and_is_plain_json(a_case: Case) -> None:
    one, two = (judge(spine(MILD), a_case, answers=ASKED).model_dump_json() for _ in range(2))
    assert one == two
    document = json.loads(one)
    assert document["schema_version"] == 1
    assert set(document["approaches"]) == {
        "transforaminal", "interlaminar", "microdiscectomy_tubular", "microdiscectomy_retractor",
        "open_fenestration", "open_laminectomy",
    }  # fmt: skip


def test_a_person_reads_terms_flags_and_what_is_open(
    a_case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(judge(spine(MILD), a_case, answers=Answers(surgeon_cases=20)), capsys)
    assert "L4-L5 LEFT - fragment of the case (segmented): paracentral" in text
    assert "stands at 59.8 min for case 20" in text
    assert "weights not validated" in text
    assert "not asked: infection (--contraindication)" in text
    assert "Flags of recurrence, shown and no gate" in text
    assert "no forecast for this one" in text


def test_an_unknown_zone_is_refused(a_case: Case) -> None:
    with pytest.raises(RequestError, match="PL-030"):
        judge(spine(), a_case, zone="middle")


def test_a_level_that_is_not_there_is_refused(a_case: Case) -> None:
    with pytest.raises(AnatomyError, match="AN-304"):
        judge_indications(a_case, spine(), Level("L3", "L4"), Side.LEFT)


def test_the_plan_of_another_case_level_or_side_is_refused(a_case: Case) -> None:
    def plan(**changed: str) -> Plan:
        same = {"case_sha256": a_case.sha256, "level": "L4-L5", "side": "left"}
        return Plan.model_construct(**(same | changed))

    with pytest.raises(PlanError, match="PL-020"):
        judge(spine(), a_case, plan=plan(case_sha256="cd" * 32))
    with pytest.raises(RequestError, match="RQ-163"):
        judge(spine(), a_case, plan=plan(side="right"))
    with pytest.raises(RequestError, match="RQ-163"):
        judge(spine(), a_case, plan=plan(level="L5-S1"))
