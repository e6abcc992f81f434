"""Roots that a person drew: placed as structures, and checked for side and level."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.root_places import ganglion_beside_mm
from kambin.anatomy.root_shapes import rasterise_tube
from kambin.anatomy.structures import Origin, Structure, Tube, VertebraFrame
from kambin.core import Finding, Severity
from kambin.frames import Side
from kambin.imaging import Grid
from kambin.knowledge import value, value_at

DRAWN_KINDS = ("exiting_root", "traversing_root", "drg")
"""The structures that may be given as a line with a radius."""

_TRACED = "Line through the middle of its mask, with the radius its voxels fill."

DRAWN_STEP_MM = 0.5
"""Drawn lines are refined to this step before places on them are looked for."""


def place_drawn(
    drawn: Mapping[StructureKey, Tube], plane: MidsagittalPlane, grid: Grid
) -> dict[StructureKey, Structure]:
    """Return drawn lines as structures, each from the midline outward.

    Parameters
    ----------
    drawn : mapping of StructureKey to Tube, mm, LPS, in either direction
    plane : MidsagittalPlane
    grid : Grid on whose nodes the regions lie

    Returns
    -------
    mapping of StructureKey to Structure, origin drawn, or segmented where the line was traced
    from a mask; sigma in mm

    Raises
    ------
    InputError  (IN-040) if a line is thinner than the spacing and misses every node
    """
    sigma_mm = value("completion_nerve.root_drawn_sigma_mm")
    placed = {}
    for key, tube in drawn.items():
        outward = turn_outward(tube, plane)
        placed[key] = Structure(
            key,
            rasterise_tube(outward, grid),
            Origin.SEGMENTED if tube.traced else Origin.DRAWN,
            sigma_mm,
            outward,
            method=_TRACED if tube.traced else "Drawn by a person as a line with a radius.",
            quality={"points": float(len(outward.points_lps_mm))},
        )
    return placed


def turn_outward(tube: Tube, plane: MidsagittalPlane) -> Tube:
    """Return a line of a root that begins at its end nearer to the midline.

    Parameters
    ----------
    tube : Tube, mm, LPS, in either direction
    plane : MidsagittalPlane
    """
    first, last = np.abs(plane.left_mm(tube.points_lps_mm[[0, -1]]))
    # Some draw from the foramen inwards; every reader of a tube expects the sac first.
    along = slice(None) if first <= last else slice(None, None, -1)
    return replace(tube, points_lps_mm=tube.points_lps_mm[along], radii_mm=tube.radii_mm[along])


def model_ganglion_on(root: Structure, frame: VertebraFrame, grid: Grid) -> Structure | None:
    """Model the ganglion on a given exiting root, where its line passes under the pedicle.

    Parameters
    ----------
    root : Structure of an exiting root that was drawn, or has a line through its mask
    frame : VertebraFrame of its vertebra
    grid : Grid on whose nodes the region lies

    Returns
    -------
    Structure ``drg``, origin modelled, sigma in mm; none without a line or a pedicle, or if
    the line does not reach the place of the ganglion

    References
    ----------
    Silverstein 2015, Int J Spine Surg 9:3, doi 10.14444/2003 (place of the ganglion)
    Hasegawa 1996, Spine 21:1005, doi 10.1097/00007632-199605010-00001 (its size)
    """
    side, line = root.key.side, root.centre_line
    if line is None or side is None or side not in frame.pedicles:
        return None
    points, radii = _refined(line)
    at = _first_beyond(points, frame, side, _ganglion_lateral_mm(frame, side))
    if at is None:
        return None
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    half_length = value_at("completion_nerve.drg_length_mm", frame.vertebra) / 2
    share = 1.0 - ((along - along[at]) / half_length) ** 2
    inside = share > 0
    half_width = value_at("completion_nerve.drg_width_mm", frame.vertebra) / 2
    # Never thinner than the line it sits on.
    swollen = np.maximum(half_width * np.sqrt(share[inside]), radii[inside])
    tube = Tube(points[inside], swollen)
    key = StructureKey("drg", root.key.place, side)
    given = "drawn" if root.origin is Origin.DRAWN else "segmented"
    return Structure(
        key,
        rasterise_tube(tube, grid),
        Origin.MODELLED,
        value("completion_nerve.root_sigma_mm"),
        tube,
        method=f"Ellipsoid of the literature's size on the {given} root, under the pedicle.",
    )


def check_drawn_sides(
    drawn: Mapping[StructureKey, Tube], plane: MidsagittalPlane
) -> tuple[Finding, ...]:
    """Compare the side in the name of every drawn root with the side it lies on.

    Parameters
    ----------
    drawn : mapping of StructureKey to Tube, mm, LPS
    plane : MidsagittalPlane, fitted without any sided name

    Returns
    -------
    AN-400, BLOCK if most of a line lies on the other side, CONFIRM if it strays across
    """
    findings = []
    for key, tube in sorted(drawn.items(), key=lambda item: str(item[0])):
        if key.side is None:
            continue
        points, _ = _refined(tube)
        own_mm = plane.left_mm(points) * key.side.lateral_sign_lps
        middle_mm, across_mm = float(np.median(own_mm)), -float(own_mm.min())
        if middle_mm < 0:
            severity, said = Severity.BLOCK, f"Its middle lies {-middle_mm:.1f} mm on the other"
        elif across_mm > value("completion_nerve.drawn_across_most_mm"):
            severity, said = Severity.CONFIRM, f"It strays {across_mm:.1f} mm to the other"
        else:
            continue
        why = f"{said} side of the mid-sagittal plane."
        findings.append(finding_of("AN-400", severity, where=str(key), why=why))
    return tuple(findings)


def check_drawn_levels(
    drawn: Mapping[StructureKey, Tube], frames: Mapping[str, VertebraFrame]
) -> tuple[Finding, ...]:
    """Compare the level in the name of every drawn root with the pedicles it passes.

    Parameters
    ----------
    drawn : mapping of StructureKey to Tube, mm, LPS
    frames : mapping of vertebra name to VertebraFrame

    Returns
    -------
    AN-401, BLOCK if the line belongs to the pedicle of another vertebra, CONFIRM if it ends
    short of every pedicle, runs through one, or its own vertebra has none to compare with

    Notes
    -----
    An exiting root and its ganglion pass directly under the pedicle whose name they carry; a
    traversing root ends beside it. The S1 root ends below the S1 pedicle, the last there is.
    """
    findings = []
    for key, tube in sorted(drawn.items(), key=lambda item: str(item[0])):
        if key.side is None:
            continue
        heights = _heights_at_pedicles(key, tube, frames)
        if key.place not in heights:
            why = "No pedicle of its vertebra was found, or the line ends short of it."
            findings.append(finding_of("AN-401", Severity.CONFIRM, where=str(key), why=why))
            continue
        findings.extend(_judge_level(key, heights, frames))
    return tuple(findings)


def _heights_at_pedicles(
    key: StructureKey, tube: Tube, frames: Mapping[str, VertebraFrame]
) -> dict[str, float]:
    """Return how high over each pedicle's centre the line passes or ends, mm, by vertebra."""
    side = key.side
    points, _ = _refined(tube)
    heights = {}
    for vertebra, frame in frames.items():
        if side is None or side not in frame.pedicles:
            continue
        x, _, z, _, _ = frame.pedicles[side]
        local = frame.lps_from_vertebra.inverse().points(points)
        if key.kind == "exiting_root":
            at = _first_beyond(points, frame, side, x)
            if at is not None:
                heights[vertebra] = float(local[at, 2]) - z
        elif key.kind == "drg":
            heights[vertebra] = float(local[:, 2].mean()) - z
        else:
            # Its caudal end, whichever way it was drawn.
            heights[vertebra] = float(min(local[0, 2], local[-1, 2])) - z
    return heights


def _judge_level(
    key: StructureKey, heights_mm: Mapping[str, float], frames: Mapping[str, VertebraFrame]
) -> list[Finding]:
    if key.kind == "traversing_root":
        nearest = min(heights_mm, key=lambda vertebra: abs(heights_mm[vertebra]))
        word = "ends beside"
    else:
        under = {vertebra: mm for vertebra, mm in heights_mm.items() if mm < 0}
        nearest = max(under, key=lambda vertebra: under[vertebra], default="")
        word = "passes under"
    where, own_mm = str(key), heights_mm[key.place]
    if nearest != key.place:
        seen = f"the pedicle of {nearest}" if nearest else "no pedicle"
        why = f"It {word} {seen}; it lies {own_mm:+.1f} mm from the height of {key.place}'s."
        return [finding_of("AN-401", Severity.BLOCK, where=where, why=why)]
    side = key.side
    if key.kind == "traversing_root" or side is None:
        return []
    height_mm = frames[key.place].pedicles[side][4]
    # Less than half the pedicle's height under its middle is inside the bone.
    if -own_mm < height_mm / 2 - value("completion_nerve.drawn_in_pedicle_most_mm"):
        why = f"It passes {-own_mm:.1f} mm under the middle of a pedicle {height_mm:.1f} mm high."
        return [finding_of("AN-401", Severity.CONFIRM, where=where, why=why)]
    return []


def _ganglion_lateral_mm(frame: VertebraFrame, side: Side) -> float:
    """Return how far from the midline the middle of the ganglion lies, mm."""
    x, _, _, width, _ = frame.pedicles[side]
    return x - width / 2 + ganglion_beside_mm(frame.vertebra, width)


def _first_beyond(
    points_lps_mm: NDArray[np.float64], frame: VertebraFrame, side: Side, lateral_mm: float
) -> int | None:
    """Return the point at which a line, followed outwards, reaches a distance from the midline."""
    local = frame.lps_from_vertebra.inverse().points(points_lps_mm)
    beside = local[:, 0] * side.lateral_sign_lps
    order = range(len(beside)) if abs(beside[0]) <= abs(beside[-1]) else range(len(beside))[::-1]
    return next((n for n in order if beside[n] >= lateral_mm), None)


def _refined(tube: Tube) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points of the same poly-line every half millimetre, and the radii there."""
    steps = np.linalg.norm(np.diff(tube.points_lps_mm, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    count = max(2, int(np.ceil(along[-1] / DRAWN_STEP_MM)) + 1)
    at = np.linspace(0.0, along[-1], count)
    points = np.stack([np.interp(at, along, axis) for axis in tube.points_lps_mm.T], axis=1)
    return points, np.interp(at, along, tube.radii_mm)
