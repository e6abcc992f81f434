"""Write the reference pages that follow from registries: ``python docs/generate.py [--check]``.

Every module ``docs/pages_*.py`` has a function ``pages()`` that returns the text of its pages by
their path under ``docs``. With ``--check`` nothing is written and the exit status is 1 if a page
is not what its registry says.
"""

import importlib
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent


def collect_pages() -> dict[str, str]:
    """Return the text of all generated pages by their path under ``docs``."""
    if str(DOCS) not in sys.path:
        sys.path.insert(0, str(DOCS))
    found: dict[str, str] = {}
    for module in sorted(DOCS.glob("pages_*.py")):
        found |= importlib.import_module(module.stem).pages()
    return found


def main(arguments: list[str], folder: Path = DOCS) -> int:
    """Write all pages, or with ``--check`` say which are stale."""
    check = "--check" in arguments
    stale = []
    for name, text in sorted(collect_pages().items()):
        page = folder / name
        if page.is_file() and page.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not check:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text, "utf-8")
        print(f"{'stale' if check else 'written'}: docs/{name}")
    return int(bool(stale) and check)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
