"""DICOM segmentations as labels: binary segments or a label map, on the slices of their image."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID

from kambin.anatomy import StructureKey
from kambin.core import Finding, InputError
from kambin.exchange.dialects import precedence
from kambin.exchange.dicom_codestream import find_codestream_fault
from kambin.exchange.dicom_frames import FileHeader
from kambin.exchange.dicom_image import DicomImage
from kambin.exchange.dicom_label_grid import LabelGrid, require_same_frame, settle_key
from kambin.exchange.dicom_pixels import decode_frames
from kambin.exchange.dicom_reading import explained_parsing, numbers_of, read_dataset, word_of
from kambin.exchange.rasters import require_within_budget
from kambin.exchange.sources import LabelSource
from kambin.exchange.streams import damaged
from kambin.knowledge import value

SEG_CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
"""Segmentation storage, and label map segmentation storage."""

FORMAT = "dicom-seg"
_BITS_PER_BYTE = 8


@dataclass(frozen=True, slots=True)
class _SegFrame:
    """One frame of a segmentation: its number, its segment (0 in a label map), its place."""

    index: int
    segment: int
    lps_from_ji: NDArray[np.float64]


def read_seg(header: FileHeader, image: DicomImage) -> tuple[LabelSource, tuple[Finding, ...]]:
    """Read a DICOM segmentation onto the grid of its image.

    Parameters
    ----------
    header : FileHeader of the segmentation
    image : DicomImage that it refers to

    Returns
    -------
    the labels, canonical, LPS, mm; and what is to be said about overlap

    Raises
    ------
    InputError  (IN-016) for fractions; (IN-042, IN-053) for another frame or patient;
        (IN-012) if a frame lies on no slice of the image; (IN-018, IN-071) for names used
        twice or against their code; (IN-024) if nothing is filled

    References
    ----------
    DICOM PS3.3 section C.8.20 (segmentation)
    """
    dataset = read_dataset(header.path, pixels=True)
    with explained_parsing(header.path):
        grid = LabelGrid(image, header.path.name)
        _require_masks(dataset, grid.where)
        require_same_frame(header, word_of(dataset, "FrameOfReferenceUID"), image)
        keys, unknown = _read_segments(dataset, grid.where)
        frames = _read_frames(dataset, header)
        planes = _Planes(header, dataset)
        if word_of(dataset, "SegmentationType") == "LABELMAP":
            _fill_label_map(grid, keys, frames, planes)
        else:
            _fill_segments(grid, keys, frames, planes)
    return grid.finish(unknown, FORMAT), grid.report_overlap()


def _require_masks(dataset: Dataset, where: str) -> None:
    kind = word_of(dataset, "SegmentationType")
    if kind in ("BINARY", "LABELMAP"):
        return
    raise InputError(
        code="IN-016",
        what="Labels are not integers that name structures",
        where=where,
        why=f"SegmentationType is {kind[:20] or 'missing'}; it holds fractions of voxels.",
        next_step="Export the segmentation as BINARY or LABELMAP; where to cut a fraction is a "
        "person's choice.",
    )


def _read_segments(dataset: Dataset, where: str) -> tuple[dict[int, StructureKey], dict[int, str]]:
    keys, unknown = {}, {}
    for item in dataset.SegmentSequence:
        number, name = int(item.SegmentNumber), word_of(item, "SegmentLabel")
        key = settle_key(name, _codes_of(item), where)
        if key is not None:
            keys[number] = key
        # the background of a label map is no structure that was left out
        elif number:
            unknown[number] = name or f"segment {number}"
    return keys, unknown


def _codes_of(item: Dataset) -> Iterator[str]:
    for keyword in ("SegmentedPropertyTypeCodeSequence", "AnatomicRegionSequence"):
        for code in item.get(keyword) or ():
            yield word_of(code, "CodeValue")
            for modifier in (
                *(code.get("SegmentedPropertyTypeModifierCodeSequence") or ()),
                *(code.get("AnatomicRegionModifierSequence") or ()),
            ):
                yield word_of(modifier, "CodeValue")


def _read_frames(dataset: Dataset, header: FileHeader) -> list[_SegFrame]:
    groups = dataset.PerFrameFunctionalGroupsSequence
    shared = list(dataset.get("SharedFunctionalGroupsSequence") or [])[:1]
    if len(groups) != header.number("NumberOfFrames"):
        raise damaged(header.path, f"{len(groups)} frames are described, another number stored.")
    frames = []
    for index, group in enumerate(groups):
        position = _numbers((group, *shared), "PlanePositionSequence", "ImagePositionPatient", 3)
        axes = _numbers((group, *shared), "PlaneOrientationSequence", "ImageOrientationPatient", 6)
        spacing = _numbers((group, *shared), "PixelMeasuresSequence", "PixelSpacing", 2)
        if not (position and axes and spacing):
            raise InputError(
                code="IN-059",
                what="The header does not say where the slices lie",
                where=header.path.name,
                why=f"Frame {index + 1} lacks position, orientation or spacing.",
                next_step="Export the segmentation again.",
            )
        place = np.zeros((3, 3))
        place[:, 0] = np.array(axes[3:]) * spacing[0]
        place[:, 1] = np.array(axes[:3]) * spacing[1]
        place[:, 2] = position
        frames.append(_SegFrame(index, _segment_of(group, shared), place))
    return frames


def _segment_of(group: Dataset, shared: Sequence[Dataset]) -> int:
    for place in (group, *shared):
        if "SegmentIdentificationSequence" in place:
            return int(place.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
    return 0


def _numbers(places: Sequence[Dataset], group: str, keyword: str, count: int) -> tuple[float, ...]:
    found = (numbers_of(p[group][0], keyword, count) for p in places if p.get(group))
    return next((numbers for numbers in found if numbers), ())


class _Planes:
    """The frames of a segmentation, one at a time: single bits are never all unpacked at once."""

    def __init__(self, header: FileHeader, dataset: Dataset) -> None:
        self._header, self._data = header, b""
        rows, columns = header.shape
        frames = header.number("NumberOfFrames")
        # what all frames together would take, were they unpacked (fault G22)
        require_within_budget((columns, rows, 1), 1, header.path.name)
        fault = find_codestream_fault(dataset, frames)
        if fault:
            raise damaged(header.path, fault)
        packed = UID(header.syntax).is_encapsulated
        if header.number("BitsAllocated") == 1 and not packed:
            self._data = dataset.PixelData

    def read(self, indices: Sequence[int]) -> Iterator[NDArray[np.generic]]:
        """Yield frames, shape (rows, columns), by their ascending numbers."""
        if not self._data:
            yield from decode_frames(self._header, indices)
            return
        size = int(np.prod(self._header.shape))
        for index in indices:
            # frames follow each other bit by bit, so one may begin within a byte
            first = index * size
            begin, skip = divmod(first, _BITS_PER_BYTE)
            end = -(-(first + size) // _BITS_PER_BYTE)
            octets = np.frombuffer(self._data[begin:end], np.uint8)
            bits = np.unpackbits(octets, bitorder="little")[skip : skip + size]
            yield bits.reshape(self._header.shape)


def _fill_segments(
    grid: LabelGrid, keys: dict[int, StructureKey], frames: list[_SegFrame], planes: _Planes
) -> None:
    for number, key in sorted(keys.items(), key=lambda item: precedence(item[1])):
        own = [frame for frame in frames if frame.segment == number]
        label = grid.begin(key)
        for frame, plane in zip(own, planes.read([f.index for f in own]), strict=True):
            _place(grid, frame, plane != 0, label)


def _fill_label_map(
    grid: LabelGrid, keys: dict[int, StructureKey], frames: list[_SegFrame], planes: _Planes
) -> None:
    labels = {number: grid.begin(key) for number, key in sorted(keys.items())}
    for frame, plane in zip(frames, planes.read([f.index for f in frames]), strict=True):
        for number in np.unique(plane):
            if int(number) in labels:
                _place(grid, frame, plane == number, labels[int(number)])


def _place(grid: LabelGrid, frame: _SegFrame, mask: NDArray[np.bool_], label: int) -> None:
    """Put one frame onto the grid; it may lie along any axis, and show only a part."""
    matrix = grid.ijk_from_lps
    steps = matrix[:3, :3] @ frame.lps_from_ji[:, :2]
    origin = matrix[:3, :3] @ frame.lps_from_ji[:, 2] + matrix[:3, 3]
    whole_steps, whole_origin = np.rint(steps), np.rint(origin)
    last = np.array(mask.shape) - 1
    # at the far corner a small error of the steps has grown the most
    off = np.abs(origin - whole_origin).max(), np.abs((steps - whole_steps) @ last).max()
    unit = (np.abs(whole_steps).sum(axis=0) == 1).all() and np.linalg.matrix_rank(whole_steps) == 2
    end = whole_origin + whole_steps @ last
    inside = (np.minimum(whole_origin, end) >= 0).all() and (
        np.maximum(whole_origin, end) < grid.shape
    ).all()
    tolerance = value("dicom_limits.plane_tolerance_voxels")
    if not unit or max(off) > tolerance or not inside:
        place = ", ".join(f"{n:.2f}" for n in origin)
        raise InputError(
            code="IN-012",
            what="Image and labels are not on one grid",
            where=grid.where,
            why=f"Frame {frame.index + 1} begins at voxel ({place}) of the image, "
            + ("which is outside." if unit and max(off) <= tolerance else "between its voxels."),
            next_step="Export the segmentation on the slices of this image.",
        )
    along_rows, along_columns = (int(np.flatnonzero(whole_steps[:, n])[0]) for n in (0, 1))
    index: list[slice | int] = [int(n) for n in whole_origin]
    flips = []
    for axis, n in ((along_rows, 0), (along_columns, 1)):
        low, high = sorted((int(whole_origin[axis]), int(end[axis])))
        index[axis] = slice(low, high + 1)
        flips.append(slice(None, None, int(whole_steps[axis, n])))
    plane = mask[tuple(flips)]
    # the part of the grid keeps the order i, j, k, whichever of them the rows run along
    grid.fill(tuple(index), plane if along_rows < along_columns else plane.T, label)
