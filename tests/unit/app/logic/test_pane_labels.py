"""Names cover no structure, no other name and nothing that stands there already."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.app.logic.pane_labels import CELL_PX, Box, Label, Leader, Named, place_labels

SIZE = (400, 320)


def a_ring(x: float, y: float, radius_px: float) -> np.ndarray:
    turn = np.linspace(0.0, 2 * np.pi, 60)
    return np.array([x, y]) + radius_px * np.column_stack([np.cos(turn), np.sin(turn)])


def is_apart(one: Box, other: Box) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def covers(box: Box, x: float, y: float, radius_px: float) -> bool:
    nearest = np.clip([x, y], box[:2], box[2:])
    return float(np.hypot(*(nearest - [x, y]))) < radius_px


def is_met(leader: Leader | None, other: Label) -> bool:
    """Return whether a line passes under another name, or crosses its line."""
    if leader is None or leader == other.leader:
        return False
    start, end = np.array(leader)
    steps = start + np.linspace(0.0, 1.0, 200)[:, None] * (end - start)
    low, high = np.array(other.box[:2]), np.array(other.box[2:])
    if ((steps > low) & (steps < high)).all(axis=1).any():
        return True
    if other.leader is None:
        return False
    a, b = np.array(other.leader)
    across = np.column_stack([b - a, start - end])
    if abs(np.linalg.det(across)) < 1e-9:
        return False
    here, there = np.linalg.solve(across, start - a)
    # short of the last four pixels: they are inside what is named, and may cross there
    reach = 1.0 - 4.5 / max(float(np.hypot(*(end - start))), 4.5)
    theirs = 1.0 - 4.5 / max(float(np.hypot(*(b - a))), 4.5)
    return bool(0.0 < there < reach and 0.0 < here < theirs)


rings = st.lists(
    st.tuples(st.floats(20.0, 380.0), st.floats(20.0, 300.0), st.floats(6.0, 40.0)),
    min_size=1,
    max_size=12,
)


@given(rings)
def test_no_name_covers_a_structure_another_name_or_a_caption(
    places: list[tuple[float, float, float]],
) -> None:
    lines = [a_ring(*place) for place in places]
    named = [Named(f"name {n}", "#fff", line) for n, line in enumerate(lines)]
    caption = (0.0, 0.0, 400.0, 22.0)
    labels = place_labels(named, lines, [caption], SIZE)
    for n, label in enumerate(labels):
        box = label.box
        assert box[0] >= CELL_PX
        assert box[2] <= SIZE[0]
        assert box[1] >= 0
        assert box[3] <= SIZE[1]
        assert is_apart(box, caption)
        # in one line they would be read as one name
        wide = (box[0] - 6.0, box[1], box[2] + 6.0, box[3])
        assert all(is_apart(wide, other.box) for other in labels[:n])
        assert not any(is_met(label.leader, other) for other in labels[:n])
        assert not any(is_met(other.leader, label) for other in labels[:n])
        assert not any(covers(box, *place) for place in places)


def test_a_name_stands_beside_what_it_names() -> None:
    ring = a_ring(200.0, 160.0, 20.0)
    (label,) = place_labels([Named("root", "#fd1", ring)], [ring], [], SIZE)
    assert label.leader is None
    assert np.abs(ring - [label.x, label.y]).max(axis=1).min() < 60.0
    assert (label.text, label.colour) == ("root", "#fd1")


def test_a_name_that_had_to_go_further_is_tied_by_a_line() -> None:
    small, around = a_ring(200.0, 160.0, 8.0), a_ring(200.0, 160.0, 70.0)
    (label,) = place_labels([Named("root", "#fd1", small)], [small, around], [], SIZE)
    assert label.leader is not None
    near, far = label.leader
    assert not is_apart((*near, *near), tuple(np.add(label.box, (-1, -1, 1, 1))))
    # inside it: on its edge the line of a neighbour may lie
    assert np.hypot(*np.subtract(far, [200.0, 160.0])) < 7.9


def test_the_first_to_ask_gets_the_nearer_place() -> None:
    ring = a_ring(200.0, 160.0, 20.0)
    twice = [Named("first", "#fff", ring), Named("other", "#fff", ring)]
    first, other = place_labels(twice, [ring], [], SIZE)
    assert first.text == "first"
    off = [np.add(one.box[:2], one.box[2:]) / 2 - [200, 160] for one in (first, other)]
    away = [np.hypot(x, 1.4 * y) for x, y in off]
    assert away[0] <= away[1] + CELL_PX


def test_two_names_in_one_line_are_not_read_as_one() -> None:
    """They were: *L4* and *L4 IAP* as *L4 L4 IAP*."""
    wide = np.array([[0.0, 40.0], [400.0, 40.0], [400.0, 300.0], [0.0, 300.0], [0.0, 40.0]])
    pair = [Named(text, "#fff", a_ring(200.0, 60.0, 9.0)) for text in ("L4", "L4 IAP left")]
    first, other = place_labels(pair, [wide], [], SIZE)
    if first.y == other.y:
        left, right = sorted((first.box, other.box))
        assert right[0] - left[2] >= 7.0


def test_a_name_is_not_tied_through_another_name() -> None:
    rings = [a_ring(200.0, 60.0 + 40.0 * n, 9.0) for n in range(5)]
    wall = np.array([[150.0, 30.0], [250.0, 30.0], [250.0, 270.0], [150.0, 270.0], [150.0, 30.0]])
    named = [Named(f"root {n}", "#fff", ring) for n, ring in enumerate(rings)]
    labels = place_labels(named, [wall], [], SIZE)
    assert len(labels) == 5
    assert not any(is_met(one.leader, two) for one in labels for two in labels)


def test_a_name_without_room_is_left_out() -> None:
    everywhere = np.array([[0.0, 0.0], [400.0, 0.0], [400.0, 320.0], [0.0, 320.0], [0.0, 0.0]])
    ring = a_ring(200.0, 160.0, 20.0)
    assert place_labels([Named("root", "#fff", ring)], [everywhere], [], SIZE) == ()
    assert place_labels([Named("root " * 40, "#fff", ring)], [ring], [], SIZE) == ()
    assert place_labels([Named("root", "#fff", ring)], [ring], [], (64, 10)) == ()


def test_a_name_far_from_everything_free_is_left_out() -> None:
    """Better none than one at the other end of the picture."""
    left = np.array([[0.0, 0.0], [380.0, 0.0], [380.0, 320.0], [0.0, 320.0], [0.0, 0.0]])
    ring = a_ring(20.0, 160.0, 10.0)
    assert place_labels([Named("x", "#fff", ring)], [left], [], SIZE) == ()


@pytest.mark.parametrize("line", [np.zeros((1, 2)), np.full((2, 2), -50.0)])
def test_lines_outside_or_of_one_point_take_no_room(line: np.ndarray) -> None:
    ring = a_ring(200.0, 160.0, 20.0)
    free = place_labels([Named("root", "#fff", ring)], [ring], [], SIZE)
    assert place_labels([Named("root", "#fff", ring)], [ring, line], [], SIZE) == free
