"""What every part of a planning document is made of."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Point = tuple[float, float, float]
"""A point or direction, three numbers, mm, LPS."""


class Document(BaseModel):
    """Base of every part of a document: frozen, no unknown names, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FindingRecord(Document):
    """One finding as the documents carry it."""

    code: str
    severity: Literal["BLOCK", "CONFIRM", "NOTE"]
    what: str
    where: str
    why: str
    next_step: str
