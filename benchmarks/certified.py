"""The certified search and the skin map through one margin field, against a plain C loop.

The two are timed in turn and the median of the ratios counts, so that what else the machine does
falls on both.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple, TypeVar

import numba
import numpy as np

from benchmarks.c_loop import THREADS, c_march, compile_loop
from benchmarks.case_stages import peak_memory_mb
from benchmarks.instances import Instance
from kambin.planning.cost_kernels import Costs
from kambin.planning.field_search import FieldAnswer, FieldProblem, search_field
from kambin.planning.skin_rooms import find_skin_rooms

T = TypeVar("T")

STEP_MM = 1.0
SAMPLE = 200 * 1856
"""Paths, of all targets, on which the C loop is timed; its time for all is extrapolated."""

MAP_BAR = 15.0
NEEDLE_RADIUS_MM = 0.6
REPEATS, ATTEMPTS = 5, 3
"""A median below its bar is measured again, twice: for seconds on end a machine is not quiet."""

AGREEMENT_MM = 2e-5


class Measured(NamedTuple):
    """The best value that a search found, mm, and how many times as quick as the loop it was."""

    value_mm: float
    ratio: float


def measure_certified(instance: Instance, bar: float, target_s: float) -> Measured:
    """Print seconds and ratio of the search for the largest clearance, as below."""
    return measure_search(instance.name, to_problem(instance), bar, target_s)


def measure_search(name: str, problem: FieldProblem, bar: float, target_s: float) -> Measured:
    """Print seconds and the ratio to the C loop, and stop below the bar."""
    start(problem)
    paths = len(problem.entries) * len(problem.targets)
    loop = Loop(problem)
    before_mb = peak_memory_mb()
    for ratio, loop_s, seconds, found in repeat(loop, lambda: search_field(problem)):
        _check_found(problem, loop, found)
        print(
            f"{name}: {paths / 1e6:,.1f} M pairs, exact in {seconds:.2f} s (target {target_s} s), "
            f"{found.nodes:,} pairs of balls, best {found.value_mm:.4f} mm; C loop {loop_s:.1f} s "
            f"(from {len(loop.rows)} entries): {ratio:.0f} times (at least {bar:.0f}), median of "
            f"{REPEATS}; {peak_memory_mb() - before_mb:.0f} MB beside the "
            f"field's {problem.field.nbytes / 2**20:.0f} MB"
        )
        if ratio >= bar:
            return Measured(found.value_mm, ratio)
    raise SystemExit(f"{name}: {ratio:.0f} times the C loop, {bar:.0f} is the bar")


def _check_found(problem: FieldProblem, loop: "Loop", found: FieldAnswer) -> None:
    """Stop if the loop met a larger clearance than the search for it has found."""
    is_clearance = not problem.costs.numbers[:2].any() and np.isinf(problem.cap_mm)
    if is_clearance and found.value_mm < loop.most.max() - AGREEMENT_MM:
        raise SystemExit(f"the loop found {loop.most.max():.6f} mm, which the search denied")


def measure_skin_rooms(instance: Instance, target_s: float) -> None:
    """Print seconds and the ratio to the C loop of the exact map of the skin, as above."""
    problem = to_problem(instance)
    start(problem)
    find_skin_rooms(replace(problem, entries=problem.entries[:64]), NEEDLE_RADIUS_MM)
    loop = Loop(problem)
    most = loop.most
    for ratio, _, seconds, rooms in repeat(
        loop, lambda: find_skin_rooms(problem, NEEDLE_RADIUS_MM), repeats=3
    ):
        shown = np.isfinite(rooms[loop.rows])
        difference = float(np.abs(rooms[loop.rows] - most)[shown].max(initial=0.0))
        print(
            f"{instance.name}: exact map of {len(rooms):,} entries, {np.isfinite(rooms).sum():,} "
            f"with room for a needle, in {seconds:.2f} s (target {target_s} s): {ratio:.0f} times "
            f"the C loop (at least {MAP_BAR:.0f}), median of 3; difference {difference:.1e} mm"
        )
        if difference > AGREEMENT_MM or (most[~shown] > NEEDLE_RADIUS_MM + AGREEMENT_MM).any():
            raise SystemExit("the map of the skin and the C loop disagree")
        if ratio >= MAP_BAR:
            return
    raise SystemExit(f"map of the skin: {ratio:.0f} times the C loop, {MAP_BAR:.0f} is the bar")


def to_problem(instance: Instance) -> FieldProblem:
    """Return the problem of the largest clearance."""
    return FieldProblem(
        instance.field,
        instance.entries,
        instance.targets,
        STEP_MM / instance.grid.spacing_mm,
        Costs(np.zeros(len(instance.entries)), np.zeros(len(instance.targets))),
        spacing_mm=instance.grid.spacing_mm,
    )


def start(problem: FieldProblem) -> None:
    """Set the threads, and compile the kernels before any clock starts."""
    numba.set_num_threads(min(THREADS, numba.config.NUMBA_NUM_THREADS))
    few = replace(problem.costs, entries_mm=problem.costs.entries_mm[:64])
    search_field(replace(problem, entries=problem.entries[:64], costs=few))


def timed(call: Callable[[], T]) -> tuple[float, T]:
    """Return seconds and the answer."""
    begin = time.perf_counter()
    found = call()
    return time.perf_counter() - begin, found


class Loop:
    """The C loop over some of the entries.

    Parameters
    ----------
    problem : FieldProblem
    """

    def __init__(self, problem: FieldProblem) -> None:
        count = min(len(problem.entries), max(16, SAMPLE // len(problem.targets)))
        self.rows = np.linspace(0, len(problem.entries) - 1, count).astype(int)
        some = np.ascontiguousarray(problem.entries[self.rows])
        self._share = len(problem.entries) / count
        self._run = c_march(
            compile_loop(), problem.field, some, problem.targets, float(problem.step)
        )
        self.most: np.ndarray = self._run().max(axis=1)

    def time(self) -> float:
        """Return the seconds that the loop needs for all entries."""
        return timed(self._run)[0] * self._share


def repeat(
    loop: Loop, call: Callable[[], T], repeats: int = REPEATS
) -> Iterator[tuple[float, float, float, T]]:
    """Yield medians of ratio, of the loop's seconds and ours, and our answer, some times."""
    for _ in range(ATTEMPTS):
        rows = [(loop.time(), *timed(call)) for _ in range(repeats)]
        ratio = statistics.median(loop_s / seconds for loop_s, seconds, _ in rows)
        loop_s, ours_s = (statistics.median(row[n] for row in rows) for n in range(2))
        yield ratio, loop_s, ours_s, rows[0][2]
