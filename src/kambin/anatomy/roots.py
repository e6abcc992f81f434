"""Relaxing the drafted roots out of bone and disc, and judging what came out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from kambin.anatomy.canal import discs_on_grid
from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.root_drafts import RootDraft
from kambin.anatomy.sampling import Sampler
from kambin.core import breathe
from kambin.imaging import Grid, signed_distance_from_occupancy
from kambin.knowledge import value

RELAX_ITERATIONS = 250
"""Steps of the relaxation; recipes 4. After 250 the largest step is below 0.01 mm."""


@dataclass(frozen=True, slots=True)
class Obstacles:
    """Signed distances to what a root cannot pass, on the working grid.

    Parameters
    ----------
    bone, disc : Sampler, mm, positive outside
    room : Sampler, mm, the smaller of both, each less the gap that a root keeps
    """

    bone: Sampler
    disc: Sampler
    room: Sampler

    def free_mm(self, points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distance to the nearer of bone and disc, shape (...,), mm."""
        return np.minimum(self.bone.sample(points_lps_mm), self.disc.sample(points_lps_mm))


@dataclass(frozen=True, slots=True)
class RelaxedRoot:
    """One root after relaxation.

    Parameters
    ----------
    draft : RootDraft it came from
    points_lps_mm : float array, shape (N, 3), mm, LPS
    radii_mm : float array, shape (N,), mm, thinned where bone leaves less room
    ganglion_radii_mm : float array, shape (N,), mm
    moved_mm : float, mm, largest distance from the drafted curve
    overlap_mm : float, mm, largest overlap with bone or disc that is left, 0 if none
    """

    draft: RootDraft
    points_lps_mm: NDArray[np.float64]
    radii_mm: NDArray[np.float64]
    ganglion_radii_mm: NDArray[np.float64]
    moved_mm: float
    overlap_mm: float

    @property
    def is_credible(self) -> bool:
        """Return whether the rules of the level fitted this patient's bone."""
        return self.moved_mm <= value(
            "completion_nerve.moved_most_mm"
        ) and self.overlap_mm <= value("completion_nerve.overlap_most_mm")


def find_obstacles(bony: BonyAnatomy, drafts: Sequence[RootDraft]) -> Obstacles:
    """Measure signed distances to all vertebrae and all discs around the drafted roots.

    Parameters
    ----------
    bony : BonyAnatomy
    drafts : sequence of RootDraft, at least one; the distances reach a little beyond them

    Returns
    -------
    Obstacles, mm, positive outside

    Raises
    ------
    InputError  (IN-040) if no bone lies around the drafts
    """
    grid = bony.working_grid
    points = np.concatenate([d.points_lps_mm for d in drafts])
    margin_mm = value("completion_nerve.obstacle_margin_mm")
    low = np.floor(grid.ijk(points.min(axis=0) - margin_mm)).astype(int)
    high = np.ceil(grid.ijk(points.max(axis=0) + margin_mm)).astype(int) + 1
    low, high = np.maximum(low, 0), np.minimum(high, grid.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    a, b, c = (high - low).tolist()
    # A box around the roots: nothing further away can push them.
    part = Grid(
        grid.origin_lps_mm + low * grid.spacing_mm, grid.spacing_mm, (a, b, c), grid.frame_id
    )
    bone = signed_distance_from_occupancy(bony.bone.occupancy[box], part).values
    discs = discs_on_grid(bony)[box]
    if discs.any():
        disc = signed_distance_from_occupancy(discs.astype(np.float32), part).values
    else:
        # Without a disc everything is far from one: bone alone then pushes.
        disc = np.full(part.shape, np.float32(max(part.shape) * part.spacing_mm))
    room = np.minimum(
        bone - np.float32(value("completion_nerve.gap_to_bone_mm")),
        disc - np.float32(value("completion_nerve.gap_to_disc_mm")),
    )
    return Obstacles(_sampler(bone, part), _sampler(disc, part), _sampler(room, part))


def relax_roots(drafts: Sequence[RootDraft], obstacles: Obstacles) -> tuple[RelaxedRoot, ...]:
    """Push roots out of bone and disc while they stay smooth and near their drafts.

    Parameters
    ----------
    drafts : sequence of RootDraft with equal numbers of points
    obstacles : Obstacles

    Returns
    -------
    one RelaxedRoot per draft, in the same order

    Notes
    -----
    250 steps of: towards the neighbours' mean, a little back to the draft, and out along
    the gradient of the free room as far as the radius asks. The first point, on the sac, is
    held. All roots move together and independently, so that mirrored input gives mirrored
    output.
    """
    if not drafts:
        return ()
    start = np.stack([d.points_lps_mm for d in drafts])
    needed = np.stack([d.needed_radii_mm for d in drafts])
    points = start.copy()
    smoothing, pull = (
        value("completion_nerve.relax_smoothing"),
        value("completion_nerve.relax_pull"),
    )
    for _ in range(RELAX_ITERATIONS):
        breathe()
        bend = np.zeros_like(points)
        bend[:, 1:-1] = (points[:, :-2] + points[:, 2:]) / 2 - points[:, 1:-1]
        points = points + smoothing * bend + pull * (start - points)
        # Pushed last, so that smoothing never has the final word inside bone.
        points = points + _push(points, needed, obstacles.room)
        points[:, 0] = start[:, 0]
    return tuple(_judge(d, p, obstacles) for d, p in zip(drafts, points, strict=True))


def _push(
    points: NDArray[np.float64], needed_mm: NDArray[np.float64], room: Sampler
) -> NDArray[np.float64]:
    """Return the step that takes points out of what is too near, shape (R, N, 3), mm."""
    lacking = needed_mm - room.sample(points)
    near = lacking > 0
    gradient = room.gradient(points[near])
    length = np.linalg.norm(gradient, axis=-1, keepdims=True)
    outward = gradient / np.maximum(length, 10.0**-6)
    step = np.zeros_like(points)
    # Half a node at most: further away the gradient is another one.
    step[near] = outward * np.minimum(lacking[near], room.spacing_mm)[:, None] * 0.5
    return step


def _judge(
    draft: RootDraft, points_lps_mm: NDArray[np.float64], obstacles: Obstacles
) -> RelaxedRoot:
    free_mm = obstacles.free_mm(points_lps_mm)
    # Flattened before it is judged: a root gives way in a narrow foramen, it is not cut by it.
    radii = _thinned(draft.radii_mm, free_mm)
    ganglion = _thinned(draft.ganglion_radii_mm, free_mm)
    overlap_mm = float(np.max(np.maximum(radii, ganglion) - free_mm))
    # Sliding along its own curve is no move: measured to the drafted line, not point to point.
    fine = _refined(draft.points_lps_mm)
    distances, _ = cKDTree(fine).query(points_lps_mm)
    return RelaxedRoot(
        draft, points_lps_mm, radii, ganglion, float(np.max(distances)), max(overlap_mm, 0.0)
    )


def _thinned(radii_mm: NDArray[np.float64], free_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return radii that fit the room, at least a share of what they were, shape (N,), mm."""
    least = radii_mm * value("completion_nerve.least_radius_share")
    thin: NDArray[np.float64] = np.clip(free_mm, least, radii_mm)
    return thin


def _refined(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a poly-line with points inserted, so that the nearest point is the nearest place."""
    shares = np.linspace(0.0, 1.0, 4 * 2, endpoint=False)[:, None, None]
    between = points[:-1] * (1.0 - shares) + points[1:] * shares
    return np.concatenate([between.reshape(-1, 3), points[-1:]])


def _sampler(values: NDArray[np.float32], grid: Grid) -> Sampler:
    return Sampler(values, grid.origin_lps_mm, grid.spacing_mm)
