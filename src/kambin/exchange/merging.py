"""Several label maps into one, by a stated precedence and with every overlap reported."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey, is_part_of_vertebra
from kambin.core import Finding, InputError, Severity
from kambin.exchange.dialects import is_envelope, needs_level
from kambin.exchange.leveling import give_levels, require_levels
from kambin.exchange.sources import LabelSource
from kambin.imaging import LabelMap
from kambin.knowledge import value

_PAIRS_SHOWN = 5
"""How many overlapping pairs a finding names; all of them count in its total."""

_SPINE = frozenset({"vertebra", "sacrum", "disc"})
"""What two files that name it must agree about; organs of two tools differ more."""


class MergedLabels(NamedTuple):
    """One label map made of all, with what is to be said about it.

    Parameters
    ----------
    labels : LabelMap
    names : label value -> StructureKey
    findings : what a person should know of overlaps, repetitions and pieces without a level
    given_by : StructureKey -> place in the sources of the one that gave it
    """

    labels: LabelMap
    names: dict[int, StructureKey]
    findings: tuple[Finding, ...]
    given_by: dict[StructureKey, int]


@dataclass(slots=True)
class _Merging:
    """What has been merged so far."""

    values: NDArray[np.uint16]
    voxel_mm3: float
    names: dict[int, StructureKey] = field(default_factory=dict)
    given_by: dict[StructureKey, int] = field(default_factory=dict)
    overlap: Counter[tuple[str, str]] = field(default_factory=Counter)
    repeated: list[tuple[StructureKey, int, int]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def merge_sources(sources: Sequence[LabelSource]) -> MergedLabels:
    """Join label maps on one grid; where two claim a voxel, the earlier keeps it.

    Parameters
    ----------
    sources : at least one, all on the same grid

    Returns
    -------
    MergedLabels, shape (I, J, K) of the sources, LPS, mm; with a NOTE (IN-023) of the overlap
    in mm3, a CONFIRM where one pair shares over 1 cm3, a NOTE (IN-080) of structures that
    several files give, and a NOTE (IN-081) of pieces that got no level

    Raises
    ------
    InputError  (IN-018) if two of them name the same structure at different places; (IN-083)
        if labels need a level and nothing names the vertebrae

    Notes
    -----
    Precedence: first what names its level, file by file as given; a structure comes whole from
    the first file that holds it. Then what needs a level, file by file. A part of a vertebra
    takes its voxels from its own vertebra, whichever came first; from everything else the
    earlier keeps.
    """
    waiting = {
        place: source
        for place, source in enumerate(sources)
        if any(needs_level(key) for key in source.names.values())
    }
    # one source keeps its own numbers, which the user knows from the tool
    first = sources[0]
    if len(sources) == 1 and not waiting:
        _require_no_repetition(first)
        return MergedLabels(
            first.labels, dict(first.names), (), dict.fromkeys(first.names.values(), 0)
        )
    voxel_mm3 = float(np.prod(first.labels.spacing_mm))
    merging = _Merging(np.zeros(first.labels.shape, dtype=np.uint16), voxel_mm3)
    for place, source in enumerate(sources):
        plain = {v: key for v, key in source.names.items() if not needs_level(key)}
        _add(merging, source, plain, place, sources)
    require_levels(list(waiting.values()), merging.names)
    for place, source in waiting.items():
        labels = LabelMap(merging.values, first.labels.lps_from_ijk, first.labels.frame_id)
        parts = {v: key for v, key in source.names.items() if needs_level(key)}
        levelled = give_levels(replace(source, names=parts), labels, merging.names)
        merging.left_out.update(levelled.left_out_voxels)
        _add(merging, levelled.source, levelled.source.names, place, sources)
    _forget_parted_ribs(merging)
    label_map = LabelMap(merging.values, first.labels.lps_from_ijk, first.labels.frame_id)
    return MergedLabels(label_map, merging.names, _findings(merging, sources), merging.given_by)


def _forget_parted_ribs(merging: _Merging) -> None:
    """Drop the names of ribs that another file has parted into left and right to the last voxel."""
    unsided = {n: k for n, k in merging.names.items() if k.kind == "rib" and k.side is None}
    for number, key in unsided.items():
        if not (merging.values == number).any():
            del merging.names[number]
            merging.given_by.pop(key)


def _require_no_repetition(source: LabelSource) -> None:
    keys = list(source.names.values())
    for key in keys:
        if keys.count(key) > 1:
            raise _given_twice(key, source.where, source.where, "the file holds it twice")


def _given_twice(key: StructureKey, one: str, other: str, how: str) -> InputError:
    return InputError(
        code="IN-018",
        what="A structure is given twice",
        where=f"{one} and {other}",
        why=f"Both hold {key}, but {how}; which one is meant is not for the program to choose.",
        next_step="Leave one of them out, or correct the names of the levels or sides.",
    )


def _add(
    merging: _Merging,
    source: LabelSource,
    names: Mapping[int, StructureKey],
    place: int,
    sources: Sequence[LabelSource],
) -> None:
    """Add the named labels of one source to what there is."""
    table = np.zeros(int(source.labels.values.max()) + 1, dtype=np.uint16)
    own: dict[StructureKey, int] = {}
    for label, key in sorted(names.items()):
        if label >= table.size:
            continue
        if key in merging.given_by and merging.given_by[key] != place:
            _require_agreement(merging, source, label, key, sources)
            merging.repeated.append((key, merging.given_by[key], place))
            continue
        # numbered anew: two tools use one number for two structures
        number = own.setdefault(key, _number_of(merging, key))
        table[label] = number
        merging.given_by[key] = place
    given: NDArray[np.uint16] = table[source.labels.values]
    _lay_in(merging, given)


def _number_of(merging: _Merging, key: StructureKey) -> int:
    for number, known in merging.names.items():
        if known == key:
            return number
    number = len(merging.names) + 1
    merging.names[number] = key
    return number


def _lay_in(merging: _Merging, given: NDArray[np.uint16]) -> None:
    """Fill what is free, refine what a part belongs to, and count what is claimed twice."""
    merged, names = merging.values, merging.names
    claimed = (merged > 0) & (given > 0)
    before, after = merged[claimed], given[claimed]
    refines, is_own = _relations(names)
    takes = refines[before, after]
    # the earlier source keeps its voxels; the later one fills only what is free
    merging.overlap.update(_overlap(before, after, names, is_own))
    merged[claimed] = np.where(takes, after, before)
    free = merged == 0
    merged[free] = given[free]


def _relations(
    names: Mapping[int, StructureKey],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which number may take voxels from which, and which pairs are of one bone."""
    size = len(names) + 1
    refines, is_own = np.zeros((size, size), dtype=bool), np.zeros((size, size), dtype=bool)
    for whole, key in names.items():
        for part, other in names.items():
            if _is_part(other, key):
                refines[whole, part] = True
                is_own[whole, part] = is_own[part, whole] = True
    return refines, is_own


def _is_part(part: StructureKey, whole: StructureKey) -> bool:
    """Return whether one structure is a piece of another: a process, or the rib of one side."""
    if part.place != whole.place:
        return False
    if whole.kind == "rib":
        return part.kind == "rib" and whole.side is None and part.side is not None
    return whole.kind == "vertebra" and is_part_of_vertebra(part)


def _require_agreement(
    merging: _Merging,
    source: LabelSource,
    label: int,
    key: StructureKey,
    sources: Sequence[LabelSource],
) -> None:
    """Refuse one name for two places: two files that disagree about level or side."""
    numbers = [n for n, known in merging.names.items() if _covers(key, known)]
    kept, given = np.isin(merging.values, numbers), source.labels.values == label
    shared = int(np.count_nonzero(kept & given))
    dice = 2 * shared / max(int(kept.sum() + given.sum()), 1)
    least = value("input_limits.same_structure_dice") if key.kind in _SPINE else 0.0
    # an organ of two tools may differ by much, but not lie somewhere else altogether
    if dice > least or (shared and key.kind not in _SPINE):
        return
    first = sources[merging.given_by[key]].where
    raise _given_twice(key, first, source.where, f"their masks overlap by a Dice of {dice:.2f}")


def _covers(key: StructureKey, known: StructureKey) -> bool:
    """Return whether a structure is the asked one, or part of the asked vertebra."""
    own_part = key.kind == "vertebra" and is_part_of_vertebra(known) and known.place == key.place
    return known == key or own_part


def _overlap(
    kept: NDArray[np.uint16],
    lost: NDArray[np.uint16],
    names: Mapping[int, StructureKey],
    is_own: NDArray[np.bool_],
) -> Counter[tuple[str, str]]:
    width = len(names) + 1
    # one number per pair: counting is linear, where sorting pairs of a whole body is not
    counts = np.bincount(kept.astype(np.int64) * width + lost)
    pairs = [divmod(int(code), width) for code in np.flatnonzero(counts)]
    return Counter(
        {
            (str(names[winner]), str(names[loser])): int(counts[winner * width + loser])
            for winner, loser in pairs
            if not (is_envelope(names[winner]) or is_envelope(names[loser]))
            and winner != loser
            # a part inside its own bone is no contradiction
            and not is_own[winner, loser]
        }
    )


def _findings(merging: _Merging, sources: Sequence[LabelSource]) -> tuple[Finding, ...]:
    return (
        *_report_overlap(merging.overlap, merging.voxel_mm3),
        *_report_repeated(merging.repeated, len(sources)),
        *_report_left_out(merging.left_out, merging.voxel_mm3),
    )


def _report_overlap(overlap: Counter[tuple[str, str]], voxel_mm3: float) -> tuple[Finding, ...]:
    if not overlap:
        return ()
    # by size, then by name: a count alone would leave the order of equals to chance
    largest = sorted(overlap.items(), key=lambda item: (-item[1], item[0]))[:_PAIRS_SHOWN]
    shown = "; ".join(f"{a} keeps {n * voxel_mm3:.0f} mm3 from {b}" for (a, b), n in largest)
    total = sum(overlap.values()) * voxel_mm3
    # one large pair may be two patients' masks; many small ones are the seams of two tools
    is_large = largest[0][1] * voxel_mm3 > value("checks.overlap_confirm_mm3")
    return (
        Finding(
            code="IN-023",
            severity=Severity.CONFIRM if is_large else Severity.NOTE,
            what="Masks overlap",
            where=f"{len(overlap)} pairs of structures",
            why=f"{total:.0f} mm3 are claimed twice: {shown}.",
            next_step="Look at the pair in the picture, and accept the code if that is right.",
        ),
    )


def _report_repeated(
    repeated: Sequence[tuple[StructureKey, int, int]], count: int
) -> tuple[Finding, ...]:
    if not repeated:
        return ()
    named = sorted({(str(key), kept + 1, left + 1) for key, kept, left in repeated})
    shown = "; ".join(f"{key} from {kept}, not {left}" for key, kept, left in named[:_PAIRS_SHOWN])
    more = f" and {len(named) - _PAIRS_SHOWN} more" if len(named) > _PAIRS_SHOWN else ""
    return (
        Finding(
            code="IN-080",
            severity=Severity.NOTE,
            what="A structure is given by more than one file",
            where=f"{len(named)} structures in {count} label inputs",
            why=f"The input named first gives it: {shown}{more}.",
            next_step="Give the better file first if it should be the other one.",
        ),
    )


def _report_left_out(left_out: Counter[str], voxel_mm3: float) -> tuple[Finding, ...]:
    lost = {name: n * voxel_mm3 for name, n in sorted(left_out.items()) if n}
    if not lost:
        return ()
    shown = ", ".join(f"{name} {mm3:.0f} mm3" for name, mm3 in lost.items())
    return (
        Finding(
            code="IN-081",
            severity=Severity.NOTE,
            what="Some pieces belong to no named vertebra and are left out",
            where=", ".join(lost),
            why=f"{shown} lie in no vertebra, or between no two, that the other labels name.",
            next_step="Look whether the two files are of one segmentation.",
        ),
    )
