"""G22: what a compressed picture says of its own size is compared before it is decoded."""

import struct

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from kambin.exchange.dicom_codestream import find_codestream_fault

ROWS, COLUMNS = 12, 20
END = b"\xff\xd9"


def a_dataset(pixels: bytes, syntax: str, *, bits: int = 16) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.Rows, ds.Columns, ds.BitsAllocated, ds.PixelData = ROWS, COLUMNS, bits, pixels
    return ds


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def a_jpeg(
    rows: int = ROWS, columns: int = COLUMNS, *, marker: int = 0xC0, before: bytes = b""
) -> bytes:
    """A JPEG or JPEG-LS stream: start, what comes before the frame, frame, scan, end."""
    start_of_frame = segment(marker, struct.pack(">BHHB", 8, rows, columns, 1) + b"\1\x11\0")
    return b"\xff\xd8" + before + start_of_frame + segment(0xDA, b"\0" * 6) + b"scan" + END


def a_wavelet(right: int, bottom: int, left: int = 0, top: int = 0) -> bytes:
    """A JPEG 2000 code stream; its size is the corner less the offset."""
    return b"\xff\x4f\xff\x51" + struct.pack(">HH4I", 41, 0, right, bottom, left, top) + b"x" + END


def fault_of(*streams: bytes, syntax: str = JPEGBaseline8Bit, frames: int | None = None) -> str:
    ds = a_dataset(encapsulate(list(streams)), syntax)
    return find_codestream_fault(ds, len(streams) if frames is None else frames)


@pytest.mark.parametrize("marker", [0xC0, 0xC1, 0xC2, 0xC3, 0xCF, 0xF7])
def test_the_size_in_the_frame_s_start_is_compared(marker: int) -> None:
    assert fault_of(a_jpeg(marker=marker)) == ""
    assert fault_of(a_jpeg(ROWS + 1, marker=marker)) == (
        "Its compressed picture is 20 x 13, its header says (20, 12)."
    )


@pytest.mark.parametrize("marker", [0xC4, 0xC8, 0xCC, 0xDB, 0xE0, 0xFE])
def test_tables_before_the_frame_are_no_frame(marker: int) -> None:
    # at the place of a size the table holds other numbers
    table = segment(marker, struct.pack(">BHH", 8, 999, 999) + b"\0" * 30)
    assert fault_of(a_jpeg(before=table)) == ""
    assert "20 x 60000" in fault_of(a_jpeg(60_000, before=table))


@pytest.mark.parametrize(
    ("stream", "is_right"),
    [
        (a_wavelet(COLUMNS, ROWS), True),
        (a_wavelet(COLUMNS + 5, ROWS + 7, 5, 7), True),
        (a_wavelet(ROWS, COLUMNS), False),
        (a_wavelet(60_000, 60_000), False),
        (a_wavelet(COLUMNS, ROWS, 1, 0), False),
    ],
)
def test_a_wavelet_s_size_is_its_corner_less_its_offset(stream: bytes, is_right: bool) -> None:
    assert (fault_of(stream, syntax=JPEG2000Lossless) == "") is is_right


@pytest.mark.parametrize("padding", [b"", b"\0", b"\0\0", b"\xff"])
def test_padding_behind_the_end_mark_is_no_damage(padding: bytes) -> None:
    assert fault_of(a_jpeg() + padding) == ""
    assert fault_of(a_wavelet(COLUMNS, ROWS) + padding, syntax=JPEG2000Lossless) == ""


@pytest.mark.parametrize("stream", [a_jpeg(), a_wavelet(COLUMNS, ROWS)])
def test_a_stream_without_its_end_mark_is_cut(stream: bytes) -> None:
    for lost in (2, 4):
        assert fault_of(stream[:-lost]) == "A compressed picture ends before its end mark."


def test_a_jpeg_that_never_states_a_size_has_none() -> None:
    assert "is 0 x 0" in fault_of(b"\xff\xd8" + segment(0xE0, b"JFIF") + END)


def test_run_lengths_state_no_size() -> None:
    assert fault_of(b"\1\0\0\0" + b"\0" * 60 + b"data", syntax=RLELossless) == ""


def test_one_wrong_frame_of_many_is_found() -> None:
    good = a_jpeg(marker=0xF7)
    assert fault_of(good, good, good, syntax=JPEGLSLossless) == ""
    assert "21 x 12" in fault_of(good, a_jpeg(columns=21, marker=0xF7), syntax=JPEGLSLossless)


def test_as_many_frames_are_there_as_announced() -> None:
    assert fault_of(a_jpeg(), a_jpeg(), a_jpeg(), frames=2).startswith("2 frames are announced")


@pytest.mark.parametrize(("bits", "needed"), [(16, 480), (8, 240), (32, 960), (1, 30)])
def test_plain_pixels_fill_the_picture_to_the_byte(bits: int, needed: int) -> None:
    for size, is_right in (
        (needed - 1, False),
        (needed, True),
        (needed + 1, True),
        (needed + 2, False),
    ):
        found = find_codestream_fault(a_dataset(b"\0" * size, ExplicitVRLittleEndian, bits=bits), 1)
        assert (found == "") is is_right, size
        assert is_right or found == f"{needed} bytes of pixels are announced, {size} are there."


def test_single_bits_of_many_frames_follow_each_other() -> None:
    # three frames of 240 bits are 90 bytes, and not three times a whole number of bytes
    packed = a_dataset(b"\0" * 90, ExplicitVRLittleEndian, bits=1)
    assert find_codestream_fault(packed, 3) == ""
    packed.Rows, packed.Columns = 3, 3
    packed.PixelData = b"\0" * 4
    assert find_codestream_fault(packed, 3) == ""
    assert "2 bytes of pixels" in find_codestream_fault(packed, 1)
