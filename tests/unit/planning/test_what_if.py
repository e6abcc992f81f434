"""Assumptions about a plan: what moves, by which rule, and what is never touched."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.conftest import Planned
from tests.unit.planning.simple_spine import LEVEL, build_simple_spine

from kambin.anatomy import Anatomy, Origin, Structure, StructureKey
from kambin.core import RequestError
from kambin.frames import Side
from kambin.imaging import Grid, region_from_mask
from kambin.planning import Assumption, WhatIf, what_if
from kambin.planning.geometry import find_level_geometry
from kambin.planning.positions import BOWEL, flex_level, shift_bowel

DEEP = Grid.around(
    (20, -40, -30), (110, 40, 30), spacing_mm=2.0, anchor_lps_mm=(0, 0, 0), frame_id="patient"
)


def _with_colon(anatomy: Anatomy, gap_mm: float) -> Anatomy:
    """The spine with a colon whose back wall lies so far in front of the planned axis."""
    x, y, z = np.meshgrid(*DEEP.axes_mm(), indexing="ij")
    # the axis of the plan runs back and outwards from the disc
    wall = 12.0 + 0.8 * (x - 8.0) - gap_mm
    key = StructureKey.parse("colon")
    # what touches the border of its array is taken to go on beyond it: this colon ends before
    ends = (x < DEEP.high_lps_mm[0] - 6) & (y < DEEP.high_lps_mm[1] - 6)
    inside = (y < wall) & (y > wall - 20) & (abs(z) < 20) & (x > 40)
    region = region_from_mask(inside & ends, DEEP)
    colon = Structure(key, region, Origin.SEGMENTED, 1.0)
    return replace(anatomy, structures={**anatomy.structures, key: colon})


def _ask(planned: Planned, anatomy: Anatomy | None = None, **assumed: float) -> WhatIf:
    return what_if(planned.case, anatomy or planned.anatomy, planned.plan, Assumption(**assumed))


# Positions


def test_flexion_about_the_disc_by_a_closed_form() -> None:
    anatomy = build_simple_spine()
    turned, names = flex_level(anatomy, LEVEL, 8.0)
    before, after = (a.vertebra_frames["L4"].lps_from_vertebra.origin_mm for a in (anatomy, turned))
    # the disc of this spine stands straight in the origin, so that L4 turns in the yz plane
    c, s = np.cos(np.radians(8.0)), np.sin(np.radians(8.0))
    x, y, z = before
    assert after == pytest.approx([x, c * y - s * z, s * y + c * z])
    assert "vertebra:L4" not in anatomy.structures or "vertebra:L4" in names
    assert {"pedicle:L4:left", "lamina:L4", "exiting_root:L4:left"} <= set(names)
    assert not any(":L5" in name or name in ("skin", "dural_sac") for name in names)


def test_flexion_opens_the_foramen_and_extension_closes_it() -> None:
    anatomy = build_simple_spine()
    heights = []
    for angle in (-6.0, 0.0, 6.0):
        turned, _ = flex_level(anatomy, LEVEL, angle)
        geometry = find_level_geometry(turned, level=LEVEL, side=Side.LEFT)
        heights.append(geometry.foramen_top_mm - geometry.foramen_floor_mm)
    assert heights[0] + 1 < heights[1] < heights[2] - 1
    # the pedicle lies 21.5 mm behind the axis: the arc it goes along is the height that is won
    assert heights[2] - heights[1] == pytest.approx(21.5 * np.radians(6.0), abs=0.6)


def test_there_and_back_again_is_the_same_patient() -> None:
    anatomy = build_simple_spine()
    back, _ = flex_level(flex_level(anatomy, LEVEL, 7.0)[0], LEVEL, -7.0)
    for key, structure in anatomy.structures.items():
        moved = back.structures[key].region
        assert moved.lps_from_ijk == pytest.approx(structure.region.lps_from_ijk, abs=1e-9)
        assert np.array_equal(moved.values, structure.region.values)


def test_only_the_bowel_sinks() -> None:
    anatomy = _with_colon(build_simple_spine(), 40.0)
    sunk, names = shift_bowel(anatomy, 12.0)
    assert names == ("colon",)
    shift = (
        sunk.structures[StructureKey.parse("colon")].region.lps_from_ijk[:3, 3]
        - (anatomy.structures[StructureKey.parse("colon")].region.lps_from_ijk[:3, 3])
    )
    assert shift.tolist() == [0.0, 12.0, 0.0]


# Assumptions


@pytest.mark.parametrize(
    "assumed",
    [{}, {"prone_mm": -1.0}, {"prone_mm": 1000.0}, {"flexion_deg": 60.0}, {"prone_mm": np.nan}],
)
def test_what_says_nothing_or_too_much_is_refused(assumed: dict[str, float]) -> None:
    with pytest.raises(RequestError, match="RQ-107"):
        Assumption(**assumed)


def test_a_narrower_cannula_leaves_more_room_and_takes_less_bone(a_planned_spine: Planned) -> None:
    found = _ask(a_planned_spine, cannula_mm=5.0)
    rooms = {
        (row.tool, row.structure): row.difference_mm
        for row in found.clearances
        if row.tool == "cannula" and row.structure.startswith("exiting_root:L4:left")
    }
    assert list(rooms.values()) == [pytest.approx(1.25, abs=1e-5)]
    (bone,) = (row for row in found.numbers if row.name == "resection.volume_mm3")
    assert bone.better in ("b", "same")
    assert [f.code for f in found.findings] == ["PL-109"]
    assert "5 mm" in found.findings[0].why


def test_bowel_that_sinks_comes_nearer_and_may_stop_the_path(a_planned_spine: Planned) -> None:
    anatomy = _with_colon(a_planned_spine.anatomy, 32.0)
    near, far = (_ask(a_planned_spine, anatomy, prone_mm=mm) for mm in (30.0, 2.0))
    gaps = [
        min(row.difference_mm or 0 for row in found.clearances if row.structure == "colon")
        for found in (near, far)
    ]
    assert gaps[0] < gaps[1] < 0
    assert "colon" in near.nearer
    assert near.before.passes
    assert not near.after.passes
    assert near.after.binding_structure == "colon"
    assert [f.code for f in near.findings] == ["PL-109", "PL-110"]
    assert far.after.passes


def test_without_bowel_nothing_is_moved_and_that_is_said(a_planned_spine: Planned) -> None:
    bare = {
        key: structure
        for key, structure in a_planned_spine.anatomy.structures.items()
        if key.kind not in BOWEL
    }
    anatomy = replace(a_planned_spine.anatomy, structures=bare)
    found = _ask(a_planned_spine, anatomy, prone_mm=10.0)
    assert [f.code for f in found.findings] == ["PL-109", "PL-111"]
    assert found.before == found.after


def test_the_plan_s_own_path_is_what_is_measured(a_planned_spine: Planned) -> None:
    found = _ask(a_planned_spine, flexion_deg=5.0)
    stated = {
        (stage.tool, row.structure): row.clearance_mm
        for stage in a_planned_spine.plan.stages
        if stage.tool in ("needle", "cannula")
        for row in stage.clearances
    }
    for row in found.clearances:
        if (row.tool, row.structure) in stated and (row.a_mm or 99) < 7:
            assert row.a_mm == pytest.approx(stated[row.tool, row.structure], abs=0.05)
    assert found.after.foramen_height_mm > found.before.foramen_height_mm
    assert found.plan_content_sha256 == a_planned_spine.plan.content_sha256


def test_every_tool_is_measured_up_to_its_own_end(a_planned_spine: Planned) -> None:
    plan = a_planned_spine.plan
    drawn = [
        stage.model_copy(update={"stop_mm": stage.stop_mm + 12.0})
        if stage.tool == "reamer"
        else stage
        for stage in plan.stages
    ]
    shorter = replace(a_planned_spine, plan=plan.model_copy(update={"stages": tuple(drawn)}))
    rows = {
        (row.tool, row.structure): (row.a_mm, row.b_mm)
        for row in _ask(shorter, cannula_mm=6.0).clearances
    }
    usual = {
        (row.tool, row.structure): (row.a_mm, row.b_mm)
        for row in _ask(a_planned_spine, cannula_mm=6.0).clearances
    }
    changed = {key for key in usual if rows[key] != usual[key]}
    assert {tool.split()[0] for tool, _ in changed} == {"reamer"}
    for key in changed:
        # With the reamers of the plan, and with those of the other cannula.
        assert all((new or 0) >= (old or 0) for new, old in zip(rows[key], usual[key], strict=True))
    assert any((rows[key][1] or 0) > (usual[key][1] or 0) for key in changed)


def test_the_plan_and_the_patient_are_left_alone(a_planned_spine: Planned) -> None:
    before = {
        k: s.region.lps_from_ijk.copy() for k, s in a_planned_spine.anatomy.structures.items()
    }
    sealed = a_planned_spine.plan.model_dump_json()
    _ask(a_planned_spine, flexion_deg=8.0, cannula_mm=6.0)
    assert a_planned_spine.plan.model_dump_json() == sealed
    for key, structure in a_planned_spine.anatomy.structures.items():
        assert np.array_equal(structure.region.lps_from_ijk, before[key])


def test_the_best_path_under_an_assumption_is_looked_for_when_asked(
    a_planned_spine: Planned,
) -> None:
    narrower = Assumption(cannula_mm=6.0)
    found = what_if(
        a_planned_spine.case, a_planned_spine.anatomy, a_planned_spine.plan, narrower, replan=True
    )
    best = found.new_best
    assert best is not None
    assert best.passes
    assert best.entry_lps_mm is not None
    before = a_planned_spine.plan.trajectory.entry_lps_mm
    gap = np.linalg.norm(np.subtract(best.entry_lps_mm, before))
    assert best.entry_moved_mm == pytest.approx(gap, abs=1e-5)
    # what is best for the narrower one is at least as good as the path of the plan with it
    assert best.objective_mm is not None
    assert best.objective_mm >= a_planned_spine.plan.certificate.objective_mm - 1e-6
