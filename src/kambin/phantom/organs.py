"""The soft body: skin, muscles, vessels and organs."""

from dataclasses import dataclass

import numpy as np

from kambin.anatomy import StructureKey
from kambin.frames import RigidTransform, Side
from kambin.knowledge import value, values
from kambin.phantom.bodies import Column
from kambin.phantom.chain import SpineFrames
from kambin.phantom.shapes import Piece, Shape, place, place_tube, turned
from kambin.phantom.sizes import SIDES, Draw, SpineSize
from kambin.phantom.solids import Superellipsoid, TubeSolid

LPS = RigidTransform("lps", "lps", np.eye(4))
"""Places what is given in the patient's own frame."""


@dataclass(frozen=True, slots=True)
class Spine:
    """Sizes and frames of the spine, together with its vertebrae in order.

    Parameters
    ----------
    names : from T12 to the last lumbar vertebra, then S1
    sizes : SpineSize
    frames : SpineFrames
    """

    names: tuple[str, ...]
    sizes: SpineSize
    frames: SpineFrames

    @property
    def last(self) -> str:
        """Return the name of the last lumbar vertebra."""
        return self.names[-2]

    def along(self, name: str, offset_mm: np.ndarray) -> np.ndarray:
        """Return a point given about the centre of a body, axes of the patient.

        Parameters
        ----------
        name : str, vertebra
        offset_mm : float array, shape (3,), mm, along LPS and not along the tilted body

        Returns
        -------
        float array, shape (3,), mm, LPS
        """
        point: np.ndarray = self.frames.vertebrae[name].origin_mm + offset_mm
        return point


def _table(row: str, columns: int) -> np.ndarray:
    return np.array(values(f"phantom_body.{row}")).reshape(-1, columns)


def build_skin(spine: Spine, *, share: float, back_fat_mm: float) -> list[Shape]:
    """Build the body: skin filled with fat, muscular ring, inner fat.

    Parameters
    ----------
    spine : Spine
    share : float, outline against the usual patient
    back_fat_mm : float, mm, additional fat behind

    Returns
    -------
    three Shapes in painting order: skin with its fat, muscular wall, the fat inside it; mm
    """
    rows = _table("skin_mm", 4)
    z, y, a, b = rows.T
    grown = np.column_stack([z, 0 * z, y + back_fat_mm - b * (share - 1), a * share, b * share])
    exponent = value("phantom_body.skin_exponent")
    skin = StructureKey("skin")
    half, deep, fillet = values("phantom_body.furrow_mm")
    furrow = Column(
        np.column_stack([z, 0 * z, grown[:, 2] + grown[:, 4], half + 0 * z, deep + 0 * z])
    )
    outer = Shape(
        skin,
        (place(skin, Column(grown, exponent), LPS),),
        (place(skin, furrow, LPS, blend_mm=fillet),),
    )
    fat, thick = values("phantom_body.wall_mm")
    ring = _inner(rows, fat)
    back = value("phantom_body.wall_back_mm")
    muscle = StructureKey("abdominal_wall")
    outside = Shape(muscle, (place(muscle, Column(ring, exponent), LPS),), _behind(ring, back))
    inside = place(skin, Column(_inner(rows, fat + thick), exponent), LPS)
    return [outer, outside, Shape(skin, (inside,))]


def _inner(rows: np.ndarray, depth_mm: float) -> np.ndarray:
    """Return the outline of the usual patient moved inwards: obesity adds fat outside it."""
    z, y, a, b = rows.T
    return np.column_stack([z, 0 * z, y, a - depth_mm, b - depth_mm])


def _behind(ring: np.ndarray, back_mm: float) -> tuple[Piece, ...]:
    """Return the cut that ends the muscular ring in front of the back muscles."""
    z, reach = ring[:, 0], 2 * ring[:, 4]
    slab = Column(np.column_stack([z, 0 * z, back_mm + reach, 2 * ring[:, 3], reach]), 4)
    blend = value("phantom_body.wall_blend_mm")
    return (place(StructureKey("skin"), slab, LPS, blend_mm=blend),)


def build_muscles(spine: Spine) -> list[Shape]:
    """Build psoas and back muscle of both sides as columns along the spine, mm, left first."""
    shapes = []
    for side in SIDES:
        shapes.append(_erector(spine, side))
        shapes.append(_psoas(spine, side))
    return shapes


def _erector(spine: Spine, side: Side) -> Shape:
    lateral, behind, a, b = values("phantom_body.erector_mm")
    knots = []
    for name in reversed(spine.names):
        size = spine.sizes.vertebrae[name]
        _, y, z = spine.along(name, np.zeros(3))
        knots.append([z, lateral, y + size.wall_mm + behind, a, b])
    low, high = values("phantom_body.field_of_view_mm")[1:]
    # On to both ends of the image: muscle does not end where the phantom's spine does.
    knots = [[low, *knots[0][1:]], *knots, [high, *knots[-1][1:]]]
    column = Column(np.array(knots), value("phantom_body.erector_exponent"))
    key = StructureKey("erector_spinae", "", side)
    return Shape(key, (place(key, column, LPS, side=side),))


def _psoas(spine: Spine, side: Side) -> Shape:
    rows = _table("psoas_mm", 3)
    medial = values("phantom_body.psoas_lateral_mm")
    names = [*spine.names[1 : len(rows) - 2], spine.last, "S1"]
    knots = []
    for name, (forwards, a, b), border in zip(names, rows, medial, strict=False):
        _, y, z = spine.along(name, np.zeros(3))
        knots.append([z, spine.sizes.vertebrae[name].width_mm / 2 + border + a, y + forwards, a, b])
    forwards, a, b = rows[-1]
    low = values("phantom_body.field_of_view_mm")[1]
    lateral = spine.sizes.vertebrae["S1"].width_mm / 2 + medial[-1] + a
    knots.append([low, lateral, spine.along("S1", np.zeros(3))[1] + forwards, a, b])
    column = Column(np.array(knots[::-1]), value("phantom_body.psoas_exponent"))
    key = StructureKey("psoas", "", side)
    return Shape(key, (place(key, column, LPS, side=side),))


def build_vessels(spine: Spine) -> list[Shape]:
    """Build aorta (left), vena cava (right) and the iliac vessels.

    Parameters
    ----------
    spine : Spine

    Returns
    -------
    Shapes, mm; aorta and cava are what tells left from right where the bones are symmetric
    """
    shapes = []
    # Fork and confluence are placed by the last lumbar body, also where that is L6.
    anchor = spine.along(spine.last, np.zeros(3))
    for side in SIDES:
        for kind in ("iliac_vein", "iliac_artery"):
            rows = _table(f"{kind}_mm", 4)
            points = rows[:, :3] * np.array([side.lateral_sign_lps, 1, 1])
            # Both sides leave the same confluence or fork, which lies off the midline.
            points[0, 0] = rows[0, 0]
            key = StructureKey(kind, "", side)
            solid = TubeSolid(points + anchor, rows[:, 3])
            shapes.append(Shape(key, place_tube(key, solid, LPS)))
    fork = {
        "vena_cava": _table("iliac_vein_mm", 4)[0],
        "aorta": _table("iliac_artery_mm", 4)[0],
    }
    for kind, start in fork.items():
        left, front, radius = values(f"phantom_body.{kind}_mm")
        points = [start[:3] + anchor]
        for name in reversed(spine.names[:-2]):
            size = spine.sizes.vertebrae[name]
            points.append(spine.along(name, np.array([left, -size.depth_mm / 2 - front, 0])))
        # Out of the image at the top, as a vessel leaves a scan.
        top = points[-1].copy()
        top[2] = values("phantom_body.field_of_view_mm")[2]
        solid = TubeSolid(np.array([*points, top]), np.full(len(points) + 1, radius))
        key = StructureKey(kind)
        shapes.append(Shape(key, place_tube(key, solid, LPS)))
    return shapes


def build_organs(draw: Draw) -> list[Shape]:
    """Build bowel, kidneys, liver and spleen; each keeps out of those listed after it."""
    # One sway for the whole belly: its organs move together and keep out of each other.
    sway = np.array([draw.score() for _ in range(3)])
    small = _ellipsoid("small_bowel", "small_bowel_mm", sway)
    rows = _table("colon_mm", 4)
    key = StructureKey("colon")
    tube = TubeSolid(rows[:, :3] + sway, rows[:, 3])
    colon = Shape(key, place_tube(key, tube, LPS))
    solid = [
        _ellipsoid("liver", "liver_mm", sway),
        _ellipsoid("spleen", "spleen_mm", sway),
        *(_kidney(side, draw) for side in SIDES),
    ]
    gap = value("phantom_body.bowel_gap_mm")
    shapes = [small, colon, *solid]
    cleared = []
    for k, shape in enumerate(shapes):
        # Bowel yields to solid organs, as in the body, and fat lies between them.
        cuts = tuple(p.inflated(gap) for other in shapes[k + 1 :] for p in other.pieces)
        cleared.append(Shape(shape.key, shape.pieces, shape.cuts + cuts))
    return cleared


def _ellipsoid(kind: str, row: str, sway_mm: np.ndarray) -> Shape:
    centre, half = _table(row, 3)
    key = StructureKey(kind)
    solid = Superellipsoid((half[0], half[1], half[2]), *values("phantom_body.organ_exponents"))
    return Shape(key, (place(key, solid, LPS, centre_mm=centre + sway_mm),))


def _kidney(side: Side, draw: Draw) -> Shape:
    left, right, half = _table("kidney_mm", 3)
    # Kidneys lie behind the peritoneum and move on their own; the liver keeps the right one lower.
    centre = (left if side is Side.LEFT else right) + np.array([draw.score() for _ in range(3)])
    centre = centre * np.array([side.lateral_sign_lps, 1, 1])
    forwards, medial = values("phantom_body.kidney_turn_deg")
    axes = turned(-forwards, 0, -medial)
    key = StructureKey("kidney", "", side)
    solid = Superellipsoid((half[1], half[0], half[2]))
    beside, radius = values("phantom_body.kidney_hilum_mm")
    hollow = Superellipsoid((radius, radius, radius))
    cut = place(key, hollow, LPS, centre_mm=centre - axes[:, 0] * beside, side=side, blend_mm=4)
    return Shape(key, (place(key, solid, LPS, centre_mm=centre, axes=axes, side=side),), (cut,))
