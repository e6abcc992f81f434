"""Which vertebra is which: order, neighbours, and the counts from the sacrum and the last rib."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from kambin.anatomy.case import Confirmation
from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.keys import DISC_LEVELS, VERTEBRAE
from kambin.anatomy.laterality import is_cut_off
from kambin.anatomy.masks import find_labelled, shrink_by_box
from kambin.anatomy.structures import LevelScheme
from kambin.anatomy.survey import FoundStructure, Survey
from kambin.core import Finding, Severity
from kambin.knowledge import value

SCHEME_CODE, INDEX_CODE = "scheme", "index"
"""Under which words a person's answers are kept: how many lumbar, and which level is marked."""

_SACRAL = "S1"
_USUAL_LOWEST = "L5"
_USUAL_RIBS = max(int(name[1:]) for name in VERTEBRAE if name.startswith("T"))
_COLUMN = tuple(name for t in VERTEBRAE for name in ((t, "T13") if t == "T12" else (t,)))
"""The order of names with a thirteenth thoracic vertebra, which bears a rib where L1 does not."""


@dataclass(frozen=True, slots=True)
class VertebralStack:
    """The mobile vertebrae from cranial to caudal as they lie, with what they are counted from.

    Parameters
    ----------
    vertebrae : FoundStructure of T10 to L6 by descending height of their centre
    sacrum : FoundStructure the lowest one stands on (sacrum or S1), or none
    rib_vertebra : str, name of the vertebra that bears the lowest labelled rib, or empty
    rib_number : int, number of that rib, 0 if no rib reaches the labelled vertebrae
    """

    vertebrae: tuple[FoundStructure, ...]
    sacrum: FoundStructure | None
    rib_vertebra: str
    rib_number: int

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names from cranial to caudal as they lie."""
        return tuple(v.key.place for v in self.vertebrae)


def stack_vertebrae(survey: Survey) -> VertebralStack:
    """Order the labelled vertebrae by height and find sacrum and lowest rib.

    Parameters
    ----------
    survey : Survey

    Returns
    -------
    VertebralStack; names play no part in the order
    """
    mobile = [
        f for f in survey.of_kind("vertebra") if f.key.place in _COLUMN and f.key.place != _SACRAL
    ]
    # Known for the whole stack at once: no check may take a sliver for a vertebra.
    mobile = [
        replace(f, border_faces=max(f.border_faces, int(is_cut_off(f, survey.labels))))
        for f in mobile
    ]
    # By height, not by name: the names are what is being checked.
    mobile.sort(key=lambda f: -float(f.centroid_lps_mm[2]))
    # S1 first: where it was split off, it is what the lowest vertebra stands on.
    sacrum = survey.find("vertebra", _SACRAL) or survey.find("sacrum")
    bearer, number = _lowest_rib(survey, mobile)
    return VertebralStack(tuple(mobile), sacrum, bearer, number)


def find_scheme(stack: VertebralStack, confirmations: tuple[Confirmation, ...]) -> LevelScheme:
    """Return how the vertebrae are counted in these labels, and who confirmed it.

    Parameters
    ----------
    stack : VertebralStack
    confirmations : what persons have answered; the last one with code ``scheme`` counts

    Returns
    -------
    LevelScheme; the name is what the labels show, not what is true of the patient
    """
    lumbar = [int(name[1:]) for name in stack.names if name.startswith("L")]
    if not lumbar:
        name = "no lumbar vertebra"
    elif stack.sacrum is not None:
        name = f"{max(lumbar)} lumbar"
    else:
        # Without a sacrum fewer than five prove nothing: the image may end there.
        name = f"{max(int(_USUAL_LOWEST[1:]), *lumbar)} lumbar"
    vertebrae = stack.names + ((_SACRAL,) if stack.sacrum is not None else ())
    said = _last(confirmations, SCHEME_CODE)
    confirmed_by = said.by if said is not None and _same(said.value, name) else ""
    below, above = stack.sacrum is not None, stack.rib_number > 0
    scheme = LevelScheme(name, vertebrae, below, above, confirmed_by)
    marked = _last(confirmations, INDEX_CODE)
    # A mark counts only where nothing else does, and only between two labelled vertebrae.
    if marked is None or below or above or marked.value not in find_levels(scheme):
        return scheme
    words = f"index level, labelled {marked.value}"
    return replace(scheme, name=words, confirmed_by=marked.by, index_level=marked.value)


def find_levels(scheme: LevelScheme) -> tuple[str, ...]:
    """Return the disc levels whose two vertebrae are both labelled, cranial to caudal.

    Parameters
    ----------
    scheme : LevelScheme; of one with an index level there is no other
    """
    if scheme.index_level:
        return (scheme.index_level,)
    return tuple(
        f"{upper}-{lower}"
        for upper, lower in pairwise(scheme.vertebrae)
        if f"{upper}-{lower}" in DISC_LEVELS
    )


def check_levels(
    survey: Survey,
    stack: VertebralStack,
    scheme: LevelScheme,
    confirmations: tuple[Confirmation, ...] = (),
) -> tuple[Finding, ...]:
    """Prove the names of the levels: order, gaps, and the counts from both ends.

    Parameters
    ----------
    survey : Survey with at least one lumbar vertebra
    stack : VertebralStack of it
    scheme : LevelScheme of it
    confirmations : what persons have answered

    Returns
    -------
    findings: AN-110 order, AN-111 gap, AN-112 four or six lumbar vertebrae, AN-113 names
    against counts, AN-114 one count only, AN-115 none, AN-116 the confirmed scheme differs,
    AN-151 a level that a person marked in place of a count

    References
    ----------
    Faults 4, item 4, and rows A02 to A05; architecture 8.15.
    """
    findings = [*_check_order(stack), *_check_gaps(survey, stack)]
    # A count along a column with holes would only repeat them.
    if not findings:
        findings.extend(_check_counts(stack, scheme))
    return tuple(_answer(findings, scheme, confirmations))


def _check_order(stack: VertebralStack) -> list[Finding]:
    ranks = [_COLUMN.index(name) for name in stack.names]
    # All of them backwards is no slip of one label: the patient lies the other way round.
    if len(ranks) > 1 and ranks == sorted(ranks, reverse=True):
        why = "From head to foot the names run backwards: head and feet are exchanged."
        return [finding_of("AN-106", Severity.BLOCK, where=", ".join(stack.names), why=why)]
    if ranks != sorted(ranks):
        why = f"From cranial to caudal the labels lie as {', '.join(stack.names)}."
        return [finding_of("AN-110", Severity.BLOCK, where=", ".join(stack.names), why=why)]
    return []


def _check_gaps(survey: Survey, stack: VertebralStack) -> list[Finding]:
    """Find a vertebra that the names skip, or a hole in the column that the names hide."""
    findings = []
    centres = np.array([v.centroid_lps_mm for v in stack.vertebrae])
    steps_mm = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    usual_mm = float(np.median(steps_mm)) if len(steps_mm) else 0.0
    for index, (upper, lower) in enumerate(pairwise(stack.names)):
        skipped = _names_between(upper, lower)
        # The centre of a vertebra that the image cuts is not where its neighbours expect it.
        cut = any(v.border_faces for v in stack.vertebrae[index : index + 2])
        step = f"{steps_mm[index]:.0f} mm, median of the column {usual_mm:.0f} mm"
        if skipped:
            why = f"No voxel is named {', '.join(skipped)}; centre to centre {step}."
        # Closer than half a step are two halves of one vertebra under two names.
        elif not cut and not 0.5 < steps_mm[index] / usual_mm < value("checks.step_ratio_most"):
            why = f"The step between their centres does not fit: {step}."
        else:
            continue
        findings.append(
            finding_of("AN-111", Severity.BLOCK, where=f"between {upper} and {lower}", why=why)
        )
    if stack.sacrum is not None and stack.vertebrae:
        findings.extend(_check_lowest_gap(survey, stack))
    return findings


def _names_between(upper: str, lower: str) -> tuple[str, ...]:
    between = _COLUMN[_COLUMN.index(upper) + 1 : _COLUMN.index(lower)]
    # Nobody misses a thirteenth thoracic vertebra: most people have none.
    return tuple(name for name in between if name != "T13")


def _check_lowest_gap(survey: Survey, stack: VertebralStack) -> list[Finding]:
    lowest, sacrum = stack.vertebrae[-1], stack.sacrum
    if sacrum is None:
        return []
    limit_mm = value("checks.sacrum_gap_most_mm")
    if _gap_mm(survey, lowest, sacrum, limit_mm) <= limit_mm:
        return []
    where = f"between {lowest.key.place} and the sacrum"
    why = f"More than {limit_mm:g} mm lie between the two labels."
    return [finding_of("AN-111", Severity.BLOCK, where=where, why=why)]


def _check_counts(stack: VertebralStack, scheme: LevelScheme) -> list[Finding]:
    said = _counts_in_words(stack)
    if scheme.index_level:
        return [find_index_remark(scheme)]
    where = f"{scheme.name}; vertebrae {', '.join(scheme.vertebrae)}"
    return [finding_of(c, severity, where=where, why=said) for c, severity in _weigh_counts(stack)]


def find_index_remark(scheme: LevelScheme) -> Finding:
    """Return what has to stand beside every number of a level that was marked, not counted.

    Parameters
    ----------
    scheme : LevelScheme with an index level
    """
    why = (
        f"Neither sacrum nor ribs are labelled; {scheme.confirmed_by} marked the level that the "
        f"labels call {scheme.index_level}."
    )
    return finding_of("AN-151", Severity.NOTE, where=scheme.index_level, why=why)


def find_scheme_remark(scheme: LevelScheme) -> Finding:
    """Return what a plan keeps of the answer that named its levels.

    Parameters
    ----------
    scheme : LevelScheme that a person confirmed
    """
    code = "AN-112" if scheme.counted_from_sacrum and scheme.counted_from_rib else "AN-114"
    why = f"{scheme.confirmed_by} confirmed the count; vertebrae {', '.join(scheme.vertebrae)}."
    return finding_of(code, Severity.NOTE, where=scheme.name, why=why)


def _weigh_counts(stack: VertebralStack) -> list[tuple[str, Severity]]:
    """Return the code that both counts together lead to, or none if they agree."""
    lowest = stack.names[-1]
    below, above = stack.sacrum is not None, stack.rib_number > 0
    bottom_fits = lowest == _USUAL_LOWEST
    # A thirteenth rib is a variant whatever its vertebra is called.
    top_fits = stack.rib_vertebra == f"T{stack.rib_number}" and stack.rib_number <= _USUAL_RIBS
    if not below and not above:
        return [("AN-115", Severity.BLOCK)]
    if below and above:
        if bottom_fits and top_fits:
            return []
        # One count off is a variant (six lumbar, a lumbar rib); both off is a shift of names.
        one_fits = bottom_fits or top_fits
        return [("AN-112", Severity.CONFIRM) if one_fits else ("AN-113", Severity.BLOCK)]
    # One count alone cannot tell a variant from a shift: somebody has to look.
    if (below and bottom_fits) or (above and top_fits):
        return [("AN-114", Severity.CONFIRM)]
    is_variant = below and lowest in ("L4", "L6")
    return [("AN-112", Severity.CONFIRM) if is_variant else ("AN-113", Severity.BLOCK)]


def _counts_in_words(stack: VertebralStack) -> str:
    parts = []
    if stack.sacrum is not None:
        parts.append(
            f"Counted from the sacrum up, {stack.names[-1]} stands on it "
            f"(expected {_USUAL_LOWEST})."
        )
    else:
        parts.append("No sacrum is labelled to count from.")
    if stack.rib_number > _USUAL_RIBS:
        parts.append(
            f"There is a rib {stack.rib_number}, on {stack.rib_vertebra} ({_USUAL_RIBS} expected)."
        )
    elif stack.rib_number:
        parts.append(
            f"Counted from the ribs down, rib {stack.rib_number} belongs to "
            f"{stack.rib_vertebra} (expected T{stack.rib_number})."
        )
    else:
        parts.append("No rib reaches the labelled vertebrae.")
    return " ".join(parts)


def _answer(
    findings: list[Finding], scheme: LevelScheme, confirmations: tuple[Confirmation, ...]
) -> list[Finding]:
    """Turn counts that a person has confirmed into notes; refuse a scheme the labels deny."""
    said = _last(confirmations, SCHEME_CODE)
    if said is None or scheme.index_level:
        return findings
    if not _same(said.value, scheme.name):
        why = f"Confirmed was {said.value[:20]!r}, the labels show {scheme.name}."
        return [*findings, finding_of("AN-116", Severity.BLOCK, where=scheme.name, why=why)]
    return [
        f
        # An answer settles a question; it never lifts a BLOCK.
        if f.severity is not Severity.CONFIRM
        else finding_of(f.code, Severity.NOTE, where=f.where, why=f"{f.why} Confirmed by a person.")
        for f in findings
    ]


def _last(confirmations: tuple[Confirmation, ...], code: str) -> Confirmation | None:
    said = [c for c in confirmations if c.code == code]
    # The last word counts; earlier ones stay in the case as its history.
    return said[-1] if said else None


def _same(first: str, second: str) -> bool:
    return first.strip().lower() == second.strip().lower()


def _lowest_rib(survey: Survey, mobile: list[FoundStructure]) -> tuple[str, int]:
    """Return the vertebra that the lowest labelled rib comes nearest to, and its number."""
    ribs = [f for f in survey.of_kind("rib") if f.key.place.isdigit()]
    limit_mm = value("checks.rib_gap_most_mm")
    # From the lowest up: the twelfth rib may be missing, or end before the labels do (A03).
    for number in sorted({int(f.key.place) for f in ribs}, reverse=True):
        gaps = [
            (_gap_mm(survey, rib, vertebra, limit_mm), vertebra.key.place)
            for rib in ribs
            for vertebra in mobile
            if int(rib.key.place) == number
        ]
        near = [pair for pair in gaps if pair[0] <= limit_mm]
        if near:
            return min(near)[1], number
    return "", 0


def _gap_mm(
    survey: Survey, first: FoundStructure, second: FoundStructure, limit_mm: float
) -> float:
    """Return the smallest distance between voxel centres, mm; beyond a limit it is infinite."""
    reach = int(np.ceil(limit_mm / float(survey.labels.spacing_mm.min()))) + 1
    near = [
        _surface_within(survey, one, other.grown_box(survey.labels, reach))
        for one, other in ((first, second), (second, first))
    ]
    if not all(len(points) for points in near):
        return float("inf")
    # Both sets are cut to the reach of the limit: whole bones have too many voxels for a tree.
    distances, _ = cKDTree(near[1]).query(near[0], distance_upper_bound=limit_mm)
    return float(np.min(distances))


def _surface_within(
    survey: Survey, structure: FoundStructure, box: tuple[slice, slice, slice]
) -> NDArray[np.float64]:
    """Return the voxel centres of a surface that lie in a box, shape (N, 3), mm, LPS."""
    # Grown by one, so that the surface of the structure is not cut off with its box.
    both = zip(structure.grown_box(survey.labels, 1), box, strict=True)
    low, high = np.array([(max(a.start, b.start), min(a.stop, b.stop)) for a, b in both]).T
    if (low >= high).any():
        return np.empty((0, 3))
    i, j, k = (slice(a, b) for a, b in zip(low, high, strict=True))
    inside = find_labelled(survey.labels.values[i, j, k], structure.values)
    # From a voxel that is walled in, a neighbour is nearer to whatever lies outside.
    surface = inside & ~shrink_by_box(inside, (1, 1, 1))
    return survey.labels.lps_mm(np.argwhere(surface) + low)
