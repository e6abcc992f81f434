"""What must be said on the command line, word for word."""

import pytest
from tests.e2e.command_line import run_kambin

from kambin.anatomy import Level
from kambin.cli.asking import (
    find_level,
    find_side,
    find_target,
    require_level,
    require_request,
    require_side,
)
from kambin.core import RequestError
from kambin.frames import Side


@pytest.mark.parametrize("word", ["left", "LEFT", "Left", " left\t"])
def test_the_left_side_is_left_however_it_is_written(word: str) -> None:
    assert require_side(word) is find_side(word) is Side.LEFT


@pytest.mark.parametrize("word", ["", "l", "links", "left right", "lefft", "rechts", "both"])
def test_a_side_is_never_guessed_from_a_part_of_its_name(word: str) -> None:
    with pytest.raises(RequestError, match=r"RQ-005.*--side left or --side right") as caught:
        require_side(word)
    assert caught.value.where == f"--side {word!r}"


def test_a_long_word_is_cut_in_the_message() -> None:
    with pytest.raises(RequestError) as caught:
        require_side("x" * 300)
    assert len(caught.value.where) < 40


@pytest.mark.parametrize(
    ("ask", "option", "example"),
    [(require_level, "--level", "L4-L5"), (require_side, "--side", "left")],
)
def test_what_is_missing_comes_with_an_example(ask: object, option: str, example: str) -> None:
    with pytest.raises(RequestError, match="RQ-004") as caught:
        ask(None)
    assert caught.value.where == option
    assert caught.value.next_step == f"Add {option}, for example {option} {example}."
    assert "on purpose" in caught.value.why


def test_what_may_be_left_out_is_none() -> None:
    assert (find_level(None), find_side(None), find_target(None)) == (None, None, None)


def test_a_word_that_is_given_is_judged_even_where_none_is_needed() -> None:
    assert find_level("L4/5") == Level("L4", "L5")
    with pytest.raises(RequestError, match="RQ-002"):
        find_level("L4")
    with pytest.raises(RequestError, match="RQ-005"):
        find_side("up")


@pytest.mark.parametrize(
    ("word", "target"),
    [
        ("4.5,-121,281", (4.5, -121.0, 281.0)),
        (" 1 , 2 , 3 ", (1.0, 2.0, 3.0)),
        ("-0,1e2,+3.", (0.0, 100.0, 3.0)),
    ],
)
def test_a_target_is_read_as_three_numbers(word: str, target: tuple[float, ...]) -> None:
    assert find_target(word) == target


@pytest.mark.parametrize("word", ["1,2,3,4", "1;2;3", "1,2,", "inf,1,2", "1,-inf,2", "a,b,c", ","])
def test_what_is_no_target_is_refused_with_the_way_out(word: str) -> None:
    with pytest.raises(RequestError, match=r"RQ-007.*--target X,Y,Z") as caught:
        find_target(word)
    assert caught.value.where == f"--target {word!r}"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("plan", "case", "--side", "left"), "RQ-004"),
        (("plan", "case", "--level", "L4-L5"), "RQ-004"),
        (("plan", "case", "--level", "C5", "--side", "left"), "RQ-002"),
        (("plan", "case", "--level", "L4-L5", "--side", "port"), "RQ-005"),
        (("plan", "case", "--level", "L4-L5", "--side", "left", "--target", "1,2"), "RQ-007"),
        (("measure", "case", "--level", "C5"), "RQ-002"),
        (("measure", "case", "--side", "port"), "RQ-005"),
        (("phantom", "-o", "x", "--side", "port"), "RQ-005"),
        (("import", "-o", "x"), "RQ-003"),
        (("confirm", "case", "--accept", "AN-114"), "RQ-006"),
    ],
)
def test_a_wrong_word_is_refused_before_any_file_is_opened(
    words: tuple[str, ...], code: str
) -> None:
    outcome = run_kambin(*words, "--json")
    assert outcome.code == 2
    assert outcome.document["error"]["code"] == code


def test_the_words_of_one_place_become_its_question() -> None:
    asked = require_request(
        "L4-L5", "LEFT", zone=None, target="1,-2,3", technique="inside-out", cannula_mm=6.0
    )
    assert (str(asked.level), asked.side) == ("L4-L5", Side.LEFT)
    assert asked.target_lps_mm == (1.0, -2.0, 3.0)
    assert (asked.zone, asked.technique, asked.cannula_mm) == (None, "inside-out", 6.0)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"level": None}, "RQ-004"),
        ({"side": None}, "RQ-004"),
        ({"zone": "nowhere"}, "PL-030"),
        ({"target": "1,2"}, "RQ-007"),
        ({"cannula_mm": -1.0}, "PL-031"),
    ],
)
def test_a_place_that_is_not_whole_is_no_question(words: dict[str, object], code: str) -> None:
    given = {"level": "L4-L5", "side": "left", "zone": "central", "target": None}
    with pytest.raises(RequestError) as raised:
        require_request(**(given | {"technique": None} | words))
    assert raised.value.code == code
