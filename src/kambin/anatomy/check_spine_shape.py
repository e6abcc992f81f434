"""Is the spine of a shape the methods were made for: curve, rotation, step, arch and size."""

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.check_masks import body_width_mm
from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.laterality import NO_TAIL, MidsagittalPlane, tail_direction
from kambin.anatomy.levels import VertebralStack
from kambin.anatomy.survey import FoundStructure, Survey
from kambin.core import Finding, Severity
from kambin.knowledge import value, values

_AROUND = 3
"""Fewer whole vertebrae make no curve and no usual share."""


def check_spine_shape(
    survey: Survey, stack: VertebralStack, plane: MidsagittalPlane
) -> tuple[Finding, ...]:
    """Compare curve, rotation, steps, arches and size of the spine with what is validated.

    Parameters
    ----------
    survey : Survey with at least one vertebra
    stack : VertebralStack of it
    plane : MidsagittalPlane of it

    Returns
    -------
    findings: AN-145 scoliosis, rotation and listhesis (CONFIRM within limits, BLOCK beyond),
    AN-146 an arch that is not there, AN-148 a size outside the validated range

    References
    ----------
    Faults A09, A11, A14.
    """
    whole = [v for v in stack.vertebrae if v.border_faces == 0]
    return (
        *_check_curve(survey, whole, plane),
        *_check_arches(survey, whole, plane),
        *_check_size(survey, whole, plane),
    )


def _check_curve(
    survey: Survey, whole: list[FoundStructure], plane: MidsagittalPlane
) -> tuple[Finding, ...]:
    if len(whole) < _AROUND:
        return ()
    measured = {
        "curve_deg": ("curve in the frontal plane", _curve_deg(whole, plane), "degrees"),
        "rotation_deg": ("rotation against the others", _rotation_deg(survey, whole), "degrees"),
        "step_mm": ("step in the sagittal plane", _step_mm(whole), "mm"),
    }
    said, severity = [], Severity.CONFIRM
    for row, (name, found, unit) in measured.items():
        least, most = values(f"checks.spine_{row}")
        if found > least:
            said.append(
                f"{name} {found:.0f} {unit}, accepted on a person's word up to {most:g} {unit}"
            )
        if found > most:
            severity = Severity.BLOCK
    if not said:
        return ()
    where = ", ".join(v.key.place for v in whole)
    return (finding_of("AN-145", severity, where=where, why=f"{'; '.join(said)}."),)


def _curve_deg(whole: list[FoundStructure], plane: MidsagittalPlane) -> float:
    """Return the largest angle between steps of the centre line, seen from the front, degrees."""
    centres = np.array([v.centroid_lps_mm for v in whole])
    steps = np.diff(centres, axis=0)
    aside_rad = np.arctan2(steps @ plane.normal_lps, -steps[:, 2])
    return float(np.degrees(np.ptp(aside_rad)))


def _rotation_deg(survey: Survey, whole: list[FoundStructure]) -> float:
    """Return the largest turn of a vertebra about the long axis against all of them, degrees."""
    tails = np.array([tail_direction(v, survey.labels)[:2] for v in whole])
    tails = tails[np.linalg.norm(tails, axis=1) > NO_TAIL]
    if len(tails) < _AROUND:
        return 0.0
    angles_rad = np.arctan2(tails[:, 0], tails[:, 1])
    return float(np.degrees(np.abs(angles_rad - np.median(angles_rad)).max()))


def _step_mm(whole: list[FoundStructure]) -> float:
    """Return how far a vertebra lies before or behind the middle of its neighbours, mm."""
    y = np.array([v.centroid_lps_mm[1] for v in whole])
    # lordosis bends the line by a few millimetres per vertebra, a slip breaks it
    return float(np.abs(np.diff(y, n=2)).max()) if len(y) > 2 else 0.0


def _check_arches(
    survey: Survey, whole: list[FoundStructure], plane: MidsagittalPlane
) -> tuple[Finding, ...]:
    """Ask about a vertebra that lacks lamina and spinous process where the others have them."""
    if len(whole) < _AROUND:
        return ()
    shares = {v.key.place: _midline_share(survey, v, plane) for v in whole}
    usual = float(np.median(list(shares.values())))
    least = value("checks.arch_share_least")
    gone = {name: share for name, share in shares.items() if share < least * usual}
    if not gone:
        return ()
    why = (
        ", ".join(f"{name} has {share:.1%}" for name, share in gone.items())
        + f" of its bone in the midline behind, the others {usual:.1%}: an earlier laminectomy, "
        "a cleft arch, or a torn label."
    )
    return (finding_of("AN-146", Severity.CONFIRM, where=", ".join(gone), why=why),)


def _midline_share(survey: Survey, vertebra: FoundStructure, plane: MidsagittalPlane) -> float:
    """Return the share of a vertebra that lies in the midline behind its own centre."""
    points = vertebra.points_lps_mm(survey.labels)
    offset: NDArray[np.float64] = points - vertebra.centroid_lps_mm
    # beside its own centre: a curved spine leaves the plane by centimetres
    aside = np.abs(offset @ plane.normal_lps) <= value("checks.arch_midline_mm")
    behind = offset[:, 1] > value("checks.arch_behind_mm")
    return float(np.mean(aside & behind))


def _check_size(
    survey: Survey, whole: list[FoundStructure], plane: MidsagittalPlane
) -> tuple[Finding, ...]:
    """Ask about a child, and about a patient of a size no method was tried on."""
    lumbar = [v for v in whole if v.key.place.startswith("L")]
    if not lumbar:
        return ()
    width_mm = float(np.median([body_width_mm(survey, v, plane) for v in lumbar]))
    said = []
    least, most = values("checks.adult_body_width_mm")
    if not least <= width_mm <= most:
        said.append(f"the bodies are {width_mm:.0f} mm wide, {least:g} to {most:g} mm is validated")
    depth_mm = _depth_mm(survey, lumbar[len(lumbar) // 2])
    least, most = values("checks.skin_depth_mm")
    if depth_mm is not None and not least <= depth_mm <= most:
        said.append(
            f"the skin of the back lies {depth_mm:.0f} mm behind the spine, {least:g} to "
            f"{most:g} mm is validated"
        )
    if not said:
        return ()
    where = ", ".join(v.key.place for v in lumbar)
    return (finding_of("AN-148", Severity.CONFIRM, where=where, why=f"{'; '.join(said)}."),)


def _depth_mm(survey: Survey, vertebra: FoundStructure) -> float | None:
    """Return the way from the centre of a vertebra straight back to the skin, mm."""
    body = survey.body
    if body is None:
        return None
    i, j, k = np.rint(body.ijk(vertebra.centroid_lps_mm)).astype(int)
    if not (0 <= i < body.shape[0] and 0 <= k < body.shape[2]):
        return None
    line = body.values[i, :, k] != 0
    inside = np.flatnonzero(line)
    # beyond the image there is no skin to measure to; that is a finding of its own
    if not len(inside) or inside[-1] == len(line) - 1:
        return None
    return float((inside[-1] - j) * body.spacing_mm[1])
