"""Where a dragged disc goes: within the plane of the pane, and the entry on the skin."""

import numpy as np
from numpy.typing import NDArray

from kambin.app.logic.pane_geometry import PaneView
from kambin.app.logic.turns import in_turn
from kambin.planning.skin import Skin

# Within 25 degrees of the path a pane looks along it.
_ALONG_COSINE = 0.9


def drag_in_plane(
    view: PaneView, point_lps_mm: NDArray[np.float64], x: float, y: float
) -> NDArray[np.float64]:
    """Return where a point goes that the hand takes to a place of a pane, shape (3,), mm, LPS.

    Parameters
    ----------
    view : PaneView
    point_lps_mm : float array, shape (3,), mm, LPS, where the disc is
    x, y : float, pixels, where the hand is

    Notes
    -----
    What lies before or behind the plane stays so: a picture cannot say how far a point moved
    across it.
    """
    return view.point_lps_mm(x, y, behind_mm=float(view.xy(point_lps_mm)[2]))


@in_turn
def drag_entry(
    view: PaneView,
    skin: Skin,
    entry_lps_mm: NDArray[np.float64],
    target_lps_mm: NDArray[np.float64],
    xy: tuple[float, float],
) -> NDArray[np.float64] | None:
    """Return where an entry goes that the hand drags in a pane: onto the skin, mm, LPS, or none.

    Parameters
    ----------
    view : PaneView
    skin : Skin
    entry_lps_mm, target_lps_mm : float array, shape (3,), mm, LPS
    xy : where the hand is, pixels

    Returns
    -------
    float array, shape (3,), mm, LPS; none where there is no skin to put it on

    Notes
    -----
    In a pane that shows the path lengthwise the entry stays at its own depth and goes to the skin
    in the direction of the hand, as seen from the target. In a pane that looks along the path the
    entry is exactly under the hand, and the skin says how far away.
    """
    hand = drag_in_plane(view, entry_lps_mm, *xy)
    region = skin.region
    reach_mm = float(np.linalg.norm(np.array(region.shape) * region.spacing_mm))
    normal = view.plane.normal_lps
    # The target at the depth of the entry: from there a ray to the hand stays in the plane.
    behind_mm = float((hand - target_lps_mm) @ normal)
    beneath = target_lps_mm + behind_mm * normal
    within, across = hand - beneath, np.sign(behind_mm or 1.0) * normal
    deep = hand - behind_mm * normal
    ways = [(beneath, within), (deep, across)]
    outward = entry_lps_mm - target_lps_mm
    length_mm = float(np.linalg.norm(outward))
    if length_mm > 0 and abs(float(outward @ normal)) > _ALONG_COSINE * length_mm:
        ways.reverse()
    for origin, way in ways:
        long_mm = float(np.linalg.norm(way))
        if long_mm > 0:
            found: NDArray[np.float64] = skin.find_exits(origin, (way / long_mm)[None], reach_mm)[0]
            if np.isfinite(found).all():
                return found
    return None
