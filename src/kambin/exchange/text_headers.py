"""The text headers of NRRD and MetaImage.

References
----------
NRRD format definition, teem.sourceforge.net/nrrd/format.html; MetaIO tag reference,
itk.org/Wiki/ITK/MetaIO/Documentation.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.core import InputError
from kambin.exchange.geometry import require_geometry
from kambin.exchange.rasters import (
    RasterHeader,
    require_three_dimensions,
    require_within_budget,
)

_NRRD_TYPES = {
    "signed char": "i1", "int8": "i1", "int8_t": "i1",
    "uchar": "u1", "unsigned char": "u1", "uint8": "u1", "uint8_t": "u1",
    "short": "i2", "short int": "i2", "signed short": "i2", "int16": "i2", "int16_t": "i2",
    "ushort": "u2", "unsigned short": "u2", "uint16": "u2", "uint16_t": "u2",
    "int": "i4", "signed int": "i4", "int32": "i4", "int32_t": "i4",
    "uint": "u4", "unsigned int": "u4", "uint32": "u4", "uint32_t": "u4",
    "float": "f4", "double": "f8",
}  # fmt: skip
_META_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2",
    "MET_INT": "i4", "MET_UINT": "u4", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
# signs that turn a space into LPS; the format's others name no side, or add time
_SPACES = {
    "left-posterior-superior": (1.0, 1.0, 1.0), "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0), "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0), "las": (1.0, -1.0, 1.0),
}  # fmt: skip
_SEGMENT = re.compile(r"Segment(\d+)_(Name|LabelValue)$")


@dataclass(frozen=True, slots=True)
class TextHeader:
    """A text header with where its voxels start and how they are packed.

    Parameters
    ----------
    raster : RasterHeader
    offset : int, bytes from the start of the file to the packed voxels
    is_packed : bool, zlib or gzip
    """

    raster: RasterHeader
    offset: int
    is_packed: bool


def parse_nrrd_header(head: bytes, where: str) -> TextHeader:
    """Read and check an NRRD header, with the segment names that 3D Slicer writes.

    Parameters
    ----------
    head : bytes, the first part of the file; must hold the blank line that ends the header
    where : str, the file name

    Raises
    ------
    InputError  (IN-003) for encodings and types that are not supported; (IN-004, IN-005)
        for what is not one grey volume of bearable size; (IN-006) without orientation;
        (IN-008, IN-009, IN-010, IN-025) for geometry no patient has

    References
    ----------
    https://teem.sourceforge.net/nrrd/format.html
    """
    match = re.search(rb"\r?\n\r?\n", head)
    if not match:
        raise _unsupported(where, "Its NRRD header has no end.")
    fields, keys = _nrrd_fields(head[: match.start()].decode("utf-8", "replace"))
    with _explained(where):
        sizes = tuple(int(word) for word in fields.get("sizes", "").split())
        kinds = fields.get("kinds", "").split()
        _require_no_layers(sizes, kinds, where)
        type_word = fields.get("type", "")
    if type_word not in _NRRD_TYPES:
        raise _unsupported(where, f"Its voxel type {type_word[:20]!r} is not supported.")
    order = ">" if fields.get("endian", "little") == "big" else "<"
    dtype = np.dtype(order + _NRRD_TYPES[type_word])
    require_within_budget(sizes, dtype.itemsize, where)
    encoding = fields.get("encoding", "")
    # a second file could be any file of the machine; what is imported must be one piece
    detached = "data file" in fields or "datafile" in fields
    skips = any(fields.get(name, "0") != "0" for name in ("byte skip", "line skip", "byteskip"))
    if encoding not in ("raw", "gzip", "gz") or detached or skips:
        raise _unsupported(where, "Its voxels are not in the same file, raw or gzip.")
    shape = (sizes[0], sizes[1], sizes[2])
    affine = _nrrd_affine(fields, where)
    require_geometry(affine, shape, where)
    raster = RasterHeader(shape, dtype, affine, names=_segment_names(keys))
    return TextHeader(raster, match.end(), encoding != "raw")


def parse_meta_header(head: bytes, where: str) -> TextHeader:
    """Read and check a MetaImage header (``.mha``).

    Parameters
    ----------
    head : bytes, the first part of the file; must hold the line ElementDataFile
    where : str, the file name

    Raises
    ------
    InputError  as ``parse_nrrd_header``

    References
    ----------
    https://itk.org/Wiki/ITK/MetaIO/Documentation
    """
    match = re.search(rb"ElementDataFile\s*=\s*([^\r\n]*?)\s*\r?\n", head)
    if not match or match[1].upper() != b"LOCAL":
        raise _unsupported(where, "Its voxels are not in the same file.")
    lines = head[: match.start()].decode("utf-8", "replace").splitlines()
    fields = {k.strip(): v.strip() for k, _, v in (line.partition("=") for line in lines)}
    with _explained(where):
        sizes = tuple(int(word) for word in fields.get("DimSize", "").split())
        components = int(fields.get("ElementNumberOfChannels", "1"))
    require_three_dimensions(sizes, components, where)
    if fields.get("ElementType", "") not in _META_TYPES or fields.get("BinaryData") == "False":
        raise _unsupported(where, "Its voxel type or its text encoding is not supported.")
    # two spellings of the same tag are in use
    big = "True" in (fields.get("BinaryDataByteOrderMSB"), fields.get("ElementByteOrderMSB"))
    dtype = np.dtype((">" if big else "<") + _META_TYPES[fields["ElementType"]])
    require_within_budget(sizes, dtype.itemsize, where)
    shape = (sizes[0], sizes[1], sizes[2])
    affine = _meta_affine(fields, where)
    require_geometry(affine, shape, where)
    packed = fields.get("CompressedData", "False") == "True"
    return TextHeader(RasterHeader(shape, dtype, affine), match.end(), packed)


def _nrrd_fields(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the fields (``name: value``) and the key/value pairs (``name:=value``)."""
    fields: dict[str, str] = {}
    keys: dict[str, str] = {}
    for line in text.splitlines()[1:]:
        if line.startswith("#"):
            continue
        if ":=" in line:
            name, _, word = line.partition(":=")
            keys[name.strip()] = word.strip()
        else:
            name, _, word = line.partition(":")
            fields[name.strip().lower()] = word.strip()
    return fields, keys


def _require_no_layers(sizes: tuple[int, ...], kinds: list[str], where: str) -> None:
    if len(sizes) == 4 and kinds and kinds[0] in ("list", "vector", "RGB-color", "RGBA-color"):
        raise InputError(
            code="IN-005",
            what="The file is not one three-dimensional grey image",
            where=where,
            why=f"It holds {sizes[0]} layers or colours per voxel; segments overlap in it.",
            next_step="In 3D Slicer export the segmentation as one label map without overlap.",
        )
    require_three_dimensions(sizes, 1, where)


def _nrrd_affine(fields: dict[str, str], where: str) -> NDArray[np.float64]:
    # "scanner-xyz" and "3D-right-handed" name no side of the patient
    signs = _SPACES.get(fields.get("space", "").lower())
    directions = re.findall(r"\(([^)]*)\)", fields.get("space directions", ""))
    origin = re.findall(r"\(([^)]*)\)", fields.get("space origin", ""))
    if signs is None or len(directions) != 3 or len(origin) != 1:
        raise _no_orientation(where, "Its space, space directions or space origin is missing.")
    # 3D Slicer writes the unit per axis; a missing one means mm by the format
    units = set(re.findall(r'"([^"]*)"', fields.get("space units", '"mm"')))
    if units != {"mm"}:
        raise InputError(
            code="IN-010",
            what="The length unit is not supported",
            where=where,
            why=f"Its space units are {', '.join(sorted(units))[:40]}; millimetres are needed.",
            next_step="Convert the file to millimetres and import again.",
        )
    affine = np.eye(4)
    with _explained(where):
        columns = [[float(word) for word in text.split(",")] for text in directions]
        affine[:3, :3] = np.array(columns).T
        affine[:3, 3] = [float(word) for word in origin[0].split(",")]
    affine[:3] *= np.array(signs)[:, None]
    return affine


def _meta_affine(fields: dict[str, str], where: str) -> NDArray[np.float64]:
    # LPS by the convention of ITK; several names of the same tag are in use
    matrix = next((fields[n] for n in ("TransformMatrix", "Rotation") if n in fields), "")
    origin = next((fields[n] for n in ("Offset", "Position", "Origin") if n in fields), "")
    if not matrix or not origin or "ElementSpacing" not in fields:
        raise _no_orientation(where, "Its TransformMatrix, Offset or ElementSpacing is missing.")
    affine = np.eye(4)
    with _explained(where):
        # MetaImage lists the direction of i first; each direction is a column of the affine
        axes = np.array([float(word) for word in matrix.split()]).reshape(3, 3).T
        spacing = np.array([float(word) for word in fields["ElementSpacing"].split()])
        affine[:3, :3] = axes * spacing
        affine[:3, 3] = [float(word) for word in origin.split()]
    return affine


def _segment_names(keys: dict[str, str]) -> dict[int, str]:
    segments: dict[str, dict[str, str]] = {}
    for key, word in keys.items():
        if match := _SEGMENT.match(key):
            segments.setdefault(match[1], {})[match[2]] = word
    return {
        int(parts["LabelValue"]): parts["Name"]
        for parts in segments.values()
        if parts.get("LabelValue", "").isdigit() and "Name" in parts
    }


class _explained:
    """Turn a word that is no number into our message."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is ValueError:
            raise _unsupported(self._where, "A number in its header cannot be read.")


def _no_orientation(where: str, why: str) -> InputError:
    return InputError(
        code="IN-006",
        what="The file does not say how it lies in the patient",
        where=where,
        why=why,
        next_step="Export it again with its orientation.",
    )


def _unsupported(where: str, why: str) -> InputError:
    return InputError(
        code="IN-003",
        what="The file is not of a supported kind",
        where=where,
        why=why,
        next_step="Use NIfTI (.nii, .nii.gz), NRRD (.nrrd, .seg.nrrd) or MetaImage (.mha).",
    )
