"""The files of the screens: what the browser loads, and the fragments of the page."""

import re
from importlib import resources
from pathlib import Path
from typing import Final

from kambin import __version__

_SLOT = re.compile(r"@@([a-z_]+)@@")

_SCRIPTS: Final = {
    "line": "kambin_line",
    "fields": "kambin_fields",
    "kambin": "kambin",
    "views": "kambin_views",
    "uploads": "kambin_uploads",
}

PREFIX: Final = f"__kambin_{__version__.replace('.', '_')}"
"""Under which the browser finds our files."""


def client_module() -> dict[str, object]:
    """Return what trame loads into the browser: our style, our script, and the folder of both."""
    folder = resources.files("kambin.app").joinpath("assets")
    return {
        "serve": {PREFIX: str(Path(str(folder)).resolve())},
        "scripts": [f"{PREFIX}/{name}.js" for name in _SCRIPTS],
        "styles": [f"{PREFIX}/kambin.css"],
        "vue_use": list(_SCRIPTS.values()),
    }


def read_page(**given: str) -> str:
    """Return the whole page: ``screen.html`` with every ``@@name@@`` filled in.

    Parameters
    ----------
    given : fragments made elsewhere, such as the view in space; all others are templates
    """
    folder = resources.files("kambin.app.ui").joinpath("templates")

    def _fill(found: re.Match[str]) -> str:
        name = found[1]
        if name in given:
            return given[name]
        return _SLOT.sub(_fill, folder.joinpath(f"{name}.html").read_text("utf-8"))

    return _SLOT.sub(_fill, "@@screen@@")
