"""What a page may send with a call, and what it may not."""

import math

import pytest

from kambin.app.asking import LONGEST_TEXT, check_arguments
from kambin.core import RequestError


def verb(name: str, number: float, count: int, done: bool, words: list[str]) -> None:
    """Stand for a verb of each kind."""


GOOD = ["entry", 1.5, 2, True, ["AN-112"]]


def test_what_fits_is_handed_on() -> None:
    assert check_arguments(verb, GOOD) == GOOD


def test_a_whole_number_is_a_length() -> None:
    checked = check_arguments(verb, ["entry", 2, 2, True, []])
    assert checked[1] == 2.0
    assert type(checked[1]) is float


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (0, 5),
        (0, None),
        (0, "x" * (LONGEST_TEXT + 1)),
        (0, {"a": 1}),
        (1, "1.5"),
        (1, math.nan),
        (1, math.inf),
        (1, True),
        (2, 2.0),
        (2, True),
        (3, 1),
        (3, "true"),
        (4, "AN-112"),
        (4, ["AN-112", 5]),
        (4, ["x" * (LONGEST_TEXT + 1)]),
    ],
)
def test_what_does_not_fit_is_refused(place: int, wrong: object) -> None:
    given = [*GOOD[:place], wrong, *GOOD[place + 1 :]]
    with pytest.raises(RequestError, match="not understood") as refused:
        check_arguments(verb, given)
    assert refused.value.code == "RQ-180"
    # what was sent is not said again: it may be long, or a name
    assert "x" * 20 not in str(refused.value)


@pytest.mark.parametrize("given", [[], GOOD[:4], [*GOOD, "more"]])
def test_too_few_and_too_many_are_refused(given: list[object]) -> None:
    with pytest.raises(RequestError, match="not understood"):
        check_arguments(verb, given)
