"""What the resolution and the field of view cannot say about bone, as findings."""

import numpy as np

from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.keys import Level
from kambin.anatomy.masks import find_beside, find_box_ijk
from kambin.core import Finding, Severity
from kambin.frames import Side
from kambin.knowledge import value


def find_bone_findings(bony: BonyAnatomy) -> tuple[Finding, ...]:
    """Return what completion of the bones has to say.

    Parameters
    ----------
    bony : BonyAnatomy
    """
    return (*_check_resolution(bony), *_check_frames(bony), *_check_joints(bony))


def _check_resolution(bony: BonyAnatomy) -> tuple[Finding, ...]:
    limit = value("completion_bone.facet_resolved_mm")
    # Asked, not refused: entry, angles and organs stay usable (recipes 7).
    if bony.label_spacing_mm <= limit:
        return ()
    return (
        Finding(
            code="AN-201",
            severity=Severity.CONFIRM,
            what=(
                "Bone of the facet is not resolved: entry, angles and organs are usable, "
                "cannula clearance, SAP share and stability are not"
            ),
            where="labels of the case",
            why=f"The labels are {bony.label_spacing_mm:.2f} mm apart; the limit is {limit:g} mm.",
            next_step="Use a CT of at most 1 mm, or confirm that a person has judged the facet.",
        ),
    )


def _check_frames(bony: BonyAnatomy) -> tuple[Finding, ...]:
    """Name the vertebrae that nothing can be measured on."""
    frames = bony.vertebra_frames
    missing = [n for n in bony.bone.names if n not in frames or len(frames[n].pedicles) < len(Side)]
    if not missing:
        return ()
    return (
        Finding(
            code="AN-204",
            severity=Severity.NOTE,
            what="A vertebra has no frame; its discs, roots and parts are not assessed",
            where=", ".join(missing),
            why="End plates, posterior wall or pedicles cannot be found; it may be cut off.",
            next_step="Plan another level, or import labels that hold the whole vertebra.",
        ),
    )


def _check_joints(bony: BonyAnatomy) -> tuple[Finding, ...]:
    """Name the facet joints in which the bones touch without a gap."""
    touching = [
        f"{level} {side}"
        for level in bony.levels
        for side, count in count_touching_nodes(bony, level).items()
        if count > 0
    ]
    # A note: worn joints look the same, and neither stops a plan (recipes 7).
    if not touching:
        return ()
    return (
        Finding(
            code="AN-202",
            severity=Severity.NOTE,
            what="The joint space is not visible: fused, worn or unresolved",
            where=f"facet joints {', '.join(touching)}",
            why="The labels of the two vertebrae touch without a gap.",
            next_step="Look at the joint in the image before relying on the facet.",
        ),
    )


def count_touching_nodes(bony: BonyAnatomy, level: Level) -> dict[Side, int]:
    """Return how many nodes of the lower vertebra touch the upper one on either side.

    Parameters
    ----------
    bony : BonyAnatomy
    level : Level with both vertebrae on the working grid

    Notes
    -----
    Only bone behind the posterior wall counts: bodies that touch are no joint.
    """
    frame = bony.vertebra_frames[level.lower]
    upper, lower = bony.bone.mask(level.upper), bony.bone.mask(level.lower)
    low, high = find_box_ijk(upper)
    box = tuple(slice(max(a - 1, 0), b + 2) for a, b in zip(low, high, strict=True))
    # Bones that share a face touch, a gap of one node does not.
    contact = find_beside(upper[box]) & lower[box]
    start = np.array([s.start for s in box])
    grid = bony.working_grid
    places = grid.origin_lps_mm + (np.argwhere(contact) + start) * grid.spacing_mm
    local = frame.lps_from_vertebra.inverse().points(places)
    behind = local[local[:, 1] > frame.posterior_wall_y_mm]
    return {side: int((behind[:, 0] * side.lateral_sign_lps > 0).sum()) for side in Side}
