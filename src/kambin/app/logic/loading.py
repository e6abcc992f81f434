"""The answer that lies in the folder of a place: opened, migrated, or blocked with its reason."""

from kambin.app.logic.messages import Message, error_message
from kambin.app.logic.session import Session
from kambin.app.logic.stale import is_stale, stale_message
from kambin.app.logic.wish import PlanWish
from kambin.core import PlanError, StoreError
from kambin.desk.planning import find_plan_folder
from kambin.exchange import find_answer_file, read_answer
from kambin.exchange.plan_finishing import finish_write
from kambin.planning import Plan, PlanRequest, Refusal
from kambin.planning.asked_again import find_own_weights, find_setting, repeat_request


def load_answer(session: Session) -> None:
    """Take up the answer that lies in the folder of the confirmed place, if there is one.

    An edited or newer document stays where it is and is told as an error; of an older one a
    migrated copy is shown, and that it is one is told (P02). A write that was stopped between
    naming a version and replacing the plan is finished first (R01): else the screens would give
    the plan before it the number of the new one. Publishes nothing but messages.

    Parameters
    ----------
    session : Session with a confirmed place
    """
    if session.folder is None or session.place is None:
        return
    folder = find_plan_folder(session.folder, session.place.level, session.place.side)
    try:
        finish_write(folder)
    except StoreError as error:
        # the plan itself may be whole
        session.tell(error_message(error, "plan"))
    file = find_answer_file(folder)
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


def request_of(answer: Plan | Refusal) -> PlanRequest | None:
    """Return the question that an answer answers; without a zone a refusal's is the fragment.

    Parameters
    ----------
    answer : Plan or Refusal

    Raises
    ------
    RequestError  (RQ-002) if it names no lumbar level
    """
    return repeat_request(answer, aims_at_fragment=isinstance(answer, Refusal))


def wish_of(answer: Plan | Refusal) -> PlanWish:
    """Return the technique and tools of an answer.

    Parameters
    ----------
    answer : Plan or Refusal
    """
    return PlanWish(
        technique=answer.technique,
        cannula_mm=answer.cannula_mm,
        margins=answer.margins,
        weights=find_own_weights(answer),
        errors=find_setting(answer),
    )


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
