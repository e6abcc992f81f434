"""How the workstation refuses over the network: our shape, no trace, no path, no header."""

from typing import Final

from kambin.core import KambinError, SessionError, require_code

STATUS: Final = {
    "SE-010": 421,
    "SE-011": 403,
    "SE-012": 401,
    "SE-013": 404,
    "SE-014": 429,
    "SE-015": 409,
    "SE-016": 500,
    "IN-120": 413,
}
"""The status of each refusal."""

BAD_REQUEST: Final = 400
"""For whatever else a person can mend."""


def make_refusal(code: str, *, where: str = "the workstation") -> SessionError:
    """Return the error of a code, in the words of the registry and of nothing that was sent.

    Parameters
    ----------
    code : registered code
    where : str, words of ours
    """
    row = require_code(code)
    return SessionError(
        code=code, what=row.title, where=where, why=row.cause, next_step=row.next_step
    )


def as_document(error: KambinError) -> dict[str, object]:
    """Return the one shape in which errors leave the workstation."""
    return {"schema_version": 1, "error": error.as_document()}


def status_of(code: str) -> int:
    """Return the HTTP status of a code."""
    return STATUS.get(code, BAD_REQUEST)
