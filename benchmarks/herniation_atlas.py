"""The atlas of herniations: which of them can be reached from where, and what limits the rest.

``python -m benchmarks.herniation_atlas`` (``make atlas``) places every class of herniation in every
grade at three levels on both sides of four made patients, and plans each with every technique;
a run is one of these. With ``--behind`` what the ways from behind expose stands beside it.
``--subset 200 --seed 0`` runs a part that is spread over all of them, ``--docs`` writes the tables
into the page of the atlas and the numbers of its picture, ``--control 40`` asks the whole planner
as well.

Answers are kept as they come, by the state of the code that gave them: stopped and started again,
it goes on where it was, and the table at the end is the same, byte by byte.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import Progress

from benchmarks.herniation_atlas_behind import BEHIND, expose
from benchmarks.herniation_atlas_control import compare_with_planner, tell_control
from benchmarks.herniation_atlas_design import TECHNIQUES, Fragment, Row, choose, name_run
from benchmarks.herniation_atlas_patients import find_place
from benchmarks.herniation_atlas_place import Placed
from benchmarks.herniation_atlas_plan import answer, prepare
from benchmarks.herniation_atlas_tables import make_tables
from benchmarks.made_once import name_code
from benchmarks.measure_tables import write_between
from kambin.core import KambinError
from kambin.planning import PlanRequest

ROOT = Path(__file__).parents[1]
OUT = ROOT / "benchmarks" / "out" / "herniation_atlas"
PAGE = ROOT / "docs" / "concepts" / "herniation-atlas.md"
PLANNING = ("src/kambin/anatomy", "src/kambin/core", "src/kambin/frames", "src/kambin/imaging",
            "src/kambin/knowledge", "src/kambin/measure", "src/kambin/phantom",
            "src/kambin/planning", "benchmarks/placed_herniations.py",
            "benchmarks/herniation_atlas.py", "benchmarks/herniation_atlas_design.py",
            "benchmarks/herniation_atlas_patients.py", "benchmarks/herniation_atlas_place.py",
            "benchmarks/herniation_atlas_plan.py")  # fmt: skip
"""What a plan depends on."""

APPROACHES = ("src/kambin/approaches", "benchmarks/herniation_atlas_behind.py")
"""What a way from behind depends on besides."""


@dataclass(frozen=True, slots=True)
class Task:
    """A fragment with the ways it is asked for, and the folder of what is kept."""

    fragment: Fragment
    ways: tuple[str, ...]
    folder: Path


def run(task: Task) -> list[Row]:
    """Return the answers of a fragment's ways that were asked for."""
    one = task.fragment
    place = find_place(task.folder, one.variant, one.level, one.side)
    begin = time.process_time()
    try:
        placed = place.with_fragment(one.wish)
    except KambinError as refused:
        row = {**one.words, "not_placed": f"{refused.code}: {refused.why}", "seconds": 0.0}
        return [{**row, "technique": name} for name in task.ways]
    rows = []
    for found in _answer_all(placed, task.ways):
        seconds, begin = time.process_time() - begin, time.process_time()
        rows.append({**one.words, **found, "seconds": round(seconds, 2)})
    return rows


def _answer_all(placed: Placed, ways: tuple[str, ...]) -> Iterator[Row]:
    """Yield the answers of some ways to one fragment."""
    if set(ways) & set(TECHNIQUES):
        # The same fields whichever ways are still wanting, so that the numbers are the same.
        questions = placed.find_questions(TECHNIQUES)
        prepared = prepare(questions[0], placed.place.bone)
        for name, question in zip(TECHNIQUES, questions, strict=True):
            if name in ways:
                yield {"technique": name, **answer(question, prepared)}
    if wanted := tuple(name for name in ways if name in BEHIND):
        request = PlanRequest(placed.place.level, placed.place.side)
        yield from expose(placed.case, placed.anatomy, request, wanted)


class Kept:
    """The answers of one state of the code, one a line: plans in one file, the rest in another.

    Parameters
    ----------
    out : Path, folder of all that is kept
    """

    def __init__(self, out: Path) -> None:
        """Keep where the answers are."""
        self.folder = out / name_code(PLANNING)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.patients = self.folder / "patients"
        self.plans = self.folder / "plans.jsonl"
        self.behind = self.folder / f"behind-{name_code(APPROACHES)}.jsonl"

    def read(self) -> dict[tuple[Any, ...], Row]:
        """Return all answers by what they answer."""
        lines = [line for file in (self.plans, self.behind) for line in _read_lines(file)]
        return {name_run(row): row for row in map(json.loads, lines)}

    def add(self, rows: Iterable[Row]) -> None:
        """Append answers."""
        for row in rows:
            file = self.behind if row["technique"] in BEHIND else self.plans
            with file.open("a", encoding="utf-8") as opened:
                opened.write(json.dumps(row) + "\n")


def _read_lines(file: Path) -> list[str]:
    """Return the whole lines of a file; one that was cut off is taken out, to be asked again."""
    if not file.is_file():
        return []
    text = file.read_text("utf-8")
    if not text.endswith("\n"):
        # Whoever stopped it stopped it here: what is added must not hang on to half a line.
        text = text[: text.rfind("\n") + 1]
        file.write_text(text, "utf-8")
    return text.splitlines()


def run_all(
    chosen: list[tuple[Fragment, tuple[str, ...]]],
    kept: Kept,
    jobs: int,
    most: int | None = None,
    behind: tuple[str, ...] = (),
) -> list[Row]:
    """Return the rows of some runs in their order, those that are missing run in parallel.

    Parameters
    ----------
    chosen : list of Fragment and the techniques it is asked for
    kept : Kept
    jobs : int, processes
    most : int, stop after that many fragments, or none
    behind : tuple of str, ways from behind that every fragment is asked for besides
    """
    known = kept.read()
    asked = [(one, (*names, *behind)) for one, names in chosen]
    wanted = [{**one.words, "technique": name} for one, names in asked for name in names]
    tasks = []
    for one, names in asked:
        missing = [name for name in names if (*one.words.values(), name) not in known]
        if missing:
            tasks.append(Task(one, tuple(missing), kept.patients))
    with Progress(disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("runs", total=len(wanted), completed=len(wanted) - _count(tasks))
        for rows in _spread(tasks[:most], jobs):
            kept.add(rows)
            known.update((name_run(row), row) for row in rows)
            progress.advance(bar, len(rows))
    return [known[name] for name in map(name_run, wanted) if name in known]


def _count(tasks: list[Task]) -> int:
    return sum(len(task.ways) for task in tasks)


def _spread(tasks: list[Task], jobs: int) -> Iterator[list[Row]]:
    """Yield the rows of tasks as they come, from one process or several."""
    if jobs <= 1 or len(tasks) <= 1:
        yield from map(run, tasks)
        return
    os.environ["NUMBA_NUM_THREADS"] = "1"
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(run, tasks)


def write_table(rows: list[Row], file: Path) -> Path:
    """Write the rows without their seconds, so that the same answers are the same bytes."""
    lines = [json.dumps({k: v for k, v in row.items() if k != "seconds"}) for row in rows]
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return file


def read_table(file: Path) -> list[Row]:
    """Return the rows of a table that ``write_table`` wrote."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def main(arguments: list[str]) -> int:
    """Run the atlas or a part of it, print its tables and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subset", type=int, help="so many runs, spread over all of the atlas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--stop-after", type=int, help="so many fragments, to go on later")
    parser.add_argument("--behind", action="store_true", help="also the ways from behind")
    parser.add_argument("--control", type=int, default=0, help="ask so many of the whole planner")
    parser.add_argument("--docs", action="store_true", help="write the tables into their page")
    asked = parser.parse_args(arguments)
    begin = time.perf_counter()
    kept, chosen = Kept(asked.out), choose(asked.subset, asked.seed)
    behind = BEHIND if asked.behind else ()
    rows = run_all(chosen, kept, asked.jobs, asked.stop_after, behind)
    runs = sum(len(names) for _, names in chosen)
    done = sum(row["technique"] in TECHNIQUES for row in rows)
    file = write_table(rows, kept.folder / "atlas.jsonl")
    taken = sum(row["seconds"] for row in rows)
    print(
        f"{done} of {runs} runs in {file}; processor {taken:.0f} s in planning, "
        f"{time.perf_counter() - begin:.0f} s of the clock now, {asked.jobs} processes"
    )
    for name, lines in make_tables(rows).items():
        print("\n".join(["", *lines]))
        if asked.docs:
            write_between(PAGE, name, lines)
    if asked.control:
        compared = compare_with_planner(rows, kept.patients, asked.control, asked.seed)
        print("\n".join(tell_control(compared)))
    return 0 if done == runs else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
