"""Measured against true on made patients: ``python -m benchmarks.measure_study --seeds 40``.

``--docs`` writes the tables into the page of quantities, ``--real`` measures the shared real
cases instead, ``--cache`` keeps what was found of each patient.

Each patient is painted at 1 and at 3 mm, completed and measured as a patient would be. Truth is
the generator's own size where it has one; for what only a definition gives (windows, foramina,
gaps) the same measurement is taken on the true structures, true lines and true frames. The tables
show that generator and measurement agree, not that either is valid.
"""

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.measure_real import write_real
from benchmarks.measure_tables import (
    HEAD_BANDS,
    HEAD_CURVE,
    HEAD_ERRORS,
    LEVELS,
    Patient,
    Values,
    band_cells,
    band_rows,
    curve_cells,
    curve_rows,
    error_cells,
    error_rows,
    order_lines,
    table_lines,
    write_between,
)
from kambin.anatomy import Anatomy, Level, LevelScheme, Origin, Structure, StructureKey, complete
from kambin.frames import Side
from kambin.imaging import Grid, region_from_mask
from kambin.measure import Measurements, measure_case
from kambin.phantom import (
    PhantomParameters,
    PhantomTruth,
    build_spine,
    build_truth,
    paint_spine_case,
)

SPACINGS_MM = (1.0, 3.0)
TRUTH_SPACING_MM = 1.0
WHOLE = ("vertebra", "disc", "canal", "dural_sac", "flavum", "ilium")
PARTS = ("body", "pedicle", "sap", "iap", "tp")
CONTENT = ("dural_sac", "traversing_root", "fragment")
PAGE = Path(__file__).parents[1] / "docs" / "concepts" / "quantities.md"


def measure_patient(
    seed: int, sides: tuple[Side, ...] = (Side.LEFT,), *, coarse: bool = True
) -> Patient:
    """Return value and stated uncertainty by (quantity, place, side): true, 1 mm, 3 mm."""
    found: Patient = {}
    levels = tuple(Level.parse(name) for name in LEVELS)
    truth = build_truth(PhantomParameters(Level("L4", "L5"), Side.RIGHT, seed=seed))
    for spacing in SPACINGS_MM if coarse else SPACINGS_MM[:1]:
        made = PhantomParameters(Level("L4", "L5"), Side.RIGHT, seed=seed, spacing_mm=spacing)
        patient = paint_spine_case(made, levels, truth=truth)
        side = sides[0] if len(sides) == 1 else None
        if spacing == TRUTH_SPACING_MM:
            true = true_anatomy(patient.truth)
            found["true"] = collect(measure_case(true, patient.case, side=side))
            found["true"] |= generator_sizes(made, sides)
        anatomy = five_levels(complete(patient.case))
        found[f"{spacing:g} mm"] = collect(measure_case(anatomy, patient.case, side=side))
    return found


def five_levels(anatomy: Anatomy) -> Anatomy:
    """Return an anatomy without the discs above L1, of which no band speaks."""
    kept = {level: disc for level, disc in anatomy.disc_frames.items() if str(level) in LEVELS}
    return replace(anatomy, disc_frames=kept)


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
            for phi, angle in row.reading.curve or ():
                found[f"{row.quantity} at {phi:g}", row.level, key[2]] = (angle, 0.0)
    return found


def generator_sizes(made: PhantomParameters, sides: tuple[Side, ...]) -> Values:
    """Return the sizes the generator drew, where a quantity means exactly one of them."""
    sizes = build_spine(made).sizes
    found: Values = {}
    for name, size in sizes.vertebrae.items():
        if name in ("T12", "S1"):
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


def known_patient(seed: int, cache: Path | None, *, coarse: bool) -> Patient:
    """Return what was found of a patient, measured now or kept from an earlier run."""
    kept = None if cache is None else cache / f"{seed}.json"
    if kept is not None and kept.is_file():
        rows = json.loads(kept.read_text("utf-8"))
        return {
            how: {(q, place, side): (v, s) for q, place, side, v, s in found}
            for how, found in rows.items()
        }
    patient = measure_patient(seed, coarse=coarse)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        rows = {
            how: [[*key, *pair] for key, pair in found.items()] for how, found in patient.items()
        }
        kept.write_text(json.dumps(rows), "utf-8")
    return patient


def study_lines(patients: list[Patient]) -> list[str]:
    """Return the tables of a study as the docs hold them."""
    bands, errors, curve = band_rows(patients), error_rows(patients), curve_rows(patients)
    inside = sum(row["inside"] for row in bands)
    coarse = sum("3 mm" in one for one in patients)
    return [
        f"{len(patients)} patients, {coarse} of them at 3 mm as well, left side; {inside} of",
        f"{len(bands)} means lie in their band.",
        "",
        *table_lines(HEAD_BANDS, map(band_cells, bands)),
        "",
        "Orders that the validation tables ask for, on the true means:",
        "",
        *order_lines(patients),
        "",
        "Largest axial inclination before the ilium, degrees, by the cranio-caudal angle in the",
        "patient's frame, and how many let 65 degrees through:",
        "",
        *table_lines(HEAD_CURVE, map(curve_cells, curve)),
        "",
        "Errors against truth:",
        "",
        *table_lines(HEAD_ERRORS, map(error_cells, errors)),
    ]


def main(arguments: list[str]) -> int:
    """Measure patients, print the tables, write them as JSON or into the docs where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--coarse", type=int, default=40, help="seeds below this at 3 mm as well")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--kept", action="store_true", help="only patients the cache holds")
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--real", type=Path, help="folder of the shared real data")
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args(arguments)
    if asked.real is not None:
        lines = write_real(asked.real, asked.cache)
    else:
        patients = []
        for seed in range(asked.first, asked.first + asked.seeds):
            if asked.kept and not (asked.cache / f"{seed}.json").is_file():
                continue
            patients.append(known_patient(seed, asked.cache, coarse=seed < asked.coarse))
            print(f"patient {seed} measured", file=sys.stderr)
        lines = study_lines(patients)
        if asked.output is not None:
            document = {"bands": band_rows(patients), "errors": error_rows(patients)}
            asked.output.write_text(json.dumps(document, indent=1), "utf-8")
    if asked.docs:
        write_between(PAGE, "real cases" if asked.real is not None else "made patients", lines)
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
