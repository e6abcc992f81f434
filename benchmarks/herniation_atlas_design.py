"""What the atlas of herniations asks: patients, levels, sides, classes, sizes and techniques."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from kambin.anatomy import Level
from kambin.anatomy.fragment_wish import FragmentWish
from kambin.frames import Side
from kambin.knowledge import techniques

VARIANTS = {
    "normal": (),
    "high crest": ("high-crest",),
    "large SAP": ("large-sap",),
    "collapsed disc": ("collapsed-disc",),
}
LEVELS = ("L3-L4", "L4-L5", "L5-S1")
HERNIATIONS = {
    "central": ("central", "none", "extrusion"),
    "paracentral": ("paracentral", "none", "extrusion"),
    "subarticular": ("subarticular", "none", "extrusion"),
    "foraminal": ("foraminal", "none", "extrusion"),
    "extraforaminal": ("extraforaminal", "none", "extrusion"),
    "near up": ("paracentral", "near-up", "sequestration"),
    "far up": ("paracentral", "far-up", "sequestration"),
    "near down": ("paracentral", "near-down", "sequestration"),
    "far down": ("paracentral", "far-down", "sequestration"),
}
"""Zone, migration and morphology of each class (evidence 2.2, 5.2, 5.4)."""

SIZES = (1, 2, 3)
TECHNIQUES = tuple(techniques())

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fragment:
    """One herniation of the atlas: patient, level, side, class and size."""

    variant: str
    level: str
    side: str
    herniation: str
    size: int

    @property
    def words(self) -> Row:
        """Return the names a row carries."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def wish(self) -> FragmentWish:
        """Return what is placed."""
        zone, migration, morphology = HERNIATIONS[self.herniation]
        level, side = Level.parse(self.level), Side(self.side)
        return FragmentWish(level, side, zone, migration, self.size, morphology)


def name_run(row: Row) -> tuple[Any, ...]:
    """Return what a row answers."""
    return (*(row[name] for name in Fragment.__slots__), row["technique"])


def list_fragments() -> list[Fragment]:
    """Return all fragments of the atlas, in the order of its tables."""
    sides = [side.value for side in Side]
    factors = (VARIANTS, LEVELS, sides, HERNIATIONS, SIZES)
    return [Fragment(*words) for words in itertools.product(*factors)]


def choose(count: int | None, seed: int) -> list[tuple[Fragment, tuple[str, ...]]]:
    """Return the fragments and techniques of a subset of runs, or all of them.

    Parameters
    ----------
    count : int, how many runs, or none for all
    seed : int, of the order in which they are drawn

    Notes
    -----
    Drawn are both sides of a fragment with all techniques, always where fewest were drawn before:
    of patient, level, class and size. A smaller subset is part of a larger one of the same seed.
    The last one may lack techniques.
    """
    everything = list_fragments()
    if count is None:
        return [(one, TECHNIQUES) for one in everything]
    rng = np.random.default_rng(seed)
    left, right = (side.value for side in Side)
    pairs = [one for one in everything if one.side == left]
    waiting = [pairs[n] for n in rng.permutation(len(pairs))]
    drawn: dict[object, int] = {}  # how often each of these was drawn
    chosen: list[tuple[Fragment, tuple[str, ...]]] = []
    while count > 0 and waiting:
        strata = [
            (f.variant, f.level, (f.variant, f.level), f.herniation, f.size, (f.herniation, f.size))
            for f in waiting
        ]
        worth = [tuple(drawn.get(name, 0) for name in names) for names in strata]
        at = min(range(len(waiting)), key=lambda n: (sum(worth[n]), worth[n]))
        for name in strata[at]:
            drawn[name] = drawn.get(name, 0) + 1
        one = waiting.pop(at)
        for side in (left, right):
            taken = TECHNIQUES[: max(count, 0)]
            count -= len(taken)
            if taken:
                chosen.append((Fragment(**{**one.words, "side": side}), taken))
    order = {one: n for n, one in enumerate(everything)}
    return sorted(chosen, key=lambda row: order[row[0]])
