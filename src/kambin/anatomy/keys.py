"""Names of levels and structures."""

import re
from dataclasses import dataclass

from kambin.core import AnatomyError, RequestError
from kambin.frames import Side

VERTEBRAE = ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5", "L6", "S1")
"""From cranial to caudal; L6 and S1 follow L5 according to the level scheme."""

DISC_LEVELS = (
    "T12-L1",
    "L1-L2",
    "L2-L3",
    "L3-L4",
    "L4-L5",
    "L5-L6",
    "L4-S1",
    "L5-S1",
    "L6-S1",
)
"""Disc levels from cranial to caudal; the last one is L4-S1 in a patient with four lumbar."""

_KEY = re.compile(r"[a-z_]+(:[A-Za-z0-9-]+)?(:(left|right))?")


@dataclass(frozen=True, slots=True, order=True)
class Level:
    """A disc level such as L4-L5.

    Parameters
    ----------
    upper, lower : str, the vertebrae above and below the disc

    Raises
    ------
    RequestError  (RQ-002) from ``parse`` if the word is not a disc level
    """

    upper: str
    lower: str

    @classmethod
    def parse(cls, word: str) -> "Level":
        """Read a level as written on the command line: ``L4-L5``, ``l4/5`` or ``L5S1``.

        Raises
        ------
        RequestError  (RQ-002) if the word is not a disc level
        """
        match = re.fullmatch(r"([TL])(\d+)[-/ ]?([TLS])?(\d+)", word.strip().upper())
        if match:
            letter = match[3] or match[1]
            name = f"{match[1]}{match[2]}-{letter}{match[4]}"
            # Looked up, not counted on: L4-S1 and L6-S1 exist, L4-L6 does not.
            if name in DISC_LEVELS:
                upper, lower = name.split("-")
                return cls(upper, lower)
        raise RequestError(
            code="RQ-002",
            what="The level is not a lumbar disc level",
            where=f"--level {word[:20]!r}",
            why="A level is named by the vertebrae above and below the disc.",
            next_step=f"Use one of {', '.join(DISC_LEVELS)}.",
        )

    def __str__(self) -> str:
        """Return the level as printed: ``L4-L5``."""
        return f"{self.upper}-{self.lower}"


@dataclass(frozen=True, slots=True, order=True)
class StructureKey:
    """The name of one structure: kind, vertebra or level or number, and side.

    Parameters
    ----------
    kind : str such as ``vertebra``, ``sap``, ``exiting_root``, ``kidney``
    place : str, vertebra (``L4``), disc level (``L4-L5``), rib number, or empty
    side : Side of the patient, or none for midline structures
    """

    kind: str
    place: str = ""
    side: Side | None = None

    @classmethod
    def parse(cls, text: str) -> "StructureKey":
        """Read a key as written in documents: ``sap:L5:left``, ``disc:L4-L5``, ``kidney:left``.

        Raises
        ------
        AnatomyError  (AN-010) if the text is not a key
        """
        if not _KEY.fullmatch(text):
            raise AnatomyError(
                code="AN-010",
                what="A structure name is not understood",
                where=repr(text[:40]),
                why="A key is kind, place and side, joined by colons.",
                next_step="See the list of keys in docs/reference.",
            )
        kind, *rest = text.split(":")
        # From the end: only the last word can be a side, and midline keys have none.
        side = Side(rest.pop()) if rest and rest[-1] in tuple(Side) else None
        return cls(kind, rest[0] if rest else "", side)

    def __str__(self) -> str:
        """Return the key as written in documents."""
        return ":".join(p for p in (self.kind, self.place, self.side or "") if p)
