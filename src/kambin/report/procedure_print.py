"""The procedure sheet in print: two or three pages to take to the table."""

from collections.abc import Sequence
from typing import Any

from kambin.approaches.anaesthesia_models import (
    Anaesthesia,
    Checkpoint,
    Infiltration,
    PatientReport,
)
from kambin.report.procedure_models import CArmView, Procedure, ToolRow
from kambin.report.typesetting import typeset
from kambin.report.words import BANNER, origin_words

_SHORT_HASH = 16


def print_procedure(found: Procedure, sketch: bytes) -> bytes:
    """Return the sheet as PDF.

    Parameters
    ----------
    found : Procedure
    sketch : PNG of the marks
    """
    return typeset("procedure", sheet_data(found), {"sketch": sketch})


def sheet_data(found: Procedure) -> dict[str, Any]:
    """Return what the template reads: texts and rows of texts.

    Parameters
    ----------
    found : Procedure
    """
    return {
        "banner": BANNER,
        "level": found.level,
        "side": found.side.upper(),
        "level_words": found.level_words,
        "technique": found.technique,
        "status": status_words(found),
        "is_open": found.plan_status != "ready" or bool(found.open_codes),
        "plan": found.plan_content_sha256,
        "case": found.case_sha256,
        "plan_short": found.plan_content_sha256[:_SHORT_HASH],
        "case_short": found.case_sha256[:_SHORT_HASH],
        "steps": [
            {
                "number": s.number,
                "title": s.title,
                "lines": [_tagged(x.text, x.tag) for x in s.lines],
            }
            for s in found.steps
        ],
        "c_arm": [_view(view) for view in found.c_arm],
        "tools": [_tool(rows) for rows in _gather(found.tools)],
        "passes": [
            [str(p.number), f"{p.diameter_mm:g}", f"{p.depth_mm:.0f}", f"{p.tilt_deg:.0f}"]
            for p in found.passes
        ],
        "layers": [
            [x.title, f"{x.from_mm:.0f}", f"{x.to_mm:.0f}", origin_words(x.origin)]
            for x in found.layers
        ],
        "doses": _doses(found.anaesthesia),
        "checkpoints": [_checkpoint(one) for one in found.checkpoints],
        "reports": [
            [r.says, r.means, r.action, r.tag, "STOP" if r.stops else ""] for r in _reports(found)
        ],
        "stops": [_tagged(row.says, row.tag) for row in found.stop_rules],
        "recovery": [
            [r.when, r.what, " ".join(filter(None, (r.says, r.against))), r.tag, r.blank]
            for r in found.recovery
            if not r.flag
        ],
        "flags": [[r.when, r.what, r.says, r.tag] for r in found.recovery if r.flag],
        "findings": [f"{f.code} {f.what}. {f.why}" for f in found.findings],
        "sources": [[key, text] for key, text in found.sources.items()],
        "notice": found.notice,
    }


def status_words(found: Procedure) -> str:
    """Return what the plan still needs, as it stands on every page.

    Parameters
    ----------
    found : Procedure
    """
    if found.open_codes:
        asked = ", ".join(found.open_codes)
        return f"plan status: {found.plan_status}. Nobody has answered {asked}"
    # what waited for a person has been answered
    answered = "" if found.plan_status == "ready" else ", answered by a named person"
    return f"plan status: {found.plan_status}{answered}"


def _tagged(text: str, tag: str) -> list[str]:
    return [text, tag]


def _view(view: CArmView) -> list[str]:
    return [view.name, view.of, view.words]


def _gather(tools: Sequence[ToolRow]) -> list[list[ToolRow]]:
    """Return the tools of one stage that end at one place together, in their order."""
    found: list[list[ToolRow]] = []
    for row in tools:
        last = found[-1][-1] if found else None
        if last is not None and (last.stage, last.depth_mm) == (row.stage, row.depth_mm):
            found[-1].append(row)
        else:
            found.append([row])
    return found


def _tool(rows: Sequence[ToolRow]) -> list[str]:
    first = rows[0]
    left = [row.left_outside_mm for row in rows if row.left_outside_mm is not None]
    titles = [row.title for row in rows]
    return [
        first.stage,
        ", ".join(titles),
        ", ".join(f"{row.outer_diameter_mm:g}" for row in rows),
        f"{first.depth_mm:.0f}",
        "-" if len(left) < len(rows) else ", ".join(dict.fromkeys(f"{mm:.0f}" for mm in left)),
        first.ap,
        first.lateral,
        _state(first),
    ]


def _state(row: ToolRow) -> str:
    """Return the state of a tip with the tag of its row, which stands at the end of its source."""
    tag = row.landmark_source.rpartition("[")[2].rstrip("]")
    return f"{row.landmark} [{tag}]" if row.landmark else "-"


def _checkpoint(row: Checkpoint) -> list[str]:
    depth = "-" if row.to_mm is None else f"{row.to_mm:.0f}"
    return [row.title, depth, row.ask, row.tag]


def _reports(found: Procedure) -> list[PatientReport]:
    """Return what the patient may say, each once, what stops first."""
    each = {r.says: r for checkpoint in found.checkpoints for r in checkpoint.reports}
    return sorted(each.values(), key=lambda report: not report.stops)


def _doses(found: Anaesthesia | None) -> dict[str, Any] | None:
    """Return the volumes of the chosen drugs, or none."""
    if found is None or found.chosen is None:
        return None
    share = found.chosen.fraction_of_ceiling
    rows = [
        [
            part.title,
            _depth(part),
            "-" if part.drug is None else f"{part.drug} {part.percent:g} %",
            "-" if part.volume_ml is None else f"{part.volume_ml:.1f}",
            "-" if part.dose_mg is None else f"{part.dose_mg:.1f}",
        ]
        for part in found.chosen.infiltration
    ]
    words = f"{found.weight_kg:g} kg, ceiling {found.ceiling}"
    words += "" if share is None else f": {100 * share:.1f} % of it"
    notes = [part.note for part in found.chosen.infiltration if part.note]
    return {"rows": rows, "words": " ".join([f"{words}.", *notes, found.notice])}


def _depth(part: Infiltration) -> str:
    if part.from_mm is None or part.to_mm is None:
        return "-"
    ends = dict.fromkeys((f"{part.from_mm:.0f}", f"{part.to_mm:.0f}"))
    return " to ".join(ends)
