"""The foramen as it is seen along a trajectory: outlines on the plane tangent to the disc."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Structure
from kambin.anatomy.fragment_lattice import sample_region
from kambin.frames import direction_from_angles
from kambin.knowledge import values
from kambin.measure.crest import target_lps_mm
from kambin.measure.site import SideView, Site, require_side

PIXEL_STEP_MM = 0.75
"""Pixel of the picture; outlines are interpolated between pixels."""

RAY_STEP_MM = 1.0
"""Step along the line of sight; a bone of radius 8 mm loses 0.02 mm of its outline to it."""

TANGENT_STEP_MM = 0.25
"""Step along the line of sight at the disc's margin; the crossing is interpolated."""

NEAR_SURFACE_EPSILON = 10.0**-3
"""A part reaches as far as its voxels have any weight: one voxel beyond its surface."""

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LineOfSight:
    """A trajectory as the axis of a picture, in the side view of the disc.

    Parameters
    ----------
    view : SideView of the disc's frame
    origin_mm : float array, shape (3,), mm, side view: on the plane tangent to the disc, in
        line with the posterior disc margin at the medial pedicle line
    lateral, upward, outward : float array, shape (3,), unit vectors, side view; the picture
        runs along the first two, the trajectory from target to entry along the third
    axial_inclination_deg, craniocaudal_deg : float, degrees, disc frame, ``kambin-1``
    depth_mm : float, mm, how far outward of the plane structures are seen
    """

    view: SideView
    origin_mm: Vector
    lateral: Vector
    upward: Vector
    outward: Vector
    axial_inclination_deg: float
    craniocaudal_deg: float
    depth_mm: float

    def picture_mm(self, points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map LPS points, shape (..., 3), mm, to (lateral, upward, outward), mm."""
        axes = np.stack([self.lateral, self.upward, self.outward], axis=1)
        seen: NDArray[np.float64] = (self.view.local_mm(points_lps_mm) - self.origin_mm) @ axes
        return seen

    def lps_mm(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map points of the picture, shape (..., 2) or (..., 3), mm, to LPS."""
        points = np.asarray(points_mm, dtype=np.float64)
        axes = np.stack([self.lateral, self.upward, self.outward])[: points.shape[-1]]
        return self.view.lps_mm(self.origin_mm + points @ axes)


@dataclass(frozen=True, slots=True)
class Picture:
    """Silhouettes on the pixels of a picture.

    Parameters
    ----------
    lateral_mm, upward_mm : float array, 1-D, mm, the pixels along both axes
    filled : float array, shape (A, B), 0 to 1, the largest share along each line of sight;
        its 0.5 level is where the least signed distance is zero
    """

    lateral_mm: NDArray[np.float64]
    upward_mm: NDArray[np.float64]
    filled: NDArray[np.float64]

    def top_edge_mm(self) -> NDArray[np.float64]:
        """Return the highest filled place of each column, shape (A,), mm, NaN where none is."""
        return _last_edge_mm(self.filled, self.upward_mm)

    def lateral_edge_mm(self) -> NDArray[np.float64]:
        """Return the most lateral filled place of each row, shape (B,), mm, NaN where none is."""
        return _last_edge_mm(self.filled.T, self.lateral_mm)


def look_along(
    site: Site,
    axial_inclination_deg: float,
    craniocaudal_deg: float,
    disc: Structure,
    depth_mm: float,
) -> LineOfSight:
    """Return the line of sight of a trajectory on the plane that touches the disc.

    Parameters
    ----------
    site : Site at a disc level and side
    axial_inclination_deg, craniocaudal_deg : float, degrees, disc frame, ``kambin-1``
    disc : Structure, the disc of the site
    depth_mm : float, mm, how far outward of the plane structures are seen

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing
    """
    view = SideView(site.disc().lps_from_disc, require_side(site))
    outward = direction_from_angles(axial_inclination_deg, craniocaudal_deg)
    phi_rad, theta_rad = map(math.radians, (craniocaudal_deg, axial_inclination_deg))
    # Level on the disc: a trajectory's own roll is not known and would turn the window.
    lateral = np.array([math.cos(theta_rad), -math.sin(theta_rad), 0.0])
    upward = np.array(
        [
            -math.sin(phi_rad) * math.sin(theta_rad),
            -math.sin(phi_rad) * math.cos(theta_rad),
            math.cos(phi_rad),
        ]
    )
    target = view.local_mm(target_lps_mm(site))
    tangent_mm = _tangent_mm(site, disc, view, outward) - float(target @ outward)
    return LineOfSight(
        view,
        target + tangent_mm * outward,
        lateral,
        upward,
        outward,
        axial_inclination_deg,
        craniocaudal_deg,
        depth_mm,
    )


def see(
    site: Site,
    sight: LineOfSight,
    structures: tuple[Structure, ...],
    whole: Structure | None = None,
    from_mm: float = 0.0,
) -> Picture:
    """Return the silhouette of structures between the plane and the end of the view.

    Parameters
    ----------
    site : Site
    sight : LineOfSight
    structures : Structure, seen together
    whole : Structure of the bone they are parts of; its own surface is then seen, as far as
        it belongs to the parts, so that no cut between parts rounds it
    from_mm : float, mm, where the view begins, outward of the tangent plane
    """
    a0, a1, b0, b1 = values("measure.window_picture_mm")
    a = np.arange(a0, a1 + PIXEL_STEP_MM / 2, PIXEL_STEP_MM)
    b = np.arange(b0, b1 + PIXEL_STEP_MM / 2, PIXEL_STEP_MM)
    depth = sight.depth_mm
    s = np.linspace(from_mm, depth, math.ceil((depth - from_mm) / RAY_STEP_MM) + 1)
    places = sight.lps_mm(np.stack(np.meshgrid(a, b, s, indexing="ij"), axis=-1))
    return Picture(a, b, _share(site, structures, whole, places).max(axis=-1))


def _share(
    site: Site,
    structures: tuple[Structure, ...],
    whole: Structure | None,
    places: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return how much of the structures fills each place, shape (...), 0 to 1."""
    if whole is None:
        each = [site.shapes.sample(one.region, places) for one in structures]
        return np.asarray(np.max(each, axis=0))
    near = np.max([sample_region(one.region, places) for one in structures], axis=0)
    inside = near > NEAR_SURFACE_EPSILON
    found = np.zeros(places.shape[:-1])
    found[inside] = site.shapes.sample(whole.region, places[inside])
    return found


def _tangent_mm(site: Site, disc: Structure, view: SideView, outward: Vector) -> float:
    """Return how far outward the disc reaches on the side of the view, mm, side view."""
    voxels = view.local_mm(disc.region.lps_mm(np.argwhere(disc.region.values != 0)))
    voxels = voxels[voxels[:, 0] >= 0]
    far = voxels @ outward
    reach = 2 * float(disc.region.spacing_mm.max())
    outer = voxels[far > far.max() - reach]
    along = np.arange(-reach, reach + TANGENT_STEP_MM, TANGENT_STEP_MM)
    share = site.shapes.sample(disc.region, view.lps_mm(outer[:, None] + along[:, None] * outward))
    edges = outer @ outward + _last_edge_mm(share, along)
    # No column of a very thin margin may reach the half level; its voxels then have to do.
    return float(np.nanmax(edges)) if np.isfinite(edges).any() else float(far.max())


def _last_edge_mm(
    filled: NDArray[np.float64], along_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return where each row, shape (N, M), is left for the last time, shape (N,), mm."""
    inside = filled >= 0.5
    last = filled.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)
    after = np.minimum(last + 1, filled.shape[1] - 1)
    rows = np.arange(len(filled))
    high, low = filled[rows, last], filled[rows, after]
    share = np.where(high > low, (high - 0.5) / np.where(high > low, high - low, 1.0), 0.0)
    edge = along_mm[last] + share * (along_mm[after] - along_mm[last])
    return np.where(inside.any(axis=1), edge, np.nan)
