"""Documents out: what becomes of each kind of value, and whole files or none."""

import errno
import json
import math
import os
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.core import Severity, StoreError
from kambin.exchange import to_json, to_plain, write_bytes_atomically, write_document
from kambin.exchange.documents import sync_folder, write_durably, writing_failed
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.planning import FindingRecord


class _Number(Enum):
    TWO = 2


@dataclass(frozen=True)
class _Point:
    at_lps_mm: tuple[float, ...]
    side: Side


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        (7, 7),
        ("x", "x"),
        (1.23456789, 1.234568),
        (-0.0, 0.0),
        (-1e-9, 0.0),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        (np.float32(0.5), 0.5),
        (np.uint8(200), 200),
        (np.bool_(True), True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array([1.0, np.nan]), [1.0, None]),
        (Severity.BLOCK, "BLOCK"),
        (_Number.TWO, 2),
        (Path("a") / "b", "a/b"),
        ((1, [2, (3,)]), [1, [2, [3]]]),
        (frozenset({3, 1, 2}), [1, 2, 3]),
        ({Side.LEFT: 1}, {"left": 1}),
        ({3: {"a": math.nan}}, {"3": {"a": None}}),
        (OrderedDict(b=1, a=2), {"a": 2, "b": 1}),
        (_Point((1.00000049, -0.0), Side.RIGHT), {"at_lps_mm": [1.0, 0.0], "side": "right"}),
    ],
)
def test_each_value_has_one_plain_form(value: object, plain: object) -> None:
    assert to_plain(value) == plain
    assert type(to_plain(value)) is type(plain)


def test_a_class_is_written_by_its_name_and_not_taken_apart() -> None:
    assert isinstance(to_plain(_Point), str)


def test_a_model_is_written_with_all_its_fields() -> None:
    record = FindingRecord(
        code="PL-001", severity="NOTE", what="a", where="b", why="c", next_step="d"
    )
    assert to_plain(record) == record.model_dump()


def test_keys_are_sorted_at_every_depth() -> None:
    text = to_json({"b": {"d": 1, "c": 2}, "a": 0})
    assert text == '{\n "a": 0,\n "b": {\n  "c": 2,\n  "d": 1\n }\n}\n'


def test_letters_of_any_language_are_written_as_they_are() -> None:
    assert "Müller 山" in to_json({"name": "Müller 山"})


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_number_is_never_moved_by_more_than_half_a_nanometre(number: float) -> None:
    assert abs(json.loads(to_json([number]))[0] - number) <= max(5.1e-7, 1e-15 * abs(number))


@given(st.recursive(st.floats() | st.integers() | st.text(), st.lists, max_leaves=8))
def test_writing_what_was_read_gives_the_same_text(value: object) -> None:
    text = to_json(value)
    assert to_json(json.loads(text)) == text


def test_a_document_is_written_with_the_folders_above_it(tmp_path: Path) -> None:
    file = tmp_path / "one" / "two" / "plan.json"
    write_document({"a": 1}, file)
    assert json.loads(file.read_text()) == {"a": 1}
    assert [f.name for f in file.parent.iterdir()] == ["plan.json"]


def test_a_second_write_replaces_the_first(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    write_bytes_atomically(file, b"a long first text")
    write_bytes_atomically(file, b"short")
    assert file.read_bytes() == b"short"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_r02_a_disk_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = tmp_path / "plan.json"
    write_bytes_atomically(file, b"old")
    monkeypatch.setattr(os if step == "fsync" else Path, step, refuse)
    with pytest.raises(StoreError, match=r"ST-001.*plan.json.*3 bytes.*No space left"):
        write_bytes_atomically(file, b"new")
    monkeypatch.undo()
    assert [f.name for f in tmp_path.iterdir()] == ["plan.json"]
    assert file.read_bytes() == b"old"


def test_durable_writing_writes_and_syncing_a_folder_needs_one(tmp_path: Path) -> None:
    write_durably(tmp_path / "x", b"12")
    assert (tmp_path / "x").read_bytes() == b"12"
    sync_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "nowhere")


def test_a_failure_without_words_is_told_by_its_kind() -> None:
    error = writing_failed(Path("a/case"), 12, OSError())
    assert error.code == "ST-001"
    assert error.where == "case"
    assert error.why == "12 bytes could not be written: OSError."
    assert "intact" in error.next_step


def test_an_array_of_a_label_map_is_written_by_its_fields() -> None:
    labels = LabelMap(np.zeros((2, 2, 2), np.uint8), np.eye(4), "patient")
    assert to_plain(labels)["frame_id"] == "patient"
    assert to_plain(labels)["values"] == np.zeros((2, 2, 2), int).tolist()
