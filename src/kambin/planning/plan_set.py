"""Several plans in one session: what each means for the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import cast

import numpy as np

from kambin.anatomy import Level, Tube
from kambin.core import Finding, RequestError, Severity
from kambin.knowledge import value
from kambin.planning.documents import Point
from kambin.planning.evaluate import to_point
from kambin.planning.models import Plan, Refusal, Stage
from kambin.planning.plan_set_models import (
    EntryPair,
    LevelStability,
    PlanSet,
    SetMember,
    TubePair,
    VertebraBone,
)
from kambin.planning.remarks import make_finding, to_records
from kambin.planning.resection import classify_stability
from kambin.planning.sealing import round_document
from kambin.planning.tubes import measure_tube_clearance

SIDES = ("left", "right")


@dataclass(frozen=True, slots=True)
class Member:
    """One answer of a set and where it was written.

    Parameters
    ----------
    answer : Plan or Refusal
    file : str, relative to the set's own file, or none if nothing was written
    file_sha256 : str, of its bytes, or none
    """

    answer: Plan | Refusal
    file: str | None = None
    file_sha256: str | None = None

    @property
    def name(self) -> str:
        """Return level and side, which name a member of a set."""
        return f"{self.answer.level} {self.answer.side}"


def make_plan_set(members: Sequence[Member]) -> PlanSet:
    """Put several answers for one case together, and say what they mean for each other.

    Parameters
    ----------
    members : at least one Member, each of another level or side, all of one case

    Returns
    -------
    PlanSet

    Raises
    ------
    RequestError  (RQ-103) if members are of two cases, or two are of one level and side
    """
    _require_set(members)
    plans = [(m.name, m.answer) for m in members if isinstance(m.answer, Plan)]
    entries = tuple(_pair_entries(plans))
    tubes = tuple(_pair_tubes(plans))
    bone = tuple(_add_bone(plans))
    stability = tuple(_judge_joints([plan for _, plan in plans]))
    findings = (
        *_remark_entries(entries),
        *_remark_tubes(tubes),
        *_remark_joints(stability, plans),
        *_remark_vertebrae(plans),
        *_remark_nerves(plans),
    )
    totals = [row.total_mm3 for row in bone]
    return round_document(
        PlanSet(
            case_sha256=members[0].answer.case_sha256,
            status=_find_status(members, findings),
            members=tuple(_describe(member) for member in members),
            entries=entries,
            tubes=tubes,
            bone=bone,
            bone_total_mm3=_add(totals),
            stability=stability,
            findings=to_records(findings),
        )
    )


Named = tuple[str, Plan]
"""A plan with its level and side in words."""


def _require_set(members: Sequence[Member]) -> None:
    names = [member.name for member in members]
    cases = {member.answer.case_sha256 for member in members}
    why = ""
    if not members:
        why = "It has no members."
    elif len(cases) > 1:
        why = f"Its members are of {len(cases)} cases."
    elif len(set(names)) < len(names):
        why = f"{max(names, key=names.count)} is asked for twice."
    if why:
        raise RequestError(
            code="RQ-103",
            what="These plans make no set",
            where=", ".join(dict.fromkeys(names)),
            why=why,
            next_step="Ask for each level and side of one case once.",
        )


def _describe(member: Member) -> SetMember:
    answer = member.answer
    is_plan = isinstance(answer, Plan)
    return SetMember(
        level=answer.level,
        side=answer.side,
        status=answer.status if isinstance(answer, Plan) else "refused",
        file=member.file,
        file_sha256=member.file_sha256,
        content_sha256=cast("Plan", answer).content_sha256 if is_plan else None,
    )


def _find_status(members: Sequence[Member], findings: Sequence[Finding]) -> str:
    answers = [member.answer for member in members]
    if not all(isinstance(answer, Plan) for answer in answers):
        return "refused"
    asks = any(finding.severity is Severity.CONFIRM for finding in findings)
    waits = any(isinstance(a, Plan) and a.status == "needs_confirmation" for a in answers)
    return "needs_confirmation" if asks or waits else "ready"


def _pair_entries(plans: Sequence[Named]) -> Iterator[EntryPair]:
    for (a, first), (b, second) in combinations(plans, 2):
        gap = np.subtract(first.trajectory.entry_lps_mm, second.trajectory.entry_lps_mm)
        distance = float(np.linalg.norm(gap))
        shared = distance <= value("plan_sets.shared_incision_mm")
        yield EntryPair(a=a, b=b, distance_mm=distance, share_incision=shared)


def _pair_tubes(plans: Sequence[Named]) -> Iterator[TubePair]:
    """Yield the gap between the widest tools that dock, pair by pair."""
    for (a, first), (b, second) in combinations(plans, 2):
        gap, point = measure_gap_mm(first, second)
        yield TubePair(a=a, b=b, gap_mm=gap, point_lps_mm=point)


def measure_gap_mm(a: Plan, b: Plan) -> tuple[float, Point]:
    """Return the least gap between the cannulas of two plans, and where it is.

    Parameters
    ----------
    a, b : Plan of one case

    Returns
    -------
    mm, negative where the tubes would cross; and the point on the axis of a, mm, LPS
    """
    ours, theirs = (_find_cannula(plan) for plan in (a, b))
    ends = np.array([theirs.tip_lps_mm, b.trajectory.entry_lps_mm])
    tube = Tube(ends, np.full(2, theirs.radius_mm))
    gap, point = measure_tube_clearance(ours.tip_lps_mm, a.trajectory.entry_lps_mm, tube)
    return gap - ours.radius_mm, to_point(point)


def _find_cannula(plan: Plan) -> Stage:
    """Return the working cannula, or the widest tool where a technique has none."""
    found = [stage for stage in plan.stages if stage.tool == "cannula"]
    return found[0] if found else max(plan.stages, key=lambda stage: stage.radius_mm)


def _add_bone(plans: Sequence[Named]) -> Iterator[VertebraBone]:
    """Yield what is taken of each lower vertebra: the upper one is never reamed."""
    levels = dict.fromkeys(plan.level for _, plan in plans)
    for level in levels:
        taken = {plan.side: plan.resection.volume_mm3 for _, plan in plans if plan.level == level}
        yield VertebraBone(
            vertebra=Level.parse(level).lower,
            left_mm3=taken.get("left"),
            right_mm3=taken.get("right"),
            total_mm3=_add(list(taken.values())),
        )


def _add(volumes: Sequence[float | None]) -> float | None:
    """Return the sum, or none where one is not known: a sum of the rest would look complete."""
    known = [volume for volume in volumes if volume is not None]
    return sum(known) if len(known) == len(volumes) else None


def _judge_joints(plans: Sequence[Plan]) -> Iterator[LevelStability]:
    """Yield the levels at which both joints were planned, with what is left of the two."""
    for level in dict.fromkeys(plan.level for plan in plans):
        sides = {plan.side: plan.resection for plan in plans if plan.level == level}
        if len(sides) < len(SIDES):
            continue
        kept = [sides[side].facet_kept_fraction for side in ("left", "right")]
        losses = [None if share is None else 1 - share for share in kept]
        lost = _add(losses)
        touched = any(
            (r.iap_volume_mm3 or 0) > 0 or (r.pars_volume_mm3 or 0) > 0 for r in sides.values()
        )
        # one joint holds what the other lost: with both cut, the losses are judged together
        share = None if lost is None else max(0.0, 1 - lost)
        yield LevelStability(
            level=level,
            left_kept_fraction=kept[0],
            right_kept_fraction=kept[1],
            stability_class=classify_stability(share, touched=touched),
        )


def _remark_entries(entries: Sequence[EntryPair]) -> Iterator[Finding]:
    for pair in entries:
        if pair.share_incision:
            yield make_finding(
                "PL-103",
                Severity.NOTE,
                what="Two entries can share one skin incision",
                where=f"{pair.a}, {pair.b}",
                why=f"They lie {pair.distance_mm:.1f} mm apart, and an incision is "
                f"{value('plan_sets.shared_incision_mm'):.0f} mm long.",
            )


def _remark_tubes(tubes: Sequence[TubePair]) -> Iterator[Finding]:
    for pair in tubes:
        if pair.gap_mm < 0:
            yield make_finding(
                "PL-104",
                Severity.NOTE,
                what="Two cannulas cross: they cannot be in place at the same time",
                where=f"{pair.a}, {pair.b}",
                why=f"They overlap by {-pair.gap_mm:.1f} mm.",
            )


def _remark_joints(
    stability: Sequence[LevelStability], plans: Sequence[Named]
) -> Iterator[Finding]:
    """Yield levels of which both joints lose something, or may."""
    for row in stability:
        kept = (row.left_kept_fraction, row.right_kept_fraction)
        if all(share is not None and share >= 1 for share in kept):
            continue
        alone = ", ".join(
            f"{p.side} {p.resection.stability_class}" for _, p in plans if p.level == row.level
        )
        shares = ", ".join("not assessed" if s is None else f"{1 - s:.0%}" for s in kept)
        if all(share is None or share < 1 for share in kept):
            yield make_finding(
                "PL-105",
                Severity.CONFIRM,
                what="Both facet joints of one level lose bone, or may",
                where=row.level,
                why=f"Of the joint surface goes {shares} (left, right); alone they are {alone}, "
                f"together {row.stability_class}. Rotation grows more than twice as much when "
                "both joints are cut as when one is.",
            )


def _remark_vertebrae(plans: Sequence[Named]) -> Iterator[Finding]:
    """Yield vertebrae cut at both ends of one pars: above by one plan, below by the next."""
    for (a, first), (b, second) in combinations(plans, 2):
        pair = sorted(
            ((a, first), (b, second)), key=lambda named: Level.parse(named[1].level).upper
        )
        for (_, upper), (_, lower) in (pair, pair[::-1]):
            shared = Level.parse(upper.level).lower
            if upper.side != lower.side or Level.parse(lower.level).upper != shared:
                continue
            above = upper.resection.volume_mm3 or 0.0
            below = (lower.resection.iap_volume_mm3 or 0.0) + (
                lower.resection.pars_volume_mm3 or 0.0
            )
            if above > 0 and below > 0:
                yield make_finding(
                    "PL-106",
                    Severity.CONFIRM,
                    what="One vertebra loses bone above and below its pars on one side",
                    where=f"{shared} {upper.side}",
                    why=f"{upper.level} takes {above:.0f} mm3 of its superior process, "
                    f"{lower.level} {below:.0f} mm3 of pars and inferior process.",
                )


def _remark_nerves(plans: Sequence[Named]) -> Iterator[Finding]:
    """Yield nerves that two plans come near: the lower level's exiting root is one."""
    for (a, first), (b, second) in combinations(plans, 2):
        near = [_find_near_nerves(plan) for plan in (first, second)]
        for structure in sorted(near[0].keys() & near[1].keys()):
            yield make_finding(
                "PL-107",
                Severity.NOTE,
                what="Two plans come near one nerve",
                where=f"{structure}: {a}, {b}",
                why=f"Least room {near[0][structure]:.1f} and {near[1][structure]:.1f} mm, both "
                "within the uncertainty of its place.",
            )


def _find_near_nerves(plan: Plan) -> dict[str, float]:
    """Return the least room to each nerve that any tool comes within the uncertainty of."""
    near: dict[str, float] = {}
    for stage in plan.stages:
        for row in stage.clearances:
            if row.group == "nerve" and row.clearance_mm < row.uncertainty_mm:
                least = near.get(row.structure, row.clearance_mm)
                near[row.structure] = min(least, row.clearance_mm)
    return near
