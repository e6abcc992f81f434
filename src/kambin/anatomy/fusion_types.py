"""What is known of two images of one patient after they were brought together."""

from collections.abc import Mapping
from dataclasses import dataclass

from kambin.anatomy.case import Case
from kambin.anatomy.fusion_warp import SpineWarp
from kambin.anatomy.keys import StructureKey
from kambin.core import Finding
from kambin.frames import RigidTransform


@dataclass(frozen=True, slots=True)
class VertebraFit:
    """One vertebra of the second image on the same vertebra of the first.

    Parameters
    ----------
    vertebra : str such as ``L4``
    ct_from_mr : RigidTransform, mm
    residual_mean_mm, residual_p95_mm : float, mm, distance of the surfaces after the fit
    holdout_mean_mm, holdout_p95_mm : float, mm, distance of the half of the surface that was
        left out, under the fit of the other half
    place_error_mm : float, mm, error of the vertebra's place: half of what the fits of both
        halves differ by, and the share of a voxel that both have in common
    conditioning : float, 0 to 1, smallest singular value
    mirrored_ratio : float, how many times worse the mirrored bone fits
    size_ratio : float, size in the second image over that in the first
    predicted_mm : float, mm, how far off its neighbours' motions alone would have put it; none
        for the first and the last
    """

    vertebra: str
    ct_from_mr: RigidTransform
    residual_mean_mm: float
    residual_p95_mm: float
    holdout_mean_mm: float
    holdout_p95_mm: float
    place_error_mm: float
    conditioning: float
    mirrored_ratio: float
    size_ratio: float
    predicted_mm: float | None = None


@dataclass(frozen=True, slots=True)
class LevelFit:
    """How well structures between two vertebrae were carried over.

    Parameters
    ----------
    upper, lower : str, the vertebrae
    turn_deg : float, degrees, by how much the posture differs between the images
    shift_mm : float, mm, by how much the vertebrae moved against each other at their disc
    error_mm : float, mm, stated error of what is carried over at this level
    neighbours : bool, false if a vertebra between the two was not registered
    """

    upper: str
    lower: str
    turn_deg: float
    shift_mm: float
    error_mm: float
    neighbours: bool = True

    @property
    def name(self) -> str:
        """Return the disc level, or between which vertebrae it lies if that is no level."""
        # With L5 left out "L4-S1" would name the last level of another patient.
        return f"{self.upper}-{self.lower}" if self.neighbours else f"{self.upper} to {self.lower}"


@dataclass(frozen=True, slots=True)
class LandmarkFit:
    """How well landmarks that a person placed agree.

    Parameters
    ----------
    count : int
    residual_mm : float, mm, root mean square
    holdout_mm : float, mm, mean error of each point under the fit of the others; infinite for
        three points, whose fit without one is none
    spread_mm : float, mm, smallest spread of the points but one
    swapped_ratio : float, how many times worse exchanged left and right fit; 0 if no name has
        a side
    """

    count: int
    residual_mm: float
    holdout_mm: float
    spread_mm: float
    swapped_ratio: float


@dataclass(frozen=True, slots=True)
class Fusion:
    """The fused case and everything that can be said about how it came about.

    Parameters
    ----------
    case : Case of the first image, its bones and organs, and what the second image shows
    vertebrae : VertebraFit from cranial to caudal
    levels : LevelFit from cranial to caudal
    landmarks : LandmarkFit, or none
    carried : mapping of StructureKey to the share of it that fell on bone and was left out
    least_volume_share : float, least local change of volume; above 0 nothing is folded
    warp : SpineWarp, the motion of everything
    findings : what a person must answer, and what is to be known
    """

    case: Case
    vertebrae: tuple[VertebraFit, ...]
    levels: tuple[LevelFit, ...]
    landmarks: LandmarkFit | None
    carried: Mapping[StructureKey, float]
    least_volume_share: float
    warp: SpineWarp
    findings: tuple[Finding, ...]
