"""What the awake patient is asked, what an answer means, when to stop, and timing, as data."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    tag: Literal["V", "V2", "M", "D"]
    source: str


class Dermatome(_Row):
    """Where a root is felt; ``key_point`` is empty where no source names one."""

    area: str
    key_point: str


class Report(_Row):
    """Something a patient may say, with its likely meaning; ``{exiting}`` and the like are open."""

    says: str
    means: str
    action: str
    stops: bool


class CheckpointStage(_Row):
    """One stage: what is asked, and the names of the reports that are listened for."""

    title: str
    ask: str
    reports: tuple[str, ...]


class StopRule(_Row):
    """One rule that ends a stage."""

    rule: str


class Timing(_Row):
    """One sentence about when, or with what."""

    what: str
    says: str


class Checkpoints(BaseModel):
    """The whole table.

    Raises
    ------
    ValueError  if a stage listens for a report that is in no row; a bug of ours
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dermatomes: Mapping[str, Dermatome]
    reports: Mapping[str, Report]
    stages: Mapping[str, CheckpointStage]
    stops: Mapping[str, StopRule]
    timing: Mapping[str, Timing]

    @model_validator(mode="after")
    def _names_its_reports(self) -> "Checkpoints":
        asked = {name for stage in self.stages.values() for name in stage.reports}
        if asked - set(self.reports):
            msg = f"no report is called {', '.join(sorted(asked - set(self.reports)))}"
            raise ValueError(msg)
        return self


@cache
def checkpoints() -> Checkpoints:
    """Return dermatomes, reports, stages, stop rules and timing, in table order."""
    table = resources.files("kambin.knowledge").joinpath("tables", "checkpoints.toml")
    return Checkpoints.model_validate(tomllib.loads(table.read_text("utf-8")))
