"""First drafts of the lumbar roots, laid by rules of each level before bone pushes them aside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.keys import Level, StructureKey
from kambin.anatomy.sac import DuralSac
from kambin.anatomy.sampling import Sampler
from kambin.anatomy.structures import VertebraFrame
from kambin.frames import Side
from kambin.knowledge import value, value_at, values

DRAFT_SAMPLES = 81
"""Points of every root; about 0.7 mm apart on the longest, below the working spacing."""

ROUNDING_MM = 1e-6
"""A rule wins by more than this, so that equal ones do not change places between machines."""

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


@dataclass(frozen=True, slots=True)
class RootRule:
    """The numbers by which one exiting root is laid.

    Parameters
    ----------
    angle_deg : float, degrees, between the distal root and the disc plane
    drift : float, anterior way per unit of way in the coronal plane
    behind_wall_mm : float, mm, ganglion behind the posterior wall of the body
    below_pedicle_mm : float, mm, gap between pedicle and ganglion
    """

    angle_deg: float
    drift: float
    behind_wall_mm: float
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
        value("completion_nerve.drg_behind_wall_mm"),
        value("completion_nerve.root_below_pedicle_mm"),
    )


def fit_exiting_roots(
    nominals: Sequence[RootDraft], sac: DuralSac, bony: BonyAnatomy, room: Sampler
) -> list[RootDraft]:
    """Choose the rule within the literature's spread that fits the bone of a level best.

    Parameters
    ----------
    nominals : the exiting roots of one level, one per side, laid by the nominal rule
    sac : DuralSac
    bony : BonyAnatomy
    room : Sampler, mm, free room on the working grid

    Returns
    -------
    one RootDraft per nominal draft, with the least lack of room beyond what relaxation mends
    with ease; every standard deviation away from the nominal rule must gain
    ``rule_reluctance_mm``

    Notes
    -----
    First the place of the ganglion under the pedicle, judged up to its end; then angle and
    drift of the distal root (alpha varies by 7 degrees between patients, evidence A6). Both
    sides of a level share one rule, so that noise in nearly symmetric bone does not make
    its roots differ.
    """
    rule = find_nominal_rule(nominals[0].level)
    lays = [partial(_lay_again, draft, bony, sac) for draft in nominals]
    # Place first, then direction: tried together the two lists would multiply.
    near = slice(0, max(_up_to_ganglion(draft) for draft in nominals))
    places = [
        replace(
            rule,
            behind_wall_mm=rule.behind_wall_mm + y,
            below_pedicle_mm=rule.below_pedicle_mm + z,
        )
        for y in values("completion_nerve.drg_behind_steps_mm")
        for z in values("completion_nerve.drg_below_steps_mm")
    ]
    rule = _best_rule(places, lays, room, near)
    ways = [
        replace(rule, angle_deg=rule.angle_deg + angle, drift=rule.drift + drift)
        for angle in values("completion_nerve.root_angle_steps_deg")
        for drift in values("completion_nerve.root_drift_steps")
    ]
    rule = _best_rule(ways, lays, room, slice(0, DRAFT_SAMPLES))
    return [lay(rule) for lay in lays]


def _lay_again(draft: RootDraft, bony: BonyAnatomy, sac: DuralSac, rule: RootRule) -> RootDraft:
    """Lay a drafted root by another rule, from the same take-off."""
    side, start = draft.key.side, draft.points_lps_mm[0]
    if side is None:
        return draft
    other = draft_exiting_root(bony, sac, draft.level, side, rule, start_lps_mm=start)
    return draft if other is None else other


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
    start = find_take_off(frame, sac, side) if start_lps_mm is None else start_lps_mm
    axilla, ganglion = _under_the_pedicle(frame, side, used)
    outward = _distal_direction(bony, level, side, used)
    length_mm = value("completion_nerve.root_length_mm")
    nodes = [start, axilla, ganglion]
    # Two nodes on one line, so that the curve runs straight once past the ganglion.
    nodes += [ganglion + outward * length_mm * share for share in (0.5, 1.0)]
    points, at_nodes = lay_curve(np.array(nodes))
    diameter_mm = value_at("completion_nerve.root_diameter_mm", level.upper)
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
    origin = _sac_edge(
        sac, disc.lps_from_disc.origin_mm + up * above_mm, up, side, inset_mm=radius_mm
    )
    # Where the exiting root begins: both are one nerve.
    end = find_take_off(frame, sac, side)
    nodes = [origin, end]
    if level.lower == _SACRAL:
        nodes = [origin, *_sacral_way(frame, side, radius_mm)]
    points, _ = lay_curve(np.array(nodes))
    return RootDraft(
        StructureKey("traversing_root", level.lower, side),
        level,
        points,
        np.full(len(points), radius_mm),
        np.zeros(len(points)),
    )


def find_take_off(frame: VertebraFrame, sac: DuralSac, side: Side) -> NDArray[np.float64]:
    """Return where a root leaves the sac, at the height of its pedicle, shape (3,), mm, LPS.

    Parameters
    ----------
    frame : VertebraFrame of the vertebra whose pedicle the root passes
    sac : DuralSac
    side : Side
    """
    z = frame.pedicles[side][2]
    plane = frame.lps_from_vertebra.points([0.0, 0.0, z])
    return _sac_edge(sac, plane, frame.lps_from_vertebra.rotation[:, 2], side, inset_mm=0.0)


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


def _sac_edge(
    sac: DuralSac,
    plane_lps_mm: NDArray[np.float64],
    normal_lps: NDArray[np.float64],
    side: Side,
    *,
    inset_mm: float,
) -> NDArray[np.float64]:
    """Return the antero-lateral edge of the sac where the canal meets a plane."""
    at = sac.curve.at_plane(plane_lps_mm, normal_lps)
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


def _best_rule(
    rules: list[RootRule],
    lays: Sequence[Callable[[RootRule], RootDraft]],
    room: Sampler,
    part: slice,
) -> RootRule:
    """Return the rule whose drafts lack the least room; the first one is the nominal."""
    tolerated_mm = value("completion_nerve.lack_tolerated_mm")
    best, least_mm = rules[0], np.inf
    for rule in rules:
        reluctance_mm = _reluctance_mm(rule, rules[0])
        if reluctance_mm >= least_mm - ROUNDING_MM:
            # Even with all the room it needs it would not win.
            continue
        lack_mm = 0.0
        for draft in (lay(rule) for lay in lays):
            free_mm = room.sample(draft.points_lps_mm[part])
            # The worst place decides: a root is as short of room as at its narrowest point.
            narrowest_mm = float((draft.needed_radii_mm[part] - free_mm).max())
            lack_mm += max(narrowest_mm - tolerated_mm, 0.0) / len(lays)
        score_mm = lack_mm + reluctance_mm
        if score_mm < least_mm - ROUNDING_MM:
            best, least_mm = rule, score_mm
    return best


def _reluctance_mm(rule: RootRule, nominal: RootRule) -> float:
    """Return how much room a departure from the nominal rule must gain, mm."""
    steps = (
        abs(rule.angle_deg - nominal.angle_deg) / value("completion_nerve.root_angle_sigma_deg"),
        abs(rule.drift - nominal.drift) / value("completion_nerve.root_drift_sigma"),
        abs(rule.behind_wall_mm - nominal.behind_wall_mm) / value("completion_nerve.drg_sigma_mm"),
        abs(rule.below_pedicle_mm - nominal.below_pedicle_mm)
        / value("completion_nerve.drg_sigma_mm"),
    )
    return value("completion_nerve.rule_reluctance_mm") * sum(steps)


def _up_to_ganglion(draft: RootDraft) -> int:
    """Return how many points there are from the sac to the end of the ganglion."""
    return int(np.flatnonzero(draft.ganglion_radii_mm > 0)[-1]) + 1


def _under_the_pedicle(
    frame: VertebraFrame, side: Side, rule: RootRule
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the axilla and the middle of the ganglion, each shape (3,), mm, LPS."""
    x, _, z, width, height = frame.pedicles[side]
    # From the medial border: from the pedicle's centre roots came 8 mm too lateral (recipes 4).
    medial, lower = x - width / 2, z - height / 2
    wall = frame.posterior_wall_y_mm
    # Capped: at L4 and L5 the measured width holds the root of the transverse process.
    lateral = min(
        value("completion_nerve.drg_lateral_share") * width,
        value("completion_nerve.drg_lateral_most_mm"),
    )
    radius = value_at("completion_nerve.drg_width_mm", frame.vertebra) / 2
    nodes = [
        [medial, wall + value("completion_nerve.axilla_behind_wall_mm"), lower],
        [
            medial + lateral,
            wall + rule.behind_wall_mm,
            lower - rule.below_pedicle_mm - radius,
        ],
    ]
    mirrored = np.array(nodes) * [side.lateral_sign_lps, 1.0, 1.0]
    axilla, ganglion = frame.lps_from_vertebra.points(mirrored)
    return axilla, ganglion


def _distal_direction(
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


def _sacral_way(frame: VertebraFrame, side: Side, radius_mm: float) -> list[NDArray[np.float64]]:
    """Return two points of the S1 root medial of the S1 pedicle line, each shape (3,), mm."""
    x, _, z, width, _ = frame.pedicles[side]
    gap = value("completion_nerve.gap_to_bone_mm")
    lateral = (x - width / 2 - radius_mm - gap) * side.lateral_sign_lps
    # Close behind the body and medial of the pedicle line: the lateral recess of S1.
    y = frame.posterior_wall_y_mm + radius_mm + gap
    below = value("completion_nerve.sacral_root_below_mm")
    heights = (z, z - below)
    return [frame.lps_from_vertebra.points([lateral, y, height]) for height in heights]


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
