"""The countable rows of the style rubric, enforced."""

import ast
import io
import statistics
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "kambin"
TESTS = ROOT / "tests"

FILES = sorted(SOURCE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text("utf-8")) for path in FILES}


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def _length(function: ast.FunctionDef) -> int:
    docstring = ast.get_docstring(function) or ""
    lines = docstring.count("\n") + 1 if docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - lines


def _source_lines() -> int:
    return sum(path.read_text("utf-8").count("\n") for path in FILES)


def test_files_are_small() -> None:
    sizes = [path.read_text("utf-8").count("\n") for path in FILES]
    assert statistics.median(sizes) <= 150
    assert max(sizes) <= 500


def test_functions_are_small() -> None:
    sizes = sorted((_length(f), where) for where, f in _functions())
    assert sizes[int(0.95 * len(sizes))][0] <= 40, sizes[-15:]
    assert sizes[-1][0] <= 80, sizes[-5:]


def test_every_function_is_annotated() -> None:
    bare = [
        where
        for where, f in _functions()
        if f.returns is None
        or any(
            a.annotation is None
            for a in f.args.args + f.args.kwonlyargs
            if a.arg not in ("self", "cls")
        )
    ]
    assert bare == []


def test_every_public_function_is_documented() -> None:
    silent = [
        where
        for where, f in _functions()
        if not f.name.startswith("_") and not ast.get_docstring(f)
    ]
    assert silent == []


def test_comments_are_neither_missing_nor_noise() -> None:
    comments = sum(
        token.type == tokenize.COMMENT
        for path in FILES
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    )
    assert 1.0 <= 100 * comments / _source_lines() <= 12.0


def test_no_print_no_assert_few_broad_handlers() -> None:
    counts: Counter[str] = Counter()
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Assert):
                counts["assert"] += 1
            elif isinstance(node, ast.ExceptHandler):
                name = getattr(node.type, "id", None)
                counts["bare"] += node.type is None
                counts["broad"] += name in ("Exception", "BaseException")
            elif isinstance(node, ast.Call) and getattr(node.func, "id", None) == "print":
                counts["print"] += 1
    assert counts["assert"] == counts["bare"] == counts["print"] == 0
    assert counts["broad"] <= 2


def test_names_say_their_unit() -> None:
    bare = {"angle", "dist", "distance", "pos", "affine", "depth", "length", "radius"}
    offenders = [
        f"{where} ({a.arg})"
        for where, f in _functions()
        if not f.name.startswith("_")
        for a in f.args.args + f.args.kwonlyargs
        if a.arg in bare
    ]
    assert offenders == []


def test_no_task_markers() -> None:
    markers = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")
    found = [
        str(path.relative_to(ROOT))
        for path in FILES
        if any(marker in path.read_text("utf-8") for marker in markers)
    ]
    assert found == []


def test_tests_are_as_long_as_the_source_and_raise_as_often() -> None:
    tests = "".join(path.read_text("utf-8") for path in sorted(TESTS.rglob("*.py")))
    raises = sum(
        isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        for tree in TREES.values()
        for node in ast.walk(tree)
    )
    assert tests.count("\n") >= _source_lines()
    assert tests.count("pytest.raises") >= raises


@pytest.mark.parametrize("forbidden", ["pickle", "yaml.load", "shell=True", "eval("])
def test_no_dangerous_calls(forbidden: str) -> None:
    found = [p.name for p in FILES if forbidden in p.read_text("utf-8")]
    assert found == []
