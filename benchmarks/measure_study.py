"""Measured against true on made patients: ``python -m benchmarks.measure_study --seeds 40``.

Each patient is painted at 1 and at 3 mm, completed and measured as a patient would be. Truth is
the generator's own size where it has one; for what only a definition gives (windows, foramina,
gaps) the same measurement is taken on the true structures, true lines and true frames. The tables
show that generator and measurement agree, not that either is valid.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from kambin.anatomy import Anatomy, Level, LevelScheme, Origin, Structure, StructureKey, complete
from kambin.frames import Side
from kambin.imaging import Grid, region_from_mask
from kambin.measure import QUANTITIES, Measurements, measure_case
from kambin.phantom import PhantomParameters, PhantomTruth, build_spine, paint_spine_case

LEVELS = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
SPACINGS_MM = (1.0, 3.0)
TRUTH_SPACING_MM = 1.0
WHOLE = ("vertebra", "disc", "canal", "dural_sac", "flavum", "ilium")
PARTS = ("body", "pedicle", "sap", "iap", "tp")
CONTENT = ("dural_sac", "traversing_root", "fragment")
Values = dict[tuple[str, str, str], tuple[float, float]]


def measure_patient(seed: int, sides: tuple[Side, ...] = (Side.LEFT,)) -> dict[str, Values]:
    """Return value and stated uncertainty by (quantity, place, side): true, 1 mm, 3 mm."""
    found: dict[str, Values] = {}
    for spacing in SPACINGS_MM:
        made = PhantomParameters(Level("L4", "L5"), Side.RIGHT, seed=seed, spacing_mm=spacing)
        levels = tuple(Level.parse(name) for name in LEVELS)
        patient = paint_spine_case(made, levels)
        side = sides[0] if len(sides) == 1 else None
        if spacing == TRUTH_SPACING_MM:
            true = true_anatomy(patient.truth)
            found["true"] = collect(measure_case(true, patient.case, side=side))
            found["true"] |= generator_sizes(made, sides)
        anatomy = complete(patient.case)
        found[f"{spacing:g} mm"] = collect(measure_case(anatomy, patient.case, side=side))
    return found


def true_anatomy(truth: PhantomTruth, levels: tuple[str, ...] = LEVELS) -> Anatomy:
    """Return the made patient as if everything had been segmented without error."""
    labels = truth.labels(TRUTH_SPACING_MM)
    value_of = {key: number for number, key in truth.names.items()}
    wanted: dict[StructureKey, list[int]] = defaultdict(list)
    for shape in truth.shapes:
        for part in shape.parts:
            if shape.key.kind in WHOLE:
                wanted[shape.key].append(value_of[part])
            if shape.key.kind == "sacrum":
                wanted[StructureKey("vertebra", "S1")].append(value_of[part])
            if part.kind in PARTS:
                wanted[part].append(value_of[part])
            # The canal is what it holds: sac, roots and fragment are painted over it.
            if shape.key.kind in CONTENT:
                wanted[StructureKey("canal")].append(value_of[part])
    structures = {}
    for key, numbers in wanted.items():
        mask = np.isin(labels.values, numbers)
        if mask.any():
            region = region_from_mask(mask, labels)
            structures[key] = Structure(key, region, Origin.PHANTOM, 0.3)
    for key, tube in truth.centre_lines.items():
        # Nothing reads the mask of a nerve whose line is known.
        region = next(iter(structures.values())).region
        structures[key] = Structure(key, region, Origin.PHANTOM, 0.1, tube)
    kept = [level for level in truth.disc_frames if str(level) in levels]
    names = tuple(truth.vertebra_frames)
    return Anatomy(
        structures,
        truth.vertebra_frames,
        {level: truth.disc_frames[level] for level in kept},
        LevelScheme("5 lumbar", names, True, True),
        Grid(np.zeros(3), 1.0, (2, 2, 2), truth.frame_id),
        TRUTH_SPACING_MM,
    )


def collect(measured: Measurements) -> Values:
    """Return value and uncertainty of every row that has a value, its bias counted in."""
    found = {}
    for row in measured:
        if row.value is not None:
            key = (row.quantity, row.level, str(row.side or ""))
            bias = row.reading.bias or (0.0, 0.0)
            found[key] = (row.value, max(row.uncertainty or 0.0, 0.0) + max(map(abs, bias)))
    return found


def generator_sizes(made: PhantomParameters, sides: tuple[Side, ...]) -> Values:
    """Return the sizes the generator drew, where a quantity means exactly one of them."""
    sizes = build_spine(made).sizes
    found: Values = {}
    for name, size in sizes.vertebrae.items():
        if name == "T12":
            continue
        if name == "S1":
            continue
        found["posterior_body_height", name, ""] = (size.posterior_height_mm, 0.0)
        found["anterior_body_height", name, ""] = (size.anterior_height_mm, 0.0)
        wedge = size.anterior_height_mm - size.posterior_height_mm
        found["body_wedge", name, ""] = (wedge, 0.0)
        for side in sides:
            one = size.sides[side]
            found["pedicle_width", name, str(side)] = (one.pedicle_width_mm, 0.0)
            found["pedicle_height", name, str(side)] = (one.pedicle_height_mm, 0.0)
    for level, angle in sizes.lordosis_deg.items():
        if str(level) in LEVELS:
            found["segmental_lordosis", str(level), ""] = (angle, 0.0)
    total = sum(a for level, a in sizes.lordosis_deg.items() if str(level) in LEVELS)
    found["lumbar_lordosis", "L1-S1", ""] = (total, 0.0)
    return found


BANDS = (
    ("V2", "neural_window_area_45", {"L1-L2": (54.3, 81.5), "L5-S1": (112.8, 184.4)}),
    ("V3", "bony_window_diameter_60", {"L1-L2": (3.0, 5.0), "L5-S1": (5.1, 7.1)}),
    ("V3b", "neural_window_diameter_45", {"L1-L2": (4.2, 7.2), "L5-S1": (6.7, 12.7)}),
    ("V4", "root_diameter", {"L2-L3": (2.2, 4.0), "L3-L4": (3.4, 5.2), "L4-L5": (4.2, 6.0),
                             "L5-S1": (4.4, 6.2)}),
    ("V5", "drg_volume", {"L4-L5": (148, 274), "L5-S1": (204, 378)}),
    ("V6", "root_plate_angle", {name: (43.8, 62.5) for name in LEVELS[:4]}),
    ("V7", "disc_height_middle", {"L1-L2": (4.6, 8.6), "L2-L3": (5.9, 9.9), "L3-L4": (6.8, 10.8),
                                  "L4-L5": (7.3, 11.3), "L5-S1": (6.1, 10.1)}),
    ("V8", "ilium_axial_angle", {"L4-L5": (76, 90), "L5-S1": (49, 63)}),
    ("V9", "organ_free_angle", {"L1-L2": (71, 89), "L2-L3": (78.5, 90)}),
    ("V14", "lumbar_lordosis", {"L1-S1": (24, 50)}),
    ("V16", "upper_plate_width", {"L1": (37.1, 45.1), "L2": (39, 47), "L3": (40.8, 48.8),
                                  "L4": (43.5, 51.5), "L5": (44.8, 52.8)}),
    ("V17", "pedicle_width", {"L1": (5.7, 11.7), "L2": (5.9, 11.9), "L3": (7.3, 13.3),
                              "L4": (9.9, 15.9), "L5": (12, 24)}),
    ("V18", "posterior_body_height", {"L1": (23.6, 29.6), "L2": (24, 30), "L3": (23.7, 29.7),
                                      "L4": (22.8, 28.8), "L5": (21.1, 27.1)}),
    ("V18", "anterior_body_height", {"L1": (21.5, 27.5), "L2": (22.8, 28.8), "L3": (23.8, 29.8),
                                     "L4": (23.9, 29.9), "L5": (24.4, 30.4)}),
    ("V18", "body_wedge", {"L5": (2, 5)}),
    ("V19", "canal_depth", {"L1": (13.5, 17.5), "L2": (12.6, 16.6), "L3": (12, 16),
                            "L4": (13.3, 17.3), "L5": (16.1, 21.7)}),
    ("V20", "root_below_pedicle", {name: (1.0, 2.5) for name in LEVELS}),
    ("V20", "dura_medial_of_pedicle", {name: (0.0, 3.0) for name in LEVELS}),
    ("V20", "root_above_pedicle", {name: (4.9, 8.6) for name in LEVELS[:4]}),
    ("V21", "flavum_thickness", {"L3-L4": (2.2, 4.7), "L4-L5": (2.5, 5.0), "L5-S1": (2.45, 5.0)}),
    ("V22", "foramen_height", {name: (15.0, 20.4) for name in LEVELS}),
    ("V22", "foramen_width", {name: (6.6, 10.8) for name in LEVELS}),
)  # fmt: skip
"""Bands of the validation tables, evidence section 13: of the mean over patients."""


def band_rows(patients: list[dict[str, Values]]) -> list[dict[str, Any]]:
    """Return mean true and measured value of each banded quantity beside its band."""
    rows = []
    for table, quantity, places in BANDS:
        for place, (low, high) in places.items():
            at = (quantity, place)
            means = {how: _mean_at(patients, how, at) for how in ("true", "1 mm", "3 mm")}
            # A true value the generator cannot give (organs are painted, not true) is left out.
            judged = means["true"] if means["true"] is not None else means["1 mm"]
            inside = judged is not None and low <= judged <= high
            rows.append({"table": table, "quantity": quantity, "place": place, "low": low,
                         "high": high, **means, "inside": inside})  # fmt: skip
    return rows


def error_rows(patients: list[dict[str, Values]]) -> list[dict[str, Any]]:
    """Return errors of each quantity against truth, and how many lie within what was stated."""
    rows = []
    for quantity in QUANTITIES:
        row: dict[str, Any] = {"quantity": quantity, "unit": QUANTITIES[quantity].unit}
        for how in ("1 mm", "3 mm"):
            pairs = [
                (p[how][key][0] - true, p[how][key][1], true)
                for p in patients
                for key, (true, _) in p["true"].items()
                if key[0] == quantity and key in p[how]
            ]
            if pairs:
                errors = np.array([e for e, _, _ in pairs])
                sigma = np.array([s for _, s, _ in pairs])
                # The bar at 1 mm: half a millimetre or five per cent, for the mean error.
                bar = np.maximum(0.5, 0.05 * np.abs([t for _, _, t in pairs]))
                row[how] = {
                    "n": len(pairs),
                    "mean_error": float(errors.mean()),
                    "median_absolute_error": float(np.median(np.abs(errors))),
                    "within_bar": float((np.abs(errors) <= bar).mean()),
                    "within_one_sigma": float((np.abs(errors) <= sigma + 1e-9).mean()),
                    "within_two_sigma": float((np.abs(errors) <= 2 * sigma + 1e-9).mean()),
                }
        if len(row) > 2:
            rows.append(row)
    return rows


def _mean_at(patients: list[dict[str, Values]], how: str, at: tuple[str, str]) -> float | None:
    """Return the mean over patients and sides at a place, or none where nobody has a value."""
    found = [v for one in patients for key, (v, _) in one[how].items() if key[:2] == at]
    return float(np.mean(found)) if found else None


def _text(value: object) -> str:
    return "-" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)


HEAD_BANDS = ("table", "quantity", "place", "band", "true", "1 mm", "3 mm", "")
HEAD_ERRORS = (
    "quantity",
    "unit",
    "mean error 1 mm",
    "within 0.5 mm or 5 %",
    "within 2 sd, 1 mm",
    "mean error 3 mm",
    "within 1 sd, 3 mm",
    "within 2 sd, 3 mm",
)


def _band_cells(row: dict[str, Any]) -> list[str]:
    means = [_text(row[how]) for how in ("true", "1 mm", "3 mm")]
    band, verdict = f"{row['low']:g} to {row['high']:g}", "inside" if row["inside"] else "outside"
    return [row["table"], f"`{row['quantity']}`", row["place"], band, *means, verdict]


def _error_cells(row: dict[str, Any]) -> list[str]:
    fine, coarse = row.get("1 mm", {}), row.get("3 mm", {})
    cells = [f"`{row['quantity']}`", row["unit"], _text(fine.get("mean_error"))]
    cells += [_share(fine, "within_bar"), _share(fine, "within_two_sigma")]
    cells += [_text(coarse.get("mean_error"))]
    return [*cells, _share(coarse, "within_one_sigma"), _share(coarse, "within_two_sigma")]


def _share(found: dict[str, float], name: str) -> str:
    return f"{100 * found[name]:.0f} %" if found else "-"


def print_table(head: tuple[str, ...], rows: Iterable[Iterable[str]]) -> None:
    """Print a table as the docs hold it."""
    for cells in (head, ("---" for _ in head), *rows):
        print("| " + " | ".join(cells) + " |")
    print()


def main(arguments: list[str]) -> int:
    """Measure patients, print both tables, write them as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args(arguments)
    patients = []
    for seed in range(asked.first, asked.first + asked.seeds):
        patients.append(measure_patient(seed))
        print(f"patient {seed} measured", file=sys.stderr)
        document = {
            "patients": len(patients),
            "bands": band_rows(patients),
            "errors": error_rows(patients),
        }
        # After every patient: a study that is stopped keeps what it has.
        if asked.output is not None:
            asked.output.write_text(json.dumps(document, indent=1), "utf-8")
    print_table(HEAD_BANDS, (_band_cells(row) for row in document["bands"]))
    print_table(HEAD_ERRORS, (_error_cells(row) for row in document["errors"]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
