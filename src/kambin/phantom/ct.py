"""Takes image and labels of a phantom: Hounsfield units with partial volume and noise."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.core import Progress
from kambin.knowledge import value, value_at
from kambin.phantom.shapes import Axes, Sample, Shape
from kambin.phantom.truth import SLAB_CHUNK

BONES = frozenset({"vertebra", "sacrum", "ilium", "rib"})
"""Kinds with a bright shell round a darker inside."""


def scan(
    shapes: tuple[Shape, ...],
    axes: Axes,
    part_of: Mapping[StructureKey, int],
    rng: np.random.Generator,
    progress: Progress,
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Take a CT and the labels of every part of the shapes.

    Parameters
    ----------
    shapes : Shape in the order of painting
    axes : LPS coordinates of the voxel centres, three 1-D arrays, mm
    part_of : label value of every part
    rng : numpy Generator of the noise
    progress : Progress

    Returns
    -------
    image in HU, float32, and part labels, uint8, both of the grid's shape
    """
    spacing = float(axes[0][1] - axes[0][0])
    shape = tuple(len(axis) for axis in axes)
    image = np.empty(shape, dtype=np.float32)
    parts = np.zeros(shape, dtype=np.uint8)
    noise = np.float32(value("phantom_ct.noise_hu"))
    # Noise is drawn slab by slab: another chunk makes another image of the same patient.
    for start in range(0, shape[2], SLAB_CHUNK):
        progress.step("phantom", start, shape[2])
        slab = slice(start, start + SLAB_CHUNK)
        part_axes = (axes[0], axes[1], axes[2][slab])
        picture = np.full(parts[:, :, slab].shape, value("phantom_ct.air_hu"), dtype=np.float32)
        for one in shapes:
            sample = one.sample(part_axes, margin_mm=spacing)
            if not sample.distance_mm.size:
                continue
            _paint_tissue(picture, one, sample, spacing)
            # The image blends, the label is all or nothing: so does a segmentation.
            inside = sample.distance_mm < 0
            table = np.array([part_of[key] for key in one.parts], dtype=np.uint8)
            np.copyto(parts[:, :, slab][sample.box], table[sample.part], where=inside)
        picture += noise * rng.standard_normal(picture.shape, dtype=np.float32)
        image[:, :, slab] = picture
    progress.step("phantom", shape[2], shape[2])
    # Noise in air goes below what a scanner can write.
    return np.maximum(image, np.float32(value("phantom_ct.lowest_hu"))), parts


def _paint_tissue(
    picture: NDArray[np.float32], shape: Shape, sample: Sample, spacing_mm: float
) -> None:
    """Blend a tissue into the picture by the share of each voxel it fills."""
    share = _share(sample.distance_mm, spacing_mm)
    if shape.key.kind in BONES:
        shell = np.float32(value("phantom_ct.cortical_shell_mm"))
        inner = _share(sample.distance_mm + shell, spacing_mm)
        outer_hu, inner_hu = value("phantom_ct.cortical_hu"), value("phantom_ct.cancellous_hu")
        tissue = np.float32(outer_hu) + inner * np.float32(inner_hu - outer_hu)
    else:
        tissue = np.array(value_at("phantom_ct.tissue_hu", shape.key.kind), dtype=np.float32)
    here = picture[sample.box]
    # Blended into what was painted before, so that neighbours share their border voxels.
    here += share * (tissue - here)


def _share(distance_mm: NDArray[np.float32], spacing_mm: float) -> NDArray[np.float32]:
    """Return the share of a voxel behind a surface at a distance, 0 to 1.

    A plane through a cube crosses it on average along its spacing: a linear ramp.
    """
    ramp: NDArray[np.float32] = np.clip(0.5 - distance_mm / np.float32(spacing_mm), 0, 1)
    return ramp
