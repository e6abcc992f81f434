"""Step 8: the checklist bound to one content of a plan, and who signed it."""

from kambin.app.logic.session import Session
from kambin.app.state import CheckRow, SignView
from kambin.planning import Plan


def show_sign(session: Session, made: tuple[str, ...]) -> SignView:
    """Return the panel of signing.

    Parameters
    ----------
    session : Session
    made : what was printed and exported, as sentences
    """
    plan = session.answer
    if not isinstance(plan, Plan):
        return SignView()
    return SignView(sha256=plan.content_sha256, rows=(CheckRow("", ""),), made=made)
