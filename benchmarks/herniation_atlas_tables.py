"""The tables of the atlas of herniations: what is reached from where, and what limits the rest."""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from benchmarks.herniation_atlas_design import HERNIATIONS, LEVELS, SIZES, VARIANTS, Row
from benchmarks.measure_tables import table_lines
from kambin.knowledge import value

PLACE = ("variant", "level", "side", "herniation", "size")
"""What names a fragment."""

WORDS = {"variant": (*VARIANTS,), "level": LEVELS, "side": ("left", "right"),
         "herniation": (*HERNIATIONS,), "size": SIZES}  # fmt: skip
"""What each of them may be, in the order of tables and picture."""

FACTORS = {"patient": "variant", "level": "level", "side": "side", "class": "herniation",
           "MSU size": "size"}  # fmt: skip

Z95 = 1.959964
"""Quantile of the normal distribution that leaves 2.5 % above it."""

REACHED, LITTLE, NO_LINE = "reached", "a plan, too little within reach", "no straight line"
GROUPS = {
    "root or ganglion": ("exiting_root", "drg", "traversing_root"),
    "dural sac": ("dural_sac", "canal", "spinal_cord"),
    "ilium": ("ilium",),
    "facet or arch": ("sap", "iap", "pars", "lamina", "sp"),
    "other bone": ("pedicle", "body", "body_rim", "tp", "sacrum", "sacral_arch", "vertebra", "rib"),
}
ORGAN = "organ or vessel"
LIMITS = (LITTLE, *GROUPS, ORGAN, NO_LINE)
"""What limits a fragment that is not reached, in the order of tables and picture."""

THROUGH, BEHIND_ONLY, NEITHER = "through the foramen", "only from behind", "by no way"

HEAD_SHARES = ("", "", "fragments", "find no room", "some plan", "reached", "share reached",
               "95 % interval", "not excluded")  # fmt: skip
HEAD_RUNS = ("technique", "runs", "planned", "reached", "95 % interval", *LIMITS,
             "cannot be decided", "of the plans, at the mouth",
             "into the rim", "median in sight")  # fmt: skip


def wilson(hits: int, asked: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share; 0 to 1 where nothing was asked.

    References
    ----------
    Wilson 1927, J Am Stat Assoc 22:209
    """
    if not asked:
        return 0.0, 1.0
    share, unit = hits / asked, Z95**2 / asked
    middle = (share + unit / 2) / (1 + unit)
    half = Z95 / (1 + unit) * math.sqrt(share * (1 - share) / asked + unit / asked / 4)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def is_reached(row: Row) -> bool:
    """Return whether enough of a fragment can be grasped: from a plan, or on a way from behind."""
    is_open = not row["limited_by"] if is_behind(row) else row.get("planned", False)
    return is_open and row["reachable"] >= value("reach.confirm_share")


def is_behind(row: Row) -> bool:
    """Return whether a row is what a way from behind exposes."""
    return "limited_by" in row


def name_limit(row: Row) -> str:
    """Return what limits a run."""
    if is_reached(row):
        return REACHED
    if row["planned"]:
        return LITTLE
    kind = find_kind(row)
    if not kind:
        return NO_LINE
    return next((name for name, kinds in GROUPS.items() if kind in kinds), ORGAN)


def find_kind(row: Row) -> str:
    """Return the kind of structure that binds a run without a plan, empty where no line runs."""
    return row.get("structure", "").split(":")[0]


class Patch:
    """A fragment with its runs.

    Parameters
    ----------
    rows : list of rows, one a technique and one a way from behind
    """

    def __init__(self, rows: list[Row]) -> None:
        """Keep the runs."""
        self.rows = [row for row in rows if not is_behind(row)]
        self.behind = [row for row in rows if is_behind(row)]
        self.words = {name: rows[0][name] for name in PLACE}
        self.is_placed = "not_placed" not in rows[0]

    @property
    def is_planned(self) -> bool:
        """Return whether any technique has a plan."""
        return any(row.get("planned") for row in self.rows)

    @property
    def is_possible(self) -> bool:
        """Return whether any technique reaches it, or may: its refusal cannot be decided."""
        return any(is_reached(r) or not (r["planned"] or r["decidable"]) for r in self.rows)

    @property
    def is_open_behind(self) -> bool:
        """Return whether any way from behind reaches enough of it."""
        return any(map(is_reached, self.behind))

    @property
    def nearest(self) -> Row:
        """Return the run that came nearest: most within reach, else the least deficit."""

        def order(row: Row) -> tuple[int, float]:
            if row["planned"]:
                return 0, -row["reachable"]
            deficit = row.get("deficit_mm")
            return (2, 0.0) if deficit is None else (1, deficit)

        return min(self.rows, key=order)

    @property
    def limit(self) -> str:
        """Return what limits the fragment on its nearest run, or that it is reached."""
        return name_limit(self.nearest)


def gather(rows: Iterable[Row]) -> list[Patch]:
    """Return the fragments of some rows, in their order."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in PLACE), []).append(row)
    return [Patch(one) for one in found.values()]


def find_words(patches: Iterable[Patch], name: str) -> list[Any]:
    """Return which patients, levels, sides, classes or sizes there are, in their order."""
    there = {patch.words[name] for patch in patches}
    return [word for word in WORDS[name] if word in there]


def make_tables(rows: list[Row]) -> dict[str, list[str]]:
    """Return the lines of every table by its name in the page."""
    patches = gather(rows)
    placed = [row for row in rows if "not_placed" not in row]
    names = list(dict.fromkeys(row["technique"] for row in placed if not is_behind(row)))
    behind = list(dict.fromkeys(row["technique"] for row in placed if is_behind(row)))
    heads = ("class", "any technique", *names)
    ways = ("class", THROUGH, *behind, BEHIND_ONLY, NEITHER)
    return {
        "shares": [*table_lines(HEAD_SHARES, share_rows(patches))],
        "places": [*table_lines(("level", *find_words(patches, "variant")), place_rows(patches))],
        "classes": [*table_lines(heads, class_rows(patches, names))],
        "limits": [*table_lines(_limit_head(patches), limit_rows(patches))],
        "ways": [*table_lines(ways, way_rows(patches, behind))],
        "techniques": [*table_lines(HEAD_RUNS, (run_row(name, placed) for name in names))],
    }


def share_rows(patches: list[Patch]) -> Iterator[list[str]]:
    """Yield how many fragments are reached by any technique, of all and by each factor."""
    yield _share_row("all", "", patches)
    for title, name in FACTORS.items():
        for word in find_words(patches, name):
            mine = [patch for patch in patches if patch.words[name] == word]
            yield _share_row(title, str(word), mine)


def _share_row(title: str, word: str, patches: list[Patch]) -> list[str]:
    placed = [patch for patch in patches if patch.is_placed]
    planned = sum(patch.is_planned for patch in placed)
    reached = sum(patch.limit == REACHED for patch in placed)
    numbers = (len(patches), len(patches) - len(placed), planned, reached)
    possible = sum(patch.is_possible for patch in placed)
    shares = (*tell_share(reached, len(placed)), tell_share(possible, len(placed))[0])
    return [title, word, *map(str, numbers), *shares]


def tell_share(hits: int, asked: int) -> tuple[str, str]:
    """Return a share and its interval in words, empty where nothing was asked."""
    if not asked:
        return "-", "-"
    low, high = wilson(hits, asked)
    return f"{100 * hits / asked:.0f} %", f"{100 * low:.0f} to {100 * high:.0f} %"


def place_rows(patches: list[Patch]) -> Iterator[list[str]]:
    """Yield per level and patient how many of the placed fragments are reached."""
    for level in find_words(patches, "level"):
        cells = []
        for variant in find_words(patches, "variant"):
            words = {"level": level, "variant": variant}
            mine = [p for p in patches if p.is_placed and words.items() <= p.words.items()]
            cells.append(f"{sum(p.limit == REACHED for p in mine)} of {len(mine)}")
        yield [level, *cells]


def class_rows(patches: list[Patch], names: list[str]) -> Iterator[list[str]]:
    """Yield per class the share that any technique and each of them reaches."""
    for word, share in class_shares(patches, names).items():
        yield [word, *("-" if one is None else f"{100 * one:.0f} %" for one in share.values())]


def class_shares(patches: list[Patch], names: list[str]) -> dict[str, dict[str, float | None]]:
    """Return per class the share of placed fragments that any technique and each reaches."""
    found = {}
    for word in find_words(patches, "herniation"):
        mine = [p for p in patches if p.words["herniation"] == word and p.is_placed]
        found[word] = {"any technique": _share(mine, lambda p: p.limit == REACHED)}
        for name in names:
            asked = [row for p in mine for row in p.rows if row["technique"] == name]
            found[word][name] = _share(asked, is_reached)
    return found


def way_rows(patches: list[Patch], behind: list[str]) -> Iterator[list[str]]:
    """Yield per class the share of fragments that the ways through the foramen and behind reach."""
    many = sum(patch.is_placed and bool(patch.behind) for patch in patches)
    for title, shares in way_shares(patches, behind).items():
        cells = ["-" if one is None else f"{100 * one:.0f} %" for one in shares.values()]
        if title == "all" and many:
            told = (tell_share(round(many * (one or 0.0)), many) for one in shares.values())
            cells = [f"{share} ({interval})" for share, interval in told]
        yield [title, *cells]


def way_shares(patches: list[Patch], behind: list[str]) -> dict[str, dict[str, float | None]]:
    """Return the same by class, and of all fragments, by the way."""
    placed = [patch for patch in patches if patch.is_placed and patch.behind]
    groups = {word: [p for p in placed if p.words["herniation"] == word]
              for word in find_words(placed, "herniation")}  # fmt: skip
    found: dict[str, dict[str, float | None]] = {}
    for title, mine in {**groups, "all": placed}.items():
        found[title] = {THROUGH: _share(mine, lambda p: p.limit == REACHED)}
        for name in behind:
            rows = [row for p in mine for row in p.behind if row["technique"] == name]
            found[title][name] = _share(rows, is_reached)
        found[title][BEHIND_ONLY] = _share(mine, lambda p: p.limit != REACHED and p.is_open_behind)
        found[title][NEITHER] = _share(mine, lambda p: p.limit != REACHED and not p.is_open_behind)
    return found


def _share(things: list[Any], holds: Callable[[Any], bool]) -> float | None:
    return sum(map(holds, things)) / len(things) if things else None


def _limit_head(patches: list[Patch]) -> tuple[str, ...]:
    levels = find_words(patches, "level")
    return ("what limits it", "fragments", "share", *levels, "cannot be decided", "by at most 1 mm")


def limit_rows(patches: list[Patch]) -> Iterator[list[str]]:
    """Yield what limits the fragments that no technique reaches, on the nearest run of each."""
    levels = find_words(patches, "level")
    left = [patch for patch in patches if patch.is_placed and patch.limit != REACHED]
    for limit in LIMITS:
        mine = [patch for patch in left if patch.limit == limit]
        at = Counter(patch.words["level"] for patch in mine)
        near = [patch.nearest for patch in mine]
        numbers = (
            *(at[level] for level in levels),
            sum(not row["planned"] and not row["decidable"] for row in near),
            sum(not row["planned"] and row.get("deficit_mm", math.inf) <= 1 for row in near),
        )
        share = f"{100 * len(mine) / len(left):.0f} %" if left else "-"
        yield [limit, str(len(mine)), share, *map(str, numbers)]


def run_row(name: str, rows: list[Row]) -> list[str]:
    """Return how the runs of a technique end, as shares of them."""
    mine = [row for row in rows if row["technique"] == name]
    planned = [row for row in mine if row["planned"]]
    limits = Counter(map(name_limit, mine))
    reached = limits[REACHED]
    open_ones = sum(not row["planned"] and not row["decidable"] for row in mine)
    asked = (sum(row["at_mouth"] for row in planned), sum(row["takes_rim"] for row in planned))
    return [
        name,
        str(len(mine)),
        str(len(planned)),
        *(str(reached), tell_share(reached, len(mine))[1]),
        *(str(limits[limit]) for limit in LIMITS),
        str(open_ones),
        *map(str, asked),
        f"{100 * statistics.median(row['visible'] for row in planned):.0f} %" if planned else "-",
    ]
