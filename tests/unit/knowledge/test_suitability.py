"""The tables of suitability name facts, figures and ways to operate that exist."""

import re

import pytest
from pydantic import ValidationError

from kambin.knowledge import APPROACHES, find_keys, published, published_of
from kambin.knowledge.suitability import (
    Condition,
    DifficultyRow,
    SuitabilityRule,
    contraindications,
    difficulty_rows,
    facts,
    risk_rows,
    suitability_rules,
)

RULES = tuple(suitability_rules().values())


@pytest.mark.parametrize("row", RULES, ids=lambda r: r.name)
def test_a_rule_asks_for_facts_and_shows_figures_that_exist(row: SuitabilityRule) -> None:
    assert {one.fact for one in row.conditions} <= set(facts())
    assert set(row.figures) | set(row.others) <= set(published())
    assert set(row.against) | set(row.speaks_for) <= set(APPROACHES)
    assert not set(row.against) & set(row.speaks_for)
    assert row.name == row.rule or row.name.startswith(f"{row.rule}_")
    assert find_keys(row.source)


def test_every_rule_of_the_evidence_is_there_but_the_risk_panel() -> None:
    assert {row.rule for row in RULES} == {f"R{n}" for n in range(1, 17)} - {"R13"}
    assert len(risk_rows()) == 10


def test_an_info_changes_no_verdict() -> None:
    assert all(row.against for row in RULES if row.colour != "info")
    assert all(not row.against for row in RULES if row.colour == "info")


@pytest.mark.parametrize(
    ("name", "threshold"),
    [
        ("R1", 0.5), ("R2", 0.5), ("R3", 1.0), ("R5_scope_25", 65.0), ("R5_scope_30", 60.0),
        ("R8", 4.4), ("R12_translation", 3.0), ("R12_angulation", 10.0), ("R16", 25.0),
    ],
)  # fmt: skip
def test_the_thresholds_are_those_of_the_evidence(name: str, threshold: float) -> None:
    assert suitability_rules()[name].conditions[0].threshold == threshold


@pytest.mark.parametrize(
    ("name", "figures", "others"),
    [
        ("R1", [15.0], [1.9]),
        ("R2", [11.1], [1.9]),
        ("R3", [15.7, 78.9, 91.3], [2.7, 3.7, 97.4]),
    ],
)
def test_the_published_failures_stand_at_their_rule(
    name: str, figures: list[float], others: list[float]
) -> None:
    row = suitability_rules()[name]
    assert [published()[one].value for one in row.figures] == figures
    assert [published()[one].value for one in row.others] == others


def test_a_person_answers_with_an_option_and_nothing_else_does() -> None:
    for row in facts().values():
        assert bool(row.option) is (row.kind == "asked")
    assert contraindications() == (
        "spondylolisthesis", "cauda_equina", "infection", "tumour", "central_stenosis",
    )  # fmt: skip


def test_every_fact_is_asked_for_by_a_rule_a_term_or_a_flag() -> None:
    asked = {one.fact for row in RULES for one in row.conditions} | set(difficulty_rows())
    assert set(facts()) - asked == {"morphology"}


@pytest.mark.parametrize("row", difficulty_rows().values(), ids=lambda r: r.name)
def test_a_term_of_difficulty_is_marked_as_nobodys_finding(row: DifficultyRow) -> None:
    assert row.tag == "D"
    assert row.name in facts()
    assert find_keys(row.source)


def test_a_flag_shows_a_figure_of_recurrence() -> None:
    for row in risk_rows().values():
        assert published()[row.figure].metric == "risk"


def test_a_condition_without_a_border_is_refused() -> None:
    with pytest.raises(ValidationError, match="threshold or words"):
        Condition(fact="zone", comparison="above", words=("central",))
    with pytest.raises(ValidationError, match="threshold or words"):
        Condition(fact="zone", comparison="one of")
    with pytest.raises(ValidationError, match="threshold or words"):
        Condition(fact="zone", comparison="below", threshold=1.0, words=("central",))


def test_a_term_without_a_length_is_refused() -> None:
    with pytest.raises(ValidationError, match="same easy and hard end"):
        DifficultyRow(
            name="x", easy=1.0, hard=1.0, weight=1.0, unit="mm", tag="D", source="H3", note="x"
        )


def test_the_border_of_the_scope_is_ninety_degrees_less_its_view() -> None:
    for row in RULES:
        if row.rule == "R5":
            view = re.fullmatch(r"R5_scope_(\d+)", row.name)
            assert view is not None
            assert row.conditions[0].threshold == 90.0 - float(view[1])


def test_figures_of_a_kind_of_herniation_stand_at_its_rule() -> None:
    # what stands at no rule is listed for every patient
    at_rules = {
        name for row in suitability_rules().values() for name in (*row.figures, *row.others)
    }
    kind = re.compile(r"migrat|central|far lateral|canal taken", re.IGNORECASE)
    metrics = ("success", "failure", "complications")
    rows = [
        row for metric in metrics for row in published_of(metric) if kind.search(row.definition)
    ]
    assert len(rows) >= 10
    assert [row.name for row in rows if row.name not in at_rules] == []
