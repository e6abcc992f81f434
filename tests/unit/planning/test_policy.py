"""Margin groups and hard margins."""

from dataclasses import replace

import pytest
from tests.unit.planning.simple_spine import LEVEL

from kambin.anatomy import Anatomy, Origin, Structure, StructureKey
from kambin.core import RequestError
from kambin.frames import Side
from kambin.planning import Group, PlanRequest, Toolset, find_group, find_toolset
from kambin.planning.policy import find_hazards, find_same_nerve, hard_margin_mm

GROUPS = {
    "sap:L5:left": Group.REMOVABLE,
    "sap:L5:right": Group.NEVER,
    "sap:L4:left": Group.NEVER,
    "body_rim:L5": Group.RIM,
    "pedicle_rim:L5:left": Group.RIM,
    "pedicle:L4:left": Group.NEVER,
    "iap:L4:left": Group.NEVER,
    "ilium:left": Group.NEVER,
    "exiting_root:L4:left": Group.NERVE,
    "dural_sac": Group.SAC,
    "aorta": Group.VESSEL,
    "segmental_artery:L4:left": Group.VESSEL,
    "kidney:left": Group.ORGAN,
    "something_new": Group.ORGAN,
    "disc:L4-L5": Group.IGNORED,
    "psoas:left": Group.IGNORED,
    "facet_joint:L4-L5:left": Group.IGNORED,
    "facet_capsule:L4-L5:left": Group.IGNORED,
    "body": Group.IGNORED,
}


@pytest.mark.parametrize(("name", "group"), GROUPS.items())
def test_each_structure_is_in_its_group(name: str, group: Group) -> None:
    assert find_group(StructureKey.parse(name), level=LEVEL, side=Side.LEFT) is group


def _named(anatomy: Anatomy, name: str) -> Structure:
    return anatomy.require(name)


def test_a_modelled_root_keeps_the_bare_margin(a_simple_spine: Anatomy) -> None:
    root = _named(a_simple_spine, "exiting_root:L4:left")
    assert hard_margin_mm("needle", Group.NERVE, root) == 1.0
    assert hard_margin_mm("cannula", Group.NERVE, root) == 0.0
    assert hard_margin_mm("forceps", Group.NERVE, root) is None


def test_sigma_widens_what_is_segmented_once(a_simple_spine: Anatomy) -> None:
    colon, sac = (_named(a_simple_spine, n) for n in ("colon", "dural_sac"))
    assert hard_margin_mm("cannula", Group.ORGAN, colon) == 11.0
    assert hard_margin_mm("needle", Group.SAC, sac) == 2.0


def test_sigma_never_widens_contact_with_bone(a_simple_spine: Anatomy) -> None:
    bone = _named(a_simple_spine, "pedicle_rim:L5:left")
    assert hard_margin_mm("needle", Group.NEVER, bone) == -1.5
    assert hard_margin_mm("cannula", Group.RIM, bone) == -1.5
    assert hard_margin_mm("cannula", Group.NEVER, bone) == 0.0
    assert hard_margin_mm("reamer", Group.REMOVABLE, bone) is None


def _tools(technique: str) -> Toolset:
    return find_toolset(PlanRequest(LEVEL, Side.LEFT, technique=technique))


def test_without_a_reamer_the_superior_process_is_a_rim(a_simple_spine: Anatomy) -> None:
    sap = _named(a_simple_spine, "sap:L5:left")
    for technique, margin in (("outside-in", None), ("inside-out", -1.5)):
        tools = _tools(technique)
        cannula = next(t for t in tools.tools if t.stage == "cannula")
        assert tools.margin_mm(cannula, Group.REMOVABLE, sap) == margin


def test_the_last_reamer_has_the_size_of_the_cannula() -> None:
    tools = find_toolset(PlanRequest(LEVEL, Side.LEFT, cannula_mm=6.0))
    assert tools.removal_radius_mm == 3.0
    assert tools.needle.stage == "needle"


def test_other_vertebrae_are_hazards_as_a_whole(a_simple_spine: Anatomy) -> None:
    spine = dict(a_simple_spine.structures)
    spine[StructureKey("vertebra", "L3")] = spine[StructureKey("body", "L4")]
    spine[StructureKey("body", "L3")] = spine[StructureKey("body", "L4")]
    spine[StructureKey("vertebra", "L5")] = spine[StructureKey("body", "L5")]
    names = {str(key) for key in find_hazards(spine, level=LEVEL, side=Side.LEFT)}
    assert {"vertebra:L3", "body:L5"} <= names
    assert not {"vertebra:L5", "body:L3"} & names


@pytest.mark.parametrize(
    ("origin", "group", "margin"),
    [
        (Origin.MODELLED, Group.WATCHED, None),
        (Origin.SEGMENTED, Group.VESSEL, 4.0),
        (Origin.DRAWN, Group.VESSEL, 4.0),
    ],
)
def test_a_segmental_artery_keeps_tools_off_only_where_an_image_shows_it(
    a_simple_spine: Anatomy, origin: Origin, group: Group, margin: float | None
) -> None:
    key = StructureKey.parse("segmental_artery:L4:left")
    like = _named(a_simple_spine, "colon")
    artery = replace(like, key=key, origin=origin, sigma_mm=1.0)
    found = find_hazards({key: artery}, level=LEVEL, side=Side.LEFT)
    assert found == {key: group}
    for stage in ("needle", "dilator", "reamer", "cannula", "scope", "forceps"):
        assert hard_margin_mm(stage, group, artery) == margin


def test_root_and_ganglion_are_one_nerve(a_simple_spine: Anatomy) -> None:
    root = StructureKey.parse("exiting_root:L4:left")
    assert find_same_nerve(a_simple_spine, root) == {root}
    bone = StructureKey.parse("sap:L5:left")
    assert find_same_nerve(a_simple_spine, bone) == {bone}


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(RequestError, match="PL-030"):
        PlanRequest(LEVEL, Side.LEFT, zone="behind")


@pytest.mark.parametrize("size", [0.0, -1.0, float("nan")])
def test_a_cannula_without_diameter_is_refused(size: float) -> None:
    with pytest.raises(RequestError, match="PL-031"):
        PlanRequest(LEVEL, Side.LEFT, cannula_mm=size)
