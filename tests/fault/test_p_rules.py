"""Every hard rule of the register, in a case in which it blocks or asks."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.unit.planning.conftest import Planned, a_planned_spine, a_simple_spine  # noqa: F401
from tests.unit.planning.made_level import make_resection
from tests.unit.planning.small_problems import a_level, a_structure, some_entries, the_tools

from kambin.core import Severity
from kambin.knowledge import rules, value
from kambin.planning import Group, Path, Plan, Stage, seal_plan, verify_plan
from kambin.planning.choice_models import Docking, Rule
from kambin.planning.geometry import LevelGeometry, WaistPlane
from kambin.planning.landmarks import describe_landmark
from kambin.planning.models import Clearance
from kambin.planning.rules import RuledPath, assess_rules, find_broken, remark_broken

TARGET = np.array([12.0, 17.0, 0.0])
GROUPS = {
    "nerve": ("exiting_root:L4:left", 6.0),
    "sac": ("dural_sac", 8.0),
    "organ": ("colon", 40.0),
    "vessel": ("aorta", 40.0),
    "never": ("lamina:L4", 5.0),
    "rim": ("body_rim:L5", 2.0),
    "removable": ("sap:L5:left", 1.0),
    "watched": ("segmental_artery:L4:left", 6.0),
}
DOCKING = Docking(
    stop_mm=6.0,
    limit_mm=7.0,
    bounded_by="waist",
    waist_distance_mm=5.0,
    mouth_distance_mm=15.0,
    waist_area_mm2=120.0,
    stop_max_mm=14.0,
)


def _row(structure: str, group: str, clearance: float, margin: float | None) -> Clearance:
    return Clearance(
        structure=structure,
        group=group,
        clearance_mm=clearance,
        point_lps_mm=(0.0, 0.0, 0.0),
        sigma_mm=0.0,
        origin="segmented",
        hard_margin_mm=margin,
        uncertainty_mm=0.0,
        inside_uncertainty=False,
    )


def _entry(theta: float = 50.0, phi: float = 12.0, length: float = 110.0) -> np.ndarray:
    return some_entries(TARGET, [(theta, phi)], length).points_lps_mm[0]


def _ruled(entry: np.ndarray | None = None, target: np.ndarray = TARGET) -> RuledPath:
    """A path that keeps every rule, with one structure of each group at every stage."""
    geometry, tools = a_level(), the_tools()
    path = Path(_entry() if entry is None else entry, target, 6.0)
    made = []
    for tool in tools.tools:
        rows = []
        for group, (name, gap) in GROUPS.items():
            margin = tools.margin_mm(tool, Group(group), a_structure(name))
            rows.append(_row(name, group, gap, margin))
        stop = path.stop_of(tool)
        tip = path.tip_lps_mm(stop)
        seen = describe_landmark(geometry, tool.stage, path.entry_lps_mm, tip)
        made.append(
            Stage(
                tool=tool.stage,
                instrument=tool.instrument,
                radius_mm=tool.radius_mm,
                tip_lps_mm=tuple(tip.tolist()),
                stop_mm=stop,
                clearances=tuple(rows),
                landmark=seen,
            )
        )
    return RuledPath(
        geometry=geometry,
        tools=tools,
        path=path,
        stages=tuple(made),
        docking=DOCKING,
        zone="paracentral",
        resection=make_resection(),
        bone_length_mm=1.0,
        skin_gap_mm=0.1,
        skin_allowed_mm=1.3,
        spacing_mm=1.0,
        knows_root=True,
        root_ahead_mm=6.0,
    )


def _nearer(tool: str, group: str, clearance: float) -> Callable[[], RuledPath]:
    """Bring one structure too near to one tool."""

    def change(stage: Stage) -> Stage:
        rows = tuple(
            row.model_copy(update={"clearance_mm": clearance}) if row.group == group else row
            for row in stage.clearances
        )
        return stage.model_copy(update={"clearances": rows})

    def make() -> RuledPath:
        ruled = _ruled()
        told = tuple(change(s) if s.tool == tool else s for s in ruled.stages)
        return replace(ruled, stages=told)

    return make


def _with(**parts: Any) -> Callable[[], RuledPath]:
    return lambda: replace(_ruled(), **parts)


def _from(theta: float = 50.0, phi: float = 12.0, length: float = 110.0) -> Callable[[], RuledPath]:
    return lambda: _ruled(_entry(theta, phi, length))


def _ending(tool: str, stop: float) -> Callable[[], RuledPath]:
    def make() -> RuledPath:
        ruled = _ruled()
        told = tuple(
            s.model_copy(update={"stop_mm": stop}) if s.tool == tool else s for s in ruled.stages
        )
        return replace(ruled, stages=told)

    return make


def _bone(**parts: Any) -> Callable[[], RuledPath]:
    return lambda: replace(_ruled(), resection=make_resection(**parts))


def _moved(entry: tuple[float, float, float], target: tuple[float, float, float]):
    return lambda: _ruled(np.array(entry), np.array(target))


EARLY = _moved((100.0, 95.0, 18.0), (3.0, 17.0, 0.0))
"""Medial of the medial pedicle line while still behind the posterior wall."""

BREAKERS: dict[str, Callable[[], RuledPath]] = {
    "nerve-needle": _nearer("needle", "nerve", 0.9),
    "sac-needle": _nearer("guidewire", "sac", 0.9),
    "nerve-tube": _nearer("cannula", "nerve", -0.1),
    "sac-tube": _nearer("scope", "sac", -0.1),
    "organ": _nearer("forceps", "organ", 9.9),
    "vessel": _nearer("needle", "vessel", 2.9),
    "never-bone-tube": _nearer("dilator", "never", -0.1),
    "bone-needle": _nearer("needle", "removable", -1.6),
    "needle-bone-length": _with(bone_length_mm=3.25),
    "rim-contact": _nearer("reamer", "rim", -1.6),
    "foramen-top": _moved((95.0, 80.0, 130.0), (12.0, 17.0, 9.0)),
    "foramen-floor": _moved((95.0, 80.0, -60.0), (12.0, 17.0, -7.0)),
    "foramen-depth": _moved((60.0, 120.0, 18.0), (4.0, 17.0, 0.0)),
    "axial-least": _from(theta=29.0),
    "axial-most": _from(theta=76.0),
    "craniocaudal-least": _from(phi=-21.0),
    "craniocaudal-most": _from(phi=51.0),
    "entry-lateral": _from(length=48.0),
    "length": _from(length=191.0),
    "docking-limit": _with(docking=DOCKING.model_copy(update={"stop_mm": 8.0})),
    "docking-waist": _with(
        docking=DOCKING.model_copy(update={"stop_mm": 8.0, "limit_mm": 14.0, "bounded_by": "mouth"})
    ),
    "reamer-end": _ending("reamer", 4.0),
    "forceps-end": _ending("forceps", -15.5),
    "side": _moved((-80.0, 70.0, 10.0), (12.0, 17.0, 0.0)),
    "target-side": _moved((90.0, 80.0, 18.0), (-1.0, 17.0, 0.0)),
    "root-side": _with(root_ahead_mm=-0.1),
    "skin": _with(skin_gap_mm=2.0),
    "landmark-zone": EARLY,
    "landmark-named": lambda: replace(EARLY(), zone=None),
    "nerve-asked": _nearer("needle", "nerve", 1.5),
    "rim-asked": _nearer("cannula", "rim", -0.5),
    "artery-asked": _nearer("cannula", "watched", 2.5),
    "iap-kept": _bone(iap_volume_mm3=1.0),
    "pars-kept": _bone(pars_volume_mm3=1.0, pars_left_mm=4.0),
    "sap-volume": _bone(sap_fraction=0.51),
    "sap-ventrodorsal": _bone(ventrodorsal_fraction=0.61),
    "sap-full-thickness": _bone(full_thickness_fraction=0.21),
    "facet-kept": _bone(facet_kept_fraction=0.49),
    "resolution": _with(spacing_mm=3.0),
    "root-assessed": _with(knows_root=False),
}
"""For each rule a path that breaks it."""


def test_every_rule_of_the_register_has_a_case_in_which_it_blocks() -> None:
    assert set(BREAKERS) == set(rules())


def test_a_path_that_keeps_all_rules_breaks_none() -> None:
    assessed = assess_rules(_ruled())
    assert [rule.id for rule in assessed] == list(rules())
    assert [rule.id for rule in assessed if not rule.passed] == []


@pytest.mark.parametrize("name", rules())
def test_the_rule_blocks_or_asks(name: str) -> None:
    ruled = BREAKERS[name]()
    by_id = {rule.id: rule for rule in assess_rules(ruled)}
    rule, row = by_id[name], rules()[name]
    assert not rule.passed
    assert rule.value is not None
    assert (rule.value < rule.threshold) is (row.comparison == "at least")
    assert rule.source == row.source
    blocks = [one.id for one in find_broken(by_id.values())]
    assert (name in blocks) is (row.severity == "BLOCK")
    said = [finding for finding in remark_broken(by_id.values(), "L4-L5 left")]
    assert all(finding.severity is Severity.BLOCK for finding in said)
    assert (row.code in {f.code for f in said}) is (name in blocks) or row.severity == "CONFIRM"


@pytest.mark.parametrize("rule", assess_rules(_ruled()), ids=lambda rule: rule.id)
def test_the_threshold_is_what_the_named_source_says(rule: Rule) -> None:
    named = re.findall(r"\b(?:margins|planning|completion_soft)\.\w+", rule.source)
    # every row that is named exists; where a margin is named it is the threshold, inside or outside
    values = [value(name) for name in named]
    assert named or rule.source.startswith(("design of this project", "techniques", "landmarks"))
    if named and named[0].startswith("margins."):
        assert abs(rule.threshold) == abs(values[0])


@pytest.mark.parametrize("name", rules())
def test_a_rule_that_nothing_answers_passes_with_a_reason(name: str) -> None:
    bare = replace(
        _ruled(),
        stages=(),
        resection=None,
        bone_length_mm=None,
        skin_gap_mm=None,
        spacing_mm=None,
        knows_root=None,
        root_ahead_mm=None,
        docking=DOCKING.model_copy(update={"waist_distance_mm": None}),
    )
    rule = next(rule for rule in assess_rules(bare) if rule.id == name)
    assert rule.passed
    assert (rule.value is None) is (rule.not_assessed_reason is not None)


def test_without_fluoroscopy_the_same_rule_demands_more() -> None:
    ruled = _ruled()
    rows = [
        row.model_copy(update={"clearance_mm": 2.5, "hard_margin_mm": 3.0})
        for row in ruled.stages[0].clearances
        if row.group == "nerve"
    ]
    first = ruled.stages[0].model_copy(update={"clearances": tuple(rows)})
    assessed = assess_rules(replace(ruled, stages=(first,)))
    rule = next(rule for rule in assessed if rule.id == "nerve-needle")
    assert (rule.value, rule.threshold, rule.passed) == (2.5, 3.0, False)


def _changed_stage(plan: Plan, tool: str, stop: float) -> tuple[Stage, ...]:
    """Move the end of one tool along the axis of a plan."""
    entry, target = (
        np.array(p) for p in (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm)
    )
    way = (entry - target) / np.linalg.norm(entry - target)
    tip = tuple((target + stop * way).tolist())
    return tuple(
        s.model_copy(update={"stop_mm": stop, "tip_lps_mm": tip}) if s.tool == tool else s
        for s in plan.stages
    )


FORGED: dict[str, Callable[[Plan], dict[str, Any]]] = {
    "axial-least": lambda plan: {"technique": "far-lateral"},
    "axial-most": lambda plan: {"technique": "extraforaminal"},
    "reamer-end": lambda plan: {"stages": _changed_stage(plan, "reamer", 0.0)},
    "forceps-end": lambda plan: {"stages": _changed_stage(plan, "forceps", -16.0)},
    "docking-limit": lambda plan: {"stages": _changed_stage(plan, "cannula", 30.0)},
    "iap-kept": lambda plan: {
        "resection": plan.resection.model_copy(update={"iap_volume_mm3": 4.0})
    },
    "pars-kept": lambda plan: {
        "resection": plan.resection.model_copy(update={"pars_volume_mm3": 4.0, "pars_left_mm": 3.0})
    },
}


@pytest.mark.parametrize("name", FORGED)
def test_the_second_checker_asks_the_rule_of_the_document(
    name: str,
    a_planned_spine: Planned,  # noqa: F811
) -> None:
    plan = a_planned_spine.plan
    forged = seal_plan(plan.model_copy(update=FORGED[name](plan)))
    answer = verify_plan(a_planned_spine.case, a_planned_spine.anatomy, forged)
    assert not answer.valid
    said = [f.why for f in answer.findings if f.code == rules()[name].code]
    assert any(why.startswith(f"{name}:") for why in said)


def test_the_plan_carries_every_rule_and_breaks_none_that_blocks(
    a_planned_spine: Planned,  # noqa: F811
) -> None:
    plan = a_planned_spine.plan
    assert [rule.id for rule in plan.rules] == list(rules())
    for rule in plan.rules:
        row = rules()[rule.id]
        assert (rule.what, rule.unit, rule.source) == (row.what, row.unit, row.source)
        assert np.isfinite(rule.threshold)
        assert (rule.value is None) is (rule.not_assessed_reason is not None)
    assert find_broken(plan.rules) == []
    asked = {rules()[rule.id].code for rule in plan.rules if not rule.passed}
    confirmed = {f.code for f in plan.findings if f.severity == "CONFIRM"}
    assert asked <= confirmed


@pytest.mark.parametrize("name", ["docking-limit", "reamer-end", "forceps-end"])
def test_pl_087_is_said_of_every_end_of_a_tool(name: str) -> None:
    broken = assess_rules(BREAKERS[name]())
    said = [f.why for f in remark_broken(broken, "L4-L5 left") if f.code == "PL-087"]
    assert any(why.startswith(f"{name}: ") for why in said)


def test_pl_087_a_plan_at_the_mouth_that_asks_nobody_is_refused(
    a_planned_spine: Planned,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def measured(anatomy: Any, geometry: LevelGeometry) -> LevelGeometry:
        """A foramen that is narrowest where no cannula of the plan reaches to."""
        plane = WaistPlane(np.array([6.0, 22.0, 2.0]), np.array([1.0, 0.0, 0.0]), 120.0)
        return replace(geometry, waist=plane)

    monkeypatch.setattr("kambin.planning.rules_check.with_waist", measured)
    usual = a_planned_spine.plan
    plan = seal_plan(usual.model_copy(update={"stages": _changed_stage(usual, "cannula", 5.0)}))
    answer = verify_plan(a_planned_spine.case, a_planned_spine.anatomy, plan)
    assert any(
        f.code == "PL-087" and "nobody is asked" in f.what and f.severity == "BLOCK"
        for f in answer.findings
    )
    asked = plan.findings[0].model_copy(update={"code": "PL-081", "severity": "CONFIRM"})
    agreed = seal_plan(plan.model_copy(update={"findings": (*plan.findings, asked)}))
    answer = verify_plan(a_planned_spine.case, a_planned_spine.anatomy, agreed)
    assert not any("nobody is asked" in f.what for f in answer.findings)
