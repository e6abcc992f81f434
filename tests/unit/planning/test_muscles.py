"""What the cannula displaces of each muscle, against slabs and mirrors."""

from functools import cache

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from tests.unit.planning.made_level import make_anatomy, make_structure

from kambin.anatomy import Anatomy
from kambin.frames import Side
from kambin.imaging import Grid, region_from_mask
from kambin.planning import Path
from kambin.planning.muscles import MUSCLES, _find_disc, measure_muscles

GRID = Grid.around(
    (-60, -10, -20), (60, 60, 20), spacing_mm=1.0, anchor_lps_mm=(0, 0, 0), frame_id="patient"
)
RADIUS_MM = 3.75
ENTRY, TARGET = np.array([58.0, 20.0, 0.0]), np.array([8.0, 20.0, 0.0])


@cache
def _slabs(*slabs: tuple[str, float, float]) -> Anatomy:
    """Muscles that fill all between two lateral places, the outermost voxel centres."""
    x, _, _ = np.meshgrid(*GRID.axes_mm(), indexing="ij")
    made = {
        name: make_structure(name, region_from_mask((x >= low) & (x <= high), GRID))
        for name, low, high in slabs
    }
    return make_anatomy(made)


def _measure(anatomy: Anatomy, stop_mm: float = 0.0, radius_mm: float = RADIUS_MM):
    return measure_muscles(
        anatomy, Path(ENTRY, TARGET, stop_mm), radius_mm, Side.LEFT, axes=np.eye(3)
    )


@pytest.mark.parametrize("name", MUSCLES)
def test_a_slab_across_the_axis_displaces_a_cylinder(name: str) -> None:
    length, volume = _measure(_slabs((f"{name}:left", 20.0, 39.0)))[name]
    assert length == pytest.approx(20.0, abs=0.25)
    assert volume == pytest.approx(np.pi * RADIUS_MM**2 * length, rel=1e-9)


def test_muscles_side_by_side_share_the_way() -> None:
    both = _slabs(("psoas:left", 10.0, 24.0), ("multifidus:left", 25.0, 50.0))
    found = _measure(both)
    one = _measure(_slabs(("psoas:left", 10.0, 50.0)))["psoas"]
    assert found["psoas"][0] + found["multifidus"][0] == pytest.approx(one[0])
    assert found["psoas"][1] + found["multifidus"][1] == pytest.approx(one[1])


def test_what_lies_deeper_than_the_docking_point_is_not_displaced() -> None:
    deep = _slabs(("psoas:left", 5.0, 20.0))
    whole, docked, out = (_measure(deep, stop)["psoas"][0] for stop in (0.0, 6.0, 20.0))
    assert whole == pytest.approx(12.5, abs=0.25)
    assert docked == pytest.approx(whole - 6.0, abs=0.25)
    assert out == 0.0


def test_a_muscle_of_the_other_side_is_not_met() -> None:
    assert _measure(_slabs(("psoas:right", -50.0, -20.0))) == {}


def test_a_wider_cannula_displaces_more_and_its_axis_runs_as_far() -> None:
    slab = _slabs(("erector_spinae:left", 30.0, 45.0))
    found = [_measure(slab, radius_mm=r)["erector_spinae"] for r in (2.0, 4.0)]
    assert found[0][0] == found[1][0]
    assert found[1][1] == pytest.approx(4 * found[0][1])


def test_a_path_outside_the_labels_meets_nothing() -> None:
    slab = _slabs(("psoas:left", 20.0, 39.0))
    away = np.array([0.0, 500.0, 0.0])
    far = Path(ENTRY + away, TARGET + away, 0.0)
    assert measure_muscles(slab, far, RADIUS_MM, Side.LEFT, axes=np.eye(3)) == {"psoas": (0.0, 0.0)}


def test_the_mirrored_path_displaces_as_much() -> None:
    left = _measure(_slabs(("psoas:left", 20.0, 33.0)))["psoas"]
    flip = np.array([-1.0, 1.0, 1.0])
    path = Path(ENTRY * flip, TARGET * flip, 0.0)
    mirrored = _slabs(("psoas:right", -33.0, -20.0))
    found = measure_muscles(mirrored, path, RADIUS_MM, Side.RIGHT, axes=np.eye(3))["psoas"]
    assert found == pytest.approx(left)


def test_the_samples_across_the_cannula_turn_with_the_patient() -> None:
    way = np.array([0.8, 0.55, 0.24])
    way /= np.linalg.norm(way)
    for turn in Rotation.random(8, random_state=3).as_matrix():
        offsets, areas = _find_disc(way, RADIUS_MM, np.eye(3))
        turned, same = _find_disc(turn @ way, RADIUS_MM, turn.T)
        assert turned == pytest.approx(offsets @ turn.T)
        assert same == pytest.approx(areas)
