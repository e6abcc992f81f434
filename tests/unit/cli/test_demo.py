"""What the demo says before it has anything to show."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.unit.exchange.made_plans import a_plan, a_refusal

from kambin.cli import demo
from kambin.core import StoreError
from kambin.planning import Plan, Refusal


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


def test_a_folder_that_cannot_be_made_is_told_before_a_patient_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(demo, "build_phantom", lambda *_: pytest.fail("it was made"))
    (tmp_path / "taken").write_text("a letter")
    with pytest.raises(StoreError) as raised:
        demo.demo(tmp_path / "taken")
    assert raised.value.code == "ST-001"


@pytest.mark.parametrize(
    ("answer", "code", "word"), [(a_plan(), 0, "verified "), (a_refusal(), 5, "")]
)
def test_the_demo_says_what_it_made_and_sends_nobody_to_do_it_again(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: Plan | Refusal,
    code: int,
    word: str,
) -> None:
    file = Path("out/plan/plan.json")
    pages = SimpleNamespace(html=Path("out/report.html"), pdf=Path("out/report.pdf"))
    made = {
        "build_phantom": None,
        "write_phantom": None,
        "make_plan": answer,
        "write_answer": file,
        "make_verdict": SimpleNamespace(valid=True),
        "print_verdict": None,
        "make_report": pages,
    }
    for name, value in made.items():
        monkeypatch.setattr(demo, name, lambda *_, _value=value, **__: _value)
    assert demo.demo(Path("out")) == code
    said = capsys.readouterr().out
    assert not any(start in said for start in ("kambin verify", "kambin report"))
    assert said.splitlines()[-3:] == [
        f"Made      the patient out/case, the {word}answer {file} and its report",
        "Look at   out/report.html",
        "Print     out/report.pdf",
    ]
