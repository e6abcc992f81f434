"""Intervertebral discs of the phantom and the frames in which truth speaks of them."""

import numpy as np

from kambin.anatomy import DiscFrame, Level, StructureKey, VertebraFrame
from kambin.frames import RigidTransform
from kambin.knowledge import value, values
from kambin.phantom.bodies import VertebralBody
from kambin.phantom.chain import SpineFrames, pedicle_centre_mm
from kambin.phantom.shapes import Shape, place, turned
from kambin.phantom.sizes import SIDES, SpineSize


def build_disc(level: Level, sizes: SpineSize, frames: SpineFrames) -> Shape:
    """Build a disc that fills the space between two plates.

    Parameters
    ----------
    level : Level
    sizes : SpineSize
    frames : SpineFrames

    Returns
    -------
    Shape, mm, overlapping both plates, which are painted over it
    """
    upper, lower = sizes.vertebrae[level.upper], sizes.vertebrae[level.lower]
    upper_dip, lower_dip = values("phantom_bone.plate_concavity_mm")
    share = value("phantom_bone.disc_share")
    depth = share * (upper.depth_mm + lower.depth_mm) / 2
    front, behind = values("phantom_bone.body_outline_exponents")
    overlap = value("phantom_bone.disc_overlap_mm")
    middle = frames.rim_gaps_mm[level]
    # Higher than the gap by the overlap: the bones, painted later, cut it to the plates.
    lean = depth * float(np.tan(np.radians(frames.disc_wedges_deg[level]))) / 2
    solid = VertebralBody(
        share * (upper.width_mm + lower.width_mm) / 2,
        depth,
        max(middle + lean + overlap, overlap),
        max(middle - lean + overlap, overlap),
        -value("phantom_bone.disc_bulge"),
        # Crossed on purpose: the disc's upper face fills the lower plate of the body above.
        -(lower_dip + overlap / 2),
        -(upper_dip + overlap / 2),
        (front, behind),
        value("phantom_bone.body_notch_mm"),
        value("phantom_bone.rim_blend_mm") / 2,
    )
    key = StructureKey("disc", str(level))
    return Shape(key, (place(key, solid, frames.discs[level]),))


def disc_frame(level: Level, sizes: SpineSize, frames: SpineFrames) -> DiscFrame:
    """Return the true frame of a disc.

    Parameters
    ----------
    level : Level
    sizes : SpineSize
    frames : SpineFrames

    Returns
    -------
    DiscFrame, mm, as completion should find it
    """
    upper, lower = sizes.vertebrae[level.upper], sizes.vertebrae[level.lower]
    return DiscFrame(
        level=level,
        lps_from_disc=frames.discs[level],
        posterior_rim_y_mm=(upper.depth_mm + lower.depth_mm) / 4,
        half_width_mm=(upper.width_mm + lower.width_mm) / 4,
        height_mm=sizes.disc_heights_mm[level],
    )


def vertebra_frame(name: str, sizes: SpineSize, frames: SpineFrames) -> VertebraFrame:
    """Return the true frame of a vertebra with its plates and pedicles.

    Parameters
    ----------
    name : str, T12 to S1
    sizes : SpineSize
    frames : SpineFrames

    Returns
    -------
    VertebraFrame, mm, LPS, without pedicles for S1
    """
    size, frame = sizes.vertebrae[name], frames.vertebrae[name]
    mean = (size.anterior_height_mm + size.posterior_height_mm) / 2
    plates = {}
    for word, sign in (("upper", 1), ("lower", -1)):
        plate = RigidTransform.from_axes(
            name,
            f"{word} plate of {name}",
            turned(pitch_deg=-sign * size.wedge_deg / 2),
            np.array([0, 0, sign * mean / 2]),
        )
        plates[word] = frame @ plate
    pedicles = {}
    for side in SIDES:
        one = size.sides[side]
        x, y, z = pedicle_centre_mm(size, side).tolist()
        pedicles[side] = (x, y, z, one.pedicle_width_mm, one.pedicle_height_mm)
    return VertebraFrame(
        vertebra=name,
        lps_from_vertebra=frame,
        upper_plate=plates["upper"],
        lower_plate=plates["lower"],
        posterior_wall_y_mm=size.wall_mm,
        # Nothing tells a pedicle of S1 from the ala, so that no size of one would be true.
        pedicles={} if name == "S1" else pedicles,
        # Truth does not err; the spread belongs to what is fitted.
        sigma_tilt_deg=0.0,
    )
