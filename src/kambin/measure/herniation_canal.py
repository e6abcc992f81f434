"""How much of the canal a herniation takes, and whether it is calcified."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy import Case
from kambin.anatomy.check_image import is_ct
from kambin.anatomy.fragment_lattice import INSIDE_SHARE, LATTICE_STEP_MM, DiscLattice
from kambin.frames import Side
from kambin.knowledge import value, values
from kambin.measure.herniation_scene import HerniaScene
from kambin.measure.herniation_types import Grade, find_neighbour

COMPROMISE_CLASSES = ("mild", "moderate", "severe")
_METHOD = "Area of the fragment against that of the canal, in the slice where it is greatest"
_SOURCE = "Fardon 2014"


def grade_canal(scene: HerniaScene) -> Grade:
    """Return the share of the canal's area that the fragment takes at the worst slice.

    Parameters
    ----------
    scene : HerniaScene

    Returns
    -------
    Grade mild, moderate or severe; none where no canal is known

    Notes
    -----
    Slices lie in the plane of the disc. The canal is its mask or model, the sac, and what of
    the fragment lies between the pedicles behind bodies and disc.
    """
    canal = scene.anatomy.find("canal")
    sac = scene.anatomy.find("dural_sac")
    known = [one for one in (canal, sac) if one is not None]
    if not known:
        return Grade(None, "1", _METHOD, _SOURCE, statement="Not assessed: the canal.")
    lattice = scene.lattice
    inside = scene.inside & _is_between(scene)
    filled = lattice.sample_any(scene.anatomy, ("canal", "dural_sac")) >= INSIDE_SHARE
    whole = (filled | inside).sum(axis=(0, 1)) * LATTICE_STEP_MM**2
    taken = inside.sum(axis=(0, 1)) * LATTICE_STEP_MM**2
    shares = np.where(whole > 0, taken / np.maximum(whole, 1), 0.0)
    worst = int(shares.argmax())
    share, area = float(shares[worst]), float(whole[worst])
    sigma = _share_sigma(share, area, scene.fragment.sigma_mm, max(one.sigma_mm for one in known))
    borders = values("herniation.compromise_shares")
    index = int(np.searchsorted(borders, share))
    return Grade(
        COMPROMISE_CLASSES[index] if share > 0 else "none",
        "1",
        _METHOD,
        _SOURCE,
        sigma,
        "fraction",
        find_neighbour(share, sigma, borders, COMPROMISE_CLASSES),
        {"fraction": share, "fragment_mm2": float(taken[worst]), "canal_mm2": area},
        _outline_points(scene, lattice, filled | inside, worst),
        statement="" if canal is None or not canal.is_modelled else "The canal is modelled.",
    )


def grade_calcified(scene: HerniaScene, case: Case) -> Grade:
    """Return whether a CT shows calcium in the fragment.

    Parameters
    ----------
    scene : HerniaScene
    case : Case, whose image may be a CT

    Returns
    -------
    Grade true or false; none without a CT, or for a fragment that no image shows
    """
    method = "Share of the inner voxels above a threshold of Hounsfield units"
    source = "definition of this project"
    if scene.fragment.is_modelled:
        return Grade(None, "1", method, source, statement="Not assessed: no image shows it.")
    if case.image is None or not is_ct(case.image):
        return Grade(None, "1", method, source, statement="Not assessed: the case has no CT.")
    region = scene.fragment.region
    mask = region.values > 0
    inner = ndimage.binary_erosion(mask)
    # The outermost voxels share their place with fat or bone.
    lps_mm = region.lps_mm(np.argwhere(inner if inner.any() else mask))
    ijk = np.rint(case.image.ijk(lps_mm)).astype(int)
    ijk = ijk[((ijk >= 0) & (ijk < case.image.shape)).all(axis=1)]
    if not len(ijk):
        return Grade(None, "1", method, source, statement="Not assessed: outside the image.")
    hu = case.image.values[tuple(ijk.T)].astype(np.float64)
    share = float((hu >= value("herniation.calcified_hu")).mean())
    sigma = math.sqrt(share * (1 - share) / len(hu))
    limit = value("herniation.calcified_share")
    return Grade(
        share >= limit,
        "1",
        method,
        source,
        sigma,
        "calcified_share",
        find_neighbour(share, sigma, (limit,), ("not calcified", "calcified")),
        {"calcified_share": share, "mean_hu": float(hu.mean())},
    )


def _is_between(scene: HerniaScene) -> NDArray[np.bool_]:
    """Return the nodes between the pedicles, behind bodies and disc, shape (I, J, K)."""
    x, y, _ = scene.lattice.axes_mm
    left, right = (scene.site.sides[side].medial_mm for side in (Side.LEFT, Side.RIGHT))
    sign = Side.LEFT.lateral_sign_lps
    narrow = (sign * x <= left) & (sign * x >= -right)
    between: NDArray[np.bool_] = narrow[:, None, None] & (
        y[None, :, None] >= scene.wall_mm[:, None, :]
    )
    return between


def _share_sigma(share: float, area_mm2: float, fragment_mm: float, canal_mm: float) -> float:
    """Return the standard deviation of the share; each outline errs as a whole."""

    def _relative(area: float, sigma: float) -> float:
        return sigma * math.sqrt(4 * math.pi * area) / area if area > 0 else 0.0

    return share * math.hypot(
        _relative(share * area_mm2, fragment_mm), (1 - share) * _relative(area_mm2, canal_mm)
    )


def _outline_points(
    scene: HerniaScene, lattice: DiscLattice, canal: NDArray[np.bool_], worst: int
) -> dict[str, NDArray[np.float64]]:
    """Return width and depth of the canal in the worst slice, as line ends."""
    x, y, z = lattice.axes_mm
    columns, rows = np.argwhere(canal[:, :, worst]).T
    if not len(columns):
        return {}
    i, j = float(np.median(x[columns])), float(np.median(y[rows]))
    return {
        "worst_slice_width": scene.lps_mm((x[columns.min()], j, z[worst]),
                                          (x[columns.max()], j, z[worst])),
        "worst_slice_depth": scene.lps_mm((i, y[rows.min()], z[worst]),
                                          (i, y[rows.max()], z[worst])),
    }  # fmt: skip
