"""The error taxonomy: one root, five branches, stable codes, one exit code each."""

from typing import ClassVar

from kambin.core.codes import require_code
from kambin.core.findings import Finding


class KambinError(Exception):
    """Something the user can act on; anything else that is raised is a bug.

    Parameters
    ----------
    code : registered code, see ``docs/reference/codes.md``
    what : str, one sentence
    where : str, file, series, slice or structure; never patient text
    why : str, the cause with the value and the limit
    next_step : str, what to do now
    findings : the findings that led here, if a check raised

    Raises
    ------
    LookupError  if the code is not registered
    """

    # 1 belongs to no branch, so that a script can tell a bug from a bad input.
    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        *,
        code: str,
        what: str,
        where: str,
        why: str,
        next_step: str,
        findings: tuple[Finding, ...] = (),
    ) -> None:
        # First of all, so that no error can reach a user who then finds no page about it.
        require_code(code)
        # All parts in one line: a log or a traceback alone must be enough to act on.
        super().__init__(f"{code}: {what} ({where}). {why} Next: {next_step}")
        self.code = code
        self.what = what
        self.where = where
        self.why = why
        self.next_step = next_step
        self.findings = findings

    def as_document(self) -> dict[str, object]:
        """Return the error as the plain mapping that ``--json`` prints.

        Returns
        -------
        mapping of ``code``, ``what``, ``where``, ``why``, ``next_step`` and ``findings``
        """
        return {
            "code": self.code,
            "what": self.what,
            "where": self.where,
            "why": self.why,
            "next_step": self.next_step,
            "findings": [f.as_document() for f in self.findings],
        }


class RequestError(KambinError):
    """The call itself is incomplete or contradicts itself (no level, no target)."""

    exit_code = 2


class InputError(KambinError):
    """A file is unreadable, unsupported, inconsistent or too large."""

    exit_code = 3


class AnatomyError(KambinError):
    """A structure is missing, or level, side or field of view cannot be settled."""

    exit_code = 4


class PlanError(KambinError):
    """No safe plan, unsafe geometry, or inputs that changed since planning."""

    exit_code = 5


class StoreError(KambinError):
    """A case folder is in conflict, corrupt, out of space or of a newer schema."""

    exit_code = 6


class SessionError(KambinError):
    """A live session lost its tracking, its registration or its connection."""

    exit_code = 7
