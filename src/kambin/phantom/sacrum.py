"""The sacrum with its superior processes, and the iliac bones."""

import numpy as np

from kambin.anatomy import StructureKey
from kambin.frames import RigidTransform, Side
from kambin.knowledge import value, values
from kambin.phantom.bodies import IliacWing
from kambin.phantom.chain import pedicle_centre_mm
from kambin.phantom.organs import LPS, Spine
from kambin.phantom.part_borders import sacral_parting
from kambin.phantom.shapes import Piece, Shape, place, turned
from kambin.phantom.sizes import SIDES, Draw, VertebraSize
from kambin.phantom.solids import Extrusion, RoundedBox, TubeSolid
from kambin.phantom.vertebra import build_body, build_sap


def build_sacrum(size: VertebraSize, frame: RigidTransform, *, sap_share: float) -> Shape:
    """Build the sacrum: S1 body, lower bodies, ala, arch, crest, foramina and S1 SAP.

    Parameters
    ----------
    size : VertebraSize of S1
    frame : RigidTransform, LPS from the frame of S1
    sap_share : float, size of the superior processes, 1 is usual

    Returns
    -------
    Shape of the sacrum, its foramina and the channels of the S1 roots cut out, mm
    """
    key = StructureKey("sacrum")
    blend = value("phantom_bone.sacral_blend_mm")
    pieces = [build_body(size, frame), _lower_bodies(key, frame, blend)]
    for side in SIDES:
        wing = _rows("sacral_wing_mm", 4)
        solid = TubeSolid(wing[:, :3], wing[:, 3], value("phantom_bone.sacral_wing_squeeze"))
        pieces.append(place(key, solid, frame, side=side, blend_mm=blend))
        # About the canal and the wall, so that the pillars stand beside the canal this patient has.
        arch = _rows("sacral_arch_mm", 4) + np.array([size.canal_width_mm / 2, size.wall_mm, 0, 0])
        arch_key = StructureKey("sacral_arch", "S1", side)
        solid = TubeSolid(arch[:, :3], arch[:, 3])
        pieces.append(place(arch_key, solid, frame, side=side, blend_mm=blend))
        pieces.append(build_sap(size, frame, side, sap_share))
    pieces += _roof(size, frame)
    return Shape(key, tuple(pieces), _foramina(key, size, frame), sacral_parting(size, frame))


def _rows(name: str, columns: int) -> np.ndarray:
    return np.array(values(f"phantom_bone.{name}")).reshape(-1, columns)


def _lower_bodies(key: StructureKey, frame: RigidTransform, blend_mm: float) -> Piece:
    rows = _rows("sacral_bodies_mm", 4)
    solid = TubeSolid(rows[:, :3], rows[:, 3], value("phantom_bone.sacral_bodies_squeeze"))
    return place(key, solid, frame, blend_mm=blend_mm)


def _roof(size: VertebraSize, frame: RigidTransform) -> list[Piece]:
    """Build the posterior wall of the sacral canal and the median crest."""
    key = StructureKey("sacral_arch", "S1")
    rounding = value("phantom_bone.lamina_rounding_mm")
    blend = value("phantom_bone.roof_blend_mm")
    pieces = []
    rows = _rows("sacral_lamina_mm", 3 + 2)
    # Each plate lies along the curve of the sacrum, which runs backwards, then forwards.
    pitches = -np.degrees(np.arctan(np.gradient(rows[:, 0], rows[:, 1])))
    for (behind, above, half, thick, tall), pitch in zip(rows, pitches, strict=True):
        solid = RoundedBox((half, thick, tall), min(rounding, thick))
        centre = np.array([0, size.wall_mm + behind, above])
        axes = turned(pitch_deg=float(pitch))
        pieces.append(place(key, solid, frame, centre_mm=centre, axes=axes, blend_mm=blend))
    outline = _rows("sacral_crest_mm", 2) + np.array([size.wall_mm, 0])
    crest = Extrusion(
        outline,
        value("phantom_bone.spinous_half_thickness_mm"),
        value("phantom_bone.spinous_rounding_mm"),
    )
    return [*pieces, place(key, crest, frame, blend_mm=blend)]


def build_bridges(sides: tuple[Side, ...], size: VertebraSize, spine: Spine) -> list[Piece]:
    """Build the bone between transverse process and ala of a sacralised last vertebra.

    Parameters
    ----------
    sides : Side on which both are one
    size : VertebraSize of the last lumbar vertebra
    spine : Spine

    Returns
    -------
    one Piece of the transverse process a side, mm

    References
    ----------
    Castellvi 1984, Spine 9:493: type III, fused on one side or on both
    """
    row = values("phantom_variants.sacralised_bridge_mm")
    (upper, lower), radii = np.array(row[:-2]).reshape(2, 3), np.array(row[-2:])
    bridges = []
    for side in sides:
        mirror = np.array([side.lateral_sign_lps, 1, 1])
        middle = pedicle_centre_mm(size, side)
        start = np.array([middle[0], size.wall_mm, middle[2]]) + upper
        wall = np.array([0, spine.sizes.vertebrae["S1"].wall_mm, 0])
        points = np.array(
            [
                spine.frames.vertebrae[size.name].points(start * mirror),
                spine.frames.vertebrae["S1"].points((lower + wall) * mirror),
            ]
        )
        key = StructureKey("tp", size.name, side)
        blend = value("phantom_bone.pillar_blend_mm")
        bridges.append(place(key, TubeSolid(points, radii), LPS, blend_mm=blend))
    return bridges


def _foramina(key: StructureKey, size: VertebraSize, frame: RigidTransform) -> tuple[Piece, ...]:
    """Return the sacral foramina and the channels of the first sacral roots, as cuts."""
    cuts: list[Piece] = []
    # The row from which the S1 root is drawn, too: its channel must lie where it runs.
    channel = np.array(values("phantom_nerves.s1_root_mm")).reshape(-1, 3)
    channel = channel + np.array([0, size.wall_mm, 0])
    recess = TubeSolid(channel, np.full(len(channel), value("phantom_nerves.s1_recess_mm")))
    for side in SIDES:
        cuts.append(place(key, recess, frame, side=side, blend_mm=1))
        for lateral, above, radius in _rows("sacral_foramina_mm", 3):
            # From front to back: sacral foramina open on both faces.
            through = np.array([[lateral, -lateral * 2, above], [lateral, lateral * 3, above]])
            solid = TubeSolid(through, np.array([radius, radius]))
            cuts.append(place(key, solid, frame, side=side, blend_mm=2))
    return tuple(cuts)


def build_ilia(
    s1_lps_mm: np.ndarray, disc_lps_mm: np.ndarray, sacrum: Shape, draw: Draw, *, raise_mm: float
) -> list[Shape]:
    """Build both iliac bones.

    Parameters
    ----------
    s1_lps_mm, disc_lps_mm : float arrays, shape (3,), mm, LPS, centre of S1 and of the
        second disc from below, at whose height the crest usually lies
    sacrum : Shape, to which the joint space is kept
    draw : Draw
    raise_mm : float, mm, how much higher than usual the crest stands

    Returns
    -------
    two Shapes, left first, mm; each side draws its own crest
    """
    lateral, behind, above = values("phantom_bone.ilium_spine_mm")
    peak, height = values("phantom_bone.ilium_crest_mm")
    deepest, depth = values("phantom_bone.ilium_bend_mm")
    plate, rim, joint = values("phantom_bone.ilium_thickness_mm")
    gap = value("phantom_bone.ilium_gap_mm")
    cuts = tuple(piece.inflated(gap) for piece in sacrum.pieces)
    # Height from the disc, depth from S1: a steep sacrum does not lift the crest.
    place_mm = np.array([0, s1_lps_mm[1] + behind, disc_lps_mm[2] + above])
    pelvis = RigidTransform.from_axes("lps", "pelvis", np.eye(3), place_mm)
    ilia = []
    for side in SIDES:
        crest = draw.around(height + raise_mm, value("phantom_bone.ilium_crest_sd_mm"))
        wing = IliacWing(
            value("phantom_bone.ilium_length_mm"),
            (peak, crest, value("phantom_bone.ilium_crest_fall_per_mm")),
            (deepest, depth, value("phantom_bone.ilium_bend_per_mm")),
            (plate, rim, joint),
            value("phantom_bone.ilium_lower_mm"),
            value("phantom_bone.ilium_lean"),
            value("phantom_bone.ilium_blend_mm"),
        )
        piece = place(
            StructureKey("ilium", "", side),
            wing,
            pelvis,
            centre_mm=(lateral, 0, 0),
            axes=turned(value("phantom_bone.ilium_yaw_deg")),
            side=side,
        )
        ilia.append(Shape(piece.part, (piece,), cuts))
    return ilia
