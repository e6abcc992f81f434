"""A mirrored patient has the same verdicts on the other side, and a larger one the same shares."""

import numpy as np
import pytest
from tests.unit.measure.conftest import Box, a_case, build

from kambin.anatomy import Anatomy, Case, Level
from kambin.approaches.indications import judge_indications
from kambin.approaches.indications_models import Indications
from kambin.frames import RigidTransform, Side

__all__ = ["a_case"]

LEVEL = Level("L4", "L5")
FRAGMENT: Box = (3, 9, 17, 24, -15, -3)
SHIFT = np.array([[1, 0, 0, 12.0], [0, 1, 0, -7.0], [0, 0, 1, 31.0], [0, 0, 0, 1]], dtype=float)


def spine(**changed: object) -> Anatomy:
    return build(fragment=(FRAGMENT,), without=("dural_sac",), **changed)


def judge(anatomy: Anatomy, case: Case, side: Side) -> Indications:
    return judge_indications(case, anatomy, LEVEL, side)


def numbers(found: Indications) -> dict[str, float | str | None]:
    return {fact.name: fact.value for fact in found.facts}


@pytest.mark.parametrize("side", list(Side))
def test_a_mirrored_patient_has_the_same_facts_on_the_other_side(side: Side, a_case: Case) -> None:
    here = numbers(judge(spine(), a_case, side))
    there = numbers(judge(spine(mirrored=True), a_case, side.opposite))
    assert list(here) == list(there)
    for name, value in here.items():
        if isinstance(value, float):
            assert there[name] == pytest.approx(value, abs=0.05), name
        else:
            assert there[name] == value, name


@pytest.mark.parametrize("side", list(Side))
def test_verdicts_and_rules_follow_the_side(side: Side, a_case: Case) -> None:
    here = judge(spine(), a_case, side)
    there = judge(spine(mirrored=True), a_case, side.opposite)
    assert {n: v.verdict for n, v in here.approaches.items()} == {
        n: v.verdict for n, v in there.approaches.items()
    }
    assert [r.applies for r in here.rules] == [r.applies for r in there.rules]


def test_the_fragment_is_judged_on_its_own_side_alone(a_case: Case) -> None:
    assert judge(spine(), a_case, Side.LEFT).herniation_from == "fragment"
    assert judge(spine(), a_case, Side.RIGHT).herniation_from == "none"
    assert judge(spine(mirrored=True), a_case, Side.RIGHT).herniation_from == "fragment"
    assert judge(spine(mirrored=True), a_case, Side.LEFT).herniation_from == "none"


def test_a_patient_who_lies_elsewhere_is_the_same_patient(a_case: Case) -> None:
    here = numbers(judge(spine(), a_case, Side.LEFT))
    there = numbers(
        judge(spine(moved=RigidTransform("patient", "patient", SHIFT)), a_case, Side.LEFT)
    )
    for name, value in here.items():
        if isinstance(value, float):
            assert there[name] == pytest.approx(value, abs=0.05), name
        else:
            assert there[name] == value, name


def test_a_larger_patient_has_longer_lengths_and_the_same_shares(a_case: Case) -> None:
    one = numbers(judge(spine(), a_case, Side.LEFT))
    larger = numbers(judge(spine(scale=1.2), a_case, Side.LEFT))
    for name in ("crest_above_l5_mm", "crest_above_l4_mm"):
        assert larger[name] == pytest.approx(1.2 * one[name], abs=0.3), name
    for name in ("migration_over_height", "canal_share", "slip_share"):
        assert larger[name] == pytest.approx(one[name], abs=0.03), name
