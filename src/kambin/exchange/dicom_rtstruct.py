"""DICOM contours as labels: closed outlines filled on the slices of their image."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from kambin.anatomy import StructureKey
from kambin.core import Finding, InputError, Severity
from kambin.exchange.dialects import precedence
from kambin.exchange.dicom_frames import FileHeader
from kambin.exchange.dicom_image import DicomImage
from kambin.exchange.dicom_label_grid import LabelGrid, require_same_frame, settle_key
from kambin.exchange.dicom_reading import explained_parsing, read_dataset, word_of
from kambin.exchange.sources import LabelSource
from kambin.knowledge import value

RTSTRUCT_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
FORMAT = "dicom-rtstruct"
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
"""Kinds of contours that enclose an area (PS3.3 section C.8.8.6.3); both fill by even and odd."""

_Outline = NDArray[np.float64]


def read_rtstruct(header: FileHeader, image: DicomImage) -> tuple[LabelSource, tuple[Finding, ...]]:
    """Read the contours of a structure set onto the grid of its image.

    Parameters
    ----------
    header : FileHeader of the structure set
    image : DicomImage that it refers to

    Returns
    -------
    the labels, canonical, LPS, mm; and what is to be said about overlap and skipped slices

    Raises
    ------
    InputError  (IN-042, IN-053) for another frame or patient; (IN-072) for contours between
        slices; (IN-012) outside of the image; (IN-018, IN-071) for names; (IN-024) if
        nothing is filled

    Notes
    -----
    A voxel belongs to a structure if its centre lies inside an odd number of its contours on
    that slice, so that a contour within a contour is a hole, as is a keyhole.

    References
    ----------
    DICOM PS3.3 section C.8.8.6 (ROI contour)
    """
    dataset = read_dataset(header.path, pixels=False)
    with explained_parsing(header.path):
        grid = LabelGrid(image, header.path.name)
        require_same_frame(header, _frame_uid(dataset), image)
        outlines = {int(r.ReferencedROINumber): r for r in dataset.get("ROIContourSequence") or ()}
        keys, unknown = _read_names(dataset, grid.where)
        gaps: list[str] = []
        for number, key in sorted(keys.items(), key=lambda item: precedence(item[1])):
            if number in outlines:
                planes = _filled(outlines[number], grid, str(key))
                label = grid.begin(key)
                for (axis, at), plane in sorted(planes.items()):
                    place: list[slice | int] = [slice(None)] * 3
                    place[axis] = at
                    grid.fill(tuple(place), plane, label)
                gaps += _gaps(str(key), planes)
    return grid.finish(unknown, FORMAT), grid.report_overlap() + _report_gaps(gaps, grid.where)


def fill_outline(points_uv: _Outline, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which grid points lie inside a closed outline, by counting edges to their left.

    Parameters
    ----------
    points_uv : float array, shape (N, 2), voxel indices of the corners in order
    shape : number of voxels along u and v

    Returns
    -------
    bool array, shape ``shape``; a point on a left or lower edge is inside, on the others not
    """
    ends = np.roll(points_uv, -1, axis=0)
    flips = np.zeros((shape[0] + 1, shape[1]), dtype=np.int64)
    for (u0, v0), (u1, v1) in zip(points_uv, ends, strict=True):
        low, high = sorted((v0, v1))
        # half open: a corner shared by two edges is counted once
        rows = np.arange(max(0, int(np.ceil(low))), min(shape[1], int(np.ceil(high))))
        if not rows.size:
            continue
        crossing = u0 + (rows - v0) * (u1 - u0) / (v1 - v0)
        first = np.clip(np.ceil(crossing), 0, shape[0]).astype(int)
        np.add.at(flips, (first, rows), 1)
    inside: NDArray[np.bool_] = np.cumsum(flips, axis=0)[:-1] % 2 == 1
    return inside


def _frame_uid(dataset: Dataset) -> str:
    """Return the one frame of reference of all contours, or an empty string."""
    found = {
        word_of(roi, "ReferencedFrameOfReferenceUID")
        for roi in dataset.get("StructureSetROISequence") or ()
    }
    return found.pop() if len(found) == 1 else ""


def _read_names(dataset: Dataset, where: str) -> tuple[dict[int, StructureKey], dict[int, str]]:
    codes: dict[int, list[str]] = {}
    for seen in dataset.get("RTROIObservationsSequence") or ():
        found = [word_of(c, "CodeValue") for c in seen.get("RTROIIdentificationCodeSequence") or ()]
        codes.setdefault(int(seen.ReferencedROINumber), []).extend(found)
    keys, unknown = {}, {}
    for roi in dataset.get("StructureSetROISequence") or ():
        number, name = int(roi.ROINumber), word_of(roi, "ROIName")
        key = settle_key(name, codes.get(number, ()), where)
        if key is None:
            unknown[number] = name or f"region {number}"
        else:
            keys[number] = key
    return keys, unknown


def _filled(roi: Dataset, grid: LabelGrid, key: str) -> dict[tuple[int, int], NDArray[np.bool_]]:
    """Return axis and number of each slice, and which of its voxels lie inside."""
    planes: dict[tuple[int, int], NDArray[np.bool_]] = {}
    for outline in _outlines(roi, grid, key):
        axis, at = _slice_of(outline, grid, key)
        u, v = (n for n in range(3) if n != axis)
        mask = fill_outline(outline[:, (u, v)], (grid.shape[u], grid.shape[v]))
        known = planes.get((axis, at))
        planes[axis, at] = mask if known is None else known ^ mask
    return planes


def _outlines(roi: Dataset, grid: LabelGrid, key: str) -> Iterator[_Outline]:
    for contour in roi.get("ContourSequence") or ():
        kind = word_of(contour, "ContourGeometricType")
        points_lps_mm = np.array(contour.get("ContourData") or [], dtype=np.float64)
        if kind not in _CLOSED or points_lps_mm.size % 3 or points_lps_mm.size < 3 * 3:
            raise _not_usable(grid.where, f"{key} has a contour of kind {kind[:20] or 'unknown'}.")
        matrix = grid.ijk_from_lps
        yield points_lps_mm.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]


def _slice_of(outline: _Outline, grid: LabelGrid, key: str) -> tuple[int, int]:
    """Return the axis that a contour is at right angles to, and the slice on which it lies."""
    spread = np.ptp(outline, axis=0)
    axis = int(spread.argmin())
    centre = float(outline[:, axis].mean())
    off = float(np.abs(outline[:, axis] - round(centre)).max())
    if not np.isfinite(outline).all() or off > value("dicom_limits.plane_tolerance_voxels"):
        raise _not_usable(
            grid.where, f"{key} has a contour {off:.2f} slice distances beside its slice."
        )
    at = round(centre)
    # a contour may touch the border, but what is beyond it was drawn on another image; a slice
    # before the first must not be taken for the last, as a negative index would be
    if (outline < -1).any() or (outline > grid.shape).any() or not 0 <= at < grid.shape[axis]:
        raise InputError(
            code="IN-012",
            what="Image and labels are not on one grid",
            where=grid.where,
            why=f"{key} has a contour that lies outside of the image.",
            next_step="Use the contours that were drawn on this series.",
        )
    return axis, at


def _gaps(key: str, planes: dict[tuple[int, int], NDArray[np.bool_]]) -> list[str]:
    axes = {axis for axis, _ in planes}
    numbers = sorted(at for _, at in planes)
    missing = numbers[-1] - numbers[0] + 1 - len(numbers) if len(axes) == 1 else 0
    return [f"{key} on {missing} of {missing + len(numbers)} slices"] if missing else []


def _report_gaps(gaps: list[str], where: str) -> tuple[Finding, ...]:
    if not gaps:
        return ()
    return (
        Finding(
            code="IN-072",
            severity=Severity.CONFIRM,
            what="Contours skip slices",
            where=where,
            why=f"Nothing is drawn of {'; '.join(gaps)} between the first and the last.",
            next_step="Interpolate them in the tool they came from, or confirm that it is right.",
        ),
    )


def _not_usable(where: str, why: str) -> InputError:
    return InputError(
        code="IN-072",
        what="A contour is not usable",
        where=where,
        why=why,
        next_step="Export closed contours on the slices of the image, or a segmentation.",
    )
