"""``kambin indications`` on a made patient, with the fragment that was placed in it."""

import json
import shutil
from pathlib import Path

import pytest
from tests.e2e.command_line import run_kambin
from tests.shelf import COARSE_MM, Shelf

AT = ("--level", "L4-L5", "--side", "left")


@pytest.fixture(scope="module")
def case(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The coarse made patient with a fragment placed on the left of L4-L5."""
    folder = tmp_path_factory.mktemp("indications") / "case"
    shutil.copytree(shelf.made_patient(COARSE_MM), folder)
    placed = run_kambin("fragment", folder, *AT, "--zone", "paracentral", "--json")
    assert placed.code == 0, placed.errors
    return folder


def test_the_document_and_the_page_say_the_same(case: Path) -> None:
    asked = run_kambin("indications", case, *AT, "--contraindication", "none", "--json")
    assert asked.code == 0, asked.errors
    document = asked.document
    assert document["schema_version"] == 1
    assert document["herniation_from"] == "fragment"
    assert document["herniation_origin"] == "modelled"
    assert document["zone"] == "paracentral"
    here = document["approaches"]["transforaminal"]
    assert here["verdict"] in {"red", "amber", "as_far_as_assessed"}
    assert here["not_asked"]
    # modelled roots say nothing of the patient's distance
    rule = next(r for r in document["rules"] if r["name"] == "R8")
    assert rule["applies"] is None
    assert json.dumps(document).count("NaN") == 0
    page = run_kambin("indications", case, *AT, "--contraindication", "none")
    assert page.code == 0
    assert "L4-L5 LEFT" in page.text
    assert document["notice"] in page.text
    assert here["verdict"].replace("_", " ") in page.text


def test_what_is_mistyped_or_missing_costs_no_waiting(case: Path) -> None:
    assert run_kambin("indications", case, "--level", "L4-L5").code == 2
    wrong = run_kambin("indications", case, *AT, "--contraindication", "headache", "--json")
    assert wrong.code == 2
    assert "RQ-160" in wrong.text
    assert run_kambin("indications", case, *AT, "--translation-mm", "-1", "--json").code == 2
