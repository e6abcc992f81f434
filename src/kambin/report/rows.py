"""Rows and tables of words: the one shape in which page and print get their content."""

from dataclasses import dataclass, replace


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


def shorten_table(table: Table | None, most: int, where: str) -> Table | None:
    """Return the first rows of a table, with a note that says how many follow and where.

    Parameters
    ----------
    table : Table whose rows are sorted, the smallest first; or none
    most : int, rows that are kept
    where : str, where the whole table stands

    Returns
    -------
    Table, as it is if it is not longer; or none
    """
    if table is None or len(table.rows) <= most:
        return table
    # Said in words: a shortened table must not pass for a whole one.
    note = f"{table.note} {len(table.rows) - most} more, all larger, {where}."
    return replace(table, name=f"{table.name}-short", rows=table.rows[:most], note=note)
