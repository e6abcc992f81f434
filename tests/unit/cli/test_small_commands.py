"""The rest of the cheap commands: info, answers on a case, the cells of a measurement."""

import os
from pathlib import Path

import pytest
from tests.e2e.command_line import run_kambin
from tests.fault.made_files import save_spine

from kambin.cli import output
from kambin.core import read_codes
from kambin.exchange import import_case, read_case, read_confirmations, read_dialects, write_case
from kambin.frames import Side
from kambin.knowledge import Literature, instruments, techniques
from kambin.measure import Quantity, Reading
from kambin.report.measure_page import measure_cells


def a_row(
    value: float | None, doubt: float | None, side: Side | None, paper: Literature | None
) -> Quantity:
    known = Reading(value, doubt)
    return Quantity("L4-L5", side, "disc_height", "mm", "by hand", "nobody", known, paper)


def a_paper(sd: float | None) -> Literature:
    return Literature(
        quantity="disc_height",
        place="L4-L5",
        mean=11.2,
        sd=sd,
        n=20,
        unit="mm",
        low=8.0,
        high=14.0,
        tag="V",
        source="a paper",
        note="",
    )


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A made spine as a case folder."""
    image, labels = save_spine(tmp_path)
    return import_case(image=image, labels=[labels], out=tmp_path / "case")


def test_info_shows_every_instrument_technique_and_dialect() -> None:
    text = run_kambin("info").text
    assert "Not a medical device" in text
    assert all(tool.name in text for tool in instruments().values())
    assert all(technique.title in text for technique in techniques().values())
    assert all(d.name in text for d in read_dialects().values())


def test_info_as_a_document_has_every_code_with_its_cause_and_next_step() -> None:
    codes = run_kambin("info", "--json").document["codes"]
    assert set(codes) == set(read_codes())
    assert all(row["title"] and row["cause"] and row["next_step"] for row in codes.values())


@pytest.mark.parametrize(
    ("value", "doubt", "side", "shown"),
    [
        (8.456, 0.321, None, ("L4-L5", "", "disc_height", "8.46", "0.32", "mm")),
        (8.0, None, Side.LEFT, ("L4-L5", "left", "disc_height", "8.00", "", "mm")),
        (None, None, Side.RIGHT, ("L4-L5", "right", "disc_height", "not assessed", "", "mm")),
    ],
)
def test_a_measurement_is_one_row_of_words(
    value: float | None, doubt: float | None, side: Side | None, shown: tuple[str, ...]
) -> None:
    assert measure_cells(a_row(value, doubt, side, None)) == (*shown, "", "")


@pytest.mark.parametrize(
    ("sd", "words"),
    [(1.5, ("11.2", "9.7 to 12.7")), (None, ("11.2", "")), (0.0, ("11.2", ""))],
)
def test_what_papers_report_stands_beside_it(sd: float | None, words: tuple[str, ...]) -> None:
    assert measure_cells(a_row(8.0, 0.3, None, a_paper(sd)))[-2:] == words


def test_answers_on_a_case_are_kept_with_it_and_change_nothing_else(case: Path) -> None:
    before = {file.name: file.read_bytes() for file in case.iterdir()}
    outcome = run_kambin("confirm", case, "--by", "A", "--scheme", "5 lumbar", "--accept", "AN-114")
    assert outcome.code == 0
    assert outcome.text == "A confirmed scheme: 5 lumbar\nA confirmed AN-114: accepted\n"
    assert [a.code for a in read_confirmations(case)] == ["scheme", "AN-114"]
    assert read_case(case).accepted_codes >= {"AN-114"}
    assert all((case / name).read_bytes() == data for name, data in before.items())
    # the count as the person saw it stays beside the answer
    added = {file.name for file in case.iterdir()} - set(before)
    assert added == {"confirmations.json", "levels.png"}
    assert (case / "levels.png").read_bytes().startswith(b"\x89PNG")


def test_a_case_with_a_plan_inside_is_still_the_case(case: Path) -> None:
    (case / "plan.json").write_text("{}")
    assert run_kambin("confirm", case, "--by", "A", "--accept", "AN-114").code == 0
    assert [a.code for a in read_confirmations(case)] == ["AN-114"]


def test_a_folder_without_case_or_plan_takes_no_answer(tmp_path: Path) -> None:
    outcome = run_kambin("confirm", tmp_path, "--by", "A", "--accept", "AN-114", "--json")
    assert (outcome.code, outcome.document["error"]["code"]) == (6, "ST-005")
    assert list(tmp_path.iterdir()) == []


def test_on_a_terminal_the_width_is_the_terminal_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "77")
    assert output.console().is_terminal
    assert output.console().width == 77


def test_what_another_user_s_process_writes_is_left_alone(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = case.with_name(".case.4242.part")
    other.mkdir()

    def refuse(process: int, signal: int) -> None:
        assert (process, signal) == (4242, 0)
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    write_case(read_case(case), case, force=True)
    assert other.is_dir()


@pytest.mark.parametrize("owner", ["words", "99999999999999999999"])
def test_what_bears_no_process_of_this_machine_is_judged_by_its_number(
    case: Path, owner: str
) -> None:
    leftover = case.with_name(f".case.{owner}.part")
    leftover.mkdir()
    write_case(read_case(case), case, force=True)
    # a number beyond every process is a dead one; a word is nobody's and none of our business
    assert leftover.exists() is not owner.isdigit()
