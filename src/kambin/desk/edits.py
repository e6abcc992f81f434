"""Changes of a case folder: its fragment, one of its masks, one of its roots."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kambin.anatomy import Anatomy, Case, Origin, StructureKey
from kambin.anatomy.fragment import (
    BEGUN_ON,
    FragmentNote,
    has_fragment,
    put_fragment,
    take_fragment,
)
from kambin.anatomy.fragment_before import FragmentBefore, find_before
from kambin.anatomy.fragment_brush import Stroke, paint
from kambin.anatomy.fragment_model import place_fragment
from kambin.anatomy.fragment_wish import FragmentWish
from kambin.anatomy.replaced_masks import replace_structure
from kambin.core import InputError, RequestError
from kambin.desk.gate import read_checked_case, require_answered
from kambin.exchange import read_case, settle_case
from kambin.exchange.contours import read_contours
from kambin.exchange.drawn_roots import make_root
from kambin.exchange.fragment_files import rewrite_case
from kambin.exchange.geometry import SAME_PLACE_TOLERANCE, greatest_shift_voxels
from kambin.exchange.importing import with_findings
from kambin.exchange.markups import DrawnCurve
from kambin.exchange.sources import read_mask
from kambin.exchange.strokes import STROKES_FILE, strokes_bytes

Complete = Callable[[Case], Anatomy]
"""Completes the anatomy of a case."""

_NOT_PAINTED: Mapping[str, bytes | None] = {STROKES_FILE: None}
"""Strokes beside a case whose fragment is not painted would tell of another one."""


def place_wished(
    folder: Path, wish: FragmentWish, complete: Complete, *, replacing: bool = False
) -> Mapping[StructureKey, float]:
    """Write a case with a fragment placed by its parameters.

    Parameters
    ----------
    folder : the case folder
    wish : FragmentWish
    complete : completes the anatomy of the case without a fragment
    replacing : bool, take the old fragment out first

    Returns
    -------
    mapping of StructureKey to mm3 that it shares with nerves and sac

    Raises
    ------
    RequestError  (RQ-080) if there is a fragment already; (RQ-081) if there is none to replace
    AnatomyError  (AN-020, AN-021) while the case is stopped; and as ``place_fragment``
    """
    case = _without_fragment(folder, replacing=replacing)
    # the checks of the folder as it is, and of the case without its old fragment
    require_answered(read_checked_case(folder))
    placed = place_fragment(case, complete(case), wish)
    note = FragmentNote(Origin.MODELLED, wish.as_words())
    rewrite_case(put_fragment(case, placed.mask, note), folder, changed=_NOT_PAINTED)
    return placed.overlaps_mm3


def place_drawn(folder: Path, contours: Sequence[Path], *, replacing: bool = False) -> None:
    """Write a case with a fragment drawn as closed curves.

    Parameters
    ----------
    folder : the case folder
    contours : files of closed curves, ``mrk.json``
    replacing : bool, take the old fragment out first

    Raises
    ------
    RequestError, InputError  as ``place_wished`` and ``read_contours``
    """
    case = _without_fragment(folder, replacing=replacing)
    mask, count = read_contours(contours, case.labels)
    note = FragmentNote(Origin.DRAWN, {"contours": str(count)})
    rewrite_case(put_fragment(case, mask, note), folder, changed=_NOT_PAINTED)


def place_painted(folder: Path, strokes: Sequence[Stroke], *, replacing: bool = False) -> None:
    """Write a case with a fragment as a brush changes the one that is there, or makes one.

    Parameters
    ----------
    folder : the case folder
    strokes : at least one, in the order in which they were made
    replacing : bool, take the old fragment out first instead of going on with it

    Raises
    ------
    RequestError  (RQ-086) if nothing is left of it; (RQ-081) if there is none to replace
    """
    case = read_case(folder)
    if replacing:
        case = settle_case(take_fragment(case))
    repaint(folder, strokes, find_before(case), case=case)


def repaint(
    folder: Path,
    strokes: Sequence[Stroke],
    before: FragmentBefore | None,
    *,
    case: Case | None = None,
) -> None:
    """Write a case with the fragment that strokes make of an earlier one, whatever is there now.

    Parameters
    ----------
    folder : the case folder
    strokes : in the order in which they were made; without any the earlier fragment is as it was
    before : FragmentBefore, the fragment when painting began, or none
    case : Case of the folder if it was read already

    Raises
    ------
    RequestError  (RQ-086) if nothing is left of it
    """
    bare = read_case(folder) if case is None else case
    if has_fragment(bare):
        bare = settle_case(take_fragment(bare))
    changed = _NOT_PAINTED
    if strokes:
        was = None if before is None else before.as_painted(bare.labels.shape)
        mask = paint(bare.labels, strokes, was).as_mask(bare.labels)
        wishes = {"strokes": str(len(strokes))}
        if before is not None:
            wishes[BEGUN_ON] = str(before.begun_on)
        bare = put_fragment(bare, mask, FragmentNote(Origin.DRAWN, wishes))
        changed = {STROKES_FILE: strokes_bytes(strokes)}
    elif before is not None:
        bare = before.put_back(bare)
    rewrite_case(bare, folder, changed=changed)


def remove_fragment(folder: Path) -> None:
    """Write a case without its fragment.

    Parameters
    ----------
    folder : the case folder

    Raises
    ------
    RequestError  (RQ-081) if there is none
    """
    rewrite_case(take_fragment(read_case(folder)), folder, changed=_NOT_PAINTED)


def replace_mask(folder: Path, key: StructureKey, file: Path) -> Mapping[StructureKey, int]:
    """Write a case with one structure as a mask file shows it.

    Parameters
    ----------
    folder : the case folder
    key : StructureKey
    file : mask of it, on the grid of the case's labels

    Returns
    -------
    mapping of StructureKey to int, how many voxels of other structures the mask took

    Raises
    ------
    InputError  (IN-012) on another grid; (IN-024, IN-026) as ``read_mask``
    """
    case, given = read_case(folder), read_mask(file, key).labels
    shift = greatest_shift_voxels(case.labels.lps_from_ijk, given.lps_from_ijk, case.labels.shape)
    if given.shape != case.labels.shape or shift > SAME_PLACE_TOLERANCE:
        raise InputError(
            code="IN-012",
            what="The mask is not on the grid of the case",
            where=file.name,
            why=f"It has {given.shape} voxels, the case {case.labels.shape}; corners lie "
            f"{shift:.2f} voxels apart.",
            next_step="Export the mask on the grid of the image; nothing is resampled silently.",
        )
    changed, taken = replace_structure(case, key, np.asarray(given.values) > 0)
    rewrite_case(changed, folder)
    return taken


def draw_root(
    folder: Path, key: StructureKey, curve: DrawnCurve, *, radius_mm: float | None = None
) -> None:
    """Write a case with a root as a person drew it; an older drawing of it is replaced.

    Parameters
    ----------
    folder : the case folder
    key : StructureKey of a root or a ganglion
    curve : DrawnCurve, mm, LPS
    radius_mm : float, mm, or none for that of the curve or of the literature

    Raises
    ------
    RequestError  (RQ-070) if a mask gives the root already; (RQ-070, RQ-071) and
    InputError  (IN-091) as ``make_root``
    """
    case = read_case(folder)
    if key in case.names.values():
        raise RequestError(
            code="RQ-070",
            what="The drawn root is not understood",
            where=str(key),
            why="It is given twice: as a line and as a mask.",
            next_step="Replace its mask, or import the case without it.",
        )
    tube, findings = make_root(
        curve, key, case.labels, where="drawn line", root_radius_mm=radius_mm
    )
    changed = replace(case, drawn={**case.drawn, key: tube}, sha256="")
    rewrite_case(with_findings(changed, findings), folder)


def _without_fragment(folder: Path, *, replacing: bool) -> Case:
    """Return the case as it takes a new fragment."""
    case = read_case(folder)
    if replacing:
        return settle_case(take_fragment(case))
    if has_fragment(case):
        # refused before the anatomy is completed, which takes longer than to say no
        put_fragment(case, np.ones(case.labels.shape, bool), FragmentNote(Origin.DRAWN))
    return case
