"""Runs of the atlas of herniations asked of the whole planner, and whether it says the same."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.herniation_atlas_design import TECHNIQUES, Fragment, Row, name_run
from benchmarks.herniation_atlas_patients import find_place
from kambin.exchange import settle_case
from kambin.planning import Plan, PlanRequest, plan_trajectory

SAME_MM, QUANTUM_MM = 1e-5, 0.01
"""What documents are rounded to, and the steps in which objectives are compared."""


def compare_with_planner(rows: list[Row], folder: Path, count: int, seed: int) -> list[Row]:
    """Return for some runs whether ``plan_trajectory`` answers the same.

    Parameters
    ----------
    rows : list of rows, of which plans of placed fragments are drawn
    folder : Path, of the made patients
    count : int, how many are drawn
    seed : int
    """
    placed = [row for row in rows if "not_placed" not in row and row["technique"] in TECHNIQUES]
    drawn = np.random.default_rng(seed).choice(len(placed), min(count, len(placed)), replace=False)
    return [compare_run(placed[n], folder) for n in sorted(drawn.tolist())]


def compare_run(row: Row, folder: Path) -> Row:
    """Return a run's answer and the whole planner's, and whether they are the same."""
    one = Fragment(*name_run(row)[:-1])
    place = find_place(folder, one.variant, one.level, one.side)
    placed = place.with_fragment(one.wish)
    request = PlanRequest(place.level, place.side, technique=row["technique"])
    whole = plan_trajectory(settle_case(placed.case), placed.anatomy, request)
    if not isinstance(whole, Plan):
        binding = whole.binding
        found = {
            "planned": False,
            "decidable": whole.decidable,
            "structure": binding.structure,
            "stage": binding.stage,
            "deficit_mm": binding.deficit_mm,
            "codes": [f.code for f in whole.findings if f.severity == "BLOCK"],
        }
    else:
        cannula = next(stage for stage in whole.stages if stage.tool == "cannula")
        found = {
            "planned": True,
            "entry_lps_mm": [*whole.trajectory.entry_lps_mm],
            "target_lps_mm": [*whole.trajectory.target_lps_mm],
            "stop_mm": cannula.stop_mm,
            "objective_mm": whole.certificate.objective_mm,
            "reachable": whole.reach.reachable_fraction,
        }
    return {"quick": row, "whole": found}


def is_same(compared: Row) -> bool:
    """Return whether the whole planner gives the answer of a run.

    Notes
    -----
    Documents are rounded; two objectives that are told apart differ by 0.01 mm.
    """
    quick, whole = compared["quick"], compared["whole"]
    if quick["planned"] != whole["planned"]:
        return False
    if not whole["planned"]:
        names = ("structure", "stage", "decidable")
        known = {"structure": "skin", **quick}
        return "deficit_mm" not in quick or all(known[name] == whole[name] for name in names)
    places = [np.subtract(quick[name], whole[name]) for name in ("entry_lps_mm", "target_lps_mm")]
    numbers = [quick[name] - whole[name] for name in ("stop_mm", "reachable")]
    is_near = np.abs(np.concatenate([*places, numbers])).max() <= SAME_MM
    return bool(is_near and abs(quick["objective_mm"] - whole["objective_mm"]) <= QUANTUM_MM)


def tell_control(compared: list[Row]) -> Iterator[str]:
    """Yield how often the whole planner agrees, and every run in which it does not."""
    same = [is_same(row) for row in compared]
    plans = sum(row["whole"]["planned"] for row in compared)
    yield (
        f"whole planner: {len(compared)} runs, {plans} plans and {len(compared) - plans} refusals, "
        f"{sum(same)} the same as here"
    )
    for row, is_equal in zip(compared, same, strict=True):
        if not is_equal:
            yield f"  not the same: {json.dumps(row)}"
