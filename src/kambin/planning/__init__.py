"""Planning: fields, candidates, search, clearances, resection, and the second checker."""

from kambin.planning.models import (
    SCHEMA_VERSION,
    Angles,
    Binding,
    Certainty,
    Certificate,
    Clearance,
    Entry,
    FindingRecord,
    Plan,
    Reach,
    Refusal,
    Resection,
    SideWitness,
    Software,
    Stage,
    Trajectory,
    Verification,
)
from kambin.planning.request import ZONES, PlanRequest

__all__ = [
    "SCHEMA_VERSION",
    "ZONES",
    "Angles",
    "Binding",
    "Certainty",
    "Certificate",
    "Clearance",
    "Entry",
    "FindingRecord",
    "Plan",
    "PlanRequest",
    "Reach",
    "Refusal",
    "Resection",
    "SideWitness",
    "Software",
    "Stage",
    "Trajectory",
    "Verification",
]
