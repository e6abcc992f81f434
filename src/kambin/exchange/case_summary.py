"""What a case folder says of itself, without reading its arrays."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kambin.core import Finding
from kambin.exchange.case_files import read_case_document
from kambin.exchange.importing import findings_from_source


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """The head of a case, as it was written.

    Parameters
    ----------
    sha256 : str, the hash that was written; only ``read_case`` compares it with the arrays
    dialect : str, how the names were found
    structures : the names of all labels, in alphabetical order
    shape : number of voxels towards left, back and head
    spacing_mm : mm, along the same axes
    has_image : bool, false for a label-only case
    findings : what the import had to say
    """

    sha256: str
    dialect: str
    structures: tuple[str, ...]
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    has_image: bool
    findings: tuple[Finding, ...]


def read_case_summary(path: Path) -> CaseSummary:
    """Read what a case says of itself, in milliseconds.

    Raises
    ------
    StoreError  (ST-004, ST-005) if it is no case folder, or of a newer version
    """
    document = read_case_document(Path(path))
    labels = document["labels"]
    # written in canonical order, so the columns are left, back and head
    axes = np.array(labels["lps_from_ijk"], dtype=np.float64)[:3, :3]
    x_mm, y_mm, z_mm = (float(step) for step in np.linalg.norm(axes, axis=0))
    i, j, k = labels["shape"]
    return CaseSummary(
        sha256=document["sha256"],
        dialect=document["dialect"],
        structures=tuple(sorted(document["names"].values())),
        shape=(i, j, k),
        spacing_mm=(x_mm, y_mm, z_mm),
        has_image=document["image"] is not None,
        findings=findings_from_source(document.get("source", {})),
    )
