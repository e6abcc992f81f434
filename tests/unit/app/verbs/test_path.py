"""Calls about the path under the hand: what they move, and what they refuse in which words."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.app.logic.made_session import made_path, moved_session
from tests.unit.app.verbs.made_bench import MadeDesk, made_desk, measured, refused

from kambin.app.logic.draft import HandPath
from kambin.app.logic.session import Session
from kambin.app.verbs.bench import to_number
from kambin.app.verbs.path import PathVerbs, to_end

ROOT = "exiting_root:L4:left"


@pytest.fixture
def desk() -> MadeDesk:
    return made_desk(measured(moved_session()))


@pytest.fixture
def verbs(desk: MadeDesk) -> PathVerbs:
    return PathVerbs(desk.bench)


def present(desk: MadeDesk) -> HandPath:
    assert desk.session.history is not None
    return desk.session.history.present


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_typed_target_changes_one_coordinate_alone(
    desk: MadeDesk, verbs: PathVerbs, axis: int
) -> None:
    before = present(desk)
    wanted = list(before.target_lps_mm)
    wanted[axis] += 0.75
    verbs.path_type("target", axis, f"{wanted[axis]}")
    assert present(desk).target_lps_mm == pytest.approx(wanted)
    assert present(desk).entry_lps_mm == before.entry_lps_mm
    assert desk.session.draft is not None
    assert desk.session.draft.path == present(desk)


def test_a_typed_number_may_have_a_comma(desk: MadeDesk, verbs: PathVerbs) -> None:
    verbs.path_type("target", 0, " 11,25 ")
    assert present(desk).target_lps_mm[0] == 11.25


def test_a_typed_entry_leaves_the_target_and_comes_to_the_skin(
    desk: MadeDesk, verbs: PathVerbs
) -> None:
    before = present(desk)
    verbs.path_type("entry", 2, f"{before.entry_lps_mm[2] + 4}")
    assert present(desk).target_lps_mm == before.target_lps_mm
    assert present(desk).entry_lps_mm != before.entry_lps_mm
    assert desk.session.draft is not None
    assert "ENTRY NOT ON THE SKIN" not in desk.session.draft.verdict.words


def test_one_typed_number_is_one_step_back(desk: MadeDesk, verbs: PathVerbs) -> None:
    before = present(desk)
    verbs.path_type("target", 1, "17")
    after = present(desk)
    assert desk.heard_of(verbs.undo) == {"draft"}
    assert present(desk) == before
    assert desk.heard_of(verbs.redo) == {"draft"}
    assert present(desk) == after


def test_the_same_number_typed_again_is_no_step(desk: MadeDesk, verbs: PathVerbs) -> None:
    verbs.path_type("target", 0, f"{present(desk).target_lps_mm[0]}")
    assert desk.session.history is not None
    assert desk.session.history.past == ()


@pytest.mark.parametrize("typed", ["", "  ", "x", "1,2,3", "nan", "inf", "-inf", "1e999"])
def test_what_is_no_number_is_quoted_and_moves_nothing(
    desk: MadeDesk, verbs: PathVerbs, typed: str
) -> None:
    before = present(desk)
    error = refused(lambda: verbs.path_type("target", 0, typed))
    assert error.code == "RQ-180"
    assert error.where == "target"
    assert error.why == f"{typed!r} is no number."
    assert "was not changed" in error.next_step
    assert present(desk) == before


def test_a_long_text_is_not_quoted_whole(verbs: PathVerbs) -> None:
    error = refused(lambda: verbs.path_type("entry", 0, "y" * 400))
    assert "y" * 20 in error.why
    assert "y" * 21 not in error.why


@pytest.mark.parametrize("axis", [-1, 3, 99])
def test_there_are_three_coordinates(desk: MadeDesk, verbs: PathVerbs, axis: int) -> None:
    error = refused(lambda: verbs.path_type("target", axis, "1"))
    assert error.code == "RQ-180"
    assert "no such coordinate" in error.why
    assert present(desk) == made_path()


def test_a_path_has_two_ends() -> None:
    assert to_end("entry") == "entry"
    assert to_end("target") == "target"


@pytest.mark.parametrize("name", ["", "Entry", "tip", "entry "])
def test_a_path_has_no_third_end(name: str) -> None:
    error = refused(lambda: to_end(name))
    assert (error.code, error.why) == ("RQ-180", "A path has an entry and a target.")


def test_typing_without_a_path_says_that_there_is_none() -> None:
    verbs = PathVerbs(made_desk(Session()).bench)
    error = refused(lambda: verbs.path_type("entry", 0, "1"))
    assert error.why.startswith("There is no path")


def test_walking_where_nothing_was_done_moves_nothing(desk: MadeDesk, verbs: PathVerbs) -> None:
    verbs.undo()
    verbs.redo()
    assert present(desk) == made_path()
    empty = made_desk(Session())
    PathVerbs(empty.bench).undo()
    PathVerbs(empty.bench).redo()
    assert empty.session.history is None
    assert empty.heard == []


def test_the_lock_goes_on_and_off(desk: MadeDesk, verbs: PathVerbs) -> None:
    assert desk.heard_of(verbs.lock) == {"draft"}
    assert desk.session.is_locked
    verbs.lock()
    assert not desk.session.is_locked


@pytest.mark.parametrize(
    "move",
    [
        lambda verbs: verbs.path_type("target", 0, "11"),
        lambda verbs: verbs.path_type("entry", 0, "90"),
        lambda verbs: verbs.undo(),
        lambda verbs: verbs.redo(),
    ],
)
def test_a_locked_path_is_moved_by_nothing(
    desk: MadeDesk, verbs: PathVerbs, move: Callable[[PathVerbs], None]
) -> None:
    verbs.path_type("target", 0, "11.5")
    locked = present(desk)
    verbs.lock()
    error = refused(lambda: move(verbs))
    assert (error.code, error.what) == ("RQ-183", "The path is locked")
    assert error.next_step == "Unlock it, then move it."
    assert present(desk) == locked
    verbs.lock()
    verbs.undo()
    assert present(desk) == made_path()


def test_a_row_brings_the_panes_to_where_the_nearest_tool_is(
    desk: MadeDesk, verbs: PathVerbs
) -> None:
    draft = desk.session.draft
    assert draft is not None
    assert draft.evaluation is not None
    rows = [c for s in draft.evaluation.stages for c in s.clearances if c.structure == ROOT]
    nearest = min(rows, key=lambda row: row.clearance_mm)
    assert desk.heard_of(lambda: verbs.row_fly(ROOT)) == {"cursor"}
    assert desk.session.cursor_lps_mm == pytest.approx(nearest.point_lps_mm)
    assert present(desk) == made_path()


@pytest.mark.parametrize("key", [ROOT, "disc:L4-L5", "sap:L5:left", "dural_sac"])
def test_in_the_step_of_anatomy_a_row_goes_to_the_structure_itself(
    desk: MadeDesk, verbs: PathVerbs, key: str
) -> None:
    desk.session.step = "anatomy"
    verbs.row_fly(key)
    assert desk.session.anatomy is not None
    structure = desk.session.anatomy.find(key)
    assert structure is not None
    node = np.rint(structure.region.ijk(desk.session.cursor_lps_mm)).astype(int)
    assert structure.region.values[tuple(node)] > 0


def test_a_structure_that_no_tool_was_measured_to_is_gone_to_itself(
    desk: MadeDesk, verbs: PathVerbs
) -> None:
    verbs.row_fly("disc:L4-L5")
    assert np.linalg.norm(desk.session.cursor_lps_mm) < 3


def test_a_structure_that_is_not_there_moves_no_pane(desk: MadeDesk, verbs: PathVerbs) -> None:
    before = desk.session.cursor_lps_mm
    assert desk.heard_of(lambda: verbs.row_fly("kidney:left")) == set()
    assert desk.session.cursor_lps_mm is before
    empty = made_desk(Session())
    PathVerbs(empty.bench).row_fly(ROOT)
    assert empty.heard == []


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_the_depth_is_counted_from_the_skin(desk: MadeDesk, verbs: PathVerbs, share: float) -> None:
    path = present(desk)
    verbs.depth_set(share * path.length_mm)
    entry, target = np.array(path.entry_lps_mm), np.array(path.target_lps_mm)
    assert desk.session.cursor_lps_mm == pytest.approx(entry + share * (target - entry))
    assert desk.screens.depth_mm == pytest.approx(share * path.length_mm)


@pytest.mark.parametrize(("asked", "end"), [(-20.0, "entry"), (5000.0, "target")])
def test_no_depth_lies_outside_the_path(
    desk: MadeDesk, verbs: PathVerbs, asked: float, end: str
) -> None:
    verbs.depth_set(asked)
    path = present(desk)
    wanted = path.entry_lps_mm if end == "entry" else path.target_lps_mm
    assert desk.session.cursor_lps_mm == pytest.approx(wanted)


def test_a_path_without_length_has_no_depth(desk: MadeDesk, verbs: PathVerbs) -> None:
    assert desk.session.draft is not None
    point = made_path().target_lps_mm
    desk.session.draft = replace(desk.session.draft, path=HandPath(point, point, 0.0))
    assert desk.heard_of(lambda: verbs.depth_set(3.0)) == set()
    assert desk.screens.depth_mm is None
    empty = made_desk(Session())
    PathVerbs(empty.bench).depth_set(3.0)
    assert empty.screens.depth_mm is None


@pytest.mark.parametrize(
    ("typed", "number"), [("1", 1.0), (" 2.5 ", 2.5), ("3,5", 3.5), ("-0,25", -0.25), ("1e1", 10.0)]
)
def test_numbers_as_people_type_them(typed: str, number: float) -> None:
    assert to_number(typed, "x") == number


def test_what_was_typed_wrong_is_named_by_its_field() -> None:
    error = refused(lambda: to_number("six", "cannula"))
    assert (error.where, error.why) == ("cannula", "'six' is no number.")
