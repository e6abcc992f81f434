"""``kambin diff`` on files."""

from pathlib import Path
from typing import Any

import pytest
from tests.e2e.command_line import run_kambin
from tests.unit.planning.made_level import ROOT, make_clearance, make_plan, make_stage

from kambin.exchange import write_plan
from kambin.planning import FindingRecord


def _write(folder: Path, gap_mm: float, **parts: Any) -> Path:
    row = make_clearance(ROOT, clearance_mm=gap_mm)
    write_plan(make_plan((make_stage("needle", row),), **parts), folder / "plan.json")
    return folder


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two plans of one level: the second keeps a millimetre more from the root and asks more."""
    asks = FindingRecord(
        code="PL-004", severity="CONFIRM", what="a", where="b", why="c", next_step="d"
    )
    return _write(tmp_path / "a", 2.0), _write(tmp_path / "b", 3.0, findings=(asks,))


def test_the_document_has_every_number(two: tuple[Path, Path]) -> None:
    outcome = run_kambin("diff", *two, "--json")
    assert outcome.code == 0
    found = outcome.document
    assert found["better_b"] == [f"needle: {ROOT}"]
    assert found["farther"] == [ROOT]
    assert found["findings_only_b"] == ["PL-004"]
    assert found["clearances"][0]["difference_mm"] == 1.0
    assert found["move"]["entry_mm"] == 0.0


def test_a_person_reads_what_speaks_for_which_plan(two: tuple[Path, Path]) -> None:
    text = run_kambin("diff", *two).text
    assert "exiting_root:L4:left" in text
    assert "+1.00" in text
    assert "Only B says PL-004." in text


def test_two_levels_are_compared_only_if_asked(tmp_path: Path) -> None:
    places = (_write(tmp_path / "a", 2.0), _write(tmp_path / "b", 2.0, level="L5-S1"))
    refused = run_kambin("diff", *places, "--json")
    assert (refused.code, refused.document["error"]["code"]) == (2, "RQ-102")
    assert run_kambin("diff", *places, "--across", "--json").code == 0


def test_plans_of_two_cases_say_why_no_move_is_told(tmp_path: Path) -> None:
    places = (_write(tmp_path / "a", 2.0), _write(tmp_path / "b", 2.0, case_sha256="d" * 64))
    assert "share no frame" in run_kambin("diff", *places, "--across").text
