"""What each stage may touch, read from its table."""

import pytest

from kambin.knowledge import StageRules, find_instrument, stages, techniques
from kambin.planning import Group

ALL = tuple(stages().values())
DEMANDED = {group.value for group in Group} - {"watched", "ignored"}


@pytest.mark.parametrize("stage", ALL, ids=lambda s: s.name)
def test_every_stage_says_something_of_every_group(stage: StageRules) -> None:
    assert set(stage.margins) == DEMANDED
    assert set(stage.plan_only) <= {"nerve", "sac"}
    assert stage.source
    assert stage.note


@pytest.mark.parametrize("stage", ALL, ids=lambda s: s.name)
def test_what_is_demanded_has_a_number_and_what_is_not_has_none(stage: StageRules) -> None:
    for rule in (*stage.margins.values(), *stage.plan_only.values()):
        asks = rule.rule in ("keep", "contact")
        assert asks is bool(rule.row)
        assert asks is (rule.demanded_mm is not None)


def test_contact_is_a_negative_gap() -> None:
    assert stages()["needle"].margins["never"].demanded_mm == -1.5
    assert stages()["cannula"].margins["rim"].demanded_mm == -1.5


@pytest.mark.parametrize("stage", ALL, ids=lambda s: s.name)
def test_organs_and_vessels_are_kept_off_by_every_stage(stage: StageRules) -> None:
    for margins in ("fluoroscopy", "plan-only"):
        for group in ("organ", "vessel"):
            rule = stage.rule_for(group, margins)
            assert rule is not None
            assert rule.rule == "keep"


def test_the_stages_are_those_of_the_presets() -> None:
    used = {tool.stage for preset in techniques().values() for tool in preset.tools}
    assert used == set(stages())
    assert all(
        find_instrument(t.instrument).kind in stages()
        for p in techniques().values()
        for t in p.tools
    )


def test_ends_are_as_the_design_has_them() -> None:
    ends = {name: stage.end for name, stage in stages().items()}
    assert [name for name, end in ends.items() if end == "target"] == ["needle", "guidewire"]
    assert [name for name, end in ends.items() if end == "fragment"] == ["forceps"]
    assert ends["reamer"] == ends["cannula"] == ends["scope"] == ends["dilator"] == "docking"
