"""Table V10: the MSU thresholds and the published rates of R1 to R3, on masks of known size.

The canal of these boxes is 24 mm wide and 13 mm deep, the disc's margin 10 mm high.
"""

import pytest
from tests.unit.measure.conftest import Box, build

from kambin.anatomy import Case
from kambin.measure.herniation import measure_herniation
from kambin.measure.herniation_types import Herniation, PublishedRate
from kambin.measure.herniation_words import describe_herniation

CANAL: Box = (-12, 12, 17, 30, -40, 40)
NO_NERVES = ("dural_sac", "exiting_root:L4:left", "exiting_root:L4:right")


def classify(box: Box, case: Case, *missing: str) -> Herniation:
    anatomy = build(fragment=(box,), canal=(CANAL,), without=(*NO_NERVES, *missing))
    found, _ = measure_herniation(anatomy, case)
    assert found is not None
    return found


def rates(box: Box, case: Case) -> dict[str, PublishedRate]:
    return {rate.rule: rate for rate in classify(box, case).rates}


CENTRAL_SEVERE: Box = (-12, 12, 17, 27, -4, 4)
LATERAL_SEVERE: Box = (-6, 12, 17, 29, -4, 4)
MILD: Box = (3, 9, 17, 21, -4, 4)
LOW: Box = (3, 9, 17, 22, -15, -7)
HIGH: Box = (3, 9, 17, 22, -19, -11)


@pytest.mark.parametrize(
    ("box", "applying"),
    [
        (CENTRAL_SEVERE, {"R1"}),
        (LATERAL_SEVERE, {"R2"}),
        (MILD, set()),
        (LOW, set()),
        (HIGH, {"R3"}),
    ],
)
def test_each_rule_applies_to_what_it_was_published_of(
    box: Box, applying: set[str], a_case: Case
) -> None:
    assert {name for name, rate in rates(box, a_case).items() if rate.applies} == applying


def test_the_published_rates_are_shown_exactly(a_case: Case) -> None:
    shown = {
        heading: line for heading, line in describe_herniation(classify(CENTRAL_SEVERE, a_case))
    }
    assert shown["Rule R1"].startswith("yes")
    assert "central: 15 % (1.9 % up to 50%)" in shown["Rule R1"]
    assert shown["Rule R2"].startswith("no")
    assert "not central: 11.1 % (1.9 % up to 50%)" in shown["Rule R2"]
    assert "posterior margin: 15.7 % (2.7 % no migration, 3.7 % low grade)" in shown["Rule R3"]
    assert "Lee SH 2006" in shown[""]
    assert "no forecast" in shown[""]


def test_the_document_carries_rule_rate_and_source(a_case: Case) -> None:
    rules = classify(HIGH, a_case).as_document()["rules"]
    assert [(rule["rule"], rule["failure_percent"]) for rule in rules] == [
        ("R1", 15.0), ("R2", 11.1), ("R3", 15.7),
    ]  # fmt: skip
    assert all("Lee SH 2006" in rule["source"] for rule in rules)
    assert rules[2]["others_percent"] == {"no migration": 2.7, "low grade": 3.7}
    assert "high: tip" in rules[2]["because"]


@pytest.mark.parametrize(
    ("far_mm", "applies", "is_borderline"),
    [(22, False, False), (23, False, True), (25, True, False)],
)
def test_half_of_the_canal_is_the_border_and_near_it_is_told(
    far_mm: float, *, applies: bool, is_borderline: bool, a_case: Case
) -> None:
    # over the whole width, so that the share is the depth against 13 mm
    rate = rates((-12, 12, 17, far_mm, -4, 4), a_case)["R1"]
    assert (rate.applies, rate.is_borderline) == (applies, is_borderline)


def test_without_a_canal_the_first_two_rules_are_not_assessed(a_case: Case) -> None:
    found = classify(MILD, a_case, "canal")
    known = {rate.rule: rate.applies for rate in found.rates}
    assert known == {"R1": None, "R2": None, "R3": False}
    assert "not assessed: Not assessed: the canal" in dict(describe_herniation(found))["Rule R1"]


@pytest.mark.parametrize(("far_mm", "size"), [(24, 1), (25, 2), (32, 2), (33, 3)])
def test_the_msu_thresholds_are_half_and_all_of_the_way(
    far_mm: float, size: int, a_case: Case
) -> None:
    # the facet line lies at y = 32 over the left of these boxes, the disc's margin at 17
    found = classify((3, 9, 17, far_mm, -4, 4), a_case)["msu_size"]
    exact = found.measured["h_mm"] / found.measured["d_mm"]
    assert found.value == size
    assert found.value == 1 + (exact > 0.5) + (exact > 1.0)
