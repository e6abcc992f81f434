"""Is this affine a place in a patient? Checked before a voxel is read."""

import numpy as np
from numpy.typing import NDArray

from kambin.core import InputError
from kambin.frames import orientation_code
from kambin.imaging.volume import ORTHOGONAL_TOLERANCE
from kambin.knowledge import value

SAME_PLACE_TOLERANCE = 0.25
"""Largest distance, in voxels, between two descriptions of one voxel grid at its corners: headers
keep 7 digits and quaternions lose half of them, which is below 0.1 voxel at 500 mm."""

SPACING_TOLERANCE = 0.01
"""Largest relative difference between a header's spacing and its affine; text headers keep 3
digits."""

BEYOND_ANY_SCANNER = 10.0**7
"""Ten kilometres in mm, ten metres in microns: no origin and no voxel lies beyond."""

_SETTLED_ORIGIN_DECIMALS = 3
_SETTLED_AXES_DECIMALS = 6


def require_geometry(
    lps_from_ijk: NDArray[np.float64], shape: tuple[int, int, int], where: str
) -> None:
    """Refuse an affine that is not finite, singular, sheared or of an impossible size.

    Parameters
    ----------
    lps_from_ijk : float array, shape (4, 4), mm
    shape : number of voxels along i, j, k
    where : str, the file name

    Raises
    ------
    InputError  (IN-009) for what is not finite, singular or of impossible spacing;
        (IN-008) for shear, with its angle; (IN-010) for an extent no patient has;
        (IN-025) for a field of view smaller than a vertebra

    Notes
    -----
    A negative determinant is legal: it means that one stored axis runs the other way, the
    affine says which, and the canonical order flips exactly that axis.
    """
    # in this order: angle and extent mean nothing before every number is one
    _require_finite(lps_from_ijk, where)
    _require_orthogonal(lps_from_ijk, where)
    _require_extent(lps_from_ijk, shape, where)


def settle(lps_from_ijk: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the affine rounded so that every storage order of one image gives the same one.

    Parameters
    ----------
    lps_from_ijk : float array, shape (4, 4), mm, of an array in canonical order

    Returns
    -------
    float array, shape (4, 4), mm

    Notes
    -----
    Files keep origins as 32-bit numbers, which differ by 3e-5 mm between the corners of one
    image. The origin is rounded to 1e-3 mm and the axes to 1e-6.
    """
    settled = lps_from_ijk.copy()
    settled[:3, 3] = np.round(settled[:3, 3], _SETTLED_ORIGIN_DECIMALS)
    settled[:3, :3] = np.round(settled[:3, :3], _SETTLED_AXES_DECIMALS)
    settled += 0.0  # turns -0.0 into 0.0, which hashes alike
    return settled


def greatest_shift_voxels(
    one: NDArray[np.float64], other: NDArray[np.float64], shape: tuple[int, int, int]
) -> float:
    """Return how far two affines put the same corner apart, in the smaller voxel size.

    Parameters
    ----------
    one, other : float array, shape (4, 4), mm, LPS from voxel indices
    shape : number of voxels along i, j, k
    """
    last = np.array(shape, dtype=np.float64) - 1.0
    # a rotation moves corners most, so the corners bound the error of every voxel
    corners = np.array(
        [[a, b, c, 1.0] for a in (0, last[0]) for b in (0, last[1]) for c in (0, last[2])]
    )
    apart = np.linalg.norm(corners @ (one - other)[:3].T, axis=1).max()
    return float(apart / np.linalg.norm(one[:3, :3], axis=0).min())


def describe_place(lps_from_ijk: NDArray[np.float64], shape: tuple[int, int, int]) -> str:
    """Return orientation, size, spacing and origin in one phrase for a message.

    Parameters
    ----------
    lps_from_ijk : float array, shape (4, 4), mm
    shape : number of voxels along i, j, k
    """
    spacing = np.linalg.norm(lps_from_ijk[:3, :3], axis=0)
    size = " x ".join(str(n) for n in shape)
    step = " x ".join(f"{s:.4g}" for s in spacing)
    origin = ", ".join(f"{v:.2f}" for v in lps_from_ijk[:3, 3])
    return f"{orientation_code(lps_from_ijk)} {size} voxels of {step} mm from ({origin})"


def _require_finite(affine: NDArray[np.float64], where: str) -> None:
    # row by row, so that the message names the broken one (fault G14)
    for row, name in enumerate("xyz"):
        if not (np.abs(affine[row]) < BEYOND_ANY_SCANNER).all():
            why = f"The {name} row of the affine has a value that is no number or is absurd."
            raise _unusable(where, why)
        if not affine[row, :3].any():
            raise _unusable(where, f"The {name} row of the affine is zero, so it is singular.")
    low, high = value("input_limits.least_spacing_mm"), value("input_limits.most_spacing_mm")
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if spacing.min() < low or spacing.max() > high:
        text = " x ".join(f"{s:.4g}" for s in spacing)
        why = f"Its voxels measure {text} mm; {low:g} to {high:g} mm is possible."
        raise _unusable(where, why)
    # each axis has a length, yet two may be parallel: the image would be a plane
    if np.linalg.matrix_rank(affine[:3, :3] / spacing) < 3:
        raise _unusable(where, "Two voxel axes run the same way, so the affine is singular.")


def _require_orthogonal(affine: NDArray[np.float64], where: str) -> None:
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    cosine = float(np.abs(axes.T @ axes - np.eye(3)).max())
    if cosine > ORTHOGONAL_TOLERANCE:
        # the angle a technician can look up in the tilt field of the scanner
        angle_deg = float(np.degrees(np.arcsin(min(cosine, 1.0))))
        raise InputError(
            code="IN-008",
            what="The voxel axes are sheared",
            where=where,
            why=f"Two axes are {angle_deg:.2f} degrees off a right angle.",
            next_step="Resample it to an orthogonal grid (gantry tilt: at the scanner console), "
            "then import again.",
        )


def _require_extent(affine: NDArray[np.float64], shape: tuple[int, int, int], where: str) -> None:
    extent = np.linalg.norm(affine[:3, :3], axis=0) * np.array(shape)
    low, high = value("input_limits.least_extent_mm"), value("input_limits.most_extent_mm")
    text = " x ".join(f"{e:.4g}" for e in extent)
    if extent.max() > high:
        raise InputError(
            code="IN-010",
            what="The image is larger than any patient",
            where=where,
            why=f"It measures {text} mm; {high:g} mm is the limit. Its unit is probably wrong.",
            next_step="Correct the length unit or the spacing in the header and import again.",
        )
    if extent.min() < low:
        raise InputError(
            code="IN-025",
            what="The field of view is too small",
            where=where,
            why=f"It measures {text} mm; {low:g} mm in each direction are needed.",
            next_step="Import an image that shows at least one whole vertebra; planning an entry "
            "needs the skin of the back as well.",
        )


def _unusable(where: str, why: str) -> InputError:
    return InputError(
        code="IN-009",
        what="The place of the voxels in the patient is not usable",
        where=where,
        why=why,
        next_step="Export the image again with its spacing and orientation.",
    )
