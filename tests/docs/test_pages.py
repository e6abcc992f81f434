"""The pages say what the program does: links, codes and commands are real."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from kambin.cli.app import app
from kambin.cli.commands import COMMANDS, load_command
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


def _shown_calls() -> list[tuple[str, str]]:
    """Every call of ``kambin`` that a page shows in a block or a help shows as an example."""
    shown = []
    for page in PAGES:
        for block in re.findall(r"^```[a-z]*\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
            shown += [(page.name, line) for line in block.splitlines() if line[:7] == "kambin "]
    for name in COMMANDS:
        load_command([name])
    known = typer.main.get_command(app)
    for command in (known, *known.commands.values()):
        lines = (command.epilog or "").split("\n\n")
        shown += [(f"{command.name} --help", line) for line in lines if line[:7] == "kambin "]
    return shown


def test_the_calls_that_are_shown_are_calls_that_exist() -> None:
    shown = _shown_calls()
    assert len(shown) > 50
    known = typer.main.get_command(app).commands
    strange = []
    for place, line in shown:
        _, name, *words = shlex.split(line.partition(" || ")[0], comments=True)
        options = {o for p in known[name].params for o in p.opts} if name in known else set()
        asked = {word.partition("=")[0] for word in words if word[0] == "-"} - {"--help"}
        if name not in known or asked - options:
            strange.append(f"{place}: {line}")
    assert strange == []


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
