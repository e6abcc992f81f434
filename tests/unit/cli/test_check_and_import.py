"""Import, check and the gate on a made spine of two vertebrae: the cheap commands, whole."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.e2e.command_line import Outcome, run_kambin
from tests.fault.made_files import AORTA, L4, L5, NAMES, name_labels, save, save_spine, spine_labels

from kambin.anatomy import CaseCheck, Confirmation, LevelScheme
from kambin.cli.check import _document, _print_text
from kambin.core import Finding, Severity, StoreError
from kambin.desk.gate import CheckedCase, confirm_call, read_checked_case


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """A case with one label that nobody knows, and what the import said."""
    folder = tmp_path_factory.mktemp("made")
    image, labels = save_spine(folder)
    values = spine_labels()
    # a spinous process each: without it nothing tells the back of a box from its sides
    values[11:13, 2:6, 15:18], values[11:13, 2:6, 7:10] = L4, L5
    save(labels, values)
    name_labels(labels, NAMES | {AORTA: "strange_thing"})
    case = folder / "case"
    return case, run_kambin("import", "-i", image, "--labels", labels, "-o", case, "--json")


@pytest.fixture(scope="module")
def checked(made: tuple[Path, Outcome]) -> CheckedCase:
    """It, read and checked."""
    return read_checked_case(made[0])


def test_the_import_says_what_it_made(made: tuple[Path, Outcome]) -> None:
    case, outcome = made
    document = outcome.document
    assert outcome.code == 0
    assert document["case"] == str(case)
    assert document["structures"] == ["sacrum", "vertebra:L4", "vertebra:L5"]
    assert document["spacing_mm"] == [4.0, 4.0, 4.0]
    assert document["has_image"] is True
    assert [f["code"] for f in document["findings"]] == ["IN-022"]
    assert len(document["case_sha256"]) == 64


@pytest.mark.parametrize("with_image", [True, False])
def test_the_import_tells_a_person_the_next_command(tmp_path: Path, with_image: bool) -> None:
    image, labels = save_spine(tmp_path)
    words = ["-i", image] if with_image else []
    outcome = run_kambin("import", *words, "--labels", labels, "-o", tmp_path / "case")
    assert outcome.code == 0
    lines = outcome.text.splitlines()
    assert lines[0] == f"Case      {tmp_path / 'case'}"
    assert lines[1].startswith("Labels    4 structures, dialect totalsegmentator, 4 x 4 x 4 mm")
    assert lines[1].endswith(", no image") is not with_image
    assert lines[-1] == f"Next: kambin check {tmp_path / 'case'}"


def test_importing_again_needs_force(made: tuple[Path, Outcome], tmp_path: Path) -> None:
    _, labels = save_spine(tmp_path)
    words = ("import", "--labels", labels, "-o", tmp_path / "case", "--json")
    assert run_kambin(*words).code == 0
    again = run_kambin(*words)
    assert (again.code, again.document["error"]["code"]) == (6, "ST-002")
    assert run_kambin(*words, "--force").code == 0


def test_what_the_import_found_is_listed_with_every_check(checked: CheckedCase) -> None:
    assert checked.findings[0].code == "IN-022"
    assert checked.findings[1:] == checked.check.findings


def test_the_document_of_a_check_says_what_blocks_and_what_waits(checked: CheckedCase) -> None:
    document = _document(checked)
    assert document["case_sha256"] == checked.case.sha256
    assert document["levels_present"] == [
        *checked.check.scheme.vertebrae,
        *checked.check.levels_present,
    ]
    told = [f["code"] for f in document["findings"]]
    assert told == [f.code for f in checked.findings]
    assert document["blocking"] == [
        f.code for f in checked.findings if f.severity == Severity.BLOCK
    ]
    assert "IN-022" in document["unanswered"]


def test_check_never_refuses_whatever_it_finds(made: tuple[Path, Outcome]) -> None:
    outcome = run_kambin("check", made[0], "--json")
    assert outcome.code == 0
    assert outcome.document["schema_version"] == 1


def test_check_on_no_case_is_a_storage_error(tmp_path: Path) -> None:
    outcome = run_kambin("check", tmp_path, "--json")
    assert (outcome.code, outcome.document["error"]["code"]) == (6, "ST-005")
    with pytest.raises(StoreError, match="ST-005"):
        read_checked_case(tmp_path)


@pytest.mark.parametrize("command", ["measure", "plan"])
def test_what_check_only_lists_stops_measuring_and_planning(
    made: tuple[Path, Outcome], command: str
) -> None:
    outcome = run_kambin(command, made[0], "--level", "L4-L5", "--side", "left", "--json")
    assert outcome.code == 4
    assert outcome.document["error"]["code"] in ("AN-020", "AN-021")
    assert outcome.document["error"]["findings"]


def with_findings(checked: CheckedCase, *severities: Severity) -> CheckedCase:
    findings = tuple(Finding("IN-022", s, "what", "where", "why", "next") for s in severities)
    scheme = LevelScheme("5 lumbar", ("L4", "L5"), True, False)
    check = CaseCheck(scheme, ("L4-L5",), ())
    return CheckedCase(Path("the/case"), checked.case, check, findings)


@pytest.mark.parametrize(
    ("severities", "last"),
    [
        ((), "Nothing stands against measuring and planning."),
        ((Severity.NOTE,), "Nothing stands against measuring and planning."),
        (
            (Severity.CONFIRM, Severity.NOTE),
            "Look at each CONFIRM, then: kambin confirm the/case --by NAME --accept IN-022",
        ),
        (
            (Severity.CONFIRM, Severity.BLOCK),
            "Measuring and planning are stopped until the BLOCK findings are gone.",
        ),
    ],
)
def test_the_last_lines_of_a_check_are_the_verdict(
    checked: CheckedCase,
    capsys: pytest.CaptureFixture[str],
    severities: tuple[Severity, ...],
    last: str,
) -> None:
    _print_text(with_findings(checked, *severities))
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_what_was_answered_and_what_each_plan_asks_is_told_beside_the_findings(
    checked: CheckedCase, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = Confirmation("A. Surgeon", "2026-01-02T03:04:05+00:00", "IN-022", "accepted")
    answered = replace(checked, case=replace(checked.case, confirmations=(answer,)))
    bone = Finding("AN-201", Severity.CONFIRM, "what", "spacing", "why", "next")
    asked = with_findings(answered, Severity.CONFIRM)
    _print_text(replace(asked, findings=(*asked.findings, bone)))
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "Answered  IN-022 by A. Surgeon, 2026-01-02T03:04:05+00:00",
        "Later     AN-201 is asked of each plan, with its numbers",
        "Nothing stands against measuring and planning.",
    ]


def test_g18_without_skin_measuring_goes_on_and_what_it_asks_is_named(
    checked: CheckedCase, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = with_findings(checked, Severity.CONFIRM)
    skin = Finding("AN-134", Severity.BLOCK, "what", "skin", "why", "next")
    _print_text(replace(asked, findings=(*asked.findings, skin)))
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "Planning is stopped, measuring is not, until the BLOCK findings are gone.",
        "Look at each CONFIRM, then: kambin confirm the/case --by NAME --accept IN-022",
    ]


@pytest.mark.parametrize(
    ("from_sacrum", "from_rib", "words"),
    [
        (True, True, "the sacrum and the last rib"),
        (True, False, "the sacrum"),
        (False, True, "the last rib"),
        (False, False, "nothing"),
    ],
)
def test_the_ends_that_a_count_began_from_are_named(
    checked: CheckedCase,
    capsys: pytest.CaptureFixture[str],
    from_sacrum: bool,
    from_rib: bool,
    words: str,
) -> None:
    scheme = LevelScheme("5 lumbar", ("L4", "L5"), from_sacrum, from_rib)
    check = CaseCheck(scheme, ("L4-L5",), ())
    _print_text(CheckedCase(Path("c"), checked.case, check, ()))
    assert capsys.readouterr().out.splitlines()[:3] == [
        f"Scheme    5 lumbar, counted from {words}",
        "Vertebrae L4, L5",
        "Levels    L4-L5",
    ]


def test_the_call_that_answers_nothing_names_no_code() -> None:
    assert confirm_call(Path("c"), []).rstrip() == "kambin confirm c --by NAME"
