"""A planned spine of boxes, made once for all tests of planning."""

from dataclasses import dataclass

import pytest
from tests.shelf import Shelf
from tests.unit.planning.simple_spine import LEVEL, build_case, build_simple_spine

from kambin.anatomy import Anatomy, Case
from kambin.frames import Side
from kambin.planning import Plan, PlanRequest, plan_trajectory


@dataclass(frozen=True)
class Planned:
    """A case, its anatomy and what planning answered."""

    case: Case
    anatomy: Anatomy
    plan: Plan


@pytest.fixture(scope="session")
def a_simple_spine() -> Anatomy:
    return build_simple_spine()


@pytest.fixture(scope="session")
def a_planned_spine(a_simple_spine: Anatomy, shelf: Shelf) -> Planned:
    case = build_case(a_simple_spine)
    request = PlanRequest(LEVEL, Side.LEFT, zone="paracentral")
    # Three files of tests and both workers ask for it.
    name = "plan-of-the-simple-spine"
    plan = shelf.keep(name, lambda: plan_trajectory(case, a_simple_spine, request))
    assert isinstance(plan, Plan), plan
    return Planned(case, a_simple_spine, plan)
