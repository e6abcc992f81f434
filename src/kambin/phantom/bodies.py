"""Solids with an anatomy of their own: vertebral body, facet, column along the spine."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.phantom.solids import (
    TINY_EPSILON,
    Array,
    Corners,
    Superellipsoid,
    power,
    smooth_maximum,
)


@dataclass(frozen=True, slots=True)
class VertebralBody:
    """A vertebral body or a disc: D-shaped section, waist, wedge, concave end plates.

    Parameters
    ----------
    width_mm, depth_mm : float, mm, of the end plate, left-right and front-back
    anterior_height_mm, posterior_height_mm : float, mm, from rim to rim
    waist : float, share by which the middle is narrower than the plates; negative bulges
    upper_concavity_mm, lower_concavity_mm : float, mm, depth of the plates; negative bulges
    exponents : of the outline in front and behind; behind is flatter
    notch_mm : float, mm, depth of the hollow in the posterior wall
    rim_blend_mm : float, mm, rounding of the rim
    """

    width_mm: float
    depth_mm: float
    anterior_height_mm: float
    posterior_height_mm: float
    waist: float
    upper_concavity_mm: float
    lower_concavity_mm: float
    exponents: tuple[float, float]
    notch_mm: float
    rim_blend_mm: float

    def bounds(self) -> Corners:
        """Return the box around the body, two corners of shape (3,), mm, in its own frame."""
        tall = max(self.anterior_height_mm, self.posterior_height_mm) / 2
        tall += max(0.0, -self.upper_concavity_mm, -self.lower_concavity_mm)
        grow = 1 + max(0.0, -self.waist)
        corner = np.array([self.width_mm / 2 * grow, self.depth_mm / 2 * grow, tall])
        return -corner, corner

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        """Return the distance, mm; exact to a few tenths near the surface.

        Parameters
        ----------
        x, y, z : float arrays that broadcast to one shape, mm, in its own frame
        """
        half, deep = self.width_mm / 2, self.depth_mm / 2
        mean = (self.anterior_height_mm + self.posterior_height_mm) / 2
        slope = (self.posterior_height_mm - self.anterior_height_mm) / (2 * self.depth_mm)
        # Nought at the rim, so that the heights there stay the published ones.
        hollow = np.maximum(1 - (x / half) ** 2 - (y / deep) ** 2, 0)
        up = z - (mean / 2 + slope * y - self.upper_concavity_mm * hollow)
        down = -z - (mean / 2 + slope * y - self.lower_concavity_mm * hollow)
        plates = np.maximum(up, down)
        return smooth_maximum(self._side(x, y, z, mean), plates, self.rim_blend_mm)

    def _side(self, x: Array, y: Array, z: Array, mean_height_mm: float) -> Array:
        """Return the distance to the side wall."""
        half, deep = self.width_mm / 2, self.depth_mm / 2
        middle = np.maximum(1 - (2 * z / mean_height_mm) ** 2, 0)
        narrow = 1 - self.waist * middle
        # The posterior wall keeps its place: a waist there would widen the canal.
        front = np.where(y < 0, narrow, 1)
        across = np.maximum(1 - (2 * x / half) ** 2, 0)
        u = np.abs(x) / (half * narrow)
        v = np.abs(y + np.where(y > 0, self.notch_mm * across, 0)) / (deep * front)
        n = np.where(y < 0, np.float32(self.exponents[0]), np.float32(self.exponents[1]))
        # Value over slope: millimetres near the wall (Taubin 1991, doi 10.1109/34.103273).
        ring = (u**n + v**n) ** (1 / n) + TINY_EPSILON
        slope = ((u / ring) ** (2 * n - 2) / half**2) + (v / ring) ** (2 * n - 2) / deep**2
        distance: Array = (ring - 1) / np.sqrt(slope + TINY_EPSILON)
        return distance


@dataclass(frozen=True, slots=True)
class FacetSolid:
    """A superior articular process: a pillar cut by its hollow joint surface.

    The frame is that of the joint: x along the surface from anteromedial to
    posterolateral, y its normal towards the inferior process of the vertebra above, z up.

    Parameters
    ----------
    pillar : Superellipsoid before the cut
    pillar_centre_mm : its centre, mm
    hollow_per_mm : float, 1/mm, curvature of the joint surface
    """

    pillar: Superellipsoid
    pillar_centre_mm: tuple[float, float, float]
    hollow_per_mm: float

    def bounds(self) -> Corners:
        """Return the box around the process, two corners of shape (3,), mm, in its own frame."""
        low, high = self.pillar.bounds()
        centre = np.array(self.pillar_centre_mm)
        return low + centre, high + centre

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        """Return the distance, mm.

        Parameters
        ----------
        x, y, z : float arrays that broadcast to one shape, mm, in its own frame
        """
        a, b, c = self.pillar_centre_mm
        pillar = self.pillar.distance(x - a, y - b, z - c)
        surface = y - self.hollow_per_mm * x * x
        # The parabola is normalised so that the joint gap is the same all along it.
        surface = surface / np.sqrt(1 + (2 * self.hollow_per_mm * x) ** 2)
        return np.maximum(pillar, surface)


@dataclass(frozen=True, slots=True)
class Column:
    """A shape along the body axis: an ellipse whose centre and size change with height.

    Parameters
    ----------
    knots_mm : float array, shape (N, 5), mm: z, centre x, centre y, half width, half depth
    exponent : float >= 2, flattening of the section
    """

    knots_mm: NDArray[np.float64]
    exponent: float = 2.0

    def bounds(self) -> Corners:
        """Return the box around the column, two corners of shape (3,), mm, in its own frame."""
        z, x, y, a, b = self.knots_mm.T
        low = np.array([(x - a).min(), (y - b).min(), z.min()])
        return low, np.array([(x + a).max(), (y + b).max(), z.max()])

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        """Return the distance, mm; the ends are flat.

        Parameters
        ----------
        x, y, z : float arrays that broadcast to one shape, mm, in its own frame
        """
        heights = self.knots_mm[:, 0]
        cx, cy, a, b = (
            np.interp(z, heights, self.knots_mm[:, k]).astype(np.float32) for k in (1, 2, 3, 4)
        )
        n = self.exponent
        u, v = np.abs(x - cx) / a, np.abs(y - cy) / b
        ring = power(power(u, n) + power(v, n), 1 / n) + TINY_EPSILON
        slope = power(u / ring, 2 * n - 2) / (a * a) + power(v / ring, 2 * n - 2) / (b * b)
        side = (ring - 1) / np.sqrt(slope + TINY_EPSILON)
        ends = np.maximum(z - heights[-1].astype(np.float32), heights[0].astype(np.float32) - z)
        distance: Array = np.maximum(side, ends)
        return distance


@dataclass(frozen=True, slots=True)
class IliacWing:
    """The wing of an iliac bone: a bent plate under an arched crest.

    The frame has its origin at the posterior superior spine: x along the wing forwards
    and outwards, y through its thickness outwards, z up.

    Parameters
    ----------
    length_mm : float, mm, along the wing
    crest_mm : x of the highest point, its height, and the fall per square mm
    bend : x of the deepest point of the bend, its depth in mm, the rise per square mm
    thickness_mm : half thickness in the plate, at the crest, at the sacroiliac joint
    lower_mm : float, mm, z where the modelled wing ends
    lean : float, how far the wing leans inwards below the spine, mm per mm
    blend_mm : float, mm, rounding of the ends, and height over which the wing begins to lean
    """

    length_mm: float
    crest_mm: tuple[float, float, float]
    bend: tuple[float, float, float]
    thickness_mm: tuple[float, float, float]
    lower_mm: float
    lean: float
    blend_mm: float

    def bounds(self) -> Corners:
        """Return the box around the wing, two corners of shape (3,), mm, in its own frame."""
        thick = max(self.thickness_mm)
        reach = max(self.bend[0], self.length_mm - self.bend[0])
        out = abs(self.bend[1]) + self.bend[2] * reach**2 + thick
        inward = out - self.lean * (self.lower_mm - self.blend_mm)
        return (
            np.array([0.0, -inward, self.lower_mm]),
            np.array([self.length_mm, out, self.crest_mm[1]]),
        )

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        """Return the distance, mm.

        Parameters
        ----------
        x, y, z : float arrays that broadcast to one shape, mm, in its own frame
        """
        peak, height, fall = self.crest_mm
        deepest, depth, rise = self.bend
        plate, rim, joint = self.thickness_mm
        edge = height - fall * (x - peak) ** 2
        below = edge - z
        # A soft min(z, 0): a kink where the lean begins would show as an edge in the picture.
        sink = (z - np.sqrt(z * z + self.blend_mm**2)) / 2
        middle = rise * (x - deepest) ** 2 - depth + self.lean * sink
        # The wing is thin in its middle, thick along the crest and towards the joint.
        thick = plate + (rim - plate) * np.exp(-np.maximum(below, 0) / (2 * rim))
        thick = thick + (joint - plate) * np.exp(-((2 * x / deepest) ** 2))
        # A height above a slope is no distance; over the length of its slope it is, near the face.
        face = np.abs(y - middle) / np.sqrt(1 + (2 * rise * (x - deepest)) ** 2) - thick
        top = -below / np.sqrt(1 + (2 * fall * (x - peak)) ** 2)
        # Below its anterior spine the wing recedes.
        front = x - self.length_mm - 2 * self.lean * sink
        ends = np.maximum(np.maximum(-x, front), self.lower_mm - z)
        return smooth_maximum(smooth_maximum(face, top, rim), ends, self.blend_mm)
