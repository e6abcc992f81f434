"""Images and label maps in: every file is checked to its last byte before it is believed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kambin.core import InputError
from kambin.exchange.geometry import settle
from kambin.exchange.nifti_header import (
    NIFTI2_BYTES,
    data_offset,
    nifti_kind,
    parse_nifti_header,
)
from kambin.exchange.rasters import Raster, RasterHeader
from kambin.exchange.streams import (
    explained_reading,
    inflate_exactly,
    open_unpacked,
    read_exactly,
    require_end,
)
from kambin.exchange.text_headers import TextHeader, parse_meta_header, parse_nrrd_header
from kambin.exchange.voxels import VoxelArray, to_row_order
from kambin.imaging import LabelMap, Volume

PATIENT_FRAME = "patient"
"""The frame of reference of a case; formats without a frame identifier have only this one."""

SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".seg.nrrd", ".mha")
"""File name endings that are read."""

_TEXT_HEADER_BYTES = 1 << 20
"""A text header is a few kilobytes; a megabyte without its end is none."""


def read_raster(path: Path) -> Raster:
    """Read an image file as it is stored, after checking its integrity and its geometry.

    Parameters
    ----------
    path : NIfTI-1 or -2 (.nii, .nii.gz), NRRD (.nrrd, .seg.nrrd) or MetaImage (.mha)

    Returns
    -------
    Raster, values of shape (I, J, K) in stored order, affine LPS, mm

    Raises
    ------
    InputError  (IN-001) if it cannot be opened; (IN-002) if it is cut off or a checksum is
        wrong; (IN-003) if it is not what its name says; (IN-004, IN-005) if it is too large
        or not one grey volume; (IN-006 to IN-010, IN-025) if its geometry is no patient's

    Notes
    -----
    The format is told by the content; a name that says otherwise is refused.

    References
    ----------
    NIfTI https://nifti.nimh.nih.gov/nifti-1
    NRRD https://teem.sourceforge.net/nrrd/format.html
    MetaImage https://itk.org/Wiki/ITK/MetaIO/Documentation
    """
    path = Path(path)
    with explained_reading(path):
        with open_unpacked(path) as stream:
            head = stream.read(NIFTI2_BYTES)
        kind = _find_format(head)
        _require_name_fits(path, kind, head)
        read = _READERS[kind]
        header, data = read(path)
    values = header.decode(data)
    return Raster(values, header.lps_from_ijk, header.names, kind)


def read_volume(path: Path) -> Volume:
    """Read an image, in canonical order (left, posterior, superior), LPS, mm.

    Whole numbers that fit are kept as 16-bit integers, everything else as float32. Voxels
    without a value stay as they are; ``import_case`` decides about them.

    Returns
    -------
    Volume, shape (I, J, K), int16 or float32

    Raises
    ------
    InputError  as ``read_raster``
    """
    return volume_of(read_raster(path))


def read_label_map(path: Path) -> LabelMap:
    """Read a label map, in canonical order (left, posterior, superior), LPS, mm.

    Returns
    -------
    LabelMap, shape (I, J, K), uint8 or uint16

    Raises
    ------
    InputError  as ``read_raster``, and (IN-016) if a label is not a whole number from 0 to
        65535
    """
    return label_map_of(read_raster(path), Path(path).name)


def volume_of(raster: Raster) -> Volume:
    """Return the raster as an image in canonical order.

    Parameters
    ----------
    raster : Raster, shape (I, J, K), in any storage order

    Returns
    -------
    Volume, LPS, mm; HU if the file is a CT
    """
    volume = Volume(
        to_row_order(_lean(raster.values)), raster.lps_from_ijk, PATIENT_FRAME
    ).canonical()
    return Volume(volume.values, settle(volume.lps_from_ijk), PATIENT_FRAME)


def label_map_of(raster: Raster, where: str) -> LabelMap:
    """Return the raster as a label map in canonical order.

    Parameters
    ----------
    raster : Raster, shape (I, J, K), in any storage order
    where : str, the file name

    Returns
    -------
    LabelMap of uint8 or uint16, LPS, mm

    Raises
    ------
    InputError  (IN-016) if a label is not a whole number from 0 to 65535
    """
    values = to_row_order(_as_labels(raster.values, where))
    labels = LabelMap(values, raster.lps_from_ijk, PATIENT_FRAME).canonical()
    return LabelMap(labels.values, settle(labels.lps_from_ijk), PATIENT_FRAME)


def _find_format(head: bytes) -> str:
    if head.startswith(b"NRRD0"):
        return "nrrd"
    if head.lstrip().startswith((b"ObjectType", b"NDims", b"Comment")):
        return "mha"
    return "nifti" if nifti_kind(head) else ""


def _require_name_fits(path: Path, kind: str, head: bytes) -> None:
    # the content decides, and a name that contradicts it is a file mixed up with another
    name = path.name.lower()
    expected = {".nii": "nifti", ".nii.gz": "nifti", ".nrrd": "nrrd", ".mha": "mha"}
    stated = next((kind for suffix, kind in expected.items() if name.endswith(suffix)), "")
    if kind and kind == stated:
        return
    found = kind or ("nothing at all" if not head else "none of the formats that are read")
    raise InputError(
        code="IN-003" if head else "IN-001",
        what="The file is not of a supported kind" if head else "The file is empty",
        where=path.name,
        why=f"Its name says {stated or 'no known format'}, its content is {found}.",
        next_step="Use NIfTI (.nii, .nii.gz), NRRD (.nrrd, .seg.nrrd) or MetaImage (.mha).",
    )


def _read_nifti(path: Path) -> tuple[RasterHeader, bytes | bytearray]:
    with open_unpacked(path) as stream:
        head = stream.read(NIFTI2_BYTES)
        offset = data_offset(head, path.name)
        # NIfTI-1 without extension ends before the 540 bytes of its successor
        early, head = head[offset:], head[:offset]
        head += bytes(read_exactly(stream, max(0, offset - len(head)), path))
        header = parse_nifti_header(head, path.name)
        data = bytearray(early[: header.data_bytes])
        data += read_exactly(stream, header.data_bytes - len(data), path)
        require_end(stream, path)
    return header, data


def _read_nrrd(path: Path) -> tuple[RasterHeader, bytes | bytearray]:
    return _read_text_format(path, parse_nrrd_header)


def _read_meta(path: Path) -> tuple[RasterHeader, bytes | bytearray]:
    return _read_text_format(path, parse_meta_header)


def _read_text_format(
    path: Path, parse: Callable[[bytes, str], TextHeader]
) -> tuple[RasterHeader, bytes | bytearray]:
    # opened as it is: in these formats the header is never packed, only the voxels
    with path.open("rb") as stream:
        header = parse(stream.read(_TEXT_HEADER_BYTES), path.name)
        stream.seek(header.offset)
        if header.is_packed:
            return header.raster, inflate_exactly(stream.read(), header.raster.data_bytes, path)
        data = read_exactly(stream, header.raster.data_bytes, path)
        require_end(stream, path)
    return header.raster, data


_READERS = {"nifti": _read_nifti, "nrrd": _read_nrrd, "mha": _read_meta}


def _lean(values: VoxelArray) -> VoxelArray:
    """Return whole numbers as int16 if they fit, everything else as float32."""
    # CT values are whole numbers that fit 16 bits; a float copy would double the memory
    limits = np.iinfo(np.int16)
    if values.dtype.kind == "f":
        whole = bool(np.isfinite(values).all()) and not (values != np.rint(values)).any()
    else:
        whole = True
    if whole and limits.min <= values.min() and values.max() <= limits.max:
        return values.astype(np.int16, copy=False)
    return values.astype(np.float32, copy=False)


def _as_labels(values: VoxelArray, where: str) -> NDArray[np.uint8 | np.uint16]:
    if values.dtype.kind == "f":
        # a label of 25.4 is an interpolated one: its neighbours are wrong as well
        odd = ~np.isfinite(values) | (values != np.rint(values))
        if odd.any():
            ijk = tuple(int(index[0]) for index in np.nonzero(odd))
            raise _not_labels(
                where, f"Voxel {ijk} holds {values[ijk]:g}; {int(odd.sum())} voxels are like it."
            )
    low, high = values.min(), values.max()
    if low < 0 or high > np.iinfo(np.uint16).max:
        raise _not_labels(where, f"Labels run from {low:g} to {high:g}; 0 to 65535 is possible.")
    small = high <= np.iinfo(np.uint8).max
    return values.astype(np.uint8 if small else np.uint16, copy=False)


def _not_labels(where: str, why: str) -> InputError:
    return InputError(
        code="IN-016",
        what="Labels are not integers that name structures",
        where=where,
        why=why,
        next_step="Export the segmentation as a label map, not as probabilities or an image.",
    )
