"""Do the labels fit a lumbar spine, its size and its image? The last gate of the import."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey, is_part_of_vertebra, whole_vertebrae
from kambin.core import Finding, InputError, Severity
from kambin.exchange.sources import LabelSource
from kambin.exchange.voxels import count_labels, find_labels
from kambin.imaging import LabelMap, Volume
from kambin.knowledge import value, values

_NAMES_SHOWN = 12
"""How many names a message lists."""

_ABOVE = frozenset({"T11", "T12", "T13"})
"""Vertebrae next to the lumbar spine, which a scan of it may end at."""

NamesByValue = Mapping[int, StructureKey]
"""Label value -> structure."""


def require_lumbar_spine(labels: LabelMap, names: NamesByValue) -> None:
    """Refuse labels that hold no lumbar vertebra, lumbar disc or sacrum, and no neighbour of one.

    Parameters
    ----------
    labels : LabelMap, shape (I, J, K), LPS, mm
    names : label value -> StructureKey

    Raises
    ------
    InputError  (IN-019) saying what was found instead
    """
    present = find_labels(labels.values)
    keys = [key for number, key in names.items() if number in present]
    # the lowest ribs' vertebrae are the neighbours: a case without a lumbar level is still one
    if any(_is_lumbar(key) or _is_above(key) for key in keys):
        return
    shown = ", ".join(sorted({str(key) for key in keys})[:_NAMES_SHOWN]) or "nothing known"
    necks = any(key.place[:1] == "C" for key in keys)
    counted = " Where the numbers only count the vertebrae from above, name them in a JSON beside."
    raise InputError(
        code="IN-019",
        what="There is no lumbar spine in the labels",
        where="labels",
        why=f"Found instead: {shown}.",
        next_step="Import labels with at least one lumbar vertebra or the sacrum."
        + (counted if necks else ""),
    )


def check_lumbar_level(labels: LabelMap, names: NamesByValue) -> tuple[Finding, ...]:
    """Return a NOTE if the labels end above the lumbar spine, so that no level can be planned.

    Parameters
    ----------
    labels : LabelMap, shape (I, J, K), LPS, mm
    names : label value -> StructureKey
    """
    present = find_labels(labels.values)
    spine = [k for n, k in names.items() if n in present and (_is_lumbar(k) or _is_above(k))]
    if any(_is_lumbar(key) for key in spine):
        return ()
    return (
        Finding(
            code="IN-073",
            severity=Severity.NOTE,
            what="No lumbar level is complete",
            where="labels",
            why=f"Of the spine there are {', '.join(sorted(str(key) for key in spine))}.",
            next_step="Import an image that shows two neighbouring lumbar vertebrae.",
        ),
    )


def check_ceiling(image: Volume, ceiling_hu: float) -> tuple[Finding, ...]:
    """Return a CONFIRM if much of a CT lies at the highest value that could be stored.

    Parameters
    ----------
    image : Volume, shape (I, J, K), HU
    ceiling_hu : float, HU, the highest value that the number format can hold

    Raises
    ------
    InputError  (IN-061) if the ceiling is so low that it cuts bone itself
    """
    # half a unit, because a scale that is no whole number rounds
    clipped = image.values > ceiling_hu - 0.5
    volume_mm3 = float(clipped.sum() * np.prod(image.spacing_mm))
    if volume_mm3 < value("dicom_limits.ceiling_mm3"):
        return ()
    place = ", ".join(f"{v:.0f}" for v in image.lps_mm(np.argwhere(clipped).mean(axis=0)))
    why = f"{volume_mm3:.0f} mm3 around ({place}) mm LPS lie at {ceiling_hu:.0f} HU, "
    if ceiling_hu < value("dicom_limits.ceiling_low_hu"):
        raise InputError(
            code="IN-061",
            what="The values of bone are cut off",
            where="image",
            why=why + "which bone itself exceeds.",
            next_step="Export the original series with all of its bits.",
        )
    return (
        Finding(
            code="IN-061",
            severity=Severity.CONFIRM,
            what="Values are cut off at the top",
            where="image",
            why=why + "the highest that could be stored; metal usually is the cause.",
            next_step="Look at the place: metal near the level makes bone edges doubtful.",
        ),
    )


def require_vertebra_size(labels: LabelMap, names: NamesByValue) -> None:
    """Refuse lumbar vertebrae of a size no patient has, which means a wrong unit of length.

    Parameters
    ----------
    labels : LabelMap, shape (I, J, K), LPS, mm
    names : label value -> StructureKey

    Raises
    ------
    InputError  (IN-010) with the size that was found

    Notes
    -----
    The size is the cube root of the volume, median over the lumbar vertebrae that do not
    touch the border of the image.
    """
    # parts with names of their own are bone of their vertebra
    lumbar = [v for name, v in whole_vertebrae(names).items() if name[:1] == "L"]
    # a vertebra cut by the border is smaller than it is, and would accuse a good file
    on_border = _values_on_border(labels.values)
    counts = count_labels(labels.values)
    voxel_mm3 = float(np.prod(labels.spacing_mm))
    sizes = [
        sum(int(counts[n]) for n in numbers if n < counts.size)
        for numbers in lumbar
        if not on_border.intersection(numbers)
    ]
    edges_mm = [np.cbrt(size * voxel_mm3) for size in sizes if size]
    # the median: one merged or broken vertebra must not accuse the unit of length
    low, high = values("input_limits.vertebra_edge_mm")
    if not edges_mm or low <= float(np.median(edges_mm)) <= high:
        return
    raise InputError(
        code="IN-010",
        what="The vertebrae have a size no patient has",
        where="labels",
        why=f"A lumbar vertebra has the volume of a cube of {np.median(edges_mm):.3g} mm; "
        f"{low:g} to {high:g} mm is possible. The unit of length is probably wrong.",
        next_step="Correct the length unit or the spacing in the header and import again.",
    )


def require_bone_in_tissue(image: Volume, labels: LabelMap, names: NamesByValue) -> None:
    """Refuse labels whose vertebrae lie in the air of a CT: another patient's, or flipped.

    Parameters
    ----------
    image : Volume, shape (I, J, K), HU if it is a CT
    labels : LabelMap, shape (I, J, K), on the same grid
    names : label value -> StructureKey

    Raises
    ------
    InputError  (IN-013) with the share of voxels in air
    """
    bone = _mask(labels, names, frozenset({"vertebra", "sacrum"}))
    air_hu = value("input_limits.air_hu")
    # an MR has no negative air; its bone is judged by the anatomy checks
    if not bone.any() or float(image.values.min()) > air_hu:
        return
    share = float((image.values[bone] < air_hu).mean())
    limit = value("input_limits.bone_in_air_fraction")
    if share > limit:
        raise InputError(
            code="IN-013",
            what="Labelled bone lies in air",
            where="image and labels",
            why=f"{100 * share:.0f} % of the vertebra voxels are below {air_hu:g} HU; "
            f"{100 * limit:.0f} % is the limit.",
            next_step="Check that image and labels belong together and are not flipped.",
        )


def settle_missing_values(
    image: Volume, labels: LabelMap, names: NamesByValue
) -> tuple[Volume, tuple[Finding, ...]]:
    """Stop at voxels without a value beside the spine; elsewhere fill them and ask a person.

    Parameters
    ----------
    image : Volume, shape (I, J, K), in its own unit, HU for a CT
    labels : LabelMap, shape (I, J, K), on the same grid
    names : label value -> StructureKey

    Returns
    -------
    the image with the lowest value of the image in voxels that had none, and the finding

    Raises
    ------
    InputError  (IN-011) if such voxels lie within the box around the vertebrae
    """
    # whole numbers cannot be missing, and the test would cost a second on a large CT
    if image.values.dtype.kind != "f":
        return image, ()
    missing = ~np.isfinite(image.values)
    count = int(missing.sum())
    if not count:
        return image, ()
    places = np.argwhere(missing)
    centre = ", ".join(f"{v:.0f}" for v in image.lps_mm(places.mean(axis=0)))
    why = f"{count} voxels hold no number, around ({centre}) mm LPS."
    box = _spine_box(labels, names)
    inside = int(missing[box].sum())
    # an image without any value has no darkest one to fill with
    if inside or count == missing.size:
        raise InputError(
            code="IN-011",
            what="Voxels beside the spine have no value",
            where="image",
            why=f"{why} {inside} of them lie beside the vertebrae.",
            next_step="Export the image again from its source.",
        )
    # the darkest value reads as air, which no path may start behind
    filled = np.where(missing, image.values[~missing].min(), image.values)
    finding = Finding(
        code="IN-011",
        severity=Severity.CONFIRM,
        what="Voxels away from the spine have no value",
        where="image",
        why=f"{why} They are shown as the darkest value of the image.",
        next_step="Look whether the skin of the entry is affected, and confirm.",
    )
    return Volume(filled, image.lps_from_ijk, image.frame_id), (finding,)


def check_unknown_names(sources: Sequence[LabelSource]) -> tuple[Finding, ...]:
    """Return a CONFIRM if labels or masks carry names that are not known."""
    words = sorted({name for source in sources for name in source.unknown.values()})
    if not words:
        return ()
    shown = ", ".join(word[:30] for word in words[:_NAMES_SHOWN])
    more = f" and {len(words) - _NAMES_SHOWN} more" if len(words) > _NAMES_SHOWN else ""
    return (
        Finding(
            code="IN-022",
            severity=Severity.CONFIRM,
            what="Some structures have names that are not known",
            where=f"{len(words)} labels or masks",
            why=f"Left out and so not assessed: {shown}{more}.",
            next_step="Rename them in a labels.json, or confirm that they do not matter.",
        ),
    )


def _is_lumbar(key: StructureKey) -> bool:
    # levels are counted from the sacrum, so it is enough to go on
    if key.kind == "sacrum":
        return True
    lumbar = key.place[:1] == "L" or key.place == "S1" or "-L" in key.place or "-S" in key.place
    return (key.kind in ("vertebra", "disc") or is_part_of_vertebra(key)) and lumbar


def _is_above(key: StructureKey) -> bool:
    return key.kind == "vertebra" and key.place in _ABOVE


def _mask(labels: LabelMap, names: NamesByValue, kinds: frozenset[str]) -> NDArray[np.bool_]:
    # looked up by label: one pass over the voxels, however many structures are asked for
    table = np.zeros(int(labels.values.max()) + 1, dtype=bool)
    for number, key in names.items():
        kind = "vertebra" if is_part_of_vertebra(key) else key.kind
        if kind in kinds and number < table.size:
            table[number] = True
    mask: NDArray[np.bool_] = table[labels.values]
    return mask


def _values_on_border(voxels: NDArray[np.generic]) -> set[int]:
    faces = [face for axis in range(3) for face in (voxels.take(0, axis), voxels.take(-1, axis))]
    return {int(number) for face in faces for number in np.unique(face)}


def _spine_box(labels: LabelMap, names: NamesByValue) -> tuple[slice, slice, slice]:
    spine = np.argwhere(_mask(labels, names, frozenset({"vertebra", "sacrum", "disc"})))
    margin = np.ceil(value("input_limits.spine_box_margin_mm") / labels.spacing_mm)
    low = np.maximum(spine.min(axis=0) - margin, 0).astype(int)
    high = (spine.max(axis=0) + margin + 1).astype(int)
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return i, j, k
