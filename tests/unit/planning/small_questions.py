"""Questions of a few candidates among balls, for what is chosen and what is relaxed."""

from dataclasses import replace
from functools import cache

import numpy as np
from tests.unit.planning.made_level import make_anatomy, make_structures
from tests.unit.planning.simple_spine import LEVEL, build_case
from tests.unit.planning.small_problems import many_paths, random_balls, the_tools

from kambin.anatomy import Anatomy
from kambin.planning import PlanRequest, Toolset
from kambin.planning.geometry import WaistPlane
from kambin.planning.question import Question
from kambin.planning.search import Problem
from kambin.planning.skin import Skin

ANGLES = tuple((theta, phi) for theta in (38.0, 47.0, 56.0, 65.0) for phi in (-4.0, 8.0, 20.0))


@cache
def skin_and(*names: str) -> Anatomy:
    """An anatomy that knows the skin, and a few structures of the made level."""
    made = make_structures()
    return make_anatomy({name: made[name] for name in ("skin", *names)})


def a_question(problem: Problem, anatomy: Anatomy | None = None) -> Question:
    """A question that was prepared for a small problem, whose anatomy is the skin alone."""
    known = anatomy or skin_and()
    skin = Skin(known.require("skin").region)
    asked = PlanRequest(LEVEL, problem.geometry.side, zone="paracentral")
    return Question(build_case(known), known, asked, problem, skin)


def open_tools(name: str = "outside-in") -> Toolset:
    """Tools that may come from anywhere, so that what is near decides alone."""
    corridor = {
        "axial_inclination_min_deg": 20.0,
        "axial_inclination_max_deg": 85.0,
        "lateral_min_mm": 20.0,
    }
    return the_tools(name, corridor=corridor)


def among_balls(seed: int) -> Problem:
    """A few dozen candidates among four balls at random places."""
    return many_paths(tuple(random_balls(seed)), angles=ANGLES, tools=open_tools())


def with_waist_at(problem: Problem, lateral_mm: float) -> Problem:
    """The problem of a foramen that is narrowest at one lateral distance."""
    plane = WaistPlane(np.array([lateral_mm, 20.0, 2.0]), np.array([1.0, 0.0, 0.0]), 120.0)
    return replace(problem, geometry=replace(problem.geometry, waist=plane))
