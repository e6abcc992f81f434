"""What the needle passes from the skin to the target, layer by layer, with depths."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy import Anatomy, Level, Origin, Structure
from kambin.approaches.doses import Group
from kambin.approaches.layer_kinds import MUSCLE_KINDS, find_kind, group_of, title_of
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.knowledge import value
from kambin.planning import Plan
from kambin.planning.documents import Document
from kambin.planning.geometry import cross_pedicle_line, find_level_geometry
from kambin.planning.landmarks import find_lines_mm

INSIDE_LEVEL = 0.5
"""Trilinear occupancy at the surface of a binary mask."""

DEPTH_DECIMALS = 6
"""Borders are rounded as the documents are, before they are subtracted: lengths then add up."""


class Layer(Document):
    """One layer on the way of the needle.

    Notes
    -----
    ``from_mm`` and ``to_mm`` count from the skin along the axis; the layers follow on one another
    without gap, the first begins at 0 and the last ends at the target. ``structures`` is empty
    where no label holds: ``origin`` is then ``modelled``, by a thickness from the tables or by what
    lies on both sides. ``sigma_mm`` is the largest of the structures' surfaces, null without one.
    """

    name: str
    title: str
    structures: tuple[str, ...]
    from_mm: float
    to_mm: float
    length_mm: float
    origin: str
    sigma_mm: float | None
    group: Group
    note: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """What lies at one depth: a structure, or the name of unlabelled tissue."""

    name: str
    structure: Structure | None


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring pieces of one kind, mm from the skin, and all structures that hold there.

    ``gap_mm`` of it has no label: thin gaps between two labels, and fat within one muscle.
    """

    name: str
    structures: tuple[Structure, ...]
    from_mm: float
    to_mm: float
    gap_mm: float = 0.0

    @property
    def length_mm(self) -> float:
        """Return how long it is, mm."""
        return self.to_mm - self.from_mm

    def joined(self, other: "_Run") -> "_Run":
        """Return this run and the next one as one of this name."""
        both = {str(one.key): one for one in (*self.structures, *other.structures)}
        held = tuple(both[name] for name in sorted(both))
        gap = self.gap_mm + (other.gap_mm if other.structures else other.length_mm)
        return _Run(self.name, held, self.from_mm, other.to_mm, gap)


def find_layers(anatomy: Anatomy, plan: Plan) -> tuple[Layer, ...]:
    """Return the layers from the skin to the target along the axis of a plan.

    Parameters
    ----------
    anatomy : Anatomy
    plan : Plan of the same case

    Returns
    -------
    layers in the order in which the needle comes to them; their lengths sum to that of the way

    Raises
    ------
    AnatomyError  (AN-011) if the level of the plan is not assessed
    """
    length = plan.trajectory.length_mm
    depths = _midpoints_mm(length)
    points = points_at(plan, depths)
    held = _find_pieces(anatomy, plan, points)
    border = find_foramen_depth_mm(anatomy, plan)
    pieces = [_name_unlabelled(p, d, border) for p, d in zip(held, depths, strict=True)]
    runs = _name_first(_drop_slivers(_join(pieces, length)))
    return tuple(_make_layer(run) for run in runs)


def points_at(plan: Plan, depths_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the points of a plan's axis at some depths, shape (N, 3), mm, LPS.

    Parameters
    ----------
    plan : Plan
    depths_mm : float array, shape (N,), mm from the skin
    """
    entry = np.array(plan.trajectory.entry_lps_mm)
    way = (np.array(plan.trajectory.target_lps_mm) - entry) / plan.trajectory.length_mm
    points: NDArray[np.float64] = entry + np.asarray(depths_mm)[:, None] * way
    return points


def find_foramen_depth_mm(anatomy: Anatomy, plan: Plan) -> float:
    """Return how deep the axis crosses the lateral border of the pedicles, mm from the skin.

    Parameters
    ----------
    anatomy : Anatomy
    plan : Plan; a target further lateral is its own crossing

    Raises
    ------
    AnatomyError  (AN-011) if the level of the plan is not assessed
    """
    side, level = Side(plan.side), Level.parse(plan.level)
    geometry = find_level_geometry(anatomy, level=level, side=side)
    entry, target = plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm
    line = find_lines_mm(geometry)["LPL"]
    crossing = cross_pedicle_line(geometry, [entry], [target], line)[0, 0]
    return float(np.linalg.norm(geometry.lps_mm(crossing) - np.array(entry)))


def is_within_surface(region: LabelMap, points_lps_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points lie within the surface of a mask, bool, shape (N,).

    Parameters
    ----------
    region : LabelMap of 0 and 1
    points_lps_mm : float array, shape (N, 3), mm, LPS
    """
    nodes = region.ijk(points_lps_mm).T
    high = np.array(region.shape)[:, None] - 1
    near = ((nodes > -1) & (nodes < high + 1)).all(axis=0)
    found = np.zeros(len(points_lps_mm), dtype=bool)
    # most structures lie nowhere near the axis
    if near.any():
        low = np.maximum(np.floor(nodes[:, near].min(axis=1)).astype(int), 0)
        top = np.minimum(np.ceil(nodes[:, near].max(axis=1)).astype(int) + 1, region.shape)
        box = tuple(slice(int(a), int(b)) for a, b in zip(low, top, strict=True))
        part = (region.values[box] > 0).astype(np.float32)
        sampled = ndimage.map_coordinates(
            part, nodes[:, near] - low[:, None], order=1, mode="constant", cval=0
        )
        found[near] = sampled >= INSIDE_LEVEL
    return found


def _midpoints_mm(length_mm: float) -> NDArray[np.float64]:
    count = max(1, int(np.ceil(length_mm / value("layers.march_step_mm"))))
    middles: NDArray[np.float64] = (np.arange(count, dtype=np.float64) + 0.5) * (length_mm / count)
    return middles


def _find_pieces(
    anatomy: Anatomy, plan: Plan, points_lps_mm: NDArray[np.float64]
) -> list[_Piece | None]:
    """Return what label holds each point; none where none does."""
    found: list[_Piece | None] = [None] * len(points_lps_mm)
    rank = np.full(len(points_lps_mm), np.inf)
    for key, structure in sorted(anatomy.structures.items(), key=lambda item: str(item[0])):
        kind = find_kind(key, Level.parse(plan.level), Side(plan.side))
        if kind is None:
            continue
        # what must be told first wins: a nerve before the disc that it lies on
        wins = is_within_surface(structure.region, points_lps_mm) & (kind.rank < rank)
        rank[wins] = kind.rank
        for index in np.flatnonzero(wins):
            found[index] = _Piece(kind.name, structure)
    return found


def _name_unlabelled(piece: _Piece | None, depth_mm: float, foramen_mm: float) -> _Piece:
    if piece is not None:
        return piece
    # medial of the pedicles' lateral border everything that no label names is foramen
    return _Piece("foramen" if depth_mm >= foramen_mm else "between", None)


def _join(pieces: list[_Piece], length_mm: float) -> list[_Run]:
    """Return neighbouring pieces of one name as runs; their borders are rounded."""
    step = length_mm / len(pieces)
    starts = [0]
    starts += [n for n in range(1, len(pieces)) if pieces[n].name != pieces[n - 1].name]
    borders = [round(n * step, DEPTH_DECIMALS) for n in starts]
    borders.append(round(length_mm, DEPTH_DECIMALS))
    ends = [*starts[1:], len(pieces)]
    return [
        _Run(pieces[n].name, _distinct(pieces[n:end]), borders[i], borders[i + 1])
        for i, (n, end) in enumerate(zip(starts, ends, strict=True))
    ]


def _distinct(pieces: list[_Piece]) -> tuple[Structure, ...]:
    """Return the structures of some pieces, each once, in the order of their keys."""
    known = {str(p.structure.key): p.structure for p in pieces if p.structure is not None}
    return tuple(known[name] for name in sorted(known))


def _drop_slivers(runs: list[_Run]) -> list[_Run]:
    """Return the runs without the gaps that labels leave where they touch or are ragged."""
    least, within = value("layers.least_gap_mm"), value("layers.gap_in_muscle_mm")
    kept: list[_Run] = []
    for run in runs:
        is_sliver = not run.structures and run.length_mm < least
        if kept and (is_sliver or kept[-1].name == run.name):
            kept[-1] = kept[-1].joined(run)
        # the same muscle again after a little fat: one muscle, of which a coarse label is ragged
        elif len(kept) > 1 and kept[-2].name == run.name and _is_fat_within(kept[-1], run, within):
            gap = kept.pop()
            kept[-1] = kept[-1].joined(gap).joined(run)
        else:
            kept.append(run)
    return kept


def _is_fat_within(gap: _Run, after: _Run, within_mm: float) -> bool:
    return _is_muscle(after) and not gap.structures and gap.length_mm < within_mm


def _name_first(runs: list[_Run]) -> list[_Run]:
    """Return the runs with the first unlabelled one parted into skin, subcutis and fascia."""
    first = runs[0]
    if first.structures:
        return runs
    skin = min(value("layers.skin_thickness_mm"), first.to_mm)
    borders = [("skin", 0.0, skin)]
    reaches_muscle = len(runs) > 1 and _is_muscle(runs[1])
    end = first.to_mm - (value("layers.fascia_thickness_mm") if reaches_muscle else 0.0)
    end = round(max(end, skin), DEPTH_DECIMALS)
    # without a muscle's label nobody can say where fat ends and muscle begins
    borders.append(("subcutis" if reaches_muscle else "unlabelled", skin, end))
    borders.append(("fascia", end, first.to_mm))
    return [_Run(name, (), a, b) for name, a, b in borders if b > a] + runs[1:]


def _is_muscle(run: _Run) -> bool:
    return any(one.key.kind in MUSCLE_KINDS for one in run.structures)


def _make_layer(run: _Run) -> Layer:
    held = run.structures
    # one modelled part is enough for the whole to be no more than modelled
    origins = {Origin.MODELLED} if not held else {one.origin for one in held}
    origin = Origin.MODELLED if Origin.MODELLED in origins else min(origins)
    return Layer(
        name=run.name,
        title=title_of(run.name, held[0].key if held else None),
        structures=tuple(str(one.key) for one in held),
        from_mm=run.from_mm,
        to_mm=run.to_mm,
        length_mm=round(run.to_mm - run.from_mm, DEPTH_DECIMALS),
        origin=str(origin),
        sigma_mm=max((one.sigma_mm for one in held), default=None),
        group=group_of(run.name),
        note=_note(run),
    )


def _note(run: _Run) -> str:
    notes = {
        "skin": f"{value('layers.skin_thickness_mm'):g} mm of the way count as skin [M].",
        "fascia": f"The last {value('layers.fascia_thickness_mm'):g} mm before the muscle [M].",
        "subcutis": "From the skin to the first labelled muscle; one without a label counts here.",
        "bone": "The axis meets bone: the needle is walked off it, reamers open the way.",
        "unlabelled": "No label names a muscle here: fat, fascia and muscle are not told apart.",
        "between": "No label holds here.",
        "foramen": "No label holds here, medial of the lateral border of the pedicles.",
    }
    if run.structures and run.gap_mm > 0:
        return f"{run.gap_mm:.1f} mm of it without a label."
    return notes.get(run.name, "")
