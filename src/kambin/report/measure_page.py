"""The measurements as a page: a table per level and side, and annotated pictures."""

import base64
import csv
import hashlib
from collections.abc import Iterable
from importlib import resources
from io import StringIO
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kambin.anatomy import Anatomy, Case, Origin, StructureKey
from kambin.measure import Measurements, Quantity
from kambin.report.measure_pictures import draw_measured_pictures
from kambin.report.words import LEGEND, origin_words, structure_words, unit_words
from kambin.report.write import write_file

COLUMNS = ("level", "side", "quantity", "value", "+-", "unit", "papers", "range of papers")
"""The columns of the table, on the page and on the command line."""

CSV_COLUMNS = (
    "level", "side", "quantity", "value", "unit", "uncertainty", "axial_inclination_deg",
    "craniocaudal_deg", "literature_mean", "literature_sd", "literature_n", "literature_source",
    "method", "source",
)  # fmt: skip
"""The columns of the CSV file, one row per quantity, level and side."""

_SOFT = frozenset(
    ["disc", "dural_sac", "canal", "exiting_root", "traversing_root", "drg", "flavum", "fragment"]
)
"""What a CT does not show: it is listed whether an MR gave it or a model did."""

_DRAWN = ("bone", "superior articular process (SAP)", "disc", "nerve", "dural sac")


def measure_cells(row: Quantity) -> tuple[str, ...]:
    """Return one row as it is printed beside what papers found.

    Parameters
    ----------
    row : Quantity; an empty value reads *not assessed*

    Returns
    -------
    texts in the order of ``COLUMNS``; the range of papers is one standard deviation to both
    sides of their mean, empty where the spread was not printed
    """
    paper = row.literature
    spread = ""
    if paper is not None and paper.sd:
        spread = f"{paper.mean - paper.sd:.1f} to {paper.mean + paper.sd:.1f}"
    return (
        row.level,
        "" if row.side is None else str(row.side),
        row.quantity,
        "not assessed" if row.value is None else f"{row.value:.2f}",
        "" if row.uncertainty is None else f"{row.uncertainty:.2f}",
        unit_words(row.unit),
        "" if paper is None else f"{paper.mean:g}",
        spread,
    )


def measure_csv(measured: Iterable[Quantity]) -> str:
    """Return the rows as CSV with a head line, lines ending as in RFC 4180.

    Parameters
    ----------
    measured : Quantity rows
    """
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(CSV_COLUMNS)
    for row in measured:
        paper, angles = row.literature, row.reading.angles_deg or ("", "")
        writer.writerow(
            (
                row.level,
                row.side or "",
                row.quantity,
                # Empty and not zero where the data cannot say.
                "" if row.value is None else repr(row.value),
                row.unit,
                "" if row.uncertainty is None else repr(row.uncertainty),
                *angles,
                *(("",) * 4 if paper is None else (paper.mean, paper.sd, paper.n, paper.source)),
                row.method,
                row.source,
            )
        )
    return text.getvalue()


def write_measure_page(
    case: Case, anatomy: Anatomy, measured: Measurements, out_dir: Path
) -> tuple[Path, ...]:
    """Write the page of a case's measurements with its pictures into a folder.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy of the same case
    measured : Measurements of it
    out_dir : Path, made if it is not there

    Returns
    -------
    the page, then the pictures

    Raises
    ------
    StoreError  (RP-002) if the folder cannot be written

    References
    ----------
    Content Security Policy Level 3, https://www.w3.org/TR/CSP3
    """
    pictures = draw_measured_pictures(case, anatomy, measured)
    environment = Environment(
        loader=PackageLoader("kambin.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    style = resources.files("kambin.report").joinpath("templates/report.css").read_text("utf-8")
    places = dict.fromkeys((row.level, row.side) for row in measured)
    page = environment.get_template("measure.html.j2").render(
        case=case.sha256,
        columns=COLUMNS,
        tables=[
            {
                "title": place if side is None else f"{place} {side}",
                "rows": [measure_cells(r) for r in measured if (r.level, r.side) == (place, side)],
            }
            for place, side in places
        ],
        bases=[
            (structure_words(b.structure), origin_words(b.origin), f"{b.sigma_mm:.1f} mm", b.method)
            for b in measured.bases
            if b.origin != Origin.SEGMENTED or StructureKey.parse(b.structure).kind in _SOFT
        ],
        findings=[(f.code, f.what, f.where, f.why, f.next_step) for f in measured.findings],
        pictures=[
            {"title": p.title, "alt": p.alt, "base64": base64.b64encode(p.png).decode()}
            for p in pictures
        ],
        # of the lines that only the pictures of a plan have, nothing is said here
        legend=[(words, line) for words, line in LEGEND if words in _DRAWN],
        style=Markup(style),  # noqa: S704 our own packaged file, hashed in the policy
        style_sha256=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
    # Everything is made before the first file is written: a failed drawing leaves no file.
    written = [write_file(out_dir / "measurements.html", page.encode("utf-8"))]
    written += [write_file(out_dir / "pictures" / f"{p.name}.png", p.png) for p in pictures]
    return tuple(written)
