"""The ligamentum flavum between neighbouring laminae, behind canal and sac."""

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.canal import CanalCurve, occupied_by_bone_or_disc, rasterise_ellipses
from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.keys import Level, StructureKey
from kambin.anatomy.structures import Origin, Structure
from kambin.imaging import region_from_mask
from kambin.knowledge import value, value_at


def model_flavum(bony: BonyAnatomy, curve: CanalCurve, level: Level) -> Structure | None:
    """Return the ligamentum flavum of one level, or none if no room is left for it.

    Parameters
    ----------
    bony : BonyAnatomy
    curve : CanalCurve
    level : Level, both vertebrae with a frame

    Notes
    -----
    The roof of the canal from the front of the upper lamina to the upper border of the
    lower pedicles' level: a shell of the level's thickness around the canal, from one facet
    capsule to the other, less bone.

    References
    ----------
    Asian Spine J 2015;9:245, doi 10.4184/asj.2015 (thickness per level).
    """
    upper, lower = bony.vertebra_frames.get(level.upper), bony.vertebra_frames.get(level.lower)
    if upper is None or lower is None or not upper.pedicles or not lower.pedicles:
        return None
    top = min(z - height / 2 for _, _, z, _, height in upper.pedicles.values())
    top_lps = upper.lps_from_vertebra.points(
        [0.0, 0.0, top - value("completion_nerve.flavum_overlap_mm")]
    )
    bottom = min(z for _, _, z, _, _ in lower.pedicles.values())
    bottom_lps = lower.lps_from_vertebra.points([0.0, 0.0, bottom])
    first = curve.at_plane(top_lps, upper.lps_from_vertebra.rotation[:, 2])
    last = curve.at_plane(bottom_lps, lower.lps_from_vertebra.rotation[:, 2])
    if last - first < 2:
        return None
    shell = _roof(bony, _cut(curve, first, last), level) & ~occupied_by_bone_or_disc(bony)
    if not shell.any():
        return None
    return Structure(
        StructureKey("flavum", str(level)),
        region_from_mask(shell, bony.working_grid),
        Origin.MODELLED,
        value("completion_nerve.flavum_sigma_mm"),
        method="Shell behind the canal between the laminae, thickness of the literature.",
        quality={
            "thickness_mm": value_at("completion_nerve.flavum_thickness_mm", str(level)),
        },
    )


def _cut(curve: CanalCurve, first: int, last: int) -> CanalCurve:
    part = slice(first, last + 1)
    return CanalCurve(
        curve.centres_lps_mm[part],
        curve.left_lps[part],
        curve.posterior_lps[part],
        curve.half_width_mm[part],
        curve.half_depth_mm[part],
    )


def _roof(bony: BonyAnatomy, curve: CanalCurve, level: Level) -> NDArray[np.bool_]:
    """Return the posterior part of a shell around a piece of the canal."""
    grid = bony.working_grid
    thickness = value_at("completion_nerve.flavum_thickness_mm", str(level))
    inner = rasterise_ellipses(grid, curve, curve.half_width_mm, curve.half_depth_mm)
    outer = rasterise_ellipses(
        grid, curve, curve.half_width_mm + thickness, curve.half_depth_mm + thickness
    )
    shell = outer & ~inner
    nodes = np.argwhere(shell)
    points = grid.origin_lps_mm + nodes * grid.spacing_mm
    nearest = np.argmin(
        np.linalg.norm(points[:, None] - curve.centres_lps_mm[None], axis=-1), axis=1
    )
    offset = points - curve.centres_lps_mm[nearest]
    tangent = np.cross(curve.left_lps, curve.posterior_lps)[nearest]
    inside_ends = np.abs((offset * tangent).sum(axis=1)) <= grid.spacing_mm
    behind = (offset * curve.posterior_lps[nearest]).sum(axis=1)
    beside = np.abs((offset * curve.left_lps[nearest]).sum(axis=1))
    angle_deg = np.degrees(np.arctan2(beside, behind))
    kept = inside_ends & (angle_deg <= value("completion_nerve.flavum_half_angle_deg"))
    roof = np.zeros(grid.shape, dtype=bool)
    i, j, k = nodes[kept].T
    roof[i, j, k] = True
    return roof
