"""Each rule just inside and just outside its threshold, present and absent, and not assessed."""

from pathlib import Path

import pytest

from kambin.anatomy import Level
from kambin.approaches.indications import judge_approach
from kambin.approaches.indications_facts import Fact
from kambin.approaches.indications_rules import judge_rule, judge_rules, tell_value
from kambin.knowledge import APPROACHES
from kambin.knowledge.suitability import facts, suitability_rules

L4_L5, L5_S1 = Level.parse("L4-L5"), Level.parse("L5-S1")

HARMLESS: dict[str, float | str] = {
    "canal_share": 0.2, "zone": "paracentral", "migration_over_height": 0.0,
    "migration_grade": "none", "far_down": "no", "calcified": "no", "morphology": "protrusion",
    "level": "L4-L5", "ilium_angle_deg": 80.0, "crest_above_l5_mm": -10.0,
    "crest_above_l4_mm": -30.0, "facet_root_mm": 7.0, "slip_share": 0.0, "unreached_share": 0.0,
    "sap_share": 0.1, "translation_mm": 0.0, "angulation_deg": 0.0, "spondylolisthesis": "no",
    "cauda_equina": "no", "infection": "no", "tumour": "no", "central_stenosis": "no",
    "age_years": 40.0, "surgeon_cases": 100.0,
}  # fmt: skip
"""A patient of whom everything is known and nothing speaks against."""


def known(sigma: float | None = None, **changed: float | str | None) -> dict[str, Fact]:
    """Facts of the harmless patient with some changed; none means not assessed."""
    found = {}
    for name, value in (HARMLESS | changed).items():
        lost = value is None
        found[name] = Fact(
            name,
            value,
            sigma if isinstance(value, float) else None,
            origin="not_assessed" if lost else "measured",
            because="not assessed: no such thing" if lost else "",
        )
    return found


def applies(name: str, at: Level = L5_S1, **changed: float | str | None) -> bool | None:
    return judge_rule(suitability_rules()[name], known(**changed), at).applies


def test_of_the_harmless_patient_everything_is_known() -> None:
    assert set(HARMLESS) == set(facts())


@pytest.mark.parametrize(
    ("name", "fact", "outside", "inside", "also"),
    [
        ("R1", "canal_share", 0.5, 0.5001, {"zone": "central"}),
        ("R2", "canal_share", 0.5, 0.5001, {}),
        ("R3", "migration_over_height", 1.0, 1.001, {}),
        ("R5_scope_25", "ilium_angle_deg", 65.0, 64.99, {}),
        ("R5_scope_30", "ilium_angle_deg", 60.0, 59.99, {}),
        ("R6", "crest_above_l5_mm", 0.0, 0.01, {}),
        ("R7", "crest_above_l4_mm", 0.0, 0.01, {}),
        ("R8", "facet_root_mm", 4.4, 4.39, {}),
        ("R12_translation", "translation_mm", 3.0, 3.01, {}),
        ("R12_angulation", "angulation_deg", 10.0, 10.01, {}),
        ("R12_slip", "slip_share", 0.25, 0.251, {}),
        ("R14", "age_years", 70.0, 70.1, {"zone": "foraminal"}),
        ("R16", "surgeon_cases", 25.0, 24.0, {}),
    ],
)
def test_a_numeric_rule_holds_just_inside_its_threshold_and_not_at_it(
    name: str, fact: str, outside: float, inside: float, also: dict[str, str]
) -> None:
    assert applies(name, **{fact: outside}, **also) is False
    assert applies(name, **{fact: inside}, **also) is True
    assert applies(name, **{fact: None}, **also) is None


@pytest.mark.parametrize(
    ("name", "fact", "present", "absent"),
    [
        ("R3_very_high", "migration_grade", "very-high", "high"),
        ("R4", "far_down", "yes", "no"),
        ("R9", "zone", "central", "paracentral"),
        ("R10", "zone", "extraforaminal", "foraminal"),
        ("R11", "calcified", "yes", "no"),
        ("R12_spondylolisthesis", "spondylolisthesis", "yes", "no"),
        ("R12_cauda_equina", "cauda_equina", "yes", "no"),
        ("R12_infection", "infection", "yes", "no"),
        ("R12_tumour", "tumour", "yes", "no"),
        ("R12_central_stenosis", "central_stenosis", "yes", "no"),
        ("R15", "level", "L5-S1", "L4-L5"),
    ],
)
def test_a_rule_of_words_holds_where_its_word_stands(
    name: str, fact: str, present: str, absent: str
) -> None:
    assert applies(name, **{fact: present}) is True
    assert applies(name, **{fact: absent}) is False
    assert applies(name, **{fact: None}) is None


def test_every_rule_has_been_tried() -> None:
    here = Path(__file__).read_text("utf-8")
    assert all(f'("{name}"' in here for name in suitability_rules())


def test_half_of_the_canal_is_told_by_zone() -> None:
    assert applies("R1", canal_share=0.6, zone="central") is True
    assert applies("R2", canal_share=0.6, zone="central") is False
    assert applies("R1", canal_share=0.6, zone="subarticular") is False
    assert applies("R2", canal_share=0.6, zone="subarticular") is True


def test_what_is_not_known_leaves_a_rule_open_only_if_the_rest_holds() -> None:
    # a central herniation could still fill the canal; a paracentral one is no case for R1
    assert applies("R1", canal_share=None, zone="central") is None
    assert applies("R1", canal_share=None, zone="paracentral") is False
    assert applies("R14", age_years=None, zone="paracentral") is False


@pytest.mark.parametrize("name", ["R5_scope_25", "R5_scope_30", "R6", "R7"])
def test_rules_of_the_crest_are_asked_at_the_last_level_alone(name: str) -> None:
    low = {"ilium_angle_deg": 20.0, "crest_above_l5_mm": 20.0, "crest_above_l4_mm": 5.0}
    assert applies(name, L5_S1, **low) is True
    assert applies(name, L4_L5, **low) is False


def test_a_spine_of_another_count_has_a_last_level_no_paper_speaks_of() -> None:
    found = judge_rule(suitability_rules()["R6"], known(), Level("L4", "S1"))
    assert found.applies is None
    assert found.because == "not assessed: published for L5-S1, this is L4-S1"


@pytest.mark.parametrize(
    ("share", "sigma", "borderline"),
    [(0.55, 0.06, True), (0.55, 0.04, False), (0.46, 0.05, True), (0.3, 0.05, False)],
)
def test_near_a_border_is_told(share: float, sigma: float, *, borderline: bool) -> None:
    rule = suitability_rules()["R2"]
    assert judge_rule(rule, known(sigma, canal_share=share), L4_L5).is_borderline is borderline


def test_a_zone_that_may_be_another_one_is_near_the_border() -> None:
    facts_ = known(canal_share=0.9) | {"zone": Fact("zone", "paracentral", neighbour="central")}
    assert judge_rule(suitability_rules()["R1"], facts_, L4_L5).is_borderline
    facts_["zone"] = Fact("zone", "paracentral", neighbour="subarticular")
    assert not judge_rule(suitability_rules()["R1"], facts_, L4_L5).is_borderline


def test_a_rule_carries_figures_source_and_what_its_keys_stand_for() -> None:
    found = judge_rule(suitability_rules()["R1"], known(canal_share=0.8, zone="central"), L4_L5)
    assert [f.figure for f in found.figures] == ["15 %"]
    assert [f.figure for f in found.others] == ["1.9 %"]
    assert found.citations == {"H3": "Lee SH 2006, Spine 31:E285"}
    assert found.because == "canal taken by the fragment: 80%; axial zone: central"
    assert found.unverified is False


def verdicts(level: Level = L4_L5, **changed: float | str | None) -> dict[str, str]:
    facts_ = known(**changed)
    rules = judge_rules(facts_, level)
    return {name: judge_approach(name, rules, facts_).verdict for name in APPROACHES}


def test_green_means_that_all_was_assessed_and_nothing_speaks_against() -> None:
    found = verdicts()
    assert found.pop("transforaminal") == "green"
    # of the other ways nobody graded anything: silence is no praise
    assert set(found.values()) == {"not_graded"}


@pytest.mark.parametrize(
    "lost", ["canal_share", "facet_root_mm", "translation_mm", "infection", "surgeon_cases"]
)
def test_what_was_not_asked_or_assessed_is_never_green(lost: str) -> None:
    changed: dict[str, float | str | None] = {lost: None}
    if lost == "canal_share":
        changed["zone"] = "central"
    expected = "amber" if lost == "canal_share" else "as_far_as_assessed"
    assert verdicts(**changed)["transforaminal"] == expected


def test_a_red_rule_outweighs_an_amber_one_and_what_is_open() -> None:
    assert verdicts(infection="yes", calcified="yes", age_years=None)["transforaminal"] == "red"
    assert verdicts(calcified="yes", translation_mm=None)["transforaminal"] == "amber"


def test_far_lateral_speaks_against_the_tube_and_for_the_foramen() -> None:
    facts_ = known(zone="extraforaminal")
    rules = judge_rules(facts_, L4_L5)
    tube = judge_approach("microdiscectomy_tubular", rules, facts_)
    assert (tube.verdict, tube.reasons) == ("amber", ("R10",))
    assert judge_approach("transforaminal", rules, facts_).speaks_for == ("R10",)
    assert judge_approach("microdiscectomy_retractor", rules, facts_).verdict == "not_graded"


def test_a_large_central_herniation_is_red_and_speaks_for_the_other_ways() -> None:
    facts_ = known(canal_share=0.7, zone="central")
    rules = judge_rules(facts_, L4_L5)
    assert judge_approach("transforaminal", rules, facts_).verdict == "red"
    for name in APPROACHES[1:]:
        other = judge_approach(name, rules, facts_)
        assert other.speaks_for == ("R1",)
        assert other.words == "not graded, but a rule speaks for it"


def test_what_an_open_rule_was_not_told_is_named() -> None:
    facts_ = known() | {
        "tumour": Fact("tumour", None, origin="not_asked", because="not asked: tumour")
    }
    found = judge_approach("transforaminal", judge_rules(facts_, L4_L5), facts_)
    assert found.not_asked == ("not asked: tumour",)
    assert found.not_assessed == ("R12_tumour",)
    assert found.words == "no rule that was assessed speaks against it; not assessed: R12_tumour"


def test_a_herniation_that_nobody_described_leaves_the_way_open_and_never_suitable() -> None:
    assert verdicts(zone=None)["transforaminal"] == "open"
    assert verdicts(zone=None, infection="yes")["transforaminal"] == "red"
    # of the other ways no rule of the set says enough to be open
    assert verdicts(zone=None)["open_fenestration"] == "not_graded"


def test_figures_of_a_kind_of_herniation_stand_at_its_rule_alone() -> None:
    facts_ = known()
    found = judge_approach("transforaminal", judge_rules(facts_, L4_L5), facts_)
    names = {figure.name for figure in found.figures}
    assert "reoperation_six_weeks" in names
    assert not names & {"failure_canal_central", "success_far", "complications_central"}


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (Fact("canal_share", 0.514, 0.04), "51% +- 4%"),
        (Fact("ilium_angle_deg", 63.21, 1.4), "63.2 +- 1.4 deg"),
        (Fact("age_years", 71.0, origin="asked"), "71 years"),
        (Fact("translation_mm", 1.25, origin="asked"), "1.25 mm"),
        (Fact("zone", "central", neighbour="paracentral"), "central (or paracentral)"),
        (Fact("zone", "central"), "central"),
    ],
)
def test_a_value_is_told_with_unit_and_error(fact: Fact, text: str) -> None:
    assert tell_value(fact) == text
