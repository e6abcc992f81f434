"""The rows of the measurements as cells and as CSV, from readings made by hand."""

import csv
import io
from dataclasses import replace

import pytest

from kambin.core import Finding, Severity
from kambin.frames import Side
from kambin.knowledge import Literature
from kambin.measure import QUANTITIES, Quantity, Reading
from kambin.report.measure_page import COLUMNS, CSV_COLUMNS, measure_cells, measure_csv

AREA = QUANTITIES["foramen_area"]


def row(value: float | None = 112.346, uncertainty: float | None = 7.891, **parts) -> Quantity:
    """One row of the foramen's area."""
    reading = Reading(value, uncertainty)
    made = Quantity(
        "L4-L5", Side.LEFT, AREA.name, AREA.unit, AREA.method, AREA.source, reading, None
    )
    return replace(made, **parts)


def paper_of(**parts) -> Literature:
    """A paper whose numbers are easily recognised."""
    fields = {name: None for name in Literature.__dataclass_fields__}
    fields |= {"mean": 100.0, "sd": 10.0, "n": 20, "source": "A paper", "tag": "T", "note": ""}
    return Literature(**{**fields, **parts})


def cells_of(one: Quantity) -> dict[str, str]:
    """The cells by their column."""
    return dict(zip(COLUMNS, measure_cells(one), strict=True))


def lines_of(*rows: Quantity) -> list[dict[str, str]]:
    """The CSV as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(measure_csv(rows))))


def test_a_number_is_printed_with_two_digits_and_its_error() -> None:
    cells = cells_of(row())
    assert (cells["value"], cells["+-"], cells["unit"]) == ("112.35", "7.89", "mm²")
    assert (cells["level"], cells["side"]) == ("L4-L5", "left")
    assert (cells["papers"], cells["range of papers"]) == ("", "")


@pytest.mark.parametrize("side", [None, Side.LEFT, Side.RIGHT])
def test_the_midline_has_no_side(side: Side | None) -> None:
    expected = "" if side is None else side.value
    assert cells_of(row(side=side))["side"] == expected
    assert lines_of(row(side=side))[0]["side"] == expected


def test_what_the_data_cannot_say_is_not_a_zero() -> None:
    cells = cells_of(row(None, None))
    assert (cells["value"], cells["+-"]) == ("not assessed", "")
    (line,) = lines_of(row(None, None))
    assert (line["value"], line["uncertainty"]) == ("", "")
    (zero,) = lines_of(row(0.0, 0.0))
    assert (zero["value"], zero["uncertainty"]) == ("0.0", "0.0")


@pytest.mark.parametrize(
    ("sd", "spread"), [(10.0, "90.0 to 110.0"), (2.25, "97.8 to 102.2"), (None, "")]
)
def test_the_range_of_papers_is_one_sd_to_both_sides(sd: float | None, spread: str) -> None:
    cells = cells_of(row(literature=paper_of(sd=sd)))
    assert cells["papers"] == "100"
    assert cells["range of papers"] == spread


def test_the_csv_keeps_every_digit() -> None:
    (line,) = lines_of(row(1 / 3, 2 / 3))
    assert float(line["value"]) == 1 / 3
    assert float(line["uncertainty"]) == 2 / 3


def test_the_csv_has_both_angles_of_what_was_seen_along_a_path() -> None:
    seen = row(reading=Reading(5.0, 0.5, angles_deg=(45.0, -7.5)))
    plain, along = lines_of(row(), seen)
    assert (plain["axial_inclination_deg"], plain["craniocaudal_deg"]) == ("", "")
    assert (along["axial_inclination_deg"], along["craniocaudal_deg"]) == ("45.0", "-7.5")


def test_the_csv_says_method_source_and_paper() -> None:
    (line,) = lines_of(row(literature=paper_of(source='Doe, "Spine", 2001')))
    assert (line["method"], line["source"]) == (AREA.method, AREA.source)
    # Commas and quotation marks come back as they were.
    assert line["literature_source"] == 'Doe, "Spine", 2001'
    assert (line["literature_mean"], line["literature_n"]) == ("100.0", "20")


def test_the_csv_has_one_head_and_lines_that_end_as_the_standard_says() -> None:
    text = measure_csv([row(), row(side=Side.RIGHT)])
    assert text.count("\r\n") == 3
    assert text.startswith(",".join(CSV_COLUMNS))
    assert measure_csv([]) == ",".join(CSV_COLUMNS) + "\r\n"


def test_a_finding_does_not_change_the_cells() -> None:
    finding = Finding("AN-300", Severity.NOTE, "a", "b", "c", "d")
    told = row(reading=Reading(112.346, 7.891, findings=(finding,)))
    assert measure_cells(told) == measure_cells(row())
