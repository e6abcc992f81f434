"""Windows between given lines: triangles, errors by a second way, and how lines are laid."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from kambin.knowledge import value, values
from kambin.measure import polygon_area_mm2, solve_right_triangle
from kambin.measure.silhouette import Picture
from kambin.measure.window import MEASURES, _contains, _lines, _sigmas, measure_lines
from kambin.measure.window_limits import (
    Line,
    _clip,
    _Curves,
    _edge_in_window,
    _finite,
    _held,
    _lateral_mm,
    _lower_edge_mm,
    _normal,
    _root_lines,
    _slope_deg,
    _support,
    _turned,
)

BASE = Line("caudal plate", np.array([0.0, -1.0]), 0.0, 0.3)
DURA = Line("dura", np.array([-1.0, 0.0]), 0.0, 0.5)


def root_line(base_mm: float, height_mm: float, sigma_mm: float = 0.4) -> Line:
    """The line from the lateral end of the base to the top of the dura."""
    normal = np.array([height_mm, base_mm]) / math.hypot(base_mm, height_mm)
    return Line("exiting root", normal, float(normal[0]) * base_mm, sigma_mm)


def triangle(base_mm: float = 12.0, height_mm: float = 9.0) -> tuple[Line, ...]:
    """A right-angled window."""
    return BASE, DURA, root_line(base_mm, height_mm)


@pytest.mark.parametrize(("base", "height"), [(12.0, 9.0), (12.15, 11.29), (17.94, 17.18), (1, 8)])
def test_a_right_angled_window_is_a_right_triangle(base: float, height: float) -> None:
    corners, found = measure_lines(triangle(base, height))
    known = solve_right_triangle(base, height)
    assert tuple(found) == MEASURES
    assert found == pytest.approx(
        {
            "base": base,
            "height": height,
            "hypotenuse": known.hypotenuse_mm,
            "area": known.area_mm2,
            "diameter": known.incircle_mm,
        }
    )
    # From the medial end of the base outward, then back along the root.
    assert corners == pytest.approx(np.array([[0, 0], [base, 0], [0, height]]), abs=1e-9)


@pytest.mark.parametrize("turn_deg", [0.0, 30.0, 135.0])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (5.0, -7.0)])
def test_a_window_measures_the_same_wherever_it_lies(
    turn_deg: float, shift: tuple[float, float]
) -> None:
    c, s = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    turn = np.array([[c, -s], [s, c]])
    moved = tuple(
        replace(one, normal=turn @ one.normal,
                offset_mm=one.offset_mm + float(turn @ one.normal @ np.array(shift)))
        for one in triangle()
    )  # fmt: skip
    corners, found = measure_lines(moved)
    assert found == pytest.approx(measure_lines(triangle())[1])
    assert corners[0] == pytest.approx(np.array(shift), abs=1e-9)


def test_a_bent_root_has_the_length_of_both_its_lines() -> None:
    lower = replace(root_line(12.0, 24.0), limit="exiting root")
    upper = Line("exiting root", np.array([0.0, 1.0]), 6.0, 0.4)
    corners, found = measure_lines((BASE, DURA, upper, lower))
    # 12 at the base, 6 high, 9 at the top.
    assert len(corners) == 4
    assert found["area"] == pytest.approx((12 + 9) / 2 * 6)
    assert found["hypotenuse"] == pytest.approx(9 + math.hypot(3, 6))
    assert found["height"] == pytest.approx(6)
    assert found["diameter"] == pytest.approx(6)


@pytest.mark.parametrize(
    "lines",
    [
        (BASE, DURA, replace(root_line(12, 9), offset_mm=-1.0)),
        (BASE, replace(DURA, offset_mm=-12.5), root_line(12, 9)),
        (BASE, DURA, Line("exiting root", np.array([0.6, -0.8]), 1.0, 0.4)),
    ],
    ids=["root below the plate", "process past the root", "open"],
)
def test_lines_without_room_make_a_shut_window(lines: tuple[Line, ...]) -> None:
    corners, found = measure_lines(lines)
    assert corners.shape == (0, 2)
    assert found == dict.fromkeys(MEASURES, 0.0)


@pytest.mark.parametrize("edge_mm", [0.0, 3.0, 6.0, 11.0])
def test_the_further_out_the_process_the_smaller_the_window(edge_mm: float) -> None:
    whole = measure_lines(triangle())[1]
    found = measure_lines((BASE, replace(DURA, offset_mm=-edge_mm), root_line(12, 9)))[1]
    share = (12 - edge_mm) / 12
    assert found["base"] == pytest.approx(whole["base"] * share)
    assert found["diameter"] == pytest.approx(whole["diameter"] * share)
    assert found["area"] == pytest.approx(whole["area"] * share**2)


# Errors


def test_errors_are_those_of_lines_that_move_at_random() -> None:
    lines, rng = triangle(), np.random.default_rng(7)
    drawn = []
    for shifts in rng.normal(size=(1500, 3)):
        moved = tuple(
            replace(one, offset_mm=one.offset_mm + shift * one.sigma_mm)
            for one, shift in zip(lines, shifts, strict=True)
        )
        drawn.append([measure_lines(moved)[1][name] for name in MEASURES])
    spread = dict(zip(MEASURES, np.std(drawn, axis=0), strict=True))
    found = _sigmas(lines)
    for name in MEASURES:
        assert found[name] == pytest.approx(spread[name], rel=0.08)


def test_lines_that_are_known_exactly_make_no_error() -> None:
    exact = tuple(replace(one, sigma_mm=0.0) for one in triangle())
    assert _sigmas(exact) == dict.fromkeys(MEASURES, 0.0)


def test_both_lines_of_a_root_move_together() -> None:
    one = (BASE, DURA, root_line(12, 9))
    # The same line twice is the same root: it must not count twice, nor half.
    two = (*one, one[2])
    assert _sigmas(two)["diameter"] == pytest.approx(_sigmas(one)["diameter"])


def test_a_window_that_may_be_shut_has_its_own_size_as_error() -> None:
    small = (BASE, DURA, root_line(1.0, 1.0, sigma_mm=2.0))
    assert _sigmas(small)["diameter"] > measure_lines(small)[1]["diameter"]


# Neural and bony


def limits(*process: Line) -> SimpleNamespace:
    """Limits as the choice of lines looks at them."""
    base, dura, root = triangle()
    return SimpleNamespace(base=base, medial=dura, roots=(root,), process=process)


def test_a_neural_window_does_not_know_the_process() -> None:
    bone = replace(DURA, limit="process", offset_mm=-4.0)
    assert [one.limit for one in _lines(limits(bone), "neural")] == [
        "caudal plate", "dura", "exiting root",
    ]  # fmt: skip
    assert _lines(limits(bone), "bony")[1] is bone


def test_without_a_process_both_windows_are_one() -> None:
    assert len(_lines(limits(), "bony")) == 3
    assert _lines(limits(), "bony")[1].limit == "dura"


def test_a_leaning_process_that_would_widen_the_window_is_taken_upright() -> None:
    leaning = Line("process", _normal(-30.0), -1.0, 0.3)
    upright = Line("process", _normal(0.0), -1.0, 0.3)
    chosen = _lines(limits(leaning, upright), "bony")[1]
    neural = _lines(limits(), "neural")
    assert not _contains(neural, measure_lines((BASE, leaning, root_line(12, 9)))[0])
    assert chosen is upright
    assert _contains(neural, measure_lines((BASE, upright, root_line(12, 9)))[0])


def test_a_window_without_corners_lies_in_nothing() -> None:
    assert not _contains(triangle(), np.empty((0, 2)))
    assert _contains(triangle(), measure_lines(triangle())[0])
    assert not _contains(triangle(), np.array([[-0.01, 1.0]]))


# How lines are laid


@pytest.mark.parametrize("angle_deg", [-40.0, -5.0, 0.0, 5.0, 40.0])
def test_normals_stand_on_their_lines(angle_deg: float) -> None:
    turn_rad = math.radians(angle_deg)
    rising = np.array([math.cos(turn_rad), math.sin(turn_rad)])
    assert _turned(angle_deg) @ rising == pytest.approx(0.0, abs=1e-12)
    assert _turned(angle_deg)[1] > 0
    leaning = np.array([math.sin(turn_rad), math.cos(turn_rad)])
    assert _normal(angle_deg) @ leaning == pytest.approx(0.0, abs=1e-12)
    assert _normal(angle_deg)[0] < 0
    for normal in (_turned(angle_deg), _normal(angle_deg)):
        assert np.linalg.norm(normal) == pytest.approx(1.0)


@pytest.mark.parametrize("slope", [-1.0, -0.2, 0.0, 0.5, 2.0])
def test_the_slope_of_points_is_that_of_the_fit(slope: float) -> None:
    rng = np.random.default_rng(5)
    x = np.linspace(0, 10, 40)
    y = slope * x + rng.normal(size=40) * 0.1
    fitted = math.degrees(math.atan(np.polyfit(x, y, 1)[0]))
    assert _slope_deg(np.column_stack([x, y])) == pytest.approx(fitted)


@pytest.mark.parametrize("limit", ["base", "root", "process"])
def test_tilts_are_held_within_their_range(limit: str) -> None:
    low, high = values(f"measure.window_{limit}_tilt_deg")
    assert _clip(low - 1, limit) == low
    assert _clip(high + 1, limit) == high
    assert _clip((low + high) / 2, limit) == (low + high) / 2


@pytest.mark.parametrize("angle_deg", [0.0, 20.0, -35.0, 170.0])
def test_no_point_of_a_limit_lies_in_the_window(angle_deg: float) -> None:
    points = np.random.default_rng(1).uniform(-5, 5, (30, 2))
    line = _support("root", points, _turned(angle_deg), 0.3)
    ahead = points @ line.normal - line.offset_mm
    assert ahead.min() == pytest.approx(0.0)
    assert (line.limit, line.sigma_mm) == ("root", 0.3)


def test_a_straight_root_is_one_line_and_a_bent_one_two() -> None:
    x = np.arange(0.0, 12.0, 0.25)
    straight = np.column_stack([x, 10 - x / 2])
    bend = value("measure.window_bend_mm")
    arched = np.column_stack([x, 10 - x / 2 + (bend + 1.0) * np.sin(np.pi * x / x[-1])])
    slightly = np.column_stack([x, 10 - x / 2 + (bend - 0.2) * np.sin(np.pi * x / x[-1])])
    hollow = np.column_stack([x, 10 - x / 2 - (bend + 1.0) * np.sin(np.pi * x / x[-1])])
    counts = [len(_root_lines(one, 0.4)) for one in (straight, slightly, arched, hollow)]
    assert counts == [1, 1, 2, 1]
    for one in (straight, slightly, arched, hollow):
        for line in _root_lines(one, 0.4):
            assert line.sigma_mm == 0.4
            assert line.normal[1] > 0


def test_the_lower_edge_of_balls_is_their_lowest_arc() -> None:
    x = np.array([-4.0, -2.0, 0.0, 1.0, 2.0, 5.0])
    balls = np.array([[0.0, 10.0, 2.0], [1.0, 9.0, 1.0]])
    found = _lower_edge_mm(balls, x)
    expected = [math.nan, 10.0, 8.0, 8.0, 9.0, math.nan]
    assert found == pytest.approx(expected, nan_ok=True)
    assert np.isnan(_lower_edge_mm(np.empty((0, 3)), x)).all()


def test_heights_are_held_at_both_ends_and_filled_between() -> None:
    gap = np.array([np.nan, 2.0, np.nan, 4.0, np.nan])
    assert _held(gap).tolist() == [2.0, 2.0, 3.0, 4.0, 4.0]
    assert (_held(np.full(3, np.nan)) == -np.inf).all()


def test_points_without_a_height_are_left_out() -> None:
    found = _finite(np.arange(3.0), np.array([1.0, np.nan, 3.0]))
    assert found.tolist() == [[0.0, 1.0], [2.0, 3.0]]


@pytest.mark.parametrize(("root_end", "met_mm"), [(-1.0, 8.0), (2.0, 10.0)])
def test_the_window_ends_where_root_and_plate_meet_or_the_picture_ends(
    root_end: float, met_mm: float
) -> None:
    x = np.linspace(0.0, 10.0, 41)
    # Falling from 4: it meets the plate at 0 where it reaches that height.
    curves = _Curves(x, np.zeros(41), 4 + (root_end - 4) * x / 10)
    assert _lateral_mm(curves, np.ones(41, bool)) == pytest.approx(met_mm, abs=0.25)


def test_what_lies_behind_the_root_or_under_the_plate_narrows_nothing() -> None:
    x = np.arange(0.0, 10.0, 1.0)
    curves = _Curves(x, np.full(10, 2.0), np.full(10, 6.0))
    filled = np.zeros((10, 10))
    filled[:9, :2] = filled[:8, 8:] = 1.0
    assert _edge_in_window(Picture(x, x, filled), curves) is None
    filled[:4, 4] = 1.0
    edge = _edge_in_window(Picture(x, x, filled), curves)
    assert edge.tolist() == [[3.5, 4.0]]


def test_a_polygon_of_lines_has_the_area_of_its_corners() -> None:
    corners, found = measure_lines(triangle(10, 7))
    assert polygon_area_mm2(corners) == pytest.approx(found["area"])
