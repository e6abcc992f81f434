"""Great vessels, segmental arteries and ureters."""

import numpy as np

from kambin.anatomy import StructureKey
from kambin.knowledge import value, values
from kambin.phantom.chain import pedicle_centre_mm
from kambin.phantom.organs import LPS, Spine, table_mm
from kambin.phantom.shapes import Shape, place_tube
from kambin.phantom.sizes import SIDES
from kambin.phantom.solids import TubeSolid


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
            rows = table_mm(f"{kind}_mm", 4)
            points = rows[:, :3] * np.array([side.lateral_sign_lps, 1, 1])
            # Both sides leave the same confluence or fork, which lies off the midline.
            points[0, 0] = rows[0, 0]
            key = StructureKey(kind, "", side)
            solid = TubeSolid(points + anchor, rows[:, 3])
            shapes.append(Shape(key, place_tube(key, solid, LPS)))
    fork = {
        "vena_cava": table_mm("iliac_vein_mm", 4)[0],
        "aorta": table_mm("iliac_artery_mm", 4)[0],
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


def build_segmental_arteries(spine: Spine) -> list[Shape]:
    """Build the lumbar arteries of L1 to L4 round the waists of their bodies.

    Parameters
    ----------
    spine : Spine

    Returns
    -------
    Shapes, mm: from the aorta along the waist to the lateral border of the pedicle, where the
    dorsal branch turns into the foramen
    """
    radius, off, steps = values("phantom_body.segmental_artery_mm")
    left, front, aorta = values("phantom_body.aorta_mm")
    waist = 1 - value("phantom_bone.body_waist")
    shapes = []
    for name in spine.names[1:-2]:
        size, frame = spine.sizes.vertebrae[name], spine.frames.vertebrae[name]
        for side in SIDES:
            sign = side.lateral_sign_lps
            half, deep = size.width_mm / 2 * waist + off, size.depth_mm / 2 * waist + off
            angle = np.linspace(0, np.pi / 2, int(steps))
            # A superellipse like the body's own front, or the artery would cut its corner.
            power = 2 / values("phantom_bone.body_outline_exponents")[0]
            x, y = half * np.sin(angle) ** power, -deep * np.cos(angle) ** power
            ring = np.column_stack([sign * x, y, 0 * x])
            root = np.array([left, -size.depth_mm / 2 - front + aorta / 2, 0.0])
            # Only what lies farther round than the aorta's own wall.
            ring = ring[sign * ring[:, 0] > sign * left] if sign > 0 else ring
            border = pedicle_centre_mm(size, side)[0] + size.sides[side].pedicle_width_mm / 2
            end = np.array([sign * max(border + off, half), size.wall_mm, 0.0])
            points = frame.points(np.vstack([root, ring, end]))
            key = StructureKey("segmental_artery", name, side)
            tube = TubeSolid(points, np.full(len(points), radius))
            shapes.append(Shape(key, place_tube(key, tube, LPS)))
    return shapes


def build_ureters(spine: Spine) -> list[Shape]:
    """Build both ureters, from the renal hilum along the psoas over the iliac vessels.

    Parameters
    ----------
    spine : Spine

    Returns
    -------
    two Shapes, left first, mm
    """
    rows = table_mm("ureter_mm", 4)
    anchor = spine.along("L3", np.zeros(3))
    shapes = []
    for side in SIDES:
        key = StructureKey("ureter", "", side)
        points = anchor + rows[:, :3] * np.array([side.lateral_sign_lps, 1, 1])
        shapes.append(Shape(key, place_tube(key, TubeSolid(points, rows[:, 3]), LPS)))
    return shapes
