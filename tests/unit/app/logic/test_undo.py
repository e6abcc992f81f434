"""A line of states: a hundred steps back, nothing empty, and a new step forgets what was undone."""

from hypothesis import given
from hypothesis import strategies as st

from kambin.app.logic.undo import UNDO_STEPS, Undo

MOVES = st.lists(st.one_of(st.integers(0, 5), st.sampled_from(["undo", "redo"])), max_size=300)


def _walk(moves: list[int | str]) -> tuple[Undo[int], list[int], int]:
    """Walk a line, and beside it a plain list with an index: the oracle."""
    line, states, at = Undo(0), [0], 0
    for move in moves:
        if move == "undo":
            line, at = line.undo(), max(at - 1, 0, len(states) - 1 - UNDO_STEPS)
        elif move == "redo":
            line, at = line.redo(), min(at + 1, len(states) - 1)
        elif isinstance(move, int):
            if move != states[at]:
                states = [*states[: at + 1], move]
                at = len(states) - 1
            line = line.do(move)
    return line, states, at


@given(MOVES)
def test_any_walk_ends_where_replaying_the_kept_steps_ends(moves: list[int | str]) -> None:
    line, states, at = _walk([m for m in moves if m != "undo"] + ["undo"] * moves.count("undo"))
    assert line.present == states[at]
    short, kept, place = _walk(moves[:UNDO_STEPS])
    assert (*short.past, short.present, *short.future) == tuple(kept)
    assert len(short.past) == place


def test_a_hundred_steps_are_kept_and_the_oldest_goes() -> None:
    line = Undo(0)
    for step in range(1, UNDO_STEPS + 51):
        line = line.do(step)
    assert len(line.past) == UNDO_STEPS
    for _ in range(2 * UNDO_STEPS):
        line = line.undo()
    assert line.present == 50
    for _ in range(2 * UNDO_STEPS):
        line = line.redo()
    assert line.present == UNDO_STEPS + 50


def test_the_same_state_again_is_no_step_and_keeps_what_was_undone() -> None:
    line = Undo(1).do(2).undo()
    assert line.do(1) is line
    assert line.do(3).future == ()
    assert Undo(1).undo() == Undo(1)
    assert Undo(1).redo() == Undo(1)
