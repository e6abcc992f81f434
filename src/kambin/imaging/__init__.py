"""Volumes, label maps, sub-voxel surfaces, signed distance fields and reslices."""

from kambin.imaging.field import Field
from kambin.imaging.grid import Grid
from kambin.imaging.occupancy import occupancy_on_grid
from kambin.imaging.regions import crop_region, region_from_mask
from kambin.imaging.signed import (
    signed_distance,
    signed_distance_from_fractions,
    signed_distance_from_occupancy,
)
from kambin.imaging.tubes import tube_distance
from kambin.imaging.volume import LabelMap, Volume

__all__ = [
    "Field",
    "Grid",
    "LabelMap",
    "Volume",
    "crop_region",
    "occupancy_on_grid",
    "region_from_mask",
    "signed_distance",
    "signed_distance_from_fractions",
    "signed_distance_from_occupancy",
    "tube_distance",
]
