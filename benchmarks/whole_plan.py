"""The whole plan of a completed patient, stage by stage, with its candidates and peak memory."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.case_stages import peak_memory_mb
from kambin.anatomy import Anatomy, Case, Level
from kambin.exchange import to_json
from kambin.frames import Side
from kambin.planning import Plan, PlanRequest, plan, plan_trajectory

LEAST_CANDIDATES = 1_000_000
TARGET_S = 10.0
"""Of the whole plan of a completed patient."""

STAGES = {
    "lists and fields": ("prepare_question",),
    "search": ("search",),
    "relax": ("relax",),
    "choice by reach and room": ("choose_for_reach", "choose_for_room"),
    "bone and reach of the path": ("Evaluator.evaluate",),
    "certainty": ("find_rulers", "Evaluator.assess_certainty"),
    "alternatives and words": ("describe_choice",),
    "corridors": ("find_corridors",),
    "second checker": ("verify_plan",),
}
"""What ``kambin.planning.plan`` calls, by stage; a name it no longer has stops the benchmark."""


Seconds = tuple[float, float]
"""Of the clock, and of the processor on all its cores."""


def _now() -> Seconds:
    return time.perf_counter(), time.process_time()


def _since(begin: Seconds) -> Seconds:
    wall_s, cpu_s = _now()
    return wall_s - begin[0], cpu_s - begin[1]


def _add(one: Seconds, other: Seconds) -> Seconds:
    return one[0] + other[0], one[1] + other[1]


class _Clock:
    """Seconds by stage, of the clock and of the processor; what a stage calls is its own."""

    def __init__(self) -> None:
        self.taken_s = {stage: (0.0, 0.0) for stage in STAGES}
        self._is_running = False

    def wrap(self, stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return the call with its seconds counted, unless another stage runs."""

        def counted(*given: Any, **named: Any) -> Any:
            if self._is_running:
                return call(*given, **named)
            self._is_running, begin = True, _now()
            try:
                return call(*given, **named)
            finally:
                self._is_running = False
                self.taken_s[stage] = _add(self.taken_s[stage], _since(begin))

        return counted


@contextmanager
def _watched(clock: _Clock) -> Iterator[None]:
    """Count the seconds of the planner's stages while it runs."""
    before = []
    for stage, names in STAGES.items():
        for name in names:
            *owners, last = name.split(".")
            owner: Any = getattr(plan, owners[0]) if owners else plan
            before.append((owner, last, getattr(owner, last)))
            setattr(owner, last, clock.wrap(stage, getattr(owner, last)))
    try:
        yield
    finally:
        for owner, last, call in before:
            setattr(owner, last, call)


def measure_plan(name: str, case: Case, anatomy: Anatomy) -> None:
    """Print what planning takes, stage by stage, and stop below a million candidates."""
    request = PlanRequest(Level("L4", "L5"), Side.LEFT, zone="paracentral")
    clock, begin = _Clock(), _now()
    with _watched(clock):
        answer = plan_trajectory(case, anatomy, request)
    planned_s, writing = _since(begin), _now()
    written = to_json(answer)
    writing_s = _since(writing)
    total_s = _add(planned_s, writing_s)
    candidates = answer.certificate.candidates
    print(
        f"{name}, L4-L5 left: {'a plan' if isinstance(answer, Plan) else 'a refusal'} of "
        f"{len(written) / 1024:.0f} KB, {candidates:,} candidates, in {total_s[0]:.1f} s (target "
        f"{TARGET_S:.0f} s), processor {total_s[1]:.1f} s; peak memory {peak_memory_mb():.0f} MB"
    )
    stages_s = [sum(rows) for rows in zip(*clock.taken_s.values(), strict=True)]
    rest_s = planned_s[0] - stages_s[0], planned_s[1] - stages_s[1]
    for stage, (wall_s, cpu_s) in {**clock.taken_s, "rest": rest_s, "writing": writing_s}.items():
        print(f"  {stage:28} {wall_s:5.2f} s, processor {cpu_s:5.2f} s")
    if candidates < LEAST_CANDIDATES:
        raise SystemExit(f"only {candidates:,} candidates were searched")
