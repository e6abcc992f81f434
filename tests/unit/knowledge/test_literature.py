import pytest

from kambin.anatomy import DISC_LEVELS, VERTEBRAE
from kambin.knowledge import Literature, literature, literature_rows
from kambin.knowledge.literature import POOLED
from kambin.measure import QUANTITIES

ROWS = tuple(literature_rows().values())


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.quantity}-{r.place}")
def test_every_row_has_unit_range_tag_and_source(row: Literature) -> None:
    assert row.low <= row.mean <= row.high
    assert row.sd is None or row.sd > 0
    assert row.n is None or row.n > 0
    assert row.tag in ("V", "V2", "M", "D")
    assert row.source
    assert row.note
    assert row.place in (*DISC_LEVELS, *VERTEBRAE, POOLED)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.quantity}-{r.place}")
def test_every_row_stands_beside_a_quantity_of_the_same_unit(row: Literature) -> None:
    assert QUANTITIES[row.quantity].unit == row.unit


def test_a_level_without_a_row_of_its_own_gets_the_pooled_one() -> None:
    found = literature("foramen_area", "L4-L5")
    assert found is not None
    assert (found.place, found.mean, found.sd, found.n) == (POOLED, 115.3, 29.5, 304)


def test_a_level_with_a_row_gets_its_own() -> None:
    found = literature("disc_height_middle", "L4-L5")
    assert found is not None
    assert (found.mean, found.sd, found.n, found.tag) == (9.31, 1.75, 700, "V2")


def test_what_is_not_stated_is_none_and_not_zero() -> None:
    found = literature("ilium_axial_angle", "L5-S1")
    assert found is not None
    assert found.sd is None


def test_what_nobody_measured_has_no_literature() -> None:
    assert literature("crest_height", "L4-L5") is None
    assert literature("disc_height_middle", "T12-L1") is None
