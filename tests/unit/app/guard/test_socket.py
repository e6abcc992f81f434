"""The socket of a page, spoken to as no page would (W-16, W-20)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import msgpack
import pytest
from tests.workstation import Running
from wslink.chunking import HEADER_LENGTH, generate_chunks

from kambin.app.guard import socket as guard_socket
from kambin.app.guard.limits import HELLO_BYTES, MESSAGE_BYTES, MESSAGES_AT_ONCE, SOCKETS

WAIT_S = 5
RULE_BROKEN, TOO_BIG = 1008, 1009


class Page:
    """One connection, in words."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.count = 0
        self.pushed: list[dict[str, Any]] = []

    async def say(self, method: str, *args: Any, number: str | None = None) -> None:
        self.count += 1
        called = {"id": number or f"rpc:c:{self.count}", "method": method, "args": list(args)}
        for chunk in generate_chunks(msgpack.packb(called), 0):
            await self.socket.send_bytes(chunk)

    async def hear(self) -> dict[str, Any]:
        frame = await self.socket.receive(WAIT_S)
        assert frame.type is aiohttp.WSMsgType.BINARY, (frame, self.socket.close_code)
        said: dict[str, Any] = msgpack.unpackb(frame.data[HEADER_LENGTH:])
        return said

    async def ask(self, method: str, *args: Any, number: str | None = None) -> dict[str, Any]:
        """Say something and return the answer to it; what was pushed meanwhile is kept."""
        await self.say(method, *args, number=number)
        mine = number or f"rpc:c:{self.count}"
        while True:
            said = await self.hear()
            if said["id"] == mine:
                return said
            self.pushed.append(said["result"])

    async def hello(self, secret: str) -> dict[str, Any]:
        return await self.ask("wslink.hello", {"secret": secret}, number="system:c0:0")

    async def standing(self) -> dict[str, Any]:
        """Return the newest that it was told of the lease."""
        while not [value for value in self.pushed if "lease" in value]:
            self.pushed.append((await self.hear())["result"])
        newest: dict[str, Any] = [v["lease"] for v in self.pushed if "lease" in v][-1]
        self.pushed.clear()
        return newest

    async def ended(self) -> int | None:
        """Return the code with which the server hung up."""
        while True:
            frame = await self.socket.receive(WAIT_S)
            if frame.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}:
                return self.socket.close_code


def _code(answer: dict[str, Any]) -> str:
    code: str = answer["error"]["data"]["error"]["code"]
    return code


def speak(
    running: Running,
    story: Callable[..., Awaitable[None]],
    *,
    pages: int = 1,
    known: bool = True,
    headers: dict[str, str] | None = None,
) -> None:
    """Open some sockets, let each say the key, and run a story with them."""

    async def run() -> None:
        given = running.own_page if headers is None else headers
        async with aiohttp.ClientSession() as session:
            opened: list[Page] = []
            try:
                for _ in range(pages):
                    address = f"http://127.0.0.1:{running.port}/ws"
                    opened.append(Page(await session.ws_connect(address, headers=given)))
                    if known:
                        answer = await opened[-1].hello(running.workstation.keys.socket)
                        assert "error" not in answer
                await story(*opened)
            finally:
                for page in opened:
                    await page.socket.close()
        # the server notices a moment later
        for _ in range(100):
            if not running.call(lambda: len(running.web.socket.connections)):
                return
            await asyncio.sleep(0.02)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Cookie": "other=1"}, 401),
    ],
)
def test_no_socket_opens_for_another(
    a_workstation: Running, headers: dict[str, str], status: int
) -> None:
    async def never(*_: Page) -> None:
        pytest.fail("a foreign socket was opened")

    given = a_workstation.own_page | headers
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        speak(a_workstation, never, headers=given)
    assert caught.value.status == status


def test_no_socket_opens_without_any_page(a_workstation: Running) -> None:
    async def never(*_: Page) -> None:
        pytest.fail("a socket without an origin was opened")

    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        speak(a_workstation, never, headers=a_workstation.cookie)
    assert caught.value.status == 403


@pytest.mark.parametrize("secret", ["wslink-secret", "vtkweb-secret", "", "trame", None, 3, [1]])
def test_no_known_secret_is_the_key(a_workstation: Running, secret: Any) -> None:
    async def story(page: Page) -> None:
        answer = await page.hello(secret)
        assert "error" in answer
        assert await page.ended() == RULE_BROKEN

    speak(a_workstation, story, known=False)


def test_before_the_key_nothing_is_answered(a_workstation: Running) -> None:
    async def story(page: Page) -> None:
        await page.say("trame.state.get")
        assert await page.ended() == RULE_BROKEN

    speak(a_workstation, story, known=False)


def test_before_the_key_little_is_listened_to(a_workstation: Running) -> None:
    async def story(page: Page) -> None:
        await page.say("wslink.hello", {"secret": "x" * HELLO_BYTES}, number="system:c0:0")
        assert await page.ended() == RULE_BROKEN

    speak(a_workstation, story, known=False)


def test_our_page_counts_and_reads(a_workstation: Running) -> None:
    async def story(page: Page) -> None:
        state = (await page.ask("trame.state.get"))["result"]["state"]
        first = state["counted"]
        assert (await page.ask("trame.trigger", "count", [], {}))["result"] == first + 1

    speak(a_workstation, story)


@pytest.mark.parametrize(
    "frames",
    [
        [b""],
        [b"\x00" * 5],
        [b"\xff" * HEADER_LENGTH],
        [b"\x00" * HEADER_LENGTH + b"\xc1"],
        list(generate_chunks(msgpack.packb("a word"), 0)),
        list(generate_chunks(msgpack.packb({"id": "rpc:c:1", "method": "application.exit"}), 0)),
        [next(iter(generate_chunks(b"x" * (MESSAGE_BYTES + 1), 100)))],
        [next(iter(generate_chunks(b"x" * 1000, 100))) for _ in range(3)],
        list(generate_chunks(b"\x81" * 900, 0)),
    ],
    ids=["empty", "short", "huge", "no-value", "word", "exit", "long", "unfinished", "deep"],
)
def test_what_is_not_of_the_protocol_ends_the_connection(
    a_workstation: Running, frames: list[bytes]
) -> None:
    async def story(page: Page) -> None:
        for frame in frames:
            await page.socket.send_bytes(frame)
        assert await page.ended() == RULE_BROKEN

    speak(a_workstation, story)


def test_text_ends_the_connection(a_workstation: Running) -> None:
    async def story(page: Page) -> None:
        await page.socket.send_str("hello")
        assert await page.ended() == RULE_BROKEN

    speak(a_workstation, story)


def test_a_frame_over_a_megabyte_ends_the_connection(a_workstation: Running) -> None:
    async def story(page: Page) -> None:
        await page.socket.send_bytes(b"x" * (MESSAGE_BYTES + HEADER_LENGTH + 1))
        assert await page.ended() == TOO_BIG

    speak(a_workstation, story)


def test_a_flood_ends_the_connection(a_workstation: Running) -> None:
    async def story(page: Page) -> None:
        for _ in range(2 * MESSAGES_AT_ONCE):
            await page.say("trame.trigger", "alive", [], {})
        assert await page.ended() == RULE_BROKEN

    speak(a_workstation, story)


def test_a_failed_call_tells_no_trace(
    a_workstation: Running, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(page: Page) -> None:
        answer = await page.ask("trame.trigger", "break", [], {})
        assert _code(answer) == "SE-016"
        for word in ("Traceback", "patient", "/a/path", "ValueError"):
            assert word not in repr(answer)

    speak(a_workstation, story)
    assert "patient" not in caplog.text
    assert "ValueError" in caplog.text


def test_an_error_for_a_person_reaches_the_page_whole(a_workstation: Running) -> None:
    async def story(page: Page) -> None:
        answer = await page.ask("trame.trigger", "refuse", [], {})
        assert _code(answer) == "IN-120"
        assert "words for a person" in repr(answer)

    speak(a_workstation, story)


def test_only_the_key_of_the_tab_that_writes_opens_uploads(a_workstation: Running) -> None:
    socket = a_workstation.web.socket

    async def story(first: Page, second: Page) -> None:
        await first.ask("trame.state.get")
        await second.ask("trame.state.get")
        key = (await first.standing())["upload_key"]
        assert (await second.standing())["upload_key"] == ""
        theirs = set(socket._upload_keys.values()) - {key}
        assert socket.may_upload(key)
        assert not any(socket.may_upload(other) for other in (*theirs, "", "x"))
        await first.socket.close()
        while socket.may_upload(key):
            await asyncio.sleep(0.01)

    speak(a_workstation, story, pages=2)


def test_a_page_that_is_silent_is_missed(
    a_workstation: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard_socket, "HEARTBEAT_S", 0.1)
    gone = asyncio.Event()

    async def run() -> None:
        address = f"http://127.0.0.1:{a_workstation.port}/ws"
        async with aiohttp.ClientSession() as session:
            # it never answers a ping
            line = await session.ws_connect(address, headers=a_workstation.own_page, autoping=False)
            for _ in range(200):
                if not a_workstation.web.socket.connections:
                    gone.set()
                    break
                await asyncio.sleep(0.02)
            await line.close()

    asyncio.run(run())
    assert gone.is_set()


def test_a_page_sets_only_what_was_left_to_it(a_workstation: Running) -> None:
    async def story(page: Page) -> None:
        mine = [{"key": "typed", "value": "12"}]
        assert "error" not in await page.ask("trame.state.update", mine)
        for key in ("counted", "lease", "trame__template_main", "trame__scripts"):
            answer = await page.ask("trame.state.update", [{"key": key, "value": "x"}])
            assert _code(answer) == "SE-017"
        state = (await page.ask("trame.state.get"))["result"]["state"]
        assert state["typed"] == "12"
        assert state["counted"] != "x"

    speak(a_workstation, story)


def test_the_second_tab_reads(a_workstation: Running) -> None:
    async def story(first: Page, second: Page) -> None:
        counted = (await first.ask("trame.trigger", "count", [], {}))["result"]
        refused = await second.ask("trame.trigger", "count", [], {})
        assert _code(refused) == "SE-015"
        typed = await second.ask("trame.state.update", [{"key": "typed", "value": "theirs"}])
        assert _code(typed) == "SE-015"
        assert (await second.ask("trame.trigger", "alive", [], {}))["result"] is True
        state = (await second.ask("trame.state.get"))["result"]["state"]
        assert state["counted"] == counted
        assert state["typed"] != "theirs"

    speak(a_workstation, story, pages=2)


def test_each_tab_is_told_its_own_standing(a_workstation: Running) -> None:
    async def story(first: Page, second: Page) -> None:
        await first.ask("trame.state.get")
        await second.ask("trame.state.get")
        for page, writes in ((first, True), (second, False)):
            standing = await page.standing()
            assert (standing["writes"], standing["tabs"]) == (writes, 2)
            assert not standing["may_take"]

    speak(a_workstation, story, pages=2)


def test_a_page_that_opens_is_told_again_once_its_screens_are_there(
    a_workstation: Running,
) -> None:
    """The first word may be read before the state that it came behind, and be lost under it."""

    async def story(first: Page, second: Page) -> None:
        await first.ask("trame.state.get")
        await second.ask("trame.state.get")
        for _ in range(4):
            await second.ask("trame.trigger", "alive", [], {})
        told = [value["lease"] for value in second.pushed if "lease" in value]
        # when the first opened, when this one did, and at its first call alone
        assert [(one["writes"], one["tabs"]) for one in told] == [(False, 2)] * 3

    speak(a_workstation, story, pages=2)


def test_a_reader_takes_over_five_seconds_after_the_writer_has_gone(
    a_workstation: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = a_workstation.web.socket.lease
    clock = {"now_s": 0.0}
    monkeypatch.setattr(lease, "_clock", lambda: clock["now_s"])

    async def story(first: Page, second: Page) -> None:
        assert (await second.ask("trame.trigger", "lease_take", [], {}))["result"] is False
        await first.socket.close()
        while not (await second.standing())["writer_gone"]:
            pass
        assert (await second.ask("trame.trigger", "lease_take", [], {}))["result"] is False
        clock["now_s"] += 5.0
        assert (await second.ask("trame.trigger", "lease_take", [], {}))["result"] is True
        while not (await second.standing())["writes"]:
            pass
        assert "error" not in await second.ask("trame.trigger", "count", [], {})

    speak(a_workstation, story, pages=2)


def test_a_page_that_is_loaded_again_has_its_lease_again(a_workstation: Running) -> None:
    async def story(first: Page, second: Page) -> None:
        mine, other = "0a" * 16, "0b" * 16
        assert (await first.ask("trame.trigger", "lease_take", [mine], {}))["result"] is True
        assert (await second.ask("trame.trigger", "lease_take", [other], {}))["result"] is False
        await first.socket.close()
        while not (await second.standing())["writer_gone"]:
            pass
        for strange in ("one", "0A" * 16, other):
            answer = await second.ask("trame.trigger", "lease_take", [strange], {})
            assert answer["result"] is False
        # the second page plays the first one, come back
        assert (await second.ask("trame.trigger", "lease_take", [mine], {}))["result"] is True
        assert "error" not in await second.ask("trame.trigger", "count", [], {})

    speak(a_workstation, story, pages=2)


def test_a_second_greeting_gains_nothing(a_workstation: Running) -> None:
    async def story(first: Page, second: Page) -> None:
        await second.hello(a_workstation.workstation.keys.socket)
        assert _code(await second.ask("trame.trigger", "count", [], {})) == "SE-015"
        assert "error" not in await first.ask("trame.trigger", "count", [], {})

    speak(a_workstation, story, pages=2)


def test_only_so_many_sockets_are_open(a_workstation: Running) -> None:
    async def never(*_: Page) -> None:
        pytest.fail("one socket too many")

    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        speak(a_workstation, never, pages=SOCKETS + 1)
    assert caught.value.status == 429
