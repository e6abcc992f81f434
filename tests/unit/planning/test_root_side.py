"""On which side of the exiting root a path runs, on roots and paths laid by hand."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.conftest import Planned
from tests.unit.planning.laid_roots import a_line, lay_root
from tests.unit.planning.simple_spine import LEVEL, build_simple_spine, mirror_spine

from kambin.anatomy import Anatomy, StructureKey
from kambin.core import Severity
from kambin.frames import Side
from kambin.planning import FindingRecord, Path, seal_plan, verify_plan
from kambin.planning.choice_remarks import remark_root_beyond
from kambin.planning.geometry import LevelGeometry, find_level_geometry, with_root
from kambin.planning.root_side import (
    AHEAD,
    ALONG,
    measure_far_side_beyond_mm,
    measure_root_ahead_mm,
)

ROOT = StructureKey("exiting_root", LEVEL.upper, Side.LEFT)
ENTRY_MM, TARGET_MM = np.array([90.0, 80.0, 20.0]), np.array([6.0, 18.0, 0.0])
MIDDLE_MM = TARGET_MM + 0.2 * (ENTRY_MM - TARGET_MM)


@pytest.fixture(scope="module")
def spine() -> Anatomy:
    return build_simple_spine()


@pytest.fixture(scope="module")
def geometry(spine: Anatomy) -> LevelGeometry:
    return find_level_geometry(spine, level=LEVEL, side=Side.LEFT)


def _path(geometry: LevelGeometry) -> Path:
    return Path(geometry.lps_mm(ENTRY_MM), geometry.lps_mm(TARGET_MM), 0.0)


def _measure(geometry: LevelGeometry, line_mm: np.ndarray | None) -> float | None:
    """Measure the path against a root along some points."""
    return measure_root_ahead_mm(replace(geometry, root_mm=line_mm), _path(geometry))


def _line(ahead_mm: float, count: int = 7) -> np.ndarray:
    """A straight root that crosses the path so far ahead of it."""
    return a_line(MIDDLE_MM, ahead_mm, count)


def test_the_directions_are_unit_vectors_across_each_other() -> None:
    for one in (AHEAD, ALONG):
        assert np.linalg.norm(one) == pytest.approx(1.0)
        assert one[0] == 0.0
    assert float(AHEAD @ ALONG) == pytest.approx(0.0)
    assert AHEAD[1] < 0 < AHEAD[2], "ventral and cranial"


@pytest.mark.parametrize("ahead_mm", [-9.0, -0.5, 0.0, 0.5, 6.0])
@pytest.mark.parametrize("count", [2, 7, 40])
def test_a_root_that_crosses_the_axis_lies_as_far_ahead_as_it_was_laid(
    geometry: LevelGeometry, ahead_mm: float, count: int
) -> None:
    assert _measure(geometry, _line(ahead_mm, count)) == pytest.approx(ahead_mm, abs=1e-9)


def test_the_least_of_several_crossings_counts(geometry: LevelGeometry) -> None:
    there, back = _line(6.0), _line(-2.0)[::-1]
    assert _measure(geometry, np.concatenate([there, back])) == pytest.approx(-2.0, abs=1e-9)


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
    geometry: LevelGeometry, line_mm: np.ndarray | None
) -> None:
    assert _measure(geometry, line_mm) is None


def test_the_geometry_of_a_level_has_the_line_of_its_own_root(
    spine: Anatomy, geometry: LevelGeometry
) -> None:
    tube = spine.structures[ROOT].tube
    assert tube is not None
    assert geometry.root_mm is not None
    assert geometry.lps_mm(geometry.root_mm) == pytest.approx(tube.points_lps_mm)
    for line in (None, _line(6.0)):
        laid, told = lay_root(spine, geometry, line)
        found = find_level_geometry(laid, level=LEVEL, side=Side.LEFT).root_mm
        assert (found is None) is (line is None)
        assert line is None or found == pytest.approx(line)
        assert told == geometry, "arrays do not take part in comparisons"


@pytest.mark.parametrize("ahead_mm", [-4.0, -0.5])
def test_pl_096_a_root_on_whose_far_side_tools_would_run_past_the_target_is_told(
    geometry: LevelGeometry, ahead_mm: float
) -> None:
    inward = (TARGET_MM - ENTRY_MM) / np.linalg.norm(TARGET_MM - ENTRY_MM)
    path = _path(geometry)
    near, far = (
        replace(geometry, root_mm=a_line(TARGET_MM + past * inward, ahead_mm, 7))
        for past in (6.0, 30.0)
    )
    assert measure_root_ahead_mm(near, path) is None, "up to the target it is not crossed"
    assert measure_far_side_beyond_mm(near, path, 15.0) == pytest.approx(-ahead_mm, abs=1e-9)
    (note,) = remark_root_beyond(near, path, "L4-L5 left")
    assert (note.code, note.severity) == ("PL-096", Severity.NOTE)
    assert f"{-ahead_mm:.1f} mm ventral" in note.why
    assert remark_root_beyond(far, path, "L4-L5 left") == []


@pytest.mark.parametrize("past_mm", [6.0, -6.0])
def test_tools_below_and_behind_the_root_are_not_told_of(
    geometry: LevelGeometry, past_mm: float
) -> None:
    inward = (TARGET_MM - ENTRY_MM) / np.linalg.norm(TARGET_MM - ENTRY_MM)
    behind = replace(geometry, root_mm=a_line(TARGET_MM + past_mm * inward, 5.0, 7))
    assert remark_root_beyond(behind, _path(geometry), "L4-L5 left") == []
    # of a root that is crossed before the target the rule asks, on either side
    crossed = replace(geometry, root_mm=a_line(TARGET_MM - 6.0 * inward, -5.0, 7))
    assert remark_root_beyond(crossed, _path(geometry), "L4-L5 left") == []


def test_without_a_root_nothing_is_measured(spine: Anatomy, geometry: LevelGeometry) -> None:
    kept = {key: one for key, one in spine.structures.items() if key != ROOT}
    bare = with_root(replace(spine, structures=kept), geometry)
    assert bare.root_mm is None
    assert measure_root_ahead_mm(bare, _path(geometry)) is None


@pytest.mark.parametrize("ahead_mm", [-3.0, 4.0])
def test_the_mirrored_spine_has_the_same_side(
    spine: Anatomy, geometry: LevelGeometry, ahead_mm: float
) -> None:
    laid = mirror_spine(lay_root(spine, geometry, _line(ahead_mm))[0])
    turned = find_level_geometry(laid, level=LEVEL, side=Side.RIGHT)
    flipped = Path(
        geometry.lps_mm(ENTRY_MM) * (-1, 1, 1), geometry.lps_mm(TARGET_MM) * (-1, 1, 1), 0.0
    )
    assert measure_root_ahead_mm(turned, flipped) == pytest.approx(ahead_mm, abs=1e-9)


def test_the_plan_of_the_made_spine_keeps_below_and_behind_its_root(
    a_planned_spine: Planned,
) -> None:
    rule = next(rule for rule in a_planned_spine.plan.rules if rule.id == "root-side")
    assert rule.passed
    assert rule.structure == str(ROOT)


def test_pl_095_blocks_a_plan_on_the_far_side_of_the_root(a_planned_spine: Planned) -> None:
    """The root is moved behind the tools that were planned: nobody can confirm that away."""
    plan, anatomy = a_planned_spine.plan, a_planned_spine.anatomy
    geometry = find_level_geometry(anatomy, level=LEVEL, side=Side.LEFT)
    entry, target = (
        geometry.surgical_mm(np.array(point))
        for point in (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm)
    )
    moved, _ = lay_root(anatomy, geometry, a_line(target + 0.2 * (entry - target), -12.0, 9))
    said = verify_plan(a_planned_spine.case, moved, plan)
    found = [finding for finding in said.findings if finding.code == "PL-095"]
    assert [finding.severity for finding in found] == ["BLOCK"]
    assert found[0].where == str(ROOT)
    assert "root-side: -12.00 mm" in found[0].why
    assert not said.valid
    # asked and confirmed by a plan of an older version, it blocks all the same
    told = FindingRecord(
        code="PL-095", severity="CONFIRM", what="a", where="b", why="c", next_step="d"
    )
    again = seal_plan(plan.model_copy(update={"findings": (*plan.findings, told)}))
    codes = [one.code for one in verify_plan(a_planned_spine.case, moved, again).findings]
    assert codes.count("PL-095") == 1
    # where it lies ventral and cranial of the same tools, nothing is said
    before, _ = lay_root(anatomy, geometry, a_line(target + 0.2 * (entry - target), 12.0, 9))
    codes = [one.code for one in verify_plan(a_planned_spine.case, before, plan).findings]
    assert "PL-095" not in codes
