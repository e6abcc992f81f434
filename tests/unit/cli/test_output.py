"""What a command prints: documents, findings, tables, errors and progress."""

import io
import json

import numpy as np
import pytest
from rich.console import Console
from rich.progress import Progress

from kambin.cli.failing import (
    BUG_EXIT_CODE,
    DEBUG_VARIABLE,
    report_bug,
    report_error,
    report_usage,
)
from kambin.cli.output import (
    console,
    is_json_asked,
    print_document,
    print_findings,
    print_lines,
    print_table,
    with_version,
)
from kambin.cli.progress import PATIENCE_S, ShownProgress, shown_progress
from kambin.core import Finding, InputError, Severity


def a_finding(severity: Severity, what: str = "What") -> Finding:
    return Finding("IN-011", severity, what, "where", "why", "next step")


def an_error(*findings: Finding) -> InputError:
    return InputError(
        code="IN-002",
        what="Damaged",
        where="scan.nii",
        why="10 of 20 bytes.",
        next_step="Copy it again.",
        findings=findings,
    )


class _Usage(Exception):
    """What an option parser raises."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self._message = message

    def format_message(self) -> str:
        return self._message


def test_a_document_is_one_canonical_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_document(with_version({"b": np.array([1.0, np.nan]), "a": -0.0}))
    text = capsys.readouterr().out
    assert json.loads(text) == {"a": 0.0, "b": [1.0, None], "schema_version": 1}
    assert text.endswith("}\n")


def test_a_document_may_have_a_version_of_its_own() -> None:
    assert with_version({"schema_version": 7})["schema_version"] == 7


def test_lines_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines("[bold]x[/]", "", "a  b")
    assert capsys.readouterr().out == "[bold]x[/]\n\na  b\n"


def test_a_finding_is_three_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings([a_finding(Severity.CONFIRM, "A [red]bone[/] is missing")])
    assert capsys.readouterr().out.splitlines() == [
        "CONFIRM  IN-011 A [red]bone[/] is missing (where)",
        "         why",
        "         Next: next step",
    ]


def test_findings_of_one_kind_keep_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings([a_finding(Severity.NOTE, word) for word in ("second", "first")])
    text = capsys.readouterr().out
    assert text.index("second") < text.index("first")


def test_no_findings_print_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings([])
    assert capsys.readouterr().out == ""


def test_a_long_reason_is_not_broken_into_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings([Finding("IN-011", Severity.NOTE, "x", "y", "long " * 60, "z")])
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_table_has_a_title_columns_and_rows(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Tools", ("name", "mm"), [("needle", "1.30"), ("[x]", "")])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["Tools"], ["name", "mm"], ["needle", "1.30"], ["[x]"]]


def test_without_a_terminal_nothing_is_coloured_and_the_width_is_fixed() -> None:
    plain = console()
    assert not plain.is_terminal
    assert plain.width == 110
    assert console(stderr=True).stderr


@pytest.mark.parametrize(
    ("words", "asked"),
    [(["check", "case", "--json"], True), (["check", "json"], False), ([], False)],
)
def test_json_is_asked_by_its_option(words: list[str], asked: bool) -> None:
    assert is_json_asked(words) is asked


def test_an_error_is_four_lines_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_error(an_error(), ["check", "case"]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "IN-002 Damaged",
        "  where  scan.nii",
        "  why    10 of 20 bytes.",
        "  next   Copy it again.",
    ]


def test_the_findings_that_led_to_an_error_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    report_error(an_error(a_finding(Severity.BLOCK)), [])
    assert capsys.readouterr().err.splitlines()[4:] == [
        "  BLOCK    IN-011 What",
        "           where: why",
    ]


def test_an_error_is_a_document_and_words_when_json_is_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report_error(an_error(a_finding(Severity.BLOCK)), ["check", "--json"])
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert error["next_step"] == "Copy it again."
    assert [f["severity"] for f in error["findings"]] == ["BLOCK"]
    assert printed.err.startswith("IN-002")


@pytest.mark.parametrize(
    ("message", "words", "where", "why"),
    [
        ("Missing argument 'CASE'", ["check"], "kambin check", "Missing argument 'CASE'."),
        ("It ends.", ["plan", "x"], "kambin plan", "It ends."),
        ("No such command 'checc'.", ["checc"], "kambin", "No such command 'checc'."),
        ("No such option: --x", ["--x"], "kambin", "No such option: --x."),
    ],
)
def test_a_wrong_call_points_to_the_help_that_exists(
    capsys: pytest.CaptureFixture[str], message: str, words: list[str], where: str, why: str
) -> None:
    assert report_usage(_Usage(message), words) == 2
    assert capsys.readouterr().err.splitlines() == [
        "RQ-005 The command line is not understood",
        f"  where  {where}",
        f"  why    {why}",
        f"  next   See {where} --help.",
    ]


def test_where_the_parser_has_shown_the_help_nothing_is_added(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert report_usage(_Usage("  "), []) == 2
    assert capsys.readouterr() == ("", "")


def test_a_bug_names_our_innermost_place_and_not_its_message(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DEBUG_VARIABLE, raising=False)
    with pytest.raises(AttributeError) as caught:
        report_error(None, [])
    assert report_bug(caught.value, ["check", "--json"]) == BUG_EXIT_CODE == 1
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert error["code"] == "BUG"
    assert error["why"] == "AttributeError"
    assert error["where"].startswith("cli/failing.py:")
    assert "NoneType" not in printed.out + printed.err
    assert "Traceback" not in printed.err


class _Time:
    """A clock that stands where it is put."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_bar_appears_only_after_a_person_would_wonder() -> None:
    bars, clock = Progress(console=Console(file=io.StringIO())), _Time()
    shown = ShownProgress(bars, clock)
    clock.now_s += PATIENCE_S
    shown.step("fields", 1, 2)
    assert not bars.live.is_started
    clock.now_s += 0.001
    shown.step("fields", 2, 2)
    assert bars.live.is_started
    bars.stop()


def test_each_kind_of_work_has_one_bar_and_its_newest_total() -> None:
    bars = Progress(console=Console(file=io.StringIO()))
    shown = ShownProgress(bars, _Time())
    for title, done, total in (("a", 0, 2), ("b", 1, 1), ("a", 2, 4)):
        shown.step(title, done, total)
    told = [(task.description, task.completed, task.total) for task in bars.tasks]
    assert told == [("a", 2, 4), ("b", 1, 1)]


def test_the_display_is_taken_down_when_the_work_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError):
        _fail_at_work()
    assert capsys.readouterr().out == ""


def _fail_at_work() -> None:
    with shown_progress() as progress:
        progress.step("fields", 0, 1)
        raise KeyError
