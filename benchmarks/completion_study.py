"""How far the completion misses made patients, given only their vertebra masks.

python -m benchmarks.completion_study --seeds 40 [-o study.json]
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Level, StructureKey, complete
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.phantom import PhantomParameters, SpineCase, build_truth, paint_spine_case

LEVELS = tuple(Level.parse(word) for word in ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1"))
DICE_KINDS = ("disc", "sap", "iap")
PAINTED = ("vertebra", "sacrum", "disc", "dural_sac")
"""What is painted of a made patient: the bones that are given, and what they are judged by."""
Errors = dict[str, list[float]]


def study_patient(seed: int, levels: tuple[Level, ...] = LEVELS) -> Errors:
    """Complete one made patient and measure it against its truth.

    Returns
    -------
    mapping of quantity to values: ``exiting_root:L4`` and ``dural_sac`` distances in mm of
    points 1 mm apart on the true centre line to the modelled one, ``left_out:L4`` 1 for a root
    that was not modelled and else 0, ``disc:L4-L5``, ``sap:L4`` and ``iap:L4`` Dice
    """
    # Level and side of the herniation, which pushes its root, go round with the seed.
    parameters = PhantomParameters(LEVELS[1 + seed % 4], tuple(Side)[seed // 4 % 2], seed=seed)
    whole = build_truth(parameters)
    # No other mask is looked at; without organs a patient is painted in an eighth of the time.
    few = tuple(shape for shape in whole.shapes if shape.key.kind in PAINTED)
    made = paint_spine_case(parameters, levels, truth=replace(whole, shapes=few))
    found = complete(made.case).structures
    errors: Errors = defaultdict(list)
    for key, tube in made.truth.centre_lines.items():
        modelled = found.get(key)
        if key.kind == "exiting_root":
            # What is left out has no error: its share keeps the mean honest.
            errors[f"left_out:{key.place}"].append(float(modelled is None))
        if key.kind == "exiting_root" and modelled is not None and modelled.tube is not None:
            points = resample_mm(tube.points_lps_mm)
            gaps = line_distance_mm(points, modelled.tube.points_lps_mm)
            errors[f"exiting_root:{key.place}"] += gaps.tolist()
            errors["sigma"] = [modelled.sigma_mm]
    truth = made.truth.painted or made.truth.labels(1.0)
    value_of = {key: number for number, key in made.truth.names.items()}
    for key, structure in found.items():
        if (
            key.kind in DICE_KINDS
            and key in value_of
            and structure.is_modelled | (key.kind != "disc")
        ):
            score = _dice(structure.region, truth.values == value_of[key], truth)
            errors[f"{key.kind}:{key.place}"].append(score)
    sac = StructureKey("dural_sac")
    mask = truth.values == value_of[sac]
    errors["dural_sac"] = _sac_errors_mm(found[sac].region, mask, truth, made)
    return errors


def resample_mm(line: NDArray[np.float64], step_mm: float = 1.0) -> NDArray[np.float64]:
    """Return points one step apart on a poly-line, shape (N, 3), mm."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.arange(0.0, along[-1], step_mm)
    return np.stack([np.interp(at, along, column) for column in line.T], axis=1)


def line_distance_mm(points: NDArray[np.float64], line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of each point to the nearest segment of a poly-line, shape (N,), mm."""
    starts, ways = line[:-1], np.diff(line, axis=0)
    share = ((points[:, None] - starts) * ways).sum(-1) / (ways**2).sum(-1)
    feet = starts + np.clip(share, 0.0, 1.0)[..., None] * ways
    nearest: NDArray[np.float64] = np.linalg.norm(points[:, None] - feet, axis=-1).min(axis=1)
    return nearest


def _dice(region: LabelMap, true: NDArray[np.bool_], labels: LabelMap) -> float:
    found = _on_labels(region, labels)
    return float(2 * (found & true).sum() / (found.sum() + true.sum()))


def _on_labels(region: LabelMap, labels: LabelMap) -> NDArray[np.bool_]:
    """Put a region on the nodes of other labels of the same spacing."""
    ijk = np.rint(labels.ijk(region.lps_mm(np.argwhere(region.values > 0)))).astype(int)
    ijk = ijk[((ijk >= 0) & (ijk < labels.shape)).all(axis=1)]
    mask = np.zeros(labels.shape, dtype=bool)
    mask[tuple(ijk.T)] = True
    return mask


def _sac_errors_mm(
    region: LabelMap, true: NDArray[np.bool_], labels: LabelMap, made: SpineCase
) -> list[float]:
    """Return how far the middles of both sacs lie apart in each slice between L1 and S1."""
    ends = [made.truth.vertebra_frames[v].lps_from_vertebra.origin_mm[2] for v in ("L1", "S1")]
    found, errors = _on_labels(region, labels), []
    for k in range(labels.shape[2]):
        z = labels.lps_mm([0, 0, k])[2]
        both = np.argwhere(found[:, :, k]), np.argwhere(true[:, :, k])
        if min(ends) < z < max(ends) and min(map(len, both)) > 0:
            errors.append(float(np.linalg.norm(both[0].mean(axis=0) - both[1].mean(axis=0))))
    return errors


def summarise(patients: Iterable[Errors]) -> dict[str, dict[str, float]]:
    """Return mean, p95 and, of distances, the shares within one and two sigma."""
    pooled: Errors = defaultdict(list)
    sigma_mm = 0.0
    for errors in patients:
        sigma_mm = max(sigma_mm, *errors.get("sigma", [0.0]))
        for name, numbers in errors.items():
            if name != "sigma":
                pooled[name] += numbers
                pooled[name.split(":")[0] + " (all)"] += numbers
    table = {}
    for name in sorted(pooled):
        row = np.array(pooled[name])
        table[name] = {"mean": float(row.mean()), "n": len(row)}
        if name.startswith(DICE_KINDS):
            table[name]["least"] = float(row.min())
            continue
        table[name]["p95"] = float(np.quantile(row, 0.95))
        if name.startswith("exiting"):
            table[name]["within_1_sigma"] = float((row < sigma_mm).mean())
            table[name]["within_2_sigma"] = float((row < 2 * sigma_mm).mean())
    return table


def main() -> None:
    """Print the table of many made patients, and write it as JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args()
    table = summarise(study_patient(seed) for seed in range(asked.seeds))
    for name, row in table.items():
        print(f"{name:24}", ", ".join(f"{word} {number:.3f}" for word, number in row.items()))
    if asked.output:
        asked.output.write_text(json.dumps(table, indent=1, sort_keys=True), "utf-8")


if __name__ == "__main__":
    main()
