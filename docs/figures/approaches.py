"""Compare six ways to operate on made and real patients: tables of docs/concepts/approaches.md.

    python docs/figures/approaches.py [phantom atlas ct order]

Writes a picture for each patient, level and side into docs/images, the tables between their marks
on the page, and the order of tissue cost on 40 made patients. A paracentral fragment is placed in
each; the order asks for geometry alone and plans nothing. Needs the shared data (KAMBIN_DATA, else
../shared/data).
"""

import sys
from pathlib import Path

from real_patients import PATIENTS, read_patient

from kambin.anatomy import Anatomy, Case, Level, Origin, complete
from kambin.anatomy.fragment import FragmentNote, put_fragment
from kambin.anatomy.fragment_model import place_fragment
from kambin.anatomy.fragment_wish import FragmentWish
from kambin.approaches import Comparison, Ground, Measured, describe_comparison, measure_all
from kambin.approaches.compare import measure
from kambin.approaches.fields import PUBLISHED_METRICS
from kambin.exchange import settle_case
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
        write_between(PAGE, name, "\n\n".join(compare_patient(name)))
    write_between(PAGE, "papers", write_papers())
    if "order" in words:
        write_between(PAGE, "order", study_order(SEEDS))


def compare_patient(name: str) -> list[str]:
    """Return the tables of one patient, and write its pictures."""
    case = make_patient() if name == "phantom" else read_patient(PATIENTS[name])
    anatomy = complete(case)
    parts = []
    for level, side in ASKED[name]:
        placed, with_fragment = place(case, anatomy, level, side)
        request = PlanRequest(level, side)
        found = measure_all(placed, with_fragment, request)
        ground = Ground.of(placed, with_fragment, request)
        picture = f"approaches_{name}_{level}_{side}.png".lower()
        (DOCS / "images" / picture).write_bytes(draw_comparison(ground, found))
        title = f"{TITLES[name]}, {level} {side}"
        parts.append(f"![Six ways to operate, {title}](../images/{picture})")
        parts.append(write_table(title, describe_comparison(ground, found)))
    return parts


def make_patient() -> Case:
    """Return the made patient of the docs."""
    made = build_phantom(PhantomParameters(L4_L5, Side.LEFT))
    return Case(made.image, made.labels, made.names, "kambin")


def place(case: Case, anatomy: Anatomy, level: Level, side: Side) -> tuple[Case, Anatomy]:
    """Return a case with a paracentral fragment, and its anatomy."""
    wish = FragmentWish(level, side, "paracentral")
    found = place_fragment(case, anatomy, wish)
    note = FragmentNote(Origin.MODELLED, wish.as_words())
    placed = settle_case(put_fragment(case, found.mask, note))
    return placed, complete(placed)


def write_table(title: str, found: Comparison) -> str:
    """Return the numbers of a comparison as a table, with one standard deviation."""
    names = list(found.approaches)
    lines = [
        f"| {title} | {' | '.join(found.approaches[name].title for name in names)} |",
        "|---" * (len(names) + 1) + "|",
    ]
    for field, note in found.fields.items():
        cells = [write_cell(found, name, field) for name in names]
        unit = "" if note.unit == "1" else f", {note.unit}"
        lines.append(f"| `{field}`{unit} | {' | '.join(cells)} |")
    refused = found.approaches["transforaminal"].refused
    if refused is not None:
        lack = "" if refused.deficit_mm is None else f" by {refused.deficit_mm:.2f} mm"
        lines.append(
            f"\nThe planner finds no way through the foramen: `{refused.structure}` binds at the "
            f"{refused.stage}{lack}."
        )
    return "\n".join(lines)


def write_papers() -> str:
    """Return what papers print, one row a figure."""
    lines = ["| what | way | figure | design, n, source |", "|---|---|---|---|"]
    for metric in PUBLISHED_METRICS:
        for row in published_of(metric):
            against = f" against {row.comparator}" if row.comparator else ""
            cells = (metric, row.approach, row.figure + against)
            words = " | ".join(cell.replace("_", " ") for cell in cells)
            lines.append(f"| {words} | {row.origin} |")
    return "\n".join(lines)


def write_cell(found: Comparison, name: str, field: str) -> str:
    """Return one number with its standard deviation."""
    cost = found.approaches[name]
    number = getattr(cost, field)
    if number is None or isinstance(number, str):
        return "null" if number is None else number.replace("_", " ")
    digits = 2 if field.endswith("_fraction") else 1 if field.endswith("_mm") else 0
    sigma = getattr(cost.sigma, field, None)
    return f"{number:.{digits}f}" + (f" ± {sigma:.{digits}f}" if sigma else "")


def study_order(count: int) -> str:
    """Return what of the expected order holds on made patients of different seeds and variants."""
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
    lines = ["| what the definitions predict | holds in |", "|---|---|"]
    lines += [f"| {name} | {found} of {count} |" for name, found in held.items()]
    return "\n".join([*lines, "", *(f"- {line}" for line in broken)])


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


def write_between(page: Path, name: str, text: str) -> None:
    """Put a text between the marks of a name on a page."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = page.read_text("utf-8").partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")


if __name__ == "__main__":
    main()
