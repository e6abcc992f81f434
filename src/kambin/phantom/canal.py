"""The content of the spinal canal, the dural sac and the ligamentum flavum."""

from dataclasses import dataclass

import numpy as np

from kambin.anatomy import Level, StructureKey
from kambin.frames import RigidTransform
from kambin.knowledge import value, value_at, values
from kambin.phantom.bodies import Column
from kambin.phantom.chain import pedicle_centre_mm
from kambin.phantom.organs import LPS, Spine
from kambin.phantom.shapes import Shape, place, turned
from kambin.phantom.sizes import SIDES, Draw
from kambin.phantom.solids import RoundedBox


@dataclass(frozen=True, slots=True)
class Sac:
    """The dural sac with what the roots have to know of it.

    Parameters
    ----------
    shape : Shape
    column : Column, centre and half axes by height
    """

    shape: Shape
    column: Column

    def edge_lps_mm(self, height_mm: float, sign: float, forward: float = 0.0) -> np.ndarray:
        """Return the edge of the sac at a height, shape (3,), mm, LPS.

        Parameters
        ----------
        height_mm : float, mm, LPS
        sign : float, 1 left, -1 right
        forward : float, share of its half depth in front of its middle, 0 to below 1
        """
        knots = self.column.knots_mm
        x, y, a, b = (float(np.interp(height_mm, knots[:, 0], column)) for column in knots[:, 1:].T)
        across = a * float(np.sqrt(1 - forward**2))
        return np.array([x + sign * across, y - forward * b, height_mm])


def build_canal(spine: Spine) -> Shape:
    """Build the content of the spinal canal; sac and roots are painted over its fat.

    Parameters
    ----------
    spine : Spine

    Returns
    -------
    Shape of the whole content, mm
    """
    knots = []
    for name in reversed(spine.names):
        size, frame = spine.sizes.vertebrae[name], spine.frames.vertebrae[name]
        # Three knots a vertebra: centres alone would cut the corners of the lordosis.
        deep = size.canal_depth_mm / 2
        tall = size.posterior_height_mm / 2
        for share in (-1, 0, 1):
            centre = frame.points(np.array([0, size.wall_mm + deep, share * tall]))
            knots.append(_knot(centre, size.canal_width_mm / 2, deep, frame))
    rows = np.array(knots)
    key = StructureKey("canal")
    return Shape(
        key,
        (
            place(
                key,
                # By height: knots of tilted neighbours pass each other, and np.interp needs order.
                Column(rows[np.argsort(rows[:, 0])], value("phantom_nerves.canal_exponent")),
                LPS,
            ),
        ),
    )


def build_sac(spine: Spine, fragment: Shape) -> Sac:
    """Build the dural sac down to S2, indented by the fragment.

    Parameters
    ----------
    spine : Spine
    fragment : Shape of the herniated fragment

    Returns
    -------
    Sac, mm; its column is known before the fragment indents it
    """
    knots = []
    for name in spine.names:
        size, frame = spine.sizes.vertebrae[name], spine.frames.vertebrae[name]
        half = value_at("phantom_nerves.sac_half_width_mm", name)
        before = value_at("phantom_nerves.sac_before_mm", name)
        behind = value_at("phantom_nerves.sac_behind_mm", name)
        deep = (size.canal_depth_mm - before - behind) / 2
        # At the pedicles, where the table gives the width; S1 has none of its own.
        tall = pedicle_centre_mm(size, SIDES[0])[2] if name != "S1" else 0.0
        centre = frame.points(np.array([0, size.wall_mm + before + deep, tall]))
        knots.append(_knot(centre, half, deep, frame))
    size, frame = spine.sizes.vertebrae["S1"], spine.frames.vertebrae["S1"]
    back, down, half, deep = values("phantom_nerves.sac_end_mm")
    end = frame.points(np.array([0, back, down]))
    knots.append(_knot(end, half, deep, frame))
    top = [*knots[0]]
    # Up to the top of the image: a sac that ends at T12 would be a finding.
    top[0] = values("phantom_body.field_of_view_mm")[2]
    column = Column(np.array([top, *knots])[::-1], 2.0)
    key = StructureKey("dural_sac")
    gap = value("phantom_nerves.fragment_gap_mm")
    # The fragment indents the sac; it never lies inside the dura.
    cuts = tuple(piece.inflated(gap) for piece in fragment.pieces)
    return Sac(Shape(key, (place(key, column, LPS),), cuts), column)


def _knot(centre: np.ndarray, half: float, deep: float, frame: RigidTransform) -> list[float]:
    """Return a knot of the sac; an axial cut of a tilted canal is deeper by its tilt."""
    x, y, z = centre.tolist()
    return [z, x, y, half, deep / abs(float(frame.rotation[2, 2]))]


def build_flavum(level: Level, spine: Spine, draw: Draw) -> Shape:
    """Build the ligamentum flavum of one level, both halves.

    Parameters
    ----------
    level : Level
    spine : Spine
    draw : Draw

    Returns
    -------
    Shape of both halves, mm

    References
    ----------
    Asian Spine J 2015;9:245, doi 10.4184/asj.2015.9.2.245 (thickness per level)
    """
    upper, lower = spine.sizes.vertebrae[level.upper], spine.sizes.vertebrae[level.lower]
    back, lateral, outer, above, tall = values("phantom_nerves.flavum_mm")
    rim = (upper.wall_mm + lower.wall_mm) / 2
    depth = (upper.canal_depth_mm + lower.canal_depth_mm) / 2
    key = StructureKey("flavum", str(level))
    pieces = []
    for side in SIDES:
        # Each half on its own: the ligament is not equally thick on both sides (A47).
        thick = draw.at(
            "phantom_nerves.flavum_thickness_mm",
            "phantom_nerves.flavum_thickness_sd_mm",
            str(level),
        )
        start = np.array([0, rim + depth + back, above])
        stop = np.array([lower.canal_width_mm / 2 + lateral, rim + outer, above])
        run = stop - start
        yaw = float(np.degrees(np.arctan2(run[1], run[0])))
        half = (float(np.linalg.norm(run)) / 2 + thick / 2, thick / 2, tall)
        pieces.append(
            place(
                key,
                RoundedBox(half, thick / 2),
                spine.frames.discs[level],
                centre_mm=(start + stop) / 2,
                axes=turned(yaw, value("phantom_bone.lamina_pitch_deg") / 2),
                side=side,
                blend_mm=1,
            )
        )
    return Shape(key, tuple(pieces))
