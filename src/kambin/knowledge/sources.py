"""What the key of a source stands for: the bibliography of all tables."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

NO_PAPER = ("general", "derived")
"""Keys that say that no paper was read."""

_KEY = re.compile(r"\b(?:LC|[ABCHIMOPTX])\d+b?\b")


@cache
def sources() -> Mapping[str, str]:
    """Return the citation of every key, in the order of the bibliography."""
    table = resources.files("kambin.knowledge").joinpath("tables", "sources.toml")
    return MappingProxyType(tomllib.loads(table.read_text("utf-8")))


def cite(key: str) -> str:
    """Return what a key of a source stands for.

    Parameters
    ----------
    key : str such as ``T5``

    Raises
    ------
    LookupError  if the bibliography has no such key
    """
    found = sources().get(key)
    if found is None:
        msg = f"source {key} is not in knowledge/tables/sources.toml"
        raise LookupError(msg)
    return found


def find_keys(text: str) -> tuple[str, ...]:
    """Return the keys that stand in the source of a row, in their order, each once.

    Parameters
    ----------
    text : str such as ``evidence 3.5 (A22, A49)``; words that are no keys are passed over
    """
    known = sources()
    words = re.findall(r"[A-Za-z]+\d*b?", text)
    # a paper must be written as a key; a name such as Nellensteijn is one if it is listed
    return tuple(dict.fromkeys(w for w in words if _KEY.fullmatch(w) or w in known))
