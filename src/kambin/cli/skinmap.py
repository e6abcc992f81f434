"""``kambin skinmap``: from where on the skin one may come."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from kambin.anatomy import Anatomy, Case
from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.asking import require_request
from kambin.cli.opening import opened_case
from kambin.cli.output import print_document, print_lines, print_table
from kambin.core import RequestError
from kambin.desk.workbench import MemoryStore
from kambin.exchange import write_bytes_atomically, write_document
from kambin.exchange.documents import require_writable
from kambin.planning import SkinMap, SkinMapDocument, make_skin_map
from kambin.planning.evaluator import UNRESOLVED
from kambin.planning.reach import NO_FRAGMENT
from kambin.planning.skin_map_models import SkinCell

MOST_ROWS = 10
"""Squares of the table for a person; the document has them all."""


@app.command(
    epilog=examples(
        "kambin skinmap case --level L4-L5 --side left --zone paracentral -o skin.png",
        "kambin skinmap case --level L4-L5 --side left --zone foraminal --cannula 7.5 --cannula 6",
        "kambin skinmap case --level L5-S1 --side right --zone central -o map.json -o sheet.pdf",
    )
)
def skinmap(  # noqa: PLR0913, PLR0917 - one option of the request each
    case: options.Case,
    level: options.Level = None,
    side: options.Side = None,
    zone: options.Zone = None,
    target: options.Target = None,
    technique: options.Technique = None,
    cannula: Annotated[
        list[float] | None,
        typer.Option("--cannula", metavar="MM", help="Outer diameter, mm; repeat it to compare."),
    ] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="Picture (.png), sheet at true scale (.pdf) or .json.",
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Show from where on the skin one may come, and how much room, bone and reach that means.

    Per square of a centimetre, counted lateral of the midline and cranial of the disc line, with
    the area of curved skin from which every hard margin is kept.
    """
    files = out or []
    _require_kinds(files)
    diameters = cannula or []
    request = require_request(
        level,
        side,
        zone=zone,
        target=target,
        technique=technique,
        cannula_mm=diameters[0] if diameters else None,
    )
    for file in files:
        require_writable(file.parent)
    with opened_case(case, request.level) as work:
        found, skin = make_skin_map(
            work.case,
            work.anatomy,
            request,
            cannulas_mm=diameters[1:],
            progress=work.progress,
            store=MemoryStore(),
        )
    for file in files:
        write_skin_map(file, found, skin, work.case, work.anatomy)
    if json:
        print_document(found)
    else:
        print_skin_map(found, files)


def write_skin_map(
    file: Path, found: SkinMapDocument, skin: SkinMap, case: Case, anatomy: Anatomy
) -> None:
    """Write the map as a picture, a sheet at true scale or a document, by the file's ending.

    Raises
    ------
    StoreError  (ST-001) if it cannot be written
    """
    if file.suffix.lower() == ".json":
        write_document(found, file)
        return
    # drawn here only: whoever wants the numbers waits for no renderer
    from kambin.report.skin_document import draw_skin_document  # noqa: PLC0415
    from kambin.report.skin_print import print_skin_document  # noqa: PLC0415

    draw = print_skin_document if file.suffix.lower() == ".pdf" else draw_skin_document
    write_bytes_atomically(file, draw(found, skin, anatomy))


def print_skin_map(found: SkinMapDocument, files: list[Path]) -> None:
    """Print how much skin keeps every margin, and the squares with the most room."""
    print_lines(
        f"{found.level} {found.side.upper()}  {found.technique}, cannula {found.cannula_mm:g} mm",
        f"Open      {found.safe_area_cm2:.1f} cm2 of the {found.area_cm2:.1f} cm2 of skin that the "
        "technique allows",
    )
    relaxed = _tell_relaxed(docks_at_mouth=found.docks_at_mouth, rim=found.rim_is_removed)
    if relaxed:
        print_lines(f"          with {relaxed}, which a person has to confirm")
    if found.not_assessed_reason:
        print_lines(found.not_assessed_reason)
    for row in found.by_cannula[1:]:
        own = _tell_relaxed(docks_at_mouth=row.docks_at_mouth, rim=row.rim_is_removed)
        alone = "" if own == relaxed else f", by itself with {own or 'nothing to confirm'}"
        print_lines(
            f"          {row.safe_area_cm2:.1f} cm2 for a cannula of {row.cannula_mm:g} mm{alone}"
        )
    rows = sorted(
        (cell for cell in found.cells if cell.best_room_mm is not None and cell.best_room_mm >= 0),
        key=lambda cell: -(cell.best_room_mm or 0.0),
    )
    size = found.cell_mm
    print_table(
        f"Squares of {size:g} mm with the most room",
        ("lateral mm", "cranial mm", "open cm2", "room mm", "bone mm3", "grasped", "seen"),
        (_cells(cell, size) for cell in rows[:MOST_ROWS]),
    )
    _print_lacking([cell for cell in rows if cell.safe_area_cm2 > 0])
    for file in files:
        print_lines(f"Written   {file}")


def _print_lacking(cells: Sequence[SkinCell]) -> None:
    """Print why bone and reach of squares with a path are no numbers."""
    if cells and all(cell.resection_mm3 is None for cell in cells):
        print_lines(f"Bone      not assessed: {UNRESOLVED}")
    if cells and all(cell.reachable_fraction is None for cell in cells):
        print_lines(f"Reach     not assessed: {NO_FRAGMENT}")


def _tell_relaxed(*, docks_at_mouth: bool, rim: bool) -> str:
    """Return what of a map a person has to confirm, in words."""
    words = ["the cannula at the mouth of the foramen"] if docks_at_mouth else []
    words += ["the rim of bone taken away"] if rim else []
    return " and ".join(words)


def _cells(cell: SkinCell, size_mm: float) -> tuple[str, ...]:
    return (
        f"{cell.lateral_from_mm:.0f} to {cell.lateral_from_mm + size_mm:.0f}",
        f"{cell.cranial_from_mm:+.0f} to {cell.cranial_from_mm + size_mm:+.0f}",
        f"{cell.safe_area_cm2:.2f}",
        f"{cell.best_room_mm:.1f}",
        "-" if cell.resection_mm3 is None else f"{cell.resection_mm3:.0f}",
        _share(cell.reachable_fraction),
        _share(cell.visible_fraction),
    )


def _share(share: float | None) -> str:
    return "-" if share is None or not np.isfinite(share) else f"{100 * share:.0f} %"


def _require_kinds(files: list[Path]) -> None:
    strange = [file for file in files if file.suffix.lower() not in (".png", ".pdf", ".json")]
    if strange:
        raise RequestError(
            code="RQ-106",
            what="A skin map is written as .png, .pdf or .json",
            where=f"-o {strange[0].name[:40]}",
            why="The ending of the file's name says what is written: picture, sheet, document.",
            next_step="Give -o NAME.png, -o NAME.pdf, -o NAME.json, or several.",
        )
