"""Plan documents: written with a hash of their content, so that a hand edit is seen."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from kambin.anatomy import Confirmation
from kambin.core import PlanError, StoreError
from kambin.exchange.case_files import CONFIRMATIONS_FILE, read_confirmations
from kambin.exchange.documents import (
    SCHEMA_VERSION as CONFIRMATIONS_VERSION,
)
from kambin.exchange.documents import tell_unreadable, write_document
from kambin.planning import (
    FIRST_VERSION,
    SCHEMA_VERSION,
    MigratedFrom,
    Plan,
    hash_content,
    hash_document,
    migrate_document,
    seal_plan,
)

Model = TypeVar("Model", bound=BaseModel)
"""A plan, a refusal or a verification."""


def write_plan(plan: Plan, path: Path) -> Plan:
    """Write a plan as canonical JSON with the hash of its content.

    Parameters
    ----------
    plan : Plan
    path : the file to write

    Returns
    -------
    the plan as written, rounded and with its ``content_sha256``

    Raises
    ------
    StoreError  (ST-001) if it cannot be written
    """
    sealed = seal_plan(plan)
    write_document(sealed, Path(path))
    return sealed


def read_plan(path: Path, *, verify: bool = True) -> Plan:
    """Read a plan document of any schema, and refuse one that was edited after it was written.

    Parameters
    ----------
    path : the file, which is never changed
    verify : whether to refuse an edited plan here; the second checker reports it instead

    Returns
    -------
    Plan of the present schema; of an older one a copy, sealed anew, that names what it was
    written as

    Raises
    ------
    PlanError  (PL-091) if it is no plan document; (PL-090) if its content does not match its
        hash
    StoreError  (ST-004) if it is of a newer version
    """
    return read_sealed_plan(Path(path), verify=verify)[0]


def read_sealed_plan(path: Path, *, verify: bool = True) -> tuple[Plan, str]:
    """Return a plan and the hash that its file was written with.

    Raises
    ------
    PlanError, StoreError  as ``read_plan``
    """
    document = read_planning_document(path)
    if "content_sha256" not in document or document.get("infeasible"):
        raise not_a_plan(path, "It is a refusal or another document without a plan's hash.")
    plan = validate_document(path, Plan, document)
    written, now = plan.content_sha256, hash_content(plan)
    # the content as it lies there is what the hash is of; the copy may have names it lacks
    is_whole = written in (now, hash_document(document))
    if verify and not is_whole:
        raise PlanError(
            code="PL-090",
            what="The plan file was edited after it was written",
            where=path.name,
            why="Its content does not match the hash that was written with it.",
            next_step="Make the plan again with kambin plan; a plan is never edited by hand.",
        )
    if not is_whole or written == now:
        return plan, written
    origin = MigratedFrom(schema_version=document["schema_version"], content_sha256=written)
    return seal_plan(plan.model_copy(update={"migrated_from": origin})), written


def read_planning_document(path: Path, newest: int = SCHEMA_VERSION) -> dict[str, Any]:
    """Return the JSON object of a document of planning as it lies in its file.

    Parameters
    ----------
    path : the file
    newest : int, the newest version that is understood

    Raises
    ------
    PlanError  (PL-091) if it is none
    StoreError  (ST-004) if it is of a newer version
    """
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise not_a_plan(path, tell_unreadable(error)) from error
    if not isinstance(document, dict):
        raise not_a_plan(path, "It is not a JSON object.")
    version = document.get("schema_version")
    # true is a one to Python, and no version
    if type(version) is not int or version < FIRST_VERSION:
        raise not_a_plan(path, "It carries no schema_version.")
    # the version before the content: fields of a newer one would be called mistakes (P02)
    if version > newest:
        raise StoreError(
            code="ST-004",
            what="A document is of a newer version",
            where=path.name,
            why=f"It has version {version}, {newest} is understood.",
            next_step="Update the software; the file was not changed.",
        )
    return document


def validate_own_document(path: Path, model: type[Model], newest: int) -> Model:
    """Return a document that has a version of its own.

    Raises
    ------
    PlanError  (PL-091) naming the first field that is wrong
    StoreError  (ST-004) if it is of a newer version
    """
    return _validate(path, model, read_planning_document(path, newest))


def validate_document(path: Path, model: type[Model], document: Mapping[str, Any]) -> Model:
    """Return a document of any released schema as one of the present schema.

    Raises
    ------
    PlanError  (PL-091) naming the first field that is wrong
    """
    return _validate(path, model, migrate_document(document))


def _validate(path: Path, model: type[Model], document: Mapping[str, Any]) -> Model:
    try:
        return model.model_validate_json(json.dumps(document))
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise not_a_plan(path, f"{place}: {fault['msg']}.") from error


def confirmations_beside(plan_path: Path) -> Path:
    """Return the file of a person's answers to the findings of one plan.

    Returns
    -------
    path beside the plan; it need not exist
    """
    plan_path = Path(plan_path)
    return plan_path.with_name(f"{plan_path.stem}.{CONFIRMATIONS_FILE}")


def read_plan_confirmations(plan_path: Path) -> tuple[Confirmation, ...]:
    """Return the answers to the findings of the plan as it is now, oldest first.

    Answers that were given to an earlier content of the file do not count.

    Raises
    ------
    PlanError, StoreError  as ``read_plan``, and (ST-005) if the answers are damaged
    """
    # a plan made anew has another hash, and its questions are open again
    return read_bound_confirmations(Path(plan_path), read_sealed_plan(Path(plan_path))[1])


def read_bound_confirmations(path: Path, content_sha256: str) -> tuple[Confirmation, ...]:
    """Return the answers beside a document that were given to this content of it.

    Raises
    ------
    StoreError  (ST-005) if the answers are damaged
    """
    file, suffix = confirmations_beside(path), f"@{content_sha256}"
    return tuple(
        Confirmation(a.by, a.at, a.code, a.value.removesuffix(suffix))
        for a in read_confirmations(file.parent, file.name)
        if a.value.endswith(suffix)
    )


def record_plan_confirmation(plan_path: Path, confirmation: Confirmation) -> None:
    """Add a person's answer to a finding of a plan, bound to the plan's content.

    Raises
    ------
    PlanError, StoreError  as ``read_plan``, and (ST-001) if it cannot be written
    """
    content = read_sealed_plan(Path(plan_path))[1]
    record_bound_confirmation(Path(plan_path), content, confirmation)


def record_bound_confirmation(path: Path, content_sha256: str, confirmation: Confirmation) -> None:
    """Add a person's answer beside a document, bound to its content.

    Raises
    ------
    StoreError  (ST-005) if the answers are damaged; (ST-001) if it cannot be written
    """
    file, c = confirmations_beside(path), confirmation
    # an answer is given to what was on the page, so it carries the hash of that content
    bound = Confirmation(c.by, c.at, c.code, f"{c.value}@{content_sha256}")
    answers = [*read_confirmations(file.parent, file.name), bound]
    document = {"schema_version": CONFIRMATIONS_VERSION, "confirmations": answers}
    write_document(document, file)


def not_a_plan(path: Path, why: str) -> PlanError:
    """Return the error for a file that is no plan document."""
    return PlanError(
        code="PL-091",
        what="This is not a plan file",
        where=path.name,
        why=why,
        next_step="Give the plan.json that kambin plan wrote.",
    )
