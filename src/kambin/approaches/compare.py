"""The same patient and herniation, six ways to operate, side by side."""

import itertools
from dataclasses import dataclass, replace

import numpy as np

from kambin.anatomy import Anatomy, Case
from kambin.approaches.back_ways import BackWay, find_back_way, find_skin
from kambin.approaches.compare_models import (
    ApproachCost,
    Comparison,
    Difference,
    FieldNote,
    Sigma,
    StructureCost,
    Way,
)
from kambin.approaches.compare_notes import (
    find_gaps,
    find_missing,
    find_origins,
    remark_elsewhere,
)
from kambin.approaches.costs import (
    TISSUES,
    Costs,
    find_widest_cannula,
    measure_back,
    measure_plan,
)
from kambin.approaches.exposure import Exposure, expose
from kambin.approaches.fields import FIELDS, MORE_FIELDS, PUBLISHED_METRICS
from kambin.approaches.ground import Ground
from kambin.approaches.indications_models import FigureRecord
from kambin.approaches.retraction import find_retraction
from kambin.approaches.solids import Tube
from kambin.approaches.tissue_cost import (
    Taken,
    add_mm3,
    combine_difference_mm3,
    combine_sigma_mm3,
)
from kambin.core import FieldStore, Progress, SilentProgress
from kambin.knowledge.approaches import Approach, approaches
from kambin.knowledge.published import published_of
from kambin.planning import Plan, PlanRequest, Refusal, plan_trajectory, round_document
from kambin.planning.evaluate import to_point
from kambin.planning.remarks import remark_resolution, sort_remarks, to_records
from kambin.planning.resection import classify_stability
from kambin.planning.tools import find_toolset


@dataclass(frozen=True, slots=True)
class Measured:
    """One way on this patient with the parts behind its numbers.

    Parameters
    ----------
    cost : ApproachCost
    costs : Costs, empty of a way that is refused
    way : BackWay or none, of the ways from behind
    plan : Plan or none, of the way through the foramen
    """

    cost: ApproachCost
    costs: Costs
    way: BackWay | None
    plan: Plan | None


def compare_approaches(
    case: Case,
    anatomy: Anatomy,
    request: PlanRequest,
    *,
    answer: Plan | Refusal | None = None,
    progress: Progress | None = None,
    store: FieldStore | None = None,
) -> Comparison:
    """Measure what six ways to operate cost the same patient, and what each reaches.

    Parameters
    ----------
    case : Case, whose hash the document carries
    anatomy : Anatomy, completed from the case
    request : PlanRequest, the same target for all
    answer : Plan or Refusal of this request, or none to plan it now
    progress : Progress or none
    store : FieldStore or none, where distance fields are kept between calls

    Raises
    ------
    RequestError  (PL-032) without a target; (RQ-041, RQ-042) for an unknown tool or technique
    AnatomyError  (AN-011) if disc, vertebrae, pedicles, lamina or skin are not assessed
    """
    found = measure_all(case, anatomy, request, answer=answer, progress=progress, store=store)
    return describe_comparison(Ground.of(case, anatomy, request), found)


def measure_all(
    case: Case,
    anatomy: Anatomy,
    request: PlanRequest,
    *,
    answer: Plan | Refusal | None = None,
    progress: Progress | None = None,
    store: FieldStore | None = None,
) -> dict[str, Measured]:
    """Return every way with the parts behind its numbers, in table order.

    Parameters
    ----------
    case, anatomy, request, answer, progress, store : as ``compare_approaches``
    """
    ground = Ground.of(case, anatomy, request)
    # Before the planner's search: what the ways from behind need is missed at once.
    ground.require_back()
    if answer is None:
        answer = plan_trajectory(case, anatomy, request, progress=progress, store=store)
    shown, names = progress or SilentProgress(), list(approaches())
    found = {}
    for number, name in enumerate(names):
        shown.step("approaches", number, len(names))
        found[name] = measure(ground, name, answer)
    shown.step("approaches", len(names), len(names))
    return found


def measure_approach(
    ground: Ground, name: str, answer: Plan | Refusal | None = None
) -> ApproachCost:
    """Return what one way to operate costs, and what it reaches.

    Parameters
    ----------
    ground : Ground
    name : str, one of the table's
    answer : Plan or Refusal, for the way through the foramen

    Raises
    ------
    LookupError  without an answer for the way through the foramen; a bug of the caller
    """
    return measure(ground, name, answer).cost


def measure(ground: Ground, name: str, answer: Plan | Refusal | None) -> Measured:
    """Return one way with the parts behind its numbers.

    Parameters
    ----------
    ground, name, answer : as ``measure_approach``
    """
    approach = approaches()[name]
    if approach.corridor != "foramen":
        way = find_back_way(ground, approach)
        costs = measure_back(ground, way)
        seen = expose(ground, way)
        # a corner of bone that touches the tube is less than its surface is known by
        if any(part.is_gone().any() for part in costs.parts["other_bone"]):
            seen = replace(seen, limited_by=(*seen.limited_by, "bone"))
        cost = _describe(ground, approach, costs, seen, _lay_out(ground, way))
        return Measured(cost, costs, way, None)
    if answer is None:
        msg = "the way through the foramen is measured on the planner's answer"
        raise LookupError(msg)
    if isinstance(answer, Refusal):
        return Measured(_refuse(approach, answer), Costs(), None, None)
    costs = measure_plan(ground, answer)
    way_of_plan = Way(
        aim_lps_mm=answer.trajectory.target_lps_mm,
        window_lps_mm=None,
        entry_lps_mm=answer.trajectory.entry_lps_mm,
        depth_mm=answer.entry.depth_mm,
        lateral_tilt_deg=None,
        cranial_tilt_deg=None,
    )
    cost = _describe(ground, approach, costs, _expose_plan(ground, answer), way_of_plan)
    return Measured(cost, costs, None, answer)


def describe_comparison(ground: Ground, found: dict[str, Measured]) -> Comparison:
    """Return the document of measured ways.

    Parameters
    ----------
    ground : Ground
    found : mapping of a way's name to Measured
    """
    request = ground.request
    return round_document(
        Comparison(
            case_sha256=ground.case.sha256,
            level=str(request.level),
            side=request.side.value,
            zone=request.zone,
            technique=find_toolset(request).technique.name,
            target_lps_mm=to_point(ground.target_lps_mm),
            fields={
                name: FieldNote(unit=unit, meaning=text)
                for name, unit, text in (*FIELDS, *MORE_FIELDS)
            },
            approaches={name: one.cost for name, one in found.items()},
            differences=tuple(_find_differences(found)),
            published=tuple(
                FigureRecord.of(row) for name in PUBLISHED_METRICS for row in published_of(name)
            ),
            findings=to_records(
                sort_remarks(
                    [*remark_resolution(ground.case, ground.anatomy), *remark_elsewhere(ground)]
                )
            ),
        )
    )


def _find_differences(found: dict[str, Measured]) -> list[Difference]:
    rows = []
    for tissue, (first, second) in itertools.product(TISSUES, itertools.combinations(found, 2)):
        parts = [found[name].costs.parts.get(tissue) for name in (first, second)]
        if parts[0] is None or parts[1] is None:
            continue
        rows.append(
            Difference(
                field=f"{tissue}_mm3",
                unit="mm3",
                first=first,
                second=second,
                difference=add_mm3(parts[0]) - add_mm3(parts[1]),
                sigma=combine_difference_mm3(parts[0], parts[1]),
            )
        )
    return rows


def _expose_plan(ground: Ground, plan: Plan) -> Exposure:
    """Return the reach of the plan, and what its cannula overlaps of root and sac."""
    tube = find_widest_cannula(plan)
    outer = np.array(plan.trajectory.entry_lps_mm)
    found = find_retraction(ground, Tube(np.array(tube.tip_lps_mm), outer, tube.radius_mm))
    return Exposure(
        reachable_fraction=plan.reach.reachable_fraction,
        visible_fraction=plan.reach.visible_fraction,
        root_retraction_mm=None if found is None else found.needed_mm,
        retraction_sigma_mm=None if found is None else found.sigma_mm,
        retraction_structure="" if found is None else found.structure,
        limited_by=(),
    )


def _lay_out(ground: Ground, way: BackWay) -> Way:
    entry = find_skin(ground, way)
    return Way(
        aim_lps_mm=to_point(way.aim_lps_mm),
        window_lps_mm=to_point(way.window_lps_mm),
        entry_lps_mm=None if entry is None else to_point(entry),
        depth_mm=None if entry is None else float(np.linalg.norm(entry - way.aim_lps_mm)),
        lateral_tilt_deg=way.lateral_tilt_deg,
        cranial_tilt_deg=way.cranial_tilt_deg,
    )


def _describe(
    ground: Ground, approach: Approach, costs: Costs, seen: Exposure, way: Way
) -> ApproachCost:
    volumes = {f"{name}_mm3": _add(costs.parts.get(name)) for name in TISSUES}
    sigmas = {f"{name}_mm3": _spread(costs.parts.get(name)) for name in TISSUES}
    lost = costs.facet_fraction
    stability, by_surface = (
        None if lost is None else classify_stability(1 - lost, touched=touched)
        for touched in (costs.touches, False)
    )
    return ApproachCost(
        skin_mm=costs.skin_mm,
        facet_fraction=lost,
        root_retraction_mm=seen.root_retraction_mm,
        reachable_fraction=seen.reachable_fraction,
        visible_fraction=seen.visible_fraction,
        stability_class=None if stability == "not_assessed" else stability,
        stability_by_surface=None if by_surface == "not_assessed" else by_surface,
        **volumes,
        title=approach.title,
        sigma=Sigma(
            facet_fraction=costs.facet_sigma,
            root_retraction_mm=seen.retraction_sigma_mm,
            **sigmas,
        ),
        origins=find_origins(ground, costs),
        not_assessed=find_missing(ground, costs, seen),
        incomplete=find_gaps(ground, approach, costs),
        limited_by=seen.limited_by,
        retraction_structure=seen.retraction_structure,
        skin_rule="table" if approach.corridor == "retractor" else "half the tube's circumference",
        way=way,
        refused=None,
        structures=tuple(_list_structures(costs)),
        evidence=(f"{approach.source} [{approach.tag}]",),
    )


def _refuse(approach: Approach, answer: Refusal) -> ApproachCost:
    """Return a way that the planner refuses: nothing of it is measured, and why."""
    binding = answer.binding
    lack = "" if binding.deficit_mm is None else f" by {binding.deficit_mm:.2f} mm"
    why = f"The planner finds no way: {binding.structure} binds at the {binding.stage}{lack}."
    null = dict.fromkeys((name for name, _, _ in (*FIELDS, *MORE_FIELDS)))
    return ApproachCost(
        **null,
        stability_by_surface=None,
        title=approach.title,
        sigma=Sigma(**{name: None for name in Sigma.model_fields}),
        origins={},
        not_assessed=dict.fromkeys(null, why),
        incomplete={},
        limited_by=(),
        retraction_structure="",
        skin_rule=None,
        way=None,
        refused=binding,
        structures=(),
        evidence=(f"{approach.source} [{approach.tag}]",),
    )


def _add(parts: tuple[Taken, ...] | None) -> float | None:
    return None if parts is None else add_mm3(parts)


def _spread(parts: tuple[Taken, ...] | None) -> float | None:
    return None if parts is None else combine_sigma_mm3(parts)


def _list_structures(costs: Costs) -> list[StructureCost]:
    return [
        StructureCost(
            structure=str(part.structure.key),
            origin=part.structure.origin.value,
            removed_mm3=part.volume_mm3,
            removed_grains=part.removed_grains,
            kept_grains=part.kept_grains,
            whole_grains=part.whole_grains,
        )
        for parts in costs.parts.values()
        for part in parts
        if part.removed_grains
    ]
