"""Frames: LPS inside, the patient's side, rigid transforms and angle conventions."""

from kambin.frames.angles import CONVENTION, angles_from_direction, direction_from_angles
from kambin.frames.orientation import LPS_FROM_RAS, nearest_axes, orientation_code
from kambin.frames.rigid import RigidTransform
from kambin.frames.side import Side

__all__ = [
    "CONVENTION",
    "LPS_FROM_RAS",
    "RigidTransform",
    "Side",
    "angles_from_direction",
    "direction_from_angles",
    "nearest_axes",
    "orientation_code",
]
