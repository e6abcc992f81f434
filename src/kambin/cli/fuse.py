"""``kambin fuse``: bone of a CT and nerves of an MR of one patient in one case."""

from pathlib import Path
from typing import Annotated

import typer

from kambin.anatomy import Case
from kambin.anatomy.fusion import fuse_cases
from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.output import print_document, print_findings, print_lines, with_version
from kambin.cli.progress import shown_progress
from kambin.core import AnatomyError, Severity, find_blocking
from kambin.desk.gate import confirm_call, read_checked_case
from kambin.exchange import read_case_summary, require_free
from kambin.exchange.fused_cases import PICTURE_FILE, fusion_document, write_fused_case
from kambin.exchange.markups import read_landmarks
from kambin.report.fusion_picture import draw_fusion

_SIDE_CODES = ("AN-101", "AN-102", "AN-106", "AN-400")
"""What must not stand against either image: a side that is wrong already cannot be fused right."""


@app.command(
    epilog=examples(
        "kambin fuse ct_case mr_case -o case",
        "kambin fuse ct_case mr_case --landmarks ct.mrk.json mr.mrk.json -o case",
    )
)
def fuse(
    ct: Annotated[Path, typer.Argument(metavar="CT_CASE", help="Bone and organs come from it.")],
    mr: Annotated[Path, typer.Argument(metavar="MR_CASE", help="Sac, discs and roots come.")],
    out: options.NewCase,
    landmarks: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="CT.mrk.json MR.mrk.json", help="Points of the same names in both."),
    ] = None,
    force: options.Force = False,
    json: options.Json = False,
) -> None:
    """Bring CT and MR of one patient together, vertebra by vertebra, with the error per level.

    The fused case is an ordinary case. Look at its fusion.png before you confirm it.
    """
    require_free(out, force=force)
    first, second = _read(ct), _read(mr)
    points = None
    if landmarks is not None:
        points = (read_landmarks(landmarks[0]), read_landmarks(landmarks[1]))
    with shown_progress() as progress:
        fusion = fuse_cases(first, second, landmarks=points, progress=progress)
    picture = {PICTURE_FILE: draw_fusion(fusion, second)}
    folder = write_fused_case(fusion, first, second, out, force=force, extra=picture)
    made = read_case_summary(folder)
    if json:
        document = {
            "case": str(folder),
            "case_sha256": made.sha256,
            "fusion": fusion_document(fusion, first, second),
            "findings": [finding.as_document() for finding in fusion.findings],
        }
        print_document(with_version(document))
        return
    print_lines(f"Case      {folder}", f"Picture   {folder / PICTURE_FILE}")
    for level in fusion.levels:
        print_lines(
            f"{level.name:9} error {level.error_mm:.2f} mm, posture changed by "
            f"{level.turn_deg:.1f} degrees and {level.shift_mm:.1f} mm"
        )
    print_findings(fusion.findings)
    asked = [f for f in fusion.findings if f.severity is Severity.CONFIRM]
    print_lines(f"Look at the picture, then: {confirm_call(folder, asked)}")


def _read(folder: Path) -> Case:
    """Return a case whose sides nothing contradicts; the rest is asked of the fused case."""
    checked = read_checked_case(folder)
    wrong = [f for f in find_blocking(checked.findings) if f.code in _SIDE_CODES]
    if not wrong:
        return checked.case
    raise AnatomyError(
        code="AN-020",
        what="The case cannot be used as it is",
        where=str(folder),
        why=f"Findings stop it: {', '.join(f.code for f in wrong)}.",
        next_step=wrong[0].next_step,
        findings=tuple(wrong),
    )
