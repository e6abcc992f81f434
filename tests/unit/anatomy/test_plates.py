import numpy as np
import pytest
from tests.unit.anatomy.made_bones import HALF_HEIGHT_MM, angle_deg, bone_of, frame_at

from kambin.anatomy.plates import axes_towards, fit_plate, plate_frame, plate_starts_mm
from kambin.anatomy.sampling import Sampler
from kambin.anatomy.vertebra_frames import smooth_occupancy

UPRIGHT = np.eye(3)


def a_vertebra(tilt_deg: float = 0.0, wedge_deg: float = 0.0) -> Sampler:
    frames = {"L4": frame_at((0.0, 0.0, 0.0), tilt_deg)}
    return smooth_occupancy(bone_of(frames, wedge_deg=wedge_deg), "L4")


def test_the_rays_cover_an_ellipse_without_a_first_side() -> None:
    starts = plate_starts_mm()
    assert np.abs(starts).max(axis=0) == pytest.approx([14.0, 10.0])
    mirrored = starts * [-1.0, 1.0]
    assert {tuple(row) for row in starts.round(9) + 0.0} == {
        tuple(row) for row in mirrored.round(9) + 0.0
    }


@pytest.mark.parametrize(("cranial", "height"), [(True, 1.0), (False, -1.0)])
def test_a_flat_plate_is_found_where_it_is(cranial: bool, height: float) -> None:
    plate = fit_plate(a_vertebra(), np.zeros(3), UPRIGHT, cranial=cranial)
    assert plate is not None
    assert plate.centre_lps_mm[2] == pytest.approx(height * (HALF_HEIGHT_MM + 0.5), abs=0.3)
    assert angle_deg(plate.normal_lps, UPRIGHT[2]) < 0.5
    assert plate.rms_mm < 0.2


@pytest.mark.parametrize("tilt_deg", [-20.0, -9.0, -3.0, 6.0])
def test_a_tilted_plate_is_measured_through_its_voxel_terraces(tilt_deg: float) -> None:
    truth = frame_at((0.0, 0.0, 0.0), tilt_deg).rotation
    plate = fit_plate(a_vertebra(tilt_deg), np.zeros(3), truth, cranial=True)
    assert plate is not None
    assert angle_deg(plate.normal_lps, truth[:, 2]) < 2.0


def test_a_wedge_tilts_both_plates_against_each_other() -> None:
    bone = a_vertebra(wedge_deg=10.0)
    upper = fit_plate(bone, np.zeros(3), UPRIGHT, cranial=True)
    lower = fit_plate(bone, np.zeros(3), UPRIGHT, cranial=False)
    assert upper is not None
    assert lower is not None
    assert angle_deg(upper.normal_lps, lower.normal_lps) == pytest.approx(10.0, abs=1.0)
    assert upper.normal_lps[1] > 0 > lower.normal_lps[1]


def test_a_spur_on_the_rim_does_not_tilt_the_plate() -> None:
    bone = a_vertebra()
    values = bone.values.copy()
    nodes = bone.nodes_lps_mm()
    spur = (nodes[..., 2] < 19) & (nodes[..., 2] > 0) & (nodes[..., 1] < -8)
    values[spur & (np.abs(nodes[..., 0]) < 6)] = 1.0
    spurred = Sampler(values, bone.origin_lps_mm, bone.spacing_mm)
    plate = fit_plate(spurred, np.zeros(3), UPRIGHT, cranial=True)
    assert plate is not None
    assert angle_deg(plate.normal_lps, UPRIGHT[2]) < 1.0


def test_rays_that_find_no_end_give_no_plate() -> None:
    solid = Sampler(np.ones((9, 9, 9), np.float32), np.zeros(3), 1.0)
    assert fit_plate(solid, np.full(3, 4.0), UPRIGHT, cranial=True) is None


def test_a_plate_is_found_from_outside_too() -> None:
    plate = fit_plate(
        a_vertebra(), np.array([0.0, 0.0, 20.0]), UPRIGHT, cranial=False, entering=True
    )
    assert plate is not None
    assert plate.centre_lps_mm[2] == pytest.approx(HALF_HEIGHT_MM + 0.5, abs=0.3)


def test_axes_are_right_handed_and_keep_the_cranial_axis() -> None:
    cranial = np.array([0.0, -0.6, 0.8])
    axes = axes_towards(np.array([0.3, 2.0, 0.1]), cranial)
    assert axes.T @ axes == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    assert axes[:, 2] == pytest.approx(cranial)
    assert axes[1, 1] > 0


def test_a_plate_frame_has_its_normal_as_z() -> None:
    normal = np.array([0.0, 0.1, np.sqrt(0.99)])
    frame = plate_frame("upper_plate_L4", np.array([1.0, 2.0, 3.0]), normal, UPRIGHT)
    assert frame.rotation[:, 2] == pytest.approx(normal)
    assert frame.origin_mm == pytest.approx([1.0, 2.0, 3.0])
    assert frame.source == "upper_plate_L4"
