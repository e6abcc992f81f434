"""Gantry tilt taken back: each slice shifted within its own plane, nothing between slices."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.core import Finding, InputError, Severity
from kambin.exchange.dicom_stack import Stack
from kambin.exchange.rasters import require_within_budget
from kambin.exchange.voxels import VoxelArray
from kambin.knowledge import value


def require_upright(stack: Stack, where: str, *, deshear: bool) -> None:
    """Refuse a stack whose slices are shifted against each other, unless it may be straightened.

    Parameters
    ----------
    stack : Stack
    where : str, the name of the folder or file
    deshear : bool, whether straightening was asked for

    Raises
    ------
    InputError  (IN-057) with the tilt in degrees
    """
    limit = value("dicom_limits.most_tilt_deg")
    if not stack.shift_ij.any() or (deshear and stack.tilt_deg <= limit):
        return
    raise InputError(
        code="IN-057",
        what="The gantry was tilted",
        where=where,
        why=f"The slices are stacked {stack.tilt_deg:.2f} degrees off their normal"
        + (f"; {limit:g} degrees can be straightened." if deshear else "."),
        next_step="Export it straightened from the scanner's console."
        if deshear
        else "Add --deshear, which shifts each slice within its plane and says so in the case.",
    )


def straighten(
    stack: Stack, values: VoxelArray, *, order: int, outside: float
) -> tuple[VoxelArray, NDArray[np.float64]]:
    """Shift each slice within its plane so that the grid gets right angles.

    Parameters
    ----------
    stack : Stack with a shift
    values : array, shape (I, J, K) of the stack
    order : int, 1 interpolates an image linearly, 0 takes the nearest label
    outside : float, value where the shifted slices leave the box free

    Returns
    -------
    array, shape (I', J', K), of the same type; and its float affine, shape (4, 4), mm, LPS

    Notes
    -----
    The box is as much larger as the slices drift. Values are interpolated within slices only,
    by less than one voxel, so that nothing is blurred along the spine.

    References
    ----------
    ITK, ResampleImageFilter with a shear transform, https://itk.org/Doxygen/html (the same
    geometry in three dimensions)
    """
    columns, rows, count = stack.shape
    drift = stack.shift_ij * (count - 1)
    low = np.floor(np.minimum(drift, 0.0)).astype(int)
    high = np.ceil(np.maximum(drift, 0.0)).astype(int)
    shape = (columns + high[0] - low[0], rows + high[1] - low[1], count)
    require_within_budget(shape, values.dtype.itemsize, "the straightened image")
    upright = np.full(shape, outside, values.dtype)
    for k in range(count):
        # where the first voxel of this slice comes to lie in the box
        place = stack.shift_ij * k - low
        plane = ndimage.shift(
            _padded(values[:, :, k], shape[:2], outside),
            place,
            output=np.float32 if order else values.dtype,
            order=order,
            cval=outside,
        )
        upright[:, :, k] = np.rint(plane) if values.dtype.kind in "iu" else plane
    affine = stack.lps_from_ijk.copy()
    affine[:3, 3] += affine[:3, :2] @ low
    return upright, affine


def report_straightening(stack: Stack, where: str) -> Finding:
    """Return the CONFIRM that says by how much an image was straightened (IN-058)."""
    side_mm = stack.shift_ij * stack.spacing_mm[:2]
    return Finding(
        code="IN-058",
        severity=Severity.CONFIRM,
        what="The image was straightened after a gantry tilt",
        where=where,
        why=f"{stack.tilt_deg:.2f} degrees: each slice was shifted by "
        f"({side_mm[0]:.3f}, {side_mm[1]:.3f}) mm within its plane against the one before.",
        next_step="Compare the end plates with the original slices, and confirm.",
    )


def _padded(plane: VoxelArray, shape: tuple[int, ...], outside: float) -> VoxelArray:
    padded = np.full(shape, outside, plane.dtype)
    padded[: plane.shape[0], : plane.shape[1]] = plane
    return padded
