"""Make the picture of the README from the report of ``kambin demo``.

Usage: ``python docs/figures/readme_picture.py [DEMO_FOLDER]``. Without a folder the demo is run
into a temporary one. The picture is put together from the report's own pictures.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread

from kambin.report.words import BANNER

TARGET = Path(__file__).parents[1] / "images" / "report.png"
ROWS = (("along-flat", "along-upright", "probe-eye"), ("projection-ap", "space-side", "skin-map"))
WIDTH_IN, DPI, GAP, BANNER_IN = 11.0, 110, 0.006, 0.26


def main() -> None:
    """Run the demo if no folder of one is named, and write the picture."""
    if len(sys.argv) > 1:
        compose(Path(sys.argv[1]) / "report" / "pictures")
        return
    with tempfile.TemporaryDirectory() as folder:
        call = "from kambin.cli.main import main; main()"
        command = [sys.executable, "-c", call, "demo", "-o", folder]
        subprocess.run(command, check=True)
        compose(Path(folder) / "report" / "pictures")


def compose(pictures: Path) -> None:
    """Lay the pictures of a report out in rows of one width, under the banner."""
    rows = [[imread(pictures / f"{name}.png") for name in row] for row in ROWS]
    heights = [1.0 / sum(image.shape[1] / image.shape[0] for image in row) for row in rows]
    inner = 1.0 - 2 * GAP
    height_in = WIDTH_IN * (inner * sum(heights) + 3 * GAP) + BANNER_IN
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    bar = figure.add_axes(
        (0, 1 - BANNER_IN / height_in, 1, BANNER_IN / height_in), facecolor="black"
    )
    bar.set_xticks([])
    bar.set_yticks([])
    bar.text(0.5, 0.45, BANNER, color="white", weight="bold", size=10, ha="center", va="center")
    top_in = height_in - BANNER_IN
    for row, height in zip(rows, heights, strict=True):
        tall_in = WIDTH_IN * inner * height
        left = GAP
        top_in -= WIDTH_IN * GAP
        for image in row:
            wide = inner * height * image.shape[1] / image.shape[0]
            box = (left, (top_in - tall_in) / height_in, wide - GAP / 2, tall_in / height_in)
            axes = figure.add_axes(box)
            axes.set_axis_off()
            axes.imshow(image, aspect="auto", interpolation="lanczos")
            left += wide
        top_in -= tall_in
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(TARGET, metadata={"Software": None})


if __name__ == "__main__":
    main()
