"""The document of ``kambin claims``: each promise, the literature, and this patient's plan."""

from typing import Literal

from kambin.approaches.indications_models import FigureRecord
from kambin.knowledge.promises import PromiseVerdict
from kambin.planning.documents import Document

SCHEMA_VERSION = 1
"""Version of the document of claims."""


class SkinCut(Document):
    """The cut a cannula needs, computed and not assumed; null where it runs too flat.

    Notes
    -----
    ``half_circumference_mm`` is what slit and stretch must give together, ``cut_mm`` the slit at
    ``stretch``. ``slant_deg`` is the angle of cannula and normal of the skin, null where the skin
    was not seen; the cannula then counts as upright, which is the shortest cut.
    """

    cannula_mm: float
    slant_deg: float | None
    half_circumference_mm: float | None
    stretch: float
    cut_mm: float | None
    not_assessed_reason: str | None


class PlanNumber(Document):
    """One number of a plan that belongs to a promise; value null and the reason in text."""

    name: str
    title: str
    value: float | str | None
    unit: str
    text: str
    source: str


class PatientPart(Document):
    """What the plan of this patient shows of a promise; not assessed without one."""

    assessed: bool
    says: str
    numbers: tuple[PlanNumber, ...] = ()


class RegistryPart(Document):
    """The place of the user's own patients."""

    given: Literal[False] = False
    says: str


class Claim(Document):
    """One promise of the technique, put to the test.

    Notes
    -----
    ``verdict`` weighs the literature alone, tag D; what the plan shows stands beside it and changes
    no verdict: one plan proves nothing of the technique.
    """

    name: str
    promise: str
    verdict: PromiseVerdict
    words: str
    tag: str
    unverified: bool
    source: str
    citations: dict[str, str]
    speaks_for: tuple[FigureRecord, ...]
    against: tuple[FigureRecord, ...]
    patient: PatientPart
    registry: RegistryPart


class Claims(Document):
    """The promises of the technique; case and plan null where only the literature was asked."""

    schema_version: int = SCHEMA_VERSION
    case_sha256: str | None
    plan_sha256: str | None
    level: str | None
    side: Literal["left", "right"] | None
    claims: tuple[Claim, ...]
    notice: str
