"""How long, wide and large a ganglion is, by its tube or by the voxels of its mask."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Structure


@dataclass(frozen=True, slots=True)
class GanglionSize:
    """The size of one ganglion.

    Parameters
    ----------
    length_mm, width_mm : float, mm, along it and across its widest place
    volume_mm3 : float, mm3
    middle_lps_mm : float array, shape (3,), mm, LPS
    """

    length_mm: float
    width_mm: float
    volume_mm3: float
    middle_lps_mm: NDArray[np.float64]


def find_ganglion_size(ganglion: Structure) -> GanglionSize:
    """Return the size of a ganglion; of a mask by its own voxels, not by a line through them.

    Parameters
    ----------
    ganglion : Structure with a tube, or with a mask of at least one voxel

    Notes
    -----
    Of a mask: the length along its longest axis, from voxel to voxel and one voxel more; the width
    is that of a round body of this length that tapers like an ellipsoid and holds its volume.
    """
    tube = ganglion.tube
    if tube is not None:
        steps = np.linalg.norm(np.diff(tube.points_lps_mm, axis=0), axis=1)
        discs = math.pi * tube.radii_mm**2
        volume = float(((discs[1:] + discs[:-1]) / 2 * steps).sum())
        middle = tube.points_lps_mm[int(np.argmax(tube.radii_mm))]
        return GanglionSize(float(steps.sum()), 2 * float(tube.radii_mm.max()), volume, middle)
    region = ganglion.region
    voxels = region.lps_mm(np.argwhere(region.values != 0))
    middle = voxels.mean(axis=0)
    _, _, axes = np.linalg.svd(voxels - middle, full_matrices=False)
    # Half a voxel beyond the outermost centres at both ends, as thick as a voxel is along the axis.
    beyond = float(np.abs(region.lps_from_ijk[:3, :3].T @ axes[0]).max())
    length = float(np.ptp((voxels - middle) @ axes[0])) + beyond
    volume = len(voxels) * float(np.prod(region.spacing_mm))
    width = 2 * math.sqrt(3 * volume / (2 * math.pi * length))
    return GanglionSize(length, width, volume, middle)
