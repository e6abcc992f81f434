"""Step 5: what is known of the path under the hand, live while it is dragged."""

from kambin.app.logic.draft import Draft, HandPath
from kambin.app.logic.session import Session
from kambin.app.shown.curve import show_curve
from kambin.app.shown.findings import show_findings
from kambin.app.state import ExamineView, Fact, FindingRow, GapRow
from kambin.planning import Certainty, Clearance, Group, Plan, Reach, Stage
from kambin.planning.evaluator import Evaluation
from kambin.report.words import direction_words, fraction_words, mm_words, structure_words

ROWS = 12
"""Clearances that stand on the screen without scrolling at 1366 by 768; the others are larger."""

_BRIEF = {
    "superior articular process": "SAP",
    "inferior articular process": "IAP",
    "upper border of pedicle": "pedicle border",
    "upper rim of body": "rim of body",
    "transverse process": "TP",
    "spinous process": "SP",
    "segmental artery": "seg. artery",
    "traversing root": "trav. root",
    "ganglion (DRG)": "DRG",
}
_NERVES = frozenset({"exiting_root", "traversing_root", "drg", "dural_sac"})


def show_examine(session: Session, version: str = "") -> ExamineView:
    """Return the panel of the path under the hand.

    Parameters
    ----------
    session : Session
    version : str, such as ``v3``
    """
    draft = session.draft
    if draft is None:
        return ExamineView()
    plan = find_own_plan(session)
    rows = () if draft.evaluation is None else gap_rows(draft.evaluation.stages)
    verdict, reason = split_verdict(draft.verdict.words)
    return ExamineView(
        has_path=True,
        verdict=verdict,
        tone=draft.verdict.tone,
        reason=reason,
        live=plan is None,
        title=_title(session, version, plan),
        facts=() if draft.evaluation is None else _facts(draft.evaluation, session),
        rows=rows[:ROWS],
        more_rows=max(len(rows) - ROWS, 0),
        largest=_largest(draft, rows),
        certain=_certain(draft, plan),
        curve=None if plan is None else show_curve(plan.resection),
        findings=_findings(draft, plan),
        entry=tuple(f"{number:.1f}" for number in _typed(draft.path.entry_lps_mm)),
        target=tuple(f"{number:.1f}" for number in _typed(draft.path.target_lps_mm)),
        tolerance_mm=0.0 if plan is None else plan.certainty.tolerance_entry_mm or 0.0,
    )


def find_own_plan(session: Session) -> Plan | None:
    """Return the sealed plan if it is what lies under the hand, and none once that was moved.

    Parameters
    ----------
    session : Session
    """
    plan, draft = session.answer, session.draft
    if isinstance(plan, Plan) and draft is not None and draft.path == HandPath.of_plan(plan):
        return plan
    return None


def split_verdict(words: str) -> tuple[str, str]:
    """Return the few words that are read at two metres, and the reason that follows them.

    Parameters
    ----------
    words : str, of a Verdict
    """
    ends = [place for mark in (": ", ", with ") if (place := words.find(mark)) > 0]
    if not ends:
        return words, ""
    reason = words[min(ends) :].lstrip(":, ")
    return words[: min(ends)], reason[:1].upper() + reason[1:]


def gap_rows(stages: tuple[Stage, ...]) -> tuple[GapRow, ...]:
    """Return of each kind of structure the one that any tool comes nearest to, nerves first.

    Parameters
    ----------
    stages : of an evaluation or a plan
    """
    best: dict[str, tuple[Clearance, Stage]] = {}
    for stage in stages:
        for one in stage.clearances:
            kind = one.structure.split(":")[0]
            known = best.get(kind)
            if known is None or one.clearance_mm < known[0].clearance_mm:
                best[kind] = (one, stage)
    # nerves are asked about first; then whatever is closest
    ordered = sorted(
        best.items(), key=lambda pair: (pair[0] not in _NERVES, pair[1][0].clearance_mm, pair[0])
    )
    return tuple(_gap_row(one, stage) for _, (one, stage) in ordered)


def _gap_row(one: Clearance, stage: Stage) -> GapRow:
    word, tone = _meaning(one)
    mark = "m" if one.origin == "modelled" else "s"
    return GapRow(
        key=one.structure,
        words=_short(structure_words(one.structure)),
        gap=f"{one.clearance_mm:.1f} mm",
        at=stage.tool,
        sure=f"{mark} ±{one.sigma_mm:.1f}",
        word=word,
        tone=tone,
    )


def _short(words: str) -> str:
    """Return a name that fits into one line of the table, as surgeons write it."""
    for long, brief in _BRIEF.items():
        words = words.replace(long, brief)
    return words


def _meaning(one: Clearance) -> tuple[str, str]:
    if one.hard_margin_mm is not None and one.clearance_mm < one.hard_margin_mm:
        return f"under margin {one.hard_margin_mm:.1f}", "stop"
    if one.clearance_mm < 0:
        # forceps touch at the target, under sight: only removable bone is removed for a tool
        taken = one.group == Group.REMOVABLE.value and one.hard_margin_mm is None
        return ("removed", "care") if taken else ("overlaps", "care")
    if one.inside_uncertainty:
        return "within doubt", "care"
    return "clear", "good"


def _facts(found: Evaluation, session: Session) -> tuple[Fact, ...]:
    entry, angles = found.entry, found.angles
    side = "" if session.place is None else session.place.side.value
    bone = found.resection.volume_mm3
    return (
        Fact("entry", f"{entry.lateral_of_midline_mm:.0f} mm {side}", "of the midline"),
        Fact(
            "height",
            direction_words(entry.cranial_of_disc_line_mm, "cranial", "caudal"),
            "of the disc line on the skin",
        ),
        Fact("inclination", f"{angles.axial_inclination_to_disc_deg:.1f}°", "to the disc"),
        Fact("cranio-caudal", f"{angles.craniocaudal_to_disc_deg:.1f}°", "to the disc"),
        Fact("depth", f"{entry.depth_mm:.0f} mm", "skin to target along the axis"),
        Fact("bone taken", mm_words(bone, "mm³")),
    )


def _largest(draft: Draft, rows: tuple[GapRow, ...]) -> tuple[Fact, ...]:
    if draft.evaluation is None:
        return ()
    nearest = rows[0] if rows else None
    entry, angles = draft.evaluation.entry, draft.evaluation.angles
    return (
        Fact("depth, skin to target", f"{entry.depth_mm:.0f} mm"),
        Fact("axial inclination to the disc", f"{angles.axial_inclination_to_disc_deg:.0f}°"),
        *(() if nearest is None else (_nearest(nearest),)),
    )


def _nearest(row: GapRow) -> Fact:
    """Return the smallest gap in words that need no legend: they are read at two metres."""
    modelled = ", modelled" if row.sure.startswith("m ") else ""
    return Fact(f"to {row.words}{modelled}, {row.word}", row.gap)


def _certain(draft: Draft, plan: Plan | None) -> tuple[Fact, ...]:
    if plan is None:
        live = Fact("live numbers", "plan again for certainty and the second check")
        found = draft.evaluation
        return (live,) if found is None else (*_reached(found.reach), live)
    return (*_proved(plan), *_tolerated(plan.certainty), *_reached(plan.reach))


def _proved(plan: Plan) -> tuple[Fact, ...]:
    most, own = plan.certificate.upper_bound_mm, plan.objectives
    if most is None or own is None:
        return ()
    note = "worth under the weights of the technique; no listed path is worth more"
    return (Fact("objective, best / plan", f"{most:.1f} / {own.score_mm:.1f} mm", note),)


def _tolerated(certainty: Certainty) -> tuple[Fact, ...]:
    skin, turn = certainty.tolerance_entry_mm, certainty.tolerance_angle_deg
    turned = "not assessed" if turn is None else f"{turn:.1f}°"
    hand = Fact("the hand may err", f"{mm_words(skin)} at skin, {turned}")
    likely = sorted(certainty.contact_probability.items(), key=lambda pair: (-pair[1], pair[0]))
    return (
        hand,
        *(
            Fact(f"likeliest contact: {structure_words(key)}", f"{100 * share:.1f} %")
            for key, share in likely[:1]
        ),
    )


def _reached(reach: Reach) -> tuple[Fact, ...]:
    if reach.reachable_fraction is None:
        return ()
    reached, seen = fraction_words(reach.reachable_fraction), fraction_words(reach.visible_fraction)
    return (Fact("fragment", f"{reached} reached, {seen} seen"),)


def _findings(draft: Draft, plan: Plan | None) -> tuple[FindingRow, ...]:
    if plan is not None:
        return show_findings(plan.findings)
    severity = {"stop": "stop", "care": "answer"}.get(draft.verdict.tone, "note")
    return tuple(
        FindingRow("", severity, reason, next_step="Move the path, or undo.")
        for reason in draft.verdict.reasons
    )


def _title(session: Session, version: str, plan: Plan | None) -> str:
    if session.request is None:
        return ""
    # a path that was moved keeps the tools of the plan it was moved from
    known = plan if plan is not None else session.answer
    name = session.request.technique or ""
    if known is not None:
        name = f"{known.technique}, cannula {known.cannula_mm:.1f} mm"
    state = "" if plan is not None else " · moved by hand"
    return " · ".join(word for word in (name.replace("_", " "), version) if word) + state


def _typed(point_lps_mm: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return a point as it is typed: to the left, to the back, to the head, mm."""
    return point_lps_mm
