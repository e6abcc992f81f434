"""A real DICOM study through the command line: imported as what it is, and never planned on."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from tests.e2e.command_line import run_kambin

from kambin.exchange import read_case

STUDY = "ct_ts_dicom_j2k_T11T12"


@pytest.fixture(scope="module")
def case(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty overlapping slices around T11 and T12, with the labels of TotalSegmentator."""
    folder, out = shared_data / STUDY, tmp_path_factory.mktemp("dicom") / "case"
    labels = folder / "labels_totalseg117.nii.gz"
    words = ("-i", folder / "dicom", "--labels", labels, "--dialect", "total", "-o", out)
    done = run_kambin("import", *words, "--json")
    assert done.code == 0, done.errors
    told = {f["code"]: f for f in done.document["findings"]}
    assert told.keys() == {"IN-065", "IN-073"}
    assert told["IN-065"]["severity"] == told["IN-073"]["severity"] == "NOTE"
    assert "3 mm thick and 2 mm apart" in told["IN-065"]["why"]
    return out


def test_it_has_twenty_slices_of_two_millimetres(case: Path) -> None:
    made = read_case(case)
    assert made.image is not None
    assert made.image.values.shape == (512, 512, 20)
    assert made.image.spacing_mm == pytest.approx((0.9765625, 0.9765625, 2.0), abs=1e-5)
    assert made.source["slice_thickness_mm"] == "3"
    assert made.image.values.dtype == np.int16


def test_it_holds_what_simpleitk_decodes_slice_by_slice(case: Path, shared_data: Path) -> None:
    made = read_case(case)
    assert made.image is not None
    # one file at a time: its series reader is not trusted with places, its decoder is another one
    for file in sorted((shared_data / STUDY / "dicom").iterdir())[::6]:
        one = sitk.ReadImage(str(file))
        k = round(float(made.image.ijk(one.GetOrigin())[2]))
        pixels = sitk.GetArrayFromImage(one)[0]
        assert np.array_equal(made.image.values[:, :, k], pixels.T)


def test_its_labels_lie_where_nibabel_finds_them(case: Path, shared_data: Path) -> None:
    made = read_case(case)
    labels = nibabel.load(shared_data / STUDY / "labels_totalseg117.nii.gz")
    ijk = np.argwhere(np.asarray(labels.dataobj) == 32)
    ras = nibabel.affines.apply_affine(labels.affine, ijk).mean(axis=0)
    number = next(v for v, key in made.names.items() if str(key) == "vertebra:T12")
    found = made.labels.lps_mm(np.argwhere(made.labels.values == number)).mean(axis=0)
    assert found == pytest.approx(ras * (-1, -1, 1), abs=0.01)


@pytest.mark.parametrize(
    "words",
    [
        ("measure",),
        ("plan", "--level", "L4-L5", "--side", "left", "--zone", "paracentral"),
    ],
)
def test_g19_measure_and_plan_say_that_no_lumbar_level_is_there(
    case: Path, words: tuple[str, ...]
) -> None:
    outcome = run_kambin(words[0], case, *words[1:], "--json")
    assert outcome.code == 4
    error = outcome.document["error"]
    assert error["code"] == "AN-020"
    (stopping,) = (f for f in error["findings"] if f["severity"] == "BLOCK")
    assert stopping["code"] == "AN-100"
    assert "vertebra:T12" in stopping["why"]
