"""AP and lateral projections, as a C-arm would show the level, with the tools."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from kambin.imaging import Volume
from kambin.report.figure import (
    draw_letters,
    draw_scale_bar,
    draw_title,
    new_figure,
    picture_axes,
    png_bytes,
)
from kambin.report.letters import EdgeLetters, find_edge_letters
from kambin.report.sections import draw_tool
from kambin.report.tool_outlines import DrawnTool, shadow_outline_mm

VIEWS = ("ap", "lateral")
"""The two projections of a report."""

_TITLES = {"ap": "Projection AP", "lateral": "Projection lateral"}
_WIDTH_IN = 3.4
_SIDE_MM = 190.0
_AIR_HU, _WATER_HU = -1000.0, 1000.0
_SOFT_BLUR_MM, _DETAIL_GAIN = 18.0, 2.2
_DARK_PERCENTILE, _BRIGHT_PERCENTILE = 2.0, 99.5


@dataclass(frozen=True, slots=True)
class Shadow:
    """A parallel projection of a volume with its place in the patient.

    Parameters
    ----------
    values : float32 array, shape (rows, columns), mm of water along each ray
    origin_lps_mm : float array, shape (3,), mm, LPS, the centre of pixel (0, 0)
    right_lps, down_lps : float array, shape (3,), unit vectors of the picture
    pixel_mm : width and height of a pixel, mm
    """

    values: NDArray[np.float32]
    origin_lps_mm: NDArray[np.float64]
    right_lps: NDArray[np.float64]
    down_lps: NDArray[np.float64]
    pixel_mm: tuple[float, float]

    @property
    def letters(self) -> EdgeLetters:
        """Return the patient's letters at the four sides."""
        return find_edge_letters(self.right_lps, self.down_lps)

    def picture_mm(self, points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map points, shape (..., 3), mm, LPS, to (right, down) from the first pixel, mm."""
        axes = np.column_stack([self.right_lps, self.down_lps])
        mapped: NDArray[np.float64] = (points_lps_mm - self.origin_lps_mm) @ axes
        return mapped


def cast_shadow(volume: Volume, view: str) -> Shadow:
    """Return what parallel rays through the patient would leave on a film.

    Parameters
    ----------
    volume : Volume, HU, canonical order (indices grow to Left, Posterior, Superior)
    view : str, ``ap`` (patient's left on the right) or ``lateral`` (anterior on the left)
    """
    along, across = (1, 0) if view == "ap" else (0, 1)
    spacing = volume.spacing_mm
    density = np.clip(volume.values.astype(np.float32) - _AIR_HU, 0.0, None) / _WATER_HU
    rays = density.sum(axis=along, dtype=np.float32) * np.float32(spacing[along])
    axes = volume.lps_from_ijk[:3, :3] / spacing
    top = volume.lps_mm([0, 0, volume.shape[2] - 1])
    return Shadow(
        np.ascontiguousarray(rays.T[::-1]),
        top,
        axes[:, across],
        -axes[:, 2],
        (float(spacing[across]), float(spacing[2])),
    )


def draw_projection(
    volume: Volume,
    view: str,
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
    """
    shadow = cast_shadow(volume, view)
    x_mm, y_mm = shadow.picture_mm(centre_lps_mm).tolist()
    half = _SIDE_MM / 2
    figure = new_figure(_WIDTH_IN, _WIDTH_IN)
    axes = picture_axes(figure, (x_mm - half, x_mm + half, y_mm + half, y_mm - half))
    rows, columns = shadow.values.shape
    width, height = shadow.pixel_mm
    axes.set_facecolor("black")
    axes.imshow(
        _as_film(shadow),
        cmap="gray",
        vmin=0.0,
        vmax=1.0,
        extent=(-width / 2, (columns - 0.5) * width, (rows - 0.5) * height, -height / 2),
        interpolation="bilinear",
        aspect="auto",
    )
    for tool in tools:
        ends = shadow.picture_mm(np.stack([tool.tip_lps_mm, tool.outside_lps_mm]))
        draw_tool(axes, [shadow_outline_mm(ends[0], ends[1], tool.radius_mm)], tool.name)
    axes.set_xlim(x_mm - half, x_mm + half)
    axes.set_ylim(y_mm + half, y_mm - half)
    draw_letters(axes, shadow.letters)
    draw_title(axes, _TITLES[view], caption)
    draw_scale_bar(axes)
    return png_bytes(figure)


def _as_film(shadow: Shadow) -> NDArray[np.float32]:
    """Return the projection as greys 0..1, bone bright, with the slow body shape held back."""
    sigma_px = [_SOFT_BLUR_MM / shadow.pixel_mm[1], _SOFT_BLUR_MM / shadow.pixel_mm[0]]
    slow = gaussian_filter(shadow.values, sigma_px)
    sharp = slow + _DETAIL_GAIN * (shadow.values - slow)
    body = sharp[shadow.values > 0.15 * float(shadow.values.max(initial=1.0))]
    if not len(body):
        return np.zeros_like(sharp)
    dark, bright = np.percentile(body, [_DARK_PERCENTILE, _BRIGHT_PERCENTILE])
    span = max(float(bright - dark), 1e-6)
    film: NDArray[np.float32] = np.clip((sharp - dark) / span, 0.0, 1.0).astype(np.float32)
    return film
