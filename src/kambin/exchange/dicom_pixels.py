"""Pixels of a stack of slices, decoded straight into one array of true values."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.utils import iter_pixels

from kambin.core import Finding, InputError, Severity
from kambin.exchange.dicom_codestream import find_codestream_fault
from kambin.exchange.dicom_frames import FileHeader, Frame
from kambin.exchange.dicom_reading import explained_parsing, read_dataset
from kambin.exchange.dicom_stack import Stack
from kambin.exchange.rasters import require_within_budget
from kambin.exchange.streams import damaged, shown_name
from kambin.exchange.voxels import VoxelArray

_LOSSY = {
    "1.2.840.10008.1.2.4.50": "JPEG baseline",
    "1.2.840.10008.1.2.4.51": "JPEG extended",
    "1.2.840.10008.1.2.4.81": "JPEG-LS near-lossless",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.4.203": "high-throughput JPEG 2000",
}
"""Transfer syntaxes that may lose information (PS3.5 section 10)."""


def decode_stack(stack: Stack, where: str) -> VoxelArray:
    """Decode all slices into one array of true values, HU for a CT.

    Parameters
    ----------
    stack : Stack
    where : str, the name of the folder or file

    Returns
    -------
    array, shape (columns, rows, slices), int16 if the scale allows, else float32

    Raises
    ------
    InputError  (IN-004) before anything is allocated; (IN-062) for what is no grey
        measurement; (IN-060) for a CT without its scale; (IN-002) for broken pixels;
        (IN-069) for a compression that cannot be read
    """
    for frame in stack.frames:
        _require_grey(frame.header)
    scales = _scales(stack.frames, where)
    dtype = _dtype_for(stack.frames, scales)
    require_within_budget(stack.shape, dtype.itemsize, where)
    columns, rows, count = stack.shape
    slices = np.zeros((count, rows, columns), dtype)
    places = {(f.header.path, f.index): n for n, f in enumerate(stack.frames)}
    for _, group in groupby(
        sorted(stack.frames, key=lambda f: (f.header.path, f.index)), key=lambda f: f.header.path
    ):
        for frame, stored in _decoded(list(group)):
            place = places[frame.header.path, frame.index]
            slope, intercept = scales[place]
            # double, then once rounded: an intercept may have more digits than float32 keeps
            slices[place] = stored if (slope, intercept) == (1, 0) else stored * slope + intercept
    return slices.transpose(2, 1, 0)


def decode_frames(header: FileHeader, indices: Sequence[int]) -> Iterator[VoxelArray]:
    """Decode frames of one file one after the other, each shape (rows, columns), as stored.

    Parameters
    ----------
    header : FileHeader
    indices : ascending numbers of the frames, from 0

    Raises
    ------
    InputError  (IN-002) if the pixels are broken; (IN-069) if their compression is unknown
    """
    path, dataset = header.path, read_dataset(header.path, pixels=True)
    with explained_parsing(path):
        total = header.number("NumberOfFrames") or 1
        fault = find_codestream_fault(dataset, total) if "PixelData" in dataset else "It has none."
        if fault:
            raise damaged(path, fault)
        try:
            # raw: colours are refused before, and a palette is no measurement
            frames = iter_pixels(dataset, indices=list(indices), raw=True)
            for frame in frames:
                if frame.shape != header.shape:
                    raise damaged(path, f"A frame of {frame.shape} was decoded.")
                yield frame
        except (NotImplementedError, RuntimeError) as error:
            raise InputError(
                code="IN-069",
                what="The pixels cannot be decoded",
                where=shown_name(path),
                why=f"Transfer syntax {header.syntax[:64]}: {type(error).__name__}.",
                next_step="Export the series uncompressed, or losslessly compressed.",
            ) from None


def ceiling_of(stack: Stack) -> float:
    """Return the highest value that the number format of a stack can hold, HU for a CT."""
    tops = [
        (_stored_range(f.header)[1]) * s[0] + s[1]
        for f, s in zip(stack.frames, _scales(stack.frames, ""), strict=True)
    ]
    return float(min(tops))


def check_scale(stack: Stack, where: str) -> tuple[Finding, ...]:
    """Return a CONFIRM if the scale to HU changes from slice to slice of a CT.

    Parameters
    ----------
    stack : Stack
    where : str, the name of the folder or file
    """
    scales = sorted({frame.scale for frame in stack.frames})
    # MR has no unit, and its scanners scale each slice for itself; it is applied all the same
    if len(scales) < 2 or stack.frames[0].header.modality != "CT":
        return ()
    shown = "; ".join(f"slope {s[0]:g}, intercept {s[1]:g}" for s in (scales[0], scales[-1]))
    return (
        Finding(
            code="IN-060",
            severity=Severity.CONFIRM,
            what="The scale to Hounsfield units changes between slices",
            where=where,
            why=f"{len(scales)} scales, from {shown}; each slice was read with its own.",
            next_step="Look for steps of brightness between slices, and confirm.",
        ),
    )


def check_compression(frames: Sequence[Frame], where: str) -> tuple[Finding, ...]:
    """Return a CONFIRM if the slices were compressed with loss, or nothing excludes it.

    Parameters
    ----------
    frames : slices
    where : str, the name of the folder or file
    """
    flagged = sum(f.header.words.get("LossyImageCompression") == "01" for f in frames)
    # the flag stays when a lossy picture is stored anew without compression
    silent = [f for f in frames if "LossyImageCompression" not in f.header.words]
    ways = sorted({_LOSSY[f.header.syntax] for f in silent if f.header.syntax in _LOSSY})
    if not flagged and not ways:
        return ()
    why = f"{flagged} of {len(frames)} slices say so." if flagged else ""
    why += f"{ways[0]} was used, and no slice says that nothing was lost." if ways else ""
    return (
        Finding(
            code="IN-063",
            severity=Severity.CONFIRM,
            what="The image was compressed with loss" if flagged else "The image may have lost",
            where=where,
            why=why,
            next_step="Fetch the original series, or look at the edges of bone and confirm.",
        ),
    )


def _decoded(frames: list[Frame]) -> Iterator[tuple[Frame, NDArray[np.float64]]]:
    header = frames[0].header
    stream = decode_frames(header, [frame.index for frame in frames])
    for frame, stored in zip(frames, stream, strict=True):
        yield frame, _true_bits(stored, header)


def _true_bits(stored: VoxelArray, header: FileHeader) -> VoxelArray:
    """Return only the bits that belong to the value: old files keep overlays in the others."""
    allocated, used = header.number("BitsAllocated"), header.number("BitsStored")
    if used >= allocated:
        return stored
    kept = stored & ((1 << used) - 1)
    if not header.number("PixelRepresentation"):
        return kept
    sign = 1 << (used - 1)
    return (kept ^ sign).astype(np.int64) - sign


def _require_grey(header: FileHeader) -> None:
    words = header.words
    kind = words.get("PhotometricInterpretation", "none")
    bits, used, top = (header.number(k) for k in ("BitsAllocated", "BitsStored", "HighBit"))
    why = ""
    if header.number("SamplesPerPixel") != 1 or kind != "MONOCHROME2":
        why = f"PhotometricInterpretation is {kind[:20]}; MONOCHROME2 is needed."
    elif bits not in (8, 16, 32) or not 1 <= used <= bits or top != used - 1:
        why = f"{bits} bits are allocated, {used} stored, the highest is {top}."
    if why:
        raise InputError(
            code="IN-062",
            what="The pixels are a picture and no measurement",
            where=shown_name(header.path),
            why=why,
            next_step="Import the original series and no screenshot or presentation of it.",
        )


def _scales(frames: Sequence[Frame], where: str) -> list[tuple[float, float]]:
    scales = []
    for frame in frames:
        slope, intercept = frame.scale or (1.0, 0.0)
        is_missing = not frame.scale and frame.header.modality == "CT"
        if is_missing or not np.isfinite([slope, intercept]).all() or slope == 0:
            raise InputError(
                code="IN-060",
                what="The scale to Hounsfield units is missing",
                where=where,
                why=f"{frame.name} has no usable RescaleSlope and RescaleIntercept.",
                next_step="Export the series again; bone cannot be told without the scale.",
            )
        scales.append((slope, intercept))
    return scales


def _stored_range(header: FileHeader) -> tuple[int, int]:
    bits = header.number("BitsStored")
    if header.number("PixelRepresentation"):
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return 0, (1 << bits) - 1


def _dtype_for(frames: Sequence[Frame], scales: list[tuple[float, float]]) -> np.dtype[np.generic]:
    """Return int16 if every value that can occur is a whole number of 16 bits."""
    limits = np.iinfo(np.int16)
    for frame, (slope, intercept) in zip(frames, scales, strict=True):
        ends = [stored * slope + intercept for stored in _stored_range(frame.header)]
        whole = slope == int(slope) and intercept == int(intercept)
        if not whole or min(ends) < limits.min or max(ends) > limits.max:
            return np.dtype(np.float32)
    return np.dtype(np.int16)
