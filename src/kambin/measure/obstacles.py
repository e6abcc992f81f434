"""What bounds a foramen: two vertebrae, their disc, and the closed joint between them."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy import VertebraFrame
from kambin.anatomy.fragment_lattice import sample_region
from kambin.knowledge import value, values
from kambin.measure.site import (
    SideView,
    Site,
    require_level,
    require_side,
)

LATTICE_STEP_MM = 0.75
"""Spacing of the obstacle lattice: the working spacing of the distance fields."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """Obstacles round one foramen on a lattice seen from its side.

    Parameters
    ----------
    filled : float array, shape (I, J, K), 0 to 1 along (lateral, posterior, cranial)
    low_mm : float array, shape (3,), mm, the node (0, 0, 0) in the side view of the disc
    view : SideView of the disc's frame
    strip_mm : float array, shape (2, 3), mm, side view: lower border of the upper pedicle and
        upper border of the lower one; the lumen lies between them
    """

    filled: NDArray[np.float64]
    low_mm: NDArray[np.float64]
    view: SideView
    strip_mm: NDArray[np.float64]

    def sample(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the occupancy at places in the side view, shape (..., 3), mm.

        Notes
        -----
        Beyond the lattice its border goes on; a lumen that reaches the border of its section
        is open all the same.
        """
        ijk = np.moveaxis((points_mm - self.low_mm) / LATTICE_STEP_MM, -1, 0)
        found: NDArray[np.float64] = ndimage.map_coordinates(
            self.filled, ijk, order=1, mode="nearest"
        )
        return found


def build_lattice(site: Site) -> Lattice:
    """Return the obstacles round the foramen of a level and side.

    Parameters
    ----------
    site : Site at a disc level and side; both vertebrae need a mask and a frame

    Returns
    -------
    Lattice, occupancy of shape (I, J, K) and corners in mm, in the side view of the disc

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing, (AN-011) if a vertebra has no mask

    Notes
    -----
    The posterior elements of both vertebrae, together, are closed by 3 mm, or the lumen
    leaks through the joint and the pars. The bodies are not closed: that would fill the
    foramen itself.
    """
    level = require_level(site)
    view = SideView(site.disc().lps_from_disc, require_side(site))
    strip = _strip_mm(site, view)
    low, shape = _box(strip.mean(axis=0))
    nodes = low + LATTICE_STEP_MM * np.moveaxis(np.indices(shape), 0, -1)
    places = view.lps_mm(nodes)
    solid = np.zeros(shape)
    posterior = np.zeros(shape, dtype=bool)
    for vertebra in (level.upper, level.lower):
        bone = site.shapes.sample(site.anatomy.require(f"vertebra:{vertebra}").region, places)
        solid = np.maximum(solid, bone)
        # Both vertebrae before closing: the joint lies between them (recipes 5).
        inside = bone >= 0.5
        # Only bone is asked for its part: most of the lattice is none.
        posterior[inside] |= ~_body(site, vertebra, places[inside])
    disc = site.anatomy.find(f"disc:{level}")
    # Without a disc the lumen is bounded by the bodies alone and reads too large in front.
    if disc is not None:
        solid = np.maximum(solid, site.shapes.sample(disc.region, places))
    # Only where there is no bone: on bone it would move the surface to the next node.
    filled = np.where(solid < 0.5, np.maximum(solid, _close(posterior)), solid)
    return Lattice(filled, low, view, strip)


def _strip_mm(site: Site, view: SideView) -> NDArray[np.float64]:
    """Return the ends of the line between both pedicles, shape (2, 3), mm, side view."""
    level = require_level(site)
    upper = pedicle_border_mm(site.frame(level.upper), view, up=-1)
    lower = pedicle_border_mm(site.frame(level.lower), view, up=1)
    rim = site.disc().posterior_rim_y_mm
    # The sacrum has no pedicle of its own: the line then ends at the rim of the disc.
    if upper is None and lower is None:
        lateral = site.disc().half_width_mm * 0.5
        return np.array([[lateral, rim, value("measure.seed_radius_mm")], [lateral, rim, 0.0]])
    if lower is None and upper is not None:
        lower = np.array([upper[0], max(rim, upper[1]), 0.0])
    if upper is None and lower is not None:
        upper = np.array([lower[0], max(rim, lower[1]), site.disc().height_mm])
    return np.array([upper, lower])


def pedicle_border_mm(
    frame: VertebraFrame, view: SideView, *, up: int
) -> NDArray[np.float64] | None:
    """Return the middle of the upper or lower border of a pedicle, shape (3,), mm, side view.

    Parameters
    ----------
    frame : VertebraFrame
    view : SideView
    up : 1 for the upper border, -1 for the lower one
    """
    found = frame.pedicles.get(view.side)
    if found is None:
        return None
    lateral, backward, height_z, _, height = found
    # Landmarks are stored as |x|: the side gives the sign.
    border = [view.side.lateral_sign_lps * lateral, backward, height_z + up * height / 2]
    return view.local_mm(frame.lps_from_vertebra.points(border))


def _box(seed_mm: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[int, int, int]]:
    """Return the low corner and the shape of a lattice that holds every section."""
    front, back, down, up = values("measure.waist_window_mm")
    offsets = values("measure.waist_offset_mm")
    turn = math.radians(max(abs(a) for a in values("measure.waist_yaw_deg")))
    tilt = math.radians(max(abs(a) for a in values("measure.waist_pitch_deg")))
    sideways = max(map(abs, (front, back))) * math.sin(turn)
    sideways += max(map(abs, (down, up))) * math.sin(tilt)
    # Large enough for every pose of the fan, so that no section is cut by the lattice.
    shift = max(map(abs, offsets))
    lean = shift * math.sin(turn), shift * math.sin(tilt) + back * math.sin(turn) * math.sin(tilt)
    low = np.array([offsets[0] - sideways, front - lean[0], down - lean[1]])
    high = np.array([offsets[1] + sideways, back + lean[0], up + lean[1]])
    a, b, c = np.ceil((high - low) / LATTICE_STEP_MM).astype(int).tolist()
    return seed_mm + low, (a + 1, b + 1, c + 1)


def _body(site: Site, vertebra: str, places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which places lie in the body, by its own part or else by the posterior wall."""
    part = site.anatomy.find(f"body:{vertebra}")
    frame = site.frame(vertebra)
    in_front = frame.lps_from_vertebra.inverse().points(places)[..., 1] <= frame.posterior_wall_y_mm
    if part is None:
        return in_front
    # Both rules: the part may end before the wall where pedicle and body merge.
    inside: NDArray[np.bool_] = sample_region(part.region, places) >= 0.5
    return inside | in_front


def _close(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the mask closed by a ball of the closing radius, 0 to 1 on the lattice."""
    radius = value("measure.closing_mm") / LATTICE_STEP_MM
    closed = np.zeros(mask.shape)
    if not mask.any():
        return closed
    # The ball reaches no further; one free node around it keeps the way to the nearest one.
    box = _grow_box(mask, math.ceil(radius) + 1)
    grown: NDArray[np.bool_] = ndimage.distance_transform_edt(~mask[box]) <= radius
    if grown.all():
        closed[box] = 1.0
        return closed
    # Distances run to the first node outside, half a step beyond the surface: a depth of
    # radius + 0.5 steps below the grown surface is the closed surface itself.
    closed[box] = np.clip(ndimage.distance_transform_edt(grown) - radius, 0, 1)
    return closed


def _grow_box(mask: NDArray[np.bool_], nodes: int) -> tuple[slice, ...]:
    """Return the box of a mask that is not empty, and some nodes more where the array has them."""
    found = []
    for axis in range(mask.ndim):
        held = np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis})))
        found.append(slice(max(int(held[0]) - nodes, 0), int(held[-1]) + 1 + nodes))
    return tuple(found)
