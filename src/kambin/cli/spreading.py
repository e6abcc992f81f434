"""Options that take several values: ``--labels a b`` means ``--labels a --labels b``."""

import re
from collections.abc import Sequence

_CODE = r"[A-Z]{2}-\d{3}"

_SEVERAL = {
    ("import", "--labels"): ".*",
    ("phantom", "--variant"): ".*",
    ("fragment", "--contours"): r".*\.json",
    # the case or plan may follow the codes, and is not one of them
    ("confirm", "--accept"): _CODE,
}
"""Command and option, and what a further value of it looks like."""


def spread_values(words: Sequence[str]) -> list[str]:
    """Repeat an option before each of its further values, as the option parser wants it.

    Parameters
    ----------
    words : the call without the program's name

    Returns
    -------
    the same call with one value after each option
    """
    spread: list[str] = []
    option, held = "", 0
    for word in words:
        if word.startswith("-"):
            option, held = word, 0
        elif held and _is_further_value(words[0], option, word):
            spread.append(option)
        else:
            held += 1
        spread.append(word)
    return spread


def _is_further_value(command: str, option: str, word: str) -> bool:
    pattern = _SEVERAL.get((command, option))
    return pattern is not None and re.fullmatch(pattern, word) is not None
