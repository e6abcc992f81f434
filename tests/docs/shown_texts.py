"""Every text that a user reads: of the tables, the codes, the code of the rooms, the templates."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "kambin"
ROOMS = tuple(sorted(path.parent.name for path in SOURCE.glob("*/__init__.py")))
TEMPLATES = (".html", ".jinja", ".j2", ".typ", ".txt", ".svg", ".css")


def all_texts(rooms: tuple[str, ...] = ROOMS) -> Iterator[tuple[str, str]]:
    """Yield every text with the name of the file it stands in."""
    for path in sorted((SOURCE / "knowledge" / "tables").glob("*.toml")):
        for text in texts_of_table(tomllib.loads(path.read_text("utf-8"))):
            yield path.name, text
    for text in texts_of_table(tomllib.loads((SOURCE / "core" / "codes.toml").read_text("utf-8"))):
        yield "codes.toml", text
    for room in rooms:
        for path in sorted((SOURCE / room).rglob("*.py")):
            code = path.read_text("utf-8")
            for text in texts_of_code(code, commands=room == "cli"):
                yield f"{room}/{path.name}", text
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix in TEMPLATES:
            yield path.name, path.read_text("utf-8")


def texts_of_table(value: object) -> Iterator[str]:
    """Yield every text of a table, however deep it lies."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_of_table(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of_table(inner)


def texts_of_code(text: str, *, commands: bool = False) -> Iterator[str]:
    """Yield every text in code but docstrings; of commands also the docstring, their help."""
    tree = ast.parse(text)
    silent = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        is_help = commands and isinstance(node, ast.FunctionDef) and bool(node.decorator_list)
        silent |= {
            id(one.value)
            for one in node.body
            if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and not is_help
        }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in silent:
            yield node.value
