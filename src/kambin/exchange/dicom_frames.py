"""One slice of a DICOM image, whether it fills a file or is one frame of many."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.uid import UID

from kambin.exchange.dicom_reading import explained_parsing, numbers_of, read_dataset, word_of
from kambin.exchange.streams import damaged

IMAGE_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "CT",
    "1.2.840.10008.5.1.4.1.1.2.2": "CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.4.1": "MR",
    "1.2.840.10008.5.1.4.1.1.4.4": "MR",
}
"""SOP classes that are read as images: CT and MR, single-frame, enhanced and legacy converted."""

PERSON_TAGS = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "IssuerOfPatientID")
"""What tells two patients apart; compared, and never shown."""

_SERIES_TAGS = (
    *("SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID", "SeriesNumber"),
    *("SOPInstanceUID", "PatientPosition", "GantryDetectorTilt", "LossyImageCompression"),
    *("PhotometricInterpretation", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit"),
    *("PixelRepresentation", "Rows", "Columns", "AcquisitionNumber", "AcquisitionTime"),
    *("ContrastBolusAgent", "ContentTime"),
)


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What all frames of one file share.

    Parameters
    ----------
    path : the file
    sop_class : str, UID of what kind of object it is
    syntax : str, UID of how its pixels are stored
    words : keyword -> text of the header, without the person
    person : keyword -> text of the tags that tell persons apart; never shown
    """

    path: Path
    sop_class: str
    syntax: str
    words: dict[str, str]
    person: dict[str, str] = field(repr=False)

    @property
    def modality(self) -> str:
        """Return CT, MR, or an empty string for what is not read as an image."""
        return IMAGE_CLASSES.get(self.sop_class, "")

    def number(self, keyword: str) -> int:
        """Return a whole number of the header, or 0 if there is none."""
        word = self.words.get(keyword, "")
        return int(word) if word.isdigit() else 0

    @property
    def shape(self) -> tuple[int, int]:
        """Return rows and columns."""
        return self.number("Rows"), self.number("Columns")


@dataclass(frozen=True, slots=True)
class Frame:
    """One slice: its place in the patient, its scale, and what sets it apart from others.

    Parameters
    ----------
    header : FileHeader
    index : int, number of the frame in its file, from 0
    position : float array, shape (3,), mm, LPS, centre of its first voxel; empty if not stated
    directions : float array, shape (6,), unit vectors along a row and along a column; or empty
    spacing : float array, shape (2,), mm between rows and between columns; or empty
    thickness_mm : float, 0 if not stated
    scale : slope and intercept of the rescale, or empty
    traits : name -> value of what may differ within a series: kernel, kind, echo, phase
    """

    header: FileHeader
    index: int
    position: NDArray[np.float64]
    directions: NDArray[np.float64]
    spacing: NDArray[np.float64]
    thickness_mm: float
    scale: tuple[float, ...]
    traits: dict[str, str]

    @property
    def is_placed(self) -> bool:
        """Return whether the header says where the slice lies."""
        return min(self.position.size, self.directions.size, self.spacing.size) > 0

    @property
    def name(self) -> str:
        """Return file and frame number, as a sort key and for messages."""
        many = f" frame {self.index + 1}" if "NumberOfFrames" in self.header.words else ""
        return f"{self.header.path.name}{many}"


def read_header(path: Path, dataset: Dataset) -> FileHeader:
    """Return what a file says about itself and its patient.

    Parameters
    ----------
    path : the file
    dataset : pydicom data set of it
    """
    meta = dataset.file_meta
    # anonymised files may lack the class in the data set; the file header has it still
    sop_class = word_of(dataset, "SOPClassUID") or word_of(meta, "MediaStorageSOPClassUID")
    words = {tag: word for tag in _SERIES_TAGS if (word := word_of(dataset, tag))}
    if word_of(dataset, "NumberOfFrames"):
        words["NumberOfFrames"] = word_of(dataset, "NumberOfFrames")
    person = {tag: word_of(dataset, tag) for tag in PERSON_TAGS}
    return FileHeader(path, sop_class, word_of(meta, "TransferSyntaxUID"), words, person)


def read_frames(path: Path) -> tuple[FileHeader, list[Frame]]:
    """Read the header of a file and its frames, none if it is no CT or MR image.

    Parameters
    ----------
    path : a DICOM file

    Raises
    ------
    InputError  as ``read_dataset``; (IN-002) if frames are announced that are not described
    """
    dataset = read_dataset(path, pixels=False)
    with explained_parsing(path):
        header = read_header(path, dataset)
        if not header.modality:
            return header, []
        if "PerFrameFunctionalGroupsSequence" not in dataset:
            return header, [_frame(header, 0, [dataset])]
        groups = dataset.PerFrameFunctionalGroupsSequence
        if header.number("NumberOfFrames") != len(groups):
            stated = header.words.get("NumberOfFrames", "no")
            raise damaged(path, f"{stated} frames are announced, {len(groups)} are described.")
        shared = list(dataset.get("SharedFunctionalGroupsSequence") or [])[:1]
        frames = [
            _frame(header, n, [*_macros(group), *(m for s in shared for m in _macros(s)), dataset])
            for n, group in enumerate(groups)
        ]
    return header, frames


def describe_class(header: FileHeader) -> str:
    """Return the kind of object in words, such as ``Secondary Capture Image Storage``."""
    # a UID that is none would make the library warn, with the text of the header in it
    uid = UID(header.sop_class, validation_mode=config.IGNORE)
    return str(uid.name) if uid.name != header.sop_class else "objects of an unknown class"


def _macros(group: Dataset) -> Iterator[Dataset]:
    """Yield the single items of all functional groups of a frame."""
    for element in group:
        if element.VR == "SQ" and len(element.value):
            yield element.value[0]


def _frame(header: FileHeader, index: int, places: list[Dataset]) -> Frame:
    thickness = _first(places, "SliceThickness", 1)
    slope, intercept = (_first(places, f"Rescale{end}", 1) for end in ("Slope", "Intercept"))
    return Frame(
        header,
        index,
        np.array(_first(places, "ImagePositionPatient", 3)),
        np.array(_first(places, "ImageOrientationPatient", 6)),
        np.array(_first(places, "PixelSpacing", 2)),
        thickness[0] if thickness else 0.0,
        (*slope, *intercept) if slope and intercept else (),
        _traits(places),
    )


def _first(places: list[Dataset], keyword: str, count: int) -> tuple[float, ...]:
    """Return the numbers from the frame itself, else from its file."""
    return next((n for place in places if (n := numbers_of(place, keyword, count))), ())


_TRAITS = {
    "kernel": "ConvolutionKernel",
    "kind": "FrameType",
    "image type": "ImageType",
    "echo time": "EffectiveEchoTime",
    "echo": "EchoTime",
    "inversion": "InversionTime",
    "flip angle": "FlipAngle",
    "temporal position": "TemporalPositionIdentifier",
    "temporal index": "TemporalPositionIndex",
    "stack": "StackID",
    "sequence": "SequenceName",
    "diffusion": "DiffusionBValue",
    "energy": "KVP",
}
"""What makes two slices of one series belong to different images, and where it stands."""


def _traits(places: list[Dataset]) -> dict[str, str]:
    found = {}
    for name, keyword in _TRAITS.items():
        word = next((w for place in places if (w := word_of(place, keyword))), "")
        if word:
            found[name] = word
    return found
