"""What surgeons usually do at a level for a kind of herniation, and whether a plan leaves it."""

import numpy as np

from kambin.knowledge import TargetRule
from kambin.planning.choice_models import Preference, TargetChoice
from kambin.planning.evaluate import Path, to_point
from kambin.planning.geometry import LevelGeometry
from kambin.planning.objectives import find_place
from kambin.planning.surgeon import describe_angles
from kambin.planning.targets import Targets
from kambin.planning.tools import Toolset


def describe_preferences(
    geometry: LevelGeometry, tools: Toolset, targets: Targets, path: Path
) -> tuple[Preference, ...]:
    """Say which usual ranges of technique and kind of herniation a path keeps and leaves.

    Parameters
    ----------
    geometry : LevelGeometry
    tools : Toolset
    targets : Targets
    path : Path

    Returns
    -------
    tuple of Preference: entry and angles to the patient by the technique, which cost in the
    objective where they are left, then angles to the disc by the kind of herniation, which do not
    """
    found = []
    usual = tools.technique.preferred.get(str(geometry.level))
    if usual is not None:
        theta, phi, lateral = find_place(geometry, path)
        source = f"{tools.technique.source} [{tools.technique.tag}]"
        rows = (
            ("lateral_of_midline_mm", lateral, usual.lateral_mm, "mm"),
            ("axial_inclination_to_patient_deg", theta, usual.axial_inclination_deg, "deg"),
            ("craniocaudal_to_patient_deg", phi, usual.craniocaudal_deg, "deg"),
        )
        found += [_prefer(*row, source=source, is_weighed=True) for row in rows]
    if targets.rule is not None:
        found += _prefer_by_rule(geometry, targets.rule, path)
    return tuple(found)


def _prefer_by_rule(
    geometry: LevelGeometry, rule: TargetRule, path: Path
) -> tuple[Preference, ...]:
    """Return the usual angles for a kind of herniation, to the disc."""
    angles = describe_angles(geometry, path)
    rows = (
        ("axial_inclination_to_disc_deg", rule.axial_inclination_deg),
        ("craniocaudal_to_disc_deg", rule.craniocaudal_deg),
    )
    source = f"{rule.source} [{rule.tag}]"
    return tuple(
        _prefer(name, getattr(angles, name), limits, "deg", source=source, is_weighed=False)
        for name, limits in rows
        if limits is not None
    )


def _prefer(
    name: str,
    number: float,
    limits: tuple[float, float],
    unit: str,
    *,
    source: str,
    is_weighed: bool,
) -> Preference:
    low, high = limits
    return Preference(
        name=name,
        value=number,
        low=low,
        high=high,
        unit=unit,
        is_left=not low <= number <= high,
        is_weighed=is_weighed,
        source=source,
    )


def describe_target_choice(targets: Targets, tools: Toolset, path: Path) -> TargetChoice:
    """Say by which rule the target was chosen, and how far it lies from the rule's goal.

    Parameters
    ----------
    targets : Targets
    tools : Toolset
    path : Path
    """
    rule, kind = targets.rule, targets.kind
    return TargetChoice(
        rule=None if rule is None else rule.name,
        title=None if rule is None else rule.title,
        zone=None if kind is None else kind.zone,
        migration=None if kind is None else kind.migration,
        goal_lps_mm=to_point(targets.aim_lps_mm),
        off_goal_mm=float(np.linalg.norm(np.subtract(path.target_lps_mm, targets.aim_lps_mm))),
        usual_techniques=() if rule is None else rule.techniques,
        is_usual_technique=None if rule is None else tools.technique.name in rule.techniques,
        is_verified=None if rule is None else rule.tag == "V",
        source=None if rule is None else f"{rule.source} [{rule.tag}]",
    )
