"""The registry of quantities: name, unit, meaning, frame, method and source of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from kambin.measure.crest import measure_crest_height, measure_ilium_angle
from kambin.measure.discs import measure_alignment, measure_disc_heights
from kambin.measure.facet import measure_facet
from kambin.measure.foramen import measure_foramen
from kambin.measure.rows import Reading
from kambin.measure.site import Site
from kambin.measure.vertebrae import measure_body, measure_canal, measure_pedicle

Measurer = Callable[[Site], Mapping[str, Reading]]


class Place(StrEnum):
    """Where a quantity has a value."""

    LEVEL = "level"
    LEVEL_SIDE = "level and side"
    VERTEBRA = "vertebra"
    VERTEBRA_SIDE = "vertebra and side"


@dataclass(frozen=True, slots=True)
class QuantityKind:
    """What one quantity is, and where it comes from.

    Parameters
    ----------
    name : str, as in the documents
    unit : str, ``mm``, ``mm2``, ``mm3``, ``deg`` or ``1``
    place : Place
    meaning : str, what a surgeon recognises
    frame : str, in which frame directions are taken
    method : str, how it is computed
    source : str, where the definition comes from
    measurer : function that measures it, perhaps together with others
    """

    name: str
    unit: str
    place: Place
    meaning: str
    frame: str
    method: str
    source: str
    measurer: Measurer


_DISC_COLUMNS = "Median over columns along the disc's axis, between the bodies as labelled"
_WAIST = "Least closed section, posterior elements of both vertebrae closed by 3 mm"
_PEDICLE = "Line scans through the thinnest coronal section of the pedicle"

_KINDS = (
    QuantityKind("disc_height_anterior", "mm", Place.LEVEL, "Height of the disc space in front",
                 "disc", _DISC_COLUMNS, "recipes 3", measure_disc_heights),
    QuantityKind("disc_height_middle", "mm", Place.LEVEL, "Height of the disc space in its middle",
                 "disc", _DISC_COLUMNS, "recipes 3", measure_disc_heights),
    QuantityKind("disc_height_posterior", "mm", Place.LEVEL, "Height of the disc space behind",
                 "disc", _DISC_COLUMNS, "recipes 3", measure_disc_heights),
    QuantityKind("segmental_lordosis", "deg", Place.LEVEL,
                 "Angle from upper end plate to next upper end plate, positive in lordosis",
                 "lower vertebra, sagittal plane", "Angle between the fitted end plates",
                 "evidence 3.6 (A51)", measure_alignment),
    QuantityKind("body_slip", "mm", Place.LEVEL,
                 "How far the upper body stands in front of the lower one, negative behind",
                 "disc, front to back",
                 "Posterior wall above the disc against the wall below it, 3 mm from the plates",
                 "recipes 1", measure_alignment),
    QuantityKind("foramen_height", "mm", Place.LEVEL_SIDE, "Height of the foramen at its waist",
                 "disc, along its axis", _WAIST, "recipes 5", measure_foramen),
    QuantityKind("foramen_width", "mm", Place.LEVEL_SIDE,
                 "Width of the foramen front to back, at the level of the disc",
                 "disc, front to back in the section", _WAIST, "recipes 5", measure_foramen),
    QuantityKind("foramen_area", "mm2", Place.LEVEL_SIDE, "Area of the foramen at its waist",
                 "the section of least area", _WAIST, "recipes 5", measure_foramen),
    QuantityKind("facet_gap", "mm", Place.LEVEL_SIDE, "Least gap of the facet joint",
                 "none", "Least distance between the modelled processes, less one voxel",
                 "recipes 7 (2)", measure_facet),
    QuantityKind("sap_volume", "mm3", Place.LEVEL_SIDE,
                 "Volume of the superior articular process below the foramen",
                 "none", "Voxels of the modelled process", "recipes 2", measure_facet),
    QuantityKind("crest_height", "mm", Place.LEVEL_SIDE,
                 "Highest point of the ilium above the disc, negative below",
                 "patient, cranial axis", "Highest voxels of the ilium of this side",
                 "evidence 3.5 (T6, T7)", measure_crest_height),
    QuantityKind("crest_class", "1", Place.LEVEL_SIDE,
                 "How many lines the crest passes: lower and upper line of the lower pedicle, "
                 "disc line, lower line of the upper pedicle",
                 "patient, cranial axis", "Highest voxels of the ilium against four lines",
                 "evidence 3.5 (T7)", measure_crest_height),
    QuantityKind("ilium_axial_angle", "deg", Place.LEVEL_SIDE,
                 "Largest axial inclination before the ilium, as a curve over the "
                 "cranio-caudal angle; 90 if it is not met",
                 "patient, kambin-1", "Lines from the posterior disc margin outward until the "
                 "ilium is met", "architecture 4; evidence 2.1 (T5)", measure_ilium_angle),
    QuantityKind("canal_width", "mm", Place.VERTEBRA, "Distance between the pedicles",
                 "vertebra, left to right", _PEDICLE, "evidence 3.5", measure_canal),
    QuantityKind("canal_depth", "mm", Place.VERTEBRA,
                 "Least depth of the bony canal in the midline",
                 "vertebra, front to back", "Rays backward from the posterior wall",
                 "evidence 3.5", measure_canal),
    QuantityKind("posterior_body_height", "mm", Place.VERTEBRA,
                 "Height of the body along its posterior wall", "vertebra",
                 "Distance of the fitted plates at the posterior wall", "evidence 3.5",
                 measure_body),
    QuantityKind("pedicle_height", "mm", Place.VERTEBRA_SIDE, "Least height of the pedicle",
                 "vertebra, cranial axis", _PEDICLE, "recipes 1", measure_pedicle),
    QuantityKind("pedicle_width", "mm", Place.VERTEBRA_SIDE,
                 "Width of the pedicle; at L4 and L5 with the root of the transverse process",
                 "vertebra, left to right", _PEDICLE, "recipes 1", measure_pedicle),
)  # fmt: skip

# The order here is the order of the document; new quantities go to the end of a group.
QUANTITIES: Mapping[str, QuantityKind] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""Every quantity by its name, in the order in which it is printed."""
