"""Where what is kept about a plan lies, who may write there, and which names still count."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.core import StoreError
from kambin.exchange.chains import NOTHING_BEFORE, Entry, add_entry, hash_entry
from kambin.exchange.plan_shelf import PLAN_FILE, REFUSAL_FILE, Shelf
from kambin.exchange.signatures import (
    LOCKED,
    SIGNED,
    add_act,
    is_locked,
    judge_signatures,
    read_acts,
    require_consistent,
)

AT = "2026-03-04T12:00:00+00:00"
NOW, BEFORE, CASE = "a" * 64, "b" * 64, "c" * 64

# Places


@pytest.mark.parametrize("name", ["", PLAN_FILE, REFUSAL_FILE])
def test_folder_plan_and_refusal_are_one_shelf(tmp_path: Path, name: str) -> None:
    shelf = Shelf.at(tmp_path / name if name else tmp_path)
    assert shelf == Shelf(tmp_path)
    assert shelf.answer_file("plan") == tmp_path / PLAN_FILE
    assert shelf.answer_file("refusal") == tmp_path / REFUSAL_FILE


def test_a_folder_that_is_not_made_yet_is_a_folder(tmp_path: Path) -> None:
    assert Shelf.at(tmp_path / "new").folder == tmp_path / "new"


def test_a_plan_of_another_name_shares_nothing(tmp_path: Path) -> None:
    own, usual = Shelf.at(tmp_path / "second.json"), Shelf.at(tmp_path)
    assert own.answer_file("plan") == own.answer_file("refusal") == tmp_path / "second.json"
    files = [
        (s.history_file, s.signatures_file, s.version_file(1), s.answer_file("plan"))
        for s in (own, usual)
    ]
    assert not set(files[0]) & set(files[1])


@given(st.integers(1, 9999))
def test_versions_are_in_order_by_name(number: int) -> None:
    shelf = Shelf(Path("folder"))
    assert shelf.version_file(number).name == f"{number:04d}.json"
    assert Shelf.of_version(shelf.version_file(number)) == shelf
    assert shelf.version_file(number) < shelf.version_file(number + 1) or number == 9999


@pytest.mark.parametrize("place", ["plan.json", "folder/plan.json", "versions/0001.json", ""])
def test_what_is_kept_nowhere_is_no_version(place: str) -> None:
    assert Shelf.of_version(Path(place)) is None


def test_a_version_of_a_plan_of_another_name_has_its_own_keeper(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, "second")
    assert Shelf.of_version(shelf.version_file(7)) == shelf


def test_answers_are_told_with_their_bytes(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.find_answers() == {}
    (tmp_path / PLAN_FILE).write_bytes(b"plan")
    (tmp_path / REFUSAL_FILE).write_bytes(b"refusal")
    found = shelf.find_answers()
    assert {kind: data for kind, (_, data) in found.items()} == {
        "plan": b"plan",
        "refusal": b"refusal",
    }
    assert len({digest for digest, _ in found.values()}) == 2
    # a plan of another name has no refusal beside it
    assert Shelf(tmp_path, "second").find_answers() == {}


# Alone


def test_two_who_write_come_one_after_the_other(tmp_path: Path) -> None:
    shelf, inside, most = Shelf(tmp_path), [0], [0]

    def write() -> None:
        for _ in range(20):
            with shelf.alone():
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (inside, most) == ([0], [1])


def test_a_writer_that_fails_gives_the_place_free(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "made")
    open_before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - descriptors are no paths
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), shelf.alone():
            raise ZeroDivisionError
    assert len(os.listdir("/proc/self/fd")) == open_before  # noqa: PTH208
    assert list(shelf.folder.iterdir()) == []


def test_a_place_that_is_a_file_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="ST-001"), Shelf(tmp_path / "file").alone():
        pass


# Names


def _acts(*said: dict[str, Any]) -> tuple[Entry, ...]:
    entries: tuple[Entry, ...] = ()
    for act in said:
        usual = {
            "act": SIGNED,
            "by": "A",
            "at": AT,
            "content_sha256": NOW,
            "case_sha256": CASE,
            "accepted": [],
            "history_sha256": NOTHING_BEFORE,
        }
        entries = add_entry(entries, {**usual, **act})
    return entries


@pytest.mark.parametrize(
    ("content", "case", "why"),
    [
        (NOW, CASE, ""),
        (NOW, None, ""),
        (BEFORE, CASE, "The plan was changed after it was signed."),
        ("", None, "The plan was changed after it was signed."),
        (NOW, "d" * 64, "The case was changed after the plan was signed."),
        (BEFORE, "d" * 64, "The plan was changed after it was signed."),
    ],
)
def test_a_name_counts_for_one_content_on_one_case(
    content: str, case: str | None, why: str
) -> None:
    (found,) = judge_signatures(_acts({}), content, case)
    assert (found.is_valid, found.why_not) == (not why, why)
    assert (found.by, found.at, found.is_locked) == ("A", AT, False)


def test_a_lock_is_of_a_content_and_for_all_who_signed_it() -> None:
    acts = _acts(
        {"by": "A"}, {"by": "B"}, {"by": "C", "content_sha256": BEFORE}, {"act": LOCKED, "by": ""}
    )
    found = judge_signatures(acts, NOW, CASE)
    assert [(s.by, s.is_valid, s.is_locked) for s in found] == [
        ("A", True, True),
        ("B", True, True),
        ("C", False, False),
    ]


def test_what_was_answered_by_then_is_part_of_the_name() -> None:
    (found,) = judge_signatures(_acts({"accepted": ["PL-003", "PL-004"]}), NOW, None)
    assert found.accepted == ("PL-003", "PL-004")


def test_acts_are_kept_in_their_order(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    said = {"by": "A", "at": AT, "content_sha256": NOW, "case_sha256": CASE, "accepted": []}
    made = [
        add_act(shelf, {**said, "act": SIGNED}, NOTHING_BEFORE),
        add_act(shelf, {"act": LOCKED, "content_sha256": NOW}, NOTHING_BEFORE),
    ]
    acts = read_acts(shelf.signatures_file)
    assert [act["sha256"] for act in acts] == made
    assert [act["sha256"] for act in acts] == [hash_entry(act) for act in acts]
    assert is_locked(shelf.signatures_file, NOW)
    assert not is_locked(shelf.signatures_file, BEFORE)


def test_nothing_is_locked_where_nobody_signed(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "none.json", NOW)


# Two logs that name each other


def test_logs_that_name_each_other_are_consistent(tmp_path: Path) -> None:
    events = add_entry((), {"event": "written"})
    acts = _acts({"history_sha256": events[0]["sha256"]})
    events = add_entry(events, {"event": SIGNED, "act_sha256": acts[0]["sha256"]})
    require_consistent(Shelf(tmp_path), acts, events)
    require_consistent(Shelf(tmp_path), (), events[:1])


@pytest.mark.parametrize(("cut", "named"), [("acts", "signatures"), ("events", "history")])
def test_a_log_that_lost_its_end_is_named_by_the_other(
    tmp_path: Path, cut: str, named: str
) -> None:
    events = add_entry((), {"event": "written"})
    acts = _acts({"history_sha256": events[0]["sha256"]})
    events = add_entry(events, {"event": SIGNED, "act_sha256": acts[0]["sha256"]})
    acts, events = ((), events) if cut == "acts" else (acts, ())
    with pytest.raises(StoreError, match=rf"ST-011.*plan\.{named}\.json"):
        require_consistent(Shelf(tmp_path), acts, events)
