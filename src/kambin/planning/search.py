"""Exhaustive, deterministic search over entry, target and docking distance."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.knowledge import value
from kambin.planning.corridor import find_allowed, find_path_angles, find_stops_mm
from kambin.planning.entries import Entries
from kambin.planning.fields import HazardSet
from kambin.planning.geometry import LevelGeometry
from kambin.planning.kernels import march_clearance, march_inside, march_staged
from kambin.planning.policy import BONE, Group
from kambin.planning.targets import Targets
from kambin.planning.tools import Toolset

MM3_PER_CM3 = 10.0**3
"""Cubic millimetres in a cubic centimetre."""

ENTRY_BATCH = 64
"""Entries that are settled at the fine step at once; a few milliseconds of work."""

NO_KEYS: frozenset[StructureKey] = frozenset()
"""Nothing is left out."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One entry, target and docking distance with its slack.

    Parameters
    ----------
    entry_lps_mm, target_lps_mm : float array, shape (3,), mm, LPS
    stop_mm : float, mm, how far short of the target the cannula docks
    slack_mm : float, mm, least clearance above the hard margins; negative if one is broken
    objective_mm : float, mm, what the search maximises
    bone_mm3 : float, mm3, estimate of the bone in the cannula's way
    """

    entry_lps_mm: NDArray[np.float64]
    target_lps_mm: NDArray[np.float64]
    stop_mm: float
    slack_mm: float
    objective_mm: float
    bone_mm3: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What trying all candidates showed.

    Parameters
    ----------
    best : Candidate, the best that passes, or if none does the one nearest to passing; none
        if the corridor holds no candidate
    is_feasible : bool
    candidates : int, how many were tried
    paths : int, how many straight lines were marched for them
    """

    best: Candidate | None
    is_feasible: bool
    candidates: int
    paths: int

    @property
    def rank(self) -> tuple[bool, float]:
        """Return what is compared: passing first, then objective or slack."""
        if self.best is None:
            return False, -np.inf
        return self.is_feasible, self.best.objective_mm


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything one search needs.

    Parameters
    ----------
    geometry : LevelGeometry
    entries : Entries
    targets : Targets
    tools : Toolset
    hazards : HazardSet on a region of interest that holds all entries and targets
    """

    geometry: LevelGeometry
    entries: Entries
    targets: Targets
    tools: Toolset
    hazards: HazardSet


@dataclass(frozen=True, slots=True)
class Marched:
    """What marching a set of paths gave, arrays of shape (entries, targets, stops).

    Parameters
    ----------
    slack_mm : float32 array, mm, least clearance above the hard margins
    capped_mm : float32 array, mm, the same, not counting more than is wished
    bone_mm3 : float32 array, mm3, estimate of the bone in the way
    """

    slack_mm: NDArray[np.float32]
    capped_mm: NDArray[np.float32]
    bone_mm3: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MarginFields:
    """Flat margin fields: tools to the target, tools that dock, all bone, removable bone."""

    full_length: NDArray[np.float32]
    docking: NDArray[np.float32]
    bone: NDArray[np.float32]
    removable: NDArray[np.float32]


def find_best_path(problem: Problem, leave_out: frozenset[StructureKey] = NO_KEYS) -> SearchResult:
    """Try every entry, target and docking distance, and return the best.

    Parameters
    ----------
    problem : Problem
    leave_out : keys that are ignored, to ask what else binds

    Returns
    -------
    SearchResult

    Notes
    -----
    Objective = clearance above the hard margins, capped at what is wished, minus the
    technique's weights on bone, length, docking distance, angles, lateral distance and
    distance from the middle of the target. Values are rounded to a quantum and ties are
    broken by the order of the lattice, so that the mirrored patient gets the mirrored path.
    """
    entries, targets = problem.entries.points_lps_mm, problem.targets.points_lps_mm
    stops = find_stops_mm(problem.tools.technique)
    tried = len(entries) * len(targets)
    if not tried:
        return SearchResult(None, False, 0, 0)
    allowed = find_allowed(problem.entries, problem.targets, problem.geometry, problem.tools)
    if not allowed.any():
        return SearchResult(None, False, tried * len(stops), tried)
    fields = combine_margins(problem, leave_out)
    coarse = march_candidates(problem, fields, entries, value("planning.path_step_mm"))
    cost = _penalties(problem, stops, coarse.bone_mm3)
    weight = problem.tools.technique.weights.clearance
    slack = np.where(allowed, coarse.slack_mm, -np.inf)
    promise = np.where(slack >= 0, weight * coarse.capped_mm - cost, -np.inf)

    def _settle_one(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the objective of some entries at the fine step."""
        step_mm = value("planning.evaluation_step_mm")
        fine = march_candidates(problem, fields, entries[rows], step_mm)
        slack[rows] = np.where(allowed[rows], fine.slack_mm, -np.inf)
        settled: NDArray[np.float64] = np.where(
            slack[rows] >= 0, weight * fine.capped_mm - cost[rows], -np.inf
        )
        return settled

    score = _settle(promise, _settle_one)
    is_feasible = bool(np.isfinite(score).any())
    if not is_feasible:
        # Now the way through bone is asked of all paths: it may be what binds.
        step_mm = value("planning.path_step_mm")
        thorough = march_candidates(problem, fields, entries, step_mm, thorough=True)
        score = slack = np.minimum(slack, thorough.slack_mm)
    at = find_first_best(score)
    best = Candidate(
        entry_lps_mm=entries[at[0]],
        target_lps_mm=targets[at[1]],
        stop_mm=float(stops[at[2]]),
        slack_mm=float(slack[at]),
        objective_mm=float(score[at]),
        bone_mm3=float(coarse.bone_mm3[at]),
    )
    return SearchResult(best, is_feasible, tried * len(stops), tried)


def _settle(
    promise: NDArray[np.float64],
    settle: Callable[[NDArray[np.int64]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Recompute the objective at the fine step until no entry can promise more.

    Parameters
    ----------
    promise : float array, shape (E, T, S), objective at the coarse step; the fine one is
        never larger, because it looks at more points of the same paths
    settle : function from rows of entries to their objective at the fine step

    Returns
    -------
    float array, shape (E, T, S), fine where it matters, -inf elsewhere
    """
    best_promised = promise.max(axis=(1, 2))
    order = np.argsort(-best_promised, kind="stable")
    score = np.full(promise.shape, -np.inf)
    quantum = value("planning.objective_quantum_mm")
    for start in range(0, len(order), ENTRY_BATCH):
        rows = order[start : start + ENTRY_BATCH]
        rows = np.sort(rows[np.isfinite(best_promised[rows])])
        if not len(rows) or score.max() > best_promised[rows].max() + quantum:
            break
        score[rows] = settle(rows)
    return score


def combine_margins(problem: Problem, leave_out: frozenset[StructureKey]) -> MarginFields:
    """Return the four fields that the marches sample."""
    hazards, tools = problem.hazards, problem.tools
    named = {h.key: (h.group, h.structure) for h in hazards.hazards}
    bones = frozenset(k for k, (group, _) in named.items() if group not in BONE)
    removable = frozenset(k for k, (group, _) in named.items() if group is not Group.REMOVABLE)
    touch: dict[StructureKey, float | None] = dict.fromkeys(named, 0.0)
    return MarginFields(
        full_length=hazards.combined(
            tools.least_distances_mm(named, full_length=True), leave_out
        ).ravel(),
        docking=hazards.combined(
            tools.least_distances_mm(named, full_length=False), leave_out
        ).ravel(),
        bone=hazards.combined(touch, bones | leave_out).ravel(),
        removable=hazards.combined(touch, removable).ravel(),
    )


def march_candidates(
    problem: Problem,
    fields: MarginFields,
    entries_lps_mm: NDArray[np.float64],
    step_mm: float,
    *,
    thorough: bool = False,
) -> Marched:
    """March the paths from some entries to all targets, for all docking distances.

    Parameters
    ----------
    problem : Problem
    fields : the combined fields
    entries_lps_mm : float array, shape (E, 3), mm, LPS
    step_mm : float, mm, distance of samples
    thorough : bool, also ask how long a path runs inside bone where it fails anyway

    Returns
    -------
    Marched, arrays of shape (E, T, S)
    """
    tools, grid = problem.tools, problem.hazards.grid
    shape, step = np.array(grid.shape), np.float32(step_mm / grid.spacing_mm)
    entries = grid.ijk(entries_lps_mm).astype(np.float32)
    targets = grid.ijk(problem.targets.points_lps_mm).astype(np.float32)
    stops = find_stops_mm(tools.technique)
    slim = march_clearance(fields.full_length, shape, entries, targets, step)
    every = round(value("planning.stop_step_mm") / step_mm)
    near = round(value("planning.removable_reach_mm") / step_mm)
    radius = np.float32(tools.removal_radius_mm)
    wide, taken = march_staged(
        fields.docking,
        fields.removable,
        shape,
        entries,
        targets,
        step,
        every,
        len(stops),
        near,
        radius,
    )
    passes = np.minimum(slim, wide.max(axis=2)) >= 0
    wanted = np.ones_like(passes) if thorough else passes
    inside = march_inside(fields.bone, shape, entries, targets, step, wanted)
    # Too long a way through bone counts as a deficit of the excess length, in mm as the rest.
    excess = value("margins.needle_bone_length_mm") - inside * np.float32(grid.spacing_mm)
    slim = np.minimum(slim, excess)
    wish_slim, wish_wide = (np.float32(wish) for wish in tools.wished_mm)
    return Marched(
        slack_mm=np.minimum(slim[..., None], wide),
        capped_mm=np.minimum(np.minimum(slim, wish_slim)[..., None], np.minimum(wide, wish_wide)),
        bone_mm3=taken * np.float32(step_mm),
    )


def _penalties(
    problem: Problem, stops: NDArray[np.float64], bone_mm3: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return what each candidate costs, in mm of clearance, shape (E, T, S)."""
    technique, geometry = problem.tools.technique, problem.geometry
    entries, targets = problem.entries.points_lps_mm, problem.targets.points_lps_mm
    weights = technique.weights
    theta, phi, length = find_path_angles(entries, targets, geometry.side)
    cost = weights.length_per_mm * length + weights.target_per_mm * problem.targets.offsets_mm
    preferred = technique.preferred.get(str(geometry.level))
    if preferred is not None:
        lateral = geometry.surgical_mm(entries)[:, 0, None]
        beyond = _beyond(theta, preferred.axial_inclination_deg)
        beyond += _beyond(phi, preferred.craniocaudal_deg)
        cost += weights.angle_per_deg * beyond
        cost += weights.lateral_per_mm * _beyond(lateral, preferred.lateral_mm)
    total: NDArray[np.float64] = cost[..., None] + weights.docking_per_mm * stops
    total += weights.bone_per_cm3 / MM3_PER_CM3 * bone_mm3
    return total


def _beyond(values: NDArray[np.float64], limits: tuple[float, float]) -> NDArray[np.float64]:
    """Return by how much values lie outside a range, 0 inside."""
    outside: NDArray[np.float64] = np.maximum(limits[0] - values, 0) + np.maximum(
        values - limits[1], 0
    )
    return outside


def find_first_best(score: NDArray[np.floating]) -> tuple[int, int, int]:
    """Return the first index of the largest score after rounding to the quantum."""
    quantum = value("planning.objective_quantum_mm")
    steps = np.where(np.isfinite(score), np.rint(score / quantum), -np.inf)
    e, t, s = np.unravel_index(int(np.argmax(steps)), score.shape)
    return int(e), int(t), int(s)
