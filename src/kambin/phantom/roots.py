"""The nerve roots and ganglia, drawn from the literature's spreads."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Level, StructureKey, Tube
from kambin.frames import Side
from kambin.knowledge import value, value_at, values
from kambin.phantom.canal import Sac
from kambin.phantom.chain import pedicle_centre_mm
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
    Take-off height, distance along the plate and angle are drawn as published; the line is then
    bent only as far as needed to stay out of bone, disc and fragment.

    References
    ----------
    Guan 2015, J Spinal Disord Tech, doi 10.1097/bsd.0000000000000145 (a, b, angle)
    Clin Anat 2018;31:782 (diameters); AJNR 2022;43:769 (volumes of ganglia)
    Li P 2014, doi 10.13418/j.issn.1001-165x.2014.04.005 (root and pedicle)
    """
    lines: dict[StructureKey, Tube] = {}
    for above, level in itertools.pairwise(levels):
        for side in SIDES:
            exiting = _exiting(spine, level, side, sac, draw)
            # Swollen before it is bent: the ganglion needs the room, not the thin root.
            exiting = _swell(spine, level.upper, side, exiting, draw)
            lines[StructureKey("exiting_root", level.upper, side)] = exiting
            key = StructureKey("traversing_root", level.upper, side)
            lines[key] = _traversing(spine, above, level.upper, side, sac, exiting)
    for side in SIDES:
        key = StructureKey("traversing_root", "S1", side)
        lines[key] = _s1_root(spine, levels[-1], side, sac, draw)
    # Root and ganglion are bent as one line; bent apart they would come off each other.
    lines = relax_lines(lines, obstacles)
    for key in [key for key in lines if key.kind == "exiting_root"]:
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


def _radius(name: str, draw: Draw) -> float:
    diameter = draw.at(
        "phantom_nerves.root_diameter_mm", "phantom_nerves.root_diameter_sd_mm", name
    )
    return diameter / 2


def _exiting(spine: Spine, level: Level, side: Side, sac: Sac, draw: Draw) -> Tube:
    """Draw one exiting root: take-off, below the pedicle, across the plate, beyond."""
    name, sign = level.upper, side.lateral_sign_lps
    size, body = spine.sizes.vertebrae[name], spine.frames.vertebrae[name]
    disc = spine.frames.discs[level]
    mirror = np.array([sign, 1, 1])
    one = size.sides[side]
    radius = _radius(name, draw)
    pedicle = pedicle_centre_mm(size, side)
    below = draw.around(*values("phantom_nerves.below_pedicle_mm"))
    beside = draw.around(*values("phantom_nerves.medial_pedicle_mm"))
    floor = pedicle[2] - one.pedicle_height_mm / 2
    medial = size.canal_width_mm / 2
    across = medial + one.pedicle_width_mm * value_at("phantom_nerves.under_pedicle_share", name)
    deep = size.wall_mm + value_at("phantom_nerves.ganglion_behind_wall_mm", name)
    under = body.points(np.array([across, deep, floor - below - radius]) * mirror)
    axilla = body.points(np.array([medial - beside, deep, floor + radius]) * mirror)
    takeoff, crossing = _on_disc(
        spine, level, side, sac, draw, body.points(np.array([medial, deep, floor]) * mirror)
    )
    run = crossing - under
    length, drift, last_drift = values("phantom_nerves.beyond_mm")
    forwards = last_drift if name == spine.last else drift
    onward = run / np.linalg.norm(run) - disc.rotation[:, 1] * forwards
    beyond = crossing + length * onward / np.linalg.norm(onward)
    control = np.array([takeoff, axilla, under, crossing, beyond])
    points = _smooth_line(control)
    return Tube(points, np.full(len(points), radius))


def _on_disc(
    spine: Spine, level: Level, side: Side, sac: Sac, draw: Draw, floor_lps_mm: Points
) -> tuple[Points, Points]:
    """Return take-off and plate crossing from the drawn a, b and angle, mm, LPS."""
    # Not by the rules of the completion: a test against its own formula proves nothing (recipes 9).
    name, sign = level.upper, side.lateral_sign_lps
    disc = spine.frames.discs[level]
    plate = -spine.frames.rim_gaps_mm[level] / 2
    a = draw.around(value("phantom_nerves.takeoff_mm"), value("phantom_nerves.takeoff_sd_mm"))
    b = draw.around(
        value("phantom_nerves.root_on_plate_mm"), value("phantom_nerves.root_on_plate_sd_mm")
    )
    angle = draw.at("phantom_nerves.root_angle_deg", "phantom_nerves.root_angle_sd_deg", name)
    # The axilla lies at the medial border of the patient's own pedicle, never below it. Mirrored
    # there and not cut, so that patients still differ as the published ones do.
    least = float(disc.inverse().points(floor_lps_mm)[2]) - plate + 1
    a = least + abs(a - least)
    by_angle = a / float(np.tan(np.radians(angle)))
    # The last root is published by its angle; b and angle are averaged where both are.
    b = by_angle if name == spine.last else (b + by_angle) / 2
    takeoff = sac.edge_lps_mm(_level_with_lps_mm(spine, level, name, plate + a), sign)
    local = disc.inverse().points(takeoff)
    rim = spine.sizes.vertebrae[level.lower].wall_mm
    behind = value_at("phantom_nerves.on_plate_behind_mm", name)
    crossing = disc.points(np.array([local[0] + sign * b, rim + behind, plate]))
    return takeoff, crossing


def _level_with_lps_mm(spine: Spine, level: Level, name: str, above_mm: float) -> float:
    """Return the LPS height of the canal beside a vertebra, so far above a disc's centre."""
    size = spine.sizes.vertebrae[name]
    back = size.wall_mm + size.canal_depth_mm / 2
    # Along the tilted disc's normal, at the depth of the canal where the sac lies: behind the
    # centre of L5-S1 the same height over the disc is 15 mm further up.
    return float(spine.frames.discs[level].points(np.array([0, back, above_mm]))[2])


def _traversing(spine: Spine, above: Level, name: str, side: Side, sac: Sac, exiting: Tube) -> Tube:
    """Return the root's way along the sac, from its sleeve to its take-off."""
    sign = side.lateral_sign_lps
    start_mm = value_at("phantom_nerves.traversing_start_mm", name)
    start = _level_with_lps_mm(spine, above, name, start_mm)
    takeoff = exiting.points_lps_mm[0]
    radius = exiting.radii_mm[0] * value("phantom_nerves.traversing_share")
    heights = np.linspace(start, takeoff[2], 4)
    # Its last point is the first of the exiting root: both stay one nerve.
    edge = [sac.edge_lps_mm(float(z), sign) for z in heights[:-1]]
    points = _smooth_line(np.array([*edge, takeoff]))
    return Tube(points, np.full(len(points), radius))


def _s1_root(spine: Spine, level: Level, side: Side, sac: Sac, draw: Draw) -> Tube:
    """Return the first sacral root, from above the last disc to its foramen."""
    sign = side.lateral_sign_lps
    start_mm = value_at("phantom_nerves.traversing_start_mm", "S1")
    start = _level_with_lps_mm(spine, level, "S1", start_mm)
    # Fixed in the sacrum: there is no foramen between pedicles that a, b and angle could place.
    rows = np.array(values("phantom_nerves.s1_root_mm")).reshape(-1, 3)
    rows = rows + np.array([0, spine.sizes.vertebrae["S1"].wall_mm, 0])
    path = spine.frames.vertebrae["S1"].points(rows * np.array([sign, 1, 1]))
    points = _smooth_line(np.array([sac.edge_lps_mm(start, sign), *path]))
    radius = _radius("S1", draw) * value("phantom_nerves.traversing_share")
    return Tube(points, np.full(len(points), radius))


def _swell(spine: Spine, name: str, side: Side, line: Tube, draw: Draw) -> Tube:
    """Swell a root to its ganglion below the pedicle: a prolate ellipsoid of drawn volume."""
    size = spine.sizes.vertebrae[name]
    across = size.canal_width_mm / 2 + size.sides[side].pedicle_width_mm * value_at(
        "phantom_nerves.under_pedicle_share", name
    )
    local = spine.frames.vertebrae[name].inverse().points(line.points_lps_mm)
    middle = int(np.argmin(np.abs(local[:, 0] * side.lateral_sign_lps - across)))
    share = draw.around(1, value("phantom_nerves.ganglion_volume_share_sd"))
    volume = share * value_at("phantom_nerves.ganglion_volume_mm3", name)
    length = value_at("phantom_nerves.ganglion_length_mm", name)
    # V = 2/3 pi L h^2 of a prolate ellipsoid of length L and half width h.
    half = float(np.sqrt(3 * volume / (2 * np.pi * length)))
    least = value("phantom_nerves.ganglion_least_share") * line.radii_mm[0]
    # A small ganglion on a thick root is short, not thin: it would vanish inside the root.
    half, length = max(half, least), min(length, 3 * volume / (2 * np.pi * least**2))
    along = _arc_mm(line.points_lps_mm)
    profile = half * np.sqrt(np.clip(1 - ((along - along[middle]) / (length / 2)) ** 2, 0, 1))
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
