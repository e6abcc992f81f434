"""Difficulty exposes its terms, the learning curve ends where it was fitted, flags are no gate."""

import pytest
from tests.unit.approaches.test_indications_rules import known

from kambin.approaches.indications_answers import Answers, askable_risks, read_answers
from kambin.approaches.indications_facts import Fact
from kambin.approaches.indications_terms import (
    list_risks,
    read_learning_curve,
    weigh_difficulty,
)
from kambin.core import RequestError


def test_the_sum_is_that_of_the_terms_that_are_shown() -> None:
    found = weigh_difficulty(known(unreached_share=0.275, sap_share=0.25, ilium_angle_deg=60.0,
                                   facet_root_mm=5.4, migration_over_height=0.5,
                                   canal_share=0.6))  # fmt: skip
    shares = [term.share for term in found.terms]
    assert shares == pytest.approx([0.5, 0.5, 0.75, 0.5, 0.5, 0.7])
    assert found.total == pytest.approx(1.5 + 1.0 + 1.5 + 1.0 + 1.0 + 0.7)
    assert found.of_weight == found.all_weight == 12.0
    assert found.words == "6 of 6 terms assessed, weights not validated"
    assert (found.tag, found.validated) == ("D", False)


def test_a_term_counts_between_its_ends_only() -> None:
    easy = weigh_difficulty(known(unreached_share=0.0, sap_share=0.0, ilium_angle_deg=90.0,
                                  facet_root_mm=9.0, canal_share=0.1))  # fmt: skip
    hard = weigh_difficulty(known(unreached_share=1.0, sap_share=0.9, ilium_angle_deg=20.0,
                                  facet_root_mm=0.0, migration_over_height=3.0,
                                  canal_share=1.0))  # fmt: skip
    assert easy.total == 0.0
    assert hard.total == hard.all_weight


def test_what_is_not_assessed_counts_neither_as_easy_nor_at_all() -> None:
    found = weigh_difficulty(known(facet_root_mm=None, unreached_share=None, sap_share=None))
    lost = {term.name for term in found.terms if term.contribution is None}
    assert lost == {"facet_root_mm", "unreached_share", "sap_share"}
    assert found.of_weight == 5.0
    assert "3 of 6 terms assessed" in found.words
    assert "facet to exiting root" in found.words


def test_without_any_term_there_is_no_sum() -> None:
    nothing = {name: Fact(name, None, origin="not_assessed") for name in known()}
    found = weigh_difficulty(nothing)
    assert found.total is None
    assert found.of_weight == 0.0


@pytest.mark.parametrize(("cases", "minutes"), [(0, 69.9), (20, 59.84), (48, 45.756)])
def test_the_line_of_the_learning_curve_is_read_where_it_was_fitted(
    cases: int, minutes: float
) -> None:
    found = read_learning_curve(cases)
    assert found.minutes == pytest.approx(minutes)
    assert "no forecast" in found.words
    assert {figure.source for figure in found.figures} == {"LC1"}


def test_beyond_its_cases_and_without_an_answer_the_line_says_nothing() -> None:
    beyond, unasked = read_learning_curve(49), read_learning_curve(None)
    assert beyond.minutes is unasked.minutes is None
    assert beyond.valid_to_cases == 48
    assert "first 48 cases of one surgeon" in beyond.words
    assert unasked.words.startswith("not asked")


def test_flags_are_present_absent_or_not_asked() -> None:
    facts = known()
    asked = {f.name: f for f in list_risks(read_answers(risk=["smoking"]), facts)}
    assert asked["smoking"].present is True
    assert asked["diabetes"].present is False
    assert asked["protrusion"].present is True
    assert asked["inexperience"].because == "100 cases; see R16"
    unasked = {f.name: f for f in list_risks(Answers(), facts)}
    assert unasked["smoking"].present is None
    assert unasked["age"].because == "not asked: age (--age)"
    none = {f.name: f for f in list_risks(read_answers(risk=["none"], age_years=71), facts)}
    assert none["smoking"].present is False
    assert (none["age"].present, none["age"].because) == (None, "71 years, no border known")


def test_the_form_of_a_fragment_that_is_not_there_is_no_flag() -> None:
    flags = {f.name: f for f in list_risks(Answers(), known(morphology=None))}
    assert flags["protrusion"].present is None
    assert flags["protrusion"].because.startswith("not assessed")


def test_a_form_that_may_be_another_one_is_no_flag_either_way() -> None:
    facts = known() | {"morphology": Fact("morphology", "extrusion", neighbour="protrusion")}
    flags = {f.name: f for f in list_risks(Answers(), facts)}
    assert flags["protrusion"].present is None
    assert flags["protrusion"].because == "the fragment reads as extrusion (or protrusion)"
    clear = {f.name: f for f in list_risks(Answers(), known(morphology="extrusion"))}
    assert clear["protrusion"].present is False


def test_an_answer_covers_its_whole_list() -> None:
    assert read_answers().contraindications is None
    assert read_answers(contraindication=["none"]).contraindications == frozenset()
    named = read_answers(contraindication=["Cauda-Equina", "tumour"]).contraindications
    assert named == {"cauda_equina", "tumour"}


@pytest.mark.parametrize("words", [["headache"], ["none", "tumour"], ["tumour", "none"], [""]])
def test_an_answer_that_is_in_no_list_is_refused(words: list[str]) -> None:
    with pytest.raises(RequestError, match="RQ-160") as caught:
        read_answers(contraindication=words)
    assert "cauda-equina" in caught.value.why


def test_a_flag_that_follows_from_another_answer_cannot_be_named() -> None:
    assert not {"age", "protrusion", "inexperience"} & set(askable_risks())
    with pytest.raises(RequestError, match="RQ-160"):
        read_answers(risk=["age"])


@pytest.mark.parametrize(
    "number",
    [
        {"translation_mm": -0.1},
        {"angulation_deg": float("nan")},
        {"surgeon_cases": -1},
        {"age_years": -3.0},
    ],
)
def test_a_negative_number_is_no_answer(number: dict[str, float]) -> None:
    with pytest.raises(RequestError, match="RQ-161"):
        read_answers(**number)


def test_zero_is_an_answer() -> None:
    found = read_answers(translation_mm=0.0, surgeon_cases=0)
    assert (found.translation_mm, found.surgeon_cases) == (0.0, 0)
