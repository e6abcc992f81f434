"""Every row of the catalogue of bad images has a test that carries its id."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ELSEWHERE = {"G26"}
"""Fusion of two images; its test stands beside the code that fuses."""

ROWS = [f"G{number:02d}" for number in range(1, 27) if f"G{number:02d}" not in ELSEWHERE]


def _ids(text: str) -> set[str]:
    """The rows that names of tests and ids of their parameters carry."""
    named = re.findall(r"def test_((?:g\d\d_)+)", text)
    listed = re.findall(r"\"(G\d\d)[ \"]", text)
    return {row.upper() for name in named for row in re.findall(r"g\d\d", name)} | set(listed)


@pytest.mark.parametrize("row", ROWS)
def test_a_test_carries_the_row(row: str) -> None:
    found = [
        file.name
        for file in sorted(TESTS.rglob("test_*.py"))
        if row in _ids(file.read_text("utf-8"))
    ]
    assert found, f"no test is named after {row}"


def test_a_row_without_a_test_would_be_noticed() -> None:
    assert _ids("def test_g22_g23_archives(): ...") == {"G22", "G23"}
    assert _ids('("G05 duplicate", "IN-055")') == {"G05"}
    assert _ids("# G04 is only spoken of") == set()
