"""Row P02 and goal R-16: every schema that was released opens, as a copy."""

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from kambin.anatomy import Confirmation
from kambin.core import KambinError, PlanError, StoreError
from kambin.exchange import (
    read_answer,
    read_plan,
    read_plan_confirmations,
    record_plan_confirmation,
    write_plan,
)
from kambin.planning import (
    FIRST_VERSION,
    SCHEMA_VERSION,
    Plan,
    Refusal,
    Verification,
    hash_content,
    migrate_document,
)

CORPUS = Path(__file__).with_name("old_documents")
"""Documents of a made patient as each released version wrote them."""

PLANS = sorted(CORPUS.glob("plan_v*.json.gz"))
REFUSALS = sorted(CORPUS.glob("refusal_v*.json.gz"))


def _unpack(packed: Path, folder: Path) -> Path:
    file = folder / packed.name.removesuffix(".gz")
    file.write_bytes(gzip.decompress(packed.read_bytes()))
    return file


def _edit(file: Path, **change: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | change))


def _find_lost(now: Any, said: Any, name: str = "") -> list[str]:
    """Return the names of what a document says otherwise than it did."""
    if isinstance(said, dict):
        return [
            lost
            for key, part in said.items()
            for lost in _find_lost(now.get(key, "gone"), part, f"{name}.{key}")
        ]
    if isinstance(said, list) and len(now) == len(said):
        pairs = enumerate(zip(now, said, strict=True))
        return [lost for n, (a, b) in pairs for lost in _find_lost(a, b, f"{name}.{n}")]
    return [] if now == said else [name]


@pytest.fixture
def old_plan(tmp_path: Path) -> Path:
    """The plan that the first released version wrote."""
    return _unpack(CORPUS / "plan_v1.json.gz", tmp_path)


def test_the_corpus_holds_every_version_before_this_one() -> None:
    versions = range(FIRST_VERSION, SCHEMA_VERSION)
    assert [p.name for p in PLANS] == [f"plan_v{v}.json.gz" for v in versions]
    assert [p.name for p in REFUSALS] == [f"refusal_v{v}.json.gz" for v in versions]


@pytest.mark.parametrize("packed", PLANS, ids=lambda p: p.name)
def test_an_old_plan_opens_as_a_sealed_copy(packed: Path, tmp_path: Path) -> None:
    file = _unpack(packed, tmp_path)
    before = file.read_bytes()
    plan = read_plan(file)
    said = json.loads(before)
    assert file.read_bytes() == before
    assert plan.schema_version == SCHEMA_VERSION > said["schema_version"]
    assert plan.content_sha256 == hash_content(plan) != said["content_sha256"]
    assert plan.migrated_from is not None
    assert plan.migrated_from.model_dump() == {
        name: said[name] for name in ("schema_version", "content_sha256")
    }
    # every word and number that was said is said still, whatever stands beside it now
    now = plan.model_dump(mode="json")
    old = {n: part for n, part in said.items() if n not in plan.migrated_from.model_dump()}
    assert _find_lost(now, old) == []


def test_a_copy_that_is_written_is_a_plan_of_this_version(old_plan: Path, tmp_path: Path) -> None:
    plan = read_plan(old_plan)
    write_plan(plan, tmp_path / "copy.json")
    again = read_plan(tmp_path / "copy.json")
    assert again == plan
    assert json.loads((tmp_path / "copy.json").read_text())["schema_version"] == SCHEMA_VERSION


@pytest.mark.parametrize(
    "change", [{"level": "L3-L4"}, {"cannula_mm": 8.0}, {"schema_version": 2}, {"findings": []}]
)
def test_an_edited_old_plan_is_refused(old_plan: Path, change: dict[str, Any]) -> None:
    _edit(old_plan, **change)
    with pytest.raises(PlanError, match="PL-090"):
        read_plan(old_plan)
    # opened for the second checker, which tells the edit as its verdict
    edited = read_plan(old_plan, verify=False)
    assert edited.migrated_from is None
    assert hash_content(edited) != edited.content_sha256


@pytest.mark.parametrize("version", [0, -1, True, "1", 1.0, None])
def test_what_names_no_released_version_is_no_plan(old_plan: Path, version: object) -> None:
    _edit(old_plan, schema_version=version)
    with pytest.raises(PlanError, match="PL-091"):
        read_plan(old_plan)


@pytest.mark.parametrize("name", ["plan_v1.json.gz", "refusal_v1.json.gz"])
def test_a_newer_schema_is_refused_and_left_alone(name: str, tmp_path: Path) -> None:
    file = _unpack(CORPUS / name, tmp_path)
    _edit(file, schema_version=SCHEMA_VERSION + 1)
    before = hashlib.sha256(file.read_bytes()).digest()
    with pytest.raises(StoreError, match="ST-004"):
        read_answer(file)
    assert hashlib.sha256(file.read_bytes()).digest() == before


@pytest.mark.parametrize("packed", REFUSALS, ids=lambda p: p.name)
def test_an_old_refusal_opens(packed: Path, tmp_path: Path) -> None:
    file = _unpack(packed, tmp_path)
    refusal = read_answer(file)
    assert isinstance(refusal, Refusal)
    said = json.loads(file.read_text())
    assert refusal.schema_version == SCHEMA_VERSION
    assert refusal.binding.model_dump() == said["binding"]


def test_an_old_verification_opens() -> None:
    said = json.loads(gzip.decompress((CORPUS / "verification_v1.json.gz").read_bytes()))
    verdict = Verification.model_validate(migrate_document(said))
    assert verdict.schema_version == SCHEMA_VERSION
    assert verdict.valid == said["valid"]
    assert said["schema_version"] == 1


def test_answers_given_to_an_old_plan_still_count(old_plan: Path) -> None:
    answer = Confirmation("A. Surgeon", "2026-01-02T03:04:05+00:00", "PL-004", "accepted")
    written = json.loads(old_plan.read_text())["content_sha256"]
    beside = old_plan.with_name(f"{old_plan.stem}.confirmations.json")
    stored = {"by": answer.by, "at": answer.at, "code": answer.code, "value": f"accepted@{written}"}
    beside.write_text(json.dumps({"schema_version": 1, "confirmations": [stored]}))
    assert read_plan_confirmations(old_plan) == (answer,)
    record_plan_confirmation(old_plan, answer)
    assert read_plan_confirmations(old_plan) == (answer, answer)


def test_a_document_nested_without_end_is_no_plan(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text("[" * 200_000)
    with pytest.raises(KambinError, match="PL-091"):
        read_answer(file)


def test_the_copy_is_a_plan_to_the_rest_of_the_programme(old_plan: Path) -> None:
    answer = read_answer(old_plan)
    assert isinstance(answer, Plan)
    assert answer.level == "L4-L5"
