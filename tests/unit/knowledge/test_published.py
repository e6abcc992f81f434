import json
import re

import pytest

from kambin.knowledge import (
    APPROACHES,
    TAGS,
    Published,
    cite,
    describe,
    find_keys,
    published,
    published_of,
    sources,
    value,
)
from kambin.knowledge.promises import promises
from kambin.knowledge.published import GROUPS, SPREADS
from kambin.knowledge.sources import NO_PAPER
from kambin.knowledge.suitability import suitability_rules

ROWS = tuple(published().values())
METRICS = (
    "blood_visible", "blood_hidden", "muscle_enzymes", "radiation_time", "radiation_dose", "stay",
    "pain", "disability", "reoperation", "recurrence", "complications", "return_to_work", "walking",
    "incision", "muscle_fat", "facet_kept", "failure", "success",
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_every_figure_says_of_whom_how_and_from_where(row: Published) -> None:
    assert row.approach in (*APPROACHES, *GROUPS)
    assert row.comparator in ("", *APPROACHES, *GROUPS)
    assert row.unit
    assert row.design
    assert row.definition
    assert row.tag in TAGS
    assert row.spread_kind in SPREADS
    assert row.n is None or row.n > 0


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_every_figure_can_be_walked_to_its_source(row: Published) -> None:
    keys = [word.strip() for word in row.source.split(",")]
    assert list(find_keys(row.source)) == keys
    assert all(cite(key) for key in keys)
    # what no paper was read for is shown as unverified, and what was is not
    if set(keys) & set(NO_PAPER):
        assert row.is_unverified
    document = row.as_document()
    assert document["citations"] == {key: sources()[key] for key in keys}
    assert document["unverified"] is row.is_unverified


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_every_figure_has_something_to_show(row: Published) -> None:
    assert row.figure
    assert row.origin.endswith(f"[{row.tag}]")
    if row.value is None and (row.low is None or row.high is None):
        assert row.says


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_the_kind_of_a_spread_fits_the_numbers_that_stand_there(row: Published) -> None:
    if row.spread_kind in ("sd", "se"):
        assert row.spread is not None
        assert row.spread > 0
    else:
        assert row.spread is None
    if row.spread_kind == "none":
        assert row.low is row.high is None
    if row.low is not None and row.high is not None:
        assert row.low < row.high
        middle = row.low if row.value is None else row.value
        assert row.low <= middle <= row.high


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_a_share_that_is_counted_is_the_one_that_is_printed(row: Published) -> None:
    counted = re.search(r"(\d+) of (\d+)\b", row.design)
    if counted is None:
        return
    part, whole = (int(number) for number in counted.groups())
    assert row.n == whole
    assert row.value is not None
    # as many digits as the paper prints: whole per cents, or one digit
    printed = 0.5 if row.value == int(row.value) else 0.05
    assert 100.0 * part / whole == pytest.approx(row.value, abs=printed)


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_of_the_comparison_has_figures(metric: str) -> None:
    assert published_of(metric)


def test_what_is_shown_carries_unit_kind_of_spread_and_number_of_cases() -> None:
    row = published()["blood_visible_peld"]
    assert row.figure == "10.8 +- 4.1 mL (SD)"
    assert row.origin == "retrospective comparison, preprint, n = 267 (O13) [V]"
    assert published()["incision_open"].figure == "30 to 60 mm"
    assert published()["incision_open"].origin == "none read (no source read) [M]"
    assert (
        published()["complications_meta_open"].figure == "0.22 ratio of odds (95 % CI 0.14 to 0.33)"
    )
    assert published()["pain_trial_pted"].figure == "7 of 100 (bracket 1 to 30)"
    assert published()["infection_transforaminal"].figure == "less than 0.5 %"


def test_a_rule_on_ways_past_the_disc_shows_the_figures_of_these_ways() -> None:
    row = suitability_rules()["R4"]
    shown = {key for name in row.figures for key in find_keys(published()[name].source)}
    assert {"T23", "T24"} <= shown
    assert published()["success_notch"].figure == "95.3 %"


def test_a_figure_of_few_persons_says_so() -> None:
    assert published()["work_open_contracted"].origin == "prospective series, n = 3 (O17) [V]"


def test_no_difference_is_not_told_as_one() -> None:
    assert published()["blood_difference_pted"].figure.startswith("no significant difference")


def test_figures_that_contradict_each_other_stand_side_by_side() -> None:
    rows = published_of("complications", "transforaminal")
    figures = {row.source: row.figure for row in rows}
    assert figures["O4"].startswith("0.22 ratio of odds")
    assert figures["O6"] == "13.44 %"
    assert {row.definition for row in rows if row.source == "C15"} >= {"Any complication, median"}
    assert len(rows) >= 8


def test_a_figure_of_a_group_speaks_of_all_its_ways_and_of_no_other() -> None:
    open_stay = published()["stay_open"]
    assert [a for a in APPROACHES if open_stay.speaks_of(a)] == [
        "open_fenestration",
        "open_laminectomy",
    ]
    assert open_stay in published_of("stay", "open_laminectomy")
    assert open_stay not in published_of("stay", "transforaminal")


def test_an_unknown_metric_is_an_error_and_no_empty_list() -> None:
    with pytest.raises(LookupError, match="happiness"):
        published_of("happiness")


def test_an_unknown_source_is_an_error() -> None:
    with pytest.raises(LookupError, match="Z9"):
        cite("Z9")


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("T5", ("T5",)),
        ("M7, M8, M7", ("M7", "M8")),
        ("evidence 3.5 (A22, A49)", ("A22", "A49")),
        ("evidence 10.1", ()),
        ("Nellensteijn", ("Nellensteijn",)),
        ("O6b", ("O6b",)),
        ("LC1, LC2", ("LC1", "LC2")),
        ("general", ("general",)),
    ],
)
def test_keys_are_found_in_a_source(text: str, keys: tuple[str, ...]) -> None:
    assert find_keys(text) == keys


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("failure_canal_central", "r1_failure_percent"),
        ("failure_canal_not_central", "r2_failure_percent"),
        ("failure_migration_high", "r3_failure_percent"),
        ("failure_canal_low", "canal_low_failure_percent"),
        ("failure_migration_none", "migration_none_failure_percent"),
        ("failure_migration_low", "migration_low_failure_percent"),
    ],
)
def test_failures_are_those_that_measure_prints(name: str, row: str) -> None:
    assert published()[name].value == value(f"herniation.{row}")


def test_the_figures_and_the_bibliography_are_described() -> None:
    shown = describe()
    assert json.loads(json.dumps(shown["published"])) == shown["published"]
    assert set(shown["published"]) == set(published())
    assert shown["sources"] == dict(sources())
    assert set(shown["promises"]) == set(promises())
    assert set(shown["suitability"]) == set(suitability_rules())
