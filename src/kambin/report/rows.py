"""Rows and tables of words: the one shape in which page and print get their content."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, init=False)
class Row:
    """A few texts that belong together.

    Parameters
    ----------
    cells : the texts, taken as they are; page and print escape them
    """

    cells: tuple[str, ...]

    def __init__(self, *cells: str) -> None:
        # Frozen, yet made from loose texts: the only place where the field is set.
        object.__setattr__(self, "cells", cells)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a heading.

    Parameters
    ----------
    name : str, for anchors
    title : str
    columns : the headings
    rows : one tuple of texts per row, as long as ``columns``
    note : str, a sentence under the table
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
