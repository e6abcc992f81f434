"""Import, then completion with measurement, of a CT of 512 x 512 x 300 voxels, a process each.

    python -m benchmarks.case_stages

Prints wall and processor seconds and peak memory of each stage beside the plain reading of the
same files by SimpleITK and pydicom. Memory is asserted, seconds are not.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import SimpleITK as sitk

from benchmarks.made_ct import SEGMENTS, SERIES, SHAPE, write_made_ct
from kambin.anatomy import complete
from kambin.core import SilentProgress
from kambin.desk.gate import read_checked_case, require_answered
from kambin.exchange import import_case, to_json
from kambin.measure import measure_case

MOST_MB = 4096.0
"""What a stage may take at its peak."""

LEVELS = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
ROOT = Path(__file__).parents[1]
CASE, MEASURED = "case", "measured.json"


def _paint(folder: Path) -> None:
    write_made_ct(folder)


def _read_plainly(folder: Path) -> None:
    """Read what the import reads, without its checks: the peer of this run."""
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder / SERIES)))
    if reader.Execute().GetSize() != SHAPE:
        raise SystemExit("the series was not written as asked")
    frames = pydicom.dcmread(folder / SEGMENTS).pixel_array
    print(f"{len(frames):,} frames of segments")


def _import(folder: Path) -> None:
    import_case(image=folder / SERIES, labels=[folder / SEGMENTS], out=folder / CASE)


def _measure(folder: Path) -> None:
    """Do what ``kambin measure`` does: read, check, complete, measure every level and side."""
    checked = read_checked_case(folder / CASE)
    require_answered(checked)
    begin = time.process_time()
    anatomy = complete(checked.case, survey=checked.check.survey, progress=SilentProgress())
    completing_s = time.process_time() - begin
    require_answered(checked, anatomy.findings)
    begin = time.process_time()
    measured = measure_case(anatomy, checked.case)
    itself_s = time.process_time() - begin
    (folder / MEASURED).write_text(to_json(measured.as_document()), "utf-8")
    rows = [row for row in measured if row.value is not None]
    missing = set(LEVELS) - {row.level for row in rows}
    if missing:
        raise SystemExit(f"nothing was measured at {', '.join(sorted(missing))}")
    print(
        f"{len(anatomy.structures)} structures, {len(rows)} values; of the processor "
        f"{completing_s:.1f} s for completing and {itself_s:.1f} s for measuring itself"
    )


STAGES: dict[str, Callable[[Path], None]] = {
    "paint": _paint,
    "read plainly": _read_plainly,
    "import": _import,
    "measure": _measure,
}
OURS = ("import", "measure")


def measure_stages() -> None:
    """Run every stage in a fresh process, print what it took, and stop above the memory bar."""
    with tempfile.TemporaryDirectory(prefix="kambin-stages-") as name:
        taken = {stage: _run(stage, Path(name)) for stage in STAGES}
    print(f"CT of {' x '.join(map(str, SHAPE))} voxels with a segmentation, both DICOM:")
    plain_s = taken["read plainly"]["wall_s"]
    for stage, used in taken.items():
        ratio = f"{used['wall_s'] / plain_s:4.1f} times plain reading" if stage in OURS else ""
        print(
            f"  {stage:12} {used['wall_s']:5.1f} s, processor {used['cpu_s']:5.1f} s, "
            f"peak {used['peak_mb']:5.0f} MB  {ratio}  {used['said']}".rstrip()
        )
    fat = [stage for stage in OURS if taken[stage]["peak_mb"] > MOST_MB]
    if fat:
        raise SystemExit(f"{', '.join(fat)}: more than {MOST_MB:.0f} MB at the peak")


def _run(stage: str, folder: Path) -> dict[str, Any]:
    """Run one stage in a process of its own and return wall_s, cpu_s, peak_mb and its words."""
    begin = time.perf_counter()
    call = [sys.executable, "-m", "benchmarks.case_stages", stage, str(folder)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    wall_s = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(f"{stage}: {done.stderr or done.stdout}")
    *said, usage = done.stdout.splitlines()
    return {"wall_s": wall_s, "said": " ".join(said), **json.loads(usage)}


def peak_memory_mb() -> float:
    """Return the most memory this process has held.

    Notes
    -----
    ``ru_maxrss`` of a child begins with what its parent held when it was started; the
    high-water mark of the address space does not, and is taken where the system tells it.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        (line,) = (row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(words: list[str]) -> None:
    """Measure all stages, or be one of them."""
    if not words:
        measure_stages()
        return
    stage, folder = words
    STAGES[stage](Path(folder))
    print(json.dumps({"cpu_s": time.process_time(), "peak_mb": peak_memory_mb()}))


if __name__ == "__main__":
    main(sys.argv[1:])
