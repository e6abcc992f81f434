"""Step 8: the checklist bound to one content of a plan, and who signed it."""

from kambin.app.logic.checklist import LOOKED, CheckItem, list_items
from kambin.app.logic.session import Session
from kambin.app.logic.signing import list_signatures
from kambin.app.state import CheckRow, SignView
from kambin.core import KambinError
from kambin.planning import Plan, Signature


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
    try:
        items, signatures = list_items(session), list_signatures(session)
    except KambinError as error:
        # a file that was edited: what it says counts for nothing, and that is told here
        return SignView(sha256=plan.content_sha256, signed=(f"{error.what}. {error.why}",))
    return SignView(
        sha256=plan.content_sha256,
        rows=tuple(_row(item) for item in items),
        complete=all(item.is_done for item in items),
        signed=tuple(_signed(one) for one in signatures),
        locked=any(one.is_locked and one.is_valid for one in signatures),
        made=made,
    )


def _row(item: CheckItem) -> CheckRow:
    asked = "tick" if item.code in LOOKED else "answer"
    return CheckRow(item.code, item.words, item.is_done, asked if item.is_asked else "seen")


def _signed(one: Signature) -> str:
    if not one.is_valid:
        return f"The signature of {one.by} no longer counts: {one.why_not}"
    moment = one.at[:16].replace("T", " ")
    return f"Signed by {one.by}, {moment} UTC{', locked' if one.is_locked else ''}"
