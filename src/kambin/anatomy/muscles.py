"""The muscles of the back: multifidus and erector spinae parted from the one paraspinal mass."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.structures import Origin, Structure, VertebraFrame
from kambin.anatomy.working import REGION_MARGIN_VOXELS
from kambin.core import Finding, Severity
from kambin.frames import Side
from kambin.imaging import LabelMap, region_from_mask
from kambin.knowledge import constant, value, value_at

MASS_KIND = "erector_spinae"
"""What tools label as one: erector spinae and multifidus together, unless they know both."""

MULTIFIDUS_KIND = "multifidus"
MUSCLES = ("psoas", "quadratus", MASS_KIND, MULTIFIDUS_KIND)


_HEIGHT_STEP_MM = 0.5
"""Step of the table in which the course of a cleft is looked up by height."""


@dataclass(frozen=True, slots=True)
class _Clefts:
    """Where the cleft between multifidus and longissimus runs on one side, by height.

    Parameters
    ----------
    lowest_lps_mm : float, mm, LPS, height of the first row
    rows : float array, shape (N, 6), one each 0.5 mm upwards: where the midline is along L and
        P, on the posterior wall, mm, and how far it runs along L for each mm backwards; how far
        lateral and behind it the cleft begins at the joint, mm; how far lateral it ends under
        the fascia, mm
    """

    lowest_lps_mm: float
    rows: NDArray[np.float64]

    def at(self, heights_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the rows at some heights, shape (len(heights), 6); beyond the ends, the ends."""
        steps = np.rint((heights_lps_mm - self.lowest_lps_mm) / _HEIGHT_STEP_MM).astype(np.intp)
        found: NDArray[np.float64] = self.rows.take(np.clip(steps, 0, len(self.rows) - 1), axis=0)
        return found


def complete_muscles(
    bony: BonyAnatomy,
) -> tuple[dict[StructureKey, Structure], tuple[Finding, ...]]:
    """Part the paraspinal mass of each side into multifidus and erector spinae.

    Parameters
    ----------
    bony : BonyAnatomy

    Returns
    -------
    mapping of StructureKey to Structure, sigma in mm: ``multifidus`` modelled and what is left
    of the mass as ``erector_spinae``, whose outer surface is the segmented one
    AN-292 for the muscles that no mask gives and that cannot be parted

    Notes
    -----
    Psoas and quadratus are taken as given. The quadratus is not modelled: no label bounds it in
    front and at its side, where it lies against fat.

    References
    ----------
    Palmer 2011, Spine 36:1263, doi 10.1097/BRS.0b013e3181f520e8 (the cleft by level)
    """
    found: dict[StructureKey, Structure] = {}
    for side in Side:
        mass = bony.structures.get(StructureKey(MASS_KIND, "", side))
        # A mask of the multifidus says that the other one is the erector alone.
        is_parted = StructureKey(MULTIFIDUS_KIND, "", side) in bony.given
        if mass is not None and not is_parted:
            found |= _part_mass(bony, mass, side)
    known = {*bony.structures, *found}
    keys = [StructureKey(kind, "", side) for kind in MUSCLES for side in Side]
    missing = [str(key) for key in keys if key not in known]
    if not missing:
        return found, ()
    why = "No mask gives them, and no label bounds them on all sides."
    where = ", ".join(missing)
    return found, (finding_of("AN-292", Severity.NOTE, where=where, why=why),)


def _part_mass(bony: BonyAnatomy, mass: Structure, side: Side) -> dict[StructureKey, Structure]:
    """Return both muscles of one side, or nothing if the mass holds no multifidus."""
    clefts = _find_clefts(bony, side)
    if clefts is None:
        return {}
    inside = mass.region.values != 0
    medial = _find_medial(inside, mass.region, clefts, side)
    share = float(medial.sum() / max(inside.sum(), 1))
    if share < value("completion_soft.multifidus_least_share") or not (inside & ~medial).any():
        return {}
    sigma = value("completion_soft.multifidus_sigma_mm")
    key = StructureKey(MULTIFIDUS_KIND, "", side)
    multifidus = Structure(
        key,
        region_from_mask(medial, mass.region, REGION_MARGIN_VOXELS),
        Origin.MODELLED,
        sigma,
        method="Medial part of the given paraspinal mass, up to the cleft of the literature.",
        quality={"share_of_mass": share},
    )
    erector = replace(
        mass,
        region=region_from_mask(inside & ~medial, mass.region, REGION_MARGIN_VOXELS),
        method=f"{mass.method} Given as one mass; the modelled multifidus is taken out of it.",
        quality={**mass.quality, "cleft_sigma_mm": sigma},
    )
    return {multifidus.key: multifidus, erector.key: erector}


def _find_clefts(bony: BonyAnatomy, side: Side) -> _Clefts | None:
    """Return the cleft at the joints of every level, or none if no joint is known."""
    widths = constant("completion_soft.cleft_mm").value
    rows = []
    for level in reversed(bony.levels):
        sap = bony.structures.get(StructureKey("sap", level.lower, side))
        frame = bony.vertebra_frames[level.lower]
        if sap is None or isinstance(widths, float | tuple) or str(level) not in widths:
            continue
        lateral = value_at("completion_soft.cleft_mm", str(level))
        rows.append(_cleft_row(sap, frame, side, lateral))
    if not rows:
        return None
    table = np.array(sorted(rows))
    heights = np.arange(table[0, 0], table[-1, 0] + _HEIGHT_STEP_MM, _HEIGHT_STEP_MM)
    between = [np.interp(heights, table[:, 0], column) for column in table[:, 1:].T]
    return _Clefts(float(heights[0]), np.column_stack(between))


def _cleft_row(sap: Structure, frame: VertebraFrame, side: Side, cleft_mm: float) -> list[float]:
    """Return the height of one level's joint and the cleft there, as in ``_Clefts``."""
    places = sap.region.lps_mm(np.argwhere(sap.region.values))
    local = frame.lps_from_vertebra.inverse().points(places)
    # The midline at the height of the joint, on the posterior wall.
    height = float(local[:, 2].mean())
    on_wall = frame.lps_from_vertebra.points([0.0, frame.posterior_wall_y_mm, height])
    share = value("completion_soft.joint_border_share")
    lateral = float(np.quantile(local[:, 0] * side.lateral_sign_lps, share))
    behind = float(np.quantile(local[:, 1], share)) - frame.posterior_wall_y_mm
    # The muscles of a turned vertebra meet behind its spinous process, not behind its wall.
    backward = frame.lps_from_vertebra.rotation[:, 1]
    midline = [*on_wall[:2].tolist(), float(backward[0] / backward[1])]
    return [float(places[:, 2].mean()), *midline, lateral, behind, cleft_mm]


def _find_medial(
    inside: NDArray[np.bool_], region: LabelMap, clefts: _Clefts, side: Side
) -> NDArray[np.bool_]:
    """Return which voxels of a mass lie medial of the cleft, bool array of the same shape."""
    ijk = np.argwhere(inside)
    # Written out: a product with three columns keeps a matrix library busy five times as long.
    affine = region.lps_from_ijk
    places = np.einsum("nj,kj->nk", ijk.astype(np.float64), affine[:3, :3]) + affine[:3, 3]
    left, wall, turn, beside, joint, fascia = clefts.at(places[:, 2]).T
    aside, back = places[:, 0] - left, places[:, 1] - wall
    # In the axial plane, along the midline of each height and across it.
    behind = (back + turn * aside) / np.hypot(1.0, turn)
    lateral = (aside - turn * back) / np.hypot(1.0, turn) * side.lateral_sign_lps
    end = _back_of(ijk, behind)
    # A straight line from the lateral border of the joint to the cleft under the fascia.
    share = np.clip((behind - joint) / np.maximum(end - joint, 1.0), 0.0, 1.0)
    border = beside + share * (fascia - beside)
    medial = np.zeros(inside.shape, dtype=bool)
    medial[tuple(ijk[lateral < border].T)] = True
    return medial


def _back_of(ijk: NDArray[np.int64], behind_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far back the mass reaches in the slice of each voxel, shape (N,), mm."""
    slices = ijk[:, 2]
    farthest = np.full(slices.max() + 1, -np.inf)
    np.maximum.at(farthest, slices, behind_mm)
    found: NDArray[np.float64] = farthest[slices]
    return found
