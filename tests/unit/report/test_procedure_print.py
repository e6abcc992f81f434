"""What the procedure sheet prints, row by row."""

import pytest
from tests.unit.approaches.made_back import MUSCLE_MM, SKIN_MM, box, make_back, make_way, structure
from tests.unit.exchange.made_plans import smallest

from kambin.anatomy import Anatomy
from kambin.approaches.anaesthesia import DrugRequest, plan_anaesthesia
from kambin.approaches.drug_words import read_drug
from kambin.approaches.layers import find_layers
from kambin.planning import Entry, Landmark, Plan
from kambin.report.procedure import make_procedure
from kambin.report.procedure_print import sheet_data
from kambin.report.procedure_sketch import draw_sketch


def _data(plan: Plan | None = None, *drugs: str, anatomy: Anatomy | None = None) -> dict[str, list]:
    back, way = anatomy or make_back(), plan or make_way()
    doses = None
    if drugs:
        request = DrugRequest(70.0, tuple(read_drug(word) for word in drugs))
        doses = plan_anaesthesia(back, way, request)
    return sheet_data(make_procedure(back, way, anaesthesia=doses))


def test_tools_are_rows_of_stage_size_mark_and_place() -> None:
    rows = {row[0]: row for row in _data()["tools"]}
    assert rows["needle"][1:5] == ["Needle 18 G, 150 mm", "1.3", "90", "60"]
    assert rows["reamer"][1:5] == ["Crown reamer 7.5 mm", "7.5", "83", "137"]
    assert rows["cannula"][3] == "84"
    assert rows["needle"][-1] == "-"


def test_a_state_carries_the_tag_of_its_row() -> None:
    mark = smallest(
        Landmark,
        ap_zone="MPL-midPL",
        ap_lateral_mm=13.0,
        lateral_mm_of_pvl=-2.0,
        title="In the posterior third of the disc",
        source="evidence 1.1 (T11) [V]",
    )
    plan = make_way()
    needle = plan.stages[0].model_copy(update={"landmark": mark})
    rows = _data(plan.model_copy(update={"stages": (needle, *plan.stages[1:])}))["tools"]
    assert rows[0][-1] == "In the posterior third of the disc [V]"
    assert "medial pedicle line to mid-pedicle line" in rows[0][5]
    assert "in front of the posterior vertebral line" in rows[0][6]


def test_a_tool_of_ones_own_has_no_length_outside() -> None:
    plan = make_way()
    own = plan.stages[0].model_copy(update={"instrument": "mine"})
    rows = _data(plan.model_copy(update={"stages": (own, *plan.stages[1:])}))["tools"]
    assert rows[0][4] == "-"


def test_layers_say_from_where_to_where_and_whether_they_were_seen() -> None:
    rows = _data()["layers"]
    assert rows[0] == ["Skin", "0", "2", "modelled, not seen in the image"]
    muscle = next(row for row in rows if row[0] == "Erector spinae")
    assert muscle[-1] == "given by the labels"
    assert [row[2] for row in rows[:-1]] == [row[1] for row in rows[1:]]


def test_every_stage_is_asked_about_with_its_depth() -> None:
    rows = {row[0]: row for row in _data()["checkpoints"]}
    assert rows["Needle"][1] == "90"
    assert rows["Working cannula"][1] == "84"
    # the made plan has no endoscope: its depth is not told, its question is
    assert rows["Endoscope and work on the fragment"][1] == "-"
    assert all(row[2] for row in rows.values())


@pytest.mark.parametrize(
    ("says", "mark"),
    [
        ("shooting pain into the L4 area", "STOP"),
        ("shooting pain into the L5 area", "STOP"),
        ("pain or numbness in both legs", "STOP"),
        ("deep ache in the back", ""),
        ("pain in the buttock", ""),
    ],
)
def test_what_stops_is_marked(says: str, mark: str) -> None:
    (row,) = [row for row in _data()["reports"] if row[0].startswith(says)]
    assert row[-1] == mark


def test_what_comes_after_has_lines_to_fill_in_and_flags_have_none() -> None:
    found = _data()
    blanks = {row[1]: row[-1] for row in found["recovery"]}
    assert blanks["First walk"]
    assert blanks["Discharge"]
    assert not blanks["Follow-up"]
    assert all(len(row) == 4 for row in found["flags"])
    walk = next(row for row in found["recovery"] if row[1] == "First walk")
    # what speaks against it stands in the same cell
    assert "more recurrence" in walk[2]


def test_doses_are_rows_with_their_depth() -> None:
    found = _data(None, "lidocaine:1", "lidocaine:0.5@foramen")["doses"]
    assert [row[2] for row in found["rows"]] == ["lidocaine 1 %"] * 3 + ["lidocaine 0.5 %"]
    assert [row[1] for row in found["rows"]] == ["0 to 2", "2 to 82", "76 to 78", "82 to 90"]
    assert "97.5 % of it" in found["words"]
    assert "Who gives the drug decides" in found["words"]


def test_doses_that_do_not_fit_are_dashes_and_a_finding() -> None:
    request = DrugRequest(30.0, (read_drug("lidocaine:1"), read_drug("lidocaine:0.5@foramen")))
    doses = plan_anaesthesia(make_back(), make_way(), request)
    found = sheet_data(make_procedure(make_back(), make_way(), anaesthesia=doses))
    assert {row[3] for row in found["doses"]["rows"]} == {"-"}
    assert found["doses"]["words"].startswith("30 kg, ceiling lowest.")
    assert any(text.startswith("PL-141") for text in found["findings"])


def test_a_part_that_is_not_known_has_no_depth() -> None:
    back = make_back(without=("sap",))
    found = _data(make_way(), "lidocaine:0.5", anatomy=back)["doses"]
    assert found["rows"][2][1] == "-"
    assert "sap:L5:left is not assessed." in found["words"]


def test_a_part_without_a_drug_is_a_dash() -> None:
    found = _data(None, "lidocaine:1")["doses"]
    assert found["rows"][-1][2:] == ["-", "-", "-"]


def test_a_way_that_begins_in_a_label_has_no_skin_of_its_own() -> None:
    # a muscle that reaches beyond the entry
    back = make_back()
    thick = structure("erector_spinae:left", box((MUSCLE_MM, -30, -30), (SKIN_MM + 5, 30, 30)))
    fields = {name: getattr(back, name) for name in back.__dataclass_fields__}
    held = {**back.structures, thick.key: thick}
    layers = find_layers(Anatomy(**{**fields, "structures": held}), make_way())
    assert layers[0].name == "erector_spinae"
    assert layers[0].from_mm == 0.0
    assert sum(one.length_mm for one in layers) == pytest.approx(90.0, abs=1e-9)


@pytest.mark.parametrize("way_mm", [-40.0, -3.0, 0.0, 4.0, 45.0])
def test_the_sketch_holds_entries_above_and_below_the_disc_line(way_mm: float) -> None:
    entry = smallest(
        Entry,
        lateral_of_midline_mm=100.0,
        cranial_of_disc_line_mm=way_mm,
        along_skin_lateral_mm=109.0,
    )
    plan = make_way().model_copy(update={"entry": entry})
    far = structure("sp:L1", box((-3, 20, 400), (3, 50, 410)))
    back = make_back()
    fields = {name: getattr(back, name) for name in back.__dataclass_fields__}
    # a tip far out of the picture is not drawn, and does not stretch it
    tall = Anatomy(**{**fields, "structures": {**back.structures, far.key: far}})
    assert draw_sketch(tall, plan) == draw_sketch(back, plan)
    assert draw_sketch(back, plan).startswith(b"\x89PNG")
