"""The built wheel carries its tables and templates and passes its own self-test."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src"


@pytest.fixture(scope="module")
def unpacked_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as a clean environment would hold it."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("kambin-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    lend_compiled(folder / "site")
    return folder / "site"


def lend_compiled(site: Path) -> None:
    """Lend the wheel what this session has compiled of the very same sources, if anything.

    Compiling takes most of a minute, and another test does it from nothing. A source that the
    wheel changed would be compiled anew: its bytes are compared, and Numba looks at size and time.
    """
    for source in SOURCES.rglob("*.py"):
        twin = site / source.relative_to(SOURCES)
        if not twin.is_file() or twin.read_bytes() != source.read_bytes():
            continue
        written = source.stat()
        os.utime(twin, ns=(written.st_atime_ns, written.st_mtime_ns))
        for compiled in (source.parent / "__pycache__").glob(f"{source.stem}.*.nb[ic]"):
            (twin.parent / "__pycache__").mkdir(exist_ok=True)
            shutil.copy(compiled, twin.parent / "__pycache__")


def test_the_wheel_ships_tables_and_templates_and_no_data(unpacked_wheel: Path) -> None:
    names = {p.name for p in unpacked_wheel.rglob("*") if p.is_file()}
    assert {"codes.toml", "margins.toml", "instruments.toml", "py.typed"} <= names
    assert not [n for n in names if n.endswith((".nii.gz", ".stl", ".ply", ".dcm"))]


def test_the_wheel_passes_its_own_selftest(unpacked_wheel: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from kambin.cli.main import main; main()", "selftest"],
        cwd=tmp_path,
        env={
            "PYTHONPATH": str(unpacked_wheel),
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
