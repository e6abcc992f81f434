"""Findings: what a check has to say to the surgeon."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

from kambin.core.codes import require_code


class Severity(StrEnum):
    """How much a finding stops: BLOCK stops, CONFIRM needs a named person, NOTE is shown."""

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
        require_code(self.code)

    def as_document(self) -> dict[str, str]:
        """Return the finding as the plain mapping that the JSON documents carry."""
        return {name: str(value) for name, value in asdict(self).items()}


def find_blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that stop planning."""
    return tuple(f for f in findings if f.severity is Severity.BLOCK)


def find_unanswered(findings: Iterable[Finding], accepted: Iterable[str]) -> tuple[Finding, ...]:
    """Return the CONFIRM findings whose code no person has accepted yet."""
    answered = frozenset(accepted)
    return tuple(f for f in findings if f.severity is Severity.CONFIRM and f.code not in answered)
