"""A fused case on the disk: an ordinary case that says how it came about."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kambin.anatomy import Case
from kambin.anatomy.fusion_types import Fusion, LevelFit, VertebraFit
from kambin.exchange.case_files import write_case
from kambin.exchange.documents import to_plain
from kambin.exchange.importing import findings_from_source

PICTURE_FILE = "fusion.png"
_FINDINGS = "import_findings"
_FUSION = "fusion"


@dataclass(frozen=True, slots=True)
class FusionRecord:
    """What a fused case says of how it came about.

    Parameters
    ----------
    ct_sha256, mr_sha256 : str, hashes of the cases that were brought together
    levels : LevelFit from cranial to caudal, mm and degrees
    """

    ct_sha256: str
    mr_sha256: str
    levels: tuple[LevelFit, ...]


def read_fusion(case: Case) -> FusionRecord | None:
    """Return how a case was fused, or none if it comes from one image.

    Parameters
    ----------
    case : Case as read from its folder
    """
    if _FUSION not in case.source:
        return None
    document = json.loads(case.source[_FUSION])
    levels = tuple(LevelFit(**row) for row in document["levels"])
    return FusionRecord(document["ct_sha256"], document["mr_sha256"], levels)


def fusion_document(fusion: Fusion, ct: Case, mr: Case) -> dict[str, Any]:
    """Return how a case was fused: motions, residuals, hold-out, and what was brought together.

    Parameters
    ----------
    fusion : Fusion
    ct, mr : Case, both inputs as they were read
    """
    landmarks = None if fusion.landmarks is None else asdict(fusion.landmarks)
    document = {
        "ct_sha256": ct.sha256,
        "mr_sha256": mr.sha256,
        "vertebrae": [_vertebra(fit) for fit in fusion.vertebrae],
        "levels": [asdict(level) for level in fusion.levels],
        "landmarks": landmarks,
        "in_bone_share": {str(key): share for key, share in fusion.carried.items()},
        "least_volume_share": fusion.least_volume_share,
    }
    plain: dict[str, Any] = to_plain(document)
    return plain


def write_fused_case(
    fusion: Fusion,
    ct: Case,
    mr: Case,
    out: Path,
    *,
    force: bool = False,
    extra: Mapping[str, bytes] | None = None,
) -> Path:
    """Write a fused case; the findings of both inputs and of the fusion go with it.

    Parameters
    ----------
    fusion : Fusion
    ct, mr : Case, both inputs as they were read
    out : the folder to make
    force : bool, replace an existing case
    extra : file name -> bytes, such as the picture of the fusion

    Raises
    ------
    StoreError  (ST-001, ST-002) as ``write_case``
    """
    inherited = [*findings_from_source(ct.source), *findings_from_source(mr.source)]
    findings = [to_plain(f.as_document()) for f in (*inherited, *fusion.findings)]
    source = {
        **ct.source,
        _FINDINGS: json.dumps(findings, sort_keys=True),
        _FUSION: json.dumps(fusion_document(fusion, ct, mr), sort_keys=True),
    }
    return write_case(replace(fusion.case, source=source), out, force=force, extra=extra)


def _vertebra(fit: VertebraFit) -> dict[str, Any]:
    row = {name: getattr(fit, name) for name in fit.__dataclass_fields__}
    row["ct_from_mr"] = np.array(fit.ct_from_mr.matrix)
    return row
