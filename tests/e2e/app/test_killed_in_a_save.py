"""Rows R01 and S08 in a browser: the server is killed in a save, and started again."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.app import guided
from tests.e2e.app.guided import LONG_MS
from tests.unit.app.logic.made_session import NoonClock, made_anatomy, written_session

from kambin.app.logic.making import find_folder
from kambin.desk.planning import write_answer
from kambin.planning import PlanRequest, plan_trajectory

ROOT = Path(__file__).parents[3]
SAVED = "workstation.json"


@dataclass(frozen=True)
class Desk:
    """A case folder, the process that serves it, and the tab that looks at it."""

    folder: Path
    process: subprocess.Popen[str]
    page: Page

    @property
    def state(self) -> tuple[float, bool, list[str]]:
        """Return how high the path enters, mm, whether a hand moved it, and the versions."""
        height, live = self.page.evaluate(
            "(({entry, live}) => [entry[2], live])(trame.state.get('examine_view'))"
        )
        rows = self.page.evaluate("trame.state.get('compare_view').versions")
        return float(height), live, [row["title"] for row in rows]

    def raise_entry(self) -> None:
        """Type the entry a millimetre higher, and wait until that was answered or the line cut."""
        field = self.page.locator("[name=entry-2]")
        field.fill(f"{self.state[0] + 1:.1f}")
        field.press("Enter")

    def dies_replacing(self, name: str) -> None:
        """Have the process killed once it has written a file, before that has its name."""
        (self.folder.parent / "fuse").write_text(name)

    def is_dead(self) -> None:
        """See that the process was killed, that the tab says so, and that no number is left."""
        assert self.process.wait(LONG_MS / 1000) == -signal.SIGKILL
        expect(self.page.locator("[data-name=cut]")).to_be_visible()
        assert "mm" not in self.page.locator("body").inner_text()


@contextmanager
def opened(browser: Browser, folder: Path) -> Iterator[Desk]:
    """Start the server on a folder, look at it with a new browser, and confirm side and level."""
    fuse = folder.parent / "fuse"
    fuse.unlink(missing_ok=True)
    call = [sys.executable, "-m", "tests.e2e.app.mortal_workstation", str(folder), str(fuse)]
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            page.goto(process.stdout.readline().strip())
            expect(page.locator("[data-name=case]")).to_have_text(folder.name)
            # whatever was confirmed before it was killed
            expect(page.locator("[data-name=place]")).to_have_text("side and level not confirmed")
            assert not page.evaluate("trame.state.get('examine_view').has_path")
            # not through the counted picture: boxes have no image
            given = ["L4-L5", "left", "paracentral", "A. Berg", []]
            page.evaluate("given => trame.trigger('place_confirm', given)", given)
            page.wait_for_function("trame.state.get('examine_view').has_path", timeout=LONG_MS)
            assert page.locator("[data-name=message].tone-stop").count() == 0
            guided.go_to(page, 5)
            guided.click(page.locator("[data-more=type]"))
            yield Desk(folder, process, page)
        finally:
            process.kill()
            page.close()


@pytest.fixture(scope="module")
def a_planned_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of the spine of boxes with a first version of a plan."""
    session = written_session(tmp_path_factory.mktemp("workstation") / "boxes")
    checked, place = session.checked, session.place
    assert checked is not None
    assert place is not None
    request = PlanRequest(place.level, place.side, zone="paracentral")
    plan = plan_trajectory(checked.case, made_anatomy(), request)
    write_answer(plan, find_folder(session), clock=NoonClock())
    return checked.folder


def test_r01_s08_a_server_killed_in_a_save_has_the_last_whole_state_when_it_starts_again(
    a_browser: Browser, a_planned_case: Path
) -> None:
    with opened(a_browser, a_planned_case) as desk:
        height, live, versions = desk.state
        assert (live, versions) == (False, ["v1 plan"])
        desk.raise_entry()
        desk.page.wait_for_function("trame.state.get('examine_view').live")
        desk.dies_replacing(SAVED)
        desk.raise_entry()
        desk.is_dead()
    with opened(a_browser, a_planned_case) as desk:
        # the move that was saved, and not the one during whose save it died
        assert desk.state == (pytest.approx(height + 1), True, versions)
        desk.dies_replacing("plan.json")
        guided.click(desk.page.locator("[data-name=path-seal]"))
        desk.is_dead()
    with opened(a_browser, a_planned_case) as desk:
        # the second version was whole on the disk and named, so that it is the plan
        both = [*versions, "v2 plan"]
        assert desk.state == (pytest.approx(height + 1), False, both)
        expect(desk.page.locator("[data-panel=examine]")).to_contain_text("v2")
        guided.keep(desk.page, "killed-in-a-save")
        guided.go_to(desk.page, 4)
        guided.click(desk.page.locator("[data-name=plan-make]"))
        expect(desk.page.locator("[data-name=job]")).to_be_visible()
        desk.process.kill()
        desk.is_dead()
    with opened(a_browser, a_planned_case) as desk:
        assert desk.state == (pytest.approx(height + 1), False, both)
        guided.strike(desk.page, "u")
        desk.page.wait_for_function("trame.state.get('examine_view').live")
        assert desk.state[0] == pytest.approx(height)
