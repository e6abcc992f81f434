"""Variants that look like errors and errors that look like variants: a person decides."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.levels import VertebralStack
from kambin.anatomy.survey import FoundStructure, Survey
from kambin.core import Finding, Severity
from kambin.frames import Side
from kambin.knowledge import value


def check_variants(
    survey: Survey, stack: VertebralStack, plane: MidsagittalPlane
) -> tuple[Finding, ...]:
    """Look for a transitional lumbosacral junction and for kidneys that lie where none is expected.

    Parameters
    ----------
    survey : Survey with at least one lumbar vertebra
    stack : VertebralStack of it
    plane : MidsagittalPlane of it

    Returns
    -------
    findings, all CONFIRM: AN-143 the lowest lumbar vertebra meets sacrum or ilium at its side,
    AN-144 S1 stands apart from the sacrum, AN-149 ptotic or joined kidneys

    Notes
    -----
    Castellvi's types II to IV are what labels can show: a transverse process that meets the
    sacrum. A broad process without contact (type I) changes no count and is not looked for.

    References
    ----------
    Faults A02, A13. Castellvi 1984, Spine 9:493, doi 10.1097/00007632-198407000-00014
    """
    return (
        *_check_junction(survey, stack, plane),
        *_check_free_s1(survey),
        *_check_kidneys(survey, stack),
    )


def _check_junction(
    survey: Survey, stack: VertebralStack, plane: MidsagittalPlane
) -> tuple[Finding, ...]:
    lowest = stack.vertebrae[-1]
    if not lowest.key.place.startswith("L"):
        return ()
    below = [*survey.of_kind("sacrum"), *survey.of_kind("ilium")]
    below += [s for s in (survey.find("vertebra", "S1"),) if s is not None]
    met = {}
    for side in Side:
        area_mm2 = sum(_contact_mm2(survey, lowest, other, plane, side) for other in below)
        if area_mm2 >= value("checks.junction_contact_mm2"):
            met[side] = area_mm2
    if not met:
        return ()
    where = f"{lowest.key.place}, {' and '.join(met)}"
    sizes = ", ".join(f"{area:.0f} mm2 {side}" for side, area in met.items())
    why = (
        f"Beside its body it meets sacrum or ilium over {sizes}: a transitional vertebra, such "
        f"as a sacralised {lowest.key.place}, or labels that run into each other."
    )
    return (finding_of("AN-143", Severity.CONFIRM, where=where, why=why),)


def _contact_mm2(
    survey: Survey,
    vertebra: FoundStructure,
    other: FoundStructure,
    plane: MidsagittalPlane,
    side: Side,
) -> float:
    """Return the area over which the side of a vertebra meets another bone, mm2."""
    points = _near(survey, vertebra, other)
    aside = plane.left_mm(points) * side.lateral_sign_lps
    # beside the body and its facets: there the disc and the joint of L5-S1 lie
    points = points[aside > value("checks.junction_aside_mm")]
    facing = _near(survey, other, vertebra)
    if not len(points) or not len(facing):
        return 0.0
    one, two = (np.rint(survey.labels.ijk(place)).astype(int) for place in (points, facing))
    low = np.minimum(one.min(axis=0), two.min(axis=0)) - 1
    met = np.zeros(np.maximum(one.max(axis=0), two.max(axis=0)) - low + 2, dtype=bool)
    met[tuple((two - low).T)] = True
    spacing_mm = survey.labels.spacing_mm
    # Faces by their own size: a slice counts with its thickness. In each voxel they add up as
    # vectors, or the steps of a slanted surface would be more than the surface.
    faces_mm2 = np.prod(spacing_mm) / spacing_mm
    steps = np.eye(3, dtype=int)
    ahead, behind = (
        np.stack([met[tuple((one - low + sign * step).T)] for step in steps], axis=1)
        for sign in (1, -1)
    )
    return float(np.linalg.norm((ahead | behind) * faces_mm2, axis=1).sum())


def _near(survey: Survey, one: FoundStructure, other: FoundStructure) -> NDArray[np.float64]:
    """Return the voxel centres of a structure in the box of another, shape (N, 3), mm, LPS."""
    points = one.points_lps_mm(survey.labels)
    ijk = np.rint(survey.labels.ijk(points)).astype(int)
    box = other.grown_box(survey.labels, 2)
    inside = np.all([(a >= s.start) & (a < s.stop) for a, s in zip(ijk.T, box, strict=True)], 0)
    return points[inside]


def _check_free_s1(survey: Survey) -> tuple[Finding, ...]:
    """Ask when a labelled S1 does not run on into the sacrum, as a lumbarised one does not."""
    first, rest = survey.find("vertebra", "S1"), survey.find("sacrum")
    # Where the image ends in S1, what joins it to the sacrum may lie below.
    if first is None or rest is None or _ends_below(first):
        return ()
    one, other = _near(survey, first, rest), _near(survey, rest, first)
    gap_mm = float("inf")
    if len(one) and len(other):
        gap_mm = float(np.min(cKDTree(other).query(one)[0])) - float(survey.labels.spacing_mm.max())
    most_mm = value("checks.free_s1_gap_mm")
    if gap_mm <= most_mm:
        return ()
    why = (
        f"A gap of more than {most_mm:g} mm parts them: a lumbarised S1 with a disc of its own, "
        "or a cut through the labels."
    )
    return (finding_of("AN-144", Severity.CONFIRM, where="S1 and sacrum", why=why),)


def _ends_below(structure: FoundStructure) -> bool:
    """Return whether a structure reaches the lowest slice, or the one a resampling has emptied."""
    return bool(structure.box[2].start <= 1)


def _check_kidneys(survey: Survey, stack: VertebralStack) -> tuple[Finding, ...]:
    kidneys = survey.of_kind("kidney")
    said = []
    limit = next((v for v in stack.vertebrae if v.key.place == "L4"), None)
    for kidney in kidneys:
        if limit is not None and kidney.centroid_lps_mm[2] < limit.centroid_lps_mm[2]:
            said.append(f"{kidney.key} lies below the middle of L4")
    if len(kidneys) == 2:
        one, other = (_near(survey, a, b) for a, b in (kidneys, kidneys[::-1]))
        reach_mm = value("checks.kidney_bridge_mm")
        if len(one) and len(other) and float(cKDTree(other).query(one)[0].min()) <= reach_mm:
            said.append(f"the two come within {reach_mm:g} mm of each other, as a horseshoe does")
    if not said:
        return ()
    where = ", ".join(str(k.key) for k in kidneys)
    return (finding_of("AN-149", Severity.CONFIRM, where=where, why=f"{'; '.join(said)}."),)
