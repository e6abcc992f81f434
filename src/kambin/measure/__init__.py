"""Registered quantities of the foramen, the disc and the crest."""

from kambin.measure.case_rows import measure_case
from kambin.measure.crest import CREST_CLASSES
from kambin.measure.registry import QUANTITIES, Place, QuantityKind
from kambin.measure.rows import SCHEMA_VERSION, Measurements, Quantity, Reading
from kambin.measure.site import Site
from kambin.measure.waist import Waist, find_waist

__all__ = [
    "CREST_CLASSES",
    "QUANTITIES",
    "SCHEMA_VERSION",
    "Measurements",
    "Place",
    "Quantity",
    "QuantityKind",
    "Reading",
    "Site",
    "Waist",
    "find_waist",
    "measure_case",
]
