"""AP and lateral projections, as a C-arm would show the level, with the tools."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from kambin.imaging import Projection, Volume, project
from kambin.report.figure import (
    draw_letters,
    draw_scale_bar,
    draw_title,
    new_figure,
    picture_axes,
    png_bytes,
)
from kambin.report.letters import find_edge_letters
from kambin.report.sections import draw_tool
from kambin.report.tool_outlines import DrawnTool, shadow_outline_mm

VIEWS: tuple[Literal["ap", "lateral"], ...] = ("ap", "lateral")
"""The two projections of a report."""

TITLES = {"ap": "Projection AP", "lateral": "Projection lateral"}
"""How they are headed."""

_WIDTH_IN = 3.4
_SIDE_MM = 190.0
# What changes over more than this is the trunk, not bone; it is held back by the gain.
_SOFT_BLUR_MM, _DETAIL_GAIN = 18.0, 2.2
_DARK_PERCENTILE, _BRIGHT_PERCENTILE = 2.0, 99.5


def draw_projection(
    volume: Volume,
    view: Literal["ap", "lateral"],
    centre_lps_mm: NDArray[np.float64],
    tools: Sequence[DrawnTool],
    *,
    caption: str,
) -> bytes:
    """Return one projection as PNG with the tools' shadows at their true diameter.

    Parameters
    ----------
    volume : Volume, HU, canonical order
    view : str, ``ap`` or ``lateral``
    centre_lps_mm : float array, shape (3,), mm, LPS, the middle of the picture
    tools : the tools
    caption : str, level and side in words

    Raises
    ------
    InputError  (IN-045) if the view is another word
    """
    shadow = project(volume, view)
    x_mm, y_mm = _picture_mm(shadow, centre_lps_mm).tolist()
    half = _SIDE_MM / 2
    figure = new_figure(_WIDTH_IN, _WIDTH_IN)
    axes = picture_axes(figure, (x_mm - half, x_mm + half, y_mm + half, y_mm - half))
    rows, columns = shadow.values.shape
    width, height = _pixel_mm(shadow).tolist()
    figure.set_facecolor("black")
    axes.imshow(
        _as_film(shadow),
        cmap="gray",
        vmin=0.0,
        vmax=1.0,
        # Millimetres count from the middle of the first pixel, half a pixel inside the picture.
        extent=(-width / 2, (columns - 0.5) * width, (rows - 0.5) * height, -height / 2),
        interpolation="bilinear",
        aspect="auto",
    )
    for tool in tools:
        ends = _picture_mm(shadow, np.stack([tool.tip_lps_mm, tool.outside_lps_mm]))
        draw_tool(axes, [shadow_outline_mm(ends[0], ends[1], tool.radius_mm)], tool.name)
    # Once more, because drawing an image moves the limits.
    axes.set_xlim(x_mm - half, x_mm + half)
    axes.set_ylim(y_mm + half, y_mm - half)
    draw_letters(axes, find_edge_letters(shadow.column_lps_mm, shadow.row_lps_mm))
    draw_title(axes, TITLES[view], caption)
    draw_scale_bar(axes)
    return png_bytes(figure)


def _pixel_mm(shadow: Projection) -> NDArray[np.float64]:
    """Return width and height of a pixel, mm."""
    steps = np.stack([shadow.column_lps_mm, shadow.row_lps_mm])
    size: NDArray[np.float64] = np.linalg.norm(steps, axis=1)
    return size


def _picture_mm(shadow: Projection, points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map points, shape (..., 3), mm, LPS, to (right, down) from the first pixel, mm."""
    return shadow.pixels(points_lps_mm)[..., ::-1] * _pixel_mm(shadow)


def _as_film(shadow: Projection) -> NDArray[np.float32]:
    """Return the projection as greys 0..1, bone bright, with the slow body shape held back."""
    sigma_px = _SOFT_BLUR_MM / _pixel_mm(shadow)[::-1]
    slow = gaussian_filter(shadow.values, sigma_px)
    sharp = slow + _DETAIL_GAIN * (shadow.values - slow)
    # Air beside the trunk would set the scale of greys.
    body = sharp[shadow.values > 0.15 * float(shadow.values.max(initial=1.0))]
    if not len(body):
        return np.zeros_like(sharp)
    # Percentiles, because a few pixels of metal would darken all the rest.
    dark, bright = np.percentile(body, [_DARK_PERCENTILE, _BRIGHT_PERCENTILE])
    span = max(float(bright - dark), 1e-6)
    film: NDArray[np.float32] = np.clip((sharp - dark) / span, 0.0, 1.0).astype(np.float32)
    return film
