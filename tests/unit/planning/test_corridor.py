"""What keeps straight lines out of a corridor, and by how many millimetres."""

import numpy as np
import pytest
from tests.unit.planning.small_problems import a_body, a_level

from kambin.frames import Side
from kambin.knowledge import technique
from kambin.planning.corridor import find_corridor_lack
from kambin.planning.targets import Targets

CORRIDOR = technique("outside-in").corridor
WIDE_BODY = a_body(lambda x, y, z: np.hypot(x, y) < 140, half_mm=(150, 150, 110), spacing_mm=5.0)


def _one_target(*point_mm: float) -> Targets:
    point = np.array(point_mm, float)
    return Targets(point, point[None], np.zeros(1), None)


@pytest.mark.parametrize(
    ("target", "structure"),
    [
        ((5.0, 15.0, 70.0), "pedicle:L4:left"),
        ((5.0, 15.0, -90.0), "pedicle:L5:left"),
        ((5.0, 60.0, 0.0), "iap:L4:left"),
    ],
)
def test_a_target_beyond_the_foramen_names_what_bounds_it(target, structure: str) -> None:
    lack = find_corridor_lack(WIDE_BODY, a_level(), CORRIDOR, _one_target(*target))
    assert lack.structure == structure
    assert lack.lack_mm is not None
    assert lack.lack_mm > 0
    assert f"{lack.lack_mm:.1f} mm" in lack.why


def test_a_target_further_up_lacks_more() -> None:
    targets = [_one_target(5.0, 15.0, up) for up in (60.0, 70.0)]
    low, high = (find_corridor_lack(WIDE_BODY, a_level(), CORRIDOR, t).lack_mm for t in targets)
    assert low is not None
    assert high is not None
    assert low < high < low + 10.5


def test_a_slim_body_is_too_near_to_the_midline() -> None:
    slim = a_body(lambda x, y, z: np.hypot(x, y) < 40, half_mm=(60, 60, 60), spacing_mm=2.0)
    lack = find_corridor_lack(slim, a_level(), CORRIDOR, _one_target(5.0, 15.0, 0.0))
    assert lack.structure == "skin"
    assert "midline" in lack.why
    # No entry lies more than the body's radius from the midline.
    assert lack.lack_mm is not None
    assert CORRIDOR.lateral_min_mm - 42.0 < lack.lack_mm < CORRIDOR.lateral_min_mm - 30.0


def test_a_body_without_skin_in_the_image_gives_no_number() -> None:
    cut = a_body(lambda x, y, z: x < 1e9, half_mm=(60, 60, 60), spacing_mm=2.0)
    lack = find_corridor_lack(cut, a_level(), CORRIDOR, _one_target(5.0, 15.0, 0.0))
    assert (lack.structure, lack.lack_mm) == ("skin", None)


def test_both_sides_lack_the_same() -> None:
    left, right = (
        find_corridor_lack(
            WIDE_BODY, a_level(side), CORRIDOR, _one_target(side.lateral_sign_lps * 5, 15, 70)
        )
        for side in Side
    )
    assert left.lack_mm == pytest.approx(right.lack_mm, abs=1e-6)
    assert (left.structure, right.structure) == ("pedicle:L4:left", "pedicle:L4:right")
