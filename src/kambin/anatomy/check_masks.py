"""Checks of the masks themselves: split, merged, empty, hollow, cut off, too large or small."""

from itertools import pairwise

import numpy as np

from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.keys import VERTEBRAE, StructureKey
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.levels import VertebralStack
from kambin.anatomy.masks import fill_holes, find_beside, find_labelled
from kambin.anatomy.survey import (
    FoundStructure,
    Survey,
    component_volumes_mm3,
    is_largest_piece_cut,
    voxel_volume_mm3,
)
from kambin.core import Finding, Severity
from kambin.knowledge import value, values

# In pieces by nature, by pairs under one name, or by the field of view.
_NOT_ONE_PIECE = frozenset({"colon", "small_bowel", "ilium", "ureter", "sacrum", "skin", "rib"})


def check_masks(
    survey: Survey, stack: VertebralStack, plane: MidsagittalPlane
) -> tuple[Finding, ...]:
    """Look for masks that cannot be what their name says.

    Parameters
    ----------
    survey : Survey of its labels, with at least one vertebra
    stack : VertebralStack of it
    plane : MidsagittalPlane of it

    Returns
    -------
    findings: AN-120 merged, split or mixed vertebrae, AN-121 pieces and duplicates, AN-122
    empty, AN-123 hollow, AN-124 cut off, AN-126 size, AN-127 facets touch

    References
    ----------
    Faults A05, A06, A11, G10.
    """
    return (
        *_check_volumes(stack),
        *_check_pieces(survey),
        *_check_empty(survey, stack),
        *_check_hollow(survey, stack),
        *_check_border(survey, stack),
        *_check_width(survey, stack, plane),
        *_check_facets(survey, stack),
    )


def _check_volumes(stack: VertebralStack) -> list[Finding]:
    """Compare each whole vertebra with the whole vertebrae next to it."""
    # A vertebra that the image cuts has no volume to compare.
    whole = [v if v.border_faces == 0 else None for v in stack.vertebrae]
    least, most = value("checks.volume_ratio_least"), value("checks.volume_ratio_most")
    findings = []
    for index, vertebra in enumerate(whole):
        near = [w for w in (*whole[max(0, index - 1) : index], *whole[index + 1 : index + 2]) if w]
        if vertebra is None or not near:
            continue
        # Against its neighbours: on CT and atlas these stay within 0.83 and 1.13 of each other.
        ratio = vertebra.volume_mm3 / (sum(w.volume_mm3 for w in near) / len(near))
        if not least <= ratio <= most:
            names = ", ".join(w.key.place for w in near)
            why = f"Its volume is {ratio:.2f} of {names}; {least:g} to {most:g} is expected."
            findings.append(finding_of("AN-120", Severity.BLOCK, where=str(vertebra.key), why=why))
    return findings


def _check_pieces(survey: Survey) -> list[Finding]:
    findings = [
        finding_of("AN-121", Severity.BLOCK, where=str(key), why="Two label values carry it.")
        for key in survey.repeated
        if key.kind == "vertebra"
    ]
    loose: list[str] = []
    for key, structure in survey.found.items():
        if key.kind in _NOT_ONE_PIECE:
            continue
        volumes = component_volumes_mm3(structure, survey.labels)
        share = float(volumes[1:].sum() / volumes.sum())
        many = key.kind == "vertebra" and share > value("checks.piece_share_block")
        # Arch and body of a vertebra that the image cuts need not meet inside it.
        if many and not is_largest_piece_cut(structure, survey.labels):
            why = f"{len(volumes)} separate pieces; {share:.0%} lies outside the largest."
            findings.append(finding_of("AN-121", Severity.BLOCK, where=str(key), why=why))
        elif share > value("checks.piece_share_note"):
            loose.append(f"{key} ({len(volumes)} pieces, {share:.1%} loose)")
    if loose:
        why = "Loose pieces are kept as part of the structure."
        findings.append(
            finding_of("AN-121", Severity.NOTE, where=", ".join(sorted(loose)), why=why)
        )
    return findings


def _check_empty(survey: Survey, stack: VertebralStack) -> list[Finding]:
    """Report named structures without voxels; a vertebra only if it should be in the picture."""
    # Label tables name every vertebra there is; most lie outside the image.
    column = (*stack.names, *(("S1",) if stack.sacrum is not None else ()))
    vertebrae = [k for k in survey.empty if k.kind == "vertebra" and _expected(k, column)]
    others = [k for k in survey.empty if k.kind != "vertebra"]
    findings = []
    if vertebrae:
        why = "It is named, lies between labelled neighbours, and has no voxel."
        where = ", ".join(str(k) for k in vertebrae)
        findings.append(finding_of("AN-122", Severity.BLOCK, where=where, why=why))
    if others:
        why = "They are treated as not assessed."
        where = ", ".join(sorted(str(k) for k in others))
        findings.append(finding_of("AN-122", Severity.NOTE, where=where, why=why))
    return findings


def _expected(key: StructureKey, column: tuple[str, ...]) -> bool:
    """Return whether a vertebra is missing from a column that shows others above and below it."""
    if key.place not in ("L1", "L2", "L3", "L4", "L5") or key.place in column:
        return False
    ranks = [VERTEBRAE.index(name) for name in column if name in VERTEBRAE]
    own = VERTEBRAE.index(key.place)
    return any(rank < own for rank in ranks) and any(rank > own for rank in ranks)


def _check_hollow(survey: Survey, stack: VertebralStack) -> list[Finding]:
    findings = []
    # Only vertebrae: organs that come hollow are filled (recipes 0.3).
    for vertebra in stack.vertebrae:
        mask = vertebra.mask(survey.labels)
        cavity = np.count_nonzero(fill_holes(mask)) - np.count_nonzero(mask)
        share = cavity / (cavity + np.count_nonzero(mask))
        if share > value("checks.hollow_share_most"):
            why = f"{share:.0%} of the filled volume is closed cavity."
            findings.append(
                finding_of("AN-123", Severity.CONFIRM, where=str(vertebra.key), why=why)
            )
    return findings


def _check_border(survey: Survey, stack: VertebralStack) -> list[Finding]:
    """Ask about cut lumbar vertebrae and kidneys; the rest reaches the border by nature."""
    lumbar = [v for v in stack.vertebrae if v.key.place.startswith("L") and v.border_faces]
    cut = [*lumbar, *(k for k in survey.of_kind("kidney") if k.border_faces)]
    if not cut:
        return []
    where = ", ".join(str(c.key) for c in cut)
    why = "Its label runs to the border of the array; what lies beyond is not assessed."
    return [finding_of("AN-124", Severity.CONFIRM, where=where, why=why)]


def _check_width(survey: Survey, stack: VertebralStack, plane: MidsagittalPlane) -> list[Finding]:
    least_mm, most_mm = values("checks.body_width_mm")
    whole = [v for v in stack.vertebrae if v.border_faces == 0] or list(stack.vertebrae)
    widths = {v.key.place: body_width_mm(survey, v, plane) for v in whole}
    # Here a file in centimetres or metres is found out (G10).
    wrong = {name: w for name, w in widths.items() if not least_mm <= w <= most_mm}
    if not wrong:
        return []
    why = (
        ", ".join(f"{name} {width:.1f} mm" for name, width in wrong.items())
        + f"; a vertebral body is {least_mm:g} to {most_mm:g} mm wide."
    )
    return [finding_of("AN-126", Severity.BLOCK, where=", ".join(wrong), why=why)]


def body_width_mm(survey: Survey, vertebra: FoundStructure, plane: MidsagittalPlane) -> float:
    """Return the left-right extent of the front of a vertebra, where only the body is, mm.

    Parameters
    ----------
    survey : Survey that holds the vertebra
    vertebra : FoundStructure
    plane : MidsagittalPlane across which the width runs
    """
    points = vertebra.points_lps_mm(survey.labels)
    y = points[:, 1]
    front = points[y < y.mean() - value("checks.body_share") * np.ptp(y)]
    if len(front) == 0:
        return 0.0
    lateral = plane.left_mm(front)
    # From centre to centre a width is short of one voxel.
    return float(np.ptp(lateral) + survey.labels.spacing_mm[0])


def _check_facets(survey: Survey, stack: VertebralStack) -> list[Finding]:
    """Note the levels whose vertebrae touch: there the joint space is not visible."""
    column = [*stack.vertebrae, *([stack.sacrum] if stack.sacrum is not None else [])]
    touching = []
    for upper, lower in pairwise(column):
        count = _touching_voxels(survey, upper, lower)
        if count >= value("checks.touching_voxels_least"):
            name = lower.key.place or "S1"
            touching.append(f"{upper.key.place}-{name} ({count * _face_mm2(survey):.0f} mm2)")
    if not touching:
        return []
    why = "The labels of neighbouring vertebrae touch."
    return [finding_of("AN-127", Severity.NOTE, where=", ".join(touching), why=why)]


def _touching_voxels(survey: Survey, upper: FoundStructure, lower: FoundStructure) -> int:
    """Return the number of voxels of the upper vertebra that share a face with the lower."""
    box = upper.grown_box(survey.labels, 1)
    here = survey.labels.values[box]
    one = find_labelled(here, upper.values)
    other = find_labelled(here, lower.values)
    return int(np.count_nonzero(one & find_beside(other)))


def _face_mm2(survey: Survey) -> float:
    return float(voxel_volume_mm3(survey.labels) ** (2 / 3))
