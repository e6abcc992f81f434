"""How the workstation is opened and ended."""

import os
import signal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from tests.workstation import Running

from kambin.app import server as app_server
from kambin.app.guard.addresses import Listening
from kambin.app.guard.messages import Permitted
from kambin.app.server import VUETIFY_CONFIG, Workstation, mark_theme, open_workstation
from kambin.core import RequestError


def no_screens(server: Any, folder: Path | None) -> Permitted:
    del server, folder
    return Permitted()


def test_it_serves_until_it_is_told_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    told: list[str] = []
    seen: list[str] = []

    def open_browser(address: str) -> bool:
        opened.append(address)
        seen.append(Path(unquote(urlparse(address).path)).read_text("utf-8"))
        os.kill(os.getpid(), signal.SIGTERM)
        return True

    monkeypatch.setattr(app_server.webbrowser, "open", open_browser)
    open_workstation(None, screens=no_screens, tell=told.append)
    (address,), (page,), (text,) = told, opened, seen
    token = address.partition("token=")[2]
    assert len(token) == 43
    # everybody may read what a process is started with
    assert token not in page
    assert page.startswith("file://")
    assert address in text
    assert not Path(unquote(urlparse(page).path)).exists()


def test_no_browser_is_opened_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_server.webbrowser, "open", lambda _: pytest.fail("a browser opened"))

    def stop(_address: str) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    open_workstation(None, screens=no_screens, browser=False, tell=stop)


def test_nothing_is_made_for_an_address_that_others_reach() -> None:
    def never(server: Any, folder: Path | None) -> Permitted:
        del server, folder
        pytest.fail("screens were made")

    with pytest.raises(RequestError, match="RQ-195"):
        Workstation(None, Listening("0.0.0.0"), screens=never)


def test_the_screens_are_told_when_it_ends() -> None:
    ended: list[bool] = []

    def screens(server: Any, folder: Path | None) -> Permitted:
        del folder
        server.controller.on_server_exited.add(lambda **_: ended.append(True))
        return Permitted()

    def stop(_address: str) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    open_workstation(None, screens=screens, browser=False, tell=stop)
    assert ended == [True]


def test_the_theme_is_marked_and_the_rest_of_the_settings_kept() -> None:
    state: dict[str, Any] = {VUETIFY_CONFIG: {"theme": {"defaultTheme": "k"}, "icons": 1}}
    mark_theme(state, "N")
    assert state[VUETIFY_CONFIG] == {"theme": {"defaultTheme": "k", "cspNonce": "N"}, "icons": 1}
    empty: dict[str, Any] = {VUETIFY_CONFIG: None}
    mark_theme(empty, "N")
    assert empty[VUETIFY_CONFIG] == {"theme": {"cspNonce": "N"}}


def test_an_error_of_the_page_is_noted_without_its_words(
    a_workstation: Running, caplog: pytest.LogCaptureFixture
) -> None:
    a_workstation.call(
        lambda: a_workstation.workstation.trame.controller.on_error("MEIER^HANS is not defined")
    )
    assert "the page reported an error" in caplog.text
    assert "MEIER" not in caplog.text


def test_settings_of_the_environment_loosen_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "network.log"
    for name, value in {
        "TRAME_DEFAULT_HOST": "0.0.0.0",
        "TRAME_ARGS": "--host 0.0.0.0",
        "TRAME_LOG_NETWORK": str(log),
        "WSLINK_FOLLOW_SYMLINKS": "1",
        "WSLINK_MAX_MSG_SIZE": "999999999",
        "WSLINK_AUTH_MSG_SIZE": "999999999",
    }.items():
        monkeypatch.setenv(name, value)
    told: list[str] = []

    def screens(server: Any, folder: Path | None) -> Permitted:
        del folder
        server.state.patient = "MEIER^HANS"
        return Permitted()

    def stop(address: str) -> None:
        told.append(address)
        os.kill(os.getpid(), signal.SIGTERM)

    open_workstation(None, screens=screens, browser=False, tell=stop)
    assert told[0].startswith("http://127.0.0.1:")
    assert not log.exists()
