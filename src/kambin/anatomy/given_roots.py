"""Roots that masks give: the line through each, and whether the masks show the whole way."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.drawn_roots import DRAWN_KINDS, check_drawn_levels, turn_outward
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.structures import Structure, Tube, VertebraFrame
from kambin.anatomy.survey import FoundStructure, Survey, component_volumes_mm3
from kambin.anatomy.traced_lines import line_sigma_mm, trace_line
from kambin.core import Finding, Severity
from kambin.knowledge import value

_SAC = StructureKey("dural_sac")
_NO_PEDICLE = (-np.inf, 0.0, 0.0, 0.0, 0.0)

ROOTS = ("exiting_root", "traversing_root")
"""What has a way from the sac outward; a ganglion lies on it."""

_THROUGH = {"exiting_root": "drg"}
"""What a root runs through, though the labels give those voxels to another name."""


def trace_masks(survey: Survey, kinds: tuple[str, ...] = DRAWN_KINDS) -> dict[StructureKey, Tube]:
    """Return the lines through all masks of roots and ganglia that are long enough.

    Parameters
    ----------
    survey : Survey of the labels that hold them
    kinds : str, the kinds of structures to trace

    Returns
    -------
    mapping of StructureKey to Tube, mm, in either direction; a root runs on through its ganglion
    """
    labels, lines = survey.labels, {}
    for kind in kinds:
        for found in survey.of_kind(kind):
            key = StructureKey(_THROUGH.get(kind, ""), found.key.place, found.key.side)
            swelling = survey.found.get(key)
            lent = np.empty((0, 3)) if swelling is None else swelling.points_lps_mm(labels)
            tube = trace_line(found.points_lps_mm(labels), lent, labels)
            if tube is not None:
                lines[found.key] = tube
    return lines


def lay_given_lines(
    given: Mapping[StructureKey, Structure], survey: Survey, plane: MidsagittalPlane
) -> dict[StructureKey, Structure]:
    """Give every root that a mask shows the line through its middle, from the sac outward.

    Parameters
    ----------
    given : mapping of StructureKey to Structure that labels and persons give
    survey : Survey of the labels
    plane : MidsagittalPlane

    Returns
    -------
    the same structures; roots of a mask with ``line`` and the quality ``line_sigma_mm``, mm. The
    mask stays what distances are measured to, and a drawn line is never replaced.
    """
    laid = dict(given)
    for key, tube in trace_masks(survey, ROOTS).items():
        root = given.get(key)
        if root is not None and root.tube is None:
            quality = {**root.quality, "line_sigma_mm": line_sigma_mm(survey.labels)}
            laid[key] = replace(root, line=turn_outward(tube, plane), quality=quality)
    return laid


def check_given_roots(
    structures: Mapping[StructureKey, Structure],
    survey: Survey,
    frames: Mapping[str, VertebraFrame],
) -> tuple[Finding, ...]:
    """Say which masks of roots belong to another level, and which show a part of their way only.

    Parameters
    ----------
    structures : mapping of StructureKey to Structure, given roots with their lines, and the sac
    survey : Survey of the labels that hold the masks
    frames : mapping of vertebra name to VertebraFrame

    Returns
    -------
    AN-401, BLOCK if the line of a mask passes the pedicle of another vertebra; AN-403, CONFIRM
    for a mask in pieces, too short for a direction, or that begins away from the sac or ends
    before the lateral border of its pedicle; NOTE for one that runs to the border of the image

    Notes
    -----
    What a mask leaves out reads as clear to a planner: a person must look there.
    """
    masks = {
        key: root
        for key, root in structures.items()
        if key.kind in ROOTS and key in survey.found and root.tube is None
    }
    lines = {key: root.line for key, root in masks.items() if root.line is not None}
    found = [f for f in check_drawn_levels(lines, frames) if f.severity is Severity.BLOCK]
    wrong = {finding.where for finding in found}
    for key in sorted(masks, key=str):
        line = masks[key].line
        if str(key) in wrong:
            why = ""
        elif line is None:
            why = _say_shapeless(survey.found[key], survey)
        else:
            why = _say_short(key, line, structures.get(_SAC), frames.get(key.place))
        if why:
            found.append(finding_of("AN-403", Severity.CONFIRM, where=str(key), why=why))
        elif survey.found[key].border_faces:
            why = "It runs to the border of the image and goes on there."
            found.append(finding_of("AN-403", Severity.NOTE, where=str(key), why=why))
    return tuple(found)


def _say_shapeless(mask: FoundStructure, survey: Survey) -> str:
    """Return why no line runs through a mask."""
    volumes = component_volumes_mm3(mask, survey.labels)
    loose_mm3 = float(volumes[1:].sum())
    if loose_mm3 > (1.0 - value("fusion.traced_least_share")) * float(volumes.sum()):
        return f"It lies in {len(volumes)} pieces; the way between them is not shown."
    return f"Its {volumes.sum():.0f} mm3 are too short to have a direction."


def _say_short(
    key: StructureKey, line: Tube, sac: Structure | None, frame: VertebraFrame | None
) -> str:
    """Return what a mask does not show of the way from the sac through the foramen, or nothing."""
    side, words = key.side, []
    if sac is not None:
        region = sac.region
        edge = cKDTree(region.lps_mm(np.argwhere(region.values != 0)))
        away_mm = float(edge.query(line.points_lps_mm[0])[0])
        if away_mm > value("completion_nerve.given_from_sac_most_mm"):
            words.append(f"begins {away_mm:.1f} mm from the sac")
    if key.kind == "exiting_root" and frame is not None and side is not None:
        lateral, _, _, width, _ = frame.pedicles.get(side, _NO_PEDICLE)
        end = frame.lps_from_vertebra.inverse().points(line.points_lps_mm[-1])
        short_mm = lateral + width / 2 - float(end[0]) * side.lateral_sign_lps
        if short_mm > 0:
            words.append(f"ends {short_mm:.1f} mm medial of the pedicle's lateral border")
    return f"It {' and '.join(words)}; the rest of its way is not shown." if words else ""
