"""Rows G03 to G09, G16, G17, G20 and G25 for DICOM: one corruption of a good series each."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage
from tests.e2e.command_line import run_kambin
from tests.fault.dicom_files import (
    NAME,
    PATIENT_ID,
    ROOT_UID,
    Grid,
    base_dataset,
    put_pixels,
    reordered,
    seg_dataset,
    slice_dataset,
    spine_affine,
    spine_grid,
    spine_label_values,
    tilted_grid,
    write,
    write_series,
)
from tests.fault.made_files import name_labels, save, spine_labels

Break = Callable[[Path], object]


def _changed(keyword: str, value: object, *, at: int | None = None) -> Break:
    """A series in which one element of one slice, or of all, has another value."""

    def change(ds: Dataset, k: int) -> None:
        if at in (None, k):
            setattr(ds, keyword, value)

    return lambda folder: write_series(folder, change=change)


def _without(keyword: str, *, at: int | None = None) -> Break:
    def change(ds: Dataset, k: int) -> None:
        if at in (None, k):
            delattr(ds, keyword)

    return lambda folder: write_series(folder, change=change)


def _only(*slices: int, left_out: tuple[int, ...] = ()) -> Break:
    kept = slices or tuple(k for k in range(26) if k not in left_out)
    return lambda folder: write_series(folder, slices=kept)


def _tilted(folder: Path) -> object:
    return write_series(folder, tilted_grid(15.0))


def _moved(k: int, offset_mm: float) -> Break:
    def change(ds: Dataset, number: int) -> None:
        if number == k:
            x, y, z = ds.ImagePositionPatient
            ds.ImagePositionPatient = [x, y, z + offset_mm]

    return lambda folder: write_series(folder, change=change)


def _uneven(folder: Path) -> object:
    def change(ds: Dataset, k: int) -> None:
        x, y, _ = ds.ImagePositionPatient
        ds.ImagePositionPatient = [x, y, 800.0 + 4.0 * k + (1.5 * (k - 12) if k > 12 else 0)]

    return write_series(folder, change=change)


def _bent(folder: Path) -> object:
    def change(ds: Dataset, k: int) -> None:
        x, y, z = ds.ImagePositionPatient
        ds.ImagePositionPatient = [x + (6.0 if k == 9 else 0.0), y, z]

    return write_series(folder, change=change)


def _two(**differing: object) -> Break:
    """Two series in one folder that differ in the named elements only."""

    def change(ds: Dataset, _: int) -> None:
        for keyword, value in differing.items():
            setattr(ds, keyword, value)

    def make(folder: Path) -> None:
        write_series(folder / "a")
        write_series(folder / "b", change=change)

    return make


def _two_planes(folder: Path) -> None:
    write_series(folder / "a")
    write_series(folder / "b", reordered(spine_grid(), (1, 2, 0), (False, False, False)))


def _screenshot(folder: Path) -> object:
    ds = base_dataset(SecondaryCaptureImageStorage, 1)
    ds.Modality, ds.LossyImageCompression = "SC", "01"
    put_pixels(ds, np.zeros((24, 22), "<u2"))
    return write(ds, folder / "screen.dcm")


def _coloured(ds: Dataset, _: int) -> None:
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = bytes(3 * ds.Rows * ds.Columns)


def _huge(folder: Path) -> object:
    def change(ds: Dataset, _: int) -> None:
        ds.Rows, ds.Columns = 32000, 32000

    return write_series(folder, change=change)


def _eight_bits(ds: Dataset, _: int) -> None:
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ds.RescaleIntercept = 0
    ds.PixelData = bytes([255]) * (ds.Rows * ds.Columns)


REFUSED: list[tuple[str, str, Break, tuple[str, ...]]] = [
    ("G03 tilt", "IN-057", _tilted, ("15.00 degrees",)),
    ("G04 two in the middle", "IN-054", _only(left_out=(7, 15)), ("840.50, 872.50 mm", "2 of 26")),
    ("G04 a run of them", "IN-054", _only(left_out=(7, 8, 9)), ("840.50, 844.50, 848.50",)),
    ("G05 duplicate", "IN-055", _moved(9, -4.0), ("CT008.dcm", "CT009.dcm", "0.000 mm")),
    ("G05 near-duplicate", "IN-055", _moved(9, -3.7), ("CT008.dcm", "CT009.dcm", "0.300 mm")),
    ("G06 two spacings", "IN-056", _uneven, ("4.000 to 5.500", "dicom_limits.step_fraction")),
    ("G06 one slice off", "IN-056", _moved(9, 0.4), ("3.600 to 4.400",)),
    ("G06 one slice aside", "IN-056", _bent, ("beside the line",)),
    (
        "G08 two series",
        "IN-051",
        _two(SeriesInstanceUID=ROOT_UID + ".8", SeriesNumber=5),
        ("3 =", "5 ="),
    ),
    ("G08 two kernels", "IN-051", _two(ConvolutionKernel="B70f"), ("3.1 =", "B30f", "B70f")),
    ("G08 two phases", "IN-051", _two(AcquisitionNumber=2), ("3.1 =", "3.2 =")),
    ("G08 two echoes", "IN-051", _two(EchoTime=90.0), ("echo 90",)),
    ("G08 two times", "IN-051", _two(TemporalPositionIdentifier=2), ("temporal position 2",)),
    ("G08 two orientations", "IN-051", _two_planes, ("axial", "sagittal")),
    (
        "G09 two numbers",
        "IN-053",
        _changed("PatientID", "OTHER-1", at=5),
        ("PatientID (2 different)",),
    ),
    ("G09 two names", "IN-053", _changed("PatientName", "WHO^ELSE", at=5), ("PatientName",)),
    (
        "G09 two studies",
        "IN-053",
        _changed("StudyInstanceUID", ROOT_UID + ".5", at=5),
        ("StudyInstanceUID",),
    ),
    (
        "G09 two frames",
        "IN-053",
        _changed("FrameOfReferenceUID", ROOT_UID + ".5", at=5),
        ("FrameOfReferenceUID",),
    ),
    (
        "G13 no orientation",
        "IN-059",
        _without("ImageOrientationPatient"),
        ("ImageOrientationPatient",),
    ),
    (
        "G13 no position",
        "IN-059",
        _without("ImagePositionPatient", at=3),
        ("ImagePositionPatient",),
    ),
    ("G14 no spacing", "IN-059", _without("PixelSpacing"), ("PixelSpacing", "nothing is assumed")),
    ("G14 zero spacing", "IN-059", _changed("PixelSpacing", [0.0, 0.0]), ("zero or negative",)),
    (
        "G14 skew directions",
        "IN-059",
        _changed("ImageOrientationPatient", [1, 0, 0, 0.3, 0.9, 0]),
        ("right angles",),
    ),
    ("G16 no scale", "IN-060", _without("RescaleSlope", at=4), ("CT004.dcm", "RescaleSlope")),
    ("G16 scale of zero", "IN-060", _changed("RescaleSlope", 0), ("RescaleSlope",)),
    ("G16 eight bits", "IN-061", lambda f: write_series(f, change=_eight_bits), ("255 HU",)),
    ("G20 one slice", "IN-005", _only(5), ("one slice",)),
    ("G20 colours", "IN-062", lambda f: write_series(f, change=_coloured), ("RGB",)),
    (
        "G20 inverted grey",
        "IN-062",
        _changed("PhotometricInterpretation", "MONOCHROME1"),
        ("MONOCHROME1",),
    ),
    ("G20 secondary capture", "IN-062", _screenshot, ("Secondary Capture",)),
    ("G20 huge header", "IN-004", _huge, ("32000 x 32000",)),
    ("G20 nothing at all", "IN-050", lambda f: f.mkdir(), ("nothing at all",)),
    ("G18 a narrow strip", "IN-025", _only(3, 4, 5), ("30 mm",)),
    ("G10 centimetres", "IN-009", _changed("PixelSpacing", [40.0, 40.0]), ("40 x 40",)),
]


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labels of the made spine as NIfTI, for series that get so far."""
    folder = tmp_path_factory.mktemp("labels")
    file = save(folder / "seg.nii", spine_labels())
    name_labels(file)
    return file


def _import(folder: Path, labels: Path, *words: object) -> object:
    out = folder.parent / "case"
    return run_kambin("import", "-i", folder, "--labels", labels, "-o", out, *words, "--json")


@pytest.mark.parametrize(("row", "code", "make", "says"), REFUSED, ids=[r[0] for r in REFUSED])
def test_g_a_broken_series_is_refused(
    tmp_path: Path, labels: Path, row: str, code: str, make: Break, says: tuple[str, ...]
) -> None:
    folder = tmp_path / "study"
    make(folder)
    before = {file: file.read_bytes() for file in folder.rglob("*.dcm")}
    outcome = _import(folder, labels)
    assert outcome.code == 3, outcome.text
    error = outcome.document["error"]
    assert error["code"] == code, error
    told = " ".join(error[part] for part in ("what", "where", "why", "next_step"))
    assert all(word in told for word in says), told
    assert all(error[part].strip() for part in ("what", "where", "why", "next_step"))
    assert not (tmp_path / "case").exists()
    assert {file: file.read_bytes() for file in before} == before
    shown = outcome.text + outcome.errors
    assert not [w for w in (*NAME.split("^"), PATIENT_ID, "OTHER-1", "WHO") if w in shown]


def _stated_tilt(ds: Dataset, _: int) -> None:
    ds.GantryDetectorTilt = -12.0


def _changing_scale(ds: Dataset, k: int) -> None:
    if k == 7:
        ds.RescaleSlope, ds.RescaleIntercept = 2, -24
        ds.PixelData = ((np.frombuffer(ds.PixelData, "<i2") + 24) // 2).astype("<i2").tobytes()


def _clipped(ds: Dataset, k: int) -> None:
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation, ds.RescaleIntercept = 12, 11, 0, -1024
    stored = np.frombuffer(ds.PixelData, "<i2").astype(np.int64) + 1024
    stored[stored == 1324] = 4095 if k == 10 else 1324
    ds.PixelData = stored.astype("<u2").tobytes()


def _lossy(ds: Dataset, _: int) -> None:
    ds.LossyImageCompression, ds.LossyImageCompressionRatio = "01", 9.5


def _prone(ds: Dataset, _: int) -> None:
    ds.PatientPosition = "HFP"


def _feet_first(ds: Dataset, _: int) -> None:
    ds.PatientPosition = "FFS"


def _thin(ds: Dataset, _: int) -> None:
    ds.SliceThickness = 2.0


def _thick(ds: Dataset, _: int) -> None:
    ds.SliceThickness = 5.0


ASKED: list[tuple[str, str, str, Callable[[Dataset, int], None], tuple[str, ...]]] = [
    ("G03 tilt stated only", "IN-057", "CONFIRM", _stated_tilt, ("12.0 degrees",)),
    ("G16 changing scale", "IN-060", "CONFIRM", _changing_scale, ("2 scales",)),
    ("G16 clipped", "IN-061", "CONFIRM", _clipped, ("3071 HU",)),
    ("G16 lossy", "IN-063", "CONFIRM", _lossy, ("26 of 26",)),
    ("G25 prone", "IN-064", "CONFIRM", _prone, ("HFP (head first, prone)", "Picture: no table")),
    ("G25 feet first", "IN-064", "CONFIRM", _feet_first, ("FFS (feet first, supine)",)),
    ("G17 gaps", "IN-065", "CONFIRM", _thin, ("2 mm thick and 4 mm apart",)),
    ("G17 overlap", "IN-065", "NOTE", _thick, ("5 mm thick and 4 mm apart",)),
]


@pytest.mark.parametrize(
    ("row", "code", "severity", "change", "says"), ASKED, ids=[r[0] for r in ASKED]
)
def test_g_what_a_person_must_know_is_told(
    tmp_path: Path,
    labels: Path,
    row: str,
    code: str,
    severity: str,
    change: Callable[[Dataset, int], None],
    says: tuple[str, ...],
) -> None:
    outcome = _import(write_series(tmp_path / "study", change=change), labels)
    assert outcome.code == 0, outcome.errors
    (finding,) = (f for f in outcome.document["findings"] if f["code"] == code)
    assert finding["severity"] == severity
    told = " ".join(finding[part] for part in ("what", "where", "why", "next_step"))
    assert all(word in told for word in says), told


def test_a_good_series_has_nothing_to_be_told(tmp_path: Path, labels: Path) -> None:
    outcome = _import(write_series(tmp_path / "study"), labels)
    assert outcome.code == 0, outcome.errors
    assert outcome.document["findings"] == []


def _table_case(tmp_path: Path, posture: str, side: str) -> object:
    """A body on a table that lies behind, before, left or right of it."""
    values = np.full((60, 60, 12), -1000, np.int16)
    values[15:45, 20:40] = 40
    where = {"behind": np.s_[10:50, 46:48], "before": np.s_[10:50, 12:14]}
    where |= {"left": np.s_[51:53, 10:50], "right": np.s_[7:9, 10:50]}
    values[where[side]] = -400

    def change(ds: Dataset, _: int) -> None:
        ds.PatientPosition = posture

    folder = write_series(tmp_path / "study", Grid(values, spine_affine(4.0)), change=change)
    seg = np.zeros(values.shape, np.uint8)
    seg[25:35, 25:33, 3:9] = 28
    file = write(seg_dataset(Grid(seg), {28: "vertebrae_L4"}), tmp_path / "seg.dcm")
    return _import(folder, file)


@pytest.mark.parametrize(
    ("posture", "side", "says"),
    [
        ("HFS", "behind", None),
        ("HFS", "before", "disagree"),
        ("HFS", "left", "disagree"),
        ("HFP", "before", "prone). Picture: the table makes it prone"),
        ("HFP", "behind", "disagree"),
        ("HFDL", "left", "on the left side"),
        ("HFDR", "right", "on the right side"),
    ],
)
def test_g25_header_and_picture_are_compared(
    tmp_path: Path, posture: str, side: str, says: str | None
) -> None:
    outcome = _table_case(tmp_path, posture, side)
    assert outcome.code == 0, outcome.errors
    told = [f["what"] + f["why"] for f in outcome.document["findings"] if f["code"] == "IN-064"]
    assert len(told) == (says is not None)
    assert says is None or says in told[0]


def test_g08_a_series_is_chosen_by_number_or_uid(tmp_path: Path, labels: Path) -> None:
    folder = tmp_path / "study"
    _two(SeriesInstanceUID=ROOT_UID + ".8", SeriesNumber=5)(folder)
    for word in ("5", ROOT_UID + ".8"):
        assert _import(folder, labels, "--series", word, "--force").code == 0
    wrong = _import(folder, labels, "--series", "77", "--force")
    assert (wrong.code, wrong.document["error"]["code"]) == (3, "IN-052")


def test_g08_one_of_two_kernels_is_chosen_by_the_listed_word(tmp_path: Path, labels: Path) -> None:
    folder = tmp_path / "study"
    _two(ConvolutionKernel="B70f")(folder)
    assert _import(folder, labels, "--series", "3").document["error"]["code"] == "IN-051"
    assert _import(folder, labels, "--series", "3.2").code == 0


def test_g08_localisers_and_other_files_are_left_out_and_told(tmp_path: Path, labels: Path) -> None:
    folder = write_series(tmp_path / "study")

    def localiser(ds: Dataset, _: int) -> None:
        ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]

    sideways = reordered(spine_grid(), (1, 2, 0), (False, False, False))
    write_series(folder / "scout", sideways, slices=(0, 9), change=localiser)
    (folder / "README.txt").write_text("A viewer is on this disc.")
    (folder / "DICOMDIR").write_bytes(bytes(128) + b"DICM" + b"../../outside")
    outcome = _import(folder, labels)
    assert outcome.code == 0, outcome.errors
    (finding,) = outcome.document["findings"]
    assert (finding["code"], finding["severity"]) == ("IN-066", "NOTE")
    assert "2 localisers" in finding["why"]
    assert "README.txt" in finding["why"]


def test_g09_two_studies_in_a_folder_are_listed_without_their_values(
    tmp_path: Path, labels: Path
) -> None:
    folder = tmp_path / "study"
    other = {"StudyInstanceUID": ROOT_UID + ".77", "SeriesInstanceUID": ROOT_UID + ".78"}
    _two(**other)(folder)
    outcome = _import(folder, labels)
    assert outcome.document["error"]["code"] == "IN-053"
    assert ROOT_UID not in outcome.text


def test_g17_five_millimetre_slices_ask_a_person(tmp_path: Path) -> None:
    affine = spine_affine(4.0) @ np.diag([1, 1, 1.25, 1])
    grid = Grid(spine_grid().values, affine)
    seg = write(seg_dataset(Grid(spine_label_values(), affine)), tmp_path / "seg.dcm")
    case = tmp_path / "case"
    assert _import(write_series(tmp_path / "study", grid), seg).code == 0
    check = run_kambin("check", case, "--json").document
    assert ("AN-136", "CONFIRM") in {(f["code"], f["severity"]) for f in check["findings"]}


def test_slice_dataset_is_what_a_scanner_writes(tmp_path: Path) -> None:
    # the good twin of all rows above: if this one were broken, they would prove nothing
    ds = slice_dataset(spine_grid(), 4)
    assert list(ds.ImagePositionPatient) == [-46.0, -23.0, 828.5]
    assert list(ds.ImageOrientationPatient) == [1, 0, 0, 0, 1, 0]
