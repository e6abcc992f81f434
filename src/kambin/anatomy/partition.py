"""A vertebra parted into body, pedicles, processes and lamina by planes in its frame."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.completion_types import WorkingBone
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.part_rules import (
    PartPoints,
    PartRules,
    measure_canal_depth,
    shipped_rules,
)
from kambin.anatomy.pedicles import Pedicle
from kambin.anatomy.sigma import surface_sigma_mm
from kambin.anatomy.structures import Origin, Structure, VertebraFrame
from kambin.anatomy.working import region_of_nodes
from kambin.frames import Side
from kambin.knowledge import value, values

MIDLINE_PARTS = ("body", "body_rim", "sp", "lamina", "arch")
SIDED_PARTS = ("pedicle", "pedicle_rim", "arch_base", "pars", "sap", "iap", "tp")
PARTS = (*MIDLINE_PARTS, *SIDED_PARTS)
"""All parts of a vertebra above the sacrum; each voxel of the bone is in one of them."""

METHOD = (
    "Part of the segmented vertebra: its outer surface is the segmented one, the faces where it "
    "was cut from its neighbours are modelled planes."
)
"""What every part says of itself."""


def classify_points(
    points: PartPoints, body_radii_mm: tuple[float, float], part_rules: PartRules | None = None
) -> NDArray[np.uint8]:
    """Return the index into ``PARTS`` of each point of a vertebra, uint8 array, shape (N,).

    Parameters
    ----------
    points : PartPoints
    body_radii_mm : float, mm, half width and half depth of the upper end plate
    part_rules : PartRules; without them the shipped ones

    Notes
    -----
    Planar rules in the frame of the vertebra; a later rule overrides an earlier one. How well
    rules fitted on one vertebra part another one: docs/concepts/completion-bone.md.
    """
    used = part_rules or shipped_rules()
    found = np.full(points.x_mm.shape, PARTS.index("arch"), dtype=np.uint8)
    # In rising order of trust: what a later rule takes is lost to the earlier ones (recipes 2).
    rules: Mapping[str, Callable[[PartPoints], NDArray[np.bool_]]] = {
        "lamina": _in_lamina,
        "arch_base": _in_arch_base,
        "pars": _in_pars,
        "pedicle": _in_pedicle,
        "pedicle_rim": _in_pedicle_rim,
        "sap": used.in_sap,
        "iap": used.in_iap,
        "tp": used.in_tp,
        "sp": used.in_sp,
        "body": used.in_body,
    }
    for part, rule in rules.items():
        found[rule(points)] = PARTS.index(part)
    # The rim is cut from the body last, or the order of the rules would eat into it.
    rim = (found == PARTS.index("body")) & _in_body_rim(points, body_radii_mm)
    found[rim] = PARTS.index("body_rim")
    return found


def _in_pedicle(p: PartPoints) -> NDArray[np.bool_]:
    behind, medial, low = values("completion_bone.pedicle_rule")
    beside = (p.behind_mm < behind) & (p.x_mm > medial * p.pedicle_x_mm)
    return _bool(beside & (p.above_mm > -low * p.height_mm))


def _in_pedicle_rim(p: PartPoints) -> NDArray[np.bool_]:
    border = 0.5 * p.height_mm - value("completion_bone.pedicle_rim_mm")
    return _bool(_in_pedicle(p) & (p.above_mm > border))


def _in_lamina(p: PartPoints) -> NDArray[np.bool_]:
    return _bool(p.x_mm < value("completion_bone.lamina_share") * p.pedicle_x_mm)


def _in_arch_base(p: PartPoints) -> NDArray[np.bool_]:
    border = -value("completion_bone.arch_base_share") * p.height_mm
    return _bool(~_in_lamina(p) & (p.above_mm >= border))


def _in_pars(p: PartPoints) -> NDArray[np.bool_]:
    return _bool(~_in_lamina(p) & ~_in_arch_base(p))


def _in_body_rim(p: PartPoints, body_radii_mm: tuple[float, float]) -> NDArray[np.bool_]:
    """Return which points lie in the posterior rim of the upper end plate."""
    # Behind only: the rim on which a cannula may rest is the one it comes upon (recipes 8).
    depth, breadth, front = values("completion_bone.body_rim_rule")
    half_width, half_depth = body_radii_mm
    inner = ((half_width - breadth), (half_depth - breadth))
    outside = (p.x_mm / inner[0]) ** 2 + (p.posterior_mm / inner[1]) ** 2 > 1.0
    return _bool(outside & (p.under_plate_mm < depth) & (p.posterior_mm > -front * half_depth))


def _bool(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(mask, dtype=np.bool_)


def part_vertebra(
    bone: WorkingBone, frame: VertebraFrame, label_spacing_mm: float
) -> dict[StructureKey, Structure]:
    """Part one vertebra above the sacrum.

    Parameters
    ----------
    bone : WorkingBone
    frame : VertebraFrame with a pedicle on both sides; else nothing is parted
    label_spacing_mm : float, mm, the largest spacing of the labels

    Returns
    -------
    mapping of StructureKey to Structure; parts without a voxel are missing
    """
    if len(frame.pedicles) < 2:
        return {}
    mask = bone.mask(frame.vertebra)
    ijk = np.argwhere(mask)
    places = bone.grid.origin_lps_mm + ijk * bone.grid.spacing_mm
    left, points = measure_points(places, frame)
    found = classify_points(points, _plate_radii_mm(points, frame))
    return collect_parts(
        bone, frame.vertebra, ijk, {p: found == n for n, p in enumerate(PARTS)}, left,
        label_spacing_mm,
    )  # fmt: skip


def measure_points(
    places_lps_mm: NDArray[np.float64], frame: VertebraFrame
) -> tuple[NDArray[np.bool_], PartPoints]:
    """Measure points of a vertebra in the terms of the rules.

    Parameters
    ----------
    places_lps_mm : float array, shape (N, 3), mm, LPS, all of the vertebra: the depth of its
        canal is measured on them
    frame : VertebraFrame with a pedicle on both sides

    Returns
    -------
    bool array, shape (N,), which points lie left of the mid-sagittal plane
    PartPoints
    """
    local = frame.lps_from_vertebra.inverse().points(places_lps_mm)
    # A node in the plane goes right: every node needs one side, and one only.
    left = _bool(local[:, 0] > 0)
    sides: tuple[Pedicle, Pedicle] = (frame.pedicles[Side.LEFT], frame.pedicles[Side.RIGHT])
    pedicle_x, _, pedicle_z, width, height = (
        np.where(left, a, b) for a, b in zip(*sides, strict=True)
    )
    under = -frame.upper_plate.inverse().points(places_lps_mm)[:, 2]
    beside, behind = np.abs(local[:, 0]), local[:, 1] - frame.posterior_wall_y_mm
    return left, PartPoints(
        x_mm=beside,
        behind_mm=behind,
        above_mm=local[:, 2] - pedicle_z,
        under_plate_mm=under,
        posterior_mm=local[:, 1],
        pedicle_x_mm=pedicle_x,
        width_mm=width,
        height_mm=height,
        canal_depth_mm=measure_canal_depth(beside, behind),
    )


def _plate_radii_mm(points: PartPoints, frame: VertebraFrame) -> tuple[float, float]:
    """Return half width and half depth of the upper end plate, mm."""
    near_plate = shipped_rules().in_body(points) & (
        points.under_plate_mm < values("completion_bone.body_rim_rule")[0]
    )
    wall = frame.posterior_wall_y_mm
    if not near_plate.any():
        return wall, wall
    # A quantile, or one osteophyte would set the width of the rim.
    share = value("completion_bone.plate_extent_quantile")
    return float(np.quantile(points.x_mm[near_plate], share)), wall


def collect_parts(
    bone: WorkingBone,
    vertebra: str,
    ijk: NDArray[np.int64],
    parts: Mapping[str, NDArray[np.bool_]],
    left: NDArray[np.bool_],
    label_spacing_mm: float,
) -> dict[StructureKey, Structure]:
    """Turn the classified nodes of a vertebra into structures.

    Parameters
    ----------
    bone : WorkingBone
    vertebra : str
    ijk : int array, shape (N, 3), nodes of the vertebra
    parts : mapping of part to bool array, shape (N,)
    left : bool array, shape (N,), which nodes lie left of the mid-sagittal plane
    label_spacing_mm : float, mm, the largest spacing of the labels

    Returns
    -------
    mapping of StructureKey to Structure, volumes in mm3; a part without a node is missing
    """
    structures = {}
    for part, chosen in parts.items():
        sides: tuple[Side | None, ...] = tuple(Side) if part in SIDED_PARTS else (None,)
        for side in sides:
            on_side = chosen if side is None else chosen & (left == (side is Side.LEFT))
            if on_side.any():
                key = StructureKey(part, vertebra, side)
                structures[key] = _part_structure(bone, key, ijk[on_side], label_spacing_mm)
    return structures


def _part_structure(
    bone: WorkingBone, key: StructureKey, ijk: NDArray[np.int64], label_spacing_mm: float
) -> Structure:
    return Structure(
        key,
        region_of_nodes(bone.grid, ijk),
        Origin.SEGMENTED,
        surface_sigma_mm(key.kind, label_spacing_mm),
        method=METHOD,
        quality={"volume_mm3": float(len(ijk)) * bone.grid.spacing_mm**3},
    )
