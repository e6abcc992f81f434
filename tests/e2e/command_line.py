"""Runs the command line in this process and keeps what it printed."""

import contextlib
import io
import json
from dataclasses import dataclass
from typing import Any

from kambin.cli.main import main


@dataclass(frozen=True)
class Outcome:
    """What one call left: exit code, standard output, standard error."""

    code: int
    text: str
    errors: str

    @property
    def document(self) -> dict[str, Any]:
        """Return standard output as one JSON document."""
        document: dict[str, Any] = json.loads(self.text)
        return document


def run_kambin(*words: object) -> Outcome:
    """Call ``kambin`` with the words and return how it ended."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(word) for word in words])
        except SystemExit as end:
            code = int(end.code or 0)
    return Outcome(code, out.getvalue(), err.getvalue())
