"""Errors with stable codes, findings, and the protocols the faces fill in."""

from kambin.core.breathing import breathe, breathing
from kambin.core.codes import Code, read_codes, require_code
from kambin.core.errors import (
    AnatomyError,
    InputError,
    KambinError,
    PlanError,
    RequestError,
    SessionError,
    StoreError,
)
from kambin.core.findings import Finding, Severity, find_blocking, find_unanswered
from kambin.core.protocols import Clock, FieldStore, NoStore, Progress, SilentProgress

__all__ = [
    "AnatomyError",
    "Clock",
    "Code",
    "FieldStore",
    "Finding",
    "InputError",
    "KambinError",
    "NoStore",
    "PlanError",
    "Progress",
    "RequestError",
    "SessionError",
    "Severity",
    "SilentProgress",
    "StoreError",
    "breathe",
    "breathing",
    "find_blocking",
    "find_unanswered",
    "read_codes",
    "require_code",
]
