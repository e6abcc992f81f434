"""A request with everything that is prepared for it: the problem the search solves."""

from dataclasses import dataclass

from kambin.anatomy import Anatomy, Case
from kambin.core import FieldStore, NoStore, Progress, SilentProgress
from kambin.planning.bundle import Bundle
from kambin.planning.corridor_kernels import keep_promising
from kambin.planning.docking import with_waist
from kambin.planning.entries import find_entries
from kambin.planning.fields import build_hazards
from kambin.planning.geometry import find_level_geometry
from kambin.planning.policy import find_hazards
from kambin.planning.request import PlanRequest
from kambin.planning.search import Problem
from kambin.planning.skin import Skin
from kambin.planning.targets import find_targets
from kambin.planning.tools import find_toolset


@dataclass(frozen=True, slots=True)
class Question:
    """A request with everything that was prepared for it.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy
    request : PlanRequest
    problem : Problem
    skin : Skin
    """

    case: Case
    anatomy: Anatomy
    request: PlanRequest
    problem: Problem
    skin: Skin


def prepare_question(
    case: Case,
    anatomy: Anatomy,
    request: PlanRequest,
    *,
    progress: Progress | None = None,
    store: FieldStore | None = None,
) -> Question:
    """Find tools, targets and entries of a request, and the fields of what lies near their paths.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy, completed from the case
    request : PlanRequest
    progress : Progress or none
    store : FieldStore or none, where distance fields are kept between calls

    Raises
    ------
    RequestError  (PL-032) without a target; (RQ-041, RQ-042) for an unknown tool or technique
    AnatomyError  (AN-011) if disc, vertebrae, pedicles or skin of the level are not assessed
    """
    tools = find_toolset(request)
    level, side = request.level, request.side
    geometry = with_waist(anatomy, find_level_geometry(anatomy, level=level, side=side))
    targets = find_targets(anatomy, geometry, request)
    skin = Skin(anatomy.require("skin").region)
    found = find_entries(skin, geometry, tools.technique, targets.centre_lps_mm)
    entries = keep_promising(found, targets, geometry, tools)
    bundle = Bundle.around(anatomy, entries.points_lps_mm, targets.points_lps_mm)
    groups = find_hazards(anatomy.structures, level=request.level, side=request.side)
    hazards = build_hazards(
        anatomy, groups, bundle, progress=progress or SilentProgress(), store=store or NoStore()
    )
    problem = Problem(geometry, entries, targets, tools, hazards)
    return Question(case, anatomy, request, problem, skin)
