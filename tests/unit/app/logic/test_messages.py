"""What the session says of errors: all that a person can act on, nothing of a foreign text."""

import pytest

from kambin.app.logic.messages import Message, bug_message, error_message
from kambin.core import AnatomyError, KambinError, PlanError, StoreError

SECRET = "/home/somebody/case of Mrs X"


@pytest.mark.parametrize(
    ("kind", "code"), [(AnatomyError, "AN-020"), (PlanError, "PL-090"), (StoreError, "ST-001")]
)
def test_an_error_keeps_every_part_and_the_step_where_it_arose(
    kind: type[KambinError], code: str
) -> None:
    error = kind(code=code, what="a", where="b", why="c", next_step="d")
    assert error_message(error, "plan") == Message("error", "plan", "a", "b", "c", "d", code)


@pytest.mark.parametrize("kind", [ValueError, OSError, KeyError, RuntimeError])
def test_a_bug_names_its_kind_and_quotes_nothing(kind: type[Exception]) -> None:
    said = bug_message(kind(SECRET), "case")
    assert (said.kind, said.step, said.code) == ("error", "case", "")
    assert kind.__name__ in said.why
    assert said.next_step
    everything = " ".join([said.what, said.where, said.why, said.next_step])
    assert "somebody" not in everything
    assert "Mrs X" not in everything


def test_the_cause_of_a_bug_is_not_quoted_either() -> None:
    error = ValueError("outer")
    error.__cause__ = OSError(SECRET)
    error.add_note(SECRET)
    assert "somebody" not in repr(bug_message(error, "plan"))


def test_a_note_need_not_have_a_code() -> None:
    note = Message("note", "sign", "said")
    assert (note.where, note.why, note.next_step, note.code) == ("", "", "", "")
