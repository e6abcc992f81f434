"""Structures with their origin and uncertainty, and the anatomy that holds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.keys import Level, StructureKey
from kambin.core import AnatomyError, Finding
from kambin.frames import RigidTransform, Side
from kambin.imaging import Grid, LabelMap


class Origin(StrEnum):
    """Where a structure's shape comes from."""

    SEGMENTED = "segmented"
    DRAWN = "drawn"
    MODELLED = "modelled"
    PHANTOM = "phantom"


@dataclass(frozen=True, slots=True)
class Tube:
    """A poly-line with a radius at each point: a root, a ganglion, a vessel.

    Parameters
    ----------
    points_lps_mm : float array, shape (N, 3), mm, LPS, from proximal to distal
    radii_mm : float array, shape (N,), mm
    traced : bool, taken from a mask of the structure, and not drawn or modelled
    """

    points_lps_mm: NDArray[np.float64]
    radii_mm: NDArray[np.float64]
    traced: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    """One structure of the patient.

    Parameters
    ----------
    key : StructureKey
    region : LabelMap of 0 and 1, cropped to the structure with a margin of 3 voxels, on
        its own grid (the label grid for what was segmented, the working grid for parts
        made by completion)
    origin : Origin
    sigma_mm : float, mm, standard deviation of the surface
    tube : Tube, if the structure is a modelled or drawn poly-line; the region is then
        its rasterisation and distances use the tube itself
    method : str, one sentence: how the shape was made
    quality : mapping of named quality values with their unit in the name
    line : Tube through the middle of a root that a mask gives, from the sac outward, if it could
        be traced; distances use the mask, directions and sizes the line
    """

    key: StructureKey
    region: LabelMap
    origin: Origin
    sigma_mm: float
    tube: Tube | None = None
    method: str = ""
    quality: Mapping[str, float] = field(default_factory=dict)
    line: Tube | None = None

    @property
    def centre_line(self) -> Tube | None:
        """Return the line of a root, its own or the one through its mask, or none."""
        return self.line if self.tube is None else self.tube

    @property
    def is_modelled(self) -> bool:
        """Return whether no image of the patient shows this surface."""
        # Its sigma never widens a margin: with 2.5 mm of a root no path would be left (recipes 8).
        return self.origin is Origin.MODELLED


@dataclass(frozen=True, slots=True)
class VertebraFrame:
    """The frame of one vertebra and the landmarks measured in it.

    The axes are left (x, towards the patient's left), posterior (y), cranial (z); the
    origin is the centre of the body. All landmark values are millimetres in that frame.

    Parameters
    ----------
    vertebra : str such as ``L4``
    lps_from_vertebra : RigidTransform
    upper_plate, lower_plate : RigidTransform, origin at the centre of the plate, z along
        its cranial normal; S1 has no ``lower_plate``: it is the plane through its origin
    posterior_wall_y_mm : float, y of the posterior wall of the body
    pedicles : mapping side -> (|x|, y, z, width, height), mm, centre and size of the pedicle
    sigma_tilt_deg : float, standard deviation of the plate tilt
    """

    vertebra: str
    lps_from_vertebra: RigidTransform
    upper_plate: RigidTransform
    lower_plate: RigidTransform
    posterior_wall_y_mm: float
    pedicles: Mapping[Side, tuple[float, float, float, float, float]]
    sigma_tilt_deg: float


@dataclass(frozen=True, slots=True)
class DiscFrame:
    """The frame of one disc: left (x), posterior (y), cranial (z), origin in its middle.

    Parameters
    ----------
    level : Level
    lps_from_disc : RigidTransform, z is the mean normal of the two plates, y = 0 midway
        between anterior and posterior rim, x = 0 in the fitted mid-sagittal plane
    posterior_rim_y_mm : float, y of the posterior disc margin in the midline
    half_width_mm : float, half the left-right width
    height_mm : float, median height
    """

    level: Level
    lps_from_disc: RigidTransform
    posterior_rim_y_mm: float
    half_width_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True)
class LevelScheme:
    """How the vertebrae were counted, with the evidence and who confirmed it.

    Parameters
    ----------
    name : str such as ``5 lumbar``
    vertebrae : names from cranial to caudal, present in this case
    counted_from_sacrum, counted_from_rib : bool, which counts were possible
    confirmed_by : str, empty if nobody had to or did
    index_level : str, the one disc level that a person marked where nothing can be counted
    """

    name: str
    vertebrae: tuple[str, ...]
    counted_from_sacrum: bool
    counted_from_rib: bool
    confirmed_by: str = ""
    index_level: str = ""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Everything known of one patient's lumbar spine, on which planning works.

    Parameters
    ----------
    structures : mapping of StructureKey to Structure
    vertebra_frames : mapping of vertebra name to VertebraFrame
    disc_frames : mapping of Level to DiscFrame
    scheme : LevelScheme
    working_grid : Grid, the isotropic grid of the completion; its nodes anchor all fields
    label_spacing_mm : float, mm, the largest spacing of the given labels
    findings : what the completion has to say
    """

    structures: Mapping[StructureKey, Structure]
    vertebra_frames: Mapping[str, VertebraFrame]
    disc_frames: Mapping[Level, DiscFrame]
    scheme: LevelScheme
    working_grid: Grid
    label_spacing_mm: float
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        # A copy behind each: whoever built the dict may still change it.
        for name in ("structures", "vertebra_frames", "disc_frames"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def find(self, key: StructureKey | str) -> Structure | None:
        """Return the structure, or none if it is not assessed.

        Raises
        ------
        AnatomyError  (AN-010) if a text is no key
        """
        wanted = StructureKey.parse(key) if isinstance(key, str) else key
        # None and not an empty structure: what was not assessed must never read as clear.
        return self.structures.get(wanted)

    def require(self, key: StructureKey | str) -> Structure:
        """Return the structure.

        Raises
        ------
        AnatomyError  (AN-011) if it is not assessed, (AN-010) if a text is no key
        """
        found = self.find(key)
        if found is None:
            raise AnatomyError(
                code="AN-011",
                what="A structure that is needed was not assessed",
                where=str(key),
                why="No mask gives it and it could not be modelled.",
                next_step="Add a mask for it, or ask for another level.",
            )
        return found
