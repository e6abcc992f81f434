"""``kambin anaesthesia`` and ``kambin procedure`` on a made patient and a plan made by hand."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from tests.e2e.command_line import Outcome, run_kambin
from tests.shelf import COARSE_MM, Shelf
from tests.unit.approaches.made_back import make_way
from tests.unit.exchange.made_plans import ASKED

from kambin.anatomy import Anatomy, Case, Level
from kambin.exchange import read_case, write_document
from kambin.frames import CONVENTION, Side, direction_from_angles
from kambin.planning import Angles, Entry, Plan, Trajectory, seal_plan
from kambin.planning.skin import Skin

LEVEL, SIDE = Level.parse("L4-L5"), Side.LEFT


@pytest.fixture(scope="module")
def the_case(shelf: Shelf) -> Path:
    return shelf.made_patient(COARSE_MM)


@pytest.fixture(scope="module")
def the_patient(the_case: Path, shelf: Shelf) -> tuple[Case, Anatomy]:
    case = read_case(the_case)
    return case, shelf.complete(case)


@pytest.fixture(autouse=True)
def completed_once(
    the_patient: tuple[Case, Anatomy], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The commands take the anatomy from the shelf: completing it is tested elsewhere."""
    monkeypatch.setattr("kambin.cli.opening.complete_once", lambda case, progress: the_patient[1])
    return iter(())


@pytest.fixture(scope="module")
def the_plan(the_patient: tuple[Case, Anatomy], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A straight way to the back of the disc, at angles that surgeons use."""
    case, anatomy = the_patient
    disc = anatomy.disc_frames[LEVEL].lps_from_disc
    target = disc.points([10.0, anatomy.disc_frames[LEVEL].posterior_rim_y_mm - 1.0, 0.0])
    out = disc.vectors(direction_from_angles(57.0, 12.0))
    entry = Skin(anatomy.require("skin").region).find_exits(target, out[None], 300.0)[0]
    length = float(np.linalg.norm(entry - target))
    lateral = float(disc.inverse().points(entry)[0])
    made = make_way(SIDE).model_copy(
        update={
            "case_sha256": case.sha256,
            "status": "needs_confirmation",
            "findings": (ASKED,),
            "trajectory": Trajectory(
                entry_lps_mm=tuple(entry.tolist()),
                target_lps_mm=tuple(target.tolist()),
                length_mm=length,
            ),
            "entry": Entry(
                lateral_of_midline_mm=lateral,
                cranial_of_disc_line_mm=14.0,
                cranial_of_spinous_tip_mm=None,
                spinous_tip=None,
                along_skin_lateral_mm=1.05 * lateral,
                depth_mm=length,
            ),
            "angles": Angles(
                axial_inclination_to_disc_deg=57.0,
                craniocaudal_to_disc_deg=12.0,
                axial_inclination_to_patient_deg=58.0,
                craniocaudal_to_patient_deg=20.0,
                convention=CONVENTION,
            ),
        }
    )
    file = tmp_path_factory.mktemp("plan") / "plan.json"
    write_document(seal_plan(Plan.model_validate(made.model_dump())), file)
    return file


def _ask(the_case: Path, the_plan: Path, *words: object) -> Outcome:
    return run_kambin("anaesthesia", the_case, the_plan, *words, "--json")


def test_layers_follow_on_one_another_and_sum_to_the_way(the_case: Path, the_plan: Path) -> None:
    found = _ask(the_case, the_plan, "--weight-kg", 70).document
    layers, length = found["layers"], json.loads(the_plan.read_text())["trajectory"]["length_mm"]
    assert found["schema_version"] == 1
    assert layers[0]["from_mm"] == 0.0
    assert layers[-1]["to_mm"] == found["path_length_mm"] == pytest.approx(length, abs=1e-6)
    assert math.fsum(row["length_mm"] for row in layers) == pytest.approx(length, abs=2e-6)
    names = [row["name"] for row in layers]
    assert names[:3] == ["skin", "subcutis", "fascia"]
    assert "erector_spinae" in names
    assert {row["origin"] for row in layers} <= {"segmented", "modelled"}


def test_without_a_drug_every_drug_is_told_and_none_chosen(the_case: Path, the_plan: Path) -> None:
    found = _ask(the_case, the_plan, "--weight-kg", 70).document
    assert found["chosen"] is None
    assert "PL-146" in [finding["code"] for finding in found["findings"]]
    limits = {(m["drugs"][0]["drug"], m["drugs"][0]["percent"]) for m in found["alternatives"]}
    assert ("lidocaine", 1.0) in limits
    for mixture in found["alternatives"]:
        assert (mixture["fraction_of_ceiling"] or 0.0) <= 1.0


def test_a_drug_is_spread_over_the_way_under_its_ceiling(the_case: Path, the_plan: Path) -> None:
    words = ("--weight-kg", 70, "--drug", "lidocaine 0.5%", "--reduce-for", "none")
    found = _ask(the_case, the_plan, *words).document
    assert found["chosen"]["total_ml"] == 21.0
    assert found["chosen"]["fraction_of_ceiling"] == pytest.approx(0.525)
    assert found["findings"] == []
    assert found["sources"]["C25"].startswith("lidocaine HCl")
    roots = {row["role"]: row["root"] for row in found["roots"]}
    assert roots == {"exiting": "L4", "traversing": "L5"}


def test_the_same_call_gives_the_same_bytes(the_case: Path, the_plan: Path) -> None:
    words = ("--weight-kg", 70, "--drug", "lidocaine:0.5")
    assert _ask(the_case, the_plan, *words).text == _ask(the_case, the_plan, *words).text


def test_a_plan_of_another_case_is_stale(the_case: Path, the_plan: Path, tmp_path: Path) -> None:
    other = json.loads(the_plan.read_text())
    other["case_sha256"] = "0" * 64
    file = tmp_path / "plan.json"
    write_document(seal_plan(Plan.model_validate(other)), file)
    asked = _ask(the_case, file, "--weight-kg", 70)
    assert (asked.code, asked.document["error"]["code"]) == (5, "PL-020")
    sheet = run_kambin("procedure", the_case, file, "-o", tmp_path / "sheet", "--json")
    assert (sheet.code, sheet.document["error"]["code"]) == (5, "PL-020")
    assert not (tmp_path / "sheet").exists()


def test_the_sheet_is_written_and_says_the_plans_numbers(
    the_case: Path, the_plan: Path, tmp_path: Path
) -> None:
    done = run_kambin("procedure", the_case, the_plan, "-o", tmp_path / "sheet", "--json")
    assert done.code == 0, done.errors
    plan = json.loads(the_plan.read_text())
    written = json.loads((tmp_path / "sheet" / "procedure.json").read_text())
    assert written == done.document
    assert written["plan_content_sha256"] == plan["content_sha256"]
    assert (written["level"], written["side"], written["open_codes"]) == (
        "L4-L5",
        "left",
        ["PL-090"],
    )
    assert written["marks"]["lateral_of_midline_mm"] == plan["entry"]["lateral_of_midline_mm"]
    needle = next(row for row in written["tools"] if row["stage"] == "needle")
    assert needle["depth_mm"] == pytest.approx(plan["trajectory"]["length_mm"], abs=2e-6)
    assert written["anaesthesia"] is None
    document = pypdfium2.PdfDocument((tmp_path / "sheet" / "procedure.pdf").read_bytes())
    pages = [page.get_textpage().get_text_range() for page in document]
    assert len(pages) in (2, 3)
    for page in pages:
        assert "needs_confirmation. Nobody has answered PL-090" in page
        assert plan["content_sha256"][:16] in page
        assert "L4-L5 LEFT SIDE" in page
    lateral = f"{plan['entry']['lateral_of_midline_mm']:.0f} mm to the patient's left"
    assert lateral in " ".join(pages[0].split())


def test_doses_need_a_weight(the_case: Path, the_plan: Path, tmp_path: Path) -> None:
    words = ("procedure", the_case, the_plan, "-o", tmp_path / "sheet", "--drug", "lidocaine:0.5")
    bare = run_kambin(*words, "--json")
    assert (bare.code, bare.document["error"]["code"]) == (2, "RQ-141")
    full = run_kambin(*words, "--weight-kg", 70)
    assert full.code == 0
    assert "procedure.pdf" in full.text
    assert "needs_confirmation" in full.text
    assert "PL-143" in full.text
    written = json.loads((tmp_path / "sheet" / "procedure.json").read_text())
    assert written["anaesthesia"]["chosen"]["total_ml"] == 21.0
