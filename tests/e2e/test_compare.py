"""``kambin compare`` from a case to table, document and figure, and what must stop it."""

import json
from pathlib import Path

import pytest
from tests.e2e.command_line import Outcome, run_kambin
from tests.shelf import COARSE_MM, Shelf

from kambin.approaches import ApproachCost, Comparison
from kambin.knowledge.published import APPROACHES

ASKED = ("--level", "L4-L5", "--side", "left", "--zone", "paracentral")


@pytest.fixture(scope="module")
def case(shelf: Shelf) -> Path:
    """A phantom with a herniation at L4-L5 left, as ``kambin phantom`` makes it."""
    return shelf.made_patient(COARSE_MM)


@pytest.fixture(scope="module")
def compared(case: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    """What the command prints for a person, and the folder that it writes."""
    folder = tmp_path_factory.mktemp("compared")
    return run_kambin("compare", case, *ASKED, "-o", folder), folder


@pytest.fixture(scope="module")
def document(compared: tuple[Outcome, Path]) -> dict:
    return json.loads((compared[1] / "compare.json").read_text())


def test_the_document_keeps_the_contract(document: dict) -> None:
    assert document["schema_version"] == 1
    assert set(document["approaches"]) == set(APPROACHES)
    names = list(ApproachCost.model_fields)[:11]
    for cost in document["approaches"].values():
        assert set(names) <= set(cost)
    assert Comparison.model_validate(document).level == "L4-L5"


def test_the_ways_from_behind_cost_in_the_order_of_their_size(document: dict) -> None:
    costs = [document["approaches"][name] for name in APPROACHES[1:]]
    off = [cost["muscle_detached_mm3"] for cost in costs]
    assert off[0] == off[1] == 0 < off[2] < off[3] < off[4]
    bone = [cost["lamina_mm3"] for cost in costs]
    assert bone[1] == bone[2] < bone[3] < bone[4]
    through = document["approaches"]["transforaminal"]
    assert through["lamina_mm3"] == through["muscle_detached_mm3"] == 0


def test_the_table_has_units_definitions_differences_and_papers(
    compared: tuple[Outcome, Path],
) -> None:
    outcome = compared[0]
    assert outcome.code == 0, outcome.errors
    for word in (
        "muscle_detached_mm3",
        "+- 1 sd",
        "[mm] How far traversing root and sac",
        "micro retr.",
        "More than transforam.",
        "What papers print",
        "from modelled surfaces",
        "The case has no fragment.",
    ):
        assert word in outcome.text, word


def test_the_figure_is_a_picture_of_six_panels(compared: tuple[Outcome, Path]) -> None:
    picture = (compared[1] / "compare.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20]) > 6 * 200


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--side", "left", "--zone", "paracentral"), 2),
        (("--level", "L4-L5", "--zone", "paracentral"), 2),
        (("--level", "L4-L5", "--side", "left"), 2),
        (("--level", "L4-L5", "--side", "left", "--zone", "nowhere"), 2),
        (("--level", "L4-L5", "--side", "left", "--technique", "nothing", "--zone", "central"), 2),
    ],
)
def test_what_is_not_said_is_not_guessed(case: Path, words: tuple[str, ...], code: int) -> None:
    outcome = run_kambin("compare", case, *words)
    assert outcome.code == code
    assert outcome.errors


def test_the_help_has_examples() -> None:
    outcome = run_kambin("compare", "--help")
    assert outcome.code == 0
    assert "kambin compare case --level" in outcome.text
