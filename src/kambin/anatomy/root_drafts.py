"""First drafts of the lumbar roots, laid by rules of each level before bone pushes them aside."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.keys import Level, StructureKey
from kambin.anatomy.root_ala import find_way_over_ala
from kambin.anatomy.root_places import (
    RootRule,
    direction_in_psoas,
    distal_direction,
    find_middle_of_foramen_mm,
    find_nominal_rule,
    find_sac_edge,
    find_sacral_way,
    find_take_off,
    find_under_pedicle,
)
from kambin.anatomy.sac import DuralSac
from kambin.frames import Side
from kambin.knowledge import value, value_at

DRAFT_SAMPLES = 81
"""Points of every root; about 0.7 mm apart on the longest, below the working spacing."""

_SACRAL = "S1"


@dataclass(frozen=True, slots=True)
class RootDraft:
    """One root before relaxation.

    Parameters
    ----------
    key : StructureKey, exiting or traversing root
    level : Level whose foramen or disc it passes
    points_lps_mm : float array, shape (N, 3), mm, LPS, from the sac outward
    radii_mm : float array, shape (N,), mm, of the root alone
    ganglion_radii_mm : float array, shape (N,), mm, 0 where the ganglion does not reach
    """

    key: StructureKey
    level: Level
    points_lps_mm: NDArray[np.float64]
    radii_mm: NDArray[np.float64]
    ganglion_radii_mm: NDArray[np.float64]

    @property
    def needed_radii_mm(self) -> NDArray[np.float64]:
        """Return the room the root or its ganglion needs at each point, shape (N,), mm."""
        return np.maximum(self.radii_mm, self.ganglion_radii_mm)


def draft_exiting_root(
    bony: BonyAnatomy,
    sac: DuralSac,
    level: Level,
    side: Side,
    rule: RootRule | None = None,
    *,
    start_lps_mm: NDArray[np.float64] | None = None,
) -> RootDraft | None:
    """Lay the root that leaves under the pedicle of the level's upper vertebra.

    Parameters
    ----------
    bony : BonyAnatomy
    sac : DuralSac
    level : Level
    side : Side
    rule : RootRule; without one the nominal rule of the level
    start_lps_mm : float array, shape (3,), mm, LPS, the take-off if it is known already

    Returns
    -------
    RootDraft from the sac's edge at the height of the pedicle, round the pedicle's lower
    medial corner, through the ganglion and on beside the body below; or none if the
    pedicle was not found

    Notes
    -----
    The rules of recipes 4. One angle for all levels drives L5 through the ala: the angle to
    the disc plane and the anterior drift are per level.

    References
    ----------
    Silverstein 2015, Int J Spine Surg 9:3, doi 10.14444/2003 (place of the ganglion)
    Hasegawa 1996, Spine 21:1005, doi 10.1097/00007632-199605010-00001 (its size)
    Clin Anat 2018;31:782 (diameters of the roots)
    """
    frame = bony.vertebra_frames.get(level.upper)
    if frame is None or side not in frame.pedicles:
        return None
    used = rule or find_nominal_rule(level)
    start = find_take_off(bony, sac, level, side) if start_lps_mm is None else start_lps_mm
    axilla, ganglion = find_under_pedicle(
        frame, side, used, find_middle_of_foramen_mm(bony, level, side)
    )
    diameter_mm = value_at("completion_nerve.root_diameter_mm", level.upper)
    nodes = [start, axilla, ganglion, *_way_beyond(bony, level, side, used, ganglion)]
    points, at_nodes = lay_curve(np.array(nodes))
    share = value("completion_nerve.root_proximal_share")
    along = np.linspace(0.0, 1.0, len(points))
    # The sleeve is thinner than the root beyond its ganglion.
    grown = np.clip(along / at_nodes[2], 0.0, 1.0)
    return RootDraft(
        StructureKey("exiting_root", level.upper, side),
        level,
        points,
        diameter_mm / 2 * (share + (1.0 - share) * grown),
        _ganglion_radii(points, ganglion, level.upper),
    )


def _way_beyond(
    bony: BonyAnatomy, level: Level, side: Side, rule: RootRule, ganglion: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Return the nodes beyond the ganglion: beside the disc and in the psoas, or on the ala."""
    if level.lower == _SACRAL:
        gap_mm = value("completion_nerve.gap_to_bone_mm")
        radius_mm = value_at("completion_nerve.root_diameter_mm", level.upper) / 2
        on_ala = find_way_over_ala(bony, level, side, ganglion, radius_mm + gap_mm)
        if on_ala:
            return on_ala
    near_mm = value("completion_nerve.root_in_foramen_mm")
    far_mm = value("completion_nerve.root_length_mm") - near_mm
    turn = ganglion + distal_direction(bony, level, side, rule) * near_mm
    # In the psoas it follows the trunk, not the plane of its disc: one way for both fits neither.
    onward = turn + direction_in_psoas(bony, level.upper, side) * far_mm
    return [turn, (turn + onward) / 2, onward]


def draft_traversing_root(
    bony: BonyAnatomy, sac: DuralSac, level: Level, side: Side
) -> RootDraft | None:
    """Lay the root that leaves the sac at this disc and runs to the pedicle below.

    Parameters
    ----------
    bony : BonyAnatomy
    sac : DuralSac
    level : Level
    side : Side

    Returns
    -------
    RootDraft in the lateral recess, from its origin on the sac to the take-off of the
    exiting root of the lower vertebra (S1: on to the first sacral foramen); or none if a
    frame or pedicle is missing

    References
    ----------
    Evidence 3.3, A4: the origin lies below the disc at L2 to L4, at the disc for L5 and
    at its upper margin for S1.
    """
    frame = bony.vertebra_frames.get(level.lower)
    disc = bony.disc_frames.get(level)
    if frame is None or disc is None or side not in frame.pedicles:
        return None
    above_mm = value_at("completion_nerve.traversing_origin_mm", level.lower)
    diameter_mm = value_at("completion_nerve.root_diameter_mm", level.lower)
    radius_mm = diameter_mm / 2 * value("completion_nerve.root_proximal_share")
    up = disc.lps_from_disc.rotation[:, 2]
    # Its own radius inside the edge: at its origin the root has not left the sac.
    origin = find_sac_edge(
        sac, disc.lps_from_disc.origin_mm + up * above_mm, up, side, inset_mm=radius_mm
    )
    # Where the exiting root begins: both are one nerve.
    below = next((other for other in bony.levels if other.upper == level.lower), None)
    if level.lower == _SACRAL or below is None:
        # Laid with the room of its ganglion, which swells beside the S1 pedicle.
        width_mm = value_at("completion_nerve.drg_width_mm", level.lower)
        nodes = [origin, *find_sacral_way(frame, side, width_mm / 2)]
    else:
        nodes = [origin, find_take_off(bony, sac, below, side)]
    points, _ = lay_curve(np.array(nodes))
    swollen = np.zeros(len(points))
    if level.lower == _SACRAL:
        # Its ganglion lies in the sacral canal, before the root reaches its foramen.
        share = value("completion_nerve.sacral_drg_below_mm")
        share /= value("completion_nerve.sacral_root_below_mm")
        middle = nodes[1] + (nodes[2] - nodes[1]) * share
        swollen = _ganglion_radii(points, middle, level.lower)
    return RootDraft(
        StructureKey("traversing_root", level.lower, side),
        level,
        points,
        np.full(len(points), radius_mm),
        swollen,
    )


def lay_curve(
    nodes_lps_mm: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lay a smooth curve through nodes and sample it evenly.

    Parameters
    ----------
    nodes_lps_mm : float array, shape (M, 3), mm, LPS, M >= 2

    Returns
    -------
    float array, shape (DRAFT_SAMPLES, 3), mm, LPS
    float array, shape (M,), where along the curve, 0 to 1, the nodes lie
    """
    steps = np.linalg.norm(np.diff(nodes_lps_mm, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    # Monotone pieces: a natural spline would swing into the pedicle at the axilla.
    fine = PchipInterpolator(along, nodes_lps_mm)(np.linspace(0.0, along[-1], 4 * DRAFT_SAMPLES))
    points = resample_evenly(fine)
    return points, along / along[-1]


def resample_evenly(points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a poly-line with DRAFT_SAMPLES evenly spaced points, shape (N, 3), mm, LPS."""
    steps = np.linalg.norm(np.diff(points_lps_mm, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0.0, along[-1], DRAFT_SAMPLES)
    return np.stack([np.interp(at, along, column) for column in points_lps_mm.T], axis=1)


def _ganglion_radii(
    points_lps_mm: NDArray[np.float64], centre_lps_mm: NDArray[np.float64], vertebra: str
) -> NDArray[np.float64]:
    """Return the radius of an ellipsoidal ganglion along the root, shape (N,), mm."""
    steps = np.linalg.norm(np.diff(points_lps_mm, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    middle = along[int(np.argmin(np.linalg.norm(points_lps_mm - centre_lps_mm, axis=1)))]
    half_length = value_at("completion_nerve.drg_length_mm", vertebra) / 2
    share = np.clip(1.0 - ((along - middle) / half_length) ** 2, 0.0, 1.0)
    radii: NDArray[np.float64] = (
        value_at("completion_nerve.drg_width_mm", vertebra) / 2 * np.sqrt(share)
    )
    return radii
