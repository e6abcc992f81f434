"""How long a cut in the skin lets a cannula through, from its size, its slant and the skin."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.approaches.claims_models import SkinCut
from kambin.imaging import LabelMap
from kambin.knowledge import value

NODES_SAMPLES = 256
"""Points of the midpoint rule round a quarter of an ellipse; leaves less than 1e-9 of it."""


def measure_skin_cut(diameter_mm: float, slant_deg: float | None) -> SkinCut:
    """Return the cut that lets a cannula through a skin that stretches.

    Parameters
    ----------
    diameter_mm : float, mm, outer diameter of the cannula, above 0
    slant_deg : float or none, degrees between its axis and the normal of the skin; none where
        the skin is not seen, which is counted as upright

    Notes
    -----
    A slit of length L opens to a hole whose rim is 2 L (1 + s) long when its edges are stretched by
    s. The cannula cuts the skin in an ellipse as wide as the cannula and, at a slant, longer by
    the secant of the slant: half of its circumference must be given by slit and stretch
    together. Bending of the skin along the cannula would shorten the cut and is left out.
    """
    rim_mm = ellipse_circumference_mm(diameter_mm, diameter_mm / _cosine(slant_deg))
    half_mm = rim_mm / 2
    stretch = value("skin_cut.stretch")
    too_flat = slant_deg is not None and slant_deg > value("skin_cut.steepest_deg")
    return SkinCut(
        cannula_mm=diameter_mm,
        slant_deg=slant_deg,
        half_circumference_mm=None if too_flat else half_mm,
        stretch=stretch,
        cut_mm=None if too_flat else half_mm / (1.0 + stretch),
        not_assessed_reason="the cannula runs too flat under the skin" if too_flat else None,
    )


def find_stretch_for(cut_mm: float, half_circumference_mm: float) -> float:
    """Return how far skin must stretch for a cannula to pass a cut, as a share, 0 or more.

    Parameters
    ----------
    cut_mm : float, mm, length of the cut, above 0
    half_circumference_mm : float, mm, half of the rim that must pass
    """
    return max(half_circumference_mm / cut_mm - 1.0, 0.0)


def ellipse_circumference_mm(width_mm: float, length_mm: float) -> float:
    """Return the circumference of an ellipse, mm.

    Parameters
    ----------
    width_mm, length_mm : float, mm, its two diameters
    """
    turn = (np.arange(NODES_SAMPLES) + 0.5) * (math.pi / 2 / NODES_SAMPLES)
    # the midpoint rule is exact to machine precision for a smooth periodic function
    speed = np.hypot(width_mm / 2 * np.sin(turn), length_mm / 2 * np.cos(turn))
    return float(4 * speed.sum() * (math.pi / 2 / NODES_SAMPLES))


def find_skin_slant_deg(
    body: LabelMap, entry_lps_mm: ArrayLike, target_lps_mm: ArrayLike
) -> float | None:
    """Return the angle between a path and the normal of the skin where it enters, degrees.

    Parameters
    ----------
    body : LabelMap, above 0 inside the body
    entry_lps_mm, target_lps_mm : float array, shape (3,), mm, LPS

    Returns
    -------
    degrees from 0, upright, to 90; none where no skin lies about the entry

    Notes
    -----
    The normal points away from the middle of the body's voxels in a ball about the entry.
    """
    entry = np.asarray(entry_lps_mm, dtype=np.float64)
    inside = _inside_ball(body, entry, value("skin_cut.ball_mm"))
    if not len(inside):
        return None
    outward = entry - inside.mean(axis=0)
    axis = entry - np.asarray(target_lps_mm, dtype=np.float64)
    lengths = float(np.linalg.norm(outward) * np.linalg.norm(axis))
    if lengths == 0:
        return None
    cosine = abs(float(outward @ axis)) / lengths
    return math.degrees(math.acos(min(cosine, 1.0)))


def _inside_ball(
    body: LabelMap, centre_lps_mm: NDArray[np.float64], radius_mm: float
) -> NDArray[np.float64]:
    """Return the voxel centres of the body in a ball, shape (N, 3), mm, LPS."""
    middle = body.ijk(centre_lps_mm[None])[0]
    reach = np.ceil(radius_mm / body.spacing_mm)
    low = np.maximum(np.floor(middle - reach), 0).astype(int)
    high = np.minimum(np.ceil(middle + reach) + 1, body.shape).astype(int)
    # an entry off the image leaves an empty box, in which no skin is found
    box = body.values[tuple(slice(a, max(a, b)) for a, b in zip(low, high, strict=True))]
    places = body.lps_mm(np.argwhere(box > 0) + low)
    near = np.linalg.norm(places - centre_lps_mm, axis=1) <= radius_mm
    # a ball that is body all over lies under the skin and has no normal of it
    everything = body.lps_mm(np.argwhere(np.ones(box.shape, dtype=bool)) + low)
    whole = np.linalg.norm(everything - centre_lps_mm, axis=1) <= radius_mm
    return places[near] if near.sum() < whole.sum() else places[:0]


def _cosine(slant_deg: float | None) -> float:
    """Return the cosine of the slant, kept from 0 where the cut is not told anyway."""
    steepest = value("skin_cut.steepest_deg")
    return math.cos(math.radians(min(slant_deg or 0.0, steepest)))
