"""A log whose entries are linked: whatever is changed in it is seen."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kambin.core import StoreError
from kambin.exchange.chains import (
    NOTHING_BEFORE,
    Entry,
    add_entry,
    find_head,
    hash_entry,
    read_log,
    write_log,
)

said = st.dictionaries(
    st.sampled_from(["event", "act", "by", "at", "level", "version"]),
    st.text(max_size=12) | st.integers(-9, 9) | st.booleans() | st.none(),
    max_size=4,
)
logs = st.lists(said, min_size=1, max_size=6)


def _log(parts: list[dict[str, object]]) -> tuple[Entry, ...]:
    entries: tuple[Entry, ...] = ()
    for part in parts:
        entries = add_entry(entries, part)
    return entries


THREE = _log([{"event": "written", "level": "L4-L5"}, {"event": "undone"}, {"by": "A", "n": 3}])


def _store(file: Path, entries: object) -> None:
    file.write_text(json.dumps({"schema_version": 1, "entries": entries}))


SAME = [dict(entry) for entry in THREE]


def _try(file: Path) -> str | list[dict[str, object]]:
    """What a log holds, or the code of why it is refused."""
    try:
        return [dict(entry) for entry in read_log(file)]
    except StoreError as error:
        return error.code


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a log lies, written anew by every test."""
    return tmp_path_factory.mktemp("log") / "log.json"


def test_what_is_not_there_is_an_empty_log(tmp_path: Path) -> None:
    assert read_log(tmp_path / "none.json") == ()
    assert find_head(()) == NOTHING_BEFORE


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(logs)
def test_what_is_written_is_read_again(file: Path, parts: list[dict[str, object]]) -> None:
    entries = _log(parts)
    write_log(file, entries)
    assert [dict(e) for e in read_log(file)] == [dict(e) for e in entries]
    assert find_head(read_log(file)) == entries[-1]["sha256"]


@given(logs)
def test_every_entry_names_the_one_before_it(parts: list[dict[str, object]]) -> None:
    entries = _log(parts)
    before = [NOTHING_BEFORE, *(e["sha256"] for e in entries)]
    assert [e["previous_sha256"] for e in entries] == before[:-1]
    assert len({e["sha256"] for e in entries}) == len(entries)


@given(said, said)
def test_two_entries_have_one_hash_only_if_they_say_the_same(
    a: dict[str, object], b: dict[str, object]
) -> None:
    # true is a one to Python, and another word in a document
    same = json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
    assert (hash_entry(a) == hash_entry(b)) is same
    assert hash_entry({**a, "sha256": "anything"}) == hash_entry(a)


def test_a_flipped_bit_of_any_byte_is_seen_or_says_the_same(file: Path) -> None:
    write_log(file, THREE)
    whole = file.read_bytes()
    seen = same = 0
    for place in range(len(whole)):
        for bit in (1, 4, 64):
            changed = bytearray(whole)
            changed[place] ^= bit
            file.write_bytes(changed)
            found = _try(file)
            # the same is a blank between words, or the number of the schema
            assert found in ("ST-011", "ST-004", SAME)
            seen += found != SAME
            same += found == SAME
    assert seen > 10 * same


def test_a_lost_byte_is_seen_or_says_the_same(file: Path) -> None:
    write_log(file, THREE)
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + whole[place + 1 :])
        assert _try(file) in ("ST-011", SAME)


def test_a_log_that_ends_too_early_is_seen(file: Path) -> None:
    write_log(file, THREE)
    whole = file.read_bytes().rstrip()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(StoreError, match="ST-011"):
            read_log(file)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.lists(said, min_size=2, max_size=6))
def test_an_entry_that_is_moved_taken_out_or_doubled_is_seen(
    file: Path, data: st.DataObject, parts: list[dict[str, object]]
) -> None:
    entries = list(_log(parts))
    at = data.draw(st.integers(0, len(entries) - 2))
    what = data.draw(st.sampled_from(["moved", "taken out", "doubled"]))
    if what == "moved":
        entries[at], entries[at + 1] = entries[at + 1], entries[at]
    elif what == "taken out":
        # of the last one nothing in this log speaks: the other log does
        del entries[at]
    else:
        entries.insert(at, entries[at])
    _store(file, entries)
    with pytest.raises(StoreError, match="ST-011"):
        read_log(file)


@pytest.mark.parametrize("name", ["event", "level", "previous_sha256", "sha256"])
def test_a_name_that_is_missing_is_seen(file: Path, name: str) -> None:
    first = {key: part for key, part in THREE[0].items() if key != name}
    _store(file, [first, *THREE[1:]])
    with pytest.raises(StoreError, match="ST-011"):
        read_log(file)


@pytest.mark.parametrize("entries", [[7], ["x"], [None], [[]], {"a": 1}])
def test_what_is_no_entry_is_seen(file: Path, entries: object) -> None:
    _store(file, entries)
    with pytest.raises(StoreError, match="ST-011"):
        read_log(file)


def test_an_entry_is_told_by_its_number(file: Path) -> None:
    _store(file, [THREE[0], {**THREE[1], "event": "redone"}, THREE[2]])
    with pytest.raises(StoreError, match="Entry 2 does not match"):
        read_log(file)


def test_a_changed_entry_with_a_hash_of_its_own_breaks_the_next_link(file: Path) -> None:
    said_otherwise = {k: v for k, v in THREE[1].items() if k != "sha256"} | {"event": "redone"}
    forged = {**said_otherwise, "sha256": hash_entry(said_otherwise)}
    _store(file, [THREE[0], forged, THREE[2]])
    with pytest.raises(StoreError, match="Entry 3 does not match"):
        read_log(file)
