"""``kambin procedure`` and ``kambin anaesthesia`` around a patient of boxes."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.e2e.command_line import run_kambin
from tests.unit.approaches.made_back import make_back, make_way
from tests.unit.exchange.made_plans import ASKED, a_refusal

from kambin.anatomy import Confirmation
from kambin.cli import opening
from kambin.cli.opening import open_plan
from kambin.core import PlanError, StoreError
from kambin.desk.procedures import DOCUMENT, PRINT, write_procedure
from kambin.exchange import (
    SET_FILE,
    read_plan_set,
    record_set_confirmation,
    write_document,
    write_plan_set,
)
from kambin.frames import Side
from kambin.planning import Plan, Refusal, seal_plan
from kambin.report.procedure import make_procedure

CASE_SHA256 = "5a" * 32


@pytest.fixture
def the_plan(tmp_path: Path) -> Path:
    fields = {"case_sha256": CASE_SHA256, "status": "needs_confirmation", "findings": (ASKED,)}
    plan = make_way().model_copy(update=fields)
    file = tmp_path / "plan.json"
    write_document(seal_plan(Plan.model_validate(plan.model_dump())), file)
    return file


@pytest.fixture(autouse=True)
def the_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """A case that needs no folder: its checks are silent, and it is the patient of boxes."""
    case = SimpleNamespace(sha256=CASE_SHA256, confirmations=())
    checked = SimpleNamespace(case=case, findings=())
    monkeypatch.setattr(opening, "read_checked_case", lambda folder: checked)
    monkeypatch.setattr(opening, "require_answered", lambda checked: None)
    monkeypatch.setattr(opening, "complete_once", lambda case, progress: make_back())
    # only what a person accepted of the case counts here
    monkeypatch.setattr(
        "kambin.cli.procedure.with_answers",
        lambda case, plan, file: SimpleNamespace(accepted_codes=frozenset()),
    )


def test_a_plan_is_opened_with_the_anatomy_of_its_own_case(the_plan: Path) -> None:
    case, plan, anatomy = open_plan(the_plan.parent, the_plan)
    assert case.sha256 == plan.case_sha256 == CASE_SHA256
    assert len(anatomy.structures) == len(make_back().structures)


def test_a_plan_of_another_case_is_stale(the_plan: Path) -> None:
    other = json.loads(the_plan.read_text())
    other["case_sha256"] = "0" * 64
    write_document(seal_plan(Plan.model_validate(other)), the_plan)
    with pytest.raises(PlanError) as raised:
        open_plan(the_plan.parent, the_plan)
    assert raised.value.code == "PL-020"


def test_a_plan_that_was_edited_is_not_opened(the_plan: Path) -> None:
    edited = json.loads(the_plan.read_text())
    edited["entry"]["lateral_of_midline_mm"] = 12.0
    the_plan.write_text(json.dumps(edited))
    with pytest.raises((PlanError, StoreError)):
        open_plan(the_plan.parent, the_plan)


def test_layers_are_printed_as_a_document_or_as_a_table(the_plan: Path) -> None:
    words = ("anaesthesia", the_plan.parent, the_plan, "--weight-kg", 70)
    document = run_kambin(*words, "--json").document
    assert document["path_length_mm"] == 90.0
    assert [row["name"] for row in document["layers"]][:3] == ["skin", "subcutis", "fascia"]
    text = run_kambin(*words, "--drug", "lidocaine:0.5").text
    assert "L4-L5 LEFT  70 kg" in text
    assert "Sum       52.5 % of the ceiling" in text


def test_a_sheet_is_written_in_both_forms(the_plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "sheet"
    done = run_kambin("procedure", the_plan.parent, the_plan, "-o", out, "--json")
    assert done.code == 0, done.errors
    assert json.loads((out / DOCUMENT).read_text()) == done.document
    assert (out / PRINT).read_bytes().startswith(b"%PDF")
    assert sorted(file.name for file in out.iterdir()) == sorted([DOCUMENT, PRINT])
    assert done.document["open_codes"] == ["PL-090"]
    assert done.document["plan_status"] == "needs_confirmation"


def test_a_person_is_told_files_status_and_findings(the_plan: Path, tmp_path: Path) -> None:
    text = run_kambin("procedure", the_plan.parent, the_plan, "-o", tmp_path / "sheet").text
    assert "procedure.json" in text
    assert "procedure.pdf" in text
    assert "The plan's status is needs_confirmation." in text
    assert "PL-161" in text


def test_a_sheet_with_doses_has_them_in_its_document(the_plan: Path, tmp_path: Path) -> None:
    words = ("procedure", the_plan.parent, the_plan, "-o", tmp_path / "sheet", "--weight-kg", 70)
    found = run_kambin(*words, "--drug", "lidocaine:0.5", "--json").document
    assert found["anaesthesia"]["chosen"]["total_ml"] == 21.0
    alone = run_kambin(*words, "--json").document
    assert alone["anaesthesia"]["chosen"] is None
    assert "PL-146" in [finding["code"] for finding in alone["findings"]]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--drug", "lidocaine:0.5"), "RQ-141"),
        (("--reduce-for", "none"), "RQ-141"),
        (("--weight-kg", "20"), "RQ-141"),
        (("--weight-kg", "70", "--drug", "cocaine:1"), "RQ-140"),
        (("--weight-kg", "70", "--ceiling", "mine"), "RQ-145"),
    ],
)
def test_a_request_that_makes_no_sense_writes_nothing(
    words: tuple[str, ...], code: str, the_plan: Path, tmp_path: Path
) -> None:
    out = tmp_path / "sheet"
    done = run_kambin("procedure", the_plan.parent, the_plan, "-o", out, *words, "--json")
    assert (done.code, done.document["error"]["code"]) == (2, code)
    assert not out.exists()


@pytest.fixture
def the_set(tmp_path: Path) -> Path:
    """A set of both sides of one level, and a refusal at a second level."""
    answers: dict[Path, Plan | Refusal] = {}
    for side in Side:
        made = make_way(side).model_copy(update={"case_sha256": CASE_SHA256})
        plan = seal_plan(Plan.model_validate(made.model_dump()))
        answers[tmp_path / "plans" / f"L4-L5-{side}" / "plan.json"] = plan
    refusal = a_refusal().model_copy(update={"case_sha256": CASE_SHA256, "level": "L5-S1"})
    answers[tmp_path / "plans" / "L5-S1" / "refusal.json"] = refusal
    for file, answer in answers.items():
        write_document(answer, file)
    write_plan_set(answers, tmp_path / "plans")
    return tmp_path / "plans"


def test_every_plan_of_a_set_has_a_sheet_of_its_own(the_set: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheets"
    done = run_kambin("procedure", the_set.parent, the_set, "-o", out, "--json")
    assert done.code == 0, done.errors
    assert set(done.document["sheets"]) == {"L4-L5-left", "L4-L5-right"}
    assert {folder.name for folder in out.iterdir()} == {"L4-L5-left", "L4-L5-right"}
    for name, sheet in done.document["sheets"].items():
        assert name.endswith(sheet["side"])
        assert json.loads((out / name / DOCUMENT).read_text()) == sheet
        assert (out / name / PRINT).read_bytes().startswith(b"%PDF")


def test_what_the_set_asks_stands_on_the_sheet_of_every_plan(the_set: Path, tmp_path: Path) -> None:
    asked = {f.code for f in read_plan_set(the_set).findings if f.severity == "CONFIRM"}
    assert asked
    words = ("procedure", the_set.parent, the_set / SET_FILE, "-o", tmp_path / "sheets")
    for sheet in run_kambin(*words, "--json").document["sheets"].values():
        assert asked <= set(sheet["open_codes"])
        assert asked <= {finding["code"] for finding in sheet["findings"]}
    answer = Confirmation("A. Surgeon", "2026-01-01T00:00:00+00:00", min(asked), "accepted")
    record_set_confirmation(the_set / SET_FILE, answer)
    for sheet in run_kambin(*words, "--json").document["sheets"].values():
        assert min(asked) not in sheet["open_codes"]


def test_a_person_is_told_which_member_has_no_sheet(the_set: Path, tmp_path: Path) -> None:
    text = run_kambin("procedure", the_set.parent, the_set, "-o", tmp_path / "sheets").text
    assert "L4-L5 left" in text
    assert "L5-S1 left: refused, no sheet" in text


@pytest.mark.parametrize("command", ["procedure", "anaesthesia"])
def test_doses_are_not_told_for_every_plan_of_a_set_alone(
    command: str, the_set: Path, tmp_path: Path
) -> None:
    out = tmp_path / "sheets"
    words = (command, the_set.parent, the_set, *(("-o", out) if command == "procedure" else ()))
    done = run_kambin(*words, "--weight-kg", 70, "--drug", "lidocaine:0.5", "--json")
    assert (done.code, done.document["error"]["code"]) == (2, "RQ-146")
    assert "L4-L5 left, L4-L5 right" in done.document["error"]["where"]
    assert "--at-most" in done.document["error"]["next_step"]
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    plan = make_way().model_copy(update={"content_sha256": "c0" * 32})
    found = make_procedure(make_back(), plan)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError):
        write_procedure(tmp_path / "file", found, plan, make_back())
