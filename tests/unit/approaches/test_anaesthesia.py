from functools import lru_cache

import pytest
from tests.unit.approaches.made_back import make_back, make_way

from kambin.anatomy import Level
from kambin.approaches.anaesthesia import DrugRequest, plan_anaesthesia
from kambin.approaches.anaesthesia_models import Anaesthesia
from kambin.approaches.checkpoints import find_checkpoints, find_depths_mm, find_roots
from kambin.approaches.drug_words import read_drug
from kambin.core import RequestError
from kambin.frames import Side
from kambin.knowledge import Checkpoints, checkpoints, cite, find_keys, preparations


@lru_cache
def _found(
    *drugs: str,
    weight_kg: float = 70.0,
    ceiling: str = "lowest",
    at_most: float = 1.0,
    reduce_for: tuple[str, ...] = ("none",),
) -> Anaesthesia:
    request = DrugRequest(
        weight_kg, tuple(read_drug(word) for word in drugs), ceiling, at_most, reduce_for
    )
    return plan_anaesthesia(make_back(), make_way(), request)


def _codes(found: Anaesthesia) -> list[str]:
    return [finding.code for finding in found.findings]


def test_one_drug_is_given_to_every_part_of_the_way() -> None:
    found = _found("lidocaine 0.5%")
    assert found.chosen is not None
    parts = found.chosen.infiltration
    assert [(p.group, p.volume_ml, p.dose_mg) for p in parts] == [
        ("skin", 3.0, 15.0),
        ("track", 10.0, 50.0),
        ("facet", 5.0, 25.0),
        ("foramen", 3.0, 15.0),
    ]
    assert found.chosen.total_ml == 21.0
    assert found.chosen.fraction_of_ceiling == 105 / 200
    assert found.findings == ()
    assert found.alternatives == ()
    depths = [(p.from_mm, p.to_mm) for p in parts]
    assert depths[0] == (0.0, 2.0)
    assert depths[-1] == pytest.approx((82.0, 90.0), abs=0.1)


def test_near_the_root_only_a_low_concentration_is_given() -> None:
    found = _found("lidocaine 1%")
    assert found.chosen is not None
    foramen = found.chosen.infiltration[-1]
    assert (foramen.drug, foramen.volume_ml, foramen.most_percent) == (None, None, 0.5)
    assert _codes(found) == ["PL-145"]
    both = _found("lidocaine 1%", "lidocaine 0.5%")
    assert both.chosen is not None
    assert [p.percent for p in both.chosen.infiltration] == [1.0, 1.0, 1.0, 0.5]
    assert _codes(both) == []


def test_a_drug_may_be_meant_for_a_part() -> None:
    found = _found("lidocaine:1", "ropivacaine:0.3@skin,foramen")
    assert found.chosen is not None
    assert [p.drug for p in found.chosen.infiltration] == [
        "ropivacaine",
        "lidocaine",
        "lidocaine",
        "ropivacaine",
    ]


def test_two_agents_are_warned_of_with_what_their_labels_say() -> None:
    found = _found("lidocaine:0.5", "bupivacaine:0.25@foramen")
    assert _codes(found) == ["PL-140"]
    assert "C27" in found.findings[0].why
    assert found.chosen is not None
    shares = [drug.fraction for drug in found.chosen.drugs]
    assert found.chosen.fraction_of_ceiling == pytest.approx(sum(shares))
    # the same drug twice is no mixture
    assert _codes(_found("lidocaine:1", "lidocaine:0.5")) == []


def test_volumes_that_were_cut_are_told() -> None:
    found = _found("lidocaine 0.5%", weight_kg=30.0, ceiling="uk")
    assert _codes(found) == ["PL-142"]
    assert found.chosen is not None
    assert found.chosen.fraction_of_ceiling <= 1.0
    assert found.chosen.most_fraction == 105 / 90


def test_the_least_that_does_not_fit_is_told_and_nothing_is_cut() -> None:
    found = _found("lidocaine 1%", "lidocaine 0.5%", weight_kg=30.0, ceiling="lowest")
    assert _codes(found)[0] == "PL-141"
    assert found.findings[0].severity == "BLOCK"
    assert found.chosen is not None
    assert not found.chosen.fits
    assert {p.volume_ml for p in found.chosen.infiltration} == {None}
    assert {d.dose_mg for d in found.chosen.drugs} == {None}
    assert found.chosen.total_ml is None


def test_nobody_is_taken_for_healthy_and_no_factor_is_made_up() -> None:
    assert _codes(_found("lidocaine:0.5", reduce_for=())) == ["PL-143"]
    named = _found("lidocaine:0.5", reduce_for=("elderly", "hepatic"))
    assert _codes(named) == ["PL-143"]
    assert "elderly, hepatic" in named.findings[0].why
    assert named.chosen == _found("lidocaine:0.5").chosen
    # a share that a person chose answers it
    assert _codes(_found("lidocaine:0.5", reduce_for=("elderly",), at_most=0.6)) == []


def test_concentrations_off_the_label_are_asked_about() -> None:
    off = _found("lidocaine:0.4")
    assert [(f.code, f.severity) for f in off.findings] == [("PL-144", "CONFIRM")]
    assert "0.5 % and 1 %" in off.findings[0].why
    unknown = _found("ropivacaine:0.2")
    assert "No source" in unknown.findings[0].why


def test_epinephrine_itself_and_a_drug_without_a_place_are_told() -> None:
    assert _codes(_found("lidocaine+epinephrine:0.5")) == ["PL-147"]
    found = _found("lidocaine:0.5", "lidocaine:1")
    assert _codes(found) == ["PL-149"]
    high = _found("lidocaine:0.5@skin,track,facet", "lidocaine:1@foramen")
    assert _codes(high) == ["PL-145", "PL-149"]
    assert "Foramen" in high.findings[1].why


def test_without_a_drug_every_one_is_told_and_none_chosen() -> None:
    found = _found()
    assert found.chosen is None
    assert _codes(found) == ["PL-146"]
    named = [(m.drugs[0].drug, m.drugs[0].percent) for m in found.alternatives]
    table = [
        (row.name, percent)
        for row in preparations().values()
        for percent in [s.percent for s in row.concentrations] or [None]
    ]
    assert named == table
    plain = {m.drugs[0].percent: m for m in found.alternatives if m.drugs[0].drug == "lidocaine"}
    limits = {percent: m.drugs[0].limit_ml for percent, m in plain.items()}
    assert limits == {0.5: 40.0, 1.0: 20.0}
    terms = {(t.table, t.term): t.limit_ml for t in plain[1.0].drugs[0].ceilings}
    assert terms["practice", "mg_per_kg"] == 21.0
    assert terms["us-label", "cap_mg"] == 30.0
    assert [t.table for t in plain[1.0].drugs[0].ceilings if t.rules] == ["uk"]
    unnamed = found.alternatives[-1]
    assert (unnamed.drugs[0].limit_mg, unnamed.drugs[0].limit_ml) == (140.0, None)


def test_a_chosen_table_lists_only_what_it_knows() -> None:
    names = {m.drugs[0].drug for m in _found(ceiling="uk").alternatives}
    assert names == {"lidocaine", "ropivacaine", "levobupivacaine"}
    with pytest.raises(RequestError) as raised:
        _found("bupivacaine:0.25", ceiling="uk")
    assert raised.value.code == "RQ-142"


def test_every_key_of_a_source_is_written_out() -> None:
    found = _found("lidocaine:0.5")
    assert {"C25", "C30", "X16", "C24"} <= set(found.sources)
    assert all(cite(key) == text for key, text in found.sources.items())


def test_where_the_axis_misses_the_joint_it_says_how_near_it_comes() -> None:
    # above the process, which ends 30 mm cranial of the disc
    high = make_way(entry_mm=(100.0, 0.0, 35.5), target_mm=(10.0, 0.0, 35.5))
    found = plan_anaesthesia(make_back(), high, DrugRequest(70.0))
    part = found.alternatives[0].infiltration[2]
    assert part.group == "facet"
    assert part.from_mm == part.to_mm
    assert part.from_mm == pytest.approx(77.0, abs=1.6)
    assert "at about 6 mm" in part.note
    blind = plan_anaesthesia(make_back(without=("sap",)), high, DrugRequest(70.0))
    part = blind.alternatives[0].infiltration[2]
    assert (part.from_mm, part.note) == (None, "sap:L5:left is not assessed.")


def test_without_muscles_the_document_says_so() -> None:
    found = plan_anaesthesia(
        make_back(without=("muscle",)), make_way(), DrugRequest(70.0, reduce_for=("none",))
    )
    assert "PL-148" in [finding.code for finding in found.findings]


@pytest.mark.parametrize(
    ("level", "roots"),
    [("L3-L4", ("L3", "L4")), ("L4-L5", ("L4", "L5")), ("L5-S1", ("L5", "S1"))],
)
def test_the_upper_root_leaves_and_the_lower_one_passes(level: str, roots: tuple[str, str]) -> None:
    exiting, traversing = find_roots(Level.parse(level))
    assert (exiting.role, exiting.root, traversing.root) == ("exiting", *roots)
    assert "table" not in exiting.area + traversing.area


def test_a_root_without_a_row_is_not_given_anothers() -> None:
    assert find_roots(Level.parse("L6-S1"))[0].area == "not in the table"


def test_checkpoints_follow_the_stages_with_depths_and_roots() -> None:
    plan = make_way(Side.RIGHT)
    found = {one.stage: one for one in find_checkpoints(plan)}
    assert list(found) == list(checkpoints().stages)
    assert (found["needle"].from_mm, found["needle"].to_mm) == (0.0, 90.0)
    assert found["cannula"].to_mm == 84.0
    assert find_depths_mm(plan, "scope") is None
    exiting = [r for r in found["needle"].reports if "exiting" in r.means]
    assert [(r.stops, "L4" in r.says, "thigh" in r.says) for r in exiting] == [(True, True, True)]
    texts = [r.says + r.means + r.action for one in found.values() for r in one.reports]
    assert not any("{" in text for text in texts)


def test_shooting_pain_stops_and_silence_clears_nothing() -> None:
    rules = {row.what: row.says for row in _found().stop_rules}
    assert "stop" in rules["leg"]
    assert "clears nothing" in rules["silence"]
    for name in ("exiting", "traversing", "cauda", "pressure"):
        assert checkpoints().reports[name].stops


def test_a_stage_that_listens_for_nothing_known_is_refused() -> None:
    table = checkpoints().model_dump()
    table["stages"]["needle"]["reports"] = ("hunger",)
    with pytest.raises(ValueError, match="hunger"):
        Checkpoints.model_validate(table)


def test_every_row_of_the_tables_says_where_it_is_from() -> None:
    table = checkpoints()
    rows = [
        *table.dermatomes.values(),
        *table.reports.values(),
        *table.stages.values(),
        *table.stops.values(),
        *table.timing.values(),
    ]
    for row in rows:
        assert row.source
        # what was read has a key that the bibliography knows
        assert row.tag in ("M", "D") or find_keys(row.source)
    for one in preparations().values():
        for ceiling in one.ceilings:
            assert find_keys(ceiling.source)
