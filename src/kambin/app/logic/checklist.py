"""What a person looks at before signing: bound to one content of a plan, anew for the next."""

from dataclasses import dataclass

from kambin.app.logic.answering import find_accepted
from kambin.app.logic.closed import step_closed
from kambin.app.logic.draft import HandPath
from kambin.app.logic.session import Session
from kambin.app.logic.stale import is_stale
from kambin.core import RequestError
from kambin.planning import Plan
from kambin.report.words import plain_words

LOOKED = {
    "look-place": "Side and level on the pictures are those of the patient and of the consent.",
    "look-nerve": "The exiting root was looked at on the slices, also where it is modelled.",
    "look-way": "Every structure on the way was looked at, from the skin to the target.",
    "look-tools": "The tools of the list, in these sizes and lengths, are at hand.",
}
"""What no program can tick: codes and words."""


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One line of the checklist.

    Parameters
    ----------
    code : str, a finding's code, or a name of ``LOOKED`` or of what the program sees
    words : str, one sentence
    is_done : bool
    is_asked : bool, a person ticks it or answers it; else the program sees it
    """

    code: str
    words: str
    is_done: bool
    is_asked: bool


def list_items(session: Session) -> tuple[CheckItem, ...]:
    """Return the checklist of the plan that is shown, in the order of reading.

    Parameters
    ----------
    session : Session

    Raises
    ------
    PlanError, StoreError  as ``find_accepted``
    """
    plan = session.answer
    if not isinstance(plan, Plan):
        return ()
    accepted = find_accepted(session)
    seen = (
        CheckItem("place", _place_words(session), _is_place(session, plan), False),
        CheckItem("fresh", "The case is the one it was planned on.", not is_stale(session), False),
        CheckItem(
            "path",
            "The path under the hand is that of the plan.",
            _is_own_path(session, plan),
            False,
        ),
    )
    asked = {f.code: f for f in plan.findings if f.severity == "CONFIRM"}
    answers = tuple(
        CheckItem(code, f"{plain_words(f.what)}: {plain_words(f.why)}", code in accepted, True)
        for code, f in asked.items()
    )
    ticks = tuple(
        CheckItem(code, words, (plan.content_sha256, code) in session.ticks, True)
        for code, words in LOOKED.items()
    )
    return (*seen, *answers, *ticks)


def tick(session: Session, code: str, *, done: bool) -> None:
    """Tick or untick one line that a person looks at, for this content of the plan alone.

    Parameters
    ----------
    session : Session with a plan
    code : str, of ``LOOKED``; findings are answered by name instead
    done : bool

    Raises
    ------
    RequestError  (RQ-181) without a plan; (RQ-186) for a line that is not ticked by hand
    """
    plan = session.answer
    if not isinstance(plan, Plan):
        raise step_closed(mend="plan", why="There is no plan to sign.")
    if code not in LOOKED:
        raise not_ready(words="This line is not ticked by hand.", code=code)
    mark = (plan.content_sha256, code)
    session.ticks = session.ticks | {mark} if done else session.ticks - {mark}
    session.publish("answer")


def require_complete(session: Session) -> Plan:
    """Return the plan whose checklist is complete.

    Parameters
    ----------
    session : Session

    Raises
    ------
    RequestError  (RQ-181) without a plan; (RQ-186) naming the first line that is open
    """
    plan = session.answer
    if not isinstance(plan, Plan):
        raise step_closed(mend="plan", why="There is no plan to sign.")
    for item in list_items(session):
        if not item.is_done:
            raise not_ready(words=item.words, code=item.code)
    return plan


def not_ready(*, words: str, code: str) -> RequestError:
    """Return the error of a checklist with an open line.

    Parameters
    ----------
    words, code : str, of the line
    """
    return RequestError(
        code="RQ-186",
        what="The checklist is not complete",
        where=code,
        why=f"Open: {words}",
        next_step="Look at what the line says, then tick or answer it.",
    )


def _place_words(session: Session) -> str:
    if session.place is None:
        return "Nobody confirmed side and level in this session."
    return f"{session.place.name} was confirmed by {session.place.by} in this session."


def _is_place(session: Session, plan: Plan) -> bool:
    place = session.place
    return place is not None and (str(place.level), place.side.value) == (plan.level, plan.side)


def _is_own_path(session: Session, plan: Plan) -> bool:
    if session.hovering is not None:
        return False
    return session.history is None or session.history.present == HandPath.of_plan(plan)
