"""What ``kambin fragment`` understands before it reads a case, and what it prints of none."""

from pathlib import Path

import pytest
from tests.unit.measure.test_herniation import a_case, classify

from kambin.anatomy import Level
from kambin.anatomy.fragment_wish import FRAGMENT_ZONES
from kambin.cli.fragment import _document, _read_wish, _require_one
from kambin.core import RequestError
from kambin.frames import Side

REST = ("none", 2, "extrusion")


PLACED = "--level, --side and --zone"
WORDS = (PLACED, "--contours", "--strokes", "--remove")


def _given(*words: str) -> dict[str, bool]:
    return {word: word in words for word in WORDS}


@pytest.mark.parametrize(
    ("word", "replace"),
    [
        ("", False),
        *((word, False) for word in WORDS),
        *((word, True) for word in WORDS if word != "--remove"),
    ],
)
def test_one_thing_at_a_time_is_understood(word: str, replace: bool) -> None:
    _require_one(_given(word), replace=replace)


@pytest.mark.parametrize(
    ("words", "replace", "where"),
    [
        ((PLACED, "--contours"), False, f"{PLACED} and --contours"),
        ((PLACED, "--remove"), False, f"{PLACED} and --remove"),
        (("--contours", "--remove"), False, "--contours and --remove"),
        (("--contours", "--strokes"), False, "--contours and --strokes"),
        (("--strokes", "--remove"), True, "--strokes and --remove"),
        ((), True, "--replace"),
        (("--remove",), True, "--remove"),
    ],
)
def test_two_things_at_once_are_refused_by_name(
    words: tuple[str, ...], replace: bool, where: str
) -> None:
    with pytest.raises(RequestError, match="RQ-082") as caught:
        _require_one(_given(*words), replace=replace)
    assert caught.value.where == where


@pytest.mark.parametrize("side", list(Side))
def test_a_wish_is_read_with_level_side_and_zone(side: Side) -> None:
    wish = _read_wish("l4-l5", str(side), "paracentral", REST)
    assert (wish.level, wish.side, wish.zone) == (Level("L4", "L5"), side, "paracentral")


@pytest.mark.parametrize(
    ("level", "side", "zone"),
    [(None, "left", "central"), ("L4-L5", None, "central"), ("L4-L5", "left", None)],
)
def test_nothing_of_a_wish_is_guessed(level, side, zone) -> None:
    with pytest.raises(RequestError) as caught:
        _read_wish(level, side, zone, REST)
    assert caught.value.exit_code == 2
    if zone is None:
        assert all(name in caught.value.next_step for name in FRAGMENT_ZONES)


def test_the_document_names_what_is_pushed_aside_and_the_class() -> None:
    case, found = a_case(), classify((3, 9, 17, 22, -4, 4))
    document = _document(Path("case"), case, found, {"dural_sac": 12.5}, ())
    assert document["case_sha256"] == case.sha256
    assert document["pushed_aside_mm3"] == {"dural_sac": 12.5}
    assert document["herniation"] == found.as_document()
    assert document["findings"] == []


def test_a_case_whose_fragment_cannot_be_classified_has_none_in_its_document() -> None:
    document = _document(Path("case"), a_case(), None, {}, ())
    assert document["herniation"] is None
    assert document["pushed_aside_mm3"] == {}
