"""Segmentations as labels: frames placed on the slices of their image, or refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from tests.fault.dicom_files import (
    Grid,
    label_map_dataset,
    one,
    reordered,
    seg_dataset,
    spine_affine,
    write,
    write_series,
)
from tests.fault.made_files import AORTA, L4, L5, SACRUM

from kambin.anatomy import StructureKey
from kambin.core import InputError, Severity
from kambin.exchange.dicom_frames import read_header
from kambin.exchange.dicom_image import DicomImage, DicomRequest, read_dicom_image
from kambin.exchange.dicom_label_grid import LabelGrid, settle_key
from kambin.exchange.dicom_seg import read_seg
from kambin.exchange.sources import LabelSource

SHAPE = (10, 9, 8)
KEYS = {"vertebra:L4": L4, "vertebra:L5": L5, "sacrum": SACRUM, "aorta": AORTA}
Change = Callable[[Dataset], None]


def label_values() -> np.ndarray:
    """Four boxes, none like another, on a grid that is no cube."""
    values = np.zeros(SHAPE, np.uint8)
    values[2:6, 3:7, 5:7], values[2:7, 3:6, 2:4] = L4, L5
    values[1:7, 2:4, 0:1], values[8:9, 1:3, :] = SACRUM, AORTA
    return values


LABELS = Grid(label_values(), spine_affine())


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> DicomImage:
    """An empty image of ten columns, nine rows and eight slices."""
    empty = Grid(np.zeros(SHAPE, np.int16), spine_affine())
    folder = write_series(tmp_path_factory.mktemp("image"), empty)
    return read_dicom_image(folder, DicomRequest())


def read(
    folder: Path, image: DicomImage, ds: Dataset, change: Change | None = None
) -> tuple[LabelSource, tuple[object, ...]]:
    if change is not None:
        change(ds)
    path = write(ds, folder / "seg.dcm")
    return read_seg(read_header(path, ds), image)


def expect_all(source: LabelSource) -> None:
    masks = {str(key): source.labels.values == value for value, key in source.names.items()}
    assert masks.keys() == KEYS.keys()
    for key, label in KEYS.items():
        np.testing.assert_array_equal(masks[key], label_values() == label, err_msg=key)


def test_bits_and_numbers_give_the_same_labels(image: DicomImage, tmp_path: Path) -> None:
    for make in (seg_dataset, label_map_dataset):
        source, found = read(tmp_path, image, make(LABELS))
        expect_all(source)
        assert (found, source.unknown, source.format) == ((), {}, "dicom-seg")
        np.testing.assert_allclose(source.labels.lps_from_ijk, spine_affine())


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize("flips", [(True, False, False), (False, True, True), (True, True, True)])
def test_frames_may_run_along_any_axis_in_any_direction(
    order: tuple[int, int, int],
    flips: tuple[bool, bool, bool],
    image: DicomImage,
    tmp_path: Path,
) -> None:
    expect_all(read(tmp_path, image, seg_dataset(reordered(LABELS, order, flips)))[0])


def test_a_segmentation_of_a_part_of_the_image_is_placed_by_its_position(
    image: DicomImage, tmp_path: Path
) -> None:
    affine = spine_affine()
    affine[:3, 3] += affine[:3, :3] @ (1, 1, 0)
    part = Grid(np.ascontiguousarray(label_values()[1:, 1:]), affine)
    expect_all(read(tmp_path, image, seg_dataset(part))[0])


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(("share", "is_on_it"), [(0.2, True), (0.3, False), (0.5, False)])
def test_a_frame_may_lie_a_quarter_of_a_voxel_beside_the_grid(
    axis: int, share: float, is_on_it: bool, image: DicomImage, tmp_path: Path
) -> None:
    affine = spine_affine()
    affine[axis, 3] += share * 4.0
    moved = seg_dataset(Grid(label_values(), affine))
    if is_on_it:
        expect_all(read(tmp_path, image, moved)[0])
        return
    with pytest.raises(InputError, match="between its voxels") as caught:
        read(tmp_path, image, moved)
    assert caught.value.code == "IN-012"


@pytest.mark.parametrize(
    "shift", [(-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)]
)
def test_a_frame_outside_of_the_image_is_refused_on_every_side(
    shift: tuple[int, int, int], image: DicomImage, tmp_path: Path
) -> None:
    affine = spine_affine()
    affine[:3, 3] += affine[:3, :3] @ shift
    with pytest.raises(InputError, match="which is outside") as caught:
        read(tmp_path, image, seg_dataset(Grid(label_values(), affine)))
    assert caught.value.code == "IN-012"


@pytest.mark.parametrize("factor", [1.04, 0.5, 2.0])
def test_frames_of_another_spacing_lie_between_the_voxels(
    factor: float, image: DicomImage, tmp_path: Path
) -> None:
    affine = spine_affine()
    affine[0, 0] *= factor
    with pytest.raises(InputError) as caught:
        read(tmp_path, image, seg_dataset(Grid(label_values(), affine)))
    assert caught.value.code == "IN-012"


def _fractional(ds: Dataset) -> None:
    ds.SegmentationType = "FRACTIONAL"


def _no_kind(ds: Dataset) -> None:
    del ds.SegmentationType


def _frame_uid(ds: Dataset) -> None:
    ds.FrameOfReferenceUID = "1.2.3.4"


def _no_frame_uid(ds: Dataset) -> None:
    del ds.FrameOfReferenceUID


def _person(ds: Dataset) -> None:
    ds.PatientBirthDate = "19000101"


def _no_position(ds: Dataset) -> None:
    del ds.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence


def _no_spacing(ds: Dataset) -> None:
    del ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence


def _fewer_frames(ds: Dataset) -> None:
    del ds.PerFrameFunctionalGroupsSequence[-1]


def _fewer_bits(ds: Dataset) -> None:
    ds.PixelData = ds.PixelData[:-2]


def _same_name(ds: Dataset) -> None:
    ds.SegmentSequence[1].SegmentLabel = "vertebra L4"
    del ds.SegmentSequence[1].SegmentedPropertyTypeCodeSequence


def _other_code(ds: Dataset) -> None:
    ds.SegmentSequence[0].SegmentLabel = "vertebrae_L5"


def _all_unknown(ds: Dataset) -> None:
    for item in ds.SegmentSequence:
        item.SegmentLabel = "tumour"
        del item.SegmentedPropertyTypeCodeSequence


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (_fractional, "IN-016", "SegmentationType is FRACTIONAL"),
        (_no_kind, "IN-016", "SegmentationType is missing"),
        (_frame_uid, "IN-042", "FrameOfReferenceUID differ"),
        (_no_frame_uid, "IN-042", "Only 1 of the two"),
        (_person, "IN-053", "PatientBirthDate"),
        (_no_position, "IN-059", "Frame 3 lacks"),
        (_no_spacing, "IN-059", "Frame 1 lacks"),
        (_fewer_frames, "IN-002", "another number stored"),
        (_fewer_bits, "IN-002", "bytes of pixels are announced"),
        (_same_name, "IN-018", "mean vertebra:L4"),
        (_other_code, "IN-071", "named vertebra:L5 and coded as sacrum"),
        (_all_unknown, "IN-024", "No segment"),
    ],
)
def test_what_is_not_certain_is_refused(
    change: Change, code: str, told: str, image: DicomImage, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, image, seg_dataset(LABELS), change)
    assert caught.value.code == code
    assert told in caught.value.why
    assert "19000101" not in str(caught.value)


def test_unknown_segments_keep_their_number_and_name(image: DicomImage, tmp_path: Path) -> None:
    def change(ds: Dataset) -> None:
        for item, name in zip(ds.SegmentSequence[2:], ("tumour", ""), strict=True):
            item.SegmentLabel = name
            del item.SegmentedPropertyTypeCodeSequence

    source, _ = read(tmp_path, image, seg_dataset(LABELS), change)
    assert {str(key) for key in source.names.values()} == {"sacrum", "vertebra:L5"}
    assert source.unknown == {3: "tumour", 4: "segment 4"}


@pytest.mark.parametrize(
    ("name", "codes", "wanted"),
    [
        ("vertebrae_L4", (), "vertebra:L4"),
        ("nothing known", ("11994002",), "vertebra:L4"),
        ("vertebrae_L4", ("11994002",), "vertebra:L4"),
        ("ilium_left", ("22356005",), "ilium:left"),
        ("nothing known", ("22356005", "24028007"), "ilium:right"),
        ("nothing known", ("11994002", "49668003"), None),
        ("nothing known", ("0",), None),
        ("", (), None),
    ],
)
def test_name_and_code_together_settle_the_structure(
    name: str, codes: tuple[str, ...], wanted: str | None
) -> None:
    key = settle_key(name, codes, "seg.dcm")
    assert key == (None if wanted is None else StructureKey.parse(wanted))


def test_a_code_of_the_other_side_is_refused() -> None:
    with pytest.raises(InputError, match="ilium:left and coded as ilium:right") as caught:
        settle_key("ilium_left", ("22356005", "24028007"), "seg.dcm")
    assert caught.value.code == "IN-071"


def test_the_first_to_fill_a_voxel_keeps_it_and_skin_is_no_overlap(image: DicomImage) -> None:
    grid = LabelGrid(image, "seg.dcm")
    everything = (slice(None),) * 3
    half = np.zeros(SHAPE, bool)
    half[:5] = True
    bone = grid.begin(StructureKey.parse("vertebra:L4"))
    grid.fill(everything, half, bone)
    # filled twice by its own it overlaps nothing
    grid.fill(everything, half, bone)
    grid.fill(everything, np.ones(SHAPE, bool), grid.begin(StructureKey.parse("skin")))
    assert grid.report_overlap() == ()
    grid.fill(everything, half, grid.begin(StructureKey.parse("aorta")))
    (found,) = grid.report_overlap()
    assert (found.code, found.severity) == ("IN-023", Severity.CONFIRM)
    # five of ten columns of nine rows and eight slices, 64 mm3 a voxel
    assert found.why == f"vertebra:L4 keeps {5 * 9 * 8 * 64} mm3 from aorta."
    values = grid.finish({}, "dicom-seg").labels.values
    assert (values == bone).sum() == 5 * 9 * 8


def test_a_little_overlap_is_noted_and_nothing_filled_is_refused(image: DicomImage) -> None:
    grid = LabelGrid(image, "seg.dcm")
    with pytest.raises(InputError) as caught:
        grid.finish({}, "dicom-seg")
    assert caught.value.code == "IN-024"
    voxel = np.zeros(SHAPE, bool)
    voxel[4, 4, 4] = True
    for name in ("vertebra:L4", "aorta"):
        grid.fill((slice(None),) * 3, voxel, grid.begin(StructureKey.parse(name)))
    (found,) = grid.report_overlap()
    assert found.severity is Severity.NOTE
    with pytest.raises(InputError) as caught:
        grid.begin(StructureKey.parse("aorta"))
    assert caught.value.code == "IN-018"


def test_single_bits_are_unpacked_across_the_borders_of_bytes(
    image: DicomImage, tmp_path: Path
) -> None:
    # 90 voxels a frame are no whole number of bytes
    ds = seg_dataset(LABELS)
    assert ds.Rows * ds.Columns % 8 == 2
    codes = one(CodeValue="15825003", CodingSchemeDesignator="SCT", CodeMeaning="Aorta")
    ds.SegmentSequence[3].SegmentedPropertyTypeCodeSequence = codes
    expect_all(read(tmp_path, image, ds)[0])
