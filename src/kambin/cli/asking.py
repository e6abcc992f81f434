"""What must be said on the command line, because guessing it would be dangerous."""

import math
from collections.abc import Sequence

from kambin.anatomy import Level
from kambin.core import RequestError
from kambin.frames import Side
from kambin.planning import PlanRequest


def require_level(word: str | None) -> Level:
    """Return the disc level a command was asked for.

    Parameters
    ----------
    word : str such as ``L4-L5``, or none if the option was left out

    Raises
    ------
    RequestError  (RQ-004) if none was given; (RQ-002) if it is no lumbar disc level
    """
    if word is None:
        raise _missing(option="--level", example="L4-L5")
    return Level.parse(word)


def require_side(word: str | None) -> Side:
    """Return the patient's side a command was asked for.

    Parameters
    ----------
    word : str, ``left`` or ``right`` in any case, or none if the option was left out

    Raises
    ------
    RequestError  (RQ-004) if none was given; (RQ-005) if it is neither left nor right
    """
    if word is None:
        raise _missing(option="--side", example="left")
    try:
        return Side(word.strip().lower())
    except ValueError as error:
        raise RequestError(
            code="RQ-005",
            what="The side is not understood",
            where=f"--side {word[:20]!r}",
            why="A side is the patient's own left or right.",
            next_step="Use --side left or --side right.",
        ) from error


def find_level(word: str | None) -> Level | None:
    """Return the disc level, or none if the command may do without.

    Raises
    ------
    RequestError  (RQ-002) if it is no lumbar disc level
    """
    return None if word is None else require_level(word)


def find_side(word: str | None) -> Side | None:
    """Return the patient's side, or none if the command may do without.

    Raises
    ------
    RequestError  (RQ-005) if it is neither left nor right
    """
    return None if word is None else require_side(word)


def find_target(word: str | None) -> tuple[float, float, float] | None:
    """Return the target of ``--target X,Y,Z``, shape (3,), mm, LPS, or none.

    Raises
    ------
    RequestError  (RQ-007) if it is not three finite numbers
    """
    if word is None:
        return None
    try:
        x, y, z = (float(part) for part in word.split(","))
    except ValueError:
        # too few, too many or no numbers: one answer for all, below
        x = y = z = math.nan
    # the sum is a number only if all three are
    if not math.isfinite(x + y + z):
        raise RequestError(
            code="RQ-007",
            what="The target is not understood",
            where=f"--target {word[:40]!r}",
            why="A target is three numbers in millimetres, LPS, with commas and no blanks.",
            next_step="Give it as --target X,Y,Z, or name a zone with --zone.",
        )
    return x, y, z


def require_request(
    level: str | None,
    side: str | None,
    *,
    zone: str | None,
    target: str | None,
    technique: str | None,
    cannula_mm: float | None = None,
) -> PlanRequest:
    """Return the question of a command for one place, as its words say it.

    Parameters
    ----------
    level, side, zone, target, technique : as written on the command line, or none
    cannula_mm : float, mm, or none for the technique's

    Raises
    ------
    RequestError  as ``require_level``, ``require_side``, ``find_target`` and ``PlanRequest``
    """
    return PlanRequest(
        level=require_level(level),
        side=require_side(side),
        zone=zone,
        target_lps_mm=find_target(target),
        technique=technique,
        cannula_mm=cannula_mm,
    )


def find_weights(words: Sequence[str]) -> dict[str, float]:
    """Return the weights of ``--weight NAME=N``; the planner says which names there are.

    Raises
    ------
    RequestError  (RQ-105) if one is no name with a number
    """
    found: dict[str, float] = {}
    for word in words:
        name, _, number = word.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError as error:
            raise RequestError(
                code="RQ-105",
                what="The weight is not understood",
                where=f"--weight {word[:30]!r}",
                why="A weight is a name of the objective, = and a number.",
                next_step="Give it as --weight NAME=N; kambin info lists the names.",
            ) from error
    return found


def _missing(*, option: str, example: str) -> RequestError:
    return RequestError(
        code="RQ-004",
        what=f"{option} is missing",
        where=option,
        why="There is no default level and no default side, on purpose.",
        next_step=f"Add {option}, for example {option} {example}.",
    )
