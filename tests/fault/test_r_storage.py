"""Rows R01 and R02: killed processes and full disks at every step of a save."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fault.made_files import expect_refusal, save_spine
from tests.unit.exchange.made_plans import a_plan

from kambin.anatomy import Confirmation
from kambin.core import StoreError
from kambin.exchange import (
    import_case,
    read_case,
    read_plan,
    record_confirmation,
    write_plan,
)

ANSWER = Confirmation("A. Surgeon", "2026-01-02T03:04:05+00:00", "IN-022", "accepted")


class _FailingDisk:
    """Lets the first ``good`` file operations pass and refuses all others."""

    def __init__(self, patch: pytest.MonkeyPatch, good: int) -> None:
        self.left = good
        self.refused = False
        for owner, name in (
            (os, "fsync"),
            (Path, "open"),
            (Path, "mkdir"),
            (Path, "rename"),
            (Path, "replace"),
        ):
            patch.setattr(owner, name, self._guard(getattr(owner, name)))

    def _guard(self, operation: Callable[..., object]) -> Callable[..., object]:
        def guarded(*words: object, **options: object) -> object:
            mode = str(options.get("mode", words[1] if len(words) > 1 else "r"))
            if operation.__name__ != "open" or "w" in mode:
                self.left -= 1
                if self.left < 0:
                    self.refused = True
                    raise OSError(errno.ENOSPC, "No space left on device")
            return operation(*words, **options)

        return guarded


def _until_it_succeeds(
    monkeypatch: pytest.MonkeyPatch, save: Callable[[], object], check: Callable[[], object]
) -> int:
    """Fail the first operation, then the second, and so on; check after each."""
    for good in range(60):
        with monkeypatch.context() as patch:
            disk = _FailingDisk(patch, good)
            if not _fails(save):
                assert not disk.refused
                return good
        check()
    pytest.fail("the save never succeeded")


def _fails(save: Callable[[], object]) -> bool:
    try:
        save()
    except StoreError as error:
        return error.code == "ST-001"
    return False


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Labels of a made spine."""
    return save_spine(tmp_path)[1]


def test_r02_a_new_case_is_whole_or_not_there(
    labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "case"

    def nothing_or_all() -> None:
        assert not out.exists() or read_case(out).names
        assert not list(tmp_path.glob(".case*"))

    steps = _until_it_succeeds(
        monkeypatch, lambda: import_case(labels=[labels], out=out), nothing_or_all
    )
    assert steps >= 6
    assert read_case(out).names


def test_r02_a_replaced_case_is_the_old_or_the_new_one(
    labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = tmp_path / "ct.nii"
    out = import_case(labels=[labels], out=tmp_path / "case")
    old = read_case(out).sha256
    new = read_case(import_case(image=image, labels=[labels], out=tmp_path / "other")).sha256

    def old_or_new() -> None:
        assert read_case(out).sha256 in (old, new)

    _until_it_succeeds(
        monkeypatch,
        lambda: import_case(image=image, labels=[labels], out=out, force=True),
        old_or_new,
    )
    assert read_case(out).sha256 == new


def test_r02_an_answer_is_recorded_or_the_old_ones_stay(
    labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = import_case(labels=[labels], out=tmp_path / "case")
    record_confirmation(out, ANSWER)

    def one_or_two() -> None:
        assert len(read_case(out).confirmations) in (1, 2)

    _until_it_succeeds(monkeypatch, lambda: record_confirmation(out, ANSWER), one_or_two)
    assert len(read_case(out).confirmations) >= 2


def test_r02_a_plan_is_the_old_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "plan.json"
    write_plan(a_plan(level="L3-L4"), file)

    def old_or_new() -> None:
        assert read_plan(file).level in ("L3-L4", "L4-L5")

    _until_it_succeeds(monkeypatch, lambda: write_plan(a_plan(level="L4-L5"), file), old_or_new)
    assert read_plan(file).level == "L4-L5"


def test_r02_a_folder_that_may_not_be_written_is_named(labels: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    place = tmp_path / "file" / "case"
    expect_refusal("ST-001", "import", "--labels", labels, "-o", place, exit_code=6)


WRITER = """
import sys
from pathlib import Path
from kambin.exchange import import_case
labels, out = Path(sys.argv[1]), Path(sys.argv[2])
print("ready", flush=True)
while True:
    import_case(labels=[labels], out=out, force=True)
"""


def test_r01_a_case_survives_kill_9_at_any_moment(labels: Path, tmp_path: Path) -> None:
    out = import_case(labels=[labels], out=tmp_path / "case")
    before = read_case(out).sha256
    for delay_s in (0.01, 0.03, 0.05):
        command = [sys.executable, "-c", WRITER, str(labels), str(out)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(delay_s)
            writer.kill()
        assert read_case(out).sha256 == before
    import_case(labels=[labels], out=out, force=True)
    assert not list(tmp_path.glob(".case*"))
