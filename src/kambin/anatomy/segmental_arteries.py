"""The segmental (lumbar) arteries: from the aorta round the waist of a body to the foramen."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.masks import find_box_ijk
from kambin.anatomy.root_shapes import rasterise_tube
from kambin.anatomy.sampling import Sampler, crop_of_grid, find_exit_mm
from kambin.anatomy.structures import Origin, Structure, Tube, VertebraFrame
from kambin.core import Finding, Severity, breathe
from kambin.frames import Side
from kambin.knowledge import constant, value, value_at

ARTERY_KIND = "segmental_artery"

_METHOD = (
    "From the aorta round the waist of the body to where its dorsal branch passes under the "
    "transverse process."
)


def complete_segmental_arteries(
    bony: BonyAnatomy,
) -> tuple[dict[StructureKey, Structure], tuple[Finding, ...]]:
    """Model the segmental arteries of both sides that no mask gives.

    Parameters
    ----------
    bony : BonyAnatomy

    Returns
    -------
    mapping of StructureKey to Structure, a tube each, origin modelled, sigma in mm
    AN-291 for the vertebrae beside which no aorta is labelled

    Notes
    -----
    L1 to L4 only: L5 has an artery of its own in one person of twenty. The branches that run
    down over the disc, in three persons of ten, follow no bone and are not modelled.

    References
    ----------
    PMID 27497752 (branches over the posterior third of the lateral disc, 88 cadaver sites)
    Huang 2022, Quant Imaging Med Surg, doi 10.21037/qims-21-867 (L5 has none in 95 of 100)
    """
    known = constant("completion_soft.artery_radius_mm").value
    places = [n for n in bony.bone.names if not isinstance(known, float | tuple) and n in known]
    asked = [
        key
        for name in places
        for key in (StructureKey(ARTERY_KIND, name, side) for side in Side)
        if key not in bony.given
    ]
    aorta = bony.structures.get(StructureKey("aorta"))
    line = None if aorta is None else _points_lps_mm(aorta)
    found = {}
    for key in asked:
        breathe()
        artery = None if line is None else _model_artery(bony, key, line)
        if artery is not None:
            found[key] = artery
    missing = [str(key) for key in asked if key not in found]
    if not missing:
        return found, ()
    why = (
        "No aorta is labelled."
        if aorta is None
        else "The labelled aorta does not reach it, or its vertebra has no frame or no pedicle."
    )
    where = ", ".join(missing)
    return found, (finding_of("AN-291", Severity.NOTE, where=where, why=why),)


def _points_lps_mm(structure: Structure) -> NDArray[np.float64]:
    """Return the voxel centres of a structure, shape (N, 3), mm, LPS."""
    points: NDArray[np.float64] = structure.region.lps_mm(np.argwhere(structure.region.values))
    return points


def _model_artery(
    bony: BonyAnatomy, key: StructureKey, aorta_lps_mm: NDArray[np.float64]
) -> Structure | None:
    """Return one artery, or none without a frame, a pedicle or an aorta beside the body."""
    frame = bony.vertebra_frames.get(key.place)
    if frame is None or key.side is None or key.side not in frame.pedicles:
        return None
    local = frame.lps_from_vertebra.inverse().points(aorta_lps_mm)
    start = _find_origin(local)
    if start is None:
        return None
    waist = _lead_round(bony, frame, key.side, start)
    if waist is None:
        return None
    points = np.vstack([start, waist, _turn_back(frame, key.side, waist[-1])])
    radius = value_at("completion_soft.artery_radius_mm", key.place)
    tube = Tube(frame.lps_from_vertebra.points(points), np.full(len(points), radius))
    return Structure(
        key,
        rasterise_tube(tube, bony.working_grid),
        Origin.MODELLED,
        value("completion_soft.artery_sigma_mm"),
        tube,
        method=_METHOD,
        quality={
            "length_mm": float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum()),
            "origin_cranial_mm": float(start[2]),
        },
    )


def _find_origin(aorta_mm: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return where an artery leaves the aorta, in the frame of its vertebra, shape (3,), mm.

    The back wall of the aorta at the height of the waist; where it has forked above, its lower
    end. Both arteries of a pair leave it side by side.
    """
    slab = value("completion_soft.artery_slab_mm")
    near = aorta_mm[np.abs(aorta_mm[:, 2]) <= slab]
    if not len(near):
        above = aorta_mm[aorta_mm[:, 2] > 0]
        if not len(above) or above[:, 2].min() > value("completion_soft.artery_fork_reach_mm"):
            return None
        near = above[above[:, 2] <= above[:, 2].min() + slab]
    centre = near.mean(axis=0)
    # Through the middle, not at the nearest voxel: which of two is nearer is chance.
    back = float(near[:, 1].max())
    return np.array([centre[0], back, max(centre[2], 0.0) if centre[2] > slab else 0.0])


def _lead_round(
    bony: BonyAnatomy, frame: VertebraFrame, side: Side, start: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return points round the waist of a body, from the aorta to the pedicle, shape (N, 3), mm."""
    sign = side.lateral_sign_lps
    step = value("completion_soft.artery_turn_deg")
    # Counted from the front of the body towards the asked side.
    first = np.degrees(np.arctan2(start[0] * sign, -start[1]))
    last = value("completion_soft.artery_last_deg")
    turns = np.arange(np.ceil(first / step) * step, last + step, step)
    # An aorta that lies behind the body is none.
    if not len(turns):
        return None
    angle = np.deg2rad(np.concatenate([[turns[0] - step], turns]))
    ways = np.column_stack([sign * np.sin(angle), -np.cos(angle), np.zeros(len(angle))])
    origin = frame.lps_from_vertebra.points(np.zeros(3))
    out_mm = find_exit_mm(
        _bone_of(bony, frame.vertebra),
        np.broadcast_to(origin, ways.shape),
        ways @ frame.lps_from_vertebra.rotation.T,
        reach_mm=value("completion_soft.artery_outline_mm"),
    )
    if np.isnan(out_mm).any():
        return None
    smooth = ndimage.uniform_filter1d(out_mm, 3, mode="nearest")
    ring = ways * (smooth + value("completion_soft.artery_off_bone_mm"))[:, None]
    # Behind the wall the rays run along the pedicle, which the artery passes from outside.
    before = ring[:, 1] <= frame.posterior_wall_y_mm / 2
    return ring[before] if before.any() else None


def _turn_back(
    frame: VertebraFrame, side: Side, last_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return where the artery passes the pedicle and its dorsal branch turns back, shape (3, 3)."""
    x, _, z, width, height = frame.pedicles[side]
    sign = side.lateral_sign_lps
    off = value("completion_soft.artery_off_bone_mm")
    beside = sign * max(x + width / 2 + off, abs(float(last_mm[0])))
    under = min(z - height / 2 - off, 0.0)
    wall = frame.posterior_wall_y_mm
    # At the wall it divides; the dorsal branch goes back under the process, past the foramen.
    return np.array(
        [
            [beside, wall, 0.0],
            [beside, wall + height / 2, under],
        ]
    )


def _bone_of(bony: BonyAnatomy, vertebra: str) -> Sampler:
    """Return one bone alone, 0 or 1, on the part of the working grid around it."""
    mask = bony.bone.mask(vertebra)
    low, high = find_box_ijk(mask)
    return crop_of_grid(mask.astype(np.float32), bony.working_grid, low - 2, high + 2)
