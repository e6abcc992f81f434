"""The borders between the parts of a made vertebra, as docs/concepts/completion-bone.md has them.

They follow the written definition from the sizes the bone was made with. The completion follows
it from what it measures on a mask, by rules fitted to drawn vertebrae: neither knows the other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kambin.anatomy import StructureKey
from kambin.frames import RigidTransform, Side
from kambin.knowledge import value, values
from kambin.phantom.chain import joint_axes, pedicle_centre_mm
from kambin.phantom.parting import Border, HalfSpace, Parting
from kambin.phantom.sizes import SIDES, VertebraSize

LUMBAR_BLOCKS = frozenset({"pedicle", "pars", "lamina", "sap", "iap", "tp"})
"""What the processes may claim; body and spinous process end where they are built to end."""

SACRAL_BLOCKS = frozenset({"sap", "sacral_arch"})
"""What the process of S1 may claim; ala and bodies are told by their own blocks."""


@dataclass(frozen=True, slots=True)
class _Half:
    """One side of a vertebra; planes are given as on the left and mirrored in its frame."""

    size: VertebraSize
    frame: RigidTransform
    side: Side

    def key(self, kind: str) -> StructureKey:
        """Return the name of a part on this side."""
        return StructureKey(kind, self.size.name, self.side)

    def beyond(self, normal: ArrayLike, point_mm: ArrayLike) -> HalfSpace:
        """Return what lies on the side of a plane to which its normal points."""
        mirror = np.array([self.side.lateral_sign_lps, 1, 1])
        turned = self.frame.rotation @ (np.asarray(normal, dtype=np.float64) * mirror)
        unit = turned / np.linalg.norm(turned)
        place = self.frame.points(np.asarray(point_mm, dtype=np.float64) * mirror)
        return HalfSpace(unit, float(unit @ place))


def lumbar_parting(size: VertebraSize, frame: RigidTransform) -> Parting:
    """Return where the processes of a vertebra above the sacrum begin.

    Parameters
    ----------
    size : VertebraSize, mm
    frame : RigidTransform, LPS from the vertebra's frame

    Returns
    -------
    Parting of its arch into SAP, IAP, transverse process and what lies between them
    """
    borders: list[Border] = []
    left_over = []
    for side in SIDES:
        half = _Half(size, frame, side)
        borders += _lumbar_borders(half)
        pars = half.key("pars")
        left_over += [(half.key("sap"), pars), (half.key("iap"), pars)]
        left_over.append((half.key("tp"), half.key("pedicle")))
    return Parting(tuple(borders), LUMBAR_BLOCKS, tuple(left_over))


def _lumbar_borders(half: _Half) -> list[Border]:
    one = half.size.sides[half.side]
    pedicle = pedicle_centre_mm(half.size, half.side)
    medial_share, beside_mm, rise_deg, root_share, lean_deg, low_share = values(
        "phantom_bone.part_borders"
    )
    notch = np.array([0, _process_corner_mm(half)[1], pedicle[2] + one.pedicle_height_mm / 2])
    isthmus = isthmus_mm(half.size, half.side)
    back = isthmus[1] + values("phantom_bone.pars_radii_mm")[1]
    behind_notch = half.beyond([0, 1, 0], notch)
    # Square to the line from the notch to the back of the isthmus, and backwards.
    root = half.beyond([0, notch[2] - isthmus[2], back - notch[1]], notch)
    above = half.beyond([-np.tan(np.radians(rise_deg)), 0, 1], isthmus)
    aside = half.beyond([1, 0, 0], [medial_share * pedicle[0], 0, 0])
    lateral = pedicle + np.array([root_share * one.pedicle_width_mm, 0, 0])
    low = pedicle - np.array([0, 0, low_share * one.pedicle_height_mm])
    process = (
        half.beyond([1, 0, 0], lateral),
        half.beyond([1, 0, -np.tan(np.radians(lean_deg))], lateral),
        half.beyond([0, 0, 1], low),
    )
    from_midline = half.beyond([1, 0, 0], [beside_mm, 0, 0])
    return [
        Border(half.key("sap"), (root, above, aside)),
        Border(half.key("iap"), (above.other_side, behind_notch, from_midline)),
        Border(half.key("tp"), (*process, behind_notch)),
    ]


def sacral_parting(size: VertebraSize, frame: RigidTransform) -> Parting:
    """Return where the superior processes of S1 begin, which has no isthmus.

    Parameters
    ----------
    size : VertebraSize of S1, mm
    frame : RigidTransform, LPS from the frame of S1

    Returns
    -------
    Parting of its arch into the two SAP and the rest
    """
    borders, left_over = [], []
    for side in SIDES:
        half = _Half(size, frame, side)
        *_, above, radius = values("phantom_bone.sacral_arch_mm")[:4]
        medial, front, _ = _process_corner_mm(half)
        # The pillar that bears the process; its top is the notch in front of it.
        notch = np.array([0, front, above + radius])
        joint, axes = joint_axes(size, side)
        pole = joint - axes[:, 2] * value("phantom_bone.joint_lower_pole_mm")
        root = half.beyond([0, notch[2] - pole[2], pole[1] - notch[1]], notch)
        aside = half.beyond([1, 0, 0], [medial, 0, 0])
        borders.append(Border(half.key("sap"), (root, half.beyond([0, 1, 0], notch), aside)))
        left_over.append((half.key("sap"), half.key("sacral_arch")))
    return Parting(tuple(borders), SACRAL_BLOCKS, tuple(left_over))


def isthmus_mm(size: VertebraSize, side: Side) -> np.ndarray:
    """Return the middle of the isthmus of the pars in the vertebra's frame, shape (3,), mm.

    Parameters
    ----------
    size : VertebraSize
    side : Side whose sizes are meant; the caller mirrors the point for the right
    """
    lateral, behind, above = values("phantom_bone.pars_waist_mm")
    pedicle = pedicle_centre_mm(size, side)
    under = pedicle[2] - size.sides[side].pedicle_height_mm / 2
    return np.array([size.canal_width_mm / 2 + lateral, size.wall_mm + behind, under + above])


def _process_corner_mm(half: _Half) -> np.ndarray:
    """Return x of the medial and y of the front face of the superior process, and its middle z."""
    joint, axes = joint_axes(half.size, half.side)
    centre = joint + axes @ np.array(values("phantom_bone.sap_centre_mm"))
    along, through, _ = values("phantom_bone.sap_half_axes_mm")
    along *= half.size.sides[half.side].process_scale
    section, _ = values("phantom_bone.sap_exponents")
    # Reach of a superellipse in a direction: the norm of the conjugate exponent.
    conjugate = section / (section - 1)
    reach = (np.abs(axes[:2, :2] * [along, through]) ** conjugate).sum(axis=1) ** (1 / conjugate)
    corner: np.ndarray = centre - [*reach, 0]
    return corner
