"""Answers into files: plans and refusals, confirmations, and verdicts on what is no plan."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.e2e.command_line import run_kambin
from tests.unit.exchange.made_plans import ASKED, a_plan, a_refusal

from kambin.anatomy import Confirmation
from kambin.anatomy.levels import SCHEME_CODE
from kambin.cli.plan import _print_answer
from kambin.cli.verify import print_verdict
from kambin.core import PlanError, RequestError, StoreError
from kambin.desk.answers import make_answers
from kambin.desk.planning import write_answer
from kambin.desk.verifying import refuse_plan
from kambin.exchange import read_answer, read_plan_confirmations, write_plan
from kambin.planning import Plan, Refusal, Verification

NOON = datetime(2026, 3, 4, 12, 0, 0, 999, tzinfo=UTC)


class _Noon:
    def now(self) -> datetime:
        return NOON


@pytest.mark.parametrize(
    ("make", "name", "kind"),
    [(a_plan, "plan.json", Plan), (a_refusal, "refusal.json", Refusal)],
)
def test_an_answer_has_the_name_of_what_it_is(
    tmp_path: Path, make: Callable[[], Plan | Refusal], name: str, kind: type
) -> None:
    file = write_answer(make(), tmp_path / "new" / "folder")
    assert file == tmp_path / "new" / "folder" / name
    assert isinstance(read_answer(file), kind)


def test_who_keeps_no_answer_is_told_how_to(capsys: pytest.CaptureFixture[str]) -> None:
    _print_answer(a_refusal(), Path("case"), None)
    assert capsys.readouterr().out.splitlines()[-1].startswith("Not kept  -o DIR")
    _print_answer(a_refusal(), Path("case"), Path("plan"))
    said = capsys.readouterr().out
    assert "Not kept" not in said
    assert said.endswith("Next      kambin report case plan/refusal.json -o report\n")


def test_a_refusal_takes_the_older_plan_away_and_a_plan_the_older_refusal(tmp_path: Path) -> None:
    write_answer(a_plan(), tmp_path)
    names = {"plan.json", "refusal.json"}
    write_answer(a_refusal(), tmp_path)
    assert names & {f.name for f in tmp_path.iterdir()} == {"refusal.json"}
    write_answer(a_plan(), tmp_path)
    assert names & {f.name for f in tmp_path.iterdir()} == {"plan.json"}


def test_other_files_of_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    write_answer(a_refusal(), tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="ST-001"):
        write_answer(a_plan(), tmp_path / "file")


@pytest.mark.parametrize("branch", [PlanError, StoreError])
def test_a_file_that_is_no_plan_gives_a_verdict_with_the_error_s_words(
    branch: type[PlanError] | type[StoreError],
) -> None:
    error = branch(code="PL-091", what="No plan", where="x.json", why="Empty.", next_step="Plan.")
    verdict = refuse_plan(error)
    assert not verdict.valid
    assert verdict.max_difference_mm is None
    (record,) = verdict.findings
    assert record.model_dump() == {
        "code": "PL-091",
        "severity": "BLOCK",
        "what": "No plan",
        "where": "x.json",
        "why": "Empty.",
        "next_step": "Plan.",
    }


@pytest.mark.parametrize(("valid", "words"), [(True, "Valid"), (False, "NOT VALID")])
def test_a_verdict_begins_with_its_word(
    capsys: pytest.CaptureFixture[str], valid: bool, words: str
) -> None:
    print_verdict(Verification(valid=valid, max_difference_mm=0.123, agreement_mm=0.5, findings=()))
    assert capsys.readouterr().out.splitlines() == [
        words,
        "The two computations differ by at most 0.12 mm; 0.50 mm is allowed.",
    ]


def test_a_verdict_without_a_comparison_prints_the_reason_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = PlanError(code="PL-091", what="No plan", where="x", why="Empty.", next_step="Plan.")
    print_verdict(refuse_plan(error))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "NOT VALID"
    assert lines[1].split() == ["BLOCK", "PL-091", "No", "plan", "(x)"]
    assert len(lines) == 4


@pytest.mark.parametrize("name", ["plan.json", "none.json"])
def test_verifying_what_is_no_plan_ends_with_five(tmp_path: Path, name: str) -> None:
    (tmp_path / "plan.json").write_text("{}")
    outcome = run_kambin("verify", tmp_path, tmp_path / name, "--json")
    assert outcome.code == 5
    assert outcome.document["valid"] is False
    assert outcome.document["findings"][0]["code"] == "PL-091"


def test_verifying_on_no_case_ends_with_five_and_the_reason(tmp_path: Path) -> None:
    write_plan(a_plan(), tmp_path / "plan.json")
    outcome = run_kambin("verify", tmp_path / "nowhere", tmp_path / "plan.json")
    assert outcome.code == 5
    assert outcome.text.startswith("NOT VALID\n")
    assert "ST-005" in outcome.text


def test_all_answers_of_one_call_have_one_moment_and_its_order() -> None:
    answers = make_answers("A", " 5 lumbar ", ["AN-114", "PL-090"], _Noon())
    assert answers == (
        Confirmation("A", "2026-03-04T12:00:00+00:00", SCHEME_CODE, "5 lumbar"),
        Confirmation("A", "2026-03-04T12:00:00+00:00", "AN-114", "accepted"),
        Confirmation("A", "2026-03-04T12:00:00+00:00", "PL-090", "accepted"),
    )


@pytest.mark.parametrize(
    ("by", "scheme", "accept", "says"),
    [
        ("", "5 lumbar", [], "Nobody is named"),
        ("A", "   ", [], "No answer is given"),
        ("A", "5 lumbar", ["XX-999"], "no such code"),
        ("", None, ["XX-999"], "no such code"),
    ],
)
def test_what_is_missing_in_an_answer_is_said(
    by: str, scheme: str | None, accept: list[str], says: str
) -> None:
    with pytest.raises(RequestError, match=rf"RQ-006.*{says}"):
        make_answers(by, scheme, accept, _Noon())


@pytest.fixture
def a_plan_file(tmp_path: Path) -> Path:
    """A plan on disk that asks one question."""
    write_plan(a_plan(level="L4-L5"), tmp_path / "plan.json")
    return tmp_path / "plan.json"


@pytest.mark.parametrize("by_folder", [True, False])
def test_an_answer_to_a_plan_lies_beside_it(a_plan_file: Path, by_folder: bool) -> None:
    place = a_plan_file.parent if by_folder else a_plan_file
    outcome = run_kambin("confirm", place, "--by", "A. Surgeon", "--accept", ASKED.code)
    assert outcome.code == 0
    assert outcome.text == f"A. Surgeon confirmed {ASKED.code}: accepted\n"
    (answer,) = read_plan_confirmations(a_plan_file)
    assert (answer.by, answer.code, answer.value) == ("A. Surgeon", ASKED.code, "accepted")


def test_an_answer_is_a_document_when_json_is_asked(a_plan_file: Path) -> None:
    outcome = run_kambin("confirm", a_plan_file, "--by", "A", "--accept", ASKED.code, "--json")
    assert outcome.document["schema_version"] == 1
    (answer,) = outcome.document["confirmations"]
    assert answer["code"] == ASKED.code


@pytest.mark.parametrize(
    "words", [("--accept", "PL-091"), ("--scheme", "5 lumbar"), ("--accept", "AN-114")]
)
def test_what_a_plan_does_not_ask_is_not_answered(
    a_plan_file: Path, words: tuple[str, str]
) -> None:
    outcome = run_kambin("confirm", a_plan_file, "--by", "A", *words, "--json")
    assert outcome.code == 2
    error = outcome.document["error"]
    assert error["code"] == "RQ-006"
    assert ASKED.code in error["why"]
    assert read_plan_confirmations(a_plan_file) == ()


def test_a_plan_that_asks_nothing_says_so(tmp_path: Path) -> None:
    write_plan(a_plan().model_copy(update={"findings": ()}), tmp_path / "plan.json")
    outcome = run_kambin("confirm", tmp_path, "--by", "A", "--accept", "PL-091", "--json")
    assert outcome.document["error"]["why"].startswith("It asks nothing;")
