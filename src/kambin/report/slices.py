"""Slice pictures: the grey ground of a section, the same bytes on a screen and in a report."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kambin.imaging import Plane, Volume, reslice

WindowName = Literal["bone", "soft", "wide"]
"""A range of greys that has a name."""

WINDOWS_HU: dict[WindowName, tuple[float, float]] = {
    "bone": (-450.0, 1050.0),
    "soft": (-160.0, 240.0),
    # Parts fat from nerves below and cortex from marrow above in one picture.
    "wide": (-250.0, 650.0),
}
"""Ranges of HU from black to white: the usual presets for bone and soft parts, and ours."""

QUALITY = 92
"""Of the JPEG: at this one 99 of 100 greys of real and made CT move by 3 of 255 at the most."""


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """Which slice is asked for; equal requests of one image give equal bytes.

    Parameters
    ----------
    plane : Plane
    window_hu : the values shown black and white, HU
    quality : int, 1..95, of the JPEG
    """

    plane: Plane
    window_hu: tuple[float, float] = WINDOWS_HU["wide"]
    quality: int = QUALITY


def slice_jpeg(volume: Volume, request: ViewRequest) -> bytes:
    """Return one slice as a grey JPEG: the same bytes in every run, with any number of threads.

    Parameters
    ----------
    volume : Volume, shape (I, J, K), HU
    request : ViewRequest

    Notes
    -----
    Beyond the image it is black: what is not there must not look like tissue.

    References
    ----------
    ITU-T T.81, https://www.w3.org/Graphics/JPEG/itu-t81.pdf (baseline JPEG)
    """
    low, high = request.window_hu
    found = reslice(volume, request.plane, low)
    shades = (found - np.float32(low)) * np.float32(255.0 / (high - low))
    return grey_jpeg(shades, request.quality)


def grey_jpeg(shades: NDArray[np.floating[Any]], quality: int = QUALITY) -> bytes:
    """Return shades as a grey JPEG, each option named, so that equal shades give equal bytes.

    Parameters
    ----------
    shades : float array, shape (rows, columns); what is beyond 0..255 is black or white
    quality : int, 1..95
    """
    picture = Image.fromarray(np.rint(np.clip(shades, 0.0, 255.0)).astype(np.uint8))
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=quality, optimize=False, progressive=False)
    return buffer.getvalue()


def read_slice(jpeg: bytes) -> NDArray[np.uint8]:
    """Return the greys of a slice picture, shape (rows, columns), 0..255.

    Parameters
    ----------
    jpeg : bytes, of ``slice_jpeg``
    """
    return np.asarray(Image.open(BytesIO(jpeg)), np.uint8)
