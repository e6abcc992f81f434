"""Make the pictures of the tour of the workstation: a browser walks it on the made patient.

Usage: ``python docs/figures/workstation.py``. Needs Chromium.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from playwright.sync_api import Page, sync_playwright
from tests.browser import find_chromium, launch_flags
from tests.e2e.app import guided
from tests.workstation import running_workstation

IMAGES = Path(__file__).parents[1] / "images"
LEVEL, SIDE, SPACING_MM = "L4-L5", "left", "1.5"
SETTLE_MS, SPACE_MS = 4_000, 12_000


def main() -> None:
    """Make the patient, walk the tour, and keep a picture of each stop."""
    found = find_chromium()
    if found is None:
        sys.exit("no Chromium: the pictures of the workstation stay as they are")
    with tempfile.TemporaryDirectory() as folder:
        case = Path(folder) / "demo"
        call = "from kambin.cli.main import main; main()"
        wish = ["--level", LEVEL, "--side", SIDE, "--herniation", "paracentral", "--seed", "0"]
        command = [sys.executable, "-c", call, "phantom", "-o", str(case), *wish]
        subprocess.run([*command, "--spacing", SPACING_MM], check=True)
        with running_workstation(case) as running, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=launch_flags())
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            page.set_default_timeout(guided.LONG_MS)
            page.goto(running.first_hop)
            walk(page)
            browser.close()


def walk(page: Page) -> None:
    """Go from the case to the checklist."""
    page.wait_for_selector("[data-pane=axial] img")
    page.click("[data-step='2']")
    page.wait_for_selector("[data-name=counted]")
    keep(page, "place")
    guided.confirm_place(page, LEVEL, SIDE)
    root = page.locator("[data-structure='exiting_root:L4:left']")
    root.wait_for()
    page.wait_for_selector("[data-pane=axial] .kb-outline")
    page.wait_for_timeout(SPACE_MS)
    keep(page, "anatomy")
    guided.look_through_anatomy(page, LEVEL, SIDE)
    guided.make_plan(page)
    keep(page, "plan")
    page.click("[data-name=to-examine]")
    page.click("[data-third=along-flat]")
    page.click("[data-eye=side]")
    keep(page, "examine")
    page.click("[data-fourth=carm]")
    page.wait_for_selector("[data-pane=film-ap] img")
    guided.drag_handle(page, "along-flat", "entry", -25, 15)
    keep(page, "moved")
    page.keyboard.press("u")
    page.keyboard.press("o")
    keep(page, "room")
    page.keyboard.press("o")
    page.click("[data-step='8']")
    keep(page, "sign")


def keep(page: Page, name: str) -> None:
    """Write a picture once everything that was asked for is drawn."""
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=IMAGES / f"workstation_{name}.png")


if __name__ == "__main__":
    main()
