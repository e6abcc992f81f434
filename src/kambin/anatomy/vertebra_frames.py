"""The frame of each vertebra: end plates, cranial axis, mid-sagittal plane, wall, pedicles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy.completion_types import WorkingBone
from kambin.anatomy.masks import find_box_ijk
from kambin.anatomy.mirror_plane import make_signed_distance, refine_axes
from kambin.anatomy.pedicles import find_pedicles
from kambin.anatomy.plate_chain import VertebraTilt, plate_tilt_sigma_deg, tie_plates
from kambin.anatomy.plates import FRAME_ITERATIONS, Plate, axes_towards, fit_plate, plate_frame
from kambin.anatomy.s1 import find_s1_frame, fit_s1_plate
from kambin.anatomy.sampling import Sampler, crop_of_grid, find_exit_mm
from kambin.anatomy.structures import VertebraFrame
from kambin.core import breathe
from kambin.frames import RigidTransform
from kambin.knowledge import value, values

SMOOTHING_SAMPLES = 4
"""Nodes kept around a bone so that the Gaussian does not end at the border of the crop."""


_UPRIGHT = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True)
class BoneDraft:
    """One vertebra while its frame is being fitted.

    Parameters
    ----------
    vertebra : str
    occupancy : Sampler, smoothed, 0.5 at the surface
    centre_lps_mm : float array, shape (3,), mm, LPS, middle of the body
    axes : float array, shape (3, 3), columns left, posterior, cranial in LPS
    upper, lower : Plate, as measured
    """

    vertebra: str
    occupancy: Sampler
    centre_lps_mm: NDArray[np.float64]
    axes: NDArray[np.float64]
    upper: Plate
    lower: Plate


def smooth_occupancy(bone: WorkingBone, vertebra: str) -> Sampler:
    """Return the occupancy of one vertebra alone, smoothed for fitting its frame.

    Parameters
    ----------
    bone : WorkingBone
    vertebra : str

    Returns
    -------
    Sampler, 0 to 1, on the part of the working grid around the bone

    Notes
    -----
    Bone that leaves the image is held at its border, so that a cut face is no end plate.
    """
    breathe()
    mask = bone.mask(vertebra)
    low, high = find_box_ijk(mask)
    crop = crop_of_grid(
        mask.astype(np.float32), bone.grid, low - SMOOTHING_SAMPLES, high + SMOOTHING_SAMPLES
    )
    sigma = value("completion_bone.body_smoothing_mm") / crop.spacing_mm
    return replace(crop, values=ndimage.gaussian_filter(crop.values, sigma, mode="nearest"))


def find_body_centre(bone_distance: Sampler) -> NDArray[np.float64]:
    """Return the middle of the body, shape (3,), mm, LPS: where the bone is deepest.

    Parameters
    ----------
    bone_distance : Sampler of the signed distance of one vertebra, mm, negative inside
    """
    inside = bone_distance.values <= 0
    share = value("completion_bone.deepest_share")
    # A share of the bone, not its deepest node: one node would follow the noise.
    deep = np.quantile(bone_distance.values[inside], share)
    centre: NDArray[np.float64] = bone_distance.places_lps_mm(bone_distance.values <= deep).mean(
        axis=0
    )
    return centre


def find_vertebra_frames(
    bone: WorkingBone, label_spacing_mm: float
) -> tuple[dict[str, VertebraFrame], dict[str, Sampler]]:
    """Fit the frames of all vertebrae and of S1.

    Parameters
    ----------
    bone : WorkingBone
    label_spacing_mm : float, mm, the largest spacing of the labels

    Returns
    -------
    mapping of vertebra to VertebraFrame; a vertebra whose end plates or pedicles cannot
    be found is missing
    mapping of vertebra to its smoothed occupancy, for all that were looked at

    Notes
    -----
    Rays up and down from the middle of the body find the plates; neighbouring plates are
    tied by the sigma of the label spacing; the mid-sagittal plane is the one in which the
    bone mirrors itself. Against the same atlas averaged to 3 mm: origin within 1 mm, axis
    within 5 degrees.
    """
    # A bone too small to survive the smoothing has no frame, and no centre to look for.
    smoothed = {name: smooth_occupancy(bone, name) for name in bone.names}
    occupancy = {name: s for name, s in smoothed.items() if (s.values > 0.5).any()}
    distances = {name: make_signed_distance(o) for name, o in occupancy.items()}
    # Not for the sacrum: its deepest place may lie in an ala; its plate is found from above.
    centres = {n: find_body_centre(d) for n, d in distances.items() if n != "S1"}
    drafts = []
    for name, centre in centres.items():
        draft = _draft(name, occupancy[name], centre, _find_axis(centres, name))
        if draft is not None:
            drafts.append(draft)
    sacral = None
    if drafts and "S1" in occupancy:
        last = drafts[-1]
        axes = axes_towards(last.axes[:, 1], last.lower.normal_lps)
        sacral = fit_s1_plate(occupancy["S1"], last.lower.centre_lps_mm, axes)
    normals = _tie(drafts, sacral, label_spacing_mm)
    sigma = plate_tilt_sigma_deg(label_spacing_mm)
    found = [
        _finish(draft, distances[draft.vertebra], normals[draft.vertebra], sigma)
        for draft in drafts
    ]
    if sacral is not None:
        found.append(find_s1_frame(occupancy["S1"], distances["S1"], sacral, sigma))
    return {frame.vertebra: frame for frame in found if frame is not None}, occupancy


def _tie(
    drafts: Sequence[BoneDraft],
    sacral: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    label_spacing_mm: float,
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return the tied plate normals of all drafted vertebrae."""
    centres = {d.vertebra: d.centre_lps_mm for d in drafts}
    # A line through one neighbour says little of the tilt: L5 leans 20 degrees off it.
    inner = {d.vertebra for d in drafts[1:-1]}
    tilts = [
        VertebraTilt(
            d.vertebra,
            d.upper.normal_lps,
            d.lower.normal_lps,
            _find_axis(centres, d.vertebra) if d.vertebra in inner else None,
        )
        for d in drafts
    ]
    return tie_plates(tilts, label_spacing_mm, None if sacral is None else sacral[1][:, 2])


def _find_axis(centres: Mapping[str, NDArray[np.float64]], name: str) -> NDArray[np.float64]:
    """Return the direction from the body below to the one above, one-sided at the ends."""
    order = list(centres)
    at = order.index(name)
    above, below = order[max(at - 1, 0)], order[min(at + 1, len(order) - 1)]
    if above == below:
        return _UPRIGHT
    along = centres[above] - centres[below]
    axis: NDArray[np.float64] = along / np.linalg.norm(along)
    return axis


def _draft(
    name: str,
    occupancy: Sampler,
    centre: NDArray[np.float64],
    cranial: NDArray[np.float64],
) -> BoneDraft | None:
    """Fit the plates of one vertebra, starting from its centre and the line of the spine."""
    whole = occupancy.places_lps_mm(occupancy.values > 0.5).mean(axis=0)
    draft = None
    for _ in range(FRAME_ITERATIONS):
        breathe()
        # The arch pulls the centroid back from the body; a lump without one has no behind.
        if np.linalg.norm(np.cross(whole - centre, cranial)) < occupancy.spacing_mm:
            return None
        axes = axes_towards(whole - centre, cranial)
        upper = fit_plate(occupancy, centre, axes, cranial=True)
        lower = fit_plate(occupancy, centre, axes, cranial=False)
        if upper is None or lower is None:
            return None
        mean = upper.normal_lps + lower.normal_lps
        cranial = mean / np.linalg.norm(mean)
        centre = (upper.centre_lps_mm + lower.centre_lps_mm) / 2
        axes = axes_towards(whole - centre, cranial)
        draft = BoneDraft(name, occupancy, centre, axes, upper, lower)
    return draft


def _finish(
    draft: BoneDraft,
    distance: Sampler,
    normals: tuple[NDArray[np.float64], NDArray[np.float64]],
    sigma: float,
) -> VertebraFrame | None:
    """Lay the axes along the tied plates and the mirror plane, and measure the landmarks."""
    mean = normals[0] + normals[1]
    axes = axes_towards(draft.axes[:, 1], mean / np.linalg.norm(mean))
    occupancy = draft.occupancy
    centre, axes = refine_axes(distance, draft.centre_lps_mm, axes, sigma_roll_deg=sigma)
    front, back = _find_walls_mm(occupancy, centre, axes)
    if not np.isfinite(front + back):
        return None
    centre = centre + axes[:, 1] * (back - front) / 2
    # Once more: landmarks belong to the final axes, not to those they were sought with.
    upper = fit_plate(occupancy, centre, axes, cranial=True)
    lower = fit_plate(occupancy, centre, axes, cranial=False)
    if upper is None or lower is None:
        return None
    origin = (upper.centre_lps_mm + lower.centre_lps_mm) / 2
    frame = RigidTransform.from_axes("lps", f"vertebra_{draft.vertebra}", axes, origin)
    wall = (front + back) / 2
    # The tie and the mirror plane disagree by a little roll; plates follow the mirror plane.
    rolled = [_roll_onto(normal, axes, mean) for normal in normals]
    return VertebraFrame(
        draft.vertebra,
        frame,
        plate_frame(f"upper_plate_{draft.vertebra}", upper.centre_lps_mm, rolled[0], axes),
        plate_frame(f"lower_plate_{draft.vertebra}", lower.centre_lps_mm, rolled[1], axes),
        wall,
        find_pedicles(occupancy, frame, wall),
        sigma,
    )


def _roll_onto(
    normal: NDArray[np.float64], axes: NDArray[np.float64], mean: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Carry a plate normal along with the roll that the mirror plane gave the axes."""
    carried: NDArray[np.float64] = normal + axes[:, 2] - mean / np.linalg.norm(mean)
    return carried / np.linalg.norm(carried)


def _find_walls_mm(
    occupancy: Sampler, centre: NDArray[np.float64], axes: NDArray[np.float64]
) -> tuple[float, float]:
    """Return how far the anterior and posterior wall lie from the centre, mm."""
    half_width, half_height = values("completion_bone.wall_window_mm")
    x = np.linspace(-half_width, half_width, 2 * FRAME_ITERATIONS + 1)
    z = np.linspace(-half_height, half_height, 2 * FRAME_ITERATIONS + 1)
    window = np.stack(np.meshgrid(x, 0.0, z, indexing="ij"), axis=-1).reshape(-1, 3)
    starts = centre + window @ axes.T
    reach = value("completion_bone.plate_reach_mm")
    distances = []
    for direction in (-axes[:, 1], axes[:, 1]):
        exits = find_exit_mm(occupancy, starts, direction, reach_mm=reach)
        kept = exits[np.isfinite(exits)]
        # The median: in the middle of the posterior wall the basivertebral vein leaves the body.
        distances.append(float(np.median(kept)) if len(kept) else float("nan"))
    return distances[0], distances[1]
