"""The tables of the study of quantities say what was found, and where they stand in the docs."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.measure_tables import (
    BANDS,
    band_rows,
    bar_of,
    curve_rows,
    error_rows,
    errors_of,
    mean_at,
    order_lines,
    table_lines,
    write_between,
)

from kambin.measure import QUANTITIES

WIDTH = ("foramen_width", "L4-L5", "left")
PATIENTS = [
    {"true": {WIDTH: (8.0, 0.0)}, "1 mm": {WIDTH: (8.4, 0.3)}, "3 mm": {WIDTH: (9.2, 0.5)}},
    {"true": {WIDTH: (8.0, 0.0)}, "1 mm": {WIDTH: (7.2, 0.3)}},
]


def test_errors_are_counted_within_the_bar_and_within_what_was_stated() -> None:
    found = errors_of(PATIENTS, "1 mm", "foramen_width")
    assert found["n"] == 2
    assert found["mean_error"] == pytest.approx(-0.2)
    assert found["median_absolute_error"] == pytest.approx(0.6)
    assert (found["within_bar"], found["within_one_sigma"]) == (0.5, 0.0)
    assert found["within_two_sigma"] == 0.5
    assert errors_of(PATIENTS, "3 mm", "foramen_width", "L4-L5")["n"] == 1
    assert errors_of(PATIENTS, "3 mm", "foramen_width", "L1-L2") is None


def test_a_level_of_its_own_stands_beside_the_mean_of_all() -> None:
    rows = error_rows(PATIENTS)
    assert [(row["quantity"], row["place"]) for row in rows] == [
        ("foramen_width", ""),
        ("foramen_width", "L4-L5"),
    ]


@pytest.mark.parametrize(
    ("quantity", "true", "bar"),
    [
        ("foramen_width", 8.0, 0.5),
        ("upper_plate_width", 40.0, 2.0),
        ("disc_wedge", 8.0, 1.7),
        ("lumbar_lordosis", 40.0, 2.0),
        ("foramen_area", 120.0, 6.0),
        ("disc_height_index", 0.3, 0.015),
    ],
)
def test_the_bar_is_half_a_millimetre_or_five_per_cent(quantity, true, bar) -> None:
    assert bar_of(quantity, np.array([true]))[0] == pytest.approx(bar)


def test_half_a_millimetre_at_both_ends_of_a_plate_makes_the_bar_for_angles() -> None:
    assert bar_of("disc_wedge", np.array([0.0]))[0] == pytest.approx(
        np.degrees(np.arctan(2 * 0.5 / 34)), abs=0.05
    )


def test_every_band_is_of_a_registered_quantity() -> None:
    for _, quantity, places in BANDS:
        assert quantity.split(" at ")[0] in QUANTITIES
        assert all(low < high for low, high in places.values())


def test_a_band_is_judged_by_the_true_mean_where_there_is_one() -> None:
    heights = ("foramen_height", "L4-L5", "left")
    one = {"true": {heights: (17.0, 0.0)}, "1 mm": {heights: (25.0, 0.3)}}
    row = next(
        row
        for row in band_rows([one])
        if (row["quantity"], row["place"]) == ("foramen_height", "L4-L5")
    )
    assert row["inside"]
    del one["true"][heights]
    assert not any(row["inside"] for row in band_rows([one]))


def test_the_curve_gives_the_share_that_lets_65_degrees_through() -> None:
    key = ("ilium_axial_angle at 10", "L5-S1", "left")
    patients = [{"true": {key: (angle, 0.0)}} for angle in (50.0, 60.0, 65.0, 85.0)]
    found = {(r["craniocaudal_deg"], r["place"]): r.get("true") for r in curve_rows(patients)}
    assert found[10.0, "L5-S1"] == (65.0, 0.5)
    assert found[10.0, "L4-L5"] is None


def test_a_table_is_written_between_its_marks_and_nowhere_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- made -->\nold\n<!-- end of made -->\nafter\n", "utf-8")
    write_between(page, "made", table_lines(("a", "b"), [["1", "2"]]))
    written = page.read_text("utf-8")
    assert written.startswith("before\n<!-- made -->\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n")
    assert written.endswith("<!-- end of made -->\nafter\n")
    assert "old" not in written


def test_orders_are_said_to_hold_or_not() -> None:
    plates = {("upper_plate_width", f"L{n}", ""): (40.0 + n, 0.0) for n in range(1, 6)}
    depths = {("canal_depth", f"L{n}", ""): (14.0 + abs(n - 5), 0.0) for n in range(1, 6)}
    circles = {
        ("bony_window_diameter_oblique", place, "left"): (size, 0.0)
        for place, size in (("L1-L2", 4.0), ("L5-S1", 8.5))
    }
    lines = order_lines([{"true": plates | depths | circles}])
    by_table = {line.split(":")[0]: line for line in lines}
    assert by_table["- V16"].endswith("yes.")
    # Least at L5 and not at L3 or L4; nobody has a disc height.
    assert by_table["- V19"].endswith("no.")
    assert by_table["- V7"].endswith("no.")
    assert lines[-1].endswith("no, 50 %.")
    falling = {("upper_plate_width", f"L{n}", ""): (50.0 - n, 0.0) for n in range(1, 6)}
    assert "V16: `upper_plate_width` rises from L1 to L5: no." in "".join(
        order_lines([{"true": falling}])
    )


def test_levels_are_pooled_where_papers_pool_them() -> None:
    gaps = {("root_above_pedicle", place, "left"): (gap, 0.0)
            for place, gap in (("L1-L2", 8.0), ("L4-L5", 2.0))}  # fmt: skip
    assert mean_at([{"true": gaps}], "true", ("root_above_pedicle", "pooled")) == 5.0
    assert mean_at([{"true": gaps}], "true", ("root_above_pedicle", "L4-L5")) == 2.0
