"""Documents of every released schema, brought to the present one as a copy."""

import gzip
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from tests.unit.exchange.made_plans import a_plan, a_refusal

from kambin.anatomy import Level
from kambin.frames import Side
from kambin.planning import (
    FIRST_VERSION,
    SCHEMA_VERSION,
    Plan,
    PlanRequest,
    hash_document,
    migrate_document,
)

OLD = Path(__file__).parents[2] / "fault" / "old_documents"


@pytest.fixture(scope="module")
def a_plan_of_version_1() -> dict[str, Any]:
    """A plan as the first released schema wrote it."""
    document: dict[str, Any] = json.loads(gzip.decompress((OLD / "plan_v1.json.gz").read_bytes()))
    assert document["schema_version"] == 1
    return document


@pytest.mark.parametrize("version", range(FIRST_VERSION, SCHEMA_VERSION + 1))
def test_every_released_version_reaches_the_present_one(version: int) -> None:
    migrated = migrate_document({"schema_version": version, "level": "L4-L5"})
    assert migrated == {"schema_version": SCHEMA_VERSION, "level": "L4-L5"}


def test_the_present_version_is_left_as_it_is() -> None:
    document = a_plan().model_dump(mode="json")
    assert migrate_document(document) == document
    assert migrate_document(document) is not document


@pytest.mark.parametrize("version", [FIRST_VERSION - 1, -3])
def test_what_was_never_released_is_no_version(version: int) -> None:
    with pytest.raises(KeyError):
        migrate_document({"schema_version": version})


def test_the_given_document_is_not_touched(a_plan_of_version_1: dict[str, Any]) -> None:
    before = deepcopy(a_plan_of_version_1)
    migrate_document(a_plan_of_version_1)
    assert a_plan_of_version_1 == before


def test_an_old_plan_keeps_every_number_it_had(a_plan_of_version_1: dict[str, Any]) -> None:
    plan = Plan.model_validate_json(json.dumps(migrate_document(a_plan_of_version_1)))
    now = plan.model_dump(mode="json")
    assert plan.schema_version == SCHEMA_VERSION

    def compare(old: Any, new: Any, name: str) -> None:
        if isinstance(old, dict):
            for key, part in old.items():
                compare(part, new[key], f"{name}.{key}")
        elif isinstance(old, list):
            assert len(old) == len(new), name
            for a, b in zip(old, new, strict=True):
                compare(a, b, name)
        elif name != ".schema_version":
            assert new == old, name

    compare(a_plan_of_version_1, now, "")


def test_what_an_old_plan_did_not_know_is_not_invented(
    a_plan_of_version_1: dict[str, Any],
) -> None:
    plan = Plan.model_validate_json(json.dumps(migrate_document(a_plan_of_version_1)))
    new = set(plan.model_dump()) - set(a_plan_of_version_1)
    assert new
    empty = (None, (), {}, "")
    # there was one set of margins then
    assert {n: getattr(plan, n) for n in new if getattr(plan, n) not in empty} == {
        "margins": PlanRequest(Level("L4", "L5"), Side.LEFT).margins
    }


def test_the_hash_of_an_old_document_is_of_what_lies_there(
    a_plan_of_version_1: dict[str, Any],
) -> None:
    assert hash_document(a_plan_of_version_1) == a_plan_of_version_1["content_sha256"]
    # brought to another version it says something else, and has to be sealed anew
    migrated = migrate_document(a_plan_of_version_1)
    assert hash_document(migrated) != a_plan_of_version_1["content_sha256"]
    assert migrated["content_sha256"] == a_plan_of_version_1["content_sha256"]


@pytest.mark.parametrize("document", [a_plan(), a_refusal()])
def test_order_and_blanks_are_no_content(document: Any) -> None:
    said = document.model_dump(mode="json")
    turned = dict(reversed(list(said.items())))
    assert hash_document(turned) == hash_document(json.loads(json.dumps(said, indent=3)))
