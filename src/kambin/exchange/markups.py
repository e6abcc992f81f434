"""Slicer markups (mrk.json): landmarks by name, and curves along roots."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kambin.core import InputError
from kambin.exchange.documents import tell_unreadable
from kambin.frames import LPS_FROM_RAS

_LARGEST_BYTES = 10 * 1024**2
"""A markup of a million bytes holds thousands of points; more is no drawing of a person."""
_CURVES = ("Curve", "Line")
_RADIUS = re.compile(r"radius_mm\s*=\s*([0-9]+(?:\.[0-9]+)?)")
_RADIUS_NAMES = ("radius_mm", "radius")


@dataclass(frozen=True, slots=True)
class DrawnCurve:
    """A curve as a person drew it.

    Parameters
    ----------
    points_lps_mm : float array, shape (N, 3), mm, LPS, N >= 2
    radii_mm : float array, shape (N,), mm; none if the file says nothing of a radius
    """

    points_lps_mm: NDArray[np.float64]
    radii_mm: NDArray[np.float64] | None


def read_curve(path: Path) -> DrawnCurve:
    """Read the one open curve or line of a Slicer markup file.

    Parameters
    ----------
    path : file ``*.mrk.json``, its points in LPS or RAS, mm

    Returns
    -------
    DrawnCurve, mm, LPS; the radius is that of a measurement ``radius_mm``, of the control
    points' descriptions (``radius_mm=2.1``) or of the markup's own description

    Raises
    ------
    InputError  (IN-027) if there is no file, (IN-090) if it is no such curve, or a position
        or a unit is not defined

    Notes
    -----
    Format: Slicer markups schema 1.0. Points are joined by straight lines, whatever spline
    was shown on the screen: between points 10 mm apart a root that bends with a radius of
    25 mm lies within 0.5 mm of them.
    """
    markups = _read_markups(Path(path))
    curves = [markup for markup in markups if markup.get("type") in _CURVES]
    if len(curves) != 1 or len(markups) != 1:
        found = ", ".join(str(markup.get("type")) for markup in markups) or "nothing"
        raise _not_usable(path, f"It should hold one open curve or line, but has {found}.")
    markup = curves[0]
    points_lps_mm = _positions_lps_mm(path, markup)
    if len(points_lps_mm) < 2 or np.ptp(points_lps_mm, axis=0).max() == 0.0:
        raise _not_usable(path, "A curve needs two different points.")
    return DrawnCurve(points_lps_mm, _radii_mm(path, markup, points_lps_mm))


def read_closed_curves(path: Path) -> list[NDArray[np.float64]]:
    """Read every closed curve of a Slicer markup file, such as the outlines of a fragment.

    Parameters
    ----------
    path : file ``*.mrk.json``

    Returns
    -------
    list of float arrays, shape (N, 3), mm, LPS, N >= 3, the last point joins the first

    Raises
    ------
    InputError  (IN-027) if there is no file, (IN-090) if it holds anything but closed curves
    """
    markups = _read_markups(Path(path))
    wrong = [str(m.get("type"))[:20] for m in markups if m.get("type") != "ClosedCurve"]
    if wrong or not markups:
        found = ", ".join(wrong) or "nothing"
        raise _not_usable(path, f"It should hold closed curves, but has {found}.")
    curves = [_positions_lps_mm(path, markup) for markup in markups]
    if min(len(curve) for curve in curves) < 3:
        raise _not_usable(path, "A closed curve needs three points.")
    return curves


def read_landmarks(path: Path) -> dict[str, NDArray[np.float64]]:
    """Read the named points of all fiducial lists of a Slicer markup file.

    Parameters
    ----------
    path : file ``*.mrk.json``

    Returns
    -------
    mapping of label to float array, shape (3,), mm, LPS

    Raises
    ------
    InputError  (IN-027) if there is no file, (IN-090) if it is no list of named points
    """
    found: dict[str, NDArray[np.float64]] = {}
    for markup in _read_markups(Path(path)):
        if markup.get("type") != "Fiducial":
            raise _not_usable(path, f"It holds a {markup.get('type')}, no list of points.")
        places = _positions_lps_mm(path, markup)
        for point, place in zip(markup["controlPoints"], places, strict=True):
            label = str(point.get("label", "")).strip()
            # the name is what pairs the points of two images
            if not label or label in found:
                raise _not_usable(path, "Every point needs a name of its own.")
            found[label] = place
    if not found:
        raise _not_usable(path, "It holds no point.")
    return found


def _read_markups(path: Path) -> list[Mapping[str, Any]]:
    if not path.is_file():
        raise InputError(
            code="IN-027",
            what="An input was not found",
            where=path.name,
            why="There is no such file.",
            next_step="Check the path.",
        )
    if path.stat().st_size > _LARGEST_BYTES:
        raise _not_usable(path, f"It has {path.stat().st_size} bytes.")
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _not_usable(path, tell_unreadable(error)) from error
    markups = document.get("markups") if isinstance(document, dict) else None
    if not isinstance(markups, list) or not all(isinstance(m, dict) for m in markups):
        raise _not_usable(path, "It has no list of markups.")
    return markups


def _positions_lps_mm(path: Path, markup: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the control points in LPS, shape (N, 3), mm."""
    system = markup.get("coordinateSystem", "LPS")
    if system not in ("LPS", "RAS"):
        raise _not_usable(path, f"Its coordinate system is {str(system)[:20]!r}, not LPS or RAS.")
    units = markup.get("coordinateUnits")
    # a code of three words or one word; without any, the same numbers could be metres
    if (units[:1] if isinstance(units, list) else [units]) != ["mm"]:
        raise _not_usable(path, f"Its unit of length is {str(units)[:40]!r}, not mm.")
    points = markup.get("controlPoints")
    if not isinstance(points, list):
        raise _not_usable(path, "It has no control points.")
    places = np.array([_position(path, number, point) for number, point in enumerate(points, 1)])
    places = places.reshape(-1, 3)
    return places @ LPS_FROM_RAS[:3, :3].T if system == "RAS" else places


def _position(path: Path, number: int, point: object) -> list[float]:
    # older readers take a missing status for undefined, and so do we
    status = point.get("positionStatus") if isinstance(point, dict) else None
    if not isinstance(point, dict) or status != "defined":
        raise _not_usable(path, f"Point {number} has the position status {str(status)[:20]!r}.")
    place = point.get("position")
    numbers = isinstance(place, list) and len(place) == 3 and all(map(_is_finite, place))
    if not isinstance(place, list) or not numbers:
        raise _not_usable(path, f"Point {number} has no three finite coordinates.")
    return [float(coordinate) for coordinate in place]


def _is_finite(number: object) -> bool:
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    return is_number and math.isfinite(float(number))  # type: ignore[arg-type]


def _radii_mm(
    path: Path, markup: Mapping[str, Any], points_lps_mm: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return the radius at each point, shape (N,), mm, or none if the file states none."""
    count = len(points_lps_mm)
    measured = _measured_radii_mm(path, markup, count)
    if measured is not None:
        return measured
    stated = [_described_mm(point) for point in markup["controlPoints"]]
    known = [n for n, radius in enumerate(stated) if radius is not None]
    if known:
        steps_mm = np.linalg.norm(np.diff(points_lps_mm, axis=0), axis=1)
        along_mm = np.concatenate([[0.0], np.cumsum(steps_mm)])
        # between points that state a radius it changes evenly, beyond them it stays
        given = [radius for radius in stated if radius is not None]
        return np.asarray(np.interp(along_mm, along_mm[known], given), dtype=np.float64)
    whole = _described_mm(markup)
    return None if whole is None else np.full(count, whole)


def _measured_radii_mm(
    path: Path, markup: Mapping[str, Any], count: int
) -> NDArray[np.float64] | None:
    rows = markup.get("measurements")
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or row.get("name") not in _RADIUS_NAMES:
            continue
        if row.get("units", "mm") != "mm":
            raise _not_usable(path, f"Its radius is in {str(row.get('units'))[:20]!r}, not in mm.")
        each = row.get("controlPointValues")
        numbers = each if isinstance(each, list) and each else [row.get("value")] * count
        if len(numbers) != count or not all(map(_is_finite, numbers)):
            raise _not_usable(path, f"It has {len(numbers)} radii for {count} points.")
        return np.array(numbers, dtype=np.float64)
    return None


def _described_mm(owner: Mapping[str, Any]) -> float | None:
    stated = _RADIUS.search(str(owner.get("description", "")))
    return float(stated[1]) if stated else None


def _not_usable(path: Path, why: str) -> InputError:
    return InputError(
        code="IN-090",
        what="The markup file cannot be used",
        where=Path(path).name,
        why=why,
        next_step="Save it again from Slicer as *.mrk.json, with all points placed, in mm.",
    )
