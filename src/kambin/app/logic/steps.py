"""The eight steps and their gates: what is missing, in one sentence, and where it is mended."""

from kambin.app.logic.closed import STEPS, Closed, step_closed
from kambin.app.logic.session import Session
from kambin.app.logic.stale import is_stale
from kambin.desk.gate import find_questions, find_stopping
from kambin.planning import Plan, Refusal


def gate(session: Session, step: str) -> Closed | None:
    """Return why a step is closed, or none if it is open.

    Parameters
    ----------
    session : Session
    step : str, one of ``closed.STEPS``
    """
    for name in STEPS[: STEPS.index(step) + 1]:
        # what a later step needs, an earlier one has opened; versions are no condition of signing
        if name in ("compare", "rehearse") and name != step:
            continue
        # after a refusal the other ways to operate are what one asks for
        if (name, step) == ("examine", "compare"):
            continue
        if (found := _GATES[name](session)) is not None:
            return found
    return None


def go_to(session: Session, step: str) -> None:
    """Show a step.

    Parameters
    ----------
    session : Session
    step : str, one of ``closed.STEPS``

    Raises
    ------
    RequestError  (RQ-181) while it is closed
    """
    if (found := gate(session, step)) is not None:
        raise step_closed(mend=found.mend, why=found.words)
    session.step = step
    session.publish("case")


def _case(session: Session) -> Closed | None:
    return None


def _place(session: Session) -> Closed | None:
    if session.checked is None:
        return Closed("No case is open.", "case")
    return None


def _anatomy(session: Session) -> Closed | None:
    if session.checked is not None and (closed := _find_open(session)) is not None:
        return closed
    if session.place is None:
        return Closed("Nobody has confirmed side and level in this session.", "place")
    return None


def _plan(session: Session) -> Closed | None:
    if session.anatomy is None:
        return Closed("The anatomy has not been completed and looked through.", "anatomy")
    return _find_open(session)


def _examine(session: Session) -> Closed | None:
    if isinstance(session.answer, Plan) or session.history is not None:
        return None
    if isinstance(session.answer, Refusal):
        return Closed("There is no plan: the answer is a refusal, and no path is set.", "plan")
    return Closed("There is no plan and no path yet.", "plan")


def _compare(session: Session) -> Closed | None:
    if session.answer is not None:
        return None
    return Closed("There is no plan and no refusal yet to set beside other ways.", "plan")


def _rehearse(session: Session) -> Closed | None:
    return Closed("Rehearsal with C-arm and endoscope comes later.", "examine")


def _sign(session: Session) -> Closed | None:
    if not isinstance(session.answer, Plan):
        return Closed("There is no plan to sign.", "plan")
    if is_stale(session):
        return Closed("The case changed after planning: this plan is stale.", "plan")
    return None


def _find_open(session: Session) -> Closed | None:
    """Return what of the case stops, or still asks a person."""
    if session.checked is None:
        return Closed("No case is open.", "case")
    more = () if session.anatomy is None else session.anatomy.findings
    stopping = find_stopping((*session.checked.findings, *more), plans=True)
    if stopping:
        return Closed(f"{stopping[0].code} stops this case: {stopping[0].what}.", "case")
    asked = find_questions(session.checked, more)
    if asked:
        return Closed(f"A person must answer {asked[0].code} first: {asked[0].what}.", "case")
    return None


_GATES = {
    "case": _case,
    "place": _place,
    "anatomy": _anatomy,
    "plan": _plan,
    "examine": _examine,
    "compare": _compare,
    "rehearse": _rehearse,
    "sign": _sign,
}
