"""What one way to operate takes, by tissue: the parts behind the numbers of a comparison."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Structure
from kambin.approaches.back_ways import BackWay
from kambin.approaches.ground import Ground
from kambin.approaches.solids import Capsules, Solid
from kambin.approaches.tissue_cost import Taken, take
from kambin.knowledge import value
from kambin.planning import Plan, Stage

TISSUES = ("muscle_dilated", "muscle_detached", "lamina", "facet", "flavum", "other_bone")
"""The tissues that are counted, each a volume in mm3."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Everything one way takes.

    Parameters
    ----------
    parts : mapping of a tissue to what each of its structures loses; a tissue that is not
        assessed is missing
    skin_mm : float or none, mm, length of the incision
    facet_fraction, facet_sigma : float or none, share of the joint's face that is lost
    touches : bool, whether inferior process or pars lose half of a voxel or more
    bone : tuple of Taken, all bone that is cut, also where the labels cannot say how much
    """

    parts: dict[str, tuple[Taken, ...]] = field(default_factory=dict)
    skin_mm: float | None = None
    facet_fraction: float | None = None
    facet_sigma: float | None = None
    touches: bool = False
    bone: tuple[Taken, ...] = ()


def measure_back(ground: Ground, way: BackWay) -> Costs:
    """Return what a way from behind takes.

    Parameters
    ----------
    ground : Ground
    way : BackWay
    """
    upper = ground.geometry.level.upper
    lamina = tuple(_cut_bone(s, way.find_cut(s.key, upper)) for s in ground.laminae)
    muscle = _muscle(ground, way.aside)
    bone_free = () if way.detached is None else _muscle(ground, way.detached)
    approach = way.approach
    skin_mm = (
        measure_slit_mm(approach.require("tube_mm"))
        if approach.corridor == "tube"
        else approach.require("incision_mm")
    )
    other = _find_passed(ground, way)
    return _weigh(ground, lamina, way.cut, way.flavum, muscle, bone_free, skin_mm, other=other)


def _find_passed(ground: Ground, way: BackWay) -> tuple[Taken, ...]:
    """Return the bone beside laminae and joint that a tube would have to pass."""
    passage = way.find_passage()
    if passage is None:
        return ()
    found = (_cut_bone(structure, passage) for structure in ground.beside)
    return tuple(part for part in found if part.removed_grains)


def measure_plan(ground: Ground, plan: Plan) -> Costs:
    """Return what the plan through the foramen takes.

    Parameters
    ----------
    ground : Ground
    plan : Plan of the same request
    """
    reamed = Capsules(find_reamed(plan))
    tube = Capsules(find_cannula(plan))
    lamina = tuple(_cut_bone(s, reamed) for s in ground.laminae)
    skin_mm = measure_slit_mm(plan.cannula_mm)
    beside = (*ground.partes, *(ground.rims if plan.resection.rim_is_removed else ()))
    other = tuple(_cut_bone(s, reamed) for s in beside) if beside else None
    muscle = _muscle(ground, tube)
    return _weigh(ground, lamina, reamed, reamed, muscle, (), skin_mm, other=other)


def find_reamed(plan: Plan) -> NDArray[np.float64]:
    """Return the reamers of a plan as capsules, shape (K, 7), mm, LPS."""
    rows = [(*p.tip_lps_mm, *p.outer_lps_mm, p.radius_mm) for p in plan.resection.passes]
    return np.array(rows, dtype=np.float64).reshape(-1, 3 + 3 + 1)


def find_cannula(plan: Plan) -> NDArray[np.float64]:
    """Return the widest docked cannula of a plan as a capsule, shape (1, 7), mm, LPS."""
    tube = find_widest_cannula(plan)
    return np.array([[*tube.tip_lps_mm, *plan.trajectory.entry_lps_mm, tube.radius_mm]])


def find_widest_cannula(plan: Plan) -> Stage:
    """Return the widest cannula that a plan docks.

    Parameters
    ----------
    plan : Plan; every technique of the tables has a cannula
    """
    return max((s for s in plan.stages if s.tool == "cannula"), key=lambda stage: stage.radius_mm)


def measure_slit_mm(tube_mm: float) -> float:
    """Return how long a slit must be that opens to a tube's circumference, mm.

    Parameters
    ----------
    tube_mm : float, mm, outer diameter

    Notes
    -----
    Its two edges together are the circumference. Skin that stretches needs less.
    """
    return 0.5 * math.pi * tube_mm


def _weigh(
    ground: Ground,
    lamina: tuple[Taken, ...],
    cut: Solid,
    flavum: Solid,
    muscle: tuple[Taken, ...],
    detached: tuple[Taken, ...],
    skin_mm: float,
    *,
    other: tuple[Taken, ...] | None,
) -> Costs:
    parts: dict[str, tuple[Taken, ...]] = {"lamina": lamina} if lamina else {}
    if other is not None:
        parts["other_bone"] = other
    if ground.knows_muscles:
        parts["muscle_dilated"], parts["muscle_detached"] = muscle, detached
    if ground.flava:
        parts["flavum"] = tuple(_cut_bone(s, flavum) for s in ground.flava)
    facets = tuple(_cut_bone(s, cut) for s in ground.facets)
    if len(facets) == 2 and ground.is_resolved:
        parts["facet"] = facets
    bone = (*lamina, *facets, *(other or ()))
    if "facet" not in parts:
        return Costs(parts, skin_mm, bone=bone)
    touches = any(bool(p.is_gone().any()) for p in bone if p.structure.key.kind in ("iap", "pars"))
    return Costs(parts, skin_mm, *_measure_face(ground, facets, cut), touches, bone)


def _cut_bone(structure: Structure, solid: Solid) -> Taken:
    return take(structure, solid, grain_mm=value("planning.bone_grain_mm"))


def _muscle(ground: Ground, solid: Solid) -> tuple[Taken, ...]:
    grain_mm = value("exposure.muscle_grain_mm")
    return tuple(take(structure, solid, grain_mm=grain_mm) for structure in ground.muscles)


def _measure_face(
    ground: Ground, facets: tuple[Taken, ...], cut: Solid
) -> tuple[float | None, float | None]:
    """Return the share of the joint's face that is lost, and by how much its surface moves it.

    Notes
    -----
    A place of the face on the superior process is lost with its own voxel or with the voxel of
    the inferior process opposite: the larger of the two shares.
    """
    pairs = ground.find_facet_pairs(ground.geometry.side)
    if pairs is None:
        return None, None
    surface, opposite = pairs
    shares = {}
    for part in facets:
        grid = np.zeros(part.structure.region.shape)
        grid[tuple(part.ijk.T)] = part.grains / part.per_voxel
        shares[part.structure.key.kind] = grid
    lost = np.maximum(shares["sap"][tuple(surface.T)], shares["iap"][tuple(opposite.T)])
    sap = next(part.structure for part in facets if part.structure.key.kind == "sap")
    places = sap.region.lps_mm(surface)
    gap = cut.gap_mm(places)
    wide, narrow = (float((gap <= move).mean()) for move in (sap.sigma_mm, -sap.sigma_mm))
    return float(lost.mean()), 0.5 * (wide - narrow)
