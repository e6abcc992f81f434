"""Typed tables of clinical numbers, instruments and techniques, with unit, tag and source."""

from kambin.knowledge.constants import (
    TAGS,
    Constant,
    constant,
    constant_tables,
    read_constants,
    value,
    value_at,
    values,
)
from kambin.knowledge.describe import describe
from kambin.knowledge.instruments import (
    KINDS,
    Instrument,
    Kind,
    find_instrument,
    instruments,
    user_instrument,
)
from kambin.knowledge.literature import (
    Literature,
    literature,
    literature_rows,
)
from kambin.knowledge.techniques import (
    Corridor,
    Preferred,
    Technique,
    Tool,
    Weights,
    technique,
    techniques,
)

__all__ = [
    "KINDS",
    "TAGS",
    "Constant",
    "Corridor",
    "Instrument",
    "Kind",
    "Literature",
    "Preferred",
    "Technique",
    "Tool",
    "Weights",
    "constant",
    "constant_tables",
    "describe",
    "find_instrument",
    "instruments",
    "literature",
    "literature_rows",
    "read_constants",
    "technique",
    "techniques",
    "user_instrument",
    "value",
    "value_at",
    "values",
]
