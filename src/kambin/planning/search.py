"""The planner's search over entry, target and docking distance, exact and deterministic."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.knowledge import value
from kambin.planning.continuum import bound_between
from kambin.planning.corridor import find_stops_mm
from kambin.planning.kernels import march_clearance, march_inside, march_staged
from kambin.planning.margin_field import MarginField
from kambin.planning.policy import BONE, Group
from kambin.planning.problem import Problem
from kambin.planning.search_problem import find_staged_problem, for_deficit
from kambin.planning.staged_search import StagedAnswer, search_staged

__all__ = [
    "NO_KEYS",
    "Candidate",
    "Marched",
    "MarginFields",
    "Problem",
    "SearchResult",
    "combine_margins",
    "find_best_path",
    "find_continuum_mm",
    "find_first_best",
    "find_roomy_path",
    "march_candidates",
]

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
    """What the search proves.

    Parameters
    ----------
    best : Candidate, the best that passes, or if none does the one nearest to passing; none
        if the corridor holds no candidate
    is_feasible : bool
    candidates : int, how many the list holds
    paths : int, how many straight lines they are
    upper_bound_mm : float, mm, what no candidate of the list exceeds, none without a candidate
    nodes : int, how many pairs of balls were looked at to prove it
    continuum_bound_mm : float, mm, what no candidate between the listed ones exceeds either, or
        none where that was not asked
    """

    best: Candidate | None
    is_feasible: bool
    candidates: int
    paths: int
    upper_bound_mm: float | None = None
    nodes: int = 0
    continuum_bound_mm: float | None = None

    @property
    def rank(self) -> tuple[bool, float]:
        """Return what is compared: passing first, then objective or slack."""
        if self.best is None:
            return False, -np.inf
        return self.is_feasible, self.best.objective_mm


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
    """Margin fields: tools to the target, tools that dock, all bone, removable bone."""

    fields: tuple[MarginField, MarginField, MarginField, MarginField]

    @property
    def full_length(self) -> NDArray[np.float32]:
        """Return the flat field of the tools that go to the target."""
        return self.fields[0].values.ravel()

    @property
    def docking(self) -> NDArray[np.float32]:
        """Return the flat field of the tools that dock."""
        return self.fields[1].values.ravel()

    @property
    def bone(self) -> NDArray[np.float32]:
        """Return the flat field of all bone."""
        return self.fields[2].values.ravel()

    @property
    def removable(self) -> NDArray[np.float32]:
        """Return the flat field of removable bone."""
        return self.fields[3].values.ravel()


def find_best_path(
    problem: Problem,
    leave_out: frozenset[StructureKey] = NO_KEYS,
) -> SearchResult:
    """Return the best of all entries, targets and docking distances, or what is nearest to passing.

    Parameters
    ----------
    problem : Problem
    leave_out : keys that are ignored, to ask what else binds

    Returns
    -------
    SearchResult, what trying every candidate gives, with the proof (docs/concepts/search.md)

    Notes
    -----
    Objective = clearance above the hard margins, capped at what is wished, minus the
    technique's weights on bone, length, docking distance, angles, lateral distance and
    distance from the middle of the target. Values are rounded to a quantum and ties are
    broken by the order of the lattice, so that the mirrored patient gets the mirrored path.
    If no candidate passes, which is the empty queue of the search, the largest slack is
    searched in the same way.
    """
    paths = len(problem.entries.points_lps_mm) * len(problem.targets.points_lps_mm)
    if not paths:
        return SearchResult(None, False, 0, 0)
    candidates = paths * len(find_stops_mm(problem.tools.technique))
    margins = combine_margins(problem, leave_out)
    staged = find_staged_problem(problem, margins.fields)
    quantum = value("planning.objective_quantum_mm")
    found = search_staged(staged, quantum_mm=quantum)
    nodes, is_feasible = found.nodes, found.at is not None
    if not is_feasible:
        # Nothing passes; now the least negative slack is what is asked of every candidate.
        found = search_staged(for_deficit(staged), quantum_mm=quantum, require_mm=-np.inf)
        nodes += found.nodes
    if found.at is None:
        return SearchResult(None, False, candidates, paths, nodes=nodes)
    best = _measure_best(problem, margins, found, is_feasible)
    return SearchResult(best, is_feasible, candidates, paths, found.upper_mm, nodes)


def find_continuum_mm(problem: Problem, found_mm: float) -> float:
    """Return what no path between the listed ones exceeds, mm.

    Parameters
    ----------
    problem : Problem
    found_mm : float, mm, the best that was found; the bound is never less
    """
    staged = find_staged_problem(problem, combine_margins(problem, NO_KEYS).fields)
    return bound_between(problem, staged, found_mm).upper_mm


def find_roomy_path(problem: Problem, room_mm: float) -> Candidate | None:
    """Return the best of all listed candidates that leave some room above the hard margins.

    Parameters
    ----------
    problem : Problem
    room_mm : float, mm, at least 0, least clearance above the hard margins

    Returns
    -------
    Candidate, the best by the same objective as ``find_best_path``, or none if none leaves it
    """
    if not (len(problem.entries.points_lps_mm) and len(problem.targets.points_lps_mm)):
        return None
    margins = combine_margins(problem, NO_KEYS)
    staged, surplus_mm = find_staged_problem(problem, margins.fields), 0.0
    wished_mm = min(staged.wished_mm)
    if room_mm > wished_mm:
        # Whatever leaves so much room has all that is wished: a wish that is raised alike for
        # all keeps their order, and is taken off again.
        surplus_mm = staged.gain * (room_mm - wished_mm)
        staged = replace(staged, wished_mm=(room_mm, room_mm))
    quantum = value("planning.objective_quantum_mm")
    found = search_staged(staged, quantum_mm=quantum, require_mm=room_mm)
    if found.at is None:
        return None
    best = _measure_best(problem, margins, found, is_feasible=True)
    return replace(best, objective_mm=best.objective_mm - surplus_mm)


def _measure_best(
    problem: Problem, margins: "MarginFields", found: StagedAnswer, is_feasible: bool
) -> Candidate:
    """Return the candidate that was found with its slack and the bone in its way."""
    e, t, s = found.at or (0, 0, 0)
    only = replace(
        problem, targets=replace(problem.targets, points_lps_mm=problem.targets.points_lps_mm[[t]])
    )
    entry = problem.entries.points_lps_mm[[e]]
    fine, coarse = (
        march_candidates(only, margins, entry, value(f"planning.{name}_step_mm"), thorough=True)
        for name in ("evaluation", "path")
    )
    return Candidate(
        entry_lps_mm=entry[0],
        target_lps_mm=problem.targets.points_lps_mm[t],
        stop_mm=float(find_stops_mm(problem.tools.technique)[s]),
        slack_mm=float(fine.slack_mm[0, 0, s]) if is_feasible else found.value_mm,
        objective_mm=found.value_mm,
        bone_mm3=float(coarse.bone_mm3[0, 0, s]),
    )


def combine_margins(problem: Problem, leave_out: frozenset[StructureKey]) -> MarginFields:
    """Return the four fields that the marches sample."""
    hazards, tools = problem.hazards, problem.tools
    # A structure that no path comes near has no field and no say.
    named = {h.key: (h.group, h.structure) for h in hazards.hazards if h.field is not None}
    bones = frozenset(k for k, (group, _) in named.items() if group not in BONE)
    removable = frozenset(k for k, (group, _) in named.items() if group is not Group.REMOVABLE)
    touch: dict[StructureKey, float | None] = dict.fromkeys(named, 0.0)
    full, docking = (
        hazards.recall(tools.least_distances_mm(named, full_length=is_full), leave_out)
        for is_full in (True, False)
    )
    touched, removed = (hazards.recall(touch, others) for others in (bones | leave_out, removable))
    return MarginFields((full, docking, touched, removed))


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


def find_first_best(score: NDArray[np.floating]) -> tuple[int, int, int]:
    """Return the first index of the largest score after rounding to the quantum."""
    quantum = value("planning.objective_quantum_mm")
    steps = np.where(np.isfinite(score), np.rint(score / quantum), -np.inf)
    e, t, s = np.unravel_index(int(np.argmax(steps)), score.shape)
    return int(e), int(t), int(s)
