"""The answer that lies in the folder of a place: opened, migrated, or blocked with its reason."""

from kambin.anatomy import Level
from kambin.app.logic.messages import Message, error_message
from kambin.app.logic.session import Session
from kambin.app.logic.stale import is_stale, stale_message
from kambin.app.logic.wish import PlanWish
from kambin.core import PlanError, StoreError
from kambin.desk.planning import find_plan_folder
from kambin.exchange import find_answer_file, read_answer
from kambin.frames import Side
from kambin.knowledge import techniques
from kambin.planning import Plan, PlanRequest, Refusal
from kambin.planning.certainty_models import DEFAULT_SETTING


def load_answer(session: Session) -> None:
    """Take up the answer that lies in the folder of the confirmed place, if there is one.

    An edited or newer document stays where it is and is told as an error; of an older one a
    migrated copy is shown, and that it is one is told (P02). Publishes nothing but messages.

    Parameters
    ----------
    session : Session with a confirmed place
    """
    if session.folder is None or session.place is None:
        return
    file = find_answer_file(
        find_plan_folder(session.folder, session.place.level, session.place.side)
    )
    if not file.is_file():
        return
    try:
        answer = read_answer(file)
    except (PlanError, StoreError) as error:
        session.tell(error_message(error, "plan"))
        return
    session.answer, session.answer_file = answer, file
    session.request, session.wish = request_of(answer), wish_of(answer)
    if isinstance(answer, Plan) and answer.migrated_from is not None:
        session.tell(_migrated(answer))
    if is_stale(session):
        session.tell(stale_message())


def request_of(answer: Plan | Refusal) -> PlanRequest:
    """Return the question that an answer answers.

    Parameters
    ----------
    answer : Plan or Refusal

    Raises
    ------
    RequestError  (RQ-002) if it names no lumbar level
    """
    target = None
    if isinstance(answer, Plan) and answer.zone is None:
        target = answer.trajectory.target_lps_mm
    wish = wish_of(answer)
    return PlanRequest(
        Level.parse(answer.level),
        Side(answer.side),
        zone=answer.zone,
        target_lps_mm=target,
        technique=wish.technique,
        cannula_mm=wish.cannula_mm,
        margins=wish.margins,
        weights=wish.weights,
        errors=wish.errors,
    )


def wish_of(answer: Plan | Refusal) -> PlanWish:
    """Return the technique and tools of an answer.

    Parameters
    ----------
    answer : Plan or Refusal
    """
    setting = DEFAULT_SETTING
    if isinstance(answer, Plan):
        setting = answer.certainty.setting or DEFAULT_SETTING
    return PlanWish(
        technique=answer.technique,
        cannula_mm=answer.cannula_mm,
        margins=answer.margins,
        weights=_own_weights(answer),
        errors=setting,
    )


def _own_weights(answer: Plan | Refusal) -> dict[str, float]:
    """Return the weights that a surgeon gave: those that are not the technique's."""
    known = techniques().get(answer.technique)
    usual = {} if known is None else known.weights.model_dump()
    return {name: one for name, one in answer.weights.items() if usual.get(name) != one}


def _migrated(plan: Plan) -> Message:
    origin = plan.migrated_from
    version = 0 if origin is None else origin.schema_version
    return Message(
        "note",
        "plan",
        what="An older plan is shown as a migrated copy",
        where="plan.json",
        why=f"It was written by schema {version}; the file was not changed.",
        next_step="Plan again to have it in the present form.",
    )
