"""Removed bone measured a second time: silent on honest plans, and it stops what is not so."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.unit.planning.conftest import Planned
from tests.unit.planning.simple_spine import LEVEL

from kambin.anatomy import Structure, StructureKey
from kambin.anatomy.structures import Origin
from kambin.core import find_blocking
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.planning import Path, Plan, PlanRequest, seal_plan, verify_plan
from kambin.planning.bone_models import ReamerPass, Resection
from kambin.planning.evaluator import Evaluator
from kambin.planning.geometry import LevelGeometry, find_level_geometry
from kambin.planning.resection_check import check_resection, measure_removed_mm3


@pytest.fixture(scope="module")
def geometry(a_planned_spine: Planned) -> LevelGeometry:
    return find_level_geometry(a_planned_spine.anatomy, level=LEVEL, side=Side.LEFT)


@pytest.fixture(scope="module")
def honest(a_planned_spine: Planned) -> list[Resection]:
    """What is taken along the plan's axis and along axes that cut into what lies behind it."""
    plan = a_planned_spine.plan
    ends = (np.array(p) for p in (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm))
    entry, target = ends
    request = PlanRequest(LEVEL, Side.LEFT, zone="paracentral")
    evaluator = Evaluator.prepare(
        a_planned_spine.case, a_planned_spine.anatomy, request, around=Path(entry, target, 4.0)
    )
    freed = evaluator.with_tools(replace(evaluator.tools, frees_rim=True))
    moves = [(0.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 6.0, -3.0), (0.0, 9.0, 0.0)]
    found = [
        its.measure_bone_and_reach(Path(entry + by, target + by, 4.0), quick=True)[0]
        for by in moves
        for its in (evaluator, freed)
    ]
    assert max(one.volume_mm3 or 0.0 for one in found) > 50.0
    return found


def _codes(
    spine: Planned, geometry: LevelGeometry, resection: Resection, **parts: Any
) -> list[str]:
    changed = resection.model_copy(update=parts)
    plan = spine.plan.model_copy(update={"resection": changed})
    findings = list(check_resection(spine.anatomy, geometry, plan))
    assert len(find_blocking(findings)) == len(findings)
    return [finding.code for finding in findings]


def test_what_the_planner_measured_the_masks_confirm(
    a_planned_spine: Planned, geometry: LevelGeometry, honest: list[Resection]
) -> None:
    for resection in honest:
        assert _codes(a_planned_spine, geometry, resection) == []


@pytest.mark.parametrize("side", [-1.0, 1.0])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_half_a_reamer_on_the_face_of_a_block_takes_half_its_volume(axis: int, side: float) -> None:
    # A cut on one side only shows places in voxels whose mean is not the voxel's middle.
    spacing_mm, radius_mm, half_length_mm = 1.0, 3.75, 10.0
    values = np.ones((30, 30, 30), dtype=np.int16)
    affine = np.diag([spacing_mm] * 3 + [1.0])
    block = Structure(
        StructureKey("sap", "L5", Side.LEFT),
        LabelMap(values, affine, "image"),
        Origin.SEGMENTED,
        0.5,
    )
    middle, along = np.full(3, 14.5), np.roll([0.0, 1.0, 0.0], axis)
    middle[axis] += side * 15.0
    ends = [middle - half_length_mm * along, middle + half_length_mm * along]
    tip, outer = (tuple(map(float, end)) for end in ends)
    reamer = ReamerPass.model_construct(tip_lps_mm=tip, outer_lps_mm=outer, radius_mm=radius_mm)
    whole = np.pi * radius_mm**2 * (2 * half_length_mm + 4.0 / 3.0 * radius_mm)
    assert measure_removed_mm3(block, (reamer,), 0.0) == pytest.approx(whole / 2, rel=0.01)


def test_pl_027_a_volume_that_the_reamers_do_not_take_blocks(
    a_planned_spine: Planned, geometry: LevelGeometry, honest: list[Resection]
) -> None:
    most = max(honest, key=lambda one: one.volume_mm3 or 0.0)
    volume = most.volume_mm3 or 0.0
    for told in (0.0, 0.9 * volume, 1.1 * volume):
        assert _codes(a_planned_spine, geometry, most, volume_mm3=told) == ["PL-027"]
    assert _codes(a_planned_spine, geometry, most, passes=()) != []


@pytest.mark.parametrize("name", ["iap_volume_mm3", "pars_volume_mm3", "rim_volume_mm3"])
def test_pl_027_bone_that_is_said_to_go_or_stay_and_does_not_blocks(
    a_planned_spine: Planned, geometry: LevelGeometry, honest: list[Resection], name: str
) -> None:
    told = getattr(honest[0], name) or 0.0
    assert _codes(a_planned_spine, geometry, honest[0], **{name: told + 20.0}) == ["PL-027"]


def test_pl_027_a_reamer_wider_than_the_volume_says_blocks(
    a_planned_spine: Planned, geometry: LevelGeometry, honest: list[Resection]
) -> None:
    most = max(honest, key=lambda one: one.volume_mm3 or 0.0)
    wider = tuple(p.model_copy(update={"radius_mm": p.radius_mm + 1.0}) for p in most.passes)
    assert "PL-027" in _codes(a_planned_spine, geometry, most, passes=wider)


def test_the_whole_check_of_a_plan_asks_for_its_bone(a_planned_spine: Planned) -> None:
    case, anatomy, plan = a_planned_spine.case, a_planned_spine.anatomy, a_planned_spine.plan
    told = (plan.resection.volume_mm3 or 0.0) + 100.0
    changed = plan.resection.model_copy(update={"volume_mm3": told})
    forged: Plan = seal_plan(plan.model_copy(update={"resection": changed}))
    assert verify_plan(case, anatomy, plan).valid
    answer = verify_plan(case, anatomy, forged)
    assert [f.code for f in answer.findings if f.severity == "BLOCK"] == ["PL-027"]


def test_what_is_not_assessed_or_lists_no_reamers_is_not_asked(
    a_planned_spine: Planned, geometry: LevelGeometry, honest: list[Resection]
) -> None:
    for parts in ({"volume_mm3": None}, {"needed_mm3": None, "volume_mm3": 999.0}):
        assert _codes(a_planned_spine, geometry, honest[0], **parts) == []
