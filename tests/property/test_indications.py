"""Whatever is known: what is not known never speaks for a way, and no sum hides its terms."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.anatomy import Level
from kambin.approaches.indications import judge_approach
from kambin.approaches.indications_answers import read_answers
from kambin.approaches.indications_facts import Fact
from kambin.approaches.indications_rules import judge_rules, tell_value
from kambin.approaches.indications_terms import (
    list_risks,
    read_learning_curve,
    weigh_difficulty,
)
from kambin.knowledge import APPROACHES, published
from kambin.knowledge.suitability import difficulty_rows, facts, risk_rows, suitability_rules

LEVELS = [Level.parse(word) for word in ("L1-L2", "L3-L4", "L4-L5", "L5-S1")]
WORDS = {
    "zone": ("central", "paracentral", "subarticular", "foraminal", "extraforaminal"),
    "migration_grade": ("none", "low", "high", "very-high"),
    "morphology": ("protrusion", "extrusion", "sequestration", "bulge"),
    "level": tuple(str(level) for level in LEVELS),
}
NUMBERS = {name for name, row in facts().items() if row.unit}
UNKNOWN = st.sampled_from(("not_assessed", "not_asked"))


@st.composite
def some_facts(draw: st.DrawFn, *, everything: bool = False) -> dict[str, Fact]:
    """Facts of a patient, some of them unknown."""
    found = {}
    for name in facts():
        if not everything and draw(st.booleans()):
            found[name] = Fact(name, None, origin=draw(UNKNOWN), because=f"no {name}")
        elif name in NUMBERS:
            value = draw(st.floats(-20.0, 120.0))
            sigma = draw(st.none() | st.floats(0.0, 5.0))
            found[name] = Fact(name, value, sigma)
        else:
            found[name] = Fact(name, draw(st.sampled_from(WORDS.get(name, ("yes", "no")))))
    return found


levels = st.sampled_from(LEVELS)


@given(known=some_facts(), level=levels)
def test_a_verdict_follows_from_the_rules_that_are_shown(known, level) -> None:
    rules = judge_rules(known, level)
    by_name = {rule.name: rule for rule in rules}
    for approach in APPROACHES:
        found = judge_approach(approach, rules, known)
        colours = {by_name[name].colour for name in found.reasons}
        assert all(by_name[name].applies for name in (*found.reasons, *found.speaks_for))
        assert all(by_name[name].applies is None for name in found.not_assessed)
        assert (found.verdict == "red") is ("red" in colours)
        assert (found.verdict == "amber") is (colours == {"amber"})
        if found.verdict == "green":
            assert approach == "transforaminal"
            assert not found.not_assessed


@given(known=some_facts(everything=True), level=levels, data=st.data())
def test_what_is_forgotten_never_turns_a_verdict_for_the_better(known, level, data) -> None:
    lost = data.draw(st.sets(st.sampled_from(sorted(known)), min_size=1))
    fewer = known | {n: Fact(n, None, origin="not_assessed", because="lost") for n in lost}
    before = judge_approach("transforaminal", judge_rules(known, level), known)
    after = judge_approach("transforaminal", judge_rules(fewer, level), fewer)
    if after.verdict == "green":
        assert before.verdict == "green"
    # what speaks against it may be forgotten, and never come out of nothing
    assert set(after.reasons) <= set(before.reasons)
    # of what is known nothing changes: a rule that asks for none of it answers as before
    for one, two in zip(judge_rules(known, level), judge_rules(fewer, level), strict=True):
        asked = {c.fact for c in suitability_rules()[one.name].conditions}
        if not asked & lost:
            assert one == two
        elif two.applies is not None:
            assert two.applies is one.applies


@given(known=some_facts(), level=levels)
def test_every_open_rule_says_what_it_lacks(known, level) -> None:
    for rule in judge_rules(known, level):
        if rule.applies is None:
            asked = [c.fact for c in suitability_rules()[rule.name].conditions]
            assert any(known[name].value is None for name in asked)
            assert any(known[name].because in rule.because for name in asked)
            assert not rule.is_borderline


@given(value=st.floats(-200, 200), sigma=st.floats(0, 20), level=levels)
def test_a_rule_changes_its_answer_only_at_its_border(value, sigma, level) -> None:
    known = {name: Fact(name, None, because="no") for name in facts()}
    known["facet_root_mm"] = Fact("facet_root_mm", value, sigma)
    rule = next(one for one in judge_rules(known, level) if one.name == "R8")
    assert rule.applies is (value < 4.4)
    assert rule.is_borderline is (abs(value - 4.4) <= sigma)


@given(known=some_facts())
def test_the_sum_of_difficulty_is_that_of_its_terms_and_within_its_weight(known) -> None:
    found = weigh_difficulty(known)
    told = [term.contribution for term in found.terms if term.contribution is not None]
    assert (found.total is None) is (not told)
    if found.total is not None:
        assert math.isclose(found.total, sum(told), abs_tol=1e-12)
        assert -1e-12 <= found.total <= found.of_weight + 1e-12
    assert found.of_weight <= found.all_weight
    for term in found.terms:
        assert (term.share is None) is (known[term.name].value is None)
        assert term.share is None or 0.0 <= term.share <= 1.0


@given(
    name=st.sampled_from(sorted(difficulty_rows())), one=st.floats(-5, 120), two=st.floats(-5, 120)
)
def test_a_harder_value_never_adds_less(name: str, one: float, two: float) -> None:
    row = difficulty_rows()[name]
    easier, harder = sorted((one, two), reverse=row.easy > row.hard)
    nothing = {n: Fact(n, None) for n in facts()}
    sums = [weigh_difficulty(nothing | {name: Fact(name, v)}).total for v in (easier, harder)]
    assert sums[0] <= sums[1]


@given(cases=st.integers(0, 5000))
def test_the_learning_curve_is_read_within_its_cases_and_falls(cases: int) -> None:
    found = read_learning_curve(cases)
    if cases > found.valid_to_cases:
        assert found.minutes is None
    else:
        assert found.minutes == pytest.approx(69.9 - 0.503 * cases)
        assert found.minutes > 45


@given(known=some_facts(), named=st.sets(st.sampled_from(("modic", "diabetes", "smoking"))))
def test_flags_are_all_shown_and_change_no_verdict(known, named) -> None:
    answers = read_answers(risk=sorted(named) or ["none"])
    flags = list_risks(answers, known)
    assert [flag.name for flag in flags] == list(risk_rows())
    assert {flag.name for flag in flags if flag.present} - {"protrusion"} == named
    # no rule asks for a flag
    assert not {c.fact for r in suitability_rules().values() for c in r.conditions} & named


@given(known=some_facts(everything=True))
def test_every_value_is_told_in_its_unit(known) -> None:
    for name, fact in known.items():
        text, unit = tell_value(fact), facts()[name].unit
        assert text.endswith("%" if unit == "1" else unit)


@given(row=st.sampled_from(sorted(published())), approach=st.sampled_from(APPROACHES))
def test_a_figure_speaks_of_a_way_alone_or_among_others(row: str, approach: str) -> None:
    figure = published()[row]
    speaks = figure.speaks_of(approach)
    if figure.approach in APPROACHES:
        assert speaks is (figure.approach == approach)
    elif figure.approach == "any":
        assert speaks
