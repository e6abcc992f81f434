"""A tool that docks short is measured where it is, not where its needle goes."""

import numpy as np
import pytest

from kambin.anatomy import Origin, Structure, StructureKey
from kambin.core import NoStore
from kambin.imaging import Grid, region_from_mask
from kambin.planning.fields import Hazard, find_field
from kambin.planning.policy import Group

REACH_MM = 9.0


@pytest.fixture(scope="module")
def a_small_sac() -> Hazard:
    """A cube of 8 mm about the origin with a field of 9 mm around it."""
    grid = Grid(np.full(3, -20.0), 1.0, (41, 41, 41), "patient")
    x, y, z = np.meshgrid(*grid.axes_mm(), indexing="ij")
    region = region_from_mask(np.maximum.reduce([abs(x), abs(y), abs(z)]) <= 4.0, grid)
    sac = Structure(StructureKey("dural_sac"), region, Origin.MODELLED, 1.0)
    narrow = Grid(np.full(3, -6.0), 1.0, (13, 13, 13), "patient")
    return Hazard(sac.key, Group.SAC, sac, find_field(sac, narrow, REACH_MM, NoStore()), REACH_MM)


def test_points_beyond_the_field_keep_their_own_distance(a_small_sac: Hazard) -> None:
    points = np.array([[6.0, 0.0, 0.0], [60.0, 0.0, 0.0]])
    near, far = a_small_sac.distances_mm(points)
    assert near == pytest.approx(1.5, abs=0.2)
    assert far == pytest.approx(55.5, abs=0.6)


def test_no_distance_is_infinite_and_none_falls_back_below_the_reach(a_small_sac: Hazard) -> None:
    points = np.linspace([0.0, 0.0, 0.0], [80.0, 0.0, 0.0], 200)
    distances = a_small_sac.distances_mm(points)
    assert np.isfinite(distances).all()
    assert (distances[points[:, 0] > 15.0] >= REACH_MM).all()
    assert (np.diff(distances[points[:, 0] > 5.0]) > -0.6).all()
