"""The skin map: how much room the best path from every entry leaves."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, Case
from kambin.core import FieldStore, Progress
from kambin.knowledge import value
from kambin.planning.corridor import find_stops_mm
from kambin.planning.evaluate import Path
from kambin.planning.question import Question, prepare_question
from kambin.planning.relaxing import find_relaxations
from kambin.planning.request import PlanRequest
from kambin.planning.search import NO_KEYS, combine_margins, find_first_best
from kambin.planning.search_problem import find_staged_problem
from kambin.planning.skin_stages import StageRooms, find_stage_rooms
from kambin.planning.surgeon import find_disc_line_lps_mm
from kambin.planning.tools import Tool, Toolset


@dataclass(frozen=True, slots=True)
class SkinMap:
    """What every entry on the skin could give, and the path nearest to passing.

    Parameters
    ----------
    entries_lps_mm : float array, shape (E, 3), mm, LPS, on the skin
    lateral_mm : float array, shape (E,), mm from the midline towards the asked side
    cranial_mm : float array, shape (E,), mm cranial of the disc line on the skin
    room_mm : float array, shape (E,), mm, least clearance above the hard margins of the best
        path from there; negative if a margin is broken
    nearest : Path with the most room, or none if no straight line belongs to the corridor
    tools : tuple of Tool, the sequence the map was made for
    targets_lps_mm : float array, shape (E, 3), mm, LPS, of the best path of each entry, nan
        where no path begins
    stops_mm : float array, shape (E,), mm, docking distance of that path, nan likewise
    """

    entries_lps_mm: NDArray[np.float64]
    lateral_mm: NDArray[np.float64]
    cranial_mm: NDArray[np.float64]
    room_mm: NDArray[np.float64]
    nearest: Path | None
    tools: tuple[Tool, ...]
    targets_lps_mm: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))
    stops_mm: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))


def plan_skin_map(
    case: Case,
    anatomy: Anatomy,
    request: PlanRequest,
    *,
    progress: Progress | None = None,
    store: FieldStore | None = None,
) -> SkinMap:
    """Show from where on the skin one may come, and how much room is left from there.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy, completed from the case
    request : PlanRequest, as for the plan
    progress : Progress or none
    store : FieldStore or none, where distance fields are kept between calls

    Returns
    -------
    SkinMap over the entries that the planner tries, in its order

    Raises
    ------
    RequestError  (PL-032) without a target; (RQ-041, RQ-042) for an unknown tool or technique
    AnatomyError  (AN-011) if disc, vertebrae, pedicles or skin of the level are not assessed

    Notes
    -----
    The same fields, paths and steps as the planner's list, every entry with its best target and
    docking distance, exactly (``skin_stages``); the way through bone is asked of all of them.
    Where nothing passes it is relaxed as the plan is.
    """
    question = prepare_question(case, anatomy, request, progress=progress, store=store)
    return relax_map(question)[1]


def relax_map(question: Question) -> tuple[Question, SkinMap]:
    """Return the map of a question, relaxed where nothing passes as it is asked, as the plan is.

    Parameters
    ----------
    question : Question
    """
    for tools in (question.problem.tools, *find_relaxations(question)):
        freed = with_tools(question, tools)
        # Whether anything passes is proved sooner than how much is lacking where nothing does.
        if (map_skin(freed, floor_mm=0.0).room_mm >= 0).any():
            return freed, map_skin(freed)
    return question, map_skin(question)


def with_tools(question: Question, tools: Toolset) -> Question:
    """Return a question for other tools of the same technique; no field depends on them.

    Parameters
    ----------
    question : Question
    tools : Toolset
    """
    return replace(question, problem=replace(question.problem, tools=tools))


def map_skin(question: Question, *, floor_mm: float = -np.inf) -> SkinMap:
    """Show how much room is left from every entry of a question that is prepared.

    Parameters
    ----------
    question : Question
    floor_mm : float, mm; an entry whose best path leaves less counts as one without a path

    Returns
    -------
    SkinMap over the entries that the planner tries, in its order
    """
    problem = question.problem
    entries, targets = problem.entries.points_lps_mm, problem.targets.points_lps_mm
    stops_mm = find_stops_mm(problem.tools.technique)
    found = StageRooms.none(len(entries))
    if len(entries) and len(targets):
        staged = find_staged_problem(problem, combine_margins(problem, NO_KEYS).fields)
        quantum = value("planning.objective_quantum_mm")
        found = find_stage_rooms(staged, quantum_mm=quantum, floor_mm=floor_mm)
    passes = found.targets >= 0
    aims, ends = np.full((len(entries), 3), np.nan), np.full(len(entries), np.nan)
    aims[passes], ends[passes] = targets[found.targets[passes]], stops_mm[found.stops[passes]]
    nearest = None
    if passes.any():
        best, _, _ = find_first_best(found.room_mm[:, None, None])
        nearest = Path(entries[best], aims[best], float(ends[best]))
    disc_line = find_disc_line_lps_mm(problem.geometry, question.skin)
    return SkinMap(
        entries_lps_mm=entries,
        lateral_mm=problem.geometry.surgical_mm(entries.reshape(-1, 3))[:, 0],
        cranial_mm=entries.reshape(-1, 3)[:, 2] - disc_line[2],
        room_mm=found.room_mm,
        nearest=nearest,
        tools=problem.tools.tools,
        targets_lps_mm=aims,
        stops_mm=ends,
    )
