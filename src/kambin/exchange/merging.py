"""Several label maps into one, by a stated precedence and with every overlap reported."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.core import Finding, InputError, Severity
from kambin.exchange.dialects import is_envelope
from kambin.exchange.sources import LabelSource
from kambin.imaging import LabelMap
from kambin.knowledge import value

_PAIRS_SHOWN = 5
"""How many overlapping pairs a finding names; all of them count in its total."""


def merge_sources(
    sources: Sequence[LabelSource],
) -> tuple[LabelMap, dict[int, StructureKey], tuple[Finding, ...]]:
    """Join label maps on one grid; where two claim a voxel, the earlier keeps it.

    Parameters
    ----------
    sources : at least one, all on the same grid

    Returns
    -------
    the label map, shape (I, J, K) of the sources, LPS, mm; the names of its values; and a
    NOTE (IN-023) with the overlap in mm3, a CONFIRM where one pair shares over 1 cm3

    Raises
    ------
    InputError  (IN-018) if two of them name the same structure
    """
    _require_no_repetition(sources)
    # one source keeps its own numbers, which the user knows from the tool
    first = sources[0]
    if len(sources) == 1:
        return first.labels, dict(first.names), ()
    merged = np.zeros(first.labels.shape, dtype=np.uint16)
    names: dict[int, StructureKey] = {}
    overlap: Counter[tuple[str, str]] = Counter()
    for source in sources:
        values = _new_values(source, names)
        given = _renumbered(source, values)
        # the earlier source keeps its voxels; the later one fills only what is free
        claimed, free = (merged > 0) & (given > 0), merged == 0
        overlap.update(_overlap(merged[claimed], given[claimed], names))
        merged[free] = given[free]
    label_map = LabelMap(merged, first.labels.lps_from_ijk, first.labels.frame_id)
    voxel_mm3 = float(np.prod(label_map.spacing_mm))
    return label_map, names, _report(overlap, voxel_mm3)


def _require_no_repetition(sources: Sequence[LabelSource]) -> None:
    seen: dict[StructureKey, str] = {}
    for source in sources:
        for key in source.names.values():
            if key in seen:
                raise InputError(
                    code="IN-018",
                    what="A structure is given twice",
                    where=f"{seen[key]} and {source.where}",
                    why=f"Both hold {key}; which one is meant is not for the program to choose.",
                    next_step="Leave one of them out.",
                )
            seen[key] = source.where


def _new_values(source: LabelSource, names: dict[int, StructureKey]) -> Mapping[int, int]:
    """Give the structures of a source the numbers after those already given."""
    values: dict[int, int] = {}
    for label, key in sorted(source.names.items()):
        # numbered anew: two tools use one number for two structures
        number = len(names) + 1
        names[number] = key
        values[label] = number
    return values


def _renumbered(source: LabelSource, values: Mapping[int, int]) -> NDArray[np.uint16]:
    # labels without a known name become background, and are listed as left out
    table = np.zeros(int(source.labels.values.max()) + 1, dtype=np.uint16)
    for old, new in values.items():
        table[old] = new
    renumbered: NDArray[np.uint16] = table[source.labels.values]
    return renumbered


def _overlap(
    kept: NDArray[np.uint16], lost: NDArray[np.uint16], names: Mapping[int, StructureKey]
) -> Counter[tuple[str, str]]:
    width = len(names) + 1
    # one number per pair: counting is linear, where sorting pairs of a whole body is not
    counts = np.bincount(kept.astype(np.int64) * width + lost)
    pairs = [(names[code // width], names[code % width], code) for code in _filled(counts)]
    return Counter(
        {
            (str(winner), str(loser)): int(counts[code])
            for winner, loser, code in pairs
            if not (is_envelope(winner) or is_envelope(loser))
        }
    )


def _filled(counts: NDArray[np.int64]) -> list[int]:
    return [int(code) for code in np.flatnonzero(counts)]


def _report(overlap: Counter[tuple[str, str]], voxel_mm3: float) -> tuple[Finding, ...]:
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
