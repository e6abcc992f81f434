"""Relaxed roots and ganglia as structures, with the values by which papers describe them."""

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.roots import RelaxedRoot
from kambin.anatomy.sac import DuralSac
from kambin.anatomy.structures import Origin, Structure, Tube
from kambin.imaging import Grid, LabelMap, region_from_mask, tube_distance
from kambin.knowledge import value

REGION_SAMPLES = 20
"""Points of a root from which its region is filled; distances use the whole tube."""


def make_root(bony: BonyAnatomy, sac: DuralSac, root: RelaxedRoot) -> Structure:
    """Return a relaxed root as a modelled structure with its quality values.

    Parameters
    ----------
    bony : BonyAnatomy
    sac : DuralSac
    root : RelaxedRoot

    Returns
    -------
    Structure, origin modelled, sigma and moves in mm, angle in degrees

    Raises
    ------
    InputError  (IN-040) if no node of the grid lies in it

    References
    ----------
    Guan 2015, J Spinal Disord Tech, doi 10.1097/bsd.0000000000000145: a, b and alpha.
    """
    tube = Tube(root.points_lps_mm, root.radii_mm)
    return Structure(
        root.draft.key,
        rasterise_tube(tube, bony.working_grid),
        Origin.MODELLED,
        value("completion_nerve.root_sigma_mm"),
        tube,
        method="Rules of the level from pedicle, sac and disc plane, relaxed out of bone and disc.",
        quality={
            "moved_mm": root.moved_mm,
            "overlap_mm": root.overlap_mm,
            **_describe_exit(bony, sac, root),
        },
    )


def make_ganglion(bony: BonyAnatomy, root: RelaxedRoot) -> Structure:
    """Return the ganglion on a relaxed exiting root as a modelled structure.

    Parameters
    ----------
    bony : BonyAnatomy
    root : RelaxedRoot of an exiting root

    Returns
    -------
    Structure ``drg``, origin modelled, sigma in mm

    Raises
    ------
    InputError  (IN-040) if no node of the grid lies in it
    """
    inside = root.ganglion_radii_mm > 0
    tube = Tube(root.points_lps_mm[inside], root.ganglion_radii_mm[inside])
    key = root.draft.key
    return Structure(
        StructureKey("drg", key.place, key.side),
        rasterise_tube(tube, bony.working_grid),
        Origin.MODELLED,
        value("completion_nerve.root_sigma_mm"),
        tube,
        method="Ellipsoid on the exiting root under the pedicle, size of the literature.",
        quality={"moved_mm": root.moved_mm, "overlap_mm": root.overlap_mm},
    )


def rasterise_tube(tube: Tube, grid: Grid) -> LabelMap:
    """Return the nodes of a grid inside a tube, cropped, 0 and 1.

    Parameters
    ----------
    tube : Tube
    grid : Grid; the tube may leave it, the region may not

    Returns
    -------
    LabelMap of 0 and 1, shape of the box around the tube, on the nodes of the grid

    Raises
    ------
    InputError  (IN-040) if no node lies in the tube
    """
    # The region is for pictures and overlaps; a root bends by less than 0.1 mm between samples.
    step = max(1, len(tube.points_lps_mm) // REGION_SAMPLES)
    points = np.concatenate([tube.points_lps_mm[:-1:step], tube.points_lps_mm[-1:]])
    radii = np.concatenate([tube.radii_mm[:-1:step], tube.radii_mm[-1:]])
    reach = float(tube.radii_mm.max()) + 2 * grid.spacing_mm
    low = np.floor(grid.ijk(tube.points_lps_mm.min(axis=0) - reach)).astype(int)
    high = np.ceil(grid.ijk(tube.points_lps_mm.max(axis=0) + reach)).astype(int)
    origin = grid.origin_lps_mm + low * grid.spacing_mm
    a, b, c = (high - low + 1).tolist()
    part = Grid(origin, grid.spacing_mm, (a, b, c), grid.frame_id)
    inside = tube_distance(points, radii, part).values <= 0
    return region_from_mask(inside, part)


def _describe_exit(bony: BonyAnatomy, sac: DuralSac, root: RelaxedRoot) -> dict[str, float]:
    """Return take-off height, lateral distance and angle as A6 and A7 measure them.

    All in the frame of the caudal end plate: ``take_off_height_mm`` (a) from the plate up
    to where the root's medial edge leaves the sac, ``sac_to_root_mm`` (b) from the sac's
    edge to the root where it passes the plate, ``angle_to_plate_deg`` (alpha) between both
    points, in the coronal plane.
    """
    draft = root.draft
    lower = bony.vertebra_frames.get(draft.level.lower)
    if draft.key.kind != "exiting_root" or lower is None or draft.key.side is None:
        return {}
    local = lower.upper_plate.inverse().points(root.points_lps_mm)
    beside = local[:, 0] * draft.key.side.lateral_sign_lps
    edge = _sac_edge_beside_mm(sac, root.points_lps_mm, draft.key.side.lateral_sign_lps)
    # Its medial edge, as on MR: the centre line leaves the sac a radius earlier.
    parted = np.flatnonzero(beside - root.radii_mm > edge)
    passed = np.flatnonzero(local[:, 2] <= 0)
    if len(parted) == 0 or len(passed) == 0:
        return {}
    first, last = parted[0], passed[0]
    run, fall = beside[last] - beside[first], local[first, 2] - local[last, 2]
    return {
        "take_off_height_mm": float(local[first, 2]),
        "sac_to_root_mm": float(beside[last] - edge[last]),
        "angle_to_plate_deg": float(np.degrees(np.arctan2(fall, run))),
    }


def _sac_edge_beside_mm(
    sac: DuralSac, points_lps_mm: NDArray[np.float64], sign: float
) -> NDArray[np.float64]:
    """Return how far the sac reaches to one side at the height of each point, shape (N,), mm."""
    curve = sac.curve
    at = [curve.nearest(point) for point in points_lps_mm]
    # Where the ray meets no sac, the canal itself is the limit.
    return sac.edges_mm(
        curve.centres_lps_mm[at], curve.left_lps[at] * sign, curve.half_width_mm[at]
    )
