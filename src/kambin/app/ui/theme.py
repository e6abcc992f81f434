"""The colours of the screens, read from the one place where they are written."""

import re
from importlib import resources

_COLOUR = re.compile(r"--kb-([a-z-]+):\s*(#[0-9a-f]{6});")


def read_colours() -> dict[str, str]:
    """Return name -> ``#rrggbb`` of every colour in ``assets/kambin.css``."""
    css = resources.files("kambin.app").joinpath("assets", "kambin.css").read_text("utf-8")
    return dict(_COLOUR.findall(css))


def vuetify_config() -> dict[str, object]:
    """Return the dark theme for Vuetify, in the same colours."""
    colours = read_colours()
    theme = {
        "dark": True,
        "colors": {
            "background": colours["ground"],
            "surface": colours["panel"],
            "primary": colours["accent"],
            "error": colours["stop"],
            "warning": colours["care"],
            "success": colours["good"],
        },
    }
    return {"theme": {"defaultTheme": "kambin", "themes": {"kambin": theme}}}
