"""A person at the workstation: what is clicked, typed and read, step by step."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

LONG_MS = 240_000
"""Completing and planning, with both cores busy with other tests."""

# In a fresh clone the first numbers of a moved path wait for their kernels to be compiled.
expect.set_options(timeout=150_000)

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
  return found;
}"""
"""Names what is cut off or lies over something else."""


def nothing_is_cut(page: Page) -> None:
    """Assert that no text of the frame is cut off and nothing lies over another thing."""
    assert page.evaluate(OVERFLOWS) == []


def confirm_place(page: Page, level: str, side: str, by: str = "A. Berg") -> None:
    """Choose level and side on the counted picture, answer what is asked, and give a name."""
    page.click("[data-step='2']")
    expect(page.locator("[data-name=counted]")).to_be_visible(timeout=LONG_MS)
    button = page.locator("[data-name=place-confirm]")
    expect(button).to_be_disabled()
    page.click(f"[data-level='{level}']")
    page.click(f"[data-side='{side}']")
    page.select_option("[name=zone]", "paracentral")
    for question in page.locator("[data-panel=place] input[type=checkbox]").all():
        question.check()
    expect(button).to_be_disabled()
    page.fill("[name=by]", by)
    button.click()
    expect(page.locator("[data-name=place]")).to_have_text(f"{level} {side.upper()}")


def look_through_anatomy(page: Page, level: str, side: str) -> None:
    """Wait until the anatomy is completed, look at its root, and go on."""
    root = page.locator(f"[data-structure='exiting_root:{level.split('-', maxsplit=1)[0]}:{side}']")
    expect(root).to_be_visible(timeout=LONG_MS)
    expect(root).to_contain_text("modelled")
    root.click()
    page.click("[data-name=to-plan]")


def make_plan(page: Page) -> None:
    """Plan with the usual technique and wait for the answer."""
    page.click("[data-name=plan-make]")
    answer = page.locator("[data-name=plan-made], [data-name=refusal]")
    expect(answer.first).to_be_visible(timeout=LONG_MS)


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


def drag_handle(page: Page, name: str, end: str, right: float, down: float) -> None:
    """Drag a disc of the path in a pane."""
    x, y = resting_middle(page, f"[data-pane='{name}'] [data-handle={end}] .kb-ring")
    page.mouse.move(x, y)
    under = page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).closest('[data-handle]')?.dataset.handle",
        [x, y],
    )
    assert under == end, f"the disc of the {end} in {name} is covered at {x:.0f}, {y:.0f}"
    page.mouse.down()
    for part in (0.3, 0.7, 1.0):
        page.mouse.move(x + part * right, y + part * down)
    page.mouse.up()


def keep(page: Page, folder: Path, name: str) -> None:
    """Keep a picture of the page for whoever looks at what a test saw."""
    page.screenshot(path=folder / f"{name}.png")
