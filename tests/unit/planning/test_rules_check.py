"""The hard rules asked of a document a second time: only what no other check asks."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.planning.made_choices import DOCKING
from tests.unit.planning.made_level import (
    LEVEL,
    PATH,
    ROOT,
    SIDE,
    Made,
    made_level,
    make_resection,
)

from kambin.anatomy import StructureKey
from kambin.core import Finding, Severity
from kambin.knowledge import rules, value
from kambin.planning import Group, Plan
from kambin.planning.geometry import LevelGeometry, WaistPlane, find_level_geometry
from kambin.planning.models import FindingRecord, Stage
from kambin.planning.rules_check import OWN_CODES, check_rules
from kambin.planning.second_way import Measured


@pytest.fixture(scope="module")
def made() -> Made:
    return made_level(ROOT)


@pytest.fixture(scope="module")
def geometry(made: Made) -> LevelGeometry:
    return find_level_geometry(made.anatomy, level=LEVEL, side=SIDE)


def _waist(geometry: LevelGeometry, out_mm: float) -> LevelGeometry:
    """The geometry whose waist the path passes so far out from its target."""
    point = geometry.surgical_mm(PATH.tip_lps_mm(out_mm))
    way = geometry.surgical_mm(PATH.entry_lps_mm) - geometry.surgical_mm(PATH.target_lps_mm)
    return replace(geometry, waist=WaistPlane(point, way / PATH.length_mm, 120.0))


def _ask(
    made: Made, geometry: LevelGeometry, measured: tuple[Measured, ...] = (), **parts: Any
) -> list[Finding]:
    plan = made.plan.model_copy(update=parts)
    return list(check_rules(made.anatomy, geometry, plan, measured))


def _ending(plan: Plan, tool: str, stop_mm: float) -> tuple[Stage, ...]:
    return tuple(
        s.model_copy(update={"stop_mm": stop_mm}) if s.tool == tool else s for s in plan.stages
    )


def _names(found: list[Finding]) -> set[str]:
    return {finding.why.split(":")[0] for finding in found}


def test_a_plan_that_keeps_its_rules_is_not_remarked(made: Made, geometry: LevelGeometry) -> None:
    assert _ask(made, _waist(geometry, 6.0), docking=DOCKING) == []


@pytest.mark.parametrize(
    ("tool", "stop_mm", "name"),
    [("reamer", 1.0, "reamer-end"), ("forceps", -15.5, "forceps-end")],
)
def test_pl_087_a_tool_that_ends_too_deep_blocks(
    made: Made, geometry: LevelGeometry, tool: str, stop_mm: float, name: str
) -> None:
    found = _ask(made, geometry, stages=_ending(made.plan, tool, stop_mm))
    assert _names(found) == {name}
    assert {f.code for f in found} == {"PL-087"}
    assert all(f.severity is Severity.BLOCK for f in found)


def test_pl_087_beyond_the_limit_of_the_technique_blocks(
    made: Made, geometry: LevelGeometry
) -> None:
    found = _ask(made, geometry, stages=_ending(made.plan, "cannula", 30.0))
    assert "docking-limit" in _names(found)


@pytest.mark.parametrize("asks", [True, False])
def test_pl_087_outside_the_waist_a_person_must_have_been_asked(
    made: Made, geometry: LevelGeometry, asks: bool
) -> None:
    narrow = _waist(geometry, 5.0 - value("planning.waist_allowance_mm") - 0.5)
    record = FindingRecord(
        code="PL-081",
        severity="CONFIRM",
        what="a",
        where="b",
        why="c",
        next_step="d",
    )
    at_mouth = DOCKING.model_copy(update={"bounded_by": "mouth"})
    found = _ask(made, narrow, docking=at_mouth, findings=(record,) if asks else ())
    said = [f for f in found if "nobody is asked" in f.what]
    assert bool(said) is not asks
    assert all("5.0 mm short of the target, at most 4.5 mm" in f.why for f in said)


def test_a_plan_of_the_first_schema_is_not_held_to_a_waist(
    made: Made, geometry: LevelGeometry
) -> None:
    assert made.plan.docking is None
    assert _ask(made, _waist(geometry, 1.0)) == []


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ({"iap_volume_mm3": 2.0}, "iap-kept"),
        ({"pars_volume_mm3": 2.0, "pars_left_mm": 2.0}, "pars-kept"),
    ],
)
def test_bone_that_must_stay_is_asked_of_the_document(
    made: Made, geometry: LevelGeometry, parts: dict[str, float], name: str
) -> None:
    found = _ask(made, geometry, resection=make_resection(**parts))
    assert _names(found) == {name}
    assert {f.code for f in found} <= OWN_CODES


def test_what_other_checks_say_is_not_said_twice(made: Made, geometry: LevelGeometry) -> None:
    # A root that touches the needle breaks a margin, which the check of margins says.
    key = StructureKey.parse(ROOT)
    structure = made.anatomy.require(ROOT)
    touching = tuple(
        Measured(key, Group.NERVE, structure, stage, -1.0, 3.0, 4.0, 0.3)
        for stage in made.plan.stages
    )
    assert rules()["nerve-needle"].code not in OWN_CODES
    assert _ask(made, geometry, touching) == []


@pytest.mark.parametrize("code", sorted(OWN_CODES))
def test_every_code_asked_here_belongs_to_a_rule_that_blocks(code: str) -> None:
    own = [row for row in rules().values() if row.code == code]
    assert own
    assert any(row.severity == "BLOCK" for row in own)
