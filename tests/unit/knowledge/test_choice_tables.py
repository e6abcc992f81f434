"""The tables of landmarks, rules, goals and trade-offs: read whole, refused when wrong."""

import itertools

import pytest
from pydantic import BaseModel, ValidationError

from kambin.knowledge import (
    LandmarkRow,
    TargetRule,
    TradeOff,
    Weights,
    find_target_rule,
    landmarks,
    rules,
    stages,
    target_rules,
    technique,
    techniques,
    trade_offs,
)
from kambin.knowledge.rules import RuleRow

TABLES = {
    "landmarks": landmarks,
    "rules": rules,
    "target_rules": target_rules,
    "trade_offs": trade_offs,
}
ZONES = ("central", "paracentral", "subarticular", "foraminal", "extraforaminal")
MIGRATIONS = ("none", "near-down", "far-down", "near-up", "far-up")
ORDER = ("SL", "half", "MPL", "midPL", "LPL")

LANDMARK = {
    "name": "a",
    "title": "b",
    "stages": ("needle",),
    "medial": "SL",
    "lateral": "MPL",
    "slack_mm": 1.0,
    "of_pvl_mm": (-2.0, 2.0),
    "along": "tip",
    "action": "c",
    "policy": "allow",
    "tag": "D",
    "source": "d",
}
GOAL = {
    "name": "a",
    "title": "b",
    "zones": ("central",),
    "migrations": ("none",),
    "line": "MPL",
    "behind_annulus_mm": 0.0,
    "cranial_mm": (-1.0, 1.0),
    "techniques": ("outside-in",),
    "tag": "D",
    "source": "c",
}
RULE = {
    "name": "a",
    "what": "b",
    "comparison": "at least",
    "unit": "mm",
    "severity": "BLOCK",
    "source": "c",
    "code": "PL-025",
}
TRADE = {"name": "a", "title": "b", "factors": {"clearance": 2.0}, "most": "room_mm"}
ROWS: tuple[tuple[type[BaseModel], dict], ...] = (
    (LandmarkRow, LANDMARK),
    (TargetRule, GOAL),
    (RuleRow, RULE),
    (TradeOff, TRADE),
)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_read_once_under_its_own_names(table: str) -> None:
    rows = TABLES[table]()
    assert rows
    assert rows is TABLES[table]()
    assert all(name == row.name for name, row in rows.items())


@pytest.mark.parametrize("table", TABLES)
def test_a_table_cannot_be_changed(table: str) -> None:
    rows = TABLES[table]()
    first = next(iter(rows.values()))
    with pytest.raises(TypeError):
        rows["another"] = first
    with pytest.raises(ValidationError, match="frozen"):
        first.name = "another"


@pytest.mark.parametrize(("row", "usual"), ROWS, ids=lambda r: getattr(r, "__name__", ""))
def test_a_row_with_a_field_too_many_or_too_few_is_refused(
    row: type[BaseModel], usual: dict
) -> None:
    assert row(**usual)
    with pytest.raises(ValidationError, match="extra_forbidden"):
        row(**usual, extra=1)
    for name in usual:
        fewer = {key: value for key, value in usual.items() if key != name}
        if row.model_fields[name].is_required():
            with pytest.raises(ValidationError, match=name):
                row(**fewer)


@pytest.mark.parametrize(
    ("row", "usual", "wrong"),
    [
        (LandmarkRow, LANDMARK, {"medial": "XPL"}),
        (LandmarkRow, LANDMARK, {"policy": "forbid"}),
        (LandmarkRow, LANDMARK, {"along": "axis"}),
        (LandmarkRow, LANDMARK, {"tag": "X"}),
        (TargetRule, GOAL, {"line": ""}),
        (TargetRule, GOAL, {"tag": "?"}),
        (RuleRow, RULE, {"comparison": "about"}),
        (RuleRow, RULE, {"severity": "NOTE"}),
        (RuleRow, RULE, {"unit": "cm"}),
    ],
)
def test_a_word_that_is_not_known_is_refused(
    row: type[BaseModel], usual: dict, wrong: dict[str, str]
) -> None:
    with pytest.raises(ValidationError, match="Input should be"):
        row(**{**usual, **wrong})


# Landmarks


def test_a_landmark_has_one_depth_and_not_both() -> None:
    both = {**LANDMARK, "of_disc": (-0.3, 0.0)}
    neither = {**LANDMARK, "of_pvl_mm": None}
    for wrong in (both, neither):
        with pytest.raises(ValidationError, match="of_pvl_mm or of_disc"):
            LandmarkRow(**wrong)


@pytest.mark.parametrize(
    ("policy", "stops"), [("allow", False), ("note", False), ("confirm", True), ("exclude", True)]
)
def test_a_tool_is_stopped_where_a_person_is_asked_or_nothing_may_be(
    policy: str, stops: bool
) -> None:
    assert LandmarkRow(**{**LANDMARK, "policy": policy}).stops is stops


@pytest.mark.parametrize(("tag", "verified"), [("V", True), ("V2", False), ("M", False)])
def test_only_what_was_read_in_its_source_is_verified(tag: str, verified: bool) -> None:
    assert LandmarkRow(**{**LANDMARK, "tag": tag}).is_verified is verified


@pytest.mark.parametrize("row", landmarks().values(), ids=lambda r: r.name)
def test_the_lines_of_a_landmark_run_from_medial_to_lateral(row: LandmarkRow) -> None:
    if row.medial and row.lateral:
        assert ORDER.index(row.medial) <= ORDER.index(row.lateral)
    depths = row.of_pvl_mm or row.of_disc
    assert depths is not None
    assert depths[0] < depths[1]
    assert row.slack_mm >= 0
    assert set(row.stages) <= set(stages())


@pytest.mark.parametrize("row", [r for r in landmarks().values() if r.stops], ids=lambda r: r.name)
def test_a_landmark_that_stops_says_stop_and_what_it_guards(row: LandmarkRow) -> None:
    assert row.action.startswith("Stop: ")
    assert row.guards
    assert set(row.confirm_zones) <= set(ZONES)


def test_two_rows_of_landmarks_never_share_all_they_ask() -> None:
    asked = [(r.stages, r.medial, r.lateral, r.of_pvl_mm, r.of_disc) for r in landmarks().values()]
    assert len(set(asked)) == len(asked)


# Rules


def test_a_rule_asks_a_person_or_blocks_and_each_kind_is_there() -> None:
    assert {row.severity for row in rules().values()} == {"BLOCK", "CONFIRM"}
    assert {row.comparison for row in rules().values()} == {"at least", "at most"}


@pytest.mark.parametrize("row", rules().values(), ids=lambda r: r.name)
def test_a_rule_is_one_sentence_with_a_source_and_a_code(row: RuleRow) -> None:
    assert row.what[0].isupper()
    assert not row.what.endswith(".")
    assert row.source
    assert row.code.startswith(("PL-", "AN-"))


# Goals


@pytest.mark.parametrize(("zone", "migration"), tuple(itertools.product(ZONES, MIGRATIONS)))
def test_each_kind_of_herniation_has_the_first_goal_that_speaks_of_it(
    zone: str, migration: str
) -> None:
    suits = [r for r in target_rules().values() if zone in r.zones and migration in r.migrations]
    assert find_target_rule(zone, migration) is suits[0]


@pytest.mark.parametrize(("zone", "migration"), [("lateral", "none"), ("central", "sideways")])
def test_a_kind_that_nobody_speaks_of_has_no_goal(zone: str, migration: str) -> None:
    assert find_target_rule(zone, migration) is None


def test_a_goal_has_one_height_and_not_both() -> None:
    both = {**GOAL, "below_plate_mm": (0.0, 9.0)}
    neither = {**GOAL, "cranial_mm": None}
    for wrong in (both, neither):
        with pytest.raises(ValidationError, match="cranial_mm or below_plate_mm"):
            TargetRule(**wrong)


@pytest.mark.parametrize("rule", target_rules().values(), ids=lambda r: r.name)
def test_a_goal_names_known_kinds_techniques_and_ranges(rule: TargetRule) -> None:
    assert set(rule.zones) <= set(ZONES)
    assert set(rule.migrations) <= set(MIGRATIONS)
    assert set(rule.techniques) <= set(techniques())
    ranges = (
        rule.cranial_mm,
        rule.below_plate_mm,
        rule.axial_inclination_deg,
        rule.craniocaudal_deg,
    )
    assert all(limits[0] < limits[1] for limits in ranges if limits is not None)


def test_the_further_lateral_the_herniation_the_further_lateral_its_goal() -> None:
    lines = [find_target_rule(zone, "none") for zone in ZONES]
    places = [ORDER.index(rule.line) for rule in lines if rule is not None]
    assert len(places) == len(ZONES)
    assert places == sorted(places)


def test_the_further_down_it_migrated_the_lower_its_goal() -> None:
    near, far = (find_target_rule("paracentral", m) for m in ("near-down", "far-down"))
    assert near is not None
    assert far is not None
    assert near.below_plate_mm is not None
    assert far.below_plate_mm is not None
    assert near.below_plate_mm[1] <= far.below_plate_mm[0]


# Trade-offs


@pytest.mark.parametrize("name", Weights.model_fields)
def test_a_factor_multiplies_its_own_weight_and_no_other(name: str) -> None:
    usual = technique("outside-in").weights
    trade_off = TradeOff(**{**TRADE, "factors": {name: 3.0}})
    weighed = trade_off.weigh(usual)
    for other in Weights.model_fields:
        times = 3.0 if other == name else 1.0
        assert getattr(weighed, other) == pytest.approx(times * getattr(usual, other))
    assert trade_off.weigh(weighed).model_dump()[name] == pytest.approx(9.0 * getattr(usual, name))


def test_a_trade_off_without_factors_changes_nothing() -> None:
    usual = technique("outside-in").weights
    assert TradeOff(**{**TRADE, "factors": {}}).weigh(usual) == usual


@pytest.mark.parametrize("factors", [{"clearance": -0.1}, {"clearances": 1.0}, {"": 1.0}])
def test_a_factor_below_nothing_or_of_nothing_is_refused(factors: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="multiplies no weight"):
        TradeOff(**{**TRADE, "factors": factors})
