"""The guided path in a browser, on the made patient: from the case to a signed plan."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_socket import enable_socket
from tests.e2e.app import guided
from tests.e2e.app.guided import LONG_MS
from tests.workstation import Running, running_workstation

LEVEL, SIDE = "L4-L5", "left"

REST_MS = 150
"""How long a hand that drags moves no more before the page says that it rests."""

HEAR = """() => {
  const send = trame.trigger;
  window.kambin_asked = [];
  trame.trigger = (name, ...given) => {
    window.kambin_asked.push(name);
    return send(name, ...given);
  };
}"""
MOVE = """async ([x, y, restMs]) => {
  const overlay = document.querySelector('[data-pane=along-flat] svg');
  window.kambin_asked.length = 0;
  let paused = 0;
  let last = performance.now();
  const told = () => window.kambin_asked.filter((name) => name === 'path_drag').length;
  for (let step = 1; step <= 30 || (told() < 2 && step <= 1000); step += 1) {
    const at = { clientX: x - step % 30, clientY: y, pointerId: 1, bubbles: true };
    overlay.dispatchEvent(new PointerEvent('pointermove', at));
    await new Promise((done) => setTimeout(done, 20));
    const now = performance.now();
    if (now - last >= restMs) paused += 1;
    last = now;
  }
  return [paused, window.kambin_asked.slice()];
}"""
"""Moves on without a rest, and tells how often the page was busy for as long as one."""


@pytest.fixture(scope="module")
def a_tab(a_browser: Browser, a_workstation: Running) -> Iterator[Page]:
    """One tab for all tests of this file, which follow each other as a person would."""
    with guided.open_tab(a_browser, a_workstation) as page:
        expect(page.locator("[data-panel=case]")).to_contain_text("5 lumbar", timeout=LONG_MS)
        yield page


@pytest.fixture(scope="module")
def a_confirmed_tab(a_tab: Page) -> Page:
    """The tab after side and level were confirmed."""
    guided.confirm_place(a_tab, LEVEL, SIDE)
    return a_tab


@pytest.fixture(scope="module")
def a_planned_tab(a_confirmed_tab: Page) -> Page:
    """The tab with a plan."""
    guided.look_through_anatomy(a_confirmed_tab, LEVEL, SIDE)
    guided.make_plan(a_confirmed_tab)
    guided.keep(a_confirmed_tab, "plan")
    return a_confirmed_tab


@pytest.fixture
def an_examined_tab(a_planned_tab: Page) -> Page:
    """The tab at the step that examines the path."""
    guided.click(a_planned_tab.locator("[data-step='5']"))
    expect(a_planned_tab.locator("[data-panel=examine]")).to_be_visible()
    return a_planned_tab


def test_nothing_is_confirmed_at_the_start(a_tab: Page) -> None:
    expect(a_tab.locator("[data-name=place]")).to_have_text("side and level not confirmed")
    expect(a_tab.locator("[data-name=use]")).to_have_text("research use only")


def test_a_closed_step_says_what_is_missing_and_leads_there(a_tab: Page) -> None:
    guided.click(a_tab.locator("[data-step='4']"))
    closed = a_tab.locator("[data-name=closed]")
    expect(closed).to_contain_text("Nobody has confirmed side and level")
    guided.click(a_tab.locator("[data-name=mend]"))
    expect(a_tab.locator("[data-panel=place]")).to_be_visible()


def test_the_case_is_seen_before_anybody_confirms(a_tab: Page) -> None:
    for name in ("axial", "sagittal", "coronal"):
        expect(a_tab.locator(f"[data-pane='{name}'] img")).to_be_visible(timeout=LONG_MS)
    letters = a_tab.locator("[data-pane=axial] [data-letter]")
    # radiological: the patient's right is on the reader's left
    assert letters.all_text_contents() == ["R", "L", "A", "P"]


def test_a_plan_is_made_with_its_certificate(a_planned_tab: Page) -> None:
    assert a_planned_tab.locator("[data-name=plan-made]").count() == 1
    panel = a_planned_tab.locator("[data-panel=plan]")
    expect(panel).to_contain_text(f"{LEVEL} LEFT")
    expect(panel).to_contain_text("Among the listed paths")
    assert a_planned_tab.locator("[data-pick]").count() >= 2


def test_dragging_on_the_left_changes_the_left_plan(an_examined_tab: Page) -> None:
    page = an_examined_tab
    guided.click(page.locator("[data-third=along-flat]"))
    expect(page.locator("[data-pane=along-flat] [data-handle=entry]")).to_be_visible()
    before, side = guided.lateral_mm(page)
    assert side == "left"
    guided.drag_handle(page, "along-flat", "entry", -30, 20)
    facts = page.locator("[data-name=facts]")
    expect(facts).not_to_contain_text(f"{before:.0f} mm left")
    after, side = guided.lateral_mm(page)
    # towards the reader's left is towards the midline on this side of the patient
    assert side == "left"
    assert after < before
    expect(page.locator("[data-panel=examine]")).to_contain_text("moved by hand")
    guided.strike(page, "u")
    expect(facts).to_contain_text(f"{before:.0f} mm left")


def test_the_page_tells_that_a_hand_rests_and_never_while_it_moves(an_examined_tab: Page) -> None:
    page = an_examined_tab
    guided.click(page.locator("[data-third=along-flat]"))
    expect(page.locator("[data-pane=along-flat] [data-handle=entry]")).to_be_visible()
    facts = page.locator("[data-name=facts]")
    before = facts.inner_text()
    page.evaluate(HEAR)
    x, y = guided.grasp(page, "along-flat", "entry")
    page.mouse.down()
    page.mouse.move(x + 4, y)
    paused, asked = page.evaluate(MOVE, [x, y, REST_MS])
    assert asked.count("path_drag") > 1
    assert asked.count("path_rest") <= paused
    page.wait_for_function("kambin_asked.includes('path_rest')")
    page.mouse.move(x - 40, y)
    page.mouse.up()
    # let go: no rest is told any more, though a slow machine may have told one on the way
    rests = page.evaluate("kambin_asked").count("path_rest")
    page.wait_for_timeout(3 * REST_MS)
    assert page.evaluate("kambin_asked").count("path_rest") == rests
    expect(facts).not_to_have_text(before, use_inner_text=True)
    guided.strike(page, "u")
    expect(facts).to_have_text(before, use_inner_text=True)


def test_the_path_is_moved_by_keys_and_a_lock_holds_it(an_examined_tab: Page) -> None:
    page = an_examined_tab
    start = guided.numbers(page)
    guided.strike(page, "1")
    expect(page.locator("[data-pane=axial]")).to_be_focused()
    guided.strike(page, *4 * ["ArrowRight"], "Shift+ArrowUp")
    expect(page.locator("[data-name=undo]")).to_be_enabled()
    expect(page.locator("[data-panel=examine]")).to_contain_text("moved by hand")
    guided.strike(page, "l")
    expect(page.locator("[data-name=lock]")).to_have_attribute("aria-pressed", "true")
    locked = guided.numbers(page)
    guided.strike(page, "ArrowRight", "u", "l")
    expect(page.locator("[data-name=lock]")).to_have_attribute("aria-pressed", "false")
    assert guided.numbers(page) == locked
    guided.strike(page, *5 * ["u"])
    expect(page.locator("[data-panel=examine]")).not_to_contain_text("moved by hand")
    assert guided.numbers(page) == start


def test_a_row_flies_to_the_closest_point(an_examined_tab: Page) -> None:
    page = an_examined_tab
    before = guided.pane(page, "axial")
    guided.press(page, "[data-gap] button")
    expect(page.locator("[data-pane=axial] img")).not_to_have_attribute("src", before)


def test_every_meaning_is_said_in_words(an_examined_tab: Page) -> None:
    for row in an_examined_tab.locator("[data-gap]").all():
        assert row.locator("td").last.inner_text().strip()
    assert an_examined_tab.locator("[data-name=verdict]").inner_text().strip()


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5, 8])
def test_nothing_of_a_step_is_cut_or_covered(an_examined_tab: Page, step: int) -> None:
    guided.look_at_all_sizes(an_examined_tab, step)


def test_the_operating_room_shows_three_numbers_and_nothing_else(an_examined_tab: Page) -> None:
    page = an_examined_tab
    guided.strike(page, "o")
    room = page.locator("[data-name=room-screen]")
    expect(room).to_contain_text("L4-L5 LEFT")
    assert room.locator(".kb-room-number b").count() == 3
    sizes = room.evaluate(
        "room => [...room.querySelectorAll('span, b, div, button')]"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    # 24 points
    assert min(sizes) >= 32
    guided.strike(page, "o")
    expect(room).to_have_count(0)


def test_a_path_kept_by_hand_is_the_next_version_beside_the_first(a_planned_tab: Page) -> None:
    page = a_planned_tab
    # not so far that a hard rule would be broken: that is no plan, and is not kept
    guided.keep_by_hand(page, -6, 3)
    expect(page.locator("[data-panel=examine]")).to_contain_text("v2")
    guided.compare_versions(page, "1", "2")
    before, after = guided.entries_mm(page)
    # what lay under the hand, and not what lay there before
    assert before - after > 1
    table = page.locator("[data-name=versions]")
    assert table.locator("th").all_inner_texts() == ["what", "v1", "v2"]
    changed = table.locator("tr.is-different")
    assert changed.count() > 3
    # a mark says so, and not the weight of the letters alone
    assert all("*" in words for words in changed.locator("td:first-child").all_inner_texts())
    expect(table.locator("tr", has_text="cannula").first).not_to_have_class(re.compile("different"))


def test_six_ways_to_operate_are_set_side_by_side(a_planned_tab: Page) -> None:
    page = a_planned_tab
    guided.click(page.locator("[data-step='6']"))
    guided.click(page.locator("[data-name=ways-compare]"))
    table = page.locator("[data-name=ways]")
    expect(table).to_be_visible(timeout=LONG_MS)
    expect(table.locator("th")).to_have_count(7)
    expect(table.locator("tr", has_text="skin")).to_contain_text(re.compile("[1-9]"))
    expect(page.locator("[data-panel=compare]")).to_contain_text("not how a patient fares")
    # the narrowest panel
    width, height = guided.VIEWPORTS["tablet"]
    page.set_viewport_size({"width": width, "height": height})
    guided.nothing_is_cut(page)
    guided.keep(page, "tablet-6-ways")
    page.set_viewport_size({"width": 1366, "height": 768})


def test_the_plan_is_signed_with_a_name_on_a_full_checklist(a_planned_tab: Page) -> None:
    guided.sign_plan(a_planned_tab, "A. Berg")


def test_report_and_procedure_sheet_are_written_and_open(a_planned_tab: Page, a_case: Path) -> None:
    papers, told = guided.print_and_export(a_planned_tab)
    both = ("Report", "Procedure sheet")
    assert set(papers) == {f"{what}.pdf" for what in both} | {"Report.html", "Procedure sheet.json"}
    for name, file in papers.items():
        assert a_case in file.parents
        if name.endswith(".pdf"):
            assert file.read_bytes().startswith(b"%PDF-")
            assert b"%%EOF" in file.read_bytes()[-1024:]
    words = papers["Report.html"].read_text("utf-8")
    assert f"{LEVEL} LEFT" in words
    # the report is of the plan that was signed
    assert "A. Berg" in words
    sheet = json.loads(papers["Procedure sheet.json"].read_text("utf-8"))
    assert sheet["schema_version"] == 1
    pictures = list((a_case / "plans").rglob("report/pictures/*.png"))
    assert told.startswith(f"{len(pictures)} files in ")


@pytest.fixture(scope="module")
def a_restarted_tab(a_planned_tab: Page, a_browser: Browser, a_case: Path) -> Iterator[Page]:
    """A tab on a workstation that was started anew on the same case."""
    enable_socket()
    del a_planned_tab
    with running_workstation(a_case) as again, guided.open_tab(a_browser, again) as page:
        yield page


def test_a_restart_keeps_the_work_and_asks_side_and_level_again(
    a_planned_tab: Page, a_restarted_tab: Page
) -> None:
    page = a_restarted_tab
    hash_before = a_planned_tab.evaluate("trame.state.get('sign_view').sha256")
    expect(page.locator("[data-panel=place]")).to_be_visible(timeout=LONG_MS)
    expect(page.locator("[data-name=place]")).to_have_text("side and level not confirmed")
    # by keys alone, as all that follows
    expect(page.locator("[data-name=counted]")).to_be_visible(timeout=LONG_MS)
    guided.press(page, f"[data-level='{LEVEL}']")
    guided.press(page, f"[data-side='{SIDE}']")
    guided.write(page, "[name=zone]", "para")
    for question in page.locator("[data-panel=place] input[type=checkbox]").all():
        guided.press(page, f"[name='{question.get_attribute('name')}']", "Space")
    guided.write(page, "[name=by]", "B. Roth")
    guided.press(page, "[data-name=place-confirm]")
    expect(page.locator("[data-name=confirmed]")).to_contain_text("B. Roth")
    page.wait_for_function("trame.state.get('examine_view').has_path", timeout=LONG_MS)
    assert page.evaluate("trame.state.get('sign_view').sha256") == hash_before


def test_the_path_is_walked_by_keys_alone(a_restarted_tab: Page) -> None:
    page = a_restarted_tab
    guided.press(page, f"[data-structure='exiting_root:L4:{SIDE}'] button")
    guided.press(page, "[data-name=to-plan]")
    guided.press(page, "[data-name=plan-make]")
    page.wait_for_function("trame.state.get('plan_view').running", timeout=LONG_MS)
    page.wait_for_function("!trame.state.get('plan_view').running", timeout=LONG_MS)
    guided.press(page, "[data-name=to-examine]")
    # a view, an end of the path, half a millimetre there and back
    guided.strike(page, "1")
    expect(page.locator("[data-pane=axial]")).to_be_focused()
    guided.strike(page, "t", "ArrowRight")
    expect(page.locator("[data-panel=examine]")).to_contain_text("moved by hand")
    guided.strike(page, "u")
    expect(page.locator("[data-panel=examine]")).not_to_contain_text("moved by hand")
    guided.press(page, "[data-gap] button")
    guided.press(page, "[data-step='6']")
    guided.write(page, "[name=left-version]", "v1")
    guided.write(page, "[name=right-version]", "v2")
    guided.press(page, "[data-name=versions-compare]")
    expect(page.locator("[data-name=versions]")).to_be_visible()
    guided.press(page, "[data-step='8']")
    guided.write(page, "[name=signer]", "B. Roth")
    accepts = page.locator("[data-accept]")
    for left in range(accepts.count(), 0, -1):
        guided.press(page, "[data-accept]")
        expect(accepts).to_have_count(left - 1)
    for line in page.locator("[data-panel=sign] input[type=checkbox]").all():
        guided.press(page, f"[name='{line.get_attribute('name')}']", "Space")
        expect(line).to_be_checked()
    guided.press(page, "[data-name=sign]")
    signed = page.locator("[data-name=signed]").filter(has_text="B. Roth")
    expect(signed).to_be_visible(timeout=LONG_MS)
    guided.tab_to(page, "[data-name=print]")


def test_the_screen_says_at_once_that_the_line_is_cut(a_browser: Browser, tmp_path: Path) -> None:
    enable_socket()
    with running_workstation() as short_lived:
        page = a_browser.new_context().new_page()
        page.goto(short_lived.first_hop)
        page.wait_for_selector(".kb-app", timeout=LONG_MS)
    expect(page.locator("[data-name=cut]")).to_be_visible(timeout=3_000)
    assert page.locator(".kb-app").count() == 0
    page.context.close()
