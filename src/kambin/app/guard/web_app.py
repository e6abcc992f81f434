"""The web server of the workstation: every route declared with what it asks, nothing else open."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler
from wslink.protocol import AbstractWebApp

from kambin.app.guard.addresses import Listening
from kambin.app.guard.assets import Asset
from kambin.app.guard.keys import Keys
from kambin.app.guard.limits import GOODBYE_S, MESSAGE_BYTES
from kambin.app.guard.middleware import TOKEN_FIELD, Guard
from kambin.app.guard.rules import Permission
from kambin.core import SessionError

PAGE, HOP, SOCKET_KEY, SOCKET = "/", "/open", "/socket-key", "/ws"
"""The addresses of the workstation, beside the files of the client."""

_HOP_PAGE: Final = """<!doctype html><meta charset="utf-8"><title>Kambin</title>
<meta http-equiv="refresh" content="0;url=/">
"""
_IPV6_LOOPBACK: Final = "::1"


@dataclass(frozen=True, slots=True)
class Route:
    """One address that the workstation answers.

    Parameters
    ----------
    method, path : str
    handler : what answers
    permission : what it asks of the caller
    """

    method: str
    path: str
    handler: Handler
    permission: Permission


@dataclass(slots=True)
class Content:
    """What is served.

    Parameters
    ----------
    page : str, the one page
    assets : the files of the client's libraries
    routes : further addresses
    style_nonce : str, marks the one style element that a script of the page writes
    """

    page: str
    style_nonce: str
    assets: tuple[Asset, ...] = ()
    routes: list[Route] = field(default_factory=list)


class GuardedApp(AbstractWebApp):  # type: ignore[misc]
    """The server that trame is given in place of its own.

    Parameters
    ----------
    listening : Listening, already found private
    keys : Keys
    content : Content
    """

    def __init__(self, listening: Listening, keys: Keys, content: Content) -> None:
        super().__init__({"host": listening.host, "port": listening.port})
        self.listening = listening
        self.keys = keys
        self.content = content
        self.routes = tuple(self._own_routes())
        asked = {(route.method, route.path): route.permission for route in self.routes}
        self.guard = Guard(keys, asked, listening.scheme, content.style_nonce)
        self.socket: Any = None
        self._runner: web.AppRunner | None = None

    def connect(self, socket: Any) -> None:
        """Say who answers the sockets of the pages."""
        self.socket = socket

    def _own_routes(self) -> Iterable[Route]:
        yield Route("GET", HOP, self._hop, Permission.FIRST_HOP)
        yield Route("GET", PAGE, self._page, Permission.READ)
        yield Route("POST", SOCKET_KEY, self._socket_key, Permission.CHANGE)
        # a page of somebody else may open sockets without being asked: it counts as a change
        yield Route("GET", SOCKET, self._open_socket, Permission.CHANGE)
        for asset in self.content.assets:
            yield Route("GET", asset.address, _give(asset), Permission.READ)
        yield from self.content.routes

    def make_app(self) -> web.Application:
        """Return the application with the guard before all of its routes."""
        app = web.Application(middlewares=[self.guard.middleware()], client_max_size=MESSAGE_BYTES)
        for route in self.routes:
            app.router.add_route(route.method, route.path, route.handler)
        app.on_response_prepare.append(self.guard.add_headers)
        return app

    async def start(self, port_callback: Any = None) -> None:
        """Listen; the port is known afterwards.

        Raises
        ------
        SessionError  (SE-018) if the address cannot be used
        """
        self.set_app(self.make_app())
        # no access log: the address of the first hop holds the token
        runner = web.AppRunner(
            self.app, handle_signals=False, access_log=None, shutdown_timeout=GOODBYE_S
        )
        await runner.setup()
        self._runner = runner
        host = "127.0.0.1" if self.listening.host == "localhost" else self.listening.host
        await self._listen(runner, host, self.listening.port)
        port = self.get_port()
        if host == "127.0.0.1":
            # some browsers try the newer protocol first; where there is none, nothing is missing
            with suppress(SessionError):
                await self._listen(runner, _IPV6_LOOPBACK, port)
        self.guard.open_for(self.listening.hosts(port), port)
        if port_callback is not None:
            port_callback(port)

    async def _listen(self, runner: web.AppRunner, host: str, port: int) -> None:
        site = web.TCPSite(runner, host, port, ssl_context=self.listening.tls())
        try:
            await site.start()
        except OSError as error:
            raise SessionError(
                code="SE-018",
                what="The workstation cannot listen on this address",
                where=f"{host} port {port}",
                why=f"{error.strerror or type(error).__name__}.",
                next_step="Leave --port away for one that is free.",
            ) from error

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        if self.socket is not None:
            await self.socket.disconnectClients()
        if self._runner is not None:
            await self._runner.cleanup()
        if not self.completion.done():
            self.completion.set_result(True)

    def get_port(self) -> int:
        """Return the port that is listened on."""
        return int(self._runner.addresses[0][1]) if self._runner is not None else 0

    @property
    def first_hop(self) -> str:
        """Return the address that opens the workstation, with its token."""
        origin = self.listening.origin(self.get_port())
        return f"{origin}{HOP}?{TOKEN_FIELD}={self.keys.token}"

    async def _hop(self, _request: web.Request) -> web.StreamResponse:
        """Hand out the cookie and lead on, so that the token leaves the address."""
        # a page and no redirect: the cookie is not sent along one that a foreign page began
        answer = web.Response(text=_HOP_PAGE, content_type="text/html")
        answer.set_cookie(
            self.guard.cookie_name,
            self.keys.cookie,
            httponly=True,
            samesite="Strict",
            secure=self.listening.certificate is not None,
        )
        return answer

    async def _page(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text=self.content.page, content_type="text/html")

    async def _socket_key(self, request: web.Request) -> web.StreamResponse:
        scheme = "wss" if self.listening.certificate is not None else "ws"
        address = f"{scheme}://{request.host}{SOCKET}"
        return web.json_response({"sessionURL": address, "secret": self.keys.socket})

    async def _open_socket(self, request: web.Request) -> web.StreamResponse:
        answer: web.StreamResponse = await self.socket.handle(request)
        return answer


def _give(asset: Asset) -> Handler:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(asset.file)

    return handler
