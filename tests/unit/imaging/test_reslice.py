import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from kambin.core import InputError
from kambin.imaging import LabelMap, Plane, Volume, project, reslice, reslice_labels


@pytest.fixture
def a_ramp_to_the_left() -> Volume:
    """Grey values equal to the millimetres to the left, posterior times 10, cranial times 100."""
    i, j, k = np.meshgrid(np.arange(6), np.arange(5), np.arange(4), indexing="ij")
    return Volume(
        (i * 2.0 + j * 10.0 + k * 300.0).astype(np.float32), np.diag([2.0, 1.0, 3.0, 1.0]), "frame"
    )


@pytest.fixture
def an_axial_plane() -> Plane:
    return Plane([4.0, 2.0, 4.5], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], 4.0, 2.0, 0.5)


def test_a_picture_shows_what_lies_there(a_ramp_to_the_left, an_axial_plane) -> None:
    picture = reslice(a_ramp_to_the_left, an_axial_plane, fill=-1000.0)
    points = an_axial_plane.points_lps_mm()
    assert picture.shape == (4, 8) == an_axial_plane.shape
    assert picture == pytest.approx(points @ [1.0, 10.0, 100.0], rel=1e-5)


def test_outside_the_image_is_the_fill_value(a_ramp_to_the_left) -> None:
    plane = Plane([0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0], 40.0, 2.0, 2.0)
    picture = reslice(a_ramp_to_the_left, plane, fill=-1000.0)
    assert picture[0, 0] == -1000.0
    assert (
        reslice_labels(LabelMap(np.ones((2, 2, 2), dtype=int), np.eye(4), "frame"), plane)[0, 0]
        == 0
    )


def test_labels_are_not_mixed() -> None:
    values = np.array([1, 7], dtype=np.int16).reshape(2, 1, 1)
    plane = Plane([0.5, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], 1.6, 0.4, 0.2)
    picture = reslice_labels(LabelMap(values, np.eye(4), "frame"), plane)
    assert picture.dtype == np.int32
    assert picture[0].tolist() == [1, 1, 1, 1, 7, 7, 7, 7]


def test_pixels_undo_points(an_axial_plane) -> None:
    rows, columns = np.indices(an_axial_plane.shape)
    pixels = an_axial_plane.pixels(an_axial_plane.points_lps_mm())
    assert pixels[..., 0] == pytest.approx(rows, abs=1e-9)
    assert pixels[..., 1] == pytest.approx(columns, abs=1e-9)
    assert pixels[..., 2] == pytest.approx(np.zeros(an_axial_plane.shape), abs=1e-9)


def test_depth_grows_away_from_the_viewer(an_axial_plane) -> None:
    assert an_axial_plane.normal_lps == pytest.approx(np.array([0.0, 0.0, 1.0]))
    assert an_axial_plane.pixels([4.0, 2.0, 9.5])[2] == pytest.approx(5.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"right_lps": [2.0, 0.0, 0.0]},
        {"down_lps": [1.0, 0.0, 0.0]},
        {"centre_lps_mm": [np.nan, 0.0, 0.0]},
        {"pixel_mm": 0.0},
        {"width_mm": -1.0},
    ],
)
def test_a_plane_that_is_none_is_refused(changes) -> None:
    sound = {
        "centre_lps_mm": [0.0, 0.0, 0.0],
        "right_lps": [1.0, 0.0, 0.0],
        "down_lps": [0.0, 1.0, 0.0],
        "width_mm": 4.0,
        "height_mm": 2.0,
        "pixel_mm": 0.5,
    }
    with pytest.raises(InputError, match="IN-045"):
        Plane(**(sound | changes))


@pytest.fixture
def a_rod_in_air() -> Volume:
    """Water in a rod of 2 x 2 voxels along P, on the left and high, else air."""
    values = np.full((8, 5, 6), -1000.0)
    values[5:7, :, 4:6] = 0.0
    return Volume(values, np.diag([1.0, 2.0, 3.0, 1.0]), "frame")


def test_the_ap_projection_adds_up_water_along_the_beam(a_rod_in_air) -> None:
    picture = project(a_rod_in_air, "ap")
    assert picture.values.shape == (6, 8)
    assert picture.values.max() == pytest.approx(10.0)
    assert np.argwhere(picture.values > 0).tolist() == [[0, 5], [0, 6], [1, 5], [1, 6]]


def test_the_lateral_projection_runs_posteriorly(a_rod_in_air) -> None:
    picture = project(a_rod_in_air, "lateral")
    assert picture.values.shape == (6, 5)
    assert picture.values[0] == pytest.approx(np.full(5, 2.0))
    assert picture.pixels([5.0, 8.0, 15.0]) == pytest.approx([0.0, 4.0])


def test_points_are_found_in_the_projection(a_rod_in_air) -> None:
    picture = project(a_rod_in_air, "ap")
    assert picture.pixels([[5.0, 0.0, 15.0], [6.0, 4.0, 12.0]]) == pytest.approx(
        np.array([[0.0, 5.0], [1.0, 6.0]])
    )


def test_the_projection_does_not_depend_on_how_the_array_is_stored(a_rod_in_air) -> None:
    affine = np.array(a_rod_in_air.lps_from_ijk)
    affine[:, 3] += affine[:, 0] * 7
    affine[:, 0] *= -1.0
    stored = Volume(a_rod_in_air.values[::-1].transpose(2, 1, 0), affine[:, [2, 1, 0, 3]], "frame")
    assert project(stored, "ap").values == pytest.approx(project(a_rod_in_air, "ap").values)


def test_another_view_is_refused(a_rod_in_air) -> None:
    with pytest.raises(InputError, match="IN-045"):
        project(a_rod_in_air, "axial")


@pytest.mark.kernels
def test_a_picture_is_the_image_at_every_pixel() -> None:
    """The kernel against scipy, on an oblique plane that leaves the image."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(9, 8, 7)).astype(np.float32)
    affine = np.array([[0, 2.0, 0, -4], [0, 0, 1.5, 2], [-1.0, 0, 0, 3], [0, 0, 0, 1]])
    volume = Volume(values, affine, "frame")
    right, down = np.array([0.8, 0.6, 0.0]), np.array([0.36, -0.48, 0.8])
    plane = Plane(volume.lps_mm([4.0, 3.5, 3.0]), right, down, 16.0, 12.0, 0.5)
    indices = volume.ijk(plane.points_lps_mm())
    expected = map_coordinates(values, np.moveaxis(indices, -1, 0), order=1, mode="nearest")
    last = np.array(values.shape) - 0.5
    is_in = ((indices >= -0.5) & (indices <= last)).all(axis=-1)
    assert 0.2 < is_in.mean() < 0.9
    expected = np.where(is_in, expected, -9.0)
    assert reslice(volume, plane, -9.0) == pytest.approx(expected, abs=1e-5)
