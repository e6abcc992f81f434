"""The tools of a plan as they are marked: how deep from the skin, and what the C-arm shows."""

from kambin.core import require_code
from kambin.knowledge import instruments, value
from kambin.planning import FindingRecord, Landmark, Plan, Stage
from kambin.report.procedure_models import PassRow, ToolRow

_AP_WORDS = {
    "SL": "spinous line",
    "MPL": "medial pedicle line",
    "midPL": "mid-pedicle line",
    "LPL": "lateral pedicle line",
}


def tool_rows(plan: Plan) -> tuple[ToolRow, ...]:
    """Return every tool in the order in which it goes in, lengths in mm from the skin.

    Parameters
    ----------
    plan : Plan
    """
    return tuple(_tool(plan, stage) for stage in plan.stages)


def pass_rows(plan: Plan) -> tuple[PassRow, ...]:
    """Return the passes of the reamers in order, depths in mm from the skin.

    Parameters
    ----------
    plan : Plan; without a resection there are none
    """
    length = plan.trajectory.length_mm
    return tuple(
        PassRow(
            number=number,
            instrument=one.instrument,
            diameter_mm=2 * one.radius_mm,
            tilt_deg=one.tilt_deg,
            depth_mm=length - one.stop_mm,
            taken_mm3=one.taken_mm3,
        )
        for number, one in enumerate(plan.resection.passes, start=1)
    )


def find_short_tools(rows: tuple[ToolRow, ...]) -> tuple[FindingRecord, ...]:
    """Return a finding for the tools that are not longer than their way.

    Parameters
    ----------
    rows : of one plan
    """
    least = value("layers.handle_mm")
    short = [r for r in rows if r.left_outside_mm is not None and r.left_outside_mm < least]
    if not short:
        return ()
    code = require_code("PL-160")
    why = "; ".join(f"{r.title}: {r.left_outside_mm:.0f} mm stay outside" for r in short)
    return (
        FindingRecord(
            code=code.code,
            severity="CONFIRM",
            what=code.title,
            where=", ".join(dict.fromkeys(row.stage for row in short)),
            why=f"{why}; {least:g} mm are needed to hold it.",
            next_step=code.next_step,
        ),
    )


def ap_words(landmark: Landmark | None) -> str:
    """Return between which lines of the true AP picture a tip lies, in words.

    Parameters
    ----------
    landmark : Landmark or none
    """
    if landmark is None:
        return "not assessed"
    place = landmark.ap_zone.replace("-", " to ")
    # whole words only: MPL ends the name of another line
    words = [_AP_WORDS.get(word, word) for word in place.split()]
    return f"{' '.join(words)}, {abs(landmark.ap_lateral_mm):.0f} mm from the spinous line"


def lateral_words(landmark: Landmark | None) -> str:
    """Return where the true lateral picture shows a tip, in words.

    Parameters
    ----------
    landmark : Landmark or none
    """
    if landmark is None:
        return "not assessed"
    behind = landmark.lateral_mm_of_pvl
    if abs(behind) < 0.5:
        return "at the posterior vertebral line"
    where = "behind" if behind > 0 else "in front of"
    return f"{abs(behind):.0f} mm {where} the posterior vertebral line"


def _tool(plan: Plan, stage: Stage) -> ToolRow:
    known = instruments().get(stage.instrument)
    depth = plan.trajectory.length_mm - stage.stop_mm
    whole = None if known is None else known.length_mm
    mark = stage.landmark
    return ToolRow(
        stage=stage.tool,
        instrument=stage.instrument,
        # a size of the user's own is in no table
        title=stage.instrument if known is None else known.title,
        outer_diameter_mm=2 * stage.radius_mm,
        depth_mm=depth,
        stop_mm=stage.stop_mm,
        left_outside_mm=None if whole is None else whole - depth,
        landmark=(mark.title if mark is not None else None) or "",
        landmark_source=(mark.source if mark is not None else None) or "",
        ap=ap_words(mark),
        lateral=lateral_words(mark),
        tag="D" if known is None else known.tag,
        source="given by the user" if known is None else known.source,
    )
