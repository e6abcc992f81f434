"""The server as it stands: every route, every refusal, every header (W-2 to W-6, W-13, W-15)."""

import http.client
import json
import shutil
import socket
import ssl
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from tests.workstation import Running, running_workstation

from kambin.app.guard.addresses import Listening
from kambin.app.guard.headers import SECURITY_HEADERS, content_policy
from kambin.app.guard.messages import Permitted
from kambin.app.guard.rules import Permission
from kambin.core import SessionError

EVIL = "evil.example"
FORBIDDEN_WORDS = ("Traceback", "site-packages", "/work/", "/home/", "/root/", 'File "', "aiohttp")


def no_screens(server: Any, folder: Path | None) -> Permitted:
    del server, folder
    return Permitted()


def _every_route(running: Running) -> list[tuple[str, str]]:
    found = []
    for route in running.web.app.router.routes():
        assert route.resource is not None
        found.append((route.method, route.resource.canonical))
    return found


def test_every_route_declares_what_it_asks(a_workstation: Running) -> None:
    declared = {(route.method, route.path) for route in a_workstation.web.routes}
    assert set(_every_route(a_workstation)) == declared
    assert len(declared) >= 8
    asks = {route.path: route.permission for route in a_workstation.web.routes}
    assert [path for path, asked in asks.items() if asked is Permission.FIRST_HOP] == ["/open"]
    assert asks["/ws"] is asks["/socket-key"] is asks["/upload"] is Permission.CHANGE
    changing = {route.path for route in a_workstation.web.routes if route.method != "GET"}
    assert {asks[path] for path in changing} == {Permission.CHANGE}


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Host": EVIL}, 421, "SE-010"),
        ({"Host": f"{EVIL}:{{port}}"}, 421, "SE-010"),
        ({"Host": ""}, 421, "SE-010"),
        ({"Origin": f"http://{EVIL}"}, 403, "SE-011"),
        ({"Origin": "null"}, 403, "SE-011"),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403, "SE-011"),
        ({"Cookie": ""}, 401, "SE-012"),
        ({"Cookie": "kambin_{port}=wrong"}, 401, "SE-012"),
        ({"Cookie": "", "Authorization": "Bearer wrong"}, 401, "SE-012"),
        ({"Cookie": "", "Authorization": "Basic a2FtYmluOmthbWJpbg=="}, 401, "SE-012"),
    ],
)
def test_every_route_refuses(
    a_workstation: Running, headers: dict[str, str], status: int, code: str
) -> None:
    given = {k: v.replace("{port}", str(a_workstation.port)) for k, v in headers.items()}
    for method, path in _every_route(a_workstation):
        # all else as our own page would send it, so that the one header is what speaks against it
        answer = a_workstation.ask(path, method=method, headers=a_workstation.own_page | given)
        # whoever knows no token gets no hint that the host would have been right
        assert (answer.status, answer.code) in {(status, code), (401, "SE-012"), (403, "SE-011")}
        assert answer.status == status or path == "/open" or "Sec-Fetch-Site" in given


def test_every_answer_tells_the_browser_what_to_forbid(a_workstation: Running) -> None:
    for (method, path), headers in product(
        [*_every_route(a_workstation), ("GET", "/nothing"), ("PUT", "/"), ("OPTIONS", "/ws")],
        [{}, a_workstation.own_page, {"Host": EVIL}],
    ):
        answer = a_workstation.ask(path, method=method, headers=headers)
        forbidding = a_workstation.web.guard.headers
        assert SECURITY_HEADERS.items() < forbidding.items()
        assert {name: answer.headers.get(name) for name in forbidding} == forbidding
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_the_policy_names_its_exceptions_and_no_other_machine() -> None:
    policy = dict(rule.split(" ", 1) for rule in content_policy("N").split("; "))
    assert policy.pop("default-src") == "'none'"
    assert policy.pop("script-src") == "'self' 'unsafe-eval'"
    assert policy.pop("style-src") == "'self' 'nonce-N'"
    assert policy.pop("img-src") == "'self' data:"
    assert {"frame-ancestors", "base-uri", "form-action"} <= policy.keys()
    assert set(policy.values()) <= {"'none'", "'self'"}


def test_no_answer_tells_of_our_insides(a_workstation: Running) -> None:
    tried = ["/nothing", "/%2e%2e/%2e%2e/etc/passwd", "/ws", "/open?token=x", "/a%00b", "/open"]
    for path, headers in product(tried, [{}, a_workstation.own_page, {"Host": EVIL}]):
        text = a_workstation.ask(path, headers=headers).text
        assert not [word for word in FORBIDDEN_WORDS if word in text]
        assert EVIL not in text


def test_the_first_hop_gives_the_cookie_and_leads_away_from_the_token(
    a_workstation: Running,
) -> None:
    answer = a_workstation.ask(a_workstation.first_hop.removeprefix(a_workstation.origin))
    assert answer.status == 200
    assert 'http-equiv="refresh" content="0;url=/"' in answer.text
    assert a_workstation.workstation.keys.token not in answer.text
    parts = answer.headers["Set-Cookie"].split("; ")
    assert parts[0] == a_workstation.cookie["Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(parts)
    assert not [part for part in parts if part.startswith(("Domain", "Max-Age", "expires"))]


def test_a_wrong_token_gets_no_cookie(a_workstation: Running) -> None:
    for token in ("", "x", a_workstation.workstation.keys.cookie):
        answer = a_workstation.ask(f"/open?token={token}")
        assert (answer.status, answer.code) == (401, "SE-012")
        assert "Set-Cookie" not in answer.headers


def test_the_page_loads_everything_from_the_workstation(a_workstation: Running) -> None:
    page = a_workstation.ask("/", headers=a_workstation.cookie)
    assert page.status == 200
    assert "://" not in page.text
    assert "<script>" not in page.text
    assert "<style" not in page.text


def test_the_libraries_are_served_and_name_no_other_machine(a_workstation: Running) -> None:
    styles = [route.path for route in a_workstation.web.routes if route.path.endswith(".css")]
    assert styles
    for path in styles:
        text = a_workstation.ask(path, headers=a_workstation.cookie).text
        assert "url(http" not in text
        assert "@import" not in text


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../../../etc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/assets/../../__init__.py",
        "/assets/..%2f..%2f__init__.py",
        "/assets/",
        "/assets",
        "//etc/passwd",
        "/assets/%00",
        "/index.html",
        "/coi-serviceworker.min.js",
        "/token",
        "/paraview/",
        "/..\\..\\etc\\passwd",
    ],
)
def test_no_name_leads_out_of_the_closed_list(a_workstation: Running, path: str) -> None:
    answer = a_workstation.ask(path, headers=a_workstation.own_page)
    assert (answer.status, answer.code) == (404, "SE-013")


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_no_other_method_is_answered(a_workstation: Running, method: str) -> None:
    assert a_workstation.ask("/", method=method, headers=a_workstation.own_page).status == 404


def test_a_route_that_somebody_adds_later_is_closed(a_workstation: Running) -> None:
    web = a_workstation.web
    asked = web.guard.permissions
    assert ("GET", "/") in asked
    web.guard.permissions = {k: v for k, v in asked.items() if k != ("GET", "/")}
    try:
        answer = a_workstation.ask("/", headers=a_workstation.cookie)
        assert (answer.status, answer.code) == (404, "SE-013")
    finally:
        web.guard.permissions = asked


def test_a_program_with_the_token_reads(a_workstation: Running) -> None:
    token = a_workstation.workstation.keys.token
    assert a_workstation.ask("/", headers={"Authorization": f"Bearer {token}"}).status == 200


def test_the_key_of_the_socket_is_for_our_own_page(a_workstation: Running) -> None:
    keys = a_workstation.workstation.keys
    given = a_workstation.ask("/socket-key", method="POST", headers=a_workstation.own_page)
    assert keys.socket in given.text
    assert f"ws://127.0.0.1:{a_workstation.port}/ws" in given.text
    for headers in (a_workstation.cookie, {"Origin": a_workstation.origin}):
        refused = a_workstation.ask("/socket-key", method="POST", headers=headers)
        assert refused.status in {401, 403}
        assert keys.socket not in refused.text


def test_a_failure_is_told_by_a_number_alone(
    a_workstation: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(a_workstation.web.content, "page", 3)
    answer = a_workstation.ask("/", headers=a_workstation.cookie)
    assert (answer.status, answer.code) == (500, "SE-016")
    assert not [word for word in FORBIDDEN_WORDS if word in answer.text]
    number = caplog.messages[-1].split()[1].strip(":")
    assert number in answer.text
    assert "TypeError" in caplog.messages[-1]


def test_a_request_that_is_no_http_is_answered_without_insides(a_workstation: Running) -> None:
    for said in (b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", b"X" * 70000):
        with socket.create_connection(("127.0.0.1", a_workstation.port), timeout=5) as line:
            line.sendall(said)
            line.shutdown(socket.SHUT_WR)
            text = b"".join(iter(lambda line=line: line.recv(65536), b"")).decode()
        assert text == "" or text.startswith("HTTP/1.")
        # the library answers these before any route or middleware is known, and signs them
        assert not [word for word in FORBIDDEN_WORDS[:-1] if word in text]


def test_long_headers_are_refused(a_workstation: Running) -> None:
    answer = a_workstation.ask("/", headers=a_workstation.cookie | {"X-Long": "x" * 100_000})
    assert answer.status == 400


def test_it_also_listens_on_the_loopback_of_the_newer_protocol(a_workstation: Running) -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    line = http.client.HTTPConnection("::1", a_workstation.port, timeout=5)
    try:
        line.request("GET", "/", headers={"Host": f"[::1]:{a_workstation.port}"})
        assert line.getresponse().status == 401
    except OSError:
        pytest.skip("this machine has no loopback of IPv6")
    finally:
        line.close()


@pytest.fixture(scope="module")
def a_certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine's own making, with its key."""
    tool = shutil.which("openssl")
    if tool is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=x"
    files = [
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run([tool, *words.split(), *files], check=True, capture_output=True)
    return certificate, key


def test_with_tls_the_cookie_and_the_socket_are_secure(a_certificate: tuple[Path, Path]) -> None:
    certificate, key = a_certificate
    listening = Listening(certificate=certificate, key=key)
    with running_workstation(screens=no_screens, listening=listening) as running:
        assert running.first_hop.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=str(certificate))
        line = http.client.HTTPSConnection("127.0.0.1", running.port, context=context, timeout=5)
        line.request("GET", running.first_hop.partition(str(running.port))[2])
        answer = line.getresponse()
        answer.read()
        assert "Secure" in answer.headers["Set-Cookie"].split("; ")
        origin = f"https://127.0.0.1:{running.port}"
        line.request("POST", "/socket-key", headers=running.cookie | {"Origin": origin})
        assert json.loads(line.getresponse().read())["sessionURL"].startswith("wss://")
        # the same page without TLS is another page
        line.request("POST", "/socket-key", headers=running.own_page)
        assert line.getresponse().status == 403
        line.close()
    context = listening.tls()
    assert context is not None
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_port_that_is_taken_is_said(a_workstation: Running) -> None:
    with (
        pytest.raises(SessionError) as caught,
        running_workstation(screens=no_screens, listening=Listening(port=a_workstation.port)),
    ):
        pass
    assert caught.value.code == "SE-018"
    assert caught.value.exit_code == 7


def test_two_starts_share_no_secret_and_no_cookie_and_leave_nothing(tmp_path: Path) -> None:
    kept = []
    for _ in range(2):
        with running_workstation(tmp_path, screens=no_screens) as running:
            assert running.workstation.private is not None
            assert running.workstation.private.is_dir()
            kept.append((running.first_hop.partition("=")[2], running.workstation.private))
    assert kept[0][0] != kept[1][0]
    assert not [folder for _, folder in kept if folder.exists()]
