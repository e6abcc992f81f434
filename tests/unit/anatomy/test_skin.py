"""The body inside its skin, without table, clothes and bowel gas."""

import numpy as np
import pytest

from kambin.anatomy import StructureKey
from kambin.anatomy.skin import find_body_mask, segment_body
from kambin.imaging import LabelMap, Volume

SHAPE = (80, 70, 12)
AFFINE = np.diag([2.0, 2.0, 4.0, 1.0])


def body() -> np.ndarray:
    x, y, _ = np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij")
    return ((x - 40) / 30.0) ** 2 + ((y - 30) / 22.0) ** 2 <= 1.0


def an_image(*, table: bool = True, gas: bool = True) -> Volume:
    hu = np.where(body(), 40.0, -1000.0)
    if gas:
        hu[36:44, 20:28, 3:9] = -900.0
    if table:
        hu[:, 60:62] = 200.0
        hu[38:40, 50:62, 5] = 0.0
    return Volume(hu, AFFINE, "f")


def no_labels() -> LabelMap:
    return LabelMap(np.zeros(SHAPE, dtype=np.uint8), AFFINE, "f")


def test_gas_is_filled_and_the_table_is_left_out():
    found = segment_body(an_image())

    difference = np.count_nonzero(found ^ body()) / np.count_nonzero(body())
    assert difference < 0.01
    assert found[40, 24, 6], "gas"
    assert not found[:, 60:62].any(), "table"


def test_an_image_of_air_holds_no_body():
    assert not segment_body(Volume(np.full(SHAPE, -1000.0), AFFINE, "f")).any()


def test_a_voxel_that_is_no_number_tears_no_hole():
    image = an_image(table=False, gas=False)
    values = image.values.copy()
    values[40, 30, 6] = np.nan

    assert segment_body(Volume(values, AFFINE, "f"))[40, 30, 6]


def test_the_body_mirrors_with_the_image():
    image = an_image()

    here = segment_body(image)
    there = segment_body(Volume(image.values[::-1].copy(), AFFINE, "f"))

    np.testing.assert_array_equal(here, there[::-1])


def test_a_given_mask_wins_over_the_image():
    values = np.zeros(SHAPE, dtype=np.uint8)
    values[10:20, 10:20] = 9
    labels = LabelMap(values, AFFINE, "f")

    found = find_body_mask(an_image(), labels, {9: StructureKey("skin")})

    assert found is not None
    assert found.values.sum() == 10 * 10 * 12


def test_organs_inside_the_skin_mask_belong_to_the_body():
    values = np.zeros(SHAPE, dtype=np.uint8)
    values[10:40, 10:40] = 9
    values[20:30, 20:30] = 1
    names = {9: StructureKey("skin"), 1: StructureKey("liver")}

    found = find_body_mask(None, LabelMap(values, AFFINE, "f"), names)

    assert found is not None
    assert found.values.sum() == 30 * 30 * 12


@pytest.mark.parametrize(
    "names",
    [
        pytest.param({}, id="nothing"),
        pytest.param({9: StructureKey("skin")}, id="an empty skin mask"),
        pytest.param({1: StructureKey("body", "L4")}, id="the body of a vertebra"),
    ],
)
def test_without_skin_in_mask_or_image_there_is_none(names):
    assert find_body_mask(None, no_labels(), names) is None


def test_an_image_without_air_shows_no_skin():
    inside = Volume(np.full(SHAPE, 40.0), AFFINE, "f")

    assert find_body_mask(inside, no_labels(), {}) is None


def test_an_image_with_air_gives_the_body():
    found = find_body_mask(an_image(), no_labels(), {})

    assert found is not None
    assert found.values.any()
    assert found.frame_id == "f"
