"""What all generated pages have in common, and how a test comes by them."""

import importlib.util
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).parents[2] / "docs"


def load_writer(name: str) -> ModuleType:
    """Return the module of ``docs`` that writes some of the pages."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def section_of(page: str, title: str) -> str:
    """Return what stands under a heading of the second rank, up to the next."""
    assert f"\n## {title}\n" in page
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def row_of(page: str, name: str) -> str:
    """Return the row of a table that a name in backticks stands in."""
    return next(line for line in page.splitlines() if f"`{name}`" in line)


def count_rows(page: str) -> int:
    """Return how many rows begin with a name in backticks."""
    return sum(line.startswith("| `") for line in page.splitlines())


def ragged_rows(page: str) -> list[str]:
    """Return the rows of tables that have more or fewer cells than the first of their table."""
    ragged = []
    width = None
    for line in page.splitlines():
        if not line.startswith("| "):
            width = None
            continue
        cells = line.replace("\\|", "").count("|")
        width = width or cells
        if cells != width:
            ragged.append(line)
    return ragged
