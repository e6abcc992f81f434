"""Among good paths the one that reaches more of the fragment is taken, if it costs little."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning import made_level as level
from tests.unit.planning.test_reach import GRID, PATH, World

from kambin.imaging import region_from_mask
from kambin.knowledge import technique
from kambin.planning import PlanRequest
from kambin.planning.entries import Entries
from kambin.planning.problem import Problem
from kambin.planning.question import Question
from kambin.planning.reach_choice import choose_for_reach, rank_by_reach, remark_choice
from kambin.planning.reach_models import Reach, Residual
from kambin.planning.reach_remarks import remark_reach
from kambin.planning.search import Candidate, SearchResult
from kambin.planning.skin import Skin
from kambin.planning.targets import Targets

WEIGHT_MM = technique("outside-in").weights.reach
X, Y, Z = np.meshgrid(*GRID.axes_mm(), indexing="ij")


@pytest.fixture(scope="module")
def world() -> World:
    """A fragment behind a wall of bone that may be reamed, between 4 and 6 mm."""
    fragment = level.make_structure(
        "fragment", region_from_mask((X + 6) ** 2 + Y**2 + Z**2 <= 9, GRID)
    )
    wall = level.make_structure(level.SAP, region_from_mask((X >= 4) & (X <= 6), GRID))
    return World(fragment, wall)


def _problem(world: World) -> Problem:
    targets = Targets(PATH.target_lps_mm, PATH.target_lps_mm[None], np.zeros(1), None)
    return Problem(
        world.geometry, Entries(PATH.entry_lps_mm[None], 1), targets, world.tools, world.hazards
    )


def _candidate(stop_mm: float, objective_mm: float) -> Candidate:
    return Candidate(PATH.entry_lps_mm, PATH.target_lps_mm, stop_mm, 1.0, objective_mm, 0.0)


FAR, NEAR = _candidate(12.0, 1.0), _candidate(2.0, 0.0)
"""Docked behind the wall, and within it: the reamer only opens the way for the second."""


def test_docking_nearer_wins_where_it_reaches_the_fragment(world: World) -> None:
    first, second = rank_by_reach(world.anatomy, _problem(world), [FAR, NEAR])
    assert first.candidate is NEAR
    assert (first.reachable, second.reachable) == (1.0, 0.0)
    assert first.score_mm == pytest.approx(WEIGHT_MM)


def test_reach_is_never_worth_more_than_its_weight(world: World) -> None:
    dear = replace(NEAR, objective_mm=FAR.objective_mm - WEIGHT_MM - 0.1)
    first, _ = rank_by_reach(world.anatomy, _problem(world), [FAR, dear])
    assert first.candidate is FAR


def test_of_equals_the_first_stays(world: World) -> None:
    twin = replace(FAR)
    assert rank_by_reach(world.anatomy, _problem(world), [FAR, twin])[0].candidate is FAR


def test_what_reach_costs_is_said(world: World) -> None:
    first, second = rank_by_reach(world.anatomy, _problem(world), [FAR, NEAR])
    note = remark_choice(_problem(world), first, second, "L4-L5 left")
    assert (note.code, note.severity.value) == ("PL-052", "NOTE")
    assert "100% of the fragment in place of 0%" in note.what
    assert "2 mm short of the target in place of 12 mm" in note.what
    assert "1.00 mm below" in note.why


@pytest.mark.parametrize("zone", ["paracentral", None])
def test_a_named_target_or_a_refusal_is_left_as_it_is(world: World, zone: str | None) -> None:
    request = PlanRequest(level.LEVEL, level.SIDE, zone=zone)
    question = Question(
        level.make_case(world.anatomy),
        world.anatomy,
        request,
        _problem(world),
        Skin(level.make_structures()["skin"].region),
    )
    result = SearchResult(FAR, zone is not None, 10, 5)
    chosen = choose_for_reach(question, result)
    assert chosen.result is chosen.proved is result
    assert (chosen.method, chosen.findings) == ("", ())


# What is said


def _reach(share: float) -> Reach:
    residual = Residual(
        volume_mm3=1000 * (1 - share),
        pieces=1,
        largest_mm3=1000 * (1 - share),
        centroid_lps_mm=(1.0, 2.0, 3.0),
        distances_mm={"dural_sac": 1.5, "exiting_root:L4:left": None},
    )
    return Reach(
        reachable_fraction=share,
        visible_fraction=1.0,
        residual_mm3=residual.volume_mm3,
        fragment_mm3=1000.0,
        residual=residual,
        without_modelled_fraction=0.97,
        not_assessed_reason=None,
    )


@pytest.mark.parametrize(
    ("share", "severity"), [(0.96, None), (0.94, "NOTE"), (0.81, "NOTE"), (0.79, "CONFIRM")]
)
def test_what_stays_behind_is_said_and_asked_about(share: float, severity: str | None) -> None:
    found = remark_reach(level.make_resection(), _reach(share), "L4-L5 left")
    assert [f.severity.value for f in found] == ([] if severity is None else [severity])
    if found:
        assert found[0].code == "PL-050"
        assert f"{1000 * (1 - share):.0f} mm3" in found[0].what
        assert "1.5 mm from dural_sac" in found[0].where
        assert "97%" in found[0].why


@pytest.mark.parametrize(("left", "codes"), [(0.0, []), (1.0, []), (30.0, ["PL-051"])])
def test_needed_bone_that_stays_is_asked_about(left: float, codes: list[str]) -> None:
    resection = level.make_resection(needed_mm3=300.0, uncovered_mm3=left)
    reach = Reach(
        reachable_fraction=None,
        visible_fraction=None,
        residual_mm3=None,
        not_assessed_reason="The case has no fragment.",
    )
    assert [f.code for f in remark_reach(resection, reach, "L4-L5 left")] == codes


@pytest.mark.parametrize(("seen", "codes"), [(1.0, []), (0.95, []), (0.94, ["PL-053"])])
def test_what_the_scope_does_not_show_is_said(seen: float, codes: list[str]) -> None:
    reach = _reach(1.0).model_copy(
        update={"visible_fraction": seen, "visible_best_rotation_fraction": 0.4}
    )
    found = remark_reach(level.make_resection(), reach, "L4-L5 left")
    assert [f.code for f in found] == codes
    assert all("40%" in f.why for f in found)
