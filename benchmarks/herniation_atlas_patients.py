"""The made patients of the atlas of herniations, completed once and kept in a folder."""

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.herniation_atlas_design import VARIANTS
from benchmarks.herniation_atlas_place import Place
from benchmarks.made_once import MadeOnce
from kambin.anatomy import Anatomy, Case, Level, complete
from kambin.exchange import read_case, write_case
from kambin.frames import Side
from kambin.phantom import PhantomParameters, build_phantom

SPACING_MM = 1.5
"""Of image and labels: a third of the voxels of 1 mm, and the facet is still resolved."""

MADE_AT = "L4-L5"
"""Level at which the made patients are said to be ill; no label shows their own herniation."""

AT_LEVEL = ("collapsed disc",)
"""Variants that change the level that is said to be ill alone: a patient for each level."""


@lru_cache(maxsize=1)
def find_place(folder: Path, variant: str, level: str, side: str) -> Place:
    """Return a level and side of a made patient, completed once and kept in a folder."""
    case, anatomy = _find_patient(folder, variant, level if variant in AT_LEVEL else MADE_AT)
    return Place(case, anatomy, Level.parse(level), Side(side))


@lru_cache(maxsize=1)
def _find_patient(folder: Path, variant: str, ill: str) -> tuple[Case, Anatomy]:
    name = f"{variant}-{ill}".replace(" ", "-")
    return MadeOnce(folder).keep(name, lambda: _make_patient(variant, ill))


def _make_patient(variant: str, ill: str) -> tuple[Case, Anatomy]:
    made = PhantomParameters(
        Level.parse(ill), Side.LEFT, variants=VARIANTS[variant], spacing_mm=SPACING_MM
    )
    phantom = build_phantom(made)
    case = Case(phantom.image, phantom.labels, phantom.names, "kambin")
    with TemporaryDirectory() as folder:
        # Through a folder, as every case comes.
        read = read_case(write_case(case, Path(folder) / "patient"))
    return read, complete(read)
