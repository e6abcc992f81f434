"""The patient's letters at the four sides of a picture, computed from its axes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

SECOND_LETTER_MIN = 0.38
"""Least direction cosine of a second letter: an axis tilted by more than 22 degrees shows two."""

# Second of each pair is where the LPS axis grows to.
_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))


@dataclass(frozen=True, slots=True)
class EdgeLetters:
    """What of the patient lies towards each side of a picture.

    Parameters
    ----------
    left, right, top, bottom : str, one or two of R L A P I S, the nearer axis first
    """

    left: str
    right: str
    top: str
    bottom: str


def direction_letters(direction_lps: ArrayLike) -> str:
    """Return where a direction points in the patient, as one or two letters such as ``LP``.

    Parameters
    ----------
    direction_lps : float array, shape (3,), LPS, any length above zero

    References
    ----------
    DICOM PS3.3, section C.7.6.1.1.1 (Patient Orientation: letters of the directions)
    """
    vector = np.asarray(direction_lps, dtype=np.float64)
    cosines: NDArray[np.float64] = vector / np.linalg.norm(vector)
    # Stable: an axis at 45 degrees gets the same letters every time.
    order = np.argsort(-np.abs(cosines), kind="stable")[:2]
    chosen = [order[0], *(axis for axis in order[1:] if abs(cosines[axis]) >= SECOND_LETTER_MIN)]
    return "".join(_LETTERS[axis][int(cosines[axis] > 0)] for axis in chosen)


def find_edge_letters(right_lps: ArrayLike, down_lps: ArrayLike) -> EdgeLetters:
    """Return the letters at the sides of a picture whose axes are known.

    Parameters
    ----------
    right_lps, down_lps : float array, shape (3,), LPS, where the picture's right and
        lower sides point to in the patient

    Returns
    -------
    EdgeLetters; opposite sides have opposite letters
    """
    right = np.asarray(right_lps, dtype=np.float64)
    down = np.asarray(down_lps, dtype=np.float64)
    # Computed, never typed in: letters are what betrays a mirrored picture.
    return EdgeLetters(
        left=direction_letters(-right),
        right=direction_letters(right),
        top=direction_letters(-down),
        bottom=direction_letters(down),
    )
