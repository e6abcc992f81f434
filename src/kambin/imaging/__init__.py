"""Volumes, label maps, sub-voxel surfaces, signed distance fields and reslices."""

from kambin.imaging.cuts import CutShape, cut_shapes, thin_line
from kambin.imaging.field import Field
from kambin.imaging.grid import Grid
from kambin.imaging.occupancy import occupancy_on_grid
from kambin.imaging.regions import crop_region, crop_regions, region_from_mask
from kambin.imaging.registration import (
    RigidFit,
    blend_points,
    fit_points,
    fit_surface,
    turn_deg,
)
from kambin.imaging.reslice import Plane, Projection, project, reslice, reslice_labels
from kambin.imaging.signed import (
    signed_distance,
    signed_distance_from_fractions,
    signed_distance_from_occupancy,
)
from kambin.imaging.surface import Surface, extract_surface
from kambin.imaging.surface_distance import (
    keep_clear,
    nearest_on_surface,
    segment_surface_clearance,
    surface_distance,
)
from kambin.imaging.tubes import tube_distance
from kambin.imaging.volume import LabelMap, Volume

__all__ = [
    "CutShape",
    "Field",
    "Grid",
    "LabelMap",
    "Plane",
    "Projection",
    "RigidFit",
    "Surface",
    "Volume",
    "blend_points",
    "crop_region",
    "crop_regions",
    "cut_shapes",
    "extract_surface",
    "fit_points",
    "fit_surface",
    "keep_clear",
    "nearest_on_surface",
    "occupancy_on_grid",
    "project",
    "region_from_mask",
    "reslice",
    "reslice_labels",
    "segment_surface_clearance",
    "signed_distance",
    "signed_distance_from_fractions",
    "signed_distance_from_occupancy",
    "surface_distance",
    "thin_line",
    "tube_distance",
    "turn_deg",
]
