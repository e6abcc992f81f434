import numpy as np
import pytest
from tests.unit.anatomy.made_bones import LUMBAR, angle_deg, bone_of

from kambin.anatomy.mirror_plane import make_signed_distance
from kambin.anatomy.s1 import find_s1_frame, fit_s1_plate
from kambin.anatomy.sampling import Sampler
from kambin.anatomy.vertebra_frames import smooth_occupancy
from kambin.frames import Side

TRUTH = LUMBAR["S1"]


@pytest.fixture(scope="module")
def a_sacrum() -> Sampler:
    return smooth_occupancy(bone_of({"S1": TRUTH}), "S1")


def test_the_plate_is_found_from_the_disc_above(a_sacrum: Sampler) -> None:
    above = TRUTH.points([1.0, -4.0, 10.0])
    plate = fit_s1_plate(a_sacrum, above, LUMBAR["L5"].rotation)
    assert plate is not None
    centre, axes = plate
    assert angle_deg(axes[:, 2], TRUTH.rotation[:, 2]) < 1.0
    assert TRUTH.inverse().points(centre)[1:] == pytest.approx([0.0, 0.0], abs=0.6)


def test_the_frame_is_centred_between_the_alae(a_sacrum: Sampler) -> None:
    plate = (TRUTH.points([2.0, 0.0, 0.0]), TRUTH.rotation)
    frame = find_s1_frame(a_sacrum, make_signed_distance(a_sacrum), plate, 1.0)
    assert frame is not None
    origin = TRUTH.inverse().points(frame.lps_from_vertebra.origin_mm)
    assert origin == pytest.approx([0.0, 0.0, -14.0], abs=0.5)
    left, right = frame.pedicles[Side.LEFT], frame.pedicles[Side.RIGHT]
    assert left == pytest.approx(right, abs=0.3)


def test_where_there_is_no_sacrum_there_is_no_plate(a_sacrum: Sampler) -> None:
    aside = TRUTH.points([200.0, 0.0, 10.0])
    assert fit_s1_plate(a_sacrum, aside, TRUTH.rotation) is None


def test_a_plate_without_walls_gives_no_frame() -> None:
    slab = np.zeros((60, 60, 30), np.float32)
    slab[:, :, :15] = 1.0
    bone = Sampler(slab, np.array([-30.0, -30.0, -15.0]), 1.0)
    assert fit_s1_plate(bone, np.array([0.0, 0.0, 5.0]), np.eye(3)) is None
    plate = (np.zeros(3), np.eye(3))
    assert find_s1_frame(bone, make_signed_distance(bone), plate, 1.0) is None
