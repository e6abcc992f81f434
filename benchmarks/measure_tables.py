"""The tables of the study of measured quantities: bands, errors, and the angle past the ilium."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kambin.measure import QUANTITIES

VERTEBRAE = ("L1", "L2", "L3", "L4", "L5")
"""Where vertebrae are compared."""

LEVELS = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
HOWS = ("true", "1 mm", "3 mm")
Values = dict[tuple[str, str, str], tuple[float, float]]
"""Value and stated uncertainty by (quantity, place, side)."""

Patient = dict[str, Values]
"""What was found of one patient: true, at 1 mm and at 3 mm."""

DEGREE_BAR = 1.7
"""Half a millimetre at both ends of an end plate 34 mm deep, degrees: the bar for angles."""

MM_BAR, SHARE_BAR = 0.5, 0.05
"""The bar for lengths, mm, and for everything else as a share of the true value."""

OPERABLE_DEG = 65.0
"""The axial inclination of which papers count who reaches it past the ilium (V8)."""

BY_PLACE = ("foramen_width", "ilium_axial_angle", "bony_window_diameter_oblique", "canal_depth")
"""Quantities whose errors differ from level to level."""

POOLED = "pooled"
"""All levels together, where papers found no change from level to level."""

BANDS = (
    ("V2", "neural_window_area_oblique", {"L1-L2": (54.3, 81.5), "L5-S1": (112.8, 184.4)}),
    ("V3", "bony_window_diameter_oblique", {"L1-L2": (3.0, 5.0), "L5-S1": (5.1, 7.1)}),
    ("V3b", "neural_window_diameter_oblique", {"L1-L2": (4.2, 7.2), "L5-S1": (6.7, 12.7)}),
    ("V4", "root_diameter", {"L2-L3": (2.2, 4.0), "L3-L4": (3.4, 5.2), "L4-L5": (4.2, 6.0),
                             "L5-S1": (4.4, 6.2)}),
    ("V5", "drg_volume", {"L4-L5": (148, 274), "L5-S1": (204, 378)}),
    ("V6", "root_plate_angle", {name: (43.8, 62.5) for name in LEVELS[:4]}),
    ("V7", "disc_height_middle", {"L1-L2": (4.6, 8.6), "L2-L3": (5.9, 9.9), "L3-L4": (6.8, 10.8),
                                  "L4-L5": (7.3, 11.3), "L5-S1": (6.1, 10.1)}),
    ("V8", "ilium_axial_angle", {"L4-L5": (76, 90)}),
    ("V8", "ilium_axial_angle at 10", {"L5-S1": (49, 63)}),
    ("V9", "organ_contact_angle", {"L1-L2": (71, 89), "L2-L3": (78.5, 90)}),
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
    ("V19", "canal_depth", {"L1": (14.1, 18.1), "L2": (12.8, 16.8), "L3": (11.8, 15.8),
                            "L4": (10.9, 14.9), "L5": (11.5, 15.5)}),
    ("V20", "root_below_pedicle", {name: (1.0, 2.5) for name in LEVELS}),
    ("V20", "dura_medial_of_pedicle", {name: (0.0, 3.0) for name in LEVELS}),
    ("V20", "root_above_pedicle", {POOLED: (4.9, 8.6)} | {name: (4.9, 8.6) for name in LEVELS[:4]}),
    ("V21", "flavum_thickness", {"L3-L4": (2.2, 4.7), "L4-L5": (2.5, 5.0), "L5-S1": (2.45, 5.0)}),
    ("V22", "foramen_height", {name: (15.0, 20.4) for name in LEVELS}),
    ("V22", "foramen_width", {name: (6.6, 10.8) for name in LEVELS}),
)  # fmt: skip
"""Bands of the validation tables, evidence section 13: of the mean over patients. The canal's
are those of the family on MR (A26), from which the generator draws."""


RISING = {
    "V2": ("neural_window_area_oblique", ("L1-L2", "L5-S1")),
    "V3": ("bony_window_diameter_oblique", ("L1-L2", "L5-S1")),
    "V3b": ("neural_window_diameter_oblique", ("L1-L2", "L5-S1")),
    "V5": ("drg_volume", ("L4-L5", "L5-S1")),
    "V7": ("disc_height_middle", ("L1-L2", "L4-L5")),
    "V14": ("segmental_lordosis", LEVELS),
    "V16": ("upper_plate_width", VERTEBRAE),
}
"""What the tables ask to grow from place to place, the mean over patients."""

LEAST = {
    "V17": ("pedicle_width", VERTEBRAE, ("L1", "L2")),
    "V19": ("canal_depth", VERTEBRAE, ("L3", "L4")),
}
"""Where the tables ask the least mean to be."""

WIDE_MM, WIDE_SHARE = 8.0, 0.1
"""V3: bony circles of 8 mm and more, and the largest share of them."""


def order_lines(patients: list[Patient]) -> list[str]:
    """Return in words whether the orders that the tables ask for hold, on true values."""
    lines = []
    for table, (quantity, places) in RISING.items():
        means = [mean_at(patients, "true", (quantity, place)) for place in places]
        known = [mean for mean in means if mean is not None]
        rises = len(known) == len(places) and all(a < b for a, b in itertools.pairwise(known))
        way = f"rises from {places[0]} to {places[-1]}"
        lines.append(f"- {table}: `{quantity}` {way}: {'yes' if rises else 'no'}.")
    for table, (quantity, places, wanted) in LEAST.items():
        found = {place: mean_at(patients, "true", (quantity, place)) for place in places}
        known_at = {place: mean for place, mean in found.items() if mean is not None}
        least = min(known_at, key=known_at.__getitem__, default="nowhere")
        verdict = "yes" if least in wanted else "no"
        lines.append(f"- {table}: `{quantity}` is least at {' or '.join(wanted)}: {verdict}.")
    circles = [
        v
        for one in patients
        for key, (v, _) in one["true"].items()
        if key[0] == "bony_window_diameter_oblique"
    ]
    if circles:
        share = float((np.array(circles) >= WIDE_MM).mean())
        verdict = "yes" if share <= WIDE_SHARE else "no"
        lines.append(
            f"- V3: at most a tenth of the bony circles has 8 mm: {verdict}, {100 * share:.0f} %."
        )
    return lines


def mean_at(patients: list[Patient], how: str, at: tuple[str, str]) -> float | None:
    """Return the mean over patients and sides at a place, or none where nobody has a value."""
    quantity, place = at
    found = [
        v
        for one in patients
        for key, (v, _) in one.get(how, {}).items()
        if key[0] == quantity and place in (key[1], POOLED)
    ]
    return float(np.mean(found)) if found else None


def band_rows(patients: list[Patient]) -> list[dict[str, Any]]:
    """Return mean true and measured value of each banded quantity beside its band."""
    rows = []
    for table, quantity, places in BANDS:
        for place, (low, high) in places.items():
            means = {how: mean_at(patients, how, (quantity, place)) for how in HOWS}
            # Without a true value (organs are painted, not true) the measured one is judged.
            judged = means["true"] if means["true"] is not None else means["1 mm"]
            inside = judged is not None and low <= judged <= high
            rows.append({"table": table, "quantity": quantity, "place": place, "low": low,
                         "high": high, **means, "inside": inside})  # fmt: skip
    return rows


def error_rows(patients: list[Patient]) -> list[dict[str, Any]]:
    """Return errors of each quantity against truth, and how many lie within what was stated."""
    wanted = [(name, "") for name in QUANTITIES]
    for name in BY_PLACE:
        at = {key[1] for one in patients for key in one["true"] if key[0] == name}
        wanted += [(name, place) for place in sorted(at)]
    rows = []
    for quantity, place in wanted:
        row: dict[str, Any] = {
            "quantity": quantity, "place": place, "unit": QUANTITIES[quantity].unit,
        }  # fmt: skip
        for how in HOWS[1:]:
            found = errors_of(patients, how, quantity, place)
            if found:
                row[how] = found
        if len(row) > 3:
            rows.append(row)
    return rows


def errors_of(
    patients: list[Patient], how: str, quantity: str, place: str = ""
) -> dict[str, float] | None:
    """Return what the errors of one quantity amount to, at all places or at one."""
    pairs = [
        (one[how][key][0] - true, one[how][key][1], true)
        for one in patients
        for key, (true, _) in one["true"].items()
        if key[0] == quantity and place in ("", key[1]) and key in one.get(how, {})
    ]
    if not pairs:
        return None
    errors, sigma, true = np.array(pairs).T
    # Rounding of a printed value is no error.
    sigma = sigma + 1e-9
    return {
        "n": len(pairs),
        "mean_error": float(errors.mean()),
        "median_absolute_error": float(np.median(np.abs(errors))),
        "within_bar": float((np.abs(errors) <= bar_of(quantity, true)).mean()),
        "within_one_sigma": float((np.abs(errors) <= sigma).mean()),
        "within_two_sigma": float((np.abs(errors) <= 2 * sigma).mean()),
    }


def bar_of(quantity: str, true: np.ndarray) -> np.ndarray:
    """Return the bar at 1 mm for each true value: an absolute size by unit, or five per cent."""
    least = {"mm": MM_BAR, "deg": DEGREE_BAR}.get(QUANTITIES[quantity].unit, 1e-9)
    bar: np.ndarray = np.maximum(least, SHARE_BAR * np.abs(true))
    return bar


def curve_rows(patients: list[Patient]) -> list[dict[str, Any]]:
    """Return mean angle past the ilium and share of those operable, by cranio-caudal angle."""
    rows = []
    names = {key[0] for one in patients for key in one["true"] if " at " in key[0]}
    for name in sorted(names, key=lambda n: float(n.split()[-1])):
        for place in ("L4-L5", "L5-S1"):
            row: dict[str, Any] = {"craniocaudal_deg": float(name.split()[-1]), "place": place}
            for how in HOWS:
                found = [
                    v
                    for one in patients
                    for key, (v, _) in one.get(how, {}).items()
                    if key[:2] == (name, place)
                ]
                if found:
                    passing = float((np.array(found) >= OPERABLE_DEG).mean())
                    row[how] = (float(np.mean(found)), passing)
            rows.append(row)
    return rows


HEAD_BANDS = ("table", "quantity", "place", "band", *HOWS, "")
HEAD_CURVE = ("cranio-caudal, deg", "place", "true", ">= 65", "1 mm", ">= 65", "3 mm", ">= 65")
HEAD_ERRORS = (
    "quantity",
    "unit",
    "mean error 1 mm",
    "within the bar",
    "within 2 sd, 1 mm",
    "mean error 3 mm",
    "within 1 sd, 3 mm",
    "within 2 sd, 3 mm",
)


def band_cells(row: dict[str, Any]) -> list[str]:
    """Return the cells of one row of the table of bands."""
    means = [_text(row[how]) for how in HOWS]
    band, verdict = f"{row['low']:g} to {row['high']:g}", "inside" if row["inside"] else "outside"
    return [row["table"], f"`{row['quantity']}`", row["place"], band, *means, verdict]


def curve_cells(row: dict[str, Any]) -> list[str]:
    """Return the cells of one row of the table of angles past the ilium."""
    cells = [f"{row['craniocaudal_deg']:g}", row["place"]]
    for how in HOWS:
        angle, share = row.get(how, (None, None))
        cells += [_text(angle), "-" if share is None else f"{100 * share:.0f} %"]
    return cells


def error_cells(row: dict[str, Any]) -> list[str]:
    """Return the cells of one row of the table of errors."""
    fine, coarse = row.get("1 mm", {}), row.get("3 mm", {})
    name = f"`{row['quantity']}`" + (f" {row['place']}" if row["place"] else "")
    cells = [name, row["unit"], _text(fine.get("mean_error"))]
    cells += [_share(fine, "within_bar"), _share(fine, "within_two_sigma")]
    cells += [_text(coarse.get("mean_error"))]
    return [*cells, _share(coarse, "within_one_sigma"), _share(coarse, "within_two_sigma")]


def table_lines(head: tuple[str, ...], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Return the lines of a table as the docs hold it."""
    for cells in (head, ("---" for _ in head), *rows):
        yield "| " + " | ".join(cells) + " |"


def write_between(page: Path, name: str, lines: Iterable[str]) -> None:
    """Put lines between the two marks of that name in a page of the docs."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before, rest = page.read_text("utf-8").split(start)
    _, after = rest.split(end)
    text = "\n".join(lines)
    page.write_text(f"{before}{start}\n{text}\n\n{end}{after}", "utf-8")


def _text(value: object) -> str:
    return "-" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)


def _share(found: dict[str, float], name: str) -> str:
    return f"{100 * found[name]:.0f} %" if found else "-"
