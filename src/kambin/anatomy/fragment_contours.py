"""A fragment from contours drawn in slices, interpolated by their distance maps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import CubicSpline
from skimage.draw import polygon2mask

from kambin.core import RequestError
from kambin.imaging import LabelMap
from kambin.knowledge import value

POINTS_SAMPLES = 200
"""Points on a smooth closed curve: far finer than a voxel."""


@dataclass(frozen=True, slots=True)
class _Slice:
    """All contours of one height, as a signed distance map."""

    height_mm: float
    distance_mm: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Stack:
    """The common frame of all contours: two axes in the slices, one across them."""

    origin_lps_mm: NDArray[np.float64]
    axes: NDArray[np.float64]
    low_mm: NDArray[np.float64]
    shape: tuple[int, int]


def fill_contours(
    contours_lps_mm: Sequence[NDArray[np.float64]], labels: LabelMap
) -> NDArray[np.bool_]:
    """Return which voxels lie inside a shape that is drawn by closed contours.

    Parameters
    ----------
    contours_lps_mm : float arrays, each shape (N, 3), N >= 3, mm, LPS; closed by themselves
    labels : LabelMap that says where the voxels lie

    Returns
    -------
    bool array, shape of the labels

    Raises
    ------
    RequestError  (RQ-083) if they do not make one stack of at least two slices, (RQ-084) if
        no voxel lies inside

    Notes
    -----
    Between two slices the signed distances to the outlines are interpolated linearly; beyond
    the first and the last the shape goes on for half the gap next to it and shrinks by a
    millimetre per millimetre. Several outlines in one slice: even-odd, so that one inside
    another is a hole.

    References
    ----------
    Raya 1990, IEEE Trans Med Imaging 9:32, doi 10.1109/42.52980 (shape-based interpolation)
    """
    smooth = [_smooth_closed(contour) for contour in contours_lps_mm]
    stack, local = _find_stack(smooth)
    slices = _find_slices(stack, local)
    mask = _rasterise(stack, slices, labels)
    if not mask.any():
        raise RequestError(
            code="RQ-084",
            what="The drawn fragment lies outside the labels",
            where="--contours",
            why=f"No voxel lies within {len(contours_lps_mm)} contours.",
            next_step="Draw them on this image, and check whether the file says LPS or RAS.",
        )
    return mask


def _smooth_closed(contour: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a closed spline through the points, as a drawing program shows it."""
    points = np.asarray(contour, dtype=np.float64)
    # A first point that is repeated at the end closes the curve twice.
    steps = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
    points = points[steps > 10.0**-6]
    if len(points) < 3:
        msg = "A contour has fewer than three different points."
        raise _no_stack(msg)
    closed = np.vstack([points, points[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    spline = CubicSpline(along, closed, bc_type="periodic")
    places = np.linspace(0.0, along[-1], POINTS_SAMPLES, endpoint=False)
    found: NDArray[np.float64] = spline(places)
    return found


def _find_stack(
    contours: Sequence[NDArray[np.float64]],
) -> tuple[_Stack, list[NDArray[np.float64]]]:
    """Return the common frame and the contours in it: two in-plane axes and the height."""
    normals: list[NDArray[np.float64]] = []
    for contour in contours:
        centred = contour - contour.mean(axis=0)
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        off = float(np.abs(centred @ axes[2]).max())
        if off > value("herniation.contour_flatness_mm"):
            msg = f"A contour lies up to {off:.1f} mm off its plane."
            raise _no_stack(msg)
        # By the first one: between two patient axes rounding would turn some of them round.
        along = normals[0] if normals else _most_along(axes[2])
        normals.append(axes[2] if axes[2] @ along > 0 else -axes[2])
    normal = np.mean(normals, axis=0)
    normal /= np.linalg.norm(normal)
    tilt = float(np.degrees(np.arccos(np.clip(min(n @ normal for n in normals), -1, 1))))
    if tilt > value("herniation.contour_tilt_deg"):
        msg = f"The planes of two contours are {tilt:.0f} degrees apart."
        raise _no_stack(msg)
    first = np.cross(normal, np.roll(_most_along(normal), 1))
    first /= np.linalg.norm(first)
    axes = np.stack([first, np.cross(normal, first), normal], axis=1)
    origin = np.mean([contour.mean(axis=0) for contour in contours], axis=0)
    local = [(contour - origin) @ axes for contour in contours]
    step, flat = value("herniation.contour_step_mm"), np.vstack(local)[:, :2]
    # Wide enough that distances outside are those to the outline and not to the border.
    margin = 4.0
    low = flat.min(axis=0) - margin
    count = np.ceil((flat.max(axis=0) + margin - low) / step).astype(int) + 1
    return _Stack(origin, axes, low, (int(count[0]), int(count[1]))), local


def _most_along(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the patient axis that a direction runs along most."""
    axis = np.zeros(3)
    axis[int(np.abs(vector).argmax())] = 1.0
    return axis


def _find_slices(stack: _Stack, local: Sequence[NDArray[np.float64]]) -> list[_Slice]:
    step = value("herniation.contour_step_mm")
    order = sorted(local, key=lambda contour: float(contour[:, 2].mean()))
    slices: list[tuple[float, NDArray[np.bool_]]] = []
    for contour in order:
        height = float(contour[:, 2].mean())
        inside = polygon2mask(stack.shape, (contour[:, :2] - stack.low_mm) / step)  # type: ignore[no-untyped-call]
        if slices and height - slices[-1][0] < value("herniation.contour_same_mm"):
            slices[-1] = (slices[-1][0], slices[-1][1] ^ inside)
        else:
            slices.append((height, inside))
    if len(slices) < 2:
        msg = "Contours are drawn in one slice only; its thickness is not known."
        raise _no_stack(msg)
    jump = float(np.diff([height for height, _ in slices]).max())
    if jump > value("herniation.contour_jump_mm"):
        msg = f"Between two contours lie {jump:.1f} mm."
        raise _no_stack(msg)
    return [_Slice(height, _signed_mm(inside, step)) for height, inside in slices]


def _signed_mm(inside: NDArray[np.bool_], step_mm: float) -> NDArray[np.float64]:
    """Return the distance to an outline, negative inside."""
    out = ndimage.distance_transform_edt(~inside, sampling=step_mm)
    within = ndimage.distance_transform_edt(inside, sampling=step_mm)
    # Half a step from the last node inside to the outline, half from the first one outside.
    signed: NDArray[np.float64] = out - within + np.where(inside, 0.5, -0.5) * step_mm
    return signed


def _rasterise(stack: _Stack, slices: Sequence[_Slice], labels: LabelMap) -> NDArray[np.bool_]:
    heights = np.array([one.height_mm for one in slices])
    ends = (heights[1] - heights[0]) / 2, (heights[-1] - heights[-2]) / 2
    box, lps_mm = _voxels_around(stack, labels, heights[0] - ends[0], heights[-1] + ends[1])
    mask = np.zeros(labels.shape, dtype=bool)
    if lps_mm.size == 0:
        return mask
    local = (lps_mm - stack.origin_lps_mm) @ stack.axes
    height = local[..., 2]
    index = np.moveaxis(
        (local[..., :2] - stack.low_mm) / value("herniation.contour_step_mm"), -1, 0
    )
    above = np.clip(np.searchsorted(heights, height), 1, len(heights) - 1)
    share = (height - heights[above - 1]) / (heights[above] - heights[above - 1])
    share = np.clip(share, 0.0, 1.0)
    distance = np.zeros(height.shape)
    for number in range(len(slices)):
        weight = np.where(above == number, share, np.where(above - 1 == number, 1 - share, 0.0))
        used = weight > 0
        found = ndimage.map_coordinates(
            slices[number].distance_mm, index[:, used], order=1, mode="nearest"
        )
        distance[used] += weight[used] * found
    beyond = np.maximum(heights[0] - height, height - heights[-1])
    limit = np.where(height < heights[0], ends[0], ends[1])
    inside = (distance + np.maximum(beyond, 0.0) <= 0) & (beyond <= limit)
    mask[box] = inside
    return mask


def _voxels_around(
    stack: _Stack, labels: LabelMap, low_mm: float, high_mm: float
) -> tuple[tuple[slice, ...], NDArray[np.float64]]:
    """Return a box of voxels that holds the stack, and their places, mm, LPS."""
    far = stack.low_mm + np.array(stack.shape) * value("herniation.contour_step_mm")
    corners = np.array(
        [
            [a, b, c]
            for a in (stack.low_mm[0], far[0])
            for b in (stack.low_mm[1], far[1])
            for c in (low_mm, high_mm)
        ]
    )
    ijk = labels.ijk(stack.origin_lps_mm + corners @ stack.axes.T)
    first = np.clip(np.floor(ijk.min(axis=0)).astype(int), 0, labels.shape)
    last = np.clip(np.ceil(ijk.max(axis=0)).astype(int) + 1, first, labels.shape)
    box = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    index = np.meshgrid(*(np.arange(s.start, s.stop) for s in box), indexing="ij")
    return box, labels.lps_mm(np.stack(index, axis=-1))


def _no_stack(why: str) -> RequestError:
    return RequestError(
        code="RQ-083",
        what="The contours do not make one stack",
        where="--contours",
        why=why,
        next_step="Draw one closed curve in each of at least two parallel slices.",
    )
