"""Who may ask for what: the rule itself, over all that a request may say."""

from itertools import product

import pytest

from kambin.app.guard.keys import Keys
from kambin.app.guard.rules import Asked, Permission, find_refusal

HOSTS = frozenset({"127.0.0.1:8000", "localhost:8000"})
HOST, ORIGIN = "127.0.0.1:8000", "http://127.0.0.1:8000"
KEYS = Keys("the token", "the cookie", "the key of the socket")

HOST_WORDS = {"own": HOST, "foreign": "evil.example:8000"}
ORIGIN_WORDS = {"none": None, "own": ORIGIN, "foreign": "http://evil.example"}
SITE_WORDS = {"same": "same-origin", "cross": "cross-site"}
COOKIE_WORDS = {"right": KEYS.cookie, "none": None}
MATRIX = list(product(HOST_WORDS, ORIGIN_WORDS, SITE_WORDS, COOKIE_WORDS))


def _expected(permission: Permission, host: str, origin: str, site: str, cookie: str) -> str | None:
    if host == "foreign":
        return "SE-010"
    if origin == "foreign" or site == "cross":
        return "SE-011"
    if permission is Permission.CHANGE and origin == "none":
        return "SE-011"
    return None if cookie == "right" else "SE-012"


@pytest.mark.parametrize("permission", [Permission.READ, Permission.CHANGE])
@pytest.mark.parametrize(("host", "origin", "site", "cookie"), MATRIX)
def test_every_combination_of_headers(
    permission: Permission, host: str, origin: str, site: str, cookie: str
) -> None:
    asked = Asked(
        host=HOST_WORDS[host],
        origin=ORIGIN_WORDS[origin],
        fetch_site=SITE_WORDS[site],
        cookie=COOKIE_WORDS[cookie],
    )
    expected = _expected(permission, host, origin, site, cookie)
    assert find_refusal(asked, permission, HOSTS, KEYS) == expected


def test_the_matrix_has_24_rows_and_lets_few_pass() -> None:
    assert len(MATRIX) == 24
    passing = [row for row in MATRIX if _expected(Permission.CHANGE, *row) is None]
    assert passing == [("own", "own", "same", "right")]


@pytest.mark.parametrize("host", [None, "", "127.0.0.1", "127.0.0.1:80000", "localhost:8001"])
def test_a_host_is_one_of_ours_to_the_letter(host: str | None) -> None:
    asked = Asked(host=host, cookie=KEYS.cookie)
    assert find_refusal(asked, Permission.READ, HOSTS, KEYS) == "SE-010"


@pytest.mark.parametrize(
    "origin",
    ["null", "", "https://127.0.0.1:8000", "http://127.0.0.1", "http://localhost:8000"],
)
def test_an_origin_is_that_of_the_host_that_was_asked(origin: str) -> None:
    asked = Asked(host=HOST, origin=origin, fetch_site="same-origin", cookie=KEYS.cookie)
    for permission in (Permission.READ, Permission.CHANGE):
        assert find_refusal(asked, permission, HOSTS, KEYS) == "SE-011"


@pytest.mark.parametrize("cookie", ["", "x", KEYS.token, KEYS.socket, KEYS.cookie[:-1]])
def test_no_other_secret_stands_for_the_cookie(cookie: str) -> None:
    asked = Asked(host=HOST, origin=ORIGIN, fetch_site="same-origin", cookie=cookie)
    assert find_refusal(asked, Permission.CHANGE, HOSTS, KEYS) == "SE-012"


def test_a_page_of_another_port_of_this_machine_is_foreign() -> None:
    # browsers call it the same site, and share our cookie with it
    asked = Asked(HOST, "http://127.0.0.1:9999", "same-site", "cors", KEYS.cookie)
    assert find_refusal(asked, Permission.CHANGE, HOSTS, KEYS) == "SE-011"
    assert find_refusal(asked, Permission.READ, HOSTS, KEYS) == "SE-011"


def test_a_program_with_the_token_and_no_cookie_needs_no_origin() -> None:
    asked = Asked(host=HOST, bearer=KEYS.token)
    assert find_refusal(asked, Permission.CHANGE, HOSTS, KEYS) is None
    assert find_refusal(asked, None, HOSTS, KEYS) == "SE-013"


def test_a_program_is_held_to_the_host_and_to_the_token() -> None:
    assert (
        find_refusal(Asked("evil:1", bearer=KEYS.token), Permission.READ, HOSTS, KEYS) == "SE-010"
    )
    assert find_refusal(Asked(HOST, bearer="x"), Permission.READ, HOSTS, KEYS) == "SE-012"


def test_a_bearer_beside_a_cookie_is_no_program() -> None:
    asked = Asked(host=HOST, bearer=KEYS.token, cookie="of a browser", origin="http://evil.example")
    assert find_refusal(asked, Permission.READ, HOSTS, KEYS) == "SE-011"


@pytest.mark.parametrize(
    ("token", "mode", "code"),
    [
        (KEYS.token, "navigate", None),
        (KEYS.token, None, None),
        (KEYS.token, "no-cors", "SE-011"),
        (KEYS.cookie, "navigate", "SE-012"),
        ("", "navigate", "SE-012"),
        (None, "navigate", "SE-012"),
    ],
)
def test_the_first_hop_asks_for_the_token_and_a_page_of_its_own(
    token: str | None, mode: str | None, code: str | None
) -> None:
    # a person opens it from a file or a link: from elsewhere, as the browser sees it
    asked = Asked(host=HOST, fetch_site="cross-site", fetch_mode=mode, token=token)
    assert find_refusal(asked, Permission.FIRST_HOP, HOSTS, KEYS) == code


def test_a_route_without_a_permission_is_closed_to_all() -> None:
    mine = Asked(host=HOST, fetch_site="same-origin", cookie=KEYS.cookie)
    assert find_refusal(mine, None, HOSTS, KEYS) == "SE-013"
    assert find_refusal(Asked(host=HOST), None, HOSTS, KEYS) == "SE-012"


def test_nobody_gets_in_before_the_server_knows_where_it_listens() -> None:
    asked = Asked(host=HOST, cookie=KEYS.cookie)
    assert find_refusal(asked, Permission.READ, frozenset(), KEYS) == "SE-010"
