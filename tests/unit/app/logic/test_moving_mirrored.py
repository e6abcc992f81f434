"""Dragging on the patient's left changes the left plan; the mirror image changes all but words."""

from collections.abc import Callable

import numpy as np
import pytest
from tests.unit.app.logic.made_session import made_path, moved_session

from kambin.app.logic import moving
from kambin.app.logic.draft import Draft, HandPath
from kambin.app.logic.session import Session
from kambin.frames import Side

SIDES = {Side.LEFT: 1, Side.RIGHT: -1}


def _drag_entry(session: Session, sign: int) -> None:
    now = _path(session).entry_lps_mm
    moving.drag(session, "entry", np.add(now, (sign * 4.0, 3.0, 5.0)), done=True)


def _drag_target(session: Session, sign: int) -> None:
    now = _path(session).target_lps_mm
    moving.drag(session, "target", np.add(now, (sign * 1.5, 0.5, 1.0)), done=True)


def _turn(session: Session, sign: int) -> None:
    moving.nudge_angle(session, "axial", 3)
    moving.nudge_angle(session, "craniocaudal", -2)


def _cross(session: Session, sign: int) -> None:
    now = np.array(_path(session).entry_lps_mm)
    moving.drag(session, "entry", now * (-1, 1, 1), done=True)


def _path(session: Session) -> HandPath:
    assert session.history is not None
    return session.history.present


@pytest.mark.parametrize("act", [_drag_entry, _drag_target, _turn, _cross])
def test_a_mirrored_case_mirrors_everything_but_the_words(
    act: Callable[[Session, int], None],
) -> None:
    drafts = []
    for side, sign in SIDES.items():
        session = moved_session(side)
        act(session, sign)
        assert session.draft is not None
        drafts.append(session.draft)
    left, right = drafts
    assert left.entry_lps_mm == pytest.approx(right.entry_lps_mm * (-1, 1, 1), abs=1e-6)
    assert left.target_lps_mm == pytest.approx(right.target_lps_mm * (-1, 1, 1), abs=1e-6)
    assert left.verdict.tone == right.verdict.tone
    assert _swapped(left.verdict.words) == right.verdict.words
    assert _gaps(left) == pytest.approx(_gaps(right), abs=1e-3)


def test_the_left_path_moves_left_when_the_hand_goes_to_the_patients_left() -> None:
    session = moved_session(Side.LEFT)
    before = made_path(Side.LEFT)
    moving.nudge(session, "target", "left", 4)
    after = _path(session)
    assert after.target_lps_mm[0] == pytest.approx(before.target_lps_mm[0] + 2.0)
    assert before.entry_lps_mm[0] > 0
    assert made_path(Side.RIGHT).entry_lps_mm[0] < 0


def _swapped(words: str) -> str:
    """Return words with left and right exchanged."""
    for one, other in (("LEFT", "RIGHT"), ("left", "right")):
        words = words.replace(one, "\0").replace(other, one).replace("\0", other)
    return words


def _gaps(draft: Draft) -> list[float]:
    """Return all gaps of a draft, by tool and size."""
    if draft.evaluation is None:
        return []
    return [
        gap
        for stage in draft.evaluation.stages
        for gap in sorted(row.clearance_mm for row in stage.clearances)
    ]
