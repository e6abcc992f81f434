"""What was chosen, said beside the numbers of a path: landmarks, goal, objectives, rules."""

from dataclasses import dataclass

import numpy as np

from kambin.anatomy import StructureKey
from kambin.core import Finding
from kambin.planning.alternatives import Way, find_alternatives
from kambin.planning.bevel import describe_bevel
from kambin.planning.bone_models import Resection
from kambin.planning.choice_models import (
    Alternative,
    Bevel,
    Docking,
    Objectives,
    Preference,
    Rule,
    TargetChoice,
)
from kambin.planning.choice_remarks import (
    remark_docking,
    remark_landmarks,
    remark_preferences,
    remark_root_beyond,
)
from kambin.planning.docking import describe_docking
from kambin.planning.evaluate import Path
from kambin.planning.evaluator import Evaluation
from kambin.planning.explanation import explain_pick
from kambin.planning.landmarks import describe_landmark
from kambin.planning.models import Stage
from kambin.planning.objectives import measure_objectives
from kambin.planning.preferences import describe_preferences, describe_target_choice
from kambin.planning.question import Question
from kambin.planning.reach_choice import ReachChoice
from kambin.planning.room_choice import measure_hand_room
from kambin.planning.root_side import measure_root_ahead_mm
from kambin.planning.rules import (
    RuledPath,
    assess_rules,
    find_coarsest_mm,
    find_skin_allowed_mm,
    measure_bone_length_mm,
    measure_skin_gap_mm,
    remark_broken,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is said of a path beside its clearances.

    Parameters
    ----------
    stages : tuple of Stage, with landmarks and bevel
    docking : Docking
    target_choice : TargetChoice
    preferences : tuple of Preference
    objectives : Objectives
    alternatives : tuple of Alternative
    explanation : tuple of str
    rules : tuple of Rule
    remarks : tuple of Finding
    """

    stages: tuple[Stage, ...]
    docking: Docking
    target_choice: TargetChoice
    preferences: tuple[Preference, ...]
    objectives: Objectives
    alternatives: tuple[Alternative, ...]
    explanation: tuple[str, ...]
    rules: tuple[Rule, ...]
    remarks: tuple[Finding, ...]


def describe_choice(question: Question, chosen: ReachChoice, evaluation: Evaluation) -> Choice:
    """Say what was chosen with a path, why, beside what, and what has to be asked about it.

    Parameters
    ----------
    question : Question
    chosen : ReachChoice with the path that is taken
    evaluation : Evaluation of that path

    Raises
    ------
    LookupError  if the search found nothing; a bug of ours
    """
    best, problem, path = chosen.result.best, question.problem, evaluation.path
    if best is None:
        msg = "a choice needs a path that the search found"
        raise LookupError(msg)
    where = f"{question.request.level} {question.request.side}"
    told = tell_stages(question, path, evaluation.stages)
    docking = describe_docking(problem.geometry, path, problem.tools)
    objectives = measure_objectives(
        question.anatomy,
        problem,
        path,
        told,
        best,
        # as for the other ways: what the second check leaves of it is the plan's certainty
        tolerance_entry_mm=measure_hand_room(question, best).entry_mm,
        reachable_fraction=evaluation.reach.reachable_fraction,
        bone_reason=evaluation.resection.not_assessed_reason,
    )
    plan = Way(best, objectives, None, problem.tools.technique.weights)
    others = find_alternatives(question, plan, chosen.asked)
    preferences = describe_preferences(problem.geometry, problem.tools, problem.targets, path)
    rules = assess_choice(question, path, told, evaluation.resection)
    return Choice(
        stages=told,
        docking=docking,
        target_choice=describe_target_choice(problem.targets, problem.tools, path),
        preferences=preferences,
        objectives=objectives,
        alternatives=others,
        explanation=explain_pick(problem.tools, chosen, told, others, question.request.weights),
        rules=rules,
        remarks=(
            *remark_landmarks((stage.tool, stage.landmark) for stage in told),
            *remark_docking(docking, where),
            *remark_preferences(preferences, where),
            *remark_root_beyond(problem.geometry, path, where),
            *remark_broken(rules, where),
        ),
    )


def assess_evaluation(question: Question, evaluation: Evaluation) -> tuple[Rule, ...]:
    """Ask every hard rule of a path that was evaluated, a refused one as well.

    Parameters
    ----------
    question : Question
    evaluation : Evaluation of the path
    """
    told = tell_stages(question, evaluation.path, evaluation.stages)
    return assess_choice(question, evaluation.path, told, evaluation.resection)


def assess_choice(
    question: Question, path: Path, stages: tuple[Stage, ...], resection: Resection
) -> tuple[Rule, ...]:
    """Ask every hard rule of a path of a question.

    Parameters
    ----------
    question : Question
    path : Path
    stages : tuple of Stage, with landmarks
    resection : Resection
    """
    problem, anatomy = question.problem, question.anatomy
    root = StructureKey("exiting_root", question.request.level.upper, question.request.side)
    return assess_rules(
        RuledPath(
            geometry=problem.geometry,
            tools=problem.tools,
            path=path,
            stages=stages,
            docking=describe_docking(problem.geometry, path, problem.tools),
            zone=problem.targets.zone,
            resection=resection,
            bone_length_mm=measure_bone_length_mm(problem.hazards, path),
            skin_gap_mm=measure_skin_gap_mm(question.skin, path),
            skin_allowed_mm=find_skin_allowed_mm(question.skin),
            spacing_mm=find_coarsest_mm(question.case, anatomy),
            knows_root=anatomy.find(root) is not None,
            root_ahead_mm=measure_root_ahead_mm(problem.geometry, path),
        )
    )


def tell_stages(question: Question, path: Path, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """Return the stages with what the C-arm shows of them, and how the bevel is turned.

    Parameters
    ----------
    question : Question
    path : Path
    stages : tuple of Stage, measured on the path
    """
    return tuple(_tell_stage(question, path, stage) for stage in stages)


def _tell_stage(question: Question, path: Path, stage: Stage) -> Stage:
    """Return a stage with what the C-arm shows of its tip, and how its bevel is turned."""
    geometry = question.problem.geometry
    seen = describe_landmark(geometry, stage.tool, path.entry_lps_mm, stage.tip_lps_mm)
    bevel = _tell_bevel(question, path) if stage.tool == "cannula" else None
    return stage.model_copy(update={"landmark": seen, "bevel": bevel})


def _tell_bevel(question: Question, path: Path) -> Bevel | None:
    """Return how the cannula's bevel is turned, or none for a straight tube."""
    tools, anatomy = question.problem.tools, question.anatomy
    cannula = dict(tools.technique.instruments_for(tools.cannula_mm))["cannula"]
    if cannula.bevel_deg is None:
        return None
    fragment = anatomy.find(StructureKey("fragment"))
    aim, name = question.problem.targets.centre_lps_mm, "target"
    if fragment is not None and fragment.region.values.any():
        voxels = fragment.region.lps_mm(np.argwhere(fragment.region.values > 0))
        aim, name = voxels.mean(axis=0), "fragment"
    return describe_bevel(
        anatomy,
        question.problem.geometry,
        path,
        cannula_mm=tools.cannula_mm,
        bevel_deg=cannula.bevel_deg,
        aim_lps_mm=aim,
        aim=name,
    )
