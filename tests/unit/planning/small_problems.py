"""Made geometry for planning: one level, bodies from formulas, fields from formulas."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from tests.unit.planning.simple_spine import LEVEL

from kambin.anatomy import Origin, Structure, StructureKey, Tube
from kambin.frames import RigidTransform, Side, direction_from_angles
from kambin.imaging import Field, Grid, LabelMap, region_from_mask
from kambin.knowledge import Technique, technique
from kambin.planning import Group, PlanRequest, Toolset, find_toolset
from kambin.planning.entries import Entries
from kambin.planning.fields import Hazard, HazardSet
from kambin.planning.geometry import LevelGeometry
from kambin.planning.search import Problem
from kambin.planning.skin import Skin
from kambin.planning.targets import Targets

FRAME = "patient"
TARGET = (10.0, 16.0, 0.0)
ANGLES = ((55.0, 15.0), (50.0, 10.0), (40.0, 20.0), (65.0, 0.0), (35.0, -10.0))
MIRROR = np.array([-1.0, 1.0, 1.0])
Formula = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def tilted_axes(tilt_deg: float) -> np.ndarray:
    """Axes of a frame whose posterior axis rises by an angle, as columns in LPS."""
    c, s = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def a_level(
    side: Side = Side.LEFT, *, tilt_deg: float = 0.0, origin_lps_mm=(0.0, 0.0, 0.0), **more: float
) -> LevelGeometry:
    """L4-L5 with pedicles 10 to 20 mm lateral and a foramen from -8 to 12 mm."""
    numbers = {
        "medial_pedicle_mm": 10.0,
        "pedicle_centre_mm": 15.0,
        "pedicle_width_mm": 10.0,
        "foramen_top_mm": 12.0,
        "foramen_floor_mm": -8.0,
        "wall_mm": 18.0,
        "half_width_mm": 25.0,
    }
    frame = RigidTransform.from_axes("lps", "disc", tilted_axes(tilt_deg), origin_lps_mm)
    return LevelGeometry(LEVEL, side, frame, **(numbers | more))


def a_block(low_mm, high_mm, *, spacing_mm: float = 1.0) -> LabelMap:
    """A block of voxels whose outermost centres are the given corners."""
    low, high = np.asarray(low_mm, float), np.asarray(high_mm, float)
    room = 4 * spacing_mm
    grid = Grid.around(
        low - room, high + room, spacing_mm=spacing_mm, anchor_lps_mm=low, frame_id=FRAME
    )
    x, y, z = np.meshgrid(*grid.axes_mm(), indexing="ij")
    inside = np.ones(grid.shape, bool)
    for values, a, b in zip((x, y, z), low, high, strict=True):
        inside &= (values >= a - 1e-6) & (values <= b + 1e-6)
    return region_from_mask(inside, grid)


def a_body(inside: Formula, *, half_mm=(60, 60, 60), spacing_mm: float = 2.0) -> Skin:
    """A body given by a formula of x, y, z, voxel centres at multiples of the spacing."""
    half = np.asarray(half_mm, float)
    grid = Grid.around(-half, half, spacing_mm=spacing_mm, anchor_lps_mm=(0, 0, 0), frame_id=FRAME)
    x, y, z = np.meshgrid(*grid.axes_mm(), indexing="ij")
    return Skin(LabelMap(inside(x, y, z).astype(np.uint8), grid.lps_from_ijk, FRAME))


def mirrored(region: LabelMap) -> LabelMap:
    """The region seen in a mirror at x = 0."""
    affine = np.array(region.lps_from_ijk)
    affine[0, 3] = -(affine[0, 3] + affine[0, 0] * (region.shape[0] - 1))
    return LabelMap(region.values[::-1], affine, region.frame_id)


def a_structure(
    name: str,
    region: LabelMap | None = None,
    *,
    sigma_mm: float = 0.0,
    origin: Origin = Origin.SEGMENTED,
    tube: Tube | None = None,
) -> Structure:
    """A structure by its name; without a region a block of two voxels."""
    region = region or a_block((0, 0, 0), (1, 1, 1))
    return Structure(StructureKey.parse(name), region, origin, sigma_mm, tube=tube)


def a_field(grid: Grid, formula: Formula) -> Field:
    """A field whose nodes follow a formula of x, y, z, mm, LPS."""
    nodes = np.meshgrid(*grid.axes_mm(), indexing="ij")
    values = np.broadcast_to(formula(*nodes), grid.shape).astype(np.float32)
    return Field(grid, values, 1.0, 0.0)


def a_hazard(name: str, group: Group, grid: Grid, formula: Formula) -> Hazard:
    """A hazard without sigma whose distance is given by a formula."""
    return Hazard(StructureKey.parse(name), group, a_structure(name), a_field(grid, formula), 99.0)


def ball(centre_lps_mm, radius_mm: float) -> Formula:
    """The signed distance to a ball."""
    a, b, c = centre_lps_mm
    return lambda x, y, z: np.sqrt((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2) - radius_mm


def a_technique(name: str = "outside-in", *, corridor=None, weights=None, **more) -> Technique:
    """A preset with some of its numbers changed."""
    found = technique(name)
    corridor = found.corridor.model_copy(update=corridor or {})
    weights = found.weights.model_copy(update=weights or {})
    return found.model_copy(update={"corridor": corridor, "weights": weights, **more})


def the_tools(name: str = "outside-in", *, cannula_mm: float | None = None, **more) -> Toolset:
    """The tools of a preset, with some of the preset's numbers changed."""
    request = PlanRequest(LEVEL, Side.LEFT, technique=name, cannula_mm=cannula_mm)
    return replace(find_toolset(request), technique=a_technique(name, **more))


def some_entries(
    target_lps_mm, angles_deg: Sequence[tuple[float, float]], length_mm: float, side=Side.LEFT
) -> Entries:
    """Entries at given angles and one distance from a point."""
    rays = np.array([direction_from_angles(theta, phi) for theta, phi in angles_deg])
    rays = rays * (side.lateral_sign_lps, 1, 1)
    return Entries(np.asarray(target_lps_mm) + length_mm * rays, len(rays))


def some_targets(points_lps_mm) -> Targets:
    """Targets whose ideal is the first."""
    points = np.array(points_lps_mm, dtype=float).reshape(-1, 3)
    return Targets(points[0], points, np.linalg.norm(points - points[0], axis=1), None)


def a_problem(
    entries: Entries,
    targets: Targets,
    hazards: Sequence[tuple[str, Group, Formula]] = (),
    *,
    tools: Toolset | None = None,
    geometry: LevelGeometry | None = None,
    spacing_mm: float = 1.0,
) -> Problem:
    """A search problem whose hazards are formulas on a grid around all paths."""
    ends = np.concatenate([entries.points_lps_mm, targets.points_lps_mm])
    grid = Grid.around(
        ends.min(axis=0) - 3,
        ends.max(axis=0) + 3,
        spacing_mm=spacing_mm,
        anchor_lps_mm=(0, 0, 0),
        frame_id=FRAME,
    )
    made = tuple(a_hazard(name, group, grid, formula) for name, group, formula in hazards)
    return Problem(
        geometry or a_level(), entries, targets, tools or the_tools(), HazardSet(grid, made)
    )


def one_path(theta: float = 55.0, phi: float = 15.0, length: float = 50.0, **more) -> Problem:
    """A problem with a single straight line."""
    hazards = more.pop("hazards", ())
    entries = some_entries(TARGET, [(theta, phi)], length)
    return a_problem(entries, some_targets(TARGET), hazards, **more)


def many_paths(hazards=(), *, angles=ANGLES, **more) -> Problem:
    """A problem of a few entries and four targets."""
    targets = some_targets([TARGET, (12.0, 17.0, 1.0), (10.0, 14.5, -3.0), (8.0, 17.0, 3.0)])
    return a_problem(some_entries(TARGET, angles, 45.0), targets, hazards, **more)


def random_balls(seed: int, radius: tuple[float, float] | None = None):
    """A few nerves and bones at random places around the paths, small and large in turn."""
    rng = np.random.default_rng(seed)
    radius = radius or ((1.0, 4.0) if seed % 2 else (5.0, 9.0))
    names = ["exiting_root:L4:left", "dural_sac", "iap:L4:left", "body_rim:L5"]
    groups = [Group.NERVE, Group.SAC, Group.NEVER, Group.RIM]
    for name, group in zip(names, groups, strict=True):
        centre = np.array(TARGET) + rng.uniform(-3, 26, 3) * (1, 1, 0.4)
        yield name, group, ball(centre, float(rng.uniform(*radius)))


def mirror_problem(problem: Problem) -> Problem:
    """The problem seen in a mirror at x = 0, asked from the other side."""
    grid = problem.hazards.grid
    origin = np.array([-grid.high_lps_mm[0], *grid.origin_lps_mm[1:]])
    other = Grid(origin, grid.spacing_mm, grid.shape, grid.frame_id)
    hazards = tuple(
        replace(h, field=Field(other, h.field.values[::-1], 1.0, 0.0))
        for h in problem.hazards.hazards
    )
    return replace(
        problem,
        geometry=replace(problem.geometry, side=problem.geometry.side.opposite),
        entries=Entries(problem.entries.points_lps_mm * MIRROR, problem.entries.rays),
        targets=replace(
            problem.targets,
            centre_lps_mm=problem.targets.centre_lps_mm * MIRROR,
            points_lps_mm=problem.targets.points_lps_mm * MIRROR,
        ),
        hazards=HazardSet(other, hazards),
    )
