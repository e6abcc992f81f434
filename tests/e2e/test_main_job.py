"""The main job on the phantom through the command line, and everything that must stop it."""

import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform
from tests.e2e.command_line import Outcome, run_kambin
from tests.shelf import COARSE_MM, Shelf

from kambin.exchange import read_case

ASKED = ("--level", "L4-L5", "--side", "left", "--zone", "paracentral")


@pytest.fixture(scope="module")
def case(shelf: Shelf) -> Path:
    """A phantom with a herniation at L4-L5 left, as ``kambin phantom`` makes it."""
    return shelf.made_patient(COARSE_MM)


@pytest.fixture(scope="module")
def planned(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the plan of that phantom."""
    return shutil.copytree(shelf.made_plan(COARSE_MM), tmp_path_factory.mktemp("made") / "plan")


@pytest.fixture(scope="module")
def refused(
    case: Path, planned: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Outcome]:
    """A folder whose plan was followed by a refusal, and what was said: a target in a body."""
    folder = tmp_path_factory.mktemp("refused")
    shutil.copy(planned / "plan.json", folder)
    x, y, z = _document(planned)["trajectory"]["target_lps_mm"]
    words = ("--level", "L4-L5", "--side", "left", f"--target={x:.1f},{y - 18:.1f},{z + 22:.1f}")
    return folder, run_kambin("plan", case, *words, "-o", folder, "--json")


def _document(planned: Path) -> dict:
    return json.loads((planned / "plan.json").read_text())


def _verdict(case: Path, document: dict, folder: Path) -> Outcome:
    path = folder / "plan.json"
    path.write_text(json.dumps(document))
    return run_kambin("verify", case, path, "--json")


def _codes(outcome: Outcome) -> set[str]:
    return {finding["code"] for finding in outcome.document["findings"]}


def test_the_plan_keeps_the_contract(planned: Path) -> None:
    plan = _document(planned)
    assert plan["schema_version"] >= 1
    assert plan["status"] in ("ready", "needs_confirmation")
    assert (plan["level"], plan["side"]) == ("L4-L5", "left")
    assert {"needle", "cannula"} <= {stage["tool"] for stage in plan["stages"]}
    for stage in plan["stages"]:
        assert stage["stop_mm"] >= 0
        for row in stage["clearances"]:
            assert row.keys() >= {
                "structure",
                "clearance_mm",
                "point_lps_mm",
                "sigma_mm",
                "origin",
            }
    assert plan["angles"]["convention"] == "kambin-1"
    assert plan["entry"]["lateral_of_midline_mm"] >= 50
    certificate = plan["certificate"]
    assert certificate["candidates"] >= 1_000_000
    assert certificate["gap_mm"] == 0
    assert certificate["objective_mm"] == certificate["upper_bound_mm"]


def test_the_second_checker_agrees(case: Path, planned: Path) -> None:
    outcome = run_kambin("verify", case, planned / "plan.json", "--json")
    assert outcome.code == 0, outcome.text
    assert outcome.document["valid"] is True
    assert outcome.document["max_difference_mm"] <= 0.3


@pytest.mark.usefixtures("an_empty_bench")
@pytest.mark.parametrize("axes", ["SAR"])
def test_a_second_run_on_files_stored_in_another_order_gives_the_same_bytes(
    case: Path, planned: Path, tmp_path: Path, axes: str
) -> None:
    for name in ("image.nii.gz", "labels.nii.gz"):
        image = nibabel.load(case / name)
        turn = ornt_transform(io_orientation(image.affine), axcodes2ornt(axes))
        nibabel.save(image.as_reoriented(turn), tmp_path / name)
    names = {str(value): str(key) for value, key in read_case(case).names.items()}
    (tmp_path / "labels.json").write_text(json.dumps(names))
    words = ("-i", tmp_path / "image.nii.gz", "--labels", tmp_path / "labels.nii.gz")
    other = tmp_path / "case"
    assert run_kambin("import", *words, "-o", other).code == 0
    assert run_kambin("plan", other, *ASKED, "-o", tmp_path / "plan").code == 0
    written = (tmp_path / "plan" / "plan.json").read_bytes()
    assert written == (planned / "plan.json").read_bytes()


def _mirrored_files(case: Path, folder: Path, *, renamed: bool) -> tuple[str | Path, ...]:
    """Write a case mirrored left to right as files, and return the words that import them."""
    for name in ("image.nii.gz", "labels.nii.gz"):
        image = nibabel.load(case / name)
        values = np.asarray(image.dataobj)[::-1].copy()
        nibabel.save(nibabel.Nifti1Image(values, image.affine, image.header), folder / name)
    other = {"left": "right", "right": "left"}
    names = {}
    for value, key in read_case(case).names.items():
        words = str(key).split(":")
        names[str(value)] = ":".join(other.get(w, w) if renamed else w for w in words)
    (folder / "labels.json").write_text(json.dumps(names))
    return "-i", folder / "image.nii.gz", "--labels", folder / "labels.nii.gz"


def test_a_mirrored_patient_gets_the_mirrored_plan_once_a_person_confirms(
    case: Path, planned: Path, tmp_path: Path
) -> None:
    twin = tmp_path / "case"
    words = _mirrored_files(case, tmp_path, renamed=True)
    assert run_kambin("import", *words, "-o", twin).code == 0
    asked = ("--level", "L4-L5", "--side", "right", "--zone", "paracentral")
    stopped = run_kambin("plan", twin, *asked, "--json")
    assert stopped.code == 4
    codes = [f["code"] for f in stopped.document["error"]["findings"]]
    accept = [word for code in codes for word in ("--accept", code)]
    assert run_kambin("confirm", twin, "--by", "A. Tester", *accept).code == 0
    done = run_kambin("plan", twin, *asked, "--json")
    assert done.code == 0, done.errors
    left, right = _document(planned), done.document
    labels = read_case(case).labels
    middle_mm = labels.lps_mm((np.array(labels.shape) - 1) / 2)[0]
    for name in ("entry_lps_mm", "target_lps_mm"):
        x, y, z = left["trajectory"][name]
        assert right["trajectory"][name] == pytest.approx([2 * middle_mm - x, y, z], abs=0.05)
    assert right["side"] == "right"
    for name in ("lateral_of_midline_mm", "depth_mm"):
        assert right["entry"][name] == pytest.approx(left["entry"][name], abs=0.05)


def test_a01_a_patient_mirrored_without_new_names_is_never_planned(
    case: Path, tmp_path: Path
) -> None:
    words = _mirrored_files(case, tmp_path, renamed=False)
    assert run_kambin("import", *words, "-o", tmp_path / "case").code == 0
    for side in ("left", "right"):
        asked = ("--level", "L4-L5", "--side", side, "--zone", "paracentral")
        assert run_kambin("plan", tmp_path / "case", *asked).code == 4
    findings = run_kambin("check", tmp_path / "case", "--json").document["findings"]
    assert any(finding["severity"] == "BLOCK" for finding in findings)


def test_p01_a_changed_label_map_makes_the_plan_stale(
    case: Path, planned: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "case"
    shutil.copytree(case, changed)
    file = changed / "labels.nii.gz"
    image = nibabel.load(file)
    values = np.asarray(image.dataobj).copy()
    values[values == values.max()] = 0
    nibabel.save(nibabel.Nifti1Image(values, image.affine, image.header), file)
    outcome = run_kambin("verify", changed, planned / "plan.json", "--json")
    assert outcome.code == 5
    assert outcome.document["valid"] is False
    assert _codes(outcome) == {"PL-020"}


def test_p02_an_edited_plan_is_refused(case: Path, planned: Path, tmp_path: Path) -> None:
    plan = _document(planned)
    plan["stages"][0]["clearances"][0]["clearance_mm"] += 1.0
    outcome = _verdict(case, plan, tmp_path)
    assert outcome.code == 5
    assert outcome.document["valid"] is False


def test_p02_a_newer_plan_is_refused(case: Path, planned: Path, tmp_path: Path) -> None:
    outcome = _verdict(case, _document(planned) | {"schema_version": 999}, tmp_path)
    assert outcome.code == 5
    assert outcome.document["valid"] is False


def test_a_file_that_is_no_plan_is_refused(case: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text("no plan")
    outcome = run_kambin("verify", case, path, "--json")
    assert outcome.code == 5
    assert _codes(outcome) == {"PL-091"}


def test_confirmation_is_recorded_and_the_report_says_so(
    case: Path, planned: Path, tmp_path: Path
) -> None:
    plan = _document(planned)
    codes = sorted({f["code"] for f in plan["findings"] if f["severity"] == "CONFIRM"})
    accept = [word for code in codes for word in ("--accept", code)]
    if codes:
        call = ("confirm", planned / "plan.json", "--by", "A. Tester", *accept)
        assert run_kambin(*call).code == 0
    outcome = run_kambin("report", case, planned / "plan.json", "-o", tmp_path / "report")
    assert outcome.code == 0, outcome.errors
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert "L4-L5" in page
    assert "LEFT" in page.upper()
    assert "not a medical device" in page.lower()
    if codes:
        assert "A. Tester" in page


def test_a_person_signs_and_locks_the_plan(case: Path, planned: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    plan.mkdir()
    shutil.copy(planned / "plan.json", plan)
    named = ("--by", "A. Surgeon", "--json")
    codes = {f["code"] for f in _document(plan)["findings"] if f["severity"] == "CONFIRM"}
    assert codes
    unanswered = run_kambin("sign", case, plan, *named)
    assert (unanswered.code, unanswered.document["error"]["code"]) == (5, "PL-101")
    accept = [word for code in codes for word in ("--accept", code)]
    assert run_kambin("confirm", plan / "plan.json", *named, *accept).code == 0
    assert run_kambin("lock", case, plan).code == 5
    unnamed = run_kambin("sign", case, plan, "--by", " ", "--json")
    assert (unnamed.code, unnamed.document["error"]["code"]) == (2, "RQ-100")
    signed = run_kambin("sign", case, plan, *named)
    assert signed.code == 0, signed.text
    assert signed.document["signature"]["accepted"] == sorted(codes)
    assert run_kambin("lock", case, plan, "--json").document["locked"] is True
    again = run_kambin("plan", case, *ASKED, "-o", plan, "--json")
    assert (again.code, again.document["error"]["code"]) == (6, "ST-010")
    told = run_kambin("history", case, plan, "--json").document
    assert [v["origin"] for v in told["versions"]] == ["found"]
    assert [(s["by"], s["is_valid"], s["is_locked"]) for s in told["signatures"]] == [
        ("A. Surgeon", True, True)
    ]
    assert "signed, locked" in run_kambin("history", case, plan).text
    assert run_kambin("history", case, plan, "--undo").code == 2
    verified = run_kambin("verify", case, plan, "--json")
    assert (verified.code, verified.document["locked"]) == (0, True)
    assert [s["is_valid"] for s in verified.document["signatures"]] == [True]


def test_a_refusal_over_a_plan_is_undone(
    case: Path, planned: Path, refused: tuple[Path, Outcome], tmp_path: Path
) -> None:
    plan = shutil.copytree(refused[0], tmp_path / "plan")
    assert not (plan / "plan.json").exists()
    told = run_kambin("history", case, plan, "--undo", "--json").document
    assert (told["current"], told["undo"], told["redo"]) == (1, None, 2)
    assert [v["kind"] for v in told["versions"]] == ["plan", "refusal"]
    assert (plan / "plan.json").read_bytes() == (planned / "plan.json").read_bytes()
    same = run_kambin("diff", plan, planned, "--json").document
    assert same["better_a"] == same["better_b"] == []


def test_a_plan_is_asked_what_if(case: Path, planned: Path) -> None:
    before = (planned / "plan.json").read_bytes()
    outcome = run_kambin("whatif", case, planned, "--flexion", "6", "--cannula", "6", "--json")
    assert outcome.code == 0, outcome.errors
    found = outcome.document
    assert found["after"]["foramen_height_mm"] > found["before"]["foramen_height_mm"] + 1
    assert "exiting_root:L4:left" in found["farther"]
    assert "PL-109" in _codes(outcome)
    stated = {
        row["structure"]: row["clearance_mm"]
        for row in _document(planned)["stages"][0]["clearances"]
    }
    measured = {r["structure"]: r["a_mm"] for r in found["clearances"] if r["tool"] == "needle"}
    root = "exiting_root:L4:left"
    assert measured[root] == pytest.approx(stated[root], abs=0.05)
    assert (planned / "plan.json").read_bytes() == before


def test_the_promises_are_weighed_by_the_plan_as_it_was_made(case: Path, planned: Path) -> None:
    plan = _document(planned)
    outcome = run_kambin("claims", case, planned, "--json")
    assert outcome.code == 0, outcome.errors
    found = outcome.document
    assert (found["level"], found["side"]) == (plan["level"], plan["side"])
    told = {n["name"]: n["value"] for c in found["claims"] for n in c["patient"]["numbers"]}
    taken, reach = plan["resection"], plan["reach"]
    for name in ("volume_mm3", "sap_fraction", "facet_kept_fraction"):
        assert told[name] == taken[name]
    assert told["reachable_fraction"] == reach["reachable_fraction"]
    page = run_kambin("claims", case, planned).text
    assert f"{taken['volume_mm3']:.0f} mm3 (plan)" in page
    assert f"stability: {taken['stability_class']}" in page


def test_p01_a_plan_of_a_changed_case_is_not_signed(
    case: Path, planned: Path, tmp_path: Path
) -> None:
    other = tmp_path / "case"
    shutil.copytree(case, other)
    document = json.loads((other / "case.json").read_text())
    document["names"].popitem()
    (other / "case.json").write_text(json.dumps(document))
    outcome = run_kambin("sign", other, planned, "--by", "A. Surgeon", "--json")
    assert outcome.code == 5
    assert [f["code"] for f in outcome.document["error"]["findings"]] == ["PL-020"]
    assert not (planned / "plan.signatures.json").exists()


def test_no_default_level_no_default_side_no_default_target(case: Path) -> None:
    assert run_kambin("plan", case, "--side", "left", "--zone", "paracentral").code == 2
    assert run_kambin("plan", case, "--level", "L4-L5", "--zone", "paracentral").code == 2
    assert run_kambin("plan", case, "--level", "L4-L5", "--side", "left").code == 2


@pytest.mark.parametrize(
    "target",
    ["1,2", "a,b,c", "nan,0,0", "inf,0,0", "1 2 3"],
    ids=["two", "words", "nan", "inf", "blanks"],
)
def test_p05_a_degenerate_target_is_refused(case: Path, target: str) -> None:
    outcome = run_kambin(
        "plan", case, "--level", "L4-L5", "--side", "left", "--target", target, "--json"
    )
    assert outcome.code == 2
    assert outcome.document["error"]["code"] == "RQ-007"


def test_a_target_inside_a_body_gives_a_reasoned_refusal(
    case: Path, refused: tuple[Path, Outcome], tmp_path: Path
) -> None:
    folder, outcome = refused
    assert outcome.code == 5
    refusal = outcome.document
    assert refusal["infeasible"] is True
    assert refusal["binding"]["structure"]
    assert refusal["binding"]["deficit_mm"] > 0
    assert refusal["findings"]
    assert (folder / "refusal.json").exists()
    report = run_kambin("report", case, folder, "-o", tmp_path / "report")
    assert report.code == 0, report.errors
