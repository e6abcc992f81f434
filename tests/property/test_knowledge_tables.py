"""Properties of instruments of any size and of the sequences they make."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.core import RequestError
from kambin.knowledge import KINDS, techniques, user_instrument, value

LOW, HIGH = value("sizes.smallest_outer_diameter_mm"), value("sizes.largest_outer_diameter_mm")
sizes = st.floats(LOW, HIGH)
presets = st.sampled_from(list(techniques().values()))


@given(kind=st.sampled_from(KINDS), size=sizes)
def test_any_size_within_the_limits_is_taken_as_given(kind: str, size: float) -> None:
    made = user_instrument(kind, size)
    assert made.outer_diameter_mm == size
    assert made.radius_mm == size / 2
    assert made.kind == kind
    assert made.range[0] <= size <= made.range[1]
    assert made.tag in ("V", "V2", "M", "D")


@given(size=st.floats(allow_nan=True, allow_infinity=True))
def test_a_size_is_either_taken_or_refused_and_never_changed(size: float) -> None:
    if not math.isnan(size) and LOW <= size <= HIGH:
        assert user_instrument("cannula", size).outer_diameter_mm == size
    else:
        with pytest.raises(RequestError, match="RQ-041"):
            user_instrument("cannula", size)


@given(size=sizes)
def test_a_cannula_is_hollow_and_thicker_than_its_bore(size: float) -> None:
    made = user_instrument("cannula", size)
    assert made.bore_mm is not None
    assert made.bore_mm < made.outer_diameter_mm


@given(preset=presets, size=st.floats(5.6, HIGH))
def test_the_sequence_for_any_cannula_is_one_that_goes_in(preset, size: float) -> None:
    stages = preset.instruments_for(size)
    names = [stage for stage, _ in stages]
    assert names[0] == "needle"
    assert names.count("cannula") == 1
    cannula = dict(stages)["cannula"]
    assert cannula.outer_diameter_mm == size
    for stage, instrument in stages:
        if stage == "scope":
            assert instrument.outer_diameter_mm <= cannula.bore_mm
        else:
            assert instrument.outer_diameter_mm <= size


@given(preset=presets, size=st.floats(5.6, HIGH))
def test_bone_is_opened_to_the_size_of_the_cannula_or_not_at_all(preset, size: float) -> None:
    reamers = [i for stage, i in preset.instruments_for(size) if stage == "reamer"]
    reams = any(tool.stage == "reamer" for tool in preset.tools)
    assert bool(reamers) == reams
    if reamers:
        assert reamers[-1].outer_diameter_mm == size


@given(preset=presets, first=sizes, second=sizes)
def test_a_larger_cannula_never_loses_a_tool(preset, first: float, second: float) -> None:
    small, large = sorted((first, second))
    kept, more = ([s for s, _ in preset.instruments_for(size)] for size in (small, large))
    assert len(kept) <= len(more)
