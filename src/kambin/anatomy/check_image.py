"""Checks of the image against the labels: frame, bone, body outline, numbers, skin, spacing."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy.case import Case
from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.levels import VertebralStack
from kambin.anatomy.masks import find_labelled
from kambin.anatomy.survey import FoundStructure, Survey
from kambin.core import Finding, Severity
from kambin.frames import Side
from kambin.imaging import LabelMap, Volume
from kambin.knowledge import value, values

_SOLID = ("vertebra", "kidney", "liver", "spleen", "psoas", "ilium", "sacrum")


def check_image(
    case: Case, survey: Survey, stack: VertebralStack, plane: MidsagittalPlane
) -> tuple[Finding, ...]:
    """Look for an image that does not belong to the labels or cannot carry a plan.

    Parameters
    ----------
    case : Case
    survey : Survey of its labels, with at least one vertebra
    stack : VertebralStack of it
    plane : MidsagittalPlane of it

    Returns
    -------
    findings: AN-130 frame, AN-131 bone, AN-132 body outline, AN-133 voxels that are not
    numbers, AN-134 skin outside the image, AN-201 and AN-136 spacing

    References
    ----------
    Faults A07, G15, G17, G18; recipes 7.
    """
    findings = [*_check_spacing(case), *_check_skin(survey, stack, plane)]
    image = case.image
    if image is None:
        return tuple(findings)
    if image.frame_id != case.labels.frame_id:
        why = f"The image says {image.frame_id[-20:]!r}, the labels {case.labels.frame_id[-20:]!r}."
        # Nothing else is compared: in another frame every place would be wrong.
        findings.append(finding_of("AN-130", Severity.BLOCK, where="image and labels", why=why))
        return tuple(findings)
    findings.extend(_check_numbers(image, stack, survey))
    if is_ct(image):
        findings.extend(_check_bone(image, survey, stack))
        findings.extend(_check_outline(image, survey))
    return tuple(findings)


def is_ct(image: Volume) -> bool:
    """Return whether the intensities can be Hounsfield units: fat or air must be below zero."""
    return bool((image.values <= value("checks.ct_least_hu")).any())


def _check_spacing(case: Case) -> list[Finding]:
    findings = []
    spacing = {"labels": case.labels.spacing_mm}
    if case.image is not None:
        spacing["image"] = case.image.spacing_mm
    largest_mm = max(float(s.max()) for s in spacing.values())
    said = "; ".join(
        f"{name} {' x '.join(f'{mm:.3g}' for mm in s)} mm" for name, s in spacing.items()
    )
    limit_mm = value("completion_bone.facet_resolved_mm")
    if largest_mm > limit_mm:
        why = f"{said}; the facet is resolved up to {limit_mm:g} mm."
        findings.append(finding_of("AN-201", Severity.CONFIRM, where="spacing", why=why))
    if largest_mm > value("checks.slice_thick_mm"):
        why = f"{said}; every distance across slices is uncertain by {largest_mm / 2:.1f} mm."
        findings.append(finding_of("AN-136", Severity.CONFIRM, where="spacing", why=why))
    return findings


def _check_numbers(image: Volume, stack: VertebralStack, survey: Survey) -> list[Finding]:
    if image.values.dtype.kind != "f":
        return []
    bad = ~np.isfinite(image.values)
    if not bad.any():
        return []
    low, high = _spine_box(stack, survey)
    places = image.lps_mm(np.argwhere(bad))
    inside = ((places >= low) & (places <= high)).all(axis=1)
    first = places[np.flatnonzero(inside)[0] if inside.any() else 0]
    why = (
        f"{len(places)} voxels, {int(inside.sum())} of them within "
        f"{value('checks.spine_box_margin_mm'):g} mm of the spine; one lies at "
        f"({first[0]:.0f}, {first[1]:.0f}, {first[2]:.0f}) mm."
    )
    severity = Severity.BLOCK if inside.any() else Severity.CONFIRM
    return [finding_of("AN-133", severity, where="image", why=why)]


def _spine_box(
    stack: VertebralStack, survey: Survey
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of the box around the vertebrae with a margin, mm, LPS."""
    points = np.concatenate([v.points_lps_mm(survey.labels) for v in stack.vertebrae])
    margin_mm = value("checks.spine_box_margin_mm")
    return points.min(axis=0) - margin_mm, points.max(axis=0) + margin_mm


def _check_bone(image: Volume, survey: Survey, stack: VertebralStack) -> list[Finding]:
    """Compare each vertebra with the shell around it: bone is brighter than soft tissue."""
    least_hu = value("checks.bone_contrast_least_hu")
    contrast = {v.key.place: _contrast_hu(image, survey, v) for v in stack.vertebrae}
    # Written so that NaN counts as dark: with no voxel to compare, nothing is proven.
    dark = {name: hu for name, hu in contrast.items() if not hu >= least_hu}
    if not dark:
        return []
    # One dark vertebra may be ill; most of them dark is another patient's image (A07).
    severity = Severity.BLOCK if len(dark) > len(contrast) / 2 else Severity.CONFIRM
    why = (
        ", ".join(f"{name} {hu:.0f} HU" for name, hu in dark.items())
        + f" brighter than the tissue around; at least {least_hu:g} HU is expected."
    )
    return [finding_of("AN-131", severity, where=", ".join(dark), why=why)]


def _contrast_hu(image: Volume, survey: Survey, vertebra: FoundStructure) -> float:
    """Return the median HU of a vertebra minus that of the shell around it, HU."""
    labels = survey.labels
    reach = int(np.ceil(value("checks.surroundings_mm") / labels.spacing_mm.min()))
    box = vertebra.grown_box(labels, reach)
    near = labels.values[box]
    mask = find_labelled(near, vertebra.values)
    distance_mm = ndimage.distance_transform_edt(~mask, sampling=labels.spacing_mm)
    step_mm = float(labels.spacing_mm.max())
    # Not the first layer: partial volume of the bone itself would brighten it.
    shell = (distance_mm > step_mm) & (distance_mm <= value("checks.surroundings_mm"))
    # Neighbouring bone would make a right label look no brighter than its surroundings.
    shell &= ~find_labelled(near, _bone_values(survey))
    hu = _sample(image, labels, box, mask | shell)
    is_bone = mask[mask | shell]
    inside, around = hu[is_bone & np.isfinite(hu)], hu[~is_bone & np.isfinite(hu)]
    if not inside.size or not around.size:
        return float("nan")
    return float(np.median(inside) - np.median(around))


def _bone_values(survey: Survey) -> list[int]:
    return [
        v
        for key, found in survey.found.items()
        if key.kind in ("vertebra", "sacrum", "rib", "ilium")
        for v in found.values
    ]


def _sample(
    image: Volume, labels: LabelMap, box: tuple[slice, slice, slice], mask: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the image at the voxels of a mask, shape (N,), HU; NaN outside the image."""
    if image.shape == labels.shape and np.array_equal(image.lps_from_ijk, labels.lps_from_ijk):
        return np.asarray(image.values[box][mask], dtype=np.float64)
    start = np.array([s.start for s in box])
    ijk = np.rint(image.ijk(labels.lps_mm(np.argwhere(mask) + start))).astype(int)
    inside = ((ijk >= 0) & (ijk < np.array(image.shape))).all(axis=1)
    hu = np.full(len(ijk), np.nan)
    i, j, k = ijk[inside].T
    hu[inside] = image.values[i, j, k]
    return hu


def _check_outline(image: Volume, survey: Survey) -> list[Finding]:
    """Find solid structures that lie in air or beyond the image."""
    outside = []
    for kind in _SOLID:
        for structure in survey.of_kind(kind):
            hu = _sample(image, survey.labels, structure.box, structure.mask(survey.labels))
            # Beyond the image there is NaN, which must count as outside.
            share = float(np.mean(~(hu > value("checks.air_hu"))))
            if share > value("checks.outside_share_most"):
                outside.append(f"{structure.key} ({share:.0%})")
    if not outside:
        return []
    why = "This share of the label lies in air or beyond the image."
    return [finding_of("AN-132", Severity.BLOCK, where=", ".join(sorted(outside)), why=why)]


def _check_skin(survey: Survey, stack: VertebralStack, plane: MidsagittalPlane) -> list[Finding]:
    """Walk from the lumbar spine to the skin of back and flanks; it must be inside the image."""
    if survey.body is None:
        why = "Neither an image nor a skin mask is given."
        return [finding_of("AN-134", Severity.BLOCK, where="skin", why=why)]
    missing = []
    for vertebra in stack.vertebrae:
        if not vertebra.key.place.startswith("L"):
            continue
        for side in Side:
            angles = _rays_without_skin(survey.body, vertebra, plane, side)
            if angles:
                missing.append(f"{vertebra.key.place} {side} at {', '.join(angles)} degrees")
    if not missing:
        return []
    why = "From these vertebrae the way to the skin leaves the image first: " + "; ".join(missing)
    return [finding_of("AN-134", Severity.BLOCK, where="skin", why=f"{why}.")]


def _rays_without_skin(
    body: LabelMap, vertebra: FoundStructure, plane: MidsagittalPlane, side: Side
) -> list[str]:
    """Return the directions, in degrees from posterior, in which the body meets the border."""
    lateral = plane.normal_lps * side.lateral_sign_lps
    posterior = np.array([0.0, 1.0, 0.0])
    posterior = posterior - lateral * (posterior @ lateral)
    posterior /= np.linalg.norm(posterior)
    step_mm = float(body.spacing_mm.min())
    reach_mm = float(np.linalg.norm(np.array(body.shape) * body.spacing_mm))
    along = np.arange(0.0, reach_mm, step_mm)
    missing = []
    for angle_deg in values("checks.skin_ray_deg"):
        angle_rad = np.radians(angle_deg)
        direction = np.sin(angle_rad) * lateral + np.cos(angle_rad) * posterior
        points = vertebra.centroid_lps_mm + along[:, None] * direction
        ijk = np.rint(body.ijk(points)).astype(int)
        beyond = np.flatnonzero(((ijk < 0) | (ijk >= np.array(body.shape))).any(axis=1))
        last = int(beyond[0]) if len(beyond) else len(along)
        i, j, k = ijk[:last].T
        # Body up to the border: the skin lies beyond the image, and so does every entry.
        if last == 0 or body.values[i, j, k].all():
            missing.append(f"{angle_deg:g}")
    return missing
