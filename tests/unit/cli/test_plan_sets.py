"""Several plans in one call: what is asked, and what the files of a set say."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.command_line import run_kambin
from tests.unit.exchange.made_plans import a_refusal
from tests.unit.planning.made_level import (
    make_clearance,
    make_plan,
    make_resection,
    make_stage,
)

from kambin.anatomy import Level
from kambin.cli.asking import find_weights
from kambin.cli.plan_sets import find_member_folder, find_requests, finish_set
from kambin.cli.verify import describe_verdict, print_verdict
from kambin.cli.verify_sets import describe_set, find_set_file, judge_set, print_set
from kambin.core import PlanError, RequestError, StoreError
from kambin.desk.planning import write_answer
from kambin.exchange import SET_FILE, read_plan_set, read_set_confirmations
from kambin.frames import Side
from kambin.planning import Plan, PlanRequest, Refusal, Signature, Verification

FIRST = PlanRequest(Level("L4", "L5"), Side.LEFT, zone="central")


def _places(*also: str, bilateral: bool = False) -> list[tuple[str, str, str | None]]:
    asked = find_requests(FIRST, also, bilateral=bilateral)
    return [(str(r.level), str(r.side), r.zone) for r in asked]


def test_other_places_keep_what_is_not_said_of_them() -> None:
    assert _places() == [("L4-L5", "left", "central")]
    assert _places("L5-S1:left", "L3-L4:right:foraminal") == [
        ("L4-L5", "left", "central"),
        ("L5-S1", "left", "central"),
        ("L3-L4", "right", "foraminal"),
    ]


def test_both_sides_of_every_level() -> None:
    found = _places("L5-S1:right", bilateral=True)
    assert [place[:2] for place in found] == [
        ("L4-L5", "left"),
        ("L5-S1", "right"),
        ("L4-L5", "right"),
        ("L5-S1", "left"),
    ]


@pytest.mark.parametrize("word", ["L5-S1", "L5-S1:", ":left", "L5-S1:left:central:x", ""])
def test_a_place_is_a_level_and_a_side(word: str) -> None:
    with pytest.raises(RequestError, match="RQ-104"):
        _places(word)


def test_a_place_is_asked_for_once() -> None:
    with pytest.raises(RequestError, match="RQ-103"):
        _places("L4-L5:left")
    with pytest.raises(RequestError, match="RQ-103"):
        _places("L4-L5:right", bilateral=True)


def test_a_target_belongs_to_one_place() -> None:
    first = PlanRequest(Level("L4", "L5"), Side.LEFT, target_lps_mm=(1.0, 2.0, 3.0))
    with pytest.raises(RequestError, match="RQ-104"):
        find_requests(first, ["L5-S1:left"], bilateral=False)
    assert len(find_requests(first, [], bilateral=False)) == 1


def test_weights_are_names_with_numbers() -> None:
    assert find_weights(["bone=2", " depth = 0.5"]) == {"bone": 2.0, "depth": 0.5}
    for word in ("bone", "bone=", "=x", "bone=much"):
        with pytest.raises(RequestError, match="RQ-105"):
            find_weights([word])


# Files


def _plan(level: str, side: str = "left") -> Plan:
    return make_plan((make_stage("cannula", make_clearance()),), level=level, side=side)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set of two plans of one case."""
    _write(tmp_path, _plan("L4-L5"), _plan("L5-S1"))
    return tmp_path


def _write(out: Path, *answers: Plan | Refusal) -> int:
    written = {}
    for answer in answers:
        place = PlanRequest(Level.parse(answer.level), Side(answer.side), zone="central")
        written[write_answer(answer, find_member_folder(out, place))] = answer
    return finish_set(written, out, json=True)


def test_a_set_names_its_members_by_file_and_hash(folder: Path) -> None:
    found = read_plan_set(folder)
    assert [m.file for m in found.members] == ["L4-L5-left/plan.json", "L5-S1-left/plan.json"]
    assert found == read_plan_set(folder / "planset.json")


def test_two_runs_give_the_same_bytes(folder: Path) -> None:
    before = (folder / "planset.json").read_bytes()
    _write(folder, _plan("L4-L5"), _plan("L5-S1"))
    assert (folder / "planset.json").read_bytes() == before


def test_a_refused_member_is_exit_code_5_and_has_its_own_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = a_refusal().model_copy(update={"case_sha256": "c" * 64, "level": "L5-S1"})
    assert _write(tmp_path, _plan("L4-L5"), refusal) == 5
    assert json.loads(capsys.readouterr().out)["status"] == "refused"
    assert (tmp_path / "L5-S1-left" / "refusal.json").exists()
    assert read_plan_set(tmp_path).members[1].status == "refused"


@pytest.mark.parametrize("change", ["another", "missing"])
def test_p02_a_changed_member_is_seen(folder: Path, change: str) -> None:
    file = folder / "L5-S1-left" / "plan.json"
    if change == "missing":
        file.unlink()
    else:
        file.write_bytes((folder / "L4-L5-left" / "plan.json").read_bytes())
    with pytest.raises(PlanError, match="PL-108"):
        read_plan_set(folder)


@pytest.mark.parametrize(
    ("part", "error"),
    [
        ({"schema_version": 99}, StoreError),
        ({"surprise": 1}, PlanError),
        ({"status": "perfect"}, PlanError),
    ],
)
def test_p02_what_is_no_set_of_this_version_is_refused(
    folder: Path, part: dict[str, Any], error: type[Exception]
) -> None:
    file = folder / "planset.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | part))
    with pytest.raises(error):
        read_plan_set(folder)


@pytest.mark.parametrize("name", ["../other.json", "/etc/hostname", None])
def test_a_set_names_no_file_outside_its_folder(folder: Path, name: str | None) -> None:
    file = folder / "planset.json"
    document = json.loads(file.read_text())
    document["members"][0]["file"] = name
    file.write_text(json.dumps(document))
    with pytest.raises(PlanError, match="PL-091"):
        read_plan_set(folder)


def test_a_person_reads_what_the_plans_mean_for_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = {tmp_path / "a": _plan("L4-L5"), tmp_path / "b": _plan("L5-S1")}
    assert finish_set(dict(answers), None, json=False) == 0
    text = capsys.readouterr().out
    assert "entries 0 mm apart" in text
    assert "PL-103" in text
    assert "PL-104" in text


def test_what_a_set_asks_is_answered_on_the_set(tmp_path: Path) -> None:
    bone = make_resection(facet_kept_fraction=0.8)
    both = [
        make_plan((make_stage("cannula", make_clearance()),), side=side, resection=bone)
        for side in ("left", "right")
    ]
    _write(tmp_path, *both)
    named = ("--by", "A. Surgeon", "--json")
    strange = run_kambin("confirm", tmp_path, *named, "--accept", "PL-004")
    assert (strange.code, strange.document["error"]["code"]) == (2, "RQ-006")
    assert run_kambin("confirm", tmp_path, *named, "--accept", "PL-105").code == 0
    (answer,) = read_set_confirmations(tmp_path / "planset.json")
    assert (answer.by, answer.code, answer.value) == ("A. Surgeon", "PL-105", "accepted")
    # a set made anew of other plans asks again
    _write(tmp_path, both[0])
    assert read_set_confirmations(tmp_path / "planset.json") == ()


# The second checker on a set


GOOD = Verification(valid=True, max_difference_mm=0.1, agreement_mm=0.5, findings=())


def _judge(file: Path) -> tuple[Verification, tuple[Signature, ...]]:
    """Every plan but that of L5-S1 is valid."""
    return GOOD.model_copy(update={"valid": "L5-S1" not in str(file)}), ()


def test_a_set_means_itself_and_a_folder_with_a_plan_that_plan(folder: Path) -> None:
    assert find_set_file(folder) == find_set_file(folder / "planset.json") == folder / SET_FILE
    assert find_set_file(folder / "L4-L5-left") is None
    assert find_set_file(folder / "L4-L5-left" / "plan.json") is None
    assert find_set_file(folder / "nothing") is None


def test_a_set_is_as_valid_as_its_plans(folder: Path) -> None:
    assert judge_set(folder / SET_FILE, lambda _: (GOOD, ())).valid
    verdict = judge_set(folder / SET_FILE, _judge)
    assert not verdict.valid
    assert [found[0].valid for _, _, found in verdict.members if found] == [True, False]
    assert verdict.findings == ()


def test_a_refused_member_has_nothing_to_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = a_refusal().model_copy(update={"case_sha256": "c" * 64, "level": "L5-S1"})
    _write(tmp_path, _plan("L4-L5"), refusal)
    capsys.readouterr()
    verdict = judge_set(tmp_path / SET_FILE, _judge)
    assert verdict.valid
    assert verdict.members[1][2] is None
    print_set(verdict, lambda found, _: print_verdict(found))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Set of 2: valid"
    assert lines[-1] == "L5-S1 left  L5-S1-left/refusal.json: refused, nothing to check"


def test_p02_a_set_that_was_edited_is_not_valid(folder: Path) -> None:
    file = folder / SET_FILE
    content = json.loads(file.read_text())
    content["entries"][0]["distance_mm"] += 40.0
    file.write_text(json.dumps(content))
    verdict = judge_set(file, lambda _: (GOOD, ()))
    assert not verdict.valid
    assert [(f.code, f.where) for f in verdict.findings] == [("PL-089", "entries")]


def test_p02_a_set_with_a_changed_member_checks_none(folder: Path) -> None:
    (folder / "L5-S1-left" / "plan.json").write_text("{}")
    verdict = judge_set(folder / SET_FILE, _judge)
    assert not verdict.valid
    assert [f.code for f in verdict.findings] == ["PL-108"]
    document = describe_set(verdict, describe_verdict)
    assert (document["valid"], document["members"]) == (False, [])


def test_the_command_checks_a_set_member_by_member(folder: Path, tmp_path: Path) -> None:
    outcome = run_kambin("verify", tmp_path / "no-case", folder, "--json")
    assert outcome.code != 0
    outcome = run_kambin("verify", "--help")
    assert "planset.json" in outcome.text
