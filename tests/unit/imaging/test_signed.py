import numpy as np
import pytest

from kambin.core import InputError
from kambin.imaging import (
    Grid,
    LabelMap,
    Volume,
    signed_distance,
    signed_distance_from_fractions,
    signed_distance_from_occupancy,
)


def test_distances_to_a_cube(a_cube_of_labels, a_small_grid) -> None:
    field = signed_distance(a_cube_of_labels, a_small_grid)
    assert field.sample([[0.0, 0.0, 0.0]]) == pytest.approx([-3.0], abs=0.1)
    assert field.sample([[5.0, 0.0, 0.0], [0.0, -4.0, 0.0]]) == pytest.approx([2.0, 1.0], abs=0.1)
    assert 0.99 <= field.slope <= 1.3
    assert 0.1 <= field.sigma_mm <= 0.35


def test_an_oblique_label_map_gives_the_same_field(a_cube_of_labels, a_small_grid) -> None:
    turned = LabelMap(
        a_cube_of_labels.values.transpose(2, 0, 1)[::-1],
        a_cube_of_labels.lps_from_ijk[:, [2, 0, 1, 3]]
        @ [[-1, 0, 0, 11], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
        "frame",
    )
    straight = signed_distance(a_cube_of_labels, a_small_grid).values
    assert signed_distance(turned, a_small_grid).values == pytest.approx(straight, abs=1e-4)


def test_fractions_give_the_place_of_the_surface_inside_a_voxel(a_small_grid) -> None:
    fractions = np.zeros((12, 12, 12), dtype=np.float32)
    fractions[3:9, 3:9, 3:9] = 1.0
    fractions[9, 3:9, 3:9] = 0.3
    affine = np.eye(4)
    affine[:3, 3] = -5.5
    field = signed_distance_from_fractions(Volume(fractions, affine, "frame"), a_small_grid)
    assert field.sample([[5.0, 0.0, 0.0]]) == pytest.approx([1.7], abs=0.1)
    assert field.sigma_mm == pytest.approx(0.06)


def test_an_occupancy_on_the_grid_is_measured_as_it_is() -> None:
    grid = Grid(np.zeros(3), 0.5, (12, 9, 9), "frame")
    ramp = np.clip(0.5 - (grid.axes_mm()[0] - 2.6) / 2.0, 0.0, 1.0)
    field = signed_distance_from_occupancy(np.broadcast_to(ramp[:, None, None], grid.shape), grid)
    assert field.values[:, 4, 4] == pytest.approx(grid.axes_mm()[0] - 2.6, abs=1e-3)


def test_an_occupancy_of_another_shape_is_refused(a_small_grid) -> None:
    with pytest.raises(InputError, match="IN-041"):
        signed_distance_from_occupancy(np.ones((2, 2, 2)), a_small_grid)


def test_an_empty_region_is_refused(a_small_grid) -> None:
    with pytest.raises(InputError, match="IN-040"):
        signed_distance(
            LabelMap(np.zeros((3, 3, 3), dtype=np.uint8), np.eye(4), "frame"), a_small_grid
        )


def test_a07_a_region_of_another_frame_is_refused(a_cube_of_labels) -> None:
    other = Grid(np.zeros(3), 1.0, (4, 4, 4), "another patient")
    with pytest.raises(InputError, match=r"IN-042.*another patient"):
        signed_distance(a_cube_of_labels, other)


def test_a_grid_coarser_than_the_voxels_loses_no_thin_plate() -> None:
    values = np.zeros((12, 30, 30), dtype=np.uint8)
    values[6] = 1
    region = LabelMap(values, np.diag([0.5, 0.5, 0.5, 1.0]), "frame")
    grid = Grid(np.array([0.0, 3.0, 3.0]), 1.5, (5, 6, 6), "frame")
    field = signed_distance(region, grid)
    assert field.values[:, 3, 3] == pytest.approx(np.abs(np.arange(5) * 1.5 - 3.0) - 0.25, abs=0.12)


def test_a_structure_that_the_image_cuts_goes_on() -> None:
    """The part of an aorta that leaves the image leaves no false end cap."""
    grid = Grid(np.array([2.0, 2.0, -8.0]), 1.0, (8, 8, 12), "frame")
    values = np.zeros((12, 12, 6), dtype=np.uint8)
    values[4:8, 4:8] = 1
    field = signed_distance(LabelMap(values, np.eye(4), "frame"), grid)
    assert np.ptp(field.values, axis=2).max() < 1e-4


def a_padded_cube(size: int, centre_lps_mm: list[float]) -> LabelMap:
    values = np.pad(np.ones((size, size, size), dtype=np.uint8), 3)
    affine = np.eye(4)
    affine[:3, 3] = np.array(centre_lps_mm) - (size + 5) / 2.0
    return LabelMap(values, affine, "frame")


def test_what_lies_beyond_the_grid_is_measured_too() -> None:
    grid = Grid(np.full(3, -4.0), 1.0, (9, 9, 9), "frame")
    field = signed_distance(a_padded_cube(10, [-14.0, 0.0, 0.0]), grid)
    assert field.values[0, 4, 4] == pytest.approx(5.0, abs=0.1)
    assert (field.values > 0.0).all()


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_what_lies_far_beyond_the_grid_is_measured_on_coarse_lines(side) -> None:
    grid = Grid(np.full(3, -4.0), 1.0, (9, 9, 9), "frame")
    field = signed_distance(a_padded_cube(20, [side * 44.5, 0.0, 0.0]), grid)
    assert field.sample([[0.0, 0.0, 0.0]]) == pytest.approx([34.5], abs=0.4)
    assert field.slope < 1.2


def test_mirroring_region_and_grid_mirrors_the_field(rng) -> None:
    values = np.zeros((14, 16, 15), dtype=np.uint8)
    values[3:11, 3:13, 3:12] = rng.random((8, 10, 9)) < 0.7
    affine = np.eye(4)
    affine[:3, 3] = [-7.3, 0.4, 2.2]
    grid = Grid(np.array([-9.1, -1.0, 1.0]), 0.8, (21, 22, 20), "frame")
    straight = signed_distance(LabelMap(values, affine, "frame"), grid)
    mirrored_affine = affine.copy()
    mirrored_affine[0, 3] = -(affine[0, 3] + 13.0)
    mirrored_grid = Grid(np.array([-grid.high_lps_mm[0], -1.0, 1.0]), 0.8, grid.shape, "frame")
    mirrored = signed_distance(LabelMap(values[::-1], mirrored_affine, "frame"), mirrored_grid)
    assert np.abs(mirrored.values[::-1] - straight.values).max() <= 1e-4
    assert mirrored.slope == pytest.approx(straight.slope, abs=1e-4)


def test_a_local_field_is_exact_up_to_the_border_of_its_grid(rng: np.random.Generator) -> None:
    # Blocks all over, far beyond the grid on every side.
    coarse = rng.random((16, 16, 16)) < 0.15
    labels = LabelMap(np.kron(coarse, np.ones((5, 5, 5))).astype(np.uint8), np.eye(4), "frame")
    grid = Grid(np.full(3, 27.0), 1.0, (26, 26, 26), "frame")
    whole, local = (signed_distance(labels, grid, is_local=near) for near in (False, True))
    nodes = np.stack(np.meshgrid(*[np.arange(26)] * 3, indexing="ij"), axis=-1)
    border = np.minimum(nodes, 25 - nodes).min(axis=-1)
    inside = np.abs(whole.values) <= border
    assert inside.sum() > 5000
    assert local.values[inside] == pytest.approx(whole.values[inside], abs=1e-4)
    # Elsewhere something nearer may have been left out, but nothing was invented.
    assert (np.abs(local.values) >= np.abs(whole.values) - 0.02).all()
    assert (np.sign(local.values) == np.sign(whole.values)).all()


def test_a_local_field_leaves_out_what_lies_beyond_its_grid() -> None:
    values = np.zeros((60, 9, 9), dtype=np.uint8)
    values[2:6], values[40:44] = 1, 1
    labels = LabelMap(values, np.eye(4), "frame")
    nearer = Grid(np.array([12.0, 0.0, 0.0]), 1.0, (40, 9, 9), "frame")
    whole, local = (
        signed_distance(labels, nearer, is_local=local).sample([[12.5, 4.0, 4.0]])[0]
        for local in (False, True)
    )
    assert whole == pytest.approx(7.0, abs=0.2)
    assert local == pytest.approx(27.0, abs=0.2)


def test_a_ridge_of_one_voxel_on_a_thick_part_is_not_lost(a_small_grid) -> None:
    # Found on a pedicle whose foot ran out into a row of single voxels: they were smoothed away,
    # and a tool had 1.4 mm more room than the labels leave.
    values = np.zeros((14, 14, 14), dtype=np.uint8)
    values[3:9, 3:9, 3:9] = 1
    values[9, 5, 4:8], values[10, 5, 4:8] = 1, 1
    affine = np.eye(4)
    affine[:3, 3] = -5.5
    labels = LabelMap(values, affine, "frame")
    grid = Grid(np.full(3, -8.0), 0.5, (33, 33, 33), "frame")
    field = signed_distance(labels, grid)
    middles = labels.lps_mm(np.argwhere(values > 0))
    assert field.sample(middles).max() <= 0.05
    # One voxel beyond the ridge's last middle there is nothing.
    assert field.sample([[5.7, -0.5, 0.0]])[0] >= 0.5
