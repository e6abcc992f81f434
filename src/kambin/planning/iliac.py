"""What the ilium takes away: the share of paths it alone blocks, and the flattest way past it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.frames import direction_from_angles
from kambin.knowledge import value, values
from kambin.planning.corridor import find_allowed
from kambin.planning.documents import Point
from kambin.planning.entries import Entries
from kambin.planning.evaluate import to_point
from kambin.planning.fields import Hazard
from kambin.planning.kernels import march_clearance, march_inside
from kambin.planning.problem import Problem
from kambin.planning.search import NO_KEYS, MarginFields, combine_margins, march_candidates

ILIUM = "ilium"
"""The kind of structure that is asked about."""

ENTRY_BATCH = 256
"""Entries that are marched at once; some ten MB."""

TURN_SAMPLES = 4
"""Lines of the curve to a degree; half a millimetre apart at the crest."""


@dataclass(frozen=True, slots=True)
class IliacLimit:
    """The flattest way past the ilium at one cranio-caudal angle.

    Parameters
    ----------
    craniocaudal_deg : float, degrees, patient frame, ``kambin-1``
    axial_inclination_max_deg : float, degrees; 90 where it meets nothing
    point_lps_mm : where the tool's axis is when it meets the ilium, or none
    """

    craniocaudal_deg: float
    axial_inclination_max_deg: float
    point_lps_mm: Point | None


@dataclass(frozen=True, slots=True)
class IliacBlock:
    """What the ilium takes away at one level and side.

    Parameters
    ----------
    passing : int, candidates that keep every margin when the ilium is not there
    blocked : int, of these, those that the ilium blocks
    needle_passing, needle_blocked : int, the same of the paths of the needle alone
    limits : tuple of IliacLimit, for a line, over cranio-caudal angles
    tube_limits : tuple of IliacLimit, for the widest tool that docks
    """

    passing: int
    blocked: int
    needle_passing: int
    needle_blocked: int
    limits: tuple[IliacLimit, ...]
    tube_limits: tuple[IliacLimit, ...]

    @property
    def share(self) -> float | None:
        """Return the share of otherwise passing candidates that the ilium blocks, or none."""
        return self.blocked / self.passing if self.passing else None

    @property
    def needle_share(self) -> float | None:
        """Return the same of the paths of the needle alone, or none if none passes."""
        return self.needle_blocked / self.needle_passing if self.needle_passing else None


def measure_iliac_block(problem: Problem) -> IliacBlock:
    """Measure what the ilium takes away: the share of candidates, and the curve of angles.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    IliacBlock

    Notes
    -----
    Every candidate of the corridor is marched at the step of the search, once with the ilium
    and once without it. One angle at which the crest blocks misleads: it depends on the
    cranio-caudal angle (architecture 4), so that the curve is given, for a line and for the tube.
    """
    own = frozenset(h.key for h in problem.hazards.hazards if h.key.kind == ILIUM)
    passing, needle = _find_passing(problem, NO_KEYS)
    passing_without, needle_without = _find_passing(problem, own)
    ilium = next(
        (
            hazard
            for hazard in problem.hazards.hazards
            if hazard.key == StructureKey(ILIUM, "", problem.geometry.side)
        ),
        None,
    )
    tube_mm = problem.tools.removal_radius_mm
    return IliacBlock(
        passing=int(passing_without.sum()),
        blocked=int((passing_without & ~passing).sum()),
        needle_passing=int(needle_without.sum()),
        needle_blocked=int((needle_without & ~needle).sum()),
        limits=() if ilium is None else find_iliac_limits(problem, ilium, 0.0),
        tube_limits=() if ilium is None else find_iliac_limits(problem, ilium, tube_mm),
    )


def _find_passing(
    problem: Problem, leave_out: frozenset[StructureKey]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which candidates keep all margins, shape (E, T, S), and whose needle does, (E, T)."""
    fields = combine_margins(problem, leave_out)
    points = problem.entries.points_lps_mm
    staged, needle = [], []
    for first in range(0, len(points), ENTRY_BATCH):
        rows = points[first : first + ENTRY_BATCH]
        entries = Entries(rows, problem.entries.rays)
        allowed = find_allowed(entries, problem.targets, problem.geometry, problem.tools)
        step_mm = value("planning.path_step_mm")
        marched = march_candidates(problem, fields, rows, step_mm, thorough=True)
        staged.append(allowed & (marched.slack_mm >= 0))
        needle.append(allowed.any(axis=2) & (_march_needle(problem, fields, rows) >= 0))
    return np.concatenate(staged), np.concatenate(needle)


def _march_needle(
    problem: Problem, fields: MarginFields, entries_lps_mm: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the least slack of the tools that reach the target, shape (E, T), mm."""
    grid = problem.hazards.grid
    shape = np.array(grid.shape)
    step = np.float32(value("planning.path_step_mm") / grid.spacing_mm)
    entries = grid.ijk(entries_lps_mm).astype(np.float32)
    targets = grid.ijk(problem.targets.points_lps_mm).astype(np.float32)
    slim = march_clearance(fields.full_length, shape, entries, targets, step)
    every = np.ones(slim.shape, dtype=np.bool_)
    inside = march_inside(fields.bone, shape, entries, targets, step, every)
    excess = value("margins.needle_bone_length_mm") - inside * np.float32(grid.spacing_mm)
    slack: NDArray[np.float32] = np.minimum(slim, excess)
    return slack


def find_iliac_limits(problem: Problem, ilium: Hazard, radius_mm: float) -> tuple[IliacLimit, ...]:
    """Return the largest axial inclination before the ilium, over cranio-caudal angles.

    Parameters
    ----------
    problem : Problem, whose targets' middle is aimed at
    ilium : Hazard of the asked side
    radius_mm : float, mm, of the tool; 0 for a line
    """
    target = problem.targets.centre_lps_mm
    low, high = value("measure.ilium_start_deg"), value("measure.ilium_stop_deg")
    thetas = np.linspace(low, high, round(TURN_SAMPLES * (high - low)) + 1)
    along = np.arange(0.0, value("measure.ilium_search_mm"), problem.hazards.grid.spacing_mm)
    found = []
    for phi in values("measure.ilium_craniocaudal_deg"):
        rays = np.array([direction_from_angles(theta, phi) for theta in thetas.tolist()])
        rays[:, 0] *= problem.geometry.side.lateral_sign_lps
        points = target + along[None, :, None] * rays[:, None, :]
        away = ilium.distances_mm(points.reshape(-1, 3)).reshape(points.shape[:2])
        # Outward from the midline: beyond the bone a flatter line may be free again, out of reach.
        meets = np.flatnonzero(away.min(axis=1) <= radius_mm)
        if not len(meets):
            found.append(IliacLimit(phi, high, None))
            continue
        first = int(meets[0])
        place = points[first, int(np.argmax(away[first] <= radius_mm))]
        found.append(IliacLimit(phi, float(thetas[first]), to_point(place)))
    return tuple(found)
