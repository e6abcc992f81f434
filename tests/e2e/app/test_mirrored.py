"""A patient and the mirror image in two browsers: all is mirrored but the words and the numbers."""

import io
import re
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from pytest_socket import enable_socket
from tests.e2e.app import guided
from tests.e2e.app.made_workstation import made_workstation, seen_session

from kambin.frames import Side

PANES = ("axial", "coronal")
"""Seen from the feet and from the front: the mirror is in the picture."""

GREY = 8
"""How much a point may differ: lines are drawn between points, and pictures are packed."""

NO_WORDS = "text, .kb-pane-title, .kb-pick, .kb-scale { visibility: hidden }"


@pytest.fixture(scope="module")
def the_tabs(
    a_browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Side, Page]]:
    """A tab on the made patient, and one on the mirror image."""
    enable_socket()
    tabs = {}
    with ExitStack() as opened:
        for side in Side:
            folder = tmp_path_factory.mktemp(side.value)
            make = partial(seen_session, folder, side)
            running, _ = opened.enter_context(made_workstation(make))
            page = a_browser.new_page(viewport={"width": 1366, "height": 768})
            opened.callback(page.close)
            page.goto(running.first_hop)
            expect(page.locator("[data-pane=axial] .kb-tool")).to_have_count(2)
            for name in PANES:
                guided.resting_middle(page, f"[data-pane={name}] [data-handle=target] .kb-ring")
            tabs[side] = page
        yield tabs


def _swapped(words: str) -> str:
    """Return words with the sides exchanged."""
    other = {"left": "right", "right": "left", "LEFT": "RIGHT", "RIGHT": "LEFT"}
    return re.sub("left|right|LEFT|RIGHT", lambda found: other[found[0]], words)


def _picture(page: Page, name: str) -> NDArray[np.int16]:
    """Return what a pane shows on the screen, without its words."""
    page.evaluate(
        "css => { const s = new CSSStyleSheet(); s.replaceSync(css);"
        " document.adoptedStyleSheets = [s]; }",
        NO_WORDS,
    )
    shot = page.locator(f"[data-pane={name}]").screenshot()
    page.evaluate("document.adoptedStyleSheets = []")
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"), np.int16)


def _read(page: Page) -> list[str]:
    """Return the numbers and what they mean, with the cells in their order."""
    cells = "td, [data-name=facts] div, [data-name=verdict], [data-name=place]"
    texts: list[str] = page.locator(cells).all_inner_texts()
    return [text.replace("\n", " ") for text in texts]


@pytest.mark.parametrize("name", PANES)
def test_the_mirrored_patient_is_the_mirrored_picture(
    the_tabs: dict[Side, Page], name: str
) -> None:
    left, right = (_picture(the_tabs[side], name) for side in (Side.LEFT, Side.RIGHT))
    off = np.abs(left - right[:, ::-1])
    assert (off > GREY).mean() < 0.03
    # and the picture is no likeness of its own mirror, or the test would say nothing
    assert (np.abs(left - right) > GREY).mean() > 0.5


def test_letters_stay_where_they_are(the_tabs: dict[Side, Page]) -> None:
    seen = [
        page.locator(".kb-overlay [data-letter]").all_text_contents() for page in the_tabs.values()
    ]
    assert seen[0] == seen[1]
    # the patient's right is on the reader's left, in both
    assert seen[0][:2] == ["R", "L"]


def test_numbers_are_the_same_and_sides_exchanged(the_tabs: dict[Side, Page]) -> None:
    left, right = (_read(the_tabs[side]) for side in (Side.LEFT, Side.RIGHT))
    assert "L4-L5 LEFT" in left
    assert len(left) > 60
    assert [_swapped(text) for text in right] == left


def test_a_mirrored_hand_makes_the_mirrored_path(the_tabs: dict[Side, Page]) -> None:
    for side, page in the_tabs.items():
        before = guided.numbers(page)
        sign = 1 if side is Side.LEFT else -1
        guided.drag_handle(page, "axial", "target", sign * 14, 5)
        expect(page.locator("[data-name=facts]")).not_to_have_text(before, use_inner_text=True)
        # an answer to the next call comes after the last of the hand's
        page.wait_for_function("trame.state.get('header').can_undo")
    left, right = (_read(the_tabs[side]) for side in (Side.LEFT, Side.RIGHT))
    assert [_swapped(text) for text in right] == left
    assert guided.lateral_mm(the_tabs[Side.LEFT])[1] == "left"
    assert guided.lateral_mm(the_tabs[Side.RIGHT])[1] == "right"
