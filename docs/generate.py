"""Write the reference pages that follow from registries: ``python docs/generate.py [--check]``.

A page is a function in ``PAGES`` that returns its text. With ``--check`` nothing is written and
the exit status is 1 if a page is not what its registry says.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from kambin.core import (
    AnatomyError,
    InputError,
    KambinError,
    PlanError,
    RequestError,
    SessionError,
    StoreError,
    read_codes,
)

REFERENCE = Path(__file__).parent / "reference"

BRANCHES: dict[str, tuple[str, type[KambinError]]] = {
    "RQ": ("Requests", RequestError),
    "IN": ("Input", InputError),
    "AN": ("Anatomy", AnatomyError),
    "PL": ("Planning", PlanError),
    "RP": ("Reports", PlanError),
    "ST": ("Storage", StoreError),
    "SE": ("Live sessions", SessionError),
}


def render_codes() -> str:
    """Return the page of all error and finding codes."""
    text = [
        "# Codes",
        "",
        "For whoever meets a code in a message, a report or a JSON document. Every error and",
        "every finding carries one; a code is never reused. This page is written by",
        "`python docs/generate.py` from `src/kambin/core/codes.toml`.",
        "",
        "An error ends a command with the exit status of its kind: 2 a request that cannot be",
        "understood, 3 bad input, 4 anatomy, 5 no safe plan, 6 storage, 7 a live session. The same",
        "code can stand in a finding: BLOCK stops, CONFIRM needs a named person's yes, NOTE is shown.",
    ]
    codes = sorted(read_codes().values(), key=lambda code: code.code)
    for prefix, (title, error) in BRANCHES.items():
        rows = [code for code in codes if code.code.startswith(f"{prefix}-")]
        if not rows:
            continue
        text += ["", f"## {title}", "", f"Usual exit status {error.exit_code}."]
        for code in rows:
            answers = f" Fault rows {', '.join(code.rows)}." if code.rows else ""
            text += [
                "",
                f"### {code.code}",
                "",
                f"**{code.title}.** {code.cause}{answers}",
                "",
                f"What to do: {code.next_step}",
            ]
    return "\n".join(text) + "\n"


PAGES: dict[str, Callable[[], str]] = {"codes.md": render_codes}


def main(arguments: list[str]) -> int:
    """Write all pages, or with ``--check`` say which are stale."""
    stale = []
    for name, render in PAGES.items():
        page, text = REFERENCE / name, render()
        if page.is_file() and page.read_text("utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text, "utf-8")
    for name in stale:
        print(f"{'stale' if '--check' in arguments else 'written'}: docs/reference/{name}")
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
