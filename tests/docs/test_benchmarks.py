"""What the benchmark asserts stops it; what benchmarks keep is made once, and none needs a test."""

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import case_stages, made_once
from benchmarks.made_once import MadeOnce, name_code

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def _used(peak_mb: float) -> dict[str, Any]:
    return {"wall_s": 2.0, "cpu_s": 1.5, "peak_mb": peak_mb, "said": ""}


def test_a_stage_that_takes_more_than_4_gb_stops_the_benchmark(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    peaks = {"measure": 4097.0, "read plainly": 9000.0}
    monkeypatch.setattr(case_stages, "_run", lambda stage, _: _used(peaks.get(stage, 900.0)))
    with pytest.raises(SystemExit, match="measure: more than 4096 MB"):
        case_stages.measure_stages()
    assert "1.0 times plain reading" in capsys.readouterr().out


def test_a_stage_that_fails_stops_the_benchmark_with_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"(?s)measure:.*ST-00"):
        case_stages._run("measure", tmp_path)


def test_the_peak_of_memory_is_that_of_the_process() -> None:
    before = case_stages.peak_memory_mb()
    held = np.ones((400, 512, 512), np.uint8)
    assert case_stages.peak_memory_mb() >= before
    assert case_stages.peak_memory_mb() > held.nbytes / 2**20


def _write_whole(file: Path) -> None:
    file.write_text("whole")


def test_what_failed_half_way_is_made_anew_and_then_kept(tmp_path: Path) -> None:
    def fail(file: Path) -> None:
        file.write_text("half")
        raise OSError("no space")

    kept = MadeOnce(tmp_path / "kept")
    with pytest.raises(OSError, match="no space"):
        kept.find("one", fail)
    assert kept.find("one", _write_whole).read_text() == "whole"
    assert MadeOnce(tmp_path / "kept").find("one", fail).read_text() == "whole"


def test_code_has_another_name_when_a_file_of_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made_once, "ROOT", tmp_path)
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "one.py").write_text("1")
    (tmp_path / "other.py").write_text("2")
    asked = ("room", "other.py")
    names = [name_code(asked)]
    (tmp_path / "room" / "notes.md").write_text("not code")
    assert name_code(asked) == names[0]
    for file in ("room/one.py", "room/new.toml", "other.py"):
        (tmp_path / file).write_text("3")
        names.append(name_code(asked))
    assert len(set(names)) == 4


@pytest.mark.parametrize("file", sorted(BENCHMARKS.glob("*.py")), ids=lambda file: file.stem)
def test_no_benchmark_imports_a_test(file: Path) -> None:
    nodes = [*ast.walk(ast.parse(file.read_text("utf-8")))]
    names = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    names += [one.name for node in nodes if isinstance(node, ast.Import) for one in node.names]
    assert not [name for name in names if name.split(".")[0] == "tests"]
