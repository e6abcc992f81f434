"""How the roots lie to a herniation: contact, displacement, flattening, and on which side of it."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from kambin.anatomy import Structure, StructureKey
from kambin.anatomy.fragment_lattice import (
    INSIDE_SHARE,
    LATTICE_STEP_MM,
    DiscLattice,
    sample_region,
)
from kambin.knowledge import value
from kambin.measure.herniation_scene import HerniaScene
from kambin.measure.herniation_types import Grade, RootGrade, find_neighbour

RELATIONS = ("shoulder", "ventral", "axilla", "dorsal")
"""Where the fragment lies: lateral of the root, in front, medial of it, behind."""

_METHOD = "Contact, then displacement and area against the mirrored root of the other side"
_SOURCE = "Pfirrmann 2004, H8"


def grade_roots(scene: HerniaScene) -> tuple[RootGrade, ...]:
    """Return how traversing and exiting root of the fragment's side lie to it.

    Parameters
    ----------
    scene : HerniaScene

    Returns
    -------
    tuple of RootGrade; a root that is not assessed is missing

    References
    ----------
    Pfirrmann 2004, Radiology 230:583: 0 none, 1 contact, 2 deviation, 3 compression.
    """
    level, side = scene.site.level, scene.side
    keys = (
        StructureKey("traversing_root", level.lower, side),
        StructureKey("exiting_root", level.upper, side),
    )
    found = [(key, scene.anatomy.find(key)) for key in keys]
    return tuple(
        _grade_root(scene, key, root)
        for key, root in found
        if root is not None and root.region.values.any()
    )


def _grade_root(scene: HerniaScene, key: StructureKey, root: Structure) -> RootGrade:
    gap, ends, overlap = _find_gap(scene, root)
    measured = {"gap_mm": gap, "overlap_mm3": overlap}
    points = {"gap": ends}
    touching = value("herniation.root_contact_mm") + scene.anatomy.label_spacing_mm / 2
    sigma = math.hypot(scene.fragment.sigma_mm, root.sigma_mm)
    if root.is_modelled:
        words = "Not assessed: the root is modelled."
        if gap <= touching:
            words = "Contact with the modelled root; whether the real one is moved is not assessed."
        grade = Grade(None, "1", _METHOD, _SOURCE, sigma, "gap_mm", None, measured, points, words)
        return RootGrade(str(key), str(root.origin), grade, _relate(scene, root))
    shifts, areas = _compare(scene, key, root)
    statement = ""
    level = int(gap <= touching)
    neighbour = find_neighbour(gap, sigma, (touching,), ("1", "0"))
    based = "gap_mm"
    if not len(shifts) and level:
        statement = "Displacement not assessed: no root of the other side beside it."
    elif level:
        # Two surfaces at each root are compared with two at the other.
        level, neighbour, more = _grade_contact(shifts, areas, root.sigma_mm * math.sqrt(2))
        measured |= more
        based = "displacement_mm"
    grade = Grade(level, "1", _METHOD, _SOURCE, sigma, based, neighbour, measured, points,
                  statement)  # fmt: skip
    return RootGrade(str(key), str(root.origin), grade, _relate(scene, root))


def _grade_contact(
    shifts_mm: NDArray[np.float64], areas: NDArray[np.float64], sigma_mm: float
) -> tuple[int, str | None, dict[str, float]]:
    """Return grade 1 to 3 of a root in contact, the neighbour, and what was measured."""
    shift, share = float(shifts_mm.max()), float(np.median(areas))
    limit = value("herniation.root_deviation_mm")
    measured = {"displacement_mm": shift, "area_share": share}
    if share < value("herniation.root_flattening_share"):
        return 3, None, measured
    level = 2 if shift > limit else 1
    return level, find_neighbour(shift, sigma_mm, (limit,), ("1", "2")), measured


def _find_gap(scene: HerniaScene, root: Structure) -> tuple[float, NDArray[np.float64], float]:
    """Return the gap in mm, its two ends in LPS, and the shared volume in mm3."""
    region = scene.fragment.region
    own = region.lps_mm(np.argwhere(region.values > 0))
    other = root.region.lps_mm(np.argwhere(root.region.values > 0))
    gaps, nearest = cKDTree(other).query(own)
    best = int(gaps.argmin())
    between = float(region.spacing_mm.min() + root.region.spacing_mm.min()) / 2
    shared = sample_region(root.region, own) >= INSIDE_SHARE
    overlap = float(shared.sum() * np.prod(region.spacing_mm))
    gap = 0.0 if overlap else max(float(gaps[best]) - between, 0.0)
    return gap, np.stack([own[best], other[nearest[best]]]), overlap


def _lattice(scene: HerniaScene, root: Structure) -> DiscLattice:
    """Return a lattice over the fragment's height that holds the root and its mirror image."""
    region = root.region
    local = scene.site.disc.lps_from_disc.inverse().points(
        region.lps_mm(np.argwhere(region.values > 0))
    )
    z = scene.lattice.axes_mm[2]
    beyond = value("herniation.root_near_mm")
    near = local[(local[:, 2] >= z[0] - beyond) & (local[:, 2] <= z[-1] + beyond)]
    near = near if len(near) else local
    wide = float(np.abs(near[:, 0]).max()) + 4
    y = scene.lattice.axes_mm[1]
    low = np.array([-wide, min(float(near[:, 1].min()) - 4, y[0]), z[0]])
    high = np.array([wide, max(float(near[:, 1].max()) + 4, y[-1]), z[-1]])
    return DiscLattice(scene.site.disc, low, high)


def _compare(
    scene: HerniaScene, key: StructureKey, root: Structure
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return displacement, mm, and share of area against the other side, slice by slice."""
    other = scene.anatomy.find(StructureKey(key.kind, key.place, scene.side.opposite))
    empty = np.empty(0)
    if other is None or other.is_modelled:
        return empty, empty
    lattice = _lattice(scene, root)
    own = lattice.sample(root.region) >= INSIDE_SHARE
    # Symmetric about the midline, so that the flipped lattice is its own mirror image.
    twin = lattice.sample(other.region)[::-1] >= INSIDE_SHARE
    x, y, _ = lattice.axes_mm
    shifts, areas = [], []
    for k in range(own.shape[2]):
        a, b = np.argwhere(own[:, :, k]), np.argwhere(twin[:, :, k])
        if len(a) and len(b):
            here = np.array([x[a[:, 0]].mean(), y[a[:, 1]].mean()])
            there = np.array([x[b[:, 0]].mean(), y[b[:, 1]].mean()])
            shifts.append(float(np.linalg.norm(here - there)))
            areas.append(len(a) / len(b))
    return np.array(shifts), np.array(areas)


def _relate(scene: HerniaScene, root: Structure) -> Grade:
    """Return on which side of the root most of the fragment lies."""
    lattice = _lattice(scene, root)
    own = lattice.sample(root.region) >= INSIDE_SHARE
    inside = lattice.sample(scene.fragment.region) >= INSIDE_SHARE
    counts = _count_sides(scene, lattice, own, inside, 0.0)
    method = "Where the fragment's volume lies beside the root, slice by slice"
    source = "H6"
    if counts.sum() == 0:
        where = "It passes at another height." if root.region.values.any() else ""
        return Grade("apart", "1", method, source, statement=where)
    shares = counts / counts.sum()
    best = RELATIONS[int(shares.argmax())]
    others = {
        RELATIONS[int(moved.argmax())]
        for shift in (-root.sigma_mm, root.sigma_mm)
        if (moved := _count_sides(scene, lattice, own, inside, shift)).sum() > 0
    } - {best}
    return Grade(
        best,
        "1",
        method,
        source,
        root.sigma_mm,
        "lateral_of_root_share",
        " or ".join(sorted(others)) or None,
        dict(
            zip(
                ("lateral_of_root_share", "ventral_share", "medial_of_root_share", "dorsal_share"),
                shares.tolist(),
                strict=True,
            )
        ),
        statement="The root is modelled." if root.is_modelled else "",
    )


def _count_sides(
    scene: HerniaScene,
    lattice: DiscLattice,
    root: NDArray[np.bool_],
    fragment: NDArray[np.bool_],
    shift_mm: float,
) -> NDArray[np.float64]:
    """Return how many nodes of the fragment lie lateral, ventral, medial and dorsal of a root."""
    x, y, _ = lattice.axes_mm
    lateral = scene.side.lateral_sign_lps * x
    counts = np.zeros(len(RELATIONS))
    for k in np.flatnonzero(root.any(axis=(0, 1)) & fragment.any(axis=(0, 1))):
        a, b = np.argwhere(root[:, :, k]).T
        low, high = lateral[a].min() + shift_mm, lateral[a].max() + shift_mm
        i, j = np.argwhere(fragment[:, :, k]).T
        outside, within = lateral[i] > high + LATTICE_STEP_MM, lateral[i] < low - LATTICE_STEP_MM
        ahead = ~outside & ~within & (y[j] <= y[b].mean())
        counts += [outside.sum(), ahead.sum(), within.sum(), (~outside & ~within & ~ahead).sum()]
    return counts
