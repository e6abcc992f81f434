"""End plates tied to their neighbours, so that coarse labels cannot tilt one alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.knowledge import value, value_at


@dataclass(frozen=True, slots=True)
class VertebraTilt:
    """The measured directions of one vertebra.

    Parameters
    ----------
    vertebra : str
    upper_normal_lps, lower_normal_lps : float array, shape (3,), unit, cranial, measured
    axis_lps : float array, shape (3,), unit, from the body below to the body above; none at
        the ends of the spine, where a line through one neighbour says little of the tilt
    """

    vertebra: str
    upper_normal_lps: NDArray[np.float64]
    lower_normal_lps: NDArray[np.float64]
    axis_lps: NDArray[np.float64] | None


def plate_tilt_sigma_deg(label_spacing_mm: float) -> float:
    """Return the standard deviation of one measured plate tilt, degrees.

    Notes
    -----
    Linear in the largest label spacing between 1 and 3 mm (architecture 8.7).
    """
    low, high = (
        value("completion_bone.tilt_sigma_1mm_deg"),
        value("completion_bone.tilt_sigma_3mm_deg"),
    )
    share = np.clip((label_spacing_mm - 1.0) / 2, 0.0, 1.0)
    return float(low + share * (high - low))


def tie_plates(
    tilts: Sequence[VertebraTilt],
    label_spacing_mm: float,
    sacral_normal_lps: NDArray[np.float64] | None = None,
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return upper and lower plate normals that agree with each other along the spine.

    Parameters
    ----------
    tilts : the measured vertebrae, from cranial to caudal
    label_spacing_mm : float, mm, the largest spacing of the labels
    sacral_normal_lps : float array, shape (3,), unit, the measured upper plate of S1, or none

    Returns
    -------
    mapping of vertebra to its upper and lower normal, shape (3,), unit, cranial, LPS

    Notes
    -----
    Least squares on the sagittal and the coronal tilt of all plates. Each plate is
    measured with the sigma of the label spacing; the wedge of a body, the wedge of a
    disc and the tilt against the line through the neighbouring bodies are expected with
    theirs. At 1 mm the measurement outweighs the expectation fifty to one.

    References
    ----------
    Sci Rep 2022, doi 10.1038/s41598-022-21840-x (lordosis per segment)
    Panjabi 1992, Spine 17:299, doi 10.1097/00007632-199203000-00010 (depth of the end plates)
    """
    if not tilts:
        return {}
    # In degrees while solving, since wedges add up as angles along the spine.
    angles = {
        axis: _solve_chain(tilts, sacral_normal_lps, label_spacing_mm, axis) for axis in (0, 1)
    }
    tied = {}
    for row, tilt in enumerate(tilts):
        normals = []
        for plate in (2 * row, 2 * row + 1):
            tangents = np.tan(np.deg2rad([angles[0][plate], angles[1][plate]]))
            normal = np.array([tangents[0], tangents[1], 1.0])
            normals.append(normal / np.linalg.norm(normal))
        tied[tilt.vertebra] = (normals[0], normals[1])
    return tied


def _tilt_deg(direction: NDArray[np.float64], axis: int) -> float:
    return float(np.rad2deg(np.arctan2(direction[axis], direction[2])))


class _Chain:
    """Rows of weighted expectations on the tilts of the plates, in degrees."""

    def __init__(self, plates: int) -> None:
        self.plates = plates
        self.rows: list[NDArray[np.float64]] = []
        self.wanted: list[float] = []

    def expect(self, weights: Mapping[int, float], amount_deg: float, sigma_deg: float) -> None:
        """Expect a weighted sum of plate tilts to be an amount, with a sigma, in degrees."""
        row = np.zeros(self.plates)
        for plate, weight in weights.items():
            # Divided by its sigma, each row counts by how sure it is.
            row[plate] = weight / sigma_deg
        self.rows.append(row)
        self.wanted.append(amount_deg / sigma_deg)

    def solve_deg(self) -> NDArray[np.float64]:
        """Return the tilts that meet the expectations best, shape (plates,), degrees."""
        found, *_ = np.linalg.lstsq(np.array(self.rows), np.array(self.wanted), rcond=None)
        return np.asarray(found, dtype=np.float64)


def _solve_chain(
    tilts: Sequence[VertebraTilt],
    sacral_normal_lps: NDArray[np.float64] | None,
    spacing_mm: float,
    axis: int,
) -> NDArray[np.float64]:
    """Return the tied tilts in degrees, upper and lower plate of each vertebra in turn."""
    measured = plate_tilt_sigma_deg(spacing_mm)
    wedge_sigma = value("completion_bone.wedge_sigma_deg")
    chain = _Chain(2 * len(tilts) + (sacral_normal_lps is not None))
    for n, tilt in enumerate(tilts):
        upper, lower = 2 * n, 2 * n + 1
        chain.expect({upper: 1.0}, _tilt_deg(tilt.upper_normal_lps, axis), measured)
        chain.expect({lower: 1.0}, _tilt_deg(tilt.lower_normal_lps, axis), measured)
        if tilt.axis_lps is not None:
            sigma = value("completion_bone.axis_sigma_deg")
            chain.expect({upper: 0.5, lower: 0.5}, _tilt_deg(tilt.axis_lps, axis), sigma)
        # Wedges lie in the sagittal plane; from side to side none is expected.
        body = value_at("completion_bone.body_wedge_deg", tilt.vertebra) if axis == 1 else 0.0
        disc = value_at("completion_bone.disc_wedge_deg", tilt.vertebra) if axis == 1 else 0.0
        chain.expect({upper: 1.0, lower: -1.0}, body, wedge_sigma)
        if lower + 1 < chain.plates:
            chain.expect({lower: 1.0, lower + 1: -1.0}, disc, wedge_sigma)
    # The sacral plate anchors the lower end: below it there is no body to tie L5 to.
    if sacral_normal_lps is not None:
        chain.expect({chain.plates - 1: 1.0}, _tilt_deg(sacral_normal_lps, axis), measured)
    return chain.solve_deg()
