"""Nothing in Kambin's own code makes code of data, or asks another machine (W-11, W-12)."""

import ast
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import kambin

ROOT = Path(kambin.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

CODE_FROM_DATA = {
    *("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"),
    *("yaml", "ruamel", "xmlrpc", "pty", "code", "codeop"),
}
"""Modules that make code or any object of what a file says."""

XML = {"xml", "lxml", "defusedxml", "html.parser"}
"""None is read, so no entity is resolved."""

REACHING_OUT = {
    *("requests", "httpx", "urllib3", "urllib.request", "http.client", "ftplib", "smtplib"),
    *("telnetlib", "paramiko", "websockets", "socket", "socketserver"),
}
"""Clients of the network; the workstation listens, through aiohttp, and asks nobody."""

CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
SHELLS = {"system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"}
STARTING = {"exchange/segmenters.py", "app/logic/confining.py"}
"""The files that start a program without a shell: the user's own segmentation tool, and Kambin
itself, with limits, to read what a page has sent."""


def _tree(file: Path) -> ast.Module:
    with tokenize.open(file) as opened:
        return ast.parse(opened.read())


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{one.name}" for one in node.names)


def _is_of(name: str, modules: set[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in modules)


def _risks(tree: ast.Module) -> list[str]:
    """Return what of a file turns data into code, reads XML, reaches out, or asks a shell."""
    found = [name for name in _imported(tree) if _is_of(name, CODE_FROM_DATA | XML | REACHING_OUT)]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in CALLS:
            found.append(called.id)
        if isinstance(called, ast.Attribute) and called.attr in SHELLS:
            found.append(called.attr)
        given = {one.arg: one.value for one in node.keywords}
        if isinstance(called, ast.Attribute) and called.attr == "ClientSession":
            found.append("ClientSession")
        for name, wanted in (("shell", False), ("allow_pickle", False)):
            if name in given and getattr(given[name], "value", None) is not wanted:
                found.append(name)
        if (
            isinstance(called, ast.Attribute)
            and called.attr in {"load", "open_memmap"}
            and isinstance(called.value, ast.Name)
            and called.value.id in {"np", "numpy"}
            and "allow_pickle" not in given
        ):
            found.append("numpy.load without allow_pickle=False")
    return found


def test_no_file_turns_data_into_code_or_reaches_out() -> None:
    assert len(FILES) > 400
    risks = {str(file.relative_to(ROOT)): _risks(_tree(file)) for file in FILES}
    assert {file: found for file, found in risks.items() if found} == {}


def test_programs_are_started_in_two_places() -> None:
    starts = {
        str(file.relative_to(ROOT))
        for file in FILES
        if any(_is_of(name, {"subprocess", "multiprocessing"}) for name in _imported(_tree(file)))
    }
    assert starts <= STARTING


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from yaml import load",
        "import xml.etree.ElementTree as ET",
        "from urllib.request import urlopen",
        "eval(words)",
        "exec(words)",
        "os.system(words)",
        "subprocess.run(words, shell=True)",
        "subprocess.run(words, shell=wish)",
        "np.load(file)",
        "np.load(file, allow_pickle=True)",
        "aiohttp.ClientSession()",
    ],
)
def test_each_of_these_would_be_found(text: str) -> None:
    assert _risks(ast.parse(text))


@pytest.mark.parametrize(
    "text", ["from urllib.parse import urlsplit", "re.compile(words)", "evaluate(path)"]
)
def test_what_only_sounds_so_is_not(text: str) -> None:
    assert not _risks(ast.parse(text))


def test_no_template_of_a_page_takes_markup_from_a_value() -> None:
    """Vue escapes what stands in braces; these would not."""
    templates = list((ROOT / "app").rglob("*.html"))
    scripts = [*(ROOT / "app").rglob("*.js"), *(ROOT / "app" / "ui").rglob("*.py")]
    assert len(templates) > 5
    for file in (*templates, *scripts):
        text = file.read_text("utf-8")
        for word in ("v-html", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"):
            assert word not in text, (file.name, word)
