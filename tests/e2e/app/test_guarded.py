"""What a browser may and may not do with the workstation, in a browser."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page
from pytest_socket import enable_socket
from tests.e2e.app.conftest import Seen
from tests.workstation import Running, running_workstation

TRY = """async address => {
    const got = {};
    const attempt = async (name, work) => {
        try { got[name] = await work(); } catch (error) { got[name] = null; }
    };
    const text = async (path, how) => (await fetch(address + path, how)).text();
    await attempt("page", () => text("/", {credentials: "include"}));
    await attempt("opaque", () => text("/", {credentials: "include", mode: "no-cors"}));
    await attempt("key", () => text("/socket-key", {credentials: "include", method: "POST"}));
    await attempt("script", () => new Promise((done, fail) => {
        const script = document.createElement("script");
        script.onload = () => done(Boolean(window.Vue));
        script.onerror = fail;
        script.src = address + "/vue.global.js";
        document.head.appendChild(script);
    }));
    await attempt("frame", () => new Promise((done, fail) => {
        const frame = document.createElement("iframe");
        frame.onload = () => { try { done(frame.contentDocument.body.innerText); }
            catch (error) { fail(error); } };
        frame.src = address + "/";
        document.body.appendChild(frame);
    }));
    await attempt("window", () => {
        const other = window.open(address + "/");
        return new Promise((done, fail) => setTimeout(() => {
            try { done(other.document.body.innerText); } catch (error) { fail(error); }
        }, 500));
    });
    await attempt("socket", () => new Promise((done, fail) => {
        const socket = new WebSocket(address.replace("http", "ws") + "/ws");
        socket.onopen = () => done("open");
        socket.onmessage = () => done("message");
        socket.onerror = () => fail(new Error("refused"));
    }));
    return got;
}"""


class _ForeignPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>foreign</title><body></body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture(scope="module")
def a_workstation() -> Iterator[Running]:
    """A workstation without a case: who may talk to it does not hang on one."""
    enable_socket()
    with running_workstation() as running:
        yield running


@pytest.fixture(scope="module")
def a_foreign_port() -> Iterator[int]:
    """Somebody else's server on this machine."""
    enable_socket()
    with ThreadingHTTPServer(("127.0.0.1", 0), _ForeignPage) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_the_page_opens_with_what_the_workstation_has_and_asks_nobody_else(
    a_page: Page, a_workstation: Running, seen: Seen
) -> None:
    a_page.wait_for_load_state("networkidle")
    assert seen.outside(a_workstation.origin) == []
    for ending in (".woff2", ".ttf", ".css", ".js"):
        assert [url for url in seen.requests if url.partition("?")[0].endswith(ending)]
    assert seen.complaints == []
    symbols = "document.fonts.check('16px Material Design Icons')"
    assert a_page.evaluate(f"document.fonts.ready.then(() => {symbols})")


def test_the_token_leaves_the_address_and_scripts_see_no_cookie(
    a_page: Page, a_workstation: Running
) -> None:
    keys = a_workstation.workstation.keys
    assert a_page.url == f"{a_workstation.origin}/"
    assert a_page.evaluate("document.cookie") == ""
    assert a_page.evaluate("document.referrer") == ""
    shown = a_page.content()
    assert not [secret for secret in (keys.token, keys.cookie) if secret in shown]
    (cookie,) = a_page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["expires"]) == (True, "Strict", -1)
    a_page.go_back()
    assert keys.token not in a_page.url


def test_it_opens_from_a_file_without_the_token_in_a_list_of_processes(
    a_context: BrowserContext, a_workstation: Running
) -> None:
    assert a_workstation.workstation.private is not None
    page = a_context.new_page()
    page.goto((a_workstation.workstation.private / "open.html").as_uri())
    page.wait_for_url(f"{a_workstation.origin}/")
    page.wait_for_selector(".v-application")


@pytest.mark.parametrize("name", ["127.0.0.1", "foreign.localhost"])
def test_a_foreign_page_in_the_same_browser_gets_nothing(
    a_page: Page, a_workstation: Running, a_foreign_port: int, name: str, seen: Seen
) -> None:
    foreign = a_page.context.new_page()
    foreign.goto(f"http://{name}:{a_foreign_port}/")
    got = foreign.evaluate(TRY, a_workstation.origin)
    # what a page may see of another's answer without permission is that there was one
    assert {name: value for name, value in got.items() if value} == {}
    # each was tried, and the socket and the page were asked of the workstation
    assert len(got) == 7
    # the browser names our policy where it keeps us out of the other's frame
    assert {words for words in seen.complaints if "frame-ancestors 'none'" in words}
    seen.complaints.clear()
    # and the tab of our own page goes on
    assert a_page.evaluate("fetch('/').then(answer => answer.status)") == 200


def test_a_foreign_name_for_our_address_gets_nothing(
    a_page: Page, a_workstation: Running, seen: Seen
) -> None:
    # as after a name was made to lead here, which browsers cannot see
    address = f"http://rebound.localhost:{a_workstation.port}"
    other = a_page.context.new_page()
    for path in ("/", a_workstation.first_hop.removeprefix(a_workstation.origin)):
        answer = other.goto(address + path)
        assert answer is not None
        assert answer.status == 421
        assert "SE-010" in answer.text()
    got = other.evaluate(TRY, address)
    assert got["key"] is None or "SE-010" in got["key"]
    assert got["socket"] is None
    seen.complaints.clear()


def test_a_browser_without_the_first_hop_gets_words_and_nothing_else(
    a_context: BrowserContext, a_workstation: Running
) -> None:
    page = a_context.new_page()
    answer = page.goto(a_workstation.origin)
    assert answer is not None
    assert answer.status == 401
    assert "SE-012" in answer.text()
