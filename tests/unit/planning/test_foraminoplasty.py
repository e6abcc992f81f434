"""The least bone for a cannula: nothing where it fits, never less when wider, none in a root."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.planning import made_level as level

from kambin.anatomy import Anatomy, Structure
from kambin.core import NoStore, SilentProgress
from kambin.imaging import Grid, region_from_mask
from kambin.planning import Path, Toolset
from kambin.planning.bone_curves import measure_bone_curves, plan_resection
from kambin.planning.bundle import Bundle
from kambin.planning.fields import HazardSet, build_hazards
from kambin.planning.foraminoplasty import (
    Foraminoplasty,
    find_grains,
    measure_needed_mm3,
    plan_foraminoplasty,
)
from kambin.planning.geometry import LevelGeometry, find_level_geometry
from kambin.planning.level_bone import LevelBone
from kambin.planning.policy import find_hazards

GRID = Grid.around(
    (0, 0, -14), (30, 40, 14), spacing_mm=0.5, anchor_lps_mm=(0, 0, 0), frame_id=level.FRAME
)
PATH = Path(np.array([15.1, 70.0, 0.2]), np.array([15.1, -5.0, 0.2]), 10.0)
"""An axis from straight behind that docks at y = 5 mm, in front of the process."""


def _block(
    name: str, xs: tuple[float, float], ys: tuple[float, float], zs: tuple[float, float]
) -> Structure:
    x, y, z = np.meshgrid(*GRID.axes_mm(), indexing="ij")
    inside = (x > xs[0]) & (x < xs[1]) & (y > ys[0]) & (y < ys[1]) & (z > zs[0]) & (z < zs[1])
    return level.make_structure(name, region_from_mask(inside, GRID))


SAP = _block(level.SAP, (5.25, 25.25), (12.25, 22.25), (-10.25, 9.75))
"""A superior process 10 mm thick across the whole way."""


class Scene:
    """Structures about the axis with their fields."""

    def __init__(self, *structures: Structure) -> None:
        self.anatomy: Anatomy = level.make_anatomy({str(s.key): s for s in structures})
        self.geometry: LevelGeometry = find_level_geometry(
            self.anatomy, level=level.LEVEL, side=level.SIDE
        )
        bundle = Bundle.around(self.anatomy, PATH.entry_lps_mm, PATH.target_lps_mm)
        groups = find_hazards(self.anatomy.structures, level=level.LEVEL, side=level.SIDE)
        self.hazards: HazardSet = build_hazards(
            self.anatomy, groups, bundle, progress=SilentProgress(), store=NoStore()
        )

    def plan(
        self, tools: Toolset, path: Path = PATH, margin_mm: float | None = None
    ) -> Foraminoplasty:
        return plan_foraminoplasty(
            self.anatomy, self.geometry, path, tools, self.hazards, margin_mm=margin_mm
        )


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(SAP)


def _tools(cannula_mm: float = 7.5) -> Toolset:
    return level.find_tools("outside-in", cannula_mm)


def test_the_technique_s_own_reamers_take_the_needed_bone_and_no_more(scene: Scene) -> None:
    found = scene.plan(_tools())
    assert found.needed_mm3 == pytest.approx(math.pi * 3.75**2 * 10, rel=0.01)
    # lower and upper bound meet
    assert found.taken_mm3 == found.needed_mm3 == found.single_pass_mm3
    assert found.uncovered_mm3 == 0
    assert [one.instrument.name for one in found.passes] == [
        "reamer-5.5",
        "reamer-6.5",
        "reamer-7.5",
    ]
    assert sum(one.taken_mm3 for one in found.passes) == pytest.approx(found.taken_mm3, rel=1e-9)
    first = found.passes[0]
    assert first.taken_mm3 == pytest.approx(math.pi * 2.75**2 * 10, rel=0.01)


def test_a_reamer_stops_where_no_bone_lies_ahead_of_it(scene: Scene) -> None:
    # The channel is through once the rim of the tip has passed the ventral face at y = 12.25:
    # its round tip is then ahead, its centre just less than a grain behind the face.
    last = scene.plan(_tools()).passes[-1]
    assert 12.0 < last.shaft.tip_lps_mm[1] < 12.75
    assert last.shaft.tip_lps_mm[1] > PATH.tip_lps_mm(PATH.stop_mm)[1]


def test_a_cannula_that_fits_needs_no_reamer(scene: Scene) -> None:
    beside = Path(np.array([15.0, 70, 14.6]), np.array([15.0, -5, 14.6]), 10.0)
    found = scene.plan(_tools(), beside)
    assert (found.passes, found.needed_mm3, found.taken_mm3) == ((), 0.0, 0.0)


def test_a_tool_that_docks_behind_the_bone_needs_no_reamer(scene: Scene) -> None:
    found = scene.plan(_tools(), replace(PATH, stop_mm=33.0))
    assert found.passes == ()


@settings(max_examples=8, deadline=None)
@given(radii=st.lists(st.floats(0.5, 6), min_size=2, max_size=2).map(sorted))
def test_needed_bone_never_falls_with_the_width(scene: Scene, radii: list[float]) -> None:
    # the radius is half the diameter and the margin
    thin, wide = (
        measure_needed_mm3(scene.anatomy, scene.geometry, PATH, radius) for radius in radii
    )
    assert thin <= wide


@pytest.mark.parametrize(("cannula", "margin"), [(7.5, 0.0), (6.5, 0.5), (7.0, 0.25)])
def test_what_is_needed_is_what_the_width_says(scene: Scene, cannula: float, margin: float) -> None:
    found = scene.plan(_tools(cannula), margin_mm=margin)
    needed = measure_needed_mm3(scene.anatomy, scene.geometry, PATH, 0.5 * cannula + margin)
    assert found.needed_mm3 == needed == found.taken_mm3


def test_a_way_wider_than_one_reamer_is_made_of_several(scene: Scene) -> None:
    found = scene.plan(_tools(10.0))
    assert found.single_pass_mm3 is None
    assert 1 < len(found.passes) <= 6
    assert all(one.instrument.outer_diameter_mm <= 8.5 for one in found.passes)
    assert found.needed_mm3 == pytest.approx(math.pi * 25 * 10, rel=0.01)
    assert found.uncovered_mm3 <= 0.05 * found.needed_mm3
    assert found.taken_mm3 <= 1.25 * found.needed_mm3


def test_between_two_sizes_the_next_larger_one_is_never_beaten_by_what_is_chosen(
    scene: Scene,
) -> None:
    found = scene.plan(_tools(), margin_mm=0.25)
    assert found.single_pass_mm3 is not None
    assert found.uncovered_mm3 == 0
    assert found.needed_mm3 < found.taken_mm3 <= found.single_pass_mm3


def test_no_reamer_goes_into_a_root(scene: Scene) -> None:
    # A root beside the channel: 4 mm from the axis, so that 8.5 mm does not pass along it.
    root = level.make_tube(level.ROOT, [(20.6, 10, -12), (20.6, 10, 12)], 1.5)
    guarded = Scene(SAP, root)
    found = guarded.plan(_tools(10.0))
    assert found.passes
    for one in found.passes:
        points = one.shaft.samples()
        gap = np.hypot(points[:, 0] - 20.6, points[:, 1] - 10.0).min() - 1.5
        assert gap >= one.instrument.radius_mm - 0.05
    # what lies behind the root stays, and is said
    assert found.uncovered_mm3 > scene.plan(_tools(10.0)).uncovered_mm3


def test_where_no_reamer_may_go_everything_stays_uncovered() -> None:
    sac = _block(level.SAC, (0, 30), (26, 30), (-14, 14))
    found = Scene(SAP, sac).plan(_tools())
    assert found.passes == ()
    assert found.single_pass_mm3 is None
    assert found.uncovered_mm3 == found.needed_mm3 > 0


def test_the_curves_rise_with_the_diameter_and_fall_with_the_docking_distance(
    scene: Scene,
) -> None:
    by_diameter, by_stop = measure_bone_curves(scene.anatomy, scene.geometry, PATH, _tools())
    assert [row.diameter_mm for row in by_diameter] == [5 + 0.5 * n for n in range(11)]
    for row in by_diameter:
        expected = math.pi * (0.5 * row.diameter_mm) ** 2 * 10
        assert row.volume_mm3 == pytest.approx(expected, rel=0.01)
    volumes = [row.volume_mm3 for row in by_stop]
    assert [row.stop_mm for row in by_stop] == [0, 2, 4, 6, 8, 10, 12, 14]
    assert volumes == sorted(volumes, reverse=True)


def test_the_document_holds_the_bounds_and_every_pass(scene: Scene) -> None:
    document, found = plan_resection(scene.anatomy, scene.geometry, PATH, _tools(), scene.hazards)
    assert document.volume_mm3 == pytest.approx(found.taken_mm3, rel=1e-9)
    assert (document.needed_mm3, document.collateral_mm3) == (found.needed_mm3, 0.0)
    assert [one.taken_mm3 for one in document.passes] == [p.taken_mm3 for p in found.passes]
    assert all(one.stop_mm >= PATH.stop_mm for one in document.passes)
    assert document.volume_against_diameter
    # 7.5 mm is on the curve
    on_curve = next(r for r in document.volume_against_diameter if r.diameter_mm == 7.5)
    assert on_curve.volume_mm3 == pytest.approx(found.needed_mm3, rel=1e-9)


def test_a_technique_without_a_reamer_takes_nothing_and_says_what_is_in_the_way(
    scene: Scene,
) -> None:
    tools = _tools()
    bare = replace(tools, tools=tuple(t for t in tools.tools if t.stage != "reamer"))
    found = scene.plan(bare)
    assert found.passes == ()
    assert found.uncovered_mm3 == found.needed_mm3 > 0


def test_a_wider_margin_or_cannula_never_needs_less_bone(scene: Scene) -> None:
    by_margin = [scene.plan(_tools(), margin_mm=m).needed_mm3 for m in (0.0, 0.1, 0.25, 0.5, 1.0)]
    by_width = [scene.plan(_tools(d), margin_mm=0.25).needed_mm3 for d in (5.0, 6.3, 7.5, 8.0)]
    for rising in (by_margin, by_width):
        assert rising == sorted(rising)
        assert rising[0] < rising[-1]


@pytest.mark.parametrize("technique", ["outside-in", "inside-out"])
def test_along_the_axis_alone_no_bone_is_forgotten(scene: Scene, technique: str) -> None:
    tools = level.find_tools(technique, 7.5)
    found = plan_foraminoplasty(
        scene.anatomy, scene.geometry, PATH, tools, scene.hazards, tilted=False
    )
    bone = LevelBone(scene.anatomy, scene.geometry)
    every = find_grains(bone, PATH, 1000.0, frees_rim=tools.frees_rim)
    assert len(every.volumes_mm3) > 0
    held = every.inside(found.capsules)
    assert found.taken_mm3 == pytest.approx(every.volume_mm3(held))
    narrow = find_grains(bone, PATH, 3.0, frees_rim=tools.frees_rim, tilted=False)
    wide = find_grains(bone, PATH, 3.0, frees_rim=tools.frees_rim)
    assert len(narrow.volumes_mm3) < len(wide.volumes_mm3)
