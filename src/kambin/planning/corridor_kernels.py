"""Which docking distances of every path the corridor allows, jitted for two cores.

The conditions are those of ``corridor.find_allowed``, its oracle, pair by pair and without arrays
between: a hundred million candidates take a second.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from kambin.knowledge import stages, value
from kambin.planning.corridor import find_stops_mm
from kambin.planning.cost_kernels import find_angles, find_length
from kambin.planning.entries import Entries
from kambin.planning.geometry import PARALLEL_EPSILON, LevelGeometry
from kambin.planning.kernels import Scalar
from kambin.planning.landmarks import (
    SAMPLES_DECIMALS,
    find_depths_mm,
    find_excluding,
    find_lines_mm,
)
from kambin.planning.root_kernels import find_root_ahead
from kambin.planning.root_side import pack_root
from kambin.planning.targets import Targets
from kambin.planning.tools import Toolset

Bits = NDArray[np.uint32]
"""Which docking distances of each pair of entry and target are allowed, one bit each."""

(
    SIGN,
    LINE,
    TOP,
    FLOOR,
    BEHIND,
    MOUTH,
    ALLOWANCE,
    STOP_MAX,
    WALL,
    NORMAL_X,
    NORMAL_Y,
    NORMAL_Z,
    PLANE,
    ROOT,
) = range(5, 19)
"""Places in the limits of the corridor."""

BACK, ROW_LINE = range(5, 7)
"""Places in a row of a landmark."""

EPSILON = float(np.finfo(np.float64).eps)
"""Least lateral travel of a way that crosses a line."""

ROUNDED_DECIMALS = 10.0**SAMPLES_DECIMALS
"""Landmarks compare coordinates rounded to this fraction of a mm."""


@dataclass(frozen=True, slots=True)
class CorridorNumbers:
    """What the kernels read of a corridor, and the ends of the paths.

    Parameters
    ----------
    entries_mm, targets_mm : float arrays, shape (N, 3), mm, LPS
    entries_surgical_mm, targets_surgical_mm : the same points, surgical disc frame
    stops_mm : float array, shape (S,), mm
    numbers : float array, shape (N,), limits of angles, length, foramen and docking, and the line
        of the exiting root
    rows : float array, shape (R, 7), the landmarks that exclude candidates
    """

    entries_mm: NDArray[np.float64]
    targets_mm: NDArray[np.float64]
    entries_surgical_mm: NDArray[np.float64]
    targets_surgical_mm: NDArray[np.float64]
    stops_mm: NDArray[np.float64]
    numbers: NDArray[np.float64]
    rows: NDArray[np.float64]

    @classmethod
    def of(
        cls, entries: Entries, targets: Targets, geometry: LevelGeometry, tools: Toolset
    ) -> "CorridorNumbers":
        """Return the numbers of a question.

        Parameters
        ----------
        entries : Entries
        targets : Targets
        geometry : LevelGeometry
        tools : Toolset
        """
        points = entries.points_lps_mm.reshape(-1, 3)
        aims = targets.points_lps_mm.reshape(-1, 3)
        return cls(
            points,
            aims,
            geometry.surgical_mm(points),
            geometry.surgical_mm(aims),
            find_stops_mm(tools.technique),
            _find_numbers(geometry, tools),
            _find_rows(geometry, targets.zone),
        )

    def find_bits(self, *, every: bool) -> Bits:
        """Return the bits of all pairs, or of each entry up to its first one, shape (E, T)."""
        ends = self.entries_mm, self.targets_mm, self.entries_surgical_mm, self.targets_surgical_mm
        found: Bits = _find_bits(*ends, self.stops_mm, self.numbers, self.rows, every)
        return found


def keep_promising(
    entries: Entries, targets: Targets, geometry: LevelGeometry, tools: Toolset
) -> Entries:
    """Return the entries from which at least one path belongs to the corridor.

    Parameters
    ----------
    entries : Entries
    targets : Targets
    geometry : LevelGeometry
    tools : Toolset
    """
    bits = CorridorNumbers.of(entries, targets, geometry, tools).find_bits(every=False)
    return Entries(entries.points_lps_mm[bits.any(axis=1)], entries.rays)


def _find_numbers(geometry: LevelGeometry, tools: Toolset) -> NDArray[np.float64]:
    """Return the limits of the corridor, in the order in which the kernels read them."""
    corridor = tools.technique.corridor
    waist = np.zeros(4)
    if geometry.waist is not None and not tools.docks_at_mouth:
        normal = geometry.waist.normal
        waist = np.array([*normal, float(normal @ geometry.waist.centre_mm)])
    return np.array(
        [
            corridor.length_max_mm,
            corridor.axial_inclination_min_deg,
            corridor.axial_inclination_max_deg,
            corridor.craniocaudal_min_deg,
            corridor.craniocaudal_max_deg,
            geometry.side.lateral_sign_lps,
            geometry.pedicle_centre_mm,
            geometry.foramen_top_mm,
            geometry.foramen_floor_mm,
            geometry.wall_mm + value("planning.foramen_depth_mm"),
            geometry.pedicle_centre_mm + 0.5 * geometry.pedicle_width_mm,
            value("planning.waist_allowance_mm"),
            tools.technique.stop_max_mm,
            geometry.wall_mm,
            *waist,
            *pack_root(geometry),
        ]
    )


def _find_rows(geometry: LevelGeometry, zone: str | None) -> NDArray[np.float64]:
    """Return the landmarks that exclude candidates, shape (R, 7).

    Whether a tool goes on to the target, whether its whole way counts, the lines between which
    and the depths at which the state holds, and the line at which a way is looked at, mm.
    """
    lines = find_lines_mm(geometry)
    rows = []
    for row in find_excluding(zone):
        slack = -row.slack_mm if row.stops else row.slack_mm
        front, back = find_depths_mm(row, geometry)
        rows.append(
            [
                float(any(stages()[stage].end != "docking" for stage in row.stages)),
                float(row.along == "path"),
                lines[row.medial] - slack if row.medial else -np.inf,
                lines[row.lateral] + slack if row.lateral else np.inf,
                front,
                back,
                lines[row.lateral] - row.slack_mm if row.lateral else 0.0,
            ]
        )
    return np.array(rows, dtype=np.float64).reshape(-1, ROW_LINE + 1)


@njit(nogil=True)
def _is_stopped(  # pragma: no cover
    row: Scalar, wall: Scalar, lateral: Scalar, behind: Scalar, way_0: Scalar, way_1: Scalar
) -> Scalar:
    """Return whether a landmark stops a tip; ``landmarks.find_stopped``."""
    if row[1] > 0:
        left = max(row[ROW_LINE] - lateral, 0.0)
        outward = max(way_0, EPSILON)
        behind = max(behind, behind + left / outward * way_1)
    behind = np.rint((behind - wall) * ROUNDED_DECIMALS) / ROUNDED_DECIMALS
    lateral = np.rint(lateral * ROUNDED_DECIMALS) / ROUNDED_DECIMALS
    if lateral < row[2] or lateral > row[3]:
        return False
    if row[1] > 0:
        return behind > row[4]
    return behind >= row[4] and behind <= row[BACK]


@njit(nogil=True)
def _find_limit(  # pragma: no cover
    e: Scalar, t: Scalar, length: Scalar, numbers: Scalar
) -> Scalar:
    """Return how far out a cannula may dock, surgical frame, mm; -1 outside of the foramen."""
    travel = max(e[0] - t[0], PARALLEL_EPSILON)
    share = min(max((numbers[LINE] - t[0]) / travel, 0.0), 1.0)
    back, up = t[1] + share * (e[1] - t[1]), t[2] + share * (e[2] - t[2])
    if up > numbers[TOP] or up < numbers[FLOOR] or back > numbers[BEHIND]:
        return -1.0
    if numbers[NORMAL_X] == 0.0 and numbers[NORMAL_Y] == 0.0 and numbers[NORMAL_Z] == 0.0:
        share = min(max((numbers[MOUTH] - t[0]) / travel, 0.0), 1.0)
        return min(share * length + numbers[ALLOWANCE], numbers[STOP_MAX])
    ahead = numbers[PLANE] - (
        t[0] * numbers[NORMAL_X] + t[1] * numbers[NORMAL_Y] + t[2] * numbers[NORMAL_Z]
    )
    outward = (
        (e[0] - t[0]) * numbers[NORMAL_X]
        + (e[1] - t[1]) * numbers[NORMAL_Y]
        + (e[2] - t[2]) * numbers[NORMAL_Z]
    ) / max(length, PARALLEL_EPSILON)
    return min(
        max(ahead, 0.0) / max(outward, PARALLEL_EPSILON) + numbers[ALLOWANCE], numbers[STOP_MAX]
    )


@njit(nogil=True)
def find_pair(  # pragma: no cover
    entry: Scalar,
    target: Scalar,
    e: Scalar,
    t: Scalar,
    stops: Scalar,
    numbers: Scalar,
    rows: Scalar,
) -> Scalar:
    """Return the allowed docking distances of one path as bits."""
    vx, vy, vz = entry[0] - target[0], entry[1] - target[1], entry[2] - target[2]
    length = find_length(vx, vy, vz)
    if length > numbers[0] or length <= stops[-1]:
        return np.uint32(0)
    limit = _find_limit(e, t, length, numbers)
    if limit < 0:
        return np.uint32(0)
    theta, phi = find_angles(vx, vy, vz, length, numbers[SIGN])
    if theta < numbers[1] or theta > numbers[2] or phi < numbers[3] or phi > numbers[4]:
        return np.uint32(0)
    if find_root_ahead(e, t, numbers, ROOT) < 0:
        return np.uint32(0)
    way_0, way_1 = (e[0] - t[0]) / length, (e[1] - t[1]) / length
    bits = np.uint32(0)
    for s in range(stops.shape[0]):
        if stops[s] > limit:
            break
        is_free = True
        for r in range(rows.shape[0]):
            short = 0.0 if rows[r, 0] > 0 else stops[s]
            lateral, behind = t[0] + short * way_0, t[1] + short * way_1
            if _is_stopped(rows[r], numbers[WALL], lateral, behind, way_0, way_1):
                is_free = False
                break
        if is_free:
            bits |= np.uint32(1) << np.uint32(s)
    return bits


@njit(parallel=True, cache=True)
def _find_bits(  # pragma: no cover
    entries: Scalar,
    targets: Scalar,
    entries_surgical: Scalar,
    targets_surgical: Scalar,
    stops: Scalar,
    numbers: Scalar,
    rows: Scalar,
    every: Scalar,
) -> Bits:
    """Return the bits of all pairs, shape (E, T); or of each entry up to its first one."""
    bits = np.zeros((entries.shape[0], targets.shape[0]), dtype=np.uint32)
    for i in prange(entries.shape[0]):
        for j in range(targets.shape[0]):
            bits[i, j] = find_pair(
                entries[i],
                targets[j],
                entries_surgical[i],
                targets_surgical[j],
                stops,
                numbers,
                rows,
            )
            if bits[i, j] and not every:
                break
    return bits
