"""What was chosen, said beside the numbers of a path: landmarks, bevel, docking."""

from dataclasses import dataclass

import numpy as np

from kambin.anatomy import StructureKey
from kambin.core import Finding
from kambin.planning.bevel import describe_bevel
from kambin.planning.choice_models import Bevel, Docking
from kambin.planning.choice_remarks import remark_docking, remark_landmarks
from kambin.planning.docking import describe_docking
from kambin.planning.evaluate import Path
from kambin.planning.landmarks import describe_landmark
from kambin.planning.models import Stage
from kambin.planning.question import Question


@dataclass(frozen=True, slots=True)
class Choice:
    """What is said of a path beside its clearances.

    Parameters
    ----------
    stages : tuple of Stage, with landmarks and bevel
    docking : Docking
    remarks : tuple of Finding
    """

    stages: tuple[Stage, ...]
    docking: Docking
    remarks: tuple[Finding, ...]


def describe_choice(question: Question, path: Path, stages: tuple[Stage, ...]) -> Choice:
    """Say what was chosen with a path, and what has to be asked about it.

    Parameters
    ----------
    question : Question
    path : Path
    stages : tuple of Stage, measured on the path
    """
    problem = question.problem
    told = tuple(_tell_stage(question, path, stage) for stage in stages)
    docking = describe_docking(problem.geometry, path, problem.tools)
    remarks = [
        *remark_landmarks((stage.tool, stage.landmark) for stage in told),
        *remark_docking(docking, f"{question.request.level} {question.request.side}"),
    ]
    return Choice(told, docking, tuple(remarks))


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
