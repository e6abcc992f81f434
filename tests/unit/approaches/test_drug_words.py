import math

import pytest

from kambin.approaches.drug_words import read_drug, require_share, require_weight
from kambin.core import RequestError


@pytest.mark.parametrize(
    ("text", "name", "percent", "groups"),
    [
        ("lidocaine 1%", "lidocaine", 1.0, ()),
        ("Lidocaine 0.5 %", "lidocaine", 0.5, ()),
        ("lidocaine:1", "lidocaine", 1.0, ()),
        ("ropivacaine:0.3", "ropivacaine", 0.3, ()),
        ("lidocaine+epinephrine:0.5", "lidocaine+epinephrine", 0.5, ()),
        ("lidocaine + epinephrine 1%", "lidocaine+epinephrine", 1.0, ()),
        ("bupivacaine:0.25@foramen", "bupivacaine", 0.25, ("foramen",)),
        ("lidocaine:1 @ skin, track", "lidocaine", 1.0, ("skin", "track")),
    ],
)
def test_drugs_are_read_as_people_write_them(
    text: str, name: str, percent: float, groups: tuple[str, ...]
) -> None:
    drug = read_drug(text)
    assert (drug.preparation.name, drug.percent, drug.groups) == (name, percent, groups)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("procaine:1", "RQ-140"),
        ("lidocaine+adrenaline:1", "RQ-140"),
        ("lidocaine", "RQ-143"),
        ("lidocaine:10", "RQ-143"),
        ("lidocaine:0.01", "RQ-143"),
        ("lidocaine:1@brain", "RQ-143"),
        ("lidocaine 1mg", "RQ-143"),
        ("", "RQ-143"),
        ("1% lidocaine", "RQ-143"),
    ],
)
def test_what_is_not_understood_is_refused_and_never_guessed(text: str, code: str) -> None:
    with pytest.raises(RequestError) as raised:
        read_drug(text)
    assert raised.value.code == code


@pytest.mark.parametrize("weight", [None, 29.9, 200.1, 0.0, -70.0, math.nan, math.inf])
def test_a_weight_that_is_missing_or_strange_is_refused(weight: float | None) -> None:
    with pytest.raises(RequestError) as raised:
        require_weight(weight)
    assert raised.value.code == "RQ-141"


@pytest.mark.parametrize("weight", [30.0, 70.0, 200.0])
def test_a_weight_in_the_range_is_kept(weight: float) -> None:
    assert require_weight(weight) == weight


@pytest.mark.parametrize("share", [0.0, -0.5, 1.01, math.nan])
def test_a_share_that_makes_no_sense_is_refused(share: float) -> None:
    with pytest.raises(RequestError) as raised:
        require_share(share)
    assert raised.value.code == "RQ-144"
    assert require_share(0.5) == 0.5
