"""The planes by which a vertebra is parted, as numbers that can be fitted to drawn parts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.knowledge import value, values

RULED_PARTS = ("body", "sap", "iap", "tp", "sp")
"""The parts that have a rule, in the order of the fields of ``PartRules``."""


@dataclass(frozen=True, slots=True)
class PartPoints:
    """Points of one vertebra with the measures the rules are written in.

    Parameters
    ----------
    x_mm : float array, shape (N,), |x| from the mid-sagittal plane
    behind_mm : float array, shape (N,), behind the posterior wall of the body
    above_mm : float array, shape (N,), above the centre of the pedicle of that side
    under_plate_mm : float array, shape (N,), under the upper end plate
    posterior_mm : float array, shape (N,), y in the vertebra frame
    pedicle_x_mm, width_mm, height_mm : float array, shape (N,), of the pedicle of that side
    canal_depth_mm : float, mm, from the posterior wall to the lamina; none takes the mean one
    """

    x_mm: NDArray[np.float64]
    behind_mm: NDArray[np.float64]
    above_mm: NDArray[np.float64]
    under_plate_mm: NDArray[np.float64]
    posterior_mm: NDArray[np.float64]
    pedicle_x_mm: NDArray[np.float64]
    width_mm: NDArray[np.float64]
    height_mm: NDArray[np.float64]
    canal_depth_mm: float | None = None

    @property
    def lamina_behind_mm(self) -> float:
        """Return how far behind the wall the lamina stands, mm; the mean where it is unknown."""
        return self.canal_depth_mm or values("completion_bone.arch_scale")[0]

    @property
    def arch_mm(self) -> NDArray[np.float64]:
        """Return the way behind the wall as in a canal of mean depth, shape (N,), mm."""
        # Joints and laminae stand as far behind the wall as the canal is deep.
        share = values("completion_bone.arch_scale")[0] / self.lamina_behind_mm
        return np.where(self.behind_mm > 0, self.behind_mm * share, self.behind_mm)

    @property
    def under_pedicle_mm(self) -> NDArray[np.float64]:
        """Return the way below the lower border of the pedicle, shape (N,), mm."""
        return -0.5 * self.height_mm - self.above_mm

    @property
    def beside_canal_mm(self) -> NDArray[np.float64]:
        """Return the way lateral of the medial border of the pedicle, shape (N,), mm."""
        return self.x_mm - (self.pedicle_x_mm - 0.5 * self.width_mm)


@dataclass(frozen=True, slots=True)
class PartRules:
    """The numbers of the five rules: mm, degrees, shares of the pedicle, as the tables list them.

    Parameters
    ----------
    body, sap, iap, tp, sp : tuple of float, as many as the rows ``completion_bone.body_rule``
        to ``sp_rule`` hold, which write the rules out
    """

    body: tuple[float, ...]
    sap: tuple[float, ...]
    iap: tuple[float, ...]
    tp: tuple[float, ...]
    sp: tuple[float, ...]

    def in_body(self, p: PartPoints) -> NDArray[np.bool_]:
        """Return which points lie in the body: before the wall, rounding off to the sides.

        The lips of the plates overhang the wall between the pedicles; they are body too.

        Parameters
        ----------
        p : PartPoints, N points, mm

        Returns
        -------
        bool array, shape (N,)
        """
        behind, slope, near, far = self.body
        lip_behind, medial, _ = values("completion_bone.pedicle_rule")
        # Only between the pedicles; lateral of them the same depth is pedicle.
        lip = (p.behind_mm < lip_behind) & (p.x_mm <= medial * p.pedicle_x_mm)
        return _bool(lip | (p.behind_mm < behind + slope * np.clip(p.x_mm - near, 0.0, far)))

    def in_sap(self, p: PartPoints) -> NDArray[np.bool_]:
        """Return which of N points lie in the superior process, bool array, shape (N,).

        Its base is a plane from the upper notch, in front of the process at the upper border of
        the pedicle, down to the back of the isthmus.
        """
        _, thickness, isthmus, medial = self.sap
        notch = self._notch_mm(p)
        # The back of the isthmus is that of the lamina.
        fall = (p.height_mm + isthmus) / (p.lamina_behind_mm + thickness - notch)
        floor = 0.5 * p.height_mm - fall * (p.behind_mm - notch)
        return _bool((p.above_mm > floor) & (p.x_mm > medial * p.pedicle_x_mm))

    def _notch_mm(self, p: PartPoints) -> float:
        """Return how far behind the wall the upper notch lies, which moves with the joint, mm."""
        return self.sap[0] * p.lamina_behind_mm / values("completion_bone.arch_scale")[0]

    def in_iap(self, p: PartPoints) -> NDArray[np.bool_]:
        """Return which of N points lie in the inferior process, bool array, shape (N,).

        It begins at a plane through the isthmus, which hangs under the pedicle beside the canal:
        measured from its axis, the plane would lie too low wherever a pedicle is wide.
        """
        below, rise_deg, behind, near, far = self.iap
        ceiling = below - np.tan(np.radians(rise_deg)) * p.beside_canal_mm
        # The midline itself belongs to lamina and spinous process.
        lateral_limits = (p.x_mm > near) & (p.x_mm < far * p.pedicle_x_mm)
        return _bool((p.under_pedicle_mm > ceiling) & (p.arch_mm > behind) & lateral_limits)

    def in_tp(self, p: PartPoints) -> NDArray[np.bool_]:
        """Return which of N points lie in the transverse process, bool array, shape (N,)."""
        share, lean_deg, low, high = self.tp
        # Above the pedicle further out, or the lateral face of the SAP would count as its root.
        leaning = np.tan(np.radians(lean_deg)) * np.maximum(p.above_mm, 0.0)
        root = p.pedicle_x_mm + share * p.width_mm + leaning
        heights = (p.above_mm > -low * p.height_mm) & (p.above_mm < high * p.height_mm)
        return _bool((p.x_mm > root) & (p.behind_mm > self._notch_mm(p)) & heights)

    def in_sp(self, p: PartPoints) -> NDArray[np.bool_]:
        """Return which of N points lie in the spinous process, bool array, shape (N,)."""
        half, slope, pivot, behind = self.sp
        return _bool((p.x_mm < half + slope * (p.arch_mm - pivot)) & (p.arch_mm > behind))


def measure_canal_depth(x_mm: NDArray[np.float64], behind_mm: NDArray[np.float64]) -> float | None:
    """Return how far behind the posterior wall the lamina begins, mm, or none without one.

    Parameters
    ----------
    x_mm : float array, shape (N,), |x| of all points of a vertebra
    behind_mm : float array, shape (N,), behind its posterior wall
    """
    _, beside, lip, share, least_mm, most_mm = values("completion_bone.arch_scale")
    lamina = behind_mm[(x_mm < beside) & (behind_mm > lip)]
    # After a laminectomy there is nothing to measure from.
    if len(lamina) < value("completion_bone.lamina_least_points"):
        return None
    # A quantile: one spur of bone or one stray voxel is no lamina.
    return min(max(float(np.quantile(lamina, share)), least_mm), most_mm)


def shipped_rules() -> PartRules:
    """Return the rules of the table, fitted on both vertebrae with drawn parts."""
    return PartRules(*(values(f"completion_bone.{part}_rule") for part in RULED_PARTS))


def _bool(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(mask, dtype=np.bool_)
