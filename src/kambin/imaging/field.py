"""Signed distance fields: how far every point lies from one structure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.core import InputError
from kambin.imaging._field_kernels import largest_slope, sample_trilinear
from kambin.imaging.grid import Grid


@dataclass(frozen=True, slots=True)
class Field:
    """Signed distance to one structure: positive outside, negative inside.

    Parameters
    ----------
    grid : Grid of the nodes
    values : float32 array, shape ``grid.shape``, mm
    slope : float, the largest difference of two neighbouring nodes divided by their
        distance, over all 13 neighbour directions; a search multiplies its slack by it
    sigma_mm : float, mm, the standard deviation of the field's own error, for a shape of
        this thickness at this spacing

    Raises
    ------
    InputError  (IN-041) if the values do not have the shape of the grid
    """

    grid: Grid
    values: NDArray[np.float32]
    slope: float
    sigma_mm: float

    def __post_init__(self) -> None:
        """Keep a read-only view, and refuse values of another shape."""
        if self.values.shape != self.grid.shape:
            raise InputError(
                code="IN-041",
                what="A field does not fit its grid",
                where=f"values of shape {self.values.shape}",
                why=f"The grid has the shape {self.grid.shape}.",
                next_step="Make the field on the grid it is used with.",
            )
        # One field serves many searches and the store; nobody may change it for the others.
        values = self.values.view()
        values.setflags(write=False)
        object.__setattr__(self, "values", values)

    @classmethod
    def measured(
        cls,
        grid: Grid,
        values: NDArray[np.float32],
        sigma_mm: float,
        near: tuple[slice, slice, slice] | None = None,
    ) -> "Field":
        """Return the field with its slope measured on its own values.

        Parameters
        ----------
        grid : Grid
        values : float32 array, shape ``grid.shape``, mm
        sigma_mm : float, mm
        near : slices of the nodes outside which every value is the exact distance to a set
            of points, whose slope is 1; without them all nodes are looked at

        Raises
        ------
        InputError  (IN-041) as the constructor
        """
        kept = np.ascontiguousarray(values, dtype=np.float32)
        # Looking at 13 neighbours of ten million nodes takes as long as making the field.
        part = kept if near is None else np.ascontiguousarray(kept[near])
        slope = float(largest_slope(part)) / grid.spacing_mm if part.size else 1.0
        # Beyond the slices distances to points may rise by 1; nothing was measured there.
        slope = slope if near is None else max(slope, 1.0)
        return cls(grid, kept, slope, float(sigma_mm))

    def sample(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return the distance at points, trilinear between nodes, held beyond the border.

        Parameters
        ----------
        points_lps_mm : float array, shape (N, 3), mm, LPS

        Returns
        -------
        float array, shape (N,), mm, positive outside
        """
        # Between nodes the slope may reach sqrt(3): a search that skips ahead allows for it.
        nodes = self.grid.ijk(points_lps_mm).reshape(-1, 3)
        sampled: NDArray[np.float64] = sample_trilinear(self.values, nodes)
        return sampled
