"""Which part of a made bone each point belongs to, by borders instead of building blocks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.phantom.solids import Array


@dataclass(frozen=True, slots=True)
class HalfSpace:
    """What lies on one side of a plane.

    Parameters
    ----------
    normal_lps : float array, shape (3,), LPS, unit, into the half space
    offset_mm : float, mm, of the plane along its normal
    """

    normal_lps: NDArray[np.float64]
    offset_mm: float

    def holds(self, x: Array, y: Array, z: Array) -> NDArray[np.bool_]:
        """Return which LPS points, mm, lie in it, in the shape x, y and z broadcast to."""
        a, b, c = self.normal_lps.astype(np.float32)
        held: NDArray[np.bool_] = a * x + b * y + c * z > np.float32(self.offset_mm)
        return held

    @property
    def other_side(self) -> "HalfSpace":
        """Return what lies beyond the same plane."""
        return HalfSpace(-self.normal_lps, -self.offset_mm)


@dataclass(frozen=True, slots=True)
class Border:
    """One part and the half spaces that all hold it.

    Parameters
    ----------
    part : StructureKey
    within : tuple of HalfSpace
    """

    part: StructureKey
    within: tuple[HalfSpace, ...]


@dataclass(frozen=True, slots=True)
class Parting:
    """Parts a bone by borders: a block it is built of need not end where its name does.

    Parameters
    ----------
    borders : tuple of Border; a later one overrides an earlier one
    takes : kinds of the building blocks whose points the borders may claim
    left_over : pairs of StructureKey, a block and the part that points of it belong to
        which no border claims
    """

    borders: tuple[Border, ...]
    takes: frozenset[str]
    left_over: tuple[tuple[StructureKey, StructureKey], ...]

    def apply(
        self, part: NDArray[np.uint8], parts: Sequence[StructureKey], places: Sequence[Array]
    ) -> NDArray[np.uint8]:
        """Return the part of each point, given the block it is nearest to.

        Parameters
        ----------
        part : uint8 array, any shape, index into ``parts`` of the nearest block
        parts : StructureKey of each index
        places : three float arrays, mm, LPS, that broadcast to the shape of ``part``
        """
        at = {key: number for number, key in enumerate(parts)}
        becomes = np.arange(len(parts), dtype=np.uint8)
        for block, rest in self.left_over:
            becomes[at[block]] = at[rest]
        free = np.array([key.kind in self.takes for key in parts])[part]
        found = becomes[part]
        x, y, z = places
        for border in self.borders:
            claimed = free
            for half_space in border.within:
                claimed = claimed & half_space.holds(x, y, z)
            found[claimed] = at[border.part]
        return found

    def blocks_of(self, key: StructureKey) -> frozenset[str]:
        """Return the kinds of blocks in which points of a part may lie; none if it has no border.

        Parameters
        ----------
        key : StructureKey of a part
        """
        ruled = {border.part for border in self.borders} | {rest for _, rest in self.left_over}
        return self.takes if key in ruled else frozenset()
