"""Contours as labels: filled by counting edges, and refused where they fit no slice."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.path import Path as Outline
from pydicom.dataset import Dataset
from tests.fault.dicom_files import (
    Grid,
    box_outline,
    one,
    rtstruct_dataset,
    spine_affine,
    write,
    write_series,
)

from kambin.core import InputError, Severity
from kambin.exchange.dicom_frames import read_header
from kambin.exchange.dicom_image import DicomImage, DicomRequest, read_dicom_image
from kambin.exchange.dicom_rtstruct import fill_outline, read_rtstruct
from kambin.exchange.sources import LabelSource

SHAPE = (10, 9, 8)
GRID = Grid(np.zeros(SHAPE, np.int16), spine_affine())
Change = Callable[[Dataset], None]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> DicomImage:
    """An empty image of ten columns, nine rows and eight slices."""
    folder = write_series(tmp_path_factory.mktemp("image"), GRID)
    return read_dicom_image(folder, DicomRequest())


def box(k: int, low: tuple[int, int] = (2, 3), high: tuple[int, int] = (5, 6)) -> np.ndarray:
    return box_outline(GRID, k, low, high)


def read(
    folder: Path,
    image: DicomImage,
    contours: dict[str, list[np.ndarray]],
    change: Change | None = None,
) -> tuple[LabelSource, tuple[object, ...]]:
    ds = rtstruct_dataset(contours)
    if change is not None:
        change(ds)
    path = write(ds, folder / "contours.dcm")
    return read_rtstruct(read_header(path, ds), image)


def refusal(
    folder: Path,
    image: DicomImage,
    contours: dict[str, list[np.ndarray]],
    change: Change | None = None,
) -> InputError:
    with pytest.raises(InputError) as caught:
        read(folder, image, contours, change)
    return caught.value


def masks_of(source: LabelSource) -> dict[str, np.ndarray]:
    return {str(key): source.labels.values == value for value, key in source.names.items()}


@pytest.mark.parametrize("corners", [3, 4, 5, 9])
def test_a_filled_outline_is_what_another_library_calls_inside(
    corners: int, rng: np.random.Generator
) -> None:
    for _ in range(20):
        angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
        radii = rng.uniform(3.0, 11.0, corners)
        points = 12.0 + np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
        nodes = np.stack(np.meshgrid(*[np.arange(25.0)] * 2, indexing="ij"), -1).reshape(-1, 2)
        other = Outline(points).contains_points(nodes).reshape(25, 25)
        np.testing.assert_array_equal(fill_outline(points, (25, 25)), other)


def test_the_order_of_the_corners_plays_no_part(rng: np.random.Generator) -> None:
    points = rng.uniform(1.0, 18.0, (7, 2))
    filled = fill_outline(points, (20, 20))
    np.testing.assert_array_equal(fill_outline(points[::-1], (20, 20)), filled)
    np.testing.assert_array_equal(fill_outline(np.roll(points, 3, axis=0), (20, 20)), filled)
    np.testing.assert_array_equal(fill_outline(points[:, ::-1], (20, 20)), filled.T)


def test_a_border_through_voxel_centres_counts_each_voxel_once() -> None:
    left = np.array([[1.0, 1.0], [4.0, 1.0], [4.0, 5.0], [1.0, 5.0]])
    right = left + np.array([3.0, 0.0])
    one_side, other = (fill_outline(points, (9, 9)) for points in (left, right))
    assert not (one_side & other).any()
    np.testing.assert_array_equal(np.argwhere(one_side).min(axis=0), (1, 1))
    np.testing.assert_array_equal(np.argwhere(one_side).max(axis=0), (3, 4))
    assert one_side.sum() == other.sum() == 12


@pytest.mark.parametrize(("low", "high", "count"), [(-9.0, -1.0, 0), (-3.0, 2.5, 9), (5.5, 99, 9)])
def test_what_lies_beyond_the_grid_is_cut_off(low: float, high: float, count: int) -> None:
    corners = np.array([[low, low], [high, low], [high, high], [low, high]])
    assert fill_outline(corners, (9, 9)).sum() == count


def test_contours_become_labels_on_the_voxels_of_the_image(
    image: DicomImage, tmp_path: Path
) -> None:
    source, found = read(tmp_path, image, {"vertebrae_L4": [box(1), box(2)], "aorta": [box(4)]})
    truth = np.zeros(SHAPE, bool)
    truth[2:6, 3:7, 1:3] = True
    masks = masks_of(source)
    assert set(masks) == {"vertebra:L4", "aorta"}
    np.testing.assert_array_equal(masks["vertebra:L4"], truth)
    assert found == ()
    assert source.format == "dicom-rtstruct"
    np.testing.assert_allclose(source.labels.lps_from_ijk, spine_affine())


def test_two_contours_on_one_slice_add_up_and_a_third_inside_is_a_hole(
    image: DicomImage, tmp_path: Path
) -> None:
    apart = [box(1, (0, 0), (1, 1)), box(1, (4, 2), (8, 7)), box(1, (5, 4), (6, 5))]
    source, _ = read(tmp_path, image, {"vertebrae_L4": apart})
    truth = np.zeros(SHAPE, bool)
    truth[0:2, 0:2, 1] = truth[4:9, 2:8, 1] = True
    truth[5:7, 4:6, 1] = False
    np.testing.assert_array_equal(masks_of(source)["vertebra:L4"], truth)


@pytest.mark.parametrize(
    ("share", "is_on_it"), [(0.2, True), (-0.2, True), (0.3, False), (0.5, False)]
)
def test_a_contour_lies_on_a_slice_within_a_quarter_of_the_step(
    share: float, is_on_it: bool, image: DicomImage, tmp_path: Path
) -> None:
    lifted = box(2) + np.array([0.0, 0.0, share * 4.0])
    if is_on_it:
        source, _ = read(tmp_path, image, {"vertebrae_L4": [lifted]})
        assert np.argwhere(source.labels.values)[:, 2].tolist() == [2] * 16
        return
    error = refusal(tmp_path, image, {"vertebrae_L4": [lifted]})
    assert error.code == "IN-072"
    assert f"{abs(share):.2f} slice distances beside its slice" in error.why


def _kind(word: str) -> Change:
    def change(ds: Dataset) -> None:
        ds.ROIContourSequence[0].ContourSequence[0].ContourGeometricType = word

    return change


def _points(numbers: list[float]) -> Change:
    def change(ds: Dataset) -> None:
        ds.ROIContourSequence[0].ContourSequence[0].ContourData = numbers

    return change


def _frame(ds: Dataset) -> None:
    ds.StructureSetROISequence[0].ReferencedFrameOfReferenceUID = "1.2.3.4"


def _two_frames(ds: Dataset) -> None:
    ds.StructureSetROISequence[1].ReferencedFrameOfReferenceUID = "1.2.3.4"


def _patient(ds: Dataset) -> None:
    ds.PatientID = "another"


def _same_name(ds: Dataset) -> None:
    ds.StructureSetROISequence[1].ROIName = "L4 vertebra"


def _wrong_code(ds: Dataset) -> None:
    codes = one(CodeValue="49668003", CodingSchemeDesignator="SCT", CodeMeaning="L5")
    ds.RTROIObservationsSequence = one(ReferencedROINumber=1, RTROIIdentificationCodeSequence=codes)


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (_kind("POINT"), "IN-072", "kind POINT"),
        (_kind("OPEN_PLANAR"), "IN-072", "kind OPEN_PLANAR"),
        (_kind(""), "IN-072", "kind unknown"),
        (_points([1.0, 2.0]), "IN-072", "vertebra:L4 has a contour"),
        (_points([1.0] * 6), "IN-072", "vertebra:L4 has a contour"),
        (_frame, "IN-042", "FrameOfReferenceUID"),
        (_two_frames, "IN-042", "Only 1 of the two states"),
        (_patient, "IN-053", "PatientID"),
        (_same_name, "IN-018", "mean vertebra:L4"),
        (_wrong_code, "IN-071", "named vertebra:L4 and coded as vertebra:L5"),
    ],
)
def test_what_is_not_certain_is_refused(
    change: Change, code: str, told: str, image: DicomImage, tmp_path: Path
) -> None:
    contours = {"vertebrae_L4": [box(1)], "vertebrae_L5": [box(3)]}
    error = refusal(tmp_path, image, contours, change)
    assert error.code == code
    assert told in error.why


@pytest.mark.parametrize("shift", [(-3, 0), (8, 0), (0, -5), (0, 6)])
def test_a_contour_outside_of_the_image_was_drawn_on_another(
    shift: tuple[int, int], image: DicomImage, tmp_path: Path
) -> None:
    low, high = (2 + shift[0], 3 + shift[1]), (5 + shift[0], 6 + shift[1])
    error = refusal(tmp_path, image, {"vertebrae_L4": [box(1, low, high)]})
    assert (error.code, "outside of the image" in error.why) == ("IN-012", True)


@pytest.mark.parametrize("k", [-2, -1, 8, 9])
def test_a_contour_before_the_first_slice_is_never_put_onto_the_last(
    k: int, image: DicomImage, tmp_path: Path
) -> None:
    error = refusal(tmp_path, image, {"vertebrae_L4": [box(1), box(k)]})
    assert (error.code, "outside of the image" in error.why) == ("IN-012", True)


@pytest.mark.parametrize(
    ("slices", "told"),
    [([1, 2, 3], ""), ([1, 3], "1 of 3 slices"), ([0, 1, 5], "3 of 6 slices"), ([2], "")],
)
def test_skipped_slices_are_asked_about(
    slices: list[int], told: str, image: DicomImage, tmp_path: Path
) -> None:
    _, found = read(tmp_path, image, {"vertebrae_L4": [box(k) for k in slices]})
    assert [(f.code, f.severity) for f in found] == ([("IN-072", Severity.CONFIRM)] if told else [])
    assert all(told in f.why for f in found)


def test_overlap_is_told_with_its_volume_and_the_first_keeps_it(
    image: DicomImage, tmp_path: Path
) -> None:
    contours = {"aorta": [box(1)], "vertebrae_L4": [box(1, (4, 3), (8, 6))]}
    source, (found,) = read(tmp_path, image, contours)
    # two columns of four rows of 4 mm voxels
    assert (found.code, "vertebra:L4 keeps 512 mm3 from aorta" in found.why) == ("IN-023", True)
    masks = masks_of(source)
    assert (masks["vertebra:L4"].sum(), masks["aorta"].sum()) == (20, 8)


def test_unknown_names_are_kept_by_number_and_nothing_known_is_an_empty_mask(
    image: DicomImage, tmp_path: Path
) -> None:
    source, _ = read(tmp_path, image, {"vertebrae_L4": [box(1)], "couch": [box(2)], "": [box(3)]})
    assert source.unknown == {2: "couch", 3: "region 3"}
    assert refusal(tmp_path, image, {"couch": [box(1)]}).code == "IN-024"
