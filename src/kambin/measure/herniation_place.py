"""Where a herniation lies: axial zone, quadrant, migration, size against the facet line."""

import math

import numpy as np
from numpy.typing import NDArray

from kambin.frames import Side
from kambin.knowledge import value, values
from kambin.measure.herniation_scene import HerniaScene
from kambin.measure.herniation_types import Grade, find_neighbour

ZONE_CLASSES = ("central", "paracentral", "subarticular", "foraminal", "extraforaminal")
MIGRATION_CLASSES = ("none", "low", "high", "very-high")
TIE_DECIMALS = 6
"""Digits to which two columns are equally near, mm."""
_ZONES_DOWN = ("far-down", "near-down", "none", "near-up", "far-up")


def grade_zone(scene: HerniaScene) -> Grade:
    """Return the axial zone in which the middle of the volume lies.

    Parameters
    ----------
    scene : HerniaScene

    Returns
    -------
    Grade, one of ``ZONE_CLASSES``, with the share of the volume in each zone and side

    References
    ----------
    Fardon 2014, doi 10.1016/j.spinee.2014.04.022: zones between facet edge and pedicle.
    """
    borders = _zone_borders_mm(scene, scene.side)
    lateral = scene.side.lateral_sign_lps * scene.points_mm[:, 0]
    middle = scene.side.lateral_sign_lps * float(scene.middle_mm[0])
    measured = {"middle_lateral_mm": middle}
    for name, border in zip(ZONE_CLASSES, borders, strict=False):
        measured[f"{name}_to_mm"] = border
    for side in Side:
        outward = side.lateral_sign_lps * scene.points_mm[:, 0]
        edges = np.searchsorted(_zone_borders_mm(scene, side), outward[outward >= 0])
        shares = np.bincount(edges, minlength=len(ZONE_CLASSES)) / len(lateral)
        for name, share in zip(ZONE_CLASSES, shares.tolist(), strict=True):
            measured[f"{name}_{side}_share"] = share
    sigma = math.hypot(scene.landmark_sigma_mm, _middle_sigma_mm(scene))
    return Grade(
        ZONE_CLASSES[int(np.searchsorted(borders, middle))],
        "1",
        "Zone in which the median of the volume lies, between lines through facet and pedicle",
        "Fardon 2014",
        uncertainty=sigma,
        based_on="middle_lateral_mm",
        neighbour=find_neighbour(middle, sigma, borders, ZONE_CLASSES),
        measured=measured,
        points=_zone_lines(scene),
    )


def grade_msu(scene: HerniaScene) -> tuple[Grade, Grade]:
    """Return size and location after the Michigan State University classification.

    Parameters
    ----------
    scene : HerniaScene

    Returns
    -------
    Grade of size 1, 2 or 3: h against half and all of d; Grade of location A, B or C

    References
    ----------
    Mysliwiec 2010, Eur Spine J 19:1087, doi 10.1007/s00586-009-1274-4
    """
    x, wall, far = _deepest(scene)
    z = far[2]
    line_y = float(scene.site.facet_line_mm(x))
    h, d = float(far[1]) - wall, line_y - wall
    bone = scene.anatomy.find(f"vertebra:{scene.site.level.lower}")
    body = scene.fragment.sigma_mm if bone is None else bone.sigma_mm
    sigma_h = math.hypot(scene.fragment.sigma_mm, body)
    left, right = (scene.site.sides[side].facet_edge_mm for side in (Side.LEFT, Side.RIGHT))
    points = {
        "L": scene.lps_mm((left[0], left[1], z), (right[0], right[1], z)),
        "d": scene.lps_mm((x, wall, z), (x, line_y, z)),
        "h": scene.lps_mm((x, wall, z), (x, far[1], z)),
    }
    method = "Depth h behind disc and body against d, from there to the line L of the facet edges"
    source = "Mysliwiec 2010, H1"
    measured = {"h_mm": h, "d_mm": d}
    if d <= 0 or h <= 0:
        # So far out that one of the two lies in front of the margin: there is no size.
        words = "The facet line" if d <= 0 else "The fragment"
        size = Grade(None, "1", method, source, measured=measured, points=points,
                     statement=f"{words} does not lie behind the margin here.")  # fmt: skip
        return size, _grade_location(scene)
    ratio = h / d
    sigma = math.hypot(sigma_h / d, ratio * scene.landmark_sigma_mm / d)
    shares = values("herniation.msu_size_shares")
    size = Grade(
        1 + sum(bool(ratio > share) for share in shares),
        "1",
        method,
        source,
        uncertainty=sigma,
        based_on="h_to_d",
        neighbour=find_neighbour(ratio, sigma, shares, ("1", "2", "3")),
        measured={**measured, "h_to_d": ratio},
        points=points,
    )
    return size, _grade_location(scene)


def grade_migration(scene: HerniaScene) -> tuple[Grade, Grade]:
    """Return the zone of migration and how high its grade is.

    Parameters
    ----------
    scene : HerniaScene

    Returns
    -------
    Grade of Lee's zone, from the middle of the volume; Grade none, low, high or very-high,
    from its tip beyond the end plate

    References
    ----------
    Lee S 2007, Eur Spine J 16:431 (zones, H12); high beyond the height of the disc's posterior
    margin, very high beyond the lower margin of the pedicle (H3, H7).
    """
    above, below = scene.site.plates_mm
    marks = scene.marks
    z = scene.lattice.axes_mm[2][scene.inside.any(axis=(0, 1))]
    middle = float(scene.middle_mm[2])
    near_up = marks.upper_pedicle_mm - value("herniation.far_up_band_mm")
    borders = (marks.lower_pedicle_mm[0], below, above, max(near_up, above))
    zone = _ZONES_DOWN[int(np.searchsorted(borders, middle))]
    sigma = math.hypot(scene.landmark_sigma_mm, _middle_sigma_mm(scene))
    tip, beyond, farthest = 0.0, 0.0, 0.0
    if zone.endswith("up"):
        tip, beyond = float(z[-1]), float(z[-1]) - above
        farthest = tip - marks.upper_pedicle_mm
    elif zone.endswith("down"):
        tip, beyond = float(z[0]), below - float(z[0])
        farthest = marks.lower_pedicle_mm[1] - tip
    numbers = {
        "middle_mm": middle,
        "tip_mm": tip,
        "beyond_plate_mm": beyond,
        "disc_height_mm": above - below,
    }
    marks_mm = _height_lines(scene, {"upper_plate": above, "lower_plate": below,
                                     "lower_pedicle_middle": marks.lower_pedicle_mm[0],
                                     "lower_pedicle_margin": marks.lower_pedicle_mm[1],
                                     "upper_pedicle_margin": marks.upper_pedicle_mm})  # fmt: skip
    found = Grade(
        zone,
        "1",
        "Zone of the median of the volume, along the axis of the disc",
        "Lee 2007, H12",
        uncertainty=sigma,
        based_on="middle_mm",
        neighbour=find_neighbour(middle, sigma, borders, _ZONES_DOWN),
        measured=numbers,
        points={**marks_mm, "middle": scene.lps_mm(scene.middle_mm)},
    )
    return found, _grade_height(scene, zone, numbers, farthest)


def _grade_height(
    scene: HerniaScene, zone: str, numbers: dict[str, float], farthest_mm: float
) -> Grade:
    """Return none, low, high or very-high by the tip of the fragment."""
    beyond, height = numbers["beyond_plate_mm"], numbers["disc_height_mm"]
    sigma = math.hypot(scene.landmark_sigma_mm, scene.fragment.sigma_mm)
    grade, neighbour = "none", None
    if zone != "none":
        grade = "high" if beyond > height else "low"
        neighbour = find_neighbour(beyond, sigma, (height,), ("low", "high"))
        if farthest_mm > 0:
            grade, neighbour = "very-high", "high" if farthest_mm <= sigma else None
        elif -farthest_mm <= sigma:
            neighbour = "very-high"
    return Grade(
        grade,
        "1",
        "Tip beyond the end plate against the height of the disc's posterior margin; very high "
        "beyond the lower margin of the pedicle",
        "H3, H7",
        uncertainty=sigma,
        based_on="beyond_plate_mm",
        neighbour=neighbour,
        measured={**numbers, "beyond_pedicle_mm": farthest_mm},
    )


def _grade_location(scene: HerniaScene) -> Grade:
    facet, sign = scene.marks.facet_mm, scene.side.lateral_sign_lps
    borders = (value("herniation.msu_quadrant_share") * facet, facet)
    lateral = sign * scene.points_mm[:, 0]
    middle = sign * float(scene.middle_mm[0])
    sigma = math.hypot(scene.landmark_sigma_mm, _middle_sigma_mm(scene))
    index = np.searchsorted(borders, np.abs(lateral))
    shares = (np.bincount(index, minlength=3) / len(lateral)).tolist()
    own = int(np.searchsorted(borders, middle))
    spanned = [
        letter
        for n, (letter, share) in enumerate(zip("ABC", shares, strict=True))
        if n == own or share >= value("herniation.spanned_share")
    ]
    return Grade(
        "ABC"[own],
        "1",
        "Quadrant of the width between the facet edges in which the median of the volume lies",
        "Mysliwiec 2010, H1",
        uncertainty=sigma,
        based_on="middle_lateral_mm",
        neighbour=find_neighbour(middle, sigma, borders, ("A", "B", "C")),
        measured={
            "middle_lateral_mm": middle,
            **{f"{a}_share": s for a, s in zip("ABC", shares, strict=True)},
        },
        statement=f"Spans {''.join(spanned)}." if len(spanned) > 1 else "",
    )


def _deepest(scene: HerniaScene) -> tuple[float, float, NDArray[np.float64]]:
    """Return x and wall of the column of greatest depth, and its end, disc frame, mm."""
    x, _, z = scene.lattice.axes_mm
    margin = _margin_mm(scene)
    depth = np.where(np.isfinite(scene.far_mm), scene.far_mm - margin, -np.inf)
    columns = np.argwhere(depth >= depth.max() - 10.0**-6)
    sign, middle = scene.side.lateral_sign_lps, scene.middle_mm
    # Of equals the one nearest to the fragment's middle: a mirrored patient takes its twin.
    i, k = min(
        columns.tolist(),
        key=lambda c: (
            round(float(np.hypot(x[c[0]] - middle[0], z[c[1]] - middle[2])), TIE_DECIMALS),
            z[c[1]],
            sign * x[c[0]],
        ),
    )
    far = np.array([x[i], scene.far_mm[i, k], z[k]])
    return float(x[i]), float(margin[i, k]), far


def _margin_mm(scene: HerniaScene) -> NDArray[np.float64]:
    """Return y of the margin from which depth is counted, shape (I, K), mm."""
    x = scene.lattice.axes_mm[0]
    left, right = (scene.site.sides[side].medial_mm for side in (Side.LEFT, Side.RIGHT))
    sign = Side.LEFT.lateral_sign_lps
    low, high = sorted((sign * left, -sign * right))
    # Lateral of the canal the margin curves away to the front and is no measure of depth.
    inside = np.clip(x, low, high)
    index = np.abs(x[None, :] - inside[:, None]).argmin(axis=1)
    margin: NDArray[np.float64] = scene.wall_mm[index]
    return margin


def _zone_borders_mm(scene: HerniaScene, side: Side) -> tuple[float, ...]:
    marks = scene.site.sides[side]
    central = value("herniation.central_share") * marks.facet_mm
    return central, marks.facet_mm, marks.medial_mm, marks.lateral_mm


def _zone_lines(scene: HerniaScene) -> dict[str, NDArray[np.float64]]:
    """Return the sagittal lines between the zones in the plane of greatest depth."""
    _, wall, far = _deepest(scene)
    ends = (wall, max(far[1], float(scene.site.facet_line_mm(0.0))))
    lines = {}
    for side in Side:
        for name, border in zip(ZONE_CLASSES[1:], _zone_borders_mm(scene, side), strict=True):
            x = side.lateral_sign_lps * border
            lines[f"{name}_from_{side}"] = scene.lps_mm(*((x, y, far[2]) for y in ends))
    return lines


def _height_lines(scene: HerniaScene, heights: dict[str, float]) -> dict[str, NDArray[np.float64]]:
    """Return short lines front to back at some heights, in the sagittal plane of the middle."""
    x, y, _ = scene.middle_mm
    low, high = y - scene.site.disc.height_mm, y + scene.site.disc.height_mm
    return {name: scene.lps_mm((x, low, z), (x, high, z)) for name, z in heights.items()}


def _middle_sigma_mm(scene: HerniaScene) -> float:
    """Return the standard deviation of the middle of the fragment, mm."""
    # Opposite surfaces err apart from each other; the mean of two is known better than one.
    return scene.fragment.sigma_mm / math.sqrt(2)
