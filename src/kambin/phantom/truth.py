"""What is true of a phantom: every structure at any spacing, its lines and frames."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import DiscFrame, Level, StructureKey, Tube, VertebraFrame
from kambin.core import AnatomyError
from kambin.imaging import LabelMap, Surface, Volume, extract_surface
from kambin.phantom.shapes import Axes, Piece, Shape

SUPERSAMPLES = 3
"""Sub-voxels along each axis over which an occupancy is averaged: steps of 1/27."""

SLAB_CHUNK = 48
"""Planes of voxels worked on at a time, which bounds the memory."""


@dataclass(frozen=True)
class PhantomTruth:
    """The made patient itself, from which image and labels are taken.

    Parameters
    ----------
    shapes : Shape in the order of painting; a later one overrides an earlier one
    low_lps_mm, high_lps_mm : float arrays, shape (3,), mm, LPS, corners of the image
    centre_lines : mapping of StructureKey of a root or ganglion to its Tube
    vertebra_frames : mapping of vertebra to VertebraFrame
    disc_frames : mapping of Level to DiscFrame
    frame_id : str
    painted : LabelMap, every part at one spacing if it is already at hand
    """

    shapes: tuple[Shape, ...]
    low_lps_mm: NDArray[np.float64]
    high_lps_mm: NDArray[np.float64]
    centre_lines: Mapping[StructureKey, Tube]
    vertebra_frames: Mapping[str, VertebraFrame]
    disc_frames: Mapping[Level, DiscFrame]
    frame_id: str
    painted: LabelMap | None = field(default=None, repr=False)

    @cached_property
    def names(self) -> Mapping[int, StructureKey]:
        """Return the name of each value of ``labels``, every part on its own."""
        keys = dict.fromkeys(key for shape in self.shapes for key in shape.parts)
        return dict(enumerate(keys, start=1))

    def axes(self, spacing_mm: float) -> Axes:
        """Return the voxel centres along each LPS axis, mm, three arrays of shape (N,)."""
        x, y, z = (
            low + spacing_mm * (np.arange(int(np.ceil((high - low) / spacing_mm))) + 0.5)
            for low, high in zip(self.low_lps_mm, self.high_lps_mm, strict=True)
        )
        return x, y, z

    def labels(self, spacing_mm: float) -> LabelMap:
        """Return every structure and part as labels; values are named by ``names``.

        Parameters
        ----------
        spacing_mm : float, mm

        Returns
        -------
        LabelMap from skin to skin, axes along LPS
        """
        axes = self.axes(spacing_mm)
        affine = affine_of(axes)
        # Only on the very same grid: half a voxel off would be another truth.
        if self.painted is not None and np.array_equal(self.painted.lps_from_ijk, affine):
            return self.painted
        return LabelMap(self._paint(axes), affine, self.frame_id)

    def distance(
        self, key: StructureKey, points_lps_mm: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the signed distance of points to a whole structure, negative inside.

        Parameters
        ----------
        key : StructureKey of a whole structure, such as ``vertebra:L4``
        points_lps_mm : float array, shape (N, 3), mm, LPS

        Returns
        -------
        float array, shape (N,), mm

        Raises
        ------
        AnatomyError  (AN-180) if the phantom has no such structure
        """
        # Skin is painted twice, the body and the fat inside the wall: the union is the structure.
        each = [shape.distance(points_lps_mm) for shape in self._require(key)]
        return np.asarray(np.min(each, axis=0))

    def occupancy(self, key: StructureKey, spacing_mm: float) -> Volume:
        """Return which share of each voxel a structure fills, 0 to 1.

        Parameters
        ----------
        key : StructureKey of a structure or of one part, such as ``sap:L5:left``
        spacing_mm : float, mm

        Returns
        -------
        Volume on the part of the grid of ``labels(spacing_mm)`` that holds the structure

        Raises
        ------
        AnatomyError  (AN-180) if the phantom has no such structure
        """
        axes = _cropped(self.axes(spacing_mm), self._pieces(key), 2 * spacing_mm)
        # Centres of the sub-voxels: their mean is the voxel's own centre, so that nothing shifts.
        fine = (np.arange(SUPERSAMPLES) + 0.5) / SUPERSAMPLES - 0.5
        fx, fy, fz = ((axis[:, None] + spacing_mm * fine).ravel() for axis in axes)
        inside = np.isin(self._paint((fx, fy, fz), key), self._values(key))
        a, b, c = (len(axis) for axis in axes)
        n = SUPERSAMPLES
        share = inside.reshape(a, n, b, n, c, n).mean(axis=(1, 3, 3 + 2), dtype=np.float32)
        return Volume(share, affine_of(axes), self.frame_id)

    def surface(self, key: StructureKey, spacing_mm: float) -> Surface:
        """Return the closed surface of a structure or part, made from labels at a spacing.

        Parameters
        ----------
        key : StructureKey of a structure or of one part
        spacing_mm : float, mm

        Raises
        ------
        AnatomyError  (AN-180) if the phantom has no such structure
        """
        return extract_surface(self.region(key, spacing_mm))

    def region(self, key: StructureKey, spacing_mm: float) -> LabelMap:
        """Return a structure as a map of 0 and 1, cropped to it.

        Parameters
        ----------
        key : StructureKey of a structure or of one part
        spacing_mm : float, mm

        Raises
        ------
        AnatomyError  (AN-180) if the phantom has no such structure
        """
        # A free rim, or the surface would stay open at the border.
        axes = _cropped(self.axes(spacing_mm), self._pieces(key), 3 * spacing_mm)
        inside = np.isin(self._paint(axes, key), self._values(key))
        return LabelMap(inside.astype(np.uint8), affine_of(axes), self.frame_id)

    def _paint(self, axes: Axes, key: StructureKey | None = None) -> NDArray[np.uint8]:
        """Paint all structures on a grid, slab by slab, or one with what may cover it."""
        wanted = [k for k, shape in enumerate(self.shapes) if key in (shape.key, *shape.parts)]
        # What was painted before cannot hide it: most of the patient is left out.
        shapes = self.shapes[min(wanted, default=0) :]
        value_of = {key: number for number, key in self.names.items()}
        painted = np.zeros(tuple(len(axis) for axis in axes), dtype=np.uint8)
        for start in range(0, len(axes[2]), SLAB_CHUNK):
            slab = slice(start, start + SLAB_CHUNK)
            part_axes = (axes[0], axes[1], axes[2][slab])
            for shape in shapes:
                table = np.array([value_of[key] for key in shape.parts], dtype=np.uint8)
                sample = shape.sample(part_axes, margin_mm=0)
                if sample.distance_mm.size:
                    inside = sample.distance_mm < 0
                    np.copyto(painted[:, :, slab][sample.box], table[sample.part], where=inside)
        return painted

    def _values(self, key: StructureKey) -> list[int]:
        """Return the label values that make up a structure or part."""
        parts = {part for shape in self.shapes if shape.key == key for part in shape.parts}
        wanted = parts or {key}
        return [number for number, name in self.names.items() if name in wanted]

    def _pieces(self, key: StructureKey) -> list[Piece]:
        """Return the pieces that make up a structure or part."""
        shapes = self._require(key)
        # A part with borders of its own may lie in any of the pieces it is cut from.
        blocks = {k for shape in shapes if shape.parting for k in shape.parting.blocks_of(key)}
        pieces = [piece for shape in shapes for piece in shape.pieces]
        own = [p for p in pieces if p.part == key]
        cut = [p for p in pieces if p.part.kind in blocks and p.part.side in (None, key.side)]
        return own + cut or pieces

    def _require(self, key: StructureKey) -> list[Shape]:
        """Return the shapes that make a structure or contain a part."""
        found = [s for s in self.shapes if s.key == key or key in s.parts]
        if not found:
            raise AnatomyError(
                code="AN-180",
                what="The phantom has no such structure",
                where=str(key),
                why="It was not built for these parameters.",
                next_step="Ask for one of the keys in PhantomTruth.names.",
            )
        return found


def affine_of(axes: Axes) -> NDArray[np.float64]:
    """Return the affine of a grid given by its LPS axes.

    Parameters
    ----------
    axes : LPS coordinates of the grid planes, three 1-D arrays, mm, evenly spaced

    Returns
    -------
    float array, shape (4, 4), mm, LPS from voxel index
    """
    affine = np.eye(4)
    for k, axis in enumerate(axes):
        # Over the whole axis: a single step would carry its rounding to the far end.
        affine[k, k] = (axis[-1] - axis[0]) / max(1, len(axis) - 1) if len(axis) > 1 else 1
        affine[k, 3] = axis[0]
    return affine


def _cropped(axes: Axes, pieces: list[Piece], margin_mm: float) -> Axes:
    lows, highs = zip(*(piece.bounds_lps_mm() for piece in pieces), strict=True)
    low, high = np.min(lows, axis=0) - margin_mm, np.max(highs, axis=0) + margin_mm
    x, y, z = (axis[(axis >= a) & (axis <= b)] for axis, a, b in zip(axes, low, high, strict=True))
    return x, y, z
