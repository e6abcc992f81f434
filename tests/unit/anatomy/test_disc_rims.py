from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.anatomy.made_bones import WALL_MM, frame_at

from kambin.anatomy import VertebraFrame
from kambin.anatomy.disc_rims import find_margin_mm, find_rims_behind_mm
from kambin.anatomy.sampling import Sampler
from kambin.frames import RigidTransform, Side

HALF_GAP_MM, HALF_WIDTH_MM = 4.0, 20.0
ACROSS_MM = np.arange(-30.0, 31.0)
LOW_MM = np.array([-36.0, -36.0, -36.0])
Extra = Callable[[NDArray[np.float64]], NDArray[np.bool_]]


def made_level(
    wedge_deg: float = 0.0, slip_mm: float = 0.0, extra: Extra | None = None
) -> tuple[Sampler, tuple[VertebraFrame, VertebraFrame]]:
    """Two blocks, 30 mm deep and 40 mm wide, whose walls stand on plates 8 mm apart."""
    nodes = LOW_MM + np.moveaxis(np.indices((73, 73, 73)), 0, -1).astype(float)
    occupancy, frames = np.zeros(nodes.shape[:3]), []
    for name, sign in (("L4", 1.0), ("L5", -1.0)):
        # A plate above that leans backward and one below that leans forward open to the front.
        plate = frame_at((0.0, -sign * slip_mm / 2, sign * HALF_GAP_MM), sign * wedge_deg / 2)
        x, y, z = np.moveaxis(plate.inverse().points(nodes) * [1, 1, sign], -1, 0)
        inside = np.minimum.reduce([HALF_WIDTH_MM - abs(x), WALL_MM - abs(y), z])
        occupancy = np.maximum(occupancy, np.clip(0.5 + inside, 0.0, 1.0))
        body = RigidTransform.from_axes(
            "lps", name, plate.rotation, plate.points([0.0, 0.0, sign * 13.0])
        )
        pedicles = dict.fromkeys(Side, (16.0, 5.0, 9.0, 9.0, 14.0))
        frames.append(VertebraFrame(name, body, plate, plate, WALL_MM, pedicles, 0.0))
    if extra is not None:
        occupancy = np.maximum(occupancy, extra(nodes))
    return Sampler(occupancy.astype(np.float32), LOW_MM, 1.0), (frames[0], frames[1])


def edge_mm(margin: NDArray[np.float64], at: tuple[int, int], along: tuple[int, int]) -> float:
    """How far from the middle the outline lies, from a column in steps of one column."""
    row = [margin[30 + at[0] + n * along[0], 30 + at[1] + n * along[1]] for n in range(29)]
    last = int(np.flatnonzero(np.array(row) > 0).max())
    return float(last + row[last] / (row[last] - row[last + 1]))


def alae(nodes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Bone beside the lower body, from its plate down, as the alae of a sacrum."""
    x, y, z = np.abs(nodes[..., 0]), nodes[..., 1], nodes[..., 2]
    return (x > 12.0) & (x < 26.0) & (y > -8.0) & (y < 34.0) & (z < -HALF_GAP_MM - 0.5)


@pytest.mark.parametrize("wedge_deg", [0.0, 8.0, 16.0])
def test_a_wedge_of_the_disc_moves_its_margin_along_the_walls(wedge_deg: float) -> None:
    bone, frames = made_level(wedge_deg)
    margin = find_margin_mm(bone, frames, frame_at((0.0, 0.0, 0.0)), ACROSS_MM)
    assert margin is not None
    lean, rise = np.tan(np.deg2rad(wedge_deg / 2)), np.cos(np.deg2rad(wedge_deg / 2))
    behind, front = WALL_MM / rise - HALF_GAP_MM * lean, WALL_MM / rise + HALF_GAP_MM * lean
    assert edge_mm(margin, (0, 0), (0, 1)) == pytest.approx(behind, abs=0.25)
    assert edge_mm(margin, (0, 0), (0, -1)) == pytest.approx(front, abs=0.25)
    assert edge_mm(margin, (0, 0), (1, 0)) == pytest.approx(HALF_WIDTH_MM, abs=0.25)


def test_the_margin_does_not_follow_an_ala_beside_the_lower_body() -> None:
    plain, frames = made_level()
    winged, _ = made_level(extra=alae)
    free, found = (
        find_margin_mm(bone, frames, frame_at((0.0, 0.0, 0.0)), ACROSS_MM)
        for bone in (plain, winged)
    )
    assert free is not None
    assert found is not None
    # The bone is there: beside it, without the rule, the outline would be 6 mm further out.
    assert winged.sample([[24.0, 0.0, -HALF_GAP_MM - 2.0]])[0] == 1.0
    assert (found >= 0.0).sum() == pytest.approx((free >= 0.0).sum(), rel=0.07)
    assert np.abs(found - free)[free > -1.0].max() < 2.0


def test_the_margin_of_a_slipped_body_lies_midway_between_both() -> None:
    bone, frames = made_level(slip_mm=6.0)
    margin = find_margin_mm(bone, frames, frame_at((0.0, 0.0, 0.0)), ACROSS_MM)
    assert margin is not None
    assert edge_mm(margin, (0, 0), (0, 1)) == pytest.approx(WALL_MM, abs=0.3)


def test_mirrored_bone_has_a_mirrored_margin() -> None:
    bone, frames = made_level(extra=lambda p: alae(p) & (p[..., 0] > 0))
    mirror = Sampler(np.ascontiguousarray(bone.values[::-1]), LOW_MM, 1.0)
    disc = frame_at((0.0, 0.0, 0.0))
    found, other = (find_margin_mm(b, frames, disc, ACROSS_MM) for b in (bone, mirror))
    assert found is not None
    assert other is not None
    assert np.allclose(found, other[::-1], atol=1e-9)


def test_without_bone_there_is_no_margin_and_no_rim_behind() -> None:
    bone, frames = made_level()
    air = Sampler(np.zeros_like(bone.values), LOW_MM, 1.0)
    disc = frame_at((0.0, 0.0, 0.0))
    assert find_margin_mm(air, frames, disc, ACROSS_MM) is None
    assert np.isnan(find_rims_behind_mm(air, frames, disc, 11.0))


def test_the_canal_begins_at_the_line_between_the_rims() -> None:
    """In a wedge the modelled disc ends in front of that line, and the canal does not follow."""
    bone, frames = made_level(wedge_deg=16.0)
    disc = frame_at((0.0, 0.0, 0.0))
    rims = find_rims_behind_mm(bone, frames, disc, 11.0)
    margin = find_margin_mm(bone, frames, disc, ACROSS_MM)
    assert margin is not None
    assert rims == pytest.approx(WALL_MM * np.cos(np.deg2rad(8.0)), abs=0.4)
    assert rims > edge_mm(margin, (0, 0), (0, 1)) + 0.2
