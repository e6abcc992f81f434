"""The least bone that lets a cannula pass, and the reamers that take it and little else."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, Structure
from kambin.knowledge import Instrument, instruments, user_instrument, value, values
from kambin.planning.bone_kernels import union_shares
from kambin.planning.evaluate import Path
from kambin.planning.fields import HazardSet
from kambin.planning.geometry import LevelGeometry
from kambin.planning.policy import Group, find_group
from kambin.planning.resection import cut_into_grains, find_capsule, voxel_mm3
from kambin.planning.shafts import Shaft, measure_room_mm, turn_shaft
from kambin.planning.tools import Tool, Toolset

Pivot = Literal["axis", "docking", "skin"]
"""What a reamer was turned about."""

Wish = tuple[Instrument, Shaft, Pivot]
"""A reamer, its way to the docking depth, and what it is turned about."""

HALF_TURN_DEG = math.degrees(math.pi)
"""Directions about an axis run through two of them."""

WASTE_STEP_SAMPLES = 7
"""One grain in so many is asked where only what a pass wastes is weighed; the result counts all."""

SAME_TOLERANCE = 10.0**-6
"""Two radii that differ by less, mm, are one size."""


@dataclass(frozen=True, slots=True)
class Grains:
    """Removable bone as equal grains; what one reamer takes is a row of truth values.

    Parameters
    ----------
    points_lps_mm : float array, shape (N, 3), mm, LPS
    volumes_mm3 : float array, shape (N,), mm3
    """

    points_lps_mm: NDArray[np.float64]
    volumes_mm3: NDArray[np.float64]

    def inside(self, capsules: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which grains lie in at least one capsule, shape (N,).

        Parameters
        ----------
        capsules : float array, shape (K, 7), mm: tip, outer end and radius
        """
        flat = np.zeros((3, 3))
        held: NDArray[np.bool_] = union_shares(self.points_lps_mm, flat, capsules, 1) > 0
        return held

    def volume_mm3(self, chosen: NDArray[np.bool_]) -> float:
        """Return the volume of chosen grains, mm3."""
        return float(self.volumes_mm3[chosen].sum())


@dataclass(frozen=True, slots=True)
class Pass:
    """One reamer in one direction.

    Parameters
    ----------
    instrument : Instrument
    shaft : Shaft, from where the reamer stops to its outer end
    pivot : str, what it was turned about
    taken_mm3 : float, mm3, what it takes after the passes before it
    """

    instrument: Instrument
    shaft: Shaft
    pivot: Pivot
    taken_mm3: float

    @property
    def capsule(self) -> NDArray[np.float64]:
        """Return the swept reamer, shape (7,): tip, outer end, radius, mm, LPS."""
        return self.shaft.capsule(self.instrument.radius_mm)


@dataclass(frozen=True, slots=True)
class Foraminoplasty:
    """How the bone in a cannula's way goes.

    Parameters
    ----------
    passes : tuple of Pass, in order; none where the cannula fits as it is
    margin_mm : float, mm, gap around the cannula
    needed_mm3 : float, mm3, bone within the cannula's radius and the margin: the lower bound
    taken_mm3 : float, mm3, what all passes take
    uncovered_mm3 : float, mm3, needed bone that no pass takes
    single_pass_mm3 : float, mm3, of one axial pass, the upper bound; none if it may not be done
    """

    passes: tuple[Pass, ...]
    margin_mm: float
    needed_mm3: float
    taken_mm3: float
    uncovered_mm3: float
    single_pass_mm3: float | None

    @property
    def capsules(self) -> NDArray[np.float64]:
        """Return all swept reamers, shape (K, 7), mm, LPS."""
        return np.array([one.capsule for one in self.passes]).reshape(-1, 3 + 3 + 1)


def plan_foraminoplasty(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    path: Path,
    tools: Toolset,
    hazards: HazardSet,
    *,
    margin_mm: float | None = None,
    tilted: bool = True,
) -> Foraminoplasty:
    """Find the reamers that free the way of a cannula with the least bone.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    path : Path of the cannula; no reamer goes further
    tools : Toolset
    hazards : HazardSet, what no reamer may touch
    margin_mm : float, mm, gap to leave around the cannula, or none for that of the table
    tilted : bool, whether reamers off the axis are tried where those along it do not do

    Returns
    -------
    Foraminoplasty

    Notes
    -----
    Needed is the removable bone in the cannula's capsule widened by the margin. Where the
    reamers of the technique end with that size, one after the other along the axis, they take
    nothing else, so that lower and upper bound meet. Otherwise reamers of all sizes are tried
    along the axis, tilted about the docking point and shifted about the skin; those that keep
    every hard margin compete for the needed bone, the most of it per collateral bone first
    (greedy set cover), and what the others make idle is dropped again. One axial pass of the next
    larger size replaces them if it takes less. Coverage is counted grain by grain.
    """
    margin = value("planning.resection_margin_mm") if margin_mm is None else margin_mm
    wanted_mm = tools.removal_radius_mm + margin
    grains = find_grains(anatomy, geometry, path, wanted_mm, frees_rim=tools.frees_rim)
    needed = grains.inside(find_capsule(path, wanted_mm)[None])
    if not tools.reams or not needed.any():
        left = grains.volume_mm3(needed)
        return Foraminoplasty((), margin, left, 0.0, left, None)
    axis = Shaft(path.tip_lps_mm(path.stop_mm), np.asarray(path.entry_lps_mm))
    single = _find_single_pass(wanted_mm)
    one = None
    if single is not None and single.radius_mm <= _find_widest_mm(hazards, tools, [axis])[0]:
        one = _take(grains, needed, [(single, axis, "axis")])
    if one is not None and abs(one[0].instrument.radius_mm - wanted_mm) <= SAME_TOLERANCE:
        steps: list[Wish] = [(t, axis, "axis") for t in _find_steps(tools, one[0].instrument)]
        chosen = _take(grains, needed, steps)
    else:
        several = _cover(
            grains, needed, _find_candidates(path, axis, hazards, tools, tilted=tilted)
        )
        chosen = _choose(grains, needed, [*([] if one is None else [one]), *several])
    taken = grains.inside(_capsules(chosen))
    return Foraminoplasty(
        passes=tuple(chosen),
        margin_mm=margin,
        needed_mm3=grains.volume_mm3(needed),
        taken_mm3=grains.volume_mm3(taken),
        uncovered_mm3=grains.volume_mm3(needed & ~taken),
        single_pass_mm3=None if one is None else grains.volume_mm3(grains.inside(_capsules(one))),
    )


def find_grains(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    path: Path,
    radius_mm: float,
    *,
    frees_rim: bool,
) -> Grains:
    """Return the bone that may be removed near an axis, as grains.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    path : Path
    radius_mm : float, mm, within which bone is wanted; what tilted reamers may also meet is added
    frees_rim : bool, whether the rim may go, too
    """
    groups = {Group.REMOVABLE, Group.RIM} if frees_rim else {Group.REMOVABLE}
    around = find_capsule(path, radius_mm + 2 * max(instruments_mm()))[None]
    points, volumes = [np.zeros((0, 3))], [np.zeros(0)]
    for key, structure in sorted(anatomy.structures.items(), key=lambda item: str(item[0])):
        if find_group(key, level=geometry.level, side=geometry.side) in groups:
            found = _grains_within(structure, around)
            points.append(found.points_lps_mm)
            volumes.append(found.volumes_mm3)
    return Grains(np.ascontiguousarray(np.concatenate(points)), np.concatenate(volumes))


def measure_needed_mm3(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    path: Path,
    radius_mm: float,
    *,
    frees_rim: bool = False,
) -> float:
    """Return the bone that must go for a tool of a radius to dock, mm3: the lower bound.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    path : Path
    radius_mm : float, mm, half the diameter and the margin
    frees_rim : bool, whether the rim may go, too
    """
    grains = find_grains(anatomy, geometry, path, radius_mm, frees_rim=frees_rim)
    return grains.volume_mm3(grains.inside(find_capsule(path, radius_mm)[None]))


def instruments_mm() -> list[float]:
    """Return the radii of the reamers that a single pass may have, mm, rising."""
    return sorted(tool.radius_mm for tool in _find_reamers())


def _grains_within(structure: Structure, around: NDArray[np.float64]) -> Grains:
    voxels = np.argwhere(structure.region.values > 0)
    wider = around + np.array([*[0.0] * 3 * 2, float(np.linalg.norm(structure.region.spacing_mm))])
    centres = np.ascontiguousarray(structure.region.lps_mm(voxels))
    voxels = voxels[union_shares(centres, np.zeros((3, 3)), wider, 1) > 0]
    if not len(voxels):
        return Grains(np.zeros((0, 3)), np.zeros(0))
    points, _ = cut_into_grains(structure, voxels)
    each_mm3 = voxel_mm3(structure) * len(voxels) / len(points)
    kept = points[union_shares(points, np.zeros((3, 3)), around, 1) > 0]
    return Grains(kept, np.full(len(kept), each_mm3))


def _find_reamers() -> list[Instrument]:
    """Return the reamers of the table that are allowed in one pass, from thin to wide."""
    widest = value("planning.single_pass_reamer_mm")
    thinnest = min(values("planning.curve_diameter_mm"))
    found = [
        tool
        for tool in instruments().values()
        if tool.kind == "reamer" and thinnest <= tool.outer_diameter_mm <= widest
    ]
    return sorted(found, key=lambda tool: tool.outer_diameter_mm)


def _find_single_pass(radius_mm: float) -> Instrument | None:
    """Return the reamer of exactly that size, else the next larger one, or none."""
    if 2 * radius_mm > value("planning.single_pass_reamer_mm"):
        return None
    wider = [tool for tool in _find_reamers() if tool.radius_mm >= radius_mm - SAME_TOLERANCE]
    # A tube of the surgeon's own size comes with a reamer of that size.
    return wider[0] if wider else user_instrument("reamer", 2 * radius_mm)


def _find_steps(tools: Toolset, last: Instrument) -> list[Instrument]:
    """Return the reamers of the technique that are thinner than the last, and the last."""
    named = instruments()
    thinner = [
        named[tool.instrument]
        for tool in tools.tools
        if tool.stage == "reamer"
        and tool.instrument in named
        and tool.radius_mm < last.radius_mm - SAME_TOLERANCE
    ]
    return [*thinner, last]


def _find_widest_mm(hazards: HazardSet, tools: Toolset, shafts: list[Shaft]) -> NDArray[np.float64]:
    """Return the widest reamer that breaks no hard margin on each way, as radii, shape (N,), mm."""
    points = [shaft.samples() for shaft in shafts]
    starts = np.cumsum([0, *(len(p) for p in points[:-1])])
    # A reamer without radius: what room is left is the radius it may have.
    line = Tool("reamer", "centre line", 0.0)
    room = measure_room_mm(hazards, tools, line, np.concatenate(points), None)
    least: NDArray[np.float64] = np.minimum.reduceat(room, starts)
    return least


def _find_candidates(
    path: Path, axis: Shaft, hazards: HazardSet, tools: Toolset, *, tilted: bool
) -> list[Wish]:
    """Return the reamers in all directions that keep every hard margin."""
    step = value("planning.reamer_azimuth_deg")
    skin = np.asarray(path.entry_lps_mm)
    ways: list[tuple[Shaft, Pivot]] = [(axis, "axis")]
    for azimuth in np.arange(0.0, 2 * HALF_TURN_DEG, step).tolist() if tilted else ():
        for tilt in values("planning.reamer_tilt_deg"):
            ways.append((turn_shaft(axis, axis.tip_lps_mm, tilt, azimuth), "docking"))
        for shift in values("planning.reamer_shift_mm"):
            tilt = float(np.degrees(np.arctan2(shift, axis.length_mm)))
            ways.append((turn_shaft(axis, skin, tilt, azimuth), "skin"))
    widest = _find_widest_mm(hazards, tools, [shaft for shaft, _ in ways])
    return [
        (tool, shaft, pivot)
        for (shaft, pivot), radius in zip(ways, widest.tolist(), strict=True)
        for tool in _find_reamers()
        if tool.radius_mm <= radius
    ]


def _cover(grains: Grains, needed: NDArray[np.bool_], wishes: list[Wish]) -> list[list[Pass]]:
    """Return sets of passes that take the needed bone with little else, by two greedy rules."""
    if not wishes:
        return []
    # Of the bone that should stay a part of the grains says what a pass costs.
    other = np.flatnonzero(~needed)[::WASTE_STEP_SAMPLES]
    bone = Grains(grains.points_lps_mm[needed], grains.volumes_mm3[needed])
    rest = Grains(grains.points_lps_mm[other], WASTE_STEP_SAMPLES * grains.volumes_mm3[other])
    capsules = [s.capsule(t.radius_mm)[None] for t, s, _ in wishes]
    covers = np.array([bone.inside(c) for c in capsules], dtype=np.float32)
    wastes = np.array([rest.inside(c) for c in capsules], dtype=np.float32)
    found = []
    for is_thrifty in (False, True):
        chosen = _pick(covers, wastes, bone, rest, is_thrifty=is_thrifty)
        found.append(_take(grains, needed, [wishes[n] for n in chosen]))
    return found


def _pick(
    covers: NDArray[np.float32],
    wastes: NDArray[np.float32],
    bone: Grains,
    rest: Grains,
    *,
    is_thrifty: bool,
) -> list[int]:
    """Return which passes are taken: the largest net gain each time, or the most per waste."""
    to_take, to_spare = bone.volumes_mm3.copy(), rest.volumes_mm3.copy()
    chosen: list[int] = []
    while len(chosen) < value("planning.reamer_passes_max"):
        gain, waste = covers @ to_take, wastes @ to_spare
        best = int(np.argmax(gain - waste))
        if is_thrifty or gain[best] <= waste[best]:
            best = int(np.argmax(gain / (waste + bone.volumes_mm3.max())))
        if gain[best] <= 0:
            break
        chosen.append(best)
        to_take[covers[best] > 0] = 0.0
        to_spare[wastes[best] > 0] = 0.0
    for one in list(chosen):
        others = [n for n in chosen if n != one]
        if others and not (covers[one] > covers[others].max(axis=0)).any():
            chosen = others
    return chosen


def _take(grains: Grains, needed: NDArray[np.bool_], wishes: list[Wish]) -> list[Pass]:
    """Return the passes in order, each stopped where it has nothing more to take."""
    passes: list[Pass] = []
    gone = np.zeros(len(needed), dtype=bool)
    for tool, shaft, pivot in wishes:
        covered = grains.inside(shaft.capsule(tool.radius_mm)[None]) & needed & ~gone
        if not covered.any():
            continue
        short = _stop_early(grains.points_lps_mm[covered], shaft, tool.radius_mm)
        held = grains.inside(short.capsule(tool.radius_mm)[None])
        passes.append(Pass(tool, short, pivot, grains.volume_mm3(held & ~gone)))
        gone |= held
    return passes


def _stop_early(points_lps_mm: NDArray[np.float64], shaft: Shaft, radius_mm: float) -> Shaft:
    """Return the shaft drawn back to where its round tip just takes the last of some points."""
    back = -shaft.way
    offset = points_lps_mm - shaft.tip_lps_mm
    along = offset @ back
    aside = np.linalg.norm(offset - along[:, None] * back, axis=1)
    front = along + np.sqrt(np.maximum(radius_mm**2 - aside**2, 0))
    # A hair further in, so that rounding keeps the last grain inside.
    drawn = min(max(float(front.min()) - SAME_TOLERANCE, 0.0), shaft.length_mm)
    tip = shaft.tip_lps_mm + drawn * back
    return Shaft(tip, shaft.outer_lps_mm, shaft.tilt_deg, shaft.azimuth_deg)


def _choose(grains: Grains, needed: NDArray[np.bool_], sets: list[list[Pass]]) -> list[Pass]:
    """Return what leaves least of the needed bone, and of equals what takes least."""
    best: list[Pass] = []
    least = (np.inf, np.inf)
    for passes in sets:
        taken = grains.inside(_capsules(passes))
        rank = (grains.volume_mm3(needed & ~taken), grains.volume_mm3(taken))
        if rank < least:
            best, least = passes, rank
    return best


def _capsules(passes: list[Pass]) -> NDArray[np.float64]:
    return np.array([one.capsule for one in passes]).reshape(-1, 3 + 3 + 1)
