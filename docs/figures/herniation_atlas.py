"""Draw what of the atlas of herniations is reached, and what limits the rest, into docs/images.

    python docs/figures/herniation_atlas.py [ATLAS]

ATLAS is the file that ``python -m benchmarks.herniation_atlas`` names at its end; without one the
answers of the present code are taken, and where there are none the picture stays as it is.
"""

import sys
from collections import Counter
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.herniation_atlas import OUT, Kept, read_table
from benchmarks.herniation_atlas_tables import (
    FACTORS,
    LIMITS,
    REACHED,
    Patch,
    Row,
    class_shares,
    find_words,
    gather,
    is_behind,
    way_shares,
    wilson,
)

mpl.use("Agg")
import matplotlib.pyplot as plt

IMAGE = Path(__file__).parents[1] / "images" / "herniation_atlas.png"
DIM = (0.55, 0.55, 0.55)
DARK = 0.6
"""Shares above this are written in white."""

COLOURS = dict(
    zip(
        (REACHED, *LIMITS),
        ("#2c7fb8", "#a6cee3", "#e6a117", "#c7e9b4", "#7b3294", "#d7301f", "#fc8d59", "#8c6d31",
         "#969696"),
        strict=True,
    )
)  # fmt: skip


def draw(rows: list[Row], image: Path) -> None:
    """Draw three parts: class by technique, what limits each class, and the share by factor."""
    patches = [patch for patch in gather(rows) if patch.is_placed]
    figure = plt.figure(figsize=(14.0, 9.6), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.15, 1.0))
    shares, limits = upper.subplots(1, 2, width_ratios=(1.5, 1.0), sharey=True)
    draw_shares(shares, patches, rows)
    draw_limits(limits, patches)
    draw_factors(lower.subplots(1, 1), patches)
    figure.savefig(image, dpi=110)
    plt.close(figure)


def draw_shares(axes: Axes, patches: list[Patch], rows: list[Row]) -> None:
    """Draw the share of each class that each technique and way reaches, as a table in colour."""
    names = list(dict.fromkeys(row["technique"] for row in rows if not is_behind(row)))
    behind = list(dict.fromkeys(row["technique"] for row in rows if is_behind(row)))
    found = class_shares(patches, names)
    for word, shares in way_shares(patches, behind).items():
        if word in found:
            found[word].update({name: shares[name] for name in behind})
    columns = ["any technique", *names, *behind]
    filled = np.array([[row[name] for name in columns] for row in found.values()], dtype=float)
    axes.imshow(filled, cmap="Blues", vmin=0.0, vmax=1.25, aspect="auto")
    for (y, x), share in np.ndenumerate(filled):
        word = "-" if np.isnan(share) else f"{100 * share:.0f}"
        style = {"weight": "normal" if x else "bold", "color": "white" if share > DARK else "black"}
        axes.text(x, y, word, ha="center", va="center", fontsize=9, **style)
    for at in (0.5, len(names) + 0.5):
        axes.axvline(at, color="white", linewidth=4)
    words = [column.replace("_", " ") for column in columns]
    axes.set_xticks(range(len(columns)), words, rotation=35, ha="right", fontsize=8)
    axes.set_yticks(range(len(found)), found, fontsize=10)
    title = "Share of fragments reached, %: through the foramen, and from behind"
    axes.set_title(title, fontsize=11, loc="left")
    axes.tick_params(length=0)


def draw_limits(axes: Axes, patches: list[Patch]) -> None:
    """Draw per class how many fragments are reached by any technique, and what limits the rest."""
    words = find_words(patches, "herniation")
    left = np.zeros(len(words))
    counts = {w: Counter(p.limit for p in patches if p.words["herniation"] == w) for w in words}
    for limit, colour in COLOURS.items():
        many = np.array([100 * counts[w][limit] / counts[w].total() for w in words])
        axes.barh(range(len(words)), many, left=left, color=colour, label=limit, height=0.8)
        left += many
    axes.set_xlim(0, 100)
    axes.set_title(
        "Any way through the foramen, and what limits the rest, %", fontsize=11, loc="left"
    )
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(0.0, -0.08), ncols=3, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def draw_factors(axes: Axes, patches: list[Patch]) -> None:
    """Draw the share reached with its interval, by patient, level, side, class and size."""
    ticks, at = [], 0.0
    for title, name in {"": None, **FACTORS}.items():
        begin = at
        for word in find_words(patches, name) if name else ["all"]:
            mine = [p for p in patches if name is None or p.words[name] == word]
            hits, many = sum(p.limit == REACHED for p in mine), len(mine)
            low, high = (100 * end for end in wilson(hits, many))
            axes.plot([at, at], [low, high], color=COLOURS[REACHED], linewidth=2)
            axes.plot([at], [100 * hits / many], "o", color=COLOURS[REACHED], clip_on=False)
            axes.text(at + 0.12, 100 * hits / many, f"{hits}/{many}", fontsize=7.5, va="bottom")
            ticks.append((at, str(word)))
            at += 1.0
        axes.text((begin + at - 1) / 2, 103, title, ha="center", fontsize=10)
        at += 0.8
    axes.set_xticks(*map(list, zip(*ticks, strict=True)), rotation=35, ha="right", fontsize=9)
    axes.set(ylim=(0, 102), xlim=(-0.6, at - 0.6), ylabel="reached by any technique, %")
    axes.grid(axis="y", color=DIM, alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def main(arguments: list[str]) -> None:
    """Draw the atlas of a file, or of the present code."""
    file = Path(arguments[0]) if arguments else Kept(OUT).folder / "atlas.jsonl"
    if not file.is_file():
        print("no answers of the present code (make atlas): the picture stays as it is")
        return
    draw(read_table(file), IMAGE)
    print(f"wrote {IMAGE.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
