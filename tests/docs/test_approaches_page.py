"""The page of the six ways: every picture is on it, every question has its answer."""

import re
from pathlib import Path

import pytest

from kambin.approaches.fields import FIELDS, PUBLISHED_METRICS
from kambin.knowledge.approaches import approaches
from kambin.knowledge.published import published_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "concepts" / "approaches.md").read_text("utf-8")
IMAGES = sorted((ROOT / "docs" / "images").glob("approaches_*.png"))


def between(name: str) -> str:
    return PAGE.partition(f"<!-- {name} -->")[2].partition(f"<!-- end of {name} -->")[0]


@pytest.mark.parametrize("image", IMAGES, ids=lambda p: p.name)
def test_every_picture_is_on_the_page_with_its_table(image: Path) -> None:
    assert f"(../images/{image.name})" in PAGE
    patient = image.name.split("_")[1]
    assert f"(../images/{image.name})" in between(patient)


@pytest.mark.parametrize("patient", ["phantom", "atlas", "ct"])
def test_a_table_has_every_field_of_every_way(patient: str) -> None:
    text = between(patient)
    tables = text.count("| `skin_mm`")
    assert tables == text.count("../images/") > 0
    for name, _, _ in FIELDS:
        assert text.count(f"| `{name}`") == tables
    for row in approaches().values():
        assert text.count(f"| {row.title} ") == tables


def test_coarse_labels_and_missing_muscles_are_null_on_the_page() -> None:
    facet = [line for line in between("ct").splitlines() if line.startswith("| `facet_fraction`")]
    assert all(line.count("null") == len(approaches()) for line in facet)
    muscle = [line for line in between("atlas").splitlines() if "muscle_detached" in line]
    assert all(line.count("null") == len(approaches()) for line in muscle)
    kept = [line for line in between("ct").splitlines() if "muscle_detached" in line]
    assert all("null" not in line for line in kept)


def test_every_question_is_answered_for_every_patient() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| [^|]+\? \|", line)]
    assert len(rows) >= 9
    assert all(len([cell for cell in row.split("|") if cell.strip()]) == 4 for row in rows)


def test_what_papers_print_stands_as_the_table_has_it() -> None:
    text = between("papers")
    for metric in PUBLISHED_METRICS:
        for row in published_of(metric):
            assert row.origin in text, row.name
    rows = [line for line in text.splitlines() if line.startswith("| ") and " | " in line]
    assert len(rows) == 2 + sum(len(published_of(metric)) for metric in PUBLISHED_METRICS)
