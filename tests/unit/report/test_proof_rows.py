"""What the report says of the search's proof and of the distinct ways."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.report.conftest import CERTIFICATE
from tests.unit.report.test_plan_rows import some_objectives

from kambin.knowledge import value
from kambin.planning import Plan, Refusal
from kambin.planning.search_models import CorridorBranch
from kambin.report.content import report_content
from kambin.report.plan_rows import detail_tables
from kambin.report.proof_rows import corridor_table, proof_table


@pytest.fixture
def plan(a_plan: Callable[[str], Plan]) -> Plan:
    """A plan of the left side."""
    return a_plan("left")


@pytest.fixture
def refusal(a_refusal: Refusal) -> Refusal:
    """A refusal of the right side."""
    return a_refusal


def some_way(**fields: Any) -> CorridorBranch:
    """A way to the target."""
    return CorridorBranch(
        **{
            "persistence_mm": 0.84,
            "pairs": 872,
            "entry_lps_mm": (90.0, 80.4, 2.0),
            "target_lps_mm": (10.0, 20.0, 0.0),
            "stop_mm": 12.0,
            "objective_mm": -2.0,
            "slack_mm": 0.92,
            "lateral_mm": (70.1, 118.6),
            "axial_inclination_deg": (40.0, 61.0),
            "craniocaudal_deg": (-3.0, 20.0),
            **fields,
        }
    )


def proves(document: Plan | Refusal, **fields: Any) -> dict[str, str]:
    """The rows of the proof with some numbers of the certificate changed."""
    changed = document.model_copy(update={"certificate": CERTIFICATE.model_copy(update=fields)})
    return {row[0]: row[1] for row in proof_table(changed).rows}


def test_a_proof_without_a_gap_says_that_none_is_better(plan: Plan) -> None:
    rows = proves(plan, candidates=1_884_000, nodes=5123)
    assert rows["Among the listed paths"] == "None is worth more than this plan."
    assert rows["How"].startswith("1,884,000 combinations")
    assert "5,123 steps" in rows["How"]


@pytest.mark.parametrize(
    ("gap_mm", "said"),
    [(None, "Not bounded."), (0.0, "None is worth more either."), (0.37, "over 0.37 mm")],
)
def test_what_lies_between_the_listed_paths_is_said(
    plan: Plan, gap_mm: float | None, said: str
) -> None:
    assert said in proves(plan, continuum_gap_mm=gap_mm)["Between the listed paths"]


@pytest.mark.parametrize("document", ["plan", "refusal"])
def test_p06_a_search_that_did_not_close_its_gap_is_told_as_one(
    document: str, request: pytest.FixtureRequest
) -> None:
    asked, wanted_mm = request.getfixturevalue(document), value("planning.continuum_gap_mm")
    for gap_mm, closed in ((wanted_mm, True), (wanted_mm + 0.01, False), (1.7, False)):
        said = proves(asked, continuum_gap_mm=gap_mm)["Between the listed paths"]
        assert said.startswith("Not closed: ") is not closed
        assert f"by over {gap_mm:.2f} mm" in said
    # and what a person can do about it
    assert said.endswith("see whether it gains." if document == "plan" else "might pass.")


def test_a_plan_that_is_not_the_best_of_the_search_says_so(plan: Plan) -> None:
    taken = plan.model_copy(update={"objectives": some_objectives(score_mm=1.13)})
    said = proves(taken, objective_mm=1.25)["Among the listed paths"]
    assert said.startswith("None is worth more than the best of the search.")
    assert "0.12 mm less" in said
    # a hundredth is a tie
    even = plan.model_copy(update={"objectives": some_objectives(score_mm=1.245)})
    assert proves(even, objective_mm=1.25)["Among the listed paths"].endswith("than this plan.")


def test_a_gap_among_the_listed_is_not_hidden(plan: Plan) -> None:
    assert "by over 0.05 mm" in proves(plan, gap_mm=0.05)["Among the listed paths"]


@pytest.mark.parametrize(
    ("objective_mm", "said"),
    [(-0.43, "lacks 0.43 mm"), (None, "None belongs"), (0.2, "stopped by a later check")],
)
def test_a_refusal_says_what_none_of_the_list_has(
    refusal: Refusal, objective_mm: float | None, said: str
) -> None:
    assert said in proves(refusal, objective_mm=objective_mm)["Among the listed paths"]


def test_every_way_has_its_row(plan: Plan) -> None:
    ways = (some_way(), some_way(slack_mm=0.6, persistence_mm=0.5))
    table = corridor_table(plan.model_copy(update={"corridors": ways}))
    assert table.rows[0] == (
        "1", "0.9 mm", "0.8 mm", "70 to 119 mm", "40 to 61°", "-3 to 20°", "90, 80, 2", "12 mm"
    )  # fmt: skip
    assert [row[0] for row in table.rows] == ["1", "2"]
    assert table.note.startswith("2 ways")
    assert corridor_table(plan.model_copy(update={"corridors": ways[:1]})).note.startswith(
        "There is one way"
    )


def test_a_plan_without_ways_has_no_table_of_them(plan: Plan) -> None:
    names = [table.name for table in detail_tables(plan)]
    assert "corridors" not in names
    assert names.count("proof") == 1


def test_a_refusal_has_its_proof(a_label_only_case, a_small_anatomy, refusal: Refusal) -> None:
    tables = report_content(a_label_only_case, a_small_anatomy, refusal).tables
    assert "proof" in [table.name for table in tables]
