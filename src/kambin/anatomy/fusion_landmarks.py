"""Landmarks that a person placed in two images: fit, hold-out, and the exchanged sides."""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.fusion_types import LandmarkFit
from kambin.frames import RigidTransform
from kambin.imaging import fit_points

_SIDE = re.compile(r"\b(left|right|L|R|li|re)\b")
_OTHER = {"left": "right", "right": "left", "L": "R", "R": "L", "li": "re", "re": "li"}


def fit_landmarks(
    ct_mm: Mapping[str, NDArray[np.float64]],
    mr_mm: Mapping[str, NDArray[np.float64]],
    *,
    target: str,
    source: str,
) -> tuple[LandmarkFit, RigidTransform]:
    """Fit the points that carry one name in both images.

    Parameters
    ----------
    ct_mm, mr_mm : mapping of name to float array, shape (3,), mm, LPS
    target, source : str, the two frames

    Returns
    -------
    LandmarkFit with residual and hold-out error, mm
    RigidTransform, target from source

    Raises
    ------
    InputError  (IN-092) as ``fit_points``

    Notes
    -----
    A residual cannot prove the side: exchanged labels fit to 2 mm where the points lie nearly
    in one plane (faults 2). The ratio of both residuals says whether this fit can.
    """
    names = [name for name in ct_mm if name in mr_mm]
    ct = np.array([ct_mm[name] for name in names]).reshape(-1, 3)
    mr = np.array([mr_mm[name] for name in names]).reshape(-1, 3)
    fit = fit_points(mr, ct, target=target, source=source)
    held_out = [np.inf]
    if len(names) > 3:
        held_out = [_missed_mm(ct, mr, n, target, source) for n in range(len(names))]
    residual_mm = _rms(fit.residuals_mm)
    found = LandmarkFit(
        len(names),
        residual_mm,
        float(np.mean(held_out)),
        fit.conditioning,
        _swapped_mm(names, ct, mr) / max(residual_mm, np.finfo(float).tiny),
    )
    return found, fit.transform


def _missed_mm(
    ct: NDArray[np.float64], mr: NDArray[np.float64], n: int, target: str, source: str
) -> float:
    rest = np.arange(len(ct)) != n
    fit = fit_points(mr[rest], ct[rest], target=target, source=source)
    return float(np.linalg.norm(fit.transform.points(mr[n]) - ct[n]))


def _swapped_mm(names: list[str], ct: NDArray[np.float64], mr: NDArray[np.float64]) -> float:
    """Return the residual after left and right names change places, or 0 if none has a side."""
    others = [_SIDE.sub(lambda match: _OTHER[match[0]], name) for name in names]
    if others == names or any(other not in names for other in others):
        return 0.0
    order = [names.index(other) for other in others]
    a, b = mr[order] - mr.mean(axis=0), ct - ct.mean(axis=0)
    # Only the residual of the best proper motion is asked for; a mirror must not help.
    u, _, vt = np.linalg.svd(b.T @ a)
    turn = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    return _rms(np.linalg.norm(a @ turn.T - b, axis=1))


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))
