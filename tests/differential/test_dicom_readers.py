"""Our DICOM stack beside highdicom's and SimpleITK's: one refuses as we do, one cannot be trusted.

Also the sample files of the wheels ``pydicom-data`` and ``tptbox``: each imports or is refused.
"""

import warnings
from collections.abc import Callable
from importlib import util
from pathlib import Path

import highdicom
import numpy as np
import pytest
import SimpleITK as sitk
from highdicom.sr.coding import CodedConcept
from pydicom import dcmread
from pydicom.dataset import Dataset
from tests.e2e.command_line import run_kambin
from tests.fault.dicom_files import (
    ROOT_UID,
    Grid,
    reordered,
    seg_dataset,
    spine_grid,
    spine_label_values,
    tilted_grid,
    write,
    write_series,
)
from tests.fault.made_files import L4, L5, SACRUM

from kambin.core import InputError
from kambin.exchange import read_case
from kambin.exchange.dicom_frames import read_frames
from kambin.exchange.dicom_image import DicomRequest, read_dicom_image
from kambin.exchange.dicom_pixels import decode_frames

Break = Callable[[Path], Path]


def _highdicom_volume(folder: Path) -> highdicom.Volume:
    datasets = [dcmread(file) for file in sorted(folder.iterdir())]
    return highdicom.get_volume_from_series(datasets)


def _simpleitk_image(folder: Path) -> sitk.Image:
    reader = sitk.ImageSeriesReader()
    # its warning goes to standard error only, where no caller sees it
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


@pytest.mark.parametrize(
    ("order", "flips"),
    [
        ((0, 1, 2), (False, False, False)),
        ((1, 2, 0), (False, True, False)),
        ((2, 0, 1), (True,) * 3),
    ],
)
def test_places_of_voxels_agree_with_highdicom(
    tmp_path: Path, order: tuple[int, int, int], flips: tuple[bool, bool, bool]
) -> None:
    folder = write_series(tmp_path / "study", reordered(spine_grid(), order, flips))
    ours = read_dicom_image(folder, DicomRequest()).volume
    theirs = _highdicom_volume(folder)
    ijk = np.argwhere(theirs.array > 200)
    points = (np.c_[ijk, np.ones(len(ijk))] @ theirs.affine.T)[:, :3]
    mine = np.rint(ours.ijk(points)).astype(int)
    assert np.array_equal(ours.values[tuple(mine.T)], theirs.array[tuple(ijk.T)])
    assert int((ours.values > 200).sum()) == len(ijk)


def _missing(folder: Path) -> Path:
    return write_series(folder, slices=[k for k in range(26) if k not in (7, 15)])


def _doubled(folder: Path) -> Path:
    write_series(folder)

    def again(ds: Dataset, _: int) -> None:
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = ROOT_UID + ".9.99"

    return write_series(folder, slices=(9,), prefix="again", change=again)


def _uneven(folder: Path) -> Path:
    def change(ds: Dataset, k: int) -> None:
        x, y, _ = ds.ImagePositionPatient
        ds.ImagePositionPatient = [x, y, 800.0 + 4.0 * k + (1.5 * (k - 12) if k > 12 else 0)]

    return write_series(folder, change=change)


def _tilted(folder: Path) -> Path:
    return write_series(folder, tilted_grid(15.0))


@pytest.mark.parametrize(
    ("make", "code"),
    [(_missing, "IN-054"), (_doubled, "IN-055"), (_uneven, "IN-056"), (_tilted, "IN-057")],
    ids=["G04", "G05", "G06", "G03"],
)
def test_g_highdicom_refuses_what_we_refuse_and_simpleitk_does_not(
    tmp_path: Path, make: Break, code: str
) -> None:
    folder = make(tmp_path / "study")
    with pytest.raises(InputError, match=code):
        read_dicom_image(folder, DicomRequest())
    with pytest.raises(ValueError, match=r".+"):
        _highdicom_volume(folder)
    # an image comes out as if nothing were wrong, at places that are not the patient's
    image = _simpleitk_image(folder)
    last = dcmread(folder / "CT025.dcm").ImagePositionPatient
    corner = image.TransformIndexToPhysicalPoint((0, 0, image.GetSize()[2] - 1))
    if code == "IN-057":
        assert np.linalg.norm(np.subtract(corner, last)) > 20.0
    else:
        assert abs(image.GetSpacing()[2] - 4.0) > 0.1


def test_g09_two_patients_in_one_series_are_accepted_by_both_and_refused_here(
    tmp_path: Path,
) -> None:
    def change(ds: Dataset, k: int) -> None:
        ds.PatientID = "A" if k < 13 else "B"

    folder = write_series(tmp_path / "study", change=change)
    assert _highdicom_volume(folder).shape[0] == 26
    assert _simpleitk_image(folder).GetSize()[2] == 26
    with pytest.raises(InputError, match=r"IN-053.*PatientID"):
        read_dicom_image(folder, DicomRequest())


def test_g09_another_frame_of_reference_is_refused_where_highdicom_calls_it_equal(
    tmp_path: Path,
) -> None:
    one = highdicom.Volume(
        np.zeros((4, 4, 4)), np.eye(4), "PATIENT", frame_of_reference_uid=ROOT_UID + ".3"
    )
    other = highdicom.Volume(
        np.zeros((4, 4, 4)), np.eye(4), "PATIENT", frame_of_reference_uid=ROOT_UID + ".33"
    )
    # the day this fails the library has learnt it; our own comparison stays
    assert one.geometry_equal(other)
    folder = write_series(tmp_path / "study")
    seg = seg_dataset(Grid(spine_label_values()))
    seg.FrameOfReferenceUID = ROOT_UID + ".33"
    file = write(seg, tmp_path / "seg.dcm")
    out = tmp_path / "case"
    outcome = run_kambin("import", "-i", folder, "--labels", file, "-o", out, "--json")
    assert outcome.document["error"]["code"] == "IN-042"


def _highdicom_seg(folder: Path, values: np.ndarray, kind: str) -> Dataset:
    """A segmentation written by highdicom on the slices of a series."""
    sources = [dcmread(file) for file in sorted(folder.iterdir())]
    bone = CodedConcept("272673000", "SCT", "Bone")
    names = {
        1: ("vertebrae_L4", "11994002"),
        2: ("vertebrae_L5", "49668003"),
        3: ("sacrum", "54735007"),
    }
    described = [
        highdicom.seg.SegmentDescription(
            number,
            name,
            bone,
            CodedConcept(code, "SCT", name),
            highdicom.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number, (name, code) in names.items()
    ]
    return highdicom.seg.Segmentation(
        sources,
        values.transpose(2, 1, 0),
        kind,
        described,
        ROOT_UID + ".50",
        50,
        ROOT_UID + ".51",
        1,
        "Tests",
        "Tests",
        "1",
        "1",
    )


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_segmentations_that_highdicom_writes_are_read_voxel_by_voxel(
    tmp_path: Path, kind: str
) -> None:
    def complete(ds: Dataset, _: int) -> None:
        # what the writer copies from the series
        for tag in ("StudyDate", "StudyTime", "AccessionNumber", "StudyID", "Manufacturer"):
            setattr(ds, tag, "")
        ds.PatientName = "QX^QX"

    folder = write_series(tmp_path / "study", change=complete)
    numbers = np.zeros(256, np.uint8)
    numbers[[L4, L5, SACRUM]] = 1, 2, 3
    values = numbers[spine_label_values()]
    file = tmp_path / "seg.dcm"
    _highdicom_seg(folder, values, kind).save_as(file)
    out = tmp_path / "case"
    outcome = run_kambin("import", "-i", folder, "--labels", file, "-o", out, "--json")
    assert outcome.code == 0, outcome.errors
    case = read_case(out)
    for key, label in {"vertebra:L4": 1, "vertebra:L5": 2, "sacrum": 3}.items():
        number = next(v for v, k in case.names.items() if str(k) == key)
        assert np.array_equal(case.labels.values == number, values == label)


def _samples(package: str, *parts: str) -> Path:
    spec = util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"the sample wheel with {package} is not installed")
    return Path(next(iter(spec.submodule_search_locations))).joinpath(*parts)


SAMPLES = {
    "693_J2KR.dcm": "IN-005",
    "693_UNCI.dcm": "IN-005",
    "MR2_J2KR.dcm": "IN-005",
    "MR-SIEMENS-DICOM-WithOverlays.dcm": "IN-005",
    "explicit_VR-UN.dcm": "IN-005",
    "bad_sequence.dcm": "IN-005",
    "JPEG-LL.dcm": "IN-062",
    "SC_rgb.dcm": "IN-062",
    "SC_rgb_16bit_2frame.dcm": "IN-062",
    "RG1_J2KR.dcm": "IN-050",
    "US1_J2KR.dcm": "IN-050",
    "color3d_jpeg_baseline.dcm": "IN-050",
    "liver.dcm": "IN-050",
    "OT-PAL-8-face.dcm": "IN-002",
    "eCT_Supplemental.dcm": "IN-025",
    "emri_small.dcm": "IN-059",
    "emri_small_RLE.dcm": "IN-059",
    "emri_small_big_endian.dcm": "IN-059",
    "emri_small_jpeg_2k_lossless.dcm": "IN-059",
    "emri_small_jpeg_ls_lossless.dcm": "IN-059",
    "emri_small_jpeg_2k_lossless_too_short.dcm": "IN-002",
}


@pytest.mark.parametrize(("name", "code"), SAMPLES.items())
def test_sample_files_are_read_or_refused(name: str, code: str) -> None:
    file = _samples("data_store", "data", name)
    with pytest.raises(InputError, match=code):
        read_dicom_image(file, DicomRequest())


def test_compressed_samples_hold_the_voxels_of_the_plain_one() -> None:
    folder = _samples("data_store", "data")
    names = ("emri_small", "emri_small_RLE", "emri_small_big_endian")
    names += ("emri_small_jpeg_2k_lossless", "emri_small_jpeg_ls_lossless")
    # their frames have no place in a patient, so that only their pixels can be compared
    headers = [read_frames(folder / f"{name}.dcm")[0] for name in names]
    stacks = [np.stack(list(decode_frames(header, range(10)))) for header in headers]
    for stack in stacks[1:]:
        assert np.array_equal(stack, stacks[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.array_equal(stacks[0], dcmread(folder / "emri_small.dcm").pixel_array)


@pytest.mark.parametrize(
    ("packed", "plain"),
    [("693_J2KR.dcm", "693_UNCR.dcm"), ("MR2_J2KR.dcm", "MR2_UNCR.dcm")],
    ids=["CT", "MR"],
)
def test_jpeg_2000_samples_hold_the_voxels_of_their_plain_twins(packed: str, plain: str) -> None:
    folder = _samples("data_store", "data")
    pictures = [next(decode_frames(read_frames(folder / name)[0], [0])) for name in (packed, plain)]
    assert np.array_equal(*pictures)


def test_a_jpeg_lossless_sample_holds_what_simpleitk_decodes() -> None:
    file = _samples("data_store", "data", "bad_sequence.dcm")
    _, (frame,) = read_frames(file)
    stored = next(decode_frames(frame.header, [0])).astype(float)
    slope, intercept = frame.scale
    theirs = sitk.GetArrayFromImage(sitk.ReadImage(str(file)))[0]
    assert np.array_equal(stored * slope + intercept, theirs)


@pytest.mark.parametrize("name", ["liver.dcm", "liver_expb.dcm"])
def test_a_sample_segmentation_of_another_patient_is_refused(tmp_path: Path, name: str) -> None:
    folder = write_series(tmp_path / "study")
    file = _samples("data_store", "data", name)
    out = tmp_path / "case"
    outcome = run_kambin("import", "-i", folder, "--labels", file, "-o", out, "--json")
    assert outcome.code == 3
    assert outcome.document["error"]["code"] == "IN-053"


def test_the_sample_patch_of_a_ct_imports_with_its_subregions(tmp_path: Path) -> None:
    files = sorted(_samples("TPTBox").rglob("sub-ct_*.nii.gz"))
    image = next(f for f in files if f.name.endswith("_ct.nii.gz"))
    vert = next(f for f in files if "seg-vert" in f.name)
    words = ("-i", image, "--labels", vert, "--dialect", "verse", "-o", tmp_path / "case")
    outcome = run_kambin("import", *words, "--json")
    assert outcome.code == 0, outcome.errors
    assert "vertebra:L3" in outcome.document["structures"]
