"""What is told of room for the hand, which worths count as equal, and cells at their edges."""

import numpy as np
import pytest
from tests.unit.planning.small_problems import MIRROR, a_level

from kambin.core import Severity
from kambin.frames import Side, direction_from_angles
from kambin.knowledge import value
from kambin.planning.continuum_cells import BoxCells, SkinCells
from kambin.planning.room_choice import BEFORE_CHECK, HandRoom, is_no_less, remark_room
from kambin.planning.skin_stages import NOWHERE, StageRooms

QUANTUM_MM = value("planning.objective_quantum_mm")


# The hand


@pytest.mark.parametrize(
    ("entry_mm", "tip_mm", "least_mm"), [(2.0, 3.0, 2.0), (3.0, 2.0, 2.0), (0.0, 5.0, 0.0)]
)
def test_the_lesser_end_of_the_path_is_what_the_hand_may_be_off(
    entry_mm: float, tip_mm: float, least_mm: float
) -> None:
    assert HandRoom(entry_mm, 1.0, tip_mm).least_mm == least_mm


def test_room_is_told_in_tenths_at_the_skin_and_as_an_angle() -> None:
    assert HandRoom(1.26, 0.84, 9.9).words == "1.3 mm at the skin or 0.8 degrees"


@pytest.mark.parametrize(
    ("steps", "is_no_less_worth"),
    [(-2.0, False), (-1.0, False), (-0.4, True), (0.0, True), (3, True)],
)
def test_worths_are_compared_in_the_steps_of_the_search(
    steps: float, is_no_less_worth: bool
) -> None:
    for other_mm in (-3.0, 0.0, 1.25):
        assert is_no_less(other_mm + steps * QUANTUM_MM, other_mm) is is_no_less_worth


def test_the_note_says_what_was_won_and_what_it_cost() -> None:
    before, after = HandRoom(0.5, 0.3, 0.4), HandRoom(1.5, 0.9, 1.2)
    note = remark_room((before, after), 0.254, "L4-L5 left")
    assert (note.code, note.severity, note.where) == ("PL-054", Severity.NOTE, "L4-L5 left")
    # what is taken comes first
    assert note.what.index(after.words) < note.what.index(before.words)
    assert "0.25 mm below" in note.why
    # the plan's own tolerance is what the second checker left of it: another number
    assert f"{BEFORE_CHECK} {after.words}" in note.what
    assert "what the second check leaves" in note.why
    assert f"{value('planning.room_band_mm'):g} mm count as equal" in note.why


def test_rooms_of_no_path_are_nowhere() -> None:
    none = StageRooms.none(3)
    assert none.room_mm.tolist() == [-np.inf] * 3
    assert none.targets.tolist() == none.stops.tolist() == [NOWHERE] * 3
    assert len(StageRooms.none(0).room_mm) == 0


# Cells


def skin_at(*angles_deg: tuple[float, float], side: Side = Side.LEFT) -> np.ndarray:
    """Skin 100 mm away at some angles."""
    rays = np.array([direction_from_angles(*pair) for pair in angles_deg])
    return 100.0 * rays * (side.lateral_sign_lps, 1, 1)


LATTICE = [(60.0 + a, 5.0 + b) for a in range(4) for b in range(3)]


def test_skin_cells_do_not_depend_on_the_order_of_the_list(rng: np.random.Generator) -> None:
    points, count = skin_at(*LATTICE), len(LATTICE)
    cells = SkinCells.between(points, np.zeros(3), Side.LEFT).corners_mm.reshape(count, -1)
    for order in (np.arange(count)[::-1], rng.permutation(count)):
        mixed = SkinCells.between(points[order], np.zeros(3), Side.LEFT)
        assert mixed.corners_mm.reshape(count, -1) == pytest.approx(cells[order])


def test_the_mirrored_skin_has_mirrored_cells() -> None:
    here, there = (
        SkinCells.between(skin_at(*LATTICE, side=side), np.zeros(3), side) for side in Side
    )
    assert there.corners_mm == pytest.approx(here.corners_mm * MIRROR)
    assert there.radii_mm == pytest.approx(here.radii_mm)


def test_neighbours_share_the_border_between_them() -> None:
    cells = SkinCells.between(skin_at((60.0, 5.0), (61.0, 5.0)), np.zeros(3), Side.LEFT)
    first, second = cells.corners_mm.reshape(2, -1, 3)
    middle = skin_at((60.0, 5.0), (61.0, 5.0)).mean(axis=0)
    for corners in (first, second):
        assert np.linalg.norm(corners - middle, axis=1).min() < 1e-9
    # as far beyond the outer point as between the two
    outermost = 1.5 * skin_at((60.0, 5.0))[0] - 0.5 * skin_at((61.0, 5.0))[0]
    assert np.linalg.norm(first - outermost, axis=1).min() < 1e-9


def test_a_single_target_is_a_box_without_size() -> None:
    level = a_level(Side.RIGHT, tilt_deg=15.0, origin_lps_mm=(1.0, 2.0, 3.0))
    point = np.array([[-9.0, 15.0, 4.0]])
    cells = BoxCells.between(point, level)
    assert cells.radii_mm == pytest.approx([0.0], abs=2e-6)
    assert cells.centres_mm == pytest.approx(point, abs=2e-6)
    assert cells.halved(np.array([0])).centres_mm == pytest.approx(
        np.repeat(point, 2, axis=0), abs=2e-6
    )


def test_a_box_is_halved_across_its_longest_side_until_its_ball_is_small() -> None:
    cells = BoxCells(np.zeros((1, 3)), np.array([[1.0, 8.0, 3.0]]), a_level())
    first, second = (cells.halved(np.array([0])).high_mm - [[0, 0, 0], [0, 4.0, 0]]).tolist()
    assert first == second == [1.0, 4.0, 3.0]
    volume_mm3 = 24.0
    for _ in range(6):
        radii = cells.radii_mm
        cells = cells.halved(np.arange(len(cells)))
        assert np.prod(cells.high_mm - cells.low_mm, axis=1).sum() == pytest.approx(volume_mm3)
        assert cells.radii_mm.max() < radii.max()
    assert len(cells) == 64


def test_only_the_cells_that_are_named_are_halved() -> None:
    boxes = BoxCells(np.arange(9.0).reshape(3, 3), np.arange(9.0).reshape(3, 3) + 2, a_level())
    halves = boxes.halved(np.array([2, 0]))
    assert halves.low_mm[::2].tolist() == boxes.low_mm[[2, 0]].tolist()
    assert halves.high_mm[1::2].tolist() == boxes.high_mm[[2, 0]].tolist()
    # the whole is left as it was
    assert (boxes.high_mm - boxes.low_mm == 2.0).all()
    skin = SkinCells.between(skin_at(*LATTICE), np.zeros(3), Side.LEFT)
    before = skin.corners_mm.copy()
    assert len(skin.halved(np.array([1, 1, 5]))) == 6
    assert (skin.corners_mm == before).all()
