"""Every herniation that can be asked for: asked, made and read.

``python -m benchmarks.herniation_matrix``; ``--docs`` writes the tables into the page of the
herniation, ``--cache`` keeps what was found.
A combination is refused with a reason, or it is made as it was asked for (or this stops), and
what the classifier reads is the same class, another one that names it as its neighbour, or wrong.
"""

import argparse
import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.made_herniations import MadeLevel, make_level
from benchmarks.measure_tables import table_lines, write_between
from kambin.anatomy import Level
from kambin.core import KambinError
from kambin.frames import Side
from kambin.measure.herniation_types import Herniation
from kambin.phantom import MIGRATIONS, MORPHOLOGIES, SIZES, ZONES
from kambin.phantom.hernia_made import MadeHerniation
from kambin.phantom.parameters import CANAL_ZONES

PAGE = Path(__file__).parents[1] / "docs" / "concepts" / "herniation.md"
CLASSES = ("morphology", "zone", "msu_size", "msu_location", "migration", "migration_grade")
"""What is both made and read."""

WORST = ("same", "named", "wrong")
"""How a class is read, the worst last."""

HEAD_COUNTS = ("where", "asked", "refused", "made as asked", "read the same", "neighbour named",
               "wrong", "rules that speak")  # fmt: skip

MARKS = {"same": "", "named": "'", "wrong": "!"}
Row = dict[str, Any]


def compare(level: MadeLevel, morphology: str, zone: str, migration: str, size: int) -> Row:
    """Return what was asked for, why it was refused, or how it was made and read."""
    wishes = {"morphology": morphology, "zone": zone, "migration": migration, "size": size}
    try:
        made, read = level.make(**wishes)
    except KambinError as refusal:
        return {**wishes, "refused": refusal.code, "why": refusal.why}
    read_as = {name: read_class(made, read, name) for name in CLASSES}
    return {
        **wishes,
        "not_as_asked": not_as_asked(made, wishes),
        "read": max(read_as.values(), key=WORST.index),
        "differs": {
            name: [str(getattr(made, name)), str(read[name].value)]
            for name, how in read_as.items()
            if how != "same"
        },
        "h_mm": [made.h_mm, read["msu_size"].measured["h_mm"]],
        "d_mm": [made.d_mm, read["msu_size"].measured["d_mm"]],
        "volume_mm3": [made.volume_mm3, read["volume"].value],
        "canal": read["canal_compromise"].measured.get("fraction"),
        "rules": [rate.rule for rate in read.rates if rate.applies],
    }


def read_class(made: MadeHerniation, read: Herniation, name: str) -> str:
    """Return whether a class is read as made, named as the neighbour, or wrong."""
    if name == "msu_size" and made.zone not in CANAL_ZONES:
        # Lateral of the canal there is no facet line to compare a depth with.
        return "same"
    is_same = str(getattr(made, name)) == str(read[name].value)
    is_named = str(getattr(made, name)) in str(read[name].neighbour).split(" or ")
    return "same" if is_same else "named" if is_named else "wrong"


def not_as_asked(made: MadeHerniation, wishes: dict[str, Any]) -> list[str]:
    """Return the classes in which a made herniation is not what was asked for."""
    asked = {"zone": wishes["zone"], "migration": wishes["migration"]}
    if wishes["migration"].startswith("very-high"):
        # Lee's zones end at the pedicle; beyond it the grade says the rest.
        asked["migration"] = asked["migration"].replace("very-high", "far")
        asked["migration_grade"] = "very-high"
    if wishes["morphology"] != "plain":
        asked["morphology"] = {"calcified": "protrusion"}.get(
            wishes["morphology"], wishes["morphology"]
        )
    if wishes["zone"] in CANAL_ZONES:
        asked["msu_size"] = wishes["size"]
    return [name for name, word in asked.items() if getattr(made, name) != word]


def compare_level(level: MadeLevel, morphologies: Sequence[str], sizes: Sequence[int]) -> list[Row]:
    """Return the rows of one level, side and patient."""
    wishes = itertools.product(morphologies, ZONES, MIGRATIONS, sizes)
    return [compare(level, *wish) for wish in wishes]


def known_rows(name: str, side: str, asked: argparse.Namespace) -> list[Row]:
    """Return the rows of a level, compared now or kept from an earlier run."""
    how = "completed" if asked.completed else "true"
    words = (name, side, asked.seed, how, *asked.morphologies, *asked.sizes)
    kept = None if asked.cache is None else asked.cache / f"{'-'.join(map(str, words))}.json"
    if kept is not None and kept.is_file():
        rows: list[Row] = json.loads(kept.read_text("utf-8"))
        return rows
    level = make_level(Level.parse(name), Side(side), asked.seed, completed=asked.completed)
    rows = compare_level(level, asked.morphologies, asked.sizes)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(rows), "utf-8")
    return rows


def grid_lines(rows: list[Row]) -> list[str]:
    """Return a table of zones and morphologies against migrations: the sizes that were made."""
    by_wish = {(r["zone"], r["morphology"], r["migration"], r["size"]): r for r in rows}
    sizes = sorted({row["size"] for row in rows})
    cells = []
    known = [one for one in MORPHOLOGIES if any(row["morphology"] == one for row in rows)]
    for zone, morphology in itertools.product(ZONES, known):
        found = [
            "".join(_mark(by_wish[zone, morphology, migration, size]) for size in sizes) or "-"
            for migration in MIGRATIONS
        ]
        cells.append([zone, morphology, *found])
    return [*table_lines(("zone", "morphology", *MIGRATIONS), cells)]


def _mark(row: Row) -> str:
    return "" if "refused" in row else f"{row['size']}{MARKS[row['read']]}"


def count_row(title: str, rows: list[Row]) -> list[str]:
    """Return how many were asked, refused, made and read as made."""
    made = [row for row in rows if "refused" not in row]
    read = Counter(row["read"] for row in made)
    odd = sum(bool(row["not_as_asked"]) for row in made)
    rules = Counter(rule for row in made for rule in row["rules"])
    said = ", ".join(f"{rule} {count}" for rule, count in sorted(rules.items()))
    numbers = (len(rows), len(rows) - len(made), len(made) - odd, *(read[how] for how in WORST))
    return [title, *map(str, numbers), said or "-"]


def differing_lines(title: str, rows: Iterable[Row]) -> list[list[str]]:
    """Return a row of the docs for each herniation that is not read as made."""
    return [
        [
            title,
            f"{row['zone']} {row['morphology']}, {row['migration']}, size {row['size']}",
            "; ".join(f"{k}: {a} read {b}" for k, (a, b) in row["differs"].items()),
        ]
        for row in rows
        if row.get("read") == "wrong"
    ]


def main(arguments: list[str]) -> int:
    """Compare levels, print the tables, and write them into the docs where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--levels", nargs="+", default=["L4-L5"])
    parser.add_argument("--sides", nargs="+", default=["left"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--morphologies", nargs="+", default=list(MORPHOLOGIES))
    parser.add_argument("--completed", action="store_true", help="read in a completed anatomy")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--docs", help="marks of the page between which the tables go")
    parser.add_argument("--grids", action="store_true", help="each size that was made, by place")
    asked = parser.parse_args(arguments)
    counts, grids, wrong, odd = [], [], [], 0
    for name, side in itertools.product(asked.levels, asked.sides):
        rows = known_rows(name, side, asked)
        title = f"{name} {side}"
        counts.append(count_row(title, rows))
        if asked.grids:
            grids += ["", f"{title}:", "", *grid_lines(rows)]
        wrong += differing_lines(title, rows)
        odd += sum(bool(row.get("not_as_asked")) for row in rows)
    lines = [*table_lines(HEAD_COUNTS, counts)]
    if wrong:
        lines += ["", *table_lines(("where", "herniation", "what is read"), wrong)]
    print("\n".join([*lines, *grids]))
    if asked.docs:
        write_between(PAGE, asked.docs, [*lines, *grids])
    # Nothing may be made as something else than it was asked for.
    return int(odd > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
