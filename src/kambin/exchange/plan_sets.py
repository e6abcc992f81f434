"""A set of plans as files: one folder a member, and one document that names them by hash."""

from hashlib import sha256
from pathlib import Path

from kambin.anatomy import Confirmation
from kambin.core import PlanError
from kambin.exchange.documents import write_document
from kambin.exchange.plan_files import (
    not_a_plan,
    read_bound_confirmations,
    record_bound_confirmation,
    validate_own_document,
)
from kambin.planning import PLAN_SET_VERSION, Member, Plan, PlanSet, Refusal, make_plan_set

SET_FILE = "planset.json"


def write_plan_set(answers: dict[Path, Plan | Refusal], out: Path) -> PlanSet:
    """Write the document of a set whose members were written before.

    Parameters
    ----------
    answers : file of each member, inside ``out`` -> the answer in it
    out : the folder of the set

    Returns
    -------
    PlanSet as written

    Raises
    ------
    RequestError  (RQ-103) if they make no set
    StoreError  (ST-001) if it cannot be written
    """
    members = [
        Member(answer, file.relative_to(out).as_posix(), sha256(file.read_bytes()).hexdigest())
        for file, answer in answers.items()
    ]
    made = make_plan_set(members)
    write_document(made, out / SET_FILE)
    return made


def read_plan_set(path: Path) -> PlanSet:
    """Read a set of plans, and refuse it where a member is not the one it was made of.

    Parameters
    ----------
    path : the document, or the folder that holds it

    Raises
    ------
    PlanError  (PL-091) if it is no set of plans; (PL-108) if a member is missing or changed
    StoreError  (ST-004) if it is of a newer version
    """
    file = path / SET_FILE if path.is_dir() else path
    found = validate_own_document(file, PlanSet, PLAN_SET_VERSION)
    for member in found.members:
        if member.file is None:
            raise not_a_plan(file, "It names no file for a member.")
        place = file.parent / member.file
        # a name in a document must not lead out of its folder
        if not place.resolve().is_relative_to(file.parent.resolve()):
            raise not_a_plan(file, "It names a file outside its folder.")
        data = place.read_bytes() if place.is_file() else b""
        if sha256(data).hexdigest() != member.file_sha256:
            raise PlanError(
                code="PL-108",
                what="A member of the set is not the one that the set was made of",
                where=f"{member.level} {member.side}",
                why=f"{member.file} is {'missing' if not data else 'another one'}.",
                next_step="Make the set again with kambin plan --also or --bilateral.",
            )
    return found


def record_set_confirmation(path: Path, confirmation: Confirmation) -> None:
    """Add a person's answer to a finding of a set, bound to the set as it is.

    Raises
    ------
    PlanError, StoreError  as ``read_plan_set``, and (ST-001) if it cannot be written
    """
    read_plan_set(path)
    record_bound_confirmation(path, sha256(path.read_bytes()).hexdigest(), confirmation)


def read_set_confirmations(path: Path) -> tuple[Confirmation, ...]:
    """Return the answers to the findings of a set as it is now, oldest first.

    Raises
    ------
    PlanError, StoreError  as ``read_plan_set``, and (ST-005) if the answers are damaged
    """
    read_plan_set(path)
    return read_bound_confirmations(path, sha256(path.read_bytes()).hexdigest())
