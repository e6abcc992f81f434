"""What the benchmark asserts stops it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import case_stages


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
