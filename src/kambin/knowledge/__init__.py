"""Typed tables of clinical numbers, instruments and techniques, with unit, tag and source."""

from kambin.knowledge.constants import (
    Constant,
    constant,
    read_constants,
    value,
    value_at,
    values,
)

__all__ = ["Constant", "constant", "read_constants", "value", "value_at", "values"]
