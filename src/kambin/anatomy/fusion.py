"""CT and MR of one patient: vertebra by vertebra onto each other, and the soft tissue between."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.case import Case
from kambin.anatomy.fusion_bones import (
    CT,
    MR,
    find_common_bones,
    fit_vertebra,
    is_cut,
    keep_common,
    predict_from_neighbours,
    sample_surface,
    start_from_shapes,
)
from kambin.anatomy.fusion_carry import BONES, CARRIED_KINDS, carry_labels, carry_lines
from kambin.anatomy.fusion_checks import (
    check_fusion,
    count_side_witnesses,
    require_common,
    say_resolution,
)
from kambin.anatomy.fusion_landmarks import fit_landmarks
from kambin.anatomy.fusion_lines import share_in_bone, trace_roots
from kambin.anatomy.fusion_types import Fusion, LandmarkFit, LevelFit, VertebraFit
from kambin.anatomy.fusion_warp import SpineWarp, lay_warp
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.laterality import MidsagittalPlane, fit_midsagittal_plane
from kambin.anatomy.levels import find_scheme, stack_vertebrae
from kambin.anatomy.masks import find_labelled
from kambin.anatomy.sigma import surface_sigma_mm
from kambin.anatomy.survey import Survey, survey_labels
from kambin.core import Progress, SilentProgress
from kambin.frames import RigidTransform
from kambin.imaging import LabelMap, turn_deg
from kambin.knowledge import value

Landmarks = Mapping[str, NDArray[np.float64]]


def fuse_cases(
    ct: Case,
    mr: Case,
    *,
    landmarks: tuple[Landmarks, Landmarks] | None = None,
    progress: Progress | None = None,
) -> Fusion:
    """Bring two images of one patient together: bone of the first, nerves of the second.

    Parameters
    ----------
    ct, mr : Case, each with labelled vertebrae; the second with what it shows of sac, canal,
        cord, discs, roots (masks or drawn), flavum and fragment
    landmarks : named points in the first and in the second image, mm, LPS; without them the
        start is the centre of each vertebra and the direction of the whole spine
    progress : Progress, told of each vertebra

    Returns
    -------
    Fusion; its case is an ordinary case, its findings belong to it

    Raises
    ------
    AnatomyError  (AN-410) without a common vertebra or anything to carry; (AN-411) if the
        vertebrae are not those of one patient; (AN-412) if left and right are exchanged
    InputError  (IN-092) if landmarks do not pair

    Notes
    -----
    Method, errors and limits: docs/concepts/fusion.md.
    """
    show = progress or SilentProgress()
    surveys = [survey_labels(replace(case, image=None)) for case in (ct, mr)]
    bones = find_common_bones(surveys[0], surveys[1])
    shown = [key for key in (*surveys[1].found, *mr.drawn) if key.kind in CARRIED_KINDS]
    require_common(bones, shown)
    planes = [fit_midsagittal_plane(survey) for survey in surveys]
    points, starts, placed = _begin((ct.labels, mr.labels), bones, planes, landmarks)
    bones = {name: bones[name] for name in points}
    fits = []
    for n, (name, regions) in enumerate(bones.items()):
        show.step(f"registration: {name}", n, len(bones))
        fits.append(fit_vertebra(name, regions, points[name], starts[name], planes[1].normal_lps))
    predicted = predict_from_neighbours(fits, {name: pair[1] for name, pair in points.items()})
    fits = [replace(fit, predicted_mm=predicted.get(fit.vertebra)) for fit in fits]
    centres = np.array([points[name][0].mean(axis=0) for name in bones])
    warp = lay_warp([fit.ct_from_mr for fit in fits], centres)
    pairs = enumerate(pairwise(fits))
    column = find_scheme(stack_vertebrae(surveys[0]), ()).vertebrae
    levels = tuple(
        replace(
            _judge_level(upper, lower, warp, n),
            neighbours=(upper.vertebra, lower.vertebra) in pairwise(column),
        )
        for n, (upper, lower) in pairs
    )
    case, in_bone = _carry(ct, mr, surveys[1], warp, fits, levels)
    volume = float(warp.volume_shares(_carried_points(case)).min())
    witnesses = count_side_witnesses(surveys, planes, warp)
    show.step("registration: done", len(bones), len(bones))
    findings = check_fusion(fits, levels, placed, in_bone, witnesses, volume)
    traced = [key for key, tube in case.drawn.items() if tube.traced]
    masks = {key.kind for key in case.registration_sigma_mm if key not in case.drawn}
    findings += say_resolution(case.labels, mr.labels, traced, masks)
    return Fusion(case, tuple(fits), levels, placed, in_bone, volume, warp, findings)


def _begin(
    images: tuple[LabelMap, LabelMap],
    bones: Mapping[str, tuple[LabelMap, LabelMap]],
    planes: Sequence[MidsagittalPlane],
    landmarks: tuple[Landmarks, Landmarks] | None,
) -> tuple[
    dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
    dict[str, RigidTransform],
    LandmarkFit | None,
]:
    """Return the surfaces to register, (N, 3), mm, the first motion of each, and the landmarks."""
    points = {
        name: (sample_surface(one), sample_surface(other)) for name, (one, other) in bones.items()
    }
    # The middle of a bone that a border cuts is not its middle: it begins as its neighbour does.
    cut = [name for name, pair in bones.items() if any(map(is_cut, pair))]
    whole = {name: pair for name, pair in points.items() if name not in cut}
    placed = None
    if landmarks is not None:
        placed, motion = fit_landmarks(landmarks[0], landmarks[1], target=CT, source=MR)
        starts = dict.fromkeys(points, motion)
    else:
        starts = start_from_shapes(whole or points, planes[0], planes[1])
        nearest = list(starts.values())[-1]
        starts |= {name: nearest for name in cut if name not in starts}
    if whole:
        points |= {name: keep_common(points[name], images, starts[name]) for name in cut}
    # What one image shows of a bone may be just what the other one cuts off.
    return {name: pair for name, pair in points.items() if min(map(len, pair))}, starts, placed


def _judge_level(upper: VertebraFit, lower: VertebraFit, warp: SpineWarp, n: int) -> LevelFit:
    """Return what is stated of the space between two neighbouring vertebrae."""
    middle = (warp.centres_ct_mm[n] + warp.centres_ct_mm[n + 1]) / 2
    span = float(np.linalg.norm(warp.centres_ct_mm[n] - warp.centres_ct_mm[n + 1]))
    # The canal and both foramina lie within half a vertebra's height of the disc's middle.
    around = middle + np.vstack([np.zeros(3), np.eye(3), -np.eye(3)]) * span / 2
    at_mr = warp.to_mr(around)
    moved = upper.ct_from_mr.points(at_mr) - lower.ct_from_mr.points(at_mr)
    apart_mm = np.linalg.norm(moved, axis=1)
    between = upper.ct_from_mr @ lower.ct_from_mr.inverse()
    place_mm = max(upper.place_error_mm, lower.place_error_mm)
    blend_mm = value("fusion.blend_error_share") * float(np.sqrt(np.mean(apart_mm**2)))
    error_mm = float(np.hypot(place_mm, blend_mm))
    return LevelFit(upper.vertebra, lower.vertebra, turn_deg(between), float(apart_mm[0]), error_mm)


def _carry(
    ct: Case,
    mr: Case,
    shown: Survey,
    warp: SpineWarp,
    fits: list[VertebraFit],
    levels: tuple[LevelFit, ...],
) -> tuple[Case, dict[StructureKey, float]]:
    # What a person drew is better than what a mask lets one trace.
    traced = {k: tube for k, tube in trace_roots(shown, ct.labels).items() if k not in mr.drawn}
    carried = carry_labels(ct.labels, ct.names, shown, warp, traced)
    lines, places = carry_lines({**mr.drawn, **traced}, warp)
    errors = {}
    for key, place in {**carried.places, **places}.items():
        error_mm = _error_at(place, fits, levels)
        widening_mm = 0.0
        if key in carried.places:
            stated_mm = surface_sigma_mm(key.kind, float(ct.labels.spacing_mm.max()))
            widening_mm = _widening_mm(key, mr.labels, stated_mm)
        elif key in traced:
            drawn_mm = value("completion_nerve.root_drawn_sigma_mm")
            widening_mm = _widening_mm(key, mr.labels, drawn_mm)
        errors[key] = float(np.hypot(error_mm, widening_mm))
    bones = [v for v, key in carried.names.items() if key.kind in BONES]
    bone = find_labelled(carried.labels.values, bones)
    buried = share_in_bone({k: lines[k] for k in traced}, carried.labels, bone)
    case = Case(
        ct.image,
        carried.labels,
        carried.names,
        ct.dialect,
        (),
        source=ct.source,
        drawn={**ct.drawn, **lines},
        registration_sigma_mm=errors,
    )
    return case, {**carried.in_bone, **buried}


def _error_at(
    place: NDArray[np.float64], fits: list[VertebraFit], levels: tuple[LevelFit, ...]
) -> float:
    """Return the largest error stated at any level that a structure reaches, mm."""
    if not levels:
        return fits[0].place_error_mm
    reached = np.unique(np.clip(np.floor(place), 0, len(levels) - 1).astype(int))
    largest_mm: float = max(levels[int(n)].error_mm for n in reached)
    return largest_mm


def _widening_mm(key: StructureKey, mr: LabelMap, stated_mm: float) -> float:
    """Return what the second image's voxels add to the sigma that the completion states, mm."""
    # The completion knows the first image's voxels, or a line; not what the mask was made on.
    own_mm = surface_sigma_mm(key.kind, float(mr.spacing_mm.max()))
    return float(np.sqrt(max(own_mm**2 - stated_mm**2, 0.0)))


def _carried_points(case: Case) -> NDArray[np.float64]:
    """Return some of the places of what was carried over, shape (N, 3), mm, first image."""
    values = [v for v, key in case.names.items() if key in case.registration_sigma_mm]
    ijk = np.argwhere(find_labelled(case.labels.values, values))
    lines = [tube.points_lps_mm for tube in case.drawn.values()]
    # Folding spreads over millimetres: every hundredth voxel finds it.
    points: NDArray[np.float64] = np.concatenate([case.labels.lps_mm(ijk[:: 10**2]), *lines])
    return points
