"""The registry of stable codes, read from one table and listed in the docs."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Code:
    """One registered code: its branch, the fault rows it answers and what to do.

    Parameters
    ----------
    code : str such as ``IN-014``; never reused
    title : str, a short sentence
    rows : the rows of the fault catalogue it covers, such as ``G02``
    cause : str, what usually leads to it
    next_step : str, what the user does
    answered_at : str, ``case`` if a CONFIRM of it must be answered before measuring and
        planning, ``plan`` if it belongs to each plan, which then needs confirmation
    """

    code: str
    title: str
    rows: tuple[str, ...]
    cause: str
    next_step: str
    answered_at: str = "case"


@cache
def read_codes() -> dict[str, Code]:
    """Return every registered code by its name, in table order."""
    text = resources.files("kambin.core").joinpath("codes.toml").read_text("utf-8")
    rows = tomllib.loads(text)
    return {
        name: Code(
            name,
            row["title"],
            # Some codes answer to no fault of the catalogue, such as those of a mistaken call.
            tuple(row.get("rows", ())),
            row["cause"],
            row["next_step"],
            # Most questions are about the case; only what a row says so is asked by each plan anew.
            row.get("answered_at", "case"),
        )
        for name, row in rows.items()
    }


def require_code(code: str) -> Code:
    """Return the registered code.

    Raises
    ------
    LookupError  if nobody registered it; that is a bug of ours, not of the user
    """
    found = read_codes().get(code)
    # Not an error for the user: nobody outside can mend a missing row.
    if found is None:
        msg = f"code {code} is not in core/codes.toml"
        raise LookupError(msg)
    return found
