"""The image of a case, whichever format it comes in, with what was found about it."""

from dataclasses import dataclass, field
from pathlib import Path

from kambin.core import Finding, RequestError
from kambin.exchange.dicom_image import DicomImage, DicomRequest, identity_of, read_dicom_image
from kambin.exchange.dicom_reading import is_dicom_input
from kambin.exchange.plausibility import check_ceiling
from kambin.exchange.reading import read_raster, volume_of
from kambin.imaging import Volume
from kambin.knowledge import value

IDENTITY_FILE = "identity.json"
"""Kept beside a case only when asked for, and never part of its hash."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as the import needs it.

    Parameters
    ----------
    volume : Volume, canonical, LPS, mm, HU for a CT; or none
    format : str, the file format, or empty
    findings : what a person must know of the image
    facts : words to keep in the case, nothing of the patient
    dicom : DicomImage that DICOM labels refer to, or none
    extra : file name -> bytes to write beside the case, because it was asked for
    """

    volume: Volume | None = None
    format: str = ""
    findings: tuple[Finding, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)
    dicom: DicomImage | None = None
    extra: dict[str, bytes] = field(default_factory=dict, repr=False)


def read_picture(image: Path | None, request: DicomRequest) -> Picture:
    """Read the image of a case from DICOM or from one file of another format.

    Parameters
    ----------
    image : a folder or file, or none for a case of labels alone
    request : what was said about DICOM files

    Raises
    ------
    RequestError  (RQ-003) if DICOM options were given and there is no DICOM image
    InputError  as ``read_raster`` and ``read_dicom_image``
    """
    if image is not None and is_dicom_input(image):
        found = read_dicom_image(image, request)
        extra = {IDENTITY_FILE: identity_of(found)} if request.keep_identity else {}
        return Picture(found.volume, "dicom", found.findings, found.facts, found, extra)
    if request != DicomRequest():
        # an option without effect would let a user believe that it had one
        raise RequestError(
            code="RQ-003",
            what="The options --series, --deshear and --keep-identity are for DICOM",
            where="--image",
            why="No DICOM folder or file was given.",
            next_step="Give the DICOM folder with -i, or leave the options out.",
        )
    if image is None:
        return Picture()
    raster = read_raster(Path(image))
    volume = volume_of(raster)
    ceiling_hu = value("dicom_limits.usual_ceiling_hu")
    # these formats do not say how many bits the scanner had: only the usual end is known
    ends_there = float(volume.values.max()) == ceiling_hu
    return Picture(volume, raster.format, check_ceiling(volume, ceiling_hu) if ends_there else ())


def require_volume(picture: Picture) -> Volume:
    """Return the voxels of a picture that was read from a file or folder.

    Parameters
    ----------
    picture : Picture, as ``read_picture`` returns it for a path
    """
    # without a path there is nothing to read; with one there always is
    if picture.volume is None:
        msg = "a picture without a path has no voxels"
        raise LookupError(msg)
    return picture.volume
