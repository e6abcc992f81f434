"""The session tells its listeners what changed, and says things to the person at the screen."""

import math

import numpy as np
import pytest

from kambin.app.logic.messages import Message, bug_message, error_message
from kambin.app.logic.session import EVENTS, MESSAGES_KEPT, Session
from kambin.core import RequestError

NOTE = Message("note", "case", "Something")


def test_listeners_hear_in_their_order_until_they_go() -> None:
    session, heard = Session(), []
    first = session.subscribe(lambda event: heard.append(("first", event)))
    session.subscribe(lambda event: heard.append(("second", event)))
    session.publish("case", "draft")
    assert heard == [(name, event) for event in ("case", "draft") for name in ("first", "second")]
    first()
    heard.clear()
    session.publish("job")
    assert heard == [("second", "job")]


def test_an_event_that_does_not_exist_is_a_bug() -> None:
    with pytest.raises(LookupError):
        Session().publish("weather")


def test_a_message_is_told_and_dismissed_and_the_oldest_go() -> None:
    session = Session()
    session.tell(NOTE)
    same = Message("note", "case", "Something")
    session.tell(same)
    session.dismiss(NOTE)
    assert session.messages == (same,)
    session.dismiss(NOTE)
    session.tell(*(Message("note", "case", str(n)) for n in range(2 * MESSAGES_KEPT)))
    assert len(session.messages) == MESSAGES_KEPT
    assert session.messages[-1].what == str(2 * MESSAGES_KEPT - 1)


def test_the_cursor_goes_nowhere_that_is_no_point() -> None:
    session, heard = Session(), []
    session.subscribe(heard.append)
    session.set_cursor(np.array([1.0, 2.0, 3.0]))
    session.set_cursor(np.array([1.0, math.nan, 3.0]))
    assert session.cursor_lps_mm == pytest.approx([1, 2, 3])
    assert heard == ["cursor"]
    assert set(heard) <= set(EVENTS)


def test_an_error_keeps_its_parts_and_a_bug_tells_no_text() -> None:
    error = RequestError(code="RQ-002", what="W", where="X", why="Y", next_step="Z")
    message = error_message(error, "plan")
    assert (message.code, message.what, message.where) == ("RQ-002", "W", "X")
    assert (message.why, message.next_step, message.step) == ("Y", "Z", "plan")
    bug = bug_message(ValueError("/data/name"), "plan")
    assert "/data/name" not in repr(bug)
    assert "ValueError" in bug.why
