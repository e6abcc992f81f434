"""The waist of ducts whose narrowest section is known exactly."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from kambin.frames import RigidTransform, Side
from kambin.measure import Waist, find_waist
from kambin.measure.obstacles import LATTICE_STEP_MM, Lattice
from kambin.measure.site import SideView

LOW_MM = np.array([-30.0, -34.0, -34.0])
SHAPE = (81, 91, 91)
STRIP_MM = np.array([[0.0, 0.0, 5.0], [0.0, 0.0, -5.0]])

# The lattice holds occupancies at 0.75 mm; trilinear between them an ellipse of half axes
# over 4 mm loses less than 1 % of its area.
AREA_SHARE = 0.02
EXTENT_MM = 0.25

Radius = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _duct(
    half_back_mm: float,
    half_up_mm: float,
    *,
    yaw_deg: float = 0.0,
    pitch_deg: float = 0.0,
    widening: Radius = np.ones_like,
    side: Side = Side.LEFT,
) -> Lattice:
    """A solid block with an elliptic duct along (lateral, turned by yaw and pitch)."""
    nodes = LOW_MM + LATTICE_STEP_MM * np.moveaxis(np.indices(SHAPE), 0, -1)
    yaw, pitch = math.radians(yaw_deg), math.radians(pitch_deg)
    flat = np.array([math.cos(yaw), -math.sin(yaw), 0.0])
    backward = np.array([math.sin(yaw), math.cos(yaw), 0.0])
    outward = math.cos(pitch) * flat + math.sin(pitch) * np.array([0.0, 0.0, 1.0])
    upward = np.cross(outward, backward)
    along, back, up = nodes @ outward, nodes @ backward, nodes @ upward
    grown = widening(along)
    radial = np.hypot(back / (half_back_mm * grown), up / (half_up_mm * grown))
    outside_mm = (radial - 1.0) * min(half_back_mm, half_up_mm) * grown
    filled = np.clip(0.5 + outside_mm / LATTICE_STEP_MM, 0.0, 1.0)
    view = SideView(RigidTransform("patient", "disc", np.eye(4)), side)
    return Lattice(filled, LOW_MM, view, STRIP_MM)


def _found(lattice: Lattice) -> Waist:
    waist = find_waist(lattice)
    assert waist is not None
    return waist


@pytest.mark.parametrize(("half_back", "half_up"), [(4.0, 8.0), (5.0, 5.0), (6.5, 9.0)])
def test_a_straight_duct_has_the_area_and_extents_of_its_ellipse(
    half_back: float, half_up: float
) -> None:
    waist = _found(_duct(half_back, half_up))
    assert waist.area_mm2 == pytest.approx(math.pi * half_back * half_up, rel=AREA_SHARE)
    assert waist.height_mm == pytest.approx(2 * half_up, abs=EXTENT_MM)
    assert waist.width_mm == pytest.approx(2 * half_back, abs=EXTENT_MM)
    # Ten degrees cost 1.5 % of area, no more than the lattice itself.
    assert max(abs(waist.yaw_deg), abs(waist.pitch_deg)) <= 10.0


@pytest.mark.parametrize("yaw_deg", [-20.0, 10.0, 30.0, 40.0])
def test_a_turned_duct_is_cut_across_its_own_axis(yaw_deg: float) -> None:
    waist = _found(_duct(4.0, 8.0, yaw_deg=yaw_deg))
    assert waist.yaw_deg == yaw_deg
    assert waist.area_mm2 == pytest.approx(math.pi * 32.0, rel=AREA_SHARE)


@pytest.mark.parametrize("pitch_deg", [-10.0, 10.0])
def test_a_tilted_duct_is_cut_across_its_own_axis(pitch_deg: float) -> None:
    waist = _found(_duct(5.0, 6.0, pitch_deg=pitch_deg))
    assert waist.pitch_deg == pitch_deg
    assert waist.area_mm2 == pytest.approx(math.pi * 30.0, rel=AREA_SHARE)


@pytest.mark.parametrize("throat_mm", [-5.0, 0.0, 6.0])
def test_an_hourglass_is_cut_at_its_throat(throat_mm: float) -> None:
    waist = _found(_duct(4.0, 7.0, widening=lambda along: 1.0 + 0.004 * (along - throat_mm) ** 2))
    assert waist.offset_mm == pytest.approx(throat_mm, abs=1.0)
    assert waist.area_mm2 == pytest.approx(math.pi * 28.0, rel=AREA_SHARE)


def test_the_outline_lies_in_the_plane_of_the_section() -> None:
    waist = _found(_duct(4.0, 8.0, yaw_deg=20.0))
    centred = waist.outline_lps_mm - waist.outline_lps_mm.mean(axis=0)
    assert np.linalg.svd(centred, compute_uv=False)[2] < 1e-9
    assert waist.outline_lps_mm[0] == pytest.approx(waist.outline_lps_mm[-1])


def test_the_perimeter_is_that_of_the_circle() -> None:
    waist = _found(_duct(6.0, 6.0))
    assert waist.perimeter_mm == pytest.approx(2 * math.pi * 6.0, rel=0.02)


def test_left_and_right_are_mirror_images() -> None:
    left = _found(_duct(4.0, 8.0, yaw_deg=20.0, side=Side.LEFT))
    right = _found(_duct(4.0, 8.0, yaw_deg=20.0, side=Side.RIGHT))
    assert right.area_mm2 == left.area_mm2
    assert right.outline_lps_mm == pytest.approx(left.outline_lps_mm * [-1.0, 1.0, 1.0])


def test_a_slit_that_runs_out_of_every_section_is_open() -> None:
    assert find_waist(_duct(80.0, 6.0)) is None


def test_a_block_without_a_duct_has_no_waist() -> None:
    solid = _duct(4.0, 8.0)
    assert find_waist(Lattice(np.ones(SHAPE), LOW_MM, solid.view, STRIP_MM)) is None


def test_a_second_duct_beside_the_strip_is_not_taken_for_the_foramen() -> None:
    lattice = _duct(5.0, 8.0)
    nodes = LOW_MM + LATTICE_STEP_MM * np.moveaxis(np.indices(SHAPE), 0, -1)
    vessel = np.hypot(nodes[..., 1] - 16.0, nodes[..., 2]) < 2.0
    both = Lattice(np.where(vessel, 0.0, lattice.filled), LOW_MM, lattice.view, STRIP_MM)
    assert _found(both).area_mm2 == pytest.approx(math.pi * 40.0, rel=AREA_SHARE)
