"""Where the answers of a place lie, and that no version is lost or written over unseen."""

from pathlib import Path

import pytest
from tests.unit.app.logic.made_session import BY, NOON, NoonClock
from tests.unit.exchange.made_plans import a_plan, a_refusal

from kambin.anatomy import Level
from kambin.core import StoreError
from kambin.desk import planning
from kambin.desk.planning import PLANS_FOLDER, find_head, find_plan_folder, write_answer
from kambin.exchange import (
    SignRequest,
    lock_plan_file,
    read_answer,
    read_history,
    read_plan,
    sign_plan_file,
)
from kambin.frames import Side

CLOCK = NoonClock()
CASE = "c" * 64


def _locked(out: Path) -> None:
    """Write a plan, sign it and lock it."""
    write_answer(a_plan(case_sha256=CASE), out, clock=CLOCK)
    content = read_plan(out / "plan.json").content_sha256
    request = SignRequest(
        by=BY,
        at=NOON,
        content_sha256=content,
        case_sha256=CASE,
        accepted=("PL-090",),
        max_difference_mm=0.1,
    )
    sign_plan_file(out, request)
    lock_plan_file(out, at=NOON, case_sha256=CASE)


@pytest.mark.parametrize("side", list(Side))
def test_each_place_has_a_folder_of_its_own(tmp_path: Path, side: Side) -> None:
    found = find_plan_folder(tmp_path, Level("L4", "L5"), side)
    assert found == tmp_path / PLANS_FOLDER / f"L4-L5-{side.value}"
    assert not found.exists()


def test_no_two_places_share_a_folder(tmp_path: Path) -> None:
    levels = [Level("L3", "L4"), Level("L4", "L5"), Level("L5", "S1")]
    found = {find_plan_folder(tmp_path, level, side) for level in levels for side in Side}
    assert len(found) == len(levels) * len(Side)


def test_an_answer_makes_its_folder_and_carries_the_moment(tmp_path: Path) -> None:
    out = tmp_path / "plans" / "L4-L5-left"
    file = write_answer(a_plan(), out, clock=CLOCK)
    assert file == out / "plan.json"
    (version,) = read_history(out).versions
    assert (version.number, version.at) == (1, NOON)


def test_without_a_clock_it_is_the_machines_and_knows_its_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_answer(a_plan(), tmp_path / "own")
    (version,) = read_history(tmp_path / "own").versions
    assert version.at.endswith("+00:00")
    monkeypatch.setattr(planning, "SystemClock", NoonClock)
    write_answer(a_plan(), tmp_path / "noon")
    (version,) = read_history(tmp_path / "noon").versions
    assert version.at == NOON


def test_the_version_before_is_kept(tmp_path: Path) -> None:
    for cannula_mm in (7.5, 6.5):
        write_answer(a_plan(cannula_mm=cannula_mm), tmp_path, clock=CLOCK)
    assert [v.number for v in read_history(tmp_path).versions] == [1, 2]
    assert read_plan(tmp_path / "plan.json").cannula_mm == 6.5
    kept = [read_plan(file).cannula_mm for file in (tmp_path / "plan.versions").iterdir()]
    assert 7.5 in kept


def test_a_refusal_after_a_plan_is_the_answer(tmp_path: Path) -> None:
    write_answer(a_plan(), tmp_path, clock=CLOCK)
    file = write_answer(a_refusal(), tmp_path, clock=CLOCK)
    assert read_answer(file) == a_refusal()
    # nobody takes the old plan for the answer
    assert not (tmp_path / "plan.json").exists()
    assert [v.kind for v in read_history(tmp_path).versions] == ["plan", "refusal"]


def test_the_head_moves_with_each_answer(tmp_path: Path) -> None:
    heads = [find_head(tmp_path / "out", new_version=False)]
    for cannula_mm in (7.5, 6.5):
        write_answer(a_plan(cannula_mm=cannula_mm), tmp_path / "out", clock=CLOCK)
        heads.append(find_head(tmp_path / "out", new_version=False))
        assert heads[-1] == find_head(tmp_path / "out", new_version=True)
    assert len(set(heads)) == 3


def test_what_somebody_else_wrote_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    head = find_head(tmp_path, new_version=False)
    write_answer(a_plan(cannula_mm=7.5), tmp_path, clock=CLOCK)
    with pytest.raises(StoreError) as refused:
        write_answer(a_plan(cannula_mm=6.5), tmp_path, clock=CLOCK, expected=head)
    assert refused.value.code == "ST-012"
    assert read_plan(tmp_path / "plan.json").cannula_mm == 7.5
    # the same in the state that is there now
    head = find_head(tmp_path, new_version=False)
    write_answer(a_plan(cannula_mm=6.5), tmp_path, clock=CLOCK, expected=head)
    assert read_plan(tmp_path / "plan.json").cannula_mm == 6.5


def test_a_locked_plan_is_followed_only_by_an_open_wish(tmp_path: Path) -> None:
    _locked(tmp_path)
    with pytest.raises(StoreError) as refused:
        find_head(tmp_path, new_version=False)
    assert refused.value.code == "ST-010"
    with pytest.raises(StoreError) as unwritten:
        write_answer(a_plan(case_sha256=CASE, cannula_mm=6.5), tmp_path, clock=CLOCK)
    assert unwritten.value.code == "ST-010"
    head = find_head(tmp_path, new_version=True)
    write_answer(
        a_plan(case_sha256=CASE, cannula_mm=6.5),
        tmp_path,
        clock=CLOCK,
        expected=head,
        new_version=True,
    )
    assert [v.number for v in read_history(tmp_path).versions] == [1, 2]


@pytest.mark.parametrize("new_version", [False, True])
def test_a_history_that_was_changed_is_not_written_on(tmp_path: Path, new_version: bool) -> None:
    write_answer(a_plan(), tmp_path, clock=CLOCK)
    log = tmp_path / "plan.history.json"
    log.write_text(log.read_text("utf-8").replace(NOON, "2020-01-01T00:00:00+00:00"), "utf-8")
    with pytest.raises(StoreError) as refused:
        find_head(tmp_path, new_version=new_version)
    assert refused.value.code == "ST-011"
    with pytest.raises(StoreError) as unwritten:
        write_answer(a_plan(), tmp_path, clock=CLOCK, new_version=new_version)
    assert unwritten.value.code == "ST-011"


def test_the_same_answer_at_the_same_moment_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_answer(a_plan(), tmp_path / name, clock=CLOCK)
    one, two = (
        {file.name: file.read_bytes() for file in (tmp_path / name).iterdir() if file.is_file()}
        for name in ("one", "two")
    )
    assert one == two
