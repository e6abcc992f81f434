"""The fragment painted with the mouse: seen in all slices, undone, kept, and as the file says."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.e2e.app import guided
from tests.e2e.app.guided import LONG_MS
from tests.e2e.command_line import run_kambin
from tests.workstation import Running

from kambin.exchange import read_case
from kambin.exchange.strokes import STROKES_FILE, read_strokes


@pytest.fixture(scope="module")
def a_tab(a_browser: Browser, a_workstation: Running) -> Iterator[Page]:
    """One tab at the step of the anatomy."""
    with guided.open_tab(a_browser, a_workstation) as page:
        guided.confirm_place(page, "L4-L5", "left")
        root = page.locator("[data-structure='exiting_root:L4:left']")
        expect(root).to_be_visible(timeout=LONG_MS)
        # the views go to the disc when they have its outline
        expect(page.locator("[data-pane='axial'] [data-key='disc:L4-L5']")).to_have_count(1)
        yield page


def paint(page: Page, pane: str, dx: int, dy: int) -> None:
    """Draw from the middle of a pane with the mouse."""
    box = page.locator(f"[data-pane='{pane}'] svg.kb-overlay").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()


def painted(page: Page, pane: str) -> Locator:
    """Return what a pane shows of the paint."""
    return page.locator(f"[data-pane='{pane}'] [data-key='painted']")


def test_a_fragment_is_painted_undone_and_kept(a_tab: Page, a_case: Path, tmp_path: Path) -> None:
    before = Path(shutil.copytree(a_case, tmp_path / "before"))
    guided.click(a_tab.locator("[data-name=paint-begin]"))
    words, undo = a_tab.locator("[data-name=paint-words]"), a_tab.locator("[data-name=paint-undo]")
    expect(words).to_contain_text("0 strokes")
    a_tab.fill("[name=brush-mm]", "4")
    paint(a_tab, "axial", 30, 0)
    expect(words).to_contain_text("1 stroke,")
    for pane in ("axial", "sagittal"):
        expect(painted(a_tab, pane)).to_have_count(1)
    once = painted(a_tab, "axial").get_attribute("d")
    guided.click(a_tab.locator("[data-brush=erase]"))
    paint(a_tab, "sagittal", 0, 20)
    expect(words).to_contain_text("2 strokes")
    expect(painted(a_tab, "axial")).not_to_have_attribute("d", once or "")
    guided.nothing_is_cut(a_tab)
    guided.keep(a_tab, "painting")
    guided.click(undo)
    expect(words).to_contain_text("1 stroke,")
    expect(painted(a_tab, "axial")).to_have_attribute("d", once or "")
    guided.click(a_tab.locator("[data-name=paint-keep]"))
    expect(a_tab.locator("[data-name=paint-keep]")).to_have_text("kept", timeout=LONG_MS)
    row = a_tab.locator("[data-structure='fragment']")
    expect(row).to_contain_text("drawn", timeout=LONG_MS)
    strokes = read_strokes(a_case / STROKES_FILE)
    assert [one.radius_mm for one in strokes] == [4.0]
    # the command line makes the same bytes of the same strokes
    done = run_kambin("fragment", before, "--strokes", a_case / STROKES_FILE, "--json")
    assert done.code == 0, done.errors
    assert read_case(before).sha256 == read_case(a_case).sha256
    assert (before / "labels.nii.gz").read_bytes() == (a_case / "labels.nii.gz").read_bytes()
    guided.click(a_tab.locator("[data-name=paint-end]"))
    expect(a_tab.locator("[data-name=paint-begin]")).to_be_visible()
