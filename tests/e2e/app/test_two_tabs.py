"""Two tabs of one browser: one writes, one reads, and the reader takes over (W-16)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page
from pytest_socket import enable_socket
from tests.workstation import Running, running_workstation

STANDING = "window.trame?.state?.get('lease')"
PULL = """async name => {
    try { await trame.trigger(name, []); return "done"; }
    catch (error) { return error.data?.error?.code ?? JSON.stringify(error); }
}"""


@pytest.fixture(scope="module")
def a_workstation() -> Iterator[Running]:
    """A workstation without a case: who writes does not hang on one."""
    enable_socket()
    with running_workstation() as running:
        yield running


@pytest.fixture
def a_second_tab(a_page: Page, a_context: BrowserContext, a_workstation: Running) -> Page:
    a_page.wait_for_function(f"{STANDING}?.writes")
    page = a_context.new_page()
    page.goto(a_workstation.origin)
    page.wait_for_function(f"{STANDING}?.tabs === 2")
    return page


def test_one_writes_one_reads_and_the_reader_takes_over(
    a_page: Page,
    a_second_tab: Page,
    a_workstation: Running,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # the first writes, and both see it
    room = a_second_tab.evaluate("trame.state.get('header').room")
    assert a_page.evaluate(PULL, "theme_room") == "done"
    a_second_tab.wait_for_function(f"trame.state.get('header').room !== {str(room).lower()}")
    # the second is refused by the server, whatever its screens let it press
    assert not a_second_tab.evaluate(STANDING)["writes"]
    assert a_second_tab.evaluate(PULL, "theme_room") == "SE-015"
    assert a_second_tab.evaluate(PULL, "alive") == "done"
    assert len(a_page.evaluate(STANDING)["upload_key"]) == 32
    assert a_second_tab.evaluate(STANDING)["upload_key"] == ""
    # and takes over when the first has gone
    lease = a_workstation.web.socket.lease
    real, passed = lease._clock, {"s": 0.0}
    monkeypatch.setattr(lease, "_clock", lambda: real() + passed["s"])
    a_page.close()
    a_second_tab.wait_for_function(f"{STANDING}?.writer_gone")
    assert a_second_tab.evaluate(PULL, "theme_room") == "SE-015"
    passed["s"] = 5.0
    assert a_second_tab.evaluate("trame.trigger('lease_take', [])") is True
    a_second_tab.wait_for_function(f"{STANDING}?.writes")
    assert a_second_tab.evaluate(PULL, "theme_room") == "done"
    # alone, it writes again at once after a reload
    a_second_tab.reload()
    a_second_tab.wait_for_function(f"{STANDING}?.writes")


def test_s07_back_shows_what_is_now_and_no_page_that_was_kept(a_page: Page) -> None:
    a_page.wait_for_function(f"{STANDING}?.writes")
    room = a_page.evaluate("trame.state.get('header').room")
    a_page.evaluate("window.was_here = true")
    a_page.goto("about:blank")
    a_page.go_back()
    # a page kept as it stood would show numbers of then; this one asks anew, and writes at once
    a_page.wait_for_function(f"{STANDING}?.writes")
    assert a_page.evaluate("window.was_here") is None
    assert a_page.evaluate("trame.state.get('header').room") == room
    assert a_page.evaluate(PULL, "theme_room") == "done"
    a_page.wait_for_function(f"trame.state.get('header').room !== {str(room).lower()}")
