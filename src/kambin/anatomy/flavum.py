"""The ligamentum flavum between neighbouring laminae, behind canal and sac."""

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.canal import CanalSpace
from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.keys import Level, StructureKey
from kambin.anatomy.structures import Origin, Structure
from kambin.anatomy.working import region_of_nodes
from kambin.knowledge import value, value_at


def model_flavum(bony: BonyAnatomy, space: CanalSpace, level: Level) -> Structure | None:
    """Return the ligamentum flavum of one level, or none if no room is left for it.

    Parameters
    ----------
    bony : BonyAnatomy
    space : CanalSpace
    level : Level, both vertebrae with a frame

    Notes
    -----
    The roof of the canal from the front of the upper lamina to the upper border of the
    lower pedicles' level: a shell of the level's thickness around the canal, from one facet
    capsule to the other, less bone.

    References
    ----------
    Asian Spine J 2015;9:245, doi 10.4184/asj.2015.9.2.245 (thickness per level)
    Khasawneh 2023, Folia Morphol 82:72, doi 10.5603/FM.a2021.0120 (L2-L3)
    """
    upper, lower = bony.vertebra_frames.get(level.upper), bony.vertebra_frames.get(level.lower)
    if upper is None or lower is None or not upper.pedicles or not lower.pedicles:
        return None
    # The lower of both sides: above it the lamina itself is the roof.
    top = min(z - height / 2 for _, _, z, _, height in upper.pedicles.values())
    top_lps = upper.lps_from_vertebra.points(
        [0.0, 0.0, top - value("completion_nerve.flavum_overlap_mm")]
    )
    bottom = min(z for _, _, z, _, _ in lower.pedicles.values())
    bottom_lps = lower.lps_from_vertebra.points([0.0, 0.0, bottom])
    curve = space.curve
    first = curve.at_plane(top_lps, upper.lps_from_vertebra.rotation[:, 2])
    last = curve.at_plane(bottom_lps, lower.lps_from_vertebra.rotation[:, 2])
    # Laminae that overlap leave no window for it.
    if last - first < 2:
        return None
    shell = _roof(space, (first, last), level) & ~space.is_blocked
    if not shell.any():
        return None
    return Structure(
        StructureKey("flavum", str(level)),
        region_of_nodes(space.grid, space.nodes_ijk[shell]),
        Origin.MODELLED,
        # The spread between persons, since no label shows this one's.
        value("completion_nerve.flavum_sigma_mm"),
        method="Shell behind the canal between the laminae, thickness of the literature.",
        quality={
            "thickness_mm": value_at("completion_nerve.flavum_thickness_mm", str(level)),
        },
    )


def _roof(space: CanalSpace, ends: tuple[int, int], level: Level) -> NDArray[np.bool_]:
    """Return which nodes lie in the posterior shell of a piece of the canal, shape (N,)."""
    curve = space.curve
    thickness = value_at("completion_nerve.flavum_thickness_mm", str(level))
    inner = space.inside(curve.half_width_mm, curve.half_depth_mm)
    outer = space.inside(curve.half_width_mm + thickness, curve.half_depth_mm + thickness)
    # Nearest section, not height: at L5-S1 the sections lean.
    between = (space.nearest >= ends[0]) & (space.nearest <= ends[1])
    angle_deg = np.degrees(np.arctan2(np.abs(space.left_mm), space.posterior_mm))
    behind: NDArray[np.bool_] = angle_deg <= value("completion_nerve.flavum_half_angle_deg")
    return outer & ~inner & between & behind
