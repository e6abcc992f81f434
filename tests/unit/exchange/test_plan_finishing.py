"""A write of a plan that was killed half way is finished, and nothing else is touched."""

from pathlib import Path

import pytest
from tests.unit.exchange.made_plans import a_plan, a_refusal

from kambin.core import StoreError
from kambin.exchange import keep_answer, read_history, read_plan
from kambin.exchange.plan_finishing import finish_write

AT = "2026-03-04T12:00:00+00:00"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which the second version was named, and the first still lies as the plan."""
    keep_answer(a_plan(level="L3-L4"), tmp_path, at=AT)
    before = (tmp_path / "plan.json").read_bytes()
    keep_answer(a_plan(level="L4-L5"), tmp_path, at=AT)
    (tmp_path / "plan.json").write_bytes(before)
    return tmp_path


def test_the_version_that_was_named_last_becomes_the_plan(folder: Path) -> None:
    history = read_history(folder)
    assert finish_write(folder)
    assert read_plan(folder / "plan.json").level == "L4-L5"
    assert read_history(folder) == history
    assert not finish_write(folder / "plan.json")


def test_a_plan_beside_the_refusal_that_replaced_it_goes(folder: Path) -> None:
    finish_write(folder)
    plan = (folder / "plan.json").read_bytes()
    keep_answer(a_refusal(), folder, at=AT)
    (folder / "refusal.json").unlink()
    (folder / "plan.json").write_bytes(plan)
    assert finish_write(folder)
    assert {file.name for file in folder.glob("*.json")} == {"refusal.json", "plan.history.json"}


@pytest.mark.parametrize("left", ["nothing", "no plan", "another plan", "no version", "all whole"])
def test_what_no_killed_write_leaves_stays_as_it_is(folder: Path, left: str) -> None:
    plan, version = folder / "plan.json", folder / "plan.versions" / "0002.json"
    place = folder / "empty" if left == "nothing" else folder
    if left == "no plan":
        plan.unlink()
    if left == "another plan":
        plan.write_bytes(plan.read_bytes().replace(b"L3-L4", b"L2-L3"))
    if left == "no version":
        version.unlink()
    if left == "all whole":
        plan.write_bytes(version.read_bytes())
    before = {file: file.read_bytes() for file in folder.rglob("*.json")}
    assert not finish_write(place)
    assert {file: file.read_bytes() for file in folder.rglob("*.json")} == before
    assert not (folder / "empty").exists()


def test_a_changed_history_is_told(folder: Path) -> None:
    (folder / "plan.history.json").write_text("{}", "utf-8")
    with pytest.raises(StoreError) as caught:
        finish_write(folder)
    assert caught.value.code == "ST-011"
