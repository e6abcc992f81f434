"""G21, G22: the elements of a file are walked by hand before a library sees them."""

import struct
import zlib
from collections.abc import Callable

import pytest

from kambin.exchange.dicom_structure import DEFLATED, StructureFault, is_dicom, walk_file
from kambin.knowledge import value

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = (b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0")
SEQUENCE_TAG, PIXELS = b"\x08\x00\x40\x11", b"\xe0\x7f\x10\x00"
END = b"\0\0\0\0"


def short(tag: bytes = b"\x10\x00\x10\x00", vr: bytes = b"PN", content: bytes = b"ab") -> bytes:
    """An element with a length of two bytes."""
    return tag + vr + struct.pack("<H", len(content)) + content


def long(tag: bytes, vr: bytes, content: bytes, length: int | None = None) -> bytes:
    """An element with a length of four bytes."""
    return (
        tag + vr + b"\0\0" + struct.pack("<I", len(content) if length is None else length) + content
    )


def implicit(tag: bytes, content: bytes, length: int | None = None) -> bytes:
    return tag + struct.pack("<I", len(content) if length is None else length) + content


def item(content: bytes, length: int | None = None) -> bytes:
    return ITEM + struct.pack("<I", len(content) if length is None else length) + content


def file_of(body: bytes, syntax: str = EXPLICIT) -> bytes:
    """A file with preamble, meta group and these elements."""
    padded = syntax.encode() + b"\0" * (len(syntax) % 2)
    return b"\0" * 128 + b"DICM" + short(b"\x02\x00\x10\x00", b"UI", padded) + body


def fault_of(data: bytes) -> StructureFault:
    with pytest.raises(StructureFault) as caught:
        walk_file(data)
    assert str(caught.value) == caught.value.why
    return caught.value


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        (b"\0" * 128 + b"DICM", True),
        (b"\0" * 128 + b"DICM" + b"x" * 400, True),
        (b"\0" * 127 + b"DICM", False),
        (b"\0" * 128 + b"dicm", False),
        (b"DICM", False),
        (b"", False),
    ],
)
def test_a_file_is_known_by_its_four_letters(head: bytes, wanted: bool) -> None:
    assert is_dicom(head) is wanted


def _nested(depth: int, wrap: Callable[[bytes], bytes]) -> bytes:
    body = b""
    for _ in range(depth):
        body = wrap(body)
    return body


def closed(body: bytes) -> bytes:
    return long(SEQUENCE_TAG, b"SQ", item(body))


def open_ended(body: bytes) -> bytes:
    inner = item(body + ITEM_END + END, UNDEFINED) + SEQUENCE_END + END
    return long(SEQUENCE_TAG, b"SQ", inner, UNDEFINED)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        short(),
        short() * 40,
        long(b"\x09\x00\x01\x10", b"OB", b"x" * 70_000),
        long(SEQUENCE_TAG, b"SQ", b""),
        closed(short()),
        open_ended(short()),
        closed(open_ended(short())),
        open_ended(closed(b"") + short()),
        long(SEQUENCE_TAG, b"SQ", item(b"") + item(short())),
        long(PIXELS, b"OW", b"\0" * 64),
        long(PIXELS, b"OB", item(b"") + item(b"abcd") + SEQUENCE_END + END, UNDEFINED),
    ],
)
def test_what_is_whole_is_walked_to_its_end(body: bytes) -> None:
    assert walk_file(file_of(body)) == EXPLICIT


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_the_transfer_syntax_is_returned(syntax: str) -> None:
    body = short() if syntax == EXPLICIT else implicit(b"\x10\x00\x10\x00", b"ab")
    assert walk_file(file_of(body, syntax)) == syntax


def test_big_endian_lengths_are_read_as_such() -> None:
    body = b"\x00\x10\x00\x10PN\x00\x02ab" + b"\x7f\xe0\x00\x10OW\0\0\x00\x00\x00\x04abcd"
    assert walk_file(file_of(body, BIG_ENDIAN)) == BIG_ENDIAN
    assert "are there" in fault_of(file_of(body, EXPLICIT)).why


def test_implicit_sequences_are_known_by_their_tag_or_their_length() -> None:
    inner = item(implicit(b"\x10\x00\x10\x00", b"ab"))
    walk_file(file_of(implicit(SEQUENCE_TAG, inner), IMPLICIT))
    unknown = implicit(b"\x09\x00\x01\x10", inner + SEQUENCE_END + END, UNDEFINED)
    walk_file(file_of(unknown, IMPLICIT))
    # without either it is a value, whatever it holds
    walk_file(file_of(implicit(b"\x09\x00\x01\x10", ITEM + b"junk"), IMPLICIT))
    assert fault_of(file_of(implicit(SEQUENCE_TAG, b"junkjunk"), IMPLICIT)).why


def test_an_unknown_sequence_holds_elements_without_representations() -> None:
    inner = item(implicit(b"\x10\x00\x10\x00", b"ab")) + SEQUENCE_END + END
    walk_file(file_of(long(b"\x09\x00\x01\x10", b"UN", inner, UNDEFINED)))
    # an UN of known length is a value
    walk_file(file_of(long(b"\x09\x00\x01\x10", b"UN", b"anything")))


def test_every_cut_of_a_file_is_noticed_or_lies_between_elements() -> None:
    parts = [short(), closed(short()), open_ended(short() * 2), long(PIXELS, b"OW", b"\0" * 16)]
    whole = file_of(b"".join(parts))
    start = len(file_of(b""))
    borders = {start + sum(map(len, parts[:n])) for n in range(len(parts) + 1)}
    for size in range(start, len(whole)):
        if size in borders:
            walk_file(whole[:size])
        else:
            assert not fault_of(whole[:size]).is_limit, size


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\0" * 128 + b"DICM", "names no transfer syntax"),
        (b"\0" * 128 + b"DICM" + short(), "names no transfer syntax"),
        (file_of(b"")[:-4], "file header is cut off"),
        (b"\0" * 128 + b"DICM\x02\x00\x10\x00UI", "ends within the header of an element"),
        (file_of(short()[:5]), "ends within the header of an element"),
        (file_of(short()[:-1]), "An element of 2 bytes is announced, 1 are there."),
        (file_of(long(PIXELS, b"OW", b"ab", 50)), "50 bytes is announced, 2 are there"),
        (file_of(long(SEQUENCE_TAG, b"SQ", item(b"", 50), UNDEFINED)), "50 bytes"),
        (file_of(item(b"")), "outside of any sequence"),
        (file_of(ITEM_END + END), "outside of any sequence"),
        (file_of(SEQUENCE_END + END), "outside of any sequence"),
        (file_of(long(SEQUENCE_TAG, b"SQ", item(item(b"")))), "outside of any sequence"),
        (
            file_of(long(SEQUENCE_TAG, b"SQ", ITEM_END + END, UNDEFINED)),
            "A sequence ends where it may not",
        ),
        (
            file_of(long(SEQUENCE_TAG, b"SQ", item(SEQUENCE_END + END, UNDEFINED), UNDEFINED)),
            "A sequence ends where it may not",
        ),
        (file_of(long(SEQUENCE_TAG, b"SQ", item(b""), UNDEFINED)), "ends within a sequence"),
        (file_of(long(PIXELS, b"OB", short(), UNDEFINED)), "compressed pixel data are broken"),
        (
            file_of(long(PIXELS, b"OB", item(b"", UNDEFINED), UNDEFINED)),
            "compressed pixel data are broken",
        ),
        (file_of(long(PIXELS, b"OB", item(b"abcd"), UNDEFINED)), "ends within the header"),
        (file_of(long(PIXELS, b"OB", item(b"ab", 90), UNDEFINED)), "90 bytes is announced"),
    ],
)
def test_damage_is_told_in_one_sentence(data: bytes, told: str) -> None:
    fault = fault_of(data)
    assert told in fault.why
    assert not fault.is_limit


def test_an_item_may_not_reach_beyond_its_sequence() -> None:
    lying = long(SEQUENCE_TAG, b"SQ", item(b"", 40), 8) + b"\0" * 64
    assert "40 bytes is announced, 0 are there" in fault_of(file_of(lying)).why


@pytest.mark.parametrize("wrap", [closed, open_ended])
def test_as_deep_as_allowed_and_one_level_deeper(wrap: Callable[[bytes], bytes]) -> None:
    # the data set itself is the first container, a sequence and its item are two
    deepest = int(value("dicom_limits.most_depth")) - 1
    walk_file(file_of(_nested(deepest, wrap)))
    fault = fault_of(file_of(_nested(deepest + 1, wrap)))
    assert fault.is_limit
    assert fault.why == f"Its sequences are nested deeper than {deepest + 1} levels."


def _deflated(body: bytes) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return engine.compress(body) + engine.flush()


def test_a_deflated_body_is_walked_like_any_other() -> None:
    assert walk_file(file_of(_deflated(short() * 9), DEFLATED)) == DEFLATED
    fault = fault_of(file_of(_deflated(short()[:-1]), DEFLATED))
    assert "2 bytes is announced, 1 are there" in fault.why


@pytest.mark.parametrize(
    ("packed", "told"),
    [
        (_deflated(short() * 50)[:-3], "end before their end mark"),
        (b"", "end before their end mark"),
        (b"\xff\xff\xff\xff", "Unpacking failed"),
    ],
)
def test_a_broken_deflated_body_is_told(packed: bytes, told: str) -> None:
    fault = fault_of(file_of(packed, DEFLATED))
    assert told in fault.why
    assert not fault.is_limit
