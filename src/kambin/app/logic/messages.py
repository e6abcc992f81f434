"""What the session has to say: errors and notes, each with its reason and the next step."""

from dataclasses import dataclass

from kambin.core import KambinError


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that is said to the person at the screen, where it belongs.

    Parameters
    ----------
    kind : str, ``error`` or ``note``
    step : str, the step at which it is shown
    what, where, why, next_step : str, as in every error of Kambin
    code : str, registered code, empty for a note that has none
    """

    kind: str
    step: str
    what: str
    where: str = ""
    why: str = ""
    next_step: str = ""
    code: str = ""


def error_message(error: KambinError, step: str) -> Message:
    """Return the message of an error that a person can act on.

    Parameters
    ----------
    error : KambinError
    step : str, the step at which it arose
    """
    return Message(
        "error", step, error.what, error.where, error.why, error.next_step, code=error.code
    )


def bug_message(error: Exception, step: str) -> Message:
    """Return the message of an exception nobody expected; it quotes nothing of its text.

    Parameters
    ----------
    error : Exception
    step : str, the step at which it arose
    """
    # the text of a foreign exception may hold a path or a header
    return Message(
        "error",
        step,
        what="This is a bug in Kambin",
        why=f"{type(error).__name__} was not expected here; nothing that was saved has changed.",
        next_step="Repeat the step; if it fails again, report it with the output of the server.",
    )
