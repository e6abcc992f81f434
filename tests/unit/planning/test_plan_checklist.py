"""The checklist of a plan's picture: true of a plan, and every question catches a fault."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.plan_checklist import (
    QUESTIONS,
    answer_all,
    check_bone,
    check_ends,
    check_letters,
    check_root,
)
from tests.unit.planning.conftest import Planned
from tests.unit.planning.simple_spine import GRID

from kambin.anatomy import Anatomy, Origin, Structure, StructureKey, Tube
from kambin.imaging import region_from_mask
from kambin.planning import Plan
from kambin.report.scenery import plan_scenery
from kambin.report.tool_outlines import capsule_distance_mm

ROOT = StructureKey.parse("exiting_root:L4:left")


@pytest.fixture(scope="module")
def with_whole_bones(a_planned_spine: Planned) -> Anatomy:
    """The spine of boxes with whole vertebrae, as the labels of a patient give them."""
    parts = a_planned_spine.anatomy.structures
    kinds = ("body", "pedicle", "sap", "iap", "pars", "lamina", "sp", "arch_base", "body_rim")
    whole = {}
    for place in ("L4", "L5"):
        mask = np.zeros(GRID.shape, bool)
        for key, part in parts.items():
            if key.place == place and key.kind in (*kinds, "pedicle_rim"):
                ijk = GRID.ijk(part.region.lps_mm(np.argwhere(part.region.values > 0)))
                mask[tuple(np.rint(ijk).astype(int).T)] = True
        whole[place] = mask
    return _with_bones(a_planned_spine.anatomy, whole)


def _with_bones(anatomy: Anatomy, masks: dict[str, np.ndarray]) -> Anatomy:
    bones = {}
    for place, mask in masks.items():
        key = StructureKey("vertebra", place)
        bones[key] = Structure(key, region_from_mask(mask, GRID), Origin.SEGMENTED, 0.5)
    return replace(anatomy, structures={**anatomy.structures, **bones})


def _with_root(anatomy: Anatomy, move: Callable[[np.ndarray], np.ndarray]) -> Anatomy:
    root = anatomy.structures[ROOT]
    tube = Tube(move(root.tube.points_lps_mm), root.tube.radii_mm)
    return replace(anatomy, structures={**anatomy.structures, ROOT: replace(root, tube=tube)})


def _tools(plan: Plan):
    return plan_scenery(plan).tools


def _cannula(plan: Plan):
    return next(tool for tool in _tools(plan) if tool.name == "cannula")


def test_every_question_holds_for_a_plan(
    a_planned_spine: Planned, with_whole_bones: Anatomy
) -> None:
    answers = answer_all(a_planned_spine.plan, with_whole_bones)
    assert [one.question for one in answers] == list(QUESTIONS)
    assert [one for one in answers if not one.holds] == []


def test_the_bone_in_the_tube_is_what_the_plan_says_it_takes(
    a_planned_spine: Planned, with_whole_bones: Anatomy
) -> None:
    plan = a_planned_spine.plan
    found = check_bone(plan, with_whole_bones, _tools(plan)).found
    said = float(found.split("process ")[1].split(",")[0])
    assert said == pytest.approx(plan.resection.volume_mm3, rel=0.1, abs=5.0)


def test_a_plan_under_the_name_of_the_other_side_is_caught(a_planned_spine: Planned) -> None:
    wrong = a_planned_spine.plan.model_copy(update={"side": "right"})
    answer = check_letters(wrong, a_planned_spine.anatomy, plan_scenery(wrong))
    assert not answer.holds
    assert "L" in answer.found


def test_a_mirrored_entry_is_caught(a_planned_spine: Planned) -> None:
    way = a_planned_spine.plan.trajectory
    across = {f"{end}_lps_mm": (-x, y, z) for end, (x, y, z) in
              (("entry", way.entry_lps_mm), ("target", way.target_lps_mm))}  # fmt: skip
    wrong = a_planned_spine.plan.model_copy(update={"trajectory": way.model_copy(update=across)})
    answer = check_letters(wrong, a_planned_spine.anatomy, plan_scenery(wrong))
    assert not answer.holds


@pytest.mark.parametrize("tool", ["needle", "reamer", "cannula", "forceps"])
def test_a_tool_that_ends_elsewhere_is_caught(a_planned_spine: Planned, tool: str) -> None:
    plan = a_planned_spine.plan
    entry, target = (
        np.array(p) for p in (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm)
    )
    inward = (target - entry) / np.linalg.norm(target - entry)
    deeper_mm = 20.0 if tool == "forceps" else 1.0

    def push(stage):
        if stage.tool != tool:
            return stage
        tip = tuple((np.array(stage.tip_lps_mm) + deeper_mm * inward).tolist())
        return stage.model_copy(update={"tip_lps_mm": tip, "stop_mm": stage.stop_mm - deeper_mm})

    wrong = plan.model_copy(update={"stages": tuple(map(push, plan.stages))})
    answer = check_ends(wrong, _tools(plan))
    assert not answer.holds
    assert "wrong" in answer.found


def test_a_picture_whose_tool_ends_elsewhere_is_caught(a_planned_spine: Planned) -> None:
    plan = a_planned_spine.plan
    drawn = [replace(tool, tip_lps_mm=tool.tip_lps_mm + 0.5) for tool in _tools(plan)]
    assert check_ends(plan, _tools(plan)).holds
    assert "drawn" in check_ends(plan, drawn).found
    assert not check_ends(plan, drawn).holds


def test_other_bone_in_the_tube_is_caught(a_planned_spine: Planned) -> None:
    plan, tube = a_planned_spine.plan, _cannula(a_planned_spine.plan)
    nodes = np.stack(np.meshgrid(*GRID.axes_mm(), indexing="ij"), -1)
    middle = 0.7 * tube.tip_lps_mm + 0.3 * tube.outside_lps_mm
    wall = np.linalg.norm(nodes - middle, axis=-1) < 6
    answer = check_bone(plan, _with_bones(a_planned_spine.anatomy, {"L4": wall}), _tools(plan))
    assert not answer.holds
    assert "deep" in answer.found


def test_a_root_in_the_tube_is_caught(a_planned_spine: Planned) -> None:
    plan, tube = a_planned_spine.plan, _cannula(a_planned_spine.plan)

    def through(points: np.ndarray) -> np.ndarray:
        return points + tube.tip_lps_mm - points[len(points) // 2]

    answer = check_root(plan, _with_root(a_planned_spine.anatomy, through), _tools(plan))
    assert not answer.holds


def test_a_root_behind_and_below_the_tube_is_caught(a_planned_spine: Planned) -> None:
    plan, tube = a_planned_spine.plan, _cannula(a_planned_spine.plan)
    way = (tube.outside_lps_mm - tube.tip_lps_mm) / np.linalg.norm(
        tube.outside_lps_mm - tube.tip_lps_mm
    )
    off = np.array([0.0, 1.0, -1.0]) - way * (np.array([0.0, 1.0, -1.0]) @ way)

    def behind(points: np.ndarray) -> np.ndarray:
        place = tube.tip_lps_mm + 10 * way + 9 * off
        return np.stack([place + step * way for step in np.linspace(0, 2, len(points))])

    anatomy = _with_root(a_planned_spine.anatomy, behind)
    nearest = capsule_distance_mm(
        anatomy.structures[ROOT].tube.points_lps_mm, tube.tip_lps_mm, tube.outside_lps_mm, 3.75
    )
    assert nearest.min() > 2.5
    answer = check_root(plan, anatomy, _tools(plan))
    assert not answer.holds
    assert "dorsal" in answer.found


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_beyond_the_tip_the_side_across_the_tube_counts(
    a_planned_spine: Planned, sign: float
) -> None:
    """Ahead of the tip is ventral of it along the tool, whichever side of the axis it is on."""
    plan, tube = a_planned_spine.plan, _cannula(a_planned_spine.plan)
    way = tube.outside_lps_mm - tube.tip_lps_mm
    way /= np.linalg.norm(way)
    side = np.array([0.0, 1.0, -1.0])
    off = sign * (side - way * (side @ way))

    def ahead(points: np.ndarray) -> np.ndarray:
        place = tube.tip_lps_mm - 8 * way + 3 * off
        return np.stack([place + step * off for step in np.linspace(0, 2, len(points))])

    anatomy = _with_root(a_planned_spine.anatomy, ahead)
    assert (anatomy.structures[ROOT].tube.points_lps_mm[0] - tube.tip_lps_mm)[1] < 0
    answer = check_root(plan, anatomy, _tools(plan))
    assert answer.found.endswith("dorsal" if sign > 0 else "ventral and cranial")
    assert answer.holds is (sign < 0)


def test_a_patient_without_a_root_is_not_said_to_have_one_beside(a_planned_spine: Planned) -> None:
    structures = {k: s for k, s in a_planned_spine.anatomy.structures.items() if k != ROOT}
    anatomy = replace(a_planned_spine.anatomy, structures=structures)
    answer = check_root(a_planned_spine.plan, anatomy, _tools(a_planned_spine.plan))
    assert (answer.holds, answer.found) == (False, "not assessed")
