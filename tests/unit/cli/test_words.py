"""What the command line asks for, and how it ends."""

import errno
import io
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
import typer
from rich.console import Console
from rich.progress import Progress
from tests.e2e.command_line import run_kambin

from kambin.anatomy import Level
from kambin.cli import commands as listed
from kambin.cli import main as entry
from kambin.cli.app import app
from kambin.cli.asking import find_level, find_side, find_target, require_level, require_side
from kambin.cli.commands import load_command
from kambin.cli.failing import DEBUG_VARIABLE, report_bug
from kambin.cli.output import print_findings, print_table
from kambin.cli.progress import ShownProgress, shown_progress
from kambin.core import (
    AnatomyError,
    Finding,
    InputError,
    PlanError,
    RequestError,
    SessionError,
    Severity,
    StoreError,
)
from kambin.desk.answers import make_answers
from kambin.desk.clock import SystemClock
from kambin.frames import Side

COMMANDS = (
    "demo", "phantom", "import", "segment", "fragment", "fuse", "check", "confirm", "measure",
    "plan", "skinmap", "verify", "sign", "lock", "history", "diff", "whatif", "compare",
    "indications", "anaesthesia", "claims", "procedure", "report",
    "app", "info", "selftest",
)  # fmt: skip


class _Clock:
    def now(self) -> datetime:
        return datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)


def test_level_and_side_are_read() -> None:
    assert require_level("l4/5") == Level("L4", "L5")
    assert require_side(" Left ") is Side.LEFT
    assert find_level(None) is None
    assert find_side(None) is None
    assert find_level("L5S1") == Level("L5", "S1")
    assert find_side("right") is Side.RIGHT


@pytest.mark.parametrize(("ask", "option"), [(require_level, "--level"), (require_side, "--side")])
def test_there_is_no_default_level_and_no_default_side(ask: object, option: str) -> None:
    with pytest.raises(RequestError, match=rf"RQ-004.*{option}"):
        ask(None)


def test_a_side_is_left_or_right() -> None:
    with pytest.raises(RequestError, match="RQ-005"):
        require_side("port")


def test_a_level_is_a_lumbar_disc_level() -> None:
    with pytest.raises(RequestError, match="RQ-002"):
        require_level("C3-C4")


@pytest.mark.parametrize("word", ["1,2", "1,2,x", "nan,1,2", "", "1 2 3"])
def test_a_target_is_three_numbers(word: str) -> None:
    with pytest.raises(RequestError, match="RQ-007"):
        find_target(word)


def test_answers_carry_name_and_moment() -> None:
    scheme, code = make_answers(" A. Surgeon ", "5 lumbar", ["PL-090"], _Clock())
    assert (scheme.code, scheme.value) == ("scheme", "5 lumbar")
    assert (code.by, code.code) == ("A. Surgeon", "PL-090")
    assert code.at == scheme.at == "2026-03-04T05:06:07+00:00"


@pytest.mark.parametrize(
    ("by", "scheme", "accept"),
    [("", "5 lumbar", []), ("  ", None, ["PL-090"]), ("A", None, []), ("A", None, ["XX-001"])],
)
def test_an_answer_needs_a_person_and_a_question(
    by: str, scheme: str | None, accept: list[str]
) -> None:
    with pytest.raises(RequestError, match="RQ-006"):
        make_answers(by, scheme, accept, _Clock())


def test_the_machine_s_clock_knows_its_zone() -> None:
    assert SystemClock().now().tzinfo is UTC


@pytest.fixture
def failing_with(monkeypatch: pytest.MonkeyPatch) -> object:
    """Makes every command raise what it is given."""

    def arrange(error: BaseException) -> None:
        class Command:
            def main(self, **_: object) -> int:
                raise error

        monkeypatch.setattr(entry.typer.main, "get_command", lambda _: Command())

    return arrange


@pytest.mark.parametrize(
    ("branch", "exit_code"),
    [
        (RequestError, 2),
        (InputError, 3),
        (AnatomyError, 4),
        (PlanError, 5),
        (StoreError, 6),
        (SessionError, 7),
    ],
)
def test_each_branch_has_its_exit_code(
    failing_with: object, branch: type[InputError], exit_code: int
) -> None:
    finding = Finding("IN-011", Severity.CONFIRM, "w[h]at", "here", "1 mm", "look")
    failing_with(
        branch(
            code="IN-001",
            what="Broken [bold]thing[/]",
            where="[/x]",
            why="because",
            next_step="mend",
            findings=(finding,),
        )
    )
    outcome = run_kambin("check", "case", "--json")
    assert outcome.code == exit_code
    assert outcome.document["error"]["findings"][0]["code"] == "IN-011"
    assert outcome.document["schema_version"] == 1
    for word in ("IN-001", "Broken [bold]thing[/]", "[/x]", "because", "mend", "w[h]at"):
        assert word in outcome.errors
    assert run_kambin("check", "case").text == ""


def test_a_bug_says_so_without_a_traceback(
    failing_with: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DEBUG_VARIABLE, raising=False)
    failing_with(ZeroDivisionError("the patient's name"))
    outcome = run_kambin("check", "case", "--json")
    assert outcome.code == 1
    assert outcome.document["error"]["code"] == "BUG"
    assert "This is a bug" in outcome.errors
    assert "ZeroDivisionError" in outcome.errors
    assert "Traceback" not in outcome.errors
    assert "name" not in outcome.errors + outcome.text


def test_a_bug_shows_its_traceback_when_asked(
    failing_with: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DEBUG_VARIABLE, "1")
    failing_with(ZeroDivisionError("depth"))
    assert "Traceback" in run_kambin("check", "case").errors


def test_a_bug_without_a_place_is_still_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_bug(ValueError("x"), []) == 1
    assert "an unknown place" in capsys.readouterr().err


@pytest.mark.parametrize(
    "stop",
    # the last as the parser itself answers when nobody reads the output on
    [KeyboardInterrupt(), typer.Abort(), BrokenPipeError(), OSError(errno.EPIPE, "gone")],
)
def test_a_stopped_command_ends_quietly(failing_with: object, stop: BaseException) -> None:
    failing_with(stop)
    outcome = run_kambin("check", "case")
    assert (outcome.code, outcome.text, outcome.errors) == (130, "", "")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["check"], "CASE"),
        (["verdict", "case"], "verdict"),
        (["check", "case", "--jason"], "--jason"),
        (["phantom", "-o", "x", "--seed", "many"], "--seed"),
        (["--nothing"], "--nothing"),
        (["import"], "--out"),
    ],
)
def test_a_wrong_call_is_a_usage_error(words: list[str], says: str) -> None:
    outcome = run_kambin(*words)
    assert outcome.code == 2
    assert "RQ-005" in outcome.errors
    assert says in outcome.errors
    assert "--help" in outcome.errors
    assert outcome.text == ""


def test_a_wrong_call_is_a_document_when_json_is_asked() -> None:
    outcome = run_kambin("check", "--json")
    assert outcome.code == 2
    assert outcome.document["error"]["code"] == "RQ-005"


def test_no_words_show_the_help() -> None:
    outcome = run_kambin()
    assert outcome.code == 2
    assert "Usage" in outcome.text + outcome.errors


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command: str) -> None:
    outcome = run_kambin(command, "--help")
    assert outcome.code == 0
    assert f"kambin {command}" in outcome.text
    assert "Examples" in outcome.text


def test_the_help_names_every_command_and_the_warning() -> None:
    text = run_kambin("--help").text
    assert all(command in text for command in COMMANDS)
    assert "Not a medical device" in " ".join(text.split())
    assert len(typer.main.get_command(app).commands) == len(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_command_says_of_itself(name: str) -> None:
    load_command([name, "--help"])
    own = typer.main.get_command(app).commands[name]
    assert own.callback is not None
    first, _, _ = own.help.partition("\n\n")
    assert listed.COMMANDS[name].summary == " ".join(first.split())


def test_the_help_waits_for_no_image_library() -> None:
    call = (
        "import sys\nfrom kambin.cli.main import run\n"
        "ends = run(['--help']), run(['plam']), run([])\n"
        "print(*ends, *({name.partition('.')[0] for name in sys.modules} - {'kambin'}))\n"
        "print(*(name for name in sys.modules if name.startswith('kambin')))\n"
    )
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=True)
    *_, libraries, ours = done.stdout.splitlines()
    assert libraries.split()[:3] == ["0", "2", "2"]
    assert not {"numpy", "scipy", "numba", "SimpleITK", "pydicom"} & set(libraries.split())
    assert not {"kambin.exchange", "kambin.anatomy", "kambin.planning"} & set(ours.split())
    assert "Did you mean 'plan', 'claims'?" in done.stderr


def test_the_command_line_adds_up_in_one_thread_unless_asked_otherwise() -> None:
    call = "import os, kambin.cli.main; print(os.environ['OPENBLAS_NUM_THREADS'])"
    for given, expected in (({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")):
        rest = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
        done = subprocess.run(
            [sys.executable, "-c", call],
            env=rest | given,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == expected


class _Time:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_progress_is_shown_after_two_seconds_and_not_before() -> None:
    bars, clock = Progress(console=Console(file=io.StringIO())), _Time()
    shown = ShownProgress(bars, clock)
    shown.step("fields", 1, 4)
    assert not bars.live.is_started
    clock.now_s = 2.5
    shown.step("fields", 2, 4)
    assert bars.live.is_started
    shown.step("search", 0, 9)
    assert [task.completed for task in bars.tasks] == [2, 0]
    bars.stop()


def test_progress_leaves_nothing_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress() as progress:
        progress.step("fields", 1, 1)
    assert capsys.readouterr().out == ""


def test_findings_are_printed_what_stops_first(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings(
        Finding("IN-011", severity, f"{severity} what", "here", "[why]", "look")
        for severity in (Severity.NOTE, Severity.BLOCK, Severity.CONFIRM)
    )
    lines = [line for line in capsys.readouterr().out.splitlines() if "what" in line]
    assert [line.split()[0] for line in lines] == ["BLOCK", "CONFIRM", "NOTE"]


def test_a_table_keeps_brackets_and_numbers_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table("Title", ("a", "b"), [("[red]1.50[/]", "2")])
    assert "[red]1.50[/]" in capsys.readouterr().out
