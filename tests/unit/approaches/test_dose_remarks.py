from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.approaches.made_back import make_back, make_way

from kambin.approaches.dose_remarks import REDUCE_FOR, find_remarks
from kambin.approaches.doses import Drug, Group
from kambin.approaches.drug_words import read_drug
from kambin.approaches.infiltration import Span, find_spans, mix
from kambin.approaches.layers import Layer, find_layers
from kambin.core import read_codes
from kambin.knowledge import Jurisdiction, find_preparation
from kambin.planning import FindingRecord


@lru_cache
def _layers(*, without: tuple[str, ...] = ()) -> tuple[Layer, ...]:
    return find_layers(make_back(without=without), make_way())


@lru_cache
def _spans() -> dict[Group, Span]:
    return find_spans(make_back(), make_way(), _layers())


def _say(
    *words: str,
    weight_kg: float = 70.0,
    ceiling: Jurisdiction = "lowest",
    at_most: float = 1.0,
    reduce_for: tuple[str, ...] = ("none",),
    without: tuple[str, ...] = (),
) -> list[FindingRecord]:
    layers = _layers(without=without)
    drugs = [read_drug(word) for word in words]
    chosen = mix(drugs, _spans(), weight_kg, ceiling, at_most) if drugs else None
    return list(find_remarks(drugs, chosen, layers, reduce_for, at_most))


def _one(found: list[FindingRecord], code: str) -> FindingRecord:
    (finding,) = [one for one in found if one.code == code]
    return finding


def test_nothing_is_said_where_there_is_nothing_to_say() -> None:
    assert _say("lidocaine:0.5") == []


CALLS = [
    (("lidocaine:0.5", "bupivacaine:0.25@foramen"), {}, "PL-140", "CONFIRM"),
    (("lidocaine:1", "lidocaine:0.5"), {"weight_kg": 30.0}, "PL-141", "BLOCK"),
    (("lidocaine:1", "lidocaine:0.5"), {"weight_kg": 50.0}, "PL-142", "NOTE"),
    (("lidocaine:0.5",), {"reduce_for": ()}, "PL-143", "CONFIRM"),
    (("lidocaine:0.5",), {"reduce_for": ("cardiac",)}, "PL-143", "CONFIRM"),
    (("lidocaine:0.3",), {}, "PL-144", "CONFIRM"),
    (("levobupivacaine:0.25",), {}, "PL-144", "CONFIRM"),
    (("lidocaine:1",), {}, "PL-145", "CONFIRM"),
    ((), {}, "PL-146", "NOTE"),
    (("bupivacaine+epinephrine:0.25",), {}, "PL-147", "NOTE"),
    (("lidocaine:0.5",), {"without": ("muscle",)}, "PL-148", "NOTE"),
    (("lidocaine:0.5", "lidocaine:0.6"), {}, "PL-149", "NOTE"),
]


@pytest.mark.parametrize(("words", "options", "code", "severity"), CALLS)
def test_each_remark_is_made(
    words: tuple[str, ...], options: dict[str, object], code: str, severity: str
) -> None:
    finding = _one(_say(*words, **options), code)
    assert finding.severity == severity
    assert finding.what == read_codes()[code].title
    assert finding.next_step == read_codes()[code].next_step
    assert finding.where
    assert finding.why.endswith(".")


@pytest.mark.parametrize(("words", "options", "code", "severity"), CALLS)
def test_each_remark_is_made_for_its_own_reason_alone(
    words: tuple[str, ...], options: dict[str, object], code: str, severity: str
) -> None:
    # the same patient with one drug of the label and an answer: the remark is gone
    assert code not in [finding.code for finding in _say("lidocaine:0.5")]
    assert severity in ("BLOCK", "CONFIRM", "NOTE")


def test_what_stops_comes_first() -> None:
    found = _say(
        "lidocaine+epinephrine:2",
        "bupivacaine:0.25@foramen",
        weight_kg=30.0,
        reduce_for=(),
        at_most=0.5,
        without=("muscle",),
    )
    severities = [finding.severity for finding in found]
    order = ["BLOCK", "CONFIRM", "NOTE"]
    assert severities == sorted(severities, key=order.index)
    assert severities[0] == "BLOCK"


def test_it_is_said_at_which_concentration_the_least_would_fit() -> None:
    finding = _one(_say("lidocaine:0.5", weight_kg=30.0, at_most=0.5), "PL-141")
    # 55 mg of 90 mg are 0.61 of the ceiling, of which a half may be used
    assert "0.61 of the ceiling and 0.5 may be used" in finding.why
    # 0.8182 of it, cut down: at 0.82 the least would pass what may be used
    assert "0.81 of the concentration" in finding.why
    thinner = _say("lidocaine:0.405", weight_kg=30.0, at_most=0.5)
    assert "PL-141" not in [one.code for one in thinner]
    assert finding.where == "Lidocaine, plain 0.5 %"


@given(weight_kg=st.floats(30.0, 60.0), at_most=st.floats(0.05, 0.6))
def test_at_the_share_of_the_concentration_that_is_told_the_least_fits(weight_kg, at_most) -> None:
    found = _say("lidocaine:0.5", weight_kg=weight_kg, at_most=at_most)
    told = [one.why for one in found if one.code == "PL-141"]
    if told:
        share = float(told[0].rpartition("fit at ")[2].partition(" ")[0])
        drug = Drug(find_preparation("lidocaine"), 0.5 * share)
        assert mix([drug], _spans(), weight_kg, "lowest", at_most).fits


def test_what_was_cut_says_from_what_to_what() -> None:
    finding = _one(_say("lidocaine:0.5", weight_kg=30.0), "PL-142")
    assert "1.17 of the ceiling" in finding.why
    assert "1 may be used" in finding.why


def test_a_share_is_no_answer_that_nobody_was_asked() -> None:
    assert _one(_say("lidocaine:0.5", at_most=0.9, reduce_for=()), "PL-143")
    assert _say("lidocaine:0.5", at_most=0.9, reduce_for=("hepatic",)) == []


def test_every_reason_of_the_label_can_be_named() -> None:
    for word in REDUCE_FOR[:-1]:
        why = _one(_say("lidocaine:0.5", reduce_for=(word,)), "PL-143").why
        assert word in why
        assert "no factor" in why
    assert REDUCE_FOR[-1] == "none"


def test_no_factor_is_ever_proposed() -> None:
    found = _one(_say("lidocaine:0.5", reduce_for=("elderly",)), "PL-143")
    assert not any(character.isdigit() for character in found.why.replace("C25", ""))


def test_the_parts_without_a_drug_are_named() -> None:
    finding = _one(_say("lidocaine:0.5@skin"), "PL-145")
    assert "Facet capsule" in finding.where
    assert "Foramen" in finding.where
    assert "Skin" not in finding.where.replace("Subcutis", "")


def test_a_mixture_of_three_names_all_and_each_label_once() -> None:
    finding = _one(
        _say("lidocaine:0.5", "bupivacaine:0.25@skin", "ropivacaine:0.2@foramen"), "PL-140"
    )
    assert finding.where == "lidocaine and bupivacaine and ropivacaine"
    assert finding.why.count("C27") == 1


def test_one_drug_with_and_without_epinephrine_is_a_sum_of_two_ceilings() -> None:
    finding = _one(_say("lidocaine:0.5@foramen", "lidocaine+epinephrine:0.5"), "PL-140")
    assert finding.where == "Lidocaine, plain and Lidocaine with epinephrine"
    assert "assumption" in finding.why
    # two strengths of one preparation share one ceiling: nothing is assumed
    assert "PL-140" not in [one.code for one in _say("lidocaine:1@skin", "lidocaine:0.5")]


def test_how_much_of_the_way_has_no_label_is_told() -> None:
    finding = _one(_say("lidocaine:0.5", without=("muscle",)), "PL-148")
    # from the skin, less its own 2 mm, to the process at 75.5 mm
    assert "74 mm" in finding.why
