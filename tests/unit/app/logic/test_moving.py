"""A path moved by hand: on the skin, on its own side, in words where no number can be given."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.app.logic.made_session import made_ground, made_path, moved_session

from kambin.app.logic import moving
from kambin.app.logic.draft import HandPath
from kambin.app.logic.session import Session
from kambin.core import RequestError
from kambin.frames import angles_from_direction
from kambin.planning.rules import find_skin_allowed_mm, measure_skin_gap_mm


@pytest.fixture
def session() -> Session:
    return moved_session()


def _now(session: Session) -> HandPath:
    assert session.history is not None
    return session.history.present


def _is_on_skin(path: HandPath) -> bool:
    skin = made_ground().question.skin
    gap = measure_skin_gap_mm(skin, path.as_path())
    return gap is not None and gap <= find_skin_allowed_mm(skin)


def _is_plain(session: Session) -> bool:
    """Return whether nothing that is shown is not a number."""
    draft = session.draft
    assert draft is not None
    words = (draft.verdict.words, *draft.verdict.reasons, repr(draft.path))
    return not any("nan" in word.lower().split() or "inf" in word.lower() for word in words)


def test_a_dragged_entry_slides_on_the_skin_below_the_hand(session: Session) -> None:
    before = _now(session)
    hand = np.add(before.entry_lps_mm, (6.0, 25.0, 4.0))
    moving.drag(session, "entry", hand, done=True)
    after = _now(session)
    assert _is_on_skin(after)
    assert after.target_lps_mm == before.target_lps_mm
    way = np.subtract(hand, before.target_lps_mm)
    assert np.cross(way, after.way) == pytest.approx(0, abs=1e-6 * float(way @ way))


def test_a_dragged_target_leaves_the_entry_where_it_is(session: Session) -> None:
    before = _now(session)
    moving.drag(session, "target", np.add(before.target_lps_mm, (0, 0, 1.5)), done=True)
    after = _now(session)
    assert after.entry_lps_mm == before.entry_lps_mm
    assert after.target_lps_mm[2] == pytest.approx(before.target_lps_mm[2] + 1.5)


def test_numbers_and_rules_follow_the_hand(session: Session) -> None:
    moving.drag(session, "target", _now(session).target_lps_mm, done=True)
    first = session.draft
    moving.nudge(session, "target", "posterior", 6)
    assert first is not None
    assert session.draft is not None
    assert first.evaluation is not None
    assert session.draft.evaluation is not None
    assert session.draft.evaluation.stages != first.evaluation.stages
    assert session.draft.rules
    assert session.draft.evaluation.entry.depth_mm == pytest.approx(_now(session).length_mm)


def test_a_hand_that_has_not_let_go_makes_no_step(session: Session) -> None:
    before, hand = session.history, np.add(_now(session).target_lps_mm, (0, 0, 1))
    moving.drag(session, "target", hand, done=False)
    assert session.history == before
    assert session.draft is not None
    assert session.draft.path.target_lps_mm == pytest.approx(hand)
    moving.drag(session, "target", np.add(hand, (0, 0, 1)), done=True)
    assert session.hovering is None
    assert session.history is not None
    assert len(session.history.past) == 1


@pytest.mark.parametrize("axis", ["left", "posterior", "cranial"])
def test_a_nudge_is_half_a_millimetre(session: Session, axis: moving.Axis) -> None:
    before = _now(session)
    moving.nudge(session, "target", axis, -3)
    moved = np.subtract(_now(session).target_lps_mm, before.target_lps_mm)
    along = ("left", "posterior", "cranial").index(axis)
    assert moved[along] == pytest.approx(-1.5)
    assert np.delete(moved, along) == pytest.approx(0)


@pytest.mark.parametrize(("angle", "place"), [("axial", 0), ("craniocaudal", 1)])
def test_an_angle_is_nudged_by_half_a_degree_about_the_target(
    session: Session, angle: str, place: int
) -> None:
    before = _now(session)
    moving.nudge_angle(session, "axial" if angle == "axial" else "craniocaudal", 4)
    after = _now(session)
    turned = np.subtract(angles_from_direction(after.way), angles_from_direction(before.way))
    assert turned[place] == pytest.approx(2.0, abs=1e-6)
    assert turned[1 - place] == pytest.approx(0, abs=1e-6)
    assert after.target_lps_mm == before.target_lps_mm
    assert _is_on_skin(after)


def test_typed_angles_are_those_of_the_evaluation(session: Session) -> None:
    moving.type_angles(session, 55.0, 6.0)
    assert session.draft is not None
    assert session.draft.evaluation is not None
    angles = session.draft.evaluation.angles
    assert angles.axial_inclination_to_patient_deg == pytest.approx(55.0, abs=1e-6)
    assert angles.craniocaudal_to_patient_deg == pytest.approx(6.0, abs=1e-6)


def test_an_entry_beyond_the_midline_is_said_to_be_on_the_wrong_side(session: Session) -> None:
    entry = np.array(_now(session).entry_lps_mm) * (-1, 1, 1)
    moving.drag(session, "entry", entry, done=True)
    draft = session.draft
    assert draft is not None
    assert draft.evaluation is None
    assert draft.verdict.tone == "stop"
    assert "RIGHT" in draft.verdict.words
    assert "plan is for the LEFT" in draft.verdict.words


def test_a_path_through_the_spine_names_structure_depth_and_millimetres(session: Session) -> None:
    moving.drag(session, "target", np.add(_now(session).target_lps_mm, (0, 9, 9)), done=True)
    draft = session.draft
    assert draft is not None
    assert draft.verdict.tone == "stop"
    assert any("mm below the skin" in reason for reason in draft.verdict.reasons)
    assert any("misses by" in reason and " mm" in reason for reason in draft.verdict.reasons)


def test_a_target_outside_the_body_has_no_entry_on_the_skin(session: Session) -> None:
    moving.drag(session, "target", (400.0, 0.0, 0.0), done=True)
    assert session.draft is not None
    assert session.draft.evaluation is None
    assert session.draft.verdict.tone == "stop"
    assert _is_plain(session)


def _to_one_point(session: Session) -> None:
    moving.drag(session, "target", _now(session).entry_lps_mm, done=True)


def _dock_at_the_skin(session: Session) -> None:
    moving.type_docking(session, 1000.0)


@pytest.mark.parametrize("degenerate", [_to_one_point, _dock_at_the_skin])
def test_a_degenerate_path_is_blocked_in_words_and_without_a_number(
    session: Session, degenerate: Callable[[Session], None]
) -> None:
    degenerate(session)
    assert session.draft is not None
    assert session.draft.evaluation is None
    assert session.draft.verdict.words.startswith("NOT A PATH")
    assert _is_plain(session)


def test_a_path_without_length_has_no_angle_to_turn(session: Session) -> None:
    _to_one_point(session)
    with pytest.raises(RequestError) as refused:
        moving.nudge_angle(session, "axial", 1)
    assert refused.value.code == "RQ-180"


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_changes_nothing(session: Session, wrong: float) -> None:
    before = session.history
    for act in (
        lambda: moving.type_point(session, "entry", (0.0, wrong, 0.0)),
        lambda: moving.drag(session, "target", (wrong, 0.0, 0.0), done=False),
        lambda: moving.type_angles(session, wrong, 0.0),
        lambda: moving.type_angles(session, 50.0, wrong),
        lambda: moving.type_docking(session, wrong),
        lambda: moving.type_point(session, "entry", (0.0, 0.0)),
    ):
        with pytest.raises(RequestError) as refused:
            act()
        assert refused.value.code == "RQ-180"
    assert session.history == before
    assert session.hovering is None


def test_a_locked_path_moves_by_nothing(session: Session) -> None:
    moving.nudge(session, "target", "cranial", 1)
    moving.set_lock(session, locked=True)
    before = session.history
    for act in (
        lambda: moving.nudge(session, "target", "cranial", 1),
        lambda: moving.nudge_angle(session, "axial", 1),
        lambda: moving.drag(session, "entry", (1.0, 2.0, 3.0), done=False),
        lambda: moving.undo(session),
        lambda: moving.redo(session),
        lambda: moving.begin_path(session, made_path()),
    ):
        with pytest.raises(RequestError) as refused:
            act()
        assert refused.value.code == "RQ-183"
    assert session.history == before
    moving.set_lock(session, locked=False)
    moving.undo(session)
    assert _now(session) == made_path()


def test_undo_and_redo_bring_numbers_back(session: Session) -> None:
    moving.nudge(session, "target", "cranial", 1)
    first = session.draft
    moving.nudge(session, "target", "cranial", 1)
    moving.undo(session)
    assert session.draft == first
    moving.redo(session)
    moving.undo(session)
    assert session.draft == first


def test_a_path_that_leaves_what_is_prepared_is_not_measured_while_it_is_dragged(
    session: Session,
) -> None:
    moving.type_angles(session, 12.0, 0.0)
    draft = session.draft
    assert draft is not None
    assert draft.is_strayed
    assert draft.evaluation is None
    assert draft.verdict.words.startswith("Not measured yet")


def test_a_path_begins_in_the_middle_of_the_corridor_where_there_is_no_plan() -> None:
    session = moved_session()
    session.history = None
    moving.begin_path(session)
    assert _now(session) == made_path()
    assert session.draft is not None
    session.ground = None
    with pytest.raises(RequestError) as refused:
        moving.begin_path(session)
    assert refused.value.code == "RQ-181"


def test_without_an_entry_of_the_corridor_there_is_no_path_to_begin_with() -> None:
    session = moved_session()
    problem = made_ground().question.problem
    none = replace(problem.entries, points_lps_mm=problem.entries.points_lps_mm[:0])
    question = replace(made_ground().question, problem=replace(problem, entries=none))
    session.ground, session.history = replace(made_ground(), question=question), None
    with pytest.raises(RequestError) as refused:
        moving.begin_path(session)
    assert refused.value.code == "RQ-184"
    moving.begin_path(session, made_path())
    assert _now(session) == made_path()
