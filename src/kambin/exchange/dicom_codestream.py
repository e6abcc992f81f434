"""The size that a compressed picture states of itself, read before a decoder allocates it."""

import struct

from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import UID

_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_PADDING = b"\0\xff"
"""What writers put behind the end mark to make the number of bytes even."""

_J2K_START = b"\xff\x4f\xff\x51"
_FRAME_MARKERS = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
"""Start of frame: JPEG (T.81 table B.1) and JPEG-LS (T.87); not tables, which share the range."""


def find_codestream_fault(dataset: Dataset, frames: int) -> str:
    """Return why compressed pixels do not fit their header, or an empty string.

    Parameters
    ----------
    dataset : pydicom data set with pixel data
    frames : int, how many frames are expected

    References
    ----------
    ITU-T T.81 annex B (JPEG), T.87 annex C (JPEG-LS), T.800 annex A (JPEG 2000)
    """
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    if not syntax.is_encapsulated:
        needed = dataset.Rows * dataset.Columns * dataset.BitsAllocated * frames
        return _native_fault(len(dataset.PixelData), (needed + 7) // 8)
    streams = list(generate_frames(dataset.PixelData, number_of_frames=frames))
    if len(streams) != frames:
        return f"{frames} frames are announced, {len(streams)} are there."
    stated = (int(dataset.Rows), int(dataset.Columns))
    for stream in streams:
        size = _size_of(stream)
        if size not in (None, stated):
            rows, columns = size or (0, 0)
            return f"Its compressed picture is {columns} x {rows}, its header says {stated[::-1]}."
        # a decoder may fill what a cut stream lacks, without a word
        if size is not None and not stream.rstrip(_PADDING).endswith(_JPEG_END):
            return "A compressed picture ends before its end mark."
    return ""


def _native_fault(there: int, needed: int) -> str:
    # pydicom pads to an even number of bytes; anything else is another picture
    if there - needed in (0, 1):
        return ""
    return f"{needed} bytes of pixels are announced, {there} are there."


def _size_of(stream: bytes) -> tuple[int, int] | None:
    """Return rows and columns of a JPEG, JPEG-LS or JPEG 2000 stream, none for run lengths."""
    if stream.startswith(_J2K_START):
        right, bottom, left, top = struct.unpack_from(">4I", stream, 8)
        return bottom - top, right - left
    if not stream.startswith(_JPEG_START):
        return None
    at = len(_JPEG_START)
    while at + 9 <= len(stream):
        marker, length = stream[at + 1], int.from_bytes(stream[at + 2 : at + 4], "big")
        if marker in _FRAME_MARKERS:
            rows, columns = struct.unpack_from(">HH", stream, at + 5)
            return rows, columns
        at += 2 + length
    return 0, 0
