"""The skin map in squares of a centimetre: area, best room, bone and reach of each."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, Case
from kambin.core import FieldStore, NoStore, Progress, SilentProgress
from kambin.knowledge import value
from kambin.planning.bone_models import Resection
from kambin.planning.evaluate import Path, to_point
from kambin.planning.evaluator import Evaluator
from kambin.planning.question import Question, prepare_question
from kambin.planning.reach_models import Reach
from kambin.planning.request import PlanRequest
from kambin.planning.sealing import round_document
from kambin.planning.skin_areas import find_patch_areas_mm2
from kambin.planning.skin_map import SkinMap, map_skin, relax_map, with_tools
from kambin.planning.skin_map_models import CannulaArea, SkinCell, SkinMapDocument
from kambin.planning.stage_ends import with_ends
from kambin.planning.tools import Toolset, find_toolset

MM2_PER_CM2 = 10**2

NO_PATH = "No straight line of the technique runs from the skin to the target."
"""Why a map has no squares."""


def make_skin_map(
    case: Case,
    anatomy: Anatomy,
    request: PlanRequest,
    *,
    cannulas_mm: Sequence[float] = (),
    with_bone: bool = True,
    progress: Progress | None = None,
    store: FieldStore | None = None,
) -> tuple[SkinMapDocument, SkinMap]:
    """Return from where on the skin one may come, in squares of a centimetre.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy, completed from the case
    request : PlanRequest, as for the plan
    cannulas_mm : further diameters whose safe area is wanted, mm
    with_bone : bool, whether bone and reach of each square are wanted, which take longer than
        all else together
    progress : Progress or none
    store : FieldStore or none, where distance fields are kept between calls

    Returns
    -------
    the document, and the SkinMap with all single entries that it was made of

    Raises
    ------
    RequestError, AnatomyError  as ``plan_skin_map``
    """
    progress, store = progress or SilentProgress(), store or NoStore()
    asked = prepare_question(case, anatomy, request, progress=progress, store=store)
    question, skin = relax_map(asked)
    areas = find_areas_mm2(question, skin)
    tools = question.problem.tools
    rows = [_measure_cannula(tools, skin, areas)]
    for diameter in cannulas_mm:
        other = find_toolset(replace(request, cannula_mm=diameter))
        rows += compare_cannula(with_tools(asked, other), tools, areas)
    cells = find_cells(question, skin, areas, with_bone=with_bone)
    best = max(cells, key=lambda cell: cell.best_room_mm or -np.inf, default=None)
    document = SkinMapDocument(
        case_sha256=case.sha256,
        level=str(request.level),
        side=request.side.value,
        zone=request.zone,
        technique=tools.technique.name,
        cannula_mm=tools.cannula_mm,
        rim_is_removed=tools.frees_rim,
        docks_at_mouth=tools.docks_at_mouth,
        cell_mm=value("skin_map.cell_mm"),
        area_cm2=float(areas.sum()) / MM2_PER_CM2,
        safe_area_cm2=rows[0].safe_area_cm2,
        best=best if best is not None and best.best_room_mm is not None else None,
        cells=cells,
        by_cannula=tuple(rows),
        not_assessed_reason=None if len(skin.entries_lps_mm) else NO_PATH,
    )
    return round_document(document), skin


def find_areas_mm2(question: Question, skin: SkinMap) -> NDArray[np.float64]:
    """Return how much skin each entry of a map stands for, shape (E,), mm2.

    Parameters
    ----------
    question : Question
    skin : SkinMap of the question
    """
    centre = question.problem.targets.centre_lps_mm
    return find_patch_areas_mm2(skin.entries_lps_mm, centre, question.request.side)


def compare_cannula(
    asked: Question, as_map: Toolset, areas_mm2: NDArray[np.float64]
) -> tuple[CannulaArea, ...]:
    """Return the skin of another diameter under what a map allows, and under what it needs itself.

    Parameters
    ----------
    asked : Question, with the tools of that diameter
    as_map : Toolset of the map, whose relaxations it gets first: areas compare only so
    areas_mm2 : float array, shape (E,), mm2, of each entry

    Returns
    -------
    one CannulaArea, and a second where that diameter needs more, or less, for a way of its own
    """
    alike = replace(
        asked.problem.tools, docks_at_mouth=as_map.docks_at_mouth, frees_rim=as_map.frees_rim
    )
    first = map_skin(with_tools(asked, alike))
    rows = [_measure_cannula(alike, first, areas_mm2)]
    own, found = relax_map(asked)
    tools = own.problem.tools
    is_alike = (tools.docks_at_mouth, tools.frees_rim) == (alike.docks_at_mouth, alike.frees_rim)
    if not is_alike and (found.room_mm >= 0).any():
        rows.append(_measure_cannula(tools, found, areas_mm2))
    return tuple(rows)


def _measure_cannula(tools: Toolset, skin: SkinMap, areas_mm2: NDArray[np.float64]) -> CannulaArea:
    return CannulaArea(
        cannula_mm=tools.cannula_mm,
        rim_is_removed=tools.frees_rim,
        docks_at_mouth=tools.docks_at_mouth,
        safe_area_cm2=float(areas_mm2[skin.room_mm >= 0].sum()) / MM2_PER_CM2,
        best_room_mm=_finite(skin.room_mm.max(initial=-np.inf)),
    )


def find_cells(
    question: Question,
    skin: SkinMap,
    areas_mm2: NDArray[np.float64],
    *,
    with_bone: bool,
) -> tuple[SkinCell, ...]:
    """Return the squares that hold an entry, from the midline outwards and upwards.

    Parameters
    ----------
    question : Question
    skin : SkinMap of the question, or a part of it
    areas_mm2 : float array, shape (E,), mm2, of each entry
    with_bone : bool, whether bone and reach of the best path of each square are wanted
    """
    size = value("skin_map.cell_mm")
    place = np.floor(np.column_stack([skin.lateral_mm, skin.cranial_mm]) / size).astype(int)
    measure = _BoneAndReach(question) if with_bone else None
    cells = []
    for row in np.unique(place, axis=0) if len(place) else ():
        members = np.flatnonzero((place == row).all(axis=1))
        best = int(members[np.argmax(skin.room_mm[members])])
        found = None
        if measure is not None and skin.room_mm[best] >= 0:
            found = measure(_find_path(skin, best))
        cells.append(_describe(skin, row * size, members, best, areas_mm2, found))
    return tuple(cells)


def _describe(
    skin: SkinMap,
    corner_mm: NDArray[np.float64],
    members: NDArray[np.int64],
    best: int,
    areas_mm2: NDArray[np.float64],
    found: tuple[Resection, Reach] | None,
) -> SkinCell:
    safe = members[skin.room_mm[members] >= 0]
    room = _finite(skin.room_mm[best])
    is_path = room is not None
    bone, reach = (None, None) if found is None else found
    return SkinCell(
        lateral_from_mm=float(corner_mm[0]),
        cranial_from_mm=float(corner_mm[1]),
        area_cm2=float(areas_mm2[members].sum()) / MM2_PER_CM2,
        safe_area_cm2=float(areas_mm2[safe].sum()) / MM2_PER_CM2,
        best_room_mm=room,
        entry_lps_mm=to_point(skin.entries_lps_mm[best]) if is_path else None,
        entry_lateral_mm=float(skin.lateral_mm[best]) if is_path else None,
        entry_cranial_mm=float(skin.cranial_mm[best]) if is_path else None,
        target_lps_mm=to_point(skin.targets_lps_mm[best]) if is_path else None,
        stop_mm=float(skin.stops_mm[best]) if is_path else None,
        resection_mm3=None if bone is None else bone.volume_mm3,
        facet_kept_fraction=None if bone is None else bone.facet_kept_fraction,
        reachable_fraction=None if reach is None else reach.reachable_fraction,
        visible_fraction=None if reach is None else reach.visible_fraction,
    )


class _BoneAndReach:
    """Measures what a path of a question removes and reaches, and nothing else of it.

    As the evaluation of a path that is dragged does: reamers along the axis, no curves of bone,
    coarser reach.
    """

    def __init__(self, question: Question) -> None:
        self._evaluator = Evaluator.of(question)

    def __call__(self, path: Path) -> tuple[Resection, Reach]:
        """Return the bone that goes, null where the labels cannot tell, and the reach after it."""
        its = self._evaluator
        path = with_ends(its.anatomy, its.hazards, path, its.tools)
        return its.measure_bone_and_reach(path, quick=True)


def _find_path(skin: SkinMap, at: int) -> Path:
    return Path(skin.entries_lps_mm[at], skin.targets_lps_mm[at], float(skin.stops_mm[at]))


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
