"""On which side of the exiting root a path runs, on roots and paths laid by hand."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.conftest import Planned
from tests.unit.planning.simple_spine import LEVEL, build_simple_spine, mirror_spine

from kambin.anatomy import Anatomy, StructureKey
from kambin.anatomy.structures import Tube
from kambin.core import Severity
from kambin.frames import Side
from kambin.planning import FindingRecord, Path, Plan, seal_plan, verify_plan
from kambin.planning.choice_models import Rule
from kambin.planning.choice_remarks import remark_root_side
from kambin.planning.geometry import LevelGeometry, find_level_geometry
from kambin.planning.root_side import AHEAD, ALONG, measure_root_ahead_mm

ROOT = StructureKey("exiting_root", LEVEL.upper, Side.LEFT)
ENTRY_MM, TARGET_MM = np.array([90.0, 80.0, 20.0]), np.array([6.0, 18.0, 0.0])
MIDDLE_MM = TARGET_MM + 0.2 * (ENTRY_MM - TARGET_MM)
COURSE = np.array([0.5, -0.6, -0.6])
"""Lateral, ventral and caudal, as roots run; lengths do not matter."""


@pytest.fixture(scope="module")
def spine() -> Anatomy:
    return build_simple_spine()


@pytest.fixture(scope="module")
def geometry(spine: Anatomy) -> LevelGeometry:
    return find_level_geometry(spine, level=LEVEL, side=Side.LEFT)


def _with_root(spine: Anatomy, geometry: LevelGeometry, line_mm: np.ndarray | None) -> Anatomy:
    """Lay a root along points of the surgical frame, or leave it without a line."""
    tube = None
    if line_mm is not None:
        tube = Tube(geometry.lps_mm(line_mm), np.full(len(line_mm), 2.0))
    root = replace(spine.structures[ROOT], tube=tube)
    return replace(spine, structures={**spine.structures, ROOT: root})


def _path(geometry: LevelGeometry) -> Path:
    return Path(geometry.lps_mm(ENTRY_MM), geometry.lps_mm(TARGET_MM), 0.0)


def _line(ahead_mm: float, count: int = 7) -> np.ndarray:
    """A straight root that crosses the path so far ahead of it."""
    along = np.linspace(-20.0, 20.0, count)[:, None] * COURSE
    return MIDDLE_MM + ahead_mm * AHEAD + along


def test_the_directions_are_unit_vectors_across_each_other() -> None:
    for one in (AHEAD, ALONG):
        assert np.linalg.norm(one) == pytest.approx(1.0)
        assert one[0] == 0.0
    assert float(AHEAD @ ALONG) == pytest.approx(0.0)
    assert AHEAD[1] < 0 < AHEAD[2], "ventral and cranial"


@pytest.mark.parametrize("ahead_mm", [-9.0, -0.5, 0.0, 0.5, 6.0])
@pytest.mark.parametrize("count", [2, 7, 40])
def test_a_root_that_crosses_the_axis_lies_as_far_ahead_as_it_was_laid(
    spine: Anatomy, geometry: LevelGeometry, ahead_mm: float, count: int
) -> None:
    laid = _with_root(spine, geometry, _line(ahead_mm, count))
    found = measure_root_ahead_mm(laid, geometry, _path(geometry))
    assert found == pytest.approx(ahead_mm, abs=1e-9)


def test_the_least_of_several_crossings_counts(spine: Anatomy, geometry: LevelGeometry) -> None:
    there, back = _line(6.0), _line(-2.0)[::-1]
    laid = _with_root(spine, geometry, np.concatenate([there, back]))
    assert measure_root_ahead_mm(laid, geometry, _path(geometry)) == pytest.approx(-2.0, abs=1e-9)


@pytest.mark.parametrize(
    "line_mm",
    [
        None,
        _line(6.0) + 60.0 * ALONG,
        _line(6.0) + np.array([-30.0, 0.0, 0.0]),
        MIDDLE_MM + 3.0 * ALONG + np.linspace(0, 0.1, 5)[:, None] * (ENTRY_MM - TARGET_MM),
    ],
    ids=["no line", "above the path", "medial of the target", "beside it"],
)
def test_a_root_that_the_axis_does_not_cross_has_no_side(
    spine: Anatomy, geometry: LevelGeometry, line_mm: np.ndarray | None
) -> None:
    laid = _with_root(spine, geometry, line_mm)
    assert measure_root_ahead_mm(laid, geometry, _path(geometry)) is None


def test_without_a_root_nothing_is_measured(spine: Anatomy, geometry: LevelGeometry) -> None:
    kept = {key: one for key, one in spine.structures.items() if key != ROOT}
    assert measure_root_ahead_mm(replace(spine, structures=kept), geometry, _path(geometry)) is None


@pytest.mark.parametrize("ahead_mm", [-3.0, 4.0])
def test_the_mirrored_spine_has_the_same_side(
    spine: Anatomy, geometry: LevelGeometry, ahead_mm: float
) -> None:
    laid = mirror_spine(_with_root(spine, geometry, _line(ahead_mm)))
    turned = find_level_geometry(laid, level=LEVEL, side=Side.RIGHT)
    flipped = Path(
        geometry.lps_mm(ENTRY_MM) * (-1, 1, 1), geometry.lps_mm(TARGET_MM) * (-1, 1, 1), 0.0
    )
    assert measure_root_ahead_mm(laid, turned, flipped) == pytest.approx(ahead_mm, abs=1e-9)


def test_the_plan_of_the_made_spine_keeps_below_and_behind_its_root(
    a_planned_spine: Planned,
) -> None:
    rule = next(rule for rule in a_planned_spine.plan.rules if rule.id == "root-side")
    assert rule.passed
    assert rule.structure == str(ROOT)


def test_pl_095_the_far_side_of_the_root_is_asked_about_by_planner_and_checker(
    a_planned_spine: Planned,
) -> None:
    """The root is moved behind the tools that were planned: the checker asks what nobody asked."""
    plan: Plan = a_planned_spine.plan
    anatomy = a_planned_spine.anatomy
    geometry = find_level_geometry(anatomy, level=LEVEL, side=Side.LEFT)
    entry, target = (
        geometry.surgical_mm(np.array(point))
        for point in (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm)
    )
    middle = target + 0.2 * (entry - target)
    line = middle - 12.0 * AHEAD + np.linspace(-20.0, 20.0, 9)[:, None] * COURSE
    moved = _with_root(anatomy, geometry, line)
    said = verify_plan(a_planned_spine.case, moved, plan)
    asked = [finding for finding in said.findings if finding.code == "PL-095"]
    assert [finding.severity for finding in asked] == ["CONFIRM"]
    assert "12.0 mm dorsal and caudal" in asked[0].why
    # a plan that asks already is not asked about twice
    told = FindingRecord(
        code="PL-095", severity="CONFIRM", what="a", where="b", why="c", next_step="d"
    )
    again = seal_plan(plan.model_copy(update={"findings": (*plan.findings, told)}))
    codes = [one.code for one in verify_plan(a_planned_spine.case, moved, again).findings]
    assert "PL-095" not in codes


def test_only_the_broken_rule_of_the_root_is_remarked() -> None:
    parts = {"threshold": 0.0, "comparison": "at least", "unit": "mm", "severity": "CONFIRM"}
    rows = [
        Rule.model_construct(id=name, value=value, passed=passed, structure=str(ROOT), **parts)
        for name, value, passed in (
            ("root-side", -5.0, False),
            ("root-side", 5.0, True),
            ("root-side", None, True),
            ("side", -5.0, False),
        )
    ]
    (finding,) = remark_root_side(rows, "L4-L5 left")
    assert (finding.code, finding.severity) == ("PL-095", Severity.CONFIRM)
    assert str(ROOT) in finding.what
    assert "5.0 mm" in finding.why
