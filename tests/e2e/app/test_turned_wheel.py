"""What one step of a wheel costs: its pane is drawn, and the page around it is left alone."""

from typing import Any

import pytest
from playwright.sync_api import Page

STEPS = 6
COUNT = """async (steps) => {
  const pane = document.querySelector('[data-pane=axial]');
  const picture = pane.querySelector('img');
  const panel = document.querySelector('[data-name=panel]');
  const state = trame.state;
  const read = {};
  const get = state.get.bind(state);
  state.get = (name) => {
    read[name] = (read[name] || 0) + 1;
    return get(name);
  };
  let touched = 0;
  const watch = new MutationObserver((changes) => (touched += changes.length));
  watch.observe(panel, { subtree: true, childList: true, attributes: true, characterData: true });
  let pictures = 0;
  for (let step = 0; step < steps; step += 1) {
    const before = picture.src;
    pane.dispatchEvent(new WheelEvent('wheel', { deltaY: 100, bubbles: true, cancelable: true }));
    while (picture.src === before) await new Promise(requestAnimationFrame);
    pictures += 1;
  }
  delete state.get;
  watch.disconnect();
  return { pictures, touched, read };
}"""


@pytest.fixture
def counted(a_page: Page) -> dict[str, Any]:
    """What the page did while a wheel was turned over a case that was just opened."""
    for pane in ("axial", "sagittal", "coronal"):
        a_page.wait_for_selector(f"[data-pane={pane}] img")
    a_page.wait_for_load_state("networkidle")
    found: dict[str, Any] = a_page.evaluate(COUNT, STEPS)
    return found


def test_a_turned_wheel_draws_its_pane_and_not_the_page(counted: dict[str, Any]) -> None:
    assert counted["pictures"] == STEPS
    assert counted["read"]["pane_axial"] >= STEPS
    # the page reads its header whenever it is drawn: the check of the line and late answers may
    assert counted["read"].get("header", 0) < STEPS
    assert counted["touched"] == 0
