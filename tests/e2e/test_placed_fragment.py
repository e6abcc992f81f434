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

from kambin.exchange import read_case
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


def test_the_second_checker_and_the_report_agree(
    case: Path, planned: tuple[Outcome, Path], tmp_path: Path
) -> None:
    assert run_kambin("verify", case, planned[1]).code == 0
    assert run_kambin("report", case, planned[1], "-o", tmp_path).code == 0
    pdf = pypdfium2.PdfDocument((tmp_path / "report.pdf").read_bytes())
    try:
        card = re.sub(r"\s+", " ", pdf[0].get_textpage().get_text_range())
    finally:
        pdf.close()
    assert "L4-L5, LEFT side" in card
    # what is operated on stands on the first page
    assert "Herniation L4-L5 left: paracentral extrusion" in card
    assert "MSU 2" in card


def test_without_its_fragment_the_plan_is_stale(
    case: Path, planned: tuple[Outcome, Path], tmp_path: Path
) -> None:
    emptied = Path(shutil.copytree(case, tmp_path / "case"))
    assert run_kambin("fragment", emptied, "--remove").code == 0
    stale = run_kambin("verify", emptied, planned[1], "--json")
    assert stale.code != 0
    assert "PL-020" in stale.text
