"""Whether the answer still belongs to the case as it is (P01)."""

from kambin.app.logic.messages import Message
from kambin.app.logic.session import Session
from kambin.core import PlanError
from kambin.desk.verifying import stale_plan
from kambin.planning import Plan, Refusal


def is_stale(session: Session) -> bool:
    """Return whether the answer was made on another content of the case.

    Parameters
    ----------
    session : Session
    """
    answer, checked = session.answer, session.checked
    if answer is None or checked is None:
        return False
    return answer.case_sha256 != checked.case.sha256


def require_fresh(answer: Plan | Refusal, case_sha256: str) -> None:
    """Refuse a plan, or a refusal, whose case is another one now.

    Parameters
    ----------
    answer : Plan or Refusal
    case_sha256 : str, of the case as it lies there

    Raises
    ------
    PlanError  (PL-020)
    """
    error: PlanError = stale_plan(case_sha256, answer)
    if answer.case_sha256 != case_sha256:
        raise error


def stale_message() -> Message:
    """Return what is said of an answer whose case changed."""
    return Message(
        "error",
        "plan",
        what="The plan is stale: the case changed after planning",
        where="plan.json",
        why="It was made on other images, labels or drawings than those that are open.",
        next_step="Look at it if you must, and plan again; it cannot be signed or exported.",
        code="PL-020",
    )
