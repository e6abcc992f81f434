"""Tests of the guard talk to servers on this machine, and to nothing else."""

from collections.abc import Iterator

import pytest
from pytest_socket import enable_socket, socket_allow_hosts
from tests.workstation import Running, running_workstation
from trame.ui.html import DivLayout

from kambin.app.guard.messages import Permitted
from kambin.app.guard.uploads import over_limit


def _a_bare_page(server, folder) -> Permitted:
    del folder

    @server.trigger("count")
    def count(step=1):
        server.state.counted = server.state.counted + step
        return server.state.counted

    @server.trigger("alive")
    def alive():
        return True

    @server.trigger("refuse")
    def refuse():
        raise too_many_files

    @server.trigger("break")
    def fail():
        msg = "the patient's name in /a/path"
        raise ValueError(msg)

    too_many_files = over_limit(why="words for a person")
    server.state.counted = 0
    server.state.typed = ""
    with DivLayout(server) as layout:
        layout.root.add_child("<p>{{ counted }}</p>")
    return Permitted(state_keys=frozenset({"typed"}), reading=frozenset({"alive"}))


@pytest.fixture(autouse=True)
def loopback_only() -> None:
    enable_socket()
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture(scope="module")
def a_workstation() -> Iterator[Running]:
    """A server with a bare page, for the tests of one file."""
    enable_socket()
    with running_workstation(screens=_a_bare_page) as running:
        yield running
