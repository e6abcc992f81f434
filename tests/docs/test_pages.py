"""The pages say what the program does: links, codes and commands are real."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kambin.core import read_codes

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SOURCES = "".join(p.read_text("utf-8") for p in sorted((ROOT / "src").rglob("*.py")))
TESTS = "".join(p.read_text("utf-8") for p in sorted((ROOT / "tests").rglob("*.py")))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert missing == []


@pytest.mark.parametrize("code", sorted(read_codes()))
def test_every_code_is_used_and_raised_by_a_test(code: str) -> None:
    assert code in SOURCES, f"{code} is registered but nothing uses it"
    assert code in TESTS, f"no test makes {code} fire"


def test_every_code_in_the_source_is_registered() -> None:
    used = set(re.findall(r"\"((?:IN|AN|PL|ST|RQ|RP|ME)-\d{3})\"", SOURCES))
    assert used - set(read_codes()) == set()


def test_generated_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_names_the_two_commands_and_the_warning() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert "make demo" in text
    assert "make test" in text
    assert "Not a medical device" in text


def test_no_machine_path_and_no_registry_host_in_the_text() -> None:
    forbidden = re.compile(r"/work/|/root/|/home/\w+/|pypi\.|https?://[^\s)]*simple")
    texts = [*PAGES, *(ROOT / "src").rglob("*.py"), *(ROOT / "src").rglob("*.toml")]
    found = [str(p.relative_to(ROOT)) for p in texts if forbidden.search(p.read_text("utf-8"))]
    assert found == []
