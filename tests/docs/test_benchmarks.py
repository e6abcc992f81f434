"""What the benchmark asserts stops it; what benchmarks keep is made once, and none needs a test."""

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from benchmarks import case_stages, clearance, live_numbers, made_once, refit_parts, whole_plan
from benchmarks.c_loop import compile_loop
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


@pytest.fixture
def an_instance() -> Any:
    """One path through 4 mm of a field that is 3 mm everywhere."""
    return SimpleNamespace(
        name="tiny",
        field=np.full((8, 8, 8), 3.0, np.float32),
        grid=SimpleNamespace(spacing_mm=1.0),
        entries=np.array([[1.0, 1.0, 1.0]], np.float32),
        targets=np.array([[5.0, 1.0, 1.0]], np.float32),
    )


@pytest.mark.parametrize(
    ("added_mm", "of_c", "of_vtk", "words"),
    [(0.1, 9.0, 9e9, "disagree"), (0.0, 0.7, 9e9, "0.70 of the C loop"),
     (0.0, 9.0, 900.0, "900 times VTK"), (0.0, 9.0, 9e9, "")],
)  # fmt: skip
def test_a_kernel_that_errs_or_is_slow_stops_the_benchmark(
    an_instance: Any, monkeypatch: pytest.MonkeyPatch, added_mm: float, of_c: float,
    of_vtk: float, words: str,
) -> None:  # fmt: skip
    march = clearance.march_clearance
    monkeypatch.setattr(clearance, "march_clearance", lambda *given: march(*given) + added_mm)
    monkeypatch.setattr(clearance, "_ratio_to_c", lambda *_: of_c)
    seconds = iter((1.0 / (clearance.VTK_PATHS * of_vtk), 1.0))
    monkeypatch.setattr(clearance, "_timed", lambda _: next(seconds))
    monkeypatch.setattr(clearance, "implicit_distance", lambda _: None)
    if not words:
        clearance.measure_clearance(an_instance)
        return
    with pytest.raises(SystemExit, match=words):
        clearance.measure_clearance(an_instance)


@pytest.mark.parametrize("candidates", [999_999, 1_000_000])
def test_a_plan_of_too_few_candidates_stops_the_benchmark(
    monkeypatch: pytest.MonkeyPatch, candidates: int
) -> None:
    answer = SimpleNamespace(certificate=SimpleNamespace(candidates=candidates))
    monkeypatch.setattr(whole_plan, "plan_trajectory", lambda *_: answer)
    monkeypatch.setattr(whole_plan, "to_json", lambda _: "{}")
    nothing: Any = None
    if candidates >= whole_plan.LEAST_CANDIDATES:
        whole_plan.measure_plan("made", nothing, nothing)
        return
    with pytest.raises(SystemExit, match="only 999,999 candidates"):
        whole_plan.measure_plan("made", nothing, nothing)


def test_a_drag_that_makes_its_fields_anew_stops_the_benchmark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hazards = SimpleNamespace(bundle=None)
    question: Any = SimpleNamespace(anatomy=None, problem=SimpleNamespace(hazards=hazards))
    with pytest.raises(SystemExit, match="know no bundle"):
        live_numbers._measure_fields("made", question)
    monkeypatch.setattr(live_numbers, "prepare_question", lambda *_: question)
    for name in ("_measure_fields", "_measure_clearance"):
        monkeypatch.setattr(live_numbers, name, lambda *_: None)
    monkeypatch.setattr(live_numbers, "_measure_drag", lambda *_: 9.9)
    monkeypatch.setattr(live_numbers.Evaluator, "of", lambda _: None)
    nothing: Any = None
    with pytest.raises(SystemExit, match=r"only 9\.9 times"):
        live_numbers.measure_live_numbers("made", nothing, nothing)


def test_nothing_is_fitted_without_the_drawn_vertebrae(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAMBIN_DATA", str(tmp_path / "none"))
    monkeypatch.setattr("sys.argv", ["refit_parts"])
    with pytest.raises(SystemExit, match="set KAMBIN_DATA"):
        refit_parts.main()


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


def test_the_plain_loop_leaves_the_smallest_numbers_to_the_rest_of_the_process() -> None:
    compile_loop()
    assert np.nextafter(0.0, 1.0) * np.float64(1.0) > 0
