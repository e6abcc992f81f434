"""Findings: what a check has to say to the surgeon."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

from kambin.core.codes import require_code


class Severity(StrEnum):
    """How much a finding stops: BLOCK stops, CONFIRM needs a named person, NOTE is shown."""

    # In the order in which they are listed: what stops comes first.
    BLOCK = "BLOCK"
    CONFIRM = "CONFIRM"
    NOTE = "NOTE"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of a check, with its severity, object, cause and next step.

    Parameters
    ----------
    code : registered code, see ``docs/reference/codes.md``
    severity : Severity
    what : str, one sentence a surgeon understands
    where : str, the file, structure, level and side; never patient text
    why : str, the measured value and the limit, with unit
    next_step : str, what to do now

    Raises
    ------
    LookupError  if the code is not registered
    """

    code: str
    severity: Severity
    what: str
    where: str
    why: str
    next_step: str

    def __post_init__(self) -> None:
        """Refuse a code nobody registered."""
        # At the start and not when printed: a mistyped code then fails in every test of its check.
        require_code(self.code)

    def as_document(self) -> dict[str, str]:
        """Return the finding as the plain mapping that the JSON documents carry."""
        # The severity as its word, so that a document can be read without this package.
        return {name: str(value) for name, value in asdict(self).items()}


def find_blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that stop planning.

    Parameters
    ----------
    findings : in any order

    Returns
    -------
    the BLOCK findings, in the order in which they came
    """
    return tuple(f for f in findings if f.severity is Severity.BLOCK)


def find_unanswered(findings: Iterable[Finding], accepted: Iterable[str]) -> tuple[Finding, ...]:
    """Return the CONFIRM findings whose code no person has accepted yet.

    Parameters
    ----------
    findings : in any order
    accepted : codes that a named person has accepted

    Returns
    -------
    the open CONFIRM findings, in the order in which they came
    """
    # By code: a yes to a code counts for each place where the same check found it.
    answered = frozenset(accepted)
    return tuple(f for f in findings if f.severity is Severity.CONFIRM and f.code not in answered)
