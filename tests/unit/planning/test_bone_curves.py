"""The document of the bone: passes, bounds and curves of a block that is bored through."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning import made_level as level

from kambin.anatomy import Anatomy, Structure
from kambin.core import NoStore, SilentProgress
from kambin.imaging import Grid, region_from_mask
from kambin.knowledge import value, values
from kambin.planning import Path, Toolset
from kambin.planning.bone_curves import measure_bone_curves, plan_resection
from kambin.planning.bone_models import Resection
from kambin.planning.bundle import Bundle
from kambin.planning.fields import HazardSet, build_hazards
from kambin.planning.foraminoplasty import Foraminoplasty
from kambin.planning.geometry import LevelGeometry, find_level_geometry
from kambin.planning.level_bone import LevelBone
from kambin.planning.policy import find_hazards

GRID = Grid.around(
    (0, 0, -14), (30, 40, 14), spacing_mm=1.0, anchor_lps_mm=(0, 0, 0), frame_id=level.FRAME
)
X, Y, Z = np.meshgrid(*GRID.axes_mm(), indexing="ij")
PATH = Path(np.array([15.1, 70.0, 0.2]), np.array([15.1, -5.0, 0.2]), 10.0)
"""An axis from straight behind that docks at y = 5 mm, in front of the bone."""

Scene = tuple[Anatomy, LevelGeometry, HazardSet]


def _slab(name: str, front: int, back: int) -> Structure:
    """Bone across the whole way, whose faces lie half a millimetre outside both numbers."""
    inside = (front <= Y) & (back >= Y) & (X > 4) & (X < 26) & (np.abs(Z) < 12)
    return level.make_structure(name, region_from_mask(inside, GRID))


def _scene(*structures: Structure) -> Scene:
    anatomy = level.make_anatomy({str(s.key): s for s in structures})
    geometry = find_level_geometry(anatomy, level=level.LEVEL, side=level.SIDE)
    bundle = Bundle.around(anatomy, PATH.entry_lps_mm, PATH.target_lps_mm)
    groups = find_hazards(anatomy.structures, level=level.LEVEL, side=level.SIDE)
    hazards = build_hazards(anatomy, groups, bundle, progress=SilentProgress(), store=NoStore())
    return anatomy, geometry, hazards


def _plan(
    scene: Scene, tools: Toolset, path: Path = PATH, *, curves: bool = False
) -> tuple[Resection, Foraminoplasty]:
    anatomy, geometry, hazards = scene
    return plan_resection(anatomy, geometry, path, tools, hazards, curves=curves)


def _tools(cannula_mm: float = 7.5, technique: str = "outside-in") -> Toolset:
    return level.find_tools(technique, cannula_mm)


@pytest.fixture(scope="module")
def scene() -> Scene:
    """A superior process 8 mm thick."""
    return _scene(_slab(level.SAP, 13, 20))


def test_what_a_document_takes_is_what_the_cannula_needs_and_what_goes_besides(
    scene: Scene,
) -> None:
    document, found = _plan(scene, _tools(8.0))
    assert document.needed_mm3 == pytest.approx(math.pi * 16 * 8, rel=0.02)
    assert document.volume_mm3 is not None
    assert document.collateral_mm3 == pytest.approx(found.taken_mm3 - found.needed_mm3)
    assert document.volume_mm3 == pytest.approx(document.needed_mm3 + document.collateral_mm3)
    assert document.single_pass_mm3 is not None
    assert document.needed_mm3 <= document.volume_mm3 <= document.single_pass_mm3 + 1e-9


def test_passes_come_in_order_from_thin_to_wide_along_the_axis(scene: Scene) -> None:
    document, _ = _plan(scene, _tools())
    radii = [one.radius_mm for one in document.passes]
    assert radii == sorted(radii)
    assert len(radii) > 1
    assert {(one.pivot, one.tilt_deg) for one in document.passes} == {("axis", 0.0)}
    assert sum(one.taken_mm3 for one in document.passes) == pytest.approx(document.volume_mm3)


def test_a_pass_says_where_it_ends_and_how_far_that_is_from_the_target(scene: Scene) -> None:
    document, _ = _plan(scene, _tools())
    for one in document.passes:
        tip = np.array(one.tip_lps_mm)
        assert one.stop_mm == pytest.approx(np.linalg.norm(tip - PATH.target_lps_mm))
        assert one.stop_mm >= PATH.stop_mm
        assert one.outer_lps_mm == pytest.approx(tuple(PATH.entry_lps_mm))


def test_a_cannula_that_fits_leaves_the_bone_as_it_is() -> None:
    behind = _scene(_slab(level.SAP, 13, 20))
    document, found = _plan(behind, _tools(), replace(PATH, stop_mm=30.5))
    assert document.passes == found.passes == ()
    assert (document.volume_mm3, document.needed_mm3, document.collateral_mm3) == (0, 0, 0)
    assert (document.uncovered_mm3, document.sap_fraction) == (0, 0)
    assert document.stability_class == "not_assessed"


def test_without_the_process_the_document_is_null_and_says_so() -> None:
    document, found = _plan(_scene(_slab("body_rim:L5", 13, 20)), _tools())
    assert document.not_assessed_reason == "sap:L5:left is not assessed."
    assert (document.volume_mm3, document.needed_mm3, document.margin_mm) == (None, None, None)
    assert (document.passes, document.volume_against_diameter) == ((), ())
    # the rim is no bone of a technique that leaves it
    assert found.needed_mm3 == 0


def test_the_margin_is_that_of_the_table(scene: Scene) -> None:
    assert _plan(scene, _tools())[0].margin_mm == value("planning.resection_margin_mm")


def test_bone_that_was_prepared_before_changes_nothing(scene: Scene) -> None:
    anatomy, geometry, hazards = scene
    bone = LevelBone(anatomy, geometry)
    for _ in range(2):
        kept, _ = plan_resection(*scene[:2], PATH, _tools(), hazards, curves=False, bone=bone)
        assert kept == _plan(scene, _tools(), curves=False)[0]


def test_a_dragged_path_has_no_curves_and_the_same_numbers(scene: Scene) -> None:
    quick, full = (_plan(scene, _tools(), curves=c)[0] for c in (False, True))
    assert quick.volume_against_diameter == quick.volume_against_stop == ()
    assert full.volume_against_diameter
    assert full.volume_against_stop
    curves = {"volume_against_diameter": (), "volume_against_stop": ()}
    assert full.model_copy(update=curves) == quick


def test_without_reamers_there_are_no_curves(scene: Scene) -> None:
    tools = _tools()
    bare = replace(tools, tools=tuple(t for t in tools.tools if t.stage != "reamer"))
    document, found = _plan(scene, bare, curves=True)
    assert document.volume_against_diameter == document.volume_against_stop == ()
    assert document.passes == ()
    assert (document.collateral_mm3, document.volume_mm3) == (0.0, 0.0)
    assert document.uncovered_mm3 == found.needed_mm3 > 0


# Curves


def test_the_curve_of_diameters_is_that_of_cylinders(scene: Scene) -> None:
    by_diameter, _ = measure_bone_curves(*scene[:2], PATH, _tools())
    assert tuple(row.diameter_mm for row in by_diameter) == tuple(
        values("planning.curve_diameter_mm")
    )
    for row in by_diameter:
        assert row.volume_mm3 == pytest.approx(math.pi * row.diameter_mm**2 / 4 * 8, rel=0.02)
    volumes = [row.volume_mm3 for row in by_diameter]
    assert volumes == sorted(volumes)


@pytest.mark.parametrize("cannula", [6.5, 7.5])
def test_the_curve_of_docking_distances_passes_through_the_plan(
    scene: Scene, cannula: float
) -> None:
    _, by_stop = measure_bone_curves(*scene[:2], PATH, _tools(cannula))
    here = next(row for row in by_stop if row.stop_mm == PATH.stop_mm)
    assert here.volume_mm3 == pytest.approx(_plan(scene, _tools(cannula))[0].needed_mm3)


def test_docking_within_the_bone_takes_the_part_behind() -> None:
    # bone from 1.5 to 10.5 mm: at a stop of 10 mm the tip lies at y = 5
    deep = _scene(_slab(level.SAP, 2, 10))
    _, by_stop = measure_bone_curves(*deep[:2], PATH, _tools())
    volumes = {row.stop_mm: row.volume_mm3 for row in by_stop}
    assert list(volumes.values()) == sorted(volumes.values(), reverse=True)
    whole, half = volumes[0.0], volumes[12.0]
    assert whole == pytest.approx(math.pi * 3.75**2 * 9, rel=0.02)
    # at y = 7: 3.5 mm of a cylinder and half a ball ahead of them
    assert half == pytest.approx(math.pi * 3.75**2 * 3.5 + 2 / 3 * math.pi * 3.75**3, rel=0.03)


def test_distances_beyond_a_short_way_are_left_out(scene: Scene) -> None:
    short = Path(np.array([15.1, 1.2, 0.2]), np.array([15.1, -5.0, 0.2]), 2.0)
    _, by_stop = measure_bone_curves(*scene[:2], short, _tools())
    assert [row.stop_mm for row in by_stop] == [0.0, 2.0, 4.0, 6.0]


def test_where_no_bone_lies_every_point_of_the_curves_is_nothing() -> None:
    empty = _scene(_slab(level.IAP, 13, 20))
    curves = measure_bone_curves(*empty[:2], PATH, _tools())
    assert all(curves)
    assert {row.volume_mm3 for rows in curves for row in rows} == {0.0}


def test_the_rim_counts_only_for_a_technique_that_takes_it() -> None:
    both = _scene(_slab(level.SAP, 13, 16), _slab("body_rim:L5", 17, 20))
    tools = _tools()
    assert not tools.frees_rim
    first, second = (
        measure_bone_curves(*both[:2], PATH, replace(tools, frees_rim=frees))[0][-1]
        for frees in (False, True)
    )
    assert second.volume_mm3 == pytest.approx(2 * first.volume_mm3, rel=0.02)
    assert first.volume_mm3 == pytest.approx(math.pi * 25 * 4, rel=0.02)
