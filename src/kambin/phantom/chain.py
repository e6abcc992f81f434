"""Stacks the vertebrae: frames of bodies, plates, discs and facet joints."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kambin.anatomy import Level
from kambin.frames import RigidTransform, Side
from kambin.knowledge import value, values
from kambin.phantom.shapes import turned
from kambin.phantom.sizes import SIDES, SpineSize, VertebraSize

BEND_STEP_MM = 1.0
"""Step of the integral that bends a spine sideways; the tilt changes by a degree over it."""


@dataclass(frozen=True, slots=True)
class SpineFrames:
    """Where everything of the spine lies.

    Parameters
    ----------
    vertebrae : mapping of name to RigidTransform, LPS from (left, posterior, cranial) of the
        body centre
    discs : mapping of Level to RigidTransform, LPS from the disc's centre, z the mean normal
    rim_gaps_mm : mapping of Level to the distance of the rim planes at the disc's centre, mm
    disc_wedges_deg : mapping of Level to the angle between the plates, taller in front
    joints : mapping of (vertebra that bears the superior process, Side) to RigidTransform, LPS
        from the joint's frame *of a left side*; a right joint's frame is mirrored in the
        vertebra's frame, see ``joint_frame``
    """

    vertebrae: Mapping[str, RigidTransform]
    discs: Mapping[Level, RigidTransform]
    rim_gaps_mm: Mapping[Level, float]
    disc_wedges_deg: Mapping[Level, float]


def stack_vertebrae(sizes: SpineSize) -> SpineFrames:
    """Stack vertebrae and discs upwards from the sacral plate.

    Parameters
    ----------
    sizes : SpineSize

    Returns
    -------
    SpineFrames, mm, LPS, the body of L3 at the anchor

    Notes
    -----
    The tilt of a plate is its angle to the patient's axial plane in the sagittal plane.
    Going up it falls by the body's wedge inside a body and by the disc's wedge between
    bodies, so that upper plate to upper plate is the segment's lordosis.

    References
    ----------
    Sci Rep 2022, doi 10.1038/s41598-022-21840-x, table 2: lordosis by this definition.
    """
    upper_dip, lower_dip = values("phantom_bone.plate_concavity_mm")
    sacrum = sizes.vertebrae["S1"]
    # From the sacrum upwards: its tilt is the one that is published (A53).
    tilt = sizes.sacral_tilt_deg
    place = np.zeros(3)
    # place is always the centre of the current vertebra's upper rim plane.
    vertebrae = {"S1": _body_frame(sacrum, tilt + sacrum.wedge_deg / 2, place, "S1")}
    discs, gaps, wedges = {}, {}, {}
    for level in reversed(list(sizes.lordosis_deg)):
        upper = sizes.vertebrae[level.upper]
        wedge = sizes.lordosis_deg[level] - upper.wedge_deg
        # Published heights are those of the middle, between hollow plates; the rims stand closer.
        gap = sizes.disc_heights_mm[level] - upper_dip - lower_dip
        gap = max(gap, _least_gap(wedge, upper.depth_mm))
        middle = place + gap / 2 * _up(tilt)
        disc_tilt = tilt - wedge / 2
        lower_rim = middle + gap / 2 * _up(tilt - wedge)
        tilt -= wedge
        body_tilt = tilt - upper.wedge_deg / 2
        mean = _mean_height_mm(upper)
        centre = lower_rim + mean / 2 * _up(body_tilt)
        place = centre + mean / 2 * _up(body_tilt)
        tilt -= upper.wedge_deg
        vertebrae[level.upper] = _frame(
            level.upper,
            body_tilt,
            # Shift, roll and yaw stay with this body: handed on they would add up to a scoliosis.
            centre + np.array([upper.shift_mm, 0, 0]),
            upper.roll_deg,
            upper.yaw_deg,
        )
        gaps[level], wedges[level] = gap, wedge
        discs[level] = _disc_frame(level, disc_tilt, middle, sizes, vertebrae)
    return _anchored(SpineFrames(vertebrae, discs, gaps, wedges))


def _disc_frame(
    level: Level,
    tilt_deg: float,
    middle_mm: np.ndarray,
    sizes: SpineSize,
    vertebrae: Mapping[str, RigidTransform],
) -> RigidTransform:
    """Hang a disc between the plates of its bodies, each of which is shifted and turned alone."""
    bodies = [(vertebrae[name], sizes.vertebrae[name]) for name in (level.upper, level.lower)]
    (above, upper), (below, lower) = bodies
    plates = (
        above.points([0, 0, -_mean_height_mm(upper) / 2]),
        below.points([0, 0, _mean_height_mm(lower) / 2]),
    )
    left = above.rotation[:, 0] + below.rotation[:, 0]
    left = left / np.linalg.norm(left)
    cranial = _up(tilt_deg) - left * (left @ _up(tilt_deg))
    cranial = cranial / np.linalg.norm(cranial)
    axes = np.column_stack([left, np.cross(cranial, left), cranial])
    # Only sideways: back and up the middle is where the gap and its wedge put it.
    centre = np.array([(plates[0][0] + plates[1][0]) / 2, *middle_mm[1:]])
    return RigidTransform.from_axes("lps", f"disc {level}", axes, centre)


def _mean_height_mm(size: VertebraSize) -> float:
    return (size.anterior_height_mm + size.posterior_height_mm) / 2


def bend_sideways(frames: SpineFrames, cobb_deg: float) -> SpineFrames:
    """Bend a straight spine into a scoliosis, convex to the left, turned at its apex.

    Parameters
    ----------
    frames : SpineFrames, mm, LPS
    cobb_deg : float, degrees between the middles of L1 and L4 in the coronal plane

    Returns
    -------
    SpineFrames with the sacrum where it was, mm, LPS

    Notes
    -----
    The coronal tilt follows one wave with its ends at L1 and L4 and dies out beyond them;
    positions are its integral, and the axial rotation is greatest where the tilt is nought.
    """
    ends = [float(frames.vertebrae[name].origin_mm[2]) for name in ("L4", "L1")]
    apex, half = (ends[0] + ends[1]) / 2, (ends[1] - ends[0]) / 2
    base = float(frames.vertebrae["S1"].origin_mm[2])
    top = max(float(frame.origin_mm[2]) for frame in frames.vertebrae.values())
    z = np.arange(base, top + 1, BEND_STEP_MM)
    phase = np.clip(np.pi / 2 * (z - apex) / half, -np.pi, np.pi)
    tilt_deg = cobb_deg / 2 * np.sin(phase)
    # Convex to the left: the spine leans left on its way up to the apex, then back.
    aside = np.concatenate([[0.0], np.cumsum(np.tan(np.radians(-tilt_deg[:-1])) * BEND_STEP_MM)])
    turn_deg = value("phantom_variants.rotation_share") * cobb_deg * np.maximum(np.cos(phase), 0)

    def bent(frame: RigidTransform) -> RigidTransform:
        """Return one frame tilted, turned and moved as the wave is at its height."""
        here = frame.origin_mm
        tilt, yaw, x = (float(np.interp(here[2], z, wave)) for wave in (tilt_deg, turn_deg, aside))
        # Bodies turn towards the convexity: their front to the left, seen from above.
        axes = turned(0, 0, -tilt) @ frame.rotation @ turned(yaw)
        centre = here + np.array([x, 0, 0])
        return RigidTransform.from_axes("lps", frame.source, axes, centre)

    return SpineFrames(
        {name: bent(frame) for name, frame in frames.vertebrae.items()},
        {level: bent(frame) for level, frame in frames.discs.items()},
        frames.rim_gaps_mm,
        frames.disc_wedges_deg,
    )


def _least_gap(wedge_deg: float, depth_mm: float) -> float:
    """Return the gap at which the plates still do not meet at their posterior rims, mm."""
    half = depth_mm / 2 * float(np.tan(np.radians(max(wedge_deg, 0))))
    return half + value("phantom_variants.least_posterior_gap_mm")


def _up(tilt_deg: float) -> np.ndarray:
    angle = np.radians(tilt_deg)
    # A positive tilt leans the normal forwards, and LPS y grows backwards.
    return np.array([0, -np.sin(angle), np.cos(angle)])


def _frame(
    name: str, tilt_deg: float, centre_mm: np.ndarray, roll_deg: float, yaw_deg: float
) -> RigidTransform:
    return RigidTransform.from_axes("lps", name, turned(yaw_deg, tilt_deg, roll_deg), centre_mm)


def _body_frame(
    size: VertebraSize, tilt_deg: float, upper_rim_mm: np.ndarray, name: str
) -> RigidTransform:
    mean = _mean_height_mm(size)
    return _frame(name, tilt_deg, upper_rim_mm - mean / 2 * _up(tilt_deg), 0, 0)


def _anchored(frames: SpineFrames) -> SpineFrames:
    """Move the whole spine so that L3 lies at the anchor."""
    shift = np.eye(4)
    # L3 and not S1: field of view and organs are given about it, however long the spine is.
    shift[:3, 3] = np.array(values("phantom_spine.anchor_lps_mm"))
    shift[:3, 3] -= frames.vertebrae["L3"].origin_mm
    move = RigidTransform("lps", "lps", shift)
    return SpineFrames(
        {name: move @ frame for name, frame in frames.vertebrae.items()},
        {level: move @ frame for level, frame in frames.discs.items()},
        frames.rim_gaps_mm,
        frames.disc_wedges_deg,
    )


def pedicle_centre_mm(size: VertebraSize, side: Side) -> np.ndarray:
    """Return the centre of a pedicle in the vertebra's frame as on the left, shape (3,), mm.

    Parameters
    ----------
    size : VertebraSize
    side : Side whose sizes are meant; the caller mirrors the point for the right
    """
    one = size.sides[side]
    return np.array(
        [
            size.canal_width_mm / 2 + one.pedicle_width_mm / 2,
            size.wall_mm + value("phantom_bone.pedicle_behind_wall_mm"),
            size.posterior_height_mm / 2
            - value("phantom_bone.pedicle_below_plate_mm")
            - one.pedicle_height_mm / 2,
        ]
    )


def joint_axes(size: VertebraSize, side: Side) -> tuple[np.ndarray, np.ndarray]:
    """Return centre and axes of the facet joint a vertebra's superior process bears.

    Parameters
    ----------
    size : VertebraSize of the vertebra below the joint
    side : Side

    Returns
    -------
    centre, shape (3,), mm, and axes, shape (3, 3): along the surface from anteromedial to
    posterolateral, normal towards the inferior process, upwards; in the vertebra's frame
    as on the left
    """
    lateral, behind, above = values("phantom_bone.joint_centre_mm")
    centre = np.array(
        [
            size.canal_width_mm / 2 + lateral,
            size.wall_mm + behind,
            size.posterior_height_mm / 2 + above,
        ]
    )
    angle = np.radians(size.sides[side].facet_deg)
    along = np.array([np.sin(angle), np.cos(angle), 0])
    normal = np.array([-np.cos(angle), np.sin(angle), 0])
    lean = turned(pitch_deg=-value("phantom_bone.sap_lean_deg"))
    return centre, lean @ np.column_stack([along, normal, [0, 0, 1]])


__all__ = [
    "SIDES",
    "SpineFrames",
    "bend_sideways",
    "joint_axes",
    "pedicle_centre_mm",
    "stack_vertebrae",
]
