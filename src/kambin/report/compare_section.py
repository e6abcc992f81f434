"""A way to operate cut along its axis: what it passes, pushes aside and takes away."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from kambin.anatomy import Structure
from kambin.approaches import Ground, Measured
from kambin.approaches.costs import find_cannula, find_reamed
from kambin.approaches.retraction import is_in_voxel
from kambin.approaches.solids import Capsules, Solid
from kambin.report.figure import draw_scale_bar, write_label

LEGEND = {
    "bone": (0.86, 0.82, 0.72),
    "bone taken": (0.95, 0.55, 0.10),
    "flavum": (0.76, 0.86, 0.52),
    "flavum taken": (0.42, 0.56, 0.10),
    "disc": (0.72, 0.80, 0.90),
    "sac": (0.55, 0.75, 0.95),
    "roots": (0.98, 0.83, 0.10),
    "fragment": (0.85, 0.15, 0.65),
    "muscle": (0.93, 0.80, 0.78),
    "muscle pushed aside": (0.76, 0.48, 0.46),
    "muscle taken off": (0.55, 0.12, 0.12),
    "tube or channel": (0.55, 0.90, 0.93),
}
"""Names and colours of what a section shows."""

TARGET_COLOUR = "black"
"""Of the mark at the target."""

_HALF_MM, _FRONT_MM, _BACK_MM, _STEP_MM = 52.0, 30.0, 96.0, 0.4
_PAPER, _AIR = (1.0, 1.0, 1.0), (0.90, 0.90, 0.90)
_BONES = frozenset(
    ("body", "body_rim", "pedicle", "pedicle_rim", "lamina", "sp", "tp", "iap", "sap", "pars",
     "arch_base", "arch", "sacrum", "ilium", "vertebra")
)  # fmt: skip
_LAYERS = (
    ("muscle", frozenset(("multifidus", "erector_spinae", "quadratus", "psoas"))),
    ("bone", _BONES),
    ("disc", frozenset(("disc",))),
    ("sac", frozenset(("dural_sac",))),
    ("flavum", frozenset(("flavum",))),
    ("roots", frozenset(("exiting_root", "traversing_root", "drg"))),
    ("fragment", frozenset(("fragment",))),
)


def draw_way_section(axes: Axes, ground: Ground, one: Measured) -> None:
    """Draw a way in the plane of its axis and the lateral direction, seen from the feet.

    Parameters
    ----------
    axes : Axes, emptied
    ground : Ground
    one : Measured
    """
    lateral, behind = _find_plane(ground, one)
    # Seen from the feet: the patient's left is on the picture's right, the back below.
    left = lateral * ground.geometry.side.lateral_sign_lps
    across = np.arange(-_HALF_MM, _HALF_MM, _STEP_MM)
    down = np.arange(-_FRONT_MM, _BACK_MM, _STEP_MM)
    u, v = np.meshgrid(across, down)
    places = (_find_middle(ground) + u[..., None] * left + v[..., None] * behind).reshape(-1, 3)
    picture = np.tile(np.array(_PAPER), (len(places), 1))
    _paint_tube(picture, one, places)
    if ground.skin is not None:
        picture[~is_in_voxel(ground.skin.region, places)] = _AIR
    _paint_anatomy(picture, ground, places)
    _paint_taken(picture, ground, one, places)
    axes.imshow(
        picture.reshape(*u.shape, 3),
        extent=(-_HALF_MM, _HALF_MM, _BACK_MM, -_FRONT_MM),
        interpolation="nearest",
    )
    axes.set_axis_off()
    for x, letter in ((-0.92, "R"), (0.92, "L")):
        write_label(axes, x * _HALF_MM, 0.0, letter, size_pt=10)
    write_label(axes, 0.0, 0.92 * _BACK_MM, "P", size_pt=10)
    write_label(axes, 0.0, -0.85 * _FRONT_MM, "A", size_pt=10)
    _mark_target(axes, ground, left)
    draw_scale_bar(axes)


def _mark_target(axes: Axes, ground: Ground, left: NDArray[np.float64]) -> None:
    """Mark the point that all ways aim at; the plane of each holds it."""
    across = float((ground.target_lps_mm - _find_middle(ground)) @ left)
    axes.plot([across], [0.0], marker="+", ms=7.0, mew=2.4, color="white")
    axes.plot([across], [0.0], marker="+", ms=6.0, mew=1.1, color=TARGET_COLOUR)


def _find_middle(ground: Ground) -> NDArray[np.float64]:
    """Return the point of the midline at the target's depth and height, mm, LPS."""
    middle = ground.geometry.surgical_mm(ground.target_lps_mm) * [0, 1, 1]
    return ground.geometry.lps_mm(middle)


def _find_plane(ground: Ground, one: Measured) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lateral direction, and the one across it in the plane of the axis, LPS."""
    lateral, behind = ground.axes_lps[0], ground.axes_lps[1]
    axis = None if one.way is None else one.way.outward
    if one.plan is not None:
        ends = one.plan.trajectory
        axis = np.subtract(ends.entry_lps_mm, ends.target_lps_mm)
    if axis is None:
        return lateral, behind
    in_plane = axis - (axis @ lateral) * lateral
    return lateral, in_plane / np.linalg.norm(in_plane)


def find_tissues(ground: Ground) -> dict[str, list[Structure]]:
    """Return what is painted, layer over layer; of a vertebra in parts its parts.

    Parameters
    ----------
    ground : Ground
    """
    structures = ground.anatomy.structures
    parted = {key.place for key in structures if key.kind == "body"}
    return {
        name: [
            structure
            for key, structure in structures.items()
            if key.kind in kinds and not (key.kind == "vertebra" and key.place in parted)
        ]
        for name, kinds in _LAYERS
    }


def _paint_anatomy(
    picture: NDArray[np.float64], ground: Ground, places: NDArray[np.float64]
) -> None:
    for name, parts in find_tissues(ground).items():
        for structure in parts:
            picture[is_in_voxel(structure.region, places)] = LEGEND[name]


def _paint_tube(picture: NDArray[np.float64], one: Measured, places: NDArray[np.float64]) -> None:
    solid: Solid | None = None if one.way is None else one.way.aside
    if one.plan is not None:
        solid = Capsules(find_cannula(one.plan))
    if solid is not None:
        picture[solid.gap_mm(places) <= 0] = LEGEND["tube or channel"]


def _paint_taken(
    picture: NDArray[np.float64], ground: Ground, one: Measured, places: NDArray[np.float64]
) -> None:
    """Paint what goes over what stays."""
    others = tuple(part.structure for part in one.costs.parts.get("other_bone", ()))
    if one.plan is not None:
        reamed, tube = Capsules(find_reamed(one.plan)), Capsules(find_cannula(one.plan))
        _paint(picture, ground.muscles, tube, places, "muscle pushed aside")
        bone = (*ground.laminae, *ground.facets, *others)
        _paint(picture, bone, reamed, places, "bone taken")
        _paint(picture, ground.flava, reamed, places, "flavum taken")
    way = one.way
    if way is None:
        return
    _paint(picture, ground.muscles, way.aside, places, "muscle pushed aside")
    if way.detached is not None:
        _paint(picture, ground.muscles, way.detached, places, "muscle taken off")
    _paint(picture, ground.flava, way.flavum, places, "flavum taken")
    passage = way.find_passage()
    if passage is not None:
        _paint(picture, others, passage, places, "bone taken")
    for structure in (*ground.laminae, *ground.facets):
        cut = way.find_cut(structure.key, ground.geometry.level.upper)
        _paint(picture, (structure,), cut, places, "bone taken")


def _paint(
    picture: NDArray[np.float64],
    structures: tuple[Structure, ...],
    solid: Solid,
    places: NDArray[np.float64],
    name: str,
) -> None:
    for structure in structures:
        held = np.flatnonzero(is_in_voxel(structure.region, places))
        picture[held[solid.gap_mm(places[held]) <= 0]] = LEGEND[name]
