"""Pedicles: the narrowest bridge between the body and the arch, searched within bounds."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy.sampling import Sampler, find_exit_mm
from kambin.frames import RigidTransform, Side
from kambin.knowledge import value, values

SECTION_STEP_MM = 0.5
"""Half of the working spacing, so that a section holds what the trilinear field knows."""

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
    ruins everything built on it (recipes 1, trap b). Width beyond the limit belongs to
    the root of the transverse process.

    References
    ----------
    Zindrick 1987, Spine 12:160 (widths; the widest, L5, sets the limit)
    """
    found = {}
    for side in Side:
        pedicle = _find_pedicle(occupancy, lps_from_vertebra, wall_y_mm, side)
        if pedicle is not None:
            found[side] = pedicle
    return found


def _find_pedicle(
    occupancy: Sampler, lps_from_vertebra: RigidTransform, wall_y_mm: float, side: Side
) -> Pedicle | None:
    x, z = _section_axes_mm()
    before, behind = values("completion_bone.pedicle_search_y_mm")
    areas, measured = [], []
    for y in np.arange(wall_y_mm + before, wall_y_mm + behind + SECTION_STEP_MM, SECTION_STEP_MM):
        # Outward on both sides: equal bone gives equal sums, left and right.
        places = np.stack(np.meshgrid(side.lateral_sign_lps * x, y, z, indexing="ij"), axis=-1)
        bone = occupancy.sample(lps_from_vertebra.points(places[:, 0, :])) > 0.5
        candidate = _nearest_component(bone, x, z)
        if candidate.any():
            areas.append(float(candidate.sum()))
            measured.append(_measure_section(candidate, x, float(y), z))
    if not areas:
        return None
    # The isthmus is flat: sections hardly larger than the least share in the mean, or one
    # voxel could move the result by several millimetres.
    excess = np.array(areas) / min(areas) - 1.0
    weights = np.exp(-excess / value("completion_bone.pedicle_area_tolerance"))
    x_mm, y_mm, z_mm, width, height = (weights @ np.array(measured) / weights.sum()).tolist()
    return x_mm, y_mm, z_mm, width, height


def _section_axes_mm() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    near, far = values("completion_bone.pedicle_search_x_mm")
    low, high = values("completion_bone.pedicle_search_z_mm")
    return np.arange(near, far, SECTION_STEP_MM), np.arange(low, high, SECTION_STEP_MM)


def _nearest_component(
    bone: NDArray[np.bool_], x: NDArray[np.float64], z: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return the component of a section that comes nearest to where the pedicle should be."""
    parts, count = ndimage.label(bone)
    if count == 0:
        return bone
    seed_x, seed_z = values("completion_bone.pedicle_seed_xz_mm")
    square = (x[:, None] - seed_x) ** 2 + (z[None, :] - seed_z) ** 2
    at_nearest = bone & (square == square[bone].min())
    nearest: NDArray[np.bool_] = parts == parts[at_nearest].min()
    return nearest


def _measure_section(
    section: NDArray[np.bool_], x: NDArray[np.float64], y: float, z: NDArray[np.float64]
) -> Pedicle:
    """Return centre, width and height of a section, by line scans through its centre."""
    # At L5 the section runs on into the transverse process; the canal side is the sure one.
    medial = x[section.any(axis=1)].min()
    section = section & (x < medial + value("completion_bone.pedicle_width_limit_mm"))[:, None]
    i, k = np.nonzero(section)
    centre_x, centre_z = float(x[i].mean()), float(z[k].mean())
    column = section[int(np.abs(x - centre_x).argmin())]
    row = section[:, int(np.abs(z - centre_z).argmin())]
    width, height = (float(line.sum()) * SECTION_STEP_MM for line in (row, column))
    return centre_x, y, centre_z, width, height


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
