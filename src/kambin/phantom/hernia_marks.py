"""The exact lines of a made patient from which a herniation is placed and counted."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy import Level
from kambin.frames import RigidTransform, Side
from kambin.knowledge import value, values
from kambin.phantom.chain import joint_axes, pedicle_centre_mm
from kambin.phantom.organs import Spine
from kambin.phantom.parameters import PhantomParameters
from kambin.phantom.shapes import Shape
from kambin.phantom.solids import Superellipsoid
from kambin.phantom.vertebra import build_body, build_sap

ACROSS_STEP_MM = 1.0
"""Spacing of the columns in which the back of bodies and disc is searched, left to right."""

UP_STEP_MM = 0.5
"""The same from below upwards, where the rims of the plates are."""

RAY_STEP_MM = 0.5
"""Step along a column; the crossing between two steps is interpolated."""

RIM_ROUNDING_MM = 3.0
"""Rims are rounded: this near to the end of a body its wall bends forwards."""

FACET_STEP_MM = 0.4
"""Spacing of the points by which the medial edge of a joint is found."""


@dataclass(frozen=True, slots=True)
class Wall:
    """How far back bodies and disc reach, column by column, disc frame, x to the asked side.

    Parameters
    ----------
    x_mm, z_mm : float arrays, shape (I,) and (K,), mm, evenly spaced
    bodies_mm, disc_mm : float arrays, shape (I, K), mm, y of the back; -inf where there is none
    """

    x_mm: NDArray[np.float64]
    z_mm: NDArray[np.float64]
    bodies_mm: NDArray[np.float64]
    disc_mm: NDArray[np.float64]

    def at(self, x_mm: NDArray[np.float64], z_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return y of the back of bodies and disc at places, mm, linear between columns."""
        both = np.maximum(self.bodies_mm, self.disc_mm)
        missing = ~np.isfinite(both)
        if missing.any() and not missing.all():
            nearest = ndimage.distance_transform_edt(
                missing, return_distances=False, return_indices=True
            )
            both = both[tuple(nearest)]
        index = [(x_mm - self.x_mm[0]) / ACROSS_STEP_MM, (z_mm - self.z_mm[0]) / UP_STEP_MM]
        found: NDArray[np.float64] = ndimage.map_coordinates(both, index, order=1, mode="nearest")
        return found

    def is_disc(self, x_mm: NDArray[np.float64], z_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return where the disc, and no body, is what lies in front."""
        i = np.rint((x_mm - self.x_mm[0]) / ACROSS_STEP_MM).astype(int)
        k = np.rint((z_mm - self.z_mm[0]) / UP_STEP_MM).astype(int)
        i, k = np.clip(i, 0, len(self.x_mm) - 1), np.clip(k, 0, len(self.z_mm) - 1)
        disc = self.disc_mm[i, k]
        bare: NDArray[np.bool_] = np.isfinite(disc) & (disc > self.bodies_mm[i, k])
        return bare

    @property
    def disc_end_mm(self) -> float:
        """Return the most lateral x at which the disc has a free margin, mm."""
        bare = np.isfinite(self.disc_mm) & (self.disc_mm > self.bodies_mm)
        return float(self.x_mm[bare.any(axis=1)].max())

    def margin_height_mm(self, x_mm: float) -> float:
        """Return how high the free margin of the disc is at an x, mm."""
        column = np.full_like(self.z_mm, x_mm)
        return float(self.is_disc(column, self.z_mm).sum()) * UP_STEP_MM


@dataclass(frozen=True, slots=True)
class HerniaMarks:
    """Landmarks of one level of a made patient, disc frame, x towards the asked side, mm.

    Parameters
    ----------
    lps_from_disc : RigidTransform
    sign : float, 1 for the patient's left
    facet_ends_mm : float array, shape (2, 3), medial edge of the facet joint on the asked side
        and on the other
    medial_mm, lateral_mm : float, borders of the pedicle, mean of the two vertebrae
    upper_pedicle_mm : float, z of the lower margin of the upper pedicle
    lower_pedicle_mm : pair of float, z of middle and lower margin of the lower pedicle
    plates_mm : pair of float, z of the posterior rims above and below the disc
    ends_mm : pair of float, z of the posterior rims at the far ends of the bodies, below, above
    """

    lps_from_disc: RigidTransform
    sign: float
    facet_ends_mm: NDArray[np.float64]
    medial_mm: float
    lateral_mm: float
    upper_pedicle_mm: float
    lower_pedicle_mm: tuple[float, float]
    plates_mm: tuple[float, float]
    ends_mm: tuple[float, float]

    @property
    def facet_mm(self) -> float:
        """Return how far lateral the zones count the facet, mm."""
        # Upper lumbar facets are so sagittal that their edge lies over the pedicle.
        least = value("herniation.subarticular_least_mm")
        return min(float(self.facet_ends_mm[0, 0]), self.medial_mm - least)

    @property
    def zone_borders_mm(self) -> tuple[float, ...]:
        """Return the borders of the axial zones from the midline outwards, mm."""
        central = value("herniation.central_share") * self.facet_mm
        return central, self.facet_mm, self.medial_mm, self.lateral_mm

    @property
    def height_borders_mm(self) -> tuple[float, ...]:
        """Return the borders of the zones of migration from below upwards, mm."""
        above, below = self.plates_mm
        near_up = self.upper_pedicle_mm - value("herniation.far_up_band_mm")
        return self.lower_pedicle_mm[0], below, above, max(near_up, above)

    def facet_line_mm(self, x_mm: float) -> float:
        """Return y of the line through both facet edges at an x, mm."""
        (x0, y0, _), (x1, y1, _) = self.facet_ends_mm
        return float(y0 + (y1 - y0) * (x_mm - x0) / (x1 - x0))

    def lps_mm(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map points of the disc's frame, x towards the asked side, to LPS, shape (N, 3), mm."""
        return self.lps_from_disc.points(points_mm * [self.sign, 1, 1])


def find_marks(parameters: PhantomParameters, spine: Spine) -> HerniaMarks:
    """Return the exact landmarks of the herniation's level.

    Parameters
    ----------
    parameters : PhantomParameters, whose level and side are meant
    spine : Spine

    Returns
    -------
    HerniaMarks, mm, from the sizes the bones are made with

    References
    ----------
    Fardon 2014, doi 10.1016/j.spinee.2014.04.022 (zones); Mysliwiec 2010,
    doi 10.1007/s00586-009-1274-4 (the line between the medial edges of both joints)
    """
    level, side = parameters.level, parameters.side
    disc = spine.frames.discs[level]
    sign = side.lateral_sign_lps
    upper, lower = (_pedicle(spine, name, side, disc) for name in (level.upper, level.lower))
    known = [upper] if level.lower == "S1" else [upper, lower]
    rims = [_rim_mm(spine, name, end, disc) for name, end in ((level.upper, -1), (level.lower, 1))]
    down = (lower[2] + lower[3]) / 2, lower[2]
    if level.lower == "S1":
        middle, margin = values("herniation.sacral_pedicle_mm")
        down = rims[1] - middle, rims[1] - margin
    ends = [_facet_edge(spine, level, one) * [sign, 1, 1] for one in (side, side.opposite)]
    return HerniaMarks(
        disc,
        sign,
        np.array(ends),
        float(np.mean([one[0] for one in known])),
        float(np.mean([one[1] for one in known])),
        upper[2],
        down,
        (rims[0], rims[1]),
        (_rim_mm(spine, level.lower, -1, disc), _rim_mm(spine, level.upper, 1, disc)),
    )


def find_wall(
    marks: HerniaMarks,
    spine: Spine,
    level: Level,
    disc: Shape,
    box_mm: tuple[tuple[float, float], tuple[float, float]],
) -> Wall:
    """Return the back of bodies and disc in the columns of a box.

    Parameters
    ----------
    marks : HerniaMarks
    spine : Spine
    level : Level
    disc : Shape
    box_mm : x from and to, z from and to, mm, disc frame, x towards the asked side
    """
    # Not past the bodies' far ends: what lies there has a wall of its own.
    low, high = box_mm[1]
    rim = RIM_ROUNDING_MM
    up = (max(low, marks.ends_mm[0] + rim), min(high, marks.ends_mm[1] - rim))
    x, z = (
        step * np.arange(np.floor(a / step), np.ceil(b / step) + 1)
        for (a, b), step in zip((box_mm[0], up), (ACROSS_STEP_MM, UP_STEP_MM), strict=True)
    )
    names = (level.upper, level.lower)
    deepest = max(spine.sizes.vertebrae[name].wall_mm for name in names)
    # The wall of a neighbour leans forwards or backwards by the lordosis.
    reach = value("phantom_nerves.wall_reach_mm")
    y = np.arange(deepest - reach, deepest + reach, RAY_STEP_MM)
    nodes = np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1)
    lps = marks.lps_mm(nodes.reshape(-1, 3))
    bodies = Shape(
        disc.key,
        tuple(build_body(spine.sizes.vertebrae[n], spine.frames.vertebrae[n]) for n in names),
    )
    found = [_last_exit_mm(s.distance(lps).reshape(nodes.shape[:3]), y) for s in (bodies, disc)]
    return Wall(x, z, found[0], found[1])


def sample_inside(
    shape: Shape, hiding: Iterable[Shape], marks: HerniaMarks, step_mm: float
) -> NDArray[np.float64]:
    """Return points of a shape that nothing painted later hides, shape (N, 3), mm.

    Parameters
    ----------
    shape : Shape
    hiding : Shape of bones that are painted over it
    marks : HerniaMarks
    step_mm : float, mm, spacing of the points

    Returns
    -------
    float array in the disc's frame, x towards the asked side
    """
    low, high = shape.bounds_lps_mm()
    corners = np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), -1).reshape(-1, 3)
    local = marks.lps_from_disc.inverse().points(corners) * [marks.sign, 1, 1]
    axes = (
        step_mm * (np.arange(np.floor(a / step_mm), np.ceil(b / step_mm) + 1))
        for a, b in zip(local.min(axis=0), local.max(axis=0), strict=True)
    )
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    nodes = nodes[shape.distance(marks.lps_mm(nodes)) < 0]
    for bone in hiding:
        nodes = nodes[bone.distance(marks.lps_mm(nodes)) >= 0] if len(nodes) else nodes
    return nodes


def _last_exit_mm(
    distance_mm: NDArray[np.float64], y_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return y at which each column leaves a shape for the last time, shape (I, K), mm."""
    inside = distance_mm < 0
    last = inside.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)
    last = np.minimum(last, len(y_mm) - 2)
    here = np.take_along_axis(distance_mm, last[:, None], axis=1)[:, 0]
    there = np.take_along_axis(distance_mm, last[:, None] + 1, axis=1)[:, 0]
    share = np.clip(-here / np.maximum(there - here, 10.0**-6), 0, 1)
    return np.where(inside.any(axis=1), y_mm[last] + share * RAY_STEP_MM, -np.inf)


def _rim_mm(spine: Spine, name: str, end: int, disc: RigidTransform) -> float:
    """Return z of the posterior rim of a plate in a disc's frame, mm; end 1 is the upper plate."""
    size = spine.sizes.vertebrae[name]
    corner = np.array([0.0, size.wall_mm, end * size.posterior_height_mm / 2])
    return float(disc.inverse().points(spine.frames.vertebrae[name].points(corner))[2])


def _pedicle(
    spine: Spine, name: str, side: Side, disc: RigidTransform
) -> tuple[float, float, float, float]:
    """Return medial and lateral border, lower and upper margin of a pedicle, mm, disc frame."""
    size, sign = spine.sizes.vertebrae[name], side.lateral_sign_lps
    one = size.sides[side]
    centre = pedicle_centre_mm(size, side)
    up = np.array([0, 0, one.pedicle_height_mm / 2])
    ends = [centre - up, centre + up]
    lps = spine.frames.vertebrae[name].points(np.array(ends) * [sign, 1, 1])
    local = disc.inverse().points(lps) * [sign, 1, 1]
    across, half = float(local[:, 0].mean()), one.pedicle_width_mm / 2
    return across - half, across + half, float(local[0, 2]), float(local[1, 2])


def _facet_edge(spine: Spine, level: Level, side: Side) -> NDArray[np.float64]:
    """Return the medial edge of a facet joint at the height of its disc, shape (3,), mm."""
    disc = spine.frames.discs[level]
    size, frame = spine.sizes.vertebrae[level.lower], spine.frames.vertebrae[level.lower]
    joint, axes = joint_axes(size, side)
    superior = build_sap(size, frame, side, 1.0).solid
    inferior = Superellipsoid(
        _three(values("phantom_bone.iap_half_axes_mm")), *values("phantom_bone.iap_exponents")
    )
    low, high = superior.bounds()
    grid = (np.arange(a, b, FACET_STEP_MM) for a, b in zip(low, high, strict=True))
    nodes = np.stack(np.meshgrid(*grid, indexing="ij"), axis=-1).reshape(-1, 3)
    nodes = nodes[superior.distance(*nodes.T) < 0]
    # The joint is where the two processes face each other.
    apart = inferior.distance(*(nodes - values("phantom_bone.iap_centre_mm")).T)
    nodes = nodes[apart <= value("herniation.articular_reach_mm")]
    mirror = np.array([side.lateral_sign_lps, 1, 1])
    local = disc.inverse().points(frame.points((joint + nodes @ axes.T) * mirror))
    # Further down the process is one with the arch, and no slice through the disc meets it.
    half = spine.sizes.disc_heights_mm[level] / 2
    local = local[np.abs(local[:, 2]) <= half]
    lateral = local * [side.lateral_sign_lps, 1, 1]
    number = np.floor(lateral[:, 2] / FACET_STEP_MM)
    edges = []
    for n in np.unique(number):
        here = lateral[number == n]
        # All that the surface has within a step: round as it is, it has no sharper edge.
        edges.append(here[here[:, 0] <= here[:, 0].min() + FACET_STEP_MM].mean(axis=0))
    edge: NDArray[np.float64] = np.mean(edges, axis=0) * [side.lateral_sign_lps, 1, 1]
    return edge


def median_mm(points_mm: NDArray[np.float64], step_mm: float) -> NDArray[np.float64]:
    """Return the median of a volume along each axis, shape (3,), mm, finer than its points.

    Parameters
    ----------
    points_mm : float array, shape (N, 3), mm, on a lattice
    step_mm : float, mm, its spacing; a point stands for half of it on each side
    """
    middle = np.median(points_mm, axis=0)
    found = []
    for axis, number in enumerate(middle):
        places = points_mm[:, axis]
        below, at = (places < number - step_mm / 2).sum(), np.abs(places - number) <= step_mm / 2
        found.append(number + step_mm * ((len(places) / 2 - below) / max(at.sum(), 1) - 0.5))
    return np.array(found)


def _three(numbers: tuple[float, ...]) -> tuple[float, float, float]:
    a, b, c = numbers
    return a, b, c
