"""The mirrored patient, with the names exchanged, gets the mirrored plan."""

import numpy as np
import pytest
from tests.unit.planning.simple_spine import (
    LEVEL,
    Recipe,
    build_case,
    build_simple_spine,
    mirror_spine,
)

from kambin.frames import Side
from kambin.planning import Plan, PlanRequest, plan_trajectory

TOLERANCE_MM = 0.05


@pytest.fixture(scope="module")
def the_two_plans() -> tuple[Plan, Plan]:
    spine = build_simple_spine(Recipe(asymmetry_mm=1.3))
    answers = []
    for anatomy, side in ((spine, Side.RIGHT), (mirror_spine(spine), Side.LEFT)):
        request = PlanRequest(LEVEL, side, zone="paracentral", technique="mobile-outside-in")
        answers.append(plan_trajectory(build_case(anatomy), anatomy, request))
    first, second = answers
    assert isinstance(first, Plan), first
    assert isinstance(second, Plan), second
    return first, second


def test_the_axis_is_mirrored(the_two_plans: tuple[Plan, Plan]) -> None:
    right, left = (p.trajectory for p in the_two_plans)
    for a, b in (
        (right.entry_lps_mm, left.entry_lps_mm),
        (right.target_lps_mm, left.target_lps_mm),
    ):
        assert np.abs(np.array(a) * (-1, 1, 1) - b).max() <= TOLERANCE_MM


def test_numbers_stay_and_words_swap(the_two_plans: tuple[Plan, Plan]) -> None:
    right, left = the_two_plans
    assert (right.side, left.side) == ("right", "left")
    for name in ("lateral_of_midline_mm", "along_skin_lateral_mm", "depth_mm"):
        assert getattr(right.entry, name) == pytest.approx(getattr(left.entry, name), abs=0.05)
    for a, b in zip(right.stages, left.stages, strict=True):
        swapped = {r.structure.replace("right", "LEFT"): r.clearance_mm for r in a.clearances}
        swapped = {
            k.replace("left", "right").replace("LEFT", "left"): v for k, v in swapped.items()
        }
        for row in b.clearances:
            assert swapped[row.structure] == pytest.approx(row.clearance_mm, abs=TOLERANCE_MM)


def _swap(name: str) -> str:
    return name.replace("right", "LEFT").replace("left", "right").replace("LEFT", "left")


def test_the_mirrored_hand_errs_as_much_and_touches_as_often(
    the_two_plans: tuple[Plan, Plan],
) -> None:
    right, left = (plan.certainty for plan in the_two_plans)
    assert right.tolerance_entry_mm == pytest.approx(left.tolerance_entry_mm, abs=0.05)
    assert right.tolerance_angle_deg == pytest.approx(left.tolerance_angle_deg, abs=0.05)
    chances = {_swap(name): chance for name, chance in right.contact_probability.items()}
    assert set(chances) == set(left.contact_probability)
    for name, chance in left.contact_probability.items():
        assert chances[name] == pytest.approx(chance, abs=0.002), name
