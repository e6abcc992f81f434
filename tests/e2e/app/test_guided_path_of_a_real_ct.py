"""The guided path in a browser, on the real CT: as on the made patient, and on the right side."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_socket import enable_socket
from tests.e2e.app import guided
from tests.e2e.app.guided import LONG_MS
from tests.shelf import Shelf
from tests.workstation import running_workstation

LEVEL, SIDE = "L4-L5", "right"


@pytest.fixture(scope="module")
def a_tab(
    a_browser: Browser,
    shelf: Shelf,
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Page]:
    """A tab on the workstation with the real CT, whose anatomy lies on the shelf."""
    folder = tmp_path_factory.mktemp("workstation") / "ct"
    shutil.copytree(shelf.real_ct(shared_data), folder)
    enable_socket()
    with running_workstation(folder) as running:
        page = a_browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(150_000)
        page.goto(running.first_hop)
        page.wait_for_selector("[data-pane=sagittal] img", timeout=LONG_MS)
        yield page
        page.close()


def test_the_real_ct_goes_from_its_case_to_an_answer(a_tab: Page) -> None:
    guided.confirm_place(a_tab, LEVEL, SIDE)
    guided.look_through_anatomy(a_tab, LEVEL, SIDE)
    guided.make_plan(a_tab)
    expect(a_tab.locator("[data-panel=plan]")).to_contain_text(f"{LEVEL} RIGHT")
    expect(a_tab.locator("[data-panel=plan]")).to_contain_text("Among the listed paths")
    guided.nothing_is_cut(a_tab)


def test_its_path_is_dragged_on_the_right(a_tab: Page) -> None:
    if a_tab.locator("[data-name=refusal]").count():
        pytest.skip("the answer is a refusal: there is no path to drag")
    a_tab.click("[data-step='5']")
    a_tab.click("[data-third=along-flat]")
    before, side = guided.lateral_mm(a_tab)
    assert side == "right"
    guided.drag_handle(a_tab, "along-flat", "entry", 30, 20)
    expect(a_tab.locator("[data-name=facts]")).not_to_contain_text(f"{before:.0f} mm right")
    after, side = guided.lateral_mm(a_tab)
    # towards the reader's right is towards the midline on this side of the patient
    assert side == "right"
    assert after < before
