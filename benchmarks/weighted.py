"""The default objective through one margin field, and what lies between the listed paths.

Clearance counts up to what the default technique wishes; length, angles, distance from the goal
and a lateral entry cost what that technique's weights say (docs/concepts/search.md).
"""

import functools

import numpy as np
from numpy.typing import NDArray

from benchmarks.c_loop import c_march, compile_loop
from benchmarks.certified import (
    NEEDLE_RADIUS_MM,
    STEP_MM,
    measure_search,
    timed,
    to_problem,
)
from benchmarks.instances import Instance, parted
from kambin.frames import Side
from kambin.planning import PlanRequest
from kambin.planning.cost_kernels import Costs
from kambin.planning.field_continuum import SKIN_SHARE, SPACE_SHARE, bound_field_continuum
from kambin.planning.field_search import FieldProblem, search_field, try_all
from kambin.planning.kernels import march_clearance
from kambin.planning.tools import find_toolset

GAP_BAR_MM = 0.2
FINE_NODES = 0.5
"""Spacing of the finer lists, node spacings."""

SAME_KERNEL_MM = 1e-6
NEAR_MM = 1e-3
"""The fast kernel and that of the search differ by 2e-5 mm, so that the best lies so near."""

ROWS = 1024
"""Entries whose paths are valued at a time."""


def weigh(instance: Instance) -> FieldProblem:
    """Return the problem of an instance with the default technique's objective."""
    tools = find_toolset(PlanRequest(instance.level, Side.LEFT))
    weights = tools.technique.weights
    usual = tools.technique.preferred[str(instance.level)]
    sign, spacing_mm = Side.LEFT.lateral_sign_lps, instance.grid.spacing_mm
    lateral_mm = sign * (instance.entries[:, 0] - instance.disc_ijk[0]) * spacing_mm
    low_mm, high_mm = usual.lateral_mm
    beyond_mm = np.maximum(low_mm - lateral_mm, 0.0) + np.maximum(lateral_mm - high_mm, 0.0)
    offsets_mm = np.linalg.norm(instance.targets - instance.goal_ijk, axis=1) * spacing_mm
    return FieldProblem(
        instance.field,
        instance.entries,
        instance.targets,
        STEP_MM / spacing_mm,
        Costs(
            weights.lateral_per_mm * beyond_mm,
            weights.target_per_mm * offsets_mm.astype(np.float64),
            per_mm=weights.length_per_mm,
            per_deg=weights.angle_per_deg,
            theta_deg=usual.axial_inclination_deg,
            phi_deg=usual.craniocaudal_deg,
            lateral_sign=sign,
            entry_slope=weights.lateral_per_mm,
            target_slope=weights.target_per_mm,
        ),
        cap_mm=NEEDLE_RADIUS_MM + tools.wished_mm[0],
        spacing_mm=spacing_mm,
    )


def check_brute_force(instance: Instance) -> None:
    """Stop if trying all pairs finds anything but the two searches: clearance, and objective.

    All samples of all pairs are looked at with the fast kernel, and again with that of the search
    where a pair comes near its best; those beside the best path also with the C loop. What a path
    costs is taken off in numpy.
    """
    problems = to_problem(instance), weigh(instance)
    found = [search_field(problem) for problem in problems]
    best, there = np.full(2, -np.inf), np.full(2, -np.inf)
    field = np.ascontiguousarray(instance.field).reshape(-1)
    shape, step = np.array(instance.field.shape), np.float32(problems[0].step)
    tried_s, difference = 0.0, 0.0
    for row in range(0, len(instance.entries), ROWS):
        some = np.ascontiguousarray(instance.entries[row : row + ROWS])
        seconds, clear = timed(
            functools.partial(march_clearance, field, shape, some, instance.targets, step)
        )
        tried_s += seconds
        for n, (problem, answer) in enumerate(zip(problems, found, strict=True)):
            costs = find_costs_plainly(problem, row)
            values = np.minimum(clear, problem.cap_mm) - costs
            for e, t in np.argwhere(values >= answer.value_mm - NEAR_MM):
                ends = np.ascontiguousarray(some[[e]]), problem.targets[[t]]
                again = float(try_all(field, *problem.lines, *ends, step)[0, 0])
                value = min(again, problem.cap_mm) - float(costs[e, t])
                best[n] = max(best[n], value)
                if (row + e, t) == (answer.entry, answer.target):
                    there[n] = value
                    loop = c_march(
                        compile_loop(), instance.field, some, instance.targets, float(step)
                    )
                    difference = max(difference, float(np.abs(loop() - clear).max()))
    for n, words in enumerate(("clearance", "default objective")):
        print(
            f"{instance.name}, {words}: all pairs tried in {tried_s:.1f} s: best {best[n]:.6f} mm, "
            f"at the path of the search {there[n]:.6f} mm, by the search "
            f"{found[n].value_mm:.6f} mm; largest difference to the C loop {difference:.1e} mm"
        )
        if max(abs(best[n] - found[n].value_mm), best[n] - there[n]) > SAME_KERNEL_MM:
            raise SystemExit(f"{words}: the search and the trial of all pairs disagree")
    if difference > NEAR_MM / 2:
        raise SystemExit("the fast kernel and the C loop disagree")


def find_costs_plainly(problem: FieldProblem, row: int) -> NDArray[np.float64]:
    """Return what the paths from ``ROWS`` entries on cost, with numpy alone, shape (E, T), mm."""
    costs = problem.costs
    entries = problem.entries[row : row + ROWS].astype(np.float64)
    x, y, z = np.moveaxis((entries[:, None] - problem.targets) * problem.spacing_mm, 2, 0)
    length_mm = np.sqrt(x * x + y * y + z * z)
    total = costs.entries_mm[row : row + ROWS, None] + costs.targets_mm + costs.per_mm * length_mm
    angles = np.arctan2(x * costs.lateral_sign, y), np.arcsin(z / length_mm)
    for angle_rad, (low, high) in zip(angles, (costs.theta_deg, costs.phi_deg), strict=True):
        angle = np.degrees(angle_rad)
        total += costs.per_deg * (np.maximum(low - angle, 0) + np.maximum(angle - high, 0))
    return total


def measure_weighted(instance: Instance, bar: float, target_s: float) -> None:
    """Print ratio and continuum gap of the default objective at 0.5 mm, and stop at their bars."""
    problem = weigh(instance)
    best_mm, _ = measure_search(f"{instance.name}, default objective", problem, bar, target_s)
    spacing_mm = FINE_NODES * instance.grid.spacing_mm
    wide_s, wide_mm = _bound(problem, best_mm, FINE_NODES)
    halved = weigh(parted(instance, FINE_NODES))
    seconds, gap_mm = _bound(halved, best_mm, FINE_NODES / 2)
    print(
        f"  continuum gap {wide_mm:.3f} mm in {wide_s:.1f} s with balls of "
        f"{SKIN_SHARE * spacing_mm:.2f} and {SPACE_SHARE * spacing_mm:.2f} mm around the listed "
        f"points, {gap_mm:.3f} mm in {seconds:.1f} s with these halved (target {GAP_BAR_MM} mm)"
    )
    if gap_mm > GAP_BAR_MM:
        raise SystemExit(f"continuum gap {gap_mm:.3f} mm, {GAP_BAR_MM} mm is the bar")


def report_plain_gap(problem: FieldProblem, best_mm: float) -> None:
    """Print the continuum gap of clearance alone, which is no better than the lists are dense."""
    seconds, gap_mm = _bound(problem, best_mm, FINE_NODES)
    print(f"  continuum gap of clearance alone {gap_mm:.3f} mm in {seconds:.1f} s")


def _bound(problem: FieldProblem, best_mm: float, spacing_nodes: float) -> tuple[float, float]:
    """Return seconds, and by how much what lies between the points may exceed the best, mm."""
    reaches = SKIN_SHARE * spacing_nodes, SPACE_SHARE * spacing_nodes
    seconds, bound = timed(lambda: bound_field_continuum(problem, best_mm, reaches))
    return seconds, bound.upper_mm - best_mm
