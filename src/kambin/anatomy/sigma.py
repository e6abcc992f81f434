"""The standard deviation of a structure's surface, from the spacing of the labels."""

import numpy as np

from kambin.knowledge import values

BODY = "body"
POSTERIOR = "posterior"
DISC = "disc"
ORGAN = "organ"

_BONES = frozenset({"body", "body_rim", "sacrum", "ilium", "rib", "femur"})
# Apart from bodies: at 3 mm posterior elements shrink by 0.7 mm, bodies by 0.2 (recipes 7).
_POSTERIOR = frozenset(
    [
        "vertebra",
        "pedicle",
        "pedicle_rim",
        "sap",
        "iap",
        "tp",
        "sp",
        "pars",
        "lamina",
        "arch_base",
        "arch",
    ]
)


def surface_sigma_mm(kind: str, label_spacing_mm: float) -> float:
    """Return the standard deviation of a surface, mm.

    Parameters
    ----------
    kind : str, the kind of a structure key: bone is known better than organs, bodies
        better than posterior elements
    label_spacing_mm : float, mm, the largest spacing of the labels

    Notes
    -----
    Linear between 1 and 3 mm spacing, constant outside (architecture 8.7). What a tool keeps its
    distance from, every structure but bone and disc, is never known better than half a slice: its
    margin grows with this sigma (faults G17).
    """
    # What has no group is as uncertain as an organ, the least certain of all.
    group = ORGAN
    if kind in _BONES:
        group = BODY
    elif kind in _POSTERIOR:
        group = POSTERIOR
    elif kind == DISC:
        group = DISC
    at = values("completion_bone.sigma_spacings_mm")
    sigma_mm = float(np.interp(label_spacing_mm, at, values(f"completion_bone.sigma_{group}_mm")))
    return max(sigma_mm, label_spacing_mm / 2) if group == ORGAN else sigma_mm
