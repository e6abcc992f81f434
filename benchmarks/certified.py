"""The certified search and the skin map through one margin field, against a plain C loop."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numba
import numpy as np

from benchmarks.c_loop import THREADS, c_march, compile_loop
from benchmarks.case_stages import peak_memory_mb
from benchmarks.instances import Instance
from kambin.planning.cost_kernels import Costs
from kambin.planning.field_search import FieldProblem, search_field
from kambin.planning.skin_rooms import find_skin_rooms

T = TypeVar("T")

STEP_MM = 1.0
SAMPLE = 200
"""Entries on which the C loop is timed and compared; its time for all is extrapolated."""

MAP_BAR = 15.0
NEEDLE_RADIUS_MM = 0.6
ATTEMPTS = 3
AGREEMENT_MM = 2e-5


def measure_certified(instance: Instance, bar: float, target_s: float) -> None:
    """Print seconds and the ratio to the C loop, and stop if the ratio is below the bar."""
    problem = _start(instance)
    paths = len(instance.entries) * len(instance.targets)
    ratio = 0.0
    for _ in range(ATTEMPTS):
        loop_s, most = _time_loop(problem)
        seconds, found = _timed(lambda: search_field(problem))
        ratio = max(ratio, loop_s / seconds)
        print(
            f"{instance.name}: {paths / 1e6:.1f} M pairs, exact in {seconds:.2f} s "
            f"(target {target_s} s), {found.nodes:,} pairs of balls, best {found.value_mm:.4f} mm; "
            f"C loop {loop_s:.1f} s (from {SAMPLE} of its entries): {loop_s / seconds:.0f} times; "
            f"peak memory {peak_memory_mb():.0f} MB"
        )
        if found.value_mm < most.max() - AGREEMENT_MM:
            raise SystemExit(f"the loop found {most.max():.6f} mm, which the search denied")
        if ratio >= bar:
            return
    raise SystemExit(f"certified search: {ratio:.0f} times the C loop, {bar:.0f} is the bar")


def check_brute_force(instance: Instance) -> None:
    """Stop if the C loop over all pairs finds anything but what the search found."""
    problem = _start(instance)
    run = c_march(
        compile_loop(), problem.field, problem.entries, problem.targets, float(problem.step)
    )
    seconds, values = _timed(run)
    found = search_field(problem)
    there = float(values[found.entry, found.target])
    print(
        f"{instance.name}: all pairs by the C loop in {seconds:.1f} s: best {values.max():.6f} mm, "
        f"at the path of the search {there:.6f} mm, by the search {found.value_mm:.6f} mm"
    )
    if max(abs(values.max() - found.value_mm), values.max() - there) > AGREEMENT_MM:
        raise SystemExit("the search and the trial of all pairs disagree")


def measure_skin_rooms(instance: Instance, target_s: float) -> None:
    """Print seconds and the ratio to the C loop of the exact map of the skin, as above."""
    problem = _start(instance)
    find_skin_rooms(replace(problem, entries=problem.entries[:64]), NEEDLE_RADIUS_MM)
    rows, ratio = _rows(problem), 0.0
    for _ in range(ATTEMPTS):
        loop_s, most = _time_loop(problem)
        seconds, rooms = _timed(lambda: find_skin_rooms(problem, NEEDLE_RADIUS_MM))
        ratio = max(ratio, loop_s / seconds)
        shown = np.isfinite(rooms[rows])
        difference = float(np.abs(rooms[rows] - most)[shown].max(initial=0.0))
        print(
            f"{instance.name}: exact map of {len(rooms):,} entries, {np.isfinite(rooms).sum():,} "
            f"with room for a needle, in {seconds:.2f} s (target {target_s} s): "
            f"{loop_s / seconds:.0f} times the C loop; difference {difference:.1e} mm"
        )
        if difference > AGREEMENT_MM or (most[~shown] > NEEDLE_RADIUS_MM + AGREEMENT_MM).any():
            raise SystemExit("the map of the skin and the C loop disagree")
        if ratio >= MAP_BAR:
            return
    raise SystemExit(f"map of the skin: {ratio:.0f} times the C loop, {MAP_BAR:.0f} is the bar")


def _start(instance: Instance) -> FieldProblem:
    """Return the problem of an instance, with the kernels compiled before any clock starts."""
    numba.set_num_threads(min(THREADS, numba.config.NUMBA_NUM_THREADS))
    problem = FieldProblem(
        instance.field,
        instance.entries,
        instance.targets,
        STEP_MM / instance.grid.spacing_mm,
        _no_costs(len(instance.entries), len(instance.targets)),
        spacing_mm=instance.grid.spacing_mm,
    )
    few = _no_costs(64, len(instance.targets))
    search_field(replace(problem, entries=problem.entries[:64], costs=few))
    return problem


def _no_costs(entries: int, targets: int) -> Costs:
    return Costs(np.zeros(entries), np.zeros(targets))


def _timed(call: Callable[[], T]) -> tuple[float, T]:
    begin = time.perf_counter()
    found = call()
    return time.perf_counter() - begin, found


def _rows(problem: FieldProblem) -> np.ndarray:
    return np.linspace(0, len(problem.entries) - 1, SAMPLE).astype(int)


def _time_loop(problem: FieldProblem) -> tuple[float, np.ndarray]:
    """Return the seconds the C loop needs for all pairs, and the best of each sampled entry."""
    some = np.ascontiguousarray(problem.entries[_rows(problem)])
    run = c_march(compile_loop(), problem.field, some, problem.targets, float(problem.step))
    seconds, found = _timed(run)
    return seconds * len(problem.entries) / SAMPLE, found.max(axis=1)
