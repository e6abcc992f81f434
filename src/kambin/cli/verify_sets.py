"""``kambin verify`` of a set of plans: every member, and what the set says of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kambin.cli.output import print_lines, with_version
from kambin.cli.plan_words import print_records
from kambin.core import PlanError, StoreError, require_code
from kambin.desk.verifying import record_error
from kambin.exchange import PLAN_FILE, REFUSAL_FILE, SET_FILE, read_answer, read_plan_set
from kambin.planning import FindingRecord, Member, PlanSet, Signature, Verification, make_plan_set

Judged = tuple[Verification, tuple[Signature, ...] | None]
"""The second checker's answer on one plan, and the signatures under it."""


@dataclass(frozen=True, slots=True)
class SetVerdict:
    """What is said of a set of plans.

    Parameters
    ----------
    members : tuple of (name, file, Judged or none); none for a refusal, in which nothing is to be
        checked
    findings : tuple of FindingRecord, what is wrong with the set itself
    """

    members: tuple[tuple[str, str, Judged | None], ...]
    findings: tuple[FindingRecord, ...] = ()

    @property
    def valid(self) -> bool:
        """Return whether the set holds and every plan in it is valid."""
        judged = [found[0].valid for _, _, found in self.members if found is not None]
        return not self.findings and all(judged)


def find_set_file(place: Path) -> Path | None:
    """Return the file of the set that a path means, or none where it means one plan.

    Parameters
    ----------
    place : a file, or a folder; one that holds a plan of its own means that plan
    """
    if not place.is_dir():
        return place if place.name == SET_FILE else None
    is_plan = any((place / name).exists() for name in (PLAN_FILE, REFUSAL_FILE))
    file = place / SET_FILE
    return file if file.exists() and not is_plan else None


def judge_set(file: Path, judge: Callable[[Path], Judged]) -> SetVerdict:
    """Return the verdict on a set: its members by their hashes, each plan, and its own words.

    Parameters
    ----------
    file : file of the set
    judge : what checks the plan in a file

    Notes
    -----
    What a set says of its members follows from them alone: it is made again and compared.
    """
    try:
        found = read_plan_set(file)
        files = [file.parent / (member.file or "") for member in found.members]
        answers = [read_answer(each) for each in files]
    except (PlanError, StoreError) as error:
        return SetVerdict((), (record_error(error),))
    members = [
        Member(answer, row.file, row.file_sha256)
        for answer, row in zip(answers, found.members, strict=True)
    ]
    judged = tuple(
        (
            f"{row.level} {row.side}",
            row.file or "",
            None if row.status == "refused" else judge(each),
        )
        for row, each in zip(found.members, files, strict=True)
    )
    return SetVerdict(judged, _compare(found, make_plan_set(members)))


def describe_set(
    verdict: SetVerdict,
    describe: Callable[[Verification, tuple[Signature, ...] | None], dict[str, Any]],
) -> dict[str, Any]:
    """Return the verdict on a set as a document.

    Parameters
    ----------
    verdict : SetVerdict
    describe : what makes the document of one plan's verdict
    """
    rows = [
        {
            "member": name,
            "file": file,
            "verdict": None if judged is None else describe(*judged),
        }
        for name, file, judged in verdict.members
    ]
    return with_version(
        {
            "valid": verdict.valid,
            "members": rows,
            "findings": [record.model_dump(mode="json") for record in verdict.findings],
        }
    )


def print_set(
    verdict: SetVerdict, show: Callable[[Verification, tuple[Signature, ...] | None], None]
) -> None:
    """Print the verdict on a set and on each of its plans.

    Parameters
    ----------
    verdict : SetVerdict
    show : what prints one plan's verdict
    """
    print_lines(f"Set of {len(verdict.members)}: {'valid' if verdict.valid else 'NOT VALID'}")
    print_records(verdict.findings)
    for name, file, judged in verdict.members:
        if judged is None:
            print_lines(f"{name}  {file}: refused, nothing to check")
            continue
        print_lines(f"{name}  {file}")
        show(*judged)


def _compare(found: PlanSet, again: PlanSet) -> tuple[FindingRecord, ...]:
    """Return what stops a set that says something else than its members."""
    if found == again:
        return ()
    parts = [name for name in PlanSet.model_fields if getattr(found, name) != getattr(again, name)]
    return (
        record_error(
            PlanError(
                code="PL-089",
                what="The set says something else than its members",
                where=", ".join(parts),
                why="What a set says follows from its members; made again, it differs.",
                next_step=require_code("PL-089").next_step,
            )
        ),
    )
