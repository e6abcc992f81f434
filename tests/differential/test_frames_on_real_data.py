"""Vertebral frames of real spines: against meshes made elsewhere, and against less resolution."""

import struct
from pathlib import Path

import numpy as np
import pytest
from tests.differential.real_spines import atlas_bones, coarse_atlas_bones, ct_bones

from kambin.frames import Side

LUMBAR = ("L1", "L2", "L3", "L4", "L5")


def angle_deg(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b, -1.0, 1.0))))


def read_stl(path: Path) -> np.ndarray:
    """The corners of the triangles of a binary STL, shape (N, 3, 3), mm, LPS."""
    data = path.read_bytes()
    (count,) = struct.unpack("<I", data[80:84])
    kind = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("spare", "<u2")])
    return np.frombuffer(data[84:], dtype=kind, count=count)["corners"].astype(np.float64)


def mesh_heights(corners: np.ndarray, xy: np.ndarray, sign: float) -> np.ndarray:
    """Where lines along z through points (x, y) first meet the mesh above or below z = 0."""
    a, b, c = (corners[None, :, n, :] for n in range(3))
    d, e, p = b[..., :2] - a[..., :2], c[..., :2] - a[..., :2], xy[:, None, :] - a[..., :2]
    det = d[..., 0] * e[..., 1] - d[..., 1] * e[..., 0]
    det = np.where(np.abs(det) < 1e-12, np.inf, det)
    u = (p[..., 0] * e[..., 1] - p[..., 1] * e[..., 0]) / det
    v = (d[..., 0] * p[..., 1] - d[..., 1] * p[..., 0]) / det
    z = a[..., 2] + u * (b[..., 2] - a[..., 2]) + v * (c[..., 2] - a[..., 2])
    hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (z * sign > 0) & np.isfinite(det)
    return np.where(hit, np.abs(z), np.inf).min(axis=1) * sign


def mesh_plates(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Slope along x, slope along y and height of both plates of a vertebra mesh in our frame."""
    frame = atlas_bones(folder).vertebra_frames[name].lps_from_vertebra
    mesh = read_stl(folder / "atlas_vhp_male" / "meshes" / f"vertebra_{name}.stl")
    corners = frame.inverse().points(mesh)
    near = np.abs(corners[..., :2]).min(axis=1).max(axis=1) < 30.0
    x, y = (g.ravel() for g in np.meshgrid(np.arange(-12.3, 13, 3), np.arange(-8.2, 9, 2)))
    xy = np.column_stack([x, y])[(x / 14) ** 2 + (y / 10) ** 2 <= 1]
    design = np.column_stack([xy, np.ones(len(xy))])
    upper, lower = (
        np.linalg.lstsq(design, mesh_heights(corners[near], xy, sign), rcond=None)[0]
        for sign in (1.0, -1.0)
    )
    return upper, lower


@pytest.mark.parametrize("name", LUMBAR)
def test_the_frame_is_that_of_the_mesh_the_labels_were_painted_from(
    shared_data: Path, name: str
) -> None:
    """Rays against triangles instead of voxels: no smoothing, no terraces, no tie."""
    upper, lower = mesh_plates(shared_data, name)
    tilt_deg = np.degrees(np.arctan((upper[:2] + lower[:2]) / 2))
    assert np.abs(tilt_deg).max() <= 3.0
    assert abs(upper[2] + lower[2]) / 2 <= 1.0


@pytest.mark.parametrize("name", LUMBAR)
def test_each_plate_of_the_atlas_is_that_of_the_mesh(shared_data: Path, name: str) -> None:
    frame = atlas_bones(shared_data).vertebra_frames[name]
    inverse = frame.lps_from_vertebra.inverse()
    for ours, (sx, sy, height) in zip(
        (frame.upper_plate, frame.lower_plate), mesh_plates(shared_data, name), strict=True
    ):
        normal = np.array([-sx, -sy, 1.0]) / np.linalg.norm([sx, sy, 1.0])
        assert angle_deg(inverse.vectors(ours.rotation[:, 2]), normal) <= 3.0
        assert inverse.points(ours.origin_mm)[2] == pytest.approx(height, abs=0.7)


@pytest.mark.parametrize("name", [*LUMBAR, "S1"])
def test_three_millimetres_move_a_frame_within_the_bar(shared_data: Path, name: str) -> None:
    fine = atlas_bones(shared_data).vertebra_frames[name].lps_from_vertebra
    coarse = coarse_atlas_bones(shared_data).vertebra_frames[name].lps_from_vertebra
    assert np.linalg.norm(fine.origin_mm - coarse.origin_mm) <= 1.0
    assert angle_deg(fine.rotation[:, 2], coarse.rotation[:, 2]) <= 5.0
    assert angle_deg(fine.rotation[:, 0], coarse.rotation[:, 0]) <= 1.0


def test_the_symmetric_atlas_has_symmetric_frames(shared_data: Path) -> None:
    """Its bones mirror themselves to 0.01 mm (recipes 0.2)."""
    for frame in atlas_bones(shared_data).vertebra_frames.values():
        assert abs(frame.lps_from_vertebra.origin_mm[0]) < 0.3
        assert angle_deg(frame.lps_from_vertebra.rotation[:, 0], np.array([1.0, 0, 0])) < 0.3
        left, right = (np.array(frame.pedicles[side]) for side in Side)
        assert left == pytest.approx(right, abs=1.0)


def test_the_lordosis_of_both_patients_falls_from_l1_to_s1(shared_data: Path) -> None:
    for bony in (atlas_bones(shared_data), ct_bones(shared_data)):
        ups = [f.lps_from_vertebra.rotation[:, 2] for n, f in bony.vertebra_frames.items()
               if n in LUMBAR or n == "S1"]  # fmt: skip
        tilt = np.degrees([np.arctan2(up[1], up[2]) for up in ups])
        assert (np.diff(tilt[1:]) < 0).all()
        assert 40.0 < tilt[0] - tilt[-1] < 75.0


def test_the_turn_of_the_ct_patient_runs_smoothly_down_the_spine(shared_data: Path) -> None:
    frames = ct_bones(shared_data).vertebra_frames
    lefts = [f.lps_from_vertebra.rotation[:, 0] for f in frames.values()]
    yaw = np.degrees([np.arctan2(left[1], left[0]) for left in lefts])
    assert np.abs(np.diff(yaw)).max() < 3.5


@pytest.mark.parametrize(("case", "low", "high"), [("atlas", 15.0, 24.5), ("ct", 11.5, 18.5)])
def test_pedicle_heights_are_those_of_recipe_1(
    shared_data: Path, case: str, low: float, high: float
) -> None:
    bony = atlas_bones(shared_data) if case == "atlas" else ct_bones(shared_data)
    for name in LUMBAR:
        for x, y, _, width, height in bony.vertebra_frames[name].pedicles.values():
            wall = bony.vertebra_frames[name].posterior_wall_y_mm
            assert low <= height <= high, name
            assert wall - 1.0 <= y <= wall + 7.5, name
            assert 4.0 < x - width / 2 < 17.0, name
