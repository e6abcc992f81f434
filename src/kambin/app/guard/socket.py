"""The socket of a page: who it is was settled before it opened, what it says is checked here."""

import asyncio
import sys
import time
from dataclasses import asdict
from typing import Any, Final
from uuid import uuid4

import aiohttp
from aiohttp import web
from wslink.backends.aiohttp import AioHttpWsHandler
from wslink.chunking import HEADER_LENGTH

from kambin.app.guard.failures import CaughtFailure
from kambin.app.guard.keys import is_same
from kambin.app.guard.lease import TAKE_OVER_AFTER_S, Lease
from kambin.app.guard.limits import (
    GOODBYE_S,
    HEARTBEAT_S,
    HELLO_BYTES,
    MESSAGE_BYTES,
    SOCKETS,
    UNFINISHED_MESSAGES,
    Allowance,
)
from kambin.app.guard.messages import (
    STATE_GET,
    TAKE_LEASE,
    Message,
    Permitted,
    find_message_refusal,
    find_tab_name,
    read_message,
)
from kambin.app.guard.refusals import as_document, make_refusal
from kambin.core import KambinError

LEASE_STATE: Final = "lease"
"""Name under which each tab is told its own standing."""

UPLOAD_KEY: Final = "upload_key"
"""In that value: what the tab that writes shows with an upload."""

_REFUSED_CALL: Final = -32001
"""How wslink numbers a call that failed; the client only looks whether there is an error."""


class GuardedSocket(AioHttpWsHandler):  # type: ignore[misc]
    """Speaks the protocol of wslink, with its limits and answers replaced by ours.

    Parameters
    ----------
    protocol : the server protocol of trame
    web_app : the server that it belongs to
    secret : str, what a page must say first
    lease : Lease
    permitted : Permitted, what the screens leave to a page
    """

    def __init__(
        self, protocol: Any, web_app: Any, *, secret: str, lease: Lease, permitted: Permitted
    ) -> None:
        super().__init__(protocol, web_app)
        self.lease = lease
        self._secret = secret
        self._permitted = permitted
        self._allowances: dict[str, Allowance] = {}
        self._upload_keys: dict[str, str] = {}
        self._opening: set[str] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one page until it leaves or breaks a rule."""
        if len(self.connections) >= SOCKETS:
            raise make_refusal(code="SE-014", where="the sockets that are open")
        # what is compressed together with a secret tells of it by its length
        socket = web.WebSocketResponse(
            max_msg_size=MESSAGE_BYTES + HEADER_LENGTH,
            heartbeat=HEARTBEAT_S,
            timeout=GOODBYE_S,
            compress=False,
        )
        client = uuid4().hex
        self.connections[client] = socket
        self._allowances[client] = Allowance(time.monotonic)
        try:
            await socket.prepare(request)
            await self.onConnect(request, client)
            self.unchunkers[client].set_max_message_size(HELLO_BYTES)
            async for said in socket:
                await self._hear(said, client)
        finally:
            await self._forget(client)
        return socket

    async def _forget(self, client: str) -> None:
        if client in self.unchunkers:
            await self.onClose(client)
        self.connections.pop(client, None)
        self._allowances.pop(client, None)
        self._upload_keys.pop(client, None)
        self._opening.discard(client)
        self.authentified_client_ids.discard(client)
        self.lease.leave(client)
        self.tell_standing()
        # by then the others may take over, and nothing else would tell them
        loop = asyncio.get_running_loop()
        loop.call_later(TAKE_OVER_AFTER_S + HEARTBEAT_S / 10, self.tell_standing)

    async def _hear(self, said: aiohttp.WSMessage, client: str) -> None:
        """Take in one frame; what is not of the protocol ends the connection."""
        if said.type is not aiohttp.WSMsgType.BINARY or not self._allowances[client].take():
            await self._hang_up(client, "too much, or no frame of the protocol")
            return
        caught = CaughtFailure()
        whole, understood = None, False
        # the decoder raises many kinds of errors at bytes that are not its own
        with caught:
            whole, understood = self.unchunkers[client].process_chunk(said.data), True
        pending = self.unchunkers[client].pending_messages
        if not understood or len(pending) > UNFINISHED_MESSAGES:
            await self._hang_up(client, "too long, or not of the protocol")
        elif whole is not None:
            await self._answer(whole, client)

    async def _answer(self, whole: object, client: str) -> None:
        message = read_message(whole)
        if message is None or (not message.is_hello and not self.isClientAuthenticated(client)):
            await self._hang_up(client, "not a call that a page may make")
            return
        if message.is_hello:
            await self._greet(message, whole, client)
            return
        writes = self.lease.may_write(client)
        code = find_message_refusal(message, writes=writes, permitted=self._permitted)
        if code is not None:
            await self._refuse(message.number, make_refusal(code), client)
        elif message.trigger == TAKE_LEASE:
            name = find_tab_name(message)
            taken = self.lease.claim(client, name) if name else self.lease.take(client)
            await self.sendWrappedMessage(message.number, taken, client_id=client)
            self.tell_standing()
        else:
            await self.onCompleteMessage(whole, client)
            self._tell_opened(message, client)

    def _tell_opened(self, message: Message, client: str) -> None:
        """Tell a page that just opened its standing, and again at the first call of its screens.

        The page reads a large state longer than the few words behind it, and puts it over them.
        """
        if message.method == STATE_GET:
            self._opening.add(client)
            self.tell_standing()
        elif message.trigger is not None and client in self._opening:
            self._opening.discard(client)
            self.tell_standing()

    async def _greet(self, message: Message, whole: object, client: str) -> None:
        known = self.isClientAuthenticated(client)
        await self.onCompleteMessage(whole, client)
        if not self.isClientAuthenticated(client):
            await self._hang_up(client, "the key of the socket is wrong")
            return
        # the library lifts its limit for those it knows; ours stays
        self.unchunkers[client].set_max_message_size(MESSAGE_BYTES)
        if not known:
            self._upload_keys[client] = uuid4().hex
            self.lease.join(client)

    def tell_standing(self) -> None:
        """Tell each tab what it may do; none hears of another's."""
        for client in tuple(self.authentified_client_ids):
            standing = asdict(self.lease.standing(client))
            # an upload comes beside the socket, and has to say which tab it is of
            standing[UPLOAD_KEY] = self._upload_keys[client] if standing["writes"] else ""
            self.publish("trame.state.topic", {LEASE_STATE: standing}, client_id=client)

    def may_upload(self, key: str) -> bool:
        """Return whether an upload with this key is of the tab that writes."""
        owners = [client for client, known in self._upload_keys.items() if is_same(key, known)]
        return any(self.lease.may_write(client) for client in owners)

    async def disconnectClients(self) -> None:
        """Say good-bye to every page; in the library's words, which stumbles if one just left."""
        for socket in tuple(self.connections.values()):
            await socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)
        self.publishManager.unregisterProtocol(self)

    async def validateToken(self, token: object, client_id: str) -> bool:
        """Return whether a page said the key of the socket; in the library's words."""
        return isinstance(token, str) and is_same(token, self._secret)

    async def sendWrappedError(
        self, rpcid: str, code: int, message: str, data: object = None, client_id: str | None = None
    ) -> None:
        """Answer that a call failed, in our shape: the library would send its trace.

        Parameters
        ----------
        rpcid, client_id : which call, of whom
        code, message, data : what the library says of it
        """
        error = sys.exc_info()[1]
        if isinstance(error, KambinError):
            await self._refuse(rpcid, error, client_id)
            return
        caught = CaughtFailure()
        if error is not None:
            with caught:
                raise error
        await self._refuse(rpcid, make_refusal("SE-016", where=caught.number), client_id, code)

    async def _refuse(
        self, number: str, error: KambinError, client: str | None, code: int = _REFUSED_CALL
    ) -> None:
        document = as_document(error)
        await super().sendWrappedError(number, code, error.what, document, client_id=client)

    async def _hang_up(self, client: str, why: str) -> None:
        socket = self.connections[client]
        await socket.close(code=aiohttp.WSCloseCode.POLICY_VIOLATION, message=why.encode())
