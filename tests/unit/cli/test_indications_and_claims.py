"""The commands ask, refuse and print; what they call is tested in its own room."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.e2e.command_line import Outcome, run_kambin
from tests.unit.approaches.test_claims import a_plan
from tests.unit.approaches.test_indications import MILD, spine

from kambin.anatomy import Case, StructureKey
from kambin.cli import indications as indications_command
from kambin.cli import opening
from kambin.imaging import LabelMap
from kambin.planning import Plan

AT = ("--level", "L4-L5", "--side", "left")
ALL_ASKED = (
    "--contraindication", "none", "--translation-mm", "1.5", "--angulation-deg", "4",
    "--surgeon-cases", "60", "--age", "48", "--risk", "smoking", "--risk", "diabetes",
)  # fmt: skip


def a_small_case() -> Case:
    """A body of 40 mm whose upper half in y is air."""
    values = np.zeros((40, 40, 40), dtype=np.uint8)
    values[:, :20] = 1
    affine = np.eye(4)
    affine[:3, 3] = -19.5
    labels = LabelMap(values, affine, "patient")
    return Case(None, labels, {1: StructureKey("skin")}, "kambin", sha256="ab" * 32)


@pytest.fixture
def no_files(monkeypatch: pytest.MonkeyPatch) -> Callable[[Plan], None]:
    """Let both commands find a spine of boxes, and the plan that the test gives them."""
    case = a_small_case()
    checked = SimpleNamespace(case=case, folder=Path("case"))
    anatomy = spine(MILD)
    monkeypatch.setattr(opening, "read_checked_case", lambda _folder: checked)
    monkeypatch.setattr(opening, "require_answered", lambda *_words, **_more: None)
    monkeypatch.setattr(opening, "settle_level", lambda _checked, asked: asked)
    monkeypatch.setattr(opening, "complete_once", lambda _case, _progress: anatomy)
    for module in (opening, indications_command):
        monkeypatch.setattr(module, "find_answer_file", lambda place: place)

    def give(plan: Plan) -> None:
        for module in (opening, indications_command):
            monkeypatch.setattr(module, "read_plan", lambda _file: plan)

    return give


def ask(*words: str) -> Outcome:
    return run_kambin("indications", "case", *AT, *words)


@pytest.mark.usefixtures("no_files")
def test_answers_reach_the_verdict() -> None:
    document = ask(*ALL_ASKED, "--json").document
    here = document["approaches"]["transforaminal"]
    assert here["not_asked"] == []
    assert document["not_asked"] == []
    assert document["learning_curve"]["valid_to_cases"] == 48
    assert document["learning_curve"]["minutes"] is None
    flags = {flag["name"]: flag["present"] for flag in document["risks"]}
    assert (flags["smoking"], flags["diabetes"], flags["modic"]) == (True, True, False)
    numbers = {fact["name"]: fact["value"] for fact in document["facts"]}
    assert (numbers["translation_mm"], numbers["angulation_deg"]) == (1.5, 4.0)
    assert (numbers["surgeon_cases"], numbers["age_years"]) == (60.0, 48.0)


@pytest.mark.usefixtures("no_files")
def test_without_answers_what_was_not_asked_is_named() -> None:
    document = ask("--json").document
    assert document["approaches"]["transforaminal"]["verdict"] != "green"
    options = " ".join(document["not_asked"])
    for option in ("--contraindication", "--translation-mm", "--angulation-deg", "--age"):
        assert option in options
    assert "not asked: infection (--contraindication)" in " ".join(ask().text.split())


@pytest.mark.usefixtures("no_files")
def test_the_page_says_what_the_document_says() -> None:
    document, page = ask(*ALL_ASKED, "--json").document, ask(*ALL_ASKED).text
    for name, one in document["approaches"].items():
        line = next(row for row in page.splitlines() if row.startswith(name.replace("_", " ")[:13]))
        assert one["verdict"].replace("_", " ").split()[0] in line
    assert page.rstrip().endswith(document["notice"])


def test_a_plan_counts_in_the_difficulty(no_files: Callable[[Plan], None]) -> None:
    no_files(a_plan())
    document = ask("--plan", "plan.json", "--json").document
    terms = {term["name"]: term["value"] for term in document["difficulty"]["terms"]}
    assert terms["unreached_share"] == pytest.approx(0.13)
    assert terms["sap_share"] == pytest.approx(0.18)


def test_a_plan_of_the_other_side_is_refused(no_files: Callable[[Plan], None]) -> None:
    no_files(a_plan(side="right"))
    found = ask("--plan", "plan.json", "--json")
    assert found.code == 2
    assert "RQ-163" in found.text


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--contraindication", "headache"), "RQ-160"),
        (("--risk", "bad-luck"), "RQ-160"),
        (("--surgeon-cases", "-2"), "RQ-161"),
        (("--zone", "middle"), "PL-030"),
    ],
)
@pytest.mark.usefixtures("no_files")
def test_what_makes_no_sense_is_a_usage_error(words: tuple[str, ...], code: str) -> None:
    found = ask(*words, "--json")
    assert found.code == 2
    assert code in found.text


def test_level_and_side_have_no_default() -> None:
    assert run_kambin("indications", "case", "--side", "left").code == 2
    assert run_kambin("indications", "case", "--level", "L4-L5").code == 2


def test_claims_show_what_the_plan_shows(no_files: Callable[[Plan], None]) -> None:
    no_files(a_plan())
    found = run_kambin("claims", "case", "plan", "--json")
    assert found.code == 0, found.errors
    document = found.document
    assert (document["level"], document["side"]) == ("L4-L5", "left")
    skin = next(claim for claim in document["claims"] if claim["name"] == "skin")
    numbers = {one["name"]: one["value"] for one in skin["patient"]["numbers"]}
    # the skin of the small body lies across the plan's way
    assert numbers["slant_deg"] == pytest.approx(0.0, abs=1.0)
    assert numbers["cut_mm"] == pytest.approx(9.82, abs=0.01)
    assert "half of the rim that must pass: 11.8 mm" in run_kambin("claims", "case", "plan").text


def test_claims_of_a_stale_plan_are_refused(no_files: Callable[[Plan], None]) -> None:
    no_files(a_plan(case_sha256="ef" * 32))
    found = run_kambin("claims", "case", "plan", "--json")
    assert found.code == 5
    assert "PL-020" in found.text


def test_claims_of_a_case_need_its_plan() -> None:
    found = run_kambin("claims", "case")
    assert found.code == 2
    assert "RQ-164" in found.errors
