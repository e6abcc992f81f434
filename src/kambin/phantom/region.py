"""A few levels of a made patient as a case without an image, in a tenth of the time."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Case, Level, StructureKey
from kambin.core import AnatomyError
from kambin.imaging import LabelMap
from kambin.knowledge import values
from kambin.phantom.build import build_truth
from kambin.phantom.given import name_given, paint_given
from kambin.phantom.parameters import PhantomParameters
from kambin.phantom.shapes import bounds_of
from kambin.phantom.truth import PhantomTruth


@dataclass(frozen=True)
class SpineCase:
    """A stretch of a made patient's spine as planning sees it, and as it is.

    Parameters
    ----------
    case : Case without an image: whole vertebrae, sacrum and organs inside the box
    truth : PhantomTruth of the whole patient, its grid cut down to the box; its ``labels``
        at the case's spacing lie on the case's own grid
    """

    case: Case
    truth: PhantomTruth


def paint_spine_case(
    parameters: PhantomParameters,
    levels: tuple[Level, ...] = (),
    *,
    truth: PhantomTruth | None = None,
) -> SpineCase:
    """Paint the labels of a few levels only: no image, no skin, no far organs.

    Parameters
    ----------
    parameters : PhantomParameters, with the spacing of the labels
    levels : Level wanted; the level of the herniation if empty
    truth : PhantomTruth of these parameters if it was built already

    Returns
    -------
    SpineCase; vertebrae of the levels and of one more on each side are whole, organs are cut
    at the box

    Raises
    ------
    AnatomyError  (AN-180) if the patient has no such level

    Notes
    -----
    For studies over many patients. The voxels are those of ``build_phantom`` inside the box, but
    for single ones on a border whose distance rounds to the other side.
    Checks that need an image, a rib or the whole body report that these are missing.
    """
    whole = truth or build_truth(parameters)
    low, high = _box(whole, levels or (parameters.level,))
    spacing = parameters.spacing_mm
    # On the grid of the whole patient, so that a voxel is the same voxel in both.
    steps = np.floor((low - whole.low_lps_mm) / spacing)
    low = whole.low_lps_mm + spacing * np.maximum(steps, 0)
    high = np.minimum(high, whole.high_lps_mm)
    cut = replace(whole, low_lps_mm=low, high_lps_mm=high, painted=None)
    parts = cut.labels(spacing)
    names = name_given(whole.shapes, parameters)
    labels = LabelMap(
        paint_given(parts.values, whole.shapes, whole.names, parameters),
        parts.lps_from_ijk,
        whole.frame_id,
    )
    source = {"image_format": "", "labels_format": "phantom"}
    return SpineCase(
        Case(None, labels, names, "kambin", source=source), replace(cut, painted=parts)
    )


def _box(
    truth: PhantomTruth, levels: tuple[Level, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of the box round the vertebrae of some levels and one more, mm."""
    names = list(truth.vertebra_frames)
    missing = [str(level) for level in levels if level not in truth.disc_frames]
    if missing:
        raise AnatomyError(
            code="AN-180",
            what="The phantom has no such level",
            where=", ".join(missing),
            why="It was not built for these parameters.",
            next_step="Ask for levels out of PhantomParameters.levels.",
        )
    ends = [names.index(name) for level in levels for name in (level.upper, level.lower)]
    # One more on each side: a pars or a process is told by the neighbour it meets.
    kept = names[max(min(ends) - 1, 0) : max(ends) + 2]
    keys = {StructureKey("sacrum") if n == "S1" else StructureKey("vertebra", n) for n in kept}
    low, high = bounds_of(shape for shape in truth.shapes if shape.key in keys)
    beside, front, back, ends_mm = values("phantom_ct.region_margin_mm")
    before, after = np.array([beside, front, ends_mm]), np.array([beside, back, ends_mm])
    return low - before, high + after
