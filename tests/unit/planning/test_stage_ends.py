"""How far past the target forceps go: as deep as the fragment lies, and no nearer to bowel."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.simple_spine import GRID, build_simple_spine
from tests.unit.planning.small_problems import the_tools

from kambin.anatomy import Anatomy, Origin, Structure, StructureKey
from kambin.core import NoStore, SilentProgress
from kambin.imaging import region_from_mask
from kambin.knowledge import value
from kambin.planning import Path
from kambin.planning.bundle import Bundle
from kambin.planning.fields import HazardSet, build_hazards
from kambin.planning.policy import Group
from kambin.planning.stage_ends import with_ends

ENTRY, TARGET = np.array([60.0, 18.0, 0.0]), np.array([10.0, 18.0, 0.0])
PATH = Path(ENTRY, TARGET, 8.0)


def _with(kind: str, low: float, high: float, anatomy: Anatomy) -> Anatomy:
    """Add a bar along the axis, from one lateral place to another."""
    x, y, z = np.meshgrid(*GRID.axes_mm(), indexing="ij")
    bar = (x >= low) & (x <= high) & (abs(y - 18) <= 3) & (abs(z) <= 3)
    key = StructureKey(kind)
    made = Structure(key, region_from_mask(bar, GRID), Origin.DRAWN, 0.0)
    return replace(anatomy, structures={**anatomy.structures, key: made})


def _hazards(anatomy: Anatomy, groups: dict[StructureKey, Group]) -> HazardSet:
    bundle = Bundle.around(anatomy, ENTRY, TARGET)
    return build_hazards(anatomy, groups, bundle, progress=SilentProgress(), store=NoStore())


def _past_mm(anatomy: Anatomy, groups: dict[StructureKey, Group]) -> float:
    path = with_ends(anatomy, _hazards(anatomy, groups), PATH, the_tools())
    (forceps,) = [tool for tool in the_tools().tools if tool.stage == "forceps"]
    return -path.stop_of(forceps)


@pytest.fixture(scope="module")
def a_spine() -> Anatomy:
    return build_simple_spine()


def test_without_a_fragment_forceps_end_at_the_target(a_spine: Anatomy) -> None:
    path = with_ends(a_spine, _hazards(a_spine, {}), PATH, the_tools())
    assert dict(path.own_stops_mm) == {}


def test_they_go_as_deep_as_the_fragment_lies(a_spine: Anatomy) -> None:
    assert _past_mm(_with("fragment", 2.0, 12.0, a_spine), {}) == pytest.approx(8.0)


def test_they_never_go_further_than_the_limit(a_spine: Anatomy) -> None:
    deep = _with("fragment", -20.0, 12.0, a_spine)
    assert _past_mm(deep, {}) == value("planning.forceps_past_mm") == 15.0


def test_a_fragment_that_ends_before_the_target_takes_them_no_further(a_spine: Anatomy) -> None:
    assert _past_mm(_with("fragment", 11.0, 14.0, a_spine), {}) == 0.0


def test_an_organ_behind_the_fragment_keeps_its_margin(a_spine: Anatomy) -> None:
    organ = StructureKey("small_bowel")
    behind = _with("small_bowel", -16.0, -8.0, _with("fragment", -4.0, 12.0, a_spine))
    past = _past_mm(behind, {organ: Group.ORGAN})
    radius = next(tool.radius_mm for tool in the_tools().tools if tool.stage == "forceps")
    # The bowel's face lies at -7.5 mm, half a voxel out; the tip stays margin and radius before it.
    room = (10.0 + 7.5) - value("margins.organ_mm") - radius
    assert past == pytest.approx(room, abs=0.5)
    assert past < 14.0


def test_the_other_tools_end_where_they_did(a_spine: Anatomy) -> None:
    fragment = _with("fragment", 2.0, 12.0, a_spine)
    path = with_ends(fragment, _hazards(fragment, {}), PATH, the_tools())
    for tool in the_tools().tools:
        if tool.stage != "forceps":
            assert path.stop_of(tool) == PATH.stop_of(tool)
