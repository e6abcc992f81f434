"""What a page asked for, checked before a verb hears it: number and kind of the arguments."""

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, get_type_hints

from kambin.core import RequestError

LONGEST_TEXT = 4096
"""A path is shorter, and so is a name."""


def check_arguments(verb: Callable[..., Any], given: Sequence[object]) -> list[object]:
    """Return the arguments of a call if they are what the verb takes.

    Parameters
    ----------
    verb : a function whose parameters are ``str``, ``int``, ``float``, ``bool`` or a list of words
    given : what the page sent

    Raises
    ------
    RequestError  (RQ-180) if there are too few or too many, or one is of another kind
    """
    kinds = [kind for name, kind in get_type_hints(verb).items() if name != "return"]
    needed = len(inspect.signature(verb).parameters)
    if len(given) != needed or needed != len(kinds):
        raise _not_understood(verb, f"it takes {needed} values, {len(given)} came")
    return [_checked(verb, one, kind) for one, kind in zip(given, kinds, strict=True)]


def _checked(verb: Callable[..., Any], one: object, kind: type) -> object:
    if not _fits(one, kind):
        raise _not_understood(verb, f"a value is no {getattr(kind, '__name__', 'list')}")
    # a page sends whole numbers for what is a length
    return float(one) if kind is float and isinstance(one, int) else one


def _fits(one: object, kind: type) -> bool:
    if kind is float:
        return type(one) in (int, float) and math.isfinite(float(str(one)))
    if kind == list[str]:
        return isinstance(one, list) and all(_fits(word, str) for word in one)
    # not isinstance: a bool would pass for an int
    return type(one) is kind and (not isinstance(one, str) or len(one) <= LONGEST_TEXT)


def _not_understood(verb: Callable[..., Any], why: str) -> RequestError:
    return RequestError(
        code="RQ-180",
        what="What the page asked is not understood",
        where=verb.__name__.strip("_"),
        why=f"The call does not fit: {why}.",
        next_step="Reload the page, then do it again.",
    )
