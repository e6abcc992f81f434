"""Two plans side by side: every number of both, and which plan it speaks for."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kambin.core import RequestError
from kambin.frames import Side
from kambin.knowledge import value
from kambin.planning.comparison_models import (
    Better,
    ComparedClearance,
    ComparedNumber,
    ComparedPlan,
    Move,
    PlanComparison,
)
from kambin.planning.models import Clearance, Plan, Stage
from kambin.planning.sealing import round_document

LESS_IS_BETTER = (
    "resection.volume_mm3",
    "resection.*_fraction",
    "resection.rim_volume_mm3",
    "resection.iap_volume_mm3",
    "resection.pars_volume_mm3",
    "reach.residual_mm3",
    "certainty.contact_probability.*",
    "entry.depth_mm",
)
"""Numbers of which a surgeon wants less."""

MORE_IS_BETTER = (
    "resection.facet_kept_fraction",
    "resection.pars_left_mm",
    "reach.reachable_fraction",
    "reach.visible_fraction",
    "certainty.tolerance_entry_mm",
    "certainty.tolerance_angle_deg",
)
"""Numbers of which a surgeon wants more; these come before the patterns above."""

GUARDED = frozenset({"nerve", "sac", "organ", "vessel", "watched"})
"""Groups that nothing is gained by coming nearer to; bone is leaned on."""

PROBABILITY_TOLERANCE = 10.0**-2
"""Chances of contact are sampled; nearer to each other than one in a hundred they are the same."""

SAME_TOLERANCE = 10.0**-6
"""Documents keep six digits; numbers nearer than this are one number."""

_NOT_NUMBERS = ("stages", "schema_version", "migrated_from")
"""Stages are compared by tool and structure, and what a file was written as is no result."""


def compare_plans(a: Plan, b: Plan, *, across: bool = False) -> PlanComparison:
    """Set two plans side by side.

    Parameters
    ----------
    a, b : Plan; differences are b minus a
    across : bool, whether plans of different cases or levels may be compared

    Returns
    -------
    PlanComparison; better by less than two checkers may disagree is the same

    Raises
    ------
    RequestError  (RQ-102) if case or level differ and it was not asked for
    """
    if not across:
        _require_one_question(a, b)
    ours, theirs = (
        {k: v for k, v in plan.model_dump().items() if k not in _NOT_NUMBERS} for plan in (a, b)
    )
    numbers = tuple(compare_numbers(ours, theirs))
    clearances = tuple(compare_stages(a.stages, b.stages))
    nearer, farther = find_changed(clearances)
    rows = [(row.name, row.better) for row in numbers]
    rows += [(f"{row.tool}: {row.structure}", row.better) for row in clearances]
    codes_a, codes_b = ({f.code for f in plan.findings} for plan in (a, b))
    return round_document(
        PlanComparison(
            a=_name(a),
            b=_name(b),
            move=_find_move(a, b),
            numbers=numbers,
            clearances=clearances,
            nearer=nearer,
            farther=farther,
            better_a=tuple(name for name, better in rows if better == "a"),
            better_b=tuple(name for name, better in rows if better == "b"),
            findings_only_a=tuple(sorted(codes_a - codes_b)),
            findings_only_b=tuple(sorted(codes_b - codes_a)),
        )
    )


def flatten_numbers(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Yield every number of a document under its dotted name.

    Parameters
    ----------
    document : mapping of plain values; lists of mappings are named by their place in the list
    prefix : str, what comes before every name

    Yields
    ------
    name and number; truth values are none
    """
    for name, part in document.items():
        yield from _flatten(part, f"{prefix}{name}")


def _flatten(part: Any, name: str) -> Iterator[tuple[str, float]]:
    if isinstance(part, Mapping):
        yield from flatten_numbers(part, f"{name}.")
    elif isinstance(part, list | tuple):
        for place, inner in enumerate(part):
            yield from _flatten(inner, f"{name}.{place}")
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield name, float(part)


def _require_one_question(a: Plan, b: Plan) -> None:
    differing = [name for name in ("case_sha256", "level") if getattr(a, name) != getattr(b, name)]
    if differing:
        what = " and ".join("case" if name == "case_sha256" else name for name in differing)
        raise RequestError(
            code="RQ-102",
            what=f"The two plans are of another {what}",
            where=f"{a.level} {a.side} and {b.level} {b.side}",
            why="Numbers of two places say nothing about which plan is better.",
            next_step="Give two plans of one level of one case, or ask for it with --across.",
        )


def compare_numbers(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[ComparedNumber]:
    """Yield every number of two documents beside the other's.

    Parameters
    ----------
    a, b : mapping of plain values

    Yields
    ------
    ComparedNumber; the difference is b minus a
    """
    ours, theirs = (dict(flatten_numbers(document)) for document in (a, b))
    for name in dict.fromkeys((*ours, *theirs)):
        first, second = ours.get(name), theirs.get(name)
        difference = second - first if first is not None and second is not None else None
        better = _judge(difference, _find_sense(name), _tolerance(name))
        yield ComparedNumber(name=name, a=first, b=second, difference=difference, better=better)


def compare_stages(a: Sequence[Stage], b: Sequence[Stage]) -> Iterator[ComparedClearance]:
    """Yield every clearance of two sequences of tools beside the other's.

    Parameters
    ----------
    a, b : sequence of Stage

    Yields
    ------
    ComparedClearance; the difference is b minus a
    """
    ours, theirs = (_collect_clearances(stages) for stages in (a, b))
    for key in dict.fromkeys((*ours, *theirs)):
        first, second = ours.get(key), theirs.get(key)
        gaps = [None if row is None else row.clearance_mm for row in (first, second)]
        group = (ours.get(key) or theirs[key]).group
        difference = gaps[1] - gaps[0] if gaps[0] is not None and gaps[1] is not None else None
        sense = 1 if group in GUARDED and _is_near(gaps) else 0
        yield ComparedClearance(
            tool=key[0],
            structure=key[1],
            group=group,
            a_mm=gaps[0],
            b_mm=gaps[1],
            difference_mm=difference,
            better=_judge(difference, sense, _agreement_mm()),
        )


def find_changed(rows: Sequence[ComparedClearance]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the structures to which b comes nearer than a, and those it stays farther from.

    Parameters
    ----------
    rows : sequence of ComparedClearance
    """
    limit = _agreement_mm()
    nearer = dict.fromkeys(row.structure for row in rows if _gap(row) < -limit)
    farther = dict.fromkeys(row.structure for row in rows if _gap(row) > limit)
    return tuple(nearer), tuple(farther)


def _collect_clearances(stages: Sequence[Stage]) -> dict[tuple[str, str], Clearance]:
    """Return the clearances by tool and structure; a second dilator gets a number."""
    found: dict[tuple[str, str], Clearance] = {}
    seen: dict[str, int] = {}
    for stage in stages:
        seen[stage.tool] = seen.get(stage.tool, 0) + 1
        turn = seen[stage.tool]
        tool = stage.tool if turn == 1 else f"{stage.tool} {turn}"
        found |= {(tool, row.structure): row for row in stage.clearances}
    return found


def _is_near(gaps: list[float | None]) -> bool:
    """Return whether either plan comes so near that more room is worth something."""
    return min(gap for gap in gaps if gap is not None) < value("planning.checked_reach_mm")


def _find_sense(name: str) -> int:
    """Return 1 where more is better, -1 where less is, 0 where neither is."""
    if any(fnmatch(name, pattern) for pattern in MORE_IS_BETTER):
        return 1
    return -1 if any(fnmatch(name, pattern) for pattern in LESS_IS_BETTER) else 0


def _tolerance(name: str) -> float:
    """Return by how much a number must differ before it speaks for a plan."""
    if "contact_probability" in name:
        return PROBABILITY_TOLERANCE
    return _agreement_mm() if name.endswith("_mm") else SAME_TOLERANCE


def _agreement_mm() -> float:
    return value("planning.agreement_mm")


def _judge(difference: float | None, sense: int, tolerance: float) -> Better:
    if difference is None or not sense:
        return "neither"
    if abs(difference) <= tolerance:
        return "same"
    return "b" if difference * sense > 0 else "a"


def _gap(row: ComparedClearance) -> float:
    """Return by how much b is farther than a, 0 where one of them names no clearance or is far."""
    if row.difference_mm is None or not _is_near([row.a_mm, row.b_mm]):
        return 0.0
    return row.difference_mm


def _find_move(a: Plan, b: Plan) -> Move:
    """Return how far entry and target of b lie from those of a, and the angle between the axes."""
    if a.case_sha256 != b.case_sha256:
        return Move(
            entry_mm=None,
            entry_towards_lateral_mm=None,
            entry_towards_cranial_mm=None,
            target_mm=None,
            turned_deg=None,
            not_assessed_reason="The plans are of two cases, which share no frame.",
        )
    (entry_a, target_a), (entry_b, target_b) = (_ends_lps_mm(plan) for plan in (a, b))
    moved = entry_b - entry_a
    ways = [(e - t) / np.linalg.norm(e - t) for e, t in ((entry_a, target_a), (entry_b, target_b))]
    # the sine of half the angle, which stays exact where the axes are almost parallel
    half = np.clip(np.linalg.norm(ways[0] - ways[1]) / 2, 0, 1)
    return Move(
        entry_mm=float(np.linalg.norm(moved)),
        entry_towards_lateral_mm=float(moved[0]) * Side(a.side).lateral_sign_lps,
        entry_towards_cranial_mm=float(moved[2]),
        target_mm=float(np.linalg.norm(target_b - target_a)),
        turned_deg=float(np.degrees(2 * np.arcsin(half))),
        not_assessed_reason=None,
    )


def _ends_lps_mm(plan: Plan) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    axis = plan.trajectory
    return np.array(axis.entry_lps_mm), np.array(axis.target_lps_mm)


def _name(plan: Plan) -> ComparedPlan:
    said = plan.model_dump(include=set(ComparedPlan.model_fields))
    return ComparedPlan.model_validate(said)
