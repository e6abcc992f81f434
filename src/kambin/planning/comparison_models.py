"""The document that sets two plans side by side."""

from typing import Literal

from kambin.planning.documents import Document

COMPARISON_VERSION = 1
"""Version of the document of a comparison."""

Better = Literal["a", "b", "same", "neither"]
"""Which plan a number speaks for; ``neither`` where more is not better and less is not."""


class ComparedPlan(Document):
    """Which plan one side of a comparison is."""

    content_sha256: str
    case_sha256: str
    level: str
    side: Literal["left", "right"]
    technique: str
    zone: str | None
    cannula_mm: float
    status: str


class ComparedNumber(Document):
    """One number of both plans by its name in the document; null where a plan has none."""

    name: str
    a: float | None
    b: float | None
    difference: float | None
    better: Better


class ComparedClearance(Document):
    """How near one tool comes to one structure in both plans, mm."""

    tool: str
    structure: str
    group: str
    a_mm: float | None
    b_mm: float | None
    difference_mm: float | None
    better: Better


class Move(Document):
    """How the axis of b lies to that of a; null with the reason where they share no frame."""

    entry_mm: float | None
    entry_towards_lateral_mm: float | None
    entry_towards_cranial_mm: float | None
    target_mm: float | None
    turned_deg: float | None
    not_assessed_reason: str | None


class PlanComparison(Document):
    """Every number of two plans, what differs, and which plan it speaks for.

    Notes
    -----
    ``difference`` is b minus a. ``nearer`` are structures to which b comes nearer than a by more
    than the two checkers may disagree, at any stage, ``farther`` the opposite; a structure that is
    nearer at one stage and farther at another is in both.
    """

    schema_version: int = COMPARISON_VERSION
    a: ComparedPlan
    b: ComparedPlan
    move: Move
    numbers: tuple[ComparedNumber, ...]
    clearances: tuple[ComparedClearance, ...]
    nearer: tuple[str, ...]
    farther: tuple[str, ...]
    better_a: tuple[str, ...]
    better_b: tuple[str, ...]
    findings_only_a: tuple[str, ...]
    findings_only_b: tuple[str, ...]
