"""The registry of quantities: name, unit, meaning, frame, method and source of each."""

from collections.abc import Mapping
from types import MappingProxyType

from kambin.measure.approach import (
    measure_operable,
    measure_organ_angle,
    measure_organ_contact,
    measure_skin_depth,
)
from kambin.measure.bodies import (
    measure_body_shape,
    measure_plate,
    measure_posterior_height,
    measure_transverse_span,
)
from kambin.measure.crest import measure_crest_height, measure_ilium_angle
from kambin.measure.discs import BANDS, measure_alignment, measure_disc_heights
from kambin.measure.facet import measure_facet
from kambin.measure.foramen import measure_foramen
from kambin.measure.joints import measure_joint, measure_tropism
from kambin.measure.kinds import Measurer, Place, QuantityKind
from kambin.measure.lordosis import measure_disc_shape, measure_lordosis
from kambin.measure.registry_nerves import NERVE_KINDS
from kambin.measure.sections import measure_canal_sections, measure_flavum
from kambin.measure.vertebrae import measure_canal, measure_pedicle

__all__ = ["QUANTITIES", "Measurer", "Place", "QuantityKind"]

_OURS = "definition of this project"
_TRIALS = "trials of this project"
_DISC_COLUMNS = "Median over columns along the disc's axis, between the bodies as labelled"
_WAIST = "Least closed section, posterior elements of both vertebrae closed by 3 mm"
_PEDICLE = "Line scans through the thinnest coronal section of the pedicle"

_PLATES = "Angle or distance between the fitted end plates"
_HEIGHT = "Rays along the vertebra from rim to rim, the highest row within 6 mm of the wall"
_SECTION = "Pixels of one section"
_JOINT = "Plane through the middles between voxels of both processes that face each other"
_RIM = "Rays to the rim in planes up to 4 mm under the plate, the largest extent"

_KINDS = (
    *(
        QuantityKind(f"disc_height_{band}", "mm", Place.LEVEL, f"Height of the disc space {where}",
                     "disc", _DISC_COLUMNS, _TRIALS, measure_disc_heights)
        for band, where in zip(BANDS, ("in front", "in its middle", "behind"), strict=True)
    ),
    QuantityKind("segmental_lordosis", "deg", Place.LEVEL,
                 "Angle from upper end plate to next upper end plate, positive in lordosis",
                 "lower vertebra, sagittal plane", "Angle between the fitted end plates",
                 "A51", measure_alignment),
    QuantityKind("body_slip", "mm", Place.LEVEL,
                 "How far the upper body stands in front of the lower one, negative behind",
                 "disc, front to back",
                 "Posterior wall above the disc against the wall below it, 3 mm from the plates",
                 _TRIALS, measure_alignment),
    QuantityKind("disc_wedge", "deg", Place.LEVEL,
                 "Angle between the end plates of the disc, positive when it opens to the front",
                 "lower vertebra, sagittal plane", _PLATES, _OURS,
                 measure_disc_shape),
    QuantityKind("disc_height_index", "1", Place.LEVEL,
                 "Mean height of the disc over the depth of its plates", "disc", _DISC_COLUMNS,
                 "A22", measure_disc_shape),
    QuantityKind("lumbar_lordosis", "deg", Place.SPINE, "Lordosis from L1 to S1, as imaged",
                 "sagittal plane of each lower vertebra", _PLATES, "A51",
                 measure_lordosis),
    QuantityKind("lumbar_lordosis_hips_flexed", "deg", Place.SPINE,
                 "Lordosis from L1 to S1 expected prone with hips flexed by 30 degrees",
                 "sagittal plane of each lower vertebra",
                 "All segments but the last scaled by 0.75, the last one kept",
                 "T29, T30", measure_lordosis),
    QuantityKind("canal_area", "mm2", Place.LEVEL, "Area of the spinal canal at the disc",
                 "middle plane of the disc", _SECTION, _OURS, measure_canal_sections),
    QuantityKind("sac_area", "mm2", Place.LEVEL, "Area of the dural sac at the disc",
                 "middle plane of the disc", _SECTION, "A25",
                 measure_canal_sections),
    QuantityKind("facet_tropism", "deg", Place.LEVEL,
                 "Difference of the directions of both facet joints", "disc, axial plane",
                 _JOINT, "A27", measure_tropism),
    QuantityKind("foramen_height", "mm", Place.LEVEL_SIDE, "Height of the foramen at its waist",
                 "disc, along its axis", _WAIST, _TRIALS, measure_foramen),
    QuantityKind("foramen_width", "mm", Place.LEVEL_SIDE,
                 "Width of the foramen front to back, at the level of the disc",
                 "disc, front to back in the section", _WAIST, _TRIALS, measure_foramen),
    QuantityKind("foramen_area", "mm2", Place.LEVEL_SIDE, "Area of the foramen at its waist",
                 "the section of least area", _WAIST, _TRIALS, measure_foramen),
    QuantityKind("foramen_volume", "mm3", Place.LEVEL_SIDE,
                 "Volume of the foramen between 1 mm medial and 1 mm lateral of its waist",
                 "three sections parallel to the waist", _WAIST, _TRIALS, measure_foramen),
    QuantityKind("facet_gap", "mm", Place.LEVEL_SIDE, "Least gap of the facet joint",
                 "none", "Least distance between the modelled processes, less one voxel",
                 _TRIALS, measure_facet),
    QuantityKind("sap_volume", "mm3", Place.LEVEL_SIDE,
                 "Volume of the superior articular process below the foramen",
                 "none", "Voxels of the modelled process", _TRIALS, measure_facet),
    QuantityKind("sap_section", "mm2", Place.LEVEL_SIDE,
                 "Section of the superior articular process at half its height",
                 "parallel to the disc", _SECTION, "A27", measure_joint),
    QuantityKind("facet_angle", "deg", Place.LEVEL_SIDE,
                 "Direction of the facet joint: 0 sagittal, 90 coronal", "disc, axial plane",
                 _JOINT, "A27", measure_joint),
    QuantityKind("flavum_thickness", "mm", Place.LEVEL_SIDE,
                 "Thickness of the ligamentum flavum", "across the ligament",
                 "Median of rays across the middle of its half", "A47",
                 measure_flavum),
    QuantityKind("crest_height", "mm", Place.LEVEL_SIDE,
                 "Highest point of the ilium above the disc, negative below",
                 "patient, cranial axis", "Highest voxels of the ilium of this side",
                 "T6, T7", measure_crest_height),
    QuantityKind("crest_class", "1", Place.LEVEL_SIDE,
                 "How many lines the crest passes: lower and upper line of the lower pedicle, "
                 "disc line, lower line of the upper pedicle",
                 "patient, cranial axis", "Highest voxels of the ilium against four lines",
                 "T7", measure_crest_height),
    QuantityKind("ilium_axial_angle", "deg", Place.LEVEL_SIDE,
                 "Largest axial inclination before the ilium, as a curve over the "
                 "cranio-caudal angle; 90 if it is not met",
                 "patient, kambin-1", "Lines from the posterior disc margin outward until the "
                 "ilium is met", "T5", measure_ilium_angle),
    QuantityKind("ilium_operable", "1", Place.LEVEL_SIDE,
                 "1 if the ilium lets a path of 65 degrees through in the axial plane, else 0",
                 "patient, kambin-1", "The largest axial angle before the ilium against 65 degrees",
                 "T5", measure_operable),
    QuantityKind("organ_free_angle", "deg", Place.LEVEL_SIDE,
                 "Largest axial inclination that keeps 10 mm from all organs; 90 if none is met",
                 "patient, kambin-1", "Lines from the posterior disc margin outward, "
                 "cranio-caudal angle 0", _OURS, measure_organ_angle),
    QuantityKind("organ_contact_angle", "deg", Place.LEVEL_SIDE,
                 "Largest axial inclination before a line meets an organ; 90 if none is met",
                 "patient, kambin-1", "Lines from the posterior disc margin outward, without "
                 "margin, cranio-caudal angle 0", "T4", measure_organ_contact),
    QuantityKind("skin_depth", "mm", Place.LEVEL_SIDE,
                 "Depth of the target under the skin along the usual trajectory",
                 "disc, along the trajectory", "First way out of the body",
                 _OURS, measure_skin_depth),
    *NERVE_KINDS,
    QuantityKind("canal_width", "mm", Place.VERTEBRA, "Distance between the pedicles",
                 "vertebra, left to right", _PEDICLE, _OURS, measure_canal),
    QuantityKind("canal_depth", "mm", Place.VERTEBRA,
                 "Least depth of the bony canal in the midline",
                 "vertebra, front to back", "Rays backward from the posterior wall",
                 _OURS, measure_canal),
    QuantityKind("posterior_body_height", "mm", Place.VERTEBRA,
                 "Height of the body along its posterior wall", "vertebra",
                 _HEIGHT, _OURS, measure_posterior_height),
    QuantityKind("anterior_body_height", "mm", Place.VERTEBRA, "Height of the body in front",
                 "vertebra", _HEIGHT, _OURS, measure_body_shape),
    QuantityKind("body_wedge", "mm", Place.VERTEBRA,
                 "How much higher the body is in front than behind", "vertebra", _HEIGHT,
                 _OURS, measure_body_shape),
    QuantityKind("upper_plate_width", "mm", Place.VERTEBRA, "Width of the upper end plate",
                 "upper end plate, left to right", _RIM, _OURS, measure_plate),
    QuantityKind("upper_plate_depth", "mm", Place.VERTEBRA, "Depth of the upper end plate",
                 "upper end plate, front to back", _RIM, _OURS, measure_plate),
    QuantityKind("transverse_span", "mm", Place.VERTEBRA,
                 "Distance between the tips of the transverse processes",
                 "vertebra, left to right", "Farthest voxels of both processes",
                 _OURS, measure_transverse_span),
    QuantityKind("pedicle_height", "mm", Place.VERTEBRA_SIDE, "Least height of the pedicle",
                 "vertebra, cranial axis", _PEDICLE, _TRIALS, measure_pedicle),
    QuantityKind("pedicle_width", "mm", Place.VERTEBRA_SIDE,
                 "Width of the pedicle; at L4 and L5 with the root of the transverse process",
                 "vertebra, left to right", _PEDICLE, _TRIALS, measure_pedicle),
)  # fmt: skip

# The order here is the order of the document; new quantities go to the end of a group.
QUANTITIES: Mapping[str, QuantityKind] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""Every quantity by its name, in the order in which it is printed."""
