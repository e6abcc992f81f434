"""Rows G21 and G22: files that are cut, flipped, empty, bombs or not what they say."""

import gzip
import struct
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from tests.fault.made_files import (
    DIM,
    MAGIC,
    VOX_OFFSET,
    expect_import_refusal,
    pack,
    poke,
    save,
    save_spine,
    spine_image,
)
from tests.fault.yardstick import count_a_million_s

from kambin.core import InputError
from kambin.exchange import read_volume


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Good labels beside every bad image."""
    return save_spine(tmp_path)[1]


def test_g21_half_a_gzip_is_refused(labels: Path, tmp_path: Path) -> None:
    packed = pack(tmp_path / "ct.nii")
    packed.write_bytes(packed.read_bytes()[: packed.stat().st_size // 2])
    expect_import_refusal("IN-002", tmp_path, packed, labels, says=("ct.nii.gz", "end"))


def test_g21_half_a_nifti_is_refused_with_its_sizes(labels: Path, tmp_path: Path) -> None:
    image = tmp_path / "ct.nii"
    image.write_bytes(image.read_bytes()[: image.stat().st_size // 2])
    expect_import_refusal("IN-002", tmp_path, image, labels, says=("announced",))


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_g21_a_flipped_byte_in_a_gzip_is_refused(
    labels: Path, tmp_path: Path, share: float
) -> None:
    packed = pack(tmp_path / "ct.nii")
    data = bytearray(packed.read_bytes())
    data[int(share * len(data))] ^= 0x10
    packed.write_bytes(bytes(data))
    expect_import_refusal("IN-002", tmp_path, packed, labels)


def test_g21_a_wrong_checksum_alone_is_refused(labels: Path, tmp_path: Path) -> None:
    packed = pack(tmp_path / "ct.nii")
    data = bytearray(packed.read_bytes())
    data[-6] ^= 0x01
    packed.write_bytes(bytes(data))
    expect_import_refusal("IN-002", tmp_path, packed, labels, says=("CRC",))


def test_g21_bytes_after_the_voxels_are_refused(labels: Path, tmp_path: Path) -> None:
    image = tmp_path / "ct.nii"
    image.write_bytes(image.read_bytes() + b"more")
    expect_import_refusal("IN-002", tmp_path, image, labels, says=("More bytes",))


@pytest.mark.parametrize(
    ("sizes", "code", "says"),
    [((24, 22, 26), "IN-002", "More bytes"), ((1000, 1000, 900), "IN-004", "1.8 GB")],
    ids=["hidden behind a small header", "announced"],
)
def test_g22_a_gzip_bomb_is_refused_before_it_goes_off(
    labels: Path, tmp_path: Path, sizes: tuple[int, int, int], code: str, says: str
) -> None:
    """Two megabytes that unpack to two gigabytes of zeros, behind a true header."""
    header = bytearray((tmp_path / "ct.nii").read_bytes())
    struct.pack_into("<4h", header, DIM, 3, *sizes)
    zeros = gzip.compress(bytes(1 << 24), mtime=0)
    bomb = tmp_path / "bomb.nii.gz"
    bomb.write_bytes(gzip.compress(bytes(header), mtime=0) + 128 * zeros)
    assert bomb.stat().st_size < 3e6
    allowed_s = 40 * count_a_million_s()
    tracemalloc.start()
    began = time.process_time()
    try:
        expect_import_refusal(code, tmp_path, bomb, labels, says=(says,))
        assert time.process_time() - began < allowed_s
        assert tracemalloc.get_traced_memory()[1] < 200e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["ct0.nii", "ct0.nii.gz", "ct0.nrrd", "ct0.mha"])
def test_g21_an_empty_file_is_refused(labels: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    expect_import_refusal("IN-001", tmp_path, tmp_path / name, labels, says=(name,))


def test_g21_a_gzip_of_nothing_is_refused(labels: Path, tmp_path: Path) -> None:
    (tmp_path / "nil.nii.gz").write_bytes(gzip.compress(b"", mtime=0))
    expect_import_refusal("IN-001", tmp_path, tmp_path / "nil.nii.gz", labels)


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz", "x.nrrd", "x.mha", "x.txt"])
def test_g21_random_bytes_are_refused(labels: Path, tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(5).integers(0, 256, 4096, dtype=np.uint8)
    (tmp_path / name).write_bytes(noise.tobytes())
    expect_import_refusal("IN-003", tmp_path, tmp_path / name, labels, says=(name,))


def test_g21_a_wrong_extension_is_refused(labels: Path, tmp_path: Path) -> None:
    wrong = (tmp_path / "ct.nii").rename(tmp_path / "ct.mha")
    expect_import_refusal("IN-003", tmp_path, wrong, labels, says=("mha", "nifti"))


def test_g21_a_missing_file_is_refused(labels: Path, tmp_path: Path) -> None:
    expect_import_refusal("IN-001", tmp_path, tmp_path / "no.nii", labels, says=("no.nii",))


def test_g21_an_empty_folder_as_image_is_refused(labels: Path, tmp_path: Path) -> None:
    (tmp_path / "scan.nii").mkdir()
    expect_import_refusal("IN-050", tmp_path, tmp_path / "scan.nii", labels)


@pytest.mark.parametrize("magic", [b"ni1\0", b"\0\0\0\0"])
def test_g21_a_header_without_its_image_is_refused(
    labels: Path, tmp_path: Path, magic: bytes
) -> None:
    image = tmp_path / "ct.nii"
    poke(image, MAGIC, "4B", *magic)
    expect_import_refusal("IN-003", tmp_path, image, labels)


@pytest.mark.parametrize("offset", [np.nan, 12.0, 1e9])
def test_g21_an_impossible_offset_is_refused(labels: Path, tmp_path: Path, offset: float) -> None:
    image = tmp_path / "ct.nii"
    poke(image, VOX_OFFSET, "f", offset)
    expect_import_refusal("IN-003", tmp_path, image, labels, says=("offset",))


def test_g21_every_cut_of_a_small_file_is_refused(tmp_path: Path) -> None:
    whole = save(tmp_path / "ct.nii", spine_image()[:8, :8, :8]).read_bytes()
    packed = pack(tmp_path / "ct.nii").read_bytes()
    for name, data in (("cut.nii", whole), ("cut.nii.gz", packed)):
        for size in range(0, len(data), 37):
            (tmp_path / name).write_bytes(data[:size])
            with pytest.raises(InputError, match=r"IN-00[123]"):
                read_volume(tmp_path / name)


def test_g21_every_flipped_header_byte_is_read_or_refused_in_our_words(tmp_path: Path) -> None:
    image = save(tmp_path / "ct.nii", spine_image()[:8, :8, :8])
    whole = image.read_bytes()
    ends = [_end_of_reading(image, whole, place) for place in range(352)]
    assert set(ends) == {"read", "refused"}


def _end_of_reading(image: Path, whole: bytes, place: int) -> str:
    """Flip one byte; anything but our error, or a wrong shape, fails the test itself."""
    image.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
    try:
        volume = read_volume(image)
    except InputError as error:
        return "refused" if error.where == image.name else f"blames {error.where}"
    return "read" if volume.shape == (8, 8, 8) else f"shape {volume.shape}"
