"""What the C-arm shows of a tip, against lines that can be read off by eye."""

import numpy as np
import pytest

from kambin.anatomy import Level, StructureKey
from kambin.core import Severity
from kambin.frames import RigidTransform, Side
from kambin.knowledge import LandmarkRow, landmarks, stages
from kambin.planning import ZONES
from kambin.planning.choice_remarks import remark_landmarks
from kambin.planning.geometry import LevelGeometry
from kambin.planning.landmarks import (
    describe_landmark,
    find_excess_mm,
    find_excluding,
    find_lines_mm,
    find_stopped,
    find_view_mm,
    holds,
)

NOWHERE = np.zeros(1)


def _geometry(side: Side = Side.LEFT) -> LevelGeometry:
    """A level whose lines lie at 0, 5, 10, 15 and 20 mm, its posterior wall at 18 mm."""
    frame = RigidTransform.from_axes("lps", "disc", np.eye(3), (0, 0, 0))
    return LevelGeometry(Level("L4", "L5"), side, frame, 10.0, 15.0, 10.0, 14.0, -6.0, 18.0, 24.0)


def _lps(side: Side, lateral: float, behind: float, cranial: float = 0.0) -> np.ndarray:
    return np.array([side.lateral_sign_lps * lateral, 18.0 + behind, cranial])


def test_the_lines_are_those_of_the_pedicles() -> None:
    lines = find_lines_mm(_geometry())
    assert lines == {"SL": 0.0, "half": 5.0, "MPL": 10.0, "midPL": 15.0, "LPL": 20.0}


@pytest.mark.parametrize("side", Side)
def test_both_pictures_show_the_same_numbers_on_either_side(side: Side) -> None:
    lateral, behind = find_view_mm(_geometry(side), _lps(side, 12.0, -3.0, 40.0))
    assert (lateral, behind) == (12.0, -3.0)


def test_a_turned_disc_turns_its_pictures() -> None:
    turned = RigidTransform.from_axes(
        "lps", "disc", np.array([[1, 0, 0], [0, 0.8, 0.6], [0, -0.6, 0.8]]).T, (0, 0, 0)
    )
    level = _geometry()
    geometry = LevelGeometry(level.level, level.side, turned, 10, 15, 10, 14, -6, 18.0, 24)
    tip = turned.points([12.0, 18.0 - 3.0, 25.0])
    assert find_view_mm(geometry, tip) == pytest.approx((12.0, -3.0))


@pytest.mark.parametrize(
    ("lateral", "behind", "state"),
    [
        (17.0, 0.0, "annulus"),
        (10.5, 0.5, "intracanal"),
        (12.5, 0.0, "between"),
        (6.0, -1.0, "central"),
        (6.0, -8.0, "ptes"),
        (6.0, 4.0, "too-early-medial"),
        (24.0, -2.0, "foraminal"),
        (25.0, -14.0, "too-ventral"),
        (13.0, 9.0, None),
    ],
)
def test_a_tip_is_in_the_state_of_the_table(
    lateral: float, behind: float, state: str | None
) -> None:
    # Straight from the side, so that the way in shows nothing that the tip does not.
    entry = _lps(Side.LEFT, 90.0, behind)
    seen = describe_landmark(_geometry(), "needle", entry, _lps(Side.LEFT, lateral, behind))
    assert seen is not None
    assert seen.state == state
    assert (seen.ap_lateral_mm, seen.lateral_mm_of_pvl) == (lateral, behind)


def test_the_way_of_the_needle_is_followed_and_not_its_tip_alone() -> None:
    tip = _lps(Side.LEFT, 4.0, -0.5)
    flat, steep = _lps(Side.LEFT, 90.0, 2.0), _lps(Side.LEFT, 60.0, 80.0)
    states = [describe_landmark(_geometry(), "needle", e, tip) for e in (flat, steep)]
    assert [s.state for s in states if s] == ["central", "too-early-medial"]


def test_a_path_is_stopped_exactly_where_it_crosses_the_line_behind_the_wall() -> None:
    row = landmarks()["too-early-medial"]
    line, limit = 10.0 - row.slack_mm, (row.of_pvl_mm or (0, 0))[0]
    tip = _lps(Side.LEFT, 4.0, -3.0)
    found = []
    for behind_at_line in (limit - 0.01, limit + 0.01):
        slope = (behind_at_line + 3.0) / (line - 4.0)
        entry = _lps(Side.LEFT, 80.0, -3.0 + slope * 76.0)
        found.append(bool(find_stopped(_geometry(), entry[None], tip[None], NOWHERE, row)[0, 0, 0]))
    assert found == [False, True]


def test_sampling_the_way_gives_the_same_answer(rng: np.random.Generator) -> None:
    geometry, row = _geometry(), landmarks()["too-early-medial"]
    entries = np.stack([_lps(Side.LEFT, *p) for p in rng.uniform((40, -5), (120, 90), (40, 2))])
    tips = np.stack([_lps(Side.LEFT, *p) for p in rng.uniform((-3, -8), (16, 5), (40, 2))])
    fast = find_stopped(geometry, entries, tips, NOWHERE, row)[..., 0]
    shares = np.linspace(0, 1, 4001)[:, None, None, None]
    points = tips[None, None] + shares * (entries[:, None] - tips[None])[None]
    lateral, behind = find_view_mm(geometry, points)
    front = (row.of_pvl_mm or (0, 0))[0]
    slow = ((lateral <= 10.0 - row.slack_mm) & (behind > front)).any(axis=0)
    assert fast.any()
    assert not fast.all()
    assert (fast == slow).mean() > 0.998


def test_a_reamer_half_way_to_the_midline_is_stopped_by_where_it_ends() -> None:
    row = landmarks()["reamer-too-medial"]
    tip, entry = _lps(Side.LEFT, 2.0, 0.0), _lps(Side.LEFT, 92.0, 0.0)
    stops = np.array([0.0, 2.0, 4.0])
    stopped = find_stopped(_geometry(), entry[None], tip[None], stops, row)
    assert stopped[0, 0].tolist() == [True, True, False]


@pytest.mark.parametrize("zone", ZONES)
def test_zones_of_the_table_are_asked_about_instead(zone: str) -> None:
    names = {row.name for row in find_excluding(zone)}
    assert ("too-early-medial" in names) is (zone != "central")
    assert ("too-ventral" in names) is (zone != "extraforaminal")


def test_nothing_excludes_a_target_that_somebody_named() -> None:
    assert find_excluding(None) == ()


@pytest.mark.parametrize("row", landmarks().values(), ids=lambda r: r.name)
def test_every_row_says_where_it_comes_from_and_can_hold(row: LandmarkRow) -> None:
    assert row.source
    assert row.action
    assert set(row.stages) <= set(stages())
    lateral, behind = np.meshgrid(np.arange(-10, 60, 0.5), np.arange(-40, 30, 0.5))
    found = holds(row, _geometry(), lateral, behind)
    assert found.any()
    assert not found.all()


def test_pl_080_a_stop_asks_and_says_that_it_is_unverified() -> None:
    entry = _lps(Side.LEFT, 90.0, 4.0)
    seen = describe_landmark(_geometry(), "needle", entry, _lps(Side.LEFT, 6.0, 4.0))
    (found,) = remark_landmarks([("needle", seen), ("guidewire", seen)])
    assert (found.code, found.severity) == ("PL-080", Severity.CONFIRM)
    assert "unverified" in found.what
    assert "4.0 mm behind" in found.why


def test_an_allowed_state_is_not_remarked() -> None:
    entry = _lps(Side.LEFT, 90.0, 0.0)
    seen = describe_landmark(_geometry(), "needle", entry, _lps(Side.LEFT, 10.0, 0.0))
    assert remark_landmarks([("needle", seen)]) == []


def test_the_excess_is_the_way_to_the_nearest_border() -> None:
    row, geometry = landmarks()["too-early-medial"], _geometry()
    # Straight from the side: 3 mm medial of where it begins, 1.5 mm behind its front.
    tip, entry = _lps(Side.LEFT, 5.0, 3.5), _lps(Side.LEFT, 90.0, 3.5)
    assert find_excess_mm(geometry, entry[None], tip[None], row)[0, 0] == pytest.approx(1.5)
    deep, far = _lps(Side.LEFT, 7.5, 9.0), _lps(Side.LEFT, 90.0, 9.0)
    assert find_excess_mm(geometry, far[None], deep[None], row)[0, 0] == pytest.approx(0.5)
    free = _lps(Side.LEFT, 9.0, 9.0)
    assert find_excess_mm(geometry, far[None], free[None], row)[0, 0] == 0.0


@pytest.mark.parametrize("row", landmarks().values(), ids=lambda r: r.name)
def test_a_row_that_stops_names_what_it_guards(row: LandmarkRow) -> None:
    assert bool(row.guards) is row.stops
    if row.guards:
        assert StructureKey.parse(row.guards.format(upper="L4", side="left")).kind in (
            "dural_sac",
            "exiting_root",
        )
