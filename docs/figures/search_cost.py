"""Draw what the certified search costs, over spacing and candidates, into docs/images.

    python docs/figures/search_cost.py

The lists of the real CT and of the atlas at L4-L5 left, 2 to 0.5 mm apart: pairs of balls that are
looked at, and seconds as a share of those of a plain C loop in the same run, on two threads. Needs
the shared data (KAMBIN_DATA, else ../shared/data) and a C compiler.
"""

import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.certified import Loop, repeat, start, to_problem
from benchmarks.instances import Instance, make_instance, read_atlas_case, read_ct_case, refined
from benchmarks.weighted import weigh

from kambin.anatomy import Case, Level, complete
from kambin.planning.field_search import FieldProblem, search_field

mpl.use("Agg")
import matplotlib.pyplot as plt

PAGE = Path(__file__).parents[1] / "images" / "search_cost.png"
LEVEL = Level("L4", "L5")
SPACINGS_MM = (2.0, 1.5, 1.0, 0.7, 0.5)
REPEATS = 3
COLOURS = {"real CT": (0.10, 0.35, 0.70), "real atlas": (0.80, 0.35, 0.10)}
LINES = {"clearance": ("o-", to_problem), "default objective": ("s--", weigh)}


@dataclass(frozen=True)
class Cost:
    """What one search cost.

    Parameters
    ----------
    pairs : int, candidates
    nodes : int, pairs of balls looked at
    ratio : float, times as quick as the C loop
    """

    pairs: int
    nodes: int
    ratio: float


def thin(points: NDArray[np.float32], spacing_nodes: float) -> NDArray[np.float32]:
    """Return the first point of every cube of an edge, in the order of the list."""
    cubes = np.floor(points / spacing_nodes).astype(np.int64)
    _, first = np.unique(cubes, axis=0, return_index=True)
    return np.ascontiguousarray(points[np.sort(first)])


def measure(problem: FieldProblem) -> Cost:
    """Return what the search costs beside the C loop."""
    start(problem)
    ratio, _, _, found = next(repeat(Loop(problem), lambda: search_field(problem), REPEATS))
    return Cost(len(problem.entries) * len(problem.targets), found.nodes, ratio)


def study(instance: Instance) -> dict[str, list[Cost]]:
    """Return the costs of both searches at every spacing, and print them."""
    finest = refined(instance)
    costs: dict[str, list[Cost]] = {name: [] for name in LINES}
    for spacing in SPACINGS_MM:
        entries, targets = thin(finest.entries, spacing), thin(finest.targets, spacing)
        listed = replace(finest, entries=entries, targets=targets)
        for name, (_, make) in LINES.items():
            costs[name].append(measure(make(listed)))
            print(f"{instance.name}, {spacing:g} mm, {name}: {costs[name][-1]}", flush=True)
    return costs


def draw(costs: dict[str, dict[str, list[Cost]]], page: Path) -> None:
    """Draw pairs of balls over candidates, and seconds as a share of the loop's over spacing."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12.0, 5.0), layout="constrained")
    for patient, by_line in costs.items():
        for name, rows in by_line.items():
            style = {"color": COLOURS[patient], "label": f"{patient}, {name}"}
            mark = LINES[name][0]
            left.plot([c.pairs for c in rows], [c.nodes for c in rows], mark, **style)
            right.plot(SPACINGS_MM, [1 / c.ratio for c in rows], mark, **style)
    _finish_left(left, next(iter(costs.values())))
    _finish_right(right)
    figure.savefig(page, dpi=100)


def _finish_left(axes: Axes, by_line: dict[str, list[Cost]]) -> None:
    axes.set(xscale="log", yscale="log", xlabel="candidates: pairs of entry and target")
    axes.set(ylabel="pairs of balls looked at", title="Work grows far more slowly than the list")
    for spacing, cost in zip(SPACINGS_MM, by_line["clearance"], strict=True):
        axes.annotate(
            f"{spacing:g} mm", (cost.pairs, cost.nodes), (0, -16), textcoords="offset points",
            fontsize=9, color=COLOURS["real CT"], ha="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8},
        )  # fmt: skip
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=9)


def _finish_right(axes: Axes) -> None:
    axes.set(xscale="log", yscale="log", xlabel="entries and targets apart, mm")
    axes.set(ylabel="seconds, as a share of the C loop's", title="The finer, the more is spared")
    axes.set_xticks(SPACINGS_MM, [f"{s:g}" for s in SPACINGS_MM])
    axes.minorticks_off()
    axes.invert_xaxis()
    shares = (1 / 10, 1 / 30, 1 / 100, 1 / 300, 1 / 1000, 1 / 3000)
    axes.set_yticks(shares, [f"1/{1 / share:,.0f}" for share in shares])
    axes.grid(alpha=0.3)


def main() -> None:
    """Measure both patients and draw them, where the shared data is at hand."""
    with tempfile.TemporaryDirectory(prefix="kambin-figure-") as folder:
        ct, atlas = read_ct_case(Path(folder) / "ct"), read_atlas_case(Path(folder) / "atlas")
    if ct is None or atlas is None:
        print("no shared data: the picture stays as it is")
        return
    cases: dict[str, Case] = {"real CT": ct, "real atlas": atlas}
    costs = {
        name: study(make_instance(name, complete(case), LEVEL, has_nerves=name == "real CT"))
        for name, case in cases.items()
    }
    draw(costs, PAGE)
    print(f"wrote {PAGE.name}")


if __name__ == "__main__":
    main()
