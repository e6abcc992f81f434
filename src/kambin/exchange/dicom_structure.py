"""DICOM data elements walked without recursion, before a library is let near them."""

import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import NamedTuple, NoReturn

from pydicom.datadict import dictionary_has_tag, dictionary_VR

from kambin.knowledge import value

PREAMBLE_BYTES = 128
"""Bytes before the four letters DICM (PS3.10 section 7.1)."""

DEFLATED = "1.2.840.10008.1.2.1.99"
_IMPLICIT = "1.2.840.10008.1.2"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"

_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
"""Value representations with a length of four bytes (PS3.5 table 7.1-1)."""

_UNDEFINED = 0xFFFFFFFF
_DELIMITER_GROUP, _ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFE, 0xE000, 0xE00D, 0xE0DD
_PIXEL_DATA = (0x7FE0, 0x0010)
_META_GROUP, _TRANSFER_SYNTAX = 0x0002, 0x0010
_INFLATE_CHUNK = 1 << 20
"""Bytes unpacked at a time, so that a bomb is seen before it has gone off."""


class StructureFault(Exception):
    """Why the elements cannot be what a scanner wrote; ``is_limit`` tells bombs from damage."""

    def __init__(self, why: str, *, is_limit: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.is_limit = is_limit


def _stop(why: str, because: Exception | None = None, *, is_limit: bool = False) -> NoReturn:
    raise StructureFault(why, is_limit=is_limit) from because


class _Container(NamedTuple):
    """A sequence, an item or the whole data set that is being walked."""

    is_item: bool
    end: int
    is_explicit: bool


def is_dicom(head: bytes) -> bool:
    """Return whether bytes begin like a DICOM file, with preamble and the letters DICM.

    Parameters
    ----------
    head : at least the first 132 bytes
    """
    return head[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] == b"DICM"


def walk_file(data: bytes) -> str:
    """Walk all elements of a DICOM file and return its transfer syntax.

    Parameters
    ----------
    data : bytes of the whole file

    Raises
    ------
    StructureFault  if it is cut off, nested too deep, or holds too many elements

    References
    ----------
    DICOM PS3.5 section 7 (elements, sequences), PS3.10 section 7.1 (file)
    """
    syntax, start = _walk_meta(data)
    body = data
    if syntax == DEFLATED:
        body, start = _inflate(data[start:]), 0
    order = ">" if syntax == _BIG_ENDIAN else "<"
    _Walk(body, start, order, is_explicit=syntax != _IMPLICIT).run()
    return syntax


def _walk_meta(data: bytes) -> tuple[str, int]:
    """Return the transfer syntax and where the data set begins; the meta group is explicit."""
    at, syntax = PREAMBLE_BYTES + 4, ""
    while data[at : at + 2] == struct.pack("<H", _META_GROUP):
        element = int.from_bytes(data[at + 2 : at + 4], "little")
        length, begin = _explicit_length(data, at, "<")
        if begin + length > len(data):
            _stop("Its file header is cut off.")
        if element == _TRANSFER_SYNTAX:
            syntax = data[begin : begin + length].decode("ascii", "replace").strip("\0 ")
        at = begin + length
    if not syntax:
        _stop("Its file header names no transfer syntax.")
    return syntax, at


def _explicit_length(data: bytes, at: int, order: str) -> tuple[int, int]:
    """Return length and start of the value of an element with a value representation."""
    try:
        if data[at + 4 : at + 6] in _LONG_VRS:
            return struct.unpack_from(order + "I", data, at + 8)[0], at + 12
        return struct.unpack_from(order + "H", data, at + 6)[0], at + 8
    except struct.error as error:
        _stop("It ends within the header of an element.", error)


def _inflate(packed: bytes) -> bytes:
    """Unpack a deflated data set, and stop as soon as it grows beyond reason."""
    ratio, harmless = value("dicom_limits.most_inflation"), value("dicom_limits.harmless_bytes")
    limit = max(harmless, ratio * len(packed))
    engine, parts, size = zlib.decompressobj(-zlib.MAX_WBITS), [], 0
    try:
        while not engine.eof and packed:
            parts.append(engine.decompress(packed, _INFLATE_CHUNK))
            packed, size = engine.unconsumed_tail, size + len(parts[-1])
            if size > limit:
                _stop(
                    f"It unpacks to over {limit / 10.0**6:.0f} MB, as a bomb does.", is_limit=True
                )
    except zlib.error as error:
        _stop(f"Unpacking failed: {error}.", error)
    if not engine.eof:
        _stop("The compressed data end before their end mark.")
    return b"".join(parts)


class _Walk:
    """One walk through the elements of a data set, with its own stack instead of Python's."""

    def __init__(self, data: bytes, start: int, order: str, *, is_explicit: bool) -> None:
        self._data, self._at = data, start
        self._tag: Callable[[bytes, int], tuple[int, int]] = struct.Struct(order + "HH").unpack_from
        self._long: Callable[[bytes, int], tuple[int]] = struct.Struct(order + "I").unpack_from
        self._order = order
        self._open = [_Container(True, len(data), is_explicit)]
        self._count = 0
        self._most_count = int(value("dicom_limits.most_elements"))
        # a sequence and its item are two containers of one level
        self._most_open = 2 * int(value("dicom_limits.most_depth"))

    def run(self) -> None:
        """Walk to the end, or raise what is wrong."""
        while self._close_finished():
            try:
                self._step()
            except struct.error as error:
                _stop("It ends within the header of an element.", error)
        if len(self._open) > 1:
            _stop("It ends within a sequence.")

    def _close_finished(self) -> bool:
        while len(self._open) > 1 and self._at == self._open[-1].end:
            self._open.pop()
        return self._at < len(self._data)

    def _step(self) -> None:
        self._count += 1
        if self._count > self._most_count:
            _stop(f"It has over {self._most_count} data elements.", is_limit=True)
        group, element = self._tag(self._data, self._at)
        if group == _DELIMITER_GROUP:
            self._delimiter(element)
            return
        inside = self._open[-1]
        if inside.is_explicit:
            vr = self._data[self._at + 4 : self._at + 6]
            length, begin = _explicit_length(self._data, self._at, self._order)
            # an unknown sequence of another program is written without representations
            is_sequence = vr == b"SQ" or (vr == b"UN" and length == _UNDEFINED)
            is_explicit = vr != b"UN"
        else:
            (length,) = self._long(self._data, self._at + 4)
            begin, is_explicit = self._at + 8, False
            is_sequence = _is_sequence(group, element) or length == _UNDEFINED
        if (group, element) == _PIXEL_DATA and length == _UNDEFINED:
            self._at = begin
            self._fragments()
        elif is_sequence:
            self._enter(_Container(False, self._end(begin, length), is_explicit), begin)
        else:
            self._at = self._end(begin, length)

    def _delimiter(self, element: int) -> None:
        (length,) = self._long(self._data, self._at + 4)
        begin, inside = self._at + 8, self._open[-1]
        if element == _ITEM and not inside.is_item:
            item = _Container(True, self._end(begin, length), inside.is_explicit)
            self._enter(item, begin)
        elif element in (_ITEM_END, _SEQUENCE_END) and len(self._open) > 1:
            if inside.is_item != (element == _ITEM_END):
                _stop("A sequence ends where it may not.")
            self._open.pop()
            self._at = begin
        else:
            _stop("An item stands outside of any sequence.")

    def _enter(self, container: _Container, begin: int) -> None:
        self._open.append(container)
        if len(self._open) > self._most_open:
            levels = self._most_open // 2
            _stop(f"Its sequences are nested deeper than {levels} levels.", is_limit=True)
        self._at = begin

    def _end(self, begin: int, length: int) -> int:
        """Return where a value ends; one of undefined length may reach to what holds it."""
        room = next(c.end for c in reversed(self._open) if c.end >= 0)
        if length == _UNDEFINED:
            return -1
        if begin + length > room:
            _stop(f"An element of {length} bytes is announced, {max(0, room - begin)} are there.")
        return begin + length

    def _fragments(self) -> None:
        """Walk over encapsulated pixel data: items of stated length, then the end mark."""
        while True:
            group, element = self._tag(self._data, self._at)
            (length,) = self._long(self._data, self._at + 4)
            self._at += 8
            if (group, element) == (_DELIMITER_GROUP, _SEQUENCE_END):
                return
            if (group, element) != (_DELIMITER_GROUP, _ITEM) or length == _UNDEFINED:
                _stop("Its compressed pixel data are broken.")
            self._at = self._end(self._at, length)


@cache
def _is_sequence(group: int, element: int) -> bool:
    tag = (group << 16) | element
    return dictionary_has_tag(tag) and dictionary_VR(tag) == "SQ"
