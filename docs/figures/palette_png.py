"""Small PNG files: 255 colours, chosen so that a thin outline keeps its own."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLOURS_KEPT = 255
_SHARE_OF_COUNT = 0.4
"""Exponent of how often a colour occurs: 1 would spend the palette on sky and bone alone."""


def write_png(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture, uint8 of shape (height, width, 3), as a PNG with a palette of its own."""
    path.parent.mkdir(exist_ok=True)
    image = Image.fromarray(np.ascontiguousarray(picture))
    image.quantize(palette=_palette(picture), dither=Image.Dither.NONE).save(path, optimize=True)


def _palette(picture: NDArray[np.uint8]) -> Image.Image:
    red, green, blue = (picture[..., n].astype(np.int64) >> 2 for n in range(3))
    packed, counts = np.unique(red << 12 | green << 6 | blue, return_counts=True)
    colours = np.stack([packed >> 12, packed >> 6 & 63, packed & 63], axis=1) << 2
    weighted = np.repeat(colours, np.ceil(counts**_SHARE_OF_COUNT).astype(int), axis=0)
    # White stays white: the nearest colour of a coarse step would be grey.
    weighted[(weighted == 63 << 2).all(axis=1)] = 255
    sample = Image.fromarray(weighted[None].astype(np.uint8))
    return sample.quantize(COLOURS_KEPT, kmeans=4)
