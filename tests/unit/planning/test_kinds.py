"""What kind of herniation a fragment is, for the rule that aims at it."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.simple_spine import GRID, LEVEL, build_simple_spine, mirror_spine

from kambin.anatomy import Anatomy, Level, Origin, Structure, StructureKey
from kambin.imaging import region_from_mask
from kambin.planning.kinds import Kind, find_kind


@pytest.fixture(scope="module")
def a_spine() -> Anatomy:
    return build_simple_spine()


def _with_fragment(anatomy: Anatomy, lateral: float, height: float) -> Anatomy:
    x, y, z = np.meshgrid(*GRID.axes_mm(), indexing="ij")
    box = (abs(x - lateral) <= 2) & (abs(y - 20) <= 2) & (abs(z - height) <= 2)
    key = StructureKey("fragment")
    made = Structure(key, region_from_mask(box, GRID), Origin.DRAWN, 0.5)
    return replace(anatomy, structures={**anatomy.structures, key: made})


@pytest.mark.parametrize(
    ("lateral", "height", "kind"),
    [
        (8.0, 0.0, Kind("paracentral", "none")),
        (0.0, 0.0, Kind("central", "none")),
        (16.0, 0.0, Kind("foraminal", "none")),
        (8.0, -12.0, Kind("paracentral", "near-down")),
        (8.0, 9.0, Kind("paracentral", "near-up")),
    ],
)
def test_a_box_is_of_the_kind_of_its_place(
    lateral: float, height: float, kind: Kind, a_spine: Anatomy
) -> None:
    made = _with_fragment(a_spine, lateral, height)
    assert find_kind(made, LEVEL) == kind
    assert find_kind(mirror_spine(made), LEVEL) == kind


def test_without_a_fragment_there_is_no_kind(a_spine: Anatomy) -> None:
    assert find_kind(a_spine, LEVEL) is None


def test_at_a_level_without_landmarks_the_kind_is_not_known(a_spine: Anatomy) -> None:
    assert find_kind(_with_fragment(a_spine, 8.0, 0.0), Level("L3", "L4")) is None
