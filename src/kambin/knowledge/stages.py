"""What each stage of the sequence may touch, and where it ends, as data."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kambin.knowledge.constants import value

Margins = Literal["fluoroscopy", "plan-only"]
"""What guides the tools: live X-ray and an awake patient, or the plan alone."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MarginRule(_Row):
    """How one stage treats one group of structures.

    Parameters
    ----------
    rule : str, ``keep`` a distance, ``contact`` to a depth, ``removed``, or under ``sight``
    row : str, name of the constant in mm, empty where nothing is demanded
    """

    rule: Literal["keep", "contact", "removed", "sight"]
    row: str = ""

    @property
    def demanded_mm(self) -> float | None:
        """Return the least gap of tool and structure, mm; negative is contact, none nothing."""
        if self.rule in ("removed", "sight"):
            return None
        return value(self.row) if self.rule == "keep" else -value(self.row)


class StageRules(_Row):
    """One stage: where it ends, and what it keeps off, slides on or removes.

    Parameters
    ----------
    name : str, the stage
    end : str, ``target``, ``docking`` or ``fragment``
    margins : mapping of a group of structures to MarginRule
    plan_only : mapping of a group to the MarginRule that replaces it without fluoroscopy
    tag, source, note : str
    """

    name: str
    end: Literal["target", "docking", "fragment"]
    margins: Mapping[str, MarginRule]
    plan_only: Mapping[str, MarginRule] = Field(default_factory=dict)
    tag: Literal["V", "V2", "M", "D"]
    source: str
    note: str

    def rule_for(self, group: str, margins: Margins) -> MarginRule | None:
        """Return how the stage treats a group, or none where nothing is said.

        Parameters
        ----------
        group : str, name of the group of structures
        margins : str, what guides the tools
        """
        if margins == "plan-only" and group in self.plan_only:
            return self.plan_only[group]
        return self.margins.get(group)


@cache
def stages() -> Mapping[str, StageRules]:
    """Return every stage by its name, in the order in which the tools go in."""
    table = resources.files("kambin.knowledge").joinpath("tables", "stages.toml")
    rows = tomllib.loads(table.read_text("utf-8"))
    return MappingProxyType({name: StageRules(name=name, **row) for name, row in rows.items()})
