"""Whatever a stranger sends, the workstation answers in one of its own ways (W-15, W-16)."""

import asyncio
import http.client
from collections.abc import Iterator
from typing import Any

import aiohttp
import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_socket import enable_socket, socket_allow_hosts
from tests.workstation import Running, running_workstation
from wslink.chunking import HEADER_LENGTH, generate_chunks

from kambin.app.guard.limits import MESSAGE_BYTES, UNFINISHED_MESSAGES
from kambin.app.guard.messages import READING, TAKE_LEASE, WRITING, Permitted

pytestmark = pytest.mark.enable_socket

PRIVATE = "MEIER^HANS"
FORBIDDEN = (PRIVATE, "Traceback", "site-packages", ".py", "/work", "/home", "/root")
STATUSES = {400, 401, 403, 404, 409, 413, 415, 421, 429}


@pytest.fixture(autouse=True)
def loopback_only() -> None:
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


def _private_screens(server: Any, folder: object) -> Permitted:
    del folder
    server.state.patient = PRIVATE

    @server.trigger("break")
    def fail(*given: object) -> None:
        raise ValueError(PRIVATE, given)

    return Permitted()


@pytest.fixture(scope="module")
def a_workstation() -> Iterator[Running]:
    """A workstation that holds something private and has a call that fails."""
    enable_socket()
    with running_workstation(screens=_private_screens) as running:
        yield running


class FakeSocket:
    """Stands for the connection of a page: keeps what is said and how it ended."""

    def __init__(self) -> None:
        self.said: list[bytes] = []
        self.closed = False

    async def send_bytes(self, data: bytes) -> None:
        self.said.append(data)

    async def close(self, *, code: int, message: bytes = b"") -> None:
        assert code == aiohttp.WSCloseCode.POLICY_VIOLATION
        assert not [word for word in FORBIDDEN if word.encode() in message]
        self.closed = True


def talk(running: Running, frames: list[bytes], *, known: bool) -> FakeSocket:
    """Send frames as one page, until the server hangs up, and return what it said."""
    handler = running.web.socket

    async def run() -> FakeSocket:
        socket, client = FakeSocket(), f"fuzz-{id(frames)}"
        handler.connections[client] = socket
        handler._allowances[client] = _Endless()
        await handler.onConnect(None, client)
        if known:
            handler.authentified_client_ids.add(client)
            handler._upload_keys[client] = "k"
            handler.unchunkers[client].set_max_message_size(MESSAGE_BYTES)
            handler.lease.join(client)
        for frame in frames:
            if not socket.closed:
                await handler._hear(aiohttp.WSMessage(aiohttp.WSMsgType.BINARY, frame, ""), client)
                pending = handler.unchunkers[client].pending_messages
                assert socket.closed or len(pending) <= UNFINISHED_MESSAGES
        assert known or client not in handler.authentified_client_ids
        await handler._forget(client)
        assert client not in handler.connections
        return socket

    return asyncio.run_coroutine_threadsafe(run(), running.loop).result(20)


class _Endless:
    def take(self) -> bool:
        return True


def _frames(value: object) -> list[bytes]:
    return list(generate_chunks(msgpack.packb(value), 0))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(max_size=8) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
_METHODS = st.sampled_from(sorted(READING | WRITING | {"application.exit", "__init__"}))
_TRIGGERS = st.sampled_from(["break", TAKE_LEASE, "nothing", "", "on_server_exited"])
_CALLS = st.fixed_dictionaries(
    {"id": st.sampled_from(["rpc:c:1", "system:c0:0", "", "x"]) | _VALUES, "method": _METHODS},
    optional={
        "args": st.lists(_VALUES, max_size=3) | st.tuples(_TRIGGERS, _VALUES, _VALUES).map(list),
        "kwargs": st.just({}) | _VALUES,
        "wslink": _VALUES,
    },
)


@pytest.mark.parametrize("known", [False, True])
@given(frames=st.lists(st.binary(max_size=40), max_size=4))
def test_any_bytes_are_survived(a_workstation: Running, known: bool, frames: list[bytes]) -> None:
    socket = talk(a_workstation, frames, known=known)
    assert not [word for word in FORBIDDEN if word.encode() in b"".join(socket.said)]


@given(_CALLS | _VALUES)
def test_any_call_of_a_stranger_tells_nothing(a_workstation: Running, said: object) -> None:
    socket = talk(a_workstation, _frames(said), known=False)
    # of nothing nobody knows whether it is whole; it is passed over
    assert socket.closed or said is None
    assert PRIVATE.encode() not in b"".join(socket.said)


@given(st.lists(_CALLS, max_size=3))
def test_any_call_of_a_page_is_answered_without_insides(
    a_workstation: Running, calls: list[dict[str, Any]]
) -> None:
    socket = talk(a_workstation, [f for call in calls for f in _frames(call)], known=True)
    for data in socket.said:
        answer = msgpack.unpackb(data[HEADER_LENGTH:], strict_map_key=False)
        text = repr(answer.get("error", ""))
        assert not [word for word in FORBIDDEN if word in text]
    assert not a_workstation.web.completion.done()


_PATHS = st.text(
    st.sampled_from("abcws/.%2e?=&;:\\~-_0") | st.characters(min_codepoint=33, max_codepoint=126)
)
_HEADERS = st.dictionaries(
    st.sampled_from(
        ["Host", "Origin", "Cookie", "Authorization", "Sec-Fetch-Site", "Upgrade", "Content-Type"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
)


@given(st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "HEAD"]), _PATHS, _HEADERS)
def test_any_request_of_a_stranger_is_refused_in_our_shape(
    a_workstation: Running, method: str, path: str, headers: dict[str, str]
) -> None:
    try:
        answer = a_workstation.ask("/" + path, method=method, headers=headers)
    except http.client.InvalidURL:
        return
    assert answer.status in STATUSES
    assert not [word for word in FORBIDDEN if word in answer.text]
    assert "Set-Cookie" not in answer.headers
    if method != "HEAD" and answer.headers.get("Content-Type", "").startswith("application/json"):
        assert answer.code.startswith("SE-")


def test_the_workstation_still_works_afterwards(a_workstation: Running) -> None:
    assert a_workstation.ask("/", headers=a_workstation.cookie).status == 200
