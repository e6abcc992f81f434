"""The gate before measuring and planning: nothing passes while a finding is open."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kambin.anatomy import Case, CaseCheck, Level
from kambin.core import AnatomyError, Finding, find_blocking, find_unanswered, require_code
from kambin.desk.workbench import check_once
from kambin.exchange import find_import_findings, read_case

_COUNTING = frozenset({"AN-112", "AN-114"})
"""What is asked about the number of lumbar vertebrae."""


_STOPS_PLANS_ALONE = frozenset({"AN-134"})
"""Without skin no entry is planned (G18); a foramen is measured all the same."""


@dataclass(frozen=True, slots=True)
class CheckedCase:
    """A case with everything its checks have to say.

    Parameters
    ----------
    folder : the case folder, as it was named on the command line
    case : Case
    check : CaseCheck
    findings : of the import and of the checks
    """

    folder: Path
    case: Case
    check: CaseCheck
    findings: tuple[Finding, ...]


def read_checked_case(folder: Path, *, verify: bool = True) -> CheckedCase:
    """Read a case folder and run the checks that every command relies on.

    Parameters
    ----------
    folder : the case folder
    verify : bool, refuse a case that changed since it was written

    Raises
    ------
    StoreError, InputError  as ``read_case``
    """
    case = read_case(folder, verify=verify)
    check = check_once(case)
    return CheckedCase(folder, case, check, (*find_import_findings(case), *check.findings))


def require_answered(
    checked: CheckedCase, more: Iterable[Finding] = (), *, plans: bool = True
) -> None:
    """Stop while a BLOCK stands or a person's answer is missing.

    Parameters
    ----------
    checked : CheckedCase
    more : further findings about the case, such as those of the completion
    plans : bool, false where no entry on the skin is looked for

    Raises
    ------
    AnatomyError  (AN-020) listing what stops; (AN-021) with the call that answers
    """
    findings = (*checked.findings, *more)
    # what stops comes before what asks: nobody should confirm a case that cannot be used
    blocking = find_stopping(findings, plans=plans)
    if blocking:
        raise AnatomyError(
            code="AN-020",
            what="The case cannot be used as it is",
            where=str(checked.folder),
            why=f"Findings stop it: {_codes(blocking)}.",
            next_step=f"{blocking[0].next_step} All findings: kambin check {checked.folder}",
            findings=blocking,
        )
    unanswered = find_questions(checked, more)
    if unanswered:
        raise AnatomyError(
            code="AN-021",
            what="A person must answer first",
            where=str(checked.folder),
            why=f"Nobody has confirmed {_codes(unanswered)}.",
            next_step="Look at each, then: "
            + confirm_call(checked.folder, unanswered, checked.check.scheme.name),
            findings=unanswered,
        )


def find_questions(checked: CheckedCase, more: Iterable[Finding] = ()) -> tuple[Finding, ...]:
    """Return the CONFIRM findings that a person must answer before measuring and planning.

    Parameters
    ----------
    checked : CheckedCase
    more : further findings about the case; those that belong to each plan do not count
    """
    findings = (*checked.findings, *more)
    return tuple(
        finding
        for finding in find_unanswered(findings, checked.case.accepted_codes)
        # what each plan asks anew is answered on the plan, with its numbers on the page
        if require_code(finding.code).answered_at == "case"
    )


def find_stopping(findings: Iterable[Finding], *, plans: bool) -> tuple[Finding, ...]:
    """Return the BLOCK findings that stop planning, or those that stop measuring as well.

    Parameters
    ----------
    findings : in any order
    plans : bool, whether an entry on the skin is looked for
    """
    blocking = find_blocking(findings)
    return tuple(f for f in blocking if plans or f.code not in _STOPS_PLANS_ALONE)


def stopped_words(blocking: Iterable[Finding]) -> str:
    """Return what these findings stop, as the beginning of a sentence.

    Parameters
    ----------
    blocking : BLOCK findings of a case
    """
    if not find_stopping(blocking, plans=False):
        return "Planning is stopped, measuring is not,"
    return "Measuring and planning are stopped"


def settle_level(checked: CheckedCase, asked: Level | None) -> Level | None:
    """Return the level that was asked for, if this patient has it.

    Parameters
    ----------
    checked : CheckedCase
    asked : Level, or none for all; where one level alone is marked, that one

    Raises
    ------
    AnatomyError  (AN-152) if its two vertebrae are not neighbours here, or another one is marked
    """
    scheme, present = checked.check.scheme, checked.check.levels_present
    if asked is None:
        return Level.parse(scheme.index_level) if scheme.index_level else None
    # four lumbar vertebrae have an L4-S1 and no L4-L5: never the one in place of the other
    if str(asked) in present:
        return asked
    raise AnatomyError(
        code="AN-152",
        what=f"This patient's labels show no level {asked}",
        where=str(checked.folder),
        why=f"{scheme.name}, from head to foot {', '.join(scheme.vertebrae) or 'no vertebra'}.",
        next_step=f"Its levels are {', '.join(present) or 'none'}. See kambin check --picture.",
    )


def confirm_call(folder: Path, findings: Iterable[Finding], scheme: str = "") -> str:
    """Return the command that answers all these findings.

    Parameters
    ----------
    folder : the case folder
    findings : what is asked
    scheme : str, what the labels show, such as ``4 lumbar``; it answers a question of counting
    """
    # each code once, however many structures it was found on
    codes = list(dict.fromkeys(f.code for f in findings))
    words = []
    # a number of vertebrae is a better answer than a yes: it is in the report with the name
    if scheme and not _COUNTING.isdisjoint(codes):
        words = [f'--scheme "{scheme}"']
        codes = [code for code in codes if code not in _COUNTING]
    words += [f"--accept {code}" for code in codes]
    return f"kambin confirm {folder} --by NAME {' '.join(words)}"


def _codes(findings: Iterable[Finding]) -> str:
    return ", ".join(dict.fromkeys(finding.code for finding in findings))
