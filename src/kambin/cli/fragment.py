"""``kambin fragment``: place, draw, give, show or take out the herniated fragment of a case."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from kambin.anatomy import Anatomy, Case, StructureKey
from kambin.anatomy.fragment import has_fragment
from kambin.anatomy.fragment_wish import (
    FRAGMENT_MIGRATIONS,
    FRAGMENT_ZONES,
    MORPHOLOGIES,
    FragmentWish,
)
from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.asking import require_level, require_side
from kambin.cli.output import print_document, print_findings, print_lines, with_version
from kambin.cli.progress import shown_progress
from kambin.core import Finding, RequestError
from kambin.desk.edits import place_drawn, place_painted, place_wished, remove_fragment
from kambin.desk.gate import read_checked_case, require_answered
from kambin.desk.workbench import complete_once
from kambin.exchange import read_case, write_bytes_atomically
from kambin.exchange.strokes import read_strokes
from kambin.measure.herniation import measure_herniation
from kambin.measure.herniation_types import Herniation
from kambin.measure.herniation_words import describe_herniation
from kambin.report.herniation_page import draw_herniation_png


@app.command(
    epilog=examples(
        "kambin fragment case --level L4-L5 --side left --zone paracentral",
        "kambin fragment case --level L4-L5 --side left --zone subarticular --migration near-down "
        "--size 3 --morphology sequestration --replace",
        "kambin fragment case --contours slice1.mrk.json slice2.mrk.json slice3.mrk.json",
        "kambin fragment case --strokes painted_fragment.json",
        "kambin fragment case --picture herniation.png",
        "kambin fragment case --remove",
    )
)
def fragment(  # noqa: PLR0913, PLR0917 - one option of the contract each
    case: options.Case,
    level: options.Level = None,
    side: options.Side = None,
    zone: Annotated[
        str | None, typer.Option(help=f"Axial zone: {', '.join(FRAGMENT_ZONES)}.")
    ] = None,
    migration: Annotated[
        str, typer.Option(help=f"Where it went: {', '.join(FRAGMENT_MIGRATIONS)}.")
    ] = "none",
    size: Annotated[int, typer.Option(help="Size after the MSU classes 1 to 3.")] = 2,
    morphology: Annotated[str, typer.Option(help=f"{', '.join(MORPHOLOGIES)}.")] = "extrusion",
    contours: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Closed curves, mrk.json; repeat it."),
    ] = None,
    strokes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Brush strokes, as the workstation writes them."),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the fragment out.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put the new one in the place of the old.")
    ] = False,
    picture: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Draw the classified herniation.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Place, draw or take out the fragment, and classify the one that is there.

    Without anything to place, it shows the fragment of the case. There is no default level
    and no default side. A case with another fragment is another case: older plans are stale.
    """
    is_placed = any(word is not None for word in (level, side, zone))
    asked = {
        "--level, --side and --zone": is_placed,
        "--contours": bool(contours),
        "--strokes": strokes is not None,
        "--remove": remove,
    }
    _require_one(asked, replace=replace)
    # asked before the case is read: what is missing is told at once
    wish = _read_wish(level, side, zone, (migration, size, morphology)) if is_placed else None
    overlaps: Mapping[StructureKey, float] = {}
    if remove:
        remove_fragment(case)
        _tell_removed(case, json=json)
        return
    if strokes is not None:
        place_painted(case, read_strokes(strokes), replacing=replace)
    if wish is not None or contours:
        overlaps = _put(case, wish, contours or [], replace=replace)
    _show(case, picture, overlaps, json=json)


def _require_one(given: Mapping[str, bool], *, replace: bool) -> None:
    asked = [word for word, is_given in given.items() if is_given]
    if len(asked) > 1 or (replace and asked in ([], ["--remove"])):
        raise RequestError(
            code="RQ-082",
            what="The fragment that was asked for is not understood",
            where=" and ".join(asked) or "--replace",
            why="It is placed by its parameters, drawn by contours or strokes, or taken out: "
            "one of them.",
            next_step="See kambin fragment --help.",
        )


def _read_wish(
    level: str | None, side: str | None, zone: str | None, rest: tuple[str, int, str]
) -> FragmentWish:
    asked_level, asked_side = require_level(level), require_side(side)
    if zone is None:
        raise RequestError(
            code="RQ-082",
            what="The fragment that was asked for is not understood",
            where="--zone",
            why="There is no default zone, on purpose.",
            next_step=f"Add --zone with one of {', '.join(FRAGMENT_ZONES)}.",
        )
    migration, size, morphology = rest
    return FragmentWish(asked_level, asked_side, zone, migration, size, morphology)


def _put(
    folder: Path, wish: FragmentWish | None, contours: list[Path], *, replace: bool
) -> Mapping[StructureKey, float]:
    """Write the case with a new fragment, and return what it shares with nerves and sac."""
    if wish is None:
        place_drawn(folder, contours, replacing=replace)
        return {}
    with shown_progress() as progress:
        return place_wished(
            folder, wish, lambda case: complete_once(case, progress), replacing=replace
        )


def _tell_removed(folder: Path, *, json: bool) -> None:
    made = read_case(folder)
    if json:
        print_document(
            with_version({"case": str(folder), "case_sha256": made.sha256, "herniation": None})
        )
    else:
        print_lines(f"Case      {folder}", "Fragment  none; plans of the case with it are stale")


def _show(
    folder: Path,
    picture: Path | None,
    overlaps: Mapping[StructureKey, float],
    *,
    json: bool,
) -> None:
    checked = read_checked_case(folder)
    if not has_fragment(checked.case):
        raise RequestError(
            code="RQ-081",
            what="The case has no fragment",
            where="fragment",
            why="There is nothing to take out, to replace or to show.",
            next_step="Place one with --level, --side and --zone, or draw it with --contours.",
        )
    require_answered(checked)
    with shown_progress() as progress:
        anatomy = complete_once(checked.case, progress)
    found, findings = measure_herniation(anatomy, checked.case)
    if picture is not None and found is not None:
        _draw(checked.case, anatomy, found, picture)
    if json:
        print_document(with_version(_document(folder, checked.case, found, overlaps, findings)))
        return
    print_lines(f"Case      {folder}")
    if found is not None:
        print_lines(*(f"{head:11}{line}" for head, line in describe_herniation(found)))
    for key, mm3 in overlaps.items():
        print_lines(f"Pushes    {mm3:.0f} mm3 of {key} aside, as it lay without the fragment")
    if picture is not None and found is not None:
        print_lines(f"Picture   {picture}")
    print_findings(findings)
    if found is not None:
        side = "left|right" if found.side is None else found.side
        print_lines(f"Next: kambin plan {folder} --level {found.level} --side {side}")


def _draw(case: Case, anatomy: Anatomy, found: Herniation, picture: Path) -> None:
    write_bytes_atomically(picture, draw_herniation_png(case, anatomy, found))


def _document(
    folder: Path,
    case: Case,
    found: Herniation | None,
    overlaps: Mapping[StructureKey, float],
    findings: tuple[Finding, ...],
) -> dict[str, Any]:
    return {
        "case": str(folder),
        "case_sha256": case.sha256,
        "herniation": None if found is None else found.as_document(),
        "pushed_aside_mm3": {str(key): mm3 for key, mm3 in overlaps.items()},
        "findings": [finding.as_document() for finding in findings],
    }
