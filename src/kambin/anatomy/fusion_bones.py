"""The vertebrae of two images of one patient, registered one by one."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.fusion_types import VertebraFit
from kambin.anatomy.keys import VERTEBRAE
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.masks import find_labelled
from kambin.anatomy.survey import FoundStructure, Survey
from kambin.anatomy.working import REGION_MARGIN_VOXELS, SACRUM
from kambin.frames import RigidTransform
from kambin.imaging import (
    Field,
    Grid,
    LabelMap,
    RigidFit,
    blend_points,
    extract_surface,
    fit_surface,
    signed_distance,
)
from kambin.knowledge import value

CT, MR = "ct", "mr"

P95_TOLERANCE = 0.95
"""The quantile that is printed beside the mean, by custom."""


def find_common_bones(ct: Survey, mr: Survey) -> dict[str, tuple[LabelMap, LabelMap]]:
    """Return the vertebrae that both images show, from cranial to caudal, first image first.

    Parameters
    ----------
    ct, mr : Survey of both label maps

    Returns
    -------
    mapping of vertebra to its two regions; those that a border cuts only if no other is left,
    but the sacrum, which most images of the lumbar spine cut, if enough of it is shown
    """
    both: dict[str, tuple[LabelMap, LabelMap]] = {}
    whole: list[str] = []
    for name in VERTEBRAE:
        regions, cut = [], False
        for survey in (ct, mr):
            parts = [survey.find("vertebra", name)]
            # One tool splits S1 off the sacrum, another does not: together they compare.
            if name == SACRUM:
                parts.append(survey.find("sacrum"))
            found = [part for part in parts if part is not None]
            if found:
                regions.append(cut_out(survey.labels, found))
                cut = cut or any(part.border_faces > 0 for part in found)
        if len(regions) == 2:
            both[name] = (regions[0], regions[1])
            enough = name == SACRUM and _least_height_mm(both[name]) >= value("fusion.cut_least_mm")
            whole += [] if cut and not (whole and enough) else [name]
    return {name: both[name] for name in whole} if whole else both


def _least_height_mm(regions: Sequence[LabelMap]) -> float:
    """Return how high a bone is in the image that shows less of it, mm."""
    heights = [
        np.ptp(region.lps_mm(np.argwhere(region.values != 0))[:, 2]) + float(region.spacing_mm[2])
        for region in regions
    ]
    return float(min(heights))


def is_cut(region: LabelMap) -> bool:
    """Return whether the border of its image cuts a bone, which leaves it no margin there.

    Parameters
    ----------
    region : LabelMap of 0 and 1, as cut out with a margin
    """
    inside = region.values != 0
    faces = [np.take(inside, at, axis) for axis in range(3) for at in (0, -1)]
    return any(bool(face.any()) for face in faces)


def keep_common(
    points: tuple[NDArray[np.float64], NDArray[np.float64]],
    labels: tuple[LabelMap, LabelMap],
    start: RigidTransform,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the surface of a bone that lies in both images.

    Parameters
    ----------
    points : its surface in the first and the second image, float arrays, shape (N, 3), mm
    labels : LabelMap of both images
    start : RigidTransform, first image from second, good to a few millimetres
    """
    (ct, mr), there = points, start.inverse()
    # Short of both borders alike, or one image would show more of the bone than the other.
    return (
        ct[_is_held(labels[0], ct) & _is_held(labels[1], there.points(ct))],
        mr[_is_held(labels[1], mr) & _is_held(labels[0], start.points(mr))],
    )


def _is_held(labels: LabelMap, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points lie in an image and not at its border, bool array, shape (N,)."""
    margin = value("fusion.cut_margin_mm") / labels.spacing_mm
    ijk = labels.ijk(points)
    held: NDArray[np.bool_] = np.all(
        (ijk >= margin) & (ijk <= np.array(labels.shape) - 1 - margin), axis=1
    )
    return held


def cut_out(labels: LabelMap, parts: Sequence[FoundStructure]) -> LabelMap:
    """Return structures as one small map of 0 and 1 with a margin, in their place.

    Parameters
    ----------
    labels : LabelMap in which they were found
    parts : FoundStructure, at least one
    """
    boxes = [part.grown_box(labels, REGION_MARGIN_VOXELS) for part in parts]
    low = np.min([[s.start for s in box] for box in boxes], axis=0)
    high = np.max([[s.stop for s in box] for box in boxes], axis=0)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    affine = labels.lps_from_ijk.copy()
    affine[:3, 3] = labels.lps_mm(low)
    values = [v for part in parts for v in part.values]
    mask = find_labelled(labels.values[box], values).astype(np.uint8)
    return LabelMap(mask, affine, labels.frame_id)


def sample_surface(region: LabelMap) -> NDArray[np.float64]:
    """Return evenly chosen points of the surface of a bone, shape (N, 3), mm, LPS.

    Parameters
    ----------
    region : LabelMap of 0 and 1
    """
    vertices = extract_surface(region).vertices_lps_mm
    # Every n-th of a fixed order: the same points at every run.
    step = max(1, len(vertices) // int(value("fusion.surface_points")))
    points: NDArray[np.float64] = vertices[::step]
    return points


def measure_field(region: LabelMap) -> Field:
    """Return the signed distance round a bone, mm, on nodes as fine as its labels.

    Parameters
    ----------
    region : LabelMap of 0 and 1
    """
    low, high = region.bounds_lps_mm()
    margin = value("fusion.field_margin_mm")
    grid = Grid.around(
        low - margin,
        high + margin,
        spacing_mm=max(1.0, float(region.spacing_mm.min())),
        anchor_lps_mm=low,
        frame_id=region.frame_id,
    )
    return signed_distance(region, grid)


def start_from_shapes(
    bones: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
    ct_plane: MidsagittalPlane,
    mr_plane: MidsagittalPlane,
) -> dict[str, RigidTransform]:
    """Return a first motion for each vertebra: its centre, and the turn of the whole spine.

    Parameters
    ----------
    bones : mapping of vertebra to points of its surface in both images, mm
    ct_plane, mr_plane : MidsagittalPlane of both images
    """
    frames = []
    for image, plane in enumerate((ct_plane, mr_plane)):
        centres = np.array([pair[image].mean(axis=0) for pair in bones.values()])
        up = centres[0] - centres[-1] if len(centres) > 1 else np.array([0.0, 0.0, 1.0])
        left = plane.normal_lps
        up = up - left * (up @ left)
        up /= np.linalg.norm(up)
        frames.append(np.column_stack([left, np.cross(up, left), up]))
    turn = frames[0] @ frames[1].T
    starts = {}
    for name, (ct_points, mr_points) in bones.items():
        shift = ct_points.mean(axis=0) - turn @ mr_points.mean(axis=0)
        starts[name] = RigidTransform.from_axes(CT, MR, turn, shift)
    return starts


def fit_vertebra(
    name: str,
    regions: tuple[LabelMap, LabelMap],
    points: tuple[NDArray[np.float64], NDArray[np.float64]],
    start: RigidTransform,
    left_mr: NDArray[np.float64],
) -> VertebraFit:
    """Register one vertebra, with halves of its surface, and with its mirror image.

    Parameters
    ----------
    name : str, the vertebra
    regions : its LabelMap in the first and the second image
    points : its surface in the first and the second image, float arrays, shape (N, 3), mm
    start : RigidTransform, first image from second
    left_mr : float array, shape (3,), unit, towards the patient's left in the second image
    """
    field = measure_field(regions[0])
    ct_points, mr_points = points
    fit = _fit(mr_points, field, start)
    halves = _parted(mr_points)
    fits = [_fit(mr_points[half], field, fit.transform) for half in halves]
    held_out = np.abs(
        np.concatenate(
            [
                field.sample(one.transform.points(mr_points[~half]))
                for one, half in zip(fits, halves, strict=True)
            ]
        )
    )
    apart_mm = np.linalg.norm(
        fits[0].transform.points(mr_points) - fits[1].transform.points(mr_points), axis=1
    )
    # Both halves vary independently: they differ by twice the error of the whole.
    chance_mm = _rms(apart_mm) / 2
    voxels_mm = float(np.hypot(regions[0].spacing_mm.max(), regions[1].spacing_mm.max()))
    shared_mm = value("fusion.label_error_share") * voxels_mm
    centre = mr_points.mean(axis=0)
    mirrored = mr_points - 2 * ((mr_points - centre) @ left_mr)[:, None] * left_mr
    swapped = _fit(mirrored, field, fit.transform)
    return VertebraFit(
        name,
        fit.transform,
        float(fit.residuals_mm.mean()),
        _p95(fit.residuals_mm),
        float(held_out.mean()),
        _p95(held_out),
        float(np.hypot(chance_mm, shared_mm)),
        fit.conditioning,
        _rms(swapped.residuals_mm) / max(_rms(fit.residuals_mm), np.finfo(float).tiny),
        _size_mm(mr_points) / _size_mm(ct_points),
    )


def predict_from_neighbours(
    fits: Sequence[VertebraFit], points_mr: Mapping[str, NDArray[np.float64]]
) -> dict[str, float]:
    """Return how far off each inner vertebra would lie had only its neighbours been registered.

    Parameters
    ----------
    fits : VertebraFit from cranial to caudal
    points_mr : mapping of vertebra to points of its surface, mm, second image

    Returns
    -------
    mapping of vertebra to root mean square, mm
    """
    predicted = {}
    triples = zip(fits, fits[1:], fits[2:], strict=False)
    for above, fit, below in triples:
        points = points_mr[fit.vertebra]
        centres = [points_mr[f.vertebra].mean(axis=0) for f in (above, fit, below)]
        upper, lower = (float(np.linalg.norm(a - b)) for a, b in pairwise(centres))
        share = np.full(len(points), upper / (upper + lower))
        guess = blend_points(points, above.ct_from_mr, below.ct_from_mr, share)
        missed = np.linalg.norm(guess - fit.ct_from_mr.points(points), axis=1)
        predicted[fit.vertebra] = _rms(missed)
    return predicted


def _fit(points: NDArray[np.float64], field: Field, start: RigidTransform) -> RigidFit:
    return fit_surface(points, field, start, scale_mm=value("fusion.residual_scale_mm"))


def _parted(points: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Part a surface into two halves like the fields of a chessboard in space."""
    # Blocks and not single points: neighbours share the same error, and would hide it.
    blocks = np.floor((points - points.min(axis=0)) / value("fusion.holdout_block_mm"))
    even = blocks.sum(axis=1) % 2 == 0
    return even, ~even


def _size_mm(points: NDArray[np.float64]) -> float:
    """Return the root mean square distance of surface points from their centre, mm."""
    return _rms(np.linalg.norm(points - points.mean(axis=0), axis=1))


def _p95(values: NDArray[np.float64]) -> float:
    return float(np.quantile(values, P95_TOLERANCE))


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))
