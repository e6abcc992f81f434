"""Draw the parts of the made patient's vertebrae into docs/images/completion_parts.png.

python docs/figures/completion_parts.py
"""

from pathlib import Path

import numpy as np
from palette_png import write_png

from kambin.anatomy import Case, Level
from kambin.anatomy.completion import complete_bones
from kambin.frames import Side
from kambin.phantom import PhantomParameters, build_phantom
from kambin.report import (
    Camera,
    Mesh,
    annotate_view,
    find_edge_letters,
    region_surface,
    render_scene,
)

PAGE = Path(__file__).parents[1] / "images" / "completion_parts.png"
SIZE_PX = (420, 560)
COLOURS = {
    "body": "#d9d0c0",
    "body_rim": "#ff9900",
    "pedicle": "#c7a76b",
    "pedicle_rim": "#ffdd00",
    "sap": "#e02020",
    "iap": "#2040e0",
    "tp": "#30b050",
    "sp": "#8888ff",
    "lamina": "#77ccdd",
    "pars": "#aa5500",
    "arch_base": "#ff66cc",
    "sacrum": "#b8a890",
    "disc": "#50c0b0",
}


def main() -> None:
    """Build the patient, part the vertebrae, draw them from behind, the left and obliquely."""
    made = build_phantom(PhantomParameters(Level("L4", "L5"), Side.LEFT))
    bony = complete_bones(Case(None, made.labels, made.names, "kambin"))
    meshes = [
        Mesh(region_surface(structure.region), _rgb(COLOURS[key.kind]), 1.0, str(key))
        for key, structure in bony.structures.items()
        if key.kind in COLOURS and not key.place.startswith("T")
    ]
    centre = bony.vertebra_frames["L4"].lps_from_vertebra.points([0.0, 15.0, -10.0])
    views = ([0, -1, 0], [-1, 0, 0], [-0.77, -0.64, 0])
    pictures = []
    for view in views:
        camera = Camera.looking(view, centre_lps_mm=centre, height_mm=190.0)
        picture = render_scene(meshes, camera, SIZE_PX)
        right = np.cross(camera.view_lps, camera.up_lps)
        letters = find_edge_letters(right, -camera.up_lps)
        pictures.append(annotate_view(picture, letters, camera.height_mm / SIZE_PX[1]))
    write_png(PAGE, np.hstack(pictures))


def _rgb(code: str) -> tuple[float, float, float]:
    red, green, blue = (int(code[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return red, green, blue


if __name__ == "__main__":
    main()
