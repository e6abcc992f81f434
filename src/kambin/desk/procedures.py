"""The procedure sheet as files."""

from pathlib import Path

from kambin.anatomy import Anatomy
from kambin.exchange import write_bytes_atomically, write_document
from kambin.planning import Plan
from kambin.report.procedure_models import Procedure

DOCUMENT, PRINT = "procedure.json", "procedure.pdf"
"""The files of a sheet."""


def write_procedure(out: Path, found: Procedure, plan: Plan, anatomy: Anatomy) -> tuple[Path, Path]:
    """Write document and print of a sheet, and return the files.

    Parameters
    ----------
    out : the folder to write, made if it is not there
    found : Procedure
    plan : Plan
    anatomy : Anatomy of its case

    Raises
    ------
    StoreError  (ST-001) if it cannot be written
    """
    # drawn here only: whoever asks for help waits for no renderer
    from kambin.report.procedure_print import print_procedure  # noqa: PLC0415
    from kambin.report.procedure_sketch import draw_sketch  # noqa: PLC0415

    # both are made before the first is written: a failed drawing leaves no file
    printed = print_procedure(found, draw_sketch(anatomy, plan))
    document, sheet = out / DOCUMENT, out / PRINT
    write_bytes_atomically(sheet, printed)
    write_document(found, document)
    return document, sheet
