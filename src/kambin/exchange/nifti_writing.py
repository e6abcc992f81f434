"""NIfTI out: one small writer, so that the same voxels give the same bytes."""

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from kambin.exchange.nifti_header import NIFTI1_BYTES
from kambin.exchange.voxels import to_file_order
from kambin.frames import LPS_FROM_RAS
from kambin.imaging import LabelMap, Volume

_TYPE_CODES = {"uint8": 2, "int16": 4, "float32": 16, "uint16": 512}
_ALIGNED = 2
"""NIfTI's code for coordinates aligned to another image of the patient."""
_MILLIMETRES = 2
_PACKING = 1
"""gzip level: half the time of level 4 for two per cent more bytes on a CT with its noise."""
_GZIP_WINDOW = 31
"""zlib's code for a gzip member, whose time stamp it leaves at zero."""
_MEMBER = 1 << 23
"""Bytes of voxels in one gzip member."""


def nifti_bytes(voxels: Volume | LabelMap) -> bytes:
    """Return a ``.nii.gz`` of an image or label map, the same bytes for the same voxels.

    Parameters
    ----------
    voxels : Volume of int16 or float32, or LabelMap of uint8 or uint16, shape (I, J, K), LPS, mm

    References
    ----------
    Cox et al. 2004, NIfTI-1 data format, nifti1.h, https://nifti.nimh.nih.gov/nifti-1
    RFC 1952, section 2.2, https://www.rfc-editor.org/rfc/rfc1952 (chains of gzip members)
    """
    values = to_file_order(voxels.values)
    # four bytes of zero behind the header say that no extension follows
    header = bytearray(NIFTI1_BYTES + 4)
    struct.pack_into("<i", header, 0, NIFTI1_BYTES)
    struct.pack_into("<8h", header, 40, 3, *values.shape, 1, 1, 1, 1)
    bits = 8 * values.dtype.itemsize
    struct.pack_into("<2h", header, 70, _TYPE_CODES[values.dtype.name], bits)
    struct.pack_into("<8f", header, 76, 1, *voxels.spacing_mm, 0, 0, 0, 0)
    struct.pack_into("<3f", header, 108, NIFTI1_BYTES + 4, 1.0, 0.0)
    header[123] = _MILLIMETRES
    # no qform: a second place in the header could only disagree with the first
    struct.pack_into("<2h", header, 252, 0, _ALIGNED)
    ras_from_ijk = LPS_FROM_RAS @ voxels.lps_from_ijk
    struct.pack_into("<12f", header, 280, *ras_from_ijk[:3].ravel())
    header[344:348] = b"n+1\0"
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    # the transpose of file order lies in one piece, so nothing is copied
    return _pack(bytes(header), little.T.reshape(-1).view(np.uint8).data)


def _pack(header: bytes, voxels: memoryview) -> bytes:
    """Pack header and voxels as a chain of gzip members, several at a time.

    The members have a fixed size, so the bytes do not depend on the number of threads; every
    gzip reader takes a chain of members for one file.
    """
    starts = range(0, len(voxels), _MEMBER)
    members = [header, *(voxels[start : start + _MEMBER] for start in starts)]
    with ThreadPoolExecutor() as pool:
        return b"".join(pool.map(_gzip, members))


def _gzip(data: bytes | memoryview) -> bytes:
    return zlib.compress(data, level=_PACKING, wbits=_GZIP_WINDOW)
