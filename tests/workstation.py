"""A workstation that runs beside a test, in a thread of this process, and plain words to ask it."""

import asyncio
import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kambin.app.guard.addresses import Listening
from kambin.app.guard.web_app import GuardedApp
from kambin.app.server import BuildScreens, Workstation

START_S, STOP_S = 30, 30


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def code(self) -> str:
        """Return the code of a refusal in our shape."""
        document = json.loads(self.text)
        assert document["schema_version"] == 1
        assert set(document) == {"schema_version", "error"}
        code: str = document["error"]["code"]
        return code


@dataclass(frozen=True)
class Running:
    """A workstation that answers now."""

    workstation: Workstation
    loop: asyncio.AbstractEventLoop
    first_hop: str

    @property
    def web(self) -> GuardedApp:
        assert self.workstation.web is not None
        return self.workstation.web

    @property
    def port(self) -> int:
        return self.web.get_port()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cookie(self) -> dict[str, str]:
        """Return the header that a browser sends after the first hop."""
        return {"Cookie": f"{self.web.guard.cookie_name}={self.workstation.keys.cookie}"}

    @property
    def own_page(self) -> dict[str, str]:
        """Return what a browser sends when our own page asks."""
        return self.cookie | {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send one request with these headers alone and return the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            given = dict(headers or {})
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in ({"Host": f"127.0.0.1:{self.port}"} | given).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            reply = connection.getresponse()
            return Answer(reply.status, dict(reply.headers), reply.read().decode())
        finally:
            connection.close()

    def call(self, function: Callable[[], Any]) -> Any:
        """Run a function in the thread of the server and return what it returns."""

        async def run() -> Any:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(START_S)


@contextmanager
def running_workstation(
    folder: Path | None = None,
    *,
    screens: BuildScreens | None = None,
    listening: Listening | None = None,
) -> Iterator[Running]:
    """Start a workstation in a thread of its own and stop it at the end."""
    if screens is None:
        # only for those who want the real ones, which bring all libraries of pictures
        from kambin.app.binding import build_screens as screens  # noqa: PLC0415
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> Running:
        workstation = Workstation(folder, listening, screens=screens)
        return Running(workstation, loop, await workstation.start())

    running: Running | None = None
    try:
        running = asyncio.run_coroutine_threadsafe(start(), loop).result(START_S)
        yield running
    finally:
        if running is not None:
            stopped = asyncio.run_coroutine_threadsafe(_stop(running.workstation), loop)
            stopped.result(STOP_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(STOP_S)
        loop.close()


async def _stop(workstation: Workstation) -> None:
    """Stop as `kambin app` does, which ends its loop with everything that still waits in it."""
    await workstation.stop()
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
