"""Distance fields of a case, and all numbers of a path that is dragged over the skin.

    python -m benchmarks.live_numbers

Prints seconds; that a path which only samples fields is at least ten times as quick as one whose
fields are made is asserted. Ten moved entries a second are the target.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.instances import read_ct_case
from kambin.anatomy import Anatomy, Case, Level, complete
from kambin.core import NoStore, SilentProgress
from kambin.exchange import read_case, write_case
from kambin.frames import Side
from kambin.phantom import PhantomParameters, build_phantom
from kambin.planning import Evaluator, PlanRequest
from kambin.planning import Path as Axis
from kambin.planning.evaluate import Doubt, ToolMeter
from kambin.planning.fields import build_hazards
from kambin.planning.gap_meter import find_gap_meter
from kambin.planning.policy import find_hazards
from kambin.planning.question import Question, prepare_question

REQUEST = PlanRequest(Level("L4", "L5"), Side.LEFT, zone="paracentral")
FIELDS, FIELDS_TARGET_S = 20, 5.0
MOVES, STEP_MM = 30, 1.0
POSES, ONE_MS, SET_MS = 500, 0.3, 1.0
LEAST_RATIO = 10.0
STOP_MM = 8.0


def measure_live_numbers(name: str, case: Case, anatomy: Anatomy) -> None:
    """Print what fields and a drag take on one case, and stop where a drag makes fields anew."""
    question = prepare_question(case, anatomy, REQUEST)
    _measure_fields(name, question)
    _measure_clearance(name, question)
    ratio = _measure_drag(name, Evaluator.of(question), question)
    if ratio < LEAST_RATIO:
        raise SystemExit(f"{name}: a moved entry is only {ratio:.1f} times as quick as a new path")


def _measure_fields(name: str, question: Question) -> None:
    anatomy, bundle = question.anatomy, question.problem.hazards.bundle
    if bundle is None:
        raise SystemExit("the fields of a question know no bundle")
    groups = find_hazards(anatomy.structures, level=REQUEST.level, side=REQUEST.side)
    begin = time.perf_counter()
    made = build_hazards(anatomy, groups, bundle, progress=SilentProgress(), store=NoStore())
    seconds = time.perf_counter() - begin
    fields = [hazard.field for hazard in made.hazards if hazard.field is not None]
    nodes = sum(field.values.size for field in fields)
    print(
        f"{name}: {len(fields)} distance fields, {nodes / 1e6:.1f} million nodes, {seconds:.1f} s; "
        f"{FIELDS} of them {seconds * FIELDS / len(fields):.1f} s (target {FIELDS_TARGET_S:.0f} s)"
    )


def _measure_clearance(name: str, question: Question) -> None:
    """Print what the clearance of a moved tool to everything takes, for one and for all tools."""
    problem, rng = question.problem, np.random.default_rng(0)
    hazards, whole = problem.hazards, problem.tools
    entries, targets = problem.entries.points_lps_mm, problem.targets.points_lps_mm
    doubt, gaps = Doubt.of(question.case, question.anatomy), find_gap_meter(hazards)
    for tools, target_ms in ((replace(whole, tools=(whole.needle,)), ONE_MS), (whole, SET_MS)):
        meter, taken_ms = ToolMeter.of(tools, hazards.hazards, doubt, gaps), []
        for entry, target in zip(
            rng.choice(entries, POSES), rng.choice(targets, POSES), strict=True
        ):
            axis = Axis(entry, target, STOP_MM)
            begin = time.perf_counter()
            meter.measure_gaps(axis)
            taken_ms.append(1e3 * (time.perf_counter() - begin))
        # The first call compiles or loads the kernel.
        half, most = np.percentile(taken_ms[1:], [50, 99])
        print(
            f"{name}: gaps of {len(tools.tools)} tools to {len(hazards.hazards)} structures "
            f"{half:.2f} ms, 99 % within {most:.2f} ms (target {target_ms} ms)"
        )


def _measure_drag(name: str, evaluator: Evaluator, question: Question) -> float:
    """Return how many times quicker a moved entry is than a path with fields of its own."""
    targets = question.problem.targets
    entries = question.problem.entries.points_lps_mm
    start = entries[np.argsort(np.linalg.norm(entries - entries.mean(axis=0), axis=1))[0]]
    axis = Axis(start, targets.centre_lps_mm, STOP_MM)
    evaluator.evaluate(axis, quick=True)
    begin = time.perf_counter()
    for move in range(MOVES):
        evaluator.evaluate(_moved(axis, move), certainty=False, quick=True)
    each = (time.perf_counter() - begin) / MOVES
    begin = time.perf_counter()
    evaluator.evaluate(axis, quick=True)
    quick = time.perf_counter() - begin
    begin = time.perf_counter()
    evaluator.evaluate(axis)
    whole = time.perf_counter() - begin
    begin = time.perf_counter()
    alone = Evaluator.prepare(evaluator.case, evaluator.anatomy, REQUEST, around=axis)
    alone.evaluate(axis, certainty=False, quick=True)
    fresh = time.perf_counter() - begin
    print(
        f"{name}: a moved entry {1e3 * each:.0f} ms ({1 / each:.0f} a second, target 10), with "
        f"contact of 512 poses {1e3 * quick:.0f} ms, with 4,096 poses and tolerance "
        f"{1e3 * whole:.0f} ms; a path with fields of its own {1e3 * fresh:.0f} ms, "
        f"{fresh / each:.0f} times"
    )
    return fresh / each


def _moved(axis: Axis, move: int) -> Axis:
    """Return the axis with its entry a little way around where it was."""
    turn = 2 * np.pi * move / MOVES
    step = STEP_MM * np.array([0.0, np.cos(turn), np.sin(turn)])
    return Axis(axis.entry_lps_mm + step, axis.target_lps_mm, axis.stop_mm)


def main() -> None:
    """Measure the phantom, and the real CT where the shared data is at hand."""
    phantom = build_phantom(PhantomParameters(Level("L4", "L5"), Side.LEFT))
    with tempfile.TemporaryDirectory(prefix="kambin-bench-") as folder:
        made = Case(phantom.image, phantom.labels, phantom.names, "kambin")
        case = read_case(write_case(made, Path(folder) / "phantom"))
        ct = read_ct_case(Path(folder) / "ct")
    measure_live_numbers("phantom", case, complete(case))
    if ct is not None:
        measure_live_numbers("real CT, 3 mm", ct, complete(ct))


if __name__ == "__main__":
    main()
