"""The body and its skin: from a given mask, or from the image by a threshold at air."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.masks import fill_slices, find_labelled, grow_by_box, shrink_by_box
from kambin.anatomy.structures import Origin, Structure
from kambin.imaging import LabelMap, Volume, region_from_mask
from kambin.knowledge import value, value_at

SKIN_KEY = StructureKey("skin")


def find_body_mask(
    image: Volume | None, labels: LabelMap, names: Mapping[int, StructureKey]
) -> LabelMap | None:
    """Return the whole body as a filled mask, or none if neither image nor mask shows it.

    Parameters
    ----------
    image : Volume in HU, or none
    labels : LabelMap of the case
    names : mapping of label value to StructureKey

    Returns
    -------
    LabelMap of 0 and 1 on the grid of its source. A given mask named ``skin`` wins
    and is united with all other labels, which lie inside the body; else the body is the
    largest piece above the air threshold of a CT, filled slice by slice, without the table.
    """
    given = [v for v, key in names.items() if key == SKIN_KEY]
    if find_labelled(labels.values, given).any():
        # Organs overwrite the body label where they lie, so all labels together are the body.
        return _as_mask(fill_slices(labels.values > 0), labels)
    # Without air in it an image ends inside the body: its border is no skin.
    if image is not None and _shows_air(image):
        return _as_mask(segment_body(image), image)
    return None


def complete_skin(bony: BonyAnatomy) -> Structure | None:
    """Return the body inside its skin as a structure, or none if nothing shows the skin.

    Parameters
    ----------
    bony : BonyAnatomy

    Returns
    -------
    Structure ``skin`` whose region is the filled body; origin segmented. Without it no
    entry on the skin can be planned (AN-134 of the case checks).
    """
    body = bony.body
    if body is None or not body.values.any():
        return None
    is_given = any(key == SKIN_KEY for key in bony.names.values())
    source = "mask" if is_given else "image"
    return Structure(
        SKIN_KEY,
        region_from_mask(body.values > 0, body),
        Origin.SEGMENTED,
        value_at("completion_nerve.skin_sigma_mm", source),
        method="The given body mask." if is_given else "Largest piece above the air threshold.",
    )


def segment_body(image: Volume) -> NDArray[np.bool_]:
    """Return the body in a CT: everything inside the skin, without table and clothes.

    Parameters
    ----------
    image : Volume, HU, canonical

    Returns
    -------
    bool array, image.shape

    Notes
    -----
    Threshold at ``checks.air_hu``; an opening by a box of ``skin_opening_mm`` half width cuts
    the thin bridges between back and table; the piece that holds most voxels is the body;
    its holes (bowel gas, lungs) are filled slice by slice.
    """
    # Written so that a voxel that is not a number counts as tissue and tears no hole.
    tissue = ~(image.values <= value("checks.air_hu"))
    half_width = np.rint(value("completion_nerve.skin_opening_mm") / image.spacing_mm)
    reach = half_width.astype(int).tolist()
    numbered, count = ndimage.label(shrink_by_box(tissue, reach))
    if count == 0:
        return np.zeros(image.shape, dtype=bool)
    # A slice at a time: all at once would first be copied to integers of eight bytes.
    sizes = np.zeros(count + 1, dtype=np.int64)
    for part in numbered:
        sizes += np.bincount(part.ravel(), minlength=count + 1)
    # The background is no piece, however large.
    sizes[0] = 0
    grown = grow_by_box(numbered == int(np.argmax(sizes)), reach)
    # Grown back only where there was tissue: the opening must not round off the entry.
    return fill_slices(grown & tissue)


def _shows_air(image: Volume) -> bool:
    """Return whether anything is darker than the air threshold, so that a skin can be seen."""
    return bool((image.values < value("checks.air_hu")).any())


def _as_mask(mask: NDArray[np.bool_], like: LabelMap | Volume) -> LabelMap:
    return LabelMap(mask.astype(np.uint8), like.lps_from_ijk, like.frame_id)
