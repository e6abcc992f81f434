"""A column of small boxes named as vertebrae: label arrays that one test changes at one place."""

from collections.abc import Mapping

import numpy as np

from kambin.anatomy import Case, StructureKey
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.survey import Survey, survey_labels
from kambin.imaging import LabelMap, Volume

SPACING_MM = 4.0
SHAPE = (20, 16, 30)
MIDDLE_MM = (SHAPE[0] - 1) / 2 * SPACING_MM
NUMBER_OF = {"L3": 1, "L4": 2, "L5": 3}
BOTTOM = {"L3": 20, "L4": 12, "L5": 4}
PLANE = MidsagittalPlane(np.array([MIDDLE_MM, 0.0, 0.0]), np.array([1.0, 0.0, 0.0]))
AFFINE = np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1.0])


def tiny_values() -> np.ndarray:
    """Return three vertebrae: a body of 40 by 24 by 24 mm with a thin tail behind."""
    values = np.zeros(SHAPE, dtype=np.uint8)
    for name, k in BOTTOM.items():
        values[5:15, 3:9, k : k + 6] = NUMBER_OF[name]
        values[9:11, 9:14, k + 1 : k + 4] = NUMBER_OF[name]
    return values


def tiny_case(
    values: np.ndarray | None = None,
    names: Mapping[int, str] | None = None,
    image: np.ndarray | None = None,
    spacing_mm: float = SPACING_MM,
    source: Mapping[str, str] | None = None,
) -> Case:
    """Return the column as a case, label-only unless an image is given."""
    values = tiny_values() if values is None else values
    names = {n: f"vertebra:{v}" for v, n in NUMBER_OF.items()} if names is None else names
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    keys = {number: StructureKey.parse(text) for number, text in names.items()}
    volume = None if image is None else Volume(image, affine, "tiny")
    return Case(volume, LabelMap(values, affine, "tiny"), keys, "made", source=source or {})


def tiny_survey(values: np.ndarray | None = None, names: Mapping[int, str] | None = None) -> Survey:
    """Return the survey of the column."""
    return survey_labels(tiny_case(values, names))
