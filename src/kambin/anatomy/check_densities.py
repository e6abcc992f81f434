"""What a CT shows beside bone and soft tissue: metal around the spine, gas between the bodies."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.check_image import is_ct
from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.levels import VertebralStack
from kambin.anatomy.survey import FoundStructure, Survey
from kambin.core import Finding, Severity
from kambin.imaging import Volume
from kambin.knowledge import value

_SAMPLE_MM = 0.5
"""Steps along the line between two bodies; finer than any voxel."""


def check_densities(
    image: Volume | None, survey: Survey, stack: VertebralStack
) -> tuple[Finding, ...]:
    """Look for metal near the spine, and for discs that hold gas or have lost their height.

    Parameters
    ----------
    image : Volume in HU, or none
    survey : Survey with at least one vertebra
    stack : VertebralStack of it

    Returns
    -------
    findings: AN-150 metal with the vertebrae it lies at (CONFIRM), AN-147 gas in a disc space
    or hardly any space (NOTE: accepted with the margins there are)

    References
    ----------
    Faults A10, A11.
    """
    findings = [*_check_flat_discs(survey, stack)]
    metal = [] if image is None or not is_ct(image) else _metal_heights_mm(image, stack, survey)
    given = survey.find("metal")
    if given is not None:
        metal.extend(given.points_lps_mm(survey.labels)[:, 2])
    if metal:
        findings.append(_metal(np.array(metal), stack, survey))
    if image is not None and is_ct(image):
        findings.extend(_check_gas(image, survey, stack))
    return tuple(findings)


def _metal_heights_mm(image: Volume, stack: VertebralStack, survey: Survey) -> list[float]:
    """Return the heights of voxels too dense for bone around the spine, mm, if there are enough."""
    margin_mm = value("checks.metal_margin_mm")
    corners = np.array([_bounds_lps_mm(v, survey) for v in stack.vertebrae])
    low, high = corners[:, 0].min(axis=0) - margin_mm, corners[:, 1].max(axis=0) + margin_mm
    first = np.clip(np.floor(image.ijk(low)).astype(int), 0, image.shape)
    last = np.clip(np.ceil(image.ijk(high)).astype(int) + 1, 0, image.shape)
    box = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    dense = np.argwhere(image.values[box] >= value("checks.metal_hu"))
    if len(dense) * float(np.prod(image.spacing_mm)) < value("checks.metal_mm3"):
        return []
    heights: list[float] = image.lps_mm(dense + first)[:, 2].tolist()
    return heights


def _bounds_lps_mm(structure: FoundStructure, survey: Survey) -> NDArray[np.float64]:
    ends = [[s.start for s in structure.box], [s.stop - 1 for s in structure.box]]
    return np.sort(survey.labels.lps_mm(ends), axis=0)


def _metal(heights_mm: NDArray[np.float64], stack: VertebralStack, survey: Survey) -> Finding:
    at = []
    for vertebra in stack.vertebrae:
        (_, _, low), (_, _, high) = _bounds_lps_mm(vertebra, survey)
        if ((heights_mm >= low) & (heights_mm <= high)).any():
            at.append(vertebra.key.place)
    why = (
        f"From {heights_mm.min():.0f} to {heights_mm.max():.0f} mm of height there is metal or "
        "cement; around it streaks bend the edges of bone, and labels are guesses."
    )
    where = ", ".join(at) or "beside the labelled vertebrae"
    return finding_of("AN-150", Severity.CONFIRM, where=where, why=why)


def _lines(survey: Survey, stack: VertebralStack) -> list[tuple[str, NDArray[np.float64]]]:
    """Return points along the line from one body to the next, by the name of the level."""
    column = [*stack.vertebrae, *([stack.sacrum] if stack.sacrum is not None else [])]
    fronts = [(v.key.place or "S1", _front_lps_mm(survey, v)) for v in column]
    lines = []
    for (upper, above), (lower, below) in pairwise(fronts):
        count = max(2, int(np.linalg.norm(below - above) / _SAMPLE_MM))
        share = np.linspace(0.0, 1.0, count)[:, None]
        lines.append((f"{upper}-{lower}", above + share * (below - above)))
    return lines


def _front_lps_mm(survey: Survey, vertebra: FoundStructure) -> NDArray[np.float64]:
    """Return the centre of the front half of a vertebra, where only the body is, mm, LPS."""
    points = vertebra.points_lps_mm(survey.labels)
    centre: NDArray[np.float64] = points[points[:, 1] <= points[:, 1].mean()].mean(axis=0)
    return centre


def _check_flat_discs(survey: Survey, stack: VertebralStack) -> list[Finding]:
    bones = {n for v in (*stack.vertebrae, stack.sacrum) if v is not None for n in v.values}
    flat = {}
    # the sacrum's front half is no body: its level is measured, not looked at here
    for level, line in [row for row in _lines(survey, stack) if not row[0].endswith("S1")]:
        ijk = np.rint(survey.labels.ijk(line)).astype(int)
        free = ~np.isin(survey.labels.values[tuple(ijk.T)], list(bones))
        gap_mm = float(free.sum()) * _SAMPLE_MM
        if gap_mm < value("checks.flat_disc_mm"):
            flat[level] = gap_mm
    if not flat:
        return []
    why = ", ".join(f"{level} {gap:.1f} mm" for level, gap in flat.items())
    why = f"Between the bodies lie {why}: collapsed, fused, or labels that touch."
    return [finding_of("AN-147", Severity.NOTE, where=", ".join(flat), why=why)]


def _check_gas(image: Volume, survey: Survey, stack: VertebralStack) -> list[Finding]:
    """Note gas between two bodies, which no bowel explains there."""
    radius_mm = value("checks.gas_radius_mm")
    found = {}
    for level, line in _lines(survey, stack):
        reach = np.ceil(radius_mm / image.spacing_mm).astype(int)
        ends = np.rint(image.ijk(line[[0, -1]])).astype(int)
        first = np.clip(ends.min(axis=0) - reach, 0, image.shape)
        last = np.clip(ends.max(axis=0) + reach + 1, 0, image.shape)
        box = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
        places = image.lps_mm(np.argwhere(image.values[box] < value("checks.gas_hu")) + first)
        along = line[-1] - line[0]
        share = ((places - line[0]) @ along) / (along @ along)
        off_mm = np.linalg.norm(places - line[0] - share[:, None] * along, axis=1)
        inside = (share > 0) & (share < 1) & (off_mm <= radius_mm)
        volume_mm3 = float(inside.sum()) * float(np.prod(image.spacing_mm))
        if volume_mm3 >= value("checks.gas_mm3"):
            found[level] = volume_mm3
    if not found:
        return []
    why = ", ".join(f"{level} {mm3:.0f} mm3" for level, mm3 in found.items())
    why = f"Gas between the bodies: {why}. The disc is worn; a fragment may hold gas, too."
    return [finding_of("AN-147", Severity.NOTE, where=", ".join(found), why=why)]
