"""The table of ways to operate: complete rows, numbers inside their ranges, the order of size."""

import pytest
from pydantic import ValidationError

from kambin.knowledge.approaches import Approach, Figure, approaches
from kambin.knowledge.instruments import instruments
from kambin.knowledge.published import APPROACHES

ROW = {"unit": "mm", "range": (5.0, 10.0), "tag": "M", "source": "s", "note": "n"}


def figures(row: Approach) -> dict[str, Figure]:
    return {
        name: f for name in Approach.model_fields if isinstance(f := getattr(row, name), Figure)
    }


def test_the_six_ways_have_the_names_of_the_contract_in_its_order() -> None:
    assert tuple(approaches()) == APPROACHES
    assert all(row.name == name for name, row in approaches().items())


@pytest.mark.parametrize("name", APPROACHES)
def test_every_number_says_unit_range_tag_source_and_what_it_is_for(name: str) -> None:
    row = approaches()[name]
    assert row.source
    assert row.note
    for field, figure in figures(row).items():
        assert figure.range[0] <= figure.value <= figure.range[1]
        assert figure.source, field
        assert figure.note, field
        assert figure.unit == ("mm" if field.endswith("_mm") else "1")
        # No maker's or surgeon's document was read for any of them.
        assert figure.tag in ("M", "D")


@pytest.mark.parametrize("name", APPROACHES[1:])
def test_a_way_from_behind_has_the_numbers_its_kind_needs(name: str) -> None:
    row = approaches()[name]
    needed = ["room_mm", "facet_share"]
    needed += ["tube_mm"] if row.corridor == "tube" else ["incision_mm", "blade_mm"]
    needed += ["dock_mm", "flavum_opening_mm"] if row.bone == "tube" else []
    needed += ["window_width_mm", "window_height_mm"] if row.bone != "tube" else []
    for field in needed:
        assert row.require(field) > 0
    assert (row.muscle == "detached") == (row.corridor == "retractor")
    if row.sight == "scope":
        assert instruments()[row.scope].kind == "scope"


def test_the_larger_operation_has_the_larger_numbers() -> None:
    small, window, whole = (approaches()[name] for name in APPROACHES[3:])
    for field in ("incision_mm", "blade_mm", "window_width_mm", "window_height_mm", "facet_share"):
        values = [row.require(field) for row in (small, window, whole)]
        assert values == sorted(values), field
    assert whole.both_sides
    assert not window.both_sides
    assert [row.flavum for row in (small, window, whole)] == ["cut", "side", "all"]


def test_tube_and_retractor_of_a_microdiscectomy_cut_the_same_window() -> None:
    tube, retractor = (approaches()[name] for name in APPROACHES[2:4])
    for field in ("window_width_mm", "window_height_mm", "facet_share", "room_mm"):
        assert tube.require(field) == retractor.require(field)


def test_a_number_outside_of_its_own_range_is_refused() -> None:
    assert Figure(value=8.0, **ROW).value == 8
    with pytest.raises(ValidationError, match="outside of its own range"):
        Figure(value=12.0, **ROW)


def test_a_misspelt_field_is_refused() -> None:
    row = approaches()["interlaminar"].model_dump()
    with pytest.raises(ValidationError, match="tub_mm"):
        Approach(**row, tub_mm=8.0)


def test_a_number_that_a_row_lacks_is_a_bug_and_no_default() -> None:
    with pytest.raises(LookupError, match="microdiscectomy_retractor has no tube_mm"):
        approaches()["microdiscectomy_retractor"].require("tube_mm")
    with pytest.raises(LookupError, match="has no title"):
        approaches()["interlaminar"].require("title")
