"""Letters and a scale bar on a rendered picture."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kambin.report.letters import EdgeLetters

_DPI = 100


def annotate_view(
    image: NDArray[np.uint8],
    letters: EdgeLetters,
    pixel_mm: float,
    *,
    title: str = "",
    scale_mm: float = 20.0,
) -> NDArray[np.uint8]:
    """Return the picture with the patient's letters, a scale bar and a title.

    Parameters
    ----------
    image : uint8 array, shape (height, width, 3)
    letters : EdgeLetters of the view
    pixel_mm : float, mm per pixel
    title : str, upper left corner
    scale_mm : float, mm, length of the scale bar

    Returns
    -------
    uint8 array, shape (height, width, 3)
    """
    height, width = image.shape[:2]
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    # Rows count downwards, as in the array, so that letters can be placed in its pixels.
    axes.imshow(image, extent=(0, width, height, 0), interpolation="none")
    # Letters grow with the picture, but never below what can be read.
    size = max(9.0, width / 45.0)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.5}
    margin = 0.6 * size * _DPI / 72
    for letter, x, y, across in (
        (letters.left, 6, height / 2, "left"),
        (letters.right, width - 6, height / 2, "right"),
        (letters.top, width / 2, margin + 4, "center"),
        (letters.bottom, width / 2, height - margin - 4, "center"),
    ):
        axes.text(x, y, letter, size=size, weight="bold", ha=across, va="center", bbox=box)
    # A bar of true length: a print of any size can be measured by it.
    bar_px = scale_mm / pixel_mm
    base = height - 14
    axes.plot([14, 14 + bar_px], [base, base], color="black", lw=3, solid_capstyle="butt")
    axes.text(14, base - 6, f"{scale_mm / 10:g} cm", size=0.75 * size, va="bottom", bbox=box)
    if title:
        axes.text(8, 8, title, size=0.85 * size, va="top", bbox=box)
    canvas.draw()  # type: ignore[no-untyped-call]
    rgba = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    # A copy, because the buffer goes with the canvas.
    pixels: NDArray[np.uint8] = np.asarray(rgba)[..., :3].copy()
    return pixels
