"""Real cases beside the bands of the validation tables: the 1 mm atlas and a CT of 3 mm."""

import json
import tempfile
from pathlib import Path

from benchmarks.measure_tables import BANDS, POOLED, table_lines
from kambin.anatomy import complete
from kambin.exchange import import_case, read_case
from kambin.measure import Measurements, measure_case

CASES = {
    "atlas, 1 mm": (
        "atlas_vhp_male/vhp_male_lumbar_labels_1mm.nii.gz",
        "atlas_vhp_male/vhp_male_body_skin_1mm.nii.gz",
    ),
    "CT, 3 mm": ("ct_ts_abdopelvis_3mm/labels_totalseg117.nii.gz",),
}
"""Label files of each case, under the folder of the shared data."""

HEAD_REAL = ("table", "quantity", "place", "band", *CASES)
Found = dict[str, dict[str, list[str]]]
"""Printed values, left and right or one, by case and by quantity and place."""


def measure_real(files: list[Path]) -> Measurements:
    """Measure one real case from its label files alone."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "case"
        case = read_case(
            import_case(image=None, labels=files, dialect="auto", fragment=None, out=out)
        )
        return measure_case(complete(case), case)


def printed(measured: Measurements) -> dict[str, list[str]]:
    """Return what is printed of a case, by quantity and place."""
    found: dict[str, list[str]] = {}
    for row in measured:
        word = "not assessed" if row.value is None else f"{row.value:.1f}"
        found.setdefault(f"{row.quantity} {row.level}", []).append(word)
        for phi, angle in row.reading.curve or ():
            found.setdefault(f"{row.quantity} at {phi:g} {row.level}", []).append(f"{angle:.1f}")
    return found


def write_real(shared: Path, cache: Path | None) -> list[str]:
    """Return the lines of the table of real cases beside the bands."""
    found: Found = {}
    for name, files in CASES.items():
        kept = None if cache is None else cache / f"{name}.json"
        if kept is not None and kept.is_file():
            found[name] = json.loads(kept.read_text("utf-8"))
            continue
        found[name] = printed(measure_real([shared / file for file in files]))
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(found[name]), "utf-8")
    rows = []
    for table, quantity, places in BANDS:
        for place, (low, high) in places.items():
            # One person has levels and no mean over them.
            if place == POOLED:
                continue
            cells = [_words(one.get(f"{quantity} {place}", [])) for one in found.values()]
            rows.append([table, f"`{quantity}`", place, f"{low:g} to {high:g}", *cells])
    return list(table_lines(HEAD_REAL, rows))


def _words(values: list[str]) -> str:
    """Return left and right as printed, or once what is the same on both."""
    return " / ".join(dict.fromkeys(values) if len(set(values)) == 1 else values) or "not assessed"
