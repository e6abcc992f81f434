"""The workstation as a person waits for it: first screen, a turned wheel, a dragged entry.

    python -m benchmarks.workstation [CASE LEVEL SIDE]

Drives Debian's Chromium without a window over the loopback, as it draws by itself on a machine
without a graphics card; without a case the made patient at 1.5 mm. A wheel is timed from its event
to when the new slice was presented, as Element Timing tells it: once a step, and turned on and on.
Prints medians and the 95th percentile of wall time; seconds are targets and never asserted, and say
nothing on a machine that is busy with other work.

References
----------
Element Timing API, https://wicg.github.io/element-timing
"""

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from kambin.anatomy import Level
from kambin.app.binding import READING, Binding
from kambin.app.guard.messages import Permitted
from kambin.app.logic.completing import complete_task
from kambin.app.logic.making import plan_task
from kambin.app.logic.opening import open_task
from kambin.app.logic.placing import confirm_place
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import run_now
from kambin.app.server import Workstation
from kambin.exchange import write_phantom
from kambin.frames import Side
from kambin.phantom import PhantomParameters, build_phantom

SLICE_MS, DRAG_MS, FIRST_S = 60.0, 100.0, 3.0
"""Targets: event to new pixels, hand to numbers, and the first useful screen."""

TURNS, MOVES, SIZE_PX, SPACING_MM = 40, 30, 512, 1.5
PATIENCE_MS = 120_000

REST_S = 0.4
WAY = 10
"""Steps one way before the wheel is turned back: it must not leave the picture."""

WHEEL = """(deltaY) => new Promise((done) => {
  const pane = document.querySelector('[data-pane=axial]');
  const picture = pane.querySelector('img');
  picture.setAttribute('elementtiming', 'slice');
  const start = performance.now();
  const watch = new PerformanceObserver((list) => {
    const shown = list.getEntries().find((one) => one.renderTime > start);
    if (!shown) return;
    watch.disconnect();
    done(shown.renderTime - start);
  });
  watch.observe({ type: 'element' });
  pane.dispatchEvent(new WheelEvent('wheel', { deltaY, bubbles: true, cancelable: true }));
})"""
DRAG = """([x, y]) => new Promise((done) => {
  const facts = document.querySelector('[data-panel=examine]');
  const overlay = document.querySelector('[data-pane=along-flat] svg');
  const start = performance.now();
  const watch = new MutationObserver(() => {
    watch.disconnect();
    requestAnimationFrame(() => done(performance.now() - start));
  });
  watch.observe(facts, { subtree: true, childList: true, characterData: true });
  const at = { clientX: x, clientY: y, pointerId: 1, bubbles: true };
  overlay.dispatchEvent(new PointerEvent('pointermove', at));
  setTimeout(() => done(null), 5000);
})"""


FLAGS = ("--enable-unsafe-swiftshader",)
"""Space in software; everything else as the browser itself does without a graphics card."""


def make_session(folder: Path, level: str, side: str) -> Session:
    """Return a session with a plan, made as a person makes it."""
    session = Session()
    run_now(open_task(session, folder))
    confirm_place(session, level, side, "benchmark", zone="paracentral")
    run_now(complete_task(session))
    run_now(plan_task(session))
    session.step = "examine"
    return session


@contextmanager
def serving(session: Session) -> Iterator[str]:
    """Serve a session from a thread of its own, and give the address of the first hop."""

    def screens(server: Any, _folder: Path | None) -> Permitted:
        Binding(server, session).open_when_ready(None)
        session.publish("case", "place", "anatomy", "answer", "draft", "cursor")
        return Permitted(reading=READING)

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    async def start() -> tuple[Workstation, str]:
        workstation = Workstation(None, screens=screens)
        return workstation, await workstation.start()

    workstation, address = asyncio.run_coroutine_threadsafe(start(), loop).result(PATIENCE_MS)
    try:
        yield address
    finally:
        asyncio.run_coroutine_threadsafe(workstation.stop(), loop).result(PATIENCE_MS)
        loop.call_soon_threadsafe(loop.stop)


def measure_workstation(folder: Path, level: str, side: str) -> None:
    """Print what a person waits for on one case."""
    found = os.environ.get("KAMBIN_CHROMIUM") or shutil.which("chromium")
    if found is None:
        print("no Chromium: the workstation is not measured")
        return
    # its own walls need rights that root does not have in a container
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with serving(make_session(folder, level, side)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(PATIENCE_MS)
        _measure_first_screen(page, address)
        _measure_wheel(page)
        _measure_drag(page)
        browser.close()


def _measure_first_screen(page: Page, address: str) -> None:
    page.goto(address, wait_until="commit")
    page.wait_for_selector("[data-pane=sagittal] img")
    took_s = page.evaluate("performance.now()") / 1000
    print(f"first screen with its slices: {took_s:.2f} s (target {FIRST_S:.0f} s)")


def _measure_wheel(page: Page) -> None:
    page.evaluate(f"trame.trigger('pane_size', ['axial', {SIZE_PX}, {SIZE_PX}])")
    for step in range(2 * WAY):
        _turn(page, step)
    for how, rest_s in (("one step", REST_S), ("turned on and on", 0.0)):
        took = []
        for step in range(TURNS):
            time.sleep(rest_s)
            took.append(_turn(page, step))
        _tell(f"wheel to new pixels at {SIZE_PX} x {SIZE_PX}, {how}", took, SLICE_MS)


def _turn(page: Page, step: int) -> float:
    away = 1 if step % (2 * WAY) < WAY else -1
    return float(page.evaluate(WHEEL, 100 * away))


def _measure_drag(page: Page) -> None:
    page.click("[data-third=along-flat]")
    ring = page.wait_for_selector("[data-pane=along-flat] [data-handle=entry] .kb-ring")
    box = None if ring is None else ring.bounding_box()
    if box is None:
        raise SystemExit("the entry is not in its pane")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 4, y)
    for how, way, rest_s in (("moved on and on", 1, 0.0), ("one step", -1, REST_S)):
        took = []
        for step in range(1, MOVES + 1):
            time.sleep(rest_s)
            took.append(page.evaluate(DRAG, [x - way * 3 * step, y + way * 2 * step]))
        told = [one for one in took if one is not None]
        if len(told) < MOVES / 2:
            raise SystemExit("the numbers do not follow the hand")
        _tell(f"hand to live numbers, {how}", told, DRAG_MS)
    page.mouse.up()


def _tell(what: str, took_ms: list[float], target_ms: float) -> None:
    worst = statistics.quantiles(took_ms, n=20)[-1]
    middle = statistics.median(took_ms)
    print(f"{what}: median {middle:.0f} ms, 95 % {worst:.0f} ms (target {target_ms:.0f} ms)")


def main() -> None:
    """Measure the case that is named, or the made patient."""
    if len(sys.argv) > 3:
        measure_workstation(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
        return
    with tempfile.TemporaryDirectory(prefix="kambin-bench-") as folder:
        wish = PhantomParameters(Level("L4", "L5"), Side.LEFT, spacing_mm=SPACING_MM)
        case = write_phantom(build_phantom(wish), Path(folder) / "case")
        measure_workstation(case, "L4-L5", "left")


if __name__ == "__main__":
    main()
