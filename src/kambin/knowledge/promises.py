"""What is said of the technique, quoted to be put to the test."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

PromiseVerdict = Literal["in_part", "weak", "misleading", "false_as_stated"]
"""What the literature makes of a promise; none of the list says that it holds."""


class Promise(BaseModel):
    """One promise with the figures that speak for and against it.

    Parameters
    ----------
    name, promise : str
    verdict : str, one word of ``PromiseVerdict``
    words : str, the verdict in sentences
    speaks_for, against : tuple of str, published figures
    shows : str or none, which numbers of a plan belong to it
    unseen : str, why a plan shows nothing of it, or empty
    tag, source : str, of the verdict
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    promise: str
    verdict: PromiseVerdict
    words: str
    speaks_for: tuple[str, ...]
    against: tuple[str, ...]
    shows: Literal["bone", "muscle", "stability", "reach", "skin"] | None = None
    unseen: str = ""
    tag: Literal["V", "V2", "M", "D"]
    source: str

    @model_validator(mode="after")
    def _shows_or_says_why_not(self) -> "Promise":
        if (self.shows is None) is not bool(self.unseen):
            msg = f"promise {self.name} needs either what a plan shows of it or why nothing"
            raise ValueError(msg)
        return self


@cache
def promises() -> Mapping[str, Promise]:
    """Return every promise by its name, in table order."""
    table = resources.files("kambin.knowledge").joinpath("tables", "promises.toml")
    rows = tomllib.loads(table.read_text("utf-8"))
    return MappingProxyType({name: Promise(name=name, **row) for name, row in rows.items()})
