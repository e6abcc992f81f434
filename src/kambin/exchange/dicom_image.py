"""A CT or MR image from DICOM files, as one volume with what must be said about it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kambin.core import Finding, InputError, Severity
from kambin.exchange.dicom_deshear import report_straightening, require_upright, straighten
from kambin.exchange.dicom_frames import FileHeader, Frame, describe_class, read_frames
from kambin.exchange.dicom_pixels import (
    ceiling_of,
    check_compression,
    check_scale,
    decode_stack,
)
from kambin.exchange.dicom_posture import check_posture
from kambin.exchange.dicom_reading import find_dicom_files
from kambin.exchange.dicom_series import (
    choose_series,
    is_localiser,
    require_one_patient,
    require_one_study,
    split_series,
)
from kambin.exchange.dicom_stack import Stack, check_thickness, check_tilt_stated, stack_series
from kambin.exchange.geometry import require_geometry
from kambin.exchange.plausibility import check_ceiling
from kambin.exchange.rasters import Raster
from kambin.exchange.reading import volume_of
from kambin.exchange.streams import shown_name
from kambin.imaging import Volume

_NAMES_SHOWN = 5
_IDENTITY = {"PatientName": "name", "PatientID": "id", "PatientBirthDate": "birth_date"}
_PICTURES = "1.2.840.10008.5.1.4.1.1.7"
"""Secondary captures of every kind; their UIDs begin with this one."""


@dataclass(frozen=True, slots=True)
class DicomRequest:
    """What a user may say about DICOM files.

    Parameters
    ----------
    series : number or UID of the series, or empty if there is only one
    deshear : bool, straighten a gantry tilt instead of refusing it
    keep_identity : bool, keep name, number and birth date in a file beside the case
    """

    series: str = ""
    deshear: bool = False
    keep_identity: bool = False


@dataclass(frozen=True, slots=True)
class DicomImage:
    """An image with its place, and what labels need to prove that they belong to it.

    Parameters
    ----------
    volume : Volume, canonical, LPS, mm
    stack : Stack, the slices as they were stored
    findings : what a person must know
    facts : words kept in the case: modality, thickness, tilt; nothing of the patient
    person : keyword -> text of the tags that tell persons apart; never shown
    """

    volume: Volume
    stack: Stack
    findings: tuple[Finding, ...]
    facts: dict[str, str]
    person: dict[str, str] = field(repr=False)

    @property
    def frame_uid(self) -> str:
        """Return the UID of the frame of reference, empty if the files have none."""
        return self.stack.frames[0].header.words.get("FrameOfReferenceUID", "")


def read_dicom_image(path: Path, request: DicomRequest) -> DicomImage:
    """Read the CT or MR image of a folder, or of one multi-frame file.

    Parameters
    ----------
    path : folder, searched through, or a file; DICOMDIR is ignored
    request : which series, and whether a gantry tilt may be straightened

    Returns
    -------
    DicomImage, LPS, mm; HU for a CT

    Raises
    ------
    InputError  (IN-050 to IN-069) for the rows G03 to G25 of the fault catalogue, and
        (IN-001 to IN-010, IN-025) as ``read_raster``

    Notes
    -----
    Each file is walked to its end before the library parses it; slices are ordered by
    geometry; what differs between persons is compared and never shown.
    """
    where = shown_name(Path(path))
    files, strangers = find_dicom_files(Path(path))
    read = [read_frames(file) for file in files]
    headers = [header for header, _ in read]
    require_one_patient(headers, where)
    frames = [frame for _, found in read for frame in found]
    localisers = [frame for frame in frames if is_localiser(frame)]
    slices = [frame for frame in frames if not is_localiser(frame)]
    if not slices:
        raise _no_image(headers, strangers, localisers, where)
    series = choose_series(split_series(slices), request.series, where)
    require_one_study(series.frames, where)
    left_out = _report_left_out(headers, strangers, localisers, where)
    return _read_stack(stack_series(series, where), request, where, left_out)


def identity_of(image: DicomImage) -> bytes:
    """Return the patient's name, number and birth date as the bytes of a JSON file.

    Parameters
    ----------
    image : DicomImage
    """
    known = {name: image.person.get(tag, "") for tag, name in _IDENTITY.items()}
    return json.dumps(known, indent=1, sort_keys=True, ensure_ascii=False).encode("utf-8")


def _read_stack(
    stack: Stack, request: DicomRequest, where: str, left_out: tuple[Finding, ...]
) -> DicomImage:
    require_geometry(stack.lps_from_ijk, stack.shape, where)
    require_upright(stack, where, deshear=request.deshear)
    values, affine = decode_stack(stack, where), stack.lps_from_ijk
    modality = stack.frames[0].header.modality
    is_ct = modality == "CT"
    facts = {"modality": modality, "slice_thickness_mm": f"{stack.frames[0].thickness_mm:g}"}
    findings = left_out
    if stack.shift_ij.any():
        # the darkest value reads as air, which no path may start behind
        values, affine = straighten(stack, values, order=1, outside=float(values.min()))
        # everything that was checked of the old grid is checked of the new one
        require_geometry(affine, values.shape, where)
        facts["desheared_deg"] = f"{stack.tilt_deg:.3f}"
        findings += (report_straightening(stack, where),)
    volume = volume_of(Raster(values, affine, {}, "dicom"))
    findings += check_tilt_stated(stack, where) + check_thickness(stack, where)
    findings += check_scale(stack, where) + check_compression(stack.frames, where)
    findings += check_ceiling(volume, ceiling_of(stack)) if is_ct else ()
    stated = stack.frames[0].header.words.get("PatientPosition", "")
    findings += check_posture(stated, volume.values, volume.lps_from_ijk, is_ct=is_ct)
    return DicomImage(volume, stack, findings, facts, stack.frames[0].header.person)


def _no_image(
    headers: Sequence[FileHeader], strangers: list[Path], localisers: list[Frame], where: str
) -> InputError:
    kinds = Counter(describe_class(header) for header in headers if not header.modality)
    found = [f"{count} x {kind}" for kind, count in sorted(kinds.items())]
    found += [f"{len(localisers)} localisers"] if localisers else []
    found += [f"{len(strangers)} files that are no DICOM"] if strangers else []
    is_picture = any(header.sop_class.startswith(_PICTURES) for header in headers)
    return InputError(
        code="IN-062" if is_picture else "IN-050",
        what="The files are pictures of an image and no image"
        if is_picture
        else "No CT or MR image was found",
        where=where,
        why=f"Found instead: {', '.join(found) or 'nothing at all'}.",
        next_step="Give the folder of the original CT or MR series; a screenshot has no place "
        "in the patient.",
    )


def _report_left_out(
    headers: Sequence[FileHeader], strangers: list[Path], localisers: list[Frame], where: str
) -> tuple[Finding, ...]:
    kinds = Counter(describe_class(header) for header in headers if not header.modality)
    told = [f"{count} x {kind}" for kind, count in sorted(kinds.items())]
    told += [f"{len(localisers)} localisers"] if localisers else []
    if strangers:
        names = ", ".join(shown_name(file) for file in strangers[:_NAMES_SHOWN])
        told.append(f"{len(strangers)} files that are no DICOM ({names})")
    if not told:
        return ()
    return (
        Finding(
            code="IN-066",
            severity=Severity.NOTE,
            what="Files were left out",
            where=where,
            why=f"Beside the image there are {'; '.join(told)}.",
            next_step="Nothing, unless a slice of the series is among them.",
        ),
    )
