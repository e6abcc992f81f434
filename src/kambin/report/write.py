"""Writing the report of a plan or of a refusal into a folder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kambin.anatomy import Anatomy, Case
from kambin.core import FieldStore, Finding, PlanError, Progress, SilentProgress, StoreError
from kambin.planning import Plan, Refusal, Signature
from kambin.report.compare_page import make_compare_page
from kambin.report.content import report_content
from kambin.report.html import html_report
from kambin.report.pdf import pdf_report
from kambin.report.pictures import draw_pictures
from kambin.report.scenery import plan_scenery, refusal_scenery
from kambin.report.skin_source import find_skin_map, skin_picture


@dataclass(frozen=True, slots=True)
class ReportPaths:
    """The files of one report.

    Parameters
    ----------
    html, pdf : Path
    pictures : the pictures as PNG files, in print order
    """

    html: Path
    pdf: Path
    pictures: tuple[Path, ...]


def write_report(  # noqa: PLR0913 - one part of the report each
    case: Case,
    anatomy: Anatomy,
    document: Plan | Refusal,
    out_dir: Path,
    *,
    case_findings: Sequence[Finding] = (),
    signatures: Sequence[Signature] | None = None,
    progress: Progress | None = None,
    store: FieldStore | None = None,
    compares: bool = False,
) -> ReportPaths:
    """Write what a surgeon reads of a plan, or why there is none: a page, a print, pictures.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy of the same case
    document : Plan or Refusal
    out_dir : Path, made if it is not there
    case_findings : what import, fusion and checks said of the case
    signatures : under the document, or none where nobody looked for them
    progress : Progress
    store : FieldStore with the distance fields of the planner, or none: the skin map then
        computes them again
    compares : bool, whether a page sets the other ways to operate beside the answer

    Returns
    -------
    ReportPaths

    Raises
    ------
    PlanError  (RP-001) if the document was made from another case
    StoreError  (RP-002) if the folder cannot be written
    InputError  (IN-045) if entry and target of the document are one point
    """
    shown = SilentProgress() if progress is None else progress
    # Before anything is drawn: no picture may show a plan on images not its own (fault P01).
    if document.case_sha256 != case.sha256:
        raise PlanError(
            code="RP-001",
            what="The plan belongs to another case",
            where=f"plan for case {document.case_sha256[:12]}",
            why=f"This case is {case.sha256[:12]}; images or labels are not those of the plan.",
            next_step="Plan again on this case, or report with the case of the plan.",
        )
    skin = find_skin_map(case, anatomy, document, progress=shown, store=store)
    content = report_content(case, anatomy, document, case_findings, signatures)
    page = make_compare_page(case, anatomy, document, progress=shown) if compares else None
    compared = None if isinstance(page, str) else page
    if isinstance(page, str):
        content = replace(content, limits=(*content.limits, page))
    drawn = None
    if isinstance(skin, str):
        content = replace(content, limits=(*content.limits, skin))
    else:
        drawn = skin_picture(skin, anatomy, document)
    if isinstance(document, Plan):
        scenery = plan_scenery(document)
    else:
        scenery = refusal_scenery(anatomy, document, None if isinstance(skin, str) else skin)
    pictures = tuple(draw_pictures(case, anatomy, scenery, drawn, shown))
    html = html_report(content, pictures, compared).encode("utf-8")
    print_bytes = pdf_report(content, pictures, compared)
    # Everything is made before the first file is written: a failed drawing leaves no file.
    files = {"report.html": html, "report.pdf": print_bytes}
    every = pictures if compared is None else (*pictures, compared.picture)
    files |= {f"pictures/{picture.name}.png": picture.png for picture in every}
    written = [write_file(out_dir / name, data) for name, data in files.items()]
    return ReportPaths(written[0], written[1], tuple(written[2:]))


def write_file(path: Path, data: bytes) -> Path:
    """Write a file so that a reader sees the old one or the new one, never a half.

    Parameters
    ----------
    path : Path, its folder is made if it is not there
    data : bytes

    Raises
    ------
    StoreError  (RP-002) if the folder cannot be written
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Beside its target, because a rename is whole only within one file system.
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise StoreError(
            code="RP-002",
            what="The report cannot be written",
            where=path.name,
            why=f"The system says: {error.strerror}.",
            next_step="Choose another folder with -o, or make room.",
        ) from error
    return path
