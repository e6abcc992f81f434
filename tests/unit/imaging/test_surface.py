import numpy as np
import pytest

from kambin.core import InputError
from kambin.imaging import LabelMap, Surface, extract_surface, surface_distance

TETRAHEDRON = np.array([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 3.0]])
OUTWARD = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


@pytest.fixture
def a_tetrahedron() -> Surface:
    return Surface(TETRAHEDRON, OUTWARD, "frame")


def test_the_volume_of_a_tetrahedron(a_tetrahedron) -> None:
    assert a_tetrahedron.volume_mm3 == pytest.approx(4.5)
    assert Surface(TETRAHEDRON, OUTWARD[:, ::-1], "frame").volume_mm3 == pytest.approx(-4.5)


@pytest.mark.parametrize("faces", [np.empty((0, 3)), [[0, 1, 4]], [[-1, 0, 1]]])
def test_triangles_that_are_none_are_refused(faces) -> None:
    with pytest.raises(InputError, match="IN-044"):
        Surface(TETRAHEDRON, np.asarray(faces, dtype=int), "frame")


@pytest.mark.parametrize("faces", [OUTWARD[:3], np.concatenate([OUTWARD, OUTWARD[:1]])])
def test_an_open_surface_has_no_inside(faces) -> None:
    open_surface = Surface(TETRAHEDRON, faces, "frame")
    with pytest.raises(InputError, match=r"IN-044.*close"):
        surface_distance([[0.0, 0.0, 0.0]], open_surface)


def test_the_surface_of_a_cube_is_closed_and_faces_outwards(a_cube_of_labels) -> None:
    surface = extract_surface(a_cube_of_labels)
    assert surface.frame_id == "frame"
    assert surface.volume_mm3 == pytest.approx(216.0, rel=0.2)
    assert surface_distance([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0]], surface) == pytest.approx(
        [-3.0, 2.0], abs=0.05
    )


def test_a_mirrored_affine_still_faces_outwards(a_cube_of_labels) -> None:
    affine = np.diag([-1.0, 1.0, 1.0, 1.0])
    assert extract_surface(LabelMap(a_cube_of_labels.values, affine, "frame")).volume_mm3 > 0.0


def test_voxels_that_touch_at_edges_only_make_a_closed_surface(rng) -> None:
    values = (rng.random((16, 16, 16)) > 0.7).astype(np.uint8)
    values[:2] = values[-2:] = 0
    values[4:6, 4:6, 4] = [[1, 0], [0, 1]]
    surface = extract_surface(LabelMap(values, np.eye(4), "frame"))
    assert surface_distance([[8.0, 8.0, -60.0]], surface)[0] > 0.0


def test_a_single_voxel_has_a_surface() -> None:
    values = np.zeros((5, 5, 5), dtype=np.uint8)
    values[2, 2, 2] = 1
    surface = extract_surface(LabelMap(values, np.eye(4), "frame"))
    assert surface_distance([[2.0, 2.0, 2.0]], surface)[0] < 0.0


def test_a_cut_structure_has_no_false_face_at_the_cut() -> None:
    region = LabelMap(np.ones((4, 4, 4), dtype=np.uint8), np.eye(4), "frame")
    assert surface_distance([[1.5, 1.5, 1.5]], extract_surface(region))[0] < -15.0


def test_an_empty_region_has_no_surface() -> None:
    with pytest.raises(InputError, match="IN-040"):
        extract_surface(LabelMap(np.zeros((4, 4, 4), dtype=np.uint8), np.eye(4), "frame"))


@pytest.mark.parametrize(
    ("cut", "length_mm"),
    [
        (slice(0, 12), 6.0),
        (slice(5, 12), 4.0 + 16.0),
        (slice(0, 7), 4.0 + 16.0),
        (slice(5, 7), 2.0 + 32.0),
    ],
)
def test_background_far_from_a_structure_changes_no_triangle(
    a_cube_of_labels, cut, length_mm
) -> None:
    values = a_cube_of_labels.values[cut]
    room = np.pad(values, [(0, 0), (9, 2), (0, 14)])
    affine = a_cube_of_labels.lps_from_ijk.copy()
    affine[:3, 3] += [0, -9, 0]
    tight = extract_surface(LabelMap(values, a_cube_of_labels.lps_from_ijk, "frame"))
    wide = extract_surface(LabelMap(room, affine, "frame"))
    assert np.array_equal(tight.faces, wide.faces)
    assert wide.vertices_lps_mm == pytest.approx(tight.vertices_lps_mm, abs=1e-5)
    # Where the array cuts the cube it is continued by 16 voxels.
    ends = tight.vertices_lps_mm[:, 0]
    assert ends.max() - ends.min() == pytest.approx(length_mm, abs=0.6)


def test_a_thin_end_on_a_thick_part_keeps_its_voxels() -> None:
    # Found on the ends of ribs in voxels of 3 mm, which triangles lost and fields kept.
    values = np.zeros((16, 12, 12), dtype=np.uint8)
    values[3:8, 3:8, 3:8] = 1
    values[8:12, 5, 5] = 1
    labels = LabelMap(values, np.eye(4), "frame")
    middles = np.argwhere(values > 0).astype(float)
    assert surface_distance(middles, extract_surface(labels)).max() <= 0.0
