"""What the ilium blocks, against a wall whose angle can be worked out."""

import numpy as np
import pytest
from tests.unit.planning.small_problems import (
    TARGET,
    a_field,
    a_level,
    a_problem,
    a_structure,
    some_entries,
    some_targets,
    the_tools,
)

from kambin.anatomy import StructureKey
from kambin.frames import Side
from kambin.imaging import Grid
from kambin.planning import Group
from kambin.planning.fields import Hazard
from kambin.planning.iliac import find_iliac_limits, measure_iliac_block

ANGLES = tuple((theta, 15.0) for theta in np.arange(48.0, 72.0, 2.0).tolist())


def _wall(lateral_mm: float, top_mm: float, front_mm: float = 20.0):
    """The signed distance to the front of a wall that stands lateral, below some height."""

    def away(x, y, z):
        out, over = np.maximum(lateral_mm - x, 0), np.maximum(z - top_mm, 0)
        front = np.maximum(y - front_mm, 0)
        inside = np.minimum(np.minimum(x - lateral_mm, top_mm - z), front_mm - y)
        outside = np.sqrt(out**2 + over**2 + front**2)
        return np.where(outside > 0, outside, -inside)

    return away


def _ilium(lateral_mm: float, top_mm: float, side: Side = Side.LEFT) -> Hazard:
    grid = Grid.around(
        (-120, -60, -60),
        (120, 160, 120),
        spacing_mm=2.0,
        anchor_lps_mm=(0, 0, 0),
        frame_id="patient",
    )
    sign = side.lateral_sign_lps
    wall = _wall(lateral_mm, top_mm)
    key = StructureKey("ilium", "", side)
    field = a_field(grid, lambda x, y, z: wall(sign * x, y, z))
    return Hazard(key, Group.NEVER, a_structure(str(key)), field, 999.0)


def _problem(hazards=()):
    entries = some_entries(TARGET, ANGLES, 110.0)
    return a_problem(entries, some_targets([TARGET]), hazards, tools=the_tools())


def test_a_line_meets_the_wall_where_its_front_corner_is() -> None:
    # The corner stands 60 mm lateral and 20 mm back, 50 mm and 4 mm from the target.
    limits = find_iliac_limits(_problem(), _ilium(60.0, 200.0), 0.0)
    at_zero = next(one for one in limits if one.craniocaudal_deg == 0.0)
    expected = np.degrees(np.arctan2(60.0 - TARGET[0], 20.0 - TARGET[1]))
    assert at_zero.axial_inclination_max_deg == pytest.approx(expected, abs=1.0)
    assert at_zero.point_lps_mm is not None
    assert at_zero.point_lps_mm[0] == pytest.approx(60.0, abs=2.5)


def test_a_tube_meets_it_earlier_than_a_line() -> None:
    problem, ilium = _problem(), _ilium(60.0, 200.0)
    line, tube = (find_iliac_limits(problem, ilium, radius) for radius in (0.0, 3.75))
    for thin, wide in zip(line, tube, strict=True):
        assert wide.axial_inclination_max_deg <= thin.axial_inclination_max_deg
    at = [one.craniocaudal_deg for one in line].index(0.0)
    # The tube is 3.75 mm wide at 50 mm: 4.3 degrees.
    gap = line[at].axial_inclination_max_deg - tube[at].axial_inclination_max_deg
    assert gap == pytest.approx(np.degrees(3.75 / 50.2), abs=1.0)


def test_the_higher_the_way_comes_the_more_a_low_crest_lets_through() -> None:
    limits = find_iliac_limits(_problem(), _ilium(60.0, 10.0), 0.0)
    angles = [one.axial_inclination_max_deg for one in limits if one.craniocaudal_deg >= 0]
    # The nodes of the made field lie 2 mm apart.
    assert np.diff(angles).min() >= -0.5
    assert angles[0] < 87 < angles[-1] == 90.0
    assert limits[-1].point_lps_mm is None


def test_the_other_side_has_the_same_curve() -> None:
    right = a_problem(
        some_entries(np.multiply(TARGET, (-1, 1, 1)), ANGLES, 110.0, Side.RIGHT),
        some_targets([np.multiply(TARGET, (-1, 1, 1))]),
        geometry=a_level(Side.RIGHT),
    )
    left = find_iliac_limits(_problem(), _ilium(60.0, 20.0), 0.0)
    other = find_iliac_limits(right, _ilium(60.0, 20.0, Side.RIGHT), 0.0)
    assert [one.axial_inclination_max_deg for one in left] == pytest.approx(
        [one.axial_inclination_max_deg for one in other]
    )


def test_the_share_is_that_of_the_candidates_which_pass_without_it() -> None:
    sign = [("ilium:left", Group.NEVER, _wall(60.0, 200.0, 45.0))]
    blocked = measure_iliac_block(_problem(sign))
    free = measure_iliac_block(_problem())
    assert free.blocked == free.needle_blocked == 0
    assert free.limits == ()
    assert blocked.passing == free.passing > 0
    assert blocked.needle_passing == free.needle_passing > 0
    assert 0 < (blocked.needle_share or 0) < 1
    assert (blocked.share or 0) >= (blocked.needle_share or 0)
    assert free.share == 0.0


def test_where_nothing_passes_anyway_there_is_no_share() -> None:
    everywhere = [("iap:L4:left", Group.NEVER, lambda x, y, z: np.full(np.shape(x), -50.0))]
    found = measure_iliac_block(_problem(everywhere))
    assert found.passing == 0
    assert found.share is None
    assert found.needle_share is None
