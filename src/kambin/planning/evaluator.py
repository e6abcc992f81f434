"""All numbers of any trajectory of one question, quickly: for plan, drag and what-if."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np

from kambin.anatomy import Anatomy, Case
from kambin.core import FieldStore, NoStore, Progress, SilentProgress
from kambin.imaging import Grid
from kambin.planning.bone_curves import plan_resection
from kambin.planning.bone_models import Resection
from kambin.planning.bundle import Bundle
from kambin.planning.certainty import assess_certainty, find_slack_mm
from kambin.planning.certainty_models import Certainty
from kambin.planning.error_model import USUAL_ERRORS, ErrorModel
from kambin.planning.evaluate import Doubt, Path, ToolMeter, is_resolved
from kambin.planning.fields import HazardSet, build_hazards
from kambin.planning.foraminoplasty import plan_foraminoplasty
from kambin.planning.gap_meter import GapMeter, find_gap_meter
from kambin.planning.geometry import LevelGeometry, find_level_geometry
from kambin.planning.level_bone import LevelBone
from kambin.planning.models import Angles, Entry, Stage
from kambin.planning.policy import find_hazards
from kambin.planning.poses import Surroundings
from kambin.planning.question import Question, prepare_question
from kambin.planning.reach import NO_FRAGMENT, has_fragment, measure_reach, no_reach
from kambin.planning.reach_ground import ReachGround
from kambin.planning.reach_models import Reach
from kambin.planning.request import PlanRequest
from kambin.planning.resection import no_resection
from kambin.planning.rulers import Rulers
from kambin.planning.skin import Skin
from kambin.planning.surgeon import SkinMarks, describe_angles, describe_entry, find_skin_marks
from kambin.planning.tools import Toolset, find_toolset

UNRESOLVED = "The facet is not resolved at this spacing."
"""Why resection is null."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All numbers of one trajectory.

    Parameters
    ----------
    path : Path, as it was asked for
    stages : tuple of Stage, each tool with its clearances, nearest first
    entry : Entry, in the surgeon's terms
    angles : Angles, ``kambin-1``
    resection : Resection
    reach : Reach
    certainty : Certainty, or none where it was not asked for
    slack_mm : float, mm, least clearance above the hard margins over all stages
    """

    path: Path
    stages: tuple[Stage, ...]
    entry: Entry
    angles: Angles
    resection: Resection
    reach: Reach
    certainty: Certainty | None
    slack_mm: float


@dataclass(frozen=True)
class Prepared:
    """What does not change while a path is dragged; each part is made when first asked for.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    skin : Skin
    hazards : HazardSet
    """

    anatomy: Anatomy
    geometry: LevelGeometry
    skin: Skin
    hazards: HazardSet
    _meters: list[tuple[Toolset, Doubt, ToolMeter]] = field(
        init=False, default_factory=list, repr=False, compare=False
    )

    @cached_property
    def gaps(self) -> GapMeter:
        """Return the meter of all hazards."""
        return find_gap_meter(self.hazards)

    @cached_property
    def marks(self) -> SkinMarks:
        """Return what entries are counted from."""
        return find_skin_marks(self.anatomy, self.geometry, self.skin)

    @cached_property
    def bone(self) -> LevelBone:
        """Return the bone that reamers take or must leave."""
        return LevelBone(self.anatomy, self.geometry)

    @cached_property
    def ground(self) -> ReachGround:
        """Return the fragment and what blocks around it."""
        return ReachGround(self.anatomy, self.geometry)

    def find_meter(self, tools: Toolset, doubt: Doubt) -> ToolMeter:
        """Return the meter of some tools, the last one again for the same tools.

        Parameters
        ----------
        tools : Toolset
        doubt : Doubt
        """
        for known, same_doubt, meter in self._meters:
            if known is tools and same_doubt == doubt:
                return meter
        meter = ToolMeter.of(tools, self.hazards.hazards, doubt, self.gaps)
        self._meters[:] = [(tools, doubt, meter)]
        return meter


@dataclass(frozen=True)
class Evaluator:
    """What is prepared once per case, level, side and tools, so that a path only samples it.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy
    request : PlanRequest
    tools : Toolset
    geometry : LevelGeometry
    skin : Skin
    hazards : HazardSet with the fields of a region of interest
    store : FieldStore, asked when a path leaves that region
    errors : ErrorModel, the sources of error and the setting of the theatre
    """

    case: Case
    anatomy: Anatomy
    request: PlanRequest
    tools: Toolset
    geometry: LevelGeometry
    skin: Skin
    hazards: HazardSet
    store: FieldStore
    errors: ErrorModel = USUAL_ERRORS
    kept: list[Prepared] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def prepare(
        cls,
        case: Case,
        anatomy: Anatomy,
        request: PlanRequest,
        *,
        around: Path | None = None,
        progress: Progress | None = None,
        store: FieldStore | None = None,
    ) -> Self:
        """Return the evaluator of a question, with fields about its corridor or one path.

        Parameters
        ----------
        case : Case
        anatomy : Anatomy, completed from the case
        request : PlanRequest; around a path it needs no target
        around : Path whose neighbourhood is prepared alone, or none for the whole corridor
        progress : Progress or none
        store : FieldStore or none, where distance fields are kept between calls

        Raises
        ------
        RequestError  (PL-032) without path and target; (RQ-041, RQ-042) for an unknown tool or
            technique
        AnatomyError  (AN-011) if disc, vertebrae, pedicles or skin of the level are not assessed
        """
        progress, store = progress or SilentProgress(), store or NoStore()
        if around is None:
            question = prepare_question(case, anatomy, request, progress=progress, store=store)
            return cls.of(question, store)
        geometry = find_level_geometry(anatomy, level=request.level, side=request.side)
        return cls(
            case=case,
            anatomy=anatomy,
            request=request,
            tools=find_toolset(request),
            geometry=geometry,
            skin=Skin(anatomy.require("skin").region),
            hazards=build_around(anatomy, request, around, progress=progress, store=store),
            store=store,
            errors=ErrorModel(request.errors),
        )

    @classmethod
    def of(cls, question: Question, store: FieldStore | None = None) -> Self:
        """Return the evaluator of a question that is prepared already.

        Parameters
        ----------
        question : Question, whose fields serve all paths of its corridor
        store : FieldStore or none
        """
        problem = question.problem
        return cls(
            case=question.case,
            anatomy=question.anatomy,
            request=question.request,
            tools=problem.tools,
            geometry=problem.geometry,
            skin=question.skin,
            hazards=problem.hazards,
            store=store or NoStore(),
            errors=ErrorModel(question.request.errors),
        )

    def with_tools(self, tools: Toolset) -> Self:
        """Return the same with other tools; no field depends on them.

        Parameters
        ----------
        tools : Toolset
        """
        return replace(self, tools=tools)

    def covers(self, path: Path) -> bool:
        """Return whether the fields that are there answer for a path.

        Parameters
        ----------
        path : Path

        Notes
        -----
        Structures far from all paths of the bundle have no field: a path that leaves the bundle
        may come near one.
        """
        bundle = self.hazards.bundle
        points, _ = path.samples()
        if bundle is None:
            return _holds(self.hazards.grid, points)
        if not (_holds(bundle.grid, points) and _holds(bundle.coarse, points)):
            return False
        nodes = np.rint(bundle.coarse.ijk(points)).astype(int)
        return bool((bundle.distances_mm[tuple(nodes.T)] <= 0).all())

    def evaluate(self, path: Path, *, certainty: bool = True, quick: bool = False) -> Evaluation:
        """Return all numbers of a trajectory.

        Parameters
        ----------
        path : Path; where it leaves the region of the fields, its own fields are made first
        certainty : bool, whether contact probabilities and tolerance are wanted, which take
            longer than all else together
        quick : bool, whether contact from an eighth of the poses, no tolerance, coarser reach,
            reamers along the axis alone and no curves of bone will do

        Notes
        -----
        The same numbers as ``planning.evaluate`` gives for the path alone, up to what fields on
        another part of the same lattice differ by.
        """
        prepared = self._prepare_for(path)
        doubt = Doubt.of(self.case, self.anatomy, self.errors.setting)
        resection, reach = self.measure_bone_and_reach(path, quick=quick)
        stages = prepared.find_meter(self.tools, doubt).measure(path)
        found = Evaluation(
            path=path,
            stages=stages,
            entry=describe_entry(self.anatomy, self.geometry, self.skin, path, prepared.marks),
            angles=describe_angles(self.geometry, path),
            resection=resection,
            reach=reach,
            certainty=None,
            slack_mm=find_slack_mm(stages),
        )
        if not certainty:
            return found
        return replace(found, certainty=self.assess_certainty(found, quick=quick))

    def assess_certainty(
        self,
        evaluation: Evaluation,
        *,
        rulers: Rulers | None = None,
        quick: bool = False,
    ) -> Certainty:
        """Return how likely the tools of a path touch what they must not, and how far one may err.

        Parameters
        ----------
        evaluation : Evaluation of the path
        rulers : Rulers about the path, from ``find_rulers``, or none to make them
        quick : bool, whether contact from an eighth of the poses and no tolerance will do
        """
        path = evaluation.path
        prepared = self._prepare_for(path)
        around = Surroundings.of(path, self.tools, prepared.hazards.hazards, prepared.gaps)
        return assess_certainty(
            around,
            evaluation.stages,
            self.geometry,
            self.anatomy,
            model=self.errors,
            rulers=rulers,
            quick=quick,
        )

    def measure_bone_and_reach(self, path: Path, *, quick: bool = False) -> tuple[Resection, Reach]:
        """Return the bone that goes, or why the labels cannot tell, and the reach after it.

        Parameters
        ----------
        path : Path
        quick : bool, whether coarser reach, reamers along the axis alone and no curves will do
        """
        prepared = self._prepare_for(path)
        world = (self.anatomy, self.geometry, path, self.tools, prepared.hazards)
        if not is_resolved(self.case, self.anatomy):
            # What blocks after reaming is still asked of the labels as they are.
            bone = plan_foraminoplasty(*world, tilted=not quick, bone=prepared.bone)
            resection = no_resection(UNRESOLVED, rim_is_removed=self.tools.frees_rim)
        else:
            resection, bone = plan_resection(*world, curves=not quick, bone=prepared.bone)
        if not has_fragment(self.anatomy):
            return resection, no_reach(NO_FRAGMENT)
        return resection, measure_reach(*world, bone.capsules, quick=quick, ground=prepared.ground)[
            0
        ]

    def _prepare_for(self, path: Path) -> Prepared:
        """Return what is prepared for a path, with fields for it alone where it strays."""
        if self.covers(path):
            if not self.kept or self.kept[0].hazards is not self.hazards:
                made = Prepared(self.anatomy, self.geometry, self.skin, self.hazards)
                self.kept[:] = [made]
            return self.kept[0]
        silent = SilentProgress()
        strayed = build_around(self.anatomy, self.request, path, progress=silent, store=self.store)
        return Prepared(self.anatomy, self.geometry, self.skin, strayed)


def build_around(
    anatomy: Anatomy,
    request: PlanRequest,
    path: Path,
    *,
    progress: Progress,
    store: FieldStore,
) -> HazardSet:
    """Return the fields of all that one path may come near.

    Parameters
    ----------
    anatomy : Anatomy
    request : PlanRequest, whose level and side say what is a hazard
    path : Path
    progress : Progress
    store : FieldStore
    """
    bundle = Bundle.around(anatomy, path.entry_lps_mm, path.target_lps_mm)
    groups = find_hazards(anatomy.structures, level=request.level, side=request.side)
    return build_hazards(anatomy, groups, bundle, progress=progress, store=store)


def _holds(grid: Grid, points_lps_mm: np.ndarray) -> bool:
    """Return whether all points, shape (N, 3), mm, LPS, lie on a grid."""
    nodes = grid.ijk(points_lps_mm)
    return bool(((nodes >= 0) & (nodes <= np.array(grid.shape) - 1)).all())
