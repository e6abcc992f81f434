"""NRRD and MetaImage: the same rows, in headers made of words."""

import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from tests.fault.made_files import NAMES, spine_image, spine_labels

from kambin.core import InputError
from kambin.exchange.reading import read_raster
from kambin.exchange.sources import read_sources


def _image(values: np.ndarray) -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(values.transpose(2, 1, 0)))
    image.SetSpacing((4.0, 4.0, 4.0))
    image.SetOrigin((-46.0, -40.0, 812.5))
    return image


@pytest.fixture
def nrrd(tmp_path: Path) -> Path:
    """A good NRRD file, not compressed."""
    path = tmp_path / "ct.nrrd"
    SimpleITK.WriteImage(_image(spine_image()), str(path), False)
    return path


@pytest.fixture
def mha(tmp_path: Path) -> Path:
    """A good MetaImage file, not compressed."""
    path = tmp_path / "ct.mha"
    SimpleITK.WriteImage(_image(spine_image()), str(path), False)
    return path


def _change(path: Path, old: bytes, new: bytes) -> Path:
    data = path.read_bytes()
    changed = re.sub(old, new, data, count=1)
    assert changed != data
    path.write_bytes(changed)
    return path


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (rb"sizes: 24 22 26", rb"sizes: 32000 32000 32000", "IN-004"),
        (rb"sizes: 24 22 26", rb"sizes: 24 22 1", "IN-005"),
        (rb"sizes: 24 22 26", rb"sizes: 24 22", "IN-005"),
        (rb"sizes: 24 22 26", rb"sizes: 24 22 x", "IN-003"),
        (rb"sizes: 24 22 26", rb"sizes: 24 22 30", "IN-002"),
        (rb"sizes: 24 22 26", rb"sizes: 24 22 20", "IN-002"),
        (rb"type: \w+", rb"type: block", "IN-003"),
        (rb"encoding: raw", rb"encoding: bzip2", "IN-003"),
        (rb"encoding: raw", rb"encoding: raw\ndata file: other.raw", "IN-003"),
        (rb"encoding: raw", rb"encoding: raw\nbyte skip: 12", "IN-003"),
        (rb"encoding: raw", rb"encoding: gzip", "IN-002"),
        (rb"space: [\w-]+\n", rb"", "IN-006"),
        (rb"space: [\w-]+", rb"space: scanner-xyz", "IN-006"),
        (rb"space origin: [^\n]*\n", rb"", "IN-006"),
        (rb"space directions: [^\n]*\n", rb"", "IN-006"),
        (rb"\(4,0,0\)", rb"(4,0,nan)", "IN-009"),
        (rb"\(4,0,0\)", rb"(4,0,zero)", "IN-003"),
        (rb"\(4,0,0\)", rb"(0,0,0)", "IN-009"),
        (rb"\(4,0,0\)", rb"(4,1.6,0)", "IN-008"),
        (rb"encoding: raw", rb'encoding: raw\nspace units: "cm" "cm" "cm"', "IN-010"),
    ],
)
def test_a_bad_nrrd_header_is_refused(nrrd: Path, old: bytes, new: bytes, code: str) -> None:
    with pytest.raises(InputError, match=code) as caught:
        read_raster(_change(nrrd, old, new))
    assert caught.value.where == "ct.nrrd"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (rb"DimSize = 24 22 26", rb"DimSize = 32000 32000 32000", "IN-004"),
        (rb"DimSize = 24 22 26", rb"DimSize = 24 22 1", "IN-005"),
        (rb"DimSize = 24 22 26", rb"DimSize = 24 22 26 5", "IN-005"),
        (rb"DimSize = 24 22 26", rb"DimSize = many", "IN-003"),
        (rb"DimSize = 24 22 26", rb"DimSize = 24 22 30", "IN-002"),
        (rb"DimSize = 24 22 26", rb"DimSize = 24 22 20", "IN-002"),
        (rb"ElementType", rb"ElementNumberOfChannels = 3\nElementType", "IN-005"),
        (rb"ElementType = \w+", rb"ElementType = MET_STRING", "IN-003"),
        (rb"BinaryData = True", rb"BinaryData = False", "IN-003"),
        (rb"ElementDataFile = LOCAL", rb"ElementDataFile = ct.raw", "IN-003"),
        (rb"ElementDataFile = LOCAL", rb"Nothing = LOCAL", "IN-003"),
        (rb"TransformMatrix = [^\n]*\n", rb"", "IN-006"),
        (rb"Offset = [^\n]*\n", rb"", "IN-006"),
        (rb"ElementSpacing = [^\n]*\n", rb"", "IN-006"),
        (rb"TransformMatrix = 1 0 0", rb"TransformMatrix = 1 0.4 0", "IN-008"),
        (rb"TransformMatrix = 1 0 0", rb"TransformMatrix = nan 0 0", "IN-009"),
        (rb"TransformMatrix = 1 0 0", rb"TransformMatrix = 1 0", "IN-003"),
        (rb"ElementSpacing = 4 4 4", rb"ElementSpacing = 4 0 4", "IN-009"),
        (rb"ElementSpacing = 4 4 4", rb"ElementSpacing = 400 4 4", "IN-009"),
        (rb"CompressedData = False", rb"CompressedData = True", "IN-002"),
    ],
)
def test_a_bad_meta_header_is_refused(mha: Path, old: bytes, new: bytes, code: str) -> None:
    with pytest.raises(InputError, match=code) as caught:
        read_raster(_change(mha, old, new))
    assert caught.value.where == "ct.mha"


@pytest.mark.parametrize("name", ["packed.nrrd", "packed.mha"])
def test_a_compressed_file_is_checked_to_its_end(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    SimpleITK.WriteImage(_image(spine_image()), str(path), True)
    whole = path.read_bytes()
    assert np.array_equal(read_raster(path).values, spine_image())
    for broken in (whole[:-20], whole[:-3], whole[:-4] + bytes([whole[-4] ^ 1]) + whole[-3:]):
        path.write_bytes(broken)
        with pytest.raises(InputError, match="IN-002"):
            read_raster(path)


def test_a_bomb_stops_at_what_the_header_announces(mha: Path) -> None:
    head = (
        mha.read_bytes()
        .split(b"LOCAL\n")[0]
        .replace(b"CompressedData = False", b"CompressedData = True")
    )
    mha.write_bytes(head + b"LOCAL\n" + zlib.compress(bytes(40_000_000), 9))
    with pytest.raises(InputError, match="IN-002"):
        read_raster(mha)


def test_an_nrrd_without_the_end_of_its_header_is_refused(nrrd: Path) -> None:
    nrrd.write_bytes(b"NRRD0004\ntype: short\n" * 3)
    with pytest.raises(InputError, match="IN-003"):
        read_raster(nrrd)


def test_big_endian_voxels_are_read(nrrd: Path, mha: Path) -> None:
    swapped = spine_image().astype(">i2").tobytes(order="F")
    head, _, _ = nrrd.read_bytes().partition(b"\n\n")
    nrrd.write_bytes(head.replace(b"endian: little", b"endian: big") + b"\n\n" + swapped)
    head, _, _ = mha.read_bytes().partition(b"LOCAL\n")
    msb = head.replace(b"MSB = False", b"MSB = True")
    mha.write_bytes(msb + b"LOCAL\n" + swapped)
    for path in (nrrd, mha):
        assert np.array_equal(read_raster(path).values, spine_image())


def _segmentation(path: Path, names: dict[int, str]) -> Path:
    """Write a seg.nrrd as 3D Slicer does: the names stand in the keys of the header."""
    image = _image(spine_labels())
    for number, (value, name) in enumerate(names.items()):
        image.SetMetaData(f"Segment{number}_Name", name)
        image.SetMetaData(f"Segment{number}_LabelValue", str(value))
        image.SetMetaData(f"Segment{number}_Layer", "0")
    SimpleITK.WriteImage(image, str(path), True)
    return path


def test_segments_of_a_seg_nrrd_are_named_by_its_keys(tmp_path: Path) -> None:
    own = {25: "sacrum", 27: "vertebra_L5", 28: "vertebra L4", 52: "Aorta"}
    (source,) = read_sources(_segmentation(tmp_path / "a.seg.nrrd", own), "auto")
    assert source.dialect == "embedded"
    assert {v: str(k) for v, k in source.names.items()} == {
        25: "sacrum",
        27: "vertebra:L5",
        28: "vertebra:L4",
        52: "aorta",
    }


def test_totalsegmentator_s_own_names_are_recognised_in_a_seg_nrrd(tmp_path: Path) -> None:
    (source,) = read_sources(_segmentation(tmp_path / "a.seg.nrrd", NAMES), "auto")
    assert source.dialect == "totalsegmentator"


def test_a_segment_without_a_name_is_refused(tmp_path: Path) -> None:
    some = {25: "sacrum", 27: "vertebra_L5"}
    with pytest.raises(InputError, match=r"IN-017.*28, 52"):
        read_sources(_segmentation(tmp_path / "a.seg.nrrd", some), "auto")


def test_overlapping_segments_in_layers_are_refused(tmp_path: Path) -> None:
    lines = (
        b"NRRD0004\ntype: uint8\ndimension: 4\nspace: left-posterior-superior\n"
        b"sizes: 2 24 22 26\nspace directions: none (4,0,0) (0,4,0) (0,0,4)\n"
        b"kinds: list domain domain domain\nencoding: raw\nspace origin: (0,0,0)\n\n"
    )
    path = tmp_path / "layers.seg.nrrd"
    path.write_bytes(lines + bytes(2 * 24 * 22 * 26))
    with pytest.raises(InputError, match=r"IN-005.*2 layers"):
        read_raster(path)


def test_comments_in_a_header_are_skipped(nrrd: Path) -> None:
    _change(nrrd, rb"type: ", rb"# a remark: type: none\ntype: ")
    assert np.array_equal(read_raster(nrrd).values, spine_image())


def test_every_cut_and_flip_of_a_header_is_read_or_refused(nrrd: Path, mha: Path) -> None:
    for path in (nrrd, mha):
        whole = path.read_bytes()
        end = whole.find(b"\n\n") if path is nrrd else whole.find(b"LOCAL")
        ends = set()
        for place in range(0, end, 3):
            flipped = whole[:place] + struct.pack("B", whole[place] ^ 0x15) + whole[place + 1 :]
            ends |= {_end(path, flipped), _end(path, whole[:place])}
        assert "refused" in ends
        assert ends <= {"read", "refused"}


def _end(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    try:
        values = read_raster(path).values
    except InputError as error:
        return "refused" if error.where == path.name else f"blames {error.where}"
    return "read" if values.ndim == 3 else f"shape {values.shape}"
