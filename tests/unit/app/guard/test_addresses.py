"""Where the workstation listens (W-1)."""

from pathlib import Path

import pytest

from kambin.app.guard.addresses import Listening, is_loopback, require_private
from kambin.core import RequestError

PEM, KEY = Path("cert.pem"), Path("key.pem")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_this_machine_alone_is_private(host: str) -> None:
    assert is_loopback(host)
    require_private(Listening(host))


def test_the_default_is_this_machine_on_a_free_port() -> None:
    require_private(Listening())
    assert (Listening().host, Listening().port, Listening().exposed) == ("127.0.0.1", 0, False)


@pytest.mark.parametrize(
    "listening",
    [
        Listening("192.168.1.5"),
        Listening("192.168.1.5", exposed=True),
        Listening("192.168.1.5", certificate=PEM, key=KEY),
        Listening("spine.example"),
        Listening("localhost.example"),
        Listening("127.0.0.1.example"),
        Listening(""),
        Listening("0.0.0.0"),
        Listening("::"),
        Listening("0.0.0.0", exposed=True, certificate=PEM, key=KEY),
        Listening("*", exposed=True, certificate=PEM, key=KEY),
        Listening("127.0.0.1", certificate=PEM),
        Listening("192.168.1.5", exposed=True, key=KEY),
        Listening("192.168.1.5", 8080),
    ],
)
def test_whatever_others_could_reach_does_not_start(listening: Listening) -> None:
    with pytest.raises(RequestError) as caught:
        require_private(listening)
    assert caught.value.code == "RQ-195"
    assert caught.value.exit_code == 2


def test_all_three_open_one_named_address() -> None:
    listening = Listening("192.168.1.5", 8443, True, PEM, KEY)
    require_private(listening)
    assert listening.hosts(8443) == {"192.168.1.5:8443"}
    assert listening.origin(8443) == "https://192.168.1.5:8443"


def test_a_browser_of_this_machine_may_use_three_names() -> None:
    assert Listening().hosts(81) == {"127.0.0.1:81", "localhost:81", "[::1]:81"}
    assert Listening("::1").origin(81) == "http://[::1]:81"


def test_there_is_no_tls_unless_asked_for() -> None:
    assert Listening().tls() is None
