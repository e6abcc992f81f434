"""The windows that are printed: two usual inclinations, and the coronal-oblique plane."""

import math
from collections.abc import Mapping
from dataclasses import replace

from kambin.core import Finding
from kambin.knowledge import value, values
from kambin.measure.nerve_balls import find_balls
from kambin.measure.rows import Reading
from kambin.measure.site import SideView, Site, require_level, require_side
from kambin.measure.window import MEASURES, Window, WindowKind, measure_window

KINDS: tuple[WindowKind, ...] = ("neural", "bony")
"""Both definitions of the window, in print order."""

OBLIQUE = "oblique"
"""The view across the coronal-oblique plane; the others are named by their inclination."""


def window_views() -> tuple[str, ...]:
    """Return the names of the views: the usual axial inclinations in degrees, and oblique."""
    return (*(f"{angle:g}" for angle in values("measure.window_inclinations_deg")), OBLIQUE)


def window_names(view: str) -> tuple[str, ...]:
    """Return the names of the quantities of one view, such as ``neural_window_area_45``.

    Parameters
    ----------
    view : one of ``window_views()``
    """
    return tuple(f"{kind}_window_{what}_{view}" for kind in KINDS for what in MEASURES)


def measure_windows(site: Site, *, view: str) -> Mapping[str, Reading]:
    """Measure both windows in one view, level with the disc.

    Parameters
    ----------
    site : Site at a disc level and side
    view : one of ``window_views()``

    Returns
    -------
    readings by ``window_names(view)``, mm and mm2, with both angles

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing, (AN-011) if a vertebra has no mask

    Notes
    -----
    The coronal-oblique plane holds the axis of the disc; it is turned half way to sagittal,
    a little less where the root runs so as seen from above. A section is looked at, with its
    lines as papers draw them, and not the way through the joint.

    References
    ----------
    Planes of the series that are printed beside it: evidence 3.1 (A8), 3.2 (A1, A3).
    """
    if view != OBLIQUE:
        return _readings(site, view, (float(view), 0.0))
    inclination = find_oblique_deg(site)
    if inclination is None:
        return dict.fromkeys(window_names(view), site.not_assessed("the exiting root"))
    depth = value("measure.window_oblique_depth_mm")
    return _readings(site, view, (inclination, 0.0), depth)


def find_oblique_deg(site: Site) -> float | None:
    """Return the axial inclination across the coronal-oblique plane, degrees, disc frame.

    Parameters
    ----------
    site : Site at a disc level and side

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing
    """
    root = site.structure("exiting_root", require_level(site).upper, sided=True)
    if root is None:
        return None
    view = SideView(site.disc().lps_from_disc, require_side(site))
    places = view.local_mm(find_balls(root)[0])
    low, high = values("measure.window_picture_mm")[2:]
    seen = places[(places[:, 2] > low) & (places[:, 2] < high), :2]
    if len(seen) < 2:
        return None
    # Its course as seen from above: the main direction of all its points.
    away = seen - seen.mean(axis=0)
    spread = away.T @ away
    turn_rad = math.atan2(2 * spread[0, 1], spread[0, 0] - spread[1, 1]) / 2
    # A root that runs forward as it leaves is seen from behind and from the side.
    low, high = values("measure.window_oblique_deg")
    return min(max(-math.degrees(turn_rad), low), high)


def _readings(
    site: Site, view: str, angles_deg: tuple[float, float], depth_mm: float | None = None
) -> dict[str, Reading]:
    """Return all readings of both windows along one trajectory."""
    found: dict[str, Reading] = {}
    for kind in KINDS:
        window = measure_window(
            site,
            axial_inclination_deg=angles_deg[0],
            craniocaudal_deg=angles_deg[1],
            kind=kind,
            depth_mm=depth_mm,
        )
        for what in MEASURES:
            reading = _reading(window, what)
            # Nothing of a window is printed without the angles it is seen along.
            found[f"{kind}_window_{what}_{view}"] = replace(reading, angles_deg=angles_deg)
    return found


def _reading(window: Window | Finding, what: str) -> Reading:
    if isinstance(window, Finding):
        return Reading(None, findings=(window,))
    place = None if window.is_shut else window.centre_lps_mm()
    return Reading(window.values[what], window.sigmas[what], point_lps_mm=place)
