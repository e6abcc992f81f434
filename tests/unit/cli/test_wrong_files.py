"""What is no plan and no case is told by name and cause, and nothing is made of a mistyped path."""

import errno
import json
from collections.abc import Callable
from json import JSONDecodeError
from pathlib import Path

import pytest
from tests.e2e.command_line import run_kambin
from tests.unit.exchange.made_plans import a_plan

from kambin.core import PlanError, RequestError, StoreError
from kambin.exchange import lock_plan_file, read_history, step_history, write_plan
from kambin.exchange.documents import require_writable, tell_unreadable

AT = "2026-01-01T00:00:00+00:00"


def _fails(make: Callable[[], object]) -> Exception:
    with pytest.raises((ValueError, OSError, RecursionError)) as raised:
        make()
    return raised.value


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file"), "There is no such file."),
        (PermissionError(errno.EACCES, "Permission denied"), "The system says: Permission denied."),
        (_fails(lambda: b"\xff\xfe".decode("utf-8")), "It is not text in UTF-8."),
        (_fails(lambda: json.loads('{\n "a": ')), "It is not whole JSON: line 2, column 7."),
        (RecursionError(), "Its JSON is nested too deeply."),
        (ValueError("what a patient is called"), "Its content is not what was written."),
    ],
)
def test_why_a_document_cannot_be_read_is_told_in_words(error: Exception, words: str) -> None:
    assert tell_unreadable(error) == words


def test_json_that_breaks_off_is_told_where() -> None:
    assert isinstance(_fails(lambda: json.loads("{")), JSONDecodeError)


@pytest.mark.parametrize("command", ["anaesthesia", "procedure", "claims", "whatif", "history"])
@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "There is no such file."),
        ('{"a": ', "It is not whole JSON: line 1, column 7."),
        ("[]", "It is not a JSON object."),
    ],
)
def test_a_file_that_is_no_plan_is_named_with_the_cause(
    command: str, text: str | None, why: str, tmp_path: Path
) -> None:
    file = tmp_path / "mistyped.json"
    if text is not None:
        file.write_text(text)
    more = {
        "anaesthesia": ("--weight-kg", "70"),
        "procedure": ("-o", str(tmp_path / "sheet")),
        "whatif": ("--prone", "5"),
    }
    before = sorted(tmp_path.iterdir())
    outcome = run_kambin(command, tmp_path, file, *more.get(command, ()), "--json")
    error = outcome.document["error"]
    assert (outcome.code, error["code"], error["where"]) == (5, "PL-091", "mistyped.json")
    assert error["why"] == why
    assert "kambin plan" in error["next_step"]
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "\x00"])
def test_a_broken_case_is_no_bug(text: str, tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text(text)
    outcome = run_kambin("check", tmp_path, "--json")
    assert (outcome.code, outcome.document["error"]["code"]) == (6, "ST-005")
    assert outcome.document["error"]["where"] == "case.json"


# What cannot be written is told before anything is computed


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("procedure", ("plan", "-o", "taken")),
        ("report", ("plan", "-o", "taken/deeper")),
        ("plan", ("-o", "taken")),
        ("plan", ("-o", "taken/plan", "--bilateral")),
        ("compare", ("-o", "taken/deeper")),
        ("skinmap", ("-o", "skin.png", "-o", "taken/skin.pdf")),
        ("measure", ("--csv", "taken/rows.csv")),
        ("measure", ("-o", "taken")),
    ],
)
def test_a_file_in_the_way_is_told_before_the_case_is_read(
    command: str, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a letter")
    at = ("--level", "L4-L5", "--side", "left")
    where = {"measure": at, "procedure": (), "report": ()}
    asked = where.get(command, (*at, "--zone", "paracentral"))
    outcome = run_kambin(command, tmp_path / "no case", *words, *asked, "--json")
    error = outcome.document["error"]
    assert (outcome.code, error["code"], error["where"]) == (6, "ST-001", "taken")
    assert "A file has this name" in error["why"]


def test_a_folder_that_may_not_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_writable(tmp_path / "new" / "deeper")
    assert list(tmp_path.iterdir()) == [], "asking makes nothing"
    # whoever runs the tests as root may write everywhere
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(StoreError) as raised:
        require_writable(tmp_path / "new")
    assert raised.value.code == "ST-001"
    assert "Permission denied" in raised.value.why


# Nothing is written beside what is no plan


def test_a_lock_on_a_mistyped_folder_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(PlanError) as raised:
        lock_plan_file(tmp_path / "plann", at=AT, case_sha256="c" * 64)
    assert raised.value.code == "PL-091"
    assert list(tmp_path.iterdir()) == []


def test_a_lock_on_another_document_leaves_no_history_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    file.write_text("[]")
    with pytest.raises(PlanError):
        lock_plan_file(file, at=AT, case_sha256="c" * 64)
    assert list(tmp_path.iterdir()) == [file]


def test_an_undo_at_a_mistyped_folder_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RequestError) as raised:
        step_history(tmp_path / "plann", back=True, at=AT)
    assert raised.value.code == "RQ-101"
    assert list(tmp_path.iterdir()) == []


def test_a_lock_on_a_plan_of_another_name_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "plan.txt"
    write_plan(a_plan(), file)
    with pytest.raises(PlanError) as raised:
        lock_plan_file(file, at=AT, case_sha256="c" * 64)
    assert raised.value.code == "PL-091"
    assert list(tmp_path.iterdir()) == [file]


def test_a_plan_without_a_history_has_none_and_is_a_plan(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    write_plan(a_plan(), file)
    assert read_history(file).current is None
    # the case is asked for after the plan: what is missing here is the case
    outcome = run_kambin("history", tmp_path / "case", file, "--json")
    assert outcome.document["error"]["code"] == "ST-005"
