"""DICOM segmentations and structure sets as labels: placed right, or refused (A07, G09, G24)."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from tests.e2e.command_line import Outcome, run_kambin
from tests.fault.dicom_files import (
    ROOT_UID,
    Grid,
    box_outline,
    label_map_dataset,
    label_outlines,
    one,
    reordered,
    rtstruct_dataset,
    seg_dataset,
    spine_affine,
    spine_grid,
    spine_label_values,
    tilted_grid,
    write,
    write_series,
)
from tests.fault.made_files import AORTA, L4, L5, NAMES, SACRUM

from kambin.exchange import read_case
from kambin.exchange.dicom_rtstruct import fill_outline


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The series that all labels below refer to."""
    return write_series(tmp_path_factory.mktemp("series") / "study")


def _label_grid() -> Grid:
    return Grid(spine_label_values())


def _import(study: Path, labels: Path, *words: object) -> Outcome:
    case = labels.parent / "case"
    return run_kambin("import", "-i", study, "--labels", labels, "-o", case, *words, "--json")


def _placed(case_dir: Path) -> dict[str, np.ndarray]:
    """Return the mask of every structure of a case."""
    case = read_case(case_dir)
    return {str(key): case.labels.values == value for value, key in case.names.items()}


def _expect_spine(folder: Path) -> None:
    masks, truth = _placed(folder / "case"), spine_label_values()
    keys = {"vertebra:L4": L4, "vertebra:L5": L5, "sacrum": SACRUM, "aorta": AORTA}
    assert masks.keys() == keys.keys()
    for key, label in keys.items():
        assert np.array_equal(masks[key], truth == label), key


def test_a_binary_segmentation_is_placed_voxel_by_voxel(study: Path, tmp_path: Path) -> None:
    outcome = _import(study, write(seg_dataset(_label_grid()), tmp_path / "seg.dcm"))
    assert outcome.code == 0, outcome.errors
    assert outcome.document["findings"] == []
    _expect_spine(tmp_path)


def test_a_label_map_segmentation_is_placed_voxel_by_voxel(study: Path, tmp_path: Path) -> None:
    outcome = _import(study, write(label_map_dataset(_label_grid()), tmp_path / "seg.dcm"))
    assert outcome.code == 0, outcome.errors
    _expect_spine(tmp_path)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("flips", [(False, False, False), (True, False, True)])
def test_a_segmentation_stored_along_other_axes_is_placed_right(
    study: Path,
    tmp_path: Path,
    order: tuple[int, int, int],
    flips: tuple[bool, bool, bool],
) -> None:
    turned = reordered(_label_grid(), order, flips)
    assert _import(study, write(seg_dataset(turned), tmp_path / "seg.dcm")).code == 0
    _expect_spine(tmp_path)


def test_a_segmentation_of_fewer_slices_rows_and_columns_is_placed_right(
    study: Path, tmp_path: Path
) -> None:
    part = spine_affine()
    part[:3, 3] += 4.0 * np.array((5, 4, 3))
    grid = Grid(spine_label_values()[5:18, 4:18, 3:23], part)
    assert _import(study, write(seg_dataset(grid), tmp_path / "seg.dcm")).code == 0
    truth = np.zeros_like(spine_label_values())
    truth[5:18, 4:18, 3:23] = grid.values
    masks = _placed(tmp_path / "case")
    for key, label in {"vertebra:L4": L4, "vertebra:L5": L5, "sacrum": SACRUM}.items():
        assert np.array_equal(masks[key], truth == label), key


def test_contours_are_filled_where_they_were_drawn(study: Path, tmp_path: Path) -> None:
    contours = {name: label_outlines(_label_grid(), label) for label, name in NAMES.items()}
    outcome = _import(study, write(rtstruct_dataset(contours), tmp_path / "rt.dcm"))
    assert outcome.code == 0, outcome.errors
    _expect_spine(tmp_path)


def test_a_contour_within_a_contour_is_a_hole(study: Path, tmp_path: Path) -> None:
    outlines = label_outlines(_label_grid(), L4)
    holes = [box_outline(_label_grid(), k, (11, 10), (12, 11)) for k in range(14, 21)]
    file = write(rtstruct_dataset({"L4": outlines + holes}), tmp_path / "rt.dcm")
    assert _import(study, file).code == 0
    mask = _placed(tmp_path / "case")["vertebra:L4"]
    whole = spine_label_values() == L4
    assert not mask[11:13, 10:12, 14:21].any()
    assert whole.sum() - mask.sum() == 2 * 2 * 7


def test_sagittal_contours_are_filled_too(study: Path, tmp_path: Path) -> None:
    grid = _label_grid()
    turned = reordered(grid, (1, 2, 0), (False, False, False))
    contours = {name: label_outlines(turned, label) for label, name in NAMES.items()}
    assert _import(study, write(rtstruct_dataset(contours), tmp_path / "rt.dcm")).code == 0
    _expect_spine(tmp_path)


def test_a_disc_of_contour_points_has_the_area_of_a_circle() -> None:
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    outline = np.stack([50.3 + 20 * np.cos(angles), 47.9 + 20 * np.sin(angles)], axis=1)
    filled = fill_outline(outline, (100, 96))
    grid = np.stack(np.meshgrid(np.arange(100), np.arange(96), indexing="ij"), -1)
    # a second way: distance from the centre, which knows nothing of edges
    near = np.linalg.norm(grid - (50.3, 47.9), axis=-1)
    assert (filled == (near < 20))[np.abs(near - 20) > 0.01].all()
    assert filled.sum() == pytest.approx(np.pi * 400, rel=0.01)


def _with(change: Callable[[Dataset], None]) -> Callable[[], Dataset]:
    def make() -> Dataset:
        ds = seg_dataset(_label_grid())
        change(ds)
        return ds

    return make


def _fractions(ds: Dataset) -> None:
    ds.SegmentationType, ds.SegmentationFractionalType = "FRACTIONAL", "PROBABILITY"


def _other_frame(ds: Dataset) -> None:
    ds.FrameOfReferenceUID = ROOT_UID + ".33"


def _no_frame(ds: Dataset) -> None:
    del ds.FrameOfReferenceUID


def _other_patient(ds: Dataset) -> None:
    ds.PatientID = "SOMEBODY-ELSE"


def _shifted(ds: Dataset) -> None:
    for group in ds.PerFrameFunctionalGroupsSequence:
        place = group.PlanePositionSequence[0]
        x, y, z = place.ImagePositionPatient
        place.ImagePositionPatient = [x, y + 1.6, z]


def _outside(ds: Dataset) -> None:
    place = ds.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0]
    place.ImagePositionPatient = [-46.0, -23.0, 1812.5]


def _coarser(ds: Dataset) -> None:
    shared = ds.SharedFunctionalGroupsSequence[0]
    shared.PixelMeasuresSequence[0].PixelSpacing = [4.4, 4.4]


def _placeless(ds: Dataset) -> None:
    del ds.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence


def _contradicted(ds: Dataset) -> None:
    ds.SegmentSequence[2].SegmentLabel = "vertebrae_L3"


def _twice(ds: Dataset) -> None:
    for item in ds.SegmentSequence[1:3]:
        item.SegmentLabel = "vertebrae_L5"
        item.SegmentedPropertyTypeCodeSequence[0].CodeValue = "49668003"


def _nameless(ds: Dataset) -> None:
    for item in ds.SegmentSequence:
        item.SegmentLabel = "Segment"
        item.SegmentedPropertyTypeCodeSequence[0].CodeValue = "85756007"


def _fewer_bits(ds: Dataset) -> None:
    ds.PixelData = ds.PixelData[: len(ds.PixelData) // 2]


BROKEN = [
    ("fractions", "IN-016", _fractions, ("FRACTIONAL",)),
    ("G09 another frame of reference", "IN-042", _other_frame, ("FrameOfReferenceUID differ",)),
    ("G09 no frame of reference", "IN-042", _no_frame, ("Only 1 of the two",)),
    ("G09 another patient", "IN-053", _other_patient, ("PatientID (2 different)",)),
    ("A07 between the voxels", "IN-012", _shifted, ("between its voxels",)),
    ("A07 outside", "IN-012", _outside, ("outside",)),
    ("A07 other spacing", "IN-012", _coarser, ("between its voxels",)),
    ("G13 no place", "IN-059", _placeless, ("Frame 3",)),
    ("A04 name against code", "IN-071", _contradicted, ("vertebra:L3", "vertebra:L4")),
    ("A05 one name twice", "IN-018", _twice, ("vertebra:L5",)),
    ("nothing known", "IN-024", _nameless, ("No segment",)),
    ("G21 cut pixels", "IN-002", _fewer_bits, ("announced",)),
]


@pytest.mark.parametrize(("row", "code", "change", "says"), BROKEN, ids=[r[0] for r in BROKEN])
def test_g_a_broken_segmentation_is_refused(
    study: Path,
    tmp_path: Path,
    row: str,
    code: str,
    change: Callable[[Dataset], None],
    says: tuple[str, ...],
) -> None:
    outcome = _import(study, write(_with(change)(), tmp_path / "seg.dcm"))
    assert outcome.code == 3, outcome.text
    error = outcome.document["error"]
    assert error["code"] == code, error
    assert all(word in error["why"] for word in says), error["why"]
    assert "SOMEBODY" not in outcome.text + outcome.errors
    assert not (tmp_path / "case").exists()


def _open(ds: Dataset) -> None:
    ds.ROIContourSequence[0].ContourSequence[0].ContourGeometricType = "OPEN_PLANAR"


def _between(ds: Dataset) -> None:
    contour = ds.ROIContourSequence[0].ContourSequence[2]
    points = np.add(np.array(contour.ContourData, float).reshape(-1, 3), (0, 0, 1.6))
    contour.ContourData = [float(v) for v in points.ravel()]


def _beyond(ds: Dataset) -> None:
    contour = ds.ROIContourSequence[0].ContourSequence[2]
    points = np.add(np.array(contour.ContourData, float).reshape(-1, 3), (200, 0, 0))
    contour.ContourData = [float(v) for v in points.ravel()]


def _odd_numbers(ds: Dataset) -> None:
    ds.ROIContourSequence[0].ContourSequence[0].ContourData = [1.0, 2.0, 3.0, 4.0]


def _foreign(ds: Dataset) -> None:
    for roi in ds.StructureSetROISequence:
        roi.ReferencedFrameOfReferenceUID = ROOT_UID + ".33"


CONTOURS = [
    ("open", "IN-072", _open, ("OPEN_PLANAR",)),
    ("between slices", "IN-072", _between, ("0.40 slice distances",)),
    ("no triples", "IN-072", _odd_numbers, ("contour",)),
    ("A07 outside", "IN-012", _beyond, ("outside",)),
    ("G09 another frame of reference", "IN-042", _foreign, ("differ",)),
]


@pytest.mark.parametrize(("row", "code", "change", "says"), CONTOURS, ids=[r[0] for r in CONTOURS])
def test_g_broken_contours_are_refused(
    study: Path,
    tmp_path: Path,
    row: str,
    code: str,
    change: Callable[[Dataset], None],
    says: tuple[str, ...],
) -> None:
    ds = rtstruct_dataset({"L4": label_outlines(_label_grid(), L4)})
    change(ds)
    outcome = _import(study, write(ds, tmp_path / "rt.dcm"))
    assert (outcome.code, outcome.document["error"]["code"]) == (3, code), outcome.text
    assert all(word in outcome.document["error"]["why"] for word in says)


def test_contours_that_skip_slices_ask_a_person(study: Path, tmp_path: Path) -> None:
    outlines = label_outlines(_label_grid(), L4)[::2]
    outcome = _import(study, write(rtstruct_dataset({"L4": outlines}), tmp_path / "rt.dcm"))
    (finding,) = outcome.document["findings"]
    assert (finding["code"], finding["severity"]) == ("IN-072", "CONFIRM")
    assert "vertebra:L4 on 3 of 7 slices" in finding["why"]


def test_segments_that_overlap_are_told_and_bone_keeps_the_voxel(
    study: Path, tmp_path: Path
) -> None:
    contours = {
        "aorta": [box_outline(_label_grid(), k, (10, 8), (12, 11)) for k in range(14, 18)],
        "vertebrae_L4": label_outlines(_label_grid(), L4),
    }
    outcome = _import(study, write(rtstruct_dataset(contours), tmp_path / "rt.dcm"))
    (finding,) = outcome.document["findings"]
    assert finding["code"] == "IN-023"
    assert "vertebra:L4 keeps" in finding["why"]
    masks = _placed(tmp_path / "case")
    assert np.array_equal(masks["vertebra:L4"], spine_label_values() == L4)


def test_unknown_segments_are_named_and_codes_name_what_labels_do_not(
    study: Path, tmp_path: Path
) -> None:
    ds = seg_dataset(_label_grid())
    for item in ds.SegmentSequence:
        item.SegmentLabel = f"Segment {item.SegmentNumber}"
    outcome = _import(study, write(ds, tmp_path / "seg.dcm"))
    assert outcome.code == 0, outcome.errors
    assert set(outcome.document["structures"]) == {"sacrum", "vertebra:L4", "vertebra:L5"}
    (finding,) = outcome.document["findings"]
    assert (finding["code"], finding["severity"]) == ("IN-022", "CONFIRM")
    assert "Segment 4" in finding["why"]


def test_a_code_may_carry_the_side(study: Path, tmp_path: Path) -> None:
    ds = seg_dataset(_label_grid())
    code = ds.SegmentSequence[3].SegmentedPropertyTypeCodeSequence[0]
    ds.SegmentSequence[3].SegmentLabel, code.CodeValue = "bone", "22356005"
    code.SegmentedPropertyTypeModifierCodeSequence = one(CodeValue="7771000")
    outcome = _import(study, write(ds, tmp_path / "seg.dcm"))
    assert "ilium:left" in outcome.document["structures"]


@pytest.mark.parametrize("with_image", [False, True])
def test_dicom_labels_without_their_image_are_refused(tmp_path: Path, with_image: bool) -> None:
    seg = write(seg_dataset(_label_grid()), tmp_path / "seg.dcm")
    # an image of another format has no frame of reference to compare
    words = ["--labels", seg, "-o", tmp_path / "case", "--json"]
    if with_image:
        study = write_series(tmp_path / "study", spine_grid())
        outcome = run_kambin(
            "import", "-i", study, "--labels", study, "-o", tmp_path / "c", "--json"
        )
        assert outcome.document["error"]["what"] == "The DICOM files hold no labels"
    else:
        outcome = run_kambin("import", *words)
    assert (outcome.code, outcome.document["error"]["code"]) == (3, "IN-070")


def test_a_folder_may_hold_the_label_file(study: Path, tmp_path: Path) -> None:
    write(seg_dataset(_label_grid()), tmp_path / "labels" / "seg.dcm")
    assert _import(study, tmp_path / "labels").code == 0
    _expect_spine(tmp_path)


def test_g03_a_tilted_series_and_its_labels_are_straightened_together(tmp_path: Path) -> None:
    # 45 degrees would be one voxel a slice; 26.57 are half a voxel, which interpolates
    degrees = float(np.degrees(np.arctan(0.5)))
    tilted = tilted_grid(degrees)
    study = write_series(tmp_path / "study", tilted)
    seg = write(seg_dataset(Grid(spine_label_values(), tilted.lps_from_ijk)), tmp_path / "s.dcm")
    assert _import(study, seg).document["error"]["code"] == "IN-057"
    outcome = _import(study, seg, "--deshear")
    assert outcome.code == 0, outcome.errors
    (finding,) = outcome.document["findings"]
    assert (finding["code"], finding["severity"]) == ("IN-058", "CONFIRM")
    assert "26.57 degrees" in finding["why"]
    case = read_case(tmp_path / "case")
    assert case.source["desheared_deg"] == "26.565"
    # each structure lies where its voxels lay in the tilted slices, known without straightening
    for label, key in {L4: "vertebra:L4", AORTA: "aorta"}.items():
        ijk = np.argwhere(spine_label_values() == label)
        truth = (np.c_[ijk, np.ones(len(ijk))] @ tilted.lps_from_ijk.T)[:, :3]
        number = next(v for v, k in case.names.items() if str(k) == key)
        found = case.labels.lps_mm(np.argwhere(case.labels.values == number))
        assert np.allclose(found.mean(axis=0), truth.mean(axis=0), atol=1.1), key
        bone = case.image.values[case.labels.values == number]
        assert np.median(bone) == 300


def test_g03_more_than_a_gantry_can_tilt_is_never_straightened(tmp_path: Path) -> None:
    affine = spine_affine()
    affine[1, 2] = 4.0 * np.tan(np.radians(45.0)) / 1.0
    # beyond what any gantry does, and so refused even when asked for
    study = write_series(tmp_path / "study", Grid(spine_grid().values, affine))
    seg = write(seg_dataset(Grid(spine_label_values(), affine)), tmp_path / "s.dcm")
    outcome = _import(study, seg, "--deshear")
    assert outcome.document["error"]["code"] == "IN-057"
    assert "35 degrees can be straightened" in outcome.document["error"]["why"]
