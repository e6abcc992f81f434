import numpy as np
import pytest
from tests.unit.anatomy.made_bones import (
    HALF_HEIGHT_MM,
    LUMBAR,
    WALL_MM,
    angle_deg,
    bone_of,
    frame_at,
    in_body,
    lumbar_bones,
    paint,
)

from kambin.anatomy import WorkingBone
from kambin.anatomy.mirror_plane import make_signed_distance
from kambin.anatomy.vertebra_frames import (
    find_body_centre,
    find_vertebra_frames,
    smooth_occupancy,
)
from kambin.anatomy.working import make_working_bone
from kambin.frames import Side
from kambin.imaging import LabelMap


@pytest.mark.parametrize("name", ["L4", "L5"])
def test_a_vertebra_gets_the_frame_it_was_made_in(name: str) -> None:
    truth, found = LUMBAR[name], lumbar_bones().vertebra_frames[name]
    assert truth.inverse().points(found.lps_from_vertebra.origin_mm) == pytest.approx(
        np.zeros(3), abs=0.3
    )
    for axis, limit_deg in ((0, 0.5), (2, 1.5)):
        turned = found.lps_from_vertebra.rotation[:, axis]
        assert angle_deg(turned, truth.rotation[:, axis]) < limit_deg
    assert found.posterior_wall_y_mm == pytest.approx(WALL_MM, abs=0.5)
    assert set(found.pedicles) == set(Side)
    assert found.sigma_tilt_deg == 1.0


@pytest.mark.parametrize("name", ["L4", "L5"])
def test_at_three_millimetres_the_frame_stays_within_the_bar(name: str) -> None:
    truth, found = LUMBAR[name], lumbar_bones(3.0).vertebra_frames[name]
    shift = truth.inverse().points(found.lps_from_vertebra.origin_mm)
    assert np.linalg.norm(shift) <= 1.0
    assert angle_deg(found.lps_from_vertebra.rotation[:, 2], truth.rotation[:, 2]) <= 5.0
    assert found.sigma_tilt_deg == 4.0


def test_the_plates_lie_half_a_body_from_the_origin() -> None:
    found = lumbar_bones().vertebra_frames["L4"]
    inverse = found.lps_from_vertebra.inverse()
    upper, lower = (inverse.points(p.origin_mm) for p in (found.upper_plate, found.lower_plate))
    assert upper[2] == pytest.approx(HALF_HEIGHT_MM, abs=0.6)
    assert lower[2] == pytest.approx(-HALF_HEIGHT_MM, abs=0.6)
    assert upper[:2] == pytest.approx([0.0, 0.0], abs=0.1)
    assert found.upper_plate.rotation[2, 2] > 0 < found.lower_plate.rotation[2, 2]


def test_the_origin_of_s1_lies_under_its_plate() -> None:
    truth, found = LUMBAR["S1"], lumbar_bones().vertebra_frames["S1"]
    origin = truth.inverse().points(found.lps_from_vertebra.origin_mm)
    assert origin == pytest.approx([0.0, 0.0, -14.0], abs=0.5)
    assert found.posterior_wall_y_mm == pytest.approx(WALL_MM, abs=0.5)
    assert np.array_equal(found.lower_plate.origin_mm, found.lps_from_vertebra.origin_mm)


def test_the_middle_of_a_body_is_where_it_is_deepest() -> None:
    truth = frame_at((3.0, -2.0, 4.0), tilt_deg=-10.0)
    distance = make_signed_distance(smooth_occupancy(bone_of({"L4": truth}), "L4"))
    assert truth.inverse().points(find_body_centre(distance)) == pytest.approx(np.zeros(3), abs=1.5)


def test_a_vertebra_cut_by_the_image_has_no_frame() -> None:
    """A cut face is no end plate (row A08)."""
    labels = paint({"L4": frame_at((0.0, 0.0, 0.0)), "L5": frame_at((0.0, 0.0, -38.0))})
    top = int(labels.ijk([0.0, 0.0, 6.0])[2])
    cut = LabelMap(labels.values[:, :, :top], labels.lps_from_ijk, labels.frame_id)
    frames, _ = find_vertebra_frames(_bone(cut, ("L4", "L5")), 1.0)
    assert set(frames) == {"L5"}


def test_a_body_without_an_arch_has_no_behind_and_no_frame() -> None:
    labels = paint({"L5": frame_at((0.0, 0.0, 0.0))})
    local = labels.lps_mm(np.moveaxis(np.indices(labels.shape), 0, -1))
    only_body = LabelMap(in_body(local).astype(np.uint8), labels.lps_from_ijk, labels.frame_id)
    frames, _ = find_vertebra_frames(_bone(only_body, ("L5",)), 1.0)
    assert frames == {}


def test_a_lump_has_no_frame() -> None:
    values = np.zeros((20, 20, 20), dtype=np.uint8)
    values[5:8, 5:8, 5:8] = 1
    frames, _ = find_vertebra_frames(_bone(LabelMap(values, np.eye(4), "made"), ("L3",)), 1.0)
    assert frames == {}


def test_one_vertebra_alone_is_taken_to_stand_upright_at_first() -> None:
    truth = frame_at((0.0, 0.0, 0.0), tilt_deg=-12.0)
    frames, _ = find_vertebra_frames(bone_of({"L3": truth}), 1.0)
    found = frames["L3"].lps_from_vertebra.rotation
    assert angle_deg(found[:, 2], truth.rotation[:, 2]) < 1.5


def _bone(labels: LabelMap, names: tuple[str, ...]) -> WorkingBone:
    regions = {
        name: LabelMap((labels.values == n).astype(np.uint8), labels.lps_from_ijk, labels.frame_id)
        for n, name in enumerate(names, start=1)
    }
    return make_working_bone(labels, regions)
