"""By how much a trilinear field can differ between two points: what every bound rests on."""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from kambin.planning.kernels import Scalar

SPREAD = 3 / 4
"""Largest mean squared deviation of the coupled corners of two cells, in squared nodes."""

KINDS_BINS = 5
"""Rises along three axes, to edge and to corner neighbours."""

ROUNDING_MM = 1e-4
"""What float32 arithmetic may add to a sampled value, mm: positions of up to 500 nodes are known
to 6e-5 nodes, and values of up to 100 mm to 8e-6 mm."""


@dataclass(frozen=True, slots=True)
class Slack:
    """How far the values of one field can lie apart at two points.

    Parameters
    ----------
    steep_mm : float, mm per node, the largest gradient of the interpolant
    far_mm : float, mm per node, the largest rise between any two nodes per node of distance

    Notes
    -----
    At p the interpolant is the mean of the field over the random corner floor(p + U), where every
    coordinate has a number U of its own, uniform in [0, 1): these are the trilinear weights. With
    the same U at q, d nodes away, the two corners differ along an axis by the whole number below
    or above the difference of the coordinates, with that mean and a variance of at most 1/4. So
    the values differ by at most far E|A - B| <= far sqrt(E|A - B|^2) <= far sqrt(d^2 + 3/4).
    Between two nodes a >= b >= c apart lead a - b steps to a face neighbour, b - c to an edge and
    c to a corner neighbour; with the largest rise f, e, k of each, Cauchy-Schwarz gives
    far = |(f, max(e - f, 0), max(k - e, 0))|, which is 1.128 for the slope 1 in all directions.
    Within a cell the derivative along an axis is a mean of differences of neighbours along it, so
    that the gradient is at most the root of the squared largest ones, and the values differ by
    at most steep d. The slack is the less of both. A distance field is nowhere assumed.
    """

    steep_mm: float
    far_mm: float

    @classmethod
    def measured(cls, field: NDArray[np.float32]) -> "Slack":
        """Return the slack of a field from the differences of all its neighbouring nodes.

        Parameters
        ----------
        field : float32 array, shape (I, J, K), mm
        """
        x, y, z, edge, corner = find_rises(np.ascontiguousarray(field)).tolist()
        face = max(x, y, z)
        # A constant field has no slope; a positive one spares the march a division by zero.
        tiny = float(np.finfo(np.float32).eps)
        steps = [face, max(edge - face, 0.0), max(corner - edge, 0.0)]
        return cls(max(_norm([x, y, z]), tiny), max(_norm(steps), tiny))

    def at_mm(self, nodes: NDArray[np.floating] | float) -> NDArray[np.float64]:
        """Return the largest difference of two values, mm.

        Parameters
        ----------
        nodes : float or float array, distance of the points in node spacings
        """
        d = np.asarray(nodes, dtype=np.float64)
        least: NDArray[np.float64] = np.minimum(
            self.steep_mm * d, self.far_mm * np.sqrt(d * d + SPREAD)
        )
        return least


def _norm(numbers: list[float]) -> float:
    return float(np.linalg.norm(numbers))


# A maximum has no rounding, so fastmath changes nothing where no value is missing.
@njit(fastmath=True)
def _rise(here: Scalar, there: Scalar) -> Scalar:  # pragma: no cover
    """Return the largest differences of two rows: side by side, and one node on or back.

    Three maxima beside each other: one alone waits for itself and takes thrice as long.
    """
    straight, onward, backward = np.float32(0), np.float32(0), np.float32(0)
    count = here.shape[0] - 1
    near, near_on = here[:count], here[1:]
    far, far_on = there[:count], there[1:]
    for k in range(count):
        straight = max(straight, abs(far[k] - near[k]))
        onward = max(onward, abs(far_on[k] - near[k]))
        backward = max(backward, abs(far[k] - near_on[k]))
    return max(straight, abs(there[count] - here[count])), max(onward, backward)


@njit(parallel=True, fastmath=True, cache=True)
def find_rises(field: NDArray[np.float32]) -> NDArray[np.float64]:  # pragma: no cover
    """Return the largest difference of neighbours: along each axis, of edge and corner, mm.

    Parameters
    ----------
    field : float32 array, shape (I, J, K), mm

    Returns
    -------
    float array, shape (5,), mm
    """
    # One row for each plane: threads never write to the same place.
    rises = np.zeros((field.shape[0], KINDS_BINS), dtype=np.float64)
    for i in prange(field.shape[0]):
        for j in range(field.shape[1]):
            # A row beside itself: what lies one node on is its neighbour along the last axis.
            rises[i, 2] = max(rises[i, 2], _rise(field[i, j], field[i, j])[1])
            for di in range(min(2, field.shape[0] - i)):
                # Half of the eight rows around; the others are the same pairs again.
                for dj in range(-1 if di else 1, 2):
                    if 0 <= j + dj < field.shape[1]:
                        steps = di + abs(dj)
                        straight, slanted = _rise(field[i, j], field[i + di, j + dj])
                        kind = (0 if di else 1) if steps == 1 else 3
                        rises[i, kind] = max(rises[i, kind], straight)
                        rises[i, steps + 2] = max(rises[i, steps + 2], slanted)
    return np.array([rises[:, n].max() for n in range(KINDS_BINS)])
