"""From files to a checked and measured case, through the command line alone."""

import json
import shlex
from pathlib import Path
from shutil import copyfile, copytree

import pytest
from tests.e2e.command_line import run_kambin
from tests.fault.made_files import expect_refusal, save_spine
from tests.unit.exchange.made_plans import ASKED, a_plan

from kambin.cli import selftest
from kambin.exchange import read_case, read_confirmations, write_plan


@pytest.fixture(scope="module")
def ct(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 3 mm CT, imported."""
    folder, case = shared_data / "ct_ts_abdopelvis_3mm", tmp_path_factory.mktemp("ct") / "case"
    words = ("-i", folder / "ct.nii.gz", "--labels", folder / "labels_totalseg117.nii.gz")
    done = run_kambin("import", *words, "-o", case)
    assert done.code == 0, done.errors
    assert "61 structures, dialect totalsegmentator, 3 x 3 x 3 mm" in done.text
    assert f"kambin check {case}" in done.text
    return case


def test_the_import_says_what_it_made(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "ct_ts_abdopelvis_3mm"
    labels = folder / "labels_totalseg117.nii.gz"
    done = run_kambin("import", "--labels", labels, "-o", tmp_path / "case", "--json")
    document = done.document
    assert document["schema_version"] == 1
    assert document["has_image"] is False
    assert document["dialect"] == "totalsegmentator"
    assert document["spacing_mm"] == [3.0, 3.0, 3.0]
    assert "vertebra:L5" in document["structures"]
    assert document["case_sha256"] == read_case(tmp_path / "case").sha256


@pytest.fixture(scope="module")
def atlas(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 1 mm atlas, imported from its labels and its body mask; no image."""
    folder, case = shared_data / "atlas_vhp_male", tmp_path_factory.mktemp("atlas") / "case"
    labels = folder / "vhp_male_lumbar_labels_1mm.nii.gz"
    skin = folder / "vhp_male_body_skin_1mm.nii.gz"
    words = ("--labels", labels, "--labels", skin)
    done = run_kambin("import", *words, "-o", case, "--json")
    assert done.code == 0, done.errors
    assert {"skin", "ilium", "disc:L4-L5"} <= set(done.document["structures"])
    assert done.document["findings"] == []
    return case


def test_the_body_of_the_atlas_is_understood_by_its_file_name(atlas: Path) -> None:
    case = read_case(atlas)
    assert case.dialect == "sidecar+masks"
    assert case.image is None


def test_the_vertebra_mask_of_verse_must_be_called_so(shared_data: Path, tmp_path: Path) -> None:
    named = shared_data / "mask_verse004" / "sub-verse004_seg-vert_msk.nii.gz"
    unnamed = tmp_path / "mask.nii.gz"
    copyfile(named, unnamed)
    words = ("import", "--labels", unnamed, "-o", tmp_path / "case")
    expect_refusal("IN-015", *words, says=("verse", "totalsegmentator"))
    assert run_kambin(*words, "--dialect", "verse").code == 0
    by_name = run_kambin("import", "--labels", named, "-o", tmp_path / "named", "--json").document
    assert by_name["dialect"] == "verse"


def test_g19_a_chest_is_kept_as_what_it_is_and_never_measured(
    shared_data: Path, tmp_path: Path
) -> None:
    labels = shared_data / "ct_ts_dicom_j2k_T11T12" / "labels_totalseg117.nii.gz"
    made = run_kambin("import", "--labels", labels, "-o", tmp_path / "c", "--json")
    assert [finding["code"] for finding in made.document["findings"]] == ["IN-073"]
    refused = expect_refusal("AN-020", "measure", tmp_path / "c", says=("AN-100",), exit_code=4)
    assert "The labels hold adrenal:right, aorta" in refused.errors


def test_check_lists_and_never_refuses(ct: Path) -> None:
    done = run_kambin("check", ct, "--json")
    assert done.code == 0
    document = done.document
    assert document["scheme"] == "5 lumbar"
    assert {"L4", "L5", "L4-L5", "L5-S1"} <= set(document["levels_present"])
    assert document["blocking"] == []
    for finding in document["findings"]:
        assert finding.keys() == {"code", "severity", "what", "where", "why", "next_step"}
    shown = run_kambin("check", ct)
    assert shown.code == 0
    assert "5 lumbar, counted from the sacrum and the last rib" in shown.text
    assert all(finding["code"] in shown.text for finding in document["findings"])


def test_measure_waits_for_a_person_and_prints_the_call(atlas: Path) -> None:
    outcome = expect_refusal("AN-021", "measure", atlas, exit_code=4, says=("AN-114",))
    _, _, call = outcome.document["error"]["next_step"].partition("kambin ")
    words = ["A. Surgeon" if word == "NAME" else word for word in shlex.split(call)]
    assert run_kambin(*words).code == 0
    assert {a.by for a in read_confirmations(atlas)} == {"A. Surgeon"}
    again = run_kambin("check", atlas)
    assert "Nothing stands against" in again.text


def test_measure_gives_rows_with_unit_error_and_source(ct: Path) -> None:
    done = run_kambin("measure", ct, "--level", "L4-L5", "--side", "left", "--json")
    assert done.code == 0, done.errors
    rows = done.document["rows"]
    assert {"disc_height_middle", "foramen_height", "crest_height"} <= {
        row["quantity"] for row in rows
    }
    for row in rows:
        assert row.keys() >= {
            *("level", "side", "quantity", "value", "unit", "uncertainty", "method", "source"),
            "literature",
        }
        assert row["side"] in (None, "left")


def test_measure_refuses_a_word_that_is_no_level(ct: Path) -> None:
    expect_refusal("RQ-002", "measure", ct, "--level", "C3-C4", exit_code=2)


def test_an_answer_is_recorded_with_name_and_time(ct: Path, tmp_path: Path) -> None:
    # what nobody answered stays completed as it was, for the other tests
    case = copytree(ct, tmp_path / "case")
    words = ("confirm", case, "--by", "B. Reader", "--scheme", "5 lumbar", "--json")
    (answer,) = run_kambin(*words).document["confirmations"]
    assert (answer["by"], answer["code"], answer["value"]) == ("B. Reader", "scheme", "5 lumbar")
    assert answer["at"].endswith("+00:00")
    assert run_kambin("check", case, "--json").document["confirmed_by"] == "B. Reader"


def test_a_plan_is_confirmed_by_what_it_asks(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    write_plan(a_plan(), plan)
    words = ("confirm", plan, "--by", "A. Surgeon", "--accept")
    done = run_kambin(*words, ASKED.code)
    assert done.code == 0, done.errors
    assert f"A. Surgeon confirmed {ASKED.code}" in done.text
    expect_refusal("RQ-006", *words, "IN-022", exit_code=2, says=(ASKED.code,))
    assert run_kambin("confirm", tmp_path, *words[2:], ASKED.code).code == 0


def test_there_is_nothing_to_confirm_on_nothing(tmp_path: Path) -> None:
    words = ("--by", "A. Surgeon", "--accept", "IN-022")
    expect_refusal("ST-005", "confirm", tmp_path, *words, exit_code=6)
    expect_refusal("PL-091", "confirm", tmp_path / "plan.json", *words, exit_code=5)


def test_no_case_is_a_storage_error(tmp_path: Path) -> None:
    for command in ("check", "measure"):
        expect_refusal("ST-005", command, tmp_path / "none", exit_code=6)


def test_a_damaged_case_is_told_and_not_used(tmp_path: Path) -> None:
    image, labels = save_spine(tmp_path)
    case = tmp_path / "case"
    assert run_kambin("import", "-i", image, "--labels", labels, "-o", case).code == 0
    array = case / "labels.nii.gz"
    array.write_bytes(array.read_bytes()[:-9])
    expect_refusal("IN-002", "check", case, says=("labels.nii.gz",))


def test_info_lists_what_is_known() -> None:
    document = run_kambin("info", "--json").document
    assert document["schema_version"] == 1
    assert document["dialects"]["totalsegmentator"]["names_levels"]
    assert document["codes"]["IN-002"]["rows"] == ["G21"]
    assert document["constants"]["margins.needle_root_hard_mm"]["unit"] == "mm"
    assert {"outside-in", "inside-out", "far-lateral", "extraforaminal"} <= set(
        document["techniques"]
    )
    text = run_kambin("info").text
    assert "Instruments" in text
    assert "verse" in text


def test_a_phantom_says_what_it_is(tmp_path: Path) -> None:
    words = ("--level", "L3-L4", "--side", "right", "--herniation", "foraminal", "--spacing", 4)
    done = run_kambin("phantom", "-o", tmp_path / "case", *words, "--json")
    assert done.code == 0, done.errors
    document = done.document
    assert (document["level"], document["side"]) == ("L3-L4", "right")
    assert (tmp_path / "case" / "truth" / "truth.json").is_file()
    text = (tmp_path / "case" / "case.json").read_text()
    assert json.loads(text)["sha256"] == document["case_sha256"]
    expect_refusal("ST-002", "phantom", "-o", tmp_path / "case", *words, exit_code=6)


def test_selftest_passes_here_and_fails_when_a_step_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick = {
        name: step
        for name, step in selftest.STEPS.items()
        if "plan" not in name and "patient" not in name
    }
    monkeypatch.setattr(selftest, "STEPS", quick)
    done = run_kambin("selftest", "--json")
    assert (done.code, done.document["passed"]) == (0, True)
    assert len(done.document["steps"]) == len(quick)
    monkeypatch.setattr(selftest, "STEPS", quick | {"a broken step": lambda: "left is right"})
    assert run_kambin("selftest", "--json").document["passed"] is False
    shown = run_kambin("selftest")
    assert shown.code == 1
    assert "failed  a broken step: left is right" in shown.text
