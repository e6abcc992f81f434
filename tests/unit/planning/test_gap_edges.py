"""Gaps of an axis at their edges: walls, balls, points of far bodies, turned and moved patients."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.posed_level import PATH, a_hazard_near, plane
from tests.unit.planning.small_problems import Formula, a_block, a_structure, ball

from kambin.anatomy import StructureKey
from kambin.planning import Group
from kambin.planning.fields import Hazard
from kambin.planning.gap_meter import BLOCK_STEP_MM, GapMeter, cut_into_blocks

ALONG = np.arange(0.0, 60.25, 0.25)
TARGET = PATH.target_lps_mm


def far_body(low: tuple[float, ...], high: tuple[float, ...], reach_mm: float = 0.0) -> Hazard:
    """A block of voxels without a field: only its faces answer."""
    structure = a_structure("kidney:left", a_block(low, high))
    return Hazard(StructureKey.parse("kidney:left"), Group.ORGAN, structure, None, reach_mm)


def two_balls(first: tuple[float, ...], second: tuple[float, ...]) -> Formula:
    """The distance to the nearer of two balls of 2 mm."""
    one, other = ball(first, 2.0), ball(second, 2.0)
    return lambda x, y, z: np.minimum(one(x, y, z), other(x, y, z))


def gap_and_foot(
    hazard: Hazard, stops: tuple[float, ...] = (0.0,), way: np.ndarray = PATH.way
) -> tuple[np.ndarray, np.ndarray]:
    gaps, feet = GapMeter.of([hazard]).measure(TARGET, way, ALONG, stops)
    return gaps[0], feet[0]


@pytest.mark.parametrize("x_mm", [15.0, 30.0, 52.5])
@pytest.mark.parametrize("radius_mm", [2.0, 5.0])
def test_a_ball_beside_the_axis_is_met_abreast_of_its_middle(x_mm: float, radius_mm: float) -> None:
    gaps, feet = gap_and_foot(a_hazard_near(ball((x_mm, 6.0, 8.0), radius_mm)))
    assert gaps[0] == pytest.approx(10.0 - radius_mm, abs=0.02)
    assert feet[0] == pytest.approx(x_mm - TARGET[0], abs=0.5)


def test_a_ball_on_the_axis_is_as_deep_as_its_radius() -> None:
    gaps, feet = gap_and_foot(a_hazard_near(ball((30.0, 0.0, 0.0), 6.0)))
    assert gaps[0] == pytest.approx(-6.0, abs=0.02)
    assert feet[0] == pytest.approx(20.0)


def test_two_balls_are_leapt_between_without_missing_the_nearer() -> None:
    # the further one along is met after a long leap
    for near, far in ((20.0, 50.0), (50.0, 20.0)):
        gaps, feet = gap_and_foot(a_hazard_near(two_balls((far, 0.0, 9.0), (near, 0.0, 7.0))))
        assert gaps[0] == pytest.approx(5.0, abs=0.02)
        assert feet[0] == pytest.approx(near - TARGET[0], abs=0.5)


@pytest.mark.parametrize("dip_mm", [24.0, 30.0, 33.5, 37.0, 41.0, 55.5])
def test_a_steeper_field_than_a_distance_is_not_leapt_over(dip_mm: float) -> None:
    # level between two dips three times as steep as a distance: who leaps by its height there
    # comes down beyond the second
    def fall(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        dips = np.maximum(7 - 3 * np.abs(x - 10), 0) + np.maximum(9 - 3 * np.abs(x - dip_mm), 0)
        return np.asarray(12 - dips + 0 * y * z)

    hazard = a_hazard_near(fall)
    assert hazard.field is not None
    gaps, feet = gap_and_foot(replace(hazard, field=replace(hazard.field, slope=3.0)))
    assert gaps[0] == pytest.approx(3.0, abs=1e-5)
    assert feet[0] == pytest.approx(dip_mm - TARGET[0])


def test_a_shorter_tool_is_never_nearer_than_a_longer_one(rng: np.random.Generator) -> None:
    stops = (0.0, 4.0, 10.0, 25.0, 59.0)
    for centre in rng.uniform((10, -12, -12), (70, 12, 12), (12, 3)).tolist():
        gaps, feet = gap_and_foot(a_hazard_near(ball(centre, 3.0)), stops)
        assert (np.diff(gaps) >= 0).all()
        assert (feet >= np.array(stops) - 1e-9).all()


def test_far_faces_are_as_far_as_on_paper() -> None:
    # voxels from 40 to 44 and faces half a millimetre outside; abreast of the axis for x 20 to 24
    gaps, feet = gap_and_foot(far_body((20, 40, 0), (24, 44, 0)))
    assert gaps[0] == pytest.approx(39.5)
    assert 9.5 <= feet[0] <= 14.5
    # beyond the end of the axis it is the end that counts: (70, 0, 0) to the face at (80, 39.5, 0)
    gaps, feet = gap_and_foot(far_body((80, 40, 0), (84, 44, 0)))
    assert gaps[0] == pytest.approx(np.hypot(10.0, 39.5))
    assert feet[0] == 60.0


@pytest.mark.parametrize("reach_mm", [0.0, 30.0, 50.0])
def test_what_no_field_knows_is_never_said_to_be_within_reach(reach_mm: float) -> None:
    gaps, _ = gap_and_foot(far_body((20, 40, 0), (24, 44, 0), reach_mm))
    assert gaps[0] == pytest.approx(max(39.5, reach_mm))


def test_gaps_do_not_depend_on_where_and_how_the_patient_lies(rng: np.random.Generator) -> None:
    points = rng.uniform(-30, 30, (400, 3))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    way, shift = np.array([0.6, 0.8, 0.0]), np.array([100.0, -40.0, 7.0])
    found = []
    for moved, to in ((points, np.eye(3)), (points @ turn.T + shift, turn)):
        held, blocks = cut_into_blocks(moved)
        empty = GapMeter.of([far_body((0, 0, 0), (1, 1, 1))])
        meter = replace(
            empty, points_lps_mm=held, blocks=blocks, blocks_from=np.array([0, len(blocks)])
        )
        target = to @ np.array([40.0, 40.0, 0.0]) + (shift if to is turn else 0)
        gaps, feet = meter.measure(target, to @ way, ALONG, (0.0, 20.0))
        found.append((gaps, feet))
    assert found[0][0] == pytest.approx(found[1][0], abs=1e-9)
    assert found[0][1] == pytest.approx(found[1][1], abs=1e-9)
    # and they are those of all points, one by one
    away = points - [40.0, 40.0, 0.0]
    for stop, gap in zip((0.0, 20.0), found[0][0][0], strict=True):
        on = np.clip(away @ way, stop, 60.0)
        assert gap == pytest.approx(np.linalg.norm(away - on[:, None] * way, axis=1).min())


def test_a_wide_block_whose_middle_is_far_may_hold_the_nearest_point() -> None:
    points = np.array([[20.0, 2.0, 0.0], [20.0, 10.0, 0.0], [60.0, 5.0, 0.0]])
    held, blocks = cut_into_blocks(points)
    assert len(blocks) == 2
    meter = replace(
        GapMeter.of([far_body((0, 0, 0), (1, 1, 1))]),
        points_lps_mm=held,
        blocks=blocks,
        blocks_from=np.array([0, 2]),
    )
    gaps, feet = meter.measure(TARGET, PATH.way, ALONG, (0.0,))
    assert (gaps[0, 0], feet[0, 0]) == pytest.approx((2.0, 10.0))


def test_hazards_are_told_apart_whatever_their_order() -> None:
    made = [
        a_hazard_near(plane(4.0)),
        far_body((20, 40, 0), (24, 44, 0)),
        a_hazard_near(plane(9.0)),
    ]
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        gaps, _ = GapMeter.of([made[n] for n in order]).measure(TARGET, PATH.way, ALONG, (0.0,))
        expected = [(4.0, 39.5, 9.0)[n] for n in order]
        assert gaps[:, 0] == pytest.approx(expected, abs=1e-5)


def test_points_of_one_cube_are_one_block_and_a_step_on_they_are_two() -> None:
    low = np.array([3.0, -5.0, 8.0])
    near = np.array([low, low + 0.99 * BLOCK_STEP_MM])
    assert len(cut_into_blocks(near)[1]) == 1
    assert len(cut_into_blocks(np.array([low, low + np.array([BLOCK_STEP_MM, 0.0, 0.0])]))[1]) == 2
    (alone,) = cut_into_blocks(low[None])[1]
    assert alone.tolist() == [*low, 0.0, 0.0, 1.0]
