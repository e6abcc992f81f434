"""What the numbers and names of a label map mean; told by evidence, never guessed."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from kambin.anatomy import VERTEBRAE, StructureKey
from kambin.core import AnatomyError, InputError
from kambin.frames import Side

AUTO = "auto"
"""Find the dialect by names, then by values, and refuse what is ambiguous."""

SIDECAR = "sidecar"
"""Names stand in a JSON file beside the label map, ``<stem>.json`` or ``labels.json``."""

EMBEDDED = "embedded"
"""Names stand in the file itself: a NIfTI label table or the segments of a seg.nrrd."""

KAMBIN = "kambin"
"""Names are our own structure keys, such as ``vertebra:L4``."""

MASKS = "masks"
"""Each file is the mask of one structure, which the file's name says."""

_SIXTH_LUMBAR = "vertebrae_L6"
_LAST_OF_FOUR = frozenset({"vertebrae_L4", "sacrum"})
_FIFTH_LUMBAR = "vertebrae_L5"
_CANAL_OF_SPIDER = 100
"""The canal; cut vertebrae lie between it and 200, discs above 200."""

_LEVEL_WORD = re.compile(r"[ctls]\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """A label table of a tool.

    Parameters
    ----------
    name : str, as on the command line
    title : str, one line about it
    names : label value -> the tool's name
    values : all label values the tool may write
    names_levels : bool, false if it needs another file that says which vertebra is which
    aliases : other words for it on the command line
    joins : bool, labels of one name are one structure
    counts_from_below : bool, its numbers begin at the lowest whole vertebra, whichever that is
    with_l6 : label value -> the name it has where a sixth lumbar vertebra is labelled
    without_l5 : label value -> the name it has where sacrum and L4 are labelled and L5 is not
    only_with : label value -> the value it never comes without, such as a rib and its vertebra
    """

    name: str
    title: str
    names: Mapping[int, str]
    values: frozenset[int]
    names_levels: bool
    aliases: tuple[str, ...]
    joins: bool = False
    counts_from_below: bool = False
    with_l6: Mapping[int, str] = field(default_factory=dict)
    without_l5: Mapping[int, str] = field(default_factory=dict)
    only_with: Mapping[int, int] = field(default_factory=dict)

    def could_hold(self, values: frozenset[int]) -> bool:
        """Return whether one file of this tool may hold just these label values."""
        bearers = {self.only_with[value] for value in values if value in self.only_with}
        return bearers <= values <= self.values

    def words(self, values: frozenset[int]) -> dict[int, str]:
        """Return the tool's names for the labels of one file, four or six lumbar as labelled.

        Parameters
        ----------
        values : the label values that occur in the file
        """
        # what lies under L5 is another disc in a patient with a sixth lumbar vertebra
        there = {self.names.get(value) for value in values}
        words = dict(self.names) | (dict(self.with_l6) if _SIXTH_LUMBAR in there else {})
        if there >= _LAST_OF_FOUR and _FIFTH_LUMBAR not in there:
            words |= self.without_l5
        # with a word for the labels the tool writes and we do not use
        return {value: words.get(value, f"label {value}") for value in self.values}


@cache
def read_dialects() -> dict[str, Dialect]:
    """Return every known label table by its name."""
    return {name: _dialect(name, row) for name, row in _tables()["dialect"].items()}


def find_dialect(word: str) -> Dialect | None:
    """Return the label table of that name or alias, or none."""
    word = word.lower()
    return next((d for d in read_dialects().values() if word in (d.name, *d.aliases)), None)


def find_key(name: str) -> StructureKey | None:
    """Return the structure a tool's label name stands for, or none if it is not known.

    Parameters
    ----------
    name : str such as ``vertebrae_L4``, ``hip_left``, ``disc_L4-L5`` or ``vertebra:L4``
    """
    word = "_".join(name.strip().split())
    if ":" in word:
        return _own_key(word)
    # patterns before kinds: "l4" is a vertebra and never the start of another word
    word = word.lower()
    return _by_pattern(word) or _by_kind(word)


def find_key_in_file_name(stem: str) -> StructureKey | None:
    """Return the one structure a mask's file name speaks of, or none if it names none or two.

    Parameters
    ----------
    stem : file name without its endings, such as ``vertebrae_L4`` or ``patient7_kidney_left``
    """
    exact = find_key(stem)
    if exact is not None:
        return exact
    words = [word for word in re.split(r"[_\s.]+", stem) if word]
    windows = [
        "_".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, len(words) + 1)
    ]
    # a bare L4 in a longer name may be the level of a study, not the vertebra of a mask
    found = {window: find_key(window) for window in windows if not _LEVEL_WORD.fullmatch(window)}
    keys = {window: key for window, key in found.items() if key is not None}
    # kidney_left holds kidney: the longest reading is the one that was meant
    widest = {w for w in keys if not any(w != other and w in other for other in keys)}
    sides = [word for word in words if word.lower() in tuple(Side)]
    # two structures, or both sides, in one name: whichever is taken may be the wrong one
    if len({keys[w] for w in widest}) != 1 or len(sides) > 1:
        return None
    return keys[widest.pop()]


def find_dialects_by_values(values: frozenset[int]) -> tuple[Dialect, ...]:
    """Return every label table in which all these values are possible."""
    return tuple(d for d in read_dialects().values() if values and d.could_hold(values))


def find_dialects_filled(values: frozenset[int]) -> tuple[Dialect, ...]:
    """Return the small label tables whose values are all there and no others."""
    return tuple(d for d in read_dialects().values() if values == d.values)


def find_dialect_in_file_name(stem: str, values: frozenset[int]) -> Dialect | None:
    """Return the table a tool's way of naming files speaks of, if the values fit it too.

    Parameters
    ----------
    stem : file name without its endings, such as ``sub-7_seg-vert_msk``
    values : the label values that occur in the file
    """
    words = [row["dialect"] for row in _tables()["file_name"] if re.search(row["match"], stem)]
    tables = [d for name in words if values <= (d := read_dialects()[name]).values]
    return tables[0] if len(tables) == 1 else None


def needs_level(key: StructureKey) -> bool:
    """Return whether a structure belongs to a vertebra or disc level and does not say which."""
    return not key.place and key.kind in _levelled_kinds()


def words_from_below(
    dialect: Dialect, values: frozenset[int], lowest: str, where: str
) -> dict[int, str]:
    """Return the names of labels that are counted from the lowest whole vertebra upward.

    Parameters
    ----------
    dialect : Dialect that counts from below
    values : the label values that occur in the file
    lowest : name of the lowest whole vertebra, such as ``L5``; nothing is assumed without it
    where : str, the file name, for the message

    Raises
    ------
    InputError  (IN-082) if nobody has named the lowest vertebra

    Notes
    -----
    SPIDER: n is the n-th whole vertebra from below, 100 + n one that the image cuts, 200 + n
    the disc under vertebra n, 100 the canal.

    References
    ----------
    van der Graaf 2024, Sci Data 11:264, doi 10.1038/s41597-024-03090-w
    """
    column = [*(f"T{n}" for n in range(1, 10)), *VERTEBRAE]
    # L6 is a step of the column only for a patient who has it
    if lowest.upper() != "L6":
        column.remove("L6")
    whole = sorted(value for value in values if value < _CANAL_OF_SPIDER)
    if lowest.upper() not in column or not whole:
        raise InputError(
            code="IN-082",
            what="The labels are counted from below; the lowest vertebra has to be named",
            where=where,
            why=f"{dialect.title}; the whole ones here are {', '.join(map(str, whole)) or 'none'}.",
            next_step="Look which vertebra the lowest whole one is, then add "
            f"--dialect {dialect.name} --lowest L5 (or L6, S1, ...).",
        )
    first = column.index(lowest.upper())

    def _vertebra(number: int) -> str:
        at = first - (number - whole[0])
        return column[at] if 0 <= at < len(column) else ""

    words = {}
    for value in sorted(values):
        number = value % _CANAL_OF_SPIDER
        name, below = _vertebra(number), _vertebra(number - 1)
        if value == _CANAL_OF_SPIDER:
            words[value] = "spinal_canal"
        elif value > 2 * _CANAL_OF_SPIDER:
            words[value] = f"disc_{name}-{below}"
        else:
            words[value] = f"vertebrae_{name}"
    return words


def precedence(key: StructureKey) -> tuple[int, str]:
    """Return the rank of a structure where masks overlap; the lower keeps the voxel."""
    order, envelopes = _precedence()
    # a body mask holds everything inside it, so it may only fill what is left
    if key.kind in envelopes:
        return len(order) + 1, str(key)
    return (order.index(key.kind) if key.kind in order else len(order)), str(key)


def is_envelope(key: StructureKey) -> bool:
    """Return whether a structure holds others inside, so that overlap with it means nothing."""
    return key.kind in _precedence()[1]


def require_dialect(word: str, where: str) -> Dialect:
    """Return the label table asked for by name.

    Raises
    ------
    InputError  (IN-017) if it is unknown
    """
    dialect = find_dialect(word)
    if dialect:
        return dialect
    known = ", ".join(read_dialects())
    raise InputError(
        code="IN-017",
        what="The label dialect does not fit",
        where=where,
        why=f"{word[:30]!r} is not known.",
        next_step=f"Use one of {AUTO}, {SIDECAR}, {EMBEDDED}, {KAMBIN}, {MASKS}, {known}.",
    )


@cache
def _tables() -> dict[str, Any]:
    text = resources.files("kambin.knowledge").joinpath("tables", "dialects.toml")
    return tomllib.loads(text.read_text("utf-8"))


def _dialect(name: str, row: Mapping[str, Any]) -> Dialect:
    names = _numbered(row["names"])
    # with labels the tool writes and we do not use, or its files would look foreign
    values = frozenset(names) | frozenset(int(value) for value in row["unnamed"])
    return Dialect(
        name=name,
        title=row["title"],
        names=names,
        values=values,
        names_levels=row["names_levels"],
        aliases=tuple(row["aliases"]),
        joins=row.get("joins", False),
        counts_from_below=row.get("lowest", False),
        with_l6=_numbered(row.get("with_l6", {})),
        without_l5=_numbered(row.get("without_l5", {})),
        only_with={int(value): int(other) for value, other in row.get("only_with", {}).items()},
    )


def _numbered(rows: Mapping[str, Any]) -> dict[int, str]:
    return {int(value): str(text) for value, text in rows.items()}


@cache
def _levelled_kinds() -> frozenset[str]:
    return frozenset(_tables()["levelled"]["kinds"])


@cache
def _precedence() -> tuple[tuple[str, ...], frozenset[str]]:
    rows = _tables()["precedence"]
    return tuple(rows["order"]), frozenset(rows["envelopes"])


@cache
def _kinds() -> dict[str, str]:
    return {word: kind for kind, words in _tables()["kinds"].items() for word in words}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row["match"]), row["kind"]) for row in _tables()["pattern"])


@cache
def _own_kinds() -> frozenset[str]:
    patterns = {kind for _, kind in _patterns()}
    return frozenset({*_tables()["own"]["kinds"], *_tables()["kinds"], *patterns})


def _own_key(word: str) -> StructureKey | None:
    try:
        key = StructureKey.parse(word)
    except AnatomyError:
        return None
    # a typing error such as vertbra:L4 would be a structure that nobody plans around
    return key if key.kind in _own_kinds() else None


def _by_pattern(word: str) -> StructureKey | None:
    for pattern, kind in _patterns():
        match = pattern.fullmatch(word)
        if match:
            parts = match.groupdict()
            side = Side(parts["side"]) if parts.get("side") else None
            return StructureKey(kind, _place(parts), side)
    return None


def _place(parts: Mapping[str, str | None]) -> str:
    if parts.get("upper"):
        return f"{parts['upper']}-{parts['lower']}".upper()
    if parts.get("vertebra"):
        return str(parts["vertebra"]).upper()
    return str(parts.get("number") or parts.get("lobe") or "")


def _by_kind(word: str) -> StructureKey | None:
    side: Side | None = None
    for candidate in Side:
        # kidney_left and left_kidney are both in use
        if word.endswith(f"_{candidate.value}"):
            word, side = word.removesuffix(f"_{candidate.value}"), candidate
        elif word.startswith(f"{candidate.value}_"):
            word, side = word.removeprefix(f"{candidate.value}_"), candidate
    kind = _kinds().get(word)
    return None if kind is None else StructureKey(kind, "", side)
