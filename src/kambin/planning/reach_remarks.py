"""What a plan says of the fragment that stays behind, and of bone that stays in the way."""

from kambin.core import Finding, Severity
from kambin.knowledge import value
from kambin.planning.bone_models import Resection
from kambin.planning.reach_models import Reach
from kambin.planning.remarks import make_finding


def remark_reach(resection: Resection, reach: Reach, where: str, hint: str = "") -> list[Finding]:
    """Return what is said of needed bone that stays and of the fragment out of reach.

    Parameters
    ----------
    resection : Resection
    reach : Reach
    where : str, level and side
    hint : str, what would reach more, as ``reach_mouth.tell_mouth`` says it, or empty
    """
    return [
        *_remark_uncovered(resection, where),
        *_remark_residual(reach, where, hint),
        *_remark_sight(reach, where),
    ]


def _remark_uncovered(resection: Resection, where: str) -> list[Finding]:
    """Return that no reamer may take some of the bone that the cannula needs gone."""
    left, needed = resection.uncovered_mm3, resection.needed_mm3
    if not left or not needed or left <= value("planning.full_thickness_trace") * needed:
        return []
    return [
        make_finding(
            "PL-051",
            Severity.CONFIRM,
            what=f"{left:.0f} mm3 of the bone in the cannula's way stay",
            where=where,
            why=f"{needed:.0f} mm3 must go; no reamer that keeps its margins takes the rest.",
        )
    ]


def _remark_residual(reach: Reach, where: str, hint: str) -> list[Finding]:
    """Return how much of the fragment no forceps reaches, and where it lies."""
    share, left = reach.reachable_fraction, reach.residual
    if share is None or left is None or share >= value("reach.note_share"):
        return []
    limit = value("reach.confirm_share")
    gaps = [
        f"{gap:.1f} mm from {name}" for name, gap in left.distances_mm.items() if gap is not None
    ]
    x, y, z = left.centroid_lps_mm
    ifs = (
        (reach.without_modelled_fraction, "no modelled nerve or sac blocked"),
        (reach.without_removable_fraction, "the superior process ahead of the cannula went, too"),
    )
    guess = "".join(f" {part:.0%} if {what}." for part, what in ifs if part is not None)
    return [
        make_finding(
            "PL-050",
            Severity.CONFIRM if share < limit else Severity.NOTE,
            what=f"Forceps reach {share:.0%} of the fragment; {left.volume_mm3:.0f} mm3 are left",
            where=f"{where}, largest piece {left.largest_mm3:.0f} mm3 about "
            f"({x:.0f}, {y:.0f}, {z:.0f}) mm, {', '.join(gaps)}",
            why=f"A person confirms below {limit:.0%}.{guess}{hint}",
        )
    ]


def _remark_sight(reach: Reach, where: str) -> list[Finding]:
    """Return how much of the fragment the scope does not show."""
    seen = reach.visible_fraction
    if seen is None or seen >= value("reach.note_share"):
        return []
    best = reach.visible_best_rotation_fraction or 0.0
    return [
        make_finding(
            "PL-053",
            Severity.NOTE,
            what=f"The scope shows {seen:.0%} of the fragment from the docked cannula",
            where=where,
            why=f"{best:.0%} from its best single rotation; bone, a root or the sac hides the "
            "rest, or it lies beside the field of view.",
        )
    ]
