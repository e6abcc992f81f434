"""The entry point of the command ``kambin``."""

import sys
from collections.abc import Sequence
from typing import NoReturn

import typer

from kambin.cli.app import app
from kambin.cli.commands import load_command
from kambin.cli.failing import (
    STOPPED_EXIT_CODE,
    report_bug,
    report_error,
    report_usage,
)
from kambin.cli.spreading import spread_values
from kambin.core import KambinError


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with the exit code of the contract.

    Parameters
    ----------
    words : the call without the program's name, or none for the process's own

    Notes
    -----
    0 success, 1 a bug, 2 a usage error, 3 bad input, 4 anatomy, 5 no safe plan, 6 storage,
    7 live session.
    """
    sys.exit(run(list(sys.argv[1:] if words is None else words)))


def run(words: list[str]) -> int:
    """Run one call and return its exit code; no error gets past this function.

    Parameters
    ----------
    words : the call without the program's name
    """
    try:
        load_command(words)
        command = typer.main.get_command(app)
        # not standalone: the parser would end the process before its errors get our words
        code = command.main(args=spread_values(words), prog_name="kambin", standalone_mode=False)
    except KambinError as error:
        return report_error(error, words)
    # the person, or the program that read the output, has left: nothing to explain
    except (KeyboardInterrupt, typer.Abort):
        return STOPPED_EXIT_CODE
    # where nobody reads on, the parser ends the process by itself; its status 1 would say a bug
    except (BrokenPipeError, SystemExit):
        return STOPPED_EXIT_CODE
    except Exception as error:
        # the option parser's own errors are usage errors; all others are bugs of ours
        if hasattr(error, "format_message"):
            return report_usage(error, words)
        return report_bug(error, words)
    # a command without a status of its own returns nothing, and has succeeded
    return code if isinstance(code, int) else 0
