"""Small made patients as DICOM: series, multi-frame files, segments and contours from arrays."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    MRImageStorage,
    RTStructureSetStorage,
)
from tests.fault.made_files import AORTA, L4, L5, NAMES, SACRUM, spine_image, spine_labels

ROOT_UID = "1.2.826.0.1.3680043.8.498.7"
NAME, PATIENT_ID, BIRTH_DATE = "ZZYZX^QUIRINUS", "PID-73-QX-1", "19610203"
SNOMED = {L4: "11994002", L5: "49668003", SACRUM: "54735007", AORTA: "15825003"}

Change = Callable[[Dataset, int], None]


def spine_affine(spacing_mm: float = 4.0) -> np.ndarray:
    """LPS affine of the made spine when its arrays run to left, back and head."""
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = (-46.0, -23.0, 812.5)
    return affine


@dataclass(frozen=True)
class Grid:
    """An array with its place: shape (columns, rows, slices), LPS, mm."""

    values: np.ndarray
    lps_from_ijk: np.ndarray = field(default_factory=spine_affine)


def spine_grid() -> Grid:
    """The made CT, running to left, back and head."""
    return Grid(spine_image()[::-1, ::-1].copy())


def spine_label_values() -> np.ndarray:
    """Its labels on the same grid."""
    return spine_labels()[::-1, ::-1].copy()


def reordered(grid: Grid, order: tuple[int, int, int], flips: tuple[bool, bool, bool]) -> Grid:
    """The same voxels in another storage order."""
    values, affine = grid.values.transpose(order), grid.lps_from_ijk.copy()
    affine[:, :3] = affine[:, list(order)]
    for axis, flip in enumerate(flips):
        if flip:
            values = np.flip(values, axis)
            affine[:3, 3] += affine[:3, axis] * (values.shape[axis] - 1)
            affine[:3, axis] *= -1.0
    return Grid(np.ascontiguousarray(values), affine)


def base_dataset(sop_class: str, number: int, *, syntax: str = ExplicitVRLittleEndian) -> Dataset:
    """A data set of one patient and study, without pixels."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = sop_class, syntax
    meta.MediaStorageSOPInstanceUID = f"{ROOT_UID}.9.{number}"
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.set_original_encoding(False, syntax != ExplicitVRBigEndian)
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, f"{ROOT_UID}.9.{number}"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = NAME, PATIENT_ID, BIRTH_DATE
    ds.PatientSex, ds.StudyInstanceUID, ds.SeriesInstanceUID = "O", f"{ROOT_UID}.1", f"{ROOT_UID}.2"
    ds.FrameOfReferenceUID, ds.SeriesNumber, ds.InstanceNumber = f"{ROOT_UID}.3", 3, number
    return ds


def put_pixels(ds: Dataset, stored: np.ndarray) -> None:
    """Store one plane (rows, columns) or a stack of them as 16-bit pixels."""
    ds.Rows, ds.Columns = stored.shape[-2:]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 16, 15
    ds.PixelRepresentation = int(stored.dtype.kind == "i")
    ds.PixelData = np.ascontiguousarray(stored).tobytes()


def slice_dataset(grid: Grid, k: int, *, modality: str = "CT", **options: Any) -> Dataset:
    """One slice of a grid, signed, with the scale of a CT."""
    affine = grid.lps_from_ijk
    ds = base_dataset(CTImageStorage if modality == "CT" else MRImageStorage, k + 1, **options)
    ds.Modality, ds.PatientPosition = modality, "HFS"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    ds.ImageOrientationPatient = [float(v) for v in (affine[:3, :2] / steps[:2]).T.ravel()]
    ds.ImagePositionPatient = [float(v) for v in (affine @ (0, 0, k, 1))[:3]]
    ds.PixelSpacing = [float(steps[1]), float(steps[0])]
    # along the normal, which a tilted gantry's stacking direction is not
    normal = np.cross(*(affine[:3, :2] / steps[:2]).T)
    ds.SliceThickness = round(abs(float(normal @ affine[:3, 2])), 6)
    if modality == "CT":
        ds.RescaleSlope, ds.RescaleIntercept, ds.ConvolutionKernel = 1, 0, "B30f"
    put_pixels(ds, grid.values[:, :, k].T.astype("<i2"))
    return ds


def write(ds: Dataset, path: Path) -> Path:
    """Write a data set as a DICOM file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path


def write_series(
    folder: Path,
    grid: Grid | None = None,
    *,
    change: Change | None = None,
    slices: Iterable[int] | None = None,
    prefix: str = "CT",
    **options: Any,
) -> Path:
    """Write a series, one file a slice; ``change`` corrupts a data set before it is written."""
    grid = spine_grid() if grid is None else grid
    for k in range(grid.values.shape[2]) if slices is None else slices:
        ds = slice_dataset(grid, k, **options)
        if change is not None:
            change(ds, k)
        write(ds, folder / f"{prefix}{k:03d}.dcm")
    return folder


def one(**values: Any) -> list[Dataset]:
    """A sequence of one item with these elements."""
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return [item]


def write_enhanced(path: Path, grid: Grid, order: Iterable[int] | None = None) -> Path:
    """Write an enhanced multi-frame MR whose frames are stored in any order."""
    affine, order = grid.lps_from_ijk, list(order or range(grid.values.shape[2]))
    ds = base_dataset(EnhancedMRImageStorage, 1)
    ds.Modality, ds.PatientPosition, ds.ImageType = "MR", "HFS", ["ORIGINAL", "PRIMARY", "M"]
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    shared = Dataset()
    shared.PixelMeasuresSequence = one(
        PixelSpacing=[float(steps[1]), float(steps[0])], SliceThickness=float(steps[2])
    )
    shared.PlaneOrientationSequence = one(
        ImageOrientationPatient=[float(v) for v in (affine[:3, :2] / steps[:2]).T.ravel()]
    )
    ds.SharedFunctionalGroupsSequence = [shared]
    groups = []
    for k in order:
        group = Dataset()
        place = [float(v) for v in (affine @ (0, 0, k, 1))[:3]]
        group.PlanePositionSequence = one(ImagePositionPatient=place)
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence, ds.NumberOfFrames = groups, len(order)
    put_pixels(ds, np.stack([grid.values[:, :, k].T for k in order]).astype("<i2"))
    return write(ds, path)


def seg_dataset(
    grid: Grid, names: dict[int, str] | None = None, *, slices: Iterable[int] | None = None
) -> Dataset:
    """A binary segmentation of a label grid, made by hand; empty frames are left out."""
    affine, ds = grid.lps_from_ijk, base_dataset("1.2.840.10008.5.1.4.1.1.66.4", 900)
    ds.Modality, ds.SegmentationType, ds.SeriesNumber = "SEG", "BINARY", 90
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    ds.SegmentSequence, groups, planes = [], [], []
    for number, (label, name) in enumerate((names or NAMES).items(), start=1):
        code = one(CodeValue=SNOMED[label], CodingSchemeDesignator="SCT", CodeMeaning=name)
        ds.SegmentSequence += one(
            SegmentNumber=number, SegmentLabel=name, SegmentedPropertyTypeCodeSequence=code
        )
        for k in slices if slices is not None else range(grid.values.shape[2]):
            mask = label == grid.values[:, :, k].T
            if not mask.any():
                continue
            group = Dataset()
            group.SegmentIdentificationSequence = one(ReferencedSegmentNumber=number)
            place = [float(v) for v in (affine @ (0, 0, k, 1))[:3]]
            group.PlanePositionSequence = one(ImagePositionPatient=place)
            groups.append(group)
            planes.append(mask)
    shared = Dataset()
    shared.PixelMeasuresSequence = one(PixelSpacing=[float(steps[1]), float(steps[0])])
    shared.PlaneOrientationSequence = one(
        ImageOrientationPatient=[float(v) for v in (affine[:3, :2] / steps[:2]).T.ravel()]
    )
    ds.SharedFunctionalGroupsSequence = [shared]
    ds.PerFrameFunctionalGroupsSequence, ds.NumberOfFrames = groups, len(groups)
    put_pixels(ds, np.stack(planes).astype(np.uint8))
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 1, 1, 0
    packed = np.packbits(np.stack(planes).ravel(), bitorder="little").tobytes()
    ds.PixelData = packed + b"\0" * (len(packed) % 2)
    return ds


def label_map_dataset(grid: Grid) -> Dataset:
    """A label map segmentation: one frame a slice, pixel values are segment numbers."""
    ds = seg_dataset(grid)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.66.7"
    ds.SegmentationType = "LABELMAP"
    numbers = np.zeros(256, np.uint8)
    numbers[list(NAMES)] = range(1, len(NAMES) + 1)
    groups = []
    for k in range(grid.values.shape[2]):
        group = Dataset()
        place = [float(v) for v in (grid.lps_from_ijk @ (0, 0, k, 1))[:3]]
        group.PlanePositionSequence = one(ImagePositionPatient=place)
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence, ds.NumberOfFrames = groups, len(groups)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    ds.PixelData = np.ascontiguousarray(numbers[grid.values].transpose(2, 1, 0)).tobytes()
    return ds


def rtstruct_dataset(contours: dict[str, list[np.ndarray]]) -> Dataset:
    """A structure set: name -> closed outlines, each shape (N, 3), mm, LPS."""
    ds = base_dataset(RTStructureSetStorage, 800)
    del ds.FrameOfReferenceUID
    ds.Modality, ds.SeriesNumber = "RTSTRUCT", 80
    ds.StructureSetROISequence, ds.ROIContourSequence, ds.RTROIObservationsSequence = [], [], []
    for number, (name, outlines) in enumerate(contours.items(), start=1):
        ds.StructureSetROISequence += one(
            ROINumber=number, ROIName=name, ReferencedFrameOfReferenceUID=f"{ROOT_UID}.3"
        )
        rows = [
            one(
                ContourGeometricType="CLOSED_PLANAR",
                NumberOfContourPoints=len(points),
                ContourData=[float(v) for v in points.ravel()],
            )[0]
            for points in outlines
        ]
        ds.ROIContourSequence += one(ReferencedROINumber=number, ContourSequence=rows)
    return ds


def box_outline(
    grid: Grid, k: int, low: tuple[float, float], high: tuple[float, float]
) -> np.ndarray:
    """A rectangle on slice k around voxels low to high, drawn half a voxel outside of them."""
    (a, b), (c, d) = np.subtract(low, 0.5), np.add(high, 0.5)
    corners = np.array([(a, b, k, 1), (c, b, k, 1), (c, d, k, 1), (a, d, k, 1)])
    return (corners @ grid.lps_from_ijk.T)[:, :3]


def label_outlines(grid: Grid, label: int) -> list[np.ndarray]:
    """Rectangles around a box-shaped label, one a slice."""
    outlines = []
    for k in range(grid.values.shape[2]):
        found = np.argwhere(grid.values[:, :, k] == label)
        if found.size:
            outlines.append(box_outline(grid, k, tuple(found.min(0)), tuple(found.max(0))))
    return outlines


def tilted_grid(degrees: float) -> Grid:
    """The made spine as a tilted gantry scans it: each slice shifted back along its rows.

    The voxels are those of the upright spine, so that straightening by whole voxels gives it back.
    """
    upright = spine_grid()
    affine = upright.lps_from_ijk.copy()
    affine[1, 2] = affine[2, 2] * np.tan(np.radians(degrees))
    return Grid(upright.values, affine)
