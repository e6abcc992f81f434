"""How the patient lay: what the header says, and on which side the table is in the picture."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.core import Finding, Severity
from kambin.exchange.voxels import VoxelArray
from kambin.knowledge import value

USUAL = "HFS"
_POSTURES = {"S": "supine", "P": "prone", "DR": "on the right side", "DL": "on the left side"}
_ENDS = {"HF": "head first", "FF": "feet first"}
_TABLE_SIDE = {(1, 1): "supine", (1, -1): "prone", (0, 1): "on the left side"}
_TABLE_SIDE[0, -1] = "on the right side"


def check_posture(
    stated: str, image: VoxelArray, lps_from_ijk: NDArray[np.float64], *, is_ct: bool
) -> tuple[Finding, ...]:
    """Return a CONFIRM unless the patient lay head first supine by header and by picture.

    Parameters
    ----------
    stated : PatientPosition of the header, such as HFS; empty if there is none
    image : array, shape (I, J, K), HU, canonical order (left, posterior, superior)
    lps_from_ijk : float array, shape (4, 4), mm, LPS
    is_ct : bool; in MR the table cannot be seen

    References
    ----------
    DICOM PS3.3 section C.7.3.1.1.2 (PatientPosition)
    """
    seen = find_posture(image, lps_from_ijk) if is_ct else ""
    told = _words_of(stated)
    agrees = not seen or not told or told.endswith(seen)
    if stated in ("", USUAL) and agrees and seen in ("", _POSTURES["S"]):
        return ()
    header = f"{stated[:8]} ({told})" if told else "nothing that is understood"
    picture = f"the table makes it {seen}" if seen else "no table is seen"
    return (
        Finding(
            code="IN-064",
            severity=Severity.CONFIRM,
            what="The patient did not lie head first supine"
            if agrees
            else "Header and picture disagree about how the patient lay",
            where="image",
            why=f"Header: {header}. Picture: {picture}.",
            next_step="Look at the letters and the table in the axial picture; organs and discs "
            "lie elsewhere than in another posture. Confirm if that is right.",
        ),
    )


def find_posture(image: VoxelArray, lps_from_ijk: NDArray[np.float64]) -> str:
    """Return on what the patient lies by where the table is, or an empty string.

    Parameters
    ----------
    image : array, shape (I, J, K), HU, canonical order (left, posterior, superior)
    lps_from_ijk : float array, shape (4, 4), mm, LPS

    Notes
    -----
    Looked for on a coarse grid: the largest part above -300 HU after an opening is the body;
    what lies clear of it and is denser than air is the table, if it is large enough.
    """
    grid_mm = value("dicom_limits.table_grid_mm")
    spacing = np.linalg.norm(lps_from_ijk[:3, :3], axis=0)
    stride = np.maximum(1, np.floor(grid_mm / spacing)).astype(int)
    coarse = image[:: stride[0], :: stride[1], :: stride[2]]
    step_mm = spacing * stride
    # opened, because skin that touches the table would make one piece of both
    parts, count = ndimage.label(ndimage.binary_opening(coarse > value("dicom_limits.body_hu")))
    if not count:
        return ""
    body = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    margin = int(np.ceil(value("dicom_limits.table_margin_mm") / step_mm.min()))
    filled = np.stack([ndimage.binary_fill_holes(body[..., k]) for k in range(body.shape[2])], -1)
    clear = ~ndimage.binary_dilation(filled, iterations=margin)
    table = clear & (coarse > value("dicom_limits.table_hu"))
    if table.sum() * float(np.prod(step_mm)) < value("dicom_limits.table_least_mm3"):
        return ""
    # by the columns of the grid: oblique by some degrees changes no quadrant
    aside = (np.argwhere(table).mean(axis=0) - np.argwhere(body).mean(axis=0)) * step_mm
    axis = int(np.abs(aside[:2]).argmax())
    if abs(aside[axis]) < value("dicom_limits.posture_share") * np.linalg.norm(aside[:2]):
        return ""
    return _TABLE_SIDE[axis, 1 if aside[axis] > 0 else -1]


def _words_of(stated: str) -> str:
    end, posture = _ENDS.get(stated[:2]), _POSTURES.get(stated[2:])
    return f"{end}, {posture}" if end and posture else ""
