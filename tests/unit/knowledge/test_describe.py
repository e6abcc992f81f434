import json

from kambin.knowledge import (
    constant_tables,
    describe,
    instruments,
    literature_rows,
    read_constants,
    rules,
    stages,
    target_rules,
    techniques,
)


def test_everything_in_the_tables_is_described_in_plain_json() -> None:
    shown = describe()
    assert json.loads(json.dumps(shown)) == shown
    assert len(shown["constants"]) == sum(len(read_constants(t)) for t in constant_tables())
    assert set(shown["instruments"]) == set(instruments())
    assert set(shown["techniques"]) == set(techniques())
    assert set(shown["rules"]) == set(rules())
    assert set(shown["target_rules"]) == set(target_rules())
    assert set(shown["stages"]) == set(stages())
    assert len(shown["literature"]) == len(literature_rows())


def test_a_constant_is_described_with_unit_range_tag_and_source() -> None:
    row = describe()["constants"]["margins.needle_root_hard_mm"]
    assert row["value"] == 1.0
    assert row["unit"] == "mm"
    assert row["range"] == [0.0, 4.0]
    assert row["tag"] == "D"
    assert row["source"]
    assert row["unverified"] is True


def test_what_was_read_in_the_source_is_not_unverified() -> None:
    rows = describe()["literature"]
    assert {r["unverified"] for r in rows if r["tag"] == "V"} == {False}
    assert {r["unverified"] for r in rows if r["tag"] == "M"} == {True}


def test_lists_and_mappings_of_numbers_stay_lists_and_mappings() -> None:
    rows = describe()["constants"]
    assert rows["measure.middle_band"]["value"] == [-0.2, 0.2]
    kinds = {type(row["value"]) for row in rows.values()}
    assert kinds <= {float, list, dict}
