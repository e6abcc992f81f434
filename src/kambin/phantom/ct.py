"""The contrast of a CT: Hounsfield units with a bright shell of bone and noise."""

from dataclasses import dataclass

import numpy as np

from kambin.knowledge import value, value_at
from kambin.phantom.scanning import BONES, Picture, filled_share, tissue_kind
from kambin.phantom.shapes import Axes, Sample, Shape


@dataclass(frozen=True, slots=True)
class CtContrast:
    """Hounsfield units after the tables ``phantom_ct``; cortical bone is bright."""

    def background(self) -> float:
        """Return the HU of air."""
        return value("phantom_ct.air_hu")

    def tissue(self, shape: Shape, sample: Sample, spacing_mm: float) -> Picture:
        """Return the HU of a tissue: a number, or an array of the sample's shape for bone."""
        if shape.key.kind not in BONES:
            return np.array(value_at("phantom_ct.tissue_hu", tissue_kind(shape)), dtype=np.float32)
        shell = np.float32(value("phantom_ct.cortical_shell_mm"))
        inner = filled_share(sample.distance_mm + shell, spacing_mm)
        outer_hu, inner_hu = value("phantom_ct.cortical_hu"), value("phantom_ct.cancellous_hu")
        return np.float32(outer_hu) + inner * np.float32(inner_hu - outer_hu)

    def acquire(self, picture: Picture, axes: Axes, rng: np.random.Generator) -> Picture:
        """Return a slab with noise, HU, the shape that the three axes span."""
        noise = np.float32(value("phantom_ct.noise_hu"))
        noisy = picture + noise * rng.standard_normal(picture.shape, dtype=np.float32)
        # Noise in air goes below what a scanner can write.
        return np.maximum(noisy, np.float32(value("phantom_ct.lowest_hu")))
