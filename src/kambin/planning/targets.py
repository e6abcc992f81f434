"""Where the needle should end: a zone of the disc, a fragment or a point."""

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from kambin.anatomy import Anatomy, Structure, StructureKey
from kambin.core import RequestError
from kambin.knowledge import TargetRule, find_target_rule, value, value_at, values
from kambin.planning.geometry import LevelGeometry
from kambin.planning.kinds import Kind, find_kind
from kambin.planning.landmarks import find_lines_mm
from kambin.planning.request import PlanRequest

AT_DISC_LEVEL = "none"
"""The zone of migration of what lies at the disc."""

DISTANCE_DECIMALS = 6
"""Distances are compared in nanometres, so that a mirrored tie is decided alike."""


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets that are tried.

    Parameters
    ----------
    centre_lps_mm : float array, shape (3,), mm, LPS, what was asked for
    points_lps_mm : float array, shape (T, 3), mm, LPS
    offsets_mm : float array, shape (T,), mm, distance of each from the goal
    zone : str or none, as asked
    goal_lps_mm : float array, shape (3,), mm, LPS, where the rule for this kind of herniation
        aims at, or none: the centre
    kind : Kind of herniation, or none for a point and where it is not known
    rule : TargetRule for it, or none
    """

    centre_lps_mm: NDArray[np.float64]
    points_lps_mm: NDArray[np.float64]
    offsets_mm: NDArray[np.float64]
    zone: str | None
    goal_lps_mm: NDArray[np.float64] | None = None
    kind: Kind | None = None
    rule: TargetRule | None = None

    @property
    def aim_lps_mm(self) -> NDArray[np.float64]:
        """Return the point that offsets count from, shape (3,), mm, LPS."""
        return self.centre_lps_mm if self.goal_lps_mm is None else self.goal_lps_mm


def find_targets(anatomy: Anatomy, geometry: LevelGeometry, request: PlanRequest) -> Targets:
    """Return the targets of a request: its point, its zone, or the case's fragment.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    request : PlanRequest

    Returns
    -------
    Targets, points in the disc's frame, always in the same order from medial to lateral on
    either side: a box around a zone or a point, and of a fragment the points inside it and
    those of the disc at its base

    Raises
    ------
    RequestError  (PL-032) if nothing says where the target is
    """
    if request.target_lps_mm is not None:
        centre = geometry.surgical_mm(request.target_lps_mm)
        return _box(geometry, centre, zone=None)
    if request.zone is not None:
        box = _box(geometry, find_zone_centre(anatomy, geometry, request.zone), request.zone)
        kind = Kind(request.zone, AT_DISC_LEVEL)
        return replace(box, kind=kind, rule=find_target_rule(kind.zone, kind.migration))
    fragment = anatomy.find(StructureKey("fragment"))
    if fragment is None:
        raise RequestError(
            code="PL-032",
            what="Nothing says where the target is",
            where=f"{request.level} {request.side}",
            why="Neither a zone nor a target was named, and the case has no fragment.",
            next_step="Name a zone or a target, or draw the fragment.",
        )
    return _aim_by_rule(anatomy, geometry, _find_fragment_targets(anatomy, geometry, fragment))


def _aim_by_rule(anatomy: Anatomy, geometry: LevelGeometry, targets: Targets) -> Targets:
    """Return the targets of a fragment, counted from where its kind is aimed at (evidence 2.2)."""
    kind = find_kind(anatomy, geometry.level)
    rule = None if kind is None else find_target_rule(kind.zone, kind.migration)
    if rule is None:
        return replace(targets, kind=kind)
    points = geometry.surgical_mm(targets.points_lps_mm)
    goal = find_goal_mm(anatomy, geometry, rule, geometry.surgical_mm(targets.centre_lps_mm))
    return replace(
        targets,
        offsets_mm=np.linalg.norm(points - goal, axis=1),
        goal_lps_mm=geometry.lps_mm(goal),
        kind=kind,
        rule=rule,
    )


def find_goal_mm(
    anatomy: Anatomy, geometry: LevelGeometry, rule: TargetRule, centre_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the goal point of a rule, shape (3,), surgical disc frame, mm.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    rule : TargetRule
    centre_mm : float array, shape (3,), surgical disc frame, mm, the middle of the fragment,
        whose height is kept as far as the rule allows
    """
    lateral = min(find_lines_mm(geometry)[rule.line], geometry.half_width_mm)
    half_mm = 0.5 * anatomy.disc_frames[geometry.level].height_mm
    if rule.below_plate_mm is not None:
        near, far = rule.below_plate_mm
        low, high = -half_mm - far, -half_mm - near
    else:
        low, high = rule.cranial_mm or (-half_mm, half_mm)
    height = float(np.clip(centre_mm[2], low, high))
    at_disc = abs(height) <= half_mm
    wall = _find_annulus(anatomy, geometry, lateral) if at_disc else geometry.wall_mm
    return np.array([lateral, wall + rule.behind_annulus_mm, height])


def find_zone_centre(anatomy: Anatomy, geometry: LevelGeometry, zone: str) -> NDArray[np.float64]:
    """Return the middle of a zone on the posterior annulus, surgical disc frame, mm.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    zone : str, one of ``ZONES``

    Returns
    -------
    float array, shape (3,): lateral, posterior, cranial of the disc's centre

    Notes
    -----
    Zones are counted from the medial pedicle line in pedicle widths; the posterior annulus
    is the last disc voxel of the column there (recipes 6).
    """
    share = value_at("planning.zone_share", zone)
    lateral = geometry.medial_pedicle_mm + share * geometry.pedicle_width_mm
    lateral = 0.0 if share < 0 else min(lateral, geometry.half_width_mm)
    return np.array([lateral, _find_annulus(anatomy, geometry, lateral), 0])


def _find_annulus(anatomy: Anatomy, geometry: LevelGeometry, lateral_mm: float) -> float:
    """Return how far posterior the disc reaches at one lateral distance, mm."""
    region = anatomy.require(StructureKey("disc", str(geometry.level))).region
    voxels = geometry.surgical_mm(region.lps_mm(np.argwhere(region.values > 0)))
    band = value("planning.annulus_band_mm")
    columns = voxels[(np.abs(voxels[:, 0] - lateral_mm) <= band) & (np.abs(voxels[:, 2]) <= band)]
    if not len(columns):
        return geometry.wall_mm
    return float(columns[:, 1].max()) + 0.5 * float(region.spacing_mm.min())


def _find_fragment_targets(
    anatomy: Anatomy, geometry: LevelGeometry, fragment: Structure
) -> Targets:
    """Return the points of a fragment, and of the disc at its base, on one lattice.

    The middle of a fragment often lies on the very root or sac that it pushes aside, where no
    needle may end; its flank or its base in the annulus is then the way to it (evidence 2.2).
    """
    voxels = _voxels_mm(geometry, fragment)
    centre = voxels.mean(axis=0)
    base, step = value("planning.fragment_base_mm"), value("planning.fragment_step_mm")
    # counted from the middle, so that a mirrored fragment has the mirrored lattice
    turns = np.ceil((np.abs(voxels - centre).max(axis=0) + base) / step).astype(int)
    counts = [np.arange(-turn, turn + 1) for turn in turns]
    lattice = centre + step * np.array(list(itertools.product(*counts)), dtype=np.float64)
    away = _distances_mm(voxels, lattice)
    kept = away <= _voxel_reach_mm(fragment)
    disc = anatomy.find(StructureKey("disc", str(geometry.level)))
    if disc is not None:
        from_disc = _distances_mm(_voxels_mm(geometry, disc), lattice)
        kept |= (away <= base) & (from_disc <= _voxel_reach_mm(disc))
    if centre[0] < 0:
        # across the midline it stays so for all targets: a person has to confirm that side (P03)
        kept &= lattice[:, 0] < 0
    points = lattice[kept]
    if not len(points):
        # thinner than the lattice is wide: its own voxels, by the same rule
        across = voxels[voxels[:, 0] < 0] if centre[0] < 0 else voxels
        points = across[np.linalg.norm(across - centre, axis=1).argmin()][None]
    return Targets(
        centre_lps_mm=geometry.lps_mm(centre),
        points_lps_mm=geometry.lps_mm(points),
        offsets_mm=np.linalg.norm(points - centre, axis=1),
        zone=None,
    )


def measure_fragment_gap_mm(anatomy: Anatomy, target_lps_mm: NDArray[np.float64]) -> float | None:
    """Return how far a target lies outside the fragment, mm; 0 within it, none without one.

    Parameters
    ----------
    anatomy : Anatomy
    target_lps_mm : float array, shape (3,), mm, LPS
    """
    fragment = anatomy.find(StructureKey("fragment"))
    if fragment is None or not fragment.region.values.any():
        return None
    voxels = fragment.region.lps_mm(np.argwhere(fragment.region.values > 0))
    away = float(_distances_mm(voxels, target_lps_mm[None])[0])
    return max(away - _voxel_reach_mm(fragment), 0.0)


def _voxels_mm(geometry: LevelGeometry, structure: Structure) -> NDArray[np.float64]:
    """Return the voxels' centres, shape (V, 3), mm, surgical disc frame."""
    region = structure.region
    return geometry.surgical_mm(region.lps_mm(np.argwhere(region.values > 0)))


def _distances_mm(voxels: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of each point to the nearest voxel's centre, rounded, mm."""
    away, _ = KDTree(voxels).query(points)
    rounded: NDArray[np.float64] = np.asarray(away, dtype=np.float64).round(DISTANCE_DECIMALS)
    return rounded


def _voxel_reach_mm(structure: Structure) -> float:
    """Return half the diagonal of a voxel: points inside are no further from its centre."""
    half_mm = 0.5 * float(np.linalg.norm(structure.region.spacing_mm))
    return round(half_mm, DISTANCE_DECIMALS)


def _box(geometry: LevelGeometry, centre: NDArray[np.float64], zone: str | None) -> Targets:
    """Return the box of targets around a centre given in the surgical disc frame."""
    if zone is None:
        axes = (values("planning.point_target_mm"),) * 3
    else:
        rows = ("lateral", "posterior", "cranial")
        axes = tuple(values(f"planning.target_{row}_mm") for row in rows)  # type: ignore[assignment]
    offsets = np.array(list(itertools.product(*axes)))
    return Targets(
        centre_lps_mm=geometry.lps_mm(centre),
        points_lps_mm=geometry.lps_mm(centre + offsets),
        offsets_mm=np.linalg.norm(offsets, axis=1),
        zone=zone,
    )
