"""AP and lateral projections, as a C-arm would show the level, with the tools."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from kambin.imaging import Projection, Volume, project
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
from kambin.report.slices import grey_jpeg, read_slice
from kambin.report.tool_outlines import DrawnTool, shadow_outline_mm

VIEWS: tuple[Literal["ap", "lateral"], ...] = ("ap", "lateral")
"""The two projections of a report."""

TITLES = {"ap": "Projection AP", "lateral": "Projection lateral"}
"""How they are headed."""

SIDE_MM = 190.0
"""Width and height of a projection as it is printed, mm."""

_WIDTH_IN = 3.4
_SIDE_PX = 512
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
    film = make_film(volume, view)
    x_mm, y_mm = film.picture_mm(centre_lps_mm).tolist()
    half = SIDE_MM / 2
    extent_mm = (x_mm - half, x_mm + half, y_mm + half, y_mm - half)
    figure = new_figure(_WIDTH_IN, _WIDTH_IN)
    axes = picture_axes(figure, extent_mm)
    figure.set_facecolor("black")
    axes.imshow(
        # The bytes that the workstation shows of the same place.
        read_slice(film_jpeg(film, (x_mm, y_mm), (_SIDE_PX, _SIDE_PX), SIDE_MM / _SIDE_PX)),
        cmap="gray",
        vmin=0,
        vmax=255,
        extent=extent_mm,
        interpolation="bilinear",
        aspect="auto",
    )
    for tool in tools:
        draw_tool(axes, [film.shadow_mm(tool)], tool.name)
    # Once more, because drawing an image moves the limits.
    axes.set_xlim(x_mm - half, x_mm + half)
    axes.set_ylim(y_mm + half, y_mm - half)
    draw_letters(axes, film.letters)
    draw_title(axes, TITLES[view], caption)
    draw_scale_bar(axes)
    return png_bytes(figure)


@dataclass(frozen=True, slots=True)
class Film:
    """A projection as greys, made once for any number of pictures.

    Parameters
    ----------
    shadow : Projection
    greys : float32 array, shape of the projection, 0 black to 1 white
    """

    shadow: Projection
    greys: NDArray[np.float32]

    @property
    def letters(self) -> EdgeLetters:
        """Return the patient's letters at the four sides."""
        return find_edge_letters(self.shadow.column_lps_mm, self.shadow.row_lps_mm)

    def picture_mm(self, points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map points, shape (..., 3), mm, LPS, to (right, down) from the first pixel, mm."""
        return self.shadow.pixels(points_lps_mm)[..., ::-1] * _pixel_mm(self.shadow)

    def shadow_mm(self, tool: DrawnTool) -> NDArray[np.float64]:
        """Return the outline of a tool's shadow, shape (N, 2), (right, down), mm.

        Parameters
        ----------
        tool : DrawnTool
        """
        ends = self.picture_mm(np.stack([tool.tip_lps_mm, tool.outside_lps_mm]))
        return shadow_outline_mm(ends[0], ends[1], tool.radius_mm)


def make_film(volume: Volume, view: Literal["ap", "lateral"]) -> Film:
    """Return a projection of an image as greys.

    Parameters
    ----------
    volume : Volume, HU
    view : str, ``ap`` or ``lateral``

    Raises
    ------
    InputError  (IN-045) if the view is another word
    """
    shadow = project(volume, view)
    return Film(shadow, _as_film(shadow))


def film_jpeg(
    film: Film, centre_mm: tuple[float, float], size_px: tuple[int, int], pixel_mm: float
) -> bytes:
    """Return a part of a film as a grey JPEG; the same request gives the same bytes.

    Parameters
    ----------
    film : Film
    centre_mm : right and down from the film's first pixel, mm, the middle of the picture
    size_px : width and height, pixels
    pixel_mm : float, mm
    """
    across, down = (
        centre + pixel_mm * (np.arange(count) - (count - 1) / 2)
        for centre, count in zip(centre_mm, size_px, strict=True)
    )
    wide_mm, high_mm = _pixel_mm(film.shadow).tolist()
    places = np.meshgrid(down / high_mm, across / wide_mm, indexing="ij")
    # Beyond the film it is black, as where nothing was exposed.
    greys = map_coordinates(film.greys, places, order=1, cval=0.0)
    return grey_jpeg(255.0 * greys)


def _pixel_mm(shadow: Projection) -> NDArray[np.float64]:
    """Return width and height of a pixel, mm."""
    steps = np.stack([shadow.column_lps_mm, shadow.row_lps_mm])
    size: NDArray[np.float64] = np.linalg.norm(steps, axis=1)
    return size


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
