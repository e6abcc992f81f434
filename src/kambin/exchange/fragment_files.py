"""A case folder written again with another fragment; what else lies in it stays."""

from collections.abc import Mapping
from pathlib import Path

from kambin.anatomy import Case
from kambin.exchange.case_files import (
    CASE_FILE,
    CONFIRMATIONS_FILE,
    IMAGE_FILE,
    LABELS_FILE,
    write_case,
)

_REWRITTEN = frozenset({CASE_FILE, CONFIRMATIONS_FILE, IMAGE_FILE, LABELS_FILE})


def rewrite_case(
    case: Case, folder: Path, *, changed: Mapping[str, bytes | None] | None = None
) -> Path:
    """Write a changed case over its own folder, whole or not at all.

    Parameters
    ----------
    case : Case, as it is to be from now on; its hash is made anew, so that a plan of the old
        one is stale
    folder : the case folder
    changed : name of a file of the folder -> its new bytes, or none to leave it out

    Returns
    -------
    the folder

    Raises
    ------
    StoreError  (ST-001) if it cannot be written; the old case is intact then
    """
    folder = Path(folder)
    kept = {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and str(file.relative_to(folder)) not in _REWRITTEN
    }
    extra: dict[str, bytes | None] = {**kept, **(changed or {})}
    files = {name: data for name, data in extra.items() if data is not None}
    return write_case(case, folder, force=True, extra=files)
