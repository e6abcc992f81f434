"""Whatever a plan says: a number that is there is told, one that is not is null with its reason."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.approaches.test_claims import a_plan, a_stage, claims, numbers
from tests.unit.approaches.test_skin_cut import a_body

from kambin.approaches.claims import weigh_claims
from kambin.approaches.skin_cut import find_skin_slant_deg, find_stretch_for, measure_skin_cut
from kambin.knowledge import value
from kambin.planning.models import Trajectory

shares = st.none() | st.floats(0.0, 1.0)
volumes = st.none() | st.floats(0.0, 5000.0)
BODY = a_body()


@given(taken=shares, kept=shares, volume=volumes)
def test_bone_and_stability_are_told_as_the_plan_has_them(taken, kept, volume) -> None:
    bone = {"sap_fraction": taken, "facet_kept_fraction": kept, "volume_mm3": volume}
    found = claims(weigh_claims(a_plan(bone=bone | {"not_assessed_reason": "made so"})))
    stability, lamina = numbers(found["stability"]), numbers(found["lamina"])
    assert stability["sap_fraction"].value == lamina["sap_fraction"].value == taken
    assert stability["facet_kept_fraction"].value == kept
    assert found["lamina"].patient.assessed is (volume is not None)
    for one in (*stability.values(), *lamina.values()):
        assert (one.value is None) is one.text.startswith("not assessed")


@given(reached=shares, seen=shares)
def test_reach_is_told_as_the_plan_has_it(reached, seen) -> None:
    part = {"reachable_fraction": reached, "visible_fraction": seen}
    found = claims(weigh_claims(a_plan(reached=part)))["all_types"]
    assert found.patient.assessed is (reached is not None)
    assert numbers(found)["visible_fraction"].value == seen


@given(gaps=st.lists(st.floats(-5.0, 30.0), min_size=1, max_size=4))
def test_the_gap_to_the_lamina_is_the_least_of_all_wide_tools(gaps) -> None:
    stages = tuple(a_stage("cannula", lamina__L4=gap) for gap in gaps)
    lamina = claims(weigh_claims(a_plan(stages=stages)))["lamina"]
    assert numbers(lamina)["lamina_gap_mm"].value == min(gaps)
    assert ("overlap" in lamina.patient.says) is (min(gaps) < 0)


@given(sideways=st.floats(-60.0, 60.0), upward=st.floats(-40.0, 40.0), cannula=st.floats(4.0, 10.0))
def test_the_cut_follows_the_slant_of_the_plan(sideways, upward, cannula) -> None:
    way = Trajectory(
        entry_lps_mm=(0.0, 0.0, 0.0),
        target_lps_mm=(sideways, -60.0, upward),
        length_mm=math.hypot(sideways, 60.0, upward),
    )
    told = numbers(claims(weigh_claims(a_plan(trajectory=way, cannula_mm=cannula), BODY))["skin"])
    exact = math.degrees(math.atan2(math.hypot(sideways, upward), 60.0))
    assert told["slant_deg"].value == pytest.approx(exact, abs=1.0)
    expected = measure_skin_cut(cannula, told["slant_deg"].value)
    assert told["cut_mm"].value == expected.cut_mm


@given(cannula=st.floats(4.0, 10.0), slant=st.floats(0.0, 70.0), cut=st.floats(3.0, 20.0))
def test_the_stretch_a_cut_asks_lets_the_cannula_just_through(cannula, slant, cut) -> None:
    half = measure_skin_cut(cannula, slant).half_circumference_mm
    stretch = find_stretch_for(cut, half)
    assert stretch >= 0.0
    if stretch > 0:
        assert cut * (1 + stretch) == pytest.approx(half)
    else:
        assert cut >= half
    # the cut that is told asks for the stretch of the table and no more
    told = measure_skin_cut(cannula, slant).cut_mm
    assert find_stretch_for(told, half) == pytest.approx(value("skin_cut.stretch"))


@given(turn=st.floats(0.0, 360.0), slant=st.floats(0.0, 70.0))
def test_the_slant_does_not_ask_to_which_side_the_path_leans(turn, slant) -> None:
    lean, around = math.radians(slant), math.radians(turn)
    target = (
        60.0 * math.sin(lean) * math.cos(around),
        -60.0 * math.cos(lean),
        60.0 * math.sin(lean) * math.sin(around),
    )
    assert find_skin_slant_deg(BODY, (0.0, 0.0, 0.0), target) == pytest.approx(slant, abs=1.0)
