"""How a bevelled tube is turned, against clocks that can be read by eye."""

from functools import cache

import numpy as np
import pytest
from tests.unit.planning.simple_spine import LEVEL, build_simple_spine, mirror_spine

from kambin.anatomy import Anatomy
from kambin.frames import Side
from kambin.planning import Path
from kambin.planning.bevel import Dial, describe_bevel, find_clock, find_lip_mm
from kambin.planning.choice_models import Bevel
from kambin.planning.geometry import find_level_geometry

ENTRY, TARGET = np.array([90.0, 60.0, 0.0]), np.array([12.0, 18.0, 0.0])


@cache
def _spine() -> Anatomy:
    return build_simple_spine()


def _bevel(anatomy: Anatomy, side: Side = Side.LEFT, aim=(0.0, 0.0, 9.0)) -> Bevel:
    flip = np.array([side.lateral_sign_lps, 1, 1])
    path = Path(ENTRY * flip, TARGET * flip, 8.0)
    geometry = find_level_geometry(anatomy, level=LEVEL, side=side)
    return describe_bevel(
        anatomy,
        geometry,
        path,
        cannula_mm=7.5,
        bevel_deg=45.0,
        aim_lps_mm=path.target_lps_mm + np.array(aim) * flip,
        aim="fragment",
    )


def test_twelve_is_cranial_and_the_clock_runs_as_seen_from_the_skin() -> None:
    # From the left side, looking to the right: what lies behind is to the right of the eye.
    dial = Dial.of(Path(np.array([90.0, 0, 0]), np.zeros(3), 0.0))
    cranial, behind, caudal, front = np.array([[0, 0, 1], [0, 1, 0], [0, 0, -1], [0, -1, 0]])
    turns = [dial.turn_deg(way.astype(float)) for way in (cranial, behind, caudal, front)]
    assert turns == pytest.approx([0, 90, 180, 270])
    assert [find_clock(turn) for turn in turns] == [12, 3, 6, 9]


def test_from_the_right_the_clock_is_the_mirrored_one() -> None:
    dial = Dial.of(Path(np.array([-90.0, 0, 0]), np.zeros(3), 0.0))
    assert dial.turn_deg(np.array([0.0, 1, 0])) == pytest.approx(270)


@pytest.mark.parametrize("off", [-1e-17, -1e-9, 0.0, 1e-9])
def test_a_hair_before_cranial_is_no_full_turn(off: float) -> None:
    dial = Dial.of(Path(np.array([90.0, 0, 0]), np.zeros(3), 0.0))
    assert dial.turn_deg(np.array([0.0, off, 1.0])) == 0.0


@pytest.mark.parametrize(("turn", "hour"), [(None, None), (14.9, 12), (15.1, 1), (359.0, 12)])
def test_the_hour_is_the_nearest(turn: float | None, hour: int | None) -> None:
    assert find_clock(turn) == hour


@pytest.mark.parametrize(("bevel", "lip"), [(45.0, 7.5), (30.0, 12.990381)])
def test_a_flatter_bevel_has_the_longer_lip(bevel: float, lip: float) -> None:
    assert find_lip_mm(7.5, bevel) == pytest.approx(lip)


def test_the_opening_goes_in_away_from_the_root_and_turns_to_the_aim() -> None:
    anatomy = _spine()
    bevel = _bevel(anatomy)
    assert bevel.away_from == "exiting_root:L4:left"
    assert bevel.working_deg == pytest.approx(0.0, abs=1e-6)
    assert bevel.working_clock == 12
    assert bevel.towards == "fragment"
    assert bevel.insertion_deg is not None
    assert bevel.turn_deg is not None
    assert (bevel.insertion_deg + bevel.turn_deg) % 360 == pytest.approx(0.0, abs=1e-6)
    assert bevel.not_assessed_reason is None


def test_the_heel_lies_on_the_side_that_looks_away_from_the_root() -> None:
    anatomy = _spine()
    bevel = _bevel(anatomy)
    root = anatomy.require("exiting_root:L4:left").tube
    assert root is not None
    assert bevel.heel_lps_mm is not None
    path = Path(ENTRY, TARGET, 8.0)
    axis_at_heel = path.tip_lps_mm(8.0 + bevel.lip_mm)
    out = np.array(bevel.heel_lps_mm) - axis_at_heel
    assert np.linalg.norm(out) == pytest.approx(3.75)
    assert out @ (ENTRY - TARGET) == pytest.approx(0.0, abs=1e-6)
    shares = np.linspace(0, 1, 201)[:, None]
    pieces = zip(root.points_lps_mm, root.points_lps_mm[1:], strict=False)
    line = np.concatenate([a + shares * (b - a) for a, b in pieces])
    opposite = axis_at_heel - out
    gaps = [np.linalg.norm(line - p, axis=1).min() for p in (bevel.heel_lps_mm, opposite)]
    assert gaps[0] > gaps[1]


def test_the_mirrored_patient_has_the_mirrored_clock() -> None:
    anatomy = _spine()
    left, right = _bevel(anatomy), _bevel(mirror_spine(anatomy), Side.RIGHT)
    assert left.insertion_deg is not None
    assert right.insertion_deg == pytest.approx(360 - left.insertion_deg)


def test_without_a_root_the_insertion_is_not_assessed() -> None:
    anatomy = _spine()
    kept = {k: s for k, s in anatomy.structures.items() if k.kind != "exiting_root"}
    bevel = _bevel(
        Anatomy(
            kept,
            *[
                getattr(anatomy, f)
                for f in (
                    "vertebra_frames",
                    "disc_frames",
                    "scheme",
                    "working_grid",
                    "label_spacing_mm",
                )
            ],
        )
    )
    assert bevel.insertion_deg is None
    assert bevel.heel_lps_mm is None
    assert bevel.working_deg is not None
    assert "not assessed" in (bevel.not_assessed_reason or "")


def test_what_lies_on_the_axis_gives_no_direction() -> None:
    bevel = _bevel(_spine(), aim=(0, 0, 0))
    assert bevel.working_deg is None
    assert bevel.towards is None
    assert bevel.insertion_deg is not None
