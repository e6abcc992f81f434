"""The page of the guard names every goal, and tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "concepts" / "guard.md").read_text("utf-8")


def test_every_goal_has_one_row_with_what_holds_and_a_check() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line[:4] == "| W-"]
    assert [row[0] for row in rows] == [f"W-{number}" for number in range(1, 21)]
    assert all(len(row) == 3 and row[1] and "test" in row[2] for row in rows)


def test_every_test_that_is_named_is_there() -> None:
    named = set(re.findall(r"`([\w/]+\.py)`", PAGE))
    assert len(named) > 20
    for name in named:
        folder = ROOT / "tests"
        assert (folder / name).is_file() or list(folder.rglob(name)), name
