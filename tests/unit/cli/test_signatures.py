"""What a person and a script learn of the signatures under a plan."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.e2e.command_line import run_kambin
from tests.unit.anatomy.box_spine import box_spine
from tests.unit.exchange.made_plans import a_plan, a_refusal

from kambin.cli.signature_words import is_plan_locked, print_signatures
from kambin.cli.verify import describe_verdict, judge_file
from kambin.core import StoreError
from kambin.exchange import (
    SignRequest,
    keep_answer,
    lock_plan_file,
    read_case,
    read_plan,
    read_signatures,
    sign_plan_file,
    step_history,
    write_case,
    write_plan,
)
from kambin.planning import Signature, Verification

AT = "2026-03-04T12:00:00+00:00"
CASE = "c" * 64
EDITED = "The plan was changed after it was signed."


def _sign(folder: Path, by: str = "A. Surgeon", case: str = CASE) -> Signature:
    content = read_plan(folder / "plan.json").content_sha256
    return sign_plan_file(folder, SignRequest(by, AT, content, case, (), None))


@pytest.fixture(scope="module")
def case_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of boxes on disk."""
    folder = tmp_path_factory.mktemp("case") / "case"
    write_case(box_spine(), folder)
    return folder


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """A folder with a plan that one person signed and locked, for a case of another hash."""
    keep_answer(a_plan(level="L4-L5", case_sha256=CASE), tmp_path, at=AT)
    _sign(tmp_path)
    lock_plan_file(tmp_path, at=AT, case_sha256=CASE)
    return tmp_path


# What the files say


def test_a_signed_and_locked_plan(signed: Path) -> None:
    (signature,) = read_signatures(signed, case_sha256=CASE)
    assert (signature.is_valid, signature.is_locked) == (True, True)
    assert is_plan_locked([signature])


def test_a_hand_edit_takes_the_signature_away(tmp_path: Path) -> None:
    keep_answer(a_plan(level="L4-L5", case_sha256=CASE), tmp_path, at=AT)
    _sign(tmp_path)
    file = tmp_path / "plan.json"
    # the hash that was signed still stands in the file; the content is another one
    file.write_text(file.read_text().replace("L4-L5", "L3-L4"))
    (signature,) = read_signatures(tmp_path)
    assert (signature.is_valid, signature.why_not) == (False, EDITED)


@pytest.mark.parametrize("what", ["another plan", "an edit", "nothing"])
def test_a_locked_plan_that_was_replaced_by_hand_is_told_on_reading(
    signed: Path, what: str
) -> None:
    file = signed / "plan.json"
    if what == "another plan":
        write_plan(a_plan(level="L1-L2", case_sha256=CASE), file)
    elif what == "an edit":
        file.write_text(file.read_text().replace("L4-L5", "L3-L4"))
    else:
        file.unlink()
    with pytest.raises(StoreError, match=r"ST-011.*not the plan that was locked"):
        read_signatures(signed)


def test_a_locked_plan_with_a_new_version_is_no_offence(signed: Path) -> None:
    keep_answer(a_plan(level="L1-L2", case_sha256=CASE), signed, at=AT, new_version=True)
    (signature,) = read_signatures(signed)
    assert (signature.is_valid, signature.why_not) == (False, EDITED)
    assert not is_plan_locked([signature])


def test_a_stopped_write_of_a_known_version_is_no_offence(signed: Path) -> None:
    locked = (signed / "plan.json").read_bytes()
    keep_answer(a_plan(level="L1-L2", case_sha256=CASE), signed, at=AT, new_version=True)
    newer = (signed / "plan.json").read_bytes()
    step_history(signed, back=True, at=AT)
    assert (signed / "plan.json").read_bytes() == locked
    # as if the undo had been stopped before it replaced the plan
    (signed / "plan.json").write_bytes(newer)
    assert [s.is_valid for s in read_signatures(signed)] == [False]


def test_a_kept_version_shows_its_own_signature(signed: Path) -> None:
    keep_answer(a_plan(level="L1-L2", case_sha256=CASE), signed, at=AT, new_version=True)
    versions = signed / "plan.versions"
    old, new = (read_signatures(versions / f"000{n}.json") for n in (1, 2))
    assert [(s.is_valid, s.is_locked) for s in old] == [(True, True)]
    assert [(s.is_valid, s.why_not) for s in new] == [(False, EDITED)]


def test_a_refusal_in_place_of_a_signed_plan(tmp_path: Path) -> None:
    keep_answer(a_plan(level="L4-L5", case_sha256=CASE), tmp_path, at=AT)
    _sign(tmp_path)
    keep_answer(a_refusal(), tmp_path, at=AT)
    assert [s.why_not for s in read_signatures(tmp_path / "refusal.json")] == [EDITED]


# What verify says


def test_verify_lists_every_signature_and_why_it_fell(case_folder: Path, signed: Path) -> None:
    _sign(signed, "B. Surgeon")
    outcome = run_kambin("verify", case_folder, signed, "--json")
    assert outcome.code == 5
    assert [f["code"] for f in outcome.document["findings"]] == ["PL-020"]
    rows = outcome.document["signatures"]
    assert [(r["by"], r["is_valid"]) for r in rows] == [
        ("A. Surgeon", False),
        ("B. Surgeon", False),
    ]
    assert {r["why_not"] for r in rows} == {"The case was changed after the plan was signed."}
    assert outcome.document["locked"] is False


def test_a_person_reads_them_under_the_verdict(case_folder: Path, signed: Path) -> None:
    lines = run_kambin("verify", case_folder, signed).text.splitlines()
    assert lines[0] == "NOT VALID"
    assert lines[-1].startswith("Signed    A. Surgeon")
    assert "no longer valid: The case was changed" in lines[-1]


@pytest.mark.parametrize("log", ["plan.signatures.json", "plan.history.json"])
def test_signatures_that_were_changed_make_a_plan_invalid(
    case_folder: Path, signed: Path, log: str
) -> None:
    file = signed / log
    file.write_text(file.read_text().replace(AT, "2025-01-01T00:00:00+00:00"))
    outcome = run_kambin("verify", case_folder, signed, "--json")
    assert outcome.code == 5
    assert outcome.document["valid"] is False
    assert [f["code"] for f in outcome.document["findings"]] == ["PL-020", "ST-011"]
    assert outcome.document["signatures"] is None
    assert outcome.document["locked"] is None


def test_what_is_no_plan_has_no_signatures_to_tell(case_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    verdict, signatures = judge_file(case_folder, tmp_path)
    assert not verdict.valid
    assert signatures is None


def test_an_unsigned_plan_has_an_empty_list(case_folder: Path, tmp_path: Path) -> None:
    write_plan(a_plan(case_sha256=CASE), tmp_path / "plan.json")
    outcome = run_kambin("verify", case_folder, tmp_path, "--json")
    assert (outcome.document["signatures"], outcome.document["locked"]) == ([], False)


def test_the_verdict_keeps_all_its_names(signed: Path) -> None:
    verdict = Verification(valid=True, max_difference_mm=0.1, agreement_mm=0.5, findings=())
    document = describe_verdict(verdict, read_signatures(signed, case_sha256=CASE))
    assert document.items() >= verdict.model_dump(mode="json").items()
    assert document["locked"] is True
    assert document["signatures"][0]["by"] == "A. Surgeon"


# What a person reads


@pytest.mark.parametrize(
    ("valid", "locked", "says"),
    [
        (True, False, ["counts"]),
        (True, True, ["counts", "nothing replaces this plan"]),
        (False, True, ["no longer valid: Because."]),
    ],
)
def test_only_a_lock_that_counts_is_a_lock(
    capsys: pytest.CaptureFixture[str], valid: bool, locked: bool, says: list[str]
) -> None:
    why = "" if valid else "Because."
    print_signatures([Signature("A", AT, "a", "c", (), locked, valid, why)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(says)
    assert all(words in line for words, line in zip(says, lines, strict=True))


def test_history_of_a_plan_signed_for_this_case_counts(case_folder: Path, tmp_path: Path) -> None:
    sha256 = read_case(case_folder).sha256
    keep_answer(a_plan(level="L4-L5", case_sha256=sha256), tmp_path, at=AT)
    _sign(tmp_path, case=sha256)
    text = run_kambin("history", case_folder, tmp_path).text
    assert f"A. Surgeon at {AT}: counts" in text
    other = tmp_path / "other"
    shutil.copytree(case_folder, other)
    spine = box_spine()
    labels = spine.labels.values.copy()
    labels[0, 0, 0] = labels.max()
    write_case(replace(spine, labels=replace(spine.labels, values=labels)), tmp_path / "changed")
    text = run_kambin("history", tmp_path / "changed", tmp_path).text
    assert "no longer valid: The case was changed" in text
