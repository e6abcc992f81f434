"""How a command ends: the one place where errors become words and exit codes."""

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from rich.markup import escape

from kambin.cli.output import console, is_json_asked, print_document, with_version
from kambin.core import KambinError, RequestError

BUG_EXIT_CODE = 1
STOPPED_EXIT_CODE = 130
"""What shells use for a process stopped from the keyboard."""

DEBUG_VARIABLE = "KAMBIN_DEBUG"
"""When set, a bug prints its traceback."""


def report_error(error: KambinError, words: Sequence[str]) -> int:
    """Print an error the user can act on, and return its exit code.

    Parameters
    ----------
    error : the error
    words : the call, to see whether JSON was asked for

    Returns
    -------
    exit code of the error's branch
    """
    # the document on standard output, the words on standard error: each reader gets its own
    if is_json_asked(words):
        print_document(with_version({"error": error.as_document()}))
    err = console(stderr=True)
    # escaped, because brackets in a file name would be taken for a colour
    err.print(f"[bold red]{error.code}[/] {escape(error.what)}")
    err.print(f"  where  {escape(error.where)}")
    err.print(f"  why    {escape(error.why)}")
    err.print(f"  next   {escape(error.next_step)}")
    for finding in error.findings:
        err.print(f"  {finding.severity:8} {escape(f'{finding.code} {finding.what}')}")
        err.print(f"           {escape(f'{finding.where}: {finding.why}')}")
    return error.exit_code


def report_usage(error: Any, words: Sequence[str]) -> int:
    """Print what is wrong with the call itself, and return exit code 2.

    Parameters
    ----------
    error : what the option parser raised; has ``format_message``
    words : the call
    """
    message = str(error.format_message()).strip()
    if not message:  # the parser shows the help itself when a call has no words at all
        return RequestError.exit_code
    # help of a command that does not exist would be one more error
    known = "No such command" not in message and not words[0].startswith("-")
    command = f"kambin {words[0]}" if known else "kambin"
    return report_error(
        RequestError(
            code="RQ-005",
            what="The command line is not understood",
            where=command,
            why=message if message.endswith(".") else f"{message}.",
            next_step=f"See {command} --help.",
        ),
        words,
    )


def report_bug(error: Exception, words: Sequence[str]) -> int:
    """Say that something is a bug of ours, without a traceback unless it was asked for.

    Parameters
    ----------
    error : what nobody expected
    words : the call, to see whether JSON was asked for

    Returns
    -------
    exit code 1
    """
    place = _innermost_place(error)
    if is_json_asked(words):
        document = {"code": "BUG", "what": "This is a bug", "where": place}
        document |= {"why": type(error).__name__, "next_step": f"Set {DEBUG_VARIABLE}=1."}
        print_document(with_version({"error": document}))
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error, file=sys.stderr)
    err = console(stderr=True)
    err.print(f"[bold red]This is a bug[/] in Kambin: {type(error).__name__} in {escape(place)}")
    err.print("  Nothing that was saved before has changed.")
    err.print(f"  next   Report it with the output of the same call under {DEBUG_VARIABLE}=1.")
    return BUG_EXIT_CODE


def _innermost_place(error: Exception) -> str:
    """Return module and line of our innermost frame; messages may hold what is private."""
    # the message of a foreign exception may quote a path or a header; its place cannot
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "kambin" in f.filename] or list(frames)
    if not ours:
        return "an unknown place"
    folder, _, name = ours[-1].filename.rpartition("/")
    return f"{folder.rpartition('/')[2]}/{name}:{ours[-1].lineno}"
