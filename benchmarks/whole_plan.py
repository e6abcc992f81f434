"""The whole plan on the phantom: candidates, seconds and peak memory."""

import resource
import time

from kambin.anatomy import Case, Level, complete
from kambin.frames import Side
from kambin.planning import Plan, PlanRequest, plan_trajectory

LEAST_CANDIDATES = 1_000_000


def measure_plan(case: Case) -> None:
    """Print what completion and planning take, and stop below a million candidates."""
    begin = time.perf_counter()
    anatomy = complete(case)
    completed = time.perf_counter()
    request = PlanRequest(Level("L4", "L5"), Side.LEFT, zone="paracentral")
    answer = plan_trajectory(case, anatomy, request)
    planned = time.perf_counter()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    candidates = answer.certificate.candidates
    print(
        f"phantom L4-L5 left: {'a plan' if isinstance(answer, Plan) else 'a refusal'}, "
        f"{candidates:,} candidates; completion {completed - begin:.1f} s, "
        f"fields and search {planned - completed:.1f} s; peak memory {peak_mb:.0f} MB"
    )
    if candidates < LEAST_CANDIDATES:
        raise SystemExit(f"only {candidates:,} candidates were searched")
