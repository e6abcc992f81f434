"""Where each kind of herniation is aimed at, as data."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator


class TargetRule(BaseModel):
    """The goal point of one kind of herniation.

    Parameters
    ----------
    name, title : str
    zones : tuple of str, axial zones it speaks of
    migrations : tuple of str, zones of migration after Lee it speaks of
    line : str, vertical line of the AP picture on which the goal lies
    behind_annulus_mm : float, mm behind the annulus, or behind the posterior wall beyond the disc
    cranial_mm : pair of float, mm above the mid-disc plane, or none
    below_plate_mm : pair of float, mm below the lower plate of the disc, or none
    axial_inclination_deg, craniocaudal_deg : pair of float, degrees to the disc, ``kambin-1``,
        or none where nothing is said
    techniques : tuple of str, presets that are usual for it
    tag, source : str
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    zones: tuple[str, ...]
    migrations: tuple[str, ...]
    line: Literal["SL", "half", "MPL", "midPL", "LPL"]
    behind_annulus_mm: float
    cranial_mm: tuple[float, float] | None = None
    below_plate_mm: tuple[float, float] | None = None
    axial_inclination_deg: tuple[float, float] | None = None
    craniocaudal_deg: tuple[float, float] | None = None
    techniques: tuple[str, ...]
    tag: Literal["V", "V2", "M", "D"]
    source: str

    @model_validator(mode="after")
    def _has_one_height(self) -> "TargetRule":
        if (self.cranial_mm is None) is (self.below_plate_mm is None):
            msg = f"target rule {self.name} needs cranial_mm or below_plate_mm, and not both"
            raise ValueError(msg)
        return self


@cache
def target_rules() -> Mapping[str, TargetRule]:
    """Return every rule by its name, in the order in which they are asked."""
    table = resources.files("kambin.knowledge").joinpath("tables", "target_rules.toml")
    rows = tomllib.loads(table.read_text("utf-8"))
    return MappingProxyType({name: TargetRule(name=name, **row) for name, row in rows.items()})


def find_target_rule(zone: str, migration: str) -> TargetRule | None:
    """Return the rule for a kind of herniation, or none where none speaks of it.

    Parameters
    ----------
    zone : str, axial zone
    migration : str, zone of migration after Lee, ``none`` at disc level
    """
    for rule in target_rules().values():
        if zone in rule.zones and migration in rule.migrations:
            return rule
    return None
