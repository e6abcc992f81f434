"""What a page can ask for: each verb is thin and calls one function of the logic."""

from typing import Final

from kambin.app.verbs.case import CaseVerbs
from kambin.app.verbs.paint import PaintVerbs
from kambin.app.verbs.pane import PaneVerbs
from kambin.app.verbs.path import PathVerbs
from kambin.app.verbs.plan import PlanVerbs
from kambin.app.verbs.screen import ScreenVerbs
from kambin.app.verbs.uploads import UploadVerbs

GROUPS: Final = (
    CaseVerbs,
    PaintVerbs,
    PlanVerbs,
    PathVerbs,
    PaneVerbs,
    ScreenVerbs,
    UploadVerbs,
)
"""Every public method of these is a call of a page, under its own name."""
