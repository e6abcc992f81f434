"""The spinal canal: a curve through its centres with an elliptic section at every point."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.spatial import cKDTree

from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.disc_rims import find_rims_behind_mm
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.sampling import Sampler, find_exit_mm
from kambin.anatomy.structures import DiscFrame, Origin, Structure, VertebraFrame
from kambin.anatomy.working import resample_indicator
from kambin.frames import Side
from kambin.imaging import Grid, region_from_mask
from kambin.knowledge import value, value_at, values

CANAL_KEY = StructureKey("canal")

CURVE_STEP_MM = 1.0
"""Spacing of the points of the curve: the working spacing, finer adds nothing."""

SECTION_SAMPLES = 15
"""Points across a section that tell how much of it is bone: one in 1 to 2 mm."""

SHARE_DECIMALS = 2
"""Sections whose shares of bone differ by less, two points of a section, are equally free."""

RAY_ROWS_SAMPLES = 9
"""Rays per vertebra that look for the lamina; their median is the depth of the canal."""


@dataclass(frozen=True, slots=True)
class CanalCurve:
    """The canal as ellipses along a curve, from cranial to caudal.

    Parameters
    ----------
    centres_lps_mm : float array, shape (N, 3), mm, LPS
    left_lps, posterior_lps : float array, shape (N, 3), unit, the axes of each ellipse
    half_width_mm, half_depth_mm : float array, shape (N,), mm
    """

    centres_lps_mm: NDArray[np.float64]
    left_lps: NDArray[np.float64]
    posterior_lps: NDArray[np.float64]
    half_width_mm: NDArray[np.float64]
    half_depth_mm: NDArray[np.float64]

    def nearest(self, point_lps_mm: NDArray[np.float64]) -> int:
        """Return the index of the curve point nearest to a point, shape (3,), mm, LPS."""
        return int(np.argmin(np.linalg.norm(self.centres_lps_mm - point_lps_mm, axis=1)))

    def at_plane(self, point_lps_mm: NDArray[np.float64], normal_lps: NDArray[np.float64]) -> int:
        """Return the index of the curve point that lies nearest to a plane.

        Parameters
        ----------
        point_lps_mm : float array, shape (3,), mm, LPS, a point of the plane
        normal_lps : float array, shape (3,), unit
        """
        return int(np.argmin(np.abs((self.centres_lps_mm - point_lps_mm) @ normal_lps)))


@dataclass(frozen=True, slots=True)
class _Station:
    """One measured section of the canal."""

    centre_lps_mm: NDArray[np.float64]
    left_lps: NDArray[np.float64]
    posterior_lps: NDArray[np.float64]
    half_width_mm: float
    half_depth_mm: float


def find_canal(bony: BonyAnatomy) -> CanalCurve | None:
    """Fit the canal through the pedicle levels and the rims beside the discs.

    Parameters
    ----------
    bony : BonyAnatomy

    Returns
    -------
    CanalCurve from above the first to below the last vertebra with a frame, or none if
    fewer than two vertebrae have both pedicles

    Notes
    -----
    Width: between the medial borders of the pedicles. Depth: rays from the posterior wall
    back to the lamina, median of those that hit; where fewer than half do, the mean of the
    literature. At the disc the canal keeps the mean section of its neighbours and starts at
    the line between the rims of the plates.

    References
    ----------
    Griffith 2016, Quant Imaging Med Surg 6:671, PMC5219964 (depth where no lamina is met)
    """
    bone = Sampler(bony.bone.occupancy, bony.working_grid.origin_lps_mm, bony.bone.grid.spacing_mm)
    at_pedicles = {
        name: _pedicle_station(frame, bone)
        for name, frame in bony.vertebra_frames.items()
        if len(frame.pedicles) == len(Side)
    }
    if len(at_pedicles) < 2:
        return None
    stations = []
    for name in (n for n in bony.bone.names if n in at_pedicles):
        stations.append(at_pedicles[name])
        disc = next((d for lv, d in bony.disc_frames.items() if lv.upper == name), None)
        if disc is not None and disc.level.lower in at_pedicles:
            ends = bony.vertebra_frames[name], bony.vertebra_frames[disc.level.lower]
            between = stations[-1], at_pedicles[disc.level.lower]
            stations.append(
                _disc_station(disc, between, _behind_disc_mm(disc, ends, bone, between))
            )
    beyond = value("completion_nerve.canal_beyond_mm"), value("completion_nerve.sac_below_s1_mm")
    return _through(_extended(stations, bone, *beyond))


@dataclass(frozen=True, slots=True)
class CanalSpace:
    """The nodes of the working grid around the canal, in the coordinates of its sections.

    Parameters
    ----------
    grid : Grid
    curve : CanalCurve
    nodes_ijk : int array, shape (N, 3)
    nearest : int array, shape (N,), the curve point nearest to each node
    left_mm, posterior_mm : float array, shape (N,), mm, from the centre of that section
    is_blocked : bool array, shape (N,), bone or disc
    """

    grid: Grid
    curve: CanalCurve
    nodes_ijk: NDArray[np.int64]
    nearest: NDArray[np.int64]
    left_mm: NDArray[np.float64]
    posterior_mm: NDArray[np.float64]
    is_blocked: NDArray[np.bool_]

    def inside(
        self, half_width_mm: NDArray[np.float64], half_depth_mm: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Return which nodes lie inside an ellipse per curve point, bool array, shape (N,).

        Parameters
        ----------
        half_width_mm, half_depth_mm : float array, shape (number of curve points,), mm
        """
        across = self.left_mm / half_width_mm[self.nearest]
        deep = self.posterior_mm / half_depth_mm[self.nearest]
        return across**2 + deep**2 <= 1.0

    def to_mask(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return chosen nodes as a bool array of the shape of the grid."""
        mask = np.zeros(self.grid.shape, dtype=bool)
        mask[tuple(self.nodes_ijk[chosen].T)] = True
        return mask


def find_canal_space(bony: BonyAnatomy, curve: CanalCurve) -> CanalSpace:
    """Put the nodes around the canal into the coordinates of its sections.

    Parameters
    ----------
    bony : BonyAnatomy
    curve : CanalCurve

    Returns
    -------
    CanalSpace of N nodes, mm from the centre of their section
    """
    grid = bony.working_grid
    most = float(max(curve.half_width_mm.max(), curve.half_depth_mm.max()))
    reach_mm = most + value("completion_nerve.canal_around_mm")
    nodes = _nodes_about(curve.centres_lps_mm, grid, reach_mm)
    points = grid.origin_lps_mm + nodes * grid.spacing_mm
    distance, nearest = cKDTree(curve.centres_lps_mm).query(points, distance_upper_bound=reach_mm)
    near = np.isfinite(distance)
    nodes, at = nodes[near], nearest[near]
    offset = points[near] - curve.centres_lps_mm[at]
    return CanalSpace(
        grid,
        curve,
        nodes,
        at,
        (offset * curve.left_lps[at]).sum(axis=1),
        (offset * curve.posterior_lps[at]).sum(axis=1),
        occupied_by_bone_or_disc(bony)[tuple(nodes.T)],
    )


def _nodes_about(
    points_lps_mm: NDArray[np.float64], grid: Grid, reach_mm: float
) -> NDArray[np.int64]:
    """Return all nodes of a grid within reach of some points, and a few more, shape (N, 3)."""
    # A node more than the reach: the ball is laid around the node nearest to each point.
    reach = int(np.ceil(reach_mm / grid.spacing_mm)) + 1
    square = np.arange(-reach, reach + 1) ** 2
    ball = square[:, None, None] + square[:, None] + square <= reach**2
    centres = np.rint(grid.ijk(points_lps_mm)).astype(int)
    low = centres.min(axis=0) - reach
    near = np.zeros(tuple(np.ptp(centres, axis=0) + len(square)), dtype=bool)
    for i, j, k in centres - reach - low:
        near[i : i + len(square), j : j + len(square), k : k + len(square)] |= ball
    nodes: NDArray[np.int64] = np.argwhere(near) + low
    return nodes[((nodes >= 0) & (nodes < grid.shape)).all(axis=1)]


def model_canal(space: CanalSpace) -> Structure:
    """Return the canal as a structure: the ellipses along its curve, less bone and disc.

    Parameters
    ----------
    space : CanalSpace

    Returns
    -------
    Structure ``canal``, origin modelled, its sigma in mm

    Raises
    ------
    InputError  (IN-040) if bone and disc leave no node of it free
    """
    curve = space.curve
    inside = space.inside(curve.half_width_mm, curve.half_depth_mm) & ~space.is_blocked
    return Structure(
        CANAL_KEY,
        region_from_mask(space.to_mask(inside), space.grid),
        Origin.MODELLED,
        value("completion_nerve.canal_sigma_mm"),
        method="Ellipses between pedicles, posterior wall and lamina along a smooth curve.",
    )


def occupied_by_bone_or_disc(bony: BonyAnatomy) -> NDArray[np.bool_]:
    """Return where bone or disc is, bool array of the shape of the working grid."""
    return (bony.bone.labels > 0) | discs_on_grid(bony)


def discs_on_grid(bony: BonyAnatomy) -> NDArray[np.bool_]:
    """Return where the discs are, bool array of the shape of the working grid."""
    found = np.zeros(bony.working_grid.shape, dtype=bool)
    for key, structure in bony.structures.items():
        if key.kind == "disc":
            found |= region_on_grid(structure, bony.working_grid)
    return found


def region_on_grid(structure: Structure, grid: Grid) -> NDArray[np.bool_]:
    """Return the region of a structure on the nodes of a grid, bool array, grid.shape."""
    region = structure.region
    share, box = resample_indicator(region.values > 0, region, grid)
    found = np.zeros(grid.shape, dtype=bool)
    found[box] = share >= 0.5
    return found


def _pedicle_station(frame: VertebraFrame, bone: Sampler) -> _Station:
    """Measure the canal between the pedicles of one vertebra."""
    pedicles = [frame.pedicles[side] for side in Side]
    # One mean for both sides: the ellipse is centred in the plane in which the bone mirrors itself.
    half_width = sum(x - width / 2 for x, _, _, width, _ in pedicles) / len(pedicles)
    z = sum(p[2] for p in pedicles) / len(pedicles)
    height = sum(p[4] for p in pedicles) / len(pedicles)
    wall = frame.posterior_wall_y_mm
    depth = _canal_depth_mm(frame, bone, z, height)
    rotation = frame.lps_from_vertebra.rotation
    centre = frame.lps_from_vertebra.points([0.0, wall + depth / 2, z])
    return _Station(centre, rotation[:, 0], rotation[:, 1], half_width, depth / 2)


def _canal_depth_mm(frame: VertebraFrame, bone: Sampler, z: float, height: float) -> float:
    """Return the sagittal canal depth, mm: from the posterior wall to the lamina behind it."""
    start = frame.posterior_wall_y_mm + value("completion_nerve.canal_ray_start_mm")
    # The lamina hangs below its pedicle: rays above the pedicle's middle would leave the bone.
    rows = np.linspace(z - height, z, RAY_ROWS_SAMPLES)
    starts = frame.lps_from_vertebra.points([[0.0, start, row] for row in rows])
    backwards = frame.lps_from_vertebra.rotation[:, 1]
    reach_mm = value("completion_nerve.canal_ray_reach_mm")
    hits = find_exit_mm(bone, starts, backwards, reach_mm=reach_mm, entering=True)
    low, high = values("completion_nerve.canal_depth_range_mm")
    # Too few hits, as after a laminectomy: the literature rather than a chance ray.
    if np.isfinite(hits).sum() < len(rows) / 2:
        return value_at("completion_nerve.canal_depth_mm", frame.vertebra)
    depth = float(np.nanmedian(hits)) + value("completion_nerve.canal_ray_start_mm")
    # A ray that slips under the lamina meets whatever bone comes next.
    return min(max(depth, low), high)


def _behind_disc_mm(
    disc: DiscFrame,
    frames: tuple[VertebraFrame, VertebraFrame],
    bone: Sampler,
    stations: tuple[_Station, _Station],
) -> float:
    """Return where the canal begins behind a disc: at its rims, wherever the modelled disc ends."""
    half_width = sum(station.half_width_mm for station in stations) / 2
    rims = find_rims_behind_mm(bone, frames, disc.lps_from_disc, half_width)
    return rims if np.isfinite(rims) else disc.posterior_rim_y_mm


def _disc_station(
    disc: DiscFrame, stations: tuple[_Station, _Station], front_mm: float
) -> _Station:
    """Place the canal behind a disc, with the mean section of the pedicle levels around."""
    # Beside a disc there is the foramen, no bone that would show the width.
    half_width = sum(station.half_width_mm for station in stations) / 2
    half_depth = sum(station.half_depth_mm for station in stations) / 2
    rotation = disc.lps_from_disc.rotation
    centre = disc.lps_from_disc.points([0.0, front_mm + half_depth, 0.0])
    return _Station(centre, rotation[:, 0], rotation[:, 1], half_width, half_depth)


def _extended(
    stations: list[_Station], bone: Sampler, above_mm: float, below_mm: float
) -> list[_Station]:
    """Continue the canal straight above its first station, and into the sacral canal below."""
    first = _beyond(stations[0], stations[1], above_mm)
    # In two steps: the sacrum bends away from the line of the spine.
    half = _freest(_beyond(stations[-1], stations[-2], below_mm / 2), bone)
    return [first, *stations, half, _freest(_beyond(half, stations[-1], below_mm / 2), bone)]


def _freest(station: _Station, bone: Sampler) -> _Station:
    """Return a section moved forward or backward, and narrowed, to where it fits into the bone."""
    reach, most = (
        value("completion_nerve.canal_bend_mm"),
        value("completion_nerve.canal_bone_share"),
    )
    shifts = np.arange(-reach, reach + CURVE_STEP_MM, CURVE_STEP_MM)
    for scale in values("completion_nerve.canal_end_scales"):
        narrow = replace(
            station,
            half_width_mm=station.half_width_mm * scale,
            half_depth_mm=station.half_depth_mm * scale,
        )
        blocked = _bone_shares(narrow, shifts, bone)
        # Of equally free sections the one that bends the canal least.
        best = np.lexsort((np.abs(shifts), np.round(blocked, SHARE_DECIMALS)))[0]
        if blocked[best] <= most:
            break
    return replace(
        narrow, centre_lps_mm=station.centre_lps_mm + shifts[best] * station.posterior_lps
    )


def _bone_shares(
    station: _Station, shifts_mm: NDArray[np.float64], bone: Sampler
) -> NDArray[np.float64]:
    """Return how much of a section is bone when it is moved backward, shape (S,), 0 to 1."""
    unit = np.linspace(-1.0, 1.0, SECTION_SAMPLES)
    u, v = (a.ravel() for a in np.meshgrid(unit, unit, indexing="ij"))
    inside = u**2 + v**2 <= 1.0
    across = u[inside, None] * station.half_width_mm * station.left_lps
    deep = v[inside, None] * station.half_depth_mm * station.posterior_lps
    centres = station.centre_lps_mm + shifts_mm[:, None] * station.posterior_lps
    shares: NDArray[np.float64] = (bone.sample(centres[:, None] + across + deep) >= 0.5).mean(
        axis=1
    )
    return shares


def _beyond(end: _Station, inner: _Station, by_mm: float) -> _Station:
    """Return a copy of the end station, moved away from its inner neighbour."""
    along = end.centre_lps_mm - inner.centre_lps_mm
    return replace(end, centre_lps_mm=end.centre_lps_mm + along * by_mm / np.linalg.norm(along))


def _through(stations: list[_Station]) -> CanalCurve:
    """Lay a monotone cubic through the stations and sample it evenly."""
    centres = np.array([s.centre_lps_mm for s in stations])
    steps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0.0, along[-1], int(np.ceil(along[-1] / CURVE_STEP_MM)) + 1)

    curve = _interpolate(along, centres, at)
    left = _interpolate(along, np.array([s.left_lps for s in stations]), at)
    tangent = np.gradient(curve, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    # Interpolated axes are no longer orthogonal to the curve.
    left -= tangent * (left * tangent).sum(axis=1, keepdims=True)
    left /= np.linalg.norm(left, axis=1, keepdims=True)
    posterior = np.cross(left, tangent)
    behind = _interpolate(along, np.array([s.posterior_lps for s in stations]), at)
    # The cross product knows neither front nor back; the stations do.
    posterior *= np.sign((posterior * behind).sum(axis=1, keepdims=True))
    return CanalCurve(
        curve,
        left,
        posterior,
        _interpolate(along, np.array([s.half_width_mm for s in stations]), at),
        _interpolate(along, np.array([s.half_depth_mm for s in stations]), at),
    )


def _interpolate(
    along_mm: NDArray[np.float64], rows: NDArray[np.float64], at_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return rows given along a curve at other places on it; it never overshoots."""
    # A natural spline would swing out of the canal where L5 and S1 meet at an angle.
    found: NDArray[np.float64] = PchipInterpolator(along_mm, rows)(at_mm)
    return found
