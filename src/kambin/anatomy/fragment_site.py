"""Landmarks of one level by which a herniation is placed and classified."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from kambin.anatomy.fragment_lattice import DiscLattice, last_exit_mm
from kambin.anatomy.keys import Level, StructureKey
from kambin.anatomy.structures import Anatomy, DiscFrame, VertebraFrame
from kambin.core import AnatomyError
from kambin.frames import RigidTransform, Side
from kambin.imaging import LabelMap
from kambin.knowledge import value, values

FRAGMENT_KEY = StructureKey("fragment")


@dataclass(frozen=True, slots=True)
class SideMarks:
    """Landmarks of one side, in the disc's frame, lateral counted from the midline.

    Parameters
    ----------
    facet_mm : float, mm, lateral of the medial edge of the facet joint
    facet_edge_mm : float array, shape (3,), mm, disc frame: left, posterior, cranial
    medial_mm, lateral_mm : float, mm, borders of the pedicle, mean of the two vertebrae
    upper_pedicle_mm : float, mm, cranial, lower margin of the upper pedicle
    lower_pedicle_mm : pair of float, mm, cranial, middle and lower margin of the lower pedicle
    """

    facet_mm: float
    facet_edge_mm: NDArray[np.float64]
    medial_mm: float
    lateral_mm: float
    upper_pedicle_mm: float
    lower_pedicle_mm: tuple[float, float]


@dataclass(frozen=True, slots=True)
class HerniaSite:
    """One level with the lines that zones, sizes and migration are counted from.

    Parameters
    ----------
    level : Level
    disc : DiscFrame
    sides : mapping of Side to SideMarks
    plates_mm : pair of float, mm, cranial in the disc's frame: posterior corner of the lower
        plate above and of the upper plate below
    ends_mm : pair of float, mm, the same at the far ends of the two bodies, below and above;
        minus infinity below S1, whose wall goes on
    """

    level: Level
    disc: DiscFrame
    sides: Mapping[Side, SideMarks]
    plates_mm: tuple[float, float]
    ends_mm: tuple[float, float]

    def facet_line_mm(self, x_mm: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Return y of the line through both facet edges at x, mm, disc frame."""
        left, right = (self.sides[side].facet_edge_mm for side in (Side.LEFT, Side.RIGHT))
        slope = (left[1] - right[1]) / (left[0] - right[0])
        # From its middle outwards: the same numbers for a mirrored patient.
        middle = (left + right) / 2
        line: NDArray[np.float64] = middle[1] + slope * (np.asarray(x_mm) - middle[0])
        return line


def find_site(anatomy: Anatomy, level: Level) -> HerniaSite:
    """Return the landmarks of a level.

    Parameters
    ----------
    anatomy : Anatomy, completed
    level : Level

    Returns
    -------
    HerniaSite, mm, disc frame

    Raises
    ------
    AnatomyError  (AN-350) if the level has no frame, no pedicle or no facet joint

    References
    ----------
    Fardon 2014, doi 10.1016/j.spinee.2014.04.022 (zones between facet edge and pedicle)
    """
    disc = anatomy.disc_frames.get(level)
    frames = [anatomy.vertebra_frames.get(name) for name in (level.upper, level.lower)]
    if disc is None or frames[0] is None or frames[1] is None:
        raise _no_landmark(level, "the frame of the disc or of a vertebra")
    upper, lower = frames[0], frames[1]
    to_disc = disc.lps_from_disc.inverse()
    sides = {side: _find_marks(anatomy, level, disc, (upper, lower), side) for side in Side}

    def _height_mm(frame: VertebraFrame, plate: RigidTransform) -> float:
        return float(to_disc.points(_corner_lps_mm(frame, plate))[2])

    plates = _height_mm(upper, upper.lower_plate), _height_mm(lower, lower.upper_plate)
    last = -math.inf if level.lower == "S1" else _height_mm(lower, lower.lower_plate)
    return HerniaSite(level, disc, sides, plates, (last, _height_mm(upper, upper.upper_plate)))


def find_back_wall_mm(lattice: DiscLattice, solid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return y of the back of bodies and disc in each column of a lattice, shape (I, K), mm.

    Parameters
    ----------
    lattice : DiscLattice
    solid : float array, shape (I, J, K), filling by bodies and disc

    Notes
    -----
    Columns that miss both take the value of the nearest column that meets one; without any,
    the posterior rim of the disc.
    """
    wall = last_exit_mm(solid, lattice.axes_mm[1])
    known = np.isfinite(wall)
    if not known.any():
        return np.full(wall.shape, lattice.disc.posterior_rim_y_mm)
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    filled: NDArray[np.float64] = wall[tuple(nearest)]
    return filled


def solid_keys(level: Level) -> tuple[str, ...]:
    """Return the keys of what a herniation lies behind: both bodies and the disc."""
    parts = ("body", "body_rim")
    bodies = [f"{part}:{name}" for name in (level.upper, level.lower) for part in parts]
    return (*bodies, f"disc:{level}")


def _find_marks(
    anatomy: Anatomy,
    level: Level,
    disc: DiscFrame,
    frames: tuple[VertebraFrame, VertebraFrame],
    side: Side,
) -> SideMarks:
    upper, lower = (_pedicle_in_disc(frame, disc, side) for frame in frames)
    known = [pedicle for pedicle in (upper, lower) if pedicle is not None]
    edge = _find_facet_edge(anatomy, level, disc, side)
    if not known or upper is None or edge is None:
        raise _no_landmark(level, f"a pedicle or the facet joint, {side}")
    medial = float(np.mean([p[0] - p[1] / 2 for p in known]))
    lateral = float(np.mean([p[0] + p[1] / 2 for p in known]))
    if lower is None:
        # Nothing tells a pedicle of S1 from the ala where none was found.
        plate = disc.lps_from_disc.inverse().points(
            _corner_lps_mm(frames[1], frames[1].upper_plate)
        )[2]
        middle, margin = values("herniation.sacral_pedicle_mm")
        down = float(plate) - middle, float(plate) - margin
    else:
        down = (lower[2] + lower[3]) / 2, lower[2]
    # Upper lumbar facets are so sagittal that their edge lies over the pedicle.
    facet = min(
        side.lateral_sign_lps * float(edge[0]), medial - value("herniation.subarticular_least_mm")
    )
    return SideMarks(facet, edge, medial, lateral, upper[2], down)


def _pedicle_in_disc(
    frame: VertebraFrame, disc: DiscFrame, side: Side
) -> tuple[float, float, float, float] | None:
    """Return lateral, width, lower and upper margin of a pedicle, mm, disc frame."""
    if side not in frame.pedicles:
        return None
    x, y, z, width, height = frame.pedicles[side]
    ends = [[side.lateral_sign_lps * x, y, z + share * height] for share in (-0.5, 0.5)]
    local = disc.lps_from_disc.inverse().points(frame.lps_from_vertebra.points(ends))
    lateral = side.lateral_sign_lps * float(local[:, 0].mean())
    return lateral, width, float(local[0, 2]), float(local[1, 2])


def _find_facet_edge(
    anatomy: Anatomy, level: Level, disc: DiscFrame, side: Side
) -> NDArray[np.float64] | None:
    """Return the medial edge of the facet joint, shape (3,), mm, disc frame."""
    superior = anatomy.find(StructureKey("sap", level.lower, side))
    inferior = anatomy.find(StructureKey("iap", level.upper, side))
    if superior is None or not superior.region.values.any():
        return None
    places = superior.region.lps_mm(np.argwhere(superior.region.values > 0))
    if inferior is not None and inferior.region.values.any():
        other = inferior.region.lps_mm(np.argwhere(inferior.region.values > 0))
        gaps, _ = cKDTree(other).query(places)
        # To the centre of the nearest voxel it is half a voxel further than to its surface.
        half = float(inferior.region.spacing_mm.min()) / 2
        reach = max(value("herniation.articular_reach_mm") + half, float(gaps.min()))
        places = places[gaps <= reach]
    local = disc.lps_from_disc.inverse().points(places)
    # Where a slice through the disc meets the joint: further down the process is one with the
    # arch and reaches more medially. At least a voxel, whatever a collapsed disc leaves.
    half = max(disc.height_mm / 2, float(superior.region.spacing_mm.max()))
    away = np.abs(local[:, 2])
    local = local[away <= max(half, float(away.min()))]
    edge = _mean_edge_mm(local * [side.lateral_sign_lps, 1, 1], superior.region)
    return edge * [side.lateral_sign_lps, 1, 1]


def _mean_edge_mm(places_mm: NDArray[np.float64], region: LabelMap) -> NDArray[np.float64]:
    """Return the mean of the most medial places slice by slice, x outwards, shape (3,), mm."""
    # The joint is as thick as it is here or there; every slice has one edge all the same.
    thick, wide = float(region.spacing_mm.max()), float(region.spacing_mm[0])
    # From the middle outwards: the slices of a patient turned upside down are the same.
    number = np.rint(places_mm[:, 2] / thick)
    edges = []
    for n in np.unique(number):
        here = places_mm[number == n]
        least = here[:, 0].min()
        behind = here[here[:, 0] <= least + value("herniation.facet_edge_share") * wide, 1]
        # From the centre of the outermost voxel to its surface.
        edges.append([least - wide / 2, float(behind.mean()), n * thick])
    mean: NDArray[np.float64] = np.mean(edges, axis=0)
    return mean


def _corner_lps_mm(frame: VertebraFrame, plate: RigidTransform) -> NDArray[np.float64]:
    """Return where the posterior wall meets an end plate in the midline, shape (3,), mm, LPS."""
    lps_from_vertebra = frame.lps_from_vertebra
    in_lps = plate if plate.target == lps_from_vertebra.target else lps_from_vertebra @ plate
    start = lps_from_vertebra.points([0.0, frame.posterior_wall_y_mm, 0.0])
    up, normal = lps_from_vertebra.rotation[:, 2], in_lps.rotation[:, 2]
    along = float((in_lps.origin_mm - start) @ normal) / float(up @ normal)
    corner: NDArray[np.float64] = start + along * up
    return corner


def _no_landmark(level: Level, missing: str) -> AnatomyError:
    return AnatomyError(
        code="AN-350",
        what="The herniation cannot be placed at this level",
        where=str(level),
        why=f"Not assessed: {missing}.",
        next_step="Ask for a level whose vertebrae are whole in the labels.",
    )
