"""The rules put before everything the server answers, upgrades and unknown paths included."""

from collections.abc import Mapping

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from kambin.app.guard.failures import CaughtFailure
from kambin.app.guard.headers import POLICY_HEADER, SECURITY_HEADERS, content_policy
from kambin.app.guard.keys import Keys
from kambin.app.guard.refusals import as_document, make_refusal, status_of
from kambin.app.guard.rules import Asked, Permission, find_refusal
from kambin.core import KambinError

Permissions = Mapping[tuple[str, str], Permission]
"""What each route asks: method and path -> permission."""

TOKEN_FIELD = "token"  # noqa: S105 - its name, not its value
"""Name of the token in the address of the first hop."""


class Guard:
    """Lets a request pass or refuses it.

    Parameters
    ----------
    keys : Keys
    permissions : what each route asks; whatever is not in it is closed
    scheme : str, ``http`` or ``https``
    style_nonce : str, marks the one style element that a script of ours writes

    Notes
    -----
    ``hosts`` is empty, and nobody gets in, until the server knows where it listens.
    """

    def __init__(self, keys: Keys, permissions: Permissions, scheme: str, style_nonce: str) -> None:
        self.keys = keys
        self.permissions = permissions
        self.scheme = scheme
        self.headers = SECURITY_HEADERS | {POLICY_HEADER: content_policy(style_nonce)}
        self.hosts: frozenset[str] = frozenset()
        self.cookie_name = "kambin"

    def open_for(self, hosts: frozenset[str], port: int) -> None:
        """Say by which names the workstation may be called.

        Parameters
        ----------
        hosts : values of the Host header
        port : int, part of the cookie's name: browsers share cookies among all ports of a host
        """
        self.hosts = hosts
        self.cookie_name = f"kambin_{port}"

    def middleware(self) -> Middleware:
        """Return the middleware that aiohttp puts before every route."""

        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            code = self.refusal_of(request)
            if code is not None:
                return refused(make_refusal(code))
            caught = CaughtFailure()
            with caught:
                try:
                    return await handler(request)
                except KambinError as error:
                    return refused(error)
                except web.HTTPException as error:
                    # redirects and the like of libraries; their texts quote what was sent
                    return refused(make_refusal("SE-013"), status=error.status)
            return refused(make_refusal("SE-016", where=f"failure {caught.number}"))

        return guarded

    async def add_headers(self, _request: web.Request, response: web.StreamResponse) -> None:
        """Put the security headers on an answer, just before it leaves; on every one."""
        for name, value in self.headers.items():
            response.headers[name] = value

    def refusal_of(self, request: web.Request) -> str | None:
        """Return the code that speaks against a request, or none."""
        resource = request.match_info.route.resource
        path = None if resource is None else resource.canonical
        permission = None if path is None else self.permissions.get((request.method, path))
        return find_refusal(self._asked(request), permission, self.hosts, self.keys)

    def _asked(self, request: web.Request) -> Asked:
        kind, _, bearer = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        return Asked(
            host=request.headers.get(hdrs.HOST),
            origin=request.headers.get(hdrs.ORIGIN),
            fetch_site=request.headers.get("Sec-Fetch-Site"),
            fetch_mode=request.headers.get("Sec-Fetch-Mode"),
            cookie=request.cookies.get(self.cookie_name),
            bearer=bearer if kind == "Bearer" else None,
            token=request.query.get(TOKEN_FIELD),
            scheme=self.scheme,
        )


def refused(error: KambinError, *, status: int | None = None) -> web.Response:
    """Return an error as an answer in our shape."""
    return web.json_response(as_document(error), status=status or status_of(error.code))
