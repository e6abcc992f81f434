"""The picture of a fusion: slices of the first image with what the second one shows on them."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from kambin.anatomy import Case
from kambin.anatomy.fusion_carry import BONES
from kambin.anatomy.fusion_types import Fusion
from kambin.report.figure import draw_letters, draw_scale_bar, new_figure, png_bytes
from kambin.report.letters import find_edge_letters

_HALF_MM = 55.0
_STEP_MM = 0.75
_ROW_IN = 3.6
_COLUMN_IN = 3.6
_TOP_IN = 0.55
_BONE, _OTHER_BONE = "#ffd21f", "#ff5fd0"
_COLOURS = {
    "dural_sac": "#35b0ff",
    "exiting_root": "#ff9a1f",
    "traversing_root": "#3ddc84",
    "drg": "#ff9a1f",
    "disc": "#b48cff",
    "fragment": "#ff3b30",
}
_AXIAL = (np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
_SAGITTAL = (np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, -1.0]))
_CORONAL = (np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, -1.0]))
_VIEWS = (("axial, seen from the feet", *_AXIAL), ("sagittal", *_SAGITTAL), ("coronal", *_CORONAL))


def draw_fusion(fusion: Fusion, mr: Case) -> bytes:
    """Draw three slices through every level, with both images' bones and what was carried over.

    Parameters
    ----------
    fusion : Fusion
    mr : Case, the second image

    Returns
    -------
    bytes of a PNG: on each slice the bone of the first image, the bone of the second image
    moved with the fusion, the carried structures, and the letters of the patient's sides
    """
    centres = fusion.warp.centres_ct_mm
    middles = (centres[:-1] + centres[1:]) / 2 if len(centres) > 1 else centres
    height = _ROW_IN * len(middles) + _TOP_IN
    figure = new_figure(_COLUMN_IN * len(_VIEWS), height)
    for row, middle in enumerate(middles):
        for column, (word, right, down) in enumerate(_VIEWS):
            low = 1.0 - (_TOP_IN + (row + 1) * _ROW_IN) / height
            wide, high = 1.0 / len(_VIEWS), _ROW_IN / height
            box = (column * wide + 0.005, low + 0.01, wide - 0.01, high - 0.05)
            axes = figure.add_axes(box)
            _draw_slice(axes, fusion, mr, middle, (right, down))
            draw_letters(axes, find_edge_letters(right, down))
            axes.set_title(f"{_name(fusion, row)}  {word}", fontsize=9)
    words = (
        ("bone, first image", _BONE),
        ("bone, second image, carried over", _OTHER_BONE),
        ("sac", _COLOURS["dural_sac"]),
        ("exiting root; dots: a line", _COLOURS["exiting_root"]),
        ("traversing root", _COLOURS["traversing_root"]),
        ("disc", _COLOURS["disc"]),
        ("fragment", _COLOURS["fragment"]),
    )
    for n, (word, colour) in enumerate(words):
        x = (0.01, 0.13, 0.36, 0.42, 0.62, 0.77, 0.83)[n]
        text: Any = figure.text(x, 1.0 - 0.3 / height, f"\u25a0 {word}", color=colour, fontsize=9)
        text.set_path_effects([])
    return png_bytes(figure)


def _name(fusion: Fusion, row: int) -> str:
    if not fusion.levels:
        return fusion.vertebrae[0].vertebra
    level = fusion.levels[row]
    return f"{level.name}, error {level.error_mm:.1f} mm"


def _draw_slice(
    axes: Axes,
    fusion: Fusion,
    mr: Case,
    middle: NDArray[np.float64],
    view: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    ticks = np.arange(-_HALF_MM, _HALF_MM + _STEP_MM, _STEP_MM)
    across, along = np.meshgrid(ticks, ticks)
    points = middle + across[..., None] * view[0] + along[..., None] * view[1]
    flat = points.reshape(-1, 3)
    case = fusion.case
    extent = (-_HALF_MM, _HALF_MM, _HALF_MM, -_HALF_MM)
    if case.image is not None:
        grey = _nearest(case.image, flat, -1000).reshape(across.shape)
        axes.imshow(grey, extent=extent, cmap="gray", vmin=-200, vmax=600)
    else:
        axes.imshow(np.zeros(across.shape), extent=extent, cmap="gray")
    own = _nearest(case.labels, flat, 0).reshape(across.shape)
    other = _nearest(mr.labels, fusion.warp.to_mr(flat), 0).reshape(across.shape)
    for labels, names, colour in ((own, case.names, _BONE), (other, mr.names, _OTHER_BONE)):
        bones = [v for v, key in names.items() if key.kind in BONES - {"ilium", "rib"}]
        _outline(axes, ticks, np.isin(labels, bones), colour, 0.9)
    for value, key in case.names.items():
        if key in case.registration_sigma_mm and key.kind in _COLOURS:
            _outline(axes, ticks, own == value, _COLOURS[key.kind], 1.4)
    for key, tube in case.drawn.items():
        offset = tube.points_lps_mm - middle
        normal = np.cross(view[0], view[1])
        near = np.abs(offset @ normal) <= tube.radii_mm
        colour = _COLOURS.get(key.kind, "white")
        axes.plot(offset[near] @ view[0], offset[near] @ view[1], ".", color=colour, ms=4)
    axes.set_axis_off()
    axes.set_xlim(-_HALF_MM, _HALF_MM)
    axes.set_ylim(_HALF_MM, -_HALF_MM)
    draw_scale_bar(axes)


def _outline(
    axes: Axes, ticks: NDArray[np.float64], mask: NDArray[np.bool_], colour: str, width: float
) -> None:
    # A contour of nothing warns instead of drawing nothing.
    if mask.any() and not mask.all():
        axes.contour(ticks, ticks, mask.astype(float), [0.5], colors=[colour], linewidths=width)


def _nearest(voxels: Any, points_lps_mm: NDArray[np.float64], outside: int) -> NDArray[Any]:
    """Return the value of the nearest voxel at points, shape (N,), and beyond the image another."""
    ijk = np.rint(voxels.ijk(points_lps_mm)).astype(int)
    inside = ((ijk >= 0) & (ijk < voxels.shape)).all(axis=1)
    values = np.full(len(ijk), outside, dtype=voxels.values.dtype if outside == 0 else np.float32)
    values[inside] = voxels.values[tuple(ijk[inside].T)]
    return values
