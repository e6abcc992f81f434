"""Random straight paths through a real corridor, measured by planner and second checker."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from kambin.anatomy import Anatomy, Case, Level, Structure, StructureKey
from kambin.core import NoStore, SilentProgress
from kambin.frames import Side, direction_from_angles
from kambin.imaging import Surface, extract_surface, segment_surface_clearance
from kambin.planning import Path, PlanRequest, Toolset, evaluate, find_toolset
from kambin.planning.bundle import Bundle
from kambin.planning.fields import (
    Hazard,
    HazardSet,
    build_hazards,
    crop_to_grid,
    find_field_grid,
    find_reach_mm,
)
from kambin.planning.geometry import find_level_geometry
from kambin.planning.policy import Group, find_hazards
from kambin.planning.second_way import (
    Extent,
    find_allowed_difference_mm,
    find_difference_mm,
    find_parted_bones,
    find_ridge_error_mm,
)
from kambin.planning.skin import Skin
from kambin.planning.targets import find_targets
from kambin.planning.tubes import measure_tube_clearance

TARGET_ROOM_MM = 1.0
"""How far outside the box of a zone's targets the random ones may lie."""


@dataclass(frozen=True, slots=True)
class Question:
    """A completed patient, and the level, side and zone that paths are drawn for."""

    case: Case
    anatomy: Anatomy
    level: Level
    side: Side
    zone: str = "paracentral"

    @property
    def tools(self) -> Toolset:
        """Needle and cannula of the usual technique: one goes to the target, one docks."""
        tools = find_toolset(PlanRequest(self.level, self.side, zone=self.zone))
        return replace(
            tools, tools=tuple(t for t in tools.tools if t.stage in ("needle", "cannula"))
        )


def draw_paths(question: Question, count: int, rng: np.random.Generator) -> list[Path]:
    """Paths from random places on the skin to random places about the zone, at random docking."""
    level, side, anatomy = question.level, question.side, question.anatomy
    geometry = find_level_geometry(anatomy, level=level, side=side)
    request = PlanRequest(level, side, zone=question.zone)
    box = find_targets(anatomy, geometry, request).points_lps_mm
    low, high = box.min(axis=0) - TARGET_ROOM_MM, box.max(axis=0) + TARGET_ROOM_MM
    technique = question.tools.technique
    corridor = technique.corridor
    skin, paths = Skin(anatomy.require("skin").region), []
    while len(paths) < count:
        theta = rng.uniform(corridor.axial_inclination_min_deg, corridor.axial_inclination_max_deg)
        phi = rng.uniform(corridor.craniocaudal_min_deg, corridor.craniocaudal_max_deg)
        ray = direction_from_angles(theta, phi) * (side.lateral_sign_lps, 1.0, 1.0)
        target, stop_mm = rng.uniform(low, high), rng.uniform(0.0, technique.stop_max_mm)
        entry = skin.find_exits(target, ray[None], corridor.length_max_mm)[0]
        if np.isfinite(entry).all():
            paths.append(Path(entry, target, stop_mm))
    return paths


class NearHazard(Hazard):
    """A hazard that says only that it is far where it is far.

    What lies beyond the reach of a field is not compared, and a search tree over all faces of a
    bowel for each of a thousand paths would take most of the time.
    """

    def distances_mm(self, points_lps_mm: np.ndarray) -> np.ndarray:
        if self.field is None:
            return np.full(len(points_lps_mm), self.reach_mm)
        nodes = self.field.grid.ijk(points_lps_mm)
        held = ((nodes >= 0) & (nodes <= np.array(self.field.grid.shape) - 1)).all(axis=1)
        near = np.full(len(points_lps_mm), self.reach_mm)
        near[held] = np.minimum(self.field.sample(points_lps_mm[held]), self.reach_mm)
        return near

    def find_gaps(
        self, points_lps_mm: np.ndarray, firsts: Sequence[int]
    ) -> list[tuple[float, np.ndarray]]:
        near = self.distances_mm(points_lps_mm)
        places = [first + int(np.argmin(near[first:])) for first in firsts]
        return [(float(near[at]), points_lps_mm[at]) for at in places]


def build_near_hazards(question: Question, paths: list[Path]) -> HazardSet:
    """The planner's fields of all that comes near one of the paths."""
    anatomy = question.anatomy
    groups = find_hazards(anatomy.structures, level=question.level, side=question.side)
    entries, targets = (
        np.array([path.entry_lps_mm for path in paths]),
        np.array([path.target_lps_mm for path in paths]),
    )
    bundle = Bundle.around(anatomy, entries, targets)
    found = build_hazards(anatomy, groups, bundle, progress=SilentProgress(), store=NoStore())
    return keep_near(found)


def keep_near(hazards: HazardSet) -> HazardSet:
    """The hazards that have a field, without what tells how far the far ones are."""
    near = [h for h in hazards.hazards if h.field is not None]
    return HazardSet(
        hazards.grid,
        tuple(NearHazard(h.key, h.group, h.structure, h.field, h.reach_mm) for h in near),
    )


@dataclass(frozen=True)
class Target:
    """What the second checker measures to: a structure, or a bone that was cut into parts."""

    structure: Structure
    group: Group
    extent: Extent
    names: tuple[str, ...]
    surface: Surface | None
    known_mm: dict[tuple[bytes, bytes], float] = field(default_factory=dict, repr=False)

    @cached_property
    def ball(self) -> tuple[np.ndarray, float]:
        """A ball that holds the structure: what its axis passes far from is not measured."""
        low, high = self.structure.region.bounds_lps_mm()
        return (low + high) / 2, float(np.linalg.norm(high - low)) / 2

    def is_far(self, path: Path, stop_mm: float) -> bool:
        centre, radius_mm = self.ball
        tip = path.tip_lps_mm(stop_mm)
        way = path.entry_lps_mm - tip
        share = np.clip((centre - tip) @ way / (way @ way), 0.0, 1.0)
        gap_mm = float(np.linalg.norm(centre - tip - share * way)) - radius_mm
        return gap_mm > find_reach_mm(self.group)

    def distance_mm(self, path: Path, stop_mm: float) -> float:
        """Measured once: a field that is moved leaves the surfaces where they are."""
        ends = (path.entry_lps_mm, path.tip_lps_mm(stop_mm))
        name = ends[0].tobytes(), ends[1].tobytes()
        if name not in self.known_mm:
            self.known_mm[name] = self._measure_mm(*ends)
        return self.known_mm[name]

    def _measure_mm(self, entry_lps_mm: np.ndarray, tip_lps_mm: np.ndarray) -> float:
        if self.surface is not None:
            return segment_surface_clearance(entry_lps_mm, tip_lps_mm, self.surface)[0]
        assert self.structure.tube is not None
        return measure_tube_clearance(entry_lps_mm, tip_lps_mm, self.structure.tube)[0]


def find_measured(question: Question, hazards: HazardSet) -> Iterator[Target]:
    """Each hazard, and each vertebra that the planner knows as parts alone; surfaces made once."""
    anatomy, groups = question.anatomy, {h.key: h.group for h in hazards.hazards}
    parted = find_parted_bones(anatomy, groups, question.level)
    parts = {part for together in parted.values() for part in together}
    wanted = [(key, Extent.PART if key in parts else Extent.WHOLE, (key,)) for key in groups]
    wanted += [(key, Extent.ALL_PARTS, together) for key, together in parted.items()]
    for key, extent, together in wanted:
        structure, group = anatomy.structures[key], groups.get(key, Group.NEVER)
        names = tuple(str(name) for name in together)
        yield Target(structure, group, extent, names, _surface(structure, hazards))


def _surface(structure: Structure, hazards: HazardSet) -> Surface | None:
    if structure.tube is not None:
        return None
    reach = max(h.reach_mm for h in hazards.hazards)
    grid = find_field_grid(structure.region, hazards.grid, reach)
    assert grid is not None
    return extract_surface(crop_to_grid(structure.region, grid))


@dataclass(frozen=True)
class Row:
    """One distance from an axis to a structure, stated by the planner and measured, mm."""

    key: StructureKey
    extent: Extent
    stated_mm: float
    gap_mm: float
    difference_mm: float
    allowed_mm: float

    @property
    def is_outside(self) -> bool:
        return self.gap_mm >= 0


def compare(
    question: Question, paths: list[Path], hazards: HazardSet, targets: Sequence[Target]
) -> "Rows":
    """Every distance within the planner's reach, from both sides."""
    tools = question.tools
    rows = []
    for path in paths:
        stages = evaluate(
            question.case,
            question.anatomy,
            path,
            tools,
            level=question.level,
            side=question.side,
            hazards=hazards,
        )
        for stage in stages:
            stated = {r.structure: r.clearance_mm + stage.radius_mm for r in stage.clearances}
            for target in targets:
                if target.is_far(path, stage.stop_mm):
                    continue
                room = min(stated[name] for name in target.names)
                gap = target.distance_mm(path, stage.stop_mm)
                rows += _row(question.anatomy, target, room, gap)
    return Rows(tuple(rows))


def _row(anatomy: Anatomy, target: Target, stated_mm: float, gap_mm: float) -> list[Row]:
    structure, extent = target.structure, target.extent
    apart = find_difference_mm(structure, target.group, extent, stated_mm, gap_mm)
    if apart is None:
        return []
    allowed = find_allowed_difference_mm(structure, extent) + find_ridge_error_mm(anatomy, gap_mm)
    return [Row(structure.key, extent, stated_mm, gap_mm, apart, allowed)]


@dataclass(frozen=True)
class Rows:
    """Many rows, and what they say together."""

    rows: tuple[Row, ...]

    def of(self, *extents: Extent) -> "Rows":
        return Rows(tuple(row for row in self.rows if row.extent in extents))

    @property
    def outside(self) -> "Rows":
        return Rows(tuple(row for row in self.rows if row.is_outside))

    @property
    def inside(self) -> "Rows":
        return Rows(tuple(row for row in self.rows if not row.is_outside))

    @cached_property
    def differences_mm(self) -> np.ndarray:
        return np.array([row.difference_mm for row in self.rows])

    @cached_property
    def overstated_mm(self) -> np.ndarray:
        """Differences where the planner grants more room than the surface does, else 0."""
        more = np.array([row.stated_mm > row.gap_mm for row in self.rows])
        return np.where(more, self.differences_mm, 0.0)

    def beyond(self, more_mm: float = 0.0) -> list[Row]:
        """Rows that differ by more than is allowed and some more."""
        return [row for row in self.rows if row.difference_mm > row.allowed_mm + more_mm]

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        """The figures of the decision record: number, mean, percentiles and largest."""
        if not self.rows:
            return "none"
        d, over = self.differences_mm, self.overstated_mm
        worst = self.rows[int(d.argmax())]
        return (
            f"{len(d)} rows: mean {d.mean():.3f}, 99 % {np.percentile(d, 99):.3f}, "
            f"99.9 % {np.percentile(d, 99.9):.3f}, max {d.max():.3f} ({worst.key} stated "
            f"{worst.stated_mm:.2f}, surface {worst.gap_mm:.2f}); overstated 99 % "
            f"{np.percentile(over, 99):.3f}, max {over.max():.3f}"
        )


def shifted(hazards: HazardSet, keys: Iterable[StructureKey], by_mm: np.ndarray) -> HazardSet:
    """The same fields, those of some structures moved: what a wrong origin would give."""
    moved = frozenset(keys)
    return HazardSet(
        hazards.grid,
        tuple(_moved(h, by_mm) if h.key in moved else h for h in hazards.hazards),
    )


def _moved(hazard: Hazard, by_mm: np.ndarray) -> Hazard:
    assert hazard.field is not None
    grid = replace(hazard.field.grid, origin_lps_mm=hazard.field.grid.origin_lps_mm + by_mm)
    field = replace(hazard.field, grid=grid)
    return NearHazard(hazard.key, hazard.group, hazard.structure, field, hazard.reach_mm)
