"""From a template and its data to a PDF: texts as data, own fonts, no date."""

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import matplotlib
import typst


def typeset(template: str, data: Mapping[str, Any], pictures: Mapping[str, bytes]) -> bytes:
    """Return a print as PDF.

    Parameters
    ----------
    template : str, name of a template of this package, such as ``report``; it reads its data from
        a file of its own name
    data : what the template reads
    pictures : mapping of a name, which the template calls with ``.png`` behind it, to PNG

    Notes
    -----
    Texts reach the typesetter as data, never as its markup. It uses only its own and
    matplotlib's fonts and prints no date, so that the same input gives the same bytes.
    """
    source = resources.files("kambin.report").joinpath(f"templates/{template}.typ")
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    # A folder of its own is all the typesetter may read.
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for name, png in pictures.items():
            (root / f"{name}.png").write_bytes(png)
        (root / f"{template}.json").write_text(json.dumps(data), "utf-8")
        (root / f"{template}.typ").write_text(source.read_text("utf-8"), "utf-8")
        compiled = typst.compile(
            root / f"{template}.typ",
            root=root,
            font_paths=[fonts],
            ignore_system_fonts=True,
            timestamp=0,
        )
    return bytes(compiled)
