"""Muscles along the spine: psoas, quadratus, erector spinae and multifidus."""

import numpy as np

from kambin.anatomy import StructureKey
from kambin.frames import Side
from kambin.knowledge import value, values
from kambin.phantom.bodies import Column
from kambin.phantom.organs import LPS, Spine, table_mm
from kambin.phantom.shapes import Shape, place
from kambin.phantom.sizes import SIDES


def build_muscles(spine: Spine) -> list[Shape]:
    """Build the muscles of both sides as columns along the spine.

    Parameters
    ----------
    spine : Spine

    Returns
    -------
    Shapes, mm, left first; multifidus is painted over the erector, which is the rest of the
    mass that tools label as one
    """
    shapes = []
    for side in SIDES:
        shapes += [_quadratus(spine, side), _erector(spine, side), _multifidus(spine, side)]
        shapes.append(_psoas(spine, side))
    return shapes


def _beside(spine: Spine, name: str, side: Side) -> tuple[float, float, float]:
    """Return sideways place towards a side, posterior wall and height of a body, mm."""
    x, y, z = spine.along(name, np.zeros(3)).tolist()
    return side.lateral_sign_lps * x, y + spine.sizes.vertebrae[name].wall_mm, z


def _column(kind: str, side: Side, knots: list[list[float]]) -> Shape:
    key = StructureKey(kind, "", side)
    column = Column(np.array(knots), value("phantom_body.erector_exponent"))
    return Shape(key, (place(key, column, LPS, side=side),))


def _to_both_ends(knots: list[list[float]]) -> list[list[float]]:
    """Lead a column on to both ends of the image: muscle does not end where the spine does."""
    low, high = values("phantom_body.field_of_view_mm")[1:]
    return [[low, *knots[0][1:]], *knots, [high, *knots[-1][1:]]]


def _erector(spine: Spine, side: Side) -> Shape:
    lateral, behind, a, b = values("phantom_body.erector_mm")
    knots = []
    for name in reversed(spine.names):
        aside, wall, z = _beside(spine, name, side)
        knots.append([z, aside + lateral, wall + behind, a, b])
    return _column("erector_spinae", side, _to_both_ends(knots))


def _multifidus(spine: Spine, side: Side) -> Shape:
    medial, behind = values("phantom_body.multifidus_place_mm")
    halves = table_mm("multifidus_half_mm", 2)
    # Rows end at S1: with a sixth vertebra the row of T12 belongs to L1.
    rows = halves[-len(spine.names) :]
    knots = []
    for name, (a, b) in zip(reversed(spine.names), rows[::-1], strict=False):
        aside, wall, z = _beside(spine, name, side)
        knots.append([z, aside + medial + a, wall + behind + b, a, b])
    return _column("multifidus", side, _to_both_ends(knots))


def _quadratus(spine: Spine, side: Side) -> Shape:
    rows = table_mm("quadratus_mm", 4)
    knots = []
    for name, (medial, behind, a, b) in zip(spine.names, rows, strict=False):
        aside, wall, z = _beside(spine, name, side)
        knots.append([z, aside + medial + a, wall + behind, a, b])
    return _column("quadratus", side, knots[::-1])


def _psoas(spine: Spine, side: Side) -> Shape:
    rows = table_mm("psoas_mm", 3)
    medial = values("phantom_body.psoas_lateral_mm")
    names = [*spine.names[1 : len(rows) - 2], spine.last, "S1"]
    knots = []
    for name, (forwards, a, b), border in zip(names, rows, medial, strict=False):
        x, y, z = spine.along(name, np.zeros(3))
        aside = side.lateral_sign_lps * x + spine.sizes.vertebrae[name].width_mm / 2
        knots.append([z, aside + border + a, y + forwards, a, b])
    forwards, a, b = rows[-1]
    low = values("phantom_body.field_of_view_mm")[1]
    lateral = spine.sizes.vertebrae["S1"].width_mm / 2 + medial[-1] + a
    knots.append([low, lateral, spine.along("S1", np.zeros(3))[1] + forwards, a, b])
    column = Column(np.array(knots[::-1]), value("phantom_body.psoas_exponent"))
    key = StructureKey("psoas", "", side)
    return Shape(key, (place(key, column, LPS, side=side),))
