"""Takes image and part labels of a phantom, slab by slab, in the contrast of a modality."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.core import Progress
from kambin.phantom.shapes import Axes, Sample, Shape
from kambin.phantom.truth import SLAB_CHUNK

BONES = frozenset({"vertebra", "sacrum", "ilium", "rib"})
"""Kinds with a shell unlike their inside."""

Picture = NDArray[np.float32]


class Contrast(Protocol):
    """What a modality makes of tissues."""

    def background(self) -> float:
        """Return the value outside the patient."""
        ...

    def tissue(self, shape: Shape, sample: Sample, spacing_mm: float) -> Picture:
        """Return the value of a tissue, a number or an array of the sample's shape."""
        ...

    def acquire(self, picture: Picture, axes: Axes, rng: np.random.Generator) -> Picture:
        """Return a slab with the noise and shading of the modality."""
        ...


def scan(
    shapes: tuple[Shape, ...],
    axes: Axes,
    part_of: Mapping[StructureKey, int],
    contrast: Contrast,
    rng: np.random.Generator,
    progress: Progress,
) -> tuple[Picture, NDArray[np.uint8]]:
    """Take an image and the labels of every part of the shapes.

    Parameters
    ----------
    shapes : Shape in the order of painting
    axes : LPS coordinates of the voxel centres, three 1-D arrays, mm
    part_of : label value of every part
    contrast : Contrast of the modality
    rng : numpy Generator of the noise
    progress : Progress

    Returns
    -------
    image in the unit of the modality, float32, and part labels, uint8, both of the grid's shape
    """
    spacing = float(axes[0][1] - axes[0][0])
    shape = tuple(len(axis) for axis in axes)
    image = np.empty(shape, dtype=np.float32)
    parts = np.zeros(shape, dtype=np.uint8)
    # Noise is drawn slab by slab: another chunk makes another image of the same patient.
    for start in range(0, shape[2], SLAB_CHUNK):
        progress.step("phantom", start, shape[2])
        slab = slice(start, start + SLAB_CHUNK)
        part_axes = (axes[0], axes[1], axes[2][slab])
        picture = np.full(parts[:, :, slab].shape, contrast.background(), dtype=np.float32)
        for one in shapes:
            sample = one.sample(part_axes, margin_mm=spacing)
            if not sample.distance_mm.size:
                continue
            here = picture[sample.box]
            # Blended into what was painted before, so that neighbours share their border voxels.
            here += filled_share(sample.distance_mm, spacing) * (
                contrast.tissue(one, sample, spacing) - here
            )
            # The image blends, the label is all or nothing: so does a segmentation.
            inside = sample.distance_mm < 0
            table = np.array([part_of[key] for key in one.parts], dtype=np.uint8)
            np.copyto(parts[:, :, slab][sample.box], table[sample.part], where=inside)
        image[:, :, slab] = contrast.acquire(picture, part_axes, rng)
    progress.step("phantom", shape[2], shape[2])
    return image, parts


def tissue_kind(shape: Shape) -> str:
    """Return the kind of tissue a shape is painted as."""
    # A calcified core belongs to its fragment and does not look like it.
    return shape.parts[0].kind if len(shape.parts) == 1 else shape.key.kind


def filled_share(distance_mm: NDArray[np.float32], spacing_mm: float) -> Picture:
    """Return the share of a voxel behind a surface at a distance, 0 to 1.

    Parameters
    ----------
    distance_mm : float32 array of any shape, mm, negative inside
    spacing_mm : float, mm

    Notes
    -----
    A plane through a cube crosses it on average along its spacing: a linear ramp.
    """
    ramp: Picture = np.clip(0.5 - distance_mm / np.float32(spacing_mm), 0, 1)
    return ramp
