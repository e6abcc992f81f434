"""Where a root passes: take-off, axilla, ganglion and the way beyond, from bone and literature."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.keys import Level
from kambin.anatomy.sac import DuralSac
from kambin.anatomy.sampling import Sampler, find_exit_mm
from kambin.anatomy.structures import VertebraFrame
from kambin.frames import Side
from kambin.knowledge import value, value_at

# Between the kyphosis above and the slope of L4 and L5 below.
_LEVEL_VERTEBRAE = ("L1", "L2", "L3")


@dataclass(frozen=True, slots=True)
class RootRule:
    """The numbers by which one exiting root is laid.

    Parameters
    ----------
    angle_deg : float, degrees, between the distal root and the disc plane
    drift : float, anterior way per unit of way in the coronal plane
    behind_mm : float, mm, ganglion behind the middle of the foramen's free depth
    below_pedicle_mm : float, mm, gap between pedicle and ganglion
    """

    angle_deg: float
    drift: float
    behind_mm: float
    below_pedicle_mm: float


def find_nominal_rule(level: Level) -> RootRule:
    """Return the rule of the literature for the exiting root of a level.

    Parameters
    ----------
    level : Level

    Returns
    -------
    RootRule, degrees and mm

    References
    ----------
    Guan 2015, J Spinal Disord Tech, doi 10.1097/bsd.0000000000000145 (angle to the disc)
    Li P 2014, doi 10.13418/j.issn.1001-165x.2014.04.005 (root below the pedicle)
    """
    return RootRule(
        value_at("completion_nerve.root_angle_deg", level.upper),
        value_at("completion_nerve.root_drift", level.upper),
        0.0,
        value("completion_nerve.root_below_pedicle_mm"),
    )


def find_take_off(
    bony: BonyAnatomy, sac: DuralSac, level: Level, side: Side
) -> NDArray[np.float64]:
    """Return where the exiting root of a level leaves the sac, shape (3,), mm, LPS.

    Parameters
    ----------
    bony : BonyAnatomy
    sac : DuralSac
    level : Level, both vertebrae with a frame
    side : Side, on which the upper vertebra has a pedicle

    Notes
    -----
    At the published height above the caudal end plate, but beside the pedicle under which
    the root leaves: not above its middle, and not under its lower border.

    References
    ----------
    Guan 2015, J Spinal Disord Tech, doi 10.1097/bsd.0000000000000145 (a, with A7 the mean)
    """
    frame, plate = bony.vertebra_frames[level.upper], bony.vertebra_frames[level.lower].upper_plate
    _, _, z, _, height = frame.pedicles[side]
    up = frame.lps_from_vertebra.rotation[:, 2]
    # Its own radius above the border, or it would have to rise to wind round the pedicle.
    lowest = z - height / 2 + value_at("completion_nerve.root_diameter_mm", level.upper) / 2
    middle, border = (
        sac.curve.at_plane(frame.lps_from_vertebra.points([0.0, 0.0, h]), up) for h in (z, lowest)
    )
    above = plate.points([0.0, 0.0, value("completion_nerve.takeoff_above_plate_mm")])
    at = int(np.clip(sac.curve.at_plane(above, plate.rotation[:, 2]), middle, border))
    return _sac_edge_at(sac, at, side, inset_mm=0.0)


def find_sac_edge(
    sac: DuralSac,
    plane_lps_mm: NDArray[np.float64],
    normal_lps: NDArray[np.float64],
    side: Side,
    *,
    inset_mm: float,
) -> NDArray[np.float64]:
    """Return the antero-lateral edge of the sac where the canal meets a plane."""
    return _sac_edge_at(sac, sac.curve.at_plane(plane_lps_mm, normal_lps), side, inset_mm=inset_mm)


def _sac_edge_at(sac: DuralSac, at: int, side: Side, *, inset_mm: float) -> NDArray[np.float64]:
    """Return the antero-lateral edge of the sac at a point of the canal's curve."""
    centre = sac.curve.centres_lps_mm[at]
    lateral = sac.curve.left_lps[at] * side.lateral_sign_lps
    # Ventral of the sac's middle: motor and sensory rootlets leave it antero-laterally.
    forward = value("completion_nerve.takeoff_forward_share")
    deep = sac.curve.half_depth_mm[at] - value("completion_nerve.sac_behind_wall_mm")
    start = centre - sac.curve.posterior_lps[at] * forward * deep
    edge_mm = sac.edges_mm([start], [lateral], _model_half_width_mm(sac, at))[0]
    edge: NDArray[np.float64] = start + lateral * (edge_mm - inset_mm)
    return edge


def _model_half_width_mm(sac: DuralSac, at: int) -> float:
    return value("completion_nerve.sac_width_share") * float(sac.curve.half_width_mm[at])


def find_under_pedicle(
    frame: VertebraFrame, side: Side, rule: RootRule, middle_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the axilla and the middle of the ganglion, each shape (3,), mm, LPS."""
    x, _, z, width, height = frame.pedicles[side]
    # From the medial border: from the pedicle's centre roots came 8 mm too lateral (recipes 4).
    medial, lower = x - width / 2, z - height / 2
    lateral = ganglion_beside_mm(frame.vertebra, width)
    radius = value_at("completion_nerve.drg_width_mm", frame.vertebra) / 2
    depth = frame.posterior_wall_y_mm + middle_mm
    nodes = [
        [medial, depth, lower],
        [medial + lateral, depth + rule.behind_mm, lower - rule.below_pedicle_mm - radius],
    ]
    mirrored = np.array(nodes) * [side.lateral_sign_lps, 1.0, 1.0]
    axilla, ganglion = frame.lps_from_vertebra.points(mirrored)
    return axilla, ganglion


def ganglion_beside_mm(vertebra: str, pedicle_width_mm: float) -> float:
    """Return how far lateral of the medial border of its pedicle a ganglion lies, mm."""
    share = value_at("completion_nerve.drg_lateral_share", vertebra)
    # Capped: at L4 and L5 the measured width holds the root of the transverse process.
    most = value_at("completion_nerve.drg_lateral_most_mm", vertebra)
    return min(share * pedicle_width_mm, most)


def find_middle_of_foramen_mm(bony: BonyAnatomy, level: Level, side: Side) -> float:
    """Return how far behind the posterior wall the middle of the upper foramen lies, mm.

    Half way between the body in front and the pars or the joint behind, under the pedicle
    where the ganglion lies in its fat; where a ray meets nothing, the usual place.
    """
    frame = bony.vertebra_frames[level.upper]
    x, _, z, width, height = frame.pedicles[side]
    usual, most = value("completion_nerve.drg_behind_wall_mm"), value("completion_nerve.drg_ray_mm")
    across = x - width / 2 + ganglion_beside_mm(frame.vertebra, width)
    radius = value_at("completion_nerve.drg_width_mm", level.upper) / 2
    heights = z - height / 2 - radius * np.linspace(1.0, 2.0, 3)
    sign, deep = side.lateral_sign_lps, frame.posterior_wall_y_mm + usual
    starts = frame.lps_from_vertebra.points([[across * sign, deep, h] for h in heights])
    bone = Sampler(bony.bone.occupancy, bony.working_grid.origin_lps_mm, bony.bone.grid.spacing_mm)
    back = frame.lps_from_vertebra.rotation[:, 1]
    gaps = [find_exit_mm(bone, starts, way, reach_mm=most, entering=True) for way in (back, -back)]
    shifts = (gaps[0] - gaps[1]) / 2
    # Some rays miss where the labels are coarse; the median of the others stands.
    if np.isfinite(shifts).sum() < len(heights) / 2:
        return usual
    return usual + float(np.nanmedian(shifts))


def distal_direction(
    bony: BonyAnatomy, level: Level, side: Side, rule: RootRule
) -> NDArray[np.float64]:
    """Return the direction of the root beyond its ganglion, shape (3,), unit, LPS."""
    disc = bony.disc_frames.get(level)
    frame = bony.vertebra_frames[level.upper]
    # The angle is published against the disc; without one the body is the next best.
    rotation = (disc.lps_from_disc if disc is not None else frame.lps_from_vertebra).rotation
    angle_rad = np.radians(rule.angle_deg)
    local = np.array([np.cos(angle_rad) * side.lateral_sign_lps, -rule.drift, -np.sin(angle_rad)])
    direction: NDArray[np.float64] = rotation @ (local / np.linalg.norm(local))
    return direction


def direction_in_psoas(bony: BonyAnatomy, vertebra: str, side: Side) -> NDArray[np.float64]:
    """Return the direction of a root beyond its foramen, shape (3,), unit, LPS.

    Parameters
    ----------
    bony : BonyAnatomy
    vertebra : str such as ``L4``, under whose pedicle the root leaves
    side : Side

    Notes
    -----
    Its angles are published against the planes of the trunk; those of the middle lumbar
    vertebrae, which lie level, stand for them.

    References
    ----------
    Ebraheim 1997, Am J Orthop 26:105: L4 14.3 and 16.7 degrees to the sagittal plane.
    """
    aside = np.tan(np.radians(value_at("completion_nerve.psoas_aside_deg", vertebra)))
    ahead = value("completion_nerve.psoas_forwards")
    local = np.array([aside * side.lateral_sign_lps, -ahead, -1.0])
    direction: NDArray[np.float64] = _trunk_axes(bony) @ (local / np.linalg.norm(local))
    return direction


def _trunk_axes(bony: BonyAnatomy) -> NDArray[np.float64]:
    """Return the axes left, posterior, cranial of the trunk, shape (3, 3), LPS."""
    frames = bony.vertebra_frames
    level = [frames[name] for name in _LEVEL_VERTEBRAE if name in frames] or list(frames.values())
    mean = np.mean([frame.lps_from_vertebra.rotation for frame in level], axis=0)
    # The nearest rotation to the mean of some.
    left, _, right = np.linalg.svd(mean)
    axes: NDArray[np.float64] = left @ right
    return axes


def find_sacral_way(
    frame: VertebraFrame, side: Side, radius_mm: float
) -> list[NDArray[np.float64]]:
    """Return two points of the S1 root medial of the S1 pedicle line, each shape (3,), mm."""
    x, _, z, width, _ = frame.pedicles[side]
    gap = value("completion_nerve.gap_to_bone_mm")
    lateral = (x - width / 2 - radius_mm - gap) * side.lateral_sign_lps
    # Close behind the body and medial of the pedicle line: the lateral recess of S1.
    y = frame.posterior_wall_y_mm + radius_mm + gap
    below = value("completion_nerve.sacral_root_below_mm")
    heights = (z, z - below)
    return [frame.lps_from_vertebra.points([lateral, y, height]) for height in heights]
