"""Signing and locking a plan file: what the files hold, after the plan itself was judged."""

from dataclasses import dataclass
from pathlib import Path

from kambin.core import PlanError, StoreError
from kambin.exchange.chains import log_changed
from kambin.exchange.plan_files import read_sealed_plan
from kambin.exchange.plan_history import History, note_act, read_history, settle_history
from kambin.exchange.plan_shelf import Shelf
from kambin.exchange.signatures import (
    LOCKED,
    SIGNED,
    add_act,
    is_locked,
    judge_signatures,
    read_acts,
    require_consistent,
)
from kambin.planning import Signature


@dataclass(frozen=True, slots=True)
class SignRequest:
    """What a person puts the name under.

    Parameters
    ----------
    by : str, who signs
    at : str, moment, ISO 8601
    content_sha256 : str, of the plan that the person has seen and that was checked
    case_sha256 : str, of the case it was checked on
    accepted : tuple of codes accepted by then
    max_difference_mm : float, mm, between the two computations of the check, or none
    """

    by: str
    at: str
    content_sha256: str
    case_sha256: str
    accepted: tuple[str, ...]
    max_difference_mm: float | None


def sign_plan_file(place: Path, request: SignRequest) -> Signature:
    """Put a person's name under the plan as it lies there; the same name twice is one signature.

    Parameters
    ----------
    place : plan file, or the folder that holds it
    request : SignRequest; that the plan may be signed was judged by ``require_signable``

    Raises
    ------
    PlanError  (PL-090, PL-091) as ``read_plan``
    StoreError  (ST-012) if the plan is another one by now; (ST-011) if history or signatures
        were changed; (ST-001) if it cannot be written
    """
    shelf = Shelf.at(place)
    with shelf.alone():
        history = settle_history(shelf, request.at)
        require_consistent(shelf, read_acts(shelf.signatures_file), history.events)
        written = read_sealed_plan(shelf.answer_file("plan"))[1]
        if written != request.content_sha256:
            raise _changed_meanwhile(shelf)
        if not _find_own(shelf, request):
            act = {
                "act": SIGNED,
                "by": request.by,
                "at": request.at,
                "content_sha256": request.content_sha256,
                "case_sha256": request.case_sha256,
                "accepted": sorted(set(request.accepted)),
                "max_difference_mm": request.max_difference_mm,
            }
            made = add_act(shelf, act, history.head_sha256)
            note_act(shelf, made, event=SIGNED, at=request.at)
    return _find_own(shelf, request)[-1]


def lock_plan_file(place: Path, *, at: str, case_sha256: str) -> tuple[Signature, ...]:
    """Lock the signed plan as it lies there: nothing replaces it unasked from now on.

    Parameters
    ----------
    place : plan file, or the folder that holds it
    at : str, moment, ISO 8601
    case_sha256 : str, of the case as it is

    Returns
    -------
    tuple of Signature that count

    Raises
    ------
    PlanError  (PL-102) if nobody signed it as it is; (PL-090, PL-091) as ``read_plan``
    StoreError  (ST-011) if history or signatures were changed; (ST-001) if it cannot be written
    """
    shelf = Shelf.at(place)
    if not shelf.history_file.exists():
        # before anything is written beside it; with a history, what was stopped is finished first
        read_sealed_plan(shelf.answer_file("plan"))
    with shelf.alone():
        history = settle_history(shelf, at)
        content = read_sealed_plan(shelf.answer_file("plan"))[1]
        valid = tuple(s for s in read_signatures(place, case_sha256=case_sha256) if s.is_valid)
        if not valid:
            raise PlanError(
                code="PL-102",
                what="The plan is not signed as it is",
                where=shelf.answer_file("plan").name,
                why="A lock keeps what a person has put the name under; no signature counts here.",
                next_step="Sign it: kambin sign CASE PLAN --by NAME.",
            )
        if not valid[0].is_locked:
            act = {"act": LOCKED, "at": at, "content_sha256": content, "case_sha256": case_sha256}
            made = add_act(shelf, act, history.head_sha256)
            note_act(shelf, made, event=LOCKED, at=at)
    return tuple(s for s in read_signatures(place, case_sha256=case_sha256) if s.is_valid)


def read_signatures(place: Path, *, case_sha256: str | None = None) -> tuple[Signature, ...]:
    """Return the signatures under a plan, and of each whether it still counts, and why not.

    Parameters
    ----------
    place : plan file, one of its kept versions, or the folder that holds it
    case_sha256 : str, of the case as it is, or none not to ask

    Raises
    ------
    PlanError  (PL-091) if it is no plan
    StoreError  (ST-011) if history or signatures were changed, or a locked plan was replaced
    """
    keeper = Shelf.of_version(place)
    shelf = keeper or Shelf.at(place)
    acts, history = read_acts(shelf.signatures_file), read_history(shelf.answer_file("plan"))
    require_consistent(shelf, acts, history.events)
    _require_lock_kept(shelf, history)
    file = shelf.answer_file("plan") if keeper is None else Path(place)
    return judge_signatures(acts, _find_content(file), case_sha256) if acts else ()


def _require_lock_kept(shelf: Shelf, history: History) -> None:
    """Refuse a folder whose locked plan is gone without a version that took its place."""
    current, here = history.current, shelf.find_answers()
    if current is None or not is_locked(shelf.signatures_file, current.content_sha256):
        return
    # a known version that lies there is a write that was stopped, and that the next one finishes
    known = {version.file_sha256 for version in history.versions}
    if not here or any(digest not in known for digest, _ in here.values()):
        raise log_changed(
            shelf.answer_file(current.kind), "It is locked, and not the plan that was locked."
        )


def _find_content(file: Path) -> str:
    """Return the hash of the plan in a file, empty where nothing there can be what was signed."""
    # a refusal may have taken its place
    if not file.is_file():
        return ""
    try:
        return read_sealed_plan(file)[1]
    except PlanError as error:
        if error.code != "PL-090":
            raise
        # edited by hand: the hash it still carries is that of what was signed
        return ""


def _find_own(shelf: Shelf, request: SignRequest) -> tuple[Signature, ...]:
    """Return the signatures of this person under this content on this case."""
    acts = read_acts(shelf.signatures_file)
    found = judge_signatures(acts, request.content_sha256, request.case_sha256)
    return tuple(s for s in found if s.is_valid and s.by == request.by)


def _changed_meanwhile(shelf: Shelf) -> StoreError:
    return StoreError(
        code="ST-012",
        what="The plan is another one than the one that was checked",
        where=shelf.answer_file("plan").name,
        why="It was replaced while it was checked; nothing was signed.",
        next_step="Look at the plan as it is, and sign that.",
    )
