"""The sequence of tools, and how far each must stay from what."""

from dataclasses import replace

import pytest
from tests.unit.planning.simple_spine import LEVEL
from tests.unit.planning.small_problems import a_structure, the_tools

from kambin.anatomy import Origin, StructureKey
from kambin.core import PlanError, RequestError
from kambin.frames import Side
from kambin.knowledge import find_instrument, technique, techniques, value
from kambin.planning import Group, PlanRequest, Tool, find_toolset
from kambin.planning.tools import DEFAULT_TECHNIQUE, find_margin_mm

REAMING = ("outside-in", "mobile-outside-in", "far-lateral", "superior-notch", "suprapedicular")
WIDE = ("dilator", "reamer", "cannula", "scope")


def _request(**more) -> PlanRequest:
    return PlanRequest(LEVEL, Side.LEFT, **more)


@pytest.mark.parametrize("name", techniques())
def test_every_preset_goes_from_needle_to_forceps(name: str) -> None:
    tools = find_toolset(_request(technique=name))
    stages = [tool.stage for tool in tools.tools]
    assert stages[0] == "needle"
    assert stages[-1] == "forceps"
    assert stages.count("cannula") == 1
    assert tools.needle == tools.tools[0]
    assert tools.technique.name == name


@pytest.mark.parametrize("name", techniques())
def test_every_tool_has_the_radius_of_its_instrument(name: str) -> None:
    for tool in find_toolset(_request(technique=name)).tools:
        diameter = find_instrument(tool.instrument).outer_diameter_mm
        assert tool.radius_mm == diameter / 2


@pytest.mark.parametrize("name", techniques())
def test_only_presets_with_a_reamer_remove_bone(name: str) -> None:
    assert find_toolset(_request(technique=name)).reams is (name in REAMING)


def test_when_nothing_is_asked_the_defaults_are_taken() -> None:
    tools = find_toolset(_request())
    assert tools.technique.name == DEFAULT_TECHNIQUE == "outside-in"
    assert tools.cannula_mm == value("planning.cannula_mm")
    assert not tools.frees_rim


@pytest.mark.parametrize("cannula_mm", [4.0, 6.0, 6.9, 7.5, 9.0])
@pytest.mark.parametrize("name", techniques())
def test_bone_gives_way_to_the_asked_cannula(name: str, cannula_mm: float) -> None:
    tools = find_toolset(_request(technique=name, cannula_mm=cannula_mm))
    cannula = next(tool for tool in tools.tools if tool.stage == "cannula")
    assert cannula.radius_mm == cannula_mm / 2
    assert tools.removal_radius_mm == cannula_mm / 2
    reamers = [tool.radius_mm for tool in tools.tools if tool.stage == "reamer"]
    assert reamers[-1:] in ([], [cannula_mm / 2])


def test_dilators_and_scopes_that_do_not_fit_are_left_out() -> None:
    slim = find_toolset(_request(cannula_mm=4.0))
    assert all(tool.radius_mm <= 2.0 for tool in slim.tools)
    assert "scope" not in [tool.stage for tool in slim.tools]


def test_only_needle_wire_and_forceps_go_on_to_the_target() -> None:
    tools = find_toolset(_request())
    full = {tool.stage for tool in tools.tools if tool.is_full_length}
    assert full == {"needle", "guidewire", "forceps"}
    assert all(not Tool(stage, "x", 1.0).is_full_length for stage in WIDE)


@pytest.mark.parametrize("forgotten", ["needle", "cannula"])
def test_pl_033_a_technique_without_needle_or_cannula_is_refused(
    forgotten: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = technique("outside-in")
    kept = tuple(tool for tool in whole.tools if tool.stage != forgotten)
    broken = whole.model_copy(update={"tools": kept})
    monkeypatch.setattr("kambin.planning.tools.technique", lambda _: broken)
    with pytest.raises(PlanError, match="PL-033") as caught:
        find_toolset(_request())
    assert caught.value.where == "technique outside-in"
    assert caught.value.exit_code == 5


def test_pl_033_a_needle_that_does_not_come_first_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = technique("outside-in")
    turned = whole.model_copy(update={"tools": whole.tools[::-1]})
    monkeypatch.setattr("kambin.planning.tools.technique", lambda _: turned)
    with pytest.raises(PlanError, match="PL-033"):
        find_toolset(_request())


@pytest.mark.parametrize("size", [0.5, 16.0])
def test_rq_041_a_cannula_nobody_has_is_refused(size: float) -> None:
    with pytest.raises(RequestError, match="RQ-041"):
        find_toolset(_request(cannula_mm=size))


def test_rq_042_an_unknown_technique_is_refused() -> None:
    with pytest.raises(RequestError, match="RQ-042"):
        find_toolset(_request(technique="upside-down"))


@pytest.mark.parametrize(
    ("stage", "group", "margin_mm"),
    [
        ("needle", Group.NERVE, 1.0),
        ("needle", Group.SAC, 1.0),
        ("cannula", Group.NERVE, 0.0),
        ("scope", Group.SAC, 0.0),
        ("forceps", Group.NERVE, None),
        ("needle", Group.ORGAN, 10.0),
        ("forceps", Group.ORGAN, 10.0),
        ("cannula", Group.VESSEL, 3.0),
        ("needle", Group.NEVER, -1.5),
        ("cannula", Group.NEVER, 0.0),
        ("dilator", Group.RIM, -1.5),
        ("cannula", Group.REMOVABLE, None),
        ("needle", Group.REMOVABLE, -1.5),
        ("forceps", Group.NEVER, None),
    ],
)
def test_margins_of_a_reaming_technique(stage: str, group: Group, margin_mm: float | None) -> None:
    thing = a_structure("colon")
    assert find_margin_mm(stage, group, thing, reams=True, frees_rim=False) == margin_mm


@pytest.mark.parametrize("stage", ["needle", *WIDE, "forceps"])
def test_without_a_reamer_removable_bone_is_a_rim(stage: str) -> None:
    bone = a_structure("sap:L5:left")
    as_rim = find_margin_mm(stage, Group.RIM, bone, reams=False, frees_rim=False)
    assert find_margin_mm(stage, Group.REMOVABLE, bone, reams=False, frees_rim=False) == as_rim


@pytest.mark.parametrize("stage", WIDE)
def test_a_freed_rim_gives_way_to_the_wide_tools(stage: str) -> None:
    bone = a_structure("body_rim:L5")
    assert find_margin_mm(stage, Group.RIM, bone, reams=True, frees_rim=True) is None
    assert find_margin_mm(stage, Group.NEVER, bone, reams=True, frees_rim=True) == 0.0


def test_a_freed_rim_still_stops_the_needle() -> None:
    bone = a_structure("body_rim:L5")
    assert find_margin_mm("needle", Group.RIM, bone, reams=True, frees_rim=True) == -1.5


@pytest.mark.parametrize("stage", WIDE)
def test_without_a_reamer_nothing_frees_the_rim(stage: str) -> None:
    bone = a_structure("body_rim:L5")
    assert find_margin_mm(stage, Group.RIM, bone, reams=False, frees_rim=True) == -1.5


def test_a_toolset_asks_for_its_own_margins() -> None:
    bone = a_structure("body_rim:L5")
    tools = the_tools()
    cannula = next(tool for tool in tools.tools if tool.stage == "cannula")
    assert tools.margin_mm(cannula, Group.RIM, bone) == -1.5
    assert replace(tools, frees_rim=True).margin_mm(cannula, Group.RIM, bone) is None


def _least(name: str, group: Group, **more) -> tuple[float | None, float | None]:
    """The least distance of the centre line for tools to the target and tools that dock."""
    thing = a_structure(name, **more)
    hazards = {thing.key: (group, thing)}
    tools = the_tools()
    slim, wide = (tools.least_distances_mm(hazards, full_length=full) for full in (True, False))
    return slim[thing.key], wide[thing.key]


def test_the_widest_tool_decides_how_far_the_centre_line_must_stay() -> None:
    # Needle of 1.27 mm with a margin of 1 mm; forceps see nerves; cannula of 7.5 mm touches.
    assert _least("exiting_root:L4:left", Group.NERVE) == pytest.approx((1.635, 3.75))
    # Forceps of 3.5 mm are wider than the needle and keep away from bowel as it does.
    assert _least("colon", Group.ORGAN) == pytest.approx((11.75, 13.75))
    assert _least("body_rim:L5", Group.RIM) == pytest.approx((0.635 - 1.5, 2.25))
    assert _least("iap:L4:left", Group.NEVER) == pytest.approx((0.635 - 1.5, 3.75))


def test_what_is_removed_demands_nothing_of_the_wide_tools() -> None:
    slim, wide = _least("sap:L5:left", Group.REMOVABLE)
    assert slim == pytest.approx(0.635 - 1.5)
    assert wide is None


def test_sigma_widens_what_was_segmented_and_not_what_was_modelled() -> None:
    name = "exiting_root:L4:left"
    assert _least(name, Group.NERVE, sigma_mm=0.5) == pytest.approx((2.135, 4.25))
    modelled = _least(name, Group.NERVE, sigma_mm=2.5, origin=Origin.MODELLED)
    assert modelled == pytest.approx((1.635, 3.75))


def test_no_hazard_no_distance() -> None:
    assert the_tools().least_distances_mm({}, full_length=True) == {}


def test_every_hazard_gets_an_answer() -> None:
    things = [a_structure(name) for name in ("colon", "sap:L5:left")]
    hazards = {
        things[0].key: (Group.ORGAN, things[0]),
        things[1].key: (Group.REMOVABLE, things[1]),
    }
    least = the_tools().least_distances_mm(hazards, full_length=False)
    assert list(least) == [StructureKey("colon"), StructureKey.parse("sap:L5:left")]


def test_more_room_than_is_wished_is_not_rewarded() -> None:
    needle, tube = the_tools().wished_mm
    assert needle == pytest.approx(3.0 - 1.0)
    assert tube == 1.5


@pytest.mark.parametrize("stage", ["needle", "guidewire", "dilator", "reamer", "cannula"])
@pytest.mark.parametrize("group", [Group.NERVE, Group.SAC])
def test_plan_only_margins_keep_all_blind_tools_three_millimetres_off(
    stage: str, group: Group
) -> None:
    root = a_structure("exiting_root:L4:left", sigma_mm=2.5, origin=Origin.MODELLED)
    answer = find_margin_mm(stage, group, root, reams=True, frees_rim=False, margins="plan-only")
    assert answer == value("margins.plan_only_neural_mm") == 3.0


@pytest.mark.parametrize(("stage", "margin_mm"), [("scope", 0.0), ("forceps", None)])
def test_plan_only_margins_leave_what_is_seen(stage: str, margin_mm: float | None) -> None:
    root = a_structure("exiting_root:L4:left")
    answer = find_margin_mm(
        stage, Group.NERVE, root, reams=True, frees_rim=False, margins="plan-only"
    )
    assert answer == margin_mm


def test_plan_only_margins_stay_as_they_are_for_bone_and_organs() -> None:
    for group in (Group.NEVER, Group.RIM, Group.ORGAN, Group.VESSEL):
        thing = a_structure("colon")
        both = [
            find_margin_mm("cannula", group, thing, reams=True, frees_rim=False, margins=margins)
            for margins in ("fluoroscopy", "plan-only")
        ]
        assert both[0] == both[1]


def test_a_needle_that_keeps_what_is_wished_earns_no_more() -> None:
    assert replace(the_tools(), margins="plan-only").wished_mm == (0.0, 1.5)


def test_own_weights_replace_those_of_the_technique_one_by_one() -> None:
    mine = find_toolset(_request(weights={"bone_per_cm3": 9.0})).technique.weights
    usual = technique("outside-in").weights
    assert mine.bone_per_cm3 == 9.0
    assert mine.model_copy(update={"bone_per_cm3": usual.bone_per_cm3}) == usual
