"""Small helpers of frames: tilts, walls, sections, boxes, regions of nodes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.anatomy.tiny_column import NUMBER_OF, tiny_case, tiny_values

from kambin.anatomy.disc_rims import in_body
from kambin.anatomy.discs import _tidy
from kambin.anatomy.masks import fill_slices, find_box_ijk
from kambin.anatomy.organs import fill_hollow
from kambin.anatomy.plate_chain import VertebraTilt, plate_tilt_sigma_deg, tie_plates
from kambin.anatomy.plates import _fit_plane, axes_towards, plate_frame, plate_starts_mm
from kambin.anatomy.sampling import Sampler, crop_of_grid, find_exit_mm
from kambin.anatomy.skin import segment_body
from kambin.anatomy.survey import component_volumes_mm3, survey_labels, voxel_volume_mm3
from kambin.anatomy.working import region_of_nodes, sub_grid
from kambin.imaging import Grid, LabelMap, Volume
from kambin.knowledge import value, values

UP = np.array([0.0, 0.0, 1.0])
GRID = Grid(np.array([-5.0, 0.0, 10.0]), 0.5, (21, 31, 41), "grid")


def tilted(sagittal_deg: float, coronal_deg: float = 0.0) -> np.ndarray:
    """A cranial direction that leans backwards and to the left."""
    lean = np.tan(np.radians([coronal_deg, sagittal_deg]))
    direction = np.array([lean[0], lean[1], 1.0])
    return direction / np.linalg.norm(direction)


def test_axes_are_a_rotation_whatever_is_given_as_posterior():
    axes = axes_towards(np.array([0.3, 2.0, 5.0]), UP)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1)
    np.testing.assert_allclose(axes[:, 2], UP)
    assert axes[2, 1] == pytest.approx(0)


def test_an_upright_patient_has_the_axes_of_lps():
    np.testing.assert_allclose(axes_towards(np.array([0.0, 1.0, 0.0]), UP), np.eye(3), atol=1e-12)


@given(st.floats(-60, 60), st.floats(-60, 60))
def test_the_mirrored_directions_have_the_mirrored_axes(sagittal, coronal):
    mirror = np.diag([-1.0, 1.0, 1.0])
    posterior = np.array([0.2, 1.0, 0.1])
    here = axes_towards(posterior, tilted(sagittal, coronal))
    there = axes_towards(mirror @ posterior, mirror @ tilted(sagittal, coronal))
    np.testing.assert_allclose(there, mirror @ here @ mirror, atol=1e-9)


def test_a_plate_frame_stands_on_its_normal():
    frame = plate_frame("plate", np.array([1.0, 2.0, 3.0]), tilted(20), np.eye(3))
    np.testing.assert_allclose(frame.rotation[:, 2], tilted(20))
    np.testing.assert_allclose(frame.origin_mm, [1, 2, 3])
    assert (frame.target, frame.source) == ("lps", "plate")


def test_the_rays_of_a_plate_cover_an_ellipse_evenly():
    starts = plate_starts_mm()
    width, depth = values("completion_bone.plate_ellipse_mm")
    assert np.abs(starts).max(axis=0) == pytest.approx([width / 2, depth / 2])
    mirrored = {tuple(np.round(row, 9)) for row in starts * [-1, 1]}
    assert mirrored == {tuple(np.round(row, 9)) for row in starts}


@pytest.mark.parametrize("spike_mm", [0.0, 8.0, -8.0])
def test_a_plane_is_fitted_past_a_spur(spike_mm):
    flat = plate_starts_mm()
    heights = 3.0 + flat @ np.array([0.1, -0.2])
    heights[:5] += spike_mm
    design = np.column_stack([flat, np.ones(len(flat))])
    slope, kept, rms = _fit_plane(design, heights, np.isfinite(heights))
    np.testing.assert_allclose(slope, [0.1, -0.2, 3.0], atol=1e-9)
    assert rms == pytest.approx(0, abs=1e-9)
    assert kept.sum() == len(flat) - (5 if spike_mm else 0)


def test_no_plates_need_no_tie():
    assert tie_plates([], 1.0) == {}


@pytest.mark.parametrize(("spacing", "share"), [(0.5, 0), (1, 0), (2, 0.5), (3, 1), (6, 1)])
def test_the_tilt_is_as_sure_as_the_labels_are_fine(spacing, share):
    low = value("completion_bone.tilt_sigma_1mm_deg")
    high = value("completion_bone.tilt_sigma_3mm_deg")
    assert plate_tilt_sigma_deg(spacing) == pytest.approx(low + share * (high - low))


def test_fine_labels_keep_the_measured_tilt():
    tilt = VertebraTilt("L4", tilted(8), tilted(6), None)
    upper, lower = tie_plates([tilt], 1.0)["L4"]
    assert np.degrees(np.arccos(upper @ tilted(8))) < 0.5
    assert np.degrees(np.arccos(lower @ tilted(6))) < 0.5


def test_coarse_labels_share_a_doubtful_tilt_with_the_neighbours():
    tilts = [VertebraTilt(n, tilted(0), tilted(0), None) for n in ("L3", "L4", "L5")]
    wild = VertebraTilt("L4", tilted(0, 15), tilted(0), None)
    fine = tie_plates([tilts[0], wild, tilts[2]], 1.0)["L4"][0]
    coarse = tie_plates([tilts[0], wild, tilts[2]], 3.0)["L4"][0]
    assert 0 < coarse[0] < fine[0] < np.sin(np.radians(15))


@given(st.floats(-10, 10), st.floats(-10, 10), st.sampled_from([1.0, 2.0, 3.0]))
def test_ties_commute_with_the_mirror(upper, lower, spacing):
    def tied(sign: float) -> np.ndarray:
        tilts = [
            VertebraTilt("L3", tilted(0, sign * upper), tilted(2, sign * lower), None),
            VertebraTilt("L4", tilted(5, 0), tilted(3, -sign * upper), tilted(4, sign * lower)),
        ]
        return np.array(list(tie_plates(tilts, spacing, tilted(20, sign * lower)).values()))

    np.testing.assert_allclose(tied(1.0) * [-1, 1, 1], tied(-1.0), atol=1e-9)


def test_the_body_of_a_disc_rounds_off_beside_the_canal():
    limit = 15 + value("completion_bone.disc_behind_wall_mm")
    corner = value("completion_bone.disc_corner_x_mm")
    at = np.array([[0, limit - 0.1, 0], [0, limit + 0.1, 0], [corner + 10, limit - 0.1, 0]])
    assert in_body(at, 15.0).tolist() == [True, False, False]
    assert (in_body(at, 15.0) == in_body(at * [-1, 1, 1], 15.0)).all()


def test_only_the_piece_in_the_middle_is_disc_and_its_holes_are_filled():
    columns = np.zeros((31, 31), dtype=bool)
    columns[8:23, 8:23] = True
    columns[14:17, 14:17] = False
    columns[26:30, 26:30] = True
    columns[3, 3] = True
    tidy = _tidy(columns)
    assert tidy[15, 15]
    assert not tidy[27, 27]
    assert not tidy[3, 3]


def test_specks_leave_no_disc():
    columns = np.zeros((9, 9), dtype=bool)
    columns[::4, ::4] = True
    assert not _tidy(columns).any()


def a_slab() -> Sampler:
    """Bone between z = 4 and z = 8 mm, on nodes a millimetre apart."""
    values_ = np.zeros((3, 3, 13), dtype=np.float32)
    values_[:, :, 5:8] = 1.0
    values_[:, :, [4, 8]] = 0.5
    return Sampler(values_, np.zeros(3), 1.0)


@pytest.mark.parametrize(
    ("start", "direction", "entering", "expected"),
    [(6.0, 1.0, False, 2.0), (6.0, -1.0, False, 2.0), (0.0, 1.0, True, 4.0), (12.0, -1.0, True, 4)],
)
def test_a_ray_finds_where_it_leaves_or_enters(start, direction, entering, expected):
    found = find_exit_mm(
        a_slab(), [[1.0, 1.0, start]], UP * direction, reach_mm=10.0, entering=entering
    )
    assert found == pytest.approx([expected])


@pytest.mark.parametrize(("start", "entering"), [(0.0, False), (6.0, True), (9.0, True)])
def test_a_ray_without_a_crossing_finds_nothing(start, entering):
    found = find_exit_mm(a_slab(), [[1.0, 1.0, start]], UP, reach_mm=2.5, entering=entering)
    assert np.isnan(found).all()


def test_the_gradient_of_a_ramp_is_its_slope():
    k = np.arange(8, dtype=np.float32)
    ramp = Sampler(np.broadcast_to(3 * k, (8, 8, 8)).copy(), np.array([1.0, 2.0, 3.0]), 2.0)
    assert ramp.gradient([[8.0, 9.0, 10.0]]) == pytest.approx(np.array([[0, 0, 1.5]]))


def test_a_crop_keeps_every_node_at_its_place():
    values_ = np.arange(np.prod(GRID.shape), dtype=np.float32).reshape(GRID.shape)
    crop = crop_of_grid(values_, GRID, [-3, 2, 5], [4, 99, 9])
    assert crop.values.shape == (5, 29, 5)
    np.testing.assert_allclose(crop.origin_lps_mm, [-5, 1, 12.5])
    assert crop.sample(crop.nodes_lps_mm()) == pytest.approx(crop.values)


def test_the_box_of_a_mask_holds_its_first_and_last_node():
    mask = np.zeros((5, 6, 7), dtype=bool)
    mask[1, 2, 3] = mask[4, 2, 5] = True
    low, high = find_box_ijk(mask)
    assert (low.tolist(), high.tolist()) == ([1, 2, 3], [4, 2, 5])


def test_an_empty_mask_has_a_box_that_ends_before_it_begins():
    low, high = find_box_ijk(np.zeros((2, 2, 2), dtype=bool))
    assert (high < low).all()


def test_a_region_of_nodes_lies_where_the_nodes_lie():
    nodes = np.array([[10, 10, 10], [12, 11, 10]])
    region = region_of_nodes(GRID, nodes)
    places = region.lps_mm(np.argwhere(region.values))
    assert places == pytest.approx(GRID.origin_lps_mm + nodes * GRID.spacing_mm)
    assert region.shape == (9, 8, 7)


def test_a_region_of_nodes_ends_at_the_grid():
    region = region_of_nodes(GRID, np.array([[0, 0, 0]]))
    assert region.shape == (4, 4, 4)
    assert region.values[0, 0, 0] == 1


def test_the_part_of_a_grid_under_a_region_lies_on_the_grid():
    affine = np.eye(4)
    affine[:3, 3] = [-4.2, 3.1, 12.3]
    part, box = sub_grid(GRID, LabelMap(np.ones((3, 3, 3), dtype=np.uint8), affine, "grid"))
    assert part.shape == tuple(s.stop - s.start for s in box)
    assert part.origin_lps_mm == pytest.approx(GRID.origin_lps_mm + [s.start * 0.5 for s in box])
    assert (part.origin_lps_mm <= affine[:3, 3]).all()
    assert (part.high_lps_mm >= affine[:3, 3] + 2).all()


def test_a_region_off_the_grid_has_no_part_of_it():
    affine = np.eye(4)
    affine[:3, 3] = 500.0
    part, _ = sub_grid(GRID, LabelMap(np.ones((2, 2, 2), dtype=np.uint8), affine, "grid"))
    assert 0 in part.shape


def test_pieces_are_listed_from_the_largest_and_meet_at_corners():
    values_ = tiny_values()
    values_[0, 0, 0] = values_[1, 1, 1] = values_[3, 3, 0] = NUMBER_OF["L3"]
    case = tiny_case(values_)
    found = survey_labels(case).find("vertebra", "L3")
    volumes = component_volumes_mm3(found, case.labels) / voxel_volume_mm3(case.labels)
    assert volumes[1:].tolist() == [2.0, 1.0]
    assert volumes.sum() == (values_ == NUMBER_OF["L3"]).sum()


def test_faces_at_the_border_are_counted():
    values_ = np.zeros((4, 4, 4), dtype=np.uint8)
    values_[0, 1, :] = 1
    survey = survey_labels(tiny_case(values_, {1: "liver"}))
    assert survey.find("liver").border_faces == 3


def test_a_name_on_two_values_is_one_structure():
    values_ = np.zeros((6, 4, 4), dtype=np.uint8)
    values_[1, 1, 1], values_[4, 1, 1] = 1, 2
    survey = survey_labels(tiny_case(values_, {1: "liver", 2: "liver", 3: "liver", 4: "spleen"}))
    found = survey.find("liver")
    assert found.values == (1, 2)
    assert found.centroid_lps_mm == pytest.approx([10, 4, 4])
    assert [str(k) for k in survey.repeated] == ["liver"]
    assert [str(k) for k in survey.empty] == ["spleen"]


def test_a_mask_of_booleans_is_surveyed_too():
    case = tiny_case(np.ones((2, 2, 2), dtype=bool), {1: "liver"}, spacing_mm=2.0)
    assert survey_labels(case).find("liver").volume_mm3 == 64


def test_holes_are_filled_slice_by_slice_and_bays_stay_open():
    mask = np.zeros((7, 7, 2), dtype=bool)
    mask[1:6, 1:6] = True
    mask[3, 3] = False
    mask[3, :4, 1] = False
    filled = fill_slices(mask)
    assert filled[3, 3, 0]
    assert not filled[3, 3, 1]
    assert not mask[3, 3, 0]


def test_an_image_of_nothing_but_air_shows_no_body():
    image = Volume(np.full((5, 5, 5), -1000.0, dtype=np.float32), np.eye(4), "air")
    assert not segment_body(image).any()


def test_a_voxel_that_is_no_number_tears_no_hole_into_the_body():
    image = np.full((30, 30, 2), -1000.0, dtype=np.float32)
    image[5:25, 5:25] = 40.0
    image[10, 10] = np.nan
    body = segment_body(Volume(image, np.diag([2.0, 2.0, 2.0, 1.0]), "body"))
    assert body[5:25, 5:25].all()


@pytest.mark.parametrize("axis", [0, 1])
def test_filling_a_hollow_organ_commutes_with_mirrors(axis, rng):
    shell = np.zeros((20, 20, 3), dtype=np.uint8)
    shell[4:15, 5:16] = 1
    shell[7:12, 8:13] = 0
    shell &= (rng.random(shell.shape) > 0.05).astype(np.uint8)
    here = fill_hollow(LabelMap(shell, np.eye(4), "gut")).values
    there = fill_hollow(LabelMap(np.flip(shell, axis), np.eye(4), "gut")).values
    np.testing.assert_array_equal(np.flip(here, axis), there)
