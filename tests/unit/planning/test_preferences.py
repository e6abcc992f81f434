"""Which usual ranges a path keeps, on both sides, and by which rule its target was chosen."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.small_problems import (
    MIRROR,
    TARGET,
    a_level,
    a_technique,
    some_entries,
    some_targets,
    the_tools,
)

from kambin.frames import Side
from kambin.knowledge import find_target_rule, technique, techniques
from kambin.planning import Path
from kambin.planning.choice_models import Preference
from kambin.planning.kinds import Kind
from kambin.planning.preferences import describe_preferences, describe_target_choice
from kambin.planning.targets import Targets

USUAL = technique("outside-in").preferred["L4-L5"]
WEIGHED = (
    "lateral_of_midline_mm",
    "axial_inclination_to_patient_deg",
    "craniocaudal_to_patient_deg",
)


def _path(theta: float = 55.0, phi: float = 15.0, length: float = 120.0) -> Path:
    entry = some_entries(TARGET, [(theta, phi)], length).points_lps_mm[0]
    return Path(entry, np.array(TARGET), 4.0)


def _targets(zone: str | None = None) -> Targets:
    made = some_targets(TARGET)
    if zone is None:
        return made
    return replace(made, kind=Kind(zone, "none"), rule=find_target_rule(zone, "none"))


def _describe(path: Path, zone: str | None = None, side: Side = Side.LEFT) -> dict[str, Preference]:
    found = describe_preferences(a_level(side), the_tools(), _targets(zone), path)
    return {one.name: one for one in found}


def test_without_a_rule_only_the_technique_prefers() -> None:
    found = _describe(_path())
    assert tuple(found) == WEIGHED
    assert all(one.is_weighed for one in found.values())


def test_a_technique_without_a_range_for_the_level_prefers_nothing() -> None:
    tools = replace(the_tools(), technique=a_technique(preferred={}))
    assert describe_preferences(a_level(), tools, _targets(), _path()) == ()


@pytest.mark.parametrize("zone", ["central", "paracentral", "foraminal", "extraforaminal"])
def test_a_rule_adds_its_angles_to_the_disc_unweighed(zone: str) -> None:
    rule = find_target_rule(zone, "none")
    assert rule is not None
    added = [one for name, one in _describe(_path(), zone).items() if name not in WEIGHED]
    limits = [rule.axial_inclination_deg, rule.craniocaudal_deg]
    assert [(one.low, one.high) for one in added] == [pair for pair in limits if pair is not None]
    assert not any(one.is_weighed for one in added)
    assert all(one.source == f"{rule.source} [{rule.tag}]" for one in added)


@pytest.mark.parametrize(
    ("theta", "left"),
    [
        (USUAL.axial_inclination_deg[0] - 0.01, True),
        (USUAL.axial_inclination_deg[0] + 0.01, False),
        (USUAL.axial_inclination_deg[1] - 0.01, False),
        (USUAL.axial_inclination_deg[1] + 0.01, True),
    ],
)
def test_a_range_is_left_just_outside_it(theta: float, left: bool) -> None:
    found = _describe(_path(theta=theta))["axial_inclination_to_patient_deg"]
    assert found.value == pytest.approx(theta)
    assert found.is_left is left


def test_the_mirrored_path_has_the_same_preferences() -> None:
    left = _path(66.0, 3.0)
    right = Path(left.entry_lps_mm * MIRROR, left.target_lps_mm * MIRROR, left.stop_mm)
    here, there = _describe(left, "paracentral"), _describe(right, "paracentral", Side.RIGHT)
    assert list(here) == list(there)
    for name, one in here.items():
        assert there[name].value == pytest.approx(one.value)
        assert there[name].is_left is one.is_left


def test_to_a_tilted_disc_angles_differ_and_to_the_patient_they_do_not() -> None:
    tilted = a_level(tilt_deg=12.0)
    found = {
        one.name: one.value
        for one in describe_preferences(tilted, the_tools(), _targets("paracentral"), _path())
    }
    assert found["craniocaudal_to_patient_deg"] == pytest.approx(15.0)
    assert abs(found["craniocaudal_to_disc_deg"] - 15.0) > 3.0


# The choice of the target


def test_a_named_point_was_chosen_by_no_rule() -> None:
    found = describe_target_choice(_targets(), the_tools(), _path())
    assert (found.rule, found.title, found.zone, found.migration) == (None,) * 4
    assert (found.is_usual_technique, found.is_verified, found.source) == (None,) * 3
    assert found.usual_techniques == ()
    assert found.goal_lps_mm == TARGET
    assert found.off_goal_mm == pytest.approx(0.0)


def test_a_rule_names_its_goal_and_how_far_off_the_target_is() -> None:
    goal = np.add(TARGET, (0.0, 3.0, 4.0))
    targets = replace(_targets("paracentral"), goal_lps_mm=goal)
    found = describe_target_choice(targets, the_tools(), _path())
    assert found.off_goal_mm == pytest.approx(5.0)
    assert found.goal_lps_mm == tuple(goal.tolist())
    assert (found.rule, found.zone, found.migration) == ("paracentral", "paracentral", "none")
    assert found.is_verified is False


@pytest.mark.parametrize("name", techniques())
def test_a_technique_is_usual_exactly_where_the_rule_lists_it(name: str) -> None:
    targets = _targets("foraminal")
    assert targets.rule is not None
    found = describe_target_choice(targets, the_tools(name), _path())
    assert found.is_usual_technique is (name in targets.rule.techniques)
    assert found.usual_techniques == targets.rule.techniques
