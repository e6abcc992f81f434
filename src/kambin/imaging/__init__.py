"""Volumes, label maps, sub-voxel surfaces, signed distance fields and reslices."""

from kambin.imaging.grid import Grid
from kambin.imaging.volume import LabelMap, Volume

__all__ = ["Grid", "LabelMap", "Volume"]
