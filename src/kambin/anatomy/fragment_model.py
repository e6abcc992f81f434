"""A fragment placed by its parameters: behind the disc, ventral of the sac, outside bone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from kambin.anatomy.case import Case
from kambin.anatomy.fragment_lattice import LATTICE_STEP_MM, DiscLattice, sample_region
from kambin.anatomy.fragment_site import (
    HerniaSite,
    SideMarks,
    find_back_wall_mm,
    find_site,
    solid_keys,
)
from kambin.anatomy.fragment_wish import CANAL_ZONES, MSU_SIZES, FragmentWish
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.structures import Anatomy
from kambin.core import AnatomyError
from kambin.imaging import LabelMap
from kambin.knowledge import value, values

SOLID_KINDS = frozenset({"vertebra", "sacrum", "ilium", "rib", "disc"})
"""What a fragment cannot fill."""

REPORTED_KINDS = frozenset({"dural_sac", "spinal_cord", "exiting_root", "traversing_root", "drg"})
"""What a fragment may push aside, and says so."""


@dataclass(frozen=True, slots=True)
class PlacedFragment:
    """A placed fragment on the voxels of the labels.

    Parameters
    ----------
    mask : bool array, shape of the labels
    overlaps_mm3 : mapping of StructureKey to float, mm3 that the fragment shares with nerves
        and sac where they are now
    kept_share : float, share of the shape behind the disc that found room
    """

    mask: NDArray[np.bool_]
    overlaps_mm3: Mapping[StructureKey, float]
    kept_share: float


@dataclass(frozen=True, slots=True)
class _Body:
    """The solids of a fragment in the surgical frame of the disc, mm."""

    centre_mm: NDArray[np.float64]
    half_mm: NDArray[np.float64]
    stalk_mm: NDArray[np.float64] | None
    gap_mm: float
    neck_mm: float = 0.0


def place_fragment(case: Case, anatomy: Anatomy, wish: FragmentWish) -> PlacedFragment:
    """Place a fragment by its parameters in a completed anatomy.

    Parameters
    ----------
    case : Case, whose label grid takes the fragment
    anatomy : Anatomy, completed from the case without a fragment
    wish : FragmentWish

    Returns
    -------
    PlacedFragment

    Raises
    ------
    AnatomyError  (AN-350) if a landmark of the level is missing, (AN-352) if the shape finds
        no room there, or cannot have the asked morphology

    Notes
    -----
    The depth is a share of the distance from the disc's margin to the facet line, so that the
    MSU size is what was asked for. An extrusion that migrated hangs on a stalk along the back
    of the body; a sequestration keeps its distance from the disc.
    """
    site = find_site(anatomy, wish.level)
    marks = site.sides[wish.side]
    x_mm = _lateral_mm(wish, site.disc.half_width_mm, marks)
    z_mm = _cranial_mm(wish.migration, site, marks)
    wall = _Wall(anatomy, site, wish.side.lateral_sign_lps * x_mm, (min(z_mm, 0), max(z_mm, 0)))
    body = _shape(wish, site, wall, np.array([x_mm, z_mm]), anatomy.label_spacing_mm)
    return _rasterise(case.labels, case.names, anatomy, wish, body, wall)


class _Wall:
    """The back of bodies and disc round one sagittal line, disc frame."""

    def __init__(
        self, anatomy: Anatomy, site: HerniaSite, x_mm: float, z_mm: tuple[float, float]
    ) -> None:
        reach = 2 * max(values("herniation.half_height_mm"))
        rim = site.disc.posterior_rim_y_mm
        low = np.array([x_mm - reach, rim - 2 * reach, z_mm[0] - reach])
        high = np.array([x_mm + reach, rim + reach, z_mm[1] + reach])
        self.lattice = DiscLattice(site.disc, low, high)
        solid = self.lattice.sample_any(anatomy, solid_keys(site.level))
        self.y_mm = find_back_wall_mm(self.lattice, solid)

    def at(self, x_mm: NDArray[np.float64], z_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return y of the wall at places in the disc's frame, mm."""
        x, _, z = self.lattice.axes_mm
        index = [(x_mm - x[0]) / LATTICE_STEP_MM, (z_mm - z[0]) / LATTICE_STEP_MM]
        found: NDArray[np.float64] = ndimage.map_coordinates(
            self.y_mm, index, order=1, mode="nearest"
        )
        return found


def _lateral_mm(wish: FragmentWish, half_width_mm: float, marks: SideMarks) -> float:
    middle = (1 + value("herniation.central_share")) / 2
    half = values("herniation.half_width_mm")[MSU_SIZES.index(wish.size)] / 2
    # Not so far out that it no longer reaches the disc.
    outer = min(
        marks.lateral_mm + value("herniation.beyond_pedicle_mm"),
        max(half_width_mm, marks.lateral_mm + half),
    )
    return {
        "central": 0.0,
        "paracentral": middle * marks.facet_mm,
        "subarticular": (marks.facet_mm + marks.medial_mm) / 2,
        "foraminal": (marks.medial_mm + marks.lateral_mm) / 2,
        "extraforaminal": outer,
    }[wish.zone]


def _cranial_mm(migration: str, site: HerniaSite, marks: SideMarks) -> float:
    """Return the height of the middle of a zone of migration, mm, disc frame."""
    above, below = site.plates_mm
    near = marks.upper_pedicle_mm - value("herniation.far_up_band_mm")
    middle, margin = marks.lower_pedicle_mm
    far = value("herniation.far_share")
    return {
        "none": 0.0,
        "near-up": (above + near) / 2,
        "far-up": near + far * (marks.upper_pedicle_mm - near),
        "near-down": (below + middle) / 2,
        "far-down": middle + far * (margin - middle),
    }[migration]


def _shape(
    wish: FragmentWish,
    site: HerniaSite,
    wall: _Wall,
    place_mm: NDArray[np.float64],
    spacing_mm: float,
) -> _Body:
    x, z = place_mm
    sign = wish.side.lateral_sign_lps
    index = MSU_SIZES.index(wish.size)
    back = float(wall.at(np.array([sign * x]), np.array([z]))[0])
    depth = values("herniation.lateral_depth_mm")[index]
    if wish.zone in CANAL_ZONES:
        reach = float(site.facet_line_mm(sign * x)) - back
        depth = values("herniation.depth_shares")[index] * reach
    half = np.array(
        [values("herniation.half_width_mm")[index], 0, values("herniation.half_height_mm")[index]]
    )
    if wish.morphology == "protrusion":
        return _protrusion(wish, site, back, depth, half, x)
    touching = value("herniation.continuity_gap_mm") + spacing_mm / 2
    gap = touching + value("herniation.free_gap_mm") if wish.morphology == "sequestration" else 0
    inset = value("herniation.extrusion_inset") if wish.morphology == "extrusion" else 0.5
    if wish.migration != "none":
        half[1] = depth / 2
        neck = values("herniation.neck_mm")[index]
        stalk = _stalk(wall, sign, (x, z), neck) if wish.morphology == "extrusion" else None
        return _Body(np.array([x, back + depth / 2, z]), half, stalk, gap, neck)
    half[1] = (1 - inset) * depth
    # Its neck must be narrower than it is deep, or it would be a protrusion.
    widest = value("herniation.neck_share") * depth / 2
    if wish.morphology == "extrusion":
        half[[0, 2]] = np.minimum(half[[0, 2]], widest / _neck_share(inset))
    return _Body(np.array([x, back + inset * depth, z]), half, None, gap)


def _protrusion(
    wish: FragmentWish,
    site: HerniaSite,
    back: float,
    depth: float,
    half: NDArray[np.float64],
    x: float,
) -> _Body:
    """Return half an ellipsoid with its middle on the margin, as high as the disc at the most."""
    high = site.plates_mm[0] - site.plates_mm[1]
    share = value("herniation.base_share")
    if depth > share * high:
        raise _no_room(
            wish,
            f"At {depth:.1f} mm it is deeper than the disc's margin is high ({high:.1f} mm), "
            "which makes it an extrusion.",
        )
    middle = sum(site.plates_mm) / 2
    wide = max(float(half[0]), depth / (2 * share))
    return _Body(np.array([x, back, middle]), np.array([wide, depth, high / 2]), None, 0.0)


def _neck_share(inset: float) -> float:
    """Return the width of an ellipsoid where the margin cuts it, against its widest."""
    return float(np.sqrt(1 - (inset / (1 - inset)) ** 2))


def _stalk(
    wall: _Wall, sign: float, place_mm: tuple[float, float], thick: float
) -> NDArray[np.float64]:
    """Return the middle line of a stalk from the disc along the wall, shape (N, 3), mm."""
    x, z = place_mm
    heights = np.linspace(0.0, z, max(int(abs(z) / LATTICE_STEP_MM), 2))
    backs = wall.at(np.full_like(heights, sign * x), heights)
    return np.stack([np.full_like(heights, x), backs + thick / 2, heights], axis=1)


def _rasterise(
    labels: LabelMap,
    names: Mapping[int, StructureKey],
    anatomy: Anatomy,
    wish: FragmentWish,
    body: _Body,
    wall: _Wall,
) -> PlacedFragment:
    box, lps_mm = _voxels_around(labels, anatomy, wish, body)
    sign = wish.side.lateral_sign_lps
    disc_frame = anatomy.disc_frames[wish.level]
    local = disc_frame.lps_from_disc.inverse().points(lps_mm)
    inside = _inside(local * [sign, 1, 1], body)
    # What lies within disc and body is no part of the herniation, whoever has labelled it.
    shape = inside & (local[..., 1] > wall.at(local[..., 0], local[..., 2]))
    solid = np.isin(labels.values[box], [n for n, key in names.items() if key.kind in SOLID_KINDS])
    free = shape & ~solid
    disc = anatomy.find(StructureKey("disc", str(wish.level)))
    if disc is not None:
        free &= sample_region(disc.region, lps_mm) < 0.5
        if body.gap_mm > 0 and free.any():
            tree = cKDTree(disc.region.lps_mm(np.argwhere(disc.region.values > 0)))
            near = tree.query(lps_mm[free])[0] - float(disc.region.spacing_mm.min()) / 2
            free[free] = near > body.gap_mm
    free = _largest_piece(free)
    kept = float(free.sum()) / max(int(shape.sum()), 1)
    if kept < value("herniation.kept_share"):
        why = f"Only {kept:.0%} of it lies outside bone and disc."
        raise _no_room(wish, why)
    mask = np.zeros(labels.shape, dtype=bool)
    mask[box] = free
    return PlacedFragment(mask, _find_overlaps(anatomy, lps_mm[free], labels), kept)


def _inside(surgical_mm: NDArray[np.float64], body: _Body) -> NDArray[np.bool_]:
    """Return which places lie in the ellipsoid or its stalk; places in the surgical frame."""
    inside: NDArray[np.bool_] = (((surgical_mm - body.centre_mm) / body.half_mm) ** 2).sum(
        axis=-1
    ) <= 1
    if body.stalk_mm is not None:
        near = cKDTree(body.stalk_mm).query(surgical_mm)[0]
        inside |= near <= body.neck_mm
    return inside


def _voxels_around(
    labels: LabelMap, anatomy: Anatomy, wish: FragmentWish, body: _Body
) -> tuple[tuple[slice, ...], NDArray[np.float64]]:
    """Return a box of voxels that holds the shape, and their places, mm, LPS."""
    low, high = body.centre_mm - body.half_mm, body.centre_mm + body.half_mm
    if body.stalk_mm is not None:
        low = np.minimum(low, body.stalk_mm.min(axis=0) - body.neck_mm)
        high = np.maximum(high, body.stalk_mm.max(axis=0) + body.neck_mm)
    corners = np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), -1).reshape(-1, 3)
    frame = anatomy.disc_frames[wish.level].lps_from_disc
    ijk = labels.ijk(frame.points(corners * [wish.side.lateral_sign_lps, 1, 1]))
    first = np.clip(np.floor(ijk.min(axis=0)).astype(int) - 1, 0, labels.shape)
    last = np.clip(np.ceil(ijk.max(axis=0)).astype(int) + 2, first, labels.shape)
    box = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    index = np.meshgrid(*(np.arange(s.start, s.stop) for s in box), indexing="ij")
    return box, labels.lps_mm(np.stack(index, axis=-1))


def _largest_piece(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    pieces, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(pieces.ravel())[1:]
    largest: NDArray[np.bool_] = pieces == int(sizes.argmax()) + 1
    return largest


def _find_overlaps(
    anatomy: Anatomy, places_lps_mm: NDArray[np.float64], labels: LabelMap
) -> dict[StructureKey, float]:
    """Return what nerves and sac share with the fragment, mm3."""
    voxel_mm3 = float(np.prod(labels.spacing_mm))
    found = {}
    for key, structure in anatomy.structures.items():
        if key.kind in REPORTED_KINDS and len(places_lps_mm):
            share = sample_region(structure.region, places_lps_mm)
            shared = float((share >= 0.5).sum()) * voxel_mm3
            if shared > 0:
                found[key] = shared
    return dict(sorted(found.items(), key=lambda item: str(item[0])))


def _no_room(wish: FragmentWish, why: str) -> AnatomyError:
    return AnatomyError(
        code="AN-352",
        what="The fragment finds no room where it was asked for",
        where=f"{wish.level} {wish.side}, {wish.zone}, {wish.migration}",
        why=why,
        next_step="Ask for another size, zone or morphology, or draw the fragment.",
    )
