"""The waist of a foramen: its least closed section, found over a fan of oblique planes."""

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import find_contours

from kambin.knowledge import value, values
from kambin.measure.obstacles import Lattice

PIXEL_STEP_MM = 0.75
"""Pixel of the searched sections, the lattice spacing; the chosen one is measured finer."""

OUTLINE_STEP_MM = 0.25
"""Pixel of the chosen section; its contour is linear between pixels."""

OFFSET_STEP_MM = 2.0
"""Distance of the sections searched first; half of it, a voxel of a good CT, beside the best."""

SLAB_STEP_MM = 1.0
"""Distance of the sections between which a volume is summed, about a voxel."""

SIDES = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
"""Pixels that touch with a side are of one lumen."""

FINALIST_SAMPLES = 8
"""Sections whose contour is measured; counted pixels differ from it by under 3 %."""


@dataclass(frozen=True, slots=True)
class Waist:
    """The least closed section of a foramen.

    Parameters
    ----------
    outline_lps_mm : float array, shape (N, 3), mm, LPS, closed polygon round the lumen
    area_mm2 : float
    height_mm : float, extent along the disc's axis
    width_mm : float, extent from front to back on the disc's middle plane, or on the row of
        the lumen next to it
    perimeter_mm : float
    centre_lps_mm : float array, shape (3,), mm, LPS
    yaw_deg, pitch_deg, offset_mm : float, how the section lies: turned outward to anterior,
        tilted outward to cranial, lateral of the line between the pedicles
    """

    outline_lps_mm: NDArray[np.float64]
    area_mm2: float
    height_mm: float
    width_mm: float
    perimeter_mm: float
    centre_lps_mm: NDArray[np.float64]
    yaw_deg: float
    pitch_deg: float
    offset_mm: float


@dataclass(frozen=True, slots=True)
class _Section:
    """One oblique plane: its centre and axes in the side view."""

    centre_mm: NDArray[np.float64]
    backward: NDArray[np.float64]
    upward: NDArray[np.float64]
    pose: tuple[float, float, float]

    def points_mm(self, step_mm: float) -> NDArray[np.float64]:
        """Return the pixels of the section window, shape (B, U, 3), mm, side view."""
        front, back, down, up = values("measure.waist_window_mm")
        b = np.arange(front, back + step_mm / 2, step_mm)[:, None, None]
        u = np.arange(down, up + step_mm / 2, step_mm)[None, :, None]
        points: NDArray[np.float64] = self.centre_mm + b * self.backward + u * self.upward
        return points


def find_waist(lattice: Lattice) -> Waist | None:
    """Find the narrowest closed section through a foramen.

    Parameters
    ----------
    lattice : Lattice of obstacles

    Returns
    -------
    Waist, mm, its outline of shape (N, 3) in LPS; none if in no section the lumen is closed
    all round

    Notes
    -----
    Each section shows one free component that fills most of the strip between the two
    pedicles. It counts when it does not reach the border of the section. The least area
    over yaw, pitch and offset is the waist; the first of equal ones in table order wins,
    the same on both sides because sections are described as seen from the side.
    """
    best = _rank(lattice, _sections(lattice))
    # A half step beside the best few costs less than the whole fan at that step.
    beside = [_shifted(section, sign) for section in best for sign in (-0.5, 0.5)]
    found = [_describe(lattice, section) for section in _rank(lattice, [*best, *beside])]
    closed = [waist for waist in found if waist is not None]
    return min(closed, key=lambda waist: waist.area_mm2) if closed else None


def measure_slab_mm3(lattice: Lattice, waist: Waist, half_mm: float) -> float | None:
    """Return the volume of the lumen between two sections parallel to the waist.

    Parameters
    ----------
    lattice : Lattice the waist was found in
    waist : Waist
    half_mm : float, mm, distance of either bounding section from the waist

    Returns
    -------
    mm3; none if the lumen is open to a side in a section between them
    """
    centre = lattice.strip_mm.mean(axis=0)
    count = 2 * math.ceil(half_mm / SLAB_STEP_MM)
    offsets = waist.offset_mm + np.linspace(-half_mm, half_mm, count + 1)
    areas = []
    for offset in offsets.tolist():
        section = _section(centre, (waist.yaw_deg, waist.pitch_deg, offset))
        lumen = _lumen(lattice, section, OUTLINE_STEP_MM)
        if lumen is None:
            return None
        areas.append(float(lumen.sum()) * OUTLINE_STEP_MM**2)
    return float(np.trapezoid(areas, offsets))


def _rank(lattice: Lattice, sections: list[_Section]) -> list[_Section]:
    """Return the closed sections of least counted area, the least first."""
    counted = []
    for number, section in enumerate(sections):
        lumen = _lumen(lattice, section, PIXEL_STEP_MM)
        if lumen is not None:
            counted.append((int(lumen.sum()), number, section))
    # Counted pixels rank roughly; ties go by number, never by memory order.
    ranked = [section for _, _, section in sorted(counted, key=lambda c: c[:2])]
    return ranked[:FINALIST_SAMPLES]


def _shifted(section: _Section, steps: float) -> _Section:
    """Return the parallel section a part of the search step further out."""
    yaw, pitch, offset = section.pose
    origin = section.centre_mm - offset * np.cross(section.backward, section.upward)
    return _section(origin, (yaw, pitch, offset + steps * OFFSET_STEP_MM))


def _sections(lattice: Lattice) -> list[_Section]:
    centre = lattice.strip_mm.mean(axis=0)
    low, high = values("measure.waist_offset_mm")
    # Half a step more keeps the last offset in, whatever rounding does.
    offsets = np.arange(low, high + OFFSET_STEP_MM / 2, OFFSET_STEP_MM).tolist()
    poses = product(values("measure.waist_yaw_deg"), values("measure.waist_pitch_deg"), offsets)
    return [_section(centre, pose) for pose in poses]


def _section(centre_mm: NDArray[np.float64], pose: tuple[float, float, float]) -> _Section:
    yaw_rad, pitch_rad = math.radians(pose[0]), math.radians(pose[1])
    # Side view: lateral is outward on both sides, so that one sign serves left and right.
    flat = np.array([math.cos(yaw_rad), -math.sin(yaw_rad), 0.0])
    backward = np.array([math.sin(yaw_rad), math.cos(yaw_rad), 0.0])
    cranial = np.array([0.0, 0.0, 1.0])
    outward = math.cos(pitch_rad) * flat + math.sin(pitch_rad) * cranial
    upward = math.cos(pitch_rad) * cranial - math.sin(pitch_rad) * flat
    return _Section(centre_mm + pose[2] * outward, backward, upward, pose)


def _lumen(lattice: Lattice, section: _Section, step_mm: float) -> NDArray[np.bool_] | None:
    """Return the pixels of the lumen in a section, or none if it is open or not there."""
    points = section.points_mm(step_mm)
    labelled, _ = ndimage.label(lattice.sample(points) < 0.5, SIDES)
    # Overlap with the strip and not the largest area: vessels and canal are free, too.
    in_strip = _distance_to_strip_mm(points, lattice.strip_mm) <= value("measure.seed_radius_mm")
    counts = np.bincount(labelled[in_strip])
    if counts[1:].sum() == 0:
        return None
    lumen: NDArray[np.bool_] = labelled == 1 + int(np.argmax(counts[1:]))
    # An open lumen is no foramen: a path could leave it sideways.
    border = lumen[0].any() or lumen[-1].any() or lumen[:, 0].any() or lumen[:, -1].any()
    return None if border else lumen


def _distance_to_strip_mm(
    points_mm: NDArray[np.float64], strip_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the distance of points to the line between the pedicles, seen from the side."""
    start, end = strip_mm[:, 1:]
    along = end - start
    # Ends that meet make a point of the line, not a division by zero.
    length2 = max(float(along @ along), PIXEL_STEP_MM**2)
    back, up = points_mm[..., 1] - start[0], points_mm[..., 2] - start[1]
    share = np.clip((back * along[0] + up * along[1]) / length2, 0.0, 1.0)
    gap: NDArray[np.float64] = np.hypot(back - share * along[0], up - share * along[1])
    return gap


def _describe(lattice: Lattice, section: _Section) -> Waist | None:
    """Return area and extents of the lumen in the chosen section, on its contour."""
    lumen = _lumen(lattice, section, OUTLINE_STEP_MM)
    if lumen is None:
        return None
    points = section.points_mm(OUTLINE_STEP_MM)
    # Other free areas are filled, or their contours would be found as well.
    near = ndimage.binary_dilation(lumen, iterations=2)
    filled = np.where(near, lattice.sample(points), 1.0)
    rings = find_contours(filled, 0.5)  # type: ignore[no-untyped-call]
    # The largest ring is the wall; smaller ones go round islands of bone in the lumen.
    ring = max(rings, key=lambda one: abs(_shoelace(one)))
    plane_mm = ring * OUTLINE_STEP_MM
    outline = points[0, 0] + plane_mm @ np.array([section.backward, section.upward])
    steps = np.linalg.norm(np.diff(plane_mm, axis=0), axis=1)
    yaw, pitch, offset = section.pose
    return Waist(
        lattice.view.lps_mm(outline),
        abs(_shoelace(plane_mm)),
        float(np.ptp(outline[:, 2])),
        _width_mm(outline, section.backward),
        float(steps.sum()),
        lattice.view.lps_mm(outline[:-1].mean(axis=0)),
        yaw,
        pitch,
        offset,
    )


def _width_mm(outline_mm: NDArray[np.float64], backward: NDArray[np.float64]) -> float:
    """Return the extent front to back on the row of the lumen nearest the disc's plane."""
    z, across = outline_mm[:, 2], outline_mm @ backward
    # A foramen that lies above the disc has its lowest row taken for the disc level.
    row = float(np.clip(0.0, z.min() + PIXEL_STEP_MM, z.max() - PIXEL_STEP_MM))
    below, above = z[:-1] - row, z[1:] - row
    crosses = (below <= 0) != (above <= 0)
    share = below[crosses] / (below - above)[crosses]
    places = across[:-1][crosses] + share * np.diff(across)[crosses]
    return float(np.ptp(places))


def _shoelace(ring: NDArray[np.float64]) -> float:
    """Return the signed area of a closed ring, shape (N, 2), in the square of its unit."""
    x, y = ring[:, 0], ring[:, 1]
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum()) * 0.5
