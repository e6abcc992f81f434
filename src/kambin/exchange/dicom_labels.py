"""Labels given as DICOM: a segmentation or a structure set, or a folder of them."""

from pathlib import Path

from kambin.core import Finding, InputError
from kambin.exchange.dicom_frames import FileHeader, describe_class, read_header
from kambin.exchange.dicom_image import DicomImage
from kambin.exchange.dicom_reading import (
    explained_parsing,
    find_dicom_files,
    is_dicom_file,
    read_dataset,
)
from kambin.exchange.dicom_rtstruct import RTSTRUCT_CLASS, read_rtstruct
from kambin.exchange.dicom_seg import SEG_CLASSES, read_seg
from kambin.exchange.sources import LabelSource
from kambin.exchange.streams import shown_name


def are_dicom_labels(given: Path | str) -> bool:
    """Return whether what one ``--labels`` names is a DICOM file or a folder with one.

    Parameters
    ----------
    given : path, or a structure name, an equals sign and a mask
    """
    path = Path(given)
    if path.is_dir():
        return any(is_dicom_file(file) for file in sorted(path.iterdir()) if file.is_file())
    return path.is_file() and is_dicom_file(path)


def read_dicom_labels(
    given: Path | str, image: DicomImage | None
) -> tuple[tuple[LabelSource, ...], tuple[Finding, ...]]:
    """Read segmentations and structure sets onto the grid of their image.

    Parameters
    ----------
    given : a file, or a folder that holds one
    image : DicomImage that they refer to, or none

    Raises
    ------
    InputError  (IN-070) without a DICOM image, or if the file holds no labels; and as
        ``read_seg`` and ``read_rtstruct``
    """
    path = Path(given)
    files, _ = find_dicom_files(path)
    headers = [_header_of(file) for file in files]
    labelled = [h for h in headers if h.sop_class in (*SEG_CLASSES, RTSTRUCT_CLASS)]
    if image is None or not labelled:
        kinds = ", ".join(sorted({describe_class(header) for header in headers}))
        raise InputError(
            code="IN-070",
            what="DICOM labels need the image that they refer to"
            if labelled
            else "The DICOM files hold no labels",
            where=shown_name(path),
            why="Their grid and frame of reference are those of a DICOM image, and none was given."
            if labelled
            else f"Found instead: {kinds}.",
            next_step="Give the folder of the DICOM series with -i."
            if labelled
            else "Give a segmentation (SEG) or a structure set (RTSTRUCT).",
        )
    read = [
        read_rtstruct(h, image) if h.sop_class == RTSTRUCT_CLASS else read_seg(h, image)
        for h in labelled
    ]
    return tuple(source for source, _ in read), tuple(f for _, said in read for f in said)


def _header_of(path: Path) -> FileHeader:
    dataset = read_dataset(path, pixels=False)
    with explained_parsing(path):
        return read_header(path, dataset)
