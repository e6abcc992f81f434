"""The option that names what is done against errors of place."""

from pathlib import Path

import pytest
from tests.e2e.command_line import run_kambin


@pytest.mark.parametrize("word", ["", "gated", "Compensated", "compensated ", "x" * 200])
def test_pl_088_an_unknown_setting_is_refused_before_the_case_is_read(
    tmp_path: Path, word: str
) -> None:
    asked = ("--level", "L4-L5", "--side", "left", "--zone", "central", "--errors", word)
    outcome = run_kambin("plan", tmp_path / "no-case", *asked)
    assert outcome.code == 2
    assert "PL-088" in outcome.errors
    assert "compensated, uncompensated" in outcome.errors
    assert "x" * 30 not in outcome.errors
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("word", ["compensated", "uncompensated"])
def test_both_settings_are_taken_and_the_missing_case_is_told(tmp_path: Path, word: str) -> None:
    asked = ("--level", "L4-L5", "--side", "left", "--zone", "central", "--errors", word)
    outcome = run_kambin("plan", tmp_path / "no-case", *asked)
    assert outcome.code != 0
    assert "PL-088" not in outcome.errors
    assert "no-case" in outcome.errors
