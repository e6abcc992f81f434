"""Views of a completed patient: which structures a picture shows, and how it is put together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from completion_parts import COLOURS as PART_COLOURS
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray
from palette_png import write_png

from kambin.anatomy import Anatomy, Case, Structure, StructureKey
from kambin.imaging import reslice
from kambin.report import (
    Camera,
    Mesh,
    PictureSurface,
    annotate_view,
    region_surface,
    render_scene,
)
from kambin.report.figure import draw_letters, draw_scale_bar, draw_title
from kambin.report.palette import (
    ARTERY_RED,
    BONE_KINDS,
    MUSCLE_ROSE,
    NERVE_YELLOW,
    SAC_YELLOW,
    VEIN_BLUE,
    find_look,
)
from kambin.report.slice_outlines import region_outlines_mm
from kambin.report.source import crop_near, shown_volume, soften
from kambin.report.view_planes import ViewPlane

Shown = Mapping[StructureKey, Structure]
Picture = NDArray[np.uint8]

VEIL = 0.28
WINDOW_HU = (-160.0, 400.0)
OWN_COLOURS = {
    "flavum": "#c98bdb",
    "canal": "#7fd0ff",
    "drg": "#ff8c00",
    "traversing_root": "#f7ef4d",
    "facet_joint": "#19e0c8",
    "facet_capsule": "#9ad14b",
    "multifidus": "#8c3a3c",
    "quadratus": "#d98a5a",
    "psoas": "#b9564a",
    "kidney": "#8a4a3a",
    "colon": "#b79a62",
    "liver": "#7c3b2e",
    "erector_spinae": "#e0a09a",
}
"""Colours by which kinds are told apart here that a plan's sections draw alike."""

_DPI = 100


def colour_of(kind: str) -> tuple[float, float, float]:
    """Return the colour of a kind; one that nobody has named yet has that of an organ."""
    named = {**PART_COLOURS, **OWN_COLOURS}.get(kind)
    return to_rgb(named) if named else find_look(StructureKey(kind)).colour


def find_doubled(anatomy: Anatomy) -> frozenset[StructureKey]:
    """Return what would only be drawn into itself: bones with parts, a cord taken for the sac."""
    places = {key.place for key in anatomy.structures if key.kind in PART_COLOURS}
    sac = anatomy.find("dural_sac")
    taken = {"spinal_cord"} if sac is not None and not sac.is_modelled else set()
    return frozenset(
        key
        for key in anatomy.structures
        if key.kind in taken or (key.kind == "vertebra" and key.place in places)
    )


@dataclass(frozen=True)
class Layers:
    """The structures of a patient, each in exactly one layer.

    Parameters
    ----------
    bone : bones and the parts of vertebrae
    small : discs, joints, ligaments: what belongs to a level or vertebra and is not bone
    lines : nerves with their sac, arteries and veins
    muscles : muscles
    organs : everything else that is no hull
    hull : what encloses the rest: skin, and the canal around its sac
    doubled : whole vertebrae whose parts are in ``bone``, a cord label that became the sac
    """

    bone: Shown
    small: Shown
    lines: Shown
    muscles: Shown
    organs: Shown
    hull: Shown
    doubled: Shown

    @property
    def whole_bone(self) -> Shown:
        """Return every bone once, vertebrae unparted."""
        whole = {key: one for key, one in self.doubled.items() if key.kind == "vertebra"}
        places = {key.place for key in whole}
        free = {key: one for key, one in self.bone.items() if key.place not in places}
        # S1 stands for the whole sacrum, and would only be drawn into itself.
        sacrum = "S1" if any(key.kind == "sacrum" for key in free) else ""
        return free | {key: one for key, one in whole.items() if key.place != sacrum}

    @property
    def vessels(self) -> Shown:
        """Return arteries and veins."""
        red_or_blue = (ARTERY_RED, VEIN_BLUE)
        return {k: one for k, one in self.lines.items() if find_look(k).colour in red_or_blue}


def sort_layers(anatomy: Anatomy) -> Layers:
    """Put every structure that the completion returned into one layer."""
    doubled = find_doubled(anatomy)
    layers: dict[str, dict[StructureKey, Structure]] = {
        name: {} for name in Layers.__dataclass_fields__
    }
    for key, structure in anatomy.structures.items():
        layers[_layer(key, doubled)][key] = structure
    return Layers(**layers)


def _layer(key: StructureKey, doubled: Iterable[StructureKey]) -> str:
    # By the palette of the reports, so that a kind that is added there finds its layer here.
    colour = find_look(key).colour
    if key in doubled:
        return "doubled"
    if key.kind in BONE_KINDS or (key.kind in PART_COLOURS and key.kind != "disc"):
        return "bone"
    if key.kind in ("skin", "canal"):
        return "hull"
    if colour in (NERVE_YELLOW, SAC_YELLOW, ARTERY_RED, VEIN_BLUE):
        return "lines"
    if colour == MUSCLE_ROSE:
        return "muscles"
    return "small" if key.place else "organs"


class Painter:
    """Makes the surface of each structure once, in the colour of its kind."""

    def __init__(self) -> None:
        self._surfaces: dict[StructureKey, PictureSurface] = {}

    def meshes(self, shown: Shown, opacity: float = 1.0) -> list[Mesh]:
        """Return the surfaces of the structures of one patient."""
        for key, structure in shown.items():
            if key not in self._surfaces:
                self._surfaces[key] = region_surface(structure.region)
        return [
            Mesh(self._surfaces[key], colour_of(key.kind), opacity, str(key))
            for key in sorted(shown, key=str)
        ]


def look_at(meshes: list[Mesh], camera: Camera, size_px: tuple[int, int], title: str) -> Picture:
    """Render surfaces with the patient's letters, a scale and a title."""
    picture = render_scene(meshes, camera, size_px)
    return annotate_view(picture, camera.letters, camera.height_mm / size_px[1], title=title)


def section(
    case: Case,
    anatomy: Anatomy,
    view: ViewPlane,
    hidden: Iterable[StructureKey],
    size_px: tuple[int, int],
) -> tuple[Picture, list[StructureKey]]:
    """Draw a grey section with the outline of every structure that the plane cuts.

    Returns
    -------
    the picture, and the keys of what it shows; modelled outlines are dashed
    """
    figure = Figure(figsize=(size_px[0] / _DPI, size_px[1] / _DPI), dpi=_DPI)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    centre = view.plane.centre_lps_mm
    grey = reslice(shown_volume(case, anatomy, centre), view.plane, WINDOW_HU[0])
    low, high = WINDOW_HU
    axes.imshow(grey, cmap="gray", vmin=low, vmax=high, extent=view.extent_mm, aspect="auto")
    shown = []
    half_mm = max(view.size_mm)
    for key, structure in sorted(anatomy.structures.items(), key=lambda item: str(item[0])):
        near = None if key in hidden else crop_near(structure.region, centre, half_mm)
        if near is None:
            continue
        lines = region_outlines_mm(soften(key, near, modelled=structure.is_modelled), view)
        style = (0, (3.0, 1.2)) if structure.is_modelled else "-"
        for line in lines:
            axes.plot(line[:, 0], line[:, 1], color=colour_of(key.kind), lw=1.2, ls=style)
        shown += [key] if lines else []
    left, right, bottom, top = view.extent_mm
    axes.set(xlim=(left, right), ylim=(bottom, top))
    draw_letters(axes, view.letters)
    draw_title(axes, view.title)
    draw_scale_bar(axes)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy(), shown


def legend(shown: Shown, width_px: int) -> Picture:
    """Return a strip that names each kind in its colour, and what is only modelled."""
    words: dict[str, str] = {}
    for key, structure in sorted(shown.items(), key=lambda item: str(item[0])):
        mark = " (modelled)" if structure.is_modelled else ""
        words[key.kind] = max(words.get(key.kind, ""), f"{key.kind.replace('_', ' ')}{mark}")
    columns = max(1, width_px // 190)
    rows = -(-len(words) // columns)
    height_px = 20 * rows + 12
    figure = Figure(figsize=(width_px / _DPI, height_px / _DPI), dpi=_DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    patches = [
        Patch(facecolor=colour_of(kind), edgecolor="black", linewidth=0.4, label=word)
        for kind, word in words.items()
    ]
    figure.legend(handles=patches, loc="center", ncol=columns, fontsize=8, frameon=False)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def save_picture(path: Path, pictures: list[Picture], shown: Shown) -> None:
    """Lay pictures side by side over their legend and write them."""
    row = np.hstack(pictures)
    write_png(path, np.vstack([row, legend(shown, row.shape[1])]))
