"""The tables of the study of planned patients."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.measure_tables import table_lines
from benchmarks.placed_herniations import HERNIATIONS, LEVELS
from benchmarks.plan_checklist import QUESTIONS
from kambin.frames import Side
from kambin.knowledge import technique

OF_PLAN_ONLY = "paracentral"
PLAN_ONLY = f"plan-only {OF_PLAN_ONLY}"
"""That herniation once more, under the margins of a plan without fluoroscopy."""

PUBLISHED = {
    "L3-L4": ("111 to 143 (T2); 90, 64, 32 (T1)", "53, 40, 12 (T1)", "+3 (T1)"),
    "L4-L5": ("124 to 157 (T2); 140, 77, 45 (T1)", "61, 47, 20 (T1)", "10 caudal (T1)"),
    "L5-S1": (
        "180, 85, 55 to 60 (T1); 83 to 114 (T6)",
        "68, 52, 27 (T1); 32 to 48 (T6)",
        "27 caudal (T1)",
    ),
}
"""Entry, axial and cranio-caudal angle that papers print (evidence 2.1); T1 gives the lines to the
posterior nucleus, the centre and the lateral nucleus."""

HEAD = ("level", "side", "herniation", "answer", "lateral mm", "axial deg", "cranio-caudal deg",
        "docks short mm", "to nerve or sac mm", "bone mm³", "% of SAP", "reached %", "seen %",
        "likeliest contact", "continuum gap mm", "checklist")  # fmt: skip
HEAD_COUNTS = ("patient", "herniation", "asked", "placed", "planned", "proved best of the list",
               "no safe path", "cannot be decided")  # fmt: skip
HEAD_PAPERS = ("patient", "level", "plans", "lateral mm", "usual", "printed", "axial deg", "usual",
               "printed", "cranio-caudal deg", "usual", "printed")  # fmt: skip
HEAD_ILIUM = ("patient", "level", "side", "all stages pass without it", "blocked", "share",
              "needle passes without it", "blocked", "share")  # fmt: skip
HEAD_CHECKS = ("patient", "level", "side", "herniation", "side letters", "tool ends, mm",
               "tube through the process only", "root beside it")  # fmt: skip
Row = dict[str, Any]


def make_tables(rows: list[Row], patients: Iterable[str]) -> dict[str, list[str]]:
    """Return the lines of every table by its name in the page."""
    known = list(patients)
    answers = [row for row in rows if row["herniation"] != "ilium"]
    tables = {
        "counts": table_lines(HEAD_COUNTS, count_answers(answers, known)),
        "papers": table_lines(HEAD_PAPERS, beside_papers(answers, known)),
        "ilium": table_lines(HEAD_ILIUM, map(ilium_cells, _of(rows, herniation="ilium"))),
        "pictures": table_lines(HEAD_CHECKS, map(check_cells, find_pictured(answers, known))),
    }
    for name in known:
        mine = sorted(_of(answers, patient=name), key=_order)
        tables[name] = table_lines(HEAD, map(answer_cells, mine))
    return {name: list(lines) for name, lines in tables.items()}


def _of(rows: Iterable[Row], **wanted: str) -> list[Row]:
    return [row for row in rows if all(row[name] == word for name, word in wanted.items())]


def _order(row: Row) -> tuple[int, int, int]:
    kinds = (*HERNIATIONS, PLAN_ONLY)
    side = [one.value for one in Side].index(row["side"])
    return LEVELS.index(row["level"]), side, kinds.index(row["herniation"])


def find_pictured(rows: list[Row], patients: Iterable[str]) -> Iterator[Row]:
    """Yield for each patient, level and side the answer that is drawn: the first plan, if any."""
    for patient, level, side in itertools.product(patients, LEVELS, Side):
        there = _of(rows, patient=patient, level=level, side=side.value)
        mine = sorted((row for row in there if row["herniation"] != "ilium"), key=_order)
        answered = [row for row in mine if "planned" in row]
        planned = [row for row in answered if row["planned"]]
        yield from (planned or answered)[:1]


def answer_cells(row: Row) -> list[str]:
    """Return the cells of one answer."""
    head = [row["level"], row["side"], row["herniation"]]
    if "not_placed" in row:
        return [*head, f"not placed: {row['not_placed']}", *[""] * (len(HEAD) - 4)]
    answer = row["answer"]
    if not row["planned"]:
        binding = answer["binding"]
        lack = binding["deficit_mm"]
        why = f"{binding['structure']} at the {binding['stage']}"
        why += "" if lack is None else f", {lack:.2f} mm"
        why += f", at the nearest of {answer['certificate']['candidates']:,} candidates"
        word = "no safe path" if answer["decidable"] else "cannot be decided"
        return [*head, f"{word}: {why}", *[""] * (len(HEAD) - 4)]
    return [*head, *plan_cells(answer), tell_checks(row)]


def tell_checks(row: Row) -> str:
    """Return how many questions of the checklist hold, and which do not."""
    broken = [one["question"] for one in row["checks"] if not one["holds"]]
    return f"not {', '.join(broken)}" if broken else "holds"


def plan_cells(plan: Row) -> list[str]:
    """Return the cells of a plan: what is asked, where it enters, what it takes and reaches."""
    asked = sorted({f["code"] for f in plan["findings"] if f["severity"] == "CONFIRM"})
    entry, angles, bone, reach = (plan[k] for k in ("entry", "angles", "resection", "reach"))
    cannula = next(stage for stage in plan["stages"] if stage["tool"] == "cannula")
    contact = plan["certainty"]["contact_probability"]
    worst = max(contact, key=lambda key: (contact[key], key), default="")
    gap = plan["certificate"]["continuum_gap_mm"]
    return [
        "plan" + (f", asks {', '.join(asked)}" if asked else ""),
        f"{entry['lateral_of_midline_mm']:.0f}",
        f"{angles['axial_inclination_to_patient_deg']:.0f}",
        f"{angles['craniocaudal_to_patient_deg']:+.0f}",
        f"{cannula['stop_mm']:.1f}",
        f"{least_mm(plan, ('nerve', 'sac')):.1f}",
        "-" if bone["volume_mm3"] is None else f"{bone['volume_mm3']:.0f}",
        "-" if bone["sap_fraction"] is None else f"{100 * bone['sap_fraction']:.0f}",
        "-" if reach["reachable_fraction"] is None else f"{100 * reach['reachable_fraction']:.0f}",
        "-" if reach["visible_fraction"] is None else f"{100 * reach['visible_fraction']:.0f}",
        f"{worst} {100 * contact[worst]:.0f} %" if worst else "-",
        "-" if gap is None else f"{gap:.2f}",
    ]


def least_mm(plan: Row, groups: tuple[str, ...]) -> float:
    """Return the least clearance to some groups over the stages that demand one."""
    return float(
        min(
            row["clearance_mm"]
            for stage in plan["stages"]
            for row in stage["clearances"]
            if row["group"] in groups and row["hard_margin_mm"] is not None
        )
    )


def check_cells(row: Row) -> list[str]:
    """Return the cells of the checklist of one picture."""
    head = [row[name] for name in ("patient", "level", "side", "herniation")]
    if not row["planned"]:
        return [*head, *["no plan"] * len(QUESTIONS)]
    found = {one["question"]: one for one in row["checks"]}
    told = [found[question] for question in QUESTIONS]
    return [*head, *(f"{'yes' if one['holds'] else 'NO'}: {one['found']}" for one in told)]


def ilium_cells(row: Row) -> list[str]:
    """Return the cells of what the ilium takes away at one level and side."""
    cells = [row[name] for name in ("patient", "level", "side")]
    for passing, blocked in (("passing", "blocked"), ("needle_passing", "needle_blocked")):
        whole, taken = row[passing], row[blocked]
        share = f"{100 * taken / whole:.0f} %" if whole else "nothing passes"
        cells += [f"{whole:,}", f"{taken:,}", share]
    return cells


def beside_papers(rows: list[Row], patients: Iterable[str]) -> Iterator[list[str]]:
    """Yield per patient and level where the plans enter, beside what papers print."""
    for patient, level in itertools.product(patients, LEVELS):
        mine = _of(rows, patient=patient, level=level)
        plans = [row["answer"] for row in mine if row.get("planned")]
        usual = technique("outside-in").preferred[level]
        found = [
            [plan["entry"]["lateral_of_midline_mm"] for plan in plans],
            [plan["angles"]["axial_inclination_to_patient_deg"] for plan in plans],
            [plan["angles"]["craniocaudal_to_patient_deg"] for plan in plans],
        ]
        ranges = (usual.lateral_mm, usual.axial_inclination_deg, usual.craniocaudal_deg)
        cells = [patient, level, str(len(plans))]
        for values, (low, high), printed in zip(found, ranges, PUBLISHED[level], strict=True):
            middle = sorted(values)[len(values) // 2] if values else 0.0
            told = f"{min(values):.0f} to {max(values):.0f}, median {middle:.0f}" if values else "-"
            cells += [told, f"{low:g} to {high:g}", printed]
        yield cells


def count_answers(rows: list[Row], patients: Iterable[str]) -> Iterator[list[str]]:
    """Yield per patient and herniation how many of its places were planned."""
    for patient, kind in itertools.product(patients, (*HERNIATIONS, PLAN_ONLY)):
        mine = _of(rows, patient=patient, herniation=kind)
        placed = [row for row in mine if "not_placed" not in row]
        planned = [row for row in placed if row["planned"]]
        decided = [row for row in placed if not row["planned"] and row["answer"]["decidable"]]
        open_ones = len(placed) - len(planned) - len(decided)
        proved = [row for row in planned if row["answer"]["certificate"]["gap_mm"] == 0]
        numbers = (*map(len, (mine, placed, planned, proved, decided)), open_ones)
        yield [patient, kind, *map(str, numbers)]
