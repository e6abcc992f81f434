"""The report in print: one page to take along, the details behind it."""

from collections.abc import Sequence
from dataclasses import asdict
from textwrap import shorten
from typing import Any

from kambin.report.compare_page import ComparePage
from kambin.report.content import ReportContent
from kambin.report.pictures import Picture
from kambin.report.rows import Row, shorten_table
from kambin.report.typesetting import typeset
from kambin.report.words import LEGEND

FRONT_PLAN = (
    ("along-flat", "along-upright", "probe-eye"),
    ("projection-ap", "space-behind", "skin-map"),
)
"""The pictures of the first page of a plan."""

FRONT_REFUSAL = (
    ("along-flat", "along-upright", "probe-eye"),
    ("axial", "sagittal", "coronal"),
    ("space-side", "space-along", "skin-map"),
)
"""The pictures of the first page of a refusal."""

# What fits on the first page beside its pictures; all of it stands on the next pages.
_SHORT_ROWS, _SHORT_FINDINGS, _PER_ROW = 9, 5, 3
_SHORT_TEXT = 180


def pdf_report(
    content: ReportContent, pictures: Sequence[Picture], compared: ComparePage | None = None
) -> bytes:
    """Return the report in print: the first page alone serves at the table.

    Parameters
    ----------
    content : ReportContent
    pictures : in print order
    compared : ComparePage, or none where nobody asked for it
    """
    every = pictures if compared is None else (*pictures, compared.picture)
    files = {picture.name: picture.png for picture in every}
    return typeset("report", _data(content, pictures, compared), files)


def _data(
    content: ReportContent, pictures: Sequence[Picture], compared: ComparePage | None
) -> dict[str, Any]:
    """Return what the template reads: the content, its short forms and the picture files."""
    known = {picture.name: picture for picture in pictures}
    wanted = FRONT_PLAN if content.kind == "plan" else FRONT_REFUSAL
    front = [[known[name] for name in row if name in known] for row in wanted]
    rest = [picture for picture in pictures if not any(picture in row for row in front)]
    lines = [rest[start : start + _PER_ROW] for start in range(0, len(rest), _PER_ROW)]
    short = shorten_table(content.summary, _SHORT_ROWS, "on the next pages")
    left = len(content.findings) - _SHORT_FINDINGS
    return {
        "content": _plain(asdict(content)),
        "case_short": _find(content.provenance, "Case SHA-256")[:16],
        "front": [[_file(picture) for picture in row] for row in front if row],
        "rest": [[_file(picture) for picture in row] for row in lines],
        "summary_short": None if short is None else asdict(short),
        "findings_short": [
            [
                row.cells[0],
                row.cells[1],
                f"({row.cells[5]})",
                shorten(row.cells[3], _SHORT_TEXT, placeholder=" ..."),
                row.cells[4],
            ]
            for row in content.findings[:_SHORT_FINDINGS]
        ],
        "findings_note": f"{left} more on the next pages." if left > 0 else "",
        "compared": None
        if compared is None
        else {
            "picture": _file(compared.picture),
            "tables": [_plain(asdict(table)) for table in compared.tables],
        },
        "legend": ". ".join(f"{words}: {line}" for words, line in LEGEND) + ".",
    }


def _file(picture: Picture) -> dict[str, str | float]:
    return {"file": f"{picture.name}.png", "aspect": picture.aspect, "alt": picture.alt}


def _plain(value: Any) -> Any:
    """Return nested rows as plain lists."""
    if isinstance(value, dict):
        # asdict opens rows as well; the template wants their texts.
        if set(value) == {"cells"}:
            return list(value["cells"])
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _find(rows: Sequence[Row], name: str) -> str:
    return next((row.cells[1] for row in rows if row.cells[0] == name), "")
