"""Compare six ways to operate on made and real patients: tables of docs/concepts/approaches.md.

    python docs/figures/approaches.py [phantom atlas ct order]

Writes a picture for each patient, level and side into docs/images, the tables between their marks
on the page, and the order of tissue cost on 40 made patients. A paracentral fragment is placed in
each; the order asks for geometry alone and plans nothing. Needs the shared data (KAMBIN_DATA, else
../shared/data).
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from real_patients import read_patient

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure_tables import table_lines, write_between
from benchmarks.placed_herniations import complete_placed, place

from kambin.anatomy import Case, Level, complete
from kambin.approaches import Comparison, Ground, Measured, describe_comparison, measure_all
from kambin.approaches.compare import measure
from kambin.approaches.fields import PUBLISHED_METRICS
from kambin.frames import Side
from kambin.knowledge.approaches import approaches
from kambin.knowledge.published import published_of
from kambin.phantom import PhantomParameters, build_phantom
from kambin.phantom.parameters import VARIANTS
from kambin.planning import PlanRequest
from kambin.report.compare_figure import draw_comparison

DOCS = Path(__file__).parents[1]
PAGE = DOCS / "concepts" / "approaches.md"
L4_L5, L5_S1 = Level("L4", "L5"), Level("L5", "S1")
ASKED = {
    "phantom": ((L4_L5, Side.LEFT),),
    "atlas": tuple((level, side) for level in (L4_L5, L5_S1) for side in Side),
    "ct": ((L4_L5, Side.LEFT), (L4_L5, Side.RIGHT)),
}
TITLES = {"phantom": "made patient, 1 mm", "atlas": "atlas, 1 mm", "ct": "CT, 3 mm"}
SEEDS, SPACING_MM = 40, 1.5
# A sacralised L5 has no disc below it that could be operated on.
LEFT_OUT = ("l6", "scoliosis", "sacralised-l5", "sacralised-l5-left", "sacralised-l5-right")
KEPT_VARIANTS = tuple(v for v in VARIANTS if v not in LEFT_OUT)


def main() -> None:
    """Draw and measure what the words of the command line ask for, or everything."""
    words = sys.argv[1:] or [*ASKED, "order"]
    for name in (word for word in words if word in ASKED):
        write_between(PAGE, name, compare_patient(name))
    write_between(PAGE, "papers", write_papers())
    if "order" in words:
        write_between(PAGE, "order", study_order(SEEDS))


def compare_patient(name: str) -> list[str]:
    """Return the pictures and tables of one patient as lines, and write its pictures."""
    case = make_patient() if name == "phantom" else read_patient(name)
    anatomy = complete(case)
    parts = []
    for level, side in ASKED[name]:
        placed = place(case, anatomy, level, side, "paracentral")
        with_fragment = complete_placed(anatomy, placed)
        request = PlanRequest(level, side)
        found = measure_all(placed, with_fragment, request)
        ground = Ground.of(placed, with_fragment, request)
        picture = f"approaches_{name}_{level}_{side}.png".lower()
        (DOCS / "images" / picture).write_bytes(draw_comparison(ground, found))
        title = f"{TITLES[name]}, {level} {side}"
        image = f"![Six ways to operate, {title}](../images/{picture})"
        parts.append([image, "", *write_table(title, describe_comparison(ground, found))])
    return [*parts[0], *(line for part in parts[1:] for line in ("", *part))]


def make_patient() -> Case:
    """Return the made patient of the docs."""
    made = build_phantom(PhantomParameters(L4_L5, Side.LEFT))
    return Case(made.image, made.labels, made.names, "kambin")


def write_table(title: str, found: Comparison) -> list[str]:
    """Return the numbers of a comparison as lines of a table, with one standard deviation."""
    names = list(found.approaches)
    rows = []
    for field, note in found.fields.items():
        unit = "" if note.unit == "1" else f", {note.unit}"
        rows.append((f"`{field}`{unit}", *(write_cell(found, name, field) for name in names)))
    head = (title, *(found.approaches[name].title for name in names))
    lines = [*table_lines(head, rows)]
    refused = found.approaches["transforaminal"].refused
    if refused is not None:
        lack = "" if refused.deficit_mm is None else f" by {refused.deficit_mm:.2f} mm"
        told = f"`{refused.structure}` binds at the {refused.stage}{lack}."
        lines += ["", f"The planner finds no way through the foramen: {told}"]
    return lines


def write_papers() -> Iterator[str]:
    """Return what papers print as lines of a table, one row a figure."""
    rows = []
    for metric in PUBLISHED_METRICS:
        for row in published_of(metric):
            against = f" against {row.comparator}" if row.comparator else ""
            cells = (metric, row.approach, row.figure + against)
            rows.append((*(cell.replace("_", " ") for cell in cells), row.origin))
    return table_lines(("what", "way", "figure", "design, n, source"), rows)


def write_cell(found: Comparison, name: str, field: str) -> str:
    """Return one number with its standard deviation."""
    cost = found.approaches[name]
    number = getattr(cost, field)
    if number is None or isinstance(number, str):
        return "null" if number is None else number.replace("_", " ")
    digits = 2 if field.endswith("_fraction") else 1 if field.endswith("_mm") else 0
    sigma = getattr(cost.sigma, field, None)
    return f"{number:.{digits}f}" + (f" ± {sigma:.{digits}f}" if sigma else "")


def study_order(count: int) -> list[str]:
    """Return as lines what of the expected order holds on many made patients."""
    held: dict[str, int] = {}
    broken: list[str] = []
    for seed in range(count):
        variants = () if seed % 2 == 0 else (KEPT_VARIANTS[seed // 2 % len(KEPT_VARIANTS)],)
        level, side = ((L4_L5, L5_S1)[seed // 2 % 2], list(Side)[seed % 2])
        for name, is_so in check_order(measure_back_of(seed, variants, level, side)).items():
            held[name] = held.get(name, 0) + is_so
            if not is_so:
                broken.append(
                    f"seed {seed} ({', '.join(variants) or 'usual'}, {level} {side}): {name}"
                )
    rows = [(name, f"{found} of {count}") for name, found in held.items()]
    table = table_lines(("what the definitions predict", "holds in"), rows)
    return [*table, "", *(f"- {line}" for line in broken)]


def measure_back_of(
    seed: int, variants: tuple[str, ...], level: Level, side: Side, spacing_mm: float = SPACING_MM
) -> dict[str, Measured]:
    """Return the ways from behind on one made patient, without a plan and without a fragment."""
    made = build_phantom(
        PhantomParameters(level, side, seed=seed, variants=variants, spacing_mm=spacing_mm)
    )
    case = Case(made.image, made.labels, made.names, "kambin")
    ground = Ground.of(case, complete(case), PlanRequest(level, side, zone="paracentral"))
    names = [name for name, row in approaches().items() if row.corridor != "foramen"]
    return {name: measure(ground, name, None) for name in names}


def check_order(found: dict[str, Measured]) -> dict[str, bool]:
    """Return which parts of the expected order hold."""
    cost = {name: one.cost for name, one in found.items()}
    inter, tube, retractor, window, whole = (
        cost[name]
        for name in (
            "interlaminar",
            "microdiscectomy_tubular",
            "microdiscectomy_retractor",
            "open_fenestration",
            "open_laminectomy",
        )
    )
    off = [one.muscle_detached_mm3 for one in (inter, tube, retractor, window, whole)]
    bone = [one.lamina_mm3 for one in (inter, tube, retractor, window, whole)]
    flavum = [one.flavum_mm3 for one in (inter, tube, retractor, window, whole)]
    skin = [one.skin_mm for one in (inter, tube, retractor, window, whole)]
    return {
        "muscle taken off: laminectomy > fenestration > retractor > tube = interlaminar = 0": (
            off[4] > off[3] > off[2] > off[1] == off[0] == 0
        ),
        "lamina: laminectomy > fenestration > microdiscectomy (tube = retractor)": (
            bone[4] > bone[3] > bone[2] == bone[1]
        ),
        "lamina: microdiscectomy >= interlaminar": bone[1] >= bone[0],
        "flavum: laminectomy > fenestration >= microdiscectomy > interlaminar": (
            flavum[4] > flavum[3] >= flavum[2] > flavum[0]
        ),
        "skin: laminectomy > fenestration > tube, retractor > interlaminar": (
            skin[4] > skin[3] > max(skin[1:3]) and min(skin[1:3]) > skin[0]
        ),
    }


if __name__ == "__main__":
    main()
