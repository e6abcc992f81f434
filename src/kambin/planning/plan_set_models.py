"""The document of several plans for one patient in one session."""

from typing import Literal

from kambin.planning.documents import Document, FindingRecord, Point

PLAN_SET_VERSION = 1
"""Version of the document of a set of plans."""

Stability = Literal["intact", "minor", "moderate", "at_risk", "not_assessed"]


class SetMember(Document):
    """One plan or refusal of a set, by its file and hash; null where nothing was written."""

    level: str
    side: Literal["left", "right"]
    status: Literal["ready", "needs_confirmation", "refused"]
    file: str | None
    file_sha256: str | None
    content_sha256: str | None


class EntryPair(Document):
    """How two entries lie to each other on the skin, straight, and what that allows."""

    a: str
    b: str
    distance_mm: float
    share_incision: bool


class TubePair(Document):
    """The least gap between the cannulas of two plans, negative where they cross."""

    a: str
    b: str
    gap_mm: float
    point_lps_mm: Point


class VertebraBone(Document):
    """Bone that all members together take from one vertebra; null where not assessed."""

    vertebra: str
    left_mm3: float | None
    right_mm3: float | None
    total_mm3: float | None


class LevelStability(Document):
    """Both joints of one level after all members; the lost shares of the two are added."""

    level: str
    left_kept_fraction: float | None
    right_kept_fraction: float | None
    stability_class: Stability


class PlanSet(Document):
    """Several plans of one case, and what they mean for each other.

    Notes
    -----
    Every member was searched and checked alone; ``findings`` are of the set. ``status`` is the
    worst of the members' and of the findings'. ``stability`` has the levels at which both sides
    were planned.
    """

    schema_version: int = PLAN_SET_VERSION
    case_sha256: str
    status: Literal["ready", "needs_confirmation", "refused"]
    members: tuple[SetMember, ...]
    entries: tuple[EntryPair, ...]
    tubes: tuple[TubePair, ...]
    bone: tuple[VertebraBone, ...]
    bone_total_mm3: float | None
    stability: tuple[LevelStability, ...]
    findings: tuple[FindingRecord, ...]
