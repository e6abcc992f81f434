"""A finer lattice around the best candidate, as often as it helps."""

import itertools
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.frames import direction_from_angles
from kambin.knowledge import values
from kambin.planning.corridor import find_path_angles
from kambin.planning.entries import Entries
from kambin.planning.search import (
    NO_KEYS,
    Candidate,
    Problem,
    SearchResult,
    find_best_path,
    find_continuum_mm,
)
from kambin.planning.skin import Skin
from kambin.planning.targets import Targets


def search(
    problem: Problem, skin: Skin, leave_out: frozenset[StructureKey] = NO_KEYS
) -> SearchResult:
    """Try all listed candidates, then finer ones around the best.

    Parameters
    ----------
    problem : Problem
    skin : Skin, on which finer entries are found
    leave_out : keys that are ignored

    Returns
    -------
    SearchResult, the best of all that were tried, with their number

    Notes
    -----
    Each round is exact over its own list: angles and target around the best so far, the
    targets never outside the box that was asked for. A window of a few mm is easily missed by
    a lattice of 2 mm (recipes B1: the gap between listed candidates and the continuum).
    """
    best = find_best_path(problem, leave_out)
    candidates, paths, nodes = best.candidates, best.paths, best.nodes
    upper_mm = best.upper_bound_mm
    steps = zip(values("planning.refine_deg"), values("planning.refine_mm"), strict=True)
    for step_deg, step_mm in steps:
        if best.best is None:
            break
        finer = narrow(problem, skin, best.best, step_deg, step_mm)
        found = find_best_path(finer, leave_out)
        candidates, paths = candidates + found.candidates, paths + found.paths
        nodes += found.nodes
        upper_mm = _find_upper_mm(best, upper_mm, found)
        best = found if found.rank > best.rank else best
    between_mm = None
    if best.is_feasible and upper_mm is not None and not leave_out:
        between_mm = find_continuum_mm(problem, upper_mm)
    return replace(
        best,
        candidates=candidates,
        paths=paths,
        nodes=nodes,
        upper_bound_mm=upper_mm,
        continuum_bound_mm=between_mm,
    )


def _find_upper_mm(best: SearchResult, upper_mm: float | None, found: SearchResult) -> float | None:
    """Return what no candidate of two lists exceeds: of those that pass, if any does."""
    if found.upper_bound_mm is None or (best.is_feasible and not found.is_feasible):
        return upper_mm
    if upper_mm is None or (found.is_feasible and not best.is_feasible):
        return found.upper_bound_mm
    return max(upper_mm, found.upper_bound_mm)


def narrow(
    problem: Problem, skin: Skin, around: Candidate, step_deg: float, step_mm: float
) -> Problem:
    """Return the same problem with a finer list of entries and targets around a candidate.

    Parameters
    ----------
    problem : Problem
    skin : Skin, on which the entries are found
    around : Candidate
    step_deg : float, degrees, between the angles of the list
    step_mm : float, mm, between its targets, which stay inside the box of all
    """
    targets = _narrow_targets(problem, around, step_mm)
    theta, phi, _ = find_path_angles(
        around.entry_lps_mm[None], around.target_lps_mm[None], problem.geometry.side
    )
    turns = step_deg * _symmetric(values("planning.refine_turns"))
    rays = np.array(
        [
            direction_from_angles(float(theta[0, 0]) + a, float(phi[0, 0]) + b)
            for a, b in itertools.product(turns, turns)
        ]
    )
    rays[:, 0] *= problem.geometry.side.lateral_sign_lps
    corridor = problem.tools.technique.corridor
    points = skin.find_exits(around.target_lps_mm, rays, corridor.length_max_mm)
    nodes = problem.hazards.grid.ijk(points)
    inside = (nodes > 1) & (nodes < np.array(problem.hazards.grid.shape) - 2)
    lateral = problem.geometry.surgical_mm(points)[:, 0]
    kept = points[inside.all(axis=1) & (lateral >= corridor.lateral_min_mm)]
    return replace(problem, entries=Entries(kept, len(rays)), targets=targets)


def _narrow_targets(problem: Problem, around: Candidate, step_mm: float) -> Targets:
    """Return targets around one, inside the box of all."""
    geometry, targets = problem.geometry, problem.targets
    box = geometry.surgical_mm(targets.points_lps_mm)
    middle = geometry.surgical_mm(around.target_lps_mm)
    turns = step_mm * _symmetric(values("planning.refine_shifts"))
    shifts = np.array(list(itertools.product(turns, repeat=3)))
    points = np.clip(middle + shifts, box.min(axis=0), box.max(axis=0))
    aim = geometry.surgical_mm(targets.aim_lps_mm)
    return replace(
        targets,
        points_lps_mm=geometry.lps_mm(points),
        offsets_mm=np.linalg.norm(points - aim, axis=1),
    )


def _symmetric(counts: tuple[float, ...]) -> NDArray[np.float64]:
    """Return 0 and the counts on both sides, from low to high."""
    return np.array(sorted({0.0, *counts, *(-count for count in counts)}))
