"""What a hand may do on a ground, and where it begins."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.unit.app.logic.made_session import made_ground

from kambin.app.logic.ground import Ground, allow
from kambin.frames import Side


@pytest.mark.parametrize("side", list(Side))
def test_a_path_begins_at_an_entry_and_goes_to_the_aim(side: Side) -> None:
    ground = made_ground(side)
    path, problem = ground.middle(), ground.question.problem
    assert path is not None
    off = np.linalg.norm(problem.entries.points_lps_mm - path.entry_lps_mm, axis=1)
    assert off.min() == 0.0
    assert path.target_lps_mm == pytest.approx(problem.targets.aim_lps_mm)
    assert path.stop_mm == 0.0
    assert np.sign(path.entry_lps_mm[0]) == side.lateral_sign_lps


def test_no_other_entry_is_nearer_to_their_middle() -> None:
    ground = made_ground()
    path, entries = ground.middle(), ground.question.problem.entries.points_lps_mm
    assert path is not None
    middle = entries.mean(axis=0)
    nearest = np.linalg.norm(entries - middle, axis=1).min()
    assert np.linalg.norm(path.entry_lps_mm - middle) == pytest.approx(nearest)


def test_where_no_ray_meets_skin_no_path_is_made_up() -> None:
    ground = made_ground()
    problem = ground.question.problem
    none = replace(problem.entries, points_lps_mm=np.empty((0, 3)))
    question = replace(ground.question, problem=replace(problem, entries=none))
    assert Ground(question, ground.evaluator).middle() is None


@pytest.mark.parametrize("frees_rim", [False, True])
def test_rim_bone_is_taken_only_where_the_plan_takes_it(frees_rim: bool) -> None:
    ground = allow(made_ground(), frees_rim=frees_rim)
    assert ground.question.problem.tools.frees_rim is frees_rim
    # what is measured and what is judged are of the same tools
    assert ground.evaluator.tools == ground.question.problem.tools


@pytest.mark.parametrize("has_waist", [False, True])
def test_the_hand_docks_at_the_mouth_only_where_a_waist_is_known(has_waist: bool) -> None:
    ground = made_ground()
    problem = ground.question.problem
    # only whether there is one is asked here
    waist: Any = object() if has_waist else None
    geometry = replace(problem.geometry, waist=waist)
    question = replace(ground.question, problem=replace(problem, geometry=geometry))
    allowed = allow(Ground(question, ground.evaluator), frees_rim=False)
    assert allowed.question.problem.tools.docks_at_mouth is has_waist
    assert allowed.evaluator.tools.docks_at_mouth is has_waist


def test_what_is_allowed_is_another_ground_and_the_old_one_stays() -> None:
    ground = made_ground()
    before = ground.question.problem.tools
    allow(ground, frees_rim=not before.frees_rim)
    assert ground.question.problem.tools == before
    assert ground.evaluator.tools == before
