"""The guided path in a browser, on the real CT: from its files to a signed plan and its report."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_socket import enable_socket
from tests.e2e.app import guided
from tests.shelf import Shelf
from tests.workstation import running_workstation

from kambin.imaging import Volume
from kambin.report import sections
from kambin.report.slices import ViewRequest, slice_jpeg

LEVEL, SIDE = "L4-L5", "right"
"""A place of this patient to which a way leads: one without shows nothing of what follows."""

SECTIONS_PX = {
    "axial": (480, 384),
    "coronal": (480, 480),
    "along-flat": (480, 384),
    "along-upright": (480, 384),
}
"""Sections of the report that pass through the target, and how large it asks for them."""


@pytest.fixture(scope="module")
def a_ct(shelf: Shelf, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case of the real CT, as the tests of this file may write to it."""
    folder = tmp_path_factory.mktemp("workstation") / "ct"
    return Path(shutil.copytree(shelf.real_ct(shared_data), folder))


@pytest.fixture(scope="module")
def a_tab(a_browser: Browser, a_ct: Path) -> Iterator[Page]:
    """One tab for all tests of this file, which follow each other as a person would."""
    enable_socket()
    with running_workstation(a_ct) as running, guided.open_tab(a_browser, running) as page:
        page.wait_for_selector("[data-pane=sagittal] img", timeout=guided.LONG_MS)
        yield page


@pytest.fixture(scope="module")
def a_planned_tab(a_tab: Page) -> Page:
    """The tab with a plan."""
    guided.confirm_place(a_tab, LEVEL, SIDE)
    guided.look_through_anatomy(a_tab, LEVEL, SIDE)
    guided.make_plan(a_tab)
    assert a_tab.locator("[data-name=refusal]").count() == 0, "this place has no plan any more"
    return a_tab


def test_the_real_ct_goes_from_its_case_to_a_plan(a_planned_tab: Page) -> None:
    panel = a_planned_tab.locator("[data-panel=plan]")
    expect(panel.locator("[data-name=plan-made]")).to_contain_text(f"{LEVEL} RIGHT")
    expect(panel).to_contain_text("Among the listed paths")
    guided.nothing_is_cut(a_planned_tab)


def test_its_path_is_dragged_on_the_right(a_planned_tab: Page) -> None:
    page = a_planned_tab
    guided.go_to(page, 5)
    guided.click(page.locator("[data-third=along-flat]"))
    before, side = guided.lateral_mm(page)
    assert side == "right"
    guided.drag_handle(page, "along-flat", "entry", 30, 20)
    expect(page.locator("[data-name=facts]")).not_to_contain_text(f"{before:.0f} mm right")
    after, side = guided.lateral_mm(page)
    # towards the reader's right is towards the midline on this side of the patient
    assert side == "right"
    assert after < before
    guided.strike(page, "u")
    expect(page.locator("[data-name=facts]")).to_contain_text(f"{before:.0f} mm right")


def test_a_row_flies_to_the_closest_point_of_the_root(a_planned_tab: Page) -> None:
    page = a_planned_tab
    guided.go_to(page, 5)
    before = guided.pane(page, "axial")
    guided.click(page.locator("[data-gap^='exiting_root:L4'] button"))
    expect(page.locator("[data-pane=axial] img")).not_to_have_attribute("src", before)


def test_a_path_kept_by_hand_is_set_beside_the_first(a_planned_tab: Page) -> None:
    page = a_planned_tab
    guided.keep_by_hand(page, 6, 3)
    expect(page.locator("[data-panel=examine]")).to_contain_text("v2")
    guided.compare_versions(page, "1", "2")
    assert page.locator("[data-name=versions] tr.is-different").count() > 3


@pytest.fixture(scope="module")
def drawn_on() -> Iterator[list[bytes]]:
    """The slices on which the report is drawn, as the server that prints it asks for them."""
    asked: list[bytes] = []

    def hear(volume: Volume, request: ViewRequest) -> bytes:
        asked.append(slice_jpeg(volume, request))
        return asked[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sections, "slice_jpeg", hear)
        yield asked


def test_it_is_signed_and_its_report_says_the_side(
    a_planned_tab: Page, a_ct: Path, drawn_on: list[bytes]
) -> None:
    guided.sign_plan(a_planned_tab, "A. Berg")
    papers, _ = guided.print_and_export(a_planned_tab)
    assert len(drawn_on) == 6
    assert all(a_ct in file.parents for file in papers.values())
    words = papers["Report.html"].read_text("utf-8")
    assert f"{LEVEL} RIGHT" in words
    assert f"{LEVEL} LEFT" not in words
    assert "A. Berg" in words
    for paper in ("Report.pdf", "Procedure sheet.pdf"):
        assert papers[paper].read_bytes().startswith(b"%PDF-")


def test_the_browser_shows_the_very_bytes_on_which_its_report_is_drawn(
    a_planned_tab: Page, drawn_on: list[bytes]
) -> None:
    page = a_planned_tab
    guided.go_to(page, 5)
    # to the target, where the report has its sections
    page.evaluate("trame.trigger('depth_set', [1e3])")
    for name, size_px in SECTIONS_PX.items():
        if name != "axial":
            guided.click(page.locator(f"[data-third={name}]"))
            expect(page.locator(f"[data-pane={name}] img")).to_be_visible()
        assert guided.slice_bytes(page, name, size_px) in drawn_on, name


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5, 6, 8])
def test_nothing_of_a_step_is_cut_at_any_size(a_planned_tab: Page, step: int) -> None:
    guided.look_at_all_sizes(a_planned_tab, step, "ct-")
