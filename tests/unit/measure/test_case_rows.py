import json
from dataclasses import replace

import pytest

from kambin.anatomy import Anatomy, Case, Level
from kambin.core import AnatomyError
from kambin.frames import Side
from kambin.measure import QUANTITIES, SCHEMA_VERSION, Measurements, Place, measure_case

CONTRACT = {
    "level",
    "side",
    "quantity",
    "value",
    "unit",
    "uncertainty",
    "method",
    "source",
    "literature",
}


def test_everything_that_is_registered_is_computed(measured: Measurements) -> None:
    assert {row.quantity for row in measured} == set(QUANTITIES)
    # Two vertebrae have no lordosis from L1 to S1.
    spine = {name for name, kind in QUANTITIES.items() if kind.place is Place.SPINE}
    assert {row.quantity for row in measured if row.value is None} == spine


@pytest.mark.parametrize("kind", QUANTITIES.values(), ids=lambda k: k.name)
def test_every_quantity_says_what_it_is(kind) -> None:
    assert kind.unit in ("mm", "mm2", "mm3", "deg", "1")
    assert kind.meaning
    assert kind.frame
    assert kind.method
    assert kind.source


@pytest.mark.parametrize("kind", QUANTITIES.values(), ids=lambda k: k.name)
def test_every_quantity_has_a_row_at_each_of_its_places(kind, measured: Measurements) -> None:
    places = {(row.level, row.side) for row in measured if row.quantity == kind.name}
    if kind.place is Place.SPINE:
        assert places == {("L1-S1", None)}
        return
    levels = ["L4-L5"] if kind.place in (Place.LEVEL, Place.LEVEL_SIDE) else ["L4", "L5"]
    sides = [None] if kind.place in (Place.LEVEL, Place.VERTEBRA) else list(Side)
    assert places == {(level, side) for level in levels for side in sides}


def test_the_document_keeps_the_contract(measured: Measurements) -> None:
    document = measured.as_document()
    assert document["schema_version"] == SCHEMA_VERSION
    assert document["case_sha256"] == "ab" * 32
    assert json.loads(json.dumps(document)) == document
    assert all(set(row) >= CONTRACT for row in document["rows"])
    assert len(document["rows"]) == len(measured)


def test_a_row_carries_what_papers_found(measured: Measurements) -> None:
    row = measured.find("foramen_area", "L4-L5", Side.LEFT)
    assert row is not None
    assert {"mean", "sd", "n"} <= set(row.as_document()["literature"])
    crest = measured.find("crest_height", "L4-L5", Side.LEFT)
    assert crest is not None
    assert crest.as_document()["literature"] is None


def test_one_side_gives_the_rows_of_that_side_and_of_the_midline(
    a_spine_of_boxes: Anatomy, a_case: Case
) -> None:
    rows = measure_case(a_spine_of_boxes, a_case, side=Side.RIGHT)
    assert {row.side for row in rows} == {None, Side.RIGHT}


def test_a_level_gives_its_disc_and_its_two_vertebrae(
    a_spine_of_boxes: Anatomy, a_case: Case
) -> None:
    rows = measure_case(a_spine_of_boxes, a_case, level=Level("L4", "L5"), side=Side.LEFT)
    assert {row.level for row in rows} == {"L4-L5", "L4", "L5", "L1-S1"}


def test_a_level_outside_the_labels_is_refused(a_spine_of_boxes: Anatomy, a_case: Case) -> None:
    with pytest.raises(AnatomyError, match="AN-304"):
        measure_case(a_spine_of_boxes, a_case, level=Level("L1", "L2"))


def test_a_level_whose_vertebra_has_no_frame_is_refused(
    a_spine_of_boxes: Anatomy, a_case: Case
) -> None:
    frames = {"L4": a_spine_of_boxes.vertebra_frames["L4"]}
    with pytest.raises(AnatomyError, match="AN-304"):
        measure_case(replace(a_spine_of_boxes, vertebra_frames=frames), a_case)


def test_a_row_that_was_not_asked_for_is_not_found(measured: Measurements) -> None:
    assert measured.find("foramen_area", "L1-L2", Side.LEFT) is None


def test_what_the_rows_rest_on_is_listed_with_its_origin(
    measured: Measurements, a_spine_of_boxes: Anatomy, a_case: Case
) -> None:
    known = {str(key): one for key, one in a_spine_of_boxes.structures.items()}
    assert {b.structure for b in measured.bases} <= set(known)
    assert all(b.origin == known[b.structure].origin for b in measured.bases)
    assert all(b.sigma_mm == known[b.structure].sigma_mm for b in measured.bases)
    listed = measured.as_document()["structures"]
    assert [row["structure"] for row in listed] == sorted(b.structure for b in measured.bases)
    right = measure_case(a_spine_of_boxes, a_case, side=Side.RIGHT).bases
    assert {b.structure for b in measured.bases} - {b.structure for b in right} == {
        name for name in known if name.endswith(":left")
    }
