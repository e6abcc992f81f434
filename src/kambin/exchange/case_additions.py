"""What ``case.json`` holds beside the arrays: drawn lines, and how well masks were carried over."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kambin.anatomy import Case, StructureKey, Tube
from kambin.core import AnatomyError, StoreError

_DRAWN = "drawn"
_SIGMA = "registration_sigma_mm"


def additions_document(case: Case) -> dict[str, object]:
    """Return the drawn lines and registration errors of a case as JSON keeps them, or nothing.

    Parameters
    ----------
    case : Case
    """
    found: dict[str, object] = {}
    if case.drawn:
        found[_DRAWN] = [
            {"key": str(key), "points_lps_mm": tube.points_lps_mm, "radii_mm": tube.radii_mm}
            # only where it holds, so that a case without one keeps its bytes
            | ({"traced": True} if tube.traced else {})
            # by name: the order in which lines were given must not reach the hash
            for key, tube in sorted(case.drawn.items(), key=lambda item: str(item[0]))
        ]
    if case.registration_sigma_mm:
        found[_SIGMA] = {str(key): mm for key, mm in case.registration_sigma_mm.items()}
    return found


def read_additions(
    where: str, document: Mapping[str, Any]
) -> tuple[dict[StructureKey, Tube], dict[StructureKey, float]]:
    """Read drawn lines and registration errors from ``case.json``.

    Parameters
    ----------
    where : str, the case
    document : mapping, all of ``case.json``

    Returns
    -------
    mapping of StructureKey to Tube, mm, LPS
    mapping of StructureKey to float, mm

    Raises
    ------
    StoreError  (ST-005) if they are damaged
    """
    try:
        drawn = {
            StructureKey.parse(row["key"]): _tube(
                row["points_lps_mm"], row["radii_mm"], traced=row.get("traced", False) is True
            )
            for row in document.get(_DRAWN, [])
        }
        sigma_mm = {
            StructureKey.parse(key): float(mm) for key, mm in document.get(_SIGMA, {}).items()
        }
    except (AnatomyError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise StoreError(
            code="ST-005",
            what="This is not a case folder",
            where=where,
            why=f"Its drawn lines or registration errors are damaged: {type(error).__name__}.",
            next_step="Import the images and the drawn lines again.",
        ) from error
    return drawn, sigma_mm


def _tube(points: object, radii: object, *, traced: bool) -> Tube:
    points_lps_mm = np.array(points, dtype=np.float64)
    radii_mm = np.array(radii, dtype=np.float64)
    usable = (
        points_lps_mm.ndim == 2
        and points_lps_mm.shape == (len(radii_mm), 3)
        and np.isfinite(points_lps_mm).all()
        and (radii_mm > 0).all()
    )
    if not usable:
        msg = "not a line of points with radii"
        raise ValueError(msg)
    return Tube(points_lps_mm, radii_mm, traced)
