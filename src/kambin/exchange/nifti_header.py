"""The NIfTI header, read by ourselves because two libraries read it in two ways.

References
----------
Cox et al. 2004, "A (sort of) new image data format standard: NIfTI-1", header nifti1.h.
"""

import math
import re
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kambin.core import InputError
from kambin.exchange.geometry import (
    BEYOND_ANY_SCANNER,
    SAME_PLACE_TOLERANCE,
    SPACING_TOLERANCE,
    greatest_shift_voxels,
    require_geometry,
)
from kambin.exchange.rasters import (
    RasterHeader,
    require_three_dimensions,
    require_within_budget,
)
from kambin.frames import LPS_FROM_RAS, orientation_code

NIFTI1_BYTES = 348
NIFTI2_BYTES = 540
# 0 is no unit at all: tools that leave it out mean mm; metres and microns are converted (G10)
_MM_PER_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4",
    1024: "i8", 1280: "u8",
}  # fmt: skip
# colours and complex numbers, known only to be refused as what they are (G20)
_COMPONENTS = {128: 3, 2304: 4, 32: 2, 1792: 2, 2048: 2}
_LABEL = re.compile(rb'<Label\s+Key="(\d+)"[^>]*>\s*<!\[CDATA\[([^\]]*)\]\]>')
"""The label table that TotalSegmentator writes into the header extension."""


@dataclass(frozen=True, slots=True)
class _Fields:
    """The header's own fields, in its own words and units."""

    dim: tuple[int, ...]
    datatype: int
    pixdim: tuple[float, ...]
    vox_offset: int
    slope: float
    intercept: float
    units: int
    qform_code: int
    sform_code: int
    quaternion: tuple[float, float, float]
    offset: tuple[float, float, float]
    srow: NDArray[np.float64]


def nifti_kind(head: bytes) -> int:
    """Return 1 or 2 for the version of a NIfTI header, or 0 if the bytes are none."""
    for order in "<>":
        if len(head) >= 4 and struct.unpack(order + "i", head[:4])[0] == NIFTI1_BYTES:
            return 1
        if len(head) >= 4 and struct.unpack(order + "i", head[:4])[0] == NIFTI2_BYTES:
            return 2
    return 0


def data_offset(head: bytes, where: str) -> int:
    """Return where the voxels start, in bytes from the start of the unpacked file.

    Raises
    ------
    InputError  (IN-003) for a pair of files or a header without the NIfTI mark
    """
    return _unpack(head, where)[1].vox_offset


@np.errstate(all="ignore")  # what overflows here is refused by the geometry check, with its row
def parse_nifti_header(head: bytes, where: str) -> RasterHeader:
    """Read and check a NIfTI-1 or NIfTI-2 header with its extensions.

    Parameters
    ----------
    head : bytes from the start of the file to its voxels
    where : str, the file name

    Returns
    -------
    RasterHeader, LPS, mm

    Raises
    ------
    InputError  (IN-003, IN-004, IN-005) for what is not one grey volume of bearable size;
        (IN-006) without any orientation; (IN-007) if two orientations disagree;
        (IN-008, IN-009, IN-010, IN-025) for geometry no patient has

    References
    ----------
    nifti1.h and nifti2.h, https://nifti.nimh.nih.gov (byte offsets, methods 2 and 3 of place)
    """
    order, fields = _unpack(head, where)
    sizes = fields.dim[1 : fields.dim[0] + 1]
    require_three_dimensions(sizes, _COMPONENTS.get(fields.datatype, 1), where)
    if fields.datatype not in _TYPES:
        raise _unsupported(where, f"Its voxel type {fields.datatype} is not supported.")
    dtype: np.dtype[Any] = np.dtype(order + _TYPES[fields.datatype])
    shape = (sizes[0], sizes[1], sizes[2])
    require_within_budget(shape, dtype.itemsize, where)
    # the low three bits of the unit are for length, the others for time
    affine = _ras_affine(fields, shape, where) * _MM_PER_UNIT[fields.units & 7]
    # by sign and not by matrix product, which would spread one infinite number over all rows
    affine[:2] *= -1.0
    affine[3] = (0.0, 0.0, 0.0, 1.0)
    require_geometry(affine, shape, where)
    names = {int(key): name.decode("utf-8", "replace") for key, name in _LABEL.findall(head)}
    # the standard says that a slope of zero means "not scaled"; some writers leave NaN
    slope, intercept = fields.slope, fields.intercept
    if not (math.isfinite(slope) and math.isfinite(intercept)) or slope == 0.0:
        slope, intercept = 1.0, 0.0
    return RasterHeader(shape, dtype, affine, slope, intercept, names)


def _unpack(head: bytes, where: str) -> tuple[str, _Fields]:
    kind = nifti_kind(head)
    size = {1: NIFTI1_BYTES, 2: NIFTI2_BYTES}.get(kind, 0)
    if not size or len(head) < size:
        raise _unsupported(where, "It does not start with a NIfTI header.")
    # the size field doubles as the mark of the byte order
    order = "<" if struct.unpack("<i", head[:4])[0] == size else ">"
    magic = head[344:347] if kind == 1 else head[4:7]
    if magic in (b"ni1", b"ni2"):
        raise _unsupported(where, "It is half of a .hdr/.img pair; one file is needed.")
    if magic not in (b"n+1", b"n+2"):
        raise _unsupported(where, "It is an ANALYZE file or its header is damaged.")
    fields = _unpack_first(head, order) if kind == 1 else _unpack_second(head, order)
    if not 1 <= fields.dim[0] <= 7 or min(fields.dim[1 : fields.dim[0] + 1]) < 1:
        raise _unsupported(where, f"Its header states the impossible size {fields.dim}.")
    # beyond 16 MB an offset is taken for a flipped bit: all before it would be read as header
    if not size <= fields.vox_offset <= 2**24 or fields.units & 7 not in _MM_PER_UNIT:
        raise _unsupported(where, "Its header has an impossible data offset or length unit.")
    return order, fields


def _unpack_first(head: bytes, order: str) -> _Fields:
    dim = struct.unpack(order + "8h", head[40:56])
    pixdim = struct.unpack(order + "8f", head[76:108])
    vox_offset, slope, intercept = struct.unpack(order + "3f", head[108:120])
    qform, sform = struct.unpack(order + "2h", head[252:256])
    place = struct.unpack(order + "18f", head[256:328])
    return _Fields(
        dim=dim,
        datatype=struct.unpack(order + "h", head[70:72])[0],
        pixdim=pixdim,
        # a float in this version; what is no number becomes an offset that is refused
        vox_offset=int(vox_offset) if math.isfinite(vox_offset) else -1,
        slope=slope,
        intercept=intercept,
        units=head[123],
        qform_code=qform,
        sform_code=sform,
        quaternion=place[:3],
        offset=place[3:6],
        srow=np.array(place[6:]).reshape(3, 4),
    )


def _unpack_second(head: bytes, order: str) -> _Fields:
    qform, sform = struct.unpack(order + "2i", head[344:352])
    place = struct.unpack(order + "18d", head[352:496])
    slope, intercept = struct.unpack(order + "2d", head[176:192])
    return _Fields(
        dim=struct.unpack(order + "8q", head[16:80]),
        datatype=struct.unpack(order + "h", head[12:14])[0],
        pixdim=struct.unpack(order + "8d", head[104:168]),
        vox_offset=struct.unpack(order + "q", head[168:176])[0],
        slope=slope,
        intercept=intercept,
        units=struct.unpack(order + "i", head[500:504])[0],
        qform_code=qform,
        sform_code=sform,
        quaternion=place[:3],
        offset=place[3:6],
        srow=np.array(place[6:]).reshape(3, 4),
    )


def _ras_affine(fields: _Fields, shape: tuple[int, int, int], where: str) -> NDArray[np.float64]:
    """Return the one affine the header states, RAS, in the header's unit."""
    # spacing alone, as in ANALYZE files, does not tell the patient's sides (fault G13)
    if fields.qform_code <= 0 and fields.sform_code <= 0:
        raise InputError(
            code="IN-006",
            what="The file does not say how it lies in the patient",
            where=where,
            why="Neither qform nor sform is set; readers invent mirrored orientations for it.",
            next_step="Export it again with its orientation (from DICOM, not from ANALYZE).",
        )
    by_row = np.vstack([fields.srow, [0.0, 0.0, 0.0, 1.0]])
    by_quaternion = _quaternion_affine(fields)
    # sform first, as nibabel and ITK do, but never against a qform that says otherwise
    if fields.sform_code <= 0:
        return by_quaternion
    if not (np.abs(by_row) < BEYOND_ANY_SCANNER).all():
        return by_row  # the geometry check names the row
    _require_one_spacing(fields, by_row, where)
    if fields.qform_code > 0:
        _require_agreement(by_row, by_quaternion, shape, where)
    return by_row


def _quaternion_affine(fields: _Fields) -> NDArray[np.float64]:
    b, c, d = fields.quaternion
    # 32-bit b, c, d may overshoot the unit sphere by a rounding error
    a = math.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d)))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    # pixdim[0] is the sign of the third axis, a quaternion being unable to mirror
    handedness = -1.0 if fields.pixdim[0] < 0 else 1.0
    spacing = np.array(fields.pixdim[1:4]) * [1.0, 1.0, handedness]
    affine = np.eye(4)
    affine[:3, :3] = rotation * spacing
    affine[:3, 3] = fields.offset
    return affine


def _require_one_spacing(fields: _Fields, by_row: NDArray[np.float64], where: str) -> None:
    stated = np.array(fields.pixdim[1:4])
    drawn = np.linalg.norm(by_row[:3, :3], axis=0)
    # a sheared or singular matrix changes the lengths too and has its own, clearer message
    if not drawn.all() or np.abs(by_row[:3, :3].T @ by_row[:3, :3] - np.diag(drawn**2)).max() > (
        SPACING_TOLERANCE * drawn.max() ** 2
    ):
        return
    if not np.allclose(stated, drawn, rtol=SPACING_TOLERANCE, atol=0.0):
        raise _conflict(
            where,
            f"pixdim says {_triple(stated)}, the sform matrix {_triple(drawn)} "
            "for the size of a voxel.",
        )


def _require_agreement(
    by_row: NDArray[np.float64],
    by_quaternion: NDArray[np.float64],
    shape: tuple[int, int, int],
    where: str,
) -> None:
    if not np.isfinite(by_quaternion).all() or not by_row[:3, :3].any(axis=0).all():
        raise _conflict(where, "The sform or qform matrix holds what is no number or is zero.")
    shift = greatest_shift_voxels(by_row, by_quaternion, shape)
    if shift > SAME_PLACE_TOLERANCE:
        raise _conflict(
            where,
            f"sform says {orientation_code(LPS_FROM_RAS @ by_row)} from {_triple(by_row[:3, 3])}, "
            f"qform says {orientation_code(LPS_FROM_RAS @ by_quaternion)} from "
            f"{_triple(by_quaternion[:3, 3])} (RAS); they lie {shift:.1f} voxels apart.",
        )


def _triple(numbers: NDArray[np.float64]) -> str:
    return "(" + ", ".join(f"{number:.4g}" for number in numbers) + ")"


def _conflict(where: str, why: str) -> InputError:
    return InputError(
        code="IN-007",
        what="The file states two places in the patient that disagree",
        where=where,
        why=why,
        next_step="Export it again from its source, so that both are the scanner's.",
    )


def _unsupported(where: str, why: str) -> InputError:
    return InputError(
        code="IN-003",
        what="The file is not of a supported kind",
        where=where,
        why=why,
        next_step="Use NIfTI (.nii, .nii.gz), NRRD (.nrrd, .seg.nrrd) or MetaImage (.mha).",
    )
