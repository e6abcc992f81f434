"""A first page, until the screens take its place."""

from pathlib import Path
from typing import Any

from trame.ui.vuetify3 import SinglePageLayout
from trame.widgets import vuetify3

from kambin.app.guard.messages import Permitted


def build_screens(server: Any, folder: Path | None) -> Permitted:
    """Put a page on a server, and return what it leaves to the page.

    Parameters
    ----------
    server : trame Server of client type ``vue3``, not started
    folder : Path of the case, or none
    """
    name = "no case is open" if folder is None else folder.name
    with SinglePageLayout(server) as layout:
        layout.title.set_text("Kambin")
        with layout.content:
            vuetify3.VAlert(f"{name}. Research use only.", icon="mdi-account")
    return Permitted()
