"""One answer of the planner without what no share asks for: certainty, alternatives, curves.

The steps are those of ``plan_trajectory``, in its own functions: search, relaxations, choice by
reach and by room, hard rules, reach of the forceps. Left out are the bound between listed paths,
certainty, other ways, words, and the second checker; a sample of whole plans says what the last
one would have stopped (``python -m benchmarks.herniation_atlas --control``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from kambin.anatomy import StructureKey
from kambin.planning import Evaluator, Stage, refine
from kambin.planning.choices import assess_choice, tell_stages
from kambin.planning.evaluate import Doubt, Path
from kambin.planning.evaluator import Prepared
from kambin.planning.foraminoplasty import plan_foraminoplasty
from kambin.planning.level_bone import LevelBone
from kambin.planning.policy import find_same_nerve
from kambin.planning.question import Question
from kambin.planning.reach import map_path
from kambin.planning.reach_choice import ReachChoice, choose_for_reach
from kambin.planning.reach_map import BOTH, REMOVABLE, VISIBLE
from kambin.planning.refine import search
from kambin.planning.refusal import judge_refusal
from kambin.planning.relaxing import relax
from kambin.planning.resection import measure_removed
from kambin.planning.room_choice import choose_for_room
from kambin.planning.rules import find_broken
from kambin.planning.search import Candidate, SearchResult
from kambin.planning.stage_ends import with_ends

Row = dict[str, Any]

PLACES = 6
"""Decimals of what is kept, mm and shares, as of a plan's document."""


def prepare(question: Question, bone: LevelBone) -> Prepared:
    """Return what does not change between the techniques of one fragment.

    Parameters
    ----------
    question : Question of any of them
    bone : LevelBone of the level and side, that of all fragments there
    """
    problem = question.problem
    made = Prepared(question.anatomy, problem.geometry, question.skin, problem.hazards)
    vars(made)["bone"] = bone
    return made


@contextmanager
def listed_only() -> Iterator[None]:
    """Let the planner's searches leave out the bound on what lies between listed paths."""
    before = refine.find_continuum_mm
    refine.find_continuum_mm = lambda _, found_mm: found_mm
    try:
        yield
    finally:
        refine.find_continuum_mm = before


def answer(question: Question, prepared: Prepared) -> Row:
    """Return what the planner finds: a plan in a few numbers, or what binds.

    Parameters
    ----------
    question : Question
    prepared : Prepared for its fragment
    """
    with listed_only():
        result = search(question.problem, question.skin)
        if not result.is_feasible:
            question, result = relax(question, result)
        if result.best is None:
            return {"planned": False, "decidable": True, "structure": "", "stage": "needle"}
        evaluator = _make_evaluator(question, prepared)
        if not result.is_feasible:
            return _refuse(evaluator, question, result)
        chosen = choose_for_room(question, choose_for_reach(question, result))
        row = _describe(evaluator, question, chosen)
        if row["broken"] and chosen.result.best is not result.best:
            # As the planner: what was taken for reach or the hand refuses nothing that was proved.
            row = _describe(evaluator, question, ReachChoice(result, result))
        return row


def _make_evaluator(question: Question, prepared: Prepared) -> Evaluator:
    evaluator = Evaluator.of(question)
    evaluator.kept[:] = [prepared]
    return evaluator


def _find_path(evaluator: Evaluator, one: Candidate) -> Path:
    path = Path(one.entry_lps_mm, one.target_lps_mm, one.stop_mm)
    return with_ends(evaluator.anatomy, evaluator.hazards, path, evaluator.tools)


def _describe(evaluator: Evaluator, question: Question, chosen: ReachChoice) -> Row:
    """Return a plan: its path, what a person must confirm, what is reached and what blocks."""
    best, problem, prepared = chosen.result.best, question.problem, evaluator.kept[0]
    path, tools = _find_path(evaluator, best), problem.tools
    world = (question.anatomy, problem.geometry, path, tools, problem.hazards)
    bone = plan_foraminoplasty(*world, bone=prepared.bone)
    resection = measure_removed(
        question.anatomy,
        problem.geometry,
        bone.capsules,
        rim_is_removed=tools.frees_rim,
        bone=prepared.bone,
    )
    told = tell_stages(question, path, _measure_stages(evaluator, question, path))
    rules = assess_choice(question, path, told, resection)
    broken = [rule.id for rule in find_broken(rules)]
    found = map_path(*world, bone.capsules, ground=prepared.ground)
    row = {
        "entry_lps_mm": np.round(best.entry_lps_mm, PLACES).tolist(),
        "target_lps_mm": np.round(best.target_lps_mm, PLACES).tolist(),
        "stop_mm": best.stop_mm,
        "objective_mm": round(chosen.proved.best.objective_mm, PLACES),
        "reachable": round(found.share(REMOVABLE, BOTH), PLACES),
        "visible": round(found.share(VISIBLE, BOTH), PLACES),
        "at_mouth": tools.docks_at_mouth,
        "takes_rim": tools.frees_rim,
        "asked": sorted(rule.id for rule in rules if not rule.passed and rule.id not in broken),
        "broken": broken,
    }
    return {"planned": not broken, **row}


def _measure_stages(evaluator: Evaluator, question: Question, path: Path) -> tuple[Stage, ...]:
    doubt = Doubt.of(question.case, question.anatomy, evaluator.errors.setting)
    return evaluator.kept[0].find_meter(question.problem.tools, doubt).measure(path)


def _refuse(evaluator: Evaluator, question: Question, result: SearchResult) -> Row:
    """Return what binds on the path nearest to passing, and whether the labels can tell."""
    problem, anatomy = question.problem, question.anatomy
    path = _find_path(evaluator, result.best)
    stages = _measure_stages(evaluator, question, path)

    def is_feasible_without(key: StructureKey) -> bool:
        return search(problem, question.skin, find_same_nerve(anatomy, key)).is_feasible

    verdict = judge_refusal(anatomy, stages, -result.best.slack_mm, is_feasible_without)
    binding = verdict.binding
    return {
        "planned": False,
        "decidable": verdict.decidable,
        "structure": binding.structure,
        "stage": binding.stage,
        "deficit_mm": round(binding.deficit_mm, PLACES),
    }
