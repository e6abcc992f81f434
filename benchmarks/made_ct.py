"""A made patient in the size of a hospital's CT: a DICOM series and a DICOM segmentation of it."""

from pathlib import Path

import highdicom
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from kambin.anatomy import Level
from kambin.core import SilentProgress
from kambin.frames import Side
from kambin.phantom import PhantomParameters, build_truth
from kambin.phantom.ct import CtContrast
from kambin.phantom.given import name_given, paint_given
from kambin.phantom.scanning import scan

SHAPE = (512, 512, 300)
SPACING_MM = (0.75, 0.75, 1.0)
"""A field of view of 384 mm, slices as thin as those a spine is reconstructed with."""

SEED = 0
SERIES, SEGMENTS = "series", "segments.dcm"


def write_made_ct(folder: Path) -> None:
    """Paint the patient, then write 300 slices and one segmentation with a segment a structure."""
    parameters = PhantomParameters(Level("L4", "L5"), Side.LEFT, seed=SEED)
    truth = build_truth(parameters)
    middle = (truth.low_lps_mm + truth.high_lps_mm) / 2
    x, y, z = (
        centre + step * (np.arange(count) - (count - 1) / 2)
        for centre, step, count in zip(middle, SPACING_MM, SHAPE, strict=True)
    )
    part_of = {key: number for number, key in truth.names.items()}
    rng = np.random.default_rng(SEED)
    image, parts = scan(truth.shapes, (x, y, z), part_of, CtContrast(), rng, SilentProgress())
    labels = paint_given(parts, truth.shapes, truth.names, parameters)
    slices = _write_series(folder / SERIES, image, (x[0], y[0]), z)
    names = {number: str(key) for number, key in name_given(truth.shapes, parameters).items()}
    _write_segments(folder / SEGMENTS, slices, labels, names)


def _write_series(
    folder: Path,
    image: NDArray[np.float32],
    corner_mm: tuple[float, float],
    heights_mm: NDArray[np.float64],
) -> list[Dataset]:
    folder.mkdir(parents=True)
    study, series, frame = (generate_uid() for _ in range(3))
    slices = []
    for k, height in enumerate(heights_mm.tolist()):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = (
            CTImageStorage,
            ExplicitVRLittleEndian,
        )
        meta.MediaStorageSOPInstanceUID = generate_uid()
        one = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        one.SOPClassUID, one.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        one.StudyInstanceUID, one.SeriesInstanceUID, one.FrameOfReferenceUID = study, series, frame
        one.PatientName, one.PatientID, one.PatientBirthDate, one.PatientSex = "", "made", "", ""
        one.StudyID, one.StudyDate, one.StudyTime, one.AccessionNumber = "", "", "", ""
        one.ReferringPhysicianName, one.Modality, one.PatientPosition = "", "CT", "HFS"
        one.ImageType, one.SeriesNumber, one.InstanceNumber = (
            ["ORIGINAL", "PRIMARY", "AXIAL"],
            1,
            k + 1,
        )
        one.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        one.ImagePositionPatient = [*map(float, corner_mm), height]
        one.PixelSpacing, one.SliceThickness = list(SPACING_MM[:2]), SPACING_MM[2]
        one.RescaleSlope, one.RescaleIntercept = 1, 0
        one.Rows, one.Columns = SHAPE[1], SHAPE[0]
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 1
        one.PixelData = np.rint(image[:, :, k].T).astype("<i2").tobytes()
        one.save_as(folder / f"{k:03d}.dcm", enforce_file_format=True)
        slices.append(one)
    return slices


def _write_segments(
    file: Path, slices: list[Dataset], labels: NDArray[np.uint8], names: dict[int, str]
) -> None:
    painter = highdicom.AlgorithmIdentificationSequence(
        "painter", codes.DCM.ArtificialIntelligence, "1"
    )
    described = [
        highdicom.seg.SegmentDescription(
            number, name, codes.SCT.Organ, codes.SCT.Organ, "AUTOMATIC", painter
        )
        for number, name in names.items()
    ]
    highdicom.seg.Segmentation(
        slices,
        np.ascontiguousarray(labels.transpose(2, 1, 0)),
        "BINARY",
        described,
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="Kambin",
        manufacturer_model_name="phantom",
        software_versions="1",
        device_serial_number="1",
    ).save_as(file)
