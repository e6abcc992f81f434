"""Solids as functions of a point: negative inside, positive outside, in millimetres."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Corners = tuple[NDArray[np.float64], NDArray[np.float64]]

TINY_EPSILON = 10.0**-6
"""Keeps quotients finite at the centre of a solid; far below any size in millimetres."""


class Solid(Protocol):
    """A shape in its own frame, mm; near its surface the value is a distance."""

    def bounds(self) -> Corners:
        """Return the lower and upper corner of a box around the solid, each shape (3,), mm."""
        ...

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        """Return the signed distance of points, mm, in the shape that x, y and z broadcast to."""
        ...


def smooth_minimum(a: Array, b: Array, blend_mm: float) -> Array:
    """Join two solids with a fillet (polynomial smooth minimum, Quilez 2013).

    Parameters
    ----------
    a, b : float arrays, mm, signed distances
    blend_mm : float, mm; where the two differ by more, the minimum is exact

    Returns
    -------
    float array of the broadcast shape, mm

    References
    ----------
    Quilez 2013, Smooth minimum, https://iquilezles.org/articles/smin
    """
    # Without a fillet the quotient below has no value.
    if blend_mm <= 0:
        return np.minimum(a, b)
    overlap = np.maximum(blend_mm - np.abs(a - b), 0)
    joined: Array = np.minimum(a, b) - overlap * overlap / (4 * blend_mm)
    return joined


def smooth_maximum(a: Array, b: Array, blend_mm: float) -> Array:
    """Cut one solid with another and round the edge, the counterpart of smooth_minimum.

    Parameters
    ----------
    a, b : float arrays that broadcast to one shape, mm, signed distances
    blend_mm : float, mm
    """
    return -smooth_minimum(-a, -b, blend_mm)


def power(base: Array, exponent: float) -> Array:
    """Return base to the exponent; fast when twice the exponent is a whole number.

    Parameters
    ----------
    base : float array, >= 0
    exponent : float > 0

    Returns
    -------
    float array of the same shape
    """
    # Products take a fraction of the time of a general power, and volumes hold millions of points.
    whole = int(exponent)
    if exponent not in (whole, whole + 0.5) or whole < 1:
        raised: Array = base**exponent
        return raised
    found = base if whole == exponent else base * np.sqrt(base)
    for _ in range(whole - 1):
        found = found * base
    return found


def _symmetric(*half: float) -> Corners:
    corner = np.array(half, dtype=np.float64)
    return -corner, corner


@dataclass(frozen=True, slots=True)
class Superellipsoid:
    """An ellipsoid whose sides may be flattened.

    Parameters
    ----------
    half_axes_mm : half sizes along x, y, z, mm
    flat : float >= 2, exponent of the section across z; 2 is an ellipse, 4 nearly a box
    tall : float >= 2, exponent of the profile along z
    """

    half_axes_mm: tuple[float, float, float]
    flat: float = 2.0
    tall: float = 2.0

    def bounds(self) -> Corners:
        """Return the box around the solid, two corners of shape (3,), mm, in its own frame."""
        return _symmetric(*self.half_axes_mm)

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        """Return the value over its slope: a distance near the surface, mm.

        Parameters
        ----------
        x, y, z : float arrays that broadcast to one shape, mm, frame of the solid

        References
        ----------
        Taubin 1991, IEEE Trans Pattern Anal Mach Intell 13:1115, doi 10.1109/34.103273
        """
        a, b, c = self.half_axes_mm
        n, m = self.flat, self.tall
        u, v, w = np.abs(x) / a, np.abs(y) / b, np.abs(z) / c
        across = power(power(u, n) + power(v, n), 1 / n) + TINY_EPSILON
        # Nested, so that section and profile are flattened on their own: a pillar is no egg.
        whole = power(power(across, m) + power(w, m), 1 / m)
        slope = power(u / across, 2 * n - 2) / (a * a) + power(v / across, 2 * n - 2) / (b * b)
        slope = power(across / whole, 2 * m - 2) * slope + power(w / whole, 2 * m - 2) / (c * c)
        distance: Array = (whole - 1) / np.sqrt(slope + TINY_EPSILON)
        return distance


@dataclass(frozen=True, slots=True)
class RoundedBox:
    """A box with rounded edges.

    Parameters
    ----------
    half_axes_mm : half sizes along x, y, z including the rounding, mm
    rounding_mm : float, mm, radius of the edges
    """

    half_axes_mm: tuple[float, float, float]
    rounding_mm: float

    def bounds(self) -> Corners:
        """Return the box around the solid, two corners of shape (3,), mm, in its own frame."""
        return _symmetric(*self.half_axes_mm)

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        """Return the exact distance, mm, in the shape that x, y and z broadcast to."""
        a, b, c = (half - self.rounding_mm for half in self.half_axes_mm)
        u, v, w = np.abs(x) - a, np.abs(y) - b, np.abs(z) - c
        outside = np.sqrt(np.maximum(u, 0) ** 2 + np.maximum(v, 0) ** 2 + np.maximum(w, 0) ** 2)
        inside = np.minimum(np.maximum(np.maximum(u, v), w), 0)
        distance: Array = outside + inside - self.rounding_mm
        return distance


@dataclass(frozen=True, slots=True)
class TubeSolid:
    """A chain of segments whose radius changes linearly, optionally flattened.

    Parameters
    ----------
    points_mm : float array, shape (N, 3), mm, N >= 2
    radii_mm : float array, shape (N,), mm, along the wide directions
    squeeze : float >= 1; the tube is this many times thinner along y
    """

    points_mm: NDArray[np.float64]
    radii_mm: NDArray[np.float64]
    squeeze: float = 1.0

    def bounds(self) -> Corners:
        """Return the box around the tube, two corners of shape (3,), mm, in its own frame."""
        radius = self.radii_mm[:, None]
        return (self.points_mm - radius).min(axis=0), (self.points_mm + radius).max(axis=0)

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        """Return the distance, mm; a lower bound of it where the tube is flattened.

        Parameters
        ----------
        x, y, z : float arrays that broadcast to one shape, mm, frame of the solid

        Raises
        ------
        LookupError  if the tube has fewer than two points
        """
        scale = np.array([1, self.squeeze, 1])
        # Stretched along y, a flattened tube is a round one; single precision keeps micrometres.
        points = (self.points_mm * scale).astype(np.float32)
        y = y * np.float32(self.squeeze)
        best: Array | None = None
        for k in range(len(points) - 1):
            here = _segment(x, y, z, (points[k], points[k + 1]), self.radii_mm[k : k + 2])
            best = here if best is None else np.minimum(best, here)
        if best is None:
            msg = "a tube needs two points"
            raise LookupError(msg)
        # Exact along y, too small across: a gap is never shown wider than it is.
        return best / np.float32(self.squeeze)


def _segment(x: Array, y: Array, z: Array, ends: tuple[Array, Array], radii: Array) -> Array:
    """Return the distance to one segment with linearly changing radius."""
    start, stop = ends
    run = stop - start
    px, py, pz = x - start[0], y - start[1], z - start[2]
    # A point given twice makes a ball, not a division by zero.
    length2 = np.float32(max(float(run @ run), TINY_EPSILON))
    t = np.clip((px * run[0] + py * run[1] + pz * run[2]) / length2, 0, 1)
    gap = np.sqrt((px - t * run[0]) ** 2 + (py - t * run[1]) ** 2 + (pz - t * run[2]) ** 2)
    # Measured across the axis, not to the cone: radii change too slowly along anatomy to differ.
    first, last = (np.float32(radius) for radius in radii)
    distance: Array = gap - (first + t * (last - first))
    return distance


@dataclass(frozen=True, slots=True)
class Extrusion:
    """A polygon in the y-z plane given a thickness along x and rounded edges.

    Parameters
    ----------
    outline_mm : float array, shape (N, 2), mm, corners (y, z) in order
    half_thickness_mm : float, mm
    rounding_mm : float, mm, radius of all edges, taken from the inside
    """

    outline_mm: NDArray[np.float64]
    half_thickness_mm: float
    rounding_mm: float

    def bounds(self) -> Corners:
        """Return the box around the solid, two corners of shape (3,), mm, in its own frame."""
        low, high = self.outline_mm.min(axis=0), self.outline_mm.max(axis=0)
        half = self.half_thickness_mm
        return np.array([-half, *low]), np.array([half, *high])

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        """Return the distance, mm: that of the polygon, then extruded.

        Parameters
        ----------
        x, y, z : float arrays that broadcast to one shape, mm, in its own frame

        References
        ----------
        Quilez 2020, Distance functions, https://iquilezles.org/articles/distfunctions2d
        """
        flat = _polygon(y, z, self.outline_mm) + self.rounding_mm
        along = np.abs(x) - (self.half_thickness_mm - self.rounding_mm)
        outside = np.sqrt(np.maximum(flat, 0) ** 2 + np.maximum(along, 0) ** 2)
        distance: Array = outside + np.minimum(np.maximum(flat, along), 0) - self.rounding_mm
        return distance


def _polygon(y: Array, z: Array, corners: NDArray[np.float64]) -> Array:
    """Return the signed distance to a closed polygon in the plane."""
    shape = np.broadcast_shapes(np.shape(y), np.shape(z))
    nearest = np.full(shape, np.inf, dtype=np.float32)
    inside = np.zeros(shape, dtype=bool)
    corner = corners.astype(np.float32)
    for k in range(len(corner)):
        start, run = corner[k], corner[k - 1] - corner[k]
        py, pz = y - start[0], z - start[1]
        t = np.clip((py * run[0] + pz * run[1]) / np.float32(run @ run), 0, 1)
        nearest = np.minimum(nearest, (py - t * run[0]) ** 2 + (pz - t * run[1]) ** 2)
        # Even-odd rule; the half-open comparison counts a corner once, not twice.
        crosses = (z >= start[1]) != (z >= corner[k - 1][1])
        ahead = py * run[1] < pz * run[0] if run[1] > 0 else py * run[1] > pz * run[0]
        inside ^= crosses & ahead
    distance: Array = np.where(inside, -1, 1) * np.sqrt(nearest)
    return distance
