from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.approaches.doses import (
    GROUPS,
    Drug,
    Wish,
    exact,
    find_limit,
    find_share,
    find_terms,
    fit_volumes,
)
from kambin.core import RequestError
from kambin.knowledge import (
    JURISDICTIONS,
    Ceiling,
    Preparation,
    find_preparation,
    preparations,
    values,
)

LIDOCAINE = find_preparation("lidocaine")


def _ml(weight_kg: float, percent: float) -> dict[tuple[str, str], float]:
    per_ml = Drug(LIDOCAINE, percent).mg_per_ml
    terms = find_terms(LIDOCAINE, weight_kg)
    return {(t.ruling.table, t.term): float(t.mg / per_ml) for t in terms}


@pytest.mark.parametrize(
    ("percent", "practice", "cap", "label"), [(1.0, 21.0, 20.0, 30.0), (0.5, 42.0, 40.0, 60.0)]
)
def test_v11_seventy_kilogrammes_of_plain_lidocaine(
    percent: float, practice: float, cap: float, label: float
) -> None:
    found = _ml(70.0, percent)
    assert found["practice", "mg_per_kg"] == practice
    assert found["uk", "cap_mg"] == cap
    assert found["us-label", "cap_mg"] == label
    # 4.5 mg/kg is 315 mg and capped at 300 mg
    assert float(find_terms(LIDOCAINE, 70.0)[0].mg) == 315.0
    per_ml = Drug(LIDOCAINE, percent).mg_per_ml
    assert float(find_limit(LIDOCAINE, 70.0, "us-label").mg / per_ml) == label
    assert float(find_limit(LIDOCAINE, 70.0, "lowest").mg / per_ml) == cap
    assert float(find_limit(LIDOCAINE, 70.0, "uk").mg / per_ml) == cap


def test_a_light_patient_is_limited_by_weight_and_a_heavy_one_by_the_cap() -> None:
    light, heavy = (find_limit(LIDOCAINE, weight, "lowest") for weight in (40.0, 120.0))
    assert (light.term, float(light.mg)) == ("mg_per_kg", 120.0)
    assert (heavy.term, float(heavy.mg)) == ("cap_mg", 200.0)


def test_a_label_without_a_figure_by_weight_borrows_the_lowest_of_the_others() -> None:
    bupivacaine = find_preparation("bupivacaine")
    light = find_limit(bupivacaine, 50.0, "us-label")
    assert (float(light.mg), light.is_borrowed, light.ruling.table) == (100.0, True, "practice")
    heavy = find_limit(bupivacaine, 150.0, "us-label")
    assert (float(heavy.mg), heavy.is_borrowed) == (175.0, False)


def test_epinephrine_has_ceilings_of_its_own() -> None:
    mixed = find_preparation("lidocaine+epinephrine")
    assert float(find_limit(mixed, 60.0, "lowest").mg) == 420.0
    assert float(find_limit(mixed, 100.0, "lowest").mg) == 500.0


@pytest.mark.parametrize(
    ("drug", "table"), [("ropivacaine", "us-label"), ("lidocaine+epinephrine", "uk")]
)
def test_a_table_that_says_nothing_of_a_drug_is_no_ceiling(drug: str, table: str) -> None:
    with pytest.raises(RequestError) as raised:
        find_limit(find_preparation(drug), 70.0, table)
    assert raised.value.code == "RQ-142"


def test_the_lowest_is_never_above_any_other_choice() -> None:
    for row in preparations().values():
        for weight in (30.0, 70.0, 200.0):
            lowest = find_limit(row, weight, "lowest").mg
            assert lowest == min(t.mg for t in find_terms(row, weight))


def test_an_unknown_drug_is_an_error() -> None:
    with pytest.raises(RequestError) as raised:
        find_preparation("procaine")
    assert raised.value.code == "RQ-140"


def test_a_ceiling_that_says_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="neither"):
        Ceiling(table="uk", tag="V", source="x")


def _wishes(*drugs: Drug) -> list[Wish]:
    ranges = [values(f"layers.{group}_ml") for group in GROUPS]
    chosen = [drugs[min(i, len(drugs) - 1)] for i in range(len(GROUPS))]
    return [Wish(g, d, *r) for g, d, r in zip(GROUPS, chosen, ranges, strict=True)]


def _fit(weight_kg: float, percent: float, at_most: float = 1.0) -> tuple[float, ...]:
    limits = {"lidocaine": find_limit(LIDOCAINE, weight_kg, "lowest").mg}
    found = fit_volumes(_wishes(Drug(LIDOCAINE, percent)), limits, at_most=at_most, step_ml=0.1)
    return tuple(float(volume) for volume in found.volumes_ml.values())


def test_all_that_is_wished_is_given_where_it_fits() -> None:
    assert _fit(70.0, 0.5) == (3.0, 10.0, 5.0, 3.0)


def test_volumes_are_cut_alike_where_it_does_not() -> None:
    # 50 kg allow 150 mg, 15 mL of 1 %: four tenths of the way from 11 to 21 mL
    assert _fit(50.0, 1.0) == (2.4, 7.0, 3.8, 1.8)
    assert _fit(70.0, 0.5, at_most=0.3) == (2.1, 5.5, 3.2, 1.2)


def test_volumes_are_cut_down_to_whole_steps() -> None:
    # 47 kg allow 141 mg, 14.1 mL: 0.31 of the way from 11 to 21 mL, each part cut down
    assert _fit(47.0, 1.0) == (2.3, 6.5, 3.6, 1.6)


def test_nothing_is_given_where_not_even_the_least_fits() -> None:
    # 30 kg allow 90 mg, 9 mL of 1 %; the least is 11 mL
    limits = {"lidocaine": find_limit(LIDOCAINE, 30.0, "lowest").mg}
    found = fit_volumes(_wishes(Drug(LIDOCAINE, 1.0)), limits, at_most=1.0, step_ml=0.1)
    assert not found.fits
    assert (found.volumes_ml, found.doses_mg, found.share) == ({}, {}, 0)
    assert found.least_share == Fraction(110, 90)


def test_a_part_without_a_drug_is_given_nothing() -> None:
    wishes = [Wish("skin", Drug(LIDOCAINE, 1.0), 2, 3), Wish("foramen", None, 1, 3)]
    found = fit_volumes(wishes, {"lidocaine": Fraction(200)}, at_most=1.0, step_ml=0.1)
    assert dict(found.volumes_ml) == {"skin": 3}
    assert not fit_volumes([wishes[1]], {}, at_most=1.0, step_ml=0.1).fits


def test_fractions_of_two_drugs_are_added() -> None:
    drugs = Drug(LIDOCAINE, 1.0), Drug(find_preparation("bupivacaine"), 0.25)
    limits = {"lidocaine": Fraction(200), "bupivacaine": Fraction(140)}
    share = find_share([(drugs[0], Fraction(10)), (drugs[1], Fraction(28))], limits)
    assert share == 1


def test_decimals_are_taken_as_they_are_written() -> None:
    assert exact(0.1) == Fraction(1, 10)
    assert Drug(LIDOCAINE, 0.3).mg_per_ml == 3


_AMOUNT = st.floats(0.01, 20.0, allow_nan=False)


@st.composite
def _any_table(draw: st.DrawFn, name: str) -> Preparation:
    """A preparation with any ceilings at all."""
    rows = []
    for table in ("us-label", "uk", "practice"):
        per_kg = draw(st.none() | _AMOUNT)
        cap = draw(st.none() | st.floats(1.0, 900.0))
        if per_kg is not None or cap is not None:
            rows.append(Ceiling(table=table, mg_per_kg=per_kg, cap_mg=cap, tag="D", source="made"))
    rows = rows or [Ceiling(table="uk", cap_mg=100.0, tag="D", source="made")]
    return LIDOCAINE.model_copy(update={"name": name, "agent": name, "ceilings": tuple(rows)})


@given(st.data())
def test_no_weight_no_mixture_and_no_table_passes_the_ceiling(data: st.DataObject) -> None:
    weight = data.draw(st.floats(30.0, 200.0))
    at_most = data.draw(st.floats(0.01, 1.0))
    count = data.draw(st.integers(1, 3))
    made = [data.draw(_any_table(f"drug{n}")) for n in range(count)]
    drugs = [Drug(one, data.draw(st.floats(0.05, 2.0))) for one in made]
    jurisdiction = data.draw(st.sampled_from(JURISDICTIONS))
    known = {row.table for one in made for row in one.ceilings}
    if jurisdiction != "lowest" and not all(
        jurisdiction in {row.table for row in one.ceilings} for one in made
    ):
        assert known
        jurisdiction = "lowest"
    limits = {one.name: find_limit(one, weight, jurisdiction).mg for one in made}
    step = data.draw(st.sampled_from([0.05, 0.1, 0.5]))
    wishes = _wishes(*drugs)
    found = fit_volumes(wishes, limits, at_most=at_most, step_ml=step)
    assert float(found.share) <= at_most
    for name, dose in found.doses_mg.items():
        assert float(dose) <= float(limits[name])
    for wish in wishes:
        if found.fits:
            volume = found.volumes_ml[wish.group]
            assert wish.least_ml <= volume <= wish.most_ml
            # whole steps, as a syringe has them
            assert (volume - exact(wish.least_ml)) % exact(step) == 0
    # nothing is cut that would have fitted, and nothing is given that does not
    assert found.fits == (found.least_share <= exact(at_most))
    if found.most_share <= exact(at_most):
        assert [float(v) for v in found.volumes_ml.values()] == [w.most_ml for w in wishes]


@given(
    st.sampled_from(sorted(preparations())),
    st.sampled_from(JURISDICTIONS),
    st.floats(30.0, 200.0),
    st.floats(0.05, 2.0),
)
def test_the_tables_as_they_are_hold_too(
    name: str, jurisdiction: str, weight: float, percent: float
) -> None:
    row = preparations()[name]
    if jurisdiction != "lowest" and jurisdiction not in {c.table for c in row.ceilings}:
        return
    limit = find_limit(row, weight, jurisdiction).mg
    found = fit_volumes(_wishes(Drug(row, percent)), {name: limit}, at_most=1.0, step_ml=0.1)
    own = [t.mg for t in find_terms(row, weight) if jurisdiction in ("lowest", t.ruling.table)]
    assert sum(found.doses_mg.values()) <= min(own)
