import math
from importlib import resources

import pytest
from pydantic import ValidationError

from kambin.core import RequestError
from kambin.knowledge import (
    KINDS,
    Instrument,
    find_instrument,
    instruments,
    user_instrument,
    value,
)


def test_every_kind_of_the_sequence_is_there() -> None:
    kinds = {one.kind for one in instruments().values()}
    assert {"needle", "dilator", "reamer", "cannula", "scope", "forceps", "guidewire"} <= kinds


@pytest.mark.parametrize("instrument", instruments().values(), ids=lambda i: i.name)
def test_the_size_of_an_instrument_lies_in_its_range_and_has_a_source(
    instrument: Instrument,
) -> None:
    low, high = instrument.range
    assert low <= instrument.outer_diameter_mm <= high
    assert instrument.source
    assert instrument.radius_mm == pytest.approx(instrument.outer_diameter_mm / 2)
    assert instrument.bore_mm is None or 0 < instrument.bore_mm < instrument.outer_diameter_mm


def test_the_rows_of_the_table_are_all_read() -> None:
    table = resources.files("kambin.knowledge").joinpath("tables", "instruments.toml")
    assert len(instruments()) == table.read_text("utf-8").count("kind = ")


def test_sizes_from_general_knowledge_are_shown_as_unverified() -> None:
    assert not find_instrument("needle-18g").is_verified
    assert find_instrument("reamer-7.5").is_verified


def test_the_needle_is_an_18_gauge_needle() -> None:
    assert find_instrument("needle-18g").radius_mm == pytest.approx(0.635)


def test_an_unknown_instrument_is_refused_with_the_list() -> None:
    with pytest.raises(RequestError, match="RQ-040") as caught:
        find_instrument("spoon")
    assert "cannula-7.5" in caught.value.next_step


def test_a_size_of_the_table_gives_the_instrument_of_the_table() -> None:
    assert user_instrument("cannula", 7.5) is find_instrument("cannula-7.5")


def test_any_size_between_1_and_15_mm_is_accepted() -> None:
    odd = user_instrument("cannula", 7.3)
    assert (odd.kind, odd.outer_diameter_mm, odd.tag) == ("cannula", 7.3, "D")
    assert odd.bore_mm == pytest.approx(7.3 - 2 * value("sizes.cannula_wall_mm"))
    assert user_instrument("needle", 1.0).bore_mm is None
    assert user_instrument("cannula", 15.0).radius_mm == 7.5


@pytest.mark.parametrize("size", [0.99, 15.01, -7.5, 0.0, math.nan, math.inf])
def test_other_sizes_are_refused(size: float) -> None:
    with pytest.raises(RequestError, match="RQ-041"):
        user_instrument("cannula", size)


def test_an_unknown_kind_is_refused_with_the_kinds() -> None:
    with pytest.raises(RequestError, match="RQ-041") as caught:
        user_instrument("spoon", 7.5)
    assert all(kind in caught.value.next_step for kind in KINDS)


def test_an_instrument_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        find_instrument("needle-18g").outer_diameter_mm = 9.0
