"""LPS and RAS, and the letters that say how an array lies in the patient."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Only x and y change sign: a file read in the wrong frame is turned by 180 degrees (G11).
LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Maps RAS millimetres to LPS millimetres, shape (4, 4); it is its own inverse."""

# Second of each pair is where the LPS axis grows; a letter is looked up by the sign.
_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))


def orientation_code(lps_from_ijk: ArrayLike) -> str:
    """Return three letters: where each array axis points to, such as ``LPS``.

    Parameters
    ----------
    lps_from_ijk : float array, shape (4, 4), mm, LPS from voxel indices

    Returns
    -------
    str of the patient directions in which i, j and k grow

    References
    ----------
    DICOM PS3.3, section C.7.6.2.1.1 (x grows to the patient's left, y to the back, z to the head)
    """
    return "".join(_LETTERS[axis][int(sign > 0)] for axis, sign in nearest_axes(lps_from_ijk))


def nearest_axes(lps_from_ijk: ArrayLike) -> tuple[tuple[int, int], ...]:
    """Return for i, j, k the LPS axis it runs along most nearly, and its sign.

    Parameters
    ----------
    lps_from_ijk : float array, shape (4, 4), mm

    Returns
    -------
    three pairs (LPS axis 0..2, sign +1 or -1); the axes are a permutation
    """
    linear = np.asarray(lps_from_ijk, dtype=np.float64)[:3, :3]
    # Without the lengths: a thick slice would outweigh the pixels beside it.
    cosines = linear / np.linalg.norm(linear, axis=0)
    left: NDArray[np.float64] = np.abs(cosines)
    pairs: dict[int, tuple[int, int]] = {}
    # Best match first: rows taken one by one could name an axis twice at 45 degrees.
    for _ in range(3):
        lps_axis, ijk_axis = np.unravel_index(int(np.argmax(left)), left.shape)
        sign = 1 if cosines[lps_axis, ijk_axis] > 0 else -1
        pairs[int(ijk_axis)] = (int(lps_axis), sign)
        left[lps_axis, :] = -1.0
        left[:, ijk_axis] = -1.0
    return tuple(pairs[axis] for axis in range(3))
