"""Row A12: behind a high iliac crest nothing is planned, and what binds is named in mm."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.simple_spine import LEVEL, build_case, build_simple_spine
from tests.unit.planning.small_problems import a_block

from kambin.anatomy import Anatomy, Origin, Structure, StructureKey
from kambin.frames import Side
from kambin.planning import Plan, PlanRequest, Refusal, plan_trajectory


@pytest.fixture(scope="module")
def a_spine() -> Anatomy:
    return build_simple_spine()


def with_crest(anatomy: Anatomy, top_mm: float) -> Anatomy:
    """A wall of bone beside and behind the spine, as high above the disc as it is told."""
    key = StructureKey("ilium", "", Side.LEFT)
    # From so far medial that no entry of the corridor, at 50 mm or more, lies beside it.
    wall = a_block((44.0, -30.0, -70.0), (80.0, 100.0, top_mm), spacing_mm=2.0)
    wall = replace(wall, frame_id=anatomy.working_grid.frame_id)
    ilium = Structure(key, wall, Origin.PHANTOM, 0.5)
    return replace(anatomy, structures={**anatomy.structures, key: ilium})


def planned(anatomy: Anatomy) -> Plan | Refusal:
    request = PlanRequest(LEVEL, Side.LEFT, zone="paracentral")
    return plan_trajectory(build_case(anatomy), anatomy, request)


def test_a12_a_low_crest_leaves_a_plan(a_spine: Anatomy) -> None:
    assert isinstance(planned(with_crest(a_spine, -40.0)), Plan)


def test_a12_behind_a_high_crest_none_is_found_and_the_ilium_binds(a_spine: Anatomy) -> None:
    refusal = planned(with_crest(a_spine, 90.0))

    # never the least bad line as a plan
    assert isinstance(refusal, Refusal)
    assert refusal.binding.structure == "ilium:left"
    assert refusal.binding.deficit_mm is not None
    assert np.isfinite(refusal.binding.deficit_mm)
    assert refusal.binding.deficit_mm > 0
    assert refusal.findings[0].code in {"PL-001", "PL-002"}
