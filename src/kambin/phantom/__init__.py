"""The parametric patient: a lumbar spine made by code, with truth for everything."""

from kambin.phantom import corruptions, operated
from kambin.phantom.build import Phantom, build_phantom, build_spine, build_truth
from kambin.phantom.corruptions import Scan
from kambin.phantom.parameters import (
    MIGRATIONS,
    MODALITIES,
    MORPHOLOGIES,
    SIZES,
    VARIANTS,
    ZONES,
    PhantomParameters,
)
from kambin.phantom.region import SpineCase, paint_spine_case
from kambin.phantom.truth import PhantomTruth

__all__ = [
    "MIGRATIONS",
    "MODALITIES",
    "MORPHOLOGIES",
    "SIZES",
    "VARIANTS",
    "ZONES",
    "Phantom",
    "PhantomParameters",
    "PhantomTruth",
    "Scan",
    "SpineCase",
    "build_phantom",
    "build_spine",
    "build_truth",
    "corruptions",
    "operated",
    "paint_spine_case",
]
