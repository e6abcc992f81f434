"""The document of an assumption: the same path before and after it."""

from typing import Literal

from kambin.planning.comparison_models import ComparedClearance, ComparedNumber
from kambin.planning.documents import Document, FindingRecord, Point

WHAT_IF_VERSION = 1
"""Version of the document of an assumption."""


class Assumed(Document):
    """What was assumed, which structures it moved, and by which rule."""

    prone_mm: float
    flexion_deg: float
    cannula_mm: float
    moved: tuple[str, ...]
    rotated: tuple[str, ...]
    rules: tuple[str, ...]


class WhatIfState(Document):
    """The path on one of the two anatomies; ``slack_mm`` is its room above the hard margins."""

    passes: bool
    slack_mm: float
    binding_structure: str
    binding_stage: str
    foramen_height_mm: float


class NewBest(Document):
    """The best path under the assumption; null numbers with a binding structure if none passes."""

    passes: bool
    status: str
    entry_lps_mm: Point | None
    entry_moved_mm: float | None
    axial_inclination_to_patient_deg: float | None
    craniocaudal_to_patient_deg: float | None
    objective_mm: float | None
    binding_structure: str | None
    deficit_mm: float | None
    findings: tuple[str, ...]


class WhatIf(Document):
    """An assumption about a plan: never a plan, and never written over one.

    Notes
    -----
    ``a`` of the comparisons is the patient as he was imaged, ``b`` the assumption; both are
    computed anew by one evaluation of the same path.
    """

    schema_version: int = WHAT_IF_VERSION
    case_sha256: str
    plan_content_sha256: str
    level: str
    side: Literal["left", "right"]
    assumed: Assumed
    before: WhatIfState
    after: WhatIfState
    numbers: tuple[ComparedNumber, ...]
    clearances: tuple[ComparedClearance, ...]
    nearer: tuple[str, ...]
    farther: tuple[str, ...]
    new_best: NewBest | None
    findings: tuple[FindingRecord, ...]
