"""The nerve roots and ganglia, drawn from the literature's spreads."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Level, StructureKey, Tube
from kambin.frames import RigidTransform, Side
from kambin.knowledge import value, value_at, values
from kambin.phantom.canal import Sac
from kambin.phantom.chain import pedicle_centre_mm
from kambin.phantom.discs import vertebra_frame
from kambin.phantom.organs import LPS, Spine
from kambin.phantom.relax import Obstacle, relax_lines
from kambin.phantom.shapes import Shape, place_tube
from kambin.phantom.sizes import SIDES, Draw
from kambin.phantom.solids import TubeSolid

Points = NDArray[np.float64]

LINE_STEP_MM = 1.0
"""Distance of neighbouring points of a root's line; a third of its radius."""


@dataclass(frozen=True, slots=True)
class Nerves:
    """All roots and ganglia.

    Parameters
    ----------
    shapes : Shape in the order of painting
    lines : mapping of StructureKey to Tube
    """

    shapes: tuple[Shape, ...]
    lines: Mapping[StructureKey, Tube]


def build_nerves(
    spine: Spine, levels: tuple[Level, ...], sac: Sac, obstacles: tuple[Obstacle, ...], draw: Draw
) -> Nerves:
    """Build traversing and exiting roots with their ganglia, L1 to S1.

    Parameters
    ----------
    spine : Spine
    levels : Level from cranial to caudal; the root above each leaves through its foramen
    sac : Sac
    obstacles : bones, discs and fragment with the distance to keep from each
    draw : Draw

    Returns
    -------
    Nerves; lines of shape (N, 3), mm, LPS

    Notes
    -----
    Where the root leaves the sac, its distances from both pedicles of its foramen and its angle
    to the plate are drawn as published; the line is then bent only as far as needed to stay out
    of bone, disc and fragment. Beyond the foramen L1 to L4 run down in the psoas, L5 over the
    edge of the ala and down its front.

    References
    ----------
    Guan 2015, J Spinal Disord Tech, doi 10.1097/bsd.0000000000000145 (a, angle)
    Clin Anat 2018;31:782 (diameters); AJNR 2022;43:769 (volumes of ganglia)
    Li P 2014, doi 10.13418/j.issn.1001-165x.2014.04.005 (root and pedicle)
    Torun 2008, J Clin Neurosci 15:895, doi 10.1016/j.jocn.2007.08.006 (angle to the sac)
    Ebraheim 1997, Am J Orthop 26:105 (L4 and L5 beyond the foramen)
    Tamagawa 2022, J Spine Res 13:733 (L5 on the ala)
    """
    lines: dict[StructureKey, Tube] = {}
    for above, level in itertools.pairwise(levels):
        for side in SIDES:
            exiting = _exiting(spine, level, side, sac, draw)
            lines[StructureKey("exiting_root", level.upper, side)] = exiting
            key = StructureKey("traversing_root", level.upper, side)
            lines[key] = _traversing(spine, above, level.upper, side, sac, exiting)
    for side in SIDES:
        key = StructureKey("traversing_root", "S1", side)
        lines[key] = _s1_root(spine, levels[-1], side, sac, draw)
    # Root and ganglion are bent as one line; bent apart they would come off each other.
    lines = relax_lines(lines, obstacles)
    swollen = [key for key in lines if key.kind == "exiting_root" or key.place == "S1"]
    for key in swollen:
        lines[key], lines[StructureKey("drg", key.place, key.side)] = _split(lines[key])
    # Painted last, the ganglion is not hidden by its own root.
    order = ("traversing_root", "exiting_root", "drg")
    shapes = tuple(
        Shape(key, place_tube(key, _thinned(tube), LPS))
        for kind in order
        for key, tube in lines.items()
        if key.kind == kind
    )
    return Nerves(shapes, lines)


@dataclass(frozen=True, slots=True)
class _Thick:
    """Radius of a root, half width and length of its ganglion, mm."""

    root_mm: float
    ganglion_mm: float
    length_mm: float


def _thickness(name: str, draw: Draw) -> _Thick:
    """Draw the diameter of a root and the volume of its ganglion, a prolate ellipsoid."""
    diameter = draw.at(
        "phantom_nerves.root_diameter_mm", "phantom_nerves.root_diameter_sd_mm", name
    )
    share = draw.around(1, value("phantom_nerves.ganglion_volume_share_sd"))
    volume = share * value_at("phantom_nerves.ganglion_volume_mm3", name)
    length = value_at("phantom_nerves.ganglion_length_mm", name)
    # V = 2/3 pi L h^2 of a prolate ellipsoid of length L and half width h.
    half = float(np.sqrt(3 * volume / (2 * np.pi * length)))
    least = value("phantom_nerves.ganglion_least_share") * diameter / 2
    # A small ganglion on a thick root is short, not thin: it would vanish inside the root.
    half, length = max(half, least), min(length, 3 * volume / (2 * np.pi * least**2))
    return _Thick(diameter / 2, half, length)


def _exiting(spine: Spine, level: Level, side: Side, sac: Sac, draw: Draw) -> Tube:
    """Draw one exiting root with its ganglion: take-off, round the pedicle, beyond."""
    name = level.upper
    thick = _thickness(name, draw)
    corner, under = _round_pedicle(spine, name, side, thick, draw)
    takeoff, parting = _leave_sac(spine, level, side, sac, (thick, corner, under), draw)
    if name == spine.last:
        onward = _over_ala(spine, side, thick, draw)
    else:
        crossing = _cross_plate(spine, level, side, (parting, thick), draw)
        onward = [crossing, _into_psoas(name, side, crossing, draw)]
    line = _smooth_line(np.array([takeoff, parting, under, *onward]))
    tube = Tube(line, np.full(len(line), thick.root_mm))
    # Swollen before it is bent: the ganglion needs the room, not the thin root.
    return _swell(tube, under, thick)


def _round_pedicle(
    spine: Spine, name: str, side: Side, thick: _Thick, draw: Draw
) -> tuple[Points, Points]:
    """Return the root at the lower medial corner of its pedicle, and its ganglion, mm, LPS."""
    size, body = spine.sizes.vertebrae[name], spine.frames.vertebrae[name]
    one, centre = size.sides[side], pedicle_centre_mm(size, side)
    mirror = np.array([side.lateral_sign_lps, 1, 1])
    below = draw.around(*values("phantom_nerves.below_pedicle_mm"))
    beside = draw.around(*values("phantom_nerves.medial_pedicle_mm"))
    behind = value_at("phantom_nerves.ganglion_behind_wall_mm", name)
    deep = size.wall_mm + draw.around(behind, value("phantom_nerves.ganglion_behind_wall_sd_mm"))
    half = np.array([one.pedicle_width_mm, one.pedicle_height_mm]) / 2
    # Where the rounded section meets its diagonal; the root passes a gap away from there.
    exponent = values("phantom_bone.pedicle_exponents")[0]
    low = np.array([centre[0], centre[2]]) - half * 2 ** (-1 / exponent)
    low -= (thick.root_mm + beside) / np.sqrt(2)
    corner = body.points(np.array([low[0], deep, low[1]]) * mirror)
    across = centre[0] + half[0] * (2 * value_at("phantom_nerves.under_pedicle_share", name) - 1)
    height = centre[2] - half[1] - below - thick.ganglion_mm
    under = body.points(np.array([across, deep, height]) * mirror)
    return corner, under


def _leave_sac(
    spine: Spine,
    level: Level,
    side: Side,
    sac: Sac,
    passed: tuple[_Thick, Points, Points],
    draw: Draw,
) -> tuple[Points, Points]:
    """Return where the line leaves the sac's edge, and where the whole root has left it."""
    # Not by the rules of the completion: a test against its own formula proves nothing (recipes 9).
    sign, plate = side.lateral_sign_lps, _caudal_plate(spine, level)
    thick, corner, under = passed
    a = draw.around(value("phantom_nerves.takeoff_mm"), value("phantom_nerves.takeoff_sd_mm"))
    exits = draw.at(
        "phantom_nerves.exit_angle_deg", "phantom_nerves.exit_angle_sd_deg", level.upper
    )
    # Published heights are pooled over levels; no root leaves above the pedicle it passes under,
    # nor so low that it would have to rise to its ganglion.
    highest, lowest = (float(plate.inverse().points(point)[2]) for point in (corner, under))
    a = min(max(a, (lowest + highest) / 2), highest)
    forward = value("phantom_nerves.takeoff_forward_share")
    height = _height_lps_mm(plate, sac, a)
    # As on a coronal picture: parted from the widest of the sac, though it leaves in front of it.
    parting = sac.edge_lps_mm(height, sign, forward)
    parting[0] = sac.edge_lps_mm(height, sign)[0] + sign * thick.root_mm
    rise = thick.root_mm / float(np.tan(np.radians(exits)))
    takeoff = sac.edge_lps_mm(height + rise, sign, forward)
    return takeoff, parting


def _caudal_plate(spine: Spine, level: Level) -> RigidTransform:
    """Return LPS from the upper plate of the lower vertebra."""
    return vertebra_frame(level.lower, spine.sizes, spine.frames).upper_plate


def _height_lps_mm(plate: RigidTransform, sac: Sac, above_mm: float) -> float:
    """Return the LPS height at which the sac lies so far above a tilted plate."""
    knots = sac.column.knots_mm
    heights = np.linspace(knots[0, 0], knots[-1, 0], 2 * len(knots) ** 2)
    columns = [np.interp(heights, knots[:, 0], knots[:, k]) for k in (1, 2)]
    above = plate.inverse().points(np.column_stack([*columns, heights]))[:, 2]
    # Over the tilted plate of S1 the same height lies 15 mm further up behind the body.
    return float(np.interp(above_mm, above, heights))


def _cross_plate(
    spine: Spine, level: Level, side: Side, passed: tuple[Points, _Thick], draw: Draw
) -> Points:
    """Return where the root passes the plane of the caudal end plate, mm, LPS."""
    sign, plate = side.lateral_sign_lps, _caudal_plate(spine, level)
    parting, thick = plate.inverse().points(passed[0]), passed[1]
    angle = draw.at(
        "phantom_nerves.root_angle_deg", "phantom_nerves.root_angle_sd_deg", level.upper
    )
    over = draw.around(*values("phantom_nerves.over_pedicle_mm"))
    by_angle = parting[2] / float(np.tan(np.radians(angle)))
    # The second way the course is published: the height over the pedicle below.
    lower = spine.sizes.vertebrae[level.lower]
    centre, one = pedicle_centre_mm(lower, side), lower.sides[side]
    middle = centre[0] - one.pedicle_width_mm / 4
    top = lower.posterior_height_mm / 2 - centre[2] - one.pedicle_height_mm / 2
    fall = parting[2] - (over + thick.root_mm - top)
    run = middle - parting[0] * sign
    by_pedicle = parting[2] * run / max(fall, 1.0)
    across = parting[0] * sign + (by_angle + by_pedicle) / 2
    behind = value_at("phantom_nerves.on_plate_behind_mm", level.upper)
    behind = draw.around(behind, value("phantom_nerves.on_plate_behind_sd_mm"))
    return plate.points(np.array([sign * across, lower.wall_mm + behind, 0.0]))


def _into_psoas(name: str, side: Side, crossing: Points, draw: Draw) -> Points:
    """Return the end of the root in the psoas, mm, LPS."""
    length, forwards, spread = values("phantom_nerves.beyond_mm")
    aside = draw.at("phantom_nerves.aside_deg", "phantom_nerves.aside_sd_deg", name)
    ahead = draw.around(forwards, spread)
    way = np.array([side.lateral_sign_lps * np.tan(np.radians(aside)), -ahead, -1.0])
    end: Points = crossing + length * way / np.linalg.norm(way)
    return end


def _over_ala(spine: Spine, side: Side, thick: _Thick, draw: Draw) -> list[Points]:
    """Return the way of the last root over the edge of the ala and down its front, mm, LPS."""
    frame = spine.frames.vertebrae["S1"]
    wing = np.array(values("phantom_bone.sacral_wing_mm")).reshape(-1, 4)
    gap = thick.root_mm + values("phantom_nerves.root_gap_mm")[0]
    gap += abs(draw.around(0, value("phantom_nerves.on_ala_sd_mm")))
    aside = draw.around(0, value("phantom_nerves.on_ala_lateral_sd_mm"))
    points = []
    for lateral, down, turn in np.array(values("phantom_nerves.on_ala_mm")).reshape(-1, 3):
        y, z, radius = (np.interp(down, -wing[:, 2], wing[:, k]) for k in (1, 2, 3))
        # The wing is an ellipse, thinner from front to back.
        ahead = (radius / value("phantom_bone.sacral_wing_squeeze") + gap) * np.cos(
            np.radians(turn)
        )
        above = (radius + gap) * np.sin(np.radians(turn))
        place_mm = np.array([lateral + aside, y - ahead, z + above])
        points.append(frame.points(place_mm * [side.lateral_sign_lps, 1, 1]))
    return points


def _traversing(spine: Spine, above: Level, name: str, side: Side, sac: Sac, exiting: Tube) -> Tube:
    """Return the root's way along the sac, from its sleeve to its take-off."""
    sign = side.lateral_sign_lps
    start_mm = value_at("phantom_nerves.traversing_start_mm", name)
    start = _level_with_lps_mm(spine, above, name, start_mm)
    takeoff = exiting.points_lps_mm[0]
    radius = exiting.radii_mm[0] * value("phantom_nerves.traversing_share")
    heights = np.linspace(start, takeoff[2], 4)
    # Its last point is the first of the exiting root: both stay one nerve.
    forward = value("phantom_nerves.takeoff_forward_share")
    edge = [sac.edge_lps_mm(float(z), sign, forward) for z in heights[:-1]]
    points = _smooth_line(np.array([*edge, takeoff]))
    return Tube(points, np.full(len(points), radius))


def _level_with_lps_mm(spine: Spine, level: Level, name: str, above_mm: float) -> float:
    """Return the LPS height of the canal beside a vertebra, so far above a disc's centre."""
    size = spine.sizes.vertebrae[name]
    back = size.wall_mm + size.canal_depth_mm / 2
    # Along the tilted disc's normal, at the depth of the canal where the sac lies: behind the
    # centre of L5-S1 the same height over the disc is 15 mm further up.
    return float(spine.frames.discs[level].points(np.array([0, back, above_mm]))[2])


def _s1_root(spine: Spine, level: Level, side: Side, sac: Sac, draw: Draw) -> Tube:
    """Return the first sacral root with its ganglion, from above the last disc to its foramen."""
    sign = side.lateral_sign_lps
    start_mm = value_at("phantom_nerves.traversing_start_mm", "S1")
    start = _level_with_lps_mm(spine, level, "S1", start_mm)
    # Fixed in the sacrum: there is no foramen between pedicles that a, b and angle could place.
    rows = np.array(values("phantom_nerves.s1_root_mm")).reshape(-1, 3)
    rows = rows + np.array([0, spine.sizes.vertebrae["S1"].wall_mm, 0])
    path = spine.frames.vertebrae["S1"].points(rows * np.array([sign, 1, 1]))
    forward = value("phantom_nerves.takeoff_forward_share")
    points = _smooth_line(np.array([sac.edge_lps_mm(start, sign, forward), *path]))
    thick = _thickness("S1", draw)
    radius = thick.root_mm * value("phantom_nerves.traversing_share")
    # Inside the sacral canal, at the second point of its way (A56: mostly intraspinal).
    return _swell(Tube(points, np.full(len(points), radius)), path[1], thick)


def _swell(line: Tube, middle_lps_mm: Points, thick: _Thick) -> Tube:
    """Swell a root to its ganglion about a point."""
    middle = int(np.argmin(np.linalg.norm(line.points_lps_mm - middle_lps_mm, axis=1)))
    along = _arc_mm(line.points_lps_mm)
    from_middle = (along - along[middle]) / (thick.length_mm / 2)
    profile = thick.ganglion_mm * np.sqrt(np.clip(1 - from_middle**2, 0, 1))
    return Tube(line.points_lps_mm, np.maximum(line.radii_mm, profile))


def _split(swollen: Tube) -> tuple[Tube, Tube]:
    """Return the even root and its ganglion of a swollen line."""
    radius = float(swollen.radii_mm[0])
    thick = np.flatnonzero(swollen.radii_mm > radius)
    # A point of the even root on each side, so that no gap opens between the two.
    ganglion = slice(thick[0] - 1, thick[-1] + 2)
    root = Tube(swollen.points_lps_mm, np.full_like(swollen.radii_mm, radius))
    return root, Tube(swollen.points_lps_mm[ganglion], swollen.radii_mm[ganglion])


def _thinned(tube: Tube) -> TubeSolid:
    """Return the solid of a line on every other point; it bends by less than 0.05 mm between."""
    if len(tube.points_lps_mm) <= 2**4:
        return TubeSolid(tube.points_lps_mm, tube.radii_mm)
    kept = np.unique([*range(0, len(tube.radii_mm), 3), len(tube.radii_mm) - 1])
    return TubeSolid(tube.points_lps_mm[kept], tube.radii_mm[kept])


def _arc_mm(points: Points) -> Points:
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _smooth_line(control: Points) -> Points:
    """Return a line through control points (Catmull-Rom), even steps, shape (N, 3), mm."""
    # A spline through all points needs a neighbour beyond each end: the mirrored one.
    padded = np.vstack([2 * control[0] - control[1], control, 2 * control[-1] - control[-2]])
    t = np.linspace(0, 1, 2**4, endpoint=False)[:, None]
    pieces = []
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        inner = 2 * p1 + (p2 - p0) * t
        inner = inner + (2 * p0 - (4 + 1) * p1 + 4 * p2 - p3) * t**2
        pieces.append((inner + (3 * p1 - 3 * p2 + p3 - p0) * t**3) / 2)
    dense = np.vstack([*pieces, control[-1:]])
    along = _arc_mm(dense)
    even = np.linspace(0, along[-1], int(np.ceil(along[-1] / LINE_STEP_MM)) + 1)
    return np.column_stack([np.interp(even, along, c) for c in dense.T])
