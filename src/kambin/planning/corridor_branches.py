"""Distinct corridors to the target, each with its own best plan, not fifty neighbours."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from kambin.knowledge import value
from kambin.planning.branch_kernels import find_branches
from kambin.planning.corridor import find_path_angles
from kambin.planning.entries import Entries
from kambin.planning.evaluate import to_point
from kambin.planning.problem import Problem
from kambin.planning.search import (
    NO_KEYS,
    SearchResult,
    combine_margins,
    find_best_path,
)
from kambin.planning.search_models import CorridorBranch
from kambin.planning.search_problem import find_staged_problem, for_deficit
from kambin.planning.staged_search import find_pair_values_mm

UNWISHED_MM = 10.0**6
"""Above every field: all the room there is counts, not only what is wished."""


def find_corridors(problem: Problem) -> tuple[CorridorBranch, ...]:
    """Return the corridors that persist, longest first; none if no path of the list passes.

    Parameters
    ----------
    problem : Problem

    Notes
    -----
    The list is thinned to points 2 mm apart and marched in steps of 1 mm; a pair has the slack of
    its best docking distance (recipes B1.3).
    """
    spacing_mm = value("planning.corridor_spacing_mm")
    thin = _restrict(
        problem,
        thin_points(problem.entries.points_lps_mm, spacing_mm),
        thin_points(problem.targets.points_lps_mm, spacing_mm),
    )
    entries, targets = thin.entries.points_lps_mm, thin.targets.points_lps_mm
    if not len(entries) or not len(targets):
        return ()
    slack_mm = find_pair_slack_mm(thin)
    branches = find_branches(
        slack_mm,
        entries,
        targets,
        near_mm=value("planning.corridor_neighbour") * spacing_mm,
        persistence_mm=value("planning.corridor_persistence_mm"),
        least_pairs=round(value("planning.corridor_pairs")),
    )
    told = (
        _tell(thin, slack_mm, persists, members)
        for persists, members in zip(branches.persistence_mm, branches.members, strict=True)
    )
    return tuple(corridor for corridor in told if corridor is not None)


def thin_points(points_mm: NDArray[np.float64], spacing_mm: float) -> NDArray[np.int64]:
    """Return places of points of which no two are nearer than a spacing, the first ones first.

    Parameters
    ----------
    points_mm : float array, shape (N, 3), mm
    spacing_mm : float, mm

    Returns
    -------
    int64 array, in the order of the list; every other point is nearer than that to one of these
    """
    if not len(points_mm):
        return np.empty(0, dtype=np.int64)
    is_free = np.ones(len(points_mm), dtype=bool)
    tree, kept = KDTree(points_mm), []
    for place in range(len(points_mm)):
        if is_free[place]:
            kept.append(place)
            # Open below the spacing: points of a lattice of just this spacing all stay.
            is_free[tree.query_ball_point(points_mm[place], spacing_mm * (1 - 1e-6))] = False
    return np.array(kept, dtype=np.int64)


def find_pair_slack_mm(problem: Problem) -> NDArray[np.float32]:
    """Return the slack of every pair that passes at its best docking distance, shape (E, T), mm.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    float32 array, -inf where the corridor allows no docking distance or none passes
    """
    staged = find_staged_problem(problem, combine_margins(problem, NO_KEYS).fields)
    thin = replace(
        for_deficit(staged), wished_mm=(UNWISHED_MM, UNWISHED_MM), step_mm=staged.bone_step_mm
    )
    return find_pair_values_mm(thin, 0.0)


def _tell(
    problem: Problem,
    slack_mm: NDArray[np.float32],
    persistence_mm: float,
    members: NDArray[np.int64],
) -> CorridorBranch | None:
    """Return one corridor with its own best plan; none if no path passes between its samples."""
    e, t = np.divmod(members, slack_mm.shape[1])
    found = _search_members(problem, slack_mm, e, t)
    if found.best is None or not found.is_feasible:
        return None
    entries, targets = problem.entries.points_lps_mm, problem.targets.points_lps_mm
    lateral = problem.geometry.surgical_mm(entries[np.unique(e)])[:, 0]
    theta, phi, _ = find_path_angles(entries, targets, problem.geometry.side)
    return CorridorBranch(
        persistence_mm=persistence_mm,
        pairs=len(members),
        entry_lps_mm=to_point(found.best.entry_lps_mm),
        target_lps_mm=to_point(found.best.target_lps_mm),
        stop_mm=found.best.stop_mm,
        objective_mm=found.best.objective_mm,
        slack_mm=found.best.slack_mm,
        lateral_mm=_range(lateral),
        axial_inclination_deg=_range(theta[e, t]),
        craniocaudal_deg=_range(phi[e, t]),
    )


def _search_members(
    problem: Problem, slack_mm: NDArray[np.float32], e: NDArray[np.int64], t: NDArray[np.int64]
) -> SearchResult:
    """Return the best of a branch: of its entries and targets, or of its roomiest pair."""
    rows, columns = np.unique(e), np.unique(t)
    found = find_best_path(_restrict(problem, rows, columns))
    if found.best is not None:
        here = _place(problem.entries.points_lps_mm, found.best.entry_lps_mm)
        there = _place(problem.targets.points_lps_mm, found.best.target_lps_mm)
        if ((e == here) & (t == there)).any():
            return found
    # An entry of this branch and a target of it may be a pair of another one.
    widest = int(np.argmax(slack_mm[e, t]))
    return find_best_path(_restrict(problem, e[[widest]], t[[widest]]))


def _place(points_mm: NDArray[np.float64], point_mm: NDArray[np.float64]) -> int:
    return int(np.argmax((points_mm == point_mm).all(axis=1)))


def _restrict(problem: Problem, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Problem:
    """Return the problem with some of its entries and targets."""
    entries, targets = problem.entries, problem.targets
    return replace(
        problem,
        entries=Entries(entries.points_lps_mm[rows], entries.rays),
        targets=replace(
            targets,
            points_lps_mm=targets.points_lps_mm[columns],
            offsets_mm=targets.offsets_mm[columns],
        ),
    )


def _range(numbers: NDArray[np.float64]) -> tuple[float, float]:
    return float(numbers.min()), float(numbers.max())
