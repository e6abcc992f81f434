"""Versions of a plan, undo and redo, signatures and locks, as the files hold them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.exchange.made_plans import a_plan, a_refusal

from kambin.core import PlanError, RequestError, StoreError
from kambin.exchange import (
    SignRequest,
    find_answer_file,
    keep_answer,
    lock_plan_file,
    read_history,
    read_plan,
    read_signatures,
    require_replaceable,
    sign_plan_file,
    step_history,
    write_plan,
    write_refusal,
)
from kambin.planning import Plan

AT = "2026-03-04T12:00:00+00:00"
CASE = "c" * 64
LEVELS = ("L3-L4", "L4-L5", "L5-S1")


def _plan(level: str) -> Plan:
    return a_plan(level=level, case_sha256=CASE)


def _sign(folder: Path, by: str = "A. Surgeon", **changes: Any) -> Any:
    content = read_plan(folder / "plan.json").content_sha256
    said = {"by": by, "at": AT, "content_sha256": content, "case_sha256": CASE}
    said |= {"accepted": ("PL-004",), "max_difference_mm": 0.1}
    return sign_plan_file(folder, SignRequest(**(said | changes)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder into which three plans were written, one after the other."""
    for level in LEVELS:
        keep_answer(_plan(level), tmp_path, at=AT)
    return tmp_path


def _level(folder: Path) -> str:
    return read_plan(folder / "plan.json").level


def test_each_write_keeps_the_plan_before_it(folder: Path) -> None:
    history = read_history(folder)
    assert [v.level for v in history.versions] == list(LEVELS)
    assert history.current is not None
    assert history.current.number == 3
    kept = sorted((folder / "plan.versions").iterdir())
    assert [read_plan(file).level for file in kept] == list(LEVELS)
    assert [read_plan(f).content_sha256 for f in kept] == [
        v.content_sha256 for v in history.versions
    ]


def test_the_first_plan_needs_no_copy_of_itself(tmp_path: Path) -> None:
    keep_answer(_plan("L4-L5"), tmp_path, at=AT)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["plan.history.json", "plan.json"]


def test_undo_and_redo_walk_to_both_ends(folder: Path) -> None:
    walked = [step_history(folder, back=True, at=AT).level for _ in range(2)]
    assert walked == ["L4-L5", "L3-L4"]
    assert _level(folder) == "L3-L4"
    with pytest.raises(RequestError, match="RQ-101"):
        step_history(folder, back=True, at=AT)
    walked = [step_history(folder, back=False, at=AT).level for _ in range(2)]
    assert walked == ["L4-L5", "L5-S1"]
    with pytest.raises(RequestError, match="RQ-101"):
        step_history(folder, back=False, at=AT)
    assert _level(folder) == "L5-S1"


def test_after_an_undo_a_new_plan_takes_the_place_of_what_was_undone(folder: Path) -> None:
    step_history(folder, back=True, at=AT)
    keep_answer(_plan("L2-L3"), folder, at=AT)
    history = read_history(folder)
    assert history.redone is None
    assert [history.versions[n - 1].level for n in history.line] == ["L3-L4", "L4-L5", "L2-L3"]
    # what was undone is no longer on the way, and still kept
    assert read_plan(folder / "plan.versions" / "0003.json").level == "L5-S1"


def test_the_same_plan_again_is_no_new_version(folder: Path) -> None:
    before = (folder / "plan.history.json").read_bytes()
    keep_answer(_plan("L5-S1"), folder, at="2027-01-01T00:00:00+00:00")
    assert (folder / "plan.history.json").read_bytes() == before


def test_a_refusal_is_a_version_and_its_undo_brings_the_plan_back(folder: Path) -> None:
    keep_answer(a_refusal(), folder, at=AT)
    assert not (folder / "plan.json").exists()
    assert find_answer_file(folder).name == "refusal.json"
    assert step_history(folder, back=True, at=AT).kind == "plan"
    assert _level(folder) == "L5-S1"
    assert not (folder / "refusal.json").exists()
    assert step_history(folder, back=False, at=AT).kind == "refusal"
    assert find_answer_file(folder).name == "refusal.json"


def test_a_plan_without_history_is_taken_up_by_the_first_write(tmp_path: Path) -> None:
    write_plan(_plan("L3-L4"), tmp_path / "plan.json")
    assert read_history(tmp_path).current is None
    keep_answer(_plan("L4-L5"), tmp_path, at=AT)
    assert [v.origin for v in read_history(tmp_path).versions] == ["found", "written"]
    assert step_history(tmp_path, back=True, at=AT).level == "L3-L4"


def test_a_plan_of_an_old_schema_is_kept_byte_for_byte(tmp_path: Path) -> None:
    packed = Path(__file__).parents[2] / "fault" / "old_documents" / "plan_v1.json.gz"
    old = gzip.decompress(packed.read_bytes())
    (tmp_path / "plan.json").write_bytes(old)
    keep_answer(_plan("L4-L5"), tmp_path, at=AT)
    step_history(tmp_path, back=True, at=AT)
    assert (tmp_path / "plan.json").read_bytes() == old


def test_a_plan_that_was_put_there_is_a_version_of_its_own(folder: Path) -> None:
    write_plan(_plan("L1-L2"), folder / "plan.json")
    keep_answer(_plan("L2-L3"), folder, at=AT)
    assert [v.origin for v in read_history(folder).versions][3:] == ["found", "written"]
    assert step_history(folder, back=True, at=AT).level == "L1-L2"


def test_two_answers_in_one_folder_mean_the_one_the_history_names(folder: Path) -> None:
    # a process was stopped before it took the other one away
    write_refusal(a_refusal(), folder / "refusal.json")
    assert find_answer_file(folder).name == "plan.json"
    (folder / "plan.history.json").unlink()
    assert find_answer_file(folder).name == "refusal.json"


# Signatures


def test_a_signature_counts_for_the_plan_as_it_is(folder: Path) -> None:
    signature = _sign(folder)
    assert (signature.by, signature.is_valid, signature.accepted) == (
        "A. Surgeon",
        True,
        ("PL-004",),
    )
    keep_answer(_plan("L2-L3"), folder, at=AT)
    (after,) = read_signatures(folder)
    assert not after.is_valid
    assert after.why_not == "The plan was changed after it was signed."
    step_history(folder, back=True, at=AT)
    assert read_signatures(folder)[0].is_valid


def test_a_signature_does_not_outlive_its_case(folder: Path) -> None:
    _sign(folder)
    assert read_signatures(folder, case_sha256=CASE)[0].is_valid
    (other,) = read_signatures(folder, case_sha256="d" * 64)
    assert other.why_not == "The case was changed after the plan was signed."


def test_a_refusal_in_its_place_takes_the_signature_away(folder: Path) -> None:
    _sign(folder)
    keep_answer(a_refusal(), folder, at=AT)
    assert not read_signatures(folder)[0].is_valid


def test_two_persons_sign_and_one_person_once(folder: Path) -> None:
    for name in ("A. Surgeon", "B. Surgeon", "A. Surgeon"):
        _sign(folder, name)
    assert [s.by for s in read_signatures(folder)] == ["A. Surgeon", "B. Surgeon"]


def test_what_was_not_seen_is_not_signed(folder: Path) -> None:
    with pytest.raises(StoreError, match="ST-012"):
        _sign(folder, content_sha256="e" * 64)
    assert read_signatures(folder) == ()


def test_an_edited_plan_is_not_signed(folder: Path) -> None:
    file = folder / "plan.json"
    content = read_plan(file).content_sha256
    file.write_text(file.read_text().replace("L5-S1", "L4-L5"))
    with pytest.raises(PlanError, match="PL-090"):
        _sign_content(folder, content)


def _sign_content(folder: Path, content: str) -> None:
    sign_plan_file(folder, SignRequest("A. Surgeon", AT, content, CASE, (), None))


# Locks


def _lock(folder: Path) -> Any:
    return lock_plan_file(folder, at=AT, case_sha256=CASE)


def test_only_a_signed_plan_is_locked(folder: Path) -> None:
    with pytest.raises(PlanError, match="PL-102"):
        _lock(folder)
    _sign(folder)
    with pytest.raises(PlanError, match="PL-102"):
        lock_plan_file(folder, at=AT, case_sha256="d" * 64)
    assert all(s.is_locked for s in _lock(folder))


def test_nothing_replaces_a_locked_plan_unasked(folder: Path) -> None:
    _sign(folder)
    _lock(folder)
    before = (folder / "plan.json").read_bytes()
    for answer in (_plan("L2-L3"), a_refusal()):
        with pytest.raises(StoreError, match="ST-010"):
            keep_answer(answer, folder, at=AT)
    with pytest.raises(StoreError, match="ST-010"):
        step_history(folder, back=True, at=AT)
    with pytest.raises(StoreError, match="ST-010"):
        require_replaceable(folder)
    assert (folder / "plan.json").read_bytes() == before
    # the same plan once more changes nothing, and is no offence
    keep_answer(_plan("L5-S1"), folder, at=AT)
    assert (folder / "plan.json").read_bytes() == before


def test_a_new_version_keeps_the_locked_one(folder: Path) -> None:
    _sign(folder)
    _lock(folder)
    before = (folder / "plan.json").read_bytes()
    keep_answer(_plan("L2-L3"), folder, at=AT, new_version=True)
    assert _level(folder) == "L2-L3"
    assert (folder / "plan.versions" / "0003.json").read_bytes() == before
    assert not read_signatures(folder)[0].is_valid
    # back at the locked one, it is locked again
    step_history(folder, back=True, at=AT)
    with pytest.raises(StoreError, match="ST-010"):
        step_history(folder, back=False, at=AT)


def test_locking_twice_is_one_lock(folder: Path) -> None:
    _sign(folder)
    _lock(folder)
    before = (folder / "plan.signatures.json").read_bytes()
    _lock(folder)
    assert (folder / "plan.signatures.json").read_bytes() == before


def test_a_plan_of_another_name_has_versions_of_its_own(tmp_path: Path) -> None:
    for level in LEVELS[:2]:
        keep_answer(_plan(level), tmp_path / "second.json", at=AT)
    keep_answer(_plan("L5-S1"), tmp_path, at=AT)
    step_history(tmp_path / "second.json", back=True, at=AT)
    assert json.loads((tmp_path / "second.json").read_text())["level"] == "L3-L4"
    assert _level(tmp_path) == "L5-S1"
