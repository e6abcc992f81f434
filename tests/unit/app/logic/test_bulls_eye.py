"""The bull's eye: offsets and tilts where they are, and mirrored with the patient."""

import numpy as np
import pytest
from tests.unit.app.logic.made_panes import MIRROR, made_axis

from kambin.app.logic.bulls_eye import RINGS, UNITS_PER_MM, find_aim, show_bulls_eye
from kambin.app.logic.panes import Axis
from kambin.frames import Side
from kambin.report.view_planes import tool_axes


def moved(axis: Axis, entry_mm: np.ndarray, target_mm: np.ndarray) -> Axis:
    return Axis.of(axis.entry_lps_mm + entry_mm, axis.target_lps_mm + target_mm, 8.0)


def frame(axis: Axis) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    way = axis.entry_lps_mm - axis.target_lps_mm
    length = float(np.linalg.norm(way))
    right, up = tool_axes(way / length)
    return right, up, way / length, length


def test_the_planned_path_itself_is_in_the_middle() -> None:
    aim = find_aim(made_axis(), made_axis())
    assert aim.offset_mm == pytest.approx((0.0, 0.0), abs=1e-9)
    assert aim.tilt_deg == pytest.approx((0.0, 0.0), abs=1e-9)
    shown = show_bulls_eye(aim, depth_mm=0.0, depth_most_mm=100.0)
    assert (shown["entry"]["x"], shown["entry"]["y"]) == (0.0, 0.0)
    assert shown["depth"]["share"] == 0.0


def test_an_entry_moved_across_the_axis_is_that_far_off() -> None:
    axis = made_axis()
    right, up, *_ = frame(axis)
    step = 3.0 * right + 1.5 * up
    aim = find_aim(axis, moved(axis, step, step))
    assert aim.offset_mm == pytest.approx((3.0, 1.5))
    assert aim.tilt_deg == pytest.approx((0.0, 0.0), abs=1e-9)
    shown = show_bulls_eye(aim, depth_mm=40.0, depth_most_mm=100.0)
    assert shown["entry"] == {"x": 30.0, "y": -15.0, "is_beyond": False}


def test_a_path_turned_about_its_entry_is_tilted_and_not_off() -> None:
    axis = made_axis()
    right, _, way, length = frame(axis)
    turn = np.radians(2.0)
    target = axis.entry_lps_mm - length * (np.cos(turn) * way + np.sin(turn) * right)
    aim = find_aim(axis, Axis.of(axis.entry_lps_mm, target))
    assert aim.offset_mm == pytest.approx((0.0, 0.0), abs=1e-9)
    assert aim.tilt_deg == pytest.approx((2.0, 0.0), abs=1e-6)


def test_a_path_moved_along_its_axis_is_nowhere_off() -> None:
    axis = made_axis()
    way = frame(axis)[2]
    aim = find_aim(axis, moved(axis, 7.0 * way, 7.0 * way))
    assert aim.offset_mm == pytest.approx((0.0, 0.0), abs=1e-9)


def test_what_is_beyond_the_outer_ring_is_held_on_it_and_marked() -> None:
    axis = made_axis()
    right, up, *_ = frame(axis)
    shown = show_bulls_eye(
        find_aim(axis, moved(axis, 40.0 * right - 30.0 * up, 40.0 * right - 30.0 * up)),
        depth_mm=130.0,
        depth_most_mm=100.0,
    )
    outer = UNITS_PER_MM * RINGS[-1]
    assert shown["entry"] == {"x": 0.8 * outer, "y": 0.6 * outer, "is_beyond": True}
    assert (shown["depth"]["share"], shown["depth"]["is_beyond"]) == (1.0, True)
    # the bar begins two units below the top of its picture and ends two above its bottom
    *_, height = (float(part) for part in shown["depth"]["view_box"].split())
    assert shown["depth"]["y"] == height - 4
    assert not shown["tilt"]["is_beyond"]


def test_letters_stand_at_its_sides_and_are_those_of_the_view_down_the_path() -> None:
    for side in Side:
        axis = made_axis(side)
        shown = show_bulls_eye(find_aim(axis, axis), depth_mm=1.0, depth_most_mm=2.0)
        assert set(shown["letters"]) == {"left", "right", "top", "bottom"}
        assert shown["letters"]["top"][0] == "S"
        # From the left side one looks at the right hand of the picture towards the back.
        towards = "P" if side is Side.LEFT else "A"
        assert towards in shown["letters"]["right"]


def test_the_mirrored_error_is_mirrored() -> None:
    error = np.array([1.0, -2.0, 3.0])
    left, right = (
        find_aim(made_axis(side), moved(made_axis(side), error * mirror, 0.0 * error))
        for side, mirror in ((Side.LEFT, np.ones(3)), (Side.RIGHT, MIRROR))
    )
    assert right.offset_mm == pytest.approx((-left.offset_mm[0], left.offset_mm[1]))
    assert right.tilt_deg == pytest.approx((-left.tilt_deg[0], left.tilt_deg[1]))


@pytest.mark.parametrize("most_mm", [0.0, -1.0])
def test_without_a_depth_the_bar_is_empty(most_mm: float) -> None:
    aim = find_aim(made_axis(), made_axis())
    shown = show_bulls_eye(aim, depth_mm=5.0, depth_most_mm=most_mm)
    assert shown["depth"]["share"] == 0.0
    assert shown["depth"]["y"] == 0.0


def test_letters_are_at_least_24_points_on_a_drawing_of_400_pixels() -> None:
    aim = find_aim(made_axis(), made_axis())
    shown = show_bulls_eye(aim, depth_mm=1.0, depth_most_mm=2.0)
    wide = float(shown["view_box"].split()[2])
    assert shown["font"] * 400 / wide >= 24 * 96 / 72
