"""Vertebrae of boxes and ellipses in a known frame: what the frames and parts are tested on."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import BonyAnatomy, Case, StructureKey, WorkingBone
from kambin.anatomy.completion import complete_bones
from kambin.anatomy.working import make_working_bone
from kambin.frames import RigidTransform
from kambin.imaging import LabelMap

FRAME = "made bones"
WALL_MM = 15.0
HALF_HEIGHT_MM = 13.0
PEDICLE = (15.0, 5.0, 9.0, 14.0)
"""|x|, z, width and height of the pedicles, mm."""

SACRAL_PLATE_MM = 0.0

Points = NDArray[np.float64]


def frame_at(
    origin_mm: tuple[float, float, float], tilt_deg: float = 0.0, yaw_deg: float = 0.0
) -> RigidTransform:
    """A vertebra frame: tilted in the sagittal plane, then turned about the patient's axis."""
    a, b = np.deg2rad([tilt_deg, yaw_deg])
    tilt = np.array([[1, 0, 0], [0, np.cos(a), np.sin(a)], [0, -np.sin(a), np.cos(a)]])
    yaw = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return RigidTransform.from_axes("lps", "made", yaw @ tilt, origin_mm)


def in_vertebra(p: Points, wedge_deg: float = 0.0) -> NDArray[np.bool_]:
    """Whether points of the vertebra frame, shape (..., 3), mm, lie in the made vertebra."""
    parts = (in_body(p, wedge_deg), in_pedicles(p), in_lamina(p), in_sap(p), in_iap(p))
    return np.logical_or.reduce([*parts, in_tp(p), in_sp(p)])


def in_body(p: Points, wedge_deg: float = 0.0) -> NDArray[np.bool_]:
    x, y, z = np.abs(p[..., 0]), p[..., 1], p[..., 2]
    half = HALF_HEIGHT_MM - y * np.tan(np.deg2rad(wedge_deg / 2))
    return ((x / 22) ** 2 + (y / 19) ** 2 <= 1) & (np.abs(z) <= half) & (np.abs(y) <= WALL_MM)


def in_pedicles(p: Points) -> NDArray[np.bool_]:
    x, y, z = np.abs(p[..., 0]), p[..., 1], p[..., 2]
    x0, z0, width, height = PEDICLE
    inside = ((x - x0) / (width / 2)) ** 2 + ((z - z0) / (height / 2)) ** 2 <= 1
    return inside & (y >= 5) & (y <= 26)


def in_lamina(p: Points) -> NDArray[np.bool_]:
    return _in_box(p, (0, 19), (26, 32), (-14, 10))


def in_sap(p: Points) -> NDArray[np.bool_]:
    return _in_box(p, (12, 20), (24, 34), (7, 19))


def in_iap(p: Points) -> NDArray[np.bool_]:
    return _in_box(p, (4, 10), (28, 36), (-24, -12))


def in_tp(p: Points) -> NDArray[np.bool_]:
    return _in_box(p, (18, 38), (21, 27), (1, 9))


def in_sp(p: Points) -> NDArray[np.bool_]:
    return _in_box(p, (0, 3), (32, 50), (-14, 2))


def in_sacrum(p: Points) -> NDArray[np.bool_]:
    """Whether points lie in the made sacrum; z = 0 is its upper plate."""
    x, y, z = np.abs(p[..., 0]), p[..., 1], p[..., 2]
    body = ((x / 24) ** 2 + (y / 20) ** 2 <= 1) & (np.abs(y) <= WALL_MM) & (z <= 0) & (z >= -32)
    parts = [
        body,
        _in_box(p, (15, 50), (-5, 22), (-34, -3)),
        _in_box(p, (15, 26), (15, 32), (-14, 8)),
        _in_box(p, (0, 30), (26, 32), (-45, -14)),
    ]
    return np.logical_or.reduce(parts)


def paint(
    frames: dict[str, RigidTransform], spacing_mm: float = 1.0, wedge_deg: float = 0.0
) -> LabelMap:
    """The vertebrae in one label map, numbered from 1 in the order of the mapping."""
    low, high = np.array([-64.0, -40.0, -80.0]), np.array([64.0, 76.0, 72.0])
    count = np.round((high - low) / spacing_mm).astype(int) + 1
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = low
    ijk = np.stack(np.meshgrid(*map(np.arange, count), indexing="ij"), axis=-1)
    places = low + ijk * spacing_mm
    values = np.zeros(tuple(count), dtype=np.uint8)
    for number, (name, frame) in enumerate(frames.items(), start=1):
        local = frame.inverse().points(places)
        inside = in_sacrum(local) if name == "S1" else in_vertebra(local, wedge_deg)
        values[inside & (values == 0)] = number
    return LabelMap(values, affine, FRAME)


def bone_of(frames: dict[str, RigidTransform], **options: float) -> WorkingBone:
    """The vertebrae on the working grid."""
    labels = paint(frames, **options)
    regions = {
        name: LabelMap(
            (labels.values == number).astype(np.uint8), labels.lps_from_ijk, labels.frame_id
        )
        for number, name in enumerate(frames, start=1)
    }
    return make_working_bone(labels, regions)


LUMBAR = {
    "L4": frame_at((1.0, -3.0, 40.0), tilt_deg=-4.0, yaw_deg=3.0),
    "L5": frame_at((0.5, 0.0, 0.0), tilt_deg=-12.0, yaw_deg=2.0),
    "S1": frame_at((0.0, 7.0, -25.0), tilt_deg=-30.0),
}
"""Two vertebrae on a sacrum, slightly turned, with lordosis."""


@cache
def lumbar_case(spacing_mm: float = 1.0) -> Case:
    """Two vertebrae and a sacrum as a label-only case."""
    labels = paint(LUMBAR, spacing_mm)
    names = {1: "vertebra:L4", 2: "vertebra:L5", 3: "sacrum"}
    return Case(None, labels, {v: StructureKey.parse(k) for v, k in names.items()}, "made")


@cache
def lumbar_bones(spacing_mm: float = 1.0) -> BonyAnatomy:
    """Two vertebrae and a sacrum, completed."""
    return complete_bones(lumbar_case(spacing_mm))


def angle_deg(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Angle between two unit vectors, degrees."""
    return float(np.degrees(np.arccos(np.clip(a @ b, -1.0, 1.0))))


def _in_box(
    p: Points, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]
) -> NDArray[np.bool_]:
    limits = ((np.abs(p[..., 0]), x), (p[..., 1], y), (p[..., 2], z))
    return np.logical_and.reduce([(v >= low) & (v <= high) for v, (low, high) in limits])
