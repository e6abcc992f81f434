"""The bull's eye of the operating room: how far a path is off the planned one, and how deep."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kambin.app.logic.panes import Axis
from kambin.report.letters import find_edge_letters
from kambin.report.view_planes import tool_axes

RINGS = (2.0, 5.0, 10.0)
"""Rings of the bull's eye: millimetres at the skin, and degrees of tilt."""

UNITS_PER_MM = 10.0
"""Of the drawing, for a millimetre at the skin and for a degree of tilt."""

FONT_UNITS = 20.0
"""Least height of letters in the drawing: 24 pt where it is 400 pixels wide, 240 units."""

_HALF_UNITS, _ROD_UNITS, _ROD_RIM_UNITS = 120.0, 240.0, 2.0


@dataclass(frozen=True, slots=True)
class Aim:
    """How a path lies against the planned one, as seen from outside along the planned axis.

    Parameters
    ----------
    offset_mm : to the right and up, mm, where it enters the skin
    tilt_deg : to the right and up, degrees, where its outer end leans to
    right_lps, up_lps : float array, shape (3,), unit vectors, LPS, of the picture
    """

    offset_mm: tuple[float, float]
    tilt_deg: tuple[float, float]
    right_lps: NDArray[np.float64]
    up_lps: NDArray[np.float64]


def find_aim(planned: Axis, actual: Axis) -> Aim:
    """Return how a path lies against the planned one.

    Parameters
    ----------
    planned, actual : Axis, both with a direction
    """
    ways = []
    for axis in (planned, actual):
        way = axis.entry_lps_mm - axis.target_lps_mm
        ways.append(way / np.linalg.norm(way))
    right, up = tool_axes(ways[0])
    away = actual.entry_lps_mm - planned.entry_lps_mm
    # What lies along the axis is no offset: it belongs to the depth.
    along = float(ways[1] @ ways[0])
    tilt = [float(np.degrees(np.arctan2(ways[1] @ side, along))) for side in (right, up)]
    return Aim((float(away @ right), float(away @ up)), (tilt[0], tilt[1]), right, up)


def show_bulls_eye(aim: Aim, *, depth_mm: float, depth_most_mm: float) -> dict[str, Any]:
    """Return the drawing: geometry alone; the numbers beside it are those of the plan.

    Parameters
    ----------
    aim : Aim
    depth_mm : float, mm, how deep the tip is below the skin
    depth_most_mm : float, mm, how deep the plan goes

    Returns
    -------
    dict of ``view_box``, ``font``, ``rings`` (r, words), ``letters`` (left, right, top, bottom),
    ``entry`` and ``tilt`` (x, y, is_beyond), ``rod`` (the line from the one to the other, d), and
    ``depth`` (view_box, share, is_beyond, y: the height of what is filled)
    """
    entry = _spot(aim.offset_mm)
    tilt = _spot(aim.tilt_deg)
    share = depth_mm / depth_most_mm if depth_most_mm > 0 else 0.0
    held = float(np.clip(share, 0.0, 1.0))
    half = _HALF_UNITS
    return {
        "view_box": f"{-half:g} {-half:g} {2 * half:g} {2 * half:g}",
        "font": FONT_UNITS,
        "rings": [{"r": UNITS_PER_MM * ring, "words": f"{ring:g}"} for ring in RINGS],
        "letters": asdict(find_edge_letters(aim.right_lps, -aim.up_lps)),
        "entry": entry,
        "tilt": tilt,
        "rod": f"M{entry['x']} {entry['y']}L{tilt['x']} {tilt['y']}",
        "depth": {
            "view_box": f"0 0 60 {_ROD_UNITS:g}",
            "share": round(held, 4),
            "is_beyond": bool(share > 1.0),
            # within its frame, full as well as empty
            "y": round((_ROD_UNITS - 2 * _ROD_RIM_UNITS) * held, 2),
        },
    }


def _spot(amount: tuple[float, float]) -> dict[str, Any]:
    """Return where a spot is drawn: within the outer ring, and whether it belongs beyond it."""
    right, up = (UNITS_PER_MM * part for part in amount)
    far, most = float(np.hypot(right, up)), UNITS_PER_MM * RINGS[-1]
    part = most / far if far > most else 1.0
    return {"x": round(part * right, 2), "y": round(-part * up, 2), "is_beyond": far > most}
