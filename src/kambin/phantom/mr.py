"""The contrast of a T2-weighted MR: bright fluid and fat, dark cortex, noise and shading."""

from dataclasses import dataclass

import numpy as np

from kambin.knowledge import value, value_at, values
from kambin.phantom.scanning import BONES, Picture, filled_share, tissue_kind
from kambin.phantom.shapes import Axes, Sample, Shape


@dataclass(frozen=True, slots=True)
class MrContrast:
    """Relative T2 signal after the table ``phantom_mr``: CSF is 1000, air and cortex near 0."""

    # The level that herniated lost its water: its nucleus is darker than that of the others.
    dark_disc: str

    def background(self) -> float:
        """Return the signal of air."""
        return 0.0

    def tissue(self, shape: Shape, sample: Sample, spacing_mm: float) -> Picture:
        """Return the signal of a tissue: a number, or an array of the sample's shape."""
        signal = np.float32(value_at("phantom_mr.signal", tissue_kind(shape)))
        if shape.key.kind in BONES:
            shell, edge = value("phantom_mr.cortical_shell_mm"), value("phantom_mr.cortical_signal")
        elif shape.key.kind == "disc":
            shell, edge = value("phantom_mr.annulus_mm"), value("phantom_mr.annulus_signal")
            if shape.key.place == self.dark_disc:
                signal = np.float32(value("phantom_mr.degenerate_signal"))
        else:
            return np.array(signal, dtype=np.float32)
        inner = filled_share(sample.distance_mm + np.float32(shell), spacing_mm)
        return np.float32(edge) + inner * (signal - np.float32(edge))

    def acquire(self, picture: Picture, axes: Axes, rng: np.random.Generator) -> Picture:
        """Return a slab with coil shading and Rician noise, in the shape the three axes span.

        References
        ----------
        Gudbjartsson 1995, Magn Reson Med 34:910: noise of a magnitude image is Rician
        """
        noise = np.float32(value("phantom_mr.noise"))
        real = picture * _shading(axes)
        real += noise * rng.standard_normal(picture.shape, dtype=np.float32)
        imaginary = noise * rng.standard_normal(picture.shape, dtype=np.float32)
        magnitude: Picture = np.hypot(real, imaginary)
        return magnitude


def _shading(axes: Axes) -> Picture:
    """Return the gain of a spine coil: greatest at the back, falling forwards and to the ends."""
    depth, beside, back, gain = values("phantom_mr.coil_mm")
    x, y, z = (axis.astype(np.float32) for axis in axes)
    near = np.exp((y - np.float32(back)) / np.float32(depth))
    # Given in LPS and not by slab, so that neighbouring slabs meet without a step.
    across = np.exp(-((x / np.float32(beside)) ** 2))
    along = np.exp(-((z / np.float32(2 * beside)) ** 2))
    fall = near[None, :, None] * across[:, None, None] * along[None, None, :]
    shading: Picture = 1 + np.float32(gain) * (2 * fall - 1)
    return shading
