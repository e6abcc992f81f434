"""``kambin history``, ``lock`` and ``sign``: what a person reads and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from tests.e2e.command_line import run_kambin
from tests.unit.anatomy.box_spine import box_spine
from tests.unit.exchange.made_plans import a_plan, a_refusal

from kambin.cli.history import print_history
from kambin.exchange import (
    History,
    SignRequest,
    keep_answer,
    read_case,
    read_history,
    read_plan,
    sign_plan_file,
    write_case,
)

AT = "2026-03-04T12:00:00+00:00"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of boxes on disk."""
    folder = tmp_path_factory.mktemp("case") / "case"
    write_case(box_spine(), folder)
    return folder


@pytest.fixture
def folder(case: Path, tmp_path: Path) -> Path:
    """Two plans and a refusal, one after the other."""
    sha256 = read_case(case).sha256
    for level in ("L3-L4", "L4-L5"):
        keep_answer(a_plan(level=level, case_sha256=sha256), tmp_path, at=AT)
    keep_answer(a_refusal(), tmp_path, at=AT)
    return tmp_path


def _told(*words: object) -> dict[str, Any]:
    return run_kambin("history", *words, "--json").document


def _sign(case: Path, folder: Path) -> None:
    content = read_plan(folder / "plan.json").content_sha256
    request = SignRequest("A. Surgeon", AT, content, read_case(case).sha256, (), None)
    sign_plan_file(folder, request)


def test_the_document_names_the_way_back_and_forward(case: Path, folder: Path) -> None:
    told = _told(case, folder)
    assert (told["current"], told["undo"], told["redo"]) == (3, 2, None)
    assert [v["kind"] for v in told["versions"]] == ["plan", "plan", "refusal"]
    told = _told(case, folder, "--undo")
    assert (told["current"], told["undo"], told["redo"]) == (2, 1, 3)
    told = _told(case, folder, "--redo")
    assert (told["current"], told["undo"], told["redo"]) == (3, 2, None)
    assert told["head_sha256"] == read_history(folder).head_sha256


def test_a_person_sees_which_version_is_the_plan(case: Path, folder: Path) -> None:
    run_kambin("history", case, folder, "--undo")
    lines = run_kambin("history", case, folder).text.splitlines()
    (now,) = [line for line in lines if "the plan now" in line]
    assert now.split()[:3] == ["2", "plan", "L4-L5"]


@pytest.mark.parametrize(
    ("words", "code"), [(("--undo", "--redo"), "RQ-005"), (("--redo",), "RQ-101")]
)
def test_a_step_that_leads_nowhere_is_refused(
    case: Path, folder: Path, words: tuple[str, ...], code: str
) -> None:
    before = (folder / "plan.history.json").read_bytes()
    outcome = run_kambin("history", case, folder, *words, "--json")
    assert (outcome.code, outcome.document["error"]["code"]) == (2, code)
    assert (folder / "plan.history.json").read_bytes() == before


def test_a_folder_without_history_says_when_it_begins(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_history(History(), ())
    assert "begins with the next kambin plan -o" in capsys.readouterr().out


def test_a_signed_plan_is_locked_from_the_command_line(case: Path, folder: Path) -> None:
    run_kambin("history", case, folder, "--undo")
    unsigned = run_kambin("lock", case, folder, "--json")
    assert (unsigned.code, unsigned.document["error"]["code"]) == (5, "PL-102")
    _sign(case, folder)
    assert "signed by A. Surgeon" in run_kambin("lock", case, folder).text
    text = run_kambin("history", case, folder).text
    assert "signed, locked" in text
    assert "nothing replaces this plan unasked" in text
    stopped = run_kambin("history", case, folder, "--undo", "--json")
    assert (stopped.code, stopped.document["error"]["code"]) == (6, "ST-010")


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_name_is_a_name(case: Path, folder: Path, name: str) -> None:
    outcome = run_kambin("sign", case, folder, "--by", name, "--json")
    assert (outcome.code, outcome.document["error"]["code"]) == (2, "RQ-100")
    assert not (folder / "plan.signatures.json").exists()


def test_a_refusal_is_not_signed(case: Path, folder: Path) -> None:
    outcome = run_kambin("sign", case, folder, "--by", "A", "--json")
    assert (outcome.code, outcome.document["error"]["code"]) == (5, "PL-091")


def test_a_plan_of_another_case_is_not_signed(case: Path, tmp_path: Path) -> None:
    keep_answer(a_plan(level="L4-L5", case_sha256="d" * 64), tmp_path, at=AT)
    outcome = run_kambin("sign", case, tmp_path, "--by", "A", "--json")
    assert (outcome.code, outcome.document["error"]["code"]) == (5, "PL-100")
    assert "PL-020" in outcome.document["error"]["why"]
