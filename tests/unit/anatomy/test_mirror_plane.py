import numpy as np
import pytest
from tests.unit.anatomy.made_bones import angle_deg, bone_of, frame_at

from kambin.anatomy.mirror_plane import make_signed_distance, refine_axes
from kambin.anatomy.sampling import Sampler
from kambin.anatomy.vertebra_frames import smooth_occupancy

TRUTH = frame_at((2.0, -4.0, 3.0), tilt_deg=-8.0, yaw_deg=6.0)


@pytest.fixture(scope="module")
def a_turned_vertebra() -> Sampler:
    return make_signed_distance(smooth_occupancy(bone_of({"L4": TRUTH}), "L4"))


def test_the_distance_is_negative_inside_and_in_millimetres(a_turned_vertebra: Sampler) -> None:
    centre = a_turned_vertebra.sample(TRUTH.origin_mm)
    assert -16.0 < centre < -11.0
    assert a_turned_vertebra.sample(TRUTH.points([0.0, 0.0, 18.0])) == pytest.approx(5.0, abs=1.5)


def test_yaw_and_shift_are_found_again(a_turned_vertebra: Sampler) -> None:
    start = frame_at((2.0, -4.0, 3.0), tilt_deg=-8.0).rotation
    origin, axes = refine_axes(
        a_turned_vertebra, TRUTH.origin_mm + start[:, 0] * 1.5, start, sigma_roll_deg=1.0
    )
    assert angle_deg(axes[:, 0], TRUTH.rotation[:, 0]) < 0.7
    assert abs(TRUTH.inverse().points(origin)[0]) < 0.3


def test_the_axes_stay_a_rotation(a_turned_vertebra: Sampler) -> None:
    _, axes = refine_axes(a_turned_vertebra, TRUTH.origin_mm, np.eye(3), sigma_roll_deg=4.0)
    assert axes.T @ axes == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)


def test_a_mirrored_bone_gives_the_mirrored_plane(a_turned_vertebra: Sampler) -> None:
    bone = a_turned_vertebra
    last = bone.origin_lps_mm[0] + bone.spacing_mm * (bone.values.shape[0] - 1)
    flipped = Sampler(
        np.ascontiguousarray(bone.values[::-1]),
        np.array([-last, *bone.origin_lps_mm[1:]]),
        bone.spacing_mm,
    )
    mirror = np.diag([-1.0, 1.0, 1.0])
    origin, axes = refine_axes(bone, TRUTH.origin_mm, np.eye(3), sigma_roll_deg=3.0)
    other, turned = refine_axes(flipped, mirror @ TRUTH.origin_mm, np.eye(3), sigma_roll_deg=3.0)
    assert other == pytest.approx(mirror @ origin, abs=1e-9)
    assert turned == pytest.approx(mirror @ axes @ mirror, abs=1e-9)
