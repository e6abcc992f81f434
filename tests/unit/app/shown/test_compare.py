"""Two versions side by side, and six ways to operate: rows, headings and what is not known."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.app.logic.made_session import deliver_plan, written_session
from tests.unit.planning.made_level import (
    make_clearance,
    make_plan,
    make_resection,
    make_stage,
)

from kambin.app.logic.session import Session
from kambin.app.shown.compare import (
    _NUMBERS,
    MOST_ROOMS,
    NOTHING,
    show_compare,
    tell_differences,
    tell_ways,
)
from kambin.app.shown.curve import show_curve
from kambin.app.state import CompareRow
from kambin.core import StoreError
from kambin.planning import Plan, compare_plans
from kambin.planning.bone_models import DiameterVolume

FIELDS = (
    "skin_mm",
    "muscle_dilated_mm3",
    "muscle_detached_mm3",
    "lamina_mm3",
    "facet_mm3",
    "flavum_mm3",
    "root_retraction_mm",
    "reachable_fraction",
    "visible_fraction",
)


def plan_of(gap: float = 3.0, **parts: Any) -> Plan:
    return make_plan((make_stage("cannula", make_clearance(clearance_mm=gap)),), **parts)


def number(name: str, a: float | None, b: float | None) -> Any:
    """Return one compared number, with the difference as documents have it."""
    difference = None if a is None or b is None else b - a
    return SimpleNamespace(name=name, a=a, b=b, difference=difference)


def told(*numbers: Any) -> tuple[CompareRow, ...]:
    found: Any = SimpleNamespace(numbers=numbers, clearances=())
    return tell_differences(found, "v1", "v2")[1]


@pytest.mark.parametrize(
    ("a", "b", "values", "differs"),
    [
        (1.0, 1.0, ("1.00", "1.00"), False),
        (1.0, 1.5, ("1.00", "1.50"), True),
        (0.0, -0.5, ("0.00", "-0.50"), True),
        # alike as far as one reads them
        (1.0, 1.001, ("1.00", "1.00"), False),
        (None, None, ("not assessed", "not assessed"), False),
        (None, 2.0, ("not assessed", "2.00"), True),
        (2.0, None, ("2.00", "not assessed"), True),
        (None, 0.0, ("not assessed", "0.00"), True),
    ],
)
def test_a_row_is_marked_where_the_plans_differ_also_where_one_was_not_assessed(
    a: float | None, b: float | None, values: tuple[str, str], differs: bool
) -> None:
    (row,) = told(number("entry.depth_mm", a, b))
    assert (row.values, row.differs) == (values, differs)


@pytest.mark.parametrize(
    ("name", "words", "value"),
    [
        ("cannula_mm", "cannula, mm", "0.25"),
        ("angles.axial_inclination_to_disc_deg", "inclination to the disc, °", "0.25"),
        ("resection.facet_kept_fraction", "facet surface kept, %", "25"),
    ],
)
def test_names_of_numbers_are_words_with_units(name: str, words: str, value: str) -> None:
    row = told(number(name, 0.25, 0.25))[0]
    assert (row.what, row.values[0]) == (words, value)


def test_what_nobody_asks_first_is_left_to_the_whole_comparison() -> None:
    assert told(number("certainty.seed", 1.0, 2.0)) == ()


def test_every_name_is_one_of_a_plan() -> None:
    plan = plan_of()
    names = {one.name for one in compare_plans(plan, plan).numbers}
    # what a made plan without a fragment, a resection or a waist does not assess
    missing = {name.split(".")[0] for name in set(_NUMBERS) - names}
    assert missing <= {"reach", "resection", "docking", "objectives", "certainty"}


def rooms(*clearances: tuple[str, str, float | None, float | None]) -> list[tuple[str, Any]]:
    """Return the rows of compared clearances: tool, structure, a and b."""
    found: Any = SimpleNamespace(
        numbers=(),
        clearances=[
            SimpleNamespace(tool=tool, structure=structure, a_mm=a, b_mm=b)
            for tool, structure, a, b in clearances
        ],
    )
    return [(row.what, row.values) for row in tell_differences(found, "v1", "v2")[1]]


def test_rooms_that_differ_stand_nearest_first_and_alike_ones_do_not() -> None:
    assert rooms(
        ("needle", "aorta", 60.0, 63.0),
        ("needle", "sap:L5:left", 2.0, 2.05),
        ("needle", "exiting_root:L4:left", 3.0, 1.5),
    ) == [
        ("to exiting root L4 left, mm", ("3.00", "1.50")),
        ("to aorta, mm", ("60.00", "63.00")),
    ]


def test_a_structure_has_one_row_with_whatever_tool_comes_nearest() -> None:
    assert rooms(
        ("needle", "aorta", 4.0, 9.0), ("cannula", "aorta", 5.0, 3.0), ("scope", "aorta", None, 1.0)
    ) == [("to aorta, mm", ("4.00", "3.00"))]


def test_no_more_rooms_than_one_reads() -> None:
    many = [("needle", f"disc:L{n}-L{n + 1}", n + 1.0, 0.0) for n in range(1, 5)]
    more = [("needle", f"sap:L{n}:left", n + 1.0, 0.5) for n in range(1, 6)]
    assert len(rooms(*many, *more)) == MOST_ROOMS


def test_a_plan_beside_itself_differs_in_nothing() -> None:
    plan = plan_of()
    columns, rows = tell_differences(compare_plans(plan, plan), "v1", "v1")
    assert columns == ("v1", "v1")
    assert rows
    assert not any(row.differs for row in rows)
    assert all("_" not in row.what for row in rows)


def test_another_cannula_is_the_row_that_differs() -> None:
    rows = tell_differences(compare_plans(plan_of(), plan_of(cannula_mm=6.3)), "v1", "v2")[1]
    assert {row.values for row in rows if row.differs} == {("7.50", "6.30")}


def way(**parts: float | None) -> Any:
    return SimpleNamespace(**{**dict.fromkeys(FIELDS, 10.0), **parts})


def ways_of(**approaches: Any) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    found: Any = SimpleNamespace(approaches=approaches)
    columns, rows = tell_ways(found)
    return columns, {row.what: row.values for row in rows}


def test_each_way_has_a_column_in_one_order_and_each_quantity_a_row() -> None:
    columns, rows = ways_of(
        open_laminectomy=way(skin_mm=60.0), interlaminar=way(), transforaminal=way(skin_mm=8.0)
    )
    assert columns == ("transforaminal", "interlaminar", "open laminectomy")
    assert len(rows) == len(FIELDS)
    assert rows["skin, mm"] == ("8", "10", "60")


@pytest.mark.parametrize(
    ("field", "what", "value", "words"),
    [
        ("facet_mm3", "facet, mm³", None, "n.a."),
        ("facet_mm3", "facet, mm³", 0.0, "0"),
        ("facet_mm3", "facet, mm³", 123.6, "124"),
        ("reachable_fraction", "reached, %", 0.734, "73"),
        ("reachable_fraction", "reached, %", None, "n.a."),
        ("visible_fraction", "seen, %", 1.0, "100"),
        ("root_retraction_mm", "root moved, mm", 3.2, "3"),
    ],
)
def test_what_a_way_takes_is_told_and_what_is_not_known_is_no_zero(
    field: str, what: str, value: float | None, words: str
) -> None:
    _, rows = ways_of(transforaminal=way(**{field: value}))
    assert rows[what] == (words,)


def test_no_way_at_all_has_no_column() -> None:
    columns, rows = ways_of()
    assert columns == ()
    assert set(rows.values()) == {()}


def test_the_note_stands_under_the_ways_and_promises_nothing() -> None:
    ways = (("transforaminal",), (CompareRow("skin, mm", ("8",)),))
    shown = show_compare(Session(), NOTHING, ways)
    assert "not how a patient fares" in shown.note
    assert show_compare(Session(), NOTHING, NOTHING).note == ""
    assert shown.ways == ("transforaminal",)
    assert shown.way_rows == ways[1]
    assert shown.versions == ()


def test_each_version_can_be_chosen_by_its_number(tmp_path: Path) -> None:
    session = written_session(tmp_path)
    deliver_plan(session)
    deliver_plan(session, cannula_mm=6.3)
    shown = show_compare(session, NOTHING, NOTHING)
    assert [(one.value, one.title) for one in shown.versions] == [
        ("1", "v1 plan"),
        ("2", "v2 plan"),
    ]


def test_versions_that_cannot_be_read_are_none_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_session: Session) -> None:
        raise StoreError(
            code="ST-011", what="Changed", where="plan", why="It was.", next_step="Look."
        )

    monkeypatch.setattr("kambin.app.shown.compare.list_versions", broken)
    assert show_compare(written_session(tmp_path), NOTHING, NOTHING).versions == ()


# the curve of bone


def curve_of(*volumes: float, own: float | None = 0.0) -> Any:
    points = tuple(
        DiameterVolume(diameter_mm=6.0 + n, volume_mm3=volume) for n, volume in enumerate(volumes)
    )
    return show_curve(make_resection(volume_against_diameter=points, volume_mm3=own))


@pytest.mark.parametrize("volumes", [(), (10.0,)])
def test_one_known_diameter_is_no_curve(volumes: tuple[float, ...]) -> None:
    assert curve_of(*volumes) is None


def test_the_mark_is_at_what_the_plan_takes_and_the_words_say_so() -> None:
    curve = curve_of(0.0, 50.0, 100.0, own=100.0)
    assert curve.d == "M0.0 70.0L120.0 35.0L240.0 0.0"
    assert (curve.mark_x, curve.mark_y) == (240.0, 0.0)
    assert curve.words == "0 mm³ at 6.0 mm, 100 mm³ at 8.0 mm; this plan takes 100 mm³."


def test_no_bone_at_all_lies_on_the_ground_of_the_box() -> None:
    curve = curve_of(0.0, 0.0, 0.0)
    assert curve.d == "M0.0 70.0L120.0 70.0L240.0 70.0"
    assert curve.up == "1 mm³"


def test_the_curve_stays_in_its_box() -> None:
    curve = curve_of(3.0, 40.0, 90.0, 500.0, own=88.0)
    points = [tuple(map(float, one.split())) for one in curve.d[1:].split("L")]
    assert all(0 <= x <= 240 and 0 <= y <= 70 for x, y in points)
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert (curve.mark_x, curve.mark_y) == points[2]
