"""What the demo says before it has anything to show."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kambin.cli import demo


class Stopped(Exception):
    """Stands for all the work that follows the first words."""


def test_somebody_who_waits_for_the_first_run_is_told_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def stop(*_: object, **__: object) -> Callable[..., None]:
        raise Stopped

    monkeypatch.setattr(demo, "build_phantom", stop)
    with pytest.raises(Stopped):
        demo.demo(tmp_path / "demo")
    said = capsys.readouterr().out
    assert "Not a medical device" in said
    assert "compiles" in said
