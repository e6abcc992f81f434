"""What is a bug of ours becomes a number that a person can tell, and a line in the log."""

import logging
import secrets
from types import TracebackType
from typing import Self

_LOG = logging.getLogger("kambin.app")


class CaughtFailure:
    """Keeps an unexpected error from the one who asked: its text may hold what is private.

    The server is an entry point: what gets past it would become a page with our insides.
    """

    def __init__(self) -> None:
        self.number = secrets.token_hex(4)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Log kind and place of an error, never its message, and go on; let stops pass."""
        if not isinstance(error, Exception):
            return False
        _LOG.error("failure %s: %s at %s", self.number, type(error).__name__, _place(trace))
        return True


def _place(trace: TracebackType | None) -> str:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    file = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{file}:{trace.tb_lineno}"
