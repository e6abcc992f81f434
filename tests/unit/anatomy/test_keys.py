"""Names of levels and structures, in every spelling a person or a document uses."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.anatomy import DISC_LEVELS, VERTEBRAE, Level, StructureKey
from kambin.core import AnatomyError, KambinError, RequestError
from kambin.frames import Side

SEPARATORS = ("-", "/", " ", "")
KINDS = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=20)
PLACES = st.sampled_from(("", "12", *VERTEBRAE, *DISC_LEVELS))
SIDES = st.sampled_from((None, *Side))
KEYS = st.builds(StructureKey, KINDS, PLACES, SIDES)


def read_or_refused(read: Callable[[str], object], text: str) -> tuple[str, str]:
    """Return what was read, as text, or the code of the refusal; any other error goes on."""
    try:
        return str(read(text)), ""
    except KambinError as error:
        return "", error.code


@pytest.mark.parametrize("name", DISC_LEVELS)
def test_a_level_is_printed_as_it_is_read(name):
    assert str(Level.parse(name)) == name


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("name", DISC_LEVELS)
def test_any_separator_or_none_will_do(name, separator):
    upper, lower = name.split("-")
    assert Level.parse(f"{upper}{separator}{lower}") == Level(upper, lower)


@pytest.mark.parametrize("separator", SEPARATORS[:-1])
@pytest.mark.parametrize("name", [n for n in DISC_LEVELS if n[0] == n.split("-")[1][0]])
def test_the_second_letter_may_be_left_out_where_it_is_the_first(name, separator):
    upper, lower = name.split("-")
    assert str(Level.parse(f"{upper}{separator}{lower[1:]}")) == name


@pytest.mark.parametrize("name", DISC_LEVELS)
def test_small_letters_and_blanks_around_are_read_too(name):
    assert str(Level.parse(f"  {name.lower()}\n")) == name


def test_l45_without_a_separator_is_read_as_l4_l5():
    assert Level.parse("l45") == Level("L4", "L5")


@pytest.mark.parametrize("word", ["L5/1", "T12-1", "L5-1"])
def test_a_level_that_changes_the_region_needs_its_second_letter(word):
    with pytest.raises(RequestError, match="RQ-002"):
        Level.parse(word)


@pytest.mark.parametrize(
    "word",
    [
        "",
        " ",
        "L4",
        "L4-",
        "-L5",
        "L4--L5",
        "L4-L6",
        "L5-L4",
        "L4-L4",
        "S1-S2",
        "C5-C6",
        "T11-T12",
        "L4-L5-S1",
        "L4 - L5",
        "L04-L05",
        "L4_L5",
        "four-five",
        "L4\u2013L5",
        "L0-L1",
        "L-L",
    ],
)
def test_what_is_no_lumbar_disc_level_is_refused(word):
    with pytest.raises(RequestError, match="RQ-002") as raised:
        Level.parse(word)
    assert raised.value.exit_code == 2
    assert all(name in raised.value.next_step for name in DISC_LEVELS)


def test_a_long_word_is_not_repeated_whole():
    with pytest.raises(RequestError) as raised:
        Level.parse("patient name " * 10)
    assert raised.value.where == "--level 'patient name patient'"


@given(st.text(max_size=12))
def test_any_word_gives_a_known_level_or_a_refusal(word):
    found, code = read_or_refused(Level.parse, word)
    assert code == "RQ-002" or found in DISC_LEVELS


def test_levels_are_told_apart_by_both_vertebrae():
    levels = {Level.parse(name) for name in DISC_LEVELS}
    assert len(levels) == len(DISC_LEVELS)
    assert Level("L5", "S1") != Level("L5", "L6")


def test_a_level_cannot_be_changed():
    with pytest.raises(AttributeError):
        Level("L4", "L5").upper = "L3"  # type: ignore[misc]


def test_every_disc_level_joins_two_known_vertebrae_downwards():
    for name in DISC_LEVELS:
        upper, lower = name.split("-")
        assert VERTEBRAE.index(upper) < VERTEBRAE.index(lower)


@pytest.mark.parametrize(
    ("text", "kind", "place", "side"),
    [
        ("dural_sac", "dural_sac", "", None),
        ("vertebra:L4", "vertebra", "L4", None),
        ("disc:L4-L5", "disc", "L4-L5", None),
        ("kidney:left", "kidney", "", Side.LEFT),
        ("sap:L5:right", "sap", "L5", Side.RIGHT),
        ("rib:12:left", "rib", "12", Side.LEFT),
    ],
)
def test_a_key_is_read_as_kind_place_and_side(text, kind, place, side):
    assert StructureKey.parse(text) == StructureKey(kind, place, side)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "Sap:L5",
        "sap:",
        "sap::left",
        "sap:L5:",
        "sap:L5:middle",
        "sap:left:L5",
        "sap:L5:left:more",
        "sap L5",
        "sap:L5:Left",
        "9kidney",
        "sap:L5\n",
        " sap",
        "säp",
    ],
)
def test_what_is_no_key_is_refused(text):
    with pytest.raises(AnatomyError, match="AN-010") as raised:
        StructureKey.parse(text)
    assert raised.value.exit_code == 4
    assert raised.value.where == repr(text)


def test_a_long_name_is_not_repeated_whole():
    with pytest.raises(AnatomyError) as raised:
        StructureKey.parse("Somebody " * 20)
    assert len(raised.value.where) <= 42


@given(KEYS)
def test_a_key_survives_being_written_and_read(key):
    assert StructureKey.parse(str(key)) == key


@given(KEYS)
def test_a_written_key_has_no_empty_part(key):
    assert all(str(key).split(":"))


@given(KEYS, KEYS)
def test_two_keys_are_written_alike_only_if_they_are_the_same(one, other):
    assert (str(one) == str(other)) == (one == other)


@given(st.text(":abLT123-_", max_size=16))
def test_any_text_is_a_key_or_is_refused(text):
    found, code = read_or_refused(StructureKey.parse, text)
    assert code == "AN-010" or found == text


@given(KINDS, PLACES)
def test_left_and_right_are_two_structures(kind, place):
    left, right = (StructureKey(kind, place, side) for side in Side)
    assert left != right
    assert str(left).replace("left", "right") == str(right).replace("left", "right")


def test_keys_serve_as_keys_of_a_mapping():
    held = {StructureKey.parse("sap:L5:left"): 1}
    assert held[StructureKey("sap", "L5", Side.LEFT)] == 1
    assert StructureKey("sap", "L5", Side.RIGHT) not in held
