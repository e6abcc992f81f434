"""What bounds Kambin's window in the picture along a trajectory: plate, root, dura, process."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Structure
from kambin.knowledge import value, values
from kambin.measure.nerve_balls import find_balls
from kambin.measure.obstacles import pedicle_border_mm
from kambin.measure.silhouette import LineOfSight, Picture, look_along, see
from kambin.measure.site import SideView, Site, bone_sigma_mm, lps_from_plate, require_level

COLUMN_STEP_MM = 0.25
"""Spacing of the columns on which root and plate are followed."""

CAUDAL_PARTS = ("body", "body_rim", "pedicle", "pedicle_rim")
"""What bounds the window below: body and pedicle of the caudal vertebra."""

LEAST_SAMPLES = 4
"""Columns a window must span, a millimetre, for lines along root and plate."""

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """One straight limit of a window.

    Parameters
    ----------
    limit : str, what it is laid along
    normal : float array, shape (2,), unit vector out of the window, in the picture
    offset_mm : float, mm: the window is where ``normal . x <= offset_mm``
    sigma_mm : float, mm, standard deviation of the structure it is laid along
    """

    limit: str
    normal: Points
    offset_mm: float
    sigma_mm: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The lines along everything that can bound a window.

    Parameters
    ----------
    sight : LineOfSight
    base : Line along the caudal plate and pedicle
    medial : Line along the dural sac, or the medial pedicle line where no sac is in view
    roots : Line along the exiting root, one or two, from the top outward
    process : Lines along the superior articular process, the best first; empty where it
        does not reach into the neural window
    lateral_limit : str, what ends the window laterally
    process_nearby : Lines along the process as it is seen where a slab ends a standard
        deviation of the disc margin less or more deep; empty for the whole way past the joint
    """

    sight: LineOfSight
    base: Line
    medial: Line
    roots: tuple[Line, ...]
    process: tuple[Line, ...]
    lateral_limit: str
    process_nearby: tuple[tuple[Line, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class _Curves:
    """Plate and root by columns of the picture, shape (A,), mm, NaN where there is none."""

    lateral_mm: Points
    plate_mm: Points
    root_mm: Points


def find_limits(
    site: Site, axial_inclination_deg: float, craniocaudal_deg: float, depth_mm: float
) -> Limits | str:
    """Return the limits of the windows along a trajectory, or in words what is missing.

    Parameters
    ----------
    site : Site at a disc level and side
    axial_inclination_deg, craniocaudal_deg : float, degrees, disc frame, ``kambin-1``
    depth_mm : float, mm, how far outward of the plane structures are seen

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing, (AN-011) if a vertebra has no mask
    """
    level = require_level(site)
    disc = site.structure("disc", str(level))
    root = site.structure("exiting_root", level.upper, sided=True)
    caudal = _caudal_parts(site)
    if disc is None or root is None or not caudal:
        return "the disc" if disc is None else "the exiting root" if root is None else "the body"
    sight = look_along(site, axial_inclination_deg, craniocaudal_deg, disc, depth_mm)
    bone = site.anatomy.require(f"vertebra:{level.lower}")
    plate = see(site, sight, caudal, whole=bone)
    a = np.arange(plate.lateral_mm[0], plate.lateral_mm[-1], COLUMN_STEP_MM)
    is_slab = _is_slab(depth_mm)
    balls = _drawn_balls(sight, root) if is_slab else _balls(site, sight, root)
    # A rule may leave the foot of the process with the pedicle; it does not bound the base.
    floor = np.minimum(_follow(plate, a), _highest_floor_mm(site, sight))
    curves = _Curves(a, floor, _lower_edge_mm(balls, a))
    found = _lay_lines(site, sight, curves, root.sigma_mm)
    if isinstance(found, str) or not is_slab:
        return found
    # How much of the process a slab shows depends on its plane, which errs as the disc does.
    ends = [max(depth_mm + sign * disc.sigma_mm, disc.sigma_mm) for sign in (-1.0, 1.0)]
    nearby = (
        _process_lines(site, replace(sight, depth_mm=end), curves, found.medial) for end in ends
    )
    return replace(found, process_nearby=tuple(nearby))


def _lay_lines(site: Site, sight: LineOfSight, curves: _Curves, sigma_mm: float) -> Limits | str:
    """Return the lines along all limits, once plate and root are known."""
    level = require_level(site)
    bone_sigma = bone_sigma_mm(site, level.lower)
    sac = site.anatomy.find("dural_sac")
    dura = None if sac is None else _find_dura(site, sight, sac, curves)
    # No sac: the pedicle line stands in, as on an AP picture; the origin lies on it.
    medial = (
        Line("pedicle line", _normal(0.0), 0.0, bone_sigma)
        if sac is None or dura is None
        else _support(*dura, _normal(0.0), sac.sigma_mm)
    )
    within = curves.lateral_mm >= -medial.offset_mm
    if np.isfinite(curves.root_mm[within]).any():
        within &= curves.lateral_mm <= _lateral_mm(curves, within)
    plate = _finite(curves.lateral_mm[within], curves.plate_mm[within])
    root = _finite(curves.lateral_mm[within], curves.root_mm[within])
    if min(len(plate), len(root)) < LEAST_SAMPLES:
        return "the exiting root above the caudal plate, in view along this path"
    tilt = _clip(_slope_deg(plate), "base")
    # A line turned by the tilt; its normal points down, out of the window.
    base = _support("caudal plate", plate, -_turned(tilt), bone_sigma)
    above = root[:, 1] - np.interp(root[:, 0], *plate.T)
    return Limits(
        sight,
        base,
        medial,
        _chord(root, sigma_mm) if _is_slab(sight.depth_mm) else _root_lines(root, sigma_mm),
        _process_lines(site, sight, curves, medial),
        "root on the plate" if above[-1] <= 2 * COLUMN_STEP_MM else "end of the view",
    )


def _root_lines(root: Points, sigma_mm: float) -> tuple[Line, ...]:
    """Return one line under the root, or two where it bends away from the window."""
    chord = root[0, 1] + (root[:, 0] - root[0, 0]) * (root[-1, 1] - root[0, 1]) / (
        root[-1, 0] - root[0, 0]
    )
    away = root[:, 1] - chord
    bend = int(np.argmax(away))
    # A trapezium, as at the lower levels (A4): where one line would leave out much of the window.
    split = [slice(None)]
    if away[bend] > value("measure.window_bend_mm") and 1 < bend < len(root) - 2:
        split = [slice(0, bend + 1), slice(bend, None)]
    tilts = [_clip(_slope_deg(root[part]), "root") for part in split]
    return tuple(
        _support("exiting root", root[part], _turned(tilt), sigma_mm)
        for part, tilt in zip(split, tilts, strict=True)
    )


def _chord(root: Points, sigma_mm: float) -> tuple[Line, ...]:
    """Return the line from the root's axilla to where it passes the plate."""
    ends = root[[0, -1]]
    return (_drawn("exiting root", ends, _turned(_clip(_slope_deg(ends), "root")), sigma_mm),)


def _process_lines(
    site: Site, sight: LineOfSight, curves: _Curves, medial: Line
) -> tuple[Line, ...]:
    """Return a slanted and an upright line along the process, if it reaches into the window."""
    lay = _drawn if _is_slab(sight.depth_mm) else _support
    level = require_level(site)
    process = site.structure("sap", level.lower, sided=True)
    if process is None:
        return ()
    bone = site.anatomy.require(f"vertebra:{level.lower}")
    edge = _edge_in_window(see(site, sight, (process,), whole=bone), curves)
    if edge is None or float(edge[:, 0].max()) <= -medial.offset_mm:
        return ()
    # Rows and columns exchanged: a process is steep, and its slope is counted off the upright.
    lean = _clip(_slope_deg(edge[:, ::-1]), "process")
    word = "superior articular process"
    slanted, upright = (lay(word, edge, _normal(tilt), process.sigma_mm) for tilt in (lean, 0.0))
    # The middle of an edge may lie medial of the dura, which then stays the limit.
    offset_mm = min(upright.offset_mm, medial.offset_mm)
    return slanted, replace(upright, offset_mm=offset_mm)


def _find_dura(
    site: Site, sight: LineOfSight, sac: Structure, curves: _Curves
) -> tuple[str, Points] | None:
    """Return the edge of the dura between plate and root, shape (N, 2), mm, and its name."""
    near, deep = values("measure.window_dura_from_mm")
    for word, start in (("dura", near), ("dura, deeper than the plane", deep)):
        edge = _edge_in_window(see(site, sight, (sac,), from_mm=start), curves)
        # Flat paths touch the disc far out; the dura then lies behind their plane.
        if edge is not None:
            return word, edge
    return None


def _edge_in_window(picture: Picture, curves: _Curves) -> Points | None:
    """Return the lateral edge of a silhouette between plate and root, shape (N, 2), or none."""
    low = np.interp(picture.lateral_mm, curves.lateral_mm, _held(curves.plate_mm))
    high = np.interp(picture.lateral_mm, curves.lateral_mm, _held(curves.root_mm))
    between = (picture.upward_mm > low[:, None]) & (picture.upward_mm < high[:, None])
    # What lies behind the root or under the plate takes nothing from the window.
    shown = Picture(picture.lateral_mm, picture.upward_mm, np.where(between, picture.filled, 0.0))
    edge = _finite(shown.lateral_edge_mm(), picture.upward_mm)
    return edge if len(edge) else None


def _lateral_mm(curves: _Curves, within: NDArray[np.bool_]) -> float:
    """Return where the root meets the plate, or else where its picture ends, mm."""
    seen = np.flatnonzero(within & np.isfinite(curves.root_mm))
    met = seen[curves.root_mm[seen] <= curves.plate_mm[seen]]
    return float(curves.lateral_mm[met[0] if len(met) else seen[-1]])


def _highest_floor_mm(site: Site, sight: LineOfSight) -> float:
    """Return the highest place plate or pedicle can reach in the picture, mm."""
    frame, disc = site.frame(require_level(site).lower), site.disc()
    corners = [
        [x, y, 0.0] for x in (0.0, disc.half_width_mm) for y in (0.0, disc.posterior_rim_y_mm)
    ]
    side = SideView(lps_from_plate(frame, frame.upper_plate), sight.view.side)
    places = [side.lps_mm(corners)]
    border = pedicle_border_mm(frame, sight.view, up=1)
    if border is not None:
        places.append(sight.view.lps_mm(border)[None])
    highest = float(sight.picture_mm(np.concatenate(places))[:, 1].max())
    # A rim stands above the fitted plate, and the border of a pedicle errs as well.
    return highest + value("measure.window_rim_mm")


def _caudal_parts(site: Site) -> tuple[Structure, ...]:
    """Return body and pedicle of the caudal vertebra."""
    lower = require_level(site).lower
    found = [site.structure(kind, lower, sided=kind.startswith("pedicle")) for kind in CAUDAL_PARTS]
    return tuple(part for part in found if part is not None)


def _balls(site: Site, sight: LineOfSight, root: Structure) -> Points:
    """Return root and ganglion in view as balls: lateral, upward, radius, shape (N, 3), mm."""
    level = require_level(site)
    ganglion = site.structure("drg", level.upper, sided=True)
    found = []
    for nerve in (root, ganglion):
        if nerve is None:
            continue
        places, radii = find_balls(nerve)
        seen = sight.picture_mm(places)
        # A ball counts as soon as any of it lies outward of the plane.
        inside = (seen[:, 2] > -radii) & (seen[:, 2] < sight.depth_mm)
        found.append(np.column_stack([seen[:, :2], radii])[inside])
    return np.concatenate(found)


def _drawn_balls(sight: LineOfSight, root: Structure) -> Points:
    """Return the whole root as balls: lateral, upward, radius, shape (N, 3), mm."""
    # Papers draw the side of the triangle along the root; the ganglion reaches into it (A8).
    places, radii = find_balls(root)
    return np.column_stack([sight.picture_mm(places)[:, :2], radii])


def _lower_edge_mm(balls: Points, lateral_mm: Points) -> Points:
    """Return the lower edge of balls by columns, shape (A,), mm, NaN where there is none."""
    beside = np.abs(lateral_mm[:, None] - balls[:, 0])
    deep = np.sqrt(np.maximum(balls[:, 2] ** 2 - beside**2, 0.0))
    edges = np.where(beside <= balls[:, 2], balls[:, 1] - deep, np.inf)
    least = edges.min(axis=1, initial=np.inf)
    return np.where(np.isfinite(least), least, np.nan)


def _support(limit: str, points: Points, normal: Points, sigma_mm: float) -> Line:
    """Return the line of a normal that no point of a limit crosses into the window."""
    return Line(limit, normal, float((points @ normal).min()), sigma_mm)


def _drawn(limit: str, points: Points, normal: Points, sigma_mm: float) -> Line:
    """Return the line of a normal through the middle of a limit, as a person draws it."""
    return Line(limit, normal, float((points @ normal).mean()), sigma_mm)


def _is_slab(depth_mm: float) -> bool:
    """Return whether a picture is a section, and not the whole way past the joint."""
    return depth_mm < value("measure.window_depth_mm")


def _normal(lean_deg: float) -> Points:
    """Return the normal, pointing medially, of a line that leans laterally as it rises."""
    lean_rad = math.radians(lean_deg)
    return np.array([-math.cos(lean_rad), math.sin(lean_rad)])


def _turned(tilt_deg: float) -> Points:
    """Return the normal, pointing upward, of a line that rises laterally by an angle."""
    tilt_rad = math.radians(tilt_deg)
    return np.array([-math.sin(tilt_rad), math.cos(tilt_rad)])


def _slope_deg(points: Points) -> float:
    """Return the slope of a least-squares line through points, shape (N, 2), degrees."""
    away = points - points.mean(axis=0)
    return math.degrees(math.atan2(float(away[:, 0] @ away[:, 1]), float(away[:, 0] @ away[:, 0])))


def _clip(angle_deg: float, limit: str) -> float:
    low, high = values(f"measure.window_{limit}_tilt_deg")
    return min(max(angle_deg, low), high)


def _follow(picture: Picture, lateral_mm: Points) -> Points:
    """Return the upper edge of a silhouette at columns between those of its pixels, mm."""
    return np.interp(lateral_mm, picture.lateral_mm, picture.top_edge_mm())


def _finite(lateral_mm: Points, upward_mm: Points) -> Points:
    points = np.column_stack([lateral_mm, upward_mm])
    return points[np.isfinite(points).all(axis=1)]


def _held(heights_mm: Points) -> Points:
    """Return the heights with those at both ends held where there are none."""
    known = np.flatnonzero(np.isfinite(heights_mm))
    if not len(known):
        return np.full_like(heights_mm, -np.inf)
    return np.interp(np.arange(len(heights_mm)), known, heights_mm[known])
