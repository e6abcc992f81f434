"""The plans of a set, for commands that answer for one plan at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kambin.core import RequestError, require_code
from kambin.exchange import read_plan_set, read_set_confirmations
from kambin.planning import FindingRecord, PlanSet


@dataclass(frozen=True, slots=True)
class SetMember:
    """A plan of a set, and where its own files go.

    Parameters
    ----------
    name : str, its level and side
    file : where the plan is read from
    folder : name of the folder of what is made of it
    """

    name: str
    file: Path
    folder: str


def find_plans(found: PlanSet, file: Path) -> Iterator[SetMember]:
    """Yield the plans of a set in its order; what was refused has none.

    Parameters
    ----------
    found : PlanSet
    file : where it was read from
    """
    for row in found.members:
        if row.status != "refused":
            yield SetMember(
                name=f"{row.level} {row.side}",
                file=file.parent / (row.file or ""),
                folder=f"{row.level}-{row.side}",
            )


def find_open_findings(found: PlanSet, file: Path) -> tuple[FindingRecord, ...]:
    """Return what the set itself asks that nobody has answered.

    Parameters
    ----------
    found : PlanSet
    file : where it was read from, with the answers beside it

    Raises
    ------
    PlanError, StoreError  as ``read_set_confirmations``
    """
    answered = {one.code for one in read_set_confirmations(file)}
    asked = (one for one in found.findings if one.severity == "CONFIRM")
    return tuple(one for one in asked if one.code not in answered)


def refuse_doses(file: Path) -> RequestError:
    """Return why drugs are told for one plan and not for a set of them.

    Parameters
    ----------
    file : of the set

    Raises
    ------
    PlanError, StoreError  as ``read_plan_set``
    """
    plans = list(find_plans(read_plan_set(file), file))
    return RequestError(
        code="RQ-146",
        what="Doses are told for one plan, and this is a set",
        where=", ".join(one.name for one in plans) or file.name,
        why="One patient has one ceiling: told for each plan alone, the doses of a session add up "
        "beyond it.",
        next_step=require_code("RQ-146").next_step,
    )
