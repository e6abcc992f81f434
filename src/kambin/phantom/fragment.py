"""The herniated fragment: zone, size, morphology and migration."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Level, StructureKey
from kambin.frames import RigidTransform
from kambin.knowledge import value, value_at, values
from kambin.phantom.canal import zone_borders_mm
from kambin.phantom.chain import joint_axes
from kambin.phantom.organs import Spine
from kambin.phantom.parameters import PhantomParameters
from kambin.phantom.shapes import Shape, place
from kambin.phantom.solids import Superellipsoid, TubeSolid

DISC_EDGE_STEP_MM = 0.05
"""Step of the search for the disc's margin; far below the margin's own accuracy."""

FRAGMENT = StructureKey("fragment")
CALCIFICATION = StructureKey("calcification")


@dataclass(frozen=True, slots=True)
class _Seat:
    """Where a fragment sits, in the disc's frame with x towards the asked side, mm.

    Parameters
    ----------
    across_mm, margin_mm : float, x of its middle, y of the disc's margin there
    depth_mm : float, how far it reaches beyond the margin
    half_mm, tall_mm : float, half width and half height
    shift_mm : float, z of its middle
    """

    across_mm: float
    margin_mm: float
    depth_mm: float
    half_mm: float
    tall_mm: float
    shift_mm: float


def build_fragment(parameters: PhantomParameters, spine: Spine, disc: Shape) -> Shape:
    """Build the herniated fragment in its zone, on its side, at its height.

    Parameters
    ----------
    parameters : PhantomParameters
    spine : Spine
    disc : Shape of the disc it comes from

    Returns
    -------
    Shape of the fragment, mm, without what the disc fills

    References
    ----------
    Mysliwiec 2010, Eur Spine J 19:1087, doi 10.1007/s00586-009-1274-4 (size)
    Lee S 2007, Eur Spine J 16:431 (migration)
    Fardon 2014, doi 10.1016/j.spinee.2014.04.022: a protrusion is less deep than its base is
    wide, an extrusion deeper, a sequestration has no continuity with its disc
    """
    seat = _seat(parameters, spine, disc)
    frame = spine.frames.discs[parameters.level]
    solids = {
        "plain": _plain,
        "protrusion": _protrusion,
        "calcified": _protrusion,
        "extrusion": _extrusion,
        "sequestration": _sequestration,
    }[parameters.morphology](seat)
    pieces = tuple(
        place(FRAGMENT, solid, frame, centre_mm=centre, side=parameters.side)
        for solid, centre in solids
    )
    # What the disc fills stays disc, so that a herniation begins at the annulus.
    gap = value("phantom_nerves.sequester_gap_mm")
    free = parameters.morphology == "sequestration"
    cuts = tuple(piece.inflated(gap) for piece in disc.pieces) if free else disc.pieces
    return Shape(FRAGMENT, pieces, cuts)


def build_calcification(parameters: PhantomParameters, fragment: Shape) -> list[Shape]:
    """Build the calcified core of a fragment, or none.

    Parameters
    ----------
    parameters : PhantomParameters
    fragment : Shape of the fragment

    Returns
    -------
    no Shape, or one of the structure ``fragment`` with the part ``calcification``, mm
    """
    if parameters.morphology != "calcified":
        return []
    share = np.array(values("phantom_nerves.calcified_share"))
    cores = []
    for piece in fragment.pieces:
        solid = piece.solid
        if isinstance(solid, Superellipsoid):
            a, b, c = (np.array(solid.half_axes_mm) * share).tolist()
            cores.append(replace(piece, part=CALCIFICATION, solid=Superellipsoid((a, b, c))))
    return [Shape(FRAGMENT, tuple(cores), fragment.cuts)]


_Placed = tuple[Superellipsoid | TubeSolid, NDArray[np.float64]]


def _ellipsoid(half_mm: tuple[float, float, float]) -> Superellipsoid:
    return Superellipsoid(half_mm, *values("phantom_nerves.fragment_exponents"))


def _plain(seat: _Seat) -> list[_Placed]:
    inset = value("phantom_nerves.fragment_inset")
    centre = np.array([seat.across_mm, seat.margin_mm + inset * seat.depth_mm, seat.shift_mm])
    return [(_ellipsoid((seat.half_mm, seat.depth_mm * (1 - inset), seat.tall_mm)), centre)]


def _protrusion(seat: _Seat) -> list[_Placed]:
    # Its widest section lies on the margin: the base, which has to exceed the depth.
    half = max(seat.half_mm, value("phantom_nerves.protrusion_base_share") * seat.depth_mm / 2)
    centre = np.array([seat.across_mm, seat.margin_mm, 0.0])
    return [(_ellipsoid((half, seat.depth_mm, seat.tall_mm)), centre)]


def _extrusion(seat: _Seat) -> list[_Placed]:
    share, largest = values("phantom_nerves.extrusion_neck")
    neck = min(share * seat.depth_mm, largest)
    deep = value("phantom_nerves.extrusion_head_share") * seat.depth_mm / 2
    head = np.array([seat.across_mm, seat.margin_mm + seat.depth_mm - deep, seat.shift_mm])
    root = np.array([seat.across_mm, seat.margin_mm - neck, 0.0])
    # Straight back first, then up or down behind the body: so it passes the posterior rim.
    turn = np.array([seat.across_mm, head[1], 0.0])
    solid = TubeSolid(np.array([root, turn, head]), np.full(3, neck))
    # No wider than long: a head that touched the disc beside its neck would be its base.
    tall = min(seat.tall_mm, max(abs(seat.shift_mm), seat.half_mm))
    return [(solid, np.zeros(3)), (_ellipsoid((seat.half_mm, deep, tall)), head)]


def _sequestration(seat: _Seat) -> list[_Placed]:
    gap = value("phantom_nerves.sequester_gap_mm")
    half = seat.depth_mm / 2
    centre = np.array([seat.across_mm, seat.margin_mm + gap + half, seat.shift_mm])
    return [(_ellipsoid((seat.half_mm, half, seat.tall_mm)), centre)]


def _seat(parameters: PhantomParameters, spine: Spine, disc: Shape) -> _Seat:
    """Return where the fragment sits."""
    level, zone = parameters.level, parameters.zone
    facet, medial, lateral = zone_borders_mm(level, spine, parameters)
    beyond, forwards = values("phantom_nerves.fragment_beyond_mm")
    across = {
        "central": 0.0,
        "paracentral": facet / 2,
        "subarticular": (facet + medial) / 2,
        "foraminal": (medial + lateral) / 2,
        "extraforaminal": lateral + beyond,
    }[zone]
    in_canal = zone in ("central", "paracentral", "subarticular")
    frame = spine.frames.discs[level]
    depth = _depth(parameters, spine, in_canal=in_canal)
    sizes = np.array(values("phantom_nerves.fragment_half_mm")).reshape(-1, 2)
    half, tall = sizes[parameters.size - 1]
    half *= value_at("phantom_nerves.fragment_narrow", zone)
    margin = _disc_margin_mm(disc, frame, across * parameters.side.lateral_sign_lps, spine, level)
    # So far out the disc has curved away to the front: its margin there says nothing.
    if zone == "extraforaminal":
        margin = (
            spine.sizes.vertebrae[level.upper].wall_mm + spine.sizes.vertebrae[level.lower].wall_mm
        ) / 2 + forwards
    shift = value_at("phantom_nerves.migration_mm", parameters.migration)
    return _Seat(across, margin, depth, half, tall, shift)


def _depth(parameters: PhantomParameters, spine: Spine, *, in_canal: bool) -> float:
    """Return how far the fragment reaches beyond the disc, mm."""
    index = parameters.size - 1
    # MSU sizes compare with the facet line; lateral of the canal there is none.
    if not in_canal:
        return values("phantom_nerves.fragment_lateral_depth_mm")[index]
    lower = spine.sizes.vertebrae[parameters.level.lower]
    joint, axes = joint_axes(lower, parameters.side)
    # The medial facet edge stands for the ends of the line across both facets.
    edge = joint - axes[:, 0] * values("phantom_bone.sap_half_axes_mm")[0]
    reach = float(edge[1]) - lower.wall_mm
    return values("phantom_nerves.fragment_depth_share")[index] * reach


def _disc_margin_mm(
    disc: Shape, frame: RigidTransform, across_mm: float, spine: Spine, level: Level
) -> float:
    """Return y of the disc's posterior margin at an x of its frame, mm."""
    deepest = max(spine.sizes.vertebrae[name].wall_mm for name in (level.upper, level.lower))
    y = np.arange(0, deepest + 4, DISC_EDGE_STEP_MM)
    points = np.column_stack([np.full_like(y, across_mm), y, np.zeros_like(y)])
    inside = disc.distance(frame.points(points)) < 0
    return float(y[inside].max()) if inside.any() else 0.0
