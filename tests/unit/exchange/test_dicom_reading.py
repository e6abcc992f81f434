"""Pixels, headers and files: what is read of them, and what is refused in words."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from tests.fault.dicom_files import Grid, spine_affine, write_series
from tests.unit.exchange.made_frames import MR_CLASS, frames_at, series_at

from kambin.core import InputError, RequestError, Severity
from kambin.exchange.dicom_image import DicomImage, DicomRequest, read_dicom_image
from kambin.exchange.dicom_labels import are_dicom_labels, read_dicom_labels
from kambin.exchange.dicom_pixels import ceiling_of, check_compression, check_scale, decode_stack
from kambin.exchange.dicom_reading import find_dicom_files, is_dicom_input, numbers_of, word_of
from kambin.exchange.dicom_series import Series
from kambin.exchange.dicom_stack import stack_series
from kambin.exchange.pictures import read_picture

HEIGHTS = [0.0, 2.0, 4.0]
DICOM = b"\0" * 128 + b"DICM" + b"\0" * 8


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ({"PhotometricInterpretation": "MONOCHROME1"}, "IN-062", "is MONOCHROME1"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "IN-062", "is PALETTE COLOR"),
        ({"PhotometricInterpretation": ""}, "IN-062", "is none"),
        ({"SamplesPerPixel": "3"}, "IN-062", "MONOCHROME2 is needed"),
        ({"BitsAllocated": "12"}, "IN-062", "12 bits are allocated"),
        ({"BitsStored": "17"}, "IN-062", "17 stored"),
        ({"BitsStored": "0"}, "IN-062", "0 stored"),
        ({"HighBit": "14"}, "IN-062", "the highest is 14"),
    ],
)
def test_what_is_no_grey_measurement_is_refused_before_it_is_decoded(
    words: dict[str, str], code: str, told: str
) -> None:
    stack = stack_series(series_at(HEIGHTS, **words), "study")
    with pytest.raises(InputError) as caught:
        decode_stack(stack, "study")
    assert (caught.value.code, told in caught.value.why) == (code, True)


@pytest.mark.parametrize("scale", [(), (0.0, 1.0), (np.nan, 0.0), (1.0, np.inf)])
def test_a_ct_without_a_usable_scale_is_refused(scale: tuple[float, ...]) -> None:
    stack = stack_series(series_at(HEIGHTS, scale=scale), "study")
    with pytest.raises(InputError, match="RescaleSlope") as caught:
        ceiling_of(stack)
    assert caught.value.code == "IN-060"


@pytest.mark.parametrize(
    ("words", "scale", "ceiling"),
    [
        ({}, (1.0, 0.0), 32767.0),
        ({"PixelRepresentation": "0"}, (1.0, -1024.0), 65535.0 - 1024.0),
        ({"BitsStored": "12", "HighBit": "11", "PixelRepresentation": "0"}, (1, -1024), 3071.0),
        ({"BitsStored": "12", "HighBit": "11"}, (1, 0), 2047.0),
        ({"BitsStored": "12", "HighBit": "11"}, (2.0, -500.0), 3594.0),
    ],
)
def test_the_ceiling_is_the_highest_number_that_the_bits_hold(
    words: dict[str, str], scale: tuple[float, float], ceiling: float
) -> None:
    assert ceiling_of(stack_series(series_at(HEIGHTS, scale=scale, **words), "s")) == ceiling


def test_the_lowest_ceiling_of_all_slices_counts() -> None:
    frames = (*frames_at([0.0], scale=(1.0, 0.0)), *frames_at([2.0], scale=(0.5, 0.0)))
    assert ceiling_of(stack_series(Series("3", frames), "s")) == 32767 / 2


@pytest.mark.parametrize(("sop_class", "is_told"), [("", True), (MR_CLASS, False)])
def test_a_scale_that_changes_is_told_of_a_ct_alone(sop_class: str, is_told: bool) -> None:
    about = {"sop_class": sop_class} if sop_class else {}
    frames = (
        *frames_at([0.0], scale=(1.0, -1024.0), **about),
        *frames_at([2.0, 4.0], scale=(2.0, -900.0), **about),
    )
    found = check_scale(stack_series(Series("3", frames), "s"), "study")
    assert [(f.code, f.severity) for f in found] == [("IN-060", Severity.CONFIRM)] * is_told
    assert all("slope 1, intercept -1024; slope 2, intercept -900" in f.why for f in found)


@pytest.mark.parametrize(
    ("syntax", "flag", "told"),
    [
        ("1.2.840.10008.1.2.1", "", ""),
        ("1.2.840.10008.1.2.1", "00", ""),
        ("1.2.840.10008.1.2.1", "01", "3 of 3 slices say so."),
        ("1.2.840.10008.1.2.4.90", "", ""),
        ("1.2.840.10008.1.2.4.91", "00", ""),
        ("1.2.840.10008.1.2.4.91", "", "JPEG 2000 was used"),
        ("1.2.840.10008.1.2.4.50", "", "JPEG baseline was used"),
        ("1.2.840.10008.1.2.4.81", "01", "3 of 3 slices say so."),
    ],
)
def test_loss_is_told_if_stated_or_not_excluded(syntax: str, flag: str, told: str) -> None:
    frames = frames_at(HEIGHTS, syntax=syntax, LossyImageCompression=flag)
    found = check_compression(frames, "study")
    assert [(f.code, f.severity) for f in found] == [("IN-063", Severity.CONFIRM)] * bool(told)
    assert all(told in f.why for f in found)


@pytest.mark.parametrize(
    ("value", "count", "wanted"),
    [
        ([1.5, 2], 2, (1.5, 2.0)),
        ([1.5, 2], 3, ()),
        (2.5, 1, (2.5,)),
        ("2", 1, ()),
        (b"2", 1, ()),
        (None, 1, ()),
        (["a", 1], 2, ()),
        ([None, 1], 2, ()),
    ],
)
def test_numbers_are_all_there_or_none(
    value: object, count: int, wanted: tuple[float, ...]
) -> None:
    assert numbers_of({"Word": value}, "Word", count) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(None, ""), (" CT\0", "CT"), (["A", "B"], "A\\B"), (3, "3"), ([], "")],
)
def test_an_element_is_one_plain_word(value: object, wanted: str) -> None:
    assert word_of({"Word": value}, "Word") == wanted


def packed(kind: str) -> bytes:
    stream = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("a", b"x")
    else:
        with tarfile.open(fileobj=stream, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("a"))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("a", DICOM, True),
        ("a.nii", DICOM, True),
        ("a.DCM", b"", True),
        ("a.ima", b"x", True),
        ("a.zip", packed("zip"), True),
        ("a", packed("tar"), True),
        ("a.7z", b"7z\xbc\xaf", True),
        ("a.nii", b"x" * 400, False),
        ("a.nii.gz", b"\x1f\x8b", False),
    ],
)
def test_what_goes_to_the_dicom_readers(
    name: str, content: bytes, wanted: bool, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    assert is_dicom_input(tmp_path / name) is wanted
    assert is_dicom_input(tmp_path)
    assert not is_dicom_input(tmp_path / "missing.nii")


def test_a_folder_is_searched_through_and_strangers_are_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name, content in (
        ("b", DICOM),
        ("deep/a.dcm", DICOM),
        ("deep/er/c", DICOM),
        ("DICOMDIR", DICOM),
        ("deep/readme.txt", b"hello"),
        ("inner.zip", packed("zip")),
    ):
        (tmp_path / name).write_bytes(content)
    files, strangers = find_dicom_files(tmp_path)
    assert [f.relative_to(tmp_path).as_posix() for f in files] == ["b", "deep/a.dcm", "deep/er/c"]
    # an archive among the files is left closed
    assert {f.name for f in strangers} == {"readme.txt", "inner.zip"}


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda p: p.write_bytes(b""), "IN-002"),
        (lambda p: p.write_bytes(b"x" * 300), "IN-002"),
        (lambda p: p.symlink_to("/etc/hostname"), "IN-067"),
    ],
    ids=["empty", "no DICOM", "link"],
)
def test_a_slice_that_is_none_is_refused_and_not_passed_over(
    make: Callable[[Path], object], code: str, tmp_path: Path
) -> None:
    (tmp_path / "good.dcm").write_bytes(DICOM)
    make(tmp_path / "bad.dcm")
    with pytest.raises(InputError) as caught:
        find_dicom_files(tmp_path)
    assert (caught.value.code, caught.value.where) == (code, "bad.dcm")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small even series."""
    grid = Grid(np.arange(720, dtype=np.int16).reshape(10, 9, 8), spine_affine())
    return write_series(tmp_path_factory.mktemp("study") / "series", grid)


@pytest.fixture(scope="module")
def image(study: Path) -> DicomImage:
    """The same, read."""
    return read_dicom_image(study, DicomRequest())


def test_a_good_series_is_read_with_its_facts(image: DicomImage) -> None:
    assert image.volume.values.dtype == np.int16
    np.testing.assert_array_equal(image.volume.values.ravel(), np.arange(720))
    assert image.facts == {"modality": "CT", "slice_thickness_mm": "4"}
    assert image.frame_uid.endswith(".3")
    assert "QUIRINUS" not in repr(image)


def test_strangers_in_the_folder_are_noted(study: Path) -> None:
    extra = study / "notes.txt"
    extra.write_text("hello", "utf-8")
    try:
        (found,) = read_dicom_image(study, DicomRequest()).findings
    finally:
        extra.unlink()
    assert (found.code, found.severity) == ("IN-066", Severity.NOTE)
    assert "1 files that are no DICOM (notes.txt)" in found.why


def test_a_folder_without_an_image_says_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello", "utf-8")
    with pytest.raises(InputError, match="1 files that are no DICOM") as caught:
        read_dicom_image(tmp_path, DicomRequest())
    assert caught.value.code == "IN-050"

    def localiser(ds: Dataset, _: int) -> None:
        ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]

    folder = write_series(tmp_path / "scout", slices=range(3), change=localiser)
    with pytest.raises(InputError, match="3 localisers"):
        read_dicom_image(folder, DicomRequest())


@pytest.mark.parametrize(
    "request_", [DicomRequest("3"), DicomRequest(deshear=True), DicomRequest(keep_identity=True)]
)
def test_options_for_dicom_are_refused_without_it(request_: DicomRequest) -> None:
    with pytest.raises(RequestError) as caught:
        read_picture(None, request_)
    assert caught.value.code == "RQ-003"


def test_a_picture_is_nothing_a_series_or_a_series_with_its_name(study: Path) -> None:
    assert read_picture(None, DicomRequest()).volume is None
    plain = read_picture(study, DicomRequest())
    assert (plain.format, plain.extra) == ("dicom", {})
    kept = read_picture(study, DicomRequest(keep_identity=True))
    assert b"QUIRINUS" in kept.extra["identity.json"]
    assert "QUIRINUS" not in repr(kept)


def test_dicom_labels_need_their_image_and_hold_labels(study: Path, image: DicomImage) -> None:
    assert are_dicom_labels(study)
    assert are_dicom_labels(study / "CT000.dcm")
    assert not are_dicom_labels("aorta=mask.nii")
    for given, told in ((None, "CT Image Storage"), (image, "CT Image Storage")):
        with pytest.raises(InputError, match=told) as caught:
            read_dicom_labels(study, given)
        assert caught.value.code == "IN-070"
