"""Slices to one grid by geometry alone: sorted, evenly spaced, at right angles, or refused."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.core import Finding, InputError, Severity
from kambin.exchange.dicom_frames import Frame
from kambin.exchange.dicom_series import Series
from kambin.exchange.rasters import require_three_dimensions, require_within_budget
from kambin.imaging.volume import ORTHOGONAL_TOLERANCE
from kambin.knowledge import value

_UNIT_TOLERANCE = 1e-3
"""Largest error of length and angle of the two directions; headers keep 6 digits."""

_SHOWN = 8
"""How many positions a message lists."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Slices in the order of their places, and the grid on which they lie.

    Parameters
    ----------
    frames : slices along the normal, first to last
    lps_from_ijk : float array, shape (4, 4), mm, LPS; i counts columns, j rows, k slices; at
        right angles even where the slices are shifted
    shift_ij : float array, shape (2,), voxels by which each slice lies further than the one
        before it within its plane; zero without a gantry tilt
    """

    frames: tuple[Frame, ...]
    lps_from_ijk: NDArray[np.float64]
    shift_ij: NDArray[np.float64]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return the number of columns, rows and slices."""
        rows, columns = self.frames[0].header.shape
        return columns, rows, len(self.frames)

    @property
    def spacing_mm(self) -> NDArray[np.float64]:
        """Return the distance of columns, rows and slices, shape (3,), mm."""
        lengths: NDArray[np.float64] = np.linalg.norm(self.lps_from_ijk[:3, :3], axis=0)
        return lengths

    @property
    def tilt_deg(self) -> float:
        """Return the angle between the stacking direction and the normal, degrees."""
        aside_mm = float(np.linalg.norm(self.shift_ij * self.spacing_mm[:2]))
        return float(np.degrees(np.arctan2(aside_mm, self.spacing_mm[2])))


def stack_series(series: Series, where: str) -> Stack:
    """Sort the slices of a series by their place and prove that they are an even stack.

    Parameters
    ----------
    series : Series
    where : str, the name of the folder or file

    Returns
    -------
    Stack, mm, LPS

    Raises
    ------
    InputError  (IN-059) without spacing, position or orientation; (IN-005) for one slice;
        (IN-055) for two slices at one place, (IN-054) for missing ones, (IN-056) for uneven
        ones

    Notes
    -----
    Order is the projection of the position on the normal of the slices. Names of files and
    instance numbers play no part. Two steps are equal within 1 % or 0.1 mm.
    """
    frames = _require_placed(series.frames, where)
    rows, columns = frames[0].header.shape
    require_three_dimensions((columns, rows, len(frames)), 1, where)
    # by the header alone, long before a decoder sees it (fault G20)
    require_within_budget((columns, rows, len(frames)), np.dtype(np.int16).itemsize, where)
    row, column, normal = _axes(frames[0], where)
    along_mm = np.array([frame.position @ normal for frame in frames])
    # names only break ties, which the next check refuses anyway
    order = sorted(range(len(frames)), key=lambda n: (along_mm[n], frames[n].name))
    frames, along_mm = tuple(frames[n] for n in order), along_mm[order]
    step_mm = _require_even(frames, along_mm, where)
    positions = np.array([frame.position for frame in frames])
    shift_mm = _shift_per_slice(positions, np.stack([row, column]), where)
    row_mm, column_mm = frames[0].spacing
    affine = np.eye(4)
    affine[:3, :3] = np.stack([row * column_mm, column * row_mm, normal * step_mm], axis=1)
    affine[:3, 3] = positions[0]
    return Stack(frames, affine, shift_mm / (column_mm, row_mm))


def check_tilt_stated(stack: Stack, where: str) -> tuple[Finding, ...]:
    """Return a CONFIRM if the header states a gantry tilt that the positions do not show.

    Parameters
    ----------
    stack : Stack
    where : str, the name of the folder or file
    """
    word = stack.frames[0].header.words.get("GantryDetectorTilt", "")
    try:
        stated_deg = abs(float(word or 0.0))
    except ValueError:
        return ()
    if stated_deg < value("dicom_limits.tilt_noise_deg") or stack.shift_ij.any():
        return ()
    return (
        Finding(
            code="IN-057",
            severity=Severity.CONFIRM,
            what="The header states a gantry tilt that the slice positions do not show",
            where=where,
            why=f"{stated_deg:.1f} degrees are stated, the stack is at right angles.",
            next_step="Look whether the spine is sheared in the sagittal picture, and confirm.",
        ),
    )


def check_thickness(stack: Stack, where: str) -> tuple[Finding, ...]:
    """Return what is to be said about slices that overlap or leave gaps.

    Parameters
    ----------
    stack : Stack
    where : str, the name of the folder or file
    """
    thickness_mm, step_mm = stack.frames[0].thickness_mm, float(stack.spacing_mm[2])
    gap = step_mm / thickness_mm - 1.0 if thickness_mm > 0 else 0.0
    if abs(gap) <= value("dicom_limits.step_fraction"):
        return ()
    is_wide = gap > value("dicom_limits.gap_fraction")
    relation = "leave gaps" if gap > 0 else "overlap"
    return (
        Finding(
            code="IN-065",
            severity=Severity.CONFIRM if is_wide else Severity.NOTE,
            what=f"The slices {relation}",
            where=where,
            why=f"They are {thickness_mm:.3g} mm thick and {step_mm:.3g} mm apart; "
            + ("nothing is known of what lies between." if gap > 0 else "each blurs its next."),
            next_step="Look whether every second slice was left out, and confirm."
            if is_wide
            else "Nothing, if that is how the scanner was set.",
        ),
    )


def _require_placed(frames: Sequence[Frame], where: str) -> tuple[Frame, ...]:
    for frame in frames:
        numbers = {
            "PixelSpacing": frame.spacing,
            "ImagePositionPatient": frame.position,
            "ImageOrientationPatient": frame.directions,
        }
        missing = [tag for tag, n in numbers.items() if not n.size or not np.isfinite(n).all()]
        if missing or not (frame.spacing > 0).all():
            told = ", ".join(missing) or "PixelSpacing (zero or negative)"
            raise _no_place(where, f"{frame.name} lacks {told}; nothing is assumed instead.")
    return tuple(frames)


def _axes(
    frame: Frame, where: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the directions along a row, along a column and of the normal, orthonormal."""
    row, column = frame.directions[:3], frame.directions[3:]
    lengths = float(np.linalg.norm(row)), float(np.linalg.norm(column))
    errors = (abs(lengths[0] - 1), abs(lengths[1] - 1), abs(float(row @ column)))
    if max(errors) > _UNIT_TOLERANCE:
        raise _no_place(where, "ImageOrientationPatient is not two unit vectors at right angles.")
    row = row / lengths[0]
    column = column - row * (row @ column)
    column /= np.linalg.norm(column)
    return row, column, np.cross(row, column)


def _require_even(frames: tuple[Frame, ...], along_mm: NDArray[np.float64], where: str) -> float:
    """Return the distance of neighbouring slices, the same for all of them."""
    steps = np.diff(along_mm)
    usual = float(np.median(steps))
    # half of the slices twice makes zero the usual step; the largest is then the better guess
    usual = usual if usual > 0 else float(steps.max())
    near = np.flatnonzero(steps <= value("dicom_limits.duplicate_fraction") * usual)
    if near.size:
        raise _duplicate(frames[near[0]], frames[near[0] + 1], float(steps[near[0]]), where)
    slack = max(value("dicom_limits.step_mm"), value("dicom_limits.step_fraction") * usual)
    # where slices are missing the smallest step is the true one
    base = float(np.median(steps[steps <= steps.min() + slack]))
    times = np.rint(steps / base)
    slack = max(value("dicom_limits.step_mm"), value("dicom_limits.step_fraction") * base)
    fits = np.abs(steps - times * base) <= slack * times
    if not fits.all():
        raise InputError(
            code="IN-056",
            what="The slices are unevenly spaced",
            where=where,
            why=f"Steps run from {steps.min():.3f} to {steps.max():.3f} mm; "
            f"they may differ by {slack:.3f} mm (dicom_limits.step_fraction and step_mm).",
            next_step="Export one evenly spaced series, or reconstruct it again.",
        )
    if (times > 1).any():
        raise _missing(along_mm, times, base, where)
    return float((along_mm[-1] - along_mm[0]) / steps.size)


def _shift_per_slice(
    positions: NDArray[np.float64], in_plane: NDArray[np.float64], where: str
) -> NDArray[np.float64]:
    """Return how far each slice lies beside the one before, shape (2,), mm; zero for noise."""
    aside = (positions - positions[0]) @ in_plane.T
    counts = np.arange(len(positions))
    slope: NDArray[np.float64] = (counts @ aside) / (counts @ counts)
    off_mm = float(np.abs(aside - counts[:, None] * slope).max())
    if off_mm > value("dicom_limits.step_mm") + 1e-3 * float(np.abs(slope).max()) * counts[-1]:
        raise InputError(
            code="IN-056",
            what="The slices are not stacked along one line",
            where=where,
            why=f"One lies {off_mm:.2f} mm beside the line through the others.",
            next_step="Export one acquisition alone.",
        )
    # rounded positions drift by less than a tenth of a millimetre over the whole stack
    length = float(np.linalg.norm(positions[-1] - positions[0]))
    drift = float(np.linalg.norm(slope)) * counts[-1]
    is_noise = drift <= max(value("dicom_limits.step_mm"), ORTHOGONAL_TOLERANCE * length)
    return np.zeros(2) if is_noise else slope


def _duplicate(one: Frame, other: Frame, apart_mm: float, where: str) -> InputError:
    return InputError(
        code="IN-055",
        what="Two slices lie at one place",
        where=where,
        why=f"{one.name} and {other.name} are {apart_mm:.3f} mm apart.",
        next_step="Remove one of the two files, or fetch the series again.",
    )


def _missing(
    along_mm: NDArray[np.float64], times: NDArray[np.float64], step_mm: float, where: str
) -> InputError:
    places = [
        along_mm[n] + k * step_mm
        for n in np.flatnonzero(times > 1)
        for k in range(1, int(times[n]))
    ]
    shown = ", ".join(f"{mm:.2f}" for mm in places[:_SHOWN])
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return InputError(
        code="IN-054",
        what="Slices are missing",
        where=where,
        why=f"{len(places)} of {len(places) + len(along_mm)} are not there, at {shown}{more} mm "
        f"along the normal; the step is {step_mm:.3f} mm.",
        next_step="Fetch the series again from the archive; nothing is filled in.",
    )


def _no_place(where: str, why: str) -> InputError:
    return InputError(
        code="IN-059",
        what="The header does not say where the slices lie",
        where=where,
        why=why,
        next_step="Export the series again from the archive.",
    )
