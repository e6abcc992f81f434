"""The least bone that lets a cannula pass, and the reamers that take it and little else."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy
from kambin.knowledge import Instrument, value
from kambin.planning.bone_kernels import weigh_rows
from kambin.planning.evaluate import Path
from kambin.planning.fields import HazardSet
from kambin.planning.geometry import LevelGeometry
from kambin.planning.grains import Grains
from kambin.planning.level_bone import LevelBone
from kambin.planning.reamers import (
    SAME_TOLERANCE,
    Pivot,
    Wish,
    find_candidates,
    find_radii_mm,
    find_single_pass,
    find_steps,
    find_widest_mm,
)
from kambin.planning.resection import find_capsule
from kambin.planning.shafts import Shaft
from kambin.planning.tools import Toolset

WASTE_STEP_SAMPLES = 7
"""One grain in so many is asked where only what a pass wastes is weighed; the result counts all."""


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
    bone: LevelBone | None = None,
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
    bone : LevelBone that was prepared before, or none

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
    bone = bone or LevelBone(anatomy, geometry)
    grains = find_grains(bone, path, wanted_mm, frees_rim=tools.frees_rim, tilted=tilted)
    needed = grains.inside(find_capsule(path, wanted_mm)[None])
    if not tools.reams or not needed.any():
        left = grains.volume_mm3(needed)
        return Foraminoplasty((), margin, left, 0.0, left, None)
    axis = Shaft(path.tip_lps_mm(path.stop_mm), np.asarray(path.entry_lps_mm))
    widest_mm = float(find_widest_mm(hazards, tools, [axis])[0])
    single = find_single_pass(wanted_mm)
    one = None
    if single is not None and single.radius_mm <= widest_mm:
        one = _take(grains, needed, [(single, axis, "axis")])
    if one is not None and abs(one[0].instrument.radius_mm - wanted_mm) <= SAME_TOLERANCE:
        steps: list[Wish] = [(t, axis, "axis") for t in find_steps(tools, one[0].instrument)]
        chosen = _take(grains, needed, steps)
    else:
        wishes = find_candidates(path, axis, hazards, tools, axis_mm=widest_mm, tilted=tilted)
        several = _cover(grains, needed, wishes)
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
    bone: LevelBone, path: Path, radius_mm: float, *, frees_rim: bool, tilted: bool = True
) -> Grains:
    """Return the bone that may be removed near an axis, as grains.

    Parameters
    ----------
    bone : LevelBone
    path : Path
    radius_mm : float, mm, within which bone is wanted; what reamers may also meet is added
    frees_rim : bool, whether the rim may go, too
    tilted : bool, whether reamers off the axis will be asked, which meet bone farther from it
    """
    widest_mm = max(find_radii_mm())
    meets_mm = radius_mm + 2 * widest_mm if tilted else max(radius_mm, widest_mm)
    around = find_capsule(path, meets_mm)
    found = bone.find_removable(frees_rim=frees_rim)
    return found.keep(found.distances_mm(around) <= around[-1])


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
    grains = find_grains(LevelBone(anatomy, geometry), path, radius_mm, frees_rim=frees_rim)
    return grains.volume_mm3(grains.inside(find_capsule(path, radius_mm)[None]))


def _cover(grains: Grains, needed: NDArray[np.bool_], wishes: list[Wish]) -> list[list[Pass]]:
    """Return sets of passes that take the needed bone with little else, by two greedy rules."""
    if not wishes:
        return []
    # Of the bone that should stay a part of the grains says what a pass costs.
    other = np.flatnonzero(~needed)[::WASTE_STEP_SAMPLES]
    bone, spared = grains.keep(needed), grains.keep(other)
    rest = Grains(spared.points_lps_mm, WASTE_STEP_SAMPLES * spared.volumes_mm3)
    covers, wastes = _find_held(bone, wishes), _find_held(rest, wishes)
    found = []
    for is_thrifty in (False, True):
        chosen = _pick(covers, wastes, bone, rest, is_thrifty=is_thrifty)
        found.append(_take(grains, needed, [wishes[n] for n in chosen]))
    return found


def _find_held(grains: Grains, wishes: list[Wish]) -> NDArray[np.bool_]:
    """Return which grains each reamer takes on its way, shape (wishes, N)."""
    held = np.zeros((len(wishes), len(grains.volumes_mm3)), dtype=bool)
    away: dict[int, NDArray[np.float64]] = {}
    for row, (tool, shaft, _) in zip(held, wishes, strict=True):
        # Reamers of all sizes share the ways, and a way has one distance to each grain.
        if id(shaft) not in away:
            away[id(shaft)] = grains.distances_mm(shaft.capsule(tool.radius_mm))
        row[:] = away[id(shaft)] <= tool.radius_mm
    return held


def _pick(
    covers: NDArray[np.bool_],
    wastes: NDArray[np.bool_],
    bone: Grains,
    rest: Grains,
    *,
    is_thrifty: bool,
) -> list[int]:
    """Return which passes are taken: the largest net gain each time, or the most per waste."""
    to_take, to_spare = bone.volumes_mm3.copy(), rest.volumes_mm3.copy()
    chosen: list[int] = []
    while len(chosen) < value("planning.reamer_passes_max"):
        gain, waste = weigh_rows(covers, to_take), weigh_rows(wastes, to_spare)
        best = int(np.argmax(gain - waste))
        if is_thrifty or gain[best] <= waste[best]:
            best = int(np.argmax(gain / (waste + bone.volumes_mm3.max())))
        if gain[best] <= 0:
            break
        chosen.append(best)
        to_take[covers[best]] = 0.0
        to_spare[wastes[best]] = 0.0
    for one in list(chosen):
        others = [n for n in chosen if n != one]
        if others and not (covers[one] & ~covers[others].any(axis=0)).any():
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
