"""The skin map: seen from behind, entry where the numbers say, readable in grey."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from kambin.anatomy import Anatomy
from kambin.report.skin_map import SkinPicture, draw_skin_map


def a_picture(sign: float, best_mm: float = 2.5) -> SkinPicture:
    """A patch of skin around 9 cm lateral and 3 cm cranial, best in its middle."""
    left, cranial = np.meshgrid(np.arange(60.0, 121.0, 5.0), np.arange(0.0, 61.0, 5.0))
    room = best_mm - ((left - 90.0) / 15.0) ** 2 - ((cranial - 30.0) / 15.0) ** 2
    return SkinPicture(
        sign * left.ravel(), cranial.ravel(), room.ravel(), (sign * 90.0, 30.0), 0.0, 0.0
    )


def drawn(picture: SkinPicture, anatomy: Anatomy) -> NDArray[np.float32]:
    return imread(BytesIO(draw_skin_map(picture, anatomy, caption="L4-L5")))[..., :3]


def blue_columns(image: NDArray[np.float32]) -> NDArray[np.int_]:
    plot = image[:, : int(0.85 * image.shape[1])]
    return np.nonzero(plot[..., 2] - plot[..., 0] > 0.15)[1]


@pytest.mark.parametrize(("sign", "side"), [(1.0, "left"), (-1.0, "right")])
def test_a_plan_lies_on_its_side_of_a_picture_from_behind(
    sign: float, side: str, a_small_anatomy: Anatomy
) -> None:
    image = drawn(a_picture(sign), a_small_anatomy)
    middle = 0.115 * image.shape[1] + 0.37 * image.shape[1]
    columns = blue_columns(image)
    assert len(columns) > 500
    assert (columns.mean() < middle) == (side == "left")


def test_what_breaks_a_margin_is_hatched_and_not_only_coloured(a_small_anatomy: Anatomy) -> None:
    image = drawn(a_picture(1.0, best_mm=-0.5), a_small_anatomy)
    assert len(blue_columns(image)) < 50
    grey = image.mean(axis=2)
    patch = grey[int(0.3 * len(grey)) : int(0.6 * len(grey)), 130:260]
    assert (patch < 0.3).mean() > 0.05
    assert (patch > 0.8).mean() > 0.3


def test_lightness_rises_with_the_room_so_that_grey_says_the_same(
    a_small_anatomy: Anatomy,
) -> None:
    rows = np.repeat(np.linspace(0.0, 60.0, 13), 13)
    columns = np.tile(np.linspace(60.0, 120.0, 13), 13)
    room = (columns - 60.0) / 12.0
    image = drawn(SkinPicture(columns, rows, room, None, 0.0, 0.0), a_small_anatomy)
    grey = image.mean(axis=2)
    band = np.median(grey[int(0.35 * len(grey)) : int(0.6 * len(grey))], axis=0)
    # The plot shows 156 mm from 138 mm left of the midline; its axes begin at 11.5 percent.
    little, much = (
        band[round((0.115 + 0.74 * (138.0 - lateral) / 156.0) * len(band))]
        for lateral in (63.0, 117.0)
    )
    assert much > little + 0.3


def test_without_an_entry_or_with_few_points_it_is_still_drawn(a_small_anatomy: Anatomy) -> None:
    few = SkinPicture(np.array([80.0]), np.array([10.0]), np.array([-1.0]), None, 0.0, 0.0)
    none = SkinPicture(np.zeros(0), np.zeros(0), np.zeros(0), None, 0.0, 0.0)
    for picture in (few, none):
        assert drawn(picture, a_small_anatomy).shape[2] == 3


def test_entries_that_were_never_allowed_are_left_out(a_small_anatomy: Anatomy) -> None:
    whole = a_picture(1.0)
    room = np.where(whole.cranial_mm > 25.0, -np.inf, whole.room_mm)
    half = SkinPicture(whole.left_mm, whole.cranial_mm, room, None, 0.0, 0.0)
    assert len(blue_columns(drawn(half, a_small_anatomy))) < len(
        blue_columns(drawn(whole, a_small_anatomy))
    )


def test_the_same_map_gives_the_same_bytes(a_small_anatomy: Anatomy) -> None:
    picture = a_picture(-1.0)
    first, second = (draw_skin_map(picture, a_small_anatomy, caption="x") for _ in range(2))
    assert first == second
