"""The L5 root on the ala: a string pulled over a box, its turn, and what stops it."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.box_bones import box_bones

from kambin.anatomy import BonyAnatomy, Level
from kambin.anatomy.root_ala import _pulled, find_way_over_ala
from kambin.frames import Side
from kambin.knowledge import value

LAST = Level("L5", "S1")
ROOM_MM = 3.0
FRONT_MM, BACK_MM, TOP_MM = -6.0, 20.0, -2.0
"""Borders of the box of the ala from the centre of the plate of S1, mm."""


@pytest.fixture(scope="module")
def a_spine_with_alae() -> BonyAnatomy:
    """Boxes, with a box for each ala beside the body of S1."""
    bony = box_bones()
    plate = bony.vertebra_frames["S1"].upper_plate
    nodes = np.stack(np.meshgrid(*bony.working_grid.axes_mm(), indexing="ij"), axis=-1)
    x, y, z = np.moveaxis(plate.inverse().points(nodes.reshape(-1, 3)).reshape(nodes.shape), -1, 0)
    ala = (np.abs(x) > 20) & (np.abs(x) < 45) & (y > FRONT_MM) & (y < BACK_MM) & (z < TOP_MM)
    occupancy = np.maximum(bony.bone.occupancy, ala.astype(bony.bone.occupancy.dtype))
    return replace(bony, bone=replace(bony.bone, occupancy=occupancy))


def way_of(bony: BonyAnatomy, side: Side) -> np.ndarray:
    """The way in the frame of the plate, lateral outwards."""
    plate, sign = bony.vertebra_frames["S1"].upper_plate, side.lateral_sign_lps
    ganglion = plate.points(np.array([22.0 * sign, 18.0, 6.0]))
    way = find_way_over_ala(bony, LAST, side, ganglion, ROOM_MM)
    return plate.inverse().points(np.array(way)) * [sign, 1.0, 1.0]


@pytest.mark.parametrize("side", Side)
def test_the_root_runs_over_the_front_edge_of_the_ala_and_down_its_face(
    a_spine_with_alae: BonyAnatomy, side: Side
) -> None:
    way = way_of(a_spine_with_alae, side)
    down = -value("completion_nerve.ala_down_mm")
    assert (np.diff(way[:, 2]) < 0.5).all()
    assert down <= way[-1, 2] < down + 8
    # Never in the box, and where it turns no further off than the corner asks for.
    gap = np.maximum.reduce([FRONT_MM - way[:, 1], way[:, 2] - TOP_MM])
    assert (gap > 0.5).all()
    # Slanting rays give up to half of the room; relaxation gives the rest.
    face = FRONT_MM - way[way[:, 2] < TOP_MM - 5][:, 1]
    assert ((face > ROOM_MM / 2) & (face < ROOM_MM + 0.5)).all()


def test_it_moves_outwards_on_its_way_down(a_spine_with_alae: BonyAnatomy) -> None:
    way = way_of(a_spine_with_alae, Side.LEFT)
    fall, out = way[0, 2] - way[-1, 2], way[-1, 0] - way[0, 0]
    outwards = np.degrees(np.arctan2(out, -way[-1, 2]))
    assert fall > 20
    assert outwards == pytest.approx(value("completion_nerve.ala_outwards_deg"), abs=1.5)


def test_the_way_of_one_side_mirrors_that_of_the_other(a_spine_with_alae: BonyAnatomy) -> None:
    left, right = (way_of(a_spine_with_alae, side) for side in Side)
    np.testing.assert_allclose(left, right, atol=0.6)


def test_where_the_labels_show_no_ala_there_is_no_way() -> None:
    assert len(way_of_nothing()) == 0


def way_of_nothing() -> list[np.ndarray]:
    bony = box_bones()
    ganglion = bony.vertebra_frames["S1"].upper_plate.points(np.array([22.0, 18.0, 6.0]))
    beside = find_way_over_ala(bony, LAST, Side.LEFT, ganglion, ROOM_MM)
    return [*beside, *find_way_over_ala(bony, Level("L6", "S2"), Side.LEFT, ganglion, ROOM_MM)]


def test_a_pulled_string_touches_what_bulges_and_spans_what_is_hollow() -> None:
    # Backwards and upwards: over a hollow, round an edge, down a face with a dent.
    outline = np.array([[20, 8], [10, 2], [0, 4], [-6, -4], [-5, -10], [-6, -20]], dtype=float)
    assert _pulled(outline) == [0, 2, 3, 5]
