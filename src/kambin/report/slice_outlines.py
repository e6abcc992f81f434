"""Where a plane cuts the structures: lines in picture millimetres, and as SVG paths."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kambin.imaging import cut_shapes, thin_line
from kambin.report.source import SoftRegion
from kambin.report.view_planes import ViewPlane

THINNING_MM = 0.05
"""How far a drawn line may move so that its path is short, mm: an eighth of a pixel of a pane."""


def region_outlines_mm(region: SoftRegion, view: ViewPlane) -> list[NDArray[np.float64]]:
    """Return where a plane cuts a structure: lines of (right, down) in mm, each shape (N, 2).

    Parameters
    ----------
    region : SoftRegion, share of shape (I, J, K)
    view : ViewPlane

    Returns
    -------
    list of float arrays, shape (N, 2), mm from the middle of the picture
    """
    return all_outlines_mm((region,), view)[0]


def all_outlines_mm(
    regions: Sequence[SoftRegion], view: ViewPlane
) -> list[list[NDArray[np.float64]]]:
    """Return where a plane cuts each structure, as ``region_outlines_mm``, in their order.

    Parameters
    ----------
    regions : sequence of SoftRegion
    view : ViewPlane
    """
    found = cut_shapes([region.cut_shape for region in regions], view.plane)
    return [[view.picture_mm(line) for line in lines] for lines in found]


def svg_path(lines: Sequence[NDArray[np.float64]], *, thinning: float = THINNING_MM) -> str:
    """Return lines as the data of one SVG path, with two decimals.

    Parameters
    ----------
    lines : float arrays, shape (N, 2), right and down; a closed one ends with its first point
    thinning : float, in the unit of the lines, how far they may move

    References
    ----------
    SVG 2, https://www.w3.org/TR/SVG2/paths.html
    """
    thin = [thin_line(line, thinning) if thinning > 0 else line for line in lines if len(line) > 1]
    return "".join(_sub_path(line) for line in thin)


def _sub_path(line: NDArray[np.float64]) -> str:
    is_closed = len(line) > 2 and bool((line[0] == line[-1]).all())
    shown = line[:-1] if is_closed else line
    # One call for all numbers: a call for each takes longer than the cut.
    words = "M%.2f %.2f" + "L%.2f %.2f" * (len(shown) - 1)
    return words % tuple(shown.ravel().tolist()) + ("Z" if is_closed else "")
