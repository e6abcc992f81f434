import numpy as np
import pytest

from kambin.core import InputError
from kambin.imaging import Grid, LabelMap, crop_region, crop_regions, region_from_mask


@pytest.fixture
def two_structures() -> LabelMap:
    values = np.zeros((20, 20, 20), dtype=np.int16)
    values[8:11, 9:12, 10:14] = 5
    values[0, 0, 0] = 7
    affine = np.diag([-2.0, 1.0, 1.0, 1.0])
    affine[:3, 3] = [30.0, -10.0, 4.0]
    return LabelMap(values, affine, "frame")


def test_the_crop_keeps_three_voxels_and_the_place(two_structures) -> None:
    region = crop_region(two_structures, {5})
    assert region.shape == (9, 9, 10)
    assert region.values.sum() == 36
    assert region.lps_mm([3, 3, 3]) == pytest.approx(two_structures.lps_mm([8, 9, 10]))


def test_the_crop_ends_where_the_image_ends(two_structures) -> None:
    region = crop_region(two_structures, 7)
    assert region.shape == (4, 4, 4)
    assert region.values[0, 0, 0] == 1


def test_several_labels_make_one_structure(two_structures) -> None:
    assert crop_region(two_structures, [5, 7], margin_voxels=0).values.sum() == 37


def test_a_structure_without_voxels_is_refused(two_structures) -> None:
    with pytest.raises(InputError, match="IN-040"):
        crop_region(two_structures, {99})


def test_a_mask_of_another_shape_is_refused(two_structures) -> None:
    with pytest.raises(InputError, match="IN-041"):
        region_from_mask(np.ones((2, 2, 2)), two_structures)


def test_a_mask_on_a_grid_lies_on_its_nodes() -> None:
    grid = Grid(np.array([1.0, 2.0, 3.0]), 0.5, (8, 8, 8), "frame")
    mask = np.zeros(grid.shape, dtype=bool)
    mask[4, 5, 6] = True
    region = region_from_mask(mask, grid, margin_voxels=1)
    assert region.lps_mm([1, 1, 1]) == pytest.approx(np.array([3.0, 4.5, 6.0]))
    assert region.frame_id == "frame"


def test_all_structures_at_once_are_those_cut_one_by_one(two_structures: LabelMap) -> None:
    found = crop_regions(two_structures, margin_voxels=2)
    assert list(found) == [5, 7]
    for value, region in found.items():
        alone = crop_region(two_structures, value, margin_voxels=2)
        assert np.array_equal(region.values, alone.values)
        assert np.array_equal(region.lps_from_ijk, alone.lps_from_ijk)
