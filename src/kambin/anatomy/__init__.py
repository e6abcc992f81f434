"""Anatomy: levels, sides, structures with origin and uncertainty, completion and checks."""

from kambin.anatomy.bone_parts import is_part_of_vertebra, whole_vertebrae
from kambin.anatomy.case import Case, Confirmation
from kambin.anatomy.checks import CaseCheck, check_case
from kambin.anatomy.completion import complete
from kambin.anatomy.completion_types import BonyAnatomy, WorkingBone
from kambin.anatomy.keys import DISC_LEVELS, VERTEBRAE, Level, StructureKey
from kambin.anatomy.structures import (
    Anatomy,
    DiscFrame,
    LevelScheme,
    Origin,
    Structure,
    Tube,
    VertebraFrame,
)

__all__ = [
    "DISC_LEVELS",
    "VERTEBRAE",
    "Anatomy",
    "BonyAnatomy",
    "Case",
    "CaseCheck",
    "Confirmation",
    "DiscFrame",
    "Level",
    "LevelScheme",
    "Origin",
    "Structure",
    "StructureKey",
    "Tube",
    "VertebraFrame",
    "WorkingBone",
    "check_case",
    "complete",
    "is_part_of_vertebra",
    "whole_vertebrae",
]
