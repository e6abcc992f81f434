"""What an anatomy holds, how it is asked, and that nobody can change it afterwards."""

from dataclasses import replace

import numpy as np
import pytest

from kambin.anatomy import (
    Anatomy,
    Case,
    Confirmation,
    LevelScheme,
    Origin,
    Structure,
    StructureKey,
    Tube,
)
from kambin.core import AnatomyError
from kambin.frames import Side
from kambin.imaging import Grid, LabelMap

SAP = StructureKey("sap", "L5", Side.LEFT)
GRID = Grid(np.zeros(3), 1.0, (3, 3, 3), "patient")
SCHEME = LevelScheme("5 lumbar", ("L4", "L5", "S1"), True, False)


def a_structure(key: StructureKey, origin: Origin = Origin.SEGMENTED) -> Structure:
    region = LabelMap(np.ones((2, 2, 2), dtype=np.uint8), np.eye(4), "patient")
    return Structure(key, region, origin, 0.4)


@pytest.fixture
def a_small_anatomy() -> Anatomy:
    return Anatomy({SAP: a_structure(SAP)}, {}, {}, SCHEME, GRID, 1.0)


@pytest.mark.parametrize("name", [SAP, "sap:L5:left"])
def test_a_structure_is_found_by_its_key_or_its_text(a_small_anatomy, name):
    assert a_small_anatomy.find(name) is a_small_anatomy.structures[SAP]
    assert a_small_anatomy.require(name) is a_small_anatomy.structures[SAP]


@pytest.mark.parametrize("name", ["sap:L5:right", "sap:L5", "sap", "sap:L4:left", "iap:L5:left"])
def test_the_other_side_place_or_kind_is_not_assessed(a_small_anatomy, name):
    assert a_small_anatomy.find(name) is None
    with pytest.raises(AnatomyError, match="AN-011") as raised:
        a_small_anatomy.require(name)
    assert raised.value.where == name
    assert raised.value.exit_code == 4


def test_a_required_key_is_named_in_the_refusal(a_small_anatomy):
    with pytest.raises(AnatomyError) as raised:
        a_small_anatomy.require(StructureKey("drg", "L4", Side.RIGHT))
    assert raised.value.where == "drg:L4:right"


@pytest.mark.parametrize("method", ["find", "require"])
def test_a_text_that_is_no_key_is_refused_and_not_taken_as_missing(a_small_anatomy, method):
    with pytest.raises(AnatomyError, match="AN-010"):
        getattr(a_small_anatomy, method)("SAP of L5")


@pytest.mark.parametrize("name", ["structures", "vertebra_frames", "disc_frames"])
def test_the_mappings_of_an_anatomy_cannot_be_changed(a_small_anatomy, name):
    with pytest.raises(TypeError):
        getattr(a_small_anatomy, name)["new"] = None


def test_changing_the_mapping_an_anatomy_came_from_changes_nothing():
    held = {SAP: a_structure(SAP)}
    anatomy = Anatomy(held, {}, {}, SCHEME, GRID, 1.0)
    held.clear()
    assert anatomy.find(SAP) is not None


def test_an_anatomy_is_replaced_not_changed(a_small_anatomy):
    other = replace(a_small_anatomy, structures={})
    assert other.find(SAP) is None
    assert a_small_anatomy.find(SAP) is not None


@pytest.mark.parametrize(
    ("origin", "modelled"),
    [
        (Origin.SEGMENTED, False),
        (Origin.DRAWN, False),
        (Origin.MODELLED, True),
        (Origin.PHANTOM, False),
    ],
)
def test_only_what_no_image_shows_is_modelled(origin, modelled):
    assert a_structure(SAP, origin).is_modelled is modelled


def test_every_origin_is_written_as_a_word():
    assert [str(o) for o in Origin] == ["segmented", "drawn", "modelled", "phantom"]


def test_a_structure_has_neither_tube_nor_quality_unless_given():
    structure = a_structure(SAP)
    assert structure.tube is None
    assert structure.quality == {}
    assert structure.method == ""


def test_two_structures_do_not_share_their_quality_values():
    assert a_structure(SAP).quality is not a_structure(SAP).quality


def test_a_tube_keeps_points_and_radii_together():
    tube = Tube(np.zeros((3, 3)), np.ones(3))
    assert len(tube.points_lps_mm) == len(tube.radii_mm)
    with pytest.raises(AttributeError):
        tube.radii_mm = np.zeros(3)  # type: ignore[misc]


def test_a_scheme_is_unconfirmed_until_a_person_is_named():
    assert SCHEME.confirmed_by == ""
    assert replace(SCHEME, confirmed_by="Dr A").confirmed_by == "Dr A"


@pytest.fixture
def a_case_with_two_answers() -> Case:
    labels = LabelMap(np.zeros((2, 2, 2), dtype=np.uint8), np.eye(4), "patient")
    said = (
        Confirmation("Dr A", "2026-01-01T00:00:00Z", "AN-124", "accepted"),
        Confirmation("Dr B", "2026-01-02T00:00:00Z", "scheme", "5 lumbar"),
    )
    return Case(None, labels, {}, "native", said)


def test_accepted_codes_are_those_a_person_answered(a_case_with_two_answers):
    assert a_case_with_two_answers.accepted_codes == {"AN-124", "scheme"}


def test_a_case_without_answers_accepts_nothing(a_case_with_two_answers):
    assert replace(a_case_with_two_answers, confirmations=()).accepted_codes == frozenset()


def test_answering_twice_accepts_once(a_case_with_two_answers):
    twice = a_case_with_two_answers.confirmations * 2
    case = replace(a_case_with_two_answers, confirmations=twice)
    assert case.accepted_codes == a_case_with_two_answers.accepted_codes
