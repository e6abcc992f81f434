"""How far out a cannula may end: the waist of the foramen, else its mouth."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.simple_spine import LEVEL, build_simple_spine
from tests.unit.planning.small_problems import the_tools

from kambin.core import Severity
from kambin.frames import RigidTransform, Side
from kambin.knowledge import value
from kambin.measure.waist import Waist
from kambin.planning import Path
from kambin.planning.choice_remarks import remark_docking
from kambin.planning.docking import (
    describe_docking,
    find_docking_limit_mm,
    find_waist_distance_mm,
    with_waist,
)
from kambin.planning.geometry import LevelGeometry, WaistPlane

TARGET = np.array([[10.0, 18.0, 0.0]])
ENTRY = np.array([[90.0, 78.0, 0.0]])  # 0.8 lateral and 0.6 back for each mm


def _geometry(waist: WaistPlane | None, side: Side = Side.LEFT) -> LevelGeometry:
    frame = RigidTransform.from_axes("lps", "disc", np.eye(3), (0, 0, 0))
    return LevelGeometry(LEVEL, side, frame, 10.0, 15.0, 10.0, 14.0, -6.0, 18.0, 24.0, waist)


def _plane(lateral: float, normal=(1.0, 0.0, 0.0)) -> WaistPlane:
    return WaistPlane(np.array([lateral, 21.0, 3.0]), np.array(normal), 120.0)


@pytest.mark.parametrize("side", Side)
def test_the_way_to_the_waist_is_that_along_the_path(side: Side) -> None:
    flip = (side.lateral_sign_lps, 1, 1)
    found = find_waist_distance_mm(_geometry(_plane(14.0), side), ENTRY * flip, TARGET * flip)
    assert found is not None
    assert found[0, 0] == pytest.approx(4.0 / 0.8)


def test_a_tilted_waist_is_met_where_its_plane_is() -> None:
    found = find_waist_distance_mm(_geometry(_plane(14.0, (0.8, 0.6, 0.0))), ENTRY, TARGET)
    assert found is not None
    assert found[0, 0] == pytest.approx(4.0 * 0.8 + 3.0 * 0.6)


def test_a_target_outside_the_waist_has_no_way_to_it() -> None:
    found = find_waist_distance_mm(_geometry(_plane(8.0)), ENTRY, TARGET)
    assert found is not None
    assert found[0, 0] == 0.0


def test_the_limit_is_the_waist_and_two_millimetres() -> None:
    tools, geometry = the_tools(), _geometry(_plane(14.0))
    limit = find_docking_limit_mm(geometry, ENTRY, TARGET, tools)
    assert limit[0, 0] == pytest.approx(5.0 + value("planning.waist_allowance_mm"))


def test_the_mouth_bounds_it_without_a_waist_or_when_a_person_is_asked() -> None:
    tools = the_tools()
    free = replace(tools, docks_at_mouth=True)
    mouth = 10.0 / 0.8 + value("planning.waist_allowance_mm")
    expected = min(mouth, tools.technique.stop_max_mm)
    assert find_docking_limit_mm(_geometry(None), ENTRY, TARGET, tools)[0, 0] == expected
    assert find_docking_limit_mm(_geometry(_plane(14.0)), ENTRY, TARGET, free)[0, 0] == expected


def test_no_limit_is_beyond_that_of_the_technique() -> None:
    limit = find_docking_limit_mm(_geometry(_plane(60.0)), ENTRY, TARGET, the_tools())
    assert limit[0, 0] == the_tools().technique.stop_max_mm


def test_a_spine_without_whole_vertebrae_has_no_waist() -> None:
    assert with_waist(build_simple_spine(), _geometry(None)).waist is None


@pytest.mark.parametrize(("area", "is_kept"), [(120.0, True), (30.0, False)])
def test_a_waist_too_small_to_be_believed_is_none(
    area: float, is_kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Waist(np.zeros((4, 3)), area, 16.0, 8.0, 40.0, np.array([14.0, 21, 3]), 20.0, 10.0, 0.0)
    monkeypatch.setattr("kambin.planning.docking.find_site_waist", lambda _: found)
    waist = with_waist(build_simple_spine(), _geometry(None)).waist
    assert (waist is not None) is is_kept
    if waist is not None:
        assert np.linalg.norm(waist.normal) == pytest.approx(1.0)
        assert waist.normal[0] > 0.9
        # Turned outward to anterior, tilted outward to cranial, as the section was found.
        assert waist.normal[1] < 0 < waist.normal[2]


def _said(stop: float, waist: WaistPlane | None, *, at_mouth: bool) -> list[tuple[str, Severity]]:
    tools = replace(the_tools(), docks_at_mouth=at_mouth)
    docking = describe_docking(_geometry(waist), Path(ENTRY[0], TARGET[0], stop), tools)
    return [(f.code, f.severity) for f in remark_docking(docking, "L4-L5 left")]


def test_pl_081_further_out_than_the_waist_asks_a_person() -> None:
    assert _said(6.0, _plane(14.0), at_mouth=False) == []
    assert _said(6.0, _plane(14.0), at_mouth=True) == []
    assert _said(8.0, _plane(14.0), at_mouth=True) == [("PL-081", Severity.CONFIRM)]


def test_pl_085_without_a_waist_the_plan_says_so() -> None:
    assert _said(8.0, None, at_mouth=False) == [("PL-085", Severity.NOTE)]
