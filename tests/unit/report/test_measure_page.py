"""The page, the CSV and the pictures of measurements."""

import csv
import io
import math
from pathlib import Path

import pytest

from kambin.anatomy import Level, complete
from kambin.core import StoreError
from kambin.frames import Side
from kambin.measure import Measurements, measure_case
from kambin.phantom import PhantomParameters, paint_spine_case
from kambin.report.measure_page import (
    COLUMNS,
    CSV_COLUMNS,
    measure_cells,
    measure_csv,
    write_measure_page,
)

LEVEL = Level("L4", "L5")


@pytest.fixture(scope="module")
def patient():
    made = paint_spine_case(PhantomParameters(LEVEL, Side.LEFT, spacing_mm=1.5), (LEVEL,))
    anatomy = complete(made.case)
    return made.case, anatomy, measure_case(anatomy, made.case, level=LEVEL)


def test_the_page_holds_table_pictures_and_nothing_foreign(patient, tmp_path: Path) -> None:
    page, *pictures = write_measure_page(*patient, tmp_path)
    text = page.read_text("utf-8")
    names = {picture.stem for picture in pictures}
    assert {"l4-l5-axial", "l4-l5-left-foramen", "l4-l5-left-window"} <= names
    assert {name.replace("left", "right") for name in names} == {
        name.replace("right", "left").replace("left", "right") for name in names
    }
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)
    assert "Not a medical device" in text
    assert "neural_window_diameter_45" in text
    # Modelled structures are named on the page.
    assert "Modelled, on no image" in text
    basis = text.split("What the numbers rest on")[1].split("What has to be said")[0]
    assert "<td>exiting root L4 left</td><td>modelled" in basis
    assert "<td>disc L4-L5</td><td>modelled" in basis
    assert "vertebra L4" not in basis
    assert "http" not in text.replace("http-equiv", "")
    assert "<script" not in text


def test_the_same_measurements_give_the_same_bytes(patient, tmp_path: Path) -> None:
    first = write_measure_page(*patient, tmp_path / "a")
    again = write_measure_page(*patient, tmp_path / "b")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in again]


def test_a_folder_that_cannot_be_written_is_an_error(patient, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    with pytest.raises(StoreError, match="RP-002"):
        write_measure_page(*patient, taken)


def test_the_csv_has_a_line_per_row_and_says_both_angles_of_windows(patient) -> None:
    measured: Measurements = patient[2]
    head, *rows = list(csv.reader(io.StringIO(measure_csv(measured))))
    assert tuple(head) == CSV_COLUMNS
    assert len(rows) == len(measured)
    at = {name: k for k, name in enumerate(CSV_COLUMNS)}
    for row, source in zip(rows, measured, strict=True):
        if source.value is None:
            assert row[at["value"]] == ""
        else:
            assert float(row[at["value"]]) == source.value
        if "_window_" in row[at["quantity"]] and not row[at["quantity"]].endswith("oblique"):
            assert math.isfinite(float(row[at["axial_inclination_deg"]]))
            assert float(row[at["craniocaudal_deg"]]) == 0


def test_a_printed_row_carries_mean_and_range_of_papers(patient) -> None:
    row = patient[2].find("disc_height_middle", "L4-L5")
    cells = dict(zip(COLUMNS, measure_cells(row), strict=True))
    assert cells["papers"] == "9.31"
    assert cells["range of papers"] == "7.6 to 11.1"


def test_no_cell_of_words_begins_as_a_formula(patient) -> None:
    rows = list(csv.reader(io.StringIO(measure_csv(patient[2]))))
    for cell in (cell for row in rows for cell in row):
        try:
            float(cell)
        except ValueError:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell
