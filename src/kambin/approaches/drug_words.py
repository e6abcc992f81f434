"""Drugs and weights as a person writes them, refused where anything is missing."""

import re
from typing import get_args

from kambin.approaches.doses import Drug, Group
from kambin.core import RequestError
from kambin.knowledge import find_preparation, values

_DRUG = re.compile(
    r"(?P<name>[a-z]+(?: *\+ *[a-z]+)?)(?: *: *| +|$)"
    r"(?:(?P<percent>\d+(?:\.\d+)?) *%?)? *(?:@ *(?P<groups>[a-z, ]+))?"
)


def read_drug(text: str) -> Drug:
    """Read a drug as written on the command line.

    Parameters
    ----------
    text : str such as ``lidocaine 1%``, ``lidocaine+epinephrine:0.5`` or, for some parts of the
        way only, ``ropivacaine:0.3@foramen``

    Raises
    ------
    RequestError  (RQ-140) if no table has the drug; (RQ-143) if it is not understood, has no
        concentration, or one that can only be a slip of the pen
    """
    match = _DRUG.fullmatch(text.strip().lower())
    if match is None:
        raise _refuse(text, "It is not a name, a concentration in percent and parts of the way.")
    preparation = find_preparation(match["name"].replace(" ", ""))
    if match["percent"] is None:
        raise _refuse(text, "The concentration is missing, and none is assumed.")
    percent = float(match["percent"])
    low, high = values("layers.asked_percent")
    if not low <= percent <= high:
        raise _refuse(text, f"{percent:g} % lies outside {low:g} to {high:g} %.")
    return Drug(preparation, percent, _read_groups(text, match["groups"] or ""))


def require_weight(weight_kg: float | None) -> float:
    """Return the patient's weight, kg.

    Parameters
    ----------
    weight_kg : float or none, kg

    Raises
    ------
    RequestError  (RQ-141) if nobody told it, or it lies outside what the sums are tested for
    """
    low, high = values("layers.weight_kg")
    # written so that a weight that is not a number is refused as well
    if weight_kg is not None and low <= weight_kg <= high:
        return weight_kg
    told = "Nobody told it" if weight_kg is None else f"{weight_kg:g} kg was told"
    raise RequestError(
        code="RQ-141",
        what="The patient's weight is not known",
        where="--weight-kg",
        why=f"{told}; every ceiling counts from it, and sums hold from {low:g} to {high:g} kg.",
        next_step="Weigh the patient and give --weight-kg.",
    )


def require_share(at_most: float) -> float:
    """Return the share of the ceiling that may be used, above 0 and at most 1.

    Parameters
    ----------
    at_most : float

    Raises
    ------
    RequestError  (RQ-144) if it is more than the whole, or nothing
    """
    if 0 < at_most <= 1:
        return at_most
    raise RequestError(
        code="RQ-144",
        what="This share of the ceiling makes no sense",
        where=f"--at-most {at_most:g}",
        why="It counts from above 0 to 1, the whole ceiling.",
        next_step="Give --at-most 0.5 for half of the ceiling, for example.",
    )


def _read_groups(text: str, words: str) -> tuple[Group, ...]:
    known: dict[str, Group] = {name: name for name in get_args(Group)}
    asked = [word.strip() for word in words.split(",") if word.strip()]
    strange = [word for word in asked if word not in known]
    if strange:
        raise _refuse(text, f"{strange[0]} is none of the parts {', '.join(known)}.")
    return tuple(known[word] for word in asked)


def _refuse(text: str, why: str) -> RequestError:
    return RequestError(
        code="RQ-143",
        what="A drug is not understood",
        where=f"--drug {text[:40]!r}",
        why=why,
        next_step='Write it as --drug "lidocaine 0.5%" or --drug lidocaine:0.5@foramen.',
    )
