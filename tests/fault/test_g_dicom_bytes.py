"""Rows G21 to G24 for DICOM: cut, flipped and nested files, bombs, archives, links and names."""

import io
import os
import random
import struct
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)
from tests.e2e.command_line import Outcome, run_kambin
from tests.fault.dicom_files import (
    NAME,
    Grid,
    base_dataset,
    seg_dataset,
    slice_dataset,
    spine_grid,
    spine_label_values,
    write,
    write_series,
)
from tests.fault.made_files import spine_image
from tests.fault.yardstick import count_a_million_s

from kambin.core import InputError
from kambin.exchange.dicom_image import DicomRequest, read_dicom_image
from kambin.exchange.dicom_reading import read_dataset

LACKING = ("IN-002", "IN-050", "IN-051", "IN-053", "IN-054", "IN-056", "IN-059")
PIXELS = b"\xe0\x7f\x10\x00"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A good series."""
    return write_series(tmp_path / "study")


def _refused(image: Path, tmp_path: Path) -> dict[str, str]:
    """Import and return the refusal; labels are read after the image, so none are needed."""
    out = tmp_path / "case"
    outcome = run_kambin("import", "-i", image, "--labels", "none.nii", "-o", out, "--json")
    assert outcome.code == 3, outcome.text + outcome.errors
    assert not out.exists()
    assert "Traceback" not in outcome.errors
    error: dict[str, str] = outcome.document["error"]
    return error


def _outcome(study: Path) -> str:
    try:
        return str(read_dicom_image(study, DicomRequest()).volume.values.shape)
    except InputError as error:
        return str(error)


@contextmanager
def _within(counts: float, megabytes: float) -> Iterator[None]:
    """Require that a refusal takes little time and memory; time in counts to a million."""
    allowed_s = counts * count_a_million_s()
    tracemalloc.start()
    began = time.process_time()
    try:
        yield
        assert time.process_time() - began < allowed_s
        assert tracemalloc.get_traced_memory()[1] < megabytes * 10**6
    finally:
        tracemalloc.stop()


def test_g21_a_file_cut_anywhere_is_refused(study: Path, tmp_path: Path) -> None:
    file = study / "CT007.dcm"
    whole = file.read_bytes()
    for size in (*range(140, len(whole), 211), len(whole) - 1, len(whole) - 2):
        file.write_bytes(whole[:size])
        with pytest.raises(InputError) as caught:
            read_dicom_image(study, DicomRequest())
        # a file cut between two elements is whole, but lacks what its slice needs
        assert caught.value.code in ("IN-002", "IN-050", "IN-053", "IN-054", "IN-056", "IN-059"), (
            size
        )
    file.write_bytes(whole[:-1])
    assert _refused(study, tmp_path)["code"] == "IN-002"


def test_g21_flipped_bytes_never_end_in_a_bug(study: Path) -> None:
    rng = random.Random(0)
    file = study / "CT007.dcm"
    whole = file.read_bytes()
    headers = whole.index(PIXELS)
    for _ in range(12):
        broken = bytearray(whole)
        broken[rng.randrange(132, headers + 12)] ^= 1 << rng.randrange(8)
        file.write_bytes(bytes(broken))
        outcome = _outcome(study)
        # either it is refused without a word of the patient, or nothing of weight was touched
        assert NAME.split("^")[0] not in outcome
        assert outcome.startswith("IN-") or outcome == "(24, 22, 26)", outcome


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "IN-002"), (b"\0" * 50, "IN-002"), (random.Random(1).randbytes(2000), "IN-002")],
    ids=["empty", "zeros", "random"],
)
def test_g21_a_slice_without_its_content_is_no_stranger(
    study: Path, tmp_path: Path, content: bytes, code: str
) -> None:
    (study / "CT025.dcm").write_bytes(content)
    error = _refused(study, tmp_path)
    assert error["code"] == code
    assert "CT025.dcm" in error["where"]


def test_g21_pixels_that_do_not_fill_the_picture_are_refused(study: Path, tmp_path: Path) -> None:
    ds = dcmread(study / "CT009.dcm")
    ds.PixelData = ds.PixelData[:-100]
    write(ds, study / "CT009.dcm")
    error = _refused(study, tmp_path)
    assert error["code"] == "IN-002"
    assert "1056 bytes of pixels are announced, 956 are there" in error["why"]


SYNTAXES = [
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    JPEG2000Lossless,
    JPEGLSLossless,
]


def _fine_grid() -> Grid:
    """The made spine with three times as many pixels: wavelets need some to work on."""
    coarse = spine_grid()
    affine = coarse.lps_from_ijk @ np.diag([1 / 3, 1 / 3, 1, 1])
    return Grid(coarse.values.repeat(3, axis=0).repeat(3, axis=1), affine)


def _write_as(folder: Path, syntax: str) -> Path:
    """Write the series in a transfer syntax."""
    packed = syntax in (RLELossless, JPEG2000Lossless, JPEGLSLossless)

    def change(ds: Dataset, _: int) -> None:
        if packed:
            ds.compress(syntax, generate_instance_uid=False)
        elif syntax == ExplicitVRBigEndian:
            ds.PixelData = np.frombuffer(ds.PixelData, "<i2").astype(">i2").tobytes()

    stored = {} if packed else {"syntax": syntax}
    return write_series(folder, _fine_grid(), change=change, **stored)


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda s: s.name)
def test_every_lossless_transfer_syntax_gives_the_same_image(tmp_path: Path, syntax: str) -> None:
    image = read_dicom_image(_write_as(tmp_path / "study", syntax), DicomRequest())
    assert np.array_equal(image.volume.values, _fine_grid().values)
    assert image.findings == ()


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless, RLELossless])
def test_g21_a_compressed_picture_that_was_cut_is_refused(tmp_path: Path, syntax: str) -> None:
    study = _write_as(tmp_path / "study", syntax)
    file = study / "CT012.dcm"
    data = file.read_bytes()
    # the fragment is shortened together with its length, so that the file itself is whole
    at = data.index(b"\xfe\xff\x00\xe0", data.index(PIXELS) + 20)
    (length,) = struct.unpack_from("<I", data, at + 4)
    short = length // 4 * 2
    end = at + 8 + length
    file.write_bytes(
        data[: at + 4] + struct.pack("<I", short) + data[at + 8 : at + 8 + short] + data[end:]
    )
    assert _refused(study, tmp_path)["code"] in ("IN-002", "IN-069")


def test_g22_a_picture_that_claims_another_size_than_its_header_is_refused(
    tmp_path: Path,
) -> None:
    study = _write_as(tmp_path / "study", JPEG2000Lossless)
    file = study / "CT012.dcm"
    data = bytearray(file.read_bytes())
    at = data.index(b"\xff\x4f\xff\x51")
    # 60000 x 60000: the decoder would allocate seven gigabytes
    struct.pack_into(">2I", data, at + 8, 60000, 60000)
    file.write_bytes(bytes(data))
    with _within(40.0, 200.0):
        error = _refused(study, tmp_path)
    assert error["code"] == "IN-002"
    assert "60000 x 60000" in error["why"]


def test_g21_a_compression_that_nobody_can_read_is_named(study: Path, tmp_path: Path) -> None:
    for file in study.iterdir():
        ds = dcmread(file)
        ds.compress(RLELossless, generate_instance_uid=False)
        # MPEG-4, which no decoder of still pictures knows
        ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
        write(ds, file)
    error = _refused(study, tmp_path)
    assert error["code"] == "IN-069"
    assert "1.2.840.10008.1.2.4.102" in error["why"]


def _nested(depth: int, *, explicit: bool, defined: bool) -> bytes:
    """Elements of sequences within sequences, as deep as asked for."""
    tag, item = b"\x08\x00\x40\x11", b"\xfe\xff\x00\xe0"
    body = b""
    if not defined:
        head = tag + (b"SQ\0\0" if explicit else b"") + b"\xff" * 4 + item + b"\xff" * 4
        tail = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
        return head * depth + tail * depth
    for _ in range(depth):
        inner = item + struct.pack("<I", len(body)) + body
        body = tag + (b"SQ\0\0" if explicit else b"") + struct.pack("<I", len(inner)) + inner
    return body


def _file_with(body: bytes, syntax: str, path: Path) -> Path:
    ds = base_dataset("1.2.840.10008.5.1.4.1.1.2", 1, syntax=syntax)
    plain = {"implicit_vr": syntax == ImplicitVRLittleEndian, "little_endian": True}
    path.parent.mkdir(exist_ok=True)
    ds.save_as(path, enforce_file_format=True, **plain)
    path.write_bytes(path.read_bytes() + body)
    return path


@pytest.mark.parametrize("defined", [False, True])
@pytest.mark.parametrize("explicit", [False, True])
def test_g22_ten_thousand_nested_sequences_are_refused_at_once(
    tmp_path: Path, explicit: bool, defined: bool
) -> None:
    syntax = "1.2.840.10008.1.2.1" if explicit else ImplicitVRLittleEndian
    depth = 10_000 if not defined else 2_000
    bomb = _nested(depth, explicit=explicit, defined=defined)
    file = _file_with(bomb, syntax, tmp_path / "study" / "bomb.dcm")
    with _within(40.0, 200.0):
        error = _refused(file.parent, tmp_path)
    assert (error["code"], error["where"]) == ("IN-068", "bomb.dcm")
    assert "nested" in error["why"]


def test_g22_a_million_elements_are_refused(tmp_path: Path) -> None:
    element = b"\x09\x00\x01\x10LO\x02\x00ab"
    file = _file_with(element * 10**6, "1.2.840.10008.1.2.1", tmp_path / "study" / "many.dcm")
    # A hang is what no input may cause; tracing alone makes this three times as slow.
    allowed_s = 200 * count_a_million_s()
    began = time.process_time()
    error = _refused(file, tmp_path)
    assert time.process_time() - began < allowed_s
    assert error["code"] == "IN-068"


def test_g22_a_deflated_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    engine = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    zeros = bytes(1 << 24)
    body = b"".join(engine.compress(zeros) for _ in range(16)) + engine.flush()
    file = _file_with(b"", DeflatedExplicitVRLittleEndian, tmp_path / "study" / "bomb.dcm")
    whole = file.read_bytes()
    meta_end = 132 + 12 + struct.unpack_from("<I", whole, 140)[0]
    file.write_bytes(whole[:meta_end] + body)
    with _within(40.0, 200.0):
        error = _refused(file.parent, tmp_path)
    assert error["code"] == "IN-068"
    assert "bomb" in error["why"]


def test_g22_a_folder_of_too_many_files_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "0").write_bytes(b"x")
    for n in range(1, 20_001):
        (folder / f"{n}").hardlink_to(folder / "0")
    error = _refused(folder, tmp_path)
    assert (error["code"], error["where"]) == ("IN-068", "study")


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../evil.dcm", b"x")
        archive.writestr("/absolute.dcm", b"x")


def _lying_zip(path: Path) -> None:
    _zip(path)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 22, 1 << 31)
    path.write_bytes(bytes(data))


def _nested_zip(path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(1 << 20))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())


def _tar(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../outside"
        archive.addfile(link)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (_zip, "study.zip"),
        (_lying_zip, "study.dcm"),
        (_nested_zip, "study"),
        (_tar, "study.dcm"),
        (_tar, "study"),
    ],
)
def test_g22_g23_archives_are_refused_and_never_unpacked(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    archive = tmp_path / name
    make(archive)
    with _within(40.0, 200.0):
        error = _refused(archive, tmp_path)
    assert error["code"] == "IN-067"
    assert "archive" in error["why"]
    assert [p.name for p in tmp_path.iterdir()] == [name]


def _link(folder: Path) -> None:
    outside = folder.parent / "outside.dcm"
    outside.write_bytes((folder / "CT003.dcm").read_bytes())
    (folder / "CT003.dcm").unlink()
    (folder / "CT003.dcm").symlink_to(outside)


def _link_to_folder(folder: Path) -> None:
    (folder / "more").symlink_to(folder.parent)


def _link_to_itself(folder: Path) -> None:
    (folder / "more").symlink_to(folder)


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "CT999.dcm")


@pytest.mark.parametrize("make", [_link, _link_to_folder, _link_to_itself, _pipe])
def test_g23_links_and_devices_in_a_folder_are_not_followed(
    study: Path, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(study)
    assert _refused(study, tmp_path)["code"] == "IN-067"


@pytest.mark.parametrize("name", ["../../../etc/passwd", "C:\\boot.ini"])
def test_g23_a_dicomdir_leads_nowhere(study: Path, tmp_path: Path, name: str) -> None:
    root = base_dataset("1.2.840.10008.1.3.10", 1)
    write(root, study / "DICOMDIR")
    word = name.encode() + b" " * (len(name) % 2)
    entry = b"\x04\x00\x00\x15CS" + struct.pack("<H", len(word)) + word
    (study / "DICOMDIR").write_bytes((study / "DICOMDIR").read_bytes() + entry)
    seg = write(seg_dataset(Grid(spine_label_values())), tmp_path / "seg.dcm")
    outcome = _import(study, seg)
    assert outcome.code == 0, outcome.errors
    assert outcome.document["findings"] == []
    # nothing but the case was made
    assert {p.name for p in tmp_path.iterdir()} == {"study", "seg.dcm", "case"}


def _import(study: Path, labels: Path) -> Outcome:
    case = labels.parent / "case"
    return run_kambin("import", "-i", study, "--labels", labels, "-o", case, "--json")


def test_g24_names_that_steer_a_terminal_are_shown_escaped(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "study", slices=range(25))
    (folder / "CT\u202e\u0430\x1b[31m.dcm").write_bytes(b"no dicom")
    outcome = run_kambin("import", "-i", folder, "--labels", "x", "-o", tmp_path / "c", "--json")
    shown = outcome.text + outcome.errors
    assert "\u202e" not in shown
    assert "\x1b[31m.dcm" not in shown
    assert "CT\\u202e" in outcome.document["error"]["where"]


def test_g24_names_that_differ_in_case_only_are_both_read(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "study", slices=range(1, 26), prefix="ct")
    write(slice_dataset(spine_grid(), 0), folder / "CT001.dcm")
    image = read_dicom_image(folder, DicomRequest())
    assert np.array_equal(image.volume.values, spine_image()[::-1, ::-1])


def test_g24_names_that_clash_with_the_same_slice_are_duplicates(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "study", prefix="ct")
    write(slice_dataset(spine_grid(), 1), folder / "CT001.dcm")
    error = _refused(folder, tmp_path)
    assert error["code"] == "IN-055"
    assert "CT001.dcm" in error["why"]
    assert "ct001.dcm" in error["why"]


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "large.dcm"
    write(slice_dataset(spine_grid(), 1), file)
    with file.open("r+b") as stream:
        stream.truncate(3 * 10**9)  # sparse: takes no room on the disk
    with _within(40.0, 50.0), pytest.raises(InputError) as caught:
        read_dataset(file, pixels=False)
    assert caught.value.code == "IN-004"
