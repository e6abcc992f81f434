"""What is said of landmarks, docking and preferences beside their numbers."""

from collections.abc import Iterable
from dataclasses import replace

from kambin.core import Finding, Severity
from kambin.knowledge import value
from kambin.planning.choice_models import Docking, Landmark, Preference
from kambin.planning.evaluate import Path
from kambin.planning.geometry import LevelGeometry
from kambin.planning.remarks import make_finding
from kambin.planning.root_side import measure_far_side_beyond_mm
from kambin.planning.tools import Toolset


def remark_landmarks(described: Iterable[tuple[str, Landmark | None]]) -> list[Finding]:
    """Return what is asked or said about tips in a state that is not simply allowed.

    Parameters
    ----------
    described : pairs of a stage and its Landmark, or none
    """
    found: dict[str, Finding] = {}
    for stage, seen in described:
        if seen is None or seen.state is None or seen.policy == "allow" or seen.state in found:
            continue
        asks = seen.policy in ("exclude", "confirm")
        word = "" if seen.is_verified else " (unverified)"
        found[seen.state] = make_finding(
            "PL-080",
            Severity.CONFIRM if asks else Severity.NOTE,
            what=f"{seen.title}{word}",
            where=stage,
            why=f"The tip of the {stage} lies {seen.ap_zone}, {abs(seen.lateral_mm_of_pvl):.1f} mm "
            f"{'behind' if seen.lateral_mm_of_pvl >= 0 else 'in front of'} the posterior "
            f"vertebral line. {seen.action}",
        )
    return list(found.values())


def remark_docking(docking: Docking, where: str) -> list[Finding]:
    """Return what is asked or said about where the cannula ends.

    Parameters
    ----------
    docking : Docking
    where : str, level and side
    """
    if docking.waist_distance_mm is None:
        return [
            make_finding(
                "PL-085",
                Severity.NOTE,
                what="The waist of the foramen is not measured; its mouth bounds docking",
                where=where,
                why="No section through the foramen is closed all round in these labels.",
            )
        ]
    allowed = docking.waist_distance_mm + value("planning.waist_allowance_mm")
    if docking.stop_mm <= allowed:
        return []
    return [
        make_finding(
            "PL-081",
            Severity.CONFIRM,
            what=f"The cannula docks {docking.stop_mm - docking.waist_distance_mm:.1f} mm outside "
            "the waist of the foramen",
            where=where,
            why=f"At most {value('planning.waist_allowance_mm'):.1f} mm are usual, and nothing "
            "passes there.",
        )
    ]


def remark_preferences(preferences: Iterable[Preference], where: str) -> list[Finding]:
    """Return the note that a plan leaves what surgeons usually do, if it does.

    Parameters
    ----------
    preferences : iterable of Preference
    where : str, level and side
    """
    left = [
        f"{one.name.removesuffix(f'_{one.unit}').replace('_', ' ')} {one.value:.0f}, "
        f"usual {one.low:.0f} to {one.high:.0f} {one.unit}"
        for one in preferences
        if one.is_left
    ]
    if not left:
        return []
    return [
        make_finding(
            "PL-086",
            Severity.NOTE,
            what="The plan leaves what surgeons usually do",
            where=where,
            why="; ".join(left) + ".",
        )
    ]


def remark_root_beyond(geometry: LevelGeometry, path: Path, where: str) -> list[Finding]:
    """Return the note that past the target the tools would be on the root's far side, if so.

    Parameters
    ----------
    geometry : LevelGeometry
    path : Path
    where : str, level and side
    """
    beyond_mm = value("planning.forceps_past_mm")
    far_mm = measure_far_side_beyond_mm(geometry, path, beyond_mm)
    if far_mm is None:
        return []
    return [
        make_finding(
            "PL-096",
            Severity.NOTE,
            what="Past the target the tools would run on the far side of the exiting root",
            where=where,
            why=f"Within {beyond_mm:.0f} mm past the target the axis passes the root's middle line "
            f"{far_mm:.1f} mm ventral and cranial of it; up to the target it does not cross the "
            "root, so that no rule asks.",
        )
    ]


def tell_usual_case(finding: Finding, tools: Toolset) -> Finding:
    """Return a refusal's finding with the words that it is the usual case, where it is.

    Parameters
    ----------
    finding : Finding
    tools : Toolset, whose margins say what guides them

    Notes
    -----
    A planner with 3 mm to every nerve returns no path for nearly everybody (evidence 0.3).
    """
    if tools.margins != "plan-only":
        return finding
    keep_mm = value("margins.plan_only_neural_mm")
    words = (
        f" With {keep_mm:.0f} mm to root, ganglion and sac for all that goes in unseen this is the "
        "usual case, and says nothing against the operation under fluoroscopy."
    )
    return replace(finding, why=finding.why + words)
