"""Pedicles: the narrowest bridge between the body and the arch, searched within bounds."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy.sampling import Sampler, find_exit_mm
from kambin.frames import RigidTransform, Side
from kambin.knowledge import value, values

SECTION_STEP_MM = 0.5
"""Half of the working spacing, so that a section holds what the trilinear field knows."""

SEARCH_STEP_MM = 1.0
"""The working spacing: enough to find the direction, which the fine sections then measure along."""

Pedicle = tuple[float, float, float, float, float]
"""|x|, y, z of the centre, width and height, mm, in the vertebra frame."""


def find_pedicles(
    occupancy: Sampler, lps_from_vertebra: RigidTransform, wall_y_mm: float
) -> Mapping[Side, Pedicle]:
    """Find the pedicle on either side.

    Parameters
    ----------
    occupancy : Sampler of one vertebra
    lps_from_vertebra : RigidTransform
    wall_y_mm : float, mm, y of the posterior wall of the body

    Returns
    -------
    mapping of Side to |x|, y, z, width and height, mm, in the vertebra frame; a side on
    which no bone bridges body and arch is missing

    Notes
    -----
    Coronal sections are cut between just before and some millimetres behind the wall.
    In each, the bone nearest to the expected place is the candidate, and the smallest is
    the isthmus. Unbounded, the search jumps past the pedicle of L5 into the arch and
    ruins everything built on it (recipes 1, trap b). The sections are then turned about
    the isthmus until they are smallest: a width is what lies across the axis of the
    pedicle, and a coronal section of an oblique pedicle is wider by a sixth at L5. Width
    beyond the limit belongs to the root of the transverse process.

    References
    ----------
    Zindrick 1987, Spine 12:160 (widths; the widest, L5, sets the limit)
    """
    found = {}
    for side in Side:
        pedicle = _find_pedicle(_Bridge(occupancy, lps_from_vertebra, wall_y_mm, side))
        if pedicle is not None:
            found[side] = pedicle
    return found


@dataclass(frozen=True, slots=True)
class _Bridge:
    """The bone in which the pedicle of one side is looked for."""

    occupancy: Sampler
    lps_from_vertebra: RigidTransform
    wall_y_mm: float
    side: Side


@dataclass(frozen=True, slots=True)
class _Cut:
    """How sections are cut: turned by an angle about an upright axis through a point.

    Without a centre they are coronal and as wide as the vertebra.
    """

    angle_deg: float
    step_mm: float
    centre_mm: NDArray[np.float64] | None = None


def _find_pedicle(bridge: _Bridge) -> Pedicle | None:
    coronal = _mean_section(bridge, _Cut(0.0, SECTION_STEP_MM))
    if coronal is None:
        return None
    x_mm, y_mm, z_mm = coronal[:3]
    centre = np.array([x_mm, y_mm, z_mm])
    low, high, step = values("completion_bone.pedicle_axis_deg")
    angles = np.arange(low, high + step / 2, step)
    least = [
        min(_cut_sections(bridge, _Cut(float(angle), SEARCH_STEP_MM, centre))[0], default=np.inf)
        for angle in angles
    ]
    angle = float(np.average(angles, weights=_weigh(least)))
    across = _mean_section(bridge, _Cut(angle, SECTION_STEP_MM, centre))
    # The place stays that of the coronal isthmus: along an oblique pedicle of even width, as at
    # L5, the smallest section across it may lie anywhere.
    return None if across is None else (x_mm, y_mm, z_mm, *across[3:])


def _mean_section(bridge: _Bridge, cut: _Cut) -> Pedicle | None:
    """Return centre, width and height of the isthmus in sections of one direction."""
    areas, measured = _cut_sections(bridge, cut)
    if not areas:
        return None
    # The isthmus is flat: sections hardly larger than the least share in the mean, or one
    # voxel could move the result by several millimetres.
    x, y, z, width, height = np.average(measured, axis=0, weights=_weigh(areas)).tolist()
    return x, y, z, width, height


def _weigh(areas_mm2: list[float]) -> NDArray[np.float64]:
    excess = np.array(areas_mm2) / min(areas_mm2) - 1.0
    weights: NDArray[np.float64] = np.exp(-excess / value("completion_bone.pedicle_area_tolerance"))
    return weights


def _cut_sections(bridge: _Bridge, cut: _Cut) -> tuple[list[float], list[Pedicle]]:
    """Return areas, mm2, and measures of the sections in which there is bone."""
    before, behind = values("completion_bone.pedicle_search_y_mm")
    across, up, seed = _section_axes_mm(cut)
    centre = np.zeros(3) if cut.centre_mm is None else cut.centre_mm
    angle_rad = np.radians(cut.angle_deg)
    # Pedicles converge forwards: their axis runs outwards going back.
    axis = np.array([np.tan(angle_rad), 1.0, 0.0])
    aside = np.array([np.cos(angle_rad), -np.sin(angle_rad), 0.0])
    first, last = bridge.wall_y_mm + before, bridge.wall_y_mm + behind
    areas, measured = [], []
    for y in np.arange(first, last + cut.step_mm / 2, cut.step_mm):
        middle = centre + axis * (y - centre[1])
        places = np.empty((len(across), len(up), 3))
        places[...] = middle + across[:, None, None] * aside
        places[..., 2] += up
        # Outward on both sides: equal bone gives equal sums, left and right.
        places[..., 0] *= bridge.side.lateral_sign_lps
        shares = bridge.occupancy.sample(bridge.lps_from_vertebra.points(places.reshape(-1, 3)))
        section = _nearest_component((shares > 0.5).reshape(places.shape[:2]), across, up, seed)
        if section.any():
            areas.append(float(section.sum()) * cut.step_mm**2)
            u, v, width, height = _measure_section(section, across, up)
            x_mm, y_mm, z_mm = (middle + u * aside + [0.0, 0.0, v]).tolist()
            measured.append((x_mm, y_mm, z_mm, width, height))
    return areas, measured


def _section_axes_mm(
    cut: _Cut,
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[float, float]]:
    """Return the axes of a section, across and up, and where the pedicle is expected on them."""
    if cut.centre_mm is None:
        near, far = values("completion_bone.pedicle_search_x_mm")
        low, high = values("completion_bone.pedicle_search_z_mm")
        seed_x, seed_z = values("completion_bone.pedicle_seed_xz_mm")
        step = cut.step_mm
        return np.arange(near, far, step), np.arange(low, high, step), (seed_x, seed_z)
    axes = [
        np.arange(-half, half + cut.step_mm / 2, cut.step_mm)
        for half in values("completion_bone.pedicle_section_mm")
    ]
    return axes[0], axes[1], (0.0, 0.0)


def _nearest_component(
    bone: NDArray[np.bool_],
    across: NDArray[np.float64],
    up: NDArray[np.float64],
    seed: tuple[float, float],
) -> NDArray[np.bool_]:
    """Return the component of a section that comes nearest to where the pedicle should be."""
    parts, count = ndimage.label(bone)
    if count == 0:
        return bone
    square = (across[:, None] - seed[0]) ** 2 + (up[None, :] - seed[1]) ** 2
    at_nearest = bone & (square == square[bone].min())
    nearest: NDArray[np.bool_] = parts == parts[at_nearest].min()
    return nearest


def _measure_section(
    section: NDArray[np.bool_], across: NDArray[np.float64], up: NDArray[np.float64]
) -> tuple[float, float, float, float]:
    """Return centre, width and height of a section, by line scans through its centre."""
    # At L5 the section runs on into the transverse process; the canal side is the sure one.
    medial = across[section.any(axis=1)].min()
    limit = value("completion_bone.pedicle_width_limit_mm")
    section = section & (across < medial + limit)[:, None]
    i, k = np.nonzero(section)
    centre_u, centre_v = float(across[i].mean()), float(up[k].mean())
    column = section[int(np.abs(across - centre_u).argmin())]
    row = section[:, int(np.abs(up - centre_v).argmin())]
    step_mm = float(across[1] - across[0])
    width, height = (float(line.sum()) * step_mm for line in (row, column))
    return centre_u, centre_v, width, height


def find_sacral_pedicles(
    occupancy: Sampler, lps_from_vertebra: RigidTransform, wall_y_mm: float, z_mm: float
) -> Mapping[Side, Pedicle]:
    """Find where the bone beside the S1 canal begins; the sacrum has no isthmus.

    Parameters
    ----------
    occupancy : Sampler of the sacrum
    lps_from_vertebra : RigidTransform of S1
    wall_y_mm : float, mm, y of the posterior wall of the S1 body
    z_mm : float, mm, height of the rays in the frame of S1

    Returns
    -------
    mapping of Side to |x|, y, z, width and height, mm; only the medial border, which is
    |x| less half the width, is measured; width and height are those of the table
    """
    width = value("completion_bone.s1_pedicle_width_mm")
    height = value("completion_bone.s1_pedicle_height_mm")
    behind = value("completion_bone.s1_canal_behind_wall_mm")
    rows = np.arange(-2.0, 3.0)
    starts = lps_from_vertebra.points([[0.0, wall_y_mm + behind, z_mm + row] for row in rows])
    reach = value("completion_bone.plate_reach_mm")
    found = {}
    for side in Side:
        direction = lps_from_vertebra.rotation[:, 0] * side.lateral_sign_lps
        medial = find_exit_mm(occupancy, starts, direction, reach_mm=reach, entering=True)
        if np.isfinite(medial).any():
            # The median of the rays: one of them may slip into a foramen.
            centre = float(np.nanmedian(medial)) + width / 2
            found[side] = (centre, wall_y_mm + behind, z_mm, width, height)
    return found
