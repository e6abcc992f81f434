"""What paths at one place are measured on: prepared once, then only sampled."""

from dataclasses import dataclass, replace

import numpy as np

from kambin.anatomy import Anatomy, Case
from kambin.core import FieldStore, Progress
from kambin.planning import Path, PlanRequest
from kambin.planning.evaluator import Evaluator
from kambin.planning.question import Question, prepare_question


@dataclass(frozen=True, slots=True)
class Ground:
    """The prepared question of a place with its evaluator.

    Parameters
    ----------
    question : Question
    evaluator : Evaluator of it
    """

    question: Question
    evaluator: Evaluator

    def middle(self) -> Path | None:
        """Return a path to begin with where there is no plan: the middle entry to the aim.

        Returns
        -------
        Path, docked at the target itself; none where no ray of the technique meets skin
        """
        problem = self.question.problem
        entries = problem.entries.points_lps_mm
        if not len(entries):
            return None
        off = np.linalg.norm(entries - entries.mean(axis=0), axis=1)
        return Path(entries[int(np.argmin(off))], problem.targets.aim_lps_mm, 0.0)


def prepare_ground(
    case: Case,
    anatomy: Anatomy,
    request: PlanRequest,
    *,
    frees_rim: bool = False,
    progress: Progress | None = None,
    store: FieldStore | None = None,
) -> Ground:
    """Prepare the fields of a place.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy, completed from the case
    request : PlanRequest
    frees_rim : bool, whether the plan that it is for takes rim bone
    progress : Progress or none
    store : FieldStore that a plan has filled, or none

    Raises
    ------
    RequestError, AnatomyError  as ``prepare_question``
    """
    question = prepare_question(case, anatomy, request, progress=progress, store=store)
    return allow(Ground(question, Evaluator.of(question, store)), frees_rim=frees_rim)


def allow(ground: Ground, *, frees_rim: bool) -> Ground:
    """Return the ground with what a hand may do where a person then confirms it.

    Parameters
    ----------
    ground : Ground
    frees_rim : bool, whether the reamer also takes rim bone

    Notes
    -----
    Docking beyond the waist is a question to a person and no wall to the hand: the rule
    ``docking-waist`` asks it, and the mouth of the foramen bounds it (docs/adr/0007).
    """
    problem = ground.question.problem
    at_mouth = problem.geometry.waist is not None
    tools = replace(problem.tools, frees_rim=frees_rim, docks_at_mouth=at_mouth)
    question = replace(ground.question, problem=replace(problem, tools=tools))
    return Ground(question, ground.evaluator.with_tools(tools))
