from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.approaches.made_back import MUSCLE_MM, SAP_MM, make_back, make_way

from kambin.approaches.anaesthesia_models import DrugDose, Infiltration, Mixture
from kambin.approaches.doses import GROUPS, Drug, Group, find_limit
from kambin.approaches.drug_words import read_drug
from kambin.approaches.infiltration import NO_LAYER, Span, find_ceilings, find_spans, may_go, mix
from kambin.approaches.layers import find_layers
from kambin.core import RequestError
from kambin.frames import Side
from kambin.knowledge import (
    JURISDICTIONS,
    Jurisdiction,
    constant,
    find_preparation,
    preparations,
    values,
)

SPANS: dict[Group, Span] = {
    "skin": Span(0.0, 2.0),
    "track": Span(2.0, 75.0),
    "facet": Span(75.5, 78.5),
    "foramen": Span(82.0, 90.0),
}


def _mix(*words: str, weight_kg: float = 70.0, ceiling: Jurisdiction = "lowest") -> Mixture:
    return mix([read_drug(word) for word in words], SPANS, weight_kg, ceiling, 1.0)


def _parts(found: Mixture) -> dict[Group, Infiltration]:
    return {part.group: part for part in found.infiltration}


def _drugs(found: Mixture) -> dict[tuple[str, float | None], DrugDose]:
    return {(one.drug, one.percent): one for one in found.drugs}


@pytest.mark.parametrize("side", list(Side))
def test_parts_lie_where_their_layers_lie(side: Side) -> None:
    back, plan = make_back(side), make_way(side)
    spans = find_spans(back, plan, find_layers(back, plan))
    found = {group: (span.from_mm, span.to_mm) for group, span in spans.items()}
    assert found["skin"] == pytest.approx((0.0, 2.0), abs=0.06)
    assert found["track"] == pytest.approx((2.0, 82.0), abs=0.06)
    assert found["facet"] == pytest.approx((75.5, 78.5), abs=0.06)
    assert found["foramen"] == pytest.approx((82.0, 90.0), abs=0.06)
    assert {span.note for span in spans.values()} == {""}


def test_a_way_that_ends_before_the_foramen_has_no_layer_there() -> None:
    back = make_back()
    short = make_way(target_mm=(30.0, 0.0, 0.0))
    spans = find_spans(back, short, find_layers(back, short))
    assert spans["foramen"].note == "No layer of its own."
    assert spans["foramen"].to_mm == short.trajectory.length_mm


def test_a_way_that_begins_in_a_label_has_its_skin_at_the_entry_and_not_at_the_foramen() -> None:
    back = make_back()
    inside = make_way(entry_mm=(MUSCLE_MM - 2.0, 0.0, 0.0))
    layers = find_layers(back, inside)
    assert "skin" not in {one.group for one in layers}
    skin = find_spans(back, inside, layers)["skin"]
    assert skin == Span(0.0, 0.0, NO_LAYER)


def test_a_way_without_a_track_ends_it_where_the_first_layer_ends() -> None:
    back = make_back()
    # from within the superior process
    inside = make_way(entry_mm=(SAP_MM[0] - 0.5, 0.0, 0.0))
    layers = find_layers(back, inside)
    track = find_spans(back, inside, layers[:1])["track"]
    assert (track.from_mm, track.to_mm, track.note) == (0.0, layers[0].to_mm, NO_LAYER)


def test_every_part_is_told_with_range_tag_and_source() -> None:
    parts = _parts(_mix("lidocaine:0.5"))
    assert list(parts) == list(GROUPS)
    assert {g: p.wished_ml for g, p in parts.items()} == {
        "skin": (2.0, 3.0),
        "track": (5.0, 10.0),
        "facet": (3.0, 5.0),
        "foramen": (1.0, 3.0),
    }
    assert {p.tag for p in parts.values()} == {"M"}
    assert all(p.source == constant(f"layers.{g}_ml").source for g, p in parts.items())
    assert {g: p.most_percent for g, p in parts.items()} == {
        "skin": None,
        "track": None,
        "facet": None,
        "foramen": 0.5,
    }
    assert {g: (p.from_mm, p.to_mm) for g, p in parts.items()} == {
        group: (span.from_mm, span.to_mm) for group, span in SPANS.items()
    }


def test_volume_times_concentration_is_the_dose() -> None:
    found = _mix("lidocaine:1", "bupivacaine:0.25@foramen")
    for part in found.infiltration:
        assert part.volume_ml is not None
        assert part.percent is not None
        assert part.dose_mg == pytest.approx(10 * part.percent * part.volume_ml)
    total = sum(part.volume_ml or 0.0 for part in found.infiltration)
    assert found.total_ml == pytest.approx(total)


def test_doses_of_the_parts_add_up_to_those_of_the_drugs() -> None:
    found = _mix("lidocaine:1", "lidocaine:0.5@foramen", "ropivacaine:0.2@skin")
    for (name, percent), drug in _drugs(found).items():
        own = [p for p in found.infiltration if (p.drug, p.percent) == (name, percent)]
        assert drug.dose_mg == pytest.approx(sum(p.dose_mg or 0.0 for p in own))
        assert drug.volume_ml == pytest.approx(sum(p.volume_ml or 0.0 for p in own))
        assert drug.fraction == pytest.approx((drug.dose_mg or 0.0) / drug.limit_mg)
    total = sum(drug.fraction or 0.0 for drug in found.drugs)
    assert found.fraction_of_ceiling == pytest.approx(total)


def test_two_strengths_of_one_drug_share_one_ceiling() -> None:
    found = _mix("lidocaine:1", "lidocaine:0.5@foramen")
    assert {drug.limit_mg for drug in found.drugs} == {200.0}
    assert found.fraction_of_ceiling == pytest.approx((180.0 + 15.0) / 200.0)


def test_the_first_drug_that_may_go_there_is_given() -> None:
    found = _parts(_mix("lidocaine:1", "lidocaine:0.5", "bupivacaine:0.25"))
    assert {g: (p.drug, p.percent) for g, p in found.items()} == {
        "skin": ("lidocaine", 1.0),
        "track": ("lidocaine", 1.0),
        "facet": ("lidocaine", 1.0),
        "foramen": ("lidocaine", 0.5),
    }


def test_what_is_meant_for_a_part_comes_before_what_goes_anywhere() -> None:
    found = _parts(_mix("lidocaine:0.5", "bupivacaine:0.25@skin,facet"))
    assert {g: p.drug for g, p in found.items()} == {
        "skin": "bupivacaine",
        "track": "lidocaine",
        "facet": "bupivacaine",
        "foramen": "lidocaine",
    }


def test_a_part_that_nothing_is_meant_for_stays_empty() -> None:
    found = _parts(_mix("lidocaine:0.5@skin,track"))
    assert {g: p.volume_ml for g, p in found.items()} == {
        "skin": 3.0,
        "track": 10.0,
        "facet": None,
        "foramen": None,
    }


@pytest.mark.parametrize(
    ("percent", "group", "allowed"),
    [
        (0.25, "foramen", True),
        (0.5, "foramen", True),
        (0.51, "foramen", False),
        (2.0, "foramen", False),
        (2.0, "skin", True),
        (2.0, "track", True),
        (2.0, "facet", True),
    ],
)
def test_only_low_concentrations_go_near_the_root(
    percent: float, group: Group, allowed: bool
) -> None:
    assert may_go(Drug(find_preparation("lidocaine"), percent), group) is allowed


@pytest.mark.parametrize(
    ("name", "ceiling", "weight_kg", "limit_mg", "table", "term"),
    [
        ("lidocaine", "lowest", 50.0, 150.0, "uk", "mg_per_kg"),
        ("lidocaine", "lowest", 90.0, 200.0, "uk", "cap_mg"),
        ("lidocaine", "uk", 90.0, 200.0, "uk", "cap_mg"),
        ("lidocaine", "us-label", 50.0, 225.0, "us-label", "mg_per_kg"),
        ("lidocaine", "us-label", 90.0, 300.0, "us-label", "cap_mg"),
        ("lidocaine+epinephrine", "us-label", 60.0, 420.0, "us-label", "mg_per_kg"),
        ("lidocaine+epinephrine", "us-label", 90.0, 500.0, "us-label", "cap_mg"),
        ("bupivacaine", "lowest", 60.0, 120.0, "practice", "mg_per_kg"),
        ("bupivacaine", "lowest", 120.0, 175.0, "us-label", "cap_mg"),
        ("bupivacaine", "us-label", 60.0, 120.0, "practice", "mg_per_kg"),
        ("bupivacaine", "us-label", 120.0, 175.0, "us-label", "cap_mg"),
        ("bupivacaine+epinephrine", "us-label", 120.0, 225.0, "us-label", "cap_mg"),
        ("ropivacaine", "uk", 60.0, 180.0, "uk", "mg_per_kg"),
        ("ropivacaine", "lowest", 90.0, 200.0, "uk", "cap_mg"),
        ("levobupivacaine", "lowest", 60.0, 120.0, "uk", "mg_per_kg"),
        ("levobupivacaine", "uk", 90.0, 150.0, "uk", "cap_mg"),
    ],
)
def test_the_term_that_rules_is_the_least_of_the_chosen_tables(
    name: str,
    ceiling: Jurisdiction,
    weight_kg: float,
    limit_mg: float,
    table: str,
    term: str,
) -> None:
    found = find_ceilings(find_preparation(name), 0.5, weight_kg, ceiling)
    assert found.limit_mg == limit_mg
    assert found.limit_ml == limit_mg / 5.0
    ruling = [(one.table, one.term) for one in found.ceilings if one.rules]
    assert (table, term) in ruling


def test_without_a_concentration_there_are_milligrams_and_no_millilitres() -> None:
    found = find_ceilings(find_preparation("ropivacaine"), None, 70.0, "lowest")
    assert (found.limit_mg, found.limit_ml, found.mg_per_ml) == (200.0, None, None)
    assert {one.limit_ml for one in found.ceilings} == {None}


def test_every_published_term_is_listed_whichever_table_was_chosen() -> None:
    for ceiling in ("lowest", "us-label", "uk"):
        found = find_ceilings(find_preparation("lidocaine"), 1.0, 70.0, ceiling)
        terms = {(one.table, one.term): one.limit_ml for one in found.ceilings}
        assert terms == {
            ("us-label", "mg_per_kg"): 31.5,
            ("us-label", "cap_mg"): 30.0,
            ("uk", "mg_per_kg"): 21.0,
            ("uk", "cap_mg"): 20.0,
            ("practice", "mg_per_kg"): 21.0,
        }


@pytest.mark.parametrize(
    ("word", "ceiling"),
    [
        ("ropivacaine:0.2", "us-label"),
        ("levobupivacaine:0.25", "us-label"),
        ("bupivacaine:0.25", "uk"),
        ("lidocaine+epinephrine:0.5", "uk"),
        ("bupivacaine+epinephrine:0.25", "uk"),
    ],
)
def test_one_drug_without_a_ceiling_refuses_the_whole_mixture(
    word: str, ceiling: Jurisdiction
) -> None:
    with pytest.raises(RequestError) as raised:
        _mix("lidocaine:0.5", word, ceiling=ceiling)
    assert raised.value.code == "RQ-142"
    assert word.partition(":")[0] in raised.value.where


def test_where_the_least_does_not_fit_nothing_is_told_as_given() -> None:
    found = _mix("lidocaine:2@skin,track,facet", "lidocaine:0.5@foramen", weight_kg=40.0)
    assert not found.fits
    assert found.least_fraction > 1
    assert (found.total_ml, found.fraction_of_ceiling) == (None, None)
    for drug in found.drugs:
        assert (drug.dose_mg, drug.volume_ml, drug.fraction) == (None, None, None)
    for part in found.infiltration:
        assert (part.volume_ml, part.dose_mg) == (None, None)
        # what does not fit is still told
        assert part.drug == "lidocaine"


WORDS = st.builds(
    lambda name, percent, groups: f"{name}:{percent:.2f}" + (f"@{','.join(groups)}" * bool(groups)),
    st.sampled_from(sorted(preparations())),
    st.floats(0.05, 2.0),
    st.lists(st.sampled_from(GROUPS), max_size=3, unique=True),
)


@given(
    st.lists(WORDS, min_size=1, max_size=4),
    st.floats(30.0, 200.0),
    st.floats(0.05, 1.0),
    st.sampled_from(JURISDICTIONS),
)
def test_no_document_is_above_its_ceiling(
    words: list[str], weight_kg: float, at_most: float, ceiling: Jurisdiction
) -> None:
    drugs = [read_drug(word) for word in words]
    tables = [{row.table for row in drug.preparation.ceilings} for drug in drugs]
    if ceiling != "lowest" and not all(ceiling in known for known in tables):
        with pytest.raises(RequestError):
            mix(drugs, SPANS, weight_kg, ceiling, at_most)
        return
    found = mix(drugs, SPANS, weight_kg, ceiling, at_most)
    assert (found.fraction_of_ceiling or 0.0) <= at_most
    by_name: dict[str, Fraction] = {}
    for part in found.infiltration:
        low, high = values(f"layers.{part.group}_ml")
        if part.volume_ml is None:
            continue
        assert low <= part.volume_ml <= high
        assert part.drug is not None
        assert part.percent is not None
        assert part.group != "foramen" or part.percent <= 0.5
        dose = 10 * Fraction(repr(part.percent)) * Fraction(repr(part.volume_ml))
        by_name[part.drug] = by_name.get(part.drug, Fraction(0)) + dose
    # added up again from what is printed, drug by drug and over all drugs
    limits = {name: find_limit(find_preparation(name), weight_kg, ceiling).mg for name in by_name}
    assert all(dose <= limits[name] for name, dose in by_name.items())
    assert sum((dose / limits[name] for name, dose in by_name.items()), Fraction(0)) <= 1
