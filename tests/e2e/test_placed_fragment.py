"""A fragment placed by its parameters: the plan aims at it, and an older plan is stale."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from tests.e2e.command_line import Outcome, run_kambin
from tests.shelf import COARSE_MM, Shelf

from kambin.anatomy.fragment import find_note
from kambin.anatomy.fragment_brush import Stroke
from kambin.exchange import read_case
from kambin.exchange.strokes import strokes_bytes
from kambin.knowledge import value

AT = ("--level", "L4-L5", "--side", "left")


@pytest.fixture(scope="module")
def case(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A coarse made patient with a fragment placed on the left of L4-L5."""
    folder = tmp_path_factory.mktemp("placed") / "case"
    shutil.copytree(shelf.made_patient(COARSE_MM), folder)
    placed = run_kambin("fragment", folder, *AT, "--zone", "paracentral", "--json")
    assert placed.code == 0, placed.errors
    assert placed.document["herniation"]["side"] == "left"
    return folder


@pytest.fixture(scope="module")
def planned(case: Path) -> tuple[Outcome, Path]:
    """The plan that names no zone."""
    out = case.parent / "plan"
    return run_kambin("plan", case, *AT, "-o", out, "--json"), out / "plan.json"


@pytest.fixture(scope="module")
def document(planned: tuple[Outcome, Path]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(planned[1].read_text("utf-8"))
    return found


def test_the_fragment_has_a_plan(planned: tuple[Outcome, Path], document: dict[str, Any]) -> None:
    assert planned[0].code == 0, planned[0].errors
    assert document["status"] in {"ready", "needs_confirmation"}
    assert document["side"] == "left"
    assert document["zone"] is None
    # nothing may say that there is no fragment where there is one
    reach = document["reach"]
    assert reach["not_assessed_reason"] is None
    assert 0 <= reach["reachable_fraction"] <= 1
    expected = (1 - reach["reachable_fraction"]) * reach["fragment_mm3"]
    assert reach["residual_mm3"] == pytest.approx(expected, abs=1e-3)


def test_the_needle_ends_in_the_fragment_or_at_its_base(
    case: Path, document: dict[str, Any]
) -> None:
    made = read_case(case)
    key = next(value for value, name in made.names.items() if str(name) == "fragment")
    voxels = made.labels.lps_mm(np.argwhere(made.labels.values == key))
    target = np.array(document["trajectory"]["target_lps_mm"])
    away = np.linalg.norm(voxels - target, axis=1).min()
    # finer rounds move it by less than the lattice of the targets
    assert away <= value("planning.fragment_base_mm") + value("planning.fragment_step_mm")
    # +x is left in LPS
    assert document["trajectory"]["entry_lps_mm"][0] > target[0]


@pytest.fixture(scope="module")
def reported(case: Path, planned: tuple[Outcome, Path]) -> Path:
    """The folder of the report with the six ways."""
    folder = case.parent / "report"
    done = run_kambin("report", case, planned[1], "-o", folder, "--compare")
    assert done.code == 0, done.errors
    return folder


@pytest.fixture(scope="module")
def pages(reported: Path) -> list[tuple[str, bool]]:
    """Text of each printed page, and whether it lies on its long side."""
    pdf = pypdfium2.PdfDocument((reported / "report.pdf").read_bytes())
    try:
        found = []
        for page in pdf:
            width, height = page.get_size()
            text = re.sub(r"\s+", " ", page.get_textpage().get_text_range())
            found.append((text, width > height))
        return found
    finally:
        pdf.close()


def test_the_plan_stands_beside_the_other_ways_to_operate(
    reported: Path, pages: list[tuple[str, bool]], document: dict[str, Any]
) -> None:
    (first,) = [n for n, (text, _) in enumerate(pages) if "Six ways to operate: L4-L5" in text]
    assert [lies for _, lies in pages] == [n >= first for n in range(len(pages))]
    text = pages[first][0]
    assert "Open laminectomy" in text
    slit = 0.5 * np.pi * document["cannula_mm"]
    assert f"skin, mm {slit:.1f} 12.6" in text
    # the plan is not made again: its own reach stands in its column
    assert f"reachable fraction {document['reach']['reachable_fraction']:.2f} " in text
    assert (reported / "pictures" / "six-ways.png").exists()
    assert "What papers print of these ways" in (reported / "report.html").read_text("utf-8")


def test_the_second_checker_and_the_report_agree(
    case: Path, planned: tuple[Outcome, Path], pages: list[tuple[str, bool]]
) -> None:
    assert run_kambin("verify", case, planned[1]).code == 0
    card = pages[0][0]
    assert "L4-L5, LEFT side" in card
    # what is operated on stands on the first page
    assert "Herniation L4-L5 left: paracentral extrusion" in card
    assert "MSU 2" in card


def test_strokes_of_a_brush_go_on_with_it_or_replace_it(case: Path, tmp_path: Path) -> None:
    painted = Path(shutil.copytree(case, tmp_path / "case"))
    before = read_case(painted)
    key = next(value for value, name in before.names.items() if str(name) == "fragment")
    voxels = before.labels.lps_mm(np.argwhere(before.labels.values == key))
    middle = tuple(float(n) for n in voxels.mean(axis=0))
    file = tmp_path / "strokes.json"
    file.write_bytes(strokes_bytes((Stroke((middle,), 5.0),)))
    both = run_kambin("fragment", painted, "--strokes", file, "--remove")
    assert both.code != 0
    assert "RQ-082" in both.errors + both.text
    done = run_kambin("fragment", painted, "--strokes", file, "--replace", "--json")
    assert done.code == 0, done.errors
    assert done.document["herniation"]["volume_mm3"] == pytest.approx(4 / 3 * np.pi * 125, rel=0.1)
    assert done.document["herniation"]["side"] == "left"
    note = find_note(read_case(painted).source)
    assert note is not None
    assert (str(note.origin), note.wishes) == ("drawn", {"strokes": "1"})


def test_without_its_fragment_the_plan_is_stale(
    case: Path, planned: tuple[Outcome, Path], tmp_path: Path
) -> None:
    emptied = Path(shutil.copytree(case, tmp_path / "case"))
    assert run_kambin("fragment", emptied, "--remove").code == 0
    stale = run_kambin("verify", emptied, planned[1], "--json")
    assert stale.code != 0
    assert "PL-020" in stale.text
