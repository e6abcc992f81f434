"""Clearances measured a second time: on surfaces made from the labels, without any field."""

from dataclasses import dataclass

import numpy as np

from kambin.anatomy import Anatomy, Level, Structure, StructureKey
from kambin.frames import Side
from kambin.imaging import Grid, Surface, extract_surface, segment_surface_clearance
from kambin.knowledge import value
from kambin.planning.fields import crop_to_grid, find_reach_mm
from kambin.planning.models import Plan, Stage
from kambin.planning.policy import BONE, Group, find_hazards
from kambin.planning.tools import find_margin_mm
from kambin.planning.tubes import measure_tube_clearance


@dataclass(frozen=True, slots=True)
class Measured:
    """One clearance of one stage, as the plan states it and as the surface gives it.

    Parameters
    ----------
    key : StructureKey
    group : Group
    structure : Structure
    stage : Stage of the plan
    clearance_mm : float, mm, on the surface
    stated_mm : float, mm, in the plan, or none if the plan does not name the structure
    difference_mm : float, mm, between the two, or none where both are far
    """

    key: StructureKey
    group: Group
    structure: Structure
    stage: Stage
    clearance_mm: float
    stated_mm: float | None
    difference_mm: float | None

    @property
    def is_cautious(self) -> bool:
        """Return whether the plan grants a part of a bone less room than its surface does.

        Notes
        -----
        The field keeps thin edges of cut parts that the smooth surface loses; the plan then errs
        to the safe side. Room that the surface does not confirm is never cautious.
        """
        stated = self.stated_mm
        return self.group in BONE and stated is not None and stated < self.clearance_mm

    def margin_mm(self, *, reams: bool, frees_rim: bool) -> float | None:
        """Return the hard margin of the stage, mm, or none where nothing is demanded.

        Parameters
        ----------
        reams : bool, whether the technique removes bone
        frees_rim : bool, whether the plan declares that the rim is removed
        """
        return find_margin_mm(
            self.stage.tool, self.group, self.structure, reams=reams, frees_rim=frees_rim
        )


def find_agreement_mm(anatomy: Anatomy) -> float:
    """Return how far two independent computations may differ, mm, architecture 8.12.

    Parameters
    ----------
    anatomy : Anatomy, whose label spacing decides
    """
    spacing, fine = anatomy.label_spacing_mm, value("planning.agreement_spacing_mm")
    more = value("planning.agreement_voxels") * spacing if spacing > fine else 0.0
    return value("planning.agreement_mm") + more


def find_allowed_difference_mm(anatomy: Anatomy, group: Group) -> float:
    """Return how far the two computations may differ for a structure of a group, mm.

    Parameters
    ----------
    anatomy : Anatomy
    group : Group

    Notes
    -----
    Parts of a vertebra end in cut faces with sharp edges, which the field and the surface round
    differently; a whole bone has none.
    """
    more = value("planning.agreement_part_mm") if group in BONE else 0.0
    return find_agreement_mm(anatomy) + more


def measure_stages(anatomy: Anatomy, plan: Plan, *, level: Level, side: Side) -> list[Measured]:
    """Measure every stage of a plan against the surface of every structure near its axis.

    Parameters
    ----------
    anatomy : Anatomy
    plan : Plan
    level : Level
    side : Side

    Returns
    -------
    list of Measured, structures within reach of the axis only
    """
    reach = value("planning.checked_reach_mm")
    found = []
    for key, group in find_hazards(anatomy.structures, level=level, side=side).items():
        structure = anatomy.structures[key]
        ruler = Ruler.around(structure, plan, anatomy, reach)
        if ruler is None:
            continue
        for stage in plan.stages:
            gap = ruler.distance_mm(plan.trajectory.entry_lps_mm, stage.tip_lps_mm)
            if gap < reach:
                found.append(_compare(key, group, structure, stage, gap - stage.radius_mm))
    return found


@dataclass(frozen=True, slots=True)
class Ruler:
    """Measures from a straight axis to one structure, by its tube or its surface.

    Parameters
    ----------
    structure : Structure
    surface : Surface near the axis, none if the structure is a tube
    """

    structure: Structure
    surface: Surface | None

    @classmethod
    def around(
        cls, structure: Structure, plan: Plan, anatomy: Anatomy, reach_mm: float
    ) -> "Ruler | None":
        """Return the ruler of a structure, or none if it is not within reach of the axis.

        Parameters
        ----------
        structure : Structure
        plan : Plan
        anatomy : Anatomy
        reach_mm : float, mm
        """
        ends = np.array([plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm])
        low, high = structure.region.bounds_lps_mm()
        if (ends.max(axis=0) + reach_mm < low).any() or (ends.min(axis=0) - reach_mm > high).any():
            return None
        if structure.tube is not None:
            return cls(structure, None)
        box = Grid.around(
            ends.min(axis=0) - reach_mm,
            ends.max(axis=0) + reach_mm,
            spacing_mm=anatomy.working_grid.spacing_mm,
            anchor_lps_mm=anatomy.working_grid.origin_lps_mm,
            frame_id=anatomy.working_grid.frame_id,
        )
        part = crop_to_grid(structure.region, box)
        return cls(structure, extract_surface(part)) if part.values.any() else None

    def distance_mm(self, start_lps_mm: object, end_lps_mm: object) -> float:
        """Return the least signed distance from a segment to the structure, mm.

        Parameters
        ----------
        start_lps_mm, end_lps_mm : float array, shape (3,), mm, LPS
        """
        ends = (np.asarray(start_lps_mm, dtype=float), np.asarray(end_lps_mm, dtype=float))
        if self.surface is None:
            tube = self.structure.tube
            return np.inf if tube is None else measure_tube_clearance(*ends, tube)[0]
        return segment_surface_clearance(*ends, self.surface)[0]


def _compare(
    key: StructureKey, group: Group, structure: Structure, stage: Stage, clearance_mm: float
) -> Measured:
    """Return a clearance beside the one the plan states."""
    rows = [row for row in stage.clearances if row.structure == str(key)]
    stated = rows[0].clearance_mm if rows else None
    # Far structures are told from voxel faces, where a spur of one voxel counts.
    limit = value("planning.agreement_reach_mm") if group in BONE else find_reach_mm(group)
    is_far = clearance_mm + (0.0 if group in BONE else stage.radius_mm) > limit
    difference = None if stated is None or is_far else abs(stated - clearance_mm)
    return Measured(key, group, structure, stage, clearance_mm, stated, difference)
