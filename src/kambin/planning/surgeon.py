"""Entry and angles in the words a surgeon measures them with."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, StructureKey
from kambin.frames import CONVENTION, angles_from_direction
from kambin.knowledge import value
from kambin.planning.evaluate import Path
from kambin.planning.geometry import LevelGeometry
from kambin.planning.models import Angles, Entry
from kambin.planning.skin import Skin

TAPE_STEP_MM = 20.0
"""The skin beside an entry is looked for this much further out than the entry, then anywhere."""


@dataclass(frozen=True, slots=True)
class SkinMarks:
    """What entries are counted from, which is the same for every path of a level.

    Parameters
    ----------
    disc_line_lps_mm : float array, shape (3,), mm, LPS, where the disc's plane meets the skin
    spinous_tips_mm : pairs of a vertebra and the height of its spinous tip, mm, LPS
    """

    disc_line_lps_mm: NDArray[np.float64]
    spinous_tips_mm: tuple[tuple[str, float], ...]


def find_skin_marks(anatomy: Anatomy, geometry: LevelGeometry, skin: Skin) -> SkinMarks:
    """Return what the entries of a level are counted from.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    skin : Skin
    """
    return SkinMarks(find_disc_line_lps_mm(geometry, skin), tuple(_find_tips(anatomy)))


def describe_entry(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    skin: Skin,
    path: Path,
    marks: SkinMarks | None = None,
) -> Entry:
    """Say where the needle enters, as one would mark it on the skin.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    skin : Skin
    path : Path
    marks : SkinMarks of the level that were found before, or none

    Returns
    -------
    Entry, mm; see the model for what each number counts from
    """
    marks = marks or find_skin_marks(anatomy, geometry, skin)
    lateral = abs(float(geometry.surgical_mm(path.entry_lps_mm)[0]))
    height = float(path.entry_lps_mm[2])
    tip = min(marks.spinous_tips_mm, key=lambda tip: (abs(tip[1] - height), tip), default=None)
    return Entry(
        lateral_of_midline_mm=lateral,
        cranial_of_disc_line_mm=float(height - marks.disc_line_lps_mm[2]),
        cranial_of_spinous_tip_mm=None if tip is None else height - tip[1],
        spinous_tip=None if tip is None else tip[0],
        along_skin_lateral_mm=_measure_tape_mm(geometry, skin, path, lateral),
        depth_mm=path.length_mm,
    )


def describe_angles(geometry: LevelGeometry, path: Path) -> Angles:
    """Return the two angles of a path to the disc and to the patient, degrees, ``kambin-1``.

    Parameters
    ----------
    geometry : LevelGeometry
    path : Path
    """
    way = np.subtract(path.entry_lps_mm, path.target_lps_mm)
    signs = [geometry.side.lateral_sign_lps, 1, 1]
    to_disc = angles_from_direction(geometry.lps_from_disc.inverse().vectors(way) * signs)
    to_patient = angles_from_direction(way * signs)
    return Angles(
        axial_inclination_to_disc_deg=to_disc[0],
        craniocaudal_to_disc_deg=to_disc[1],
        axial_inclination_to_patient_deg=to_patient[0],
        craniocaudal_to_patient_deg=to_patient[1],
        convention=CONVENTION,
    )


def find_disc_line_lps_mm(geometry: LevelGeometry, skin: Skin) -> NDArray[np.float64]:
    """Return where the mid-disc plane meets the midline skin of the back, mm, LPS."""
    origin = geometry.lps_from_disc.origin_mm
    backwards = geometry.lps_from_disc.vectors([0, 1, 0])
    found = skin.find_exits(origin, backwards[None], _skin_range_mm(skin))[0]
    if np.isfinite(found).all():
        return np.array(found)
    # The back may be cut by the field of view; the disc's own height is then the line.
    return origin


def _find_tips(anatomy: Anatomy) -> Iterator[tuple[str, float]]:
    """Yield every vertebra with a spinous process and the height of its tip, mm."""
    band = value("planning.spinous_tip_band_mm")
    for vertebra, frame in anatomy.vertebra_frames.items():
        process = anatomy.find(StructureKey("sp", vertebra))
        if process is not None:
            voxels = process.region.lps_mm(np.argwhere(process.region.values > 0))
            behind = frame.lps_from_vertebra.inverse().points(voxels)[:, 1]
            tip = voxels[behind >= behind.max() - band].mean(axis=0)
            yield vertebra, float(tip[2])


def _measure_tape_mm(geometry: LevelGeometry, skin: Skin, path: Path, lateral_mm: float) -> float:
    """Return the way along the skin from the midline to the entry, at the entry's height, mm."""
    sign = geometry.side.lateral_sign_lps
    disc = geometry.lps_from_disc.origin_mm
    height = float(path.entry_lps_mm[2])
    # The midline at this height: the entry less its lateral distance from the fitted plane.
    centre = np.array([path.entry_lps_mm[0] - sign * lateral_mm, disc[1], height])
    offset = np.subtract(path.entry_lps_mm, centre)
    full = float(np.arctan2(offset[0] * sign, offset[1]))
    turns = max(1, round(abs(np.degrees(full)) / value("planning.lattice_step_deg")))
    angles_rad = np.linspace(0, full, turns + 1)
    rays = np.stack([sign * np.sin(angles_rad), np.cos(angles_rad), 0 * angles_rad], axis=1)
    contour = skin.find_exits(centre, rays, float(np.linalg.norm(offset)) + TAPE_STEP_MM)
    # Most of the skin is no farther than the entry; only the rest is looked for everywhere.
    farther = ~np.isfinite(contour).all(axis=1)
    if farther.any():
        contour[farther] = skin.find_exits(centre, rays[farther], _skin_range_mm(skin))
    contour[-1] = path.entry_lps_mm
    contour = contour[np.isfinite(contour).all(axis=1)]
    chord = float(np.linalg.norm(offset[:2])) if len(contour) <= 1 else 0.0
    return chord + float(np.linalg.norm(np.diff(contour, axis=0), axis=1).sum())


def _skin_range_mm(skin: Skin) -> float:
    """Return the longest way inside the body's array, mm."""
    return float(np.linalg.norm(np.array(skin.region.shape) * skin.region.spacing_mm))
