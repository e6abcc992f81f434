"""Makes the server of the workstation, puts the guard before it and starts it."""

import asyncio
import logging
import signal
import time
import webbrowser
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from trame.app import get_server
from trame_client.module import vue3 as client_module
from trame_server.protocol import CoreServer

from kambin.app.guard.addresses import Listening, require_private
from kambin.app.guard.assets import FRAMES, list_assets, make_page
from kambin.app.guard.keys import HOP_FILE, Keys, kept_privately
from kambin.app.guard.lease import Lease, Standing
from kambin.app.guard.messages import Permitted
from kambin.app.guard.receiving import UploadDesk
from kambin.app.guard.refusals import make_refusal
from kambin.app.guard.rules import Permission
from kambin.app.guard.socket import LEASE_STATE, UPLOAD_KEY, GuardedSocket
from kambin.app.guard.uploads import Upload
from kambin.app.guard.web_app import SOCKET_KEY, Content, GuardedApp, Route

BuildScreens = Callable[[Any, Path | None], Permitted]
"""Puts the screens on a trame server for a case folder, and says what they leave to a page."""

VUETIFY_CONFIG: Final = "trame__vuetify3_config"
"""Name under which the client looks for the settings of its widgets."""

UPLOAD: Final = "/upload"
"""Takes files from the tab that writes."""

_STOPS: Final = (signal.SIGINT, signal.SIGTERM)


class Workstation:
    """One process, one case, one server.

    Parameters
    ----------
    folder : Path of the case, or none to begin without
    listening : Listening
    screens : BuildScreens

    Raises
    ------
    RequestError  (RQ-195) if other machines could connect and nobody secured that
    """

    def __init__(
        self,
        folder: Path | None,
        listening: Listening | None = None,
        *,
        screens: BuildScreens,
    ) -> None:
        listening = listening or Listening()
        require_private(listening)
        self.keys = Keys()
        # a name of its own: the library keeps servers by name, for as long as the process lives
        # and never its log of all that is sent, whatever the environment asks for
        name = f"kambin-{uuid4().hex}"
        self.trame = get_server(name, client_type="vue3", log_network=False)
        nobody = asdict(Standing(False, False, False, 0, 0))
        self.trame.state[LEASE_STATE] = nobody | {UPLOAD_KEY: ""}
        self.trame.state.trame__title = "Kambin"
        self.trame.controller.on_error = _note_page_error
        self._permitted = screens(self.trame, folder)
        self._style_nonce = uuid4().hex
        mark_theme(self.trame.state, self._style_nonce)
        self._listening = listening
        self._desk = UploadDesk(self._may_upload, self._take_upload)
        self._kept = ExitStack()
        self.web: GuardedApp | None = None
        self.private: Path | None = None

    async def start(self) -> str:
        """Listen, and return the address of the first hop.

        Raises
        ------
        SessionError  (SE-018) if the address cannot be used
        """
        self.trame.enable_module(client_module)
        web = GuardedApp(self._listening, self.keys, self._content())
        _quiet_libraries()
        CoreServer.bind_server(self.trame)
        CoreServer.authentication_token = self.keys.socket
        self.trame._running_stage = 1
        protocol = CoreServer()
        web.connect(
            GuardedSocket(
                protocol,
                web,
                secret=self.keys.socket,
                lease=Lease(time.monotonic),
                permitted=self._permitted,
            )
        )
        protocol.set_server(web)
        self.web = web
        await web.start(protocol.port_callback)
        self.private = self._kept.enter_context(kept_privately(self.keys, web.first_hop))
        # what is not taken goes with the folder, at the latest
        self._desk.folder = self.private
        return web.first_hop

    async def stop(self) -> None:
        """Close all connections and remove what the start left on the disk."""
        with self._kept:
            if self.trame.controller.on_server_exited.exists():
                self.trame.controller.on_server_exited()
            if self.web is not None:
                await self.web.stop()
            self.trame._running_stage = 0

    def _content(self) -> Content:
        folders = {
            f"/{name}": Path(value if isinstance(value, str) else value[0])
            for name, value in self.trame.serve.items()
        }
        client = Path(client_module.www)
        page = make_page((client / "index.html").read_text("utf-8"), SOCKET_KEY)
        own = list_assets({"": client})
        # the client's own page, its workers and its demo parts stay out
        wanted = tuple(asset for asset in own if asset.address.strip("./") in page)
        uploads = Route("POST", UPLOAD, self._desk.handle, Permission.CHANGE)
        assets = (FRAMES, *wanted, *list_assets(folders))
        return Content(page, self._style_nonce, assets, [uploads])

    def _may_upload(self, key: str) -> bool:
        return self.web is not None and bool(self.web.socket.may_upload(key))

    def _take_upload(self, upload: Upload) -> None:
        """Hand an upload to the screens, which discard it when they are done with it."""
        taker = self.trame.controller.upload_received
        if not taker.exists():
            upload.discard()
            raise make_refusal(code="SE-013", where="uploads")
        with self.trame.state:
            taker(upload)


def open_workstation(
    folder: Path | None,
    listening: Listening | None = None,
    *,
    screens: BuildScreens,
    browser: bool = True,
    tell: Callable[[str], None],
) -> None:
    """Open the workstation and serve it until the process is stopped.

    Parameters
    ----------
    folder : Path of the case, or none
    listening : Listening, this machine and a free port unless told
    screens : BuildScreens
    browser : bool, whether to open one
    tell : called with the address of the first hop

    Raises
    ------
    RequestError  (RQ-195) if other machines could connect and nobody secured that
    SessionError  (SE-018) if the address cannot be used
    """
    workstation = Workstation(folder, listening, screens=screens)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(workstation, browser=browser, tell=tell))


async def _serve(workstation: Workstation, *, browser: bool, tell: Callable[[str], None]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for stop in _STOPS:
        # no such handlers on every system; there the keyboard raises
        with suppress(NotImplementedError):
            loop.add_signal_handler(stop, stopped.set)
    try:
        tell(await workstation.start())
        if browser and workstation.private is not None:
            # the file and not the address: all users see what a process is started with
            page = (workstation.private / HOP_FILE).as_uri()
            await asyncio.to_thread(webbrowser.open, page)
        await stopped.wait()
    finally:
        await workstation.stop()


def mark_theme(state: Any, nonce: str) -> None:
    """Have Vuetify mark the style element of its theme, the one that our policy lets it write.

    Parameters
    ----------
    state : trame State, with whatever the screens configured
    nonce : str
    """
    config = dict(state[VUETIFY_CONFIG] or {})
    config["theme"] = dict(config.get("theme", {})) | {"cspNonce": nonce}
    state[VUETIFY_CONFIG] = config


def _note_page_error(_message: object) -> None:
    # its text may quote what the page shows
    logging.getLogger("kambin.app").error("the page reported an error")


def _quiet_libraries() -> None:
    """Keep what the libraries would log of messages, arguments and traces out of the log."""
    for name in ("wslink", "trame_server", "aiohttp.server"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
