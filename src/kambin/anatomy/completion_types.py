"""What the bony half of completion hands to the nerve half."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.keys import Level, StructureKey
from kambin.anatomy.structures import DiscFrame, Structure, VertebraFrame
from kambin.imaging import Grid, LabelMap


@dataclass(frozen=True, slots=True)
class WorkingBone:
    """The vertebrae of one case on the isotropic working grid.

    Parameters
    ----------
    grid : Grid, nodes along L, P, S
    names : tuple of str, the vertebrae from cranial to caudal; ``S1`` is the whole sacrum
    labels : uint8 array, grid.shape; 0 is no bone, n is ``names[n - 1]``
    occupancy : float32 array, grid.shape, 0 to 1, all vertebrae together, 0.5 at the surface

    Notes
    -----
    ``labels`` is where the occupancy of that vertebra is at least 0.5 and largest.
    """

    grid: Grid
    names: tuple[str, ...]
    labels: NDArray[np.uint8]
    occupancy: NDArray[np.float32]

    def mask(self, vertebra: str) -> NDArray[np.bool_]:
        """Return where one vertebra is, bool array of the shape of the grid."""
        # One more than the index, since 0 is no bone.
        found: NDArray[np.bool_] = self.labels == self.names.index(vertebra) + 1
        return found


@dataclass(frozen=True, slots=True)
class BonyAnatomy:
    """Bones, discs and organs of one case, before nerves and skin are modelled.

    Parameters
    ----------
    structures : mapping of StructureKey to Structure: everything segmented, the parts of
        each vertebra and the discs. ``vertebra:L4`` is the whole bone, ``vertebra:S1``
        the whole sacrum (``sacrum`` and ``vertebra:S1`` of the labels merged). The parts
        are disjoint and together fill the bone: ``body``, ``body_rim`` (posterior rim of
        the *upper* end plate), ``pedicle``, ``pedicle_rim`` (its upper border), ``sap``,
        ``iap``, ``tp``, ``sp``, ``pars``, ``lamina``, ``arch_base``, ``arch`` (the rest);
        ``sacrum`` is what is left of the sacrum without its body, rim and SAP
    given : keys that the labels of the case gave; a given mask is never replaced
    vertebra_frames : mapping of vertebra name to VertebraFrame
    disc_frames : mapping of Level to DiscFrame
    bone : WorkingBone, the vertebrae on the working grid
    label_spacing_mm : float, mm, the largest spacing of the labels
    labels : LabelMap, the labels of the case
    names : mapping of label value to StructureKey
    body : LabelMap of 0 and 1, the body inside its skin; none if nothing shows the skin
    """

    structures: Mapping[StructureKey, Structure]
    given: frozenset[StructureKey]
    vertebra_frames: Mapping[str, VertebraFrame]
    disc_frames: Mapping[Level, DiscFrame]
    bone: WorkingBone
    label_spacing_mm: float
    labels: LabelMap
    names: Mapping[int, StructureKey]
    body: LabelMap | None = None

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        # The nerve half reads what the bony half made; neither may change it for the other.
        for name in ("structures", "vertebra_frames", "disc_frames", "names"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def working_grid(self) -> Grid:
        """Return the isotropic grid of the completion."""
        return self.bone.grid

    @property
    def levels(self) -> tuple[Level, ...]:
        """Return the disc levels that have a frame, from cranial to caudal."""
        return tuple(self.disc_frames)
