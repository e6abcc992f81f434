"""``kambin indications`` on a made patient: what the document says the page says."""

from pathlib import Path

import pytest
from tests.e2e.command_line import run_kambin
from tests.shelf import COARSE_MM, Shelf

AT = ("--level", "L4-L5", "--side", "left", "--zone", "paracentral")


@pytest.fixture(scope="module")
def case(shelf: Shelf) -> Path:
    """The coarse made patient, whose labels hold no fragment."""
    return shelf.made_patient(COARSE_MM)


def test_the_document_and_the_page_say_the_same(case: Path) -> None:
    asked = run_kambin("indications", case, *AT, "--contraindication", "none", "--json")
    assert asked.code == 0, asked.errors
    document = asked.document
    assert document["schema_version"] == 1
    assert (document["herniation_from"], document["zone"]) == ("zone", "paracentral")
    here = document["approaches"]["transforaminal"]
    assert here["verdict"] == "as_far_as_assessed"
    assert any("--translation-mm" in line for line in here["not_asked"])
    rules = {rule["name"]: rule for rule in document["rules"]}
    # modelled roots say nothing of the patient's distance, and there is no fragment to measure
    assert rules["R8"]["applies"] is rules["R3"]["applies"] is None
    assert "modelled" in rules["R8"]["because"]
    assert rules["R9"]["applies"] is False
    assert {"AN-460"} <= {finding["code"] for finding in document["findings"]}
    assert "NaN" not in asked.text
    page = run_kambin("indications", case, *AT, "--contraindication", "none")
    assert page.code == 0
    assert "L4-L5 LEFT" in page.text
    assert "no rule that was" in page.text
    assert document["notice"] in page.text


def test_the_other_side_is_another_question(case: Path) -> None:
    words = ("--level", "L4-L5", "--side", "right", "--zone", "central", "--json")
    document = run_kambin("indications", case, *words).document
    assert document["side"] == "right"
    assert document["approaches"]["transforaminal"]["reasons"] == ["R9"]
    assert document["approaches"]["transforaminal"]["verdict"] == "amber"


def test_what_is_mistyped_or_missing_costs_no_waiting(case: Path) -> None:
    assert run_kambin("indications", case, "--level", "L4-L5").code == 2
    wrong = run_kambin("indications", case, *AT, "--contraindication", "headache", "--json")
    assert wrong.code == 2
    assert "RQ-160" in wrong.text
    assert run_kambin("indications", case, *AT, "--translation-mm", "-1", "--json").code == 2
