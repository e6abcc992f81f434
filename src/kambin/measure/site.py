"""Where a quantity is taken: the anatomy, the level, the side, and coordinates seen from it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.anatomy import Anatomy, DiscFrame, Level, Structure, VertebraFrame
from kambin.core import AnatomyError, Finding, Severity
from kambin.frames import RigidTransform, Side
from kambin.knowledge import value
from kambin.measure.rows import Reading
from kambin.measure.shapes import Shapes

SACRUM = "S1"
"""Its pedicles merge with the ala and it has no lower plate: neither has a size."""


@dataclass(frozen=True, slots=True)
class Site:
    """One place of the spine at which quantities are taken.

    Parameters
    ----------
    anatomy : Anatomy
    level : Level, or none at a vertebra
    vertebra : str, or empty at a disc level
    side : Side, or none in the midline
    shapes : Shapes, shared by the sites of one patient so that each bone is smoothed once
    """

    anatomy: Anatomy
    level: Level | None = None
    vertebra: str = ""
    side: Side | None = None
    # A cache: two sites are the same place whatever has been looked at there before.
    shapes: Shapes = field(default_factory=Shapes, repr=False, compare=False)

    @property
    def place(self) -> str:
        """Return the level or vertebra as printed."""
        return self.vertebra or str(self.level)

    @property
    def where(self) -> str:
        """Return place and side as printed in findings."""
        return f"{self.place} {self.side}" if self.side else self.place

    @property
    def is_coarse(self) -> bool:
        """Return whether the labels do not resolve the facet."""
        return self.anatomy.label_spacing_mm > value("measure.coarse_above_mm")

    def frame(self, vertebra: str = "") -> VertebraFrame:
        """Return the frame of a vertebra, by default the one of the site.

        Raises
        ------
        AnatomyError  (AN-304) if the vertebra has no frame
        """
        name = vertebra or self.vertebra
        found = self.anatomy.vertebra_frames.get(name)
        if found is None:
            raise missing_frame(name)
        return found

    def disc(self) -> DiscFrame:
        """Return the frame of the disc of the site.

        Raises
        ------
        AnatomyError  (AN-304) if the level has none
        """
        found = None if self.level is None else self.anatomy.disc_frames.get(self.level)
        if found is None:
            raise missing_frame(self.place)
        return found

    def structure(self, kind: str, place: str = "", *, sided: bool = False) -> Structure | None:
        """Return a structure of this place and side, or none if it is not assessed."""
        parts = (kind, place, str(self.side) if sided and self.side else "")
        # Parts that are empty leave no colon: a midline key has no side.
        return self.anatomy.find(":".join(part for part in parts if part))

    def not_assessed(self, missing: str) -> Reading:
        """Return an empty reading that names the structure that is not there."""
        finding = Finding(
            code="AN-300",
            severity=Severity.NOTE,
            what="A quantity was not measured",
            where=self.where,
            why=f"Not assessed: {missing}.",
            next_step="Add a mask for it if the images show it.",
        )
        return Reading(None, findings=(finding,))

    def not_resolved(self, what: str) -> Reading:
        """Return an empty reading for what this label spacing cannot say."""
        # At 3 mm facets are label-to-label contact: better no number than a wrong one (recipes 7).
        spacing, limit = self.anatomy.label_spacing_mm, value("measure.coarse_above_mm")
        finding = Finding(
            code="AN-302",
            severity=Severity.NOTE,
            what=f"The labels are too coarse for the {what}",
            where=self.where,
            why=f"Label spacing {spacing:.2f} mm; the facet is resolved up to {limit:g} mm.",
            next_step="Use a CT of 1 mm if this number is needed.",
        )
        return Reading(None, findings=(finding,))


@dataclass(frozen=True, slots=True)
class SideView:
    """A frame seen from one side: lateral, posterior and cranial are all positive outward.

    Measuring left and right in these coordinates makes both sides run through the same
    numbers, so that a mirrored patient gives mirrored results.

    Parameters
    ----------
    lps_from_frame : RigidTransform with axes left, posterior, cranial
    side : Side
    """

    lps_from_frame: RigidTransform
    side: Side

    def lps_mm(self, points_mm: ArrayLike) -> NDArray[np.float64]:
        """Map (lateral, posterior, cranial) points, shape (..., 3), mm, to LPS."""
        points = np.asarray(points_mm, dtype=np.float64)
        return self.lps_from_frame.points(points * [self.side.lateral_sign_lps, 1.0, 1.0])

    def local_mm(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Map LPS points, shape (..., 3), mm, to (lateral, posterior, cranial)."""
        points = self.lps_from_frame.inverse().points(points_lps_mm)
        return points * [self.side.lateral_sign_lps, 1.0, 1.0]


def first_crossing_mm(
    occupancy: NDArray[np.float64], along_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return where each ray first enters a structure.

    Parameters
    ----------
    occupancy : float array, shape (..., N), along each ray
    along_mm : float array, shape (N,), mm, ascending

    Returns
    -------
    float array, shape (...), mm, linear between samples; the first sample if the ray starts
    inside, NaN if it never enters
    """
    # The surface itself counts as bone: what touches is not free.
    inside = occupancy >= 0.5
    first = inside.argmax(axis=-1)
    before = np.maximum(first - 1, 0)
    high = np.take_along_axis(occupancy, first[..., None], axis=-1)[..., 0]
    low = np.take_along_axis(occupancy, before[..., None], axis=-1)[..., 0]
    # A flat pair of samples divides by 1; its share is not used, it is clipped.
    rise = np.where(high > low, high - low, 1.0)
    share = np.where(first > 0, np.clip((0.5 - low) / rise, 0.0, 1.0), 0.0)
    place = along_mm[before] + share * (along_mm[first] - along_mm[before])
    return np.where(inside.any(axis=-1), place, np.nan)


def require_level(site: Site) -> Level:
    """Return the disc level of the site.

    Raises
    ------
    AnatomyError  (AN-304) if the site is a vertebra
    """
    if site.level is None:
        raise missing_frame(site.place)
    return site.level


def require_side(site: Site) -> Side:
    """Return the side of the site.

    Raises
    ------
    AnatomyError  (AN-304) if the site lies in the midline
    """
    if site.side is None:
        where = f"{site.place}, no side"
        raise missing_frame(where)
    return site.side


def bone_sigma_mm(site: Site, vertebra: str) -> float:
    """Return the standard deviation of the surface of one vertebra, mm.

    Raises
    ------
    AnatomyError  (AN-011) if it has no mask
    """
    return site.anatomy.require(f"vertebra:{vertebra}").sigma_mm


def lps_from_plate(frame: VertebraFrame, plate: RigidTransform) -> RigidTransform:
    """Return an end plate's frame in LPS, mm; a plate may be given in the vertebra's frame.

    Raises
    ------
    InputError  (IN-021) if the plate belongs to another vertebra
    """
    lps_from_vertebra = frame.lps_from_vertebra
    # Composing a plate that is in LPS already would be refused.
    return plate if plate.target == lps_from_vertebra.target else lps_from_vertebra @ plate


def wall_corner_lps_mm(frame: VertebraFrame, plate: RigidTransform) -> NDArray[np.float64]:
    """Return where the posterior wall meets an end plate in the midline, shape (3,), mm, LPS.

    Parameters
    ----------
    frame : VertebraFrame; its wall is a plane across its own posterior axis
    plate : RigidTransform of an end plate, in LPS or in the vertebra's frame

    Raises
    ------
    InputError  (IN-021) if the plate belongs to another vertebra
    """
    return corner_lps_mm(frame, plate, frame.posterior_wall_y_mm)


def corner_lps_mm(
    frame: VertebraFrame, plate: RigidTransform, backward_mm: float
) -> NDArray[np.float64]:
    """Return where an end plate has a depth of the vertebra, midline, shape (3,), mm, LPS.

    Parameters
    ----------
    frame : VertebraFrame
    plate : RigidTransform of an end plate, in LPS or in the vertebra's frame
    backward_mm : float, mm, posterior of the frame's origin

    Raises
    ------
    InputError  (IN-021) if the plate belongs to another vertebra
    """
    in_lps = lps_from_plate(frame, plate)
    start = frame.lps_from_vertebra.points([0.0, backward_mm, 0.0])
    # Along the vertebra, not along the plate: the wall is straight, the plate is tilted.
    up, normal = frame.lps_from_vertebra.rotation[:, 2], in_lps.rotation[:, 2]
    along_mm = float((in_lps.origin_mm - start) @ normal) / float(up @ normal)
    corner: NDArray[np.float64] = start + along_mm * up
    return corner


def missing_frame(place: str) -> AnatomyError:
    """Return the error for a level or vertebra without a frame."""
    return AnatomyError(
        code="AN-304",
        what="The level cannot be measured",
        where=place,
        why="It has no frame: the vertebra is not in the labels or only in part.",
        next_step="Ask for a level whose two vertebrae are whole in the labels.",
    )
