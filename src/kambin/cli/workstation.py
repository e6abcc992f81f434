"""``kambin app``: the workstation in the browser of this machine."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from kambin.cli.app import RESEARCH_NOTICE, app, examples
from kambin.cli.output import print_document, print_lines, with_version
from kambin.core import RequestError

_LIBRARIES = ("aiohttp", "trame", "trame_vtk", "trame_vuetify", "vtkmodules", "wslink")
"""What the extra `app` brings."""

_HostOption = Annotated[
    str, typer.Option("--host", metavar="ADDRESS", help="Address of this machine to listen on.")
]
_PortOption = Annotated[
    int, typer.Option("--port", metavar="NUMBER", min=0, max=65535, help="0 takes a free one.")
]
_BrowserOption = Annotated[
    bool, typer.Option("--no-browser", help="Open no browser; print the address alone.")
]
_ExposeOption = Annotated[
    bool, typer.Option("--expose", help="Let other machines connect; needs TLS.")
]
_CertificateOption = Annotated[
    Path | None, typer.Option("--certificate", metavar="PEM", help="Certificate of TLS.")
]
_JsonOption = Annotated[bool, typer.Option("--json", help="Print the address as a JSON document.")]
_KeyOption = Annotated[Path | None, typer.Option("--key", metavar="PEM", help="Its private key.")]


@app.command(
    "app",
    epilog=examples("kambin app", "kambin app case", "kambin app case --port 8765 --no-browser"),
)
def app_(
    case: Annotated[
        Path | None, typer.Argument(metavar="[CASE]", help="Case folder to open.")
    ] = None,
    host: _HostOption = "127.0.0.1",
    port: _PortOption = 0,
    no_browser: _BrowserOption = False,
    expose: _ExposeOption = False,
    certificate: _CertificateOption = None,
    key: _KeyOption = None,
    json: _JsonOption = False,
) -> None:
    """Open the workstation: plan, check and print in the browser of this machine.

    Only this machine can connect, and only with the address that is printed. Stop it with Ctrl-C;
    what was done is kept in the case.
    """
    _require_installed()
    # imported here: whoever asks for help waits for no web server
    from kambin.app.binding import build_screens  # noqa: PLC0415
    from kambin.app.guard.addresses import Listening  # noqa: PLC0415
    from kambin.app.server import open_workstation  # noqa: PLC0415

    def _tell(address: str) -> None:
        if json:
            print_document(with_version({"address": address}))
            return
        print_lines(
            f"Kambin workstation. {RESEARCH_NOTICE}",
            f"Open      {address}",
            "Stop      Ctrl-C",
        )

    listening = Listening(host, port, expose, certificate, key)
    open_workstation(case, listening, screens=build_screens, browser=not no_browser, tell=_tell)


def _require_installed() -> None:
    """Say what to install where Kambin was installed without the workstation's libraries."""
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise RequestError(
            code="RQ-196",
            what="The workstation is not installed",
            where="kambin app",
            why=f"These libraries are missing: {', '.join(missing)}.",
            next_step="Install them with pip install 'kambin[app]'.",
        )
