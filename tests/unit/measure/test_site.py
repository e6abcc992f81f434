import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kambin.anatomy import Anatomy
from kambin.anatomy.fragment_lattice import sample_region
from kambin.frames import RigidTransform, Side
from kambin.imaging import LabelMap
from kambin.measure.shapes import Shapes
from kambin.measure.site import (
    SideView,
    first_crossing_mm,
    lps_from_plate,
    wall_corner_lps_mm,
)


@pytest.fixture
def a_block() -> LabelMap:
    values = np.zeros((12, 12, 12), dtype=np.uint8)
    values[3:9, 3:9, 3:9] = 1
    return LabelMap(values, np.eye(4), "patient")


def test_occupancy_is_1_inside_0_outside_and_a_half_on_the_face(a_block: LabelMap) -> None:
    points = [[5.5, 5.5, 5.5], [0.0, 5.5, 5.5], [2.5, 5.5, 5.5], [50.0, 0.0, 0.0]]
    assert Shapes().sample(a_block, points) == pytest.approx([1, 0, 0.5, 0], abs=0.1)


@pytest.mark.parametrize("sample", [Shapes().sample, sample_region])
def test_occupancy_does_not_depend_on_the_other_points_asked_for(
    a_block: LabelMap, sample: Callable[..., NDArray[np.float64]]
) -> None:
    alone = sample(a_block, [[2.7, 3.1, 4.0]])
    together = sample(a_block, [[2.7, 3.1, 4.0], [11.0, 11.0, 11.0], [-9.0, 0, 0]])
    assert alone[0] == pytest.approx(together[0], abs=1e-12)


def test_a_structure_at_the_border_of_its_array_ends_there() -> None:
    full = LabelMap(np.ones((4, 4, 4), dtype=np.uint8), np.eye(4), "patient")
    assert sample_region(full, [[-0.5, 1.0, 1.0], [-2.0, 1.0, 1.0]]).tolist() == [0.5, 0.0]


def test_each_structure_keeps_its_own_shape(a_block: LabelMap) -> None:
    shapes = Shapes()
    empty = LabelMap(np.zeros((12, 12, 12), dtype=np.uint8), np.eye(4), "patient")
    middle = [[5.5, 5.5, 5.5]]
    assert shapes.sample(a_block, middle)[0] == pytest.approx(1.0, abs=0.01)
    assert shapes.sample(empty, middle)[0] == 0.0
    assert shapes.sample(a_block, middle)[0] == pytest.approx(1.0, abs=0.01)


def test_occupancy_without_smoothing_is_the_label_itself(a_block: LabelMap) -> None:
    found = sample_region(a_block, [[3.0, 3.0, 3.0], [2.0, 3.0, 3.0]])
    assert found.tolist() == [1.0, 0.0]


@given(surface_mm=st.floats(0.2, 9.5), step_mm=st.sampled_from([0.1, 0.25, 0.5]))
def test_the_crossing_of_a_ramp_is_found_between_samples(surface_mm: float, step_mm: float) -> None:
    along = np.arange(0.0, 12.0, step_mm)
    ramp = np.clip(0.5 + (along - surface_mm) / 2, 0, 1)
    assert float(first_crossing_mm(ramp, along)) == pytest.approx(surface_mm, abs=0.02)


def test_a_ray_that_starts_inside_crosses_at_once_and_one_that_misses_never() -> None:
    along = np.array([1.0, 2.0, 3.0])
    rays = np.array([[1.0, 1.0, 0.0], [0.0, 0.2, 0.4]])
    found = first_crossing_mm(rays, along)
    assert found[0] == 1.0
    assert math.isnan(found[1])


def test_both_sides_see_themselves_lateral() -> None:
    frame = RigidTransform("patient", "disc", np.eye(4))
    for side, sign in ((Side.LEFT, 1.0), (Side.RIGHT, -1.0)):
        view = SideView(frame, side)
        assert view.lps_mm([10.0, 2.0, 3.0]).tolist() == [sign * 10.0, 2.0, 3.0]
        assert view.local_mm(view.lps_mm([10.0, 2.0, 3.0])) == pytest.approx([10.0, 2.0, 3.0])


def test_a_plate_may_be_given_in_the_frame_of_its_vertebra(a_spine_of_boxes: Anatomy) -> None:
    frame = a_spine_of_boxes.vertebra_frames["L4"]
    inner = frame.lps_from_vertebra.inverse() @ frame.upper_plate
    assert lps_from_plate(frame, inner).matrix == pytest.approx(frame.upper_plate.matrix)


def test_the_corner_of_the_wall_lies_on_the_plate(a_spine_of_boxes: Anatomy) -> None:
    frame = a_spine_of_boxes.vertebra_frames["L4"]
    assert wall_corner_lps_mm(frame, frame.upper_plate) == pytest.approx([0, 17, 33])
