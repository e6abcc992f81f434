"""Fit the rules of the partition to drawn parts, and score them on a vertebra not fitted on.

python -m benchmarks.refit_parts [--all]
"""

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy.optimize import differential_evolution

from kambin.anatomy.part_rules import PartPoints, PartRules, shipped_rules
from kambin.anatomy.partition import PARTS, classify_points, measure_points
from kambin.anatomy.vertebra_frames import find_vertebra_frames
from kambin.anatomy.working import make_working_bone
from kambin.imaging import LabelMap, region_from_mask

PATCHES = {
    "ct": ("ct_l3_patch_subregions", "sub-ct_seg-{}_label-22_msk.nii.gz", 22),
    "mr": ("mr_t2_patch_subregions", "sub-mri_seg-{}_label-6_msk.nii.gz", 6),
}
"""Two vertebrae with parts drawn by others, at 1.5 mm (TPTBox, Apache-2.0)."""

DRAWN = {"arch": (41, 41), "sp": (42, 42), "tp": (43, 44), "sap": (45, 46), "iap": (47, 48)}
"""Label values of the drawn parts, left and right; everything else is body."""

COMPARED = ("body", "sap", "iap", "tp", "arch", "sp")

ARCH = ("arch", "lamina", "pars", "arch_base", "pedicle", "pedicle_rim")
"""What the drawings call arch."""

BOUNDS = {
    "body": ((0.0, 4.0), (0.0, 0.3), 8.0, 10.0),
    "sap": ((3.0, 9.0), (0.0, 8.0), 2.0, 0.5),
    "iap": ((0.0, 6.0), 25.0, (8.0, 16.0), (1.0, 6.0), (1.0, 1.6)),
    "tp": (0.25, 45.0, (0.3, 1.0), (0.2, 0.9)),
    "sp": ((0.5, 4.0), (0.0, 0.6), 20.0, (18.0, 30.0)),
}
"""Where each number of a rule is looked for: what the process could be in any adult. One number
stands for itself: it is written in the definition of the border, or it is a pivot, which on one
vertebra could trade with a height for nothing. Nothing but the pedicle ends 9 mm behind the wall,
so no notch lies further back."""

JITTER_MM = 1.5
"""The voxel of the drawings: rules must also hold where the frame is off by one."""

RELUCTANCE = 0.02
"""Dice that a number at the end of its range must gain over one in the middle: what one
vertebra cannot tell stays where it is usual."""

ORDER = ("body", "sp", "tp", "iap", "sap")
"""From the rule that overrides all to the one that all override."""


@dataclass(frozen=True)
class DrawnVertebra:
    """A vertebra with the part that somebody drew at each of its N voxels.

    Parameters
    ----------
    points : PartPoints, N points, mm
    left : bool array, shape (N,)
    drawn : str array, shape (N,), one of ``COMPARED``
    radii_mm : float, mm, half width and half depth of the upper plate
    """

    points: PartPoints
    left: NDArray[np.bool_]
    drawn: NDArray[np.str_]
    radii_mm: tuple[float, float]


def read_patch(folder: Path, patch: str) -> DrawnVertebra:
    """Read one patch and measure its vertebra as the completion does."""
    name, pattern, label = PATCHES[patch]
    vertebra = read_labels(folder / name / pattern.format("vert"))
    parts = read_labels(folder / name / pattern.format("subreg"))
    mask = vertebra.values == label
    bone = make_working_bone(vertebra, {"L3": region_from_mask(mask, vertebra)})
    frame = find_vertebra_frames(bone, 1.5)[0]["L3"]
    left, points = measure_points(vertebra.lps_mm(np.argwhere(mask)), frame)
    drawn = np.full(len(left), "body")
    for part, labels in DRAWN.items():
        drawn[np.isin(parts.values[mask], labels)] = part
    return DrawnVertebra(points, left, drawn, (22.0, frame.posterior_wall_y_mm))


def read_labels(path: Path) -> LabelMap:
    """A NIfTI label map in canonical order; SimpleITK gives LPS."""
    image = sitk.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) @ np.diag(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    values = sitk.GetArrayFromImage(image).transpose(2, 1, 0)
    return LabelMap(np.ascontiguousarray(values), affine, "patient").canonical()


def fit_rules(vertebrae: Sequence[DrawnVertebra], *, rounds: int = 20) -> PartRules:
    """Fit the numbers of all five rules to drawn parts, the same numbers on every run.

    Parameters
    ----------
    vertebrae : DrawnVertebra, at least one
    rounds : int, generations of the search for each rule

    Notes
    -----
    Rule by rule from the one that overrides all: each is asked for the greatest mean Dice on
    what the rules above it have left. The search is a seeded differential evolution within
    ``BOUNDS``, over frames that are off by a voxel; it never sees the shipped numbers.
    """
    shifted = [moved for v in vertebrae for moved in _jittered(v)]
    free = [np.ones(len(v.left), dtype=bool) for v in shifted]
    fitted = _middle_rules()
    for part in ORDER:
        fitted[part] = _fit_one(part, shifted, free, rounds)
        rules = PartRules(**fitted)
        free = [
            still & ~_rule(rules, part)(v.points) for v, still in zip(shifted, free, strict=True)
        ]
    return PartRules(**fitted)


def _middle_rules() -> dict[str, tuple[float, ...]]:
    """Return rules in the middle of their ranges, to be replaced one by one.

    The transverse process needs a notch before the one of the superior process is known.
    """
    return {
        part: tuple(float(np.mean(bound)) for bound in bounds) for part, bounds in BOUNDS.items()
    }


def _jittered(vertebra: DrawnVertebra) -> list[DrawnVertebra]:
    """Return a vertebra as measured in frames that are off by a voxel along each axis."""
    # Deep in the body no rule has a border.
    kept = vertebra.points.behind_mm > -2 * JITTER_MM
    p = vertebra.points
    one = {f.name: getattr(p, f.name) for f in fields(p)}
    one = {name: row[kept] if isinstance(row, np.ndarray) else row for name, row in one.items()}
    shifts = np.vstack([np.zeros(3), JITTER_MM * np.eye(3), -JITTER_MM * np.eye(3)])
    moved = [
        PartPoints(**one | {
            "x_mm": np.abs(one["x_mm"] + x),
            "behind_mm": one["behind_mm"] + y,
            "above_mm": one["above_mm"] + z,
        })
        for x, y, z in shifts
    ]  # fmt: skip
    left, drawn = vertebra.left[kept], vertebra.drawn[kept]
    return [DrawnVertebra(points, left, drawn, vertebra.radii_mm) for points in moved]


def _fit_one(
    part: str, vertebrae: list[DrawnVertebra], free: list[NDArray[np.bool_]], rounds: int
) -> tuple[float, ...]:
    """Search the numbers of one rule on what the rules above it have left."""
    wanted = [v.drawn == part for v in vertebrae]
    bounds = BOUNDS[part]
    ranges = [bound for bound in bounds if isinstance(bound, tuple)]
    middle, half = np.mean(ranges, axis=1), np.ptp(ranges, axis=1) / 2
    middles = _middle_rules()

    def numbers(searched: NDArray[np.float64]) -> tuple[float, ...]:
        left = iter(np.round(searched, 3).tolist())
        return tuple(next(left) if isinstance(bound, tuple) else bound for bound in bounds)

    def loss(searched: NDArray[np.float64]) -> float:
        rules = PartRules(**middles | {part: numbers(searched)})
        scores = [
            dice(_rule(rules, part)(v.points) & still, want)
            for v, still, want in zip(vertebrae, free, wanted, strict=True)
        ]
        away = (searched - middle) / half
        return RELUCTANCE * float(np.mean(away**2)) - float(np.mean(scores))

    best = differential_evolution(
        loss, ranges, maxiter=rounds, popsize=8, tol=1e-5, rng=1, polish=False
    )
    return numbers(best.x)


def _rule(rules: PartRules, part: str) -> Callable[[PartPoints], NDArray[np.bool_]]:
    found: Callable[[PartPoints], NDArray[np.bool_]] = getattr(rules, f"in_{part}")
    return found


def score_rules(vertebra: DrawnVertebra, rules: PartRules) -> dict[str, tuple[float, float]]:
    """Return the Dice of each part, left and right, when the rules part a vertebra."""
    classes = np.array(PARTS)[classify_points(vertebra.points, vertebra.radii_mm, rules)]
    found = np.where(np.isin(classes, ARCH), "arch", classes)
    found = np.where(found == "body_rim", "body", found)
    return {
        part: tuple(
            dice((found == part) & side, (vertebra.drawn == part) & side)
            for side in (vertebra.left, ~vertebra.left)
        )
        for part in COMPARED
    }


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Return twice what two masks share over what they hold together."""
    return float(2 * (a & b).sum() / max(int(a.sum() + b.sum()), 1))


def main() -> None:
    """Print the scores both ways, and with --all the numbers fitted on both patches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="also fit on both patches together")
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("KAMBIN_DATA", default))
    if not folder.is_dir():
        raise SystemExit("no shared data: set KAMBIN_DATA to the folder of real images")
    patches = {name: read_patch(folder, name) for name in PATCHES}
    for fit, other in (("ct", "mr"), ("mr", "ct")):
        _print_scores(
            f"fitted on {fit}, scored on {other}", patches[other], fit_rules([patches[fit]])
        )
    if parser.parse_args().all:
        both = fit_rules(list(patches.values()))
        print(both)
        for name, patch in patches.items():
            _print_scores(f"fitted on both, scored on {name}", patch, both)
            _print_scores(f"shipped, scored on {name}", patch, shipped_rules())


def _print_scores(title: str, vertebra: DrawnVertebra, rules: PartRules) -> None:
    scores = score_rules(vertebra, rules)
    cells = (f"{part} {left:.3f}/{right:.3f}" for part, (left, right) in scores.items())
    print(f"{title}: {', '.join(cells)}")


if __name__ == "__main__":
    main()
