"""The steps of the self-test: each can pass, and each can fail."""

from itertools import permutations, product

import numpy as np
import pytest
from tests.e2e.command_line import run_kambin

from kambin.cli import selftest
from kambin.cli.demo import DEMO_LEVEL, DEMO_SIDE, DEMO_ZONE
from kambin.cli.selftest import STEPS, check_sides, check_tables, reorder
from kambin.core import InputError
from kambin.imaging import LabelMap
from kambin.phantom import ZONES


def a_block() -> LabelMap:
    """Voxels that all differ, in a place that differs on each axis."""
    values = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    affine = np.diag([2.0, 3.0, 4.0, 1.0])
    affine[:3, 3] = (-5.0, 10.0, 500.0)
    return LabelMap(values, affine, "patient")


def a_failing_step() -> str:
    raise InputError(code="IN-002", what="Broken", where="x", why="y", next_step="z")


def test_the_tables_and_the_sides_of_this_installation_are_right() -> None:
    assert check_tables() == ""
    assert check_sides() == ""


def test_a_name_that_no_table_explains_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "find_key", lambda name: None if name == "sacrum" else "x")
    assert "totalsegmentator: sacrum" in check_tables().split(", ")


@pytest.mark.parametrize(("name", "value"), [("read_codes", {}), ("describe", {"constants": {}})])
def test_an_empty_table_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: dict[str, object]
) -> None:
    monkeypatch.setattr(selftest, name, lambda: value)
    assert check_tables() == "a table is empty"


def test_a_reader_that_swaps_sides_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    read = selftest.read_label_map

    def read_mirrored(file: object) -> LabelMap:
        labels = read(file)
        return LabelMap(labels.values[::-1], labels.lps_from_ijk, labels.frame_id)

    monkeypatch.setattr(selftest, "read_label_map", read_mirrored)
    assert "moved the block" in check_sides()


def test_a_reader_that_keeps_the_stored_order_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    read = selftest.read_label_map

    def read_stored(file: object) -> LabelMap:
        return reorder(read(file), (0, 1, 2), (True, False, False))

    monkeypatch.setattr(selftest, "read_label_map", read_stored)
    assert check_sides().endswith("gives another array")


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("flips", [(False,) * 3, (True, False, True), (True,) * 3])
def test_a_voxel_stays_where_it_is_in_every_order(
    order: tuple[int, ...], flips: tuple[bool, ...]
) -> None:
    block, turned = a_block(), reorder(a_block(), order, flips)
    for label in (1, 7, 23):
        before = block.lps_mm(np.argwhere(block.values == label))
        assert np.array_equal(turned.lps_mm(np.argwhere(turned.values == label)), before)


def test_all_orders_are_the_same_block_and_differ_in_storage() -> None:
    stored = set()
    for order, flips in product(permutations(range(3)), product((False, True), repeat=3)):
        turned = reorder(a_block(), order, flips)
        assert np.array_equal(turned.canonical().values, a_block().values)
        stored.add((turned.values.shape, turned.values.tobytes()))
    assert len(stored) == 48


def with_steps(monkeypatch: pytest.MonkeyPatch, **steps: object) -> None:
    """Replace the steps, because the whole ones plan on a patient."""
    for name in list(STEPS):
        monkeypatch.delitem(STEPS, name)
    for name, step in steps.items():
        monkeypatch.setitem(STEPS, name, step)


def test_all_steps_run_although_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with_steps(monkeypatch, one=lambda: "it is bent", two=a_failing_step, three=str)
    outcome = run_kambin("selftest")
    assert outcome.code == 1
    lines = outcome.text.splitlines()
    assert lines[0] == "failed  one: it is bent"
    assert lines[1].startswith("failed  two: IN-002: Broken")
    assert lines[2] == "ok      three"


def test_the_result_is_a_document_without_times(monkeypatch: pytest.MonkeyPatch) -> None:
    with_steps(monkeypatch, one=str)
    outcome = run_kambin("selftest", "--json")
    assert outcome.code == 0
    assert outcome.document == {
        "passed": True,
        "schema_version": 1,
        "steps": [{"fault": "", "passed": True, "step": "one"}],
    }
    assert "one: " in outcome.errors


def test_a_table_that_lacks_a_row_fails_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    with_steps(monkeypatch, lookup=lambda: str({}["row"]))
    outcome = run_kambin("selftest", "--json")
    assert outcome.code == 1
    assert outcome.document["passed"] is False


def test_the_demo_shows_a_herniation_that_a_phantom_can_have() -> None:
    assert str(DEMO_LEVEL) == "L4-L5"
    assert DEMO_SIDE == "left"
    assert DEMO_ZONE in ZONES
