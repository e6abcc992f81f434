"""Labels of DICOM objects put onto the slices of the image that they refer to."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.core import Finding, InputError, Severity
from kambin.exchange.dialects import EMBEDDED, find_key, is_envelope
from kambin.exchange.dicom_deshear import straighten
from kambin.exchange.dicom_frames import FileHeader
from kambin.exchange.dicom_image import DicomImage
from kambin.exchange.dicom_series import require_one_patient
from kambin.exchange.rasters import Raster
from kambin.exchange.reading import label_map_of
from kambin.exchange.sources import LabelSource
from kambin.exchange.streams import shown_name
from kambin.frames import Side
from kambin.knowledge import value

_PAIRS_SHOWN = 5


class LabelGrid:
    """An empty label map on the slices of an image, to be filled structure by structure.

    Parameters
    ----------
    image : DicomImage, the image that the labels refer to
    where : str, the name of the label file
    """

    def __init__(self, image: DicomImage, where: str) -> None:
        self._image, self.where = image, where
        # slice after slice, as frames come: across them a frame would touch every page of it
        self._values = np.zeros(image.stack.shape, np.uint16, order="F")
        self._overlap: Counter[tuple[str, str]] = Counter()
        self._names: dict[int, StructureKey] = {}
        stored = image.stack.lps_from_ijk.copy()
        # where the gantry was tilted each slice still lies where the scanner put it
        stored[:3, 2] += stored[:3, :2] @ image.stack.shift_ij
        self.ijk_from_lps = np.linalg.inv(stored)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return the number of columns, rows and slices of the image."""
        return self._image.stack.shape

    def begin(self, key: StructureKey) -> int:
        """Return the label value of a structure that is to be filled next.

        Raises
        ------
        InputError  (IN-018) if the file holds it already
        """
        if key in self._names.values():
            raise InputError(
                code="IN-018",
                what="Two labels have the same name",
                where=self.where,
                why=f"Two segments or contours mean {key}.",
                next_step="Give each structure one segment, or join the two before importing.",
            )
        self._names[len(self._names) + 1] = key
        return len(self._names)

    def fill(self, place: tuple[slice | int, ...], mask: NDArray[np.bool_], label: int) -> None:
        """Give voxels to a structure; what an earlier one has it keeps, and the overlap counts.

        Parameters
        ----------
        place : indices of a part of the grid, along i, j, k
        mask : bool array of the shape of that part
        label : int, from ``begin``
        """
        part = self._values[place]
        taken = part[mask & (part > 0) & (part != label)]
        counts = np.bincount(taken, minlength=1)
        for winner in np.flatnonzero(counts):
            kept, lost = self._names[int(winner)], self._names[label]
            if not (is_envelope(kept) or is_envelope(lost)):
                self._overlap[str(kept), str(lost)] += int(counts[winner])
        part[mask & (part == 0)] = label

    def finish(self, unknown: Mapping[int, str], form: str) -> LabelSource:
        """Return the filled grid as labels, straightened as the image was.

        Parameters
        ----------
        unknown : number -> name of what was not understood
        form : str, the file format

        Raises
        ------
        InputError  (IN-024) if nothing was filled
        """
        if not self._values.any():
            raise InputError(
                code="IN-024",
                what="A mask is empty",
                where=self.where,
                why="No segment or contour of a known structure holds a voxel.",
                next_step="Name the segments after the structures, and export them again.",
            )
        stack, values, affine = self._image.stack, self._values, self._image.stack.lps_from_ijk
        if stack.shift_ij.any():
            values, affine = straighten(stack, values, order=0, outside=0)
        labels = label_map_of(Raster(values, affine, {}, form), self.where)
        return LabelSource(labels, self._names, dict(unknown), EMBEDDED, form, self.where)

    def report_overlap(self) -> tuple[Finding, ...]:
        """Return what two structures of the file both claimed (IN-023)."""
        if not self._overlap:
            return ()
        voxel_mm3 = float(np.prod(self._image.stack.spacing_mm))
        largest = sorted(self._overlap.items(), key=lambda item: (-item[1], item[0]))
        shown = [f"{a} keeps {n * voxel_mm3:.0f} mm3 from {b}" for (a, b), n in largest]
        is_large = largest[0][1] * voxel_mm3 > value("checks.overlap_confirm_mm3")
        return (
            Finding(
                code="IN-023",
                severity=Severity.CONFIRM if is_large else Severity.NOTE,
                what="Segments of one file overlap",
                where=self.where,
                why=f"{'; '.join(shown[:_PAIRS_SHOWN])}.",
                next_step="Look at the pair in the picture, and accept the code if that is right.",
            ),
        )


def require_same_frame(header: FileHeader, frame_uid: str, image: DicomImage) -> None:
    """Refuse labels of another patient or another frame of reference than the image.

    Parameters
    ----------
    header : FileHeader of the label file
    frame_uid : UID of the frame of reference that the labels state, or empty
    image : DicomImage

    Raises
    ------
    InputError  (IN-053) for another patient; (IN-042) for another frame of reference, or
        where one of the two states none

    Notes
    -----
    Compared here, because ``highdicom`` compares geometry without the frame: two grids of
    equal numbers in two frames are two places in the patient.
    """
    where = shown_name(header.path)
    require_one_patient([image.stack.frames[0].header, header], f"image and {where}")
    if frame_uid and frame_uid == image.frame_uid:
        return
    stated = bool(frame_uid) + bool(image.frame_uid)
    raise InputError(
        code="IN-042",
        what="Image and labels lie in different frames of reference",
        where=f"image and {where}",
        why="Their FrameOfReferenceUID differ."
        if stated == 2
        else f"Only {stated} of the two states a FrameOfReferenceUID.",
        next_step="Use labels that were drawn on this series, or register the two first.",
    )


def settle_key(name: str, codes: Iterable[str], where: str) -> StructureKey | None:
    """Return the structure that a segment's name and its SNOMED codes stand for, or none.

    Parameters
    ----------
    name : str, such as ``vertebrae_L4`` or ``L4 vertebra``
    codes : SNOMED codes of type and modifiers, such as 11994002
    where : str, the name of the file

    Raises
    ------
    InputError  (IN-071) if name and code mean different structures
    """
    named, coded = find_key(name), _find_coded(set(codes))
    if named is None or coded is None:
        return named or coded
    # a code may leave the side to the name, or the name to the code
    side = named.side or coded.side
    one, other = (StructureKey(k.kind, k.place, k.side or side) for k in (named, coded))
    if one != other:
        raise InputError(
            code="IN-071",
            what="Name and code of a segment disagree",
            where=where,
            why=f"It is named {named} and coded as {coded}.",
            next_step="Correct the segment in the tool it came from.",
        )
    return one


def _find_coded(codes: set[str]) -> StructureKey | None:
    tables = _tables()
    keys = [tables["structures"][code] for code in sorted(codes & tables["structures"].keys())]
    sides = [tables["sides"][code] for code in sorted(codes & tables["sides"].keys())]
    if len(keys) != 1:
        return None
    key = StructureKey.parse(keys[0])
    return StructureKey(key.kind, key.place, Side(sides[0])) if len(sides) == 1 else key


@cache
def _tables() -> dict[str, dict[str, str]]:
    text = resources.files("kambin.knowledge").joinpath("tables", "snomed.toml")
    return tomllib.loads(text.read_text("utf-8"))
