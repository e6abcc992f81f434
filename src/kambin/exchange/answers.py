"""What planning answered, as files: a plan or a refusal, read back by what it says it is."""

from pathlib import Path

from kambin.exchange.documents import write_document
from kambin.exchange.plan_files import read_plan, read_planning_document, validate_document
from kambin.exchange.plan_history import find_present_file
from kambin.exchange.plan_shelf import PLAN_FILE, REFUSAL_FILE
from kambin.planning import Plan, Refusal, round_document


def write_refusal(refusal: Refusal, path: Path) -> Refusal:
    """Write a refusal as canonical JSON and return it as written, rounded.

    Raises
    ------
    StoreError  (ST-001) if it cannot be written
    """
    # rounded before it is returned, so that the caller goes on with what a reader will get
    write_document(round_document(refusal), path)
    return round_document(refusal)


def find_answer_file(place: Path) -> Path:
    """Return the plan or the refusal that a path means: the file itself, or the one in a folder.

    Parameters
    ----------
    place : a file, or the folder in which ``kambin plan`` wrote
    """
    if not place.is_dir():
        return place
    found = (place / PLAN_FILE, place / REFUSAL_FILE)
    if all(file.exists() for file in found):
        return find_present_file(place) or found[1]
    # with neither there, the plan: that is the file whose absence a person understands
    return found[0] if found[0].exists() or not found[1].exists() else found[1]


def read_answer(path: Path) -> Plan | Refusal:
    """Read a plan or a refusal of any schema.

    Raises
    ------
    PlanError  (PL-090) if a plan was edited; (PL-091) if it is neither
    StoreError  (ST-004) if it is of a newer version
    """
    document = read_planning_document(path)
    # told by what it says of itself; a file name may have been changed
    if document.get("infeasible"):
        return validate_document(path, Refusal, document)
    return read_plan(path)
