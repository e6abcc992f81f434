"""What blocks forceps and sight on a way from behind, as two distance fields."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy import Structure, StructureKey
from kambin.approaches.back_ways import BackWay
from kambin.approaches.ground import Ground
from kambin.approaches.retraction import is_held_after, is_in_voxel
from kambin.approaches.solids import Points
from kambin.imaging import Grid
from kambin.planning.policy import BONE, Group, find_hazards

FAR_MM = 10.0**2
"""Distances are not followed beyond this, mm."""


def find_fields(
    ground: Ground,
    way: BackWay,
    grid: Grid,
    moved_mm: Mapping[StructureKey, float],
    shaft_mm: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the distances to bone that stays, and to nerves, vessels and organs.

    Parameters
    ----------
    ground : Ground with a fragment
    way : BackWay, whose cut bone is gone
    grid : Grid
    moved_mm : mapping of a nerve to how far it was moved medially, mm
    shaft_mm : float, mm, radius of the thickest forceps; inside the fragment there is that room

    Returns
    -------
    two float32 arrays, shape ``grid.shape``, mm, negative inside

    Notes
    -----
    As for the plan: disc, flavum, muscle and a modelled segmental artery do not block, and where
    the fragment lies nothing else is.
    """
    places = grid.origin_lps_mm + grid.spacing_mm * np.argwhere(np.ones(grid.shape, dtype=bool))
    masks = {name: np.zeros(len(places), dtype=bool) for name in ("bone", "soft")}
    level, side = ground.geometry.level, ground.geometry.side
    groups = find_hazards(ground.anatomy.structures, level=level, side=side)
    cuttable = {s.key for s in (*ground.laminae, *ground.facets)}
    for key, group in groups.items():
        structure = ground.anatomy.structures[key]
        far_mm = moved_mm.get(key, 0.0)
        near = np.flatnonzero(_is_near(structure, places, far_mm))
        if group is Group.WATCHED or not len(near):
            continue
        held = is_in_voxel(structure.region, places[near])
        if key in moved_mm:
            held = is_held_after(ground, structure, places[near], far_mm)
        if key in cuttable:
            held[way.find_cut(key, level.upper).gap_mm(places[near]) <= 0] = False
        masks["bone" if group in BONE else "soft"][near] |= held
    fragment = is_in_voxel(ground.anatomy.require("fragment").region, places).reshape(grid.shape)
    room_mm = shaft_mm + grid.spacing_mm
    bone, soft = (
        _measure_mm(masks[name].reshape(grid.shape), fragment, room_mm, grid.spacing_mm)
        for name in ("bone", "soft")
    )
    return bone, soft


def _is_near(structure: Structure, places: Points, far_mm: float) -> NDArray[np.bool_]:
    """Return which places lie in the box of a structure, widened by how far it was moved."""
    low, high = structure.region.bounds_lps_mm()
    # The box is that of the voxels' middles, and what an image cuts off has no margin about it.
    wide_mm = far_mm + float(structure.region.spacing_mm.max())
    held = (places >= low - wide_mm) & (places <= high + wide_mm)
    inside: NDArray[np.bool_] = np.all(held, axis=-1)
    return inside


def _measure_mm(
    mask: NDArray[np.bool_], fragment: NDArray[np.bool_], room_mm: float, spacing_mm: float
) -> NDArray[np.float32]:
    """Return the signed distance to a mask without the fragment, and free room inside that."""
    left = mask & ~fragment
    if not left.any():
        return np.full(mask.shape, FAR_MM, dtype=np.float32)
    # From the middle of a voxel to the face between it and its neighbour.
    half_mm = 0.5 * spacing_mm
    outside = ndimage.distance_transform_edt(~left, sampling=spacing_mm)
    inside = ndimage.distance_transform_edt(left, sampling=spacing_mm)
    away = np.where(left, half_mm - inside, outside - half_mm)
    away[fragment] = np.maximum(away[fragment], room_mm)
    capped: NDArray[np.float32] = np.minimum(away, FAR_MM).astype(np.float32)
    return capped
