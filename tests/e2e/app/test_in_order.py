"""What the server says first is read first, however long it is: nothing newer is overtaken."""

from typing import Final

import pytest
from playwright.sync_api import Page
from tests.workstation import Running

ROUNDS: Final = 20
LONG: Final = "." * 2_000_000
HEAR = """() => {
  window.heard = [];
  trame.state.watch(['said'], (said) => said && window.heard.push(said));
}"""


@pytest.fixture
def a_listener(a_page: Page) -> Page:
    """A page that keeps what it is told, in the order in which it hears it."""
    a_page.wait_for_function("window.trame?.state?.get('lease')?.writes")
    a_page.evaluate(HEAR)
    return a_page


def test_a_short_word_does_not_overtake_a_long_one(
    a_listener: Page, a_workstation: Running
) -> None:
    socket = a_workstation.web.socket

    def _say() -> None:
        for said in range(1, 2 * ROUNDS, 2):
            socket.publish("trame.state.topic", {"said": said, "ballast": LONG})
            socket.publish("trame.state.topic", {"said": said + 1})

    a_workstation.loop.call_soon_threadsafe(_say)
    a_listener.wait_for_function("count => window.heard.length >= count", arg=2 * ROUNDS)
    assert a_listener.evaluate("window.heard") == list(range(1, 2 * ROUNDS + 1))
