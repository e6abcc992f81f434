"""Pieces placed in the patient, joined to shapes, and evaluated on grids or at points."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.anatomy import StructureKey
from kambin.frames import RigidTransform, Side
from kambin.phantom.parting import Parting
from kambin.phantom.solids import (
    Array,
    Corners,
    Solid,
    TubeSolid,
    smooth_maximum,
    smooth_minimum,
)

Axes = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

FAR_MM = np.float32(10.0**3)
"""Distance given to points no piece reaches; larger than any patient."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One solid at its place in the patient.

    Parameters
    ----------
    part : StructureKey, the anatomical part the piece makes
    solid : Solid in its own frame
    local_from_lps : float array, shape (4, 4), rigid, or rigid and mirrored for a right side
    blend_mm : float, mm, fillet towards the pieces before it
    inflate_mm : float, mm, grows the solid; used for cuts that leave a gap
    """

    part: StructureKey
    solid: Solid
    local_from_lps: NDArray[np.float64]
    blend_mm: float = 0.0
    inflate_mm: float = 0.0

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        """Return the signed distance of LPS points, mm, in the shape x, y and z broadcast to."""
        # Single precision halves memory and time and still keeps a micrometre across a patient.
        m = self.local_from_lps[:3].astype(np.float32)
        if np.ndim(x) == 1:
            # A list of points, asked for thousands of times: one product instead of nine.
            u, v, w = m[:, :3] @ np.stack([x, y, z]) + m[:, 3:]
        else:
            u, v, w = (_row(row, (x, y, z)) for row in m)
        found = self.solid.distance(u, v, w)
        return found - np.float32(self.inflate_mm) if self.inflate_mm else found

    def bounds_lps_mm(self) -> Corners:
        """Return the box around the piece and its fillet, corners shape (3,), mm, LPS."""
        low, high = self.solid.bounds()
        back = self.local_from_lps[:3, :3].T
        middle = back @ ((low + high) / 2 - self.local_from_lps[:3, 3])
        # The box of the turned box: a smaller one would cut anatomy off.
        half = np.abs(back) @ ((high - low) / 2)
        # A flattened tube gives lower bounds of the distance, so that it inflates further.
        half = half + self.blend_mm + 2 * self.inflate_mm
        return middle - half, middle + half

    def inflated(self, inflate_mm: float) -> "Piece":
        """Return the piece grown by a gap, to be used as a cut."""
        return replace(self, inflate_mm=inflate_mm)


@dataclass(frozen=True, slots=True)
class Sample:
    """A shape on a grid: only the box it reaches.

    Parameters
    ----------
    box : slices of the grid
    distance_mm : float32 array, shape of the box, mm
    part : uint8 array, shape of the box, index of the nearest piece's part
    """

    box: tuple[slice, slice, slice]
    distance_mm: NDArray[np.float32]
    part: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Shape:
    """One structure of the patient: joined pieces, minus cuts.

    Parameters
    ----------
    key : StructureKey of the whole
    pieces : what is joined, each with its own fillet
    cuts : what is taken away
    parting : Parting, where the parts of it end; none if with the pieces that make them
    """

    key: StructureKey
    pieces: tuple[Piece, ...]
    cuts: tuple[Piece, ...] = ()
    parting: Parting | None = None

    @property
    def parts(self) -> tuple[StructureKey, ...]:
        """Return the anatomical parts in the order of ``Sample.part``."""
        return tuple(dict.fromkeys(piece.part for piece in self.pieces))

    def bounds_lps_mm(self) -> Corners:
        """Return the box around all pieces, corners shape (3,), mm, LPS."""
        lows, highs = zip(*(piece.bounds_lps_mm() for piece in self.pieces), strict=True)
        return np.min(lows, axis=0), np.max(highs, axis=0)

    def distance(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return the signed distance of points, shape (N, 3), mm, LPS; negative inside."""
        x, y, z = np.asarray(points_lps_mm, dtype=np.float32).T
        found = np.full(x.shape, FAR_MM)
        # In the given order, as on a grid: fillets depend on who was there first.
        for piece in self.pieces:
            found = smooth_minimum(found, piece.distance(x, y, z), piece.blend_mm)
        for cut in self.cuts:
            found = smooth_maximum(found, -cut.distance(x, y, z), cut.blend_mm)
        return found.astype(np.float64)

    def sample(self, axes: Axes, *, margin_mm: float) -> Sample:
        """Evaluate the shape on a grid given by its three LPS axes.

        Parameters
        ----------
        axes : LPS coordinates of the grid planes, three 1-D arrays, mm
        margin_mm : float, mm, how far around the shape values are wanted

        Returns
        -------
        Sample, distances in mm, exact within the margin
        """
        box = _box(self.bounds_lps_mm(), axes, margin_mm)
        origin = tuple(s.start for s in box)
        shape = tuple(max(0, s.stop - s.start) for s in box)
        distance = np.full(shape, FAR_MM, dtype=np.float32)
        nearest = np.full(shape, FAR_MM, dtype=np.float32)
        part = np.zeros(shape, dtype=np.uint8)
        parts = self.parts
        if not distance.size:
            return Sample(box, distance, part)
        # A fillet reaches further than the pieces it joins; all of them must be known there.
        reach = margin_mm + max(piece.blend_mm for piece in self.pieces)
        for piece in self.pieces:
            inner, found = _evaluate(piece, axes, box, reach)
            here = tuple(slice(s.start - o, s.stop - o) for s, o in zip(inner, origin, strict=True))
            distance[here] = smooth_minimum(distance[here], found, piece.blend_mm)
            closer = found < nearest[here]
            # Also in a fillet every voxel belongs to one part: to the nearer piece.
            part[here][closer] = parts.index(piece.part)
            np.minimum(nearest[here], found, out=nearest[here])
        for cut in self.cuts:
            inner, found = _evaluate(cut, axes, box, margin_mm)
            here = tuple(slice(s.start - o, s.stop - o) for s, o in zip(inner, origin, strict=True))
            distance[here] = smooth_maximum(distance[here], -found, cut.blend_mm)
        if self.parting is not None:
            open_grid = np.ix_(*(a[s].astype(np.float32) for a, s in zip(axes, box, strict=True)))
            part = self.parting.apply(part, parts, open_grid)
        return Sample(box, distance, part)


def _row(row: NDArray[np.float32], axes: tuple[Array, Array, Array]) -> Array:
    """Return one coordinate of the local frame; axes it does not depend on stay thin."""
    found: Array = np.asarray(row[3], dtype=np.float32)
    for factor, axis in zip(row[:3], axes, strict=True):
        if factor != 0:
            found = found + (axis if factor == 1 else factor * axis)
    return found


def _evaluate(
    piece: Piece, axes: Axes, box: tuple[slice, slice, slice], margin_mm: float
) -> tuple[tuple[slice, slice, slice], Array]:
    """Return the part of the box a piece reaches, and its distances there."""
    a, b, c = (
        slice(max(s.start, t.start), max(min(s.stop, t.stop), s.start, t.start))
        for s, t in zip(_box(piece.bounds_lps_mm(), axes, margin_mm), box, strict=True)
    )
    x, y, z = (axis.astype(np.float32) for axis in axes)
    found = piece.distance(x[a, None, None], y[None, b, None], z[None, None, c])
    shape = (a.stop - a.start, b.stop - b.start, c.stop - c.start)
    return (a, b, c), np.broadcast_to(found, shape)


def _box(bounds: Corners, axes: Axes, margin_mm: float) -> tuple[slice, slice, slice]:
    """Return the grid indices within a margin of a box."""
    low, high = bounds[0] - margin_mm, bounds[1] + margin_mm
    a, b, c = (
        slice(int(np.searchsorted(axis, low[k])), int(np.searchsorted(axis, high[k], "right")))
        for k, axis in enumerate(axes)
    )
    return a, b, c


def place(
    part: StructureKey,
    solid: Solid,
    frame: RigidTransform,
    *,
    centre_mm: ArrayLike = (0.0, 0.0, 0.0),
    axes: ArrayLike | None = None,
    side: Side | None = None,
    blend_mm: float = 0.0,
) -> Piece:
    """Put a solid into the patient.

    Parameters
    ----------
    part : StructureKey the piece makes
    solid : Solid
    frame : RigidTransform, LPS from the frame in which the place is given
    centre_mm : float array, shape (3,), mm, in that frame, for a left side
    axes : float array, shape (3, 3), columns are the solid's axes in that frame
    side : Side; the right side is the mirror image of what is given
    blend_mm : float, mm, fillet

    Returns
    -------
    Piece with ``local_from_lps`` of shape (4, 4), mm
    """
    local = np.eye(4)
    turn = np.eye(3) if axes is None else np.asarray(axes, dtype=np.float64)
    local[:3, :3] = turn.T
    local[:3, 3] = -turn.T @ np.asarray(centre_mm, dtype=np.float64)
    # Mirrored in the frame, not in LPS: left and right differ by what was drawn, not by tilt.
    mirror = np.eye(4)
    mirror[0, 0] = -1.0 if side is Side.RIGHT else 1.0
    return Piece(part, solid, local @ mirror @ frame.inverse().matrix, blend_mm)


def place_tube(part: StructureKey, tube: TubeSolid, frame: RigidTransform) -> tuple[Piece, ...]:
    """Put a tube into the patient segment by segment, so that each has its own small box.

    Parameters
    ----------
    part : StructureKey the tube makes
    tube : TubeSolid
    frame : RigidTransform, LPS from the tube's frame

    Returns
    -------
    tuple of N - 1 Piece for a tube of shape (N, 3)
    """
    pairs = zip(tube.points_mm, tube.points_mm[1:], tube.radii_mm, tube.radii_mm[1:], strict=False)
    return tuple(
        place(part, TubeSolid(np.array([a, b]), np.array([ra, rb]), tube.squeeze), frame)
        for a, b, ra, rb in pairs
    )


def turned(
    yaw_deg: float = 0.0, pitch_deg: float = 0.0, roll_deg: float = 0.0
) -> NDArray[np.float64]:
    """Return axes turned about z (yaw), then x (pitch), then y (roll).

    Parameters
    ----------
    yaw_deg, pitch_deg, roll_deg : float, degrees

    Returns
    -------
    float array, shape (3, 3), columns are the turned axes
    """
    angles = np.radians([yaw_deg, pitch_deg, roll_deg])
    (cy, cp, cr), (sy, sp, sr) = np.cos(angles), np.sin(angles)
    yaw = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, 0, sr], [0, 1, 0], [-sr, 0, cr]])
    axes: NDArray[np.float64] = yaw @ pitch @ roll
    return axes


def bounds_of(shapes: Iterable[Shape]) -> Corners:
    """Return the box around several shapes, corners shape (3,), mm, LPS."""
    lows, highs = zip(*(shape.bounds_lps_mm() for shape in shapes), strict=True)
    return np.min(lows, axis=0), np.max(highs, axis=0)
