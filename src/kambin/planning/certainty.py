"""How likely a tool touches what it must not, and how far the hand may err."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from kambin.anatomy import Anatomy
from kambin.knowledge import value
from kambin.planning.certainty_models import Certainty, Tolerance, ToleranceSample
from kambin.planning.contact import SEED, assess_contact, draw_poses, find_meant
from kambin.planning.error_model import USUAL_ERRORS, ErrorModel, PathFrame
from kambin.planning.evaluate import Path, to_point
from kambin.planning.geometry import LevelGeometry
from kambin.planning.models import Stage
from kambin.planning.poses import Surroundings
from kambin.planning.rulers import Rulers
from kambin.planning.tolerance import Cone, find_cone
from kambin.planning.tolerance_check import check_cone

NOTHING_SPARE = "The path has no room above its hard margins."
"""Why a tolerance is null."""

NOT_CONFIRMED = "The surfaces do not confirm any room above the hard margins."
"""Why a tolerance is null although the fields grant one."""

NOT_ASKED = "Tolerance was not asked for."
"""Why a tolerance is null in a quick answer."""

ELLIPSE_SAMPLES = 5
"""Points of the joint border that a document lists."""


def assess_certainty(
    around: Surroundings,
    stages: Sequence[Stage],
    geometry: LevelGeometry,
    anatomy: Anatomy,
    *,
    model: ErrorModel = USUAL_ERRORS,
    rulers: Rulers | None = None,
    quick: bool = False,
) -> Certainty:
    """Return contact probabilities and the hand error that breaks no hard margin.

    Parameters
    ----------
    around : Surroundings of the path
    stages : the stages of the path with their clearances
    geometry : LevelGeometry
    anatomy : Anatomy, on whose surfaces poses are checked
    model : ErrorModel
    rulers : Rulers about the path, from ``find_rulers``, or none to make them
    quick : bool, whether contact from an eighth of the poses and no tolerance will do
    """
    poses = draw_poses(around, model, geometry, quick=quick)
    contact = assess_contact(around, stages, model, poses)
    tolerance, reason = (
        (None, NOT_ASKED)
        if quick
        else _find_tolerance(
            around, geometry, anatomy, rulers or find_rulers(anatomy, around.path, stages)
        )
    )
    cone = None if tolerance is None else tolerance[0]
    return Certainty(
        contact_probability={name: c.probability for name, c in contact.items()},
        contact_interval={name: (c.low, c.high) for name, c in contact.items()},
        contact_worst_stage={name: c.stage for name, c in contact.items()},
        contact_at_most=tuple(name for name, c in contact.items() if c.is_bound),
        contact_meant=find_meant(stages),
        error_sources=model.list_sources(),
        setting=model.setting,
        poses=len(poses),
        seed=SEED,
        displayed_uncertainty_mm=model.displayed_mm,
        tolerance_entry_mm=None if cone is None else cone.entry_mm,
        tolerance_angle_deg=None if cone is None else math.degrees(cone.angle_rad),
        tolerance=None if tolerance is None else tolerance[1],
        not_assessed_reason=reason,
    )


def find_rulers(anatomy: Anatomy, path: Path, stages: Iterable[Stage]) -> Rulers:
    """Return the rulers of all that the tools of a path, held slightly wrong, come near.

    Parameters
    ----------
    anatomy : Anatomy
    path : Path
    stages : the stages of the path; forceps may end past the target
    """
    ends = np.array(
        [path.entry_lps_mm, path.target_lps_mm, *(stage.tip_lps_mm for stage in stages)]
    )
    room = value("uncertainty.tolerance_entry_max_mm")
    return Rulers(anatomy, ends, value("planning.checked_reach_mm") + room)


def find_slack_mm(stages: Iterable[Stage]) -> float:
    """Return the least clearance above the hard margins over all stages, mm.

    Parameters
    ----------
    stages : the stages with their clearances
    """
    return min(
        (
            row.clearance_mm - row.hard_margin_mm
            for stage in stages
            for row in stage.clearances
            if row.hard_margin_mm is not None
        ),
        default=np.inf,
    )


def _find_tolerance(
    around: Surroundings, geometry: LevelGeometry, anatomy: Anatomy, rulers: Rulers
) -> tuple[tuple[Cone, Tolerance] | None, str | None]:
    """Return what both checkers grant, or why nothing."""
    path = around.path
    granted = find_cone(around, PathFrame.of(path, geometry.side))
    if granted is None:
        return None, NOTHING_SPARE
    checked = check_cone(anatomy, around, geometry, rulers, granted)
    if checked.share <= 0:
        return None, NOT_CONFIRMED
    cone = granted.scaled(checked.share)
    angle_deg = math.degrees(cone.angle_rad)
    turns = 0.5 * math.pi * np.arange(ELLIPSE_SAMPLES) / (ELLIPSE_SAMPLES - 1)
    half_entry, half_angle = cone.joint_share * cone.entry_mm, cone.joint_share * angle_deg
    return (
        cone,
        Tolerance(
            pivot_lps_mm=to_point(path.entry_lps_mm),
            ellipse_entry_mm=half_entry,
            ellipse_angle_deg=half_angle,
            ellipse=tuple(
                ToleranceSample(
                    entry_mm=half_entry * math.cos(turn), angle_deg=half_angle * math.sin(turn)
                )
                for turn in turns.tolist()
            ),
            limited_by=cone.limited_by,
            is_capped=cone.is_capped,
            poses=checked.poses,
            decided_by_displacement=checked.poses - checked.measured,
            measured_on_surfaces=checked.measured,
            kept_share=checked.share,
        ),
    ), None
