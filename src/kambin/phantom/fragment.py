"""The herniated fragment: zone, size, morphology and migration."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.knowledge import value, value_at, values
from kambin.phantom.hernia_asked import is_far_enough, no_room, require_as_asked
from kambin.phantom.hernia_made import (
    MADE_STEP_MM,
    depth_and_way_mm,
    judge_morphology,
    wall_round,
)
from kambin.phantom.hernia_marks import (
    HerniaMarks,
    Wall,
    find_marks,
    median_mm,
    sample_inside,
)
from kambin.phantom.organs import Spine
from kambin.phantom.parameters import CANAL_ZONES, STAYING, ZONES, PhantomParameters
from kambin.phantom.shapes import Shape, place, turned
from kambin.phantom.solids import Superellipsoid, TubeSolid

SETTLING_ITERATIONS = 7
"""Each takes away nine tenths of what the fragment lies off its place."""

SHRINKING_ITERATIONS = 8
"""After these a protrusion has less than a quarter of its depth left."""

DEEPENING_ITERATIONS = 3
"""After these an extrusion is half as deep again."""

SAMPLE_STEP_MM = 0.7
"""Spacing of the points by which it is settled; their median is ten times finer."""

SETTLED_STEP_MM = 0.1
"""A fragment this near to its place is left there."""

FRAGMENT = StructureKey("fragment")
CALCIFICATION = StructureKey("calcification")


@dataclass(frozen=True, slots=True)
class _Seat:
    """Where a fragment sits, in the disc's frame with x towards the asked side, mm.

    Parameters
    ----------
    across_mm : float, x of its middle
    root_mm : float, x at which it leaves the disc
    start_mm : float, z at which it leaves the disc
    margin_mm, back_mm : float, y of the disc's margin there and of the wall at its middle
    depth_mm : float, how far it reaches behind the wall
    half_mm, tall_mm : float, half width and half height
    shift_mm : float, z of its middle
    free_mm : float, height of the disc's free margin
    yaw_deg : float, degrees, by which that margin is turned
    """

    across_mm: float
    root_mm: float
    start_mm: float
    margin_mm: float
    back_mm: float
    depth_mm: float
    half_mm: float
    tall_mm: float
    shift_mm: float
    free_mm: float
    yaw_deg: float


def build_fragment(
    parameters: PhantomParameters, spine: Spine, disc: Shape, bones: Iterable[Shape] = ()
) -> Shape:
    """Build the herniated fragment in its zone, on its side, at its height.

    Parameters
    ----------
    parameters : PhantomParameters
    spine : Spine
    disc : Shape of the disc it comes from
    bones : Shape of the vertebrae, which hide what of it lies inside them

    Returns
    -------
    Shape of the fragment, mm, without what the disc fills

    Raises
    ------
    AnatomyError  (AN-440) if bone takes the place of most of it

    References
    ----------
    Mysliwiec 2010, Eur Spine J 19:1087, doi 10.1007/s00586-009-1274-4 (size)
    Lee S 2007, Eur Spine J 16:431 (migration)
    Fardon 2014, doi 10.1016/j.spinee.2014.04.022: a protrusion is less deep than its base is
    wide, an extrusion deeper, a sequestration has no continuity with its disc
    """
    marks = find_marks(parameters, spine)
    wall = wall_round(parameters, spine, disc, marks)
    names = {StructureKey("vertebra", name) for name in spine.names} | {StructureKey("sacrum")}
    beside = [bone for bone in bones if bone.key in names and _is_near(bone, disc)]
    seat = _seat(parameters, marks, wall)
    settle = _shrunk if _is_staying(parameters) else _settled
    around = (marks, wall, beside)
    seat = settle(parameters, spine, disc, seat, around)
    if parameters.morphology == "extrusion":
        seat = _deepened(parameters, spine, disc, seat, around)
    shape = _shape(parameters, spine, disc, seat)
    require_as_asked(parameters, sample_inside(shape, beside, marks, MADE_STEP_MM), marks, wall)
    return shape


_Around = tuple[HerniaMarks, Wall, list[Shape]]


def _settled(
    parameters: PhantomParameters, spine: Spine, disc: Shape, seat: _Seat, around: _Around
) -> _Seat:
    """Return the seat from which a fragment has its middle and depth where they were asked for."""
    marks, wall, bones = around
    target = np.array([seat.across_mm, 0.0, seat.shift_mm])
    asked = values("phantom_nerves.fragment_depth_share")[parameters.size - 1]
    for _ in range(SETTLING_ITERATIONS):
        shape = _shape(parameters, spine, disc, seat)
        whole = sample_inside(shape, (), marks, SAMPLE_STEP_MM)
        inside = sample_inside(shape, bones, marks, SAMPLE_STEP_MM)
        share = len(inside) / max(len(whole), 1)
        if share < value("phantom_nerves.fragment_visible_share"):
            raise no_room(parameters, f"Bone takes the place of all but {share:.0%} of it.")
        # A stalk, a plate or a pedicle draws its middle away from where it was asked for.
        off = target - median_mm(inside, SAMPLE_STEP_MM)
        h, d = depth_and_way_mm(inside, SAMPLE_STEP_MM, marks, wall)
        off[1] = asked * d - h
        # Where a pedicle hides its lateral part, moving it outwards would only hide more.
        off[0] *= share >= value("phantom_nerves.fragment_moved_share")
        off[1] *= parameters.zone in CANAL_ZONES
        off[2] *= not is_far_enough(parameters, target[2] - off[2], marks)
        if np.abs(off).max() < SETTLED_STEP_MM:
            break
        seat = _moved(seat, off, wall)
    return seat


def _shrunk(
    parameters: PhantomParameters, spine: Spine, disc: Shape, seat: _Seat, around: _Around
) -> _Seat:
    """Return the seat from which a fragment is a protrusion, not deeper than asked for."""
    marks, wall, bones = around
    inner = dict(zip(ZONES[1:], marks.zone_borders_mm, strict=True)).get(parameters.zone, 0.0)
    # What has to reach behind half of the way may be as deep as a protrusion can be.
    at_most = _protrusion_share(parameters)
    is_small = parameters.size == 1 or parameters.zone not in CANAL_ZONES
    step = value(f"phantom_nerves.{'shrinking' if is_small else 'trimming'}_share")
    for _ in range(SHRINKING_ITERATIONS if seat.across_mm >= inner else 0):
        shape = _shape(parameters, spine, disc, seat)
        inside = sample_inside(shape, bones, marks, MADE_STEP_MM)
        if len(inside) and (
            judge_morphology(inside, marks, wall, disc, depth_share=at_most) == "protrusion"
        ):
            return seat
        # Where the margin runs obliquely the base is narrower than it is seen from behind.
        seat = replace(seat, depth_mm=step * seat.depth_mm)
    raise no_room(parameters, "So far out no margin of the disc is left for a base.")


def _deepened(
    parameters: PhantomParameters, spine: Spine, disc: Shape, seat: _Seat, around: _Around
) -> _Seat:
    """Return the seat from which a fragment is an extrusion, deeper than its base is wide."""
    marks, wall, bones = around
    for _ in range(DEEPENING_ITERATIONS):
        shape = _shape(parameters, spine, disc, seat)
        inside = sample_inside(shape, bones, marks, MADE_STEP_MM)
        found = judge_morphology(inside, marks, wall, disc)
        if found == "extrusion":
            return seat
        if found != "protrusion" or parameters.zone in CANAL_ZONES:
            break
        # Beside the canal no size says how deep it is.
        seat = replace(seat, depth_mm=seat.depth_mm / value("phantom_nerves.shrinking_share"))
    raise no_room(parameters, f"Made there it is a {found}: no neck of the disc holds it.")


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


def _shape(parameters: PhantomParameters, spine: Spine, disc: Shape, seat: _Seat) -> Shape:
    frame = spine.frames.discs[parameters.level]
    solids = {
        "plain": _plain,
        "protrusion": _protrusion,
        "calcified": _protrusion,
        "extrusion": _extrusion,
        "sequestration": _sequestration,
    }[parameters.morphology](seat)
    # A protrusion stands on its margin, which runs obliquely in the foramen.
    axes = turned(yaw_deg=seat.yaw_deg) if _is_staying(parameters) else None
    pieces = tuple(
        place(FRAGMENT, solid, frame, centre_mm=centre, axes=axes, side=parameters.side)
        for solid, centre in solids
    )
    # What the disc fills stays disc, so that a herniation begins at the annulus.
    gap = value("phantom_nerves.sequester_gap_mm")
    free = parameters.morphology == "sequestration"
    cuts = tuple(piece.inflated(gap) for piece in disc.pieces) if free else disc.pieces
    return Shape(FRAGMENT, pieces, cuts)


def _ellipsoid(half_mm: tuple[float, float, float]) -> Superellipsoid:
    return Superellipsoid(half_mm, *values("phantom_nerves.fragment_exponents"))


def _plain(seat: _Seat) -> list[_Placed]:
    inset = value("phantom_nerves.fragment_inset")
    centre = np.array([seat.across_mm, seat.back_mm + inset * seat.depth_mm, seat.shift_mm])
    return [(_ellipsoid((seat.half_mm, seat.depth_mm * (1 - inset), seat.tall_mm)), centre)]


def _protrusion(seat: _Seat) -> list[_Placed]:
    # Its widest section lies on the margin: the base, which has to exceed the depth.
    wide = value("phantom_nerves.protrusion_base_share") * seat.depth_mm / 2
    half = max(seat.half_mm, wide)
    centre = np.array([seat.across_mm, seat.margin_mm, seat.start_mm])
    return [(_ellipsoid((half, seat.depth_mm, seat.free_mm / 2)), centre)]


def _extrusion(seat: _Seat) -> list[_Placed]:
    share, largest = values("phantom_nerves.extrusion_neck")
    neck = min(share * seat.depth_mm, largest)
    if abs(seat.shift_mm - seat.start_mm) > seat.free_mm:
        # A long stalk is a thin one: most of what migrated is its head.
        neck = min(neck, value("phantom_nerves.migrated_neck_mm"))
    deep = value("phantom_nerves.extrusion_head_share") * seat.depth_mm / 2
    head = np.array([seat.across_mm, seat.back_mm + seat.depth_mm - deep, seat.shift_mm])
    root = np.array([seat.root_mm, seat.margin_mm - neck, seat.start_mm])
    # Straight back first, then up or down behind the body: so it passes the posterior rim.
    reach = min(head[1], seat.margin_mm + seat.depth_mm - neck)
    turn = np.array([seat.root_mm, reach, seat.start_mm])
    solid = TubeSolid(np.array([root, turn, head]), np.full(3, neck))
    # No wider than long: a head that touched the disc beside its neck would be its base.
    tall = min(seat.tall_mm, max(abs(seat.shift_mm - seat.start_mm), seat.half_mm))
    return [(solid, np.zeros(3)), (_ellipsoid((seat.half_mm, deep, tall)), head)]


def _sequestration(seat: _Seat) -> list[_Placed]:
    gap = value("phantom_nerves.sequester_gap_mm")
    # Free of the bodies as well: it lies in the canal, not in their periosteum.
    half = (seat.depth_mm - gap) / 2
    centre = np.array([seat.across_mm, seat.back_mm + gap + half, seat.shift_mm])
    return [(_ellipsoid((seat.half_mm, half, seat.tall_mm)), centre)]


def _seat(parameters: PhantomParameters, marks: HerniaMarks, wall: Wall) -> _Seat:
    """Return where the fragment would sit if nothing drew it away."""
    zone = parameters.zone
    central, facet, medial, lateral = marks.zone_borders_mm
    beyond = value("phantom_nerves.fragment_beyond_mm")
    across = {
        "central": 0.0,
        "paracentral": (central + facet) / 2,
        "subarticular": (facet + medial) / 2,
        "foraminal": (medial + lateral) / 2,
        "extraforaminal": lateral + beyond,
    }[zone]
    sizes = np.array(values("phantom_nerves.fragment_half_mm")).reshape(-1, 2)
    half, tall = sizes[parameters.size - 1]
    half *= value_at("phantom_nerves.fragment_narrow", zone)
    if _is_staying(parameters):
        # Its whole base stands on the disc.
        across = min(across, wall.disc_end_mm - float(half))
    start = sum(marks.plates_mm) / 2
    shift = _height_mm(parameters.migration, marks)
    # Beyond its end there is no disc: what lies there hangs on the end itself.
    root = min(across, wall.disc_end_mm - value("phantom_nerves.disc_end_mm"))
    margin, back = _wall_mm(wall, root, start), _wall_mm(wall, root, shift)
    free = wall.margin_height_mm(root)
    # MSU sizes compare with the facet line; lateral of the canal there is none.
    depth = values("phantom_nerves.fragment_lateral_depth_mm")[parameters.size - 1]
    if zone in CANAL_ZONES:
        row = "protrusion_way_share" if _is_staying(parameters) else "fragment_depth_share"
        share = values(f"phantom_nerves.{row}")[parameters.size - 1]
        depth = share * (marks.facet_line_mm(across) - back)
    if _is_staying(parameters):
        # As deep as its base is wide it would be an extrusion, whatever size was asked for.
        depth = min(depth, _protrusion_share(parameters) * free)
    return _Seat(
        across,
        root,
        start,
        margin,
        back,
        depth,
        float(half),
        float(tall),
        shift,
        free,
        _yaw_deg(wall, root, start),
    )


def _height_mm(migration: str, marks: HerniaMarks) -> float:
    """Return the middle of a zone of migration, z in the disc's frame, mm."""
    middle, below, above, near_up = marks.height_borders_mm
    margin = marks.lower_pedicle_mm[1]
    beyond = value("phantom_nerves.very_high_mm")
    return {
        "none": (below + above) / 2,
        "very-high-up": marks.upper_pedicle_mm + beyond,
        "far-up": (near_up + marks.upper_pedicle_mm) / 2,
        "near-up": (above + near_up) / 2,
        "near-down": (below + middle) / 2,
        "far-down": (middle + margin) / 2,
        "very-high-down": margin - beyond,
    }[migration]


def _moved(seat: _Seat, off_mm: NDArray[np.float64], wall: Wall) -> _Seat:
    """Return the seat moved across and up, and made deeper, by what it is off."""
    across = seat.across_mm + float(off_mm[0])
    root = min(across, wall.disc_end_mm - value("phantom_nerves.disc_end_mm"))
    shift = float(np.clip(seat.shift_mm + off_mm[2], wall.z_mm[0], wall.z_mm[-1]))
    return replace(
        seat,
        across_mm=across,
        root_mm=root,
        shift_mm=shift,
        depth_mm=seat.depth_mm + float(off_mm[1]),
        margin_mm=_wall_mm(wall, root, seat.start_mm),
        back_mm=_wall_mm(wall, root, shift),
    )


def _is_staying(parameters: PhantomParameters) -> bool:
    return parameters.morphology in STAYING


def _protrusion_share(parameters: PhantomParameters) -> float:
    """Return how deep a protrusion may be made against its base."""
    shares = values("phantom_nerves.protrusion_depth_share")
    # Beside the canal no size asks for more.
    return shares[parameters.size - 1 if parameters.zone in CANAL_ZONES else 0]


def _wall_mm(wall: Wall, x_mm: float, z_mm: float) -> float:
    return float(wall.at(np.array([x_mm]), np.array([z_mm]))[0])


def _yaw_deg(wall: Wall, x_mm: float, z_mm: float) -> float:
    """Return how the margin is turned at an x, degrees, by two points beside it."""
    reach = value("phantom_nerves.disc_end_mm")
    rise = _wall_mm(wall, x_mm + reach, z_mm) - _wall_mm(wall, x_mm - reach, z_mm)
    return float(np.degrees(np.arctan2(rise, 2 * reach)))


def _is_near(bone: Shape, disc: Shape) -> bool:
    """Return whether the box of a bone meets that of a disc."""
    (low, high), (other_low, other_high) = bone.bounds_lps_mm(), disc.bounds_lps_mm()
    return bool((low <= other_high).all() and (high >= other_low).all())
