"""What is drawn from a classified fragment, from the anatomy, and from a person's answers."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.unit.measure.conftest import build

from kambin.anatomy import Anatomy, Level, StructureKey
from kambin.approaches.indications_answers import Answers
from kambin.approaches.indications_facts import (
    NO_FRAGMENT,
    ZONE_ONLY,
    Fact,
    Place,
    find_facts,
    find_mismatch,
)
from kambin.frames import Side
from kambin.knowledge.suitability import facts
from kambin.measure.herniation_types import Grade, Herniation

LEVEL = Level("L4", "L5")


def a_grade(value: str | float | bool | None, **more: object) -> Grade:
    return Grade(value, "1", "as made", "made", **more)


def a_herniation(**changed: Grade) -> Herniation:
    """A paracentral protrusion at disc level that takes a fifth of the canal."""
    height = {"beyond_plate_mm": -2.0, "disc_height_mm": 10.0}
    grades: Mapping[str, Grade] = {
        "zone": a_grade("paracentral"),
        "morphology": a_grade("protrusion"),
        "migration": a_grade("none", measured=height),
        "migration_grade": a_grade("none", measured=height, uncertainty=1.0),
        "canal_compromise": a_grade("mild", measured={"fraction": 0.2}, uncertainty=0.05),
        "calcified": a_grade(value=False),
    }
    return Herniation(LEVEL, Side.LEFT, "drawn", 1.0, {**grades, **changed})


def migrated(
    zone: str, grade: str, beyond_mm: float, *, near_zone: str | None = None,
    near_grade: str | None = None,
) -> dict[str, Grade]:  # fmt: skip
    numbers = {"beyond_plate_mm": beyond_mm, "disc_height_mm": 10.0}
    return {
        "migration": a_grade(zone, measured=numbers, neighbour=near_zone),
        "migration_grade": a_grade(grade, measured=numbers, neighbour=near_grade, uncertainty=2.0),
    }


@pytest.fixture(scope="module")
def spine() -> Anatomy:
    return build(without=("dural_sac",))


@pytest.fixture(scope="module")
def place(spine: Anatomy) -> Place:
    return Place(spine, LEVEL, Side.LEFT)


def of(place: Place, herniation: Herniation | None = None, **more: object) -> Mapping[str, Fact]:
    return find_facts(place, herniation, **more)[0]


def test_every_fact_of_the_table_is_told_in_its_order(place: Place) -> None:
    found = of(place, a_herniation())
    assert list(found) == list(facts())
    assert all(fact.name == name for name, fact in found.items())


def test_a_fragment_answers_all_that_is_asked_of_it(place: Place) -> None:
    found = of(place, a_herniation())
    values = {name: found[name].value for name, row in facts().items() if row.kind == "herniation"}
    assert values == {
        "canal_share": 0.2,
        "zone": "paracentral",
        "migration_over_height": 0.0,
        "migration_grade": "none",
        "far_down": "no",
        "calcified": "no",
        "morphology": "protrusion",
    }
    assert found["canal_share"].sigma == 0.05
    assert found["migration_over_height"].sigma == pytest.approx(0.1)


def test_a_class_within_its_error_keeps_its_neighbour(place: Place) -> None:
    found = of(place, a_herniation(zone=a_grade("central", neighbour="paracentral")))
    assert (found["zone"].value, found["zone"].neighbour) == ("central", "paracentral")


def test_what_has_to_be_said_of_a_grade_goes_with_it(place: Place) -> None:
    canal = a_grade("mild", measured={"fraction": 0.2}, statement="The canal is modelled.")
    found = of(place, a_herniation(canal_compromise=canal))
    assert found["canal_share"].because == "as made. The canal is modelled."


@pytest.mark.parametrize(
    ("zone", "grade", "beyond_mm", "share", "far"),
    [
        ("none", "none", 3.0, 0.0, "no"),
        ("near-down", "low", 8.0, 0.8, "no"),
        ("near-down", "high", 10.5, 1.05, "no"),
        ("near-down", "very-high", 14.0, 1.4, "yes"),
        ("far-down", "high", 12.0, 1.2, "yes"),
        ("near-up", "high", 11.0, 1.1, "no"),
        ("far-up", "very-high", 20.0, 2.0, "no"),
    ],
)
def test_migration_is_told_as_a_share_and_as_far_down(
    place: Place, zone: str, grade: str, beyond_mm: float, share: float, far: str
) -> None:
    found = of(place, a_herniation(**migrated(zone, grade, beyond_mm)))
    assert found["migration_over_height"].value == pytest.approx(share)
    assert found["migration_over_height"].sigma == pytest.approx(0.2)
    assert found["far_down"].value == far
    assert found["migration_grade"].value == grade


@pytest.mark.parametrize(
    ("words", "neighbour"),
    [
        (migrated("near-down", "high", 11.0, near_zone="far-down"), "yes"),
        (migrated("near-down", "high", 11.0, near_grade="very-high"), "yes"),
        (migrated("near-up", "high", 11.0, near_grade="very-high"), None),
        (migrated("near-down", "low", 5.0), None),
    ],
)
def test_nearly_far_down_is_told(
    place: Place, words: dict[str, Grade], neighbour: str | None
) -> None:
    assert of(place, a_herniation(**words))["far_down"].neighbour == neighbour


def test_what_a_fragment_cannot_say_is_null_with_its_own_words(place: Place) -> None:
    found = of(
        place,
        a_herniation(
            calcified=a_grade(None, statement="Not assessed: no image shows it."),
            canal_compromise=a_grade(None),
            zone=a_grade(None),
        ),
    )
    assert found["calcified"].because == "not assessed: no image shows it"
    assert found["canal_share"].because == "not assessed: the canal"
    assert found["zone"].because == "not assessed: the fragment does not say"
    lost = [found[name] for name in ("calcified", "canal_share", "zone")]
    assert {(fact.value, fact.origin) for fact in lost} == {(None, "not_assessed")}


def test_calcium_is_a_yes_or_a_no(place: Place) -> None:
    assert of(place, a_herniation(calcified=a_grade(value=True)))["calcified"].value == "yes"
    assert of(place, a_herniation(calcified=a_grade(value=False)))["calcified"].value == "no"


def test_without_a_fragment_a_zone_answers_itself_alone(place: Place) -> None:
    bare, zoned = of(place), of(place, zone="foraminal")
    assert NO_FRAGMENT in bare["zone"].because
    assert (zoned["zone"].value, zoned["zone"].origin) == ("foraminal", "zone")
    assert ZONE_ONLY in zoned["canal_share"].because


def test_a_fragment_of_another_place_answers_nothing(place: Place) -> None:
    elsewhere = replace(a_herniation(), level=Level("L5", "S1"))
    other_side = replace(a_herniation(), side=Side.RIGHT)
    midline = replace(a_herniation(), side=None)
    assert find_mismatch(place, elsewhere) == "the fragment of the case lies at L5-S1"
    assert find_mismatch(place, other_side) == "the fragment of the case lies on the right"
    assert find_mismatch(place, midline) == find_mismatch(place, a_herniation()) == ""
    assert of(place, elsewhere)["zone"].value is None
    assert of(place, elsewhere, zone="central")["zone"].origin == "zone"
    assert of(place, midline)["zone"].value == "paracentral"


def test_the_anatomy_answers_with_number_error_and_how(place: Place) -> None:
    found = of(place)
    for name in ("ilium_angle_deg", "crest_above_l5_mm", "crest_above_l4_mm", "facet_root_mm",
                 "slip_share"):  # fmt: skip
        fact = found[name]
        assert isinstance(fact.value, float), name
        assert fact.sigma is not None
        assert fact.sigma > 0
        assert fact.because
    # the ilium of these boxes stands 8 mm above the disc's middle
    assert found["crest_above_l5_mm"].value - found["crest_above_l4_mm"].value == pytest.approx(
        12.0 + 13.5
    )


@pytest.mark.parametrize(
    ("missing", "lost"),
    [
        ("ilium:left", {"ilium_angle_deg", "crest_above_l5_mm", "crest_above_l4_mm"}),
        ("sap:L5:left", {"facet_root_mm"}),
        ("exiting_root:L4:left", {"facet_root_mm"}),
    ],
)
def test_a_missing_structure_takes_its_own_facts_alone(missing: str, lost: set[str]) -> None:
    found, findings = find_facts(
        Place(build(without=("dural_sac", missing)), LEVEL, Side.LEFT), None
    )
    measured = {name for name, row in facts().items() if row.kind == "measured"}
    assert {name for name in measured if found[name].value is None} == lost
    assert {finding.code for finding in findings} == {"AN-300"}


def test_the_right_side_is_measured_on_the_right(spine: Anatomy) -> None:
    left, right = (of(Place(spine, LEVEL, side)) for side in Side)
    # the right ilium of these boxes ends 11 mm lower
    assert left["crest_above_l5_mm"].value - right["crest_above_l5_mm"].value == pytest.approx(11.0)


def test_a_pedicle_that_is_not_there_leaves_its_line_open(spine: Anatomy) -> None:
    bare = replace(spine.vertebra_frames["L4"], pedicles={})
    frames = {**spine.vertebra_frames, "L4": bare}
    found = of(Place(replace(spine, vertebra_frames=frames), LEVEL, Side.LEFT))
    assert found["crest_above_l4_mm"].because == "not assessed: the pedicle of L4"
    assert found["crest_above_l5_mm"].value is not None


def test_a_vertebra_without_a_frame_takes_its_own_facts_alone(spine: Anatomy) -> None:
    frames = {name: frame for name, frame in spine.vertebra_frames.items() if name != "L4"}
    found = of(Place(replace(spine, vertebra_frames=frames), LEVEL, Side.LEFT))
    assert found["slip_share"].value is found["crest_above_l5_mm"].value is None
    assert found["slip_share"].because.startswith("not assessed: It has no frame")
    assert found["ilium_angle_deg"].value is not None


def test_answers_are_told_as_given_and_their_lack_as_not_asked(place: Place) -> None:
    named = of(place, answers=Answers(contraindications=frozenset({"tumour"}), age_years=70.0))
    assert (named["tumour"].value, named["infection"].value) == ("yes", "no")
    assert (named["age_years"].value, named["age_years"].origin) == (70.0, "asked")
    nobody = of(place)
    for name, row in facts().items():
        if row.kind == "asked":
            assert (nobody[name].value, nobody[name].origin) == (None, "not_asked")
            assert nobody[name].because == f"not asked: {row.title} ({row.option})"


def test_zero_cases_is_an_answer(place: Place) -> None:
    found = of(place, answers=Answers(surgeon_cases=0, translation_mm=0.0))
    assert (found["surgeon_cases"].value, found["translation_mm"].value) == (0.0, 0.0)


def test_facts_of_a_plan_are_open_without_one(place: Place) -> None:
    found = of(place)
    assert {found[n].because for n in ("unreached_share", "sap_share")} == {
        "not assessed: no plan was given"
    }


def test_keys_of_the_boxes_are_those_the_facts_ask_for(spine: Anatomy) -> None:
    for name in ("ilium:left", "sap:L5:left", "exiting_root:L4:left"):
        assert StructureKey.parse(name) in spine.structures
