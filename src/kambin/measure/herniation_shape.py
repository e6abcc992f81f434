"""The shape of a herniation: depth against base in every plane, continuity, circumference."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from kambin.anatomy import StructureKey
from kambin.anatomy.fragment_lattice import INSIDE_SHARE, LATTICE_STEP_MM, sample_region
from kambin.imaging import extract_surface
from kambin.knowledge import value, values
from kambin.measure.herniation_scene import HerniaScene
from kambin.measure.herniation_types import Grade, find_neighbour

MORPHOLOGY_CLASSES = ("bulge", "protrusion", "extrusion", "sequestration")
RAYS_SAMPLES = 360
"""One ray a degree; a herniation spans twenty degrees and more."""
TIE_DECIMALS = 6
"""Digits to which two planes are equally deep."""
TOUCH_EPSILON = 1e-3
"""Rounding of coordinates, mm."""
_SOURCE = "Fardon 2014, CTF version 2.0"
_TRIALS = "trials of this project"
_METHOD = "Greatest distance from the base against the base in each axial and sagittal plane"


@dataclass(frozen=True, slots=True)
class PlaneShape:
    """Depth and base in the plane in which their ratio is greatest.

    Parameters
    ----------
    orientation : str, axial or sagittal
    base_mm, depth_mm, widest_mm : float, mm
    base_ends_mm, depth_ends_mm : float array, shape (2, 3), mm, disc frame
    """

    orientation: str
    base_mm: float
    depth_mm: float
    widest_mm: float
    base_ends_mm: NDArray[np.float64]
    depth_ends_mm: NDArray[np.float64]

    @property
    def ratio(self) -> float:
        """Return depth against base."""
        return self.depth_mm / max(self.base_mm, LATTICE_STEP_MM)


def grade_morphology(scene: HerniaScene) -> tuple[Grade, Grade]:
    """Return the morphology after version 2.0 and after version 1 of the Combined Task Force.

    Parameters
    ----------
    scene : HerniaScene

    Returns
    -------
    two Grade: bulge, protrusion, extrusion or sequestration; in version 1 a protrusion is
    focal or broad-based

    References
    ----------
    Fardon 2014, doi 10.1016/j.spinee.2014.04.022 (version 2.0); Fardon 2001, Spine 26:E93
    """
    base = find_base(scene)
    share = find_circumference_share(scene) if base.any() else 0.0
    free = _find_free_share(scene)
    gap = _find_gap_mm(scene)
    found_shapes = (_worst_plane(scene, base, axis) for axis in (2, 0)) if base.any() else ()
    shapes = [shape for shape in found_shapes if shape is not None]
    measured = {"circumference_share": share, "free_share": free, "gap_to_disc_mm": gap}
    for shape in shapes:
        for name in ("base", "depth", "widest"):
            measured[f"{shape.orientation}_{name}_mm"] = getattr(shape, f"{name}_mm")
    points = {
        f"{shape.orientation}_{name}": scene.lps_mm(*ends)
        for shape in shapes
        for name, ends in (("base", shape.base_ends_mm), ("depth", shape.depth_ends_mm))
    }
    if not (scene.far_mm > scene.wall_mm).any() or (base.any() and not shapes):
        inside = Grade(None, "1", _METHOD, _SOURCE, measured=measured,
                       statement="It does not stand out of the disc.")  # fmt: skip
        return inside, inside
    if not shapes or free > value("herniation.free_piece_share"):
        found = _sequestration(scene, measured, points)
        return found, _as_version_1(found, share)
    worst = max(shapes, key=lambda shape: shape.ratio)
    measured["depth_to_base"] = worst.ratio
    # Both ends of the depth and of the base err, and the base ends where the disc does.
    disc = scene.anatomy.find(StructureKey("disc", str(scene.site.level)))
    ends = math.hypot(scene.fragment.sigma_mm, disc.sigma_mm if disc else 0.0)
    sigma = math.hypot(scene.fragment.sigma_mm, worst.ratio * ends) / max(worst.base_mm, 1.0)
    shares = values("herniation.circumference_shares")
    classes = ("protrusion", "extrusion")
    name = classes[int(worst.ratio > 1)]
    neighbour = find_neighbour(worst.ratio, sigma, (1.0,), classes)
    has_left = _has_left_its_disc(scene)
    if name == "protrusion" and has_left:
        # Its head may lie beside every plane of the base; wider than the disc it is all the same.
        name, neighbour = "extrusion", "protrusion"
    if name == "protrusion" and share > shares[0]:
        name, neighbour = "bulge", None
    elif neighbour is None and _is_thin_contact(scene):
        neighbour = "sequestration"
    statement = f"Judged in the {worst.orientation} plane."
    if has_left and worst.ratio <= 1:
        statement = "Its middle lies beyond the end plate: it has left the height of its disc."
    found = Grade(name, "1", _METHOD, _SOURCE, sigma, "depth_to_base", neighbour, measured,
                  points, statement)  # fmt: skip
    return found, _as_version_1(found, share)


def grade_size(scene: HerniaScene) -> tuple[Grade, Grade]:
    """Return volume, mm3, and the extent along the axes of the disc, mm."""
    region = scene.fragment.region
    volume = float((region.values > 0).sum() * np.prod(region.spacing_mm))
    surface = extract_surface(region)
    corners = surface.vertices_lps_mm[surface.faces]
    sides = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = float(np.linalg.norm(sides, axis=1).sum()) / 2
    sigma = scene.fragment.sigma_mm
    extent = [
        float(np.ptp(axis[np.flatnonzero(scene.inside.any(axis=others))]))
        for axis, others in zip(scene.lattice.axes_mm, ((1, 2), (0, 2), (0, 1)), strict=True)
    ]
    names = ("width_mm", "depth_mm", "height_mm")
    return (
        Grade(volume, "mm3", "Voxels of the fragment; the error moves its whole surface",
              _TRIALS, area * sigma, "volume_mm3", measured={"volume_mm3": volume}),
        Grade(None, "mm", "Extent along left, posterior and cranial of the disc", _TRIALS,
              math.sqrt(2) * sigma, "width_mm", measured=dict(zip(names, extent, strict=True))),
    )  # fmt: skip


def find_base(scene: HerniaScene) -> NDArray[np.bool_]:
    """Return the columns in which the fragment hangs on its disc, bool array, shape (I, K).

    Parameters
    ----------
    scene : HerniaScene

    Notes
    -----
    A column counts if the disc is what lies in front, and the gap to it is below half a
    voxel more than the least gap; less than 2 mm2 of contact is none.
    """
    half_voxel = scene.anatomy.label_spacing_mm / 2
    gap = scene.front_mm - scene.wall_mm
    over_disc = np.isfinite(gap) & _is_disc_behind(scene)
    near = over_disc & (gap <= value("herniation.continuity_gap_mm") + half_voxel)
    if near.sum() * LATTICE_STEP_MM**2 < value("herniation.continuity_area_mm2"):
        return np.zeros_like(near)
    least = max(float(gap[near].min()), 0.0)
    return near & (gap <= least + half_voxel + TOUCH_EPSILON)


def _has_left_its_disc(scene: HerniaScene) -> bool:
    """Return whether the middle of a fragment lies above or below its disc."""
    above, below = scene.site.plates_mm
    return not below <= float(scene.middle_mm[2]) <= above


def _is_thin_contact(scene: HerniaScene) -> bool:
    """Return whether the contact with the disc rests on the half voxel that is allowed for."""
    gap = scene.front_mm - scene.wall_mm
    touching = _is_disc_behind(scene) & (gap <= value("herniation.continuity_gap_mm"))
    area = float(touching.sum()) * LATTICE_STEP_MM**2
    return area < value("herniation.continuity_area_mm2")


def find_circumference_share(scene: HerniaScene) -> float:
    """Return which share of the disc's circumference the fragment covers, 0 to 1.

    Parameters
    ----------
    scene : HerniaScene

    Notes
    -----
    Of 360 rays from the middle of the disc in its own plane, those that meet the fragment.
    """
    height = scene.site.disc.height_mm / 2
    angles = np.arange(RAYS_SAMPLES) * 2 * math.pi / RAYS_SAMPLES
    reach = float(np.linalg.norm(scene.points_mm[:, :2], axis=1).max()) + 1
    radii = np.arange(0.0, reach, LATTICE_STEP_MM)
    z = np.array([-height / 2, 0.0, height / 2])
    a, r, up = np.meshgrid(angles, radii, z, indexing="ij")
    places = np.stack([r * np.sin(a), r * np.cos(a), up], axis=-1)
    lps = scene.site.disc.lps_from_disc.points(places)
    hit = (sample_region(scene.fragment.region, lps) >= INSIDE_SHARE).any(axis=(1, 2))
    return float(hit.mean())


def _is_disc_behind(scene: HerniaScene) -> NDArray[np.bool_]:
    """Return the columns whose back wall is made by the disc, shape (I, K)."""
    y = scene.lattice.axes_mm[1]
    # One node in front of the wall: at the wall itself the disc is half there.
    index = np.searchsorted(y, scene.wall_mm - LATTICE_STEP_MM) - 1
    index = np.clip(index, 0, len(y) - 1)
    there = np.take_along_axis(scene.disc_filled, index[:, None, :], axis=1)[:, 0]
    found: NDArray[np.bool_] = there >= INSIDE_SHARE
    return found


def _worst_plane(scene: HerniaScene, base: NDArray[np.bool_], axis: int) -> PlaneShape | None:
    """Return the plane across one axis in which the depth is greatest against its base."""
    along = 0 if axis == 2 else 2
    lengths = [np.ptp(np.flatnonzero(row)) if row.any() else -1 for row in _planes(base, axis)]
    judged = [
        n
        for n, length in enumerate(lengths)
        if length >= 0 and length >= value("herniation.judged_base_share") * max(lengths)
    ]
    # The first of equals from the middle outwards: mirrored patients choose the same plane.
    middle, turned = (judged[0] + judged[-1]) / 2, scene.side.lateral_sign_lps
    order = sorted(judged, key=lambda n: (abs(n - middle), n * (turned if axis == 0 else 1)))
    shapes = [_measure_plane(scene, base, axis, along, n) for n in order]
    ranked = [shape for shape in shapes if shape is not None]
    return max(ranked, key=lambda shape: round(shape.ratio, TIE_DECIMALS), default=None)


def _planes(base: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    return base.T if axis == 2 else base


def _measure_plane(
    scene: HerniaScene, base: NDArray[np.bool_], axis: int, along: int, number: int
) -> PlaneShape | None:
    x, y, z = scene.lattice.axes_mm
    here = np.flatnonzero(_planes(base, axis)[number])
    wall = scene.wall_mm[:, number] if axis == 2 else scene.wall_mm[number]
    coordinate = x if along == 0 else z
    neck = np.stack([coordinate[here], wall[here]], axis=1)
    inside = scene.inside[:, :, number] if axis == 2 else scene.inside[number].T
    nodes = np.argwhere(inside)
    places = np.stack([coordinate[nodes[:, 0]], y[nodes[:, 1]]], axis=1)
    # What lies within the disc by overlap is no part of what stands out of it.
    places = places[places[:, 1] >= wall[nodes[:, 0]] - LATTICE_STEP_MM]
    if not len(places):
        return None
    gaps, nearest = cKDTree(neck).query(places)
    # Of equals the one opposite the middle of the base, then the more lateral or cranial one.
    away = np.abs(places[:, 0] - (neck[0, 0] + neck[-1, 0]) / 2)
    outward = places[:, 0] * (scene.side.lateral_sign_lps if along == 0 else 1)
    rounded = np.round([-outward, away, -gaps], TIE_DECIMALS)
    deepest = int(np.lexsort(rounded)[0])
    fixed = z[number] if axis == 2 else x[number]

    def _full(flat: NDArray[np.float64]) -> tuple[float, float, float]:
        a, b = float(flat[0]), float(flat[1])
        return (a, b, float(fixed)) if axis == 2 else (float(fixed), b, a)

    return PlaneShape(
        "axial" if axis == 2 else "sagittal",
        # Each of the outermost columns stands for half a step beyond it.
        float(np.linalg.norm(neck[-1] - neck[0])) + LATTICE_STEP_MM,
        float(gaps[deepest]),
        float(np.ptp(places[:, 0])),
        np.array([_full(neck[0]), _full(neck[-1])]),
        np.array([_full(neck[nearest[deepest]]), _full(places[deepest])]),
    )


def _find_free_share(scene: HerniaScene) -> float:
    """Return which share of the volume lies in pieces that do not touch the disc."""
    pieces, count = ndimage.label(scene.fragment.region.values > 0, np.ones((3, 3, 3)))
    sizes = np.bincount(pieces.ravel())[1:]
    if count < 2:
        return 0.0
    disc = scene.anatomy.find(StructureKey("disc", str(scene.site.level)))
    if disc is None or not disc.region.values.any():
        return float(1 - sizes.max() / sizes.sum())
    tree = cKDTree(disc.region.lps_mm(np.argwhere(disc.region.values > 0)))
    touching = value("herniation.continuity_gap_mm") + scene.anatomy.label_spacing_mm
    places = scene.fragment.region.lps_mm(np.argwhere(pieces > 0))
    gaps, number = tree.query(places)[0], pieces[pieces > 0]
    free = [n for n in range(1, count + 1) if gaps[number == n].min() > touching]
    return float(sum(sizes[n - 1] for n in free) / sizes.sum())


def _find_gap_mm(scene: HerniaScene) -> float:
    """Return the least gap of fragment and disc, mm; 0 where they touch."""
    disc = scene.anatomy.find(StructureKey("disc", str(scene.site.level)))
    if disc is None or not disc.region.values.any():
        return math.inf
    region = scene.fragment.region
    tree = cKDTree(disc.region.lps_mm(np.argwhere(disc.region.values > 0)))
    gaps, _ = tree.query(region.lps_mm(np.argwhere(region.values > 0)))
    between = (disc.region.spacing_mm.min() + region.spacing_mm.min()) / 2
    return max(float(gaps.min() - between), 0.0)


def _sequestration(
    scene: HerniaScene, measured: dict[str, float], points: dict[str, NDArray[np.float64]]
) -> Grade:
    gap = measured["gap_to_disc_mm"]
    touching = value("herniation.continuity_gap_mm") + scene.anatomy.label_spacing_mm / 2
    disc = scene.anatomy.find(StructureKey("disc", str(scene.site.level)))
    sigma = math.hypot(scene.fragment.sigma_mm, disc.sigma_mm if disc else 0.0)
    measured = measured if math.isfinite(gap) else {**measured, "gap_to_disc_mm": -1.0}
    return Grade(
        "sequestration",
        "1",
        "No continuity with the parent disc",
        _SOURCE,
        sigma,
        "gap_to_disc_mm",
        "extrusion" if gap - touching <= sigma else None,
        measured,
        points,
        statement="" if disc else "Not assessed: the disc, to which it might be continuous.",
    )


def _as_version_1(found: Grade, share: float) -> Grade:
    """Return the class in the words of version 1, still found in reports."""
    broad, bulge = values("herniation.circumference_shares")
    name = str(found.value)
    if name in ("bulge", "protrusion"):
        name = "bulge" if share > bulge else "broad-based protrusion"
        name = name if share > broad else "focal protrusion"
    # The number its uncertainty belongs to comes along.
    based = {key: found.measured[key] for key in (found.based_on,) if key in found.measured}
    return Grade(name, "1", found.method, "Fardon 2001, CTF version 1",
                 found.uncertainty, found.based_on, found.neighbour,
                 {**based, "circumference_share": share})  # fmt: skip
