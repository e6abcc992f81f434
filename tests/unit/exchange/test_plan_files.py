"""Plan documents: their hash, their answers, and everything that is no plan."""

import json
from pathlib import Path

import pytest
from tests.unit.exchange.made_plans import ASKED, a_plan, a_refusal

from kambin.anatomy import Confirmation
from kambin.core import KambinError, PlanError, StoreError
from kambin.exchange import (
    find_answer_file,
    read_answer,
    read_plan,
    read_plan_confirmations,
    record_plan_confirmation,
    write_plan,
    write_refusal,
)

ANSWER = Confirmation("A. Surgeon", "2026-01-02T03:04:05+00:00", ASKED.code, "accepted")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A plan on disk."""
    write_plan(a_plan(level="L4-L5"), tmp_path / "plan.json")
    return tmp_path / "plan.json"


def test_a_plan_comes_back_as_it_was_written(file: Path) -> None:
    plan = read_plan(file)
    assert plan.content_sha256
    assert plan.model_copy(update={"content_sha256": ""}) == a_plan(level="L4-L5")
    before = file.read_bytes()
    write_plan(plan, file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "change", [{"level": "L3-L4"}, {"side": "right"}, {"cannula_mm": 8.0}, {"findings": []}]
)
def test_p02_an_edit_by_hand_is_refused(file: Path, change: dict[str, object]) -> None:
    document = json.loads(file.read_text()) | change
    file.write_text(json.dumps(document))
    with pytest.raises(PlanError, match="PL-090"):
        read_plan(file)
    assert read_plan(file, verify=False).level == document["level"]


def test_p02_another_layout_of_the_same_content_is_no_edit(file: Path) -> None:
    file.write_text(json.dumps(json.loads(file.read_text())))
    assert read_plan(file).level == "L4-L5"


def test_p02_a_newer_version_is_refused(file: Path) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | {"schema_version": 99}))
    with pytest.raises(StoreError, match="ST-004"):
        read_plan(file)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "{}", '{"schema_version": 1}', '{"schema_version": "1"}']
)
def test_p02_what_is_no_plan_is_refused(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(PlanError, match="PL-091"):
        read_plan(file)


def test_p02_a_missing_or_extra_field_is_named(file: Path) -> None:
    document = json.loads(file.read_text())
    file.write_text(json.dumps({k: v for k, v in document.items() if k != "side"}))
    with pytest.raises(PlanError, match=r"PL-091.*side"):
        read_plan(file)
    file.write_text(json.dumps(document | {"surprise": 1}))
    with pytest.raises(PlanError, match=r"PL-091.*surprise"):
        read_plan(file)


def test_p05_a_number_that_is_none_never_gets_into_a_plan(file: Path) -> None:
    document = json.loads(file.read_text())
    document["cannula_mm"] = float("nan")
    file.write_text(json.dumps(document))
    with pytest.raises(PlanError, match="PL-091"):
        read_plan(file)


def test_a_missing_plan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="PL-091"):
        read_plan(tmp_path / "plan.json")


def test_an_answer_counts_for_the_plan_as_it_is(file: Path) -> None:
    record_plan_confirmation(file, ANSWER)
    assert read_plan_confirmations(file) == (ANSWER,)
    write_plan(a_plan(level="L3-L4"), file)
    assert read_plan_confirmations(file) == ()


def test_answers_to_a_plan_are_added(file: Path) -> None:
    before = file.read_bytes()
    record_plan_confirmation(file, ANSWER)
    record_plan_confirmation(file, ANSWER)
    assert read_plan_confirmations(file) == (ANSWER, ANSWER)
    assert file.read_bytes() == before


def test_an_edited_plan_takes_no_answer(file: Path) -> None:
    file.write_text(file.read_text().replace("L4-L5", "L5-S1"))
    with pytest.raises(PlanError, match="PL-090"):
        record_plan_confirmation(file, ANSWER)
    assert not list(file.parent.glob("*confirmations*"))


def test_a_refusal_is_read_back_as_one(tmp_path: Path) -> None:
    refusal = write_refusal(a_refusal(), tmp_path / "refusal.json")
    assert read_answer(tmp_path / "refusal.json") == refusal
    with pytest.raises(PlanError, match="PL-091"):
        read_plan(tmp_path / "refusal.json")


def test_a_plan_is_read_back_as_one(file: Path) -> None:
    assert read_answer(file) == read_plan(file)


@pytest.mark.parametrize("text", ["", '{"infeasible": true}', "[]"])
def test_what_is_no_answer_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "refusal.json").write_text(text)
    with pytest.raises(KambinError, match="PL-091"):
        read_answer(tmp_path / "refusal.json")


def test_a_folder_means_the_answer_in_it(file: Path) -> None:
    assert find_answer_file(file.parent) == file
    assert find_answer_file(file) == file
    refusal = file.rename(file.with_name("refusal.json"))
    assert find_answer_file(file.parent) == refusal
