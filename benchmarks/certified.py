"""The certified search through one margin field, against a plain C loop over all pairs."""

import time
from dataclasses import replace

import numba
import numpy as np

from benchmarks.c_loop import THREADS, c_march, compile_loop
from benchmarks.instances import Instance
from kambin.planning.cost_kernels import Costs
from kambin.planning.field_search import FieldAnswer, FieldProblem, search_field

STEP_MM = 1.0
SAMPLE = 400
"""Entries on which the C loop is timed and compared; its time for all is extrapolated."""

BAR = 30.0
ATTEMPTS = 3
AGREEMENT_MM = 2e-5

Timed = tuple[float, FieldAnswer]


def measure_certified(instance: Instance) -> None:
    """Print seconds and the ratio to the C loop, and stop if the ratio is below the bar."""
    numba.set_num_threads(min(THREADS, numba.config.NUMBA_NUM_THREADS))
    problem = FieldProblem(
        instance.field,
        instance.entries,
        instance.targets,
        STEP_MM / instance.grid.spacing_mm,
        _no_costs(instance),
        spacing_mm=instance.grid.spacing_mm,
    )
    few = replace(problem, entries=problem.entries[:64], costs=_no_costs(instance, 64))
    search_field(few)  # compiled before the clock starts
    paths = len(instance.entries) * len(instance.targets)
    ratio = 0.0
    for _ in range(ATTEMPTS):
        loop_s, most = _time_loop(problem)
        seconds, found = _time_search(problem)
        ratio = max(ratio, loop_s / seconds)
        print(
            f"{instance.name}: {paths / 1e6:.1f} M pairs, exact in {seconds:.2f} s, "
            f"{found.nodes:,} pairs of balls, best {found.value_mm:.4f} mm; "
            f"C loop {loop_s:.1f} s (from {SAMPLE} of its entries): {loop_s / seconds:.0f} times"
        )
        if found.value_mm < most - AGREEMENT_MM:
            raise SystemExit(f"the loop found {most:.6f} mm, which the search denied")
        if ratio >= BAR:
            return
    raise SystemExit(f"certified search: {ratio:.0f} times the C loop, {BAR:.0f} is the bar")


def _no_costs(instance: Instance, entries: int | None = None) -> Costs:
    count = len(instance.entries) if entries is None else entries
    return Costs(np.zeros(count), np.zeros(len(instance.targets)))


def _time_search(problem: FieldProblem) -> Timed:
    begin = time.perf_counter()
    found = search_field(problem)
    return time.perf_counter() - begin, found


def _time_loop(problem: FieldProblem) -> tuple[float, float]:
    """Return the seconds the C loop needs for all pairs, and the largest value of its sample."""
    rows = np.linspace(0, len(problem.entries) - 1, SAMPLE).astype(int)
    some = np.ascontiguousarray(problem.entries[rows])
    run = c_march(compile_loop(), problem.field, some, problem.targets, problem.step)
    begin = time.perf_counter()
    found = run()
    seconds = time.perf_counter() - begin
    return seconds * len(problem.entries) / SAMPLE, float(found.max())
