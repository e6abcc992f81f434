"""What is told of docking outside the waist: only where it reaches more, and a person is asked."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.made_level import make_resection
from tests.unit.planning.small_problems import many_paths
from tests.unit.planning.small_questions import (
    ANGLES,
    a_question,
    open_tools,
    skin_and,
    with_waist_at,
)

from kambin.knowledge import value
from kambin.planning import reach_mouth
from kambin.planning.corridor import find_stops_mm
from kambin.planning.docking import find_docking_limit_mm
from kambin.planning.question import Question
from kambin.planning.reach_models import Reach, Residual
from kambin.planning.reach_mouth import tell_mouth
from kambin.planning.reach_remarks import remark_reach
from kambin.planning.search import Candidate, find_best_path

RESIDUAL = Residual(
    volume_mm3=990.0,
    pieces=1,
    largest_mm3=990.0,
    centroid_lps_mm=(1.0, 2.0, 3.0),
    distances_mm={},
)


def _reach(share: float | None) -> Reach:
    return Reach(
        reachable_fraction=share,
        visible_fraction=1.0,
        residual_mm3=990.0,
        residual=RESIDUAL,
        not_assessed_reason=None,
    )


def _docked_at_waist(lateral_mm: float = 12.0) -> tuple[Question, Candidate]:
    problem = with_waist_at(many_paths(angles=ANGLES, tools=open_tools()), lateral_mm)
    found = find_best_path(problem).best
    assert found is not None
    return a_question(problem, skin_and()), replace(found, stop_mm=0.0)


@pytest.fixture
def knows_shares(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[float], float]], None]:
    def give(share_at: Callable[[float], float]) -> None:
        monkeypatch.setattr(reach_mouth, "has_fragment", lambda _: True)
        monkeypatch.setattr(
            reach_mouth, "measure_share", lambda _anatomy, _problem, one: share_at(one.stop_mm)
        )

    return give


def _limit_mm(question: Question, best: Candidate) -> float:
    problem = question.problem
    ends = best.entry_lps_mm[None], best.target_lps_mm[None]
    return float(find_docking_limit_mm(problem.geometry, *ends, problem.tools)[0, 0])


def test_further_out_than_the_waist_is_told_with_what_it_reaches(knows_shares) -> None:
    question, best = _docked_at_waist()
    knows_shares(lambda stop: stop / 20)
    told = tell_mouth(question, best, _reach(0.01))
    limit = _limit_mm(question, best)
    furthest = find_stops_mm(question.problem.tools.technique)[-1]
    assert limit < furthest
    assert f"within {limit:.1f} mm of the target" in told
    assert "PL-081" in told
    stop = float(told.split("docked ")[1].split(" mm")[0])
    assert limit < stop <= furthest
    assert f"about {stop / 20:.0%}" in told


def test_of_equals_the_one_nearest_to_the_waist_is_told(knows_shares) -> None:
    question, best = _docked_at_waist()
    knows_shares(lambda stop: 0.9)
    stop = float(tell_mouth(question, best, _reach(0.01)).split("docked ")[1].split(" mm")[0])
    step = value("reach.alternative_step_mm")
    limit = _limit_mm(question, best)
    assert limit < stop <= limit + step


@pytest.mark.parametrize("share", [None, 0.8, 1.0])
def test_where_no_person_is_asked_nothing_is_measured(knows_shares, share: float | None) -> None:
    question, best = _docked_at_waist()

    def fail(stop: float) -> float:
        raise AssertionError(stop)

    knows_shares(fail)
    assert not tell_mouth(question, best, _reach(share))
    assert not tell_mouth(question, None, _reach(0.01))


@pytest.mark.parametrize(("more", "tells"), [(0.2, False), (0.24, False), (0.26, True)])
def test_little_more_is_not_told(knows_shares, more: float, tells: bool) -> None:
    question, best = _docked_at_waist()
    knows_shares(lambda stop: more)
    assert bool(tell_mouth(question, best, _reach(0.2))) is tells


def test_where_the_mouth_bounds_docking_or_nothing_lies_outside_nothing_is_told(
    knows_shares,
) -> None:
    question, best = _docked_at_waist()
    knows_shares(lambda stop: 1.0)
    assert tell_mouth(question, best, _reach(0.01))
    problem = question.problem
    at_mouth = replace(problem, tools=replace(problem.tools, docks_at_mouth=True))
    no_waist = replace(problem, geometry=replace(problem.geometry, waist=None))
    for other in (at_mouth, no_waist):
        assert not tell_mouth(replace(question, problem=other), best, _reach(0.01))
    far, ends = _docked_at_waist(60.0)
    assert not tell_mouth(far, ends, _reach(0.01))


def test_without_a_fragment_nothing_is_told() -> None:
    assert not tell_mouth(*_docked_at_waist(), _reach(0.01))


def test_the_finding_about_reach_ends_with_it() -> None:
    resection = make_resection()
    plain, more = (
        remark_reach(resection, _reach(0.01), "L5-S1 right", hint)[0] for hint in ("", " More.")
    )
    assert plain.code == more.code == "PL-050"
    assert more.why == plain.why + " More."
    assert np.all([f.code != "PL-050" for f in remark_reach(resection, _reach(1.0), "", " More.")])
