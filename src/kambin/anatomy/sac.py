"""The dural sac: what the labels show of it below the cord, and a model where they do not."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from kambin.anatomy.canal import CanalCurve, CanalSpace, region_on_grid
from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.masks import find_box_ijk
from kambin.anatomy.sampling import Sampler, crop_of_grid, find_exit_mm
from kambin.anatomy.structures import Origin, Structure
from kambin.imaging import region_from_mask
from kambin.knowledge import value, values

SAC_KEY = StructureKey("dural_sac")
CORD_KEY = StructureKey("spinal_cord")
# The conus ends about L1-L2 (Saifuddin 1998, Spine 23:1452).
_CORD_ENDS_IN = "L2"


@dataclass(frozen=True, slots=True)
class DuralSac:
    """The sac as a structure and as a scalar that rays can meet.

    Parameters
    ----------
    structure : Structure
    occupancy : Sampler on the working grid, 0 to 1, 0.5 at the dura
    curve : CanalCurve, the canal it lies in
    """

    structure: Structure
    occupancy: Sampler
    curve: CanalCurve

    def edges_mm(
        self, starts_lps_mm: ArrayLike, directions: ArrayLike, fallback_mm: ArrayLike
    ) -> NDArray[np.float64]:
        """Return how far the dura lies from points inside the sac, shape (N,), mm.

        Parameters
        ----------
        starts_lps_mm : float array, shape (N, 3), mm, LPS
        directions : float array, shape (N, 3), unit, LPS
        fallback_mm : float, or float array, shape (N,), mm, where a ray starts outside the sac

        Returns
        -------
        float array, shape (N,), mm, where the occupancy falls through 0.5
        """
        reach_mm = value("completion_nerve.canal_ray_reach_mm")
        found = find_exit_mm(self.occupancy, starts_lps_mm, directions, reach_mm=reach_mm)
        return np.where(np.isfinite(found), found, fallback_mm)


def complete_sac(bony: BonyAnatomy, space: CanalSpace) -> DuralSac:
    """Return the dural sac from a mask, from the cord label below L2, or from the canal.

    Parameters
    ----------
    bony : BonyAnatomy
    space : CanalSpace

    Returns
    -------
    DuralSac, its sigma in mm by its origin

    Raises
    ------
    InputError  (IN-040) if neither model nor label has a node

    Notes
    -----
    A mask named ``dural_sac`` wins. What segmentation tools call spinal cord is the content
    of the sac below the conus: from the upper border of L2 down it is taken as given sac,
    and the model continues it where it is missing. The model is an ellipse of 0.78 of the
    canal's half width (6 to 10.5 mm) and half its depth less 1.8 mm; against such labels of
    one CT it had a Dice of 0.85 (recipes 4).

    References
    ----------
    Nakashima 2021, Spine 46:E1327 (areas of the sac in 629 healthy persons)
    """
    grid, curve = bony.working_grid, space.curve
    given = bony.structures.get(SAC_KEY)
    if given is not None:
        return DuralSac(given, _smooth(region_on_grid(given, grid), bony), curve)
    modelled = _model(space)
    cord = bony.structures.get(CORD_KEY)
    seen = _below_conus(bony, curve, cord) if cord is not None else np.zeros(grid.shape, bool)
    share = _replace_where_seen(modelled, seen, bony, curve)
    # One structure carries one origin; the share of seen slices is kept beside it.
    mostly_seen = share > 0.5
    structure = Structure(
        SAC_KEY,
        region_from_mask(modelled, grid),
        Origin.SEGMENTED if mostly_seen else Origin.MODELLED,
        value(f"completion_nerve.sac_{'seen' if mostly_seen else 'modelled'}_sigma_mm"),
        method=(
            "Cord label below L2, continued by ellipses in the canal where it is missing."
            if share > 0
            else "Ellipses in the canal: 0.78 of its width, its depth less 1.8 mm each side."
        ),
        quality={"seen_share": share},
    )
    return DuralSac(structure, _smooth(modelled, bony), curve)


def cord_above_sac(bony: BonyAnatomy, sac: DuralSac) -> Structure | None:
    """Return the cord label without its part below the conus, or none where nothing is left.

    Parameters
    ----------
    bony : BonyAnatomy, with a cord label
    sac : DuralSac of these bones

    Notes
    -----
    From the upper border of L2 down what the label shows is roots in the sac, and is told as
    sac: told as cord beside it, one thing would have two names, one of them wrong, and two sigmas.
    Where no sac is, as below a mask of it that ends early, the label stays.
    """
    cord = bony.structures[CORD_KEY]
    region, own = cord.region, sac.structure.region
    inside = np.argwhere(region.values > 0)
    z = region.lps_mm(inside)[:, 2]
    reach = own.lps_mm(np.argwhere(own.values > 0))[:, 2]
    half_mm = float(region.spacing_mm[2]) / 2
    low, high = reach.min() - half_mm, min(reach.max() + half_mm, _conus_z_mm(bony, sac.curve))
    gone = inside[(z >= low) & (z <= high)]
    if len(gone) == len(inside):
        return None
    left = region.values.copy()
    left[tuple(gone.T)] = 0
    method = "Cord label above the upper border of L2; below it is sac."
    return replace(cord, region=replace(region, values=left), method=method)


def _model(space: CanalSpace) -> NDArray[np.bool_]:
    curve = space.curve
    least, most = values("completion_nerve.sac_half_width_mm")
    half_width = np.clip(
        value("completion_nerve.sac_width_share") * curve.half_width_mm, least, most
    )
    half_depth = np.maximum(
        curve.half_depth_mm - value("completion_nerve.sac_behind_wall_mm"),
        value("completion_nerve.sac_half_depth_least_mm"),
    )
    taper = _taper(curve)
    return space.to_mask(space.inside(half_width * taper, half_depth * taper) & ~space.is_blocked)


def _taper(curve: CanalCurve) -> NDArray[np.float64]:
    """Return the share to which the sac narrows towards its lower end, shape (N,)."""
    steps = np.linalg.norm(np.diff(curve.centres_lps_mm, axis=0), axis=1)
    to_end = np.concatenate([np.cumsum(steps[::-1])[::-1], [0.0]])
    share = np.clip(to_end / value("completion_nerve.sac_taper_mm"), 0.0, 1.0)
    # The root rounds the end off; never nought, since an ellipse is divided by it.
    narrow: NDArray[np.float64] = np.maximum(np.sqrt(share), 10.0**-3)
    return narrow


def _below_conus(bony: BonyAnatomy, curve: CanalCurve, cord: Structure) -> NDArray[np.bool_]:
    """Return the part of a cord label that lies below the upper plate of L2."""
    seen = region_on_grid(cord, bony.working_grid)
    if _CORD_ENDS_IN not in bony.vertebra_frames:
        return seen
    _, _, z = bony.working_grid.axes_mm()
    # Above L2 the label is cord inside the sac, too thin to stand for the sac.
    seen[:, :, z > _conus_z_mm(bony, curve)] = False
    return seen & ~(bony.bone.labels > 0)


def _conus_z_mm(bony: BonyAnatomy, curve: CanalCurve) -> float:
    """Return up to where a cord label is sac, z in LPS; infinite where L2 is not known."""
    frame = bony.vertebra_frames.get(_CORD_ENDS_IN)
    if frame is None:
        return float("inf")
    start = curve.at_plane(frame.upper_plate.origin_mm, frame.upper_plate.rotation[:, 2])
    return float(curve.centres_lps_mm[start, 2])


def _replace_where_seen(
    modelled: NDArray[np.bool_], seen: NDArray[np.bool_], bony: BonyAnatomy, curve: CanalCurve
) -> float:
    """Put the seen sac into the model, slice by slice; return the share of seen slices."""
    area_mm2 = seen.sum(axis=(0, 1)) * bony.working_grid.spacing_mm**2
    # Hardly anybody has less than 80 mm2 of sac (A46): a smaller slice is a torn label.
    is_seen = area_mm2 >= value("completion_nerve.sac_least_area_mm2")
    modelled[:, :, is_seen] = seen[:, :, is_seen]
    # The share is asked where the label can stand for the sac: below the conus.
    has_any = modelled.any(axis=(0, 1))
    _, _, z = bony.working_grid.axes_mm()
    has_any = has_any & (z <= _conus_z_mm(bony, curve))
    return float(is_seen.sum() / max(int(has_any.sum()), 1))


def _smooth(mask: NDArray[np.bool_], bony: BonyAnatomy) -> Sampler:
    """Return the occupancy of the sac around it, 0.5 at the dura."""
    # Four nodes around: as far as a Gaussian of one node reaches.
    low, high = find_box_ijk(mask)
    around = crop_of_grid(mask.astype(np.float32), bony.working_grid, low - 4, high + 4)
    return replace(around, values=ndimage.gaussian_filter(around.values, 1.0))
