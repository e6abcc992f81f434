"""Slices as headers describe them, made without a file: for what only looks at headers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kambin.exchange.dicom_frames import FileHeader, Frame
from kambin.exchange.dicom_series import Series

CT_CLASS, MR_CLASS = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
EXPLICIT = "1.2.840.10008.1.2.1"
WORDS = {
    "Rows": "4",
    "Columns": "6",
    "SeriesNumber": "3",
    "SeriesInstanceUID": "1.2.3",
    "StudyInstanceUID": "1.2",
    "FrameOfReferenceUID": "1.9",
    "BitsAllocated": "16",
    "BitsStored": "16",
    "HighBit": "15",
    "PixelRepresentation": "1",
    "SamplesPerPixel": "1",
    "PhotometricInterpretation": "MONOCHROME2",
}


def header(
    name: str = "a.dcm",
    *,
    sop_class: str = CT_CLASS,
    syntax: str = EXPLICIT,
    person: dict[str, str] | None = None,
    **words: str,
) -> FileHeader:
    """A header of 4 rows and 6 columns; an empty word takes the element away."""
    kept = {tag: word for tag, word in {**WORDS, **words}.items() if word}
    return FileHeader(Path(name), sop_class, syntax, kept, person or {})


def frame(
    position: Sequence[float] = (0.0, 0.0, 0.0),
    *,
    name: str = "a.dcm",
    index: int = 0,
    directions: Sequence[float] = AXIAL,
    spacing: Sequence[float] = (0.5, 0.7),
    thickness_mm: float = 2.0,
    scale: tuple[float, ...] = (1.0, -1024.0),
    traits: dict[str, str] | None = None,
    **about: Any,
) -> Frame:
    """A slice at a place, mm, LPS."""
    return Frame(
        header(name, **about),
        index,
        np.array(position, dtype=np.float64),
        np.array(directions, dtype=np.float64),
        np.array(spacing, dtype=np.float64),
        thickness_mm,
        scale,
        traits or {},
    )


def frames_at(heights_mm: Sequence[float], **about: Any) -> tuple[Frame, ...]:
    """Axial slices at heights, each in a file of its own."""
    return tuple(
        frame((-10.0, 5.0, z), name=f"{number:03d}.dcm", **about)
        for number, z in enumerate(heights_mm)
    )


def series_at(heights_mm: Sequence[float], **about: Any) -> Series:
    """The same slices as a series."""
    return Series("3", frames_at(heights_mm, **about))
