"""Registered quantities of disc, foramen, window, root, joint, canal, crest and approach."""

from kambin.measure.case_rows import measure_case
from kambin.measure.crest import CREST_CLASSES
from kambin.measure.lordosis import flex_hips_deg
from kambin.measure.polygon import inscribed_circle, polygon_area_mm2, solve_right_triangle
from kambin.measure.registry import QUANTITIES, Place, QuantityKind
from kambin.measure.rows import SCHEMA_VERSION, Measurements, Quantity, Reading
from kambin.measure.site import Site
from kambin.measure.waist import Waist, find_waist
from kambin.measure.window import Window, WindowKind, measure_window

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
    "Window",
    "WindowKind",
    "find_waist",
    "flex_hips_deg",
    "inscribed_circle",
    "measure_case",
    "measure_window",
    "polygon_area_mm2",
    "solve_right_triangle",
]
