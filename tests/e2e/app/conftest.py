"""A workstation that runs, and pages of a real browser that look at it."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)
from pytest_socket import enable_socket, socket_allow_hosts
from tests.browser import VARIABLE, find_chromium, launch_flags
from tests.shelf import COARSE_MM, Shelf
from tests.workstation import Running, running_workstation

HERE = Path(__file__).parent
VIEWPORT = {"width": 1366, "height": 768}
PATIENCE_MS = 90_000
WALKS = ("test_guided_path", "test_at_the_screen", "test_mirrored")

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the servers and browsers of this folder have sockets; `loopback_only` says which.

    The tests of a walk share a tab and follow each other as a person would: they keep the order
    in which they are written, whatever the others are shuffled to.
    """
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.enable_socket)
    places = [n for n, item in enumerate(items) if item.path.name.startswith(WALKS)]
    written = sorted((items[n] for n in places), key=_find_line)
    for n, item in zip(places, written, strict=True):
        items[n] = item


def _find_line(item: pytest.Item) -> tuple[str, int]:
    """Return the file of a test and its line there."""
    return str(item.path), item.location[1] or 0


@pytest.fixture(autouse=True)
def loopback_only() -> None:
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


# For one file: while it runs, so does a loop of its own, in which no other test can begin one.
@pytest.fixture(scope="module")
def playwright_running() -> Iterator[Playwright]:
    enable_socket()
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def a_browser(playwright_running: Playwright) -> Iterator[Browser]:
    """Chromium without a window; in CI its absence is a failure, elsewhere a skip."""
    found = find_chromium()
    if found is None:
        reason = f"no Chromium: install the package chromium, or name one in {VARIABLE}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    browser = playwright_running.chromium.launch(executable_path=found, args=launch_flags())
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def a_case(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of the made patient that the tests of one file may write to."""
    folder = tmp_path_factory.mktemp("workstation") / "case"
    return Path(shutil.copytree(shelf.made_patient(COARSE_MM), folder))


@pytest.fixture(scope="module")
def a_workstation(a_case: Path) -> Iterator[Running]:
    """A workstation with the made patient, for the tests of one file."""
    enable_socket()
    with running_workstation(a_case) as running:
        yield running


@dataclass
class Seen:
    """What a browser did and said."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Note every request, every error and every breach of the policy."""
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("console", lambda message: self._note(message.type, message.text))

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def of_other_machines(self) -> list[str]:
        """Return what was asked of anybody beyond this machine."""
        hosts = [(url, urlsplit(url).hostname or "localhost") for url in self.requests]
        mine = ("127.0.0.1", "localhost")
        return [url for url, host in hosts if host not in mine and host[-10:] != ".localhost"]

    def outside(self, origin: str) -> list[str]:
        """Return what was asked of anybody but the workstation."""
        own = (origin, origin.replace("http", "ws", 1), "data:", f"blob:{origin}")
        return [url for url in self.requests if not url.startswith(own)]


@pytest.fixture
def seen() -> Seen:
    """What the browser of this test did."""
    return Seen()


@pytest.fixture
def a_context(a_browser: Browser, seen: Seen) -> Iterator[BrowserContext]:
    """A browser of its own: nobody's cookies."""
    context = a_browser.new_context(viewport=VIEWPORT, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    seen.watch(context)
    yield context
    context.close()
    # whatever the test was about
    assert [words for words in seen.complaints if "Content Security Policy" in words] == []
    assert seen.of_other_machines() == []


@pytest.fixture
def a_page(a_context: BrowserContext, a_workstation: Running) -> Page:
    """The first tab, opened with the printed address."""
    page = a_context.new_page()
    page.goto(a_workstation.first_hop)
    page.wait_for_url(f"{a_workstation.origin}/")
    page.wait_for_selector(".v-application")
    return page
