"""Documents refuse what they do not know and what is no number."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from tests.unit.planning.made_level import (
    ROOT,
    make_clearance,
    make_plan,
    make_resection,
    make_stage,
)

from kambin.planning import (
    SCHEMA_VERSION,
    Binding,
    FindingRecord,
    MigratedFrom,
    Plan,
    Refusal,
    Verification,
)
from kambin.planning.models import Document

PLAN = make_plan((make_stage("needle", make_clearance()),))
FINDING = FindingRecord(
    code="PL-001", severity="BLOCK", what="a", where="b", why="c", next_step="d"
)
REFUSAL = Refusal(
    case_sha256="c" * 64,
    level="L4-L5",
    side="left",
    technique="outside-in",
    zone=None,
    cannula_mm=7.5,
    decidable=True,
    binding=Binding(structure=ROOT, deficit_mm=2.0, stage="needle"),
    certificate=PLAN.certificate,
    not_assessed=(),
    findings=(FINDING,),
    evidence=(),
    software=PLAN.software,
)
VERIFICATION = Verification(valid=True, max_difference_mm=0.1, agreement_mm=0.3, findings=())
DOCUMENTS: dict[str, BaseModel] = {
    "plan": PLAN,
    "refusal": REFUSAL,
    "verification": VERIFICATION,
    "finding": FINDING,
    "binding": REFUSAL.binding,
    "trajectory": PLAN.trajectory,
    "entry": PLAN.entry,
    "angles": PLAN.angles,
    "stage": PLAN.stages[0],
    "clearance": PLAN.stages[0].clearances[0],
    "resection": PLAN.resection,
    "reach": PLAN.reach,
    "certainty": PLAN.certainty,
    "certificate": PLAN.certificate,
    "side_witness": PLAN.side_witness,
    "software": PLAN.software,
    "migrated_from": MigratedFrom(schema_version=1, content_sha256="e" * 64),
}
NUMBERS = [
    (document, name)
    for document, model in DOCUMENTS.items()
    for name, value in model.model_dump().items()
    if isinstance(value, float)
]
REQUIRED = [
    (document, name)
    for document, model in DOCUMENTS.items()
    for name, field in type(model).model_fields.items()
    if field.is_required()
]


def _rebuild(document: str, **parts: Any) -> BaseModel:
    model = DOCUMENTS[document]
    return type(model).model_validate({**model.model_dump(), **parts})


def test_every_kind_of_document_is_in_this_test() -> None:
    # documents of other modules stand in the tests of those
    homes = {Plan.__module__, FindingRecord.__module__}
    here = {kind for kind in Document.__subclasses__() if kind.__module__ in homes}
    assert {type(model) for model in DOCUMENTS.values()} >= here


@pytest.mark.parametrize("document", DOCUMENTS)
def test_an_unknown_name_is_refused(document: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        _rebuild(document, surprise=1)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(("document", "name"), NUMBERS)
def test_what_is_no_number_is_refused(document: str, name: str, bad: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        _rebuild(document, **{name: bad})


@pytest.mark.parametrize(("document", "name"), REQUIRED)
def test_nothing_that_is_required_may_be_left_out(document: str, name: str) -> None:
    model = DOCUMENTS[document]
    with pytest.raises(ValidationError, match="Field required"):
        type(model).model_validate(model.model_dump(exclude={name}))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_cannot_be_changed_in_place(document: str) -> None:
    model = DOCUMENTS[document]
    with pytest.raises(ValidationError, match="frozen"):
        setattr(model, next(iter(type(model).model_fields)), 1)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_survives_json(document: str) -> None:
    model = DOCUMENTS[document]
    assert type(model).model_validate_json(model.model_dump_json()) == model


@pytest.mark.parametrize("name", ["entry_lps_mm", "target_lps_mm"])
@pytest.mark.parametrize("point", [(1.0, 2.0), (1.0, 2.0, 3.0, 4.0), (1.0, 2.0, float("nan"))])
def test_a_point_has_three_numbers(name: str, point: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError):
        _rebuild("trajectory", **{name: point})


@pytest.mark.parametrize(
    ("document", "name", "bad"),
    [
        ("plan", "side", "middle"),
        ("plan", "side", "Left"),
        ("plan", "status", "approved"),
        ("refusal", "side", "both"),
        ("refusal", "infeasible", False),
        ("resection", "stability_class", "stable"),
        ("finding", "severity", "WARN"),
    ],
)
def test_a_word_of_another_meaning_is_refused(document: str, name: str, bad: object) -> None:
    with pytest.raises(ValidationError):
        _rebuild(document, **{name: bad})


def test_a_probability_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValidationError, match="finite"):
        _rebuild("certainty", contact_probability={ROOT: float("nan")})


@pytest.mark.parametrize("stability", ["intact", "minor", "moderate", "at_risk", "not_assessed"])
def test_every_stability_class_can_be_written(stability: str) -> None:
    assert make_resection(stability_class=stability).stability_class == stability


def test_a_refusal_always_says_that_it_is_one() -> None:
    assert REFUSAL.infeasible is True
    assert "infeasible" in REFUSAL.model_dump()
    assert "infeasible" not in Plan.model_fields


@pytest.mark.parametrize("document", ["plan", "refusal", "verification"])
def test_documents_carry_the_version_of_their_schema(document: str) -> None:
    assert DOCUMENTS[document].model_dump()["schema_version"] == SCHEMA_VERSION == 2


def test_a_corridor_without_skin_has_no_deficit() -> None:
    binding = Binding(structure="skin", deficit_mm=None, stage="needle")
    assert binding.deficit_mm is None


def test_units_and_frames_are_in_the_names() -> None:
    for model in DOCUMENTS.values():
        for name, value in model.model_dump().items():
            if isinstance(value, float):
                assert name.endswith(("_mm", "_deg", "_mm3", "_fraction")), name
