"""Where the workstation listens, and by which names it may be called."""

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from kambin.core import RequestError

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
"""How a browser on this machine may call the workstation."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen, as it was asked for.

    Parameters
    ----------
    host : str, address or name of this machine
    port : int, 0 for one that is free
    exposed : bool, whether a person allowed other machines to connect
    certificate, key : the files of TLS, both or none
    """

    host: str = "127.0.0.1"
    port: int = 0
    exposed: bool = False
    certificate: Path | None = None
    key: Path | None = None

    @property
    def is_loopback(self) -> bool:
        """Return whether only this machine can connect."""
        return is_loopback(self.host)

    @property
    def scheme(self) -> str:
        """Return ``https`` with TLS, else ``http``."""
        return "http" if self.certificate is None else "https"

    def hosts(self, port: int) -> frozenset[str]:
        """Return what a request's Host may say once it is known where the server listens."""
        names = LOOPBACK_NAMES if self.is_loopback else (_bracketed(self.host),)
        return frozenset(f"{name}:{port}" for name in names)

    def origin(self, port: int) -> str:
        """Return the address of the workstation without a path."""
        return f"{self.scheme}://{_bracketed(self.host)}:{port}"

    def tls(self) -> ssl.SSLContext | None:
        """Return the context of TLS, or none where it was not asked for."""
        if self.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key)
        return context


def is_loopback(host: str) -> bool:
    """Return whether an address or name can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # any other name may lead anywhere
        return False


def require_private(listening: Listening) -> None:
    """Refuse to start where other machines could connect and nobody secured that.

    Raises
    ------
    RequestError  (RQ-195) unless the host is this machine alone, or a person allowed more, named
        one address and gave a certificate
    """
    if (listening.certificate is None) != (listening.key is None):
        raise _refused(listening, "TLS needs both a certificate and its key.")
    if listening.is_loopback:
        return
    # every address at once has no name that a Host header could be held against
    if listening.host in ("", "0.0.0.0", "::", "*"):  # noqa: S104 - refused here, not bound
        raise _refused(listening, "This means every network of the machine.")
    if not listening.exposed:
        raise _refused(listening, "Patient data would be open to other machines.")
    if listening.certificate is None:
        raise _refused(listening, "Without TLS anyone on the network can read along.")


def _refused(listening: Listening, why: str) -> RequestError:
    return RequestError(
        code="RQ-195",
        what="The workstation does not start on this address",
        where=listening.host or "an empty address",
        why=why,
        next_step="Leave --host away, or name one address with --expose, --certificate and --key.",
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
