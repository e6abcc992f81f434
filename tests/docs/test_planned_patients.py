"""The tables of the planned patients say what was answered, and their page has a place for each."""

from pathlib import Path
from typing import Any

import pytest
from benchmarks.placed_herniations import HERNIATIONS, LEVELS, PATIENTS
from benchmarks.plan_checklist import QUESTIONS
from benchmarks.plan_tables import OF_PLAN_ONLY, PLAN_ONLY, find_pictured, make_tables

from kambin.frames import Side

PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "planned-patients.md"
Row = dict[str, Any]


def _plan(lateral_mm: float) -> Row:
    gap = {"clearance_mm": 0.4, "group": "nerve", "hard_margin_mm": 0.0}
    return {
        "findings": [{"code": "PL-004", "severity": "CONFIRM"}],
        "entry": {"lateral_of_midline_mm": lateral_mm},
        "angles": {"axial_inclination_to_patient_deg": 50.0, "craniocaudal_to_patient_deg": -4.0},
        "resection": {"volume_mm3": None, "sap_fraction": None},
        "reach": {"reachable_fraction": 0.8, "visible_fraction": 0.5},
        "stages": [{"tool": "cannula", "stop_mm": 6.0, "clearances": [gap]}],
        "certainty": {"contact_probability": {"drg:L4:left": 0.25, "colon": 0.0}},
        "certificate": {"continuum_gap_mm": 0.125, "gap_mm": 0.0},
    }


def _refusal(*, decidable: bool) -> Row:
    binding = {"structure": "iap:L5:left", "deficit_mm": 1.35, "stage": "reamer"}
    certificate = {"candidates": 2_000_000}
    return {"decidable": decidable, "binding": binding, "certificate": certificate}


def _row(kind: str, **what: Any) -> Row:
    where = {"patient": "atlas", "level": "L4-L5", "side": "left", "herniation": kind}
    return {**where, **what}


@pytest.fixture
def rows() -> list[Row]:
    """One level and side: two plans, two refusals, one herniation that finds no room."""
    checks = [{"question": q, "holds": q != QUESTIONS[2], "found": "as seen"} for q in QUESTIONS]
    counts = {"passing": 200, "blocked": 50, "needle_passing": 0, "needle_blocked": 0}
    return [
        _row("central", planned=False, answer=_refusal(decidable=True)),
        _row("paracentral", not_placed="AN-352: no room"),
        _row("foraminal", planned=True, answer=_plan(90.0), checks=checks),
        _row("extraforaminal", planned=True, answer=_plan(70.0), checks=checks),
        _row(PLAN_ONLY, planned=False, answer=_refusal(decidable=False)),
        _row("ilium", **counts),
    ]


def test_every_answer_is_counted_where_it_belongs(rows: list[Row]) -> None:
    lines = make_tables(rows, ["atlas"])["counts"]
    assert "| atlas | central | 1 | 1 | 0 | 0 | 1 | 0 |" in lines
    assert "| atlas | paracentral | 1 | 0 | 0 | 0 | 0 | 0 |" in lines
    assert "| atlas | foraminal | 1 | 1 | 1 | 1 | 0 | 0 |" in lines
    assert f"| atlas | {PLAN_ONLY} | 1 | 1 | 0 | 0 | 0 | 1 |" in lines


def test_a_refusal_says_what_binds_and_a_broken_question_is_named(rows: list[Row]) -> None:
    text = "\n".join(make_tables(rows, ["atlas"])["atlas"])
    assert "no safe path: iap:L5:left at the reamer, 1.35 mm, at the nearest of 2,000,000" in text
    assert "cannot be decided: iap:L5:left" in text
    assert "not placed: AN-352: no room" in text
    assert "plan, asks PL-004 | 90 | 50 | -4 | 6.0 | 0.4 | - | - | 80 | 50" in text
    assert f"not {QUESTIONS[2]}" in text


def test_the_first_plan_of_a_place_is_drawn_with_its_answers(rows: list[Row]) -> None:
    assert [row["herniation"] for row in find_pictured(rows, ["atlas"])] == ["foraminal"]
    row = make_tables(rows, ["atlas"])["pictures"][-1]
    assert row.count("yes: as seen") == len(QUESTIONS) - 1
    assert row.count("NO: as seen") == 1


def test_a_place_without_a_plan_is_drawn_as_refused(rows: list[Row]) -> None:
    refused = [row for row in rows if row["herniation"] in ("central", "paracentral")]
    assert [row["herniation"] for row in find_pictured(refused, ["atlas"])] == ["central"]
    assert make_tables(refused, ["atlas"])["pictures"][-1].count("no plan") == len(QUESTIONS)


def test_entries_stand_beside_the_usual_and_the_printed_ones(rows: list[Row]) -> None:
    line = next(li for li in make_tables(rows, ["atlas"])["papers"] if "| L4-L5 |" in li)
    assert "70 to 90" in line
    assert "77 to 140" in line
    assert "(T1)" in line


def test_the_share_of_the_ilium_is_of_what_passes_without_it(rows: list[Row]) -> None:
    line = make_tables(rows, ["atlas"])["ilium"][-1]
    assert line.endswith("| 200 | 50 | 25 % | 0 | 0 | nothing passes |")


def test_at_least_five_classes_are_asked_and_the_page_shows_every_patient_and_level() -> None:
    assert len(HERNIATIONS) >= 5
    assert OF_PLAN_ONLY in HERNIATIONS
    text = PAGE.read_text("utf-8")
    names = ("counts", "papers", "ilium", "pictures", *PATIENTS)
    assert [name for name in names if f"<!-- end of {name} -->" not in text] == []
    pictures = [f"planned_{name}_{level.lower()}.png" for name in PATIENTS for level in LEVELS]
    assert [name for name in pictures if name not in text] == []
    answered = {
        (name, level, side.value)
        for name in PATIENTS
        for level in LEVELS
        for side in Side
        if f"| {name} | {level} | {side.value} |" in text
    }
    assert len(answered) == len(PATIENTS) * len(LEVELS) * len(Side)
