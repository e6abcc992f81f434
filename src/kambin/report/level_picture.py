"""The evidence of the level: the spine from the front and from the side, counted from both ends."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from kambin.anatomy import VERTEBRAE, Case, CaseCheck, Level, StructureKey
from kambin.anatomy.levels import VertebralStack, stack_vertebrae
from kambin.anatomy.survey import FoundStructure, Survey
from kambin.core import AnatomyError
from kambin.imaging import LabelMap, Plane, Volume, reslice
from kambin.report.camera import Camera
from kambin.report.figure import (
    draw_letters,
    draw_scale_bar,
    draw_title,
    new_figure,
    png_bytes,
    write_label,
)
from kambin.report.meshes import region_surface
from kambin.report.palette import IVORY, find_look
from kambin.report.render import Mesh, render_scene
from kambin.report.slice_outlines import region_outlines_mm
from kambin.report.source import soften
from kambin.report.view_planes import ViewPlane

_SIZE_IN = (8.4, 6.4)
_PANEL_PX = (660, 1000)
_MARGIN_MM = 22.0
_WINDOW_HU = (-250.0, 650.0)
_MR_SHARES = (1.0, 99.0)
_AGREES, _DIFFERS = "white", "#ff7a6b"
_FAINT = 0.30
_MARKED, _MARK_MM = "#ffd23f", 34.0
_USUAL_COLUMN = tuple(name for name in VERTEBRAE if name != "L6")


@dataclass(frozen=True, slots=True)
class CountedVertebra:
    """One vertebra with its name and what the counts from both ends would call it.

    Parameters
    ----------
    name : str, as labelled
    from_sacrum, from_rib : the count from that end and the name it leads to, or none
    body_lps_mm : float array, shape (3,), mm, LPS, the middle of its front half
    """

    name: str
    from_sacrum: tuple[int, str] | None
    from_rib: tuple[int, str] | None
    body_lps_mm: NDArray[np.float64]


def count_vertebrae(survey: Survey, stack: VertebralStack) -> tuple[CountedVertebra, ...]:
    """Count the labelled vertebrae from the sacrum up and from the last rib down.

    Parameters
    ----------
    survey : Survey of the labels
    stack : VertebralStack of it

    Returns
    -------
    the vertebrae from cranial to caudal; a count that is not possible is none. The names of
    the labels play no part in the counts, only where a count begins does.
    """
    lumbar_up = _USUAL_COLUMN[: _USUAL_COLUMN.index("S1")][::-1]
    bearer = next((i for i, n in enumerate(stack.names) if n == stack.rib_vertebra), None)
    counted = []
    for index, vertebra in enumerate(stack.vertebrae):
        up = down = None
        if stack.sacrum is not None:
            steps = len(stack.vertebrae) - index
            up = (steps, lumbar_up[steps - 1] if steps <= len(lumbar_up) else "")
        if stack.rib_number and bearer is not None:
            steps = index - bearer
            at = _USUAL_COLUMN.index("T12") + stack.rib_number - 12 + steps
            down = (steps, _USUAL_COLUMN[at] if 0 <= at < len(_USUAL_COLUMN) else "")
        points = vertebra.points_lps_mm(survey.labels)
        middle = points[points[:, 1] <= points[:, 1].mean()].mean(axis=0)
        counted.append(CountedVertebra(vertebra.key.place, up, down, middle))
    return tuple(counted)


def draw_level_picture(case: Case, check: CaseCheck, *, mark: Level | None = None) -> bytes:
    """Return the counted spine as PNG: from the front, and cut from the side.

    Parameters
    ----------
    case : Case
    check : CaseCheck of it, with its survey
    mark : Level to draw as the index level, or none for the one that is marked already

    Raises
    ------
    AnatomyError  (AN-100) if no vertebra is labelled that could be counted
    """
    survey = check.survey
    stack = None if survey is None else stack_vertebrae(survey)
    if survey is None or stack is None or not stack.vertebrae:
        raise AnatomyError(
            code="AN-100",
            what="There is no lumbar spine to draw",
            where="labels",
            why="No vertebra from T10 to L6 is labelled.",
            next_step="Import labels that name the lumbar vertebrae.",
        )
    counted = count_vertebrae(survey, stack)
    centre, height_mm = _extent(stack, survey)
    figure = new_figure(*_SIZE_IN)
    front = figure.add_axes((0.0, 0.0, 0.5, 1.0))
    side = figure.add_axes((0.5, 0.0, 0.5, 1.0))
    _draw_front(front, survey, stack, counted, centre, height_mm)
    _draw_side(side, case, survey, stack, counted, centre, height_mm)
    said = check.scheme
    counted_from = {
        (True, True): "both ends",
        (True, False): "the sacrum alone",
        (False, True): "the last rib alone",
        (False, False): "no end",
    }[said.counted_from_sacrum, said.counted_from_rib]
    # in lines of their own, or they would lie over the letter above the head
    words = f"Scheme: {said.name}\ncounted from {counted_from}"
    draw_title(front, "From the front", words)
    marked = str(mark or said.index_level)
    ends = [v.body_lps_mm for v in counted if v.name in marked.split("-")]
    if marked and len(ends) == 2:
        _draw_mark(front, side, (ends[0] + ends[1]) / 2 - centre, marked)
    return png_bytes(figure)


def _draw_mark(front: Axes, side: Axes, place_mm: NDArray[np.float64], words: str) -> None:
    """Draw an arrow to the level that a person marked where nothing can be counted."""
    for axes, across in ((front, place_mm[0]), (side, place_mm[1])):
        x, y = float(across), float(-place_mm[2])
        axes.annotate(
            f"index level\nlabelled {words}", (x, y), (x - _MARK_MM, y), color=_MARKED,
            fontsize=8, ha="right", va="center", arrowprops={"arrowstyle": "-|>", "color": _MARKED},
        )  # fmt: skip


def _extent(stack: VertebralStack, survey: Survey) -> tuple[NDArray[np.float64], float]:
    parts = [*stack.vertebrae, *([stack.sacrum] if stack.sacrum is not None else [])]
    heights = np.concatenate([_ends_mm(part, survey)[:, 2] for part in parts])
    low, high = float(heights.min()), float(heights.max())
    middle = np.mean([v.centroid_lps_mm for v in stack.vertebrae], axis=0)
    centre = np.array([middle[0], middle[1], (low + high) / 2])
    return centre, high - low + 2 * _MARGIN_MM


def _ends_mm(part: FoundStructure, survey: Survey) -> NDArray[np.float64]:
    return survey.labels.lps_mm([[s.start for s in part.box], [s.stop - 1 for s in part.box]])


def _region(part: FoundStructure, survey: Survey) -> LabelMap:
    box = part.grown_box(survey.labels, 2)
    affine = survey.labels.lps_from_ijk.copy()
    affine[:3, 3] = survey.labels.lps_mm([s.start for s in box])
    mask = part.mask(survey.labels, margin_voxels=2).astype(np.uint8)
    return LabelMap(mask, affine, survey.labels.frame_id)


def _draw_front(
    axes: Axes,
    survey: Survey,
    stack: VertebralStack,
    counted: tuple[CountedVertebra, ...],
    centre: NDArray[np.float64],
    height_mm: float,
) -> None:
    """Draw the bones as one sees them from the front, with both counts beside them."""
    camera = Camera.looking((0.0, 1.0, 0.0), centre_lps_mm=centre, height_mm=height_mm)
    meshes = [
        Mesh(region_surface(_region(v, survey)), tuple(c * (1 - 0.16 * (n % 2)) for c in IVORY))  # type: ignore[arg-type]
        for n, v in enumerate(stack.vertebrae)
    ]
    # where a tool splits S1 off, it is what the lowest vertebra stands on
    first_sacral = [s for s in (survey.find("vertebra", "S1"),) if s is not None]
    for kind in ("sacrum", "rib", "ilium"):
        for part in (*survey.of_kind(kind), *(first_sacral if kind == "sacrum" else ())):
            colour = find_look(StructureKey(kind)).colour
            opacity = 1.0 if kind != "ilium" else _FAINT
            meshes.append(Mesh(region_surface(_region(part, survey)), colour, opacity))
    image = render_scene(meshes, camera, _PANEL_PX)
    half_h = height_mm / 2
    half_w = half_h * _PANEL_PX[0] / _PANEL_PX[1]
    extent = (-half_w, half_w, half_h, -half_h)
    axes.imshow(image, extent=extent, interpolation="bilinear", aspect="auto")
    _frame(axes, extent)
    lowest = -1.0 * half_h
    for vertebra in counted:
        x, y = vertebra.body_lps_mm[0] - centre[0], centre[2] - vertebra.body_lps_mm[2]
        write_label(axes, float(x), float(y), vertebra.name, size_pt=11)
        for share, count in ((-0.74, vertebra.from_sacrum), (0.74, vertebra.from_rib)):
            if count is not None:
                fits = count[1] == vertebra.name
                words = f"{count[0]}: {count[1] or '?'}" + ("" if fits else " differs")
                write_label(
                    axes, share * half_w, float(y), words, size_pt=8,
                    colour=_AGREES if fits else _DIFFERS,
                )  # fmt: skip
        lowest = max(lowest, float(y))
    foot = min(lowest + 0.085 * height_mm, 0.86 * half_h)
    up = "from the sacrum\nupwards" if stack.sacrum is not None else "no sacrum\nto count from"
    down = (
        f"from rib {stack.rib_number}\ndownwards" if stack.rib_number else "no rib\nto count from"
    )
    write_label(axes, -0.70 * half_w, foot, up, size_pt=7)
    write_label(axes, 0.70 * half_w, foot, down, size_pt=7)
    draw_letters(axes, camera.letters)
    draw_scale_bar(axes)


def _draw_side(
    axes: Axes,
    case: Case,
    survey: Survey,
    stack: VertebralStack,
    counted: tuple[CountedVertebra, ...],
    centre: NDArray[np.float64],
    height_mm: float,
) -> None:
    """Draw the sagittal section through the bodies, with the outlines of the labels."""
    width_mm = height_mm * _PANEL_PX[0] / _PANEL_PX[1]
    plane = Plane(
        centre, np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, -1.0]), width_mm, height_mm,
        height_mm / _PANEL_PX[1],
    )  # fmt: skip
    view = ViewPlane("level-side", "Sagittal", plane)
    if case.image is not None:
        low, high = _grey_window(case.image)
        grey = reslice(case.image, plane, low)
        axes.imshow(grey, cmap="gray", vmin=low, vmax=high, extent=view.extent_mm, aspect="auto")
    else:
        axes.set_facecolor("black")
    parts = [*stack.vertebrae, *([stack.sacrum] if stack.sacrum is not None else [])]
    for part in parts:
        look = find_look(part.key)
        soft = soften(part.key, _region(part, survey), modelled=False)
        for line in region_outlines_mm(soft, view):
            axes.plot(line[:, 0], line[:, 1], color=look.colour, lw=1.3)
    for vertebra in counted:
        x, y = vertebra.body_lps_mm[1] - centre[1], centre[2] - vertebra.body_lps_mm[2]
        write_label(axes, float(x), float(y), vertebra.name, size_pt=10)
    if stack.sacrum is not None:
        middle = stack.sacrum.centroid_lps_mm
        write_label(
            axes, float(middle[1] - centre[1]), float(centre[2] - middle[2]),
            stack.sacrum.key.place or "sacrum", size_pt=9,
        )  # fmt: skip
    _frame(axes, view.extent_mm)
    draw_letters(axes, view.letters)
    draw_title(axes, "Sagittal, through the bodies" + ("" if case.image else ", labels only"))
    draw_scale_bar(axes)


def _frame(axes: Axes, extent_mm: tuple[float, float, float, float]) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlim(extent_mm[0], extent_mm[1])
    axes.set_ylim(extent_mm[2], extent_mm[3])


def _grey_window(image: Volume) -> tuple[float, float]:
    """Return what is black and what is white: fixed for a CT, by shares for an MR."""
    if image.values.min() < _WINDOW_HU[0]:
        return _WINDOW_HU
    # thinned out: shares of a few voxels are those of all
    low, high = np.percentile(image.values[::4, ::4, ::4], _MR_SHARES)
    return float(low), float(max(high, low + 1.0))
