"""The fragment in the frame of its disc: level, side, back wall and lattice."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from kambin.anatomy import Anatomy, Level, Structure, StructureKey
from kambin.anatomy.fragment_lattice import (
    INSIDE_SHARE,
    LATTICE_STEP_MM,
    DiscLattice,
    first_entry_mm,
    last_exit_mm,
)
from kambin.anatomy.fragment_site import (
    FRAGMENT_KEY,
    HerniaSite,
    SideMarks,
    find_back_wall_mm,
    find_site,
    solid_keys,
)
from kambin.frames import Side
from kambin.knowledge import value, values

MIDDLE_DECIMALS = 9
"""A fragment in the midline lies there, whichever way its sums were rounded."""

MARGIN_MM = 3
"""Free nodes round the fragment, so that every surface is crossed."""


@dataclass(frozen=True)
class HerniaScene:
    """Everything the classification looks at.

    Parameters
    ----------
    anatomy : Anatomy
    site : HerniaSite of the level it comes from
    fragment : Structure
    side : Side on which its middle lies; in the midline, the left
    points_mm : float array, shape (N, 3), mm, its voxels: left, posterior, cranial of the disc
    lattice : DiscLattice round the fragment
    filled : float array, shape (I, J, K), filling by the fragment
    disc_filled : float array, shape (I, J, K), filling by the disc
    middle_mm : float array, shape (3,), mm, median of its volume, disc frame
    wall_mm, front_mm, far_mm : float array, shape (I, K), mm: y of the back of bodies and disc,
        and of the fragment's front and back; NaN where there is no fragment
    """

    anatomy: Anatomy
    site: HerniaSite
    fragment: Structure
    side: Side
    points_mm: NDArray[np.float64]
    middle_mm: NDArray[np.float64]
    lattice: DiscLattice
    filled: NDArray[np.float64]
    disc_filled: NDArray[np.float64]
    wall_mm: NDArray[np.float64]
    front_mm: NDArray[np.float64]
    far_mm: NDArray[np.float64]

    @property
    def marks(self) -> SideMarks:
        """Return the landmarks of the fragment's side."""
        return self.site.sides[self.side]

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Return which nodes the fragment fills, shape (I, J, K)."""
        filled: NDArray[np.bool_] = self.filled >= INSIDE_SHARE
        return filled

    @property
    def landmark_sigma_mm(self) -> float:
        """Return the standard deviation of a line that bone gives, mm."""
        bone = self.anatomy.find(f"vertebra:{self.site.level.lower}")
        # Without the whole bone its parts have given the landmarks; the fragment is no worse.
        surface = self.fragment.sigma_mm if bone is None else bone.sigma_mm
        return math.hypot(value("herniation.landmark_sigma_mm"), surface)

    def lps_mm(self, *points_mm: NDArray[np.float64] | tuple[float, ...]) -> NDArray[np.float64]:
        """Map points of the disc's frame to LPS, shape (N, 3), mm."""
        return self.site.disc.lps_from_disc.points(np.array(points_mm, dtype=np.float64))


def find_scene(anatomy: Anatomy, level: Level | None = None) -> HerniaScene:
    """Look at the fragment of an anatomy from the disc it comes from.

    Parameters
    ----------
    anatomy : Anatomy with a fragment
    level : Level it was asked for at, or none to take the nearest disc

    Raises
    ------
    AnatomyError  (AN-011) without a fragment, (AN-350) if a landmark is missing
    """
    fragment = anatomy.require(FRAGMENT_KEY)
    lps_mm = fragment.region.lps_mm(np.argwhere(fragment.region.values > 0))
    site = find_site(anatomy, level or find_nearest_levels(anatomy, lps_mm)[0][0])
    points = site.disc.lps_from_disc.inverse().points(lps_mm)
    reach = float(max(values("herniation.half_height_mm")))
    margin = MARGIN_MM + fragment.region.spacing_mm.max() / 2
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    rim = site.disc.posterior_rim_y_mm
    wide = max(marks.medial_mm for marks in site.sides.values()) + 2
    back = max(float(marks.facet_edge_mm[1]) for marks in site.sides.values())
    # Forward into bodies and disc, or columns beside a free fragment would have no wall; and
    # the whole canal, as far behind the facet edges again as these lie behind the rim.
    low = np.minimum(low, [-wide, rim - reach, low[2]])
    high = np.maximum(high, [wide, 2 * back - rim, high[2]])
    lattice = DiscLattice(site.disc, low, high)
    filled = lattice.sample(fragment.region)
    # A fragment thinner than the lattice still counts where it is thickest.
    filled = filled if filled.max() >= 0.5 else filled / filled.max()
    disc = anatomy.find(StructureKey("disc", str(site.level)))
    middle = _median_mm(lattice, filled)
    wall = find_back_wall_mm(lattice, lattice.sample_any(anatomy, solid_keys(site.level)))
    return HerniaScene(
        anatomy,
        site,
        fragment,
        Side.LEFT if middle[0] * Side.LEFT.lateral_sign_lps >= 0 else Side.RIGHT,
        points,
        middle,
        lattice,
        filled,
        lattice.sample(disc.region if disc else None),
        _straight_on(wall, lattice, site),
        first_entry_mm(filled, lattice.axes_mm[1]),
        last_exit_mm(filled, lattice.axes_mm[1]),
    )


def _median_mm(lattice: DiscLattice, filled: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of a volume along each axis, between nodes, shape (3,), mm."""
    found = []
    for axis, coordinate in enumerate(lattice.axes_mm):
        share = filled.sum(axis=tuple({0, 1, 2} - {axis}))
        total = np.concatenate([[0.0], np.cumsum(share)])
        # A node stands for half a step on each side of it.
        borders = np.append(coordinate, coordinate[-1] + LATTICE_STEP_MM) - LATTICE_STEP_MM / 2
        rises = np.diff(total) > 0
        # Between two pieces of equal volume it is the middle of the gap, seen from either end.
        ends = [
            np.interp(total[-1] / 2, total[used], borders[used])
            for used in (np.append(True, rises), np.append(rises, True))
        ]
        found.append(round(float(np.mean(ends)), MIDDLE_DECIMALS))
    return np.array(found)


def _straight_on(
    wall_mm: NDArray[np.float64], lattice: DiscLattice, site: HerniaSite
) -> NDArray[np.float64]:
    """Return the wall continued straight on past the rounded far ends of both bodies."""
    z, rim = lattice.axes_mm[2], value("herniation.rim_rounding_mm")
    low, high = site.ends_mm[0] + rim, site.ends_mm[1] - rim
    known = np.flatnonzero((z >= low) & (z <= high))
    if not len(known):
        return wall_mm
    # What lies past them has a wall of its own, or none.
    return wall_mm[:, np.clip(np.arange(len(z)), known[0], known[-1])]


def find_nearest_levels(
    anatomy: Anatomy, points_lps_mm: NDArray[np.float64]
) -> list[tuple[Level, float]]:
    """Return the levels with their distance to a fragment, the nearest disc first.

    Parameters
    ----------
    anatomy : Anatomy
    points_lps_mm : float array, shape (N, 3), mm, LPS

    Returns
    -------
    list of Level and mm, from the nearest tenth of the fragment to the disc or, where it has
    no shape, to its centre
    """
    found = []
    for level, frame in anatomy.disc_frames.items():
        disc = anatomy.find(StructureKey("disc", str(level)))
        places = (
            disc.region.lps_mm(np.argwhere(disc.region.values > 0))
            if disc is not None and disc.region.values.any()
            else frame.lps_from_disc.origin_mm[None]
        )
        gaps, _ = cKDTree(places).query(points_lps_mm)
        # The middle of the fragment counts too: a long one may graze the next disc.
        found.append((level, float((gaps.min() + np.median(gaps)) / 2)))
    return sorted(found, key=lambda pair: pair[1])
