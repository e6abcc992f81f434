"""A person at the workstation: what is clicked, typed and read, step by step."""

import base64
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect
from tests.workstation import Running

LONG_MS = 240_000
"""Completing and planning, with both cores busy with other tests."""

PICTURES = "KAMBIN_PICTURES"
"""Names a folder for pictures of what the tests see; drawing them takes as long as the tests."""

# In a fresh clone the first numbers of a moved path wait for their kernels to be compiled.
expect.set_options(timeout=150_000)

VIEWPORTS = {"laptop": (1366, 768), "desk": (1920, 1080), "tablet": (1024, 768)}

OVERFLOWS = """() => {
  const found = [];
  const frame = ['.kb-head', '.kb-foot', '.kb-panel', '.kb-step', '.kb-panel .kb-button'];
  for (const element of document.querySelectorAll(frame.join(', ')))
    if (element.scrollWidth > element.clientWidth + 1)
      found.push(element.className + ' ' + element.textContent.trim().slice(0, 40));
  const head = document.querySelectorAll('.kb-head > *');
  const boxes = [...head].map((e) => [e.className, e.getBoundingClientRect()]);
  boxes.forEach(([a, one], index) => boxes.slice(index + 1).forEach(([b, other]) => {
    if (one.width && other.width && one.right > other.left + 1) found.push(a + ' over ' + b);
  }));
  const foot = document.querySelector('.kb-foot').getBoundingClientRect();
  if (foot.bottom > innerHeight + 1) found.push('the footer is below the window');
  for (const name of ['.kb-rail', '.kb-panel', '.kb-foot']) {
    const box = document.querySelector(name).getBoundingClientRect();
    if (box.left < -1 || box.right > innerWidth + 1) found.push(name + ' is beside the window');
  }
  for (const message of document.querySelectorAll('.kb-message'))
    if (message.scrollWidth > message.clientWidth + 1) found.push('a message leaves its frame');
  const hides = ['hidden', 'clip'];
  for (const element of document.querySelectorAll('.kb-app *')) {
    const style = getComputedStyle(element);
    const words = [...element.childNodes].some((e) => e.nodeType === 3 && e.data.trim());
    if (!words || element.title || !element.clientWidth) continue;
    const wide = hides.includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
    const high = hides.includes(style.overflowY) && element.scrollHeight > element.clientHeight + 1;
    if (wide || high) found.push(element.className + ' cuts ' + element.textContent.slice(0, 40));
  }
  return found;
}"""
"""Names what is cut off or lies over something else; what is cut may be told in full by a title."""


SHOWN_AT = """async ([name, state, width, height]) => {
  const picture = document.querySelector(`[data-pane='${name}'] img`);
  // the pane itself may ask for its own size in between
  for (let asked = 0; asked < 50; asked += 1) {
    await trame.trigger('pane_size', [name, width, height]);
    for (let frame = 0; frame < 30; frame += 1) {
      const view = trame.state.get(state);
      const source = picture.getAttribute('src');
      if (view.width === width && view.height === height && view.src === source) return source;
      await new Promise(requestAnimationFrame);
    }
  }
  throw new Error(`${name} is never shown at ${width} x ${height}`);
}"""
"""Paints a pane at a size, and returns the picture once it is the one on the screen."""

FEEL = """() => {
  window.kambin_pressed = false;
  const feel = (event) => {
    if (!event.target.closest('button, input, tr')) return;
    window.kambin_pressed = true;
    document.removeEventListener('click', feel, true);
  };
  document.addEventListener('click', feel, true);
}"""
"""Notes whether a click reaches something that takes it: what is disabled feels none."""


WRITTEN = """([selector, words]) => {
  const field = document.querySelector(selector);
  const shown = field.selectedOptions ? field.selectedOptions[0]?.text ?? "" : field.value;
  return shown.toLowerCase().startsWith(words.toLowerCase());
}"""
"""Tells whether a field holds what was typed, or a list stands at the entry that begins so."""


@contextmanager
def open_tab(browser: Browser, running: Running) -> Iterator[Page]:
    """Open a tab on a workstation, in which no error may come up until it is closed."""
    width, height = VIEWPORTS["laptop"]
    context = browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    context.set_default_timeout(150_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(running.first_hop)
    page.wait_for_selector(".kb-app", timeout=LONG_MS)
    yield page
    context.close()
    assert complaints == []


def click(button: Locator) -> None:
    """Click a button as a person does: who clicks it while no answer comes clicks it again.

    A button is disabled while nobody answers, which may begin between the look at it and the click.
    """
    _until_felt(button.page, button.click)


def tick(box: Locator) -> None:
    """Tick a box that is not ticked, and see that the server knows."""
    if not box.is_checked():
        click(box)
    expect(box).to_be_checked()


def _until_felt(page: Page, act: Callable[[], None]) -> None:
    for _ in range(20):
        page.evaluate(FEEL)
        act()
        if page.evaluate("window.kambin_pressed"):
            return
    raise AssertionError("no button takes the click")


def nothing_is_cut(page: Page) -> None:
    """Assert that no text of the frame is cut off and nothing lies over another thing."""
    assert page.evaluate(OVERFLOWS) == []


def confirm_place(page: Page, level: str, side: str, by: str = "A. Berg") -> None:
    """Choose level and side on the counted picture, answer what is asked, and give a name."""
    click(page.locator("[data-step='2']"))
    expect(page.locator("[data-name=counted]")).to_be_visible(timeout=LONG_MS)
    button = page.locator("[data-name=place-confirm]")
    expect(button).to_be_disabled()
    click(page.locator(f"[data-level='{level}']"))
    click(page.locator(f"[data-side='{side}']"))
    page.select_option("[name=zone]", "paracentral")
    for question in page.locator("[data-panel=place] input[type=checkbox]").all():
        tick(question)
    expect(button).to_be_disabled()
    page.fill("[name=by]", by)
    click(button)
    expect(page.locator("[data-name=place]")).to_have_text(f"{level} {side.upper()}")


def look_through_anatomy(page: Page, level: str, side: str) -> None:
    """Wait until the anatomy is completed, look at its root, and go on."""
    root = page.locator(f"[data-structure='exiting_root:{level.split('-', maxsplit=1)[0]}:{side}']")
    expect(root).to_be_visible(timeout=LONG_MS)
    expect(root).to_contain_text("modelled")
    click(root)
    click(page.locator("[data-name=to-plan]"))


def make_plan(page: Page) -> None:
    """Plan with the usual technique and wait for the answer."""
    click(page.locator("[data-name=plan-make]"))
    answer = page.locator("[data-name=plan-made], [data-name=refusal]")
    expect(answer.first).to_be_visible(timeout=LONG_MS)


def keep_by_hand(page: Page, right: float, down: float) -> None:
    """Move the entry in the view along the path, and make a plan of what lies under the hand."""
    click(page.locator("[data-step='5']"))
    click(page.locator("[data-third=along-flat]"))
    drag_handle(page, "along-flat", "entry", right, down)
    expect(page.locator("[data-panel=examine]")).to_contain_text("moved by hand")
    click(page.locator("[data-name=path-seal]"))
    expect(page.locator("[data-panel=examine]")).not_to_contain_text("moved by hand")
    expect(page.locator("[data-name=path-seal]")).to_have_count(0)


def compare_versions(page: Page, left: str, right: str) -> None:
    """Set two versions side by side."""
    click(page.locator("[data-step='6']"))
    page.select_option("[name=left-version]", left)
    page.select_option("[name=right-version]", right)
    click(page.locator("[data-name=versions-compare]"))
    expect(page.locator("[data-name=versions]")).to_be_visible()


def entries_mm(page: Page) -> list[float]:
    """Return how far from the midline two compared versions enter, mm."""
    row = page.locator("[data-name=versions] tr", has_text="entry from the midline")
    return [float(words) for words in row.locator("td").all_inner_texts()[1:]]


def go_to(page: Page, step: int) -> None:
    """Open a step of the rail."""
    click(page.locator(f"[data-step='{step}']"))
    expect(page.locator(f"[data-step='{step}']")).to_have_attribute("aria-current", "step")


def look_at_all_sizes(page: Page, step: int, name: str = "") -> None:
    """Assert at each size of the window that nothing of a step is cut, and keep its pictures."""
    go_to(page, step)
    for size, (width, height) in reversed(VIEWPORTS.items()):
        page.set_viewport_size({"width": width, "height": height})
        # the panes are painted again at the size that they have now
        resting_middle(page, "[data-place='1']")
        nothing_is_cut(page)
        keep(page, f"{name}{size}-{step}")


def sign_plan(page: Page, by: str) -> None:
    """Answer all that is open, tick the whole checklist, and sign."""
    go_to(page, 8)
    sign = page.locator("[data-name=sign]")
    page.fill("[name=signer]", by)
    expect(sign).to_be_disabled()
    accepts = page.locator("[data-accept]")
    for left in range(accepts.count(), 0, -1):
        click(accepts.first)
        expect(accepts).to_have_count(left - 1)
    for line in page.locator("[data-panel=sign] input[type=checkbox]").all():
        tick(line)
    expect(sign).to_be_enabled()
    click(sign)
    expect(page.locator("[data-name=signed]")).to_contain_text(by, timeout=LONG_MS)


def print_and_export(page: Page) -> tuple[dict[str, Path], str]:
    """Write report and procedure sheet, and return their papers, and in words how many pictures."""
    go_to(page, 8)
    made = page.locator("[data-name=made]")
    click(page.locator("[data-name=print]"))
    expect(made).to_have_count(3, timeout=LONG_MS)
    click(page.locator("[data-name=export]"))
    expect(made).to_have_count(5, timeout=LONG_MS)
    told = [line.split(": ", 1) for line in made.all_inner_texts()]
    papers = {f"{what}{Path(name).suffix}": Path(name) for what, name in told if name[0] == "/"}
    return papers, " ".join(name for _, name in told if name[0] != "/")


def pane(page: Page, name: str) -> str:
    """Return the address of the picture that a pane shows."""
    source = page.locator(f"[data-pane='{name}'] img").get_attribute("src")
    assert source is not None
    return source


def numbers(page: Page) -> str:
    """Return the facts of the path as they are read."""
    return page.locator("[data-name=facts]").inner_text()


def lateral_mm(page: Page) -> tuple[float, str]:
    """Return how far the entry lies from the midline, and to which side."""
    found = re.search(r"([0-9]+) mm (left|right)", numbers(page))
    assert found is not None
    return float(found[1]), found[2]


def resting_middle(page: Page, selector: str) -> tuple[float, float]:
    """Return the middle of an element once it has not moved for a third of a second, pixels.

    A pane that was just put in place is painted again at the size it has on the screen.
    """
    element, before = page.locator(selector), None
    for _ in range(100):
        box = element.bounding_box()
        if box is not None and box == before:
            return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        before = box
        page.wait_for_timeout(350)
    raise AssertionError(f"{selector} does not come to rest")


def slice_bytes(page: Page, name: str, size_px: tuple[int, int]) -> bytes:
    """Return the JPEG that a pane shows when it is painted at a size of its own, pixels."""
    source = str(page.evaluate(SHOWN_AT, [name, f"pane_{name.replace('-', '_')}", *size_px]))
    return base64.b64decode(source.split(",")[1])


def grasp(page: Page, name: str, end: str) -> tuple[float, float]:
    """Put the mouse on a disc of the path, and return where that is, pixels."""
    find = "([x, y]) => document.elementFromPoint(x, y).closest('[data-handle]')?.dataset.handle"
    for _ in range(5):
        x, y = resting_middle(page, f"[data-pane='{name}'] [data-handle={end}] .kb-ring")
        page.mouse.move(x, y)
        # a picture that comes late takes the disc elsewhere; what covers it stays
        if page.evaluate(find, [x, y]) == end:
            return x, y
    raise AssertionError(f"the disc of the {end} in {name} is covered at {x:.0f}, {y:.0f}")


def drag_handle(page: Page, name: str, end: str, right: float, down: float) -> None:
    """Drag a disc of the path in a pane."""
    x, y = grasp(page, name, end)
    page.mouse.down()
    for part in (0.3, 0.7, 1.0):
        page.mouse.move(x + part * right, y + part * down)
    page.mouse.up()


def strike(page: Page, *keys: str) -> None:
    """Press keys as a person does: while no answer comes, nothing can be done, and one waits."""
    for key in keys:
        expect(page.locator(".kb-app:not(.is-lost)")).to_have_count(1)
        page.keyboard.press(key)


def tab_to(page: Page, selector: str) -> None:
    """Reach an element with the tabulator alone, and see that it shows where one is.

    The tabulator leads past what is disabled, as all is while no answer comes: then one waits.
    """
    for _ in range(5):
        expect(page.locator(selector).first).to_be_enabled()
        for _ in range(250):
            if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                wide = "parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
                assert page.evaluate(wide) >= 2, f"nothing shows that one is at {selector}"
                return
            page.keyboard.press("Tab")
    raise AssertionError(f"no key leads to {selector}")


def press(page: Page, selector: str, key: str = "Enter") -> None:
    """Reach a button or a box by keys and press one there, which is a click for the page."""

    def _reach_and_press() -> None:
        tab_to(page, selector)
        strike(page, key)

    _until_felt(page, _reach_and_press)


def write(page: Page, selector: str, words: str) -> None:
    """Reach a field or a list by keys, and type until it stands there.

    Keys that are struck while no answer comes reach nothing.
    """
    for _ in range(5):
        tab_to(page, selector)
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(words)
        if page.evaluate(WRITTEN, [selector, words]):
            return
        # a list forgets within a second what was typed to find an entry
        page.wait_for_timeout(1_500)
    raise AssertionError(f"{selector} does not take what is typed")


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody who wants to look at it has named a folder."""
    if PICTURES in os.environ:
        page.screenshot(path=Path(os.environ[PICTURES]) / f"{name}.png")
