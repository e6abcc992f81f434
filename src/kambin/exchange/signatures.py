"""Who signed and locked which content of a plan, and whether it still counts."""

from collections.abc import Sequence
from pathlib import Path

from kambin.exchange.chains import (
    NOTHING_BEFORE,
    Entry,
    add_entry,
    log_changed,
    read_log,
    write_log,
)
from kambin.exchange.plan_shelf import Shelf
from kambin.planning import Signature

SIGNED, LOCKED = "signed", "locked"


def read_acts(file: Path) -> tuple[Entry, ...]:
    """Return what persons did with a plan, oldest first.

    Raises
    ------
    StoreError  (ST-011) if it was changed; (ST-004) if it is of a newer version
    """
    return read_log(file)


def is_locked(file: Path, content_sha256: str) -> bool:
    """Return whether this content of the plan was locked.

    Raises
    ------
    StoreError  (ST-011, ST-004) as ``read_acts``
    """
    return any(
        a["act"] == LOCKED and a["content_sha256"] == content_sha256 for a in read_acts(file)
    )


def judge_signatures(
    acts: Sequence[Entry], content_sha256: str, case_sha256: str | None
) -> tuple[Signature, ...]:
    """Return all signatures, and of each whether it still counts.

    Parameters
    ----------
    acts : entries of the log
    content_sha256 : str, of the plan as it lies there
    case_sha256 : str, of the case as it is, or none not to ask
    """
    locked = {act["content_sha256"] for act in acts if act["act"] == LOCKED}
    found = []
    for act in acts:
        if act["act"] != SIGNED:
            continue
        why = ""
        if act["content_sha256"] != content_sha256:
            why = "The plan was changed after it was signed."
        elif case_sha256 is not None and act["case_sha256"] != case_sha256:
            why = "The case was changed after the plan was signed."
        found.append(
            Signature(
                by=str(act["by"]),
                at=str(act["at"]),
                content_sha256=str(act["content_sha256"]),
                case_sha256=str(act["case_sha256"]),
                accepted=tuple(act["accepted"]),
                is_locked=act["content_sha256"] in locked,
                is_valid=not why,
                why_not=why,
            )
        )
    return tuple(found)


def add_act(shelf: Shelf, said: Entry, history_sha256: str) -> str:
    """Add a signature or a lock, and return its hash; the caller is alone on the shelf.

    Parameters
    ----------
    shelf : Shelf
    said : what was done, by whom, when, and to which content
    history_sha256 : str, head of the history at that moment
    """
    entries = add_entry(
        read_acts(shelf.signatures_file), {**said, "history_sha256": history_sha256}
    )
    write_log(shelf.signatures_file, entries)
    return str(entries[-1]["sha256"])


def require_consistent(shelf: Shelf, acts: Sequence[Entry], events: Sequence[Entry]) -> None:
    """Refuse signatures and a history of which one was cut or exchanged.

    Parameters
    ----------
    shelf : Shelf
    acts, events : entries of the two logs

    Raises
    ------
    StoreError  (ST-011)

    Notes
    -----
    A log that was cut at its end is still well linked; the other one then names what is missing.
    """
    known = {NOTHING_BEFORE, *(event["sha256"] for event in events)}
    if any(act["history_sha256"] not in known for act in acts):
        raise log_changed(shelf.history_file, "A signature names an entry that it does not hold.")
    made = {act["sha256"] for act in acts}
    if any(event.get("act_sha256", "") not in {"", *made} for event in events):
        raise log_changed(shelf.signatures_file, "The history names a signature it does not hold.")
