"""What is installed was looked at, and no secret lies in what is handed out (W-17, W-18)."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
LOCKS = ("requirements.lock", "requirements-data.lock")

SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\bgithub_pat_[A-Za-z0-9_]{60,}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\bsk-[A-Za-z0-9]{32,}"
    r"|\bpypi-[A-Za-z0-9_-]{40,}"
    r"|\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\."
    r"|://[^/\s:@{}<>\"']+:[^/\s:@{}<>\"']{6,}@"
)
"""Keys as those who give them out write them, and passwords in addresses."""


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_one_version_with_its_hashes(name: str) -> None:
    text = (ROOT / name).read_text("utf-8").replace("\\\n", " ")
    wanted = [line for line in text.splitlines() if re.match(r"[A-Za-z]", line)]
    assert wanted
    for line in wanted:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\s;]+", line), line[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line[:80]
        assert "://" not in line


def test_nothing_is_installed_without_its_hash() -> None:
    lines = (ROOT / "Makefile").read_text("utf-8").splitlines()
    installs = [line for line in lines if "pip install" in line]
    # Kambin itself, without what it depends on; and the tool that writes the lock
    rest = [line for line in installs if "--require-hashes" not in line]
    assert len(installs) - len(rest) == len(LOCKS)
    # Nothing is resolved: old pips look past the lock for coverage[toml] once its next one is out
    assert all("--no-deps" in line or "install --quiet uv" in line for line in installs)
    assert any("pip check" in line for line in lines)


def test_no_code_of_ours_runs_when_it_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["build-system"]["build-backend"] == "hatchling.build"
    assert "hooks" not in project.get("tool", {}).get("hatch", {}).get("build", {})
    assert not [
        name for name in ("setup.py", "setup.cfg", "hatch_build.py") if (ROOT / name).exists()
    ]


def test_no_key_lies_in_the_repository() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("no repository here")
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        file = ROOT / name
        if file.is_file() and file.suffix not in {".png", ".gz", ".npz", ".lock"}:
            text = file.read_text("utf-8", errors="replace")
            found += [(name, match[0][:12]) for match in SECRETS.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE " + "KEY-----",
        "AKIA" + "A1B2C3D4E5F6G7H8",
        "ghp_" + "a" * 36,
        "https://who:" + "secret1@host.example/path",
    ],
)
def test_each_of_these_would_be_found(text: str) -> None:
    assert SECRETS.search(text)
