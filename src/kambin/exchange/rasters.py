"""What every file format is reduced to before a voxel is believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kambin.core import InputError
from kambin.exchange.voxels import VoxelArray
from kambin.knowledge import value


@dataclass(frozen=True, slots=True)
class RasterHeader:
    """The header of an image file, already checked and in our words.

    Parameters
    ----------
    shape : number of voxels along i, j, k as stored, first index fastest
    dtype : numpy type of one stored voxel, with its byte order
    lps_from_ijk : float array, shape (4, 4), mm, maps stored voxel centres to LPS
    slope, intercept : float, stored value times slope plus intercept is the true value
    names : label value -> name, if the file says what its labels are
    """

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    lps_from_ijk: NDArray[np.float64]
    slope: float = 1.0
    intercept: float = 0.0
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def data_bytes(self) -> int:
        """Return how many bytes the voxels take when unpacked."""
        # Python's own integers: the sizes in a broken header may overflow 64 bits (fault G20)
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize

    def decode(self, data: bytes | bytearray | memoryview) -> VoxelArray:
        """Return the voxels as true values, shape (I, J, K); no scaling keeps the stored type.

        Parameters
        ----------
        data : bytes, exactly ``data_bytes`` of them

        Raises
        ------
        ValueError  if the bytes are of another number; that is a bug of ours, not of the file
        """
        stored = np.frombuffer(data, self.dtype).reshape(self.shape, order="F")
        native: VoxelArray = stored.astype(self.dtype.newbyteorder("="), copy=False)
        if self.slope == 1.0 and self.intercept == 0.0:
            return native
        # float32 holds every 16-bit value exactly; wider ones need double
        scaled: VoxelArray = native.astype(np.float32 if native.dtype.itemsize < 4 else np.float64)
        scaled *= self.slope
        scaled += self.intercept
        return scaled


@dataclass(frozen=True, slots=True)
class Raster:
    """A file's voxels with their place in the patient and the names found in the file.

    Parameters
    ----------
    values : array, shape (I, J, K), true values in stored order
    lps_from_ijk : float array, shape (4, 4), mm
    names : label value -> name, empty if the file names none
    format : str, ``nifti``, ``nrrd`` or ``mha``
    """

    values: VoxelArray
    lps_from_ijk: NDArray[np.float64]
    names: Mapping[int, str]
    format: str


def require_three_dimensions(sizes: tuple[int, ...], components: int, where: str) -> None:
    """Refuse a series over time, a colour picture or a single slice before anything is read.

    Parameters
    ----------
    sizes : numbers of voxels per axis as the header states them
    components : int, values per voxel
    where : str, the file name

    Raises
    ------
    InputError  (IN-005) if it is not one three-dimensional image of one value per voxel
    """
    # tools write trailing axes of length 1, which hold nothing
    trimmed = sizes[:3] if all(size == 1 for size in sizes[3:]) else sizes
    least = int(value("input_limits.least_voxels_per_axis"))
    if components != 1:
        why = f"Each voxel holds {components} values (colour, vector or complex)."
    elif len(trimmed) != 3:
        why = f"It has {len(trimmed)} dimensions {trimmed}; three are needed."
    elif min(trimmed) < least:
        why = f"It has {trimmed[0]} x {trimmed[1]} x {trimmed[2]} voxels; one slice is no volume."
    else:
        return
    raise InputError(
        code="IN-005",
        what="The file is not one three-dimensional grey image",
        where=where,
        why=why,
        next_step="Export one volume (a single phase, one value per voxel) and import that.",
    )


def require_within_budget(sizes: tuple[int, ...], bytes_per_voxel: int, where: str) -> None:
    """Refuse a volume whose header asks for more memory than any CT of a spine.

    Parameters
    ----------
    sizes : numbers of voxels per axis as the header states them
    bytes_per_voxel : int
    where : str, the file name

    Raises
    ------
    InputError  (IN-004) before a byte of it is allocated
    """
    voxels = int(np.prod(np.array(sizes, dtype=object)))
    needed, limit = voxels * bytes_per_voxel, int(value("input_limits.most_voxels"))
    if voxels <= limit and needed <= int(value("input_limits.most_bytes")):
        return
    shape = " x ".join(str(size) for size in sizes)
    raise InputError(
        code="IN-004",
        what="The image is too large",
        where=where,
        why=f"Its header asks for {shape} voxels, {needed / 10.0**9:.1f} GB; "
        f"the limit is {limit / 10.0**6:.0f} million voxels.",
        next_step="Crop it to the lumbar spine with the skin, or resample it, and import that.",
    )
