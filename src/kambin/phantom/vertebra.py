"""A lumbar vertebra of the phantom: body, pedicles, arch and processes."""

from dataclasses import dataclass

import numpy as np

from kambin.anatomy import StructureKey
from kambin.frames import RigidTransform, Side
from kambin.knowledge import value, value_at, values
from kambin.phantom.bodies import FacetSolid, VertebralBody
from kambin.phantom.chain import joint_axes, pedicle_centre_mm
from kambin.phantom.part_borders import isthmus_mm, lumbar_parting
from kambin.phantom.shapes import Piece, Shape, place, turned
from kambin.phantom.sizes import SIDES, VertebraSize
from kambin.phantom.solids import Extrusion, RoundedBox, Superellipsoid, TubeSolid


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The vertebra below, as the arch above it has to know it.

    Parameters
    ----------
    size : VertebraSize
    frame : RigidTransform, LPS from its frame
    arch : its posterior pieces, which the arch above keeps a gap to
    """

    size: VertebraSize
    frame: RigidTransform
    arch: tuple[Piece, ...]


def build_vertebra(
    size: VertebraSize, frame: RigidTransform, below: Neighbour, *, sap_share: float
) -> Shape:
    """Build one vertebra, T12 to the last lumbar body.

    Parameters
    ----------
    size : VertebraSize
    frame : RigidTransform, LPS from the vertebra's frame
    below : Neighbour, which places and cuts the inferior processes
    sap_share : float, size of the superior processes, 1 is usual

    Returns
    -------
    Shape whose parts are body, pedicles, processes, pars and lamina, cut by the joint gap, mm
    """
    # The body first: every later piece is filleted to those before it.
    pieces = [build_body(size, frame)]
    for side in SIDES:
        pieces += _build_side(size, frame, below, side, sap_share)
    pieces += _spinous(size, frame)
    key = StructureKey("vertebra", size.name)
    return Shape(key, tuple(pieces), joint_cuts(below), lumbar_parting(size, frame))


def joint_cuts(below: Neighbour) -> tuple[Piece, ...]:
    """Return the pieces of the vertebra below grown by the joint gap, mm, as cuts."""
    # Under 1 mm on purpose: a phantom with wide joints is kinder than patients (recipes 9).
    gaps = {"sap": value("phantom_bone.joint_gap_mm")}
    other = value("phantom_bone.arch_gap_mm")
    return tuple(piece.inflated(gaps.get(piece.part.kind, other)) for piece in below.arch)


def posterior_pieces(shape: Shape) -> tuple[Piece, ...]:
    """Return the pieces of a vertebra that lie behind its body."""
    # What the arch above comes near; the rest hangs lower or stands further out.
    kinds = ("sap", "pars", "lamina", "pedicle", "sacral_arch")
    return tuple(piece for piece in shape.pieces if piece.part.kind in kinds)


def build_body(size: VertebraSize, frame: RigidTransform) -> Piece:
    """Build the vertebral body as a piece.

    Parameters
    ----------
    size : VertebraSize, mm
    frame : RigidTransform, LPS from the body's centre
    """
    upper, lower = values("phantom_bone.plate_concavity_mm")
    front, behind = values("phantom_bone.body_outline_exponents")
    body = VertebralBody(
        size.width_mm,
        size.depth_mm,
        size.anterior_height_mm,
        size.posterior_height_mm,
        value("phantom_bone.body_waist"),
        upper,
        lower,
        (front, behind),
        value("phantom_bone.body_notch_mm"),
        value("phantom_bone.rim_blend_mm"),
    )
    return place(StructureKey("body", size.name), body, frame)


def build_sap(size: VertebraSize, frame: RigidTransform, side: Side, share: float) -> Piece:
    """Build a superior articular process as a piece.

    Parameters
    ----------
    size : VertebraSize of the vertebra that bears it
    frame : RigidTransform, LPS from the vertebra's frame
    side : Side
    share : float, linear size across, 1 is usual

    Returns
    -------
    Piece, mm, in the frame of the joint the process bears
    """
    along, through, up = values("phantom_bone.sap_half_axes_mm")
    centre = values("phantom_bone.sap_centre_mm")
    scale = size.sides[side].process_scale
    grown = (along * scale * share, through * share, up * scale)
    # A larger process grows away from its joint, towards the foramen.
    behind = (centre[0], centre[1] - through * (share - 1), centre[2])
    pillar = Superellipsoid(grown, *values("phantom_bone.sap_exponents"))
    solid = FacetSolid(pillar, (behind[0], behind[1], behind[2]), _hollow())
    joint, axes = joint_axes(size, side)
    key = StructureKey("sap", size.name, side)
    return place(key, solid, frame, centre_mm=joint, axes=axes, side=side, blend_mm=_arch_blend())


def _build_side(
    size: VertebraSize, frame: RigidTransform, below: Neighbour, side: Side, sap_share: float
) -> list[Piece]:
    """Build what a vertebra has twice."""
    return [
        _pedicle(size, frame, side),
        _transverse(size, frame, side),
        build_sap(size, frame, side, sap_share),
        _pars(size, frame, below, side),
        _lamina(size, frame, side),
        _iap(size, below, side),
    ]


def _hollow() -> float:
    return value("phantom_bone.joint_hollow_per_mm")


def _arch_blend() -> float:
    return value("phantom_bone.arch_blend_mm")


def _pedicle(size: VertebraSize, frame: RigidTransform, side: Side) -> Piece:
    one = size.sides[side]
    flat, tall = values("phantom_bone.pedicle_exponents")
    length = value("phantom_bone.pedicle_length_mm")
    # Height of the solid's frame: x across, y down the body's axis, z along the pedicle.
    solid = Superellipsoid(
        (one.pedicle_width_mm / 2, one.pedicle_height_mm / 2, length / 2), flat, tall
    )
    angle = np.radians(one.pedicle_axial_deg)
    # Outwards going back: pedicles converge forwards.
    backwards = np.array([np.sin(angle), np.cos(angle), 0])
    across = np.array([np.cos(angle), -np.sin(angle), 0])
    axes = np.column_stack([across, np.cross(backwards, across), backwards])
    return place(
        StructureKey("pedicle", size.name, side),
        solid,
        frame,
        centre_mm=pedicle_centre_mm(size, side),
        axes=axes,
        side=side,
        blend_mm=value("phantom_bone.pillar_blend_mm"),
    )


def _transverse(size: VertebraSize, frame: RigidTransform, side: Side) -> Piece:
    one = size.sides[side]
    pedicle = pedicle_centre_mm(size, side)
    share, behind, above = values("phantom_bone.transverse_root_mm")
    root = np.array(
        [
            pedicle[0] + share * one.pedicle_width_mm,
            size.wall_mm + behind,
            pedicle[2] + above,
        ]
    )
    medial, tip_behind, tip_above = values("phantom_bone.transverse_tip_mm")
    tip = np.array(
        [
            # The short process of T12 must still end lateral of its root.
            max(one.transverse_reach_mm - medial, root[0] + medial),
            size.wall_mm + tip_behind,
            pedicle[2] + tip_above,
        ]
    )
    solid = TubeSolid(
        np.array([root, (root + tip) / 2, tip]),
        np.array(values("phantom_bone.transverse_radii_mm")),
        value("phantom_bone.transverse_squeeze"),
    )
    key = StructureKey("tp", size.name, side)
    blend = value("phantom_bone.pillar_blend_mm")
    return place(key, solid, frame, side=side, blend_mm=blend)


def _iap_top(size: VertebraSize, frame: RigidTransform, below: Neighbour, side: Side) -> np.ndarray:
    """Return the upper part of the inferior process in this vertebra's left-side frame."""
    joint, axes = joint_axes(below.size, side)
    along, through, up = values("phantom_bone.iap_centre_mm")
    half = values("phantom_bone.iap_half_axes_mm")[2]
    point = joint + axes @ np.array([along, through, up + half / 2])
    # Solids are built as on the left: mirrored on the way to LPS, and again on the way back.
    mirror = np.array([side.lateral_sign_lps, 1, 1])
    top: np.ndarray = frame.inverse().points(below.frame.points(point * mirror)) * mirror
    return top


def _pars(size: VertebraSize, frame: RigidTransform, below: Neighbour, side: Side) -> Piece:
    pedicle = pedicle_centre_mm(size, side)
    lateral, behind, above = values("phantom_bone.pars_top_mm")
    top = [size.canal_width_mm / 2 + lateral, size.wall_mm + behind, pedicle[2] + above]
    points = np.array([top, isthmus_mm(size, side), _iap_top(size, frame, below, side)])
    solid = TubeSolid(points, np.array(values("phantom_bone.pars_radii_mm")))
    key = StructureKey("pars", size.name, side)
    return place(key, solid, frame, side=side, blend_mm=_arch_blend())


def _lamina(size: VertebraSize, frame: RigidTransform, side: Side) -> Piece:
    thick, tall = values("phantom_bone.lamina_half_axes_mm")
    outer, outer_behind = values("phantom_bone.lamina_lateral_mm")
    inner, inner_behind = values("phantom_bone.lamina_medial_mm")
    height = value("phantom_bone.lamina_height_mm")
    start = np.array([inner, size.wall_mm + size.canal_depth_mm + inner_behind, height])
    stop = np.array([size.canal_width_mm / 2 + outer, size.wall_mm + outer_behind, height])
    run = stop - start
    length = float(np.linalg.norm(run))
    yaw = float(np.degrees(np.arctan2(run[1], run[0])))
    axes = turned(yaw, value("phantom_bone.lamina_pitch_deg"))
    solid = RoundedBox((length / 2 + thick, thick, tall), value("phantom_bone.lamina_rounding_mm"))
    return place(
        StructureKey("lamina", size.name),
        solid,
        frame,
        centre_mm=(start + stop) / 2,
        axes=axes,
        side=side,
        blend_mm=_arch_blend(),
    )


def _iap(size: VertebraSize, below: Neighbour, side: Side) -> Piece:
    joint, axes = joint_axes(below.size, side)
    half = values("phantom_bone.iap_half_axes_mm")
    solid = Superellipsoid((half[0], half[1], half[2]), *values("phantom_bone.iap_exponents"))
    centre = joint + axes @ np.array(values("phantom_bone.iap_centre_mm"))
    return place(
        StructureKey("iap", size.name, side),
        solid,
        # The joint decides where this process ends, and the vertebra below bears the joint.
        below.frame,
        centre_mm=centre,
        axes=axes,
        side=side,
        blend_mm=_arch_blend(),
    )


def _spinous(size: VertebraSize, frame: RigidTransform) -> list[Piece]:
    """Build the spinous process: a plate with a thickened end."""
    scale = value_at("phantom_bone.spinous_scale", size.name)
    outline = np.array(values("phantom_bone.spinous_outline_mm")).reshape(-1, 2) * scale
    start = np.array([0, size.wall_mm + size.canal_depth_mm, 0])
    plate = Extrusion(
        outline,
        value("phantom_bone.spinous_half_thickness_mm"),
        value("phantom_bone.spinous_rounding_mm"),
    )
    *ends, radius = values("phantom_bone.spinous_tip_mm")
    points = np.array(ends).reshape(2, 2) * scale
    tip = TubeSolid(np.column_stack([np.zeros(2), points]), np.full(2, radius))
    key = StructureKey("sp", size.name)
    return [
        place(key, solid, frame, centre_mm=start, blend_mm=_arch_blend()) for solid in (plate, tip)
    ]


def build_ribs(size: VertebraSize, frame: RigidTransform, vertebra: Shape) -> list[Shape]:
    """Build both twelfth ribs on T12.

    Parameters
    ----------
    size : VertebraSize of T12
    frame : RigidTransform, LPS from its frame
    vertebra : Shape of T12, to which a joint gap is kept

    Returns
    -------
    two Shapes, left first, mm
    """
    points = np.array(values("phantom_bone.rib_points_mm")).reshape(-1, 3)
    points = points + np.array([0, size.wall_mm, 0])
    gap = value("phantom_bone.rib_gap_mm")
    # Cut by T12 itself, the rib ends at its joint however T12 was drawn.
    cuts = tuple(piece.inflated(gap) for piece in vertebra.pieces)
    ribs = []
    for side in SIDES:
        solid = TubeSolid(points * size.sides[side].process_scale, _rib_radii())
        key = StructureKey("rib", "12", side)
        ribs.append(Shape(key, (place(key, solid, frame, side=side),), cuts))
    return ribs


def _rib_radii() -> np.ndarray:
    return np.array(values("phantom_bone.rib_radii_mm"))
