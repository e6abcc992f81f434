from collections.abc import Mapping

import pytest

from kambin.knowledge import constant, constant_tables, read_constants, value, value_at, values
from kambin.knowledge import constants as module


@pytest.fixture
def a_mapped_constant(monkeypatch: pytest.MonkeyPatch) -> str:
    row = {
        "value": {"L4": 1, "L5": 2.5},
        "unit": "mm",
        "range": [0, 3],
        "tag": "D",
        "source": "here",
    }
    made = module._constant("test.width_mm", row)
    monkeypatch.setattr(module, "read_constants", lambda _: {"width_mm": made})
    return "test.width_mm"


def test_a_single_number_is_read_with_its_evidence() -> None:
    row = constant("sizes.largest_outer_diameter_mm")
    assert (row.value, row.unit, row.tag) == (15.0, "mm", "D")
    assert value("sizes.largest_outer_diameter_mm") == 15.0


def test_a_list_is_read_as_a_tuple() -> None:
    assert values("measure.middle_band") == (-0.2, 0.2)


def test_a_mapping_is_read_by_place(a_mapped_constant: str) -> None:
    assert isinstance(constant(a_mapped_constant).value, Mapping)
    assert value_at(a_mapped_constant, "L5") == 2.5


def test_a_place_without_a_number_is_a_bug(a_mapped_constant: str) -> None:
    with pytest.raises(LookupError, match="no number for S1"):
        value_at(a_mapped_constant, "S1")


def test_asking_for_the_wrong_shape_is_a_bug(a_mapped_constant: str) -> None:
    with pytest.raises(LookupError, match="not a single number"):
        value(a_mapped_constant)
    with pytest.raises(LookupError, match="not a list"):
        values(a_mapped_constant)


def test_a_single_number_has_no_place() -> None:
    with pytest.raises(LookupError, match="no number for L4"):
        value_at("sizes.largest_outer_diameter_mm", "L4")


def test_a_constant_that_is_not_there_is_a_bug() -> None:
    with pytest.raises(LookupError, match="is not in"):
        constant("sizes.nobody_wrote_this_mm")


def test_an_unknown_tag_is_a_bug() -> None:
    row = {"value": 1, "unit": "mm", "range": [0, 2], "tag": "X", "source": "here"}
    with pytest.raises(LookupError, match="unknown tag X"):
        module._constant("test.row_mm", row)


def test_the_tables_are_listed_without_those_of_another_shape() -> None:
    tables = constant_tables()
    assert tables == tuple(sorted(tables))
    assert {"margins", "measure", "sizes"} <= set(tables)
    assert not {"instruments", "techniques", "literature"} & set(tables)


def test_the_rows_of_a_table_cannot_be_changed() -> None:
    rows = read_constants("sizes")
    with pytest.raises(TypeError):
        rows["new"] = rows["cannula_wall_mm"]  # type: ignore[index]
