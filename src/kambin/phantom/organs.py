"""The soft body: skin, abdominal wall and organs."""

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


def table_mm(row: str, columns: int) -> np.ndarray:
    """Return a list of the table of the soft body as rows, shape (N, columns)."""
    return np.array(values(f"phantom_body.{row}")).reshape(-1, columns)


def build_skin(
    spine: Spine, *, share: float, back_fat_mm: float, thinner_mm: float = 0.0
) -> list[Shape]:
    """Build the body: skin filled with fat, muscular ring, inner fat.

    Parameters
    ----------
    spine : Spine
    share : float, outline against the usual patient
    back_fat_mm : float, mm, additional fat behind
    thinner_mm : float, mm, fat missing all round

    Returns
    -------
    three Shapes in painting order: skin with its fat, muscular wall, the fat inside it; mm
    """
    rows = table_mm("skin_mm", 4)
    z, y, a, b = rows.T - np.array([[0], [0], [thinner_mm], [thinner_mm]])
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


def build_organs(draw: Draw, retrorenal: Side | None = None) -> list[Shape]:
    """Build bowel, kidneys, liver and spleen; each keeps out of those listed after it.

    Parameters
    ----------
    draw : Draw
    retrorenal : Side on which the colon lies behind the kidney, if any

    Returns
    -------
    Shapes in painting order, mm
    """
    # One sway for the whole belly: its organs move together and keep out of each other.
    sway = np.array([draw.score() for _ in range(3)])
    small = _ellipsoid("small_bowel", "small_bowel_mm", sway)
    rows = _colon_mm(retrorenal)
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


def _colon_mm(retrorenal: Side | None) -> np.ndarray:
    """Return the knots of the colon: LPS and radius, shape (N, 4), mm."""
    rows = table_mm("colon_mm", 4)
    if retrorenal is None:
        return rows
    behind = np.array(values("phantom_variants.retrorenal_colon_mm")).reshape(-1, 4)
    sign = retrorenal.lateral_sign_lps
    behind[:, 0] *= sign
    low, high = behind[-1, 2], behind[0, 2]
    lateral = np.abs(rows[:, 0]) > np.abs(behind[:, 0]).min()
    replaced = lateral & (sign * rows[:, 0] > 0) & (rows[:, 2] >= low) & (rows[:, 2] <= high)
    where = np.flatnonzero(replaced)
    # The right colon is listed from below, the left one from above.
    order = behind if sign > 0 else behind[::-1]
    return np.vstack([rows[: where[0]], order, rows[where[-1] + 1 :]])


def _ellipsoid(kind: str, row: str, sway_mm: np.ndarray) -> Shape:
    centre, half = table_mm(row, 3)
    key = StructureKey(kind)
    solid = Superellipsoid((half[0], half[1], half[2]), *values("phantom_body.organ_exponents"))
    return Shape(key, (place(key, solid, LPS, centre_mm=centre + sway_mm),))


def _kidney(side: Side, draw: Draw) -> Shape:
    left, right, half = table_mm("kidney_mm", 3)
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
