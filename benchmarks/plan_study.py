"""Plans of two real patients: three levels, both sides, herniations of five classes in each.

``python -m benchmarks.plan_study DATA [--docs] [--cache DIR]``; DATA is the folder of the shared
data, ``--docs`` writes the tables into the page of the planned patients, ``--cache`` keeps every
answer by the state of the code that gave it. Nothing is drawn at random: the same code gives the
same tables.
"""

import argparse
import itertools
import json
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.made_once import name_code
from benchmarks.measure_tables import write_between
from benchmarks.placed_herniations import (
    HERNIATIONS,
    LEVELS,
    PATIENTS,
    complete_placed,
    place,
    read_patient,
)
from benchmarks.plan_checklist import answer_all
from benchmarks.plan_tables import OF_PLAN_ONLY, PLAN_ONLY, make_tables
from kambin.anatomy import Anatomy, Case, Level, complete
from kambin.core import KambinError
from kambin.desk.workbench import MemoryStore
from kambin.frames import Side
from kambin.planning import Plan, PlanRequest, measure_iliac_block, plan_trajectory
from kambin.planning.question import prepare_question

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "concepts" / "planned-patients.md"
CACHE = ROOT / "benchmarks" / "out" / "plan_study"
ROOMS = ("core", "frames", "knowledge", "imaging", "anatomy", "measure", "planning")
DECIDING = (*(f"src/kambin/{room}" for room in ROOMS), "benchmarks/placed_herniations.py",
            "benchmarks/plan_checklist.py")  # fmt: skip
"""What an answer depends on."""

Row = dict[str, Any]


class Patient:
    """A patient whose answers are kept, and who is completed only when one is missing."""

    def __init__(self, data: Path, name: str, cache: Path) -> None:
        """Keep where the data and the kept answers are."""
        self.name = name
        self.data, self.cache = data, cache
        self.kept = cache / name_code(DECIDING)
        self.kept.mkdir(parents=True, exist_ok=True)
        self._read: tuple[Case, Anatomy] | None = None
        self._placed: tuple[tuple[str, ...], Case, Anatomy] | None = None

    @property
    def completed(self) -> tuple[Case, Anatomy]:
        """Return the patient without a herniation."""
        if self._read is None:
            case = read_patient(self.data, self.name, self.cache)
            self._read = case, complete(case)
        return self._read

    def with_herniation(self, word: str, side: Side, kind: str) -> tuple[Case, Anatomy]:
        """Return the patient with one, the last one at once."""
        key = (word, side.value, kind)
        if self._placed is None or self._placed[0] != key:
            case, anatomy = self.completed
            placed = place(case, anatomy, Level.parse(word), side, kind)
            self._placed = key, placed, complete_placed(anatomy, placed)
        return self._placed[1:]

    def recall(self, word: str, side: Side, kind: str) -> Row:
        """Return an answer that was kept, or find it."""
        file = self.kept / f"{self.name}-{word}-{side.value}-{kind.replace(' ', '-')}.json"
        if not file.is_file():
            begin = time.process_time()
            found = self.block(word, side) if kind == "ilium" else self.answer(word, side, kind)
            found["seconds"] = time.process_time() - begin
            file.write_text(json.dumps(found), "utf-8")
            print(file.stem, found.get("planned"), f"{found['seconds']:.1f} s", flush=True)
        kept: Row = json.loads(file.read_text("utf-8"))
        where = {"patient": self.name, "level": word, "side": side.value, "herniation": kind}
        return {**where, **kept}

    def answer(self, word: str, side: Side, kind: str) -> Row:
        """Return what the planner says of a herniation, and the checklist of a plan."""
        margins = "plan-only" if kind == PLAN_ONLY else "fluoroscopy"
        try:
            shape = OF_PLAN_ONLY if kind == PLAN_ONLY else kind
            case, anatomy = self.with_herniation(word, side, shape)
        except KambinError as refused:
            return {"not_placed": f"{refused.code}: {refused.why}"}
        request = PlanRequest(Level.parse(word), side, margins=margins)
        # The whole patient's fields would fill the memory: those of this herniation are kept.
        answer = plan_trajectory(case, anatomy, request, store=MemoryStore())
        row: Row = {"answer": json.loads(answer.model_dump_json())}
        row["planned"] = isinstance(answer, Plan)
        if isinstance(answer, Plan):
            row["checks"] = [asdict(one) for one in answer_all(answer, anatomy)]
        return row

    def block(self, word: str, side: Side) -> Row:
        """Return what the ilium takes away from paths to the paracentral zone."""
        case, anatomy = self.completed
        request = PlanRequest(Level.parse(word), side, zone="paracentral")
        problem = prepare_question(case, anatomy, request).problem
        # At the mouth a cannula may dock by a person's word: the most that can pass.
        tools = replace(problem.tools, docks_at_mouth=True)
        found = asdict(measure_iliac_block(replace(problem, tools=tools)))
        return {name: found[name] for name in found if name.endswith(("passing", "blocked"))}


def study(patients: Iterable[Patient], kinds: Iterable[str] = HERNIATIONS) -> Iterator[Row]:
    """Yield the answers of patients, one class after the other, and the ilium last."""
    known = list(patients)
    for kind, patient, word, side in itertools.product(kinds, known, LEVELS, Side):
        yield patient.recall(word, side, kind)
        # At once, while the patient with this herniation is at hand.
        if kind == OF_PLAN_ONLY:
            yield patient.recall(word, side, PLAN_ONLY)
    for patient, word, side in itertools.product(known, LEVELS, Side):
        yield patient.recall(word, side, "ilium")


def main(arguments: list[str]) -> int:
    """Plan every herniation of both patients, print the tables and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the shared data")
    parser.add_argument("--patients", nargs="+", default=sorted(PATIENTS))
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--docs", action="store_true", help="write the tables into their page")
    asked = parser.parse_args(arguments)
    rows = list(study([Patient(asked.data, name, asked.cache) for name in asked.patients]))
    for name, lines in make_tables(rows, asked.patients).items():
        print("\n".join(lines), end="\n\n")
        if asked.docs:
            write_between(PAGE, name, lines)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
