"""Step 4: technique and tools, the answer, its alternatives and its certificate in plain words."""

from kambin.app.logic.draft import HandPath
from kambin.app.logic.session import Session
from kambin.app.shown.findings import show_findings
from kambin.app.state import Choice, Fact, Pick, PlanView, Refused
from kambin.knowledge import techniques
from kambin.planning import Alternative, Plan, Refusal
from kambin.report.proof_rows import proof_table
from kambin.report.refusal_rows import verdict as refusal_verdict
from kambin.report.words import fraction_words, mm_words, plain_words

THE_PLAN = "plan"
"""Name of the pick that is the plan itself."""

_CANNULAS = ("6.3", "7.0", "7.5", "8.0")
_SAME_MM = 0.01


def show_plan(session: Session, *, running: bool) -> PlanView:
    """Return the panel of planning.

    Parameters
    ----------
    session : Session
    running : bool, a job runs
    """
    wish, answer = session.wish, session.answer
    return PlanView(
        techniques=(
            Choice("", "the usual one"),
            *(Choice(name, one.title) for name, one in techniques().items()),
        ),
        cannulas=tuple(Choice(size, f"{size} mm") for size in _CANNULAS),
        technique=wish.technique or "",
        cannula="" if wish.cannula_mm is None else f"{wish.cannula_mm:g}",
        running=running,
        made="" if not isinstance(answer, Plan) else _made(answer),
        picks=_picks(session) if isinstance(answer, Plan) else (),
        certificate=() if answer is None else _certificate(answer),
        refusal=_refused(answer) if isinstance(answer, Refusal) else None,
    )


def _made(plan: Plan) -> str:
    state = "READY" if plan.status == "ready" else "A PERSON MUST ANSWER"
    return f"PLAN MADE: {plan.level} {plan.side.upper()}, {state}"


def _picks(session: Session) -> tuple[Pick, ...]:
    plan = session.answer
    if not isinstance(plan, Plan):
        return ()
    now = None if session.history is None else session.history.present
    own = HandPath.of_plan(plan)
    first = Pick(
        THE_PLAN,
        "The plan",
        " ".join(plain_words(one) for one in plan.explanation[:1]),
        _numbers(plan),
        chosen=now == own,
    )
    return (first, *(_other(one, now) for one in plan.alternatives))


def _other(one: Alternative, now: HandPath | None) -> Pick:
    path = HandPath.of(one.entry_lps_mm, one.target_lps_mm, one.stop_mm)
    found = one.objectives
    return Pick(
        one.name,
        one.name.replace("_", " "),
        plain_words(one.why),
        (
            Fact("to nerves", mm_words(found.nerve_clearance_mm)),
            Fact("bone", mm_words(found.bone_mm3, "mm³")),
            Fact("reached", fraction_words(found.reachable_fraction)),
        ),
        chosen=now == path,
    )


def _numbers(plan: Plan) -> tuple[Fact, ...]:
    nerve = None if plan.objectives is None else plan.objectives.nerve_clearance_mm
    return (
        Fact("to nerves", mm_words(nerve)),
        Fact("bone", mm_words(plan.resection.volume_mm3, "mm³")),
        Fact("reached", fraction_words(plan.reach.reachable_fraction)),
    )


def _certificate(answer: Plan | Refusal) -> tuple[str, ...]:
    table = proof_table(answer)
    return (*(f"{where}: {known}" for where, known in table.rows), table.note)


def _refused(refusal: Refusal) -> Refused:
    rows = show_findings(refusal.findings)
    steps = " ".join(dict.fromkeys(row.next_step for row in rows if row.severity == "stop"))
    title = "NO PLAN" if refusal.decidable else "CANNOT BE DECIDED"
    return Refused(
        f"{title}: {refusal.level} {refusal.side.upper()}", refusal_verdict(refusal), steps
    )
