"""Clearances measured a second time: on surfaces made from the labels, without any field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from kambin.anatomy import Anatomy, Level, Structure, StructureKey
from kambin.frames import Side
from kambin.knowledge import Margins, value
from kambin.planning.fields import find_reach_mm
from kambin.planning.models import Plan, Stage
from kambin.planning.policy import BONE, Group, find_hazards
from kambin.planning.rulers import Ruler, Rulers
from kambin.planning.tools import find_margin_mm

SACRAL = ("sacrum", "sacral_arch")
"""Parts of S1 whose keys name no place."""


class Extent(StrEnum):
    """Whether a structure is measured as a whole, as a part cut from a bone, or all its parts."""

    WHOLE = "whole"
    PART = "part"
    ALL_PARTS = "all parts"


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
    stated_mm : float, mm, in the plan, or none if the plan does not name the structure; of all
        parts of a bone the least
    difference_mm : float, mm, between the two, or none where both are far
    allowed_mm : float, mm, how far the two may differ
    extent : Extent
    """

    key: StructureKey
    group: Group
    structure: Structure
    stage: Stage
    clearance_mm: float
    stated_mm: float | None
    difference_mm: float | None
    allowed_mm: float
    extent: Extent = Extent.WHOLE

    @property
    def is_cautious(self) -> bool:
        """Return whether the plan grants a part of a bone less room than its surface does.

        Notes
        -----
        The field keeps thin edges of cut parts that the smooth surface loses; the plan then errs
        to the safe side. Room that the surface does not confirm is never cautious, and the room
        of the bone as a whole is held in both directions.
        """
        stated = self.stated_mm
        return self.extent is Extent.PART and stated is not None and stated < self.clearance_mm

    def margin_mm(
        self, *, reams: bool, frees_rim: bool, margins: Margins = "fluoroscopy"
    ) -> float | None:
        """Return the hard margin of the stage, mm, or none where nothing is demanded.

        Parameters
        ----------
        reams : bool, whether the technique removes bone
        frees_rim : bool, whether the plan declares that the rim is removed
        margins : str, what guides the tools, as the plan says
        """
        if self.extent is Extent.ALL_PARTS:
            return None  # each part has a margin of its own
        return find_margin_mm(
            self.stage.tool,
            self.group,
            self.structure,
            reams=reams,
            frees_rim=frees_rim,
            margins=margins,
        )


def find_agreement_mm(spacing_mm: float) -> float:
    """Return how far two independent computations may differ, mm, architecture 8.12.

    Parameters
    ----------
    spacing_mm : float, mm, of the voxels that both are made from
    """
    fine = value("planning.agreement_spacing_mm")
    more = value("planning.agreement_voxels") * spacing_mm if spacing_mm > fine else 0.0
    return value("planning.agreement_mm") + more


def find_allowed_difference_mm(structure: Structure, extent: Extent) -> float:
    """Return how far the two computations may differ for a structure, mm.

    Parameters
    ----------
    structure : Structure
    extent : Extent

    Notes
    -----
    A bone that is cut into parts is drawn anew on the working grid: a part ends in cut faces with
    sharp edges and spurs of one voxel, and all parts together lack what stands out of the bone
    by less than a voxel (docs/adr/0006). A nerve drawn as a tube has no voxels.
    """
    if structure.tube is not None:
        return find_agreement_mm(0.0)
    more = 0.0 if extent is Extent.WHOLE else value("planning.agreement_part_mm")
    return find_agreement_mm(float(structure.region.spacing_mm.max())) + more


def find_ridge_error_mm(anatomy: Anatomy, gap_mm: float) -> float:
    """Return what a field between its nodes may lack of the depth inside a structure, mm.

    Parameters
    ----------
    anatomy : Anatomy, whose working grid carries the fields
    gap_mm : float, mm, from the axis to the surface; outside nothing is lacking

    Notes
    -----
    Inside, the distance has a ridge along the middle of the structure. Where that is a line, as
    in a nerve, and runs between four nodes, all four are half a diagonal of their face nearer.
    """
    nodes_mm = max(anatomy.working_grid.spacing_mm, value("planning.field_spacing_mm"))
    return nodes_mm / 2.0**0.5 if gap_mm < 0 else 0.0


def find_parted_bones(
    anatomy: Anatomy, hazards: Mapping[StructureKey, Group], level: Level
) -> dict[StructureKey, tuple[StructureKey, ...]]:
    """Return the vertebrae of a level that the planner knows as parts alone, with their parts.

    Parameters
    ----------
    anatomy : Anatomy
    hazards : mapping of StructureKey to Group, all that the tools must respect
    level : Level
    """
    found = {}
    for place in (level.upper, level.lower):
        whole = StructureKey("vertebra", place)
        if whole in anatomy.structures and whole not in hazards:
            found[whole] = tuple(
                key
                for key, group in hazards.items()
                if group in BONE and place == ("S1" if key.kind in SACRAL else key.place)
            )
    return {whole: parts for whole, parts in found.items() if parts}


def find_parts(
    anatomy: Anatomy, hazards: Mapping[StructureKey, Group], level: Level
) -> frozenset[StructureKey]:
    """Return the keys of the parts that the bones of a level were cut into.

    Parameters
    ----------
    anatomy : Anatomy
    hazards : mapping of StructureKey to Group, all that the tools must respect
    level : Level
    """
    parted = find_parted_bones(anatomy, hazards, level)
    return frozenset(part for together in parted.values() for part in together)


def find_rulers(anatomy: Anatomy, plan: Plan) -> Rulers:
    """Return the rulers of all that a plan's tools come near.

    Parameters
    ----------
    anatomy : Anatomy
    plan : Plan
    """
    # Forceps may end past the target.
    tips = [stage.tip_lps_mm for stage in plan.stages]
    ends = [plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm, *tips]
    return Rulers(anatomy, ends, value("planning.checked_reach_mm"))


def measure_stages(
    anatomy: Anatomy, plan: Plan, *, level: Level, side: Side, rulers: Rulers | None = None
) -> list[Measured]:
    """Measure every stage of a plan against the surface of every structure near its axis.

    Parameters
    ----------
    anatomy : Anatomy
    plan : Plan
    level : Level
    side : Side
    rulers : Rulers about the plan's axis that were made before, or none

    Returns
    -------
    list of Measured, structures within reach of the axis only; a vertebra that the planner knows
    as parts is measured part by part, and once more as the whole bone
    """
    hazards = find_hazards(anatomy.structures, level=level, side=side)
    parted, parts = find_parted_bones(anatomy, hazards, level), find_parts(anatomy, hazards, level)
    rulers = rulers or find_rulers(anatomy, plan)
    found: list[Measured] = []
    for key, group in hazards.items():
        extent = Extent.PART if key in parts else Extent.WHOLE
        found += _measure(anatomy, plan, _find_near(plan, rulers, key), group, extent, (key,))
    for whole, together in parted.items():
        ruler = _find_near(plan, rulers, whole)
        found += _measure(anatomy, plan, ruler, Group.NEVER, Extent.ALL_PARTS, together)
    return found


def _find_near(plan: Plan, rulers: Rulers, key: StructureKey) -> Ruler | None:
    """Return the ruler of a structure, or none if no tool comes within reach of it."""
    tips = [stage.tip_lps_mm for stage in plan.stages]
    entry = np.array(plan.trajectory.entry_lps_mm)
    # The tool that goes deepest passes everywhere that the others do.
    deepest = max(tips, key=lambda tip: float(np.linalg.norm(np.subtract(tip, entry))))
    return rulers.find(key, entry, deepest, value("planning.checked_reach_mm"))


def _measure(
    anatomy: Anatomy,
    plan: Plan,
    ruler: Ruler | None,
    group: Group,
    extent: Extent,
    stated: tuple[StructureKey, ...],
) -> Iterator[Measured]:
    """Yield one structure beside what the plan states of some keys, per stage within reach."""
    if ruler is None:
        return
    reach, structure, key = (
        value("planning.checked_reach_mm"),
        ruler.structure,
        ruler.structure.key,
    )
    names = {str(other) for other in stated}
    # Most tools end at the same point: one measurement serves them all.
    gaps = {
        tip: ruler.distance_mm(plan.trajectory.entry_lps_mm, tip)
        for tip in {stage.tip_lps_mm for stage in plan.stages}
    }
    for stage in plan.stages:
        gap = gaps[stage.tip_lps_mm]
        if gap >= reach:
            continue
        radius = stage.radius_mm
        rooms = [row.clearance_mm for row in stage.clearances if row.structure in names]
        room, difference = min(rooms, default=None), None
        if room is not None:
            difference = find_difference_mm(structure, group, extent, room + radius, gap)
        allowed = find_allowed_difference_mm(structure, extent) + find_ridge_error_mm(anatomy, gap)
        yield Measured(
            key, group, structure, stage, gap - radius, room, difference, allowed, extent
        )


def find_difference_mm(
    structure: Structure, group: Group, extent: Extent, stated_mm: float, gap_mm: float
) -> float | None:
    """Return how far two distances of an axis differ, mm, or none where both are far.

    Parameters
    ----------
    structure : Structure
    group : Group, whose reach says up to where the planner's fields are exact
    extent : Extent
    stated_mm, gap_mm : float, mm, from the axis, by the planner and on the surface
    """
    # A surface just within reach may lie just beyond it for the other.
    if gap_mm > find_reach_mm(group) - find_allowed_difference_mm(structure, extent):
        return None
    if extent is Extent.ALL_PARTS:
        # Inside the bone a cut face is nearer than its surface: there contact alone is compared.
        stated_mm, gap_mm = max(stated_mm, 0.0), max(gap_mm, 0.0)
    return abs(stated_mm - gap_mm)
