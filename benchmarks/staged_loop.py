"""All stages and docking distances on a completed patient: the search against a plain C loop.

The loop evaluates what the search evaluates, in the same steps; the corridor's answer for every
pair is given to it and not counted. Of the search everything counts from the lists on but the slack
of the fields, which is measured once with them and serves every search; it is printed.
"""

import ctypes
import statistics
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.c_loop import CHUNKS, THREADS, compile_loop
from benchmarks.case_stages import peak_memory_mb
from benchmarks.certified import timed
from kambin.anatomy import Anatomy, Case, Level
from kambin.frames import Side
from kambin.planning import PlanRequest
from kambin.planning.question import Question, prepare_question
from kambin.planning.refine import search
from kambin.planning.relaxing import relax
from kambin.planning.search import NO_KEYS, combine_margins
from kambin.planning.search_problem import find_staged_problem, for_deficit
from kambin.planning.slack import Slack
from kambin.planning.staged_search import StagedAnswer, StagedProblem, search_staged

BAR = 5.0
"""Times the C loop that is asserted. The loop is handed the pairs that keep the corridor and the
side of the root for nothing, so that each such condition leaves it less to do."""

AGREEMENT_MM = 1e-4
"""Sums of float32 sections of bone, in another order."""

COARSE_MM = 1.0
REPEATS, ATTEMPTS = 3, 3
"""In turn; a median below the bar is measured again, twice."""


@dataclass(frozen=True)
class Tried:
    """What the loop found.

    Parameters
    ----------
    value_mm : float, mm, the best
    place : int, its place in the list of candidates
    """

    value_mm: float
    place: int


class StagedLoop:
    """The C loop over all candidates of a problem.

    Parameters
    ----------
    problem : StagedProblem
    require_mm : float, mm, as for ``search_staged``
    """

    def __init__(self, problem: StagedProblem, require_mm: float) -> None:
        corridor = problem.corridor
        self.bits = np.ascontiguousarray(corridor.find_bits(every=True), dtype=np.uint32)
        self._library = compile_loop("staged")
        fields = [np.ascontiguousarray(field) for field in problem.fields]
        plan = np.delete(problem.plan(require_mm), -1)
        self._held: list[NDArray[Any]] = [
            np.array([field.ctypes.data for field in fields], dtype=np.uintp),
            np.array(problem.fields[0].shape, dtype=np.int64),
            problem.nodes(corridor.entries_mm),
            problem.nodes(corridor.targets_mm),
            self.bits,
            np.ascontiguousarray(problem.costs.entries_mm, dtype=np.float64),
            np.ascontiguousarray(problem.costs.targets_mm, dtype=np.float64),
            problem.costs.numbers,
            plan,
            problem.counts,
            problem.stop_costs_mm.astype(np.float64),
        ]
        self._fields, self._stops = fields, len(problem.stop_costs_mm)
        self._values = np.empty(len(corridor.entries_mm))
        self._places = np.empty(len(corridor.entries_mm), dtype=np.int64)

    def run(self) -> Tried:
        """Try every candidate."""
        edges = np.linspace(0, len(self._values), CHUNKS + 1).astype(int).tolist()
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self._run_part, pairwise(edges)))
        best = int(np.argmax(self._values))
        return Tried(float(self._values[best]), int(self._places[best]))

    def _run_part(self, bounds: tuple[int, int]) -> None:
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in self._held]
        targets = ctypes.c_long(self.bits.shape[1])
        numbers = [ctypes.c_long(n) for n in (self._stops, *bounds)]
        found = [ctypes.c_void_p(a.ctypes.data) for a in (self._values, self._places)]
        self._library.staged(*pointers[:4], targets, *pointers[4:], *numbers, *found)


def measure_staged(name: str, case: Case, anatomy: Anatomy, level: Level) -> None:
    """Print seconds and the ratio to the C loop, and stop below the bar or if they disagree."""
    request = PlanRequest(level, Side.LEFT, zone="paracentral")
    problem, words, require_mm = _find_problem(prepare_question(case, anatomy, request))
    numba.set_num_threads(min(THREADS, numba.config.NUMBA_NUM_THREADS))
    search_staged(problem, quantum_mm=0.0, require_mm=require_mm)
    loop, before_mb = StagedLoop(problem, require_mm), peak_memory_mb()
    ratio, ours_s, loop_s, found, tried = _race(problem, loop, require_mm)
    for _ in range(ATTEMPTS - 1):
        if ratio >= BAR:
            break
        ratio, ours_s, loop_s, found, tried = _race(problem, loop, require_mm)
    slack_s, _ = timed(lambda: [Slack.measured(field) for field in problem.fields])
    coarse = StagedLoop(_coarsened(problem), require_mm)
    coarse_s, _ = timed(coarse.run)
    allowed, stops = int((loop.bits > 0).sum()), len(problem.stop_costs_mm)
    print(
        f"{name}, {words}: {loop.bits.size * stops / 1e6:.1f} M candidates on "
        f"{loop.bits.size / 1e6:.2f} M paths, {allowed / 1e6:.2f} M of them allowed; exact in "
        f"{ours_s:.2f} s (slack {slack_s:.2f} s), {found.nodes:,} pairs of balls, best "
        f"{found.value_mm:.5f} mm; C loop through the same stages {loop_s:.2f} s, best "
        f"{tried.value_mm:.5f} mm: {ratio:.1f} times "
        f"(at least {BAR:.0f}), median of {REPEATS}; with samples "
        f"{COARSE_MM:g} mm apart, which is not exact, the loop takes {coarse_s:.2f} s, "
        f"{coarse_s / ours_s:.1f} times; {peak_memory_mb() - before_mb:.0f} MB beside the fields"
    )
    _check_same(problem, found, tried)
    if ratio < BAR:
        raise SystemExit(f"{name}: {ratio:.1f} times the C loop of all stages, {BAR:.0f} asked")


def _race(
    problem: StagedProblem, loop: StagedLoop, require_mm: float
) -> tuple[float, float, float, StagedAnswer, Tried]:
    """Return the medians of ratio, of our seconds and the loop's, and what either found."""
    rows = [
        (
            *timed(lambda: search_staged(problem, quantum_mm=0.0, require_mm=require_mm)),
            *timed(loop.run),
        )
        for _ in range(REPEATS)
    ]
    ratio = statistics.median(loop_s / ours_s for ours_s, _, loop_s, _ in rows)
    ours_s, loop_s = (statistics.median(row[n] for row in rows) for n in (0, 2))
    return ratio, ours_s, loop_s, rows[0][1], rows[0][3]


def _check_same(problem: StagedProblem, found: StagedAnswer, tried: Tried) -> None:
    if found.at is None:
        if tried.place >= 0:
            raise SystemExit(f"the loop found {tried.value_mm:.5f} mm where the search proved none")
        return
    e, t, s = found.at
    place = (e * len(problem.corridor.targets_mm) + t) * len(problem.stop_costs_mm) + s
    if abs(found.value_mm - tried.value_mm) > AGREEMENT_MM:
        raise SystemExit(f"search {found.value_mm:.6f} mm, loop {tried.value_mm:.6f} mm")
    if place != tried.place:
        print("  two candidates are equally good; search and loop take different ones")


def _find_problem(question: Question) -> tuple[StagedProblem, str, float]:
    """Return what is searched: as asked, relaxed where nothing passes, or else the deficit."""
    result, words = search(question.problem, question.skin), "as asked"
    if not result.is_feasible:
        question, result = relax(question, result)
        words = "relaxed" if result.is_feasible else "largest deficit"
    margins = combine_margins(question.problem, NO_KEYS)
    problem = find_staged_problem(question.problem, margins.fields)
    if result.is_feasible:
        return problem, words, 0.0
    return for_deficit(problem), words, -np.inf


def _coarsened(problem: StagedProblem) -> StagedProblem:
    """Return the problem with all samples further apart."""
    return replace(problem, step_mm=COARSE_MM, bone_step_mm=COARSE_MM)
