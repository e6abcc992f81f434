"""Projections: side right, tool where it is, bone bright."""

from collections.abc import Callable
from io import BytesIO
from typing import Literal

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from kambin.anatomy import Case
from kambin.imaging import Volume
from kambin.planning import Plan
from kambin.report.projections import VIEWS, draw_projection
from kambin.report.scenery import plan_scenery


def cyan_share_on_the_right(png: bytes) -> float:
    picture = imread(BytesIO(png))[..., :3]
    cyan = (picture[..., 2] - picture[..., 0] > 0.35) & (picture[..., 1] > 0.5)
    return float((np.nonzero(cyan)[1] > picture.shape[1] / 2).mean())


def drawn(case: Case, plan: Plan, view: Literal["ap", "lateral"]) -> bytes:
    assert case.image is not None
    tools = plan_scenery(plan).tools
    return draw_projection(case.image, view, np.zeros(3), tools, caption="L4-L5")


def test_a_left_plan_is_on_the_right_of_the_ap_picture_and_a_right_plan_on_the_left(
    a_small_case: Case, a_plan: Callable[[str], Plan]
) -> None:
    assert cyan_share_on_the_right(drawn(a_small_case, a_plan("left"), "ap")) > 0.9
    assert cyan_share_on_the_right(drawn(a_small_case, a_plan("right"), "ap")) < 0.1


@pytest.mark.parametrize("side", ["left", "right"])
def test_from_the_side_the_tool_comes_from_behind(
    side: str, a_small_case: Case, a_plan: Callable[[str], Plan]
) -> None:
    assert cyan_share_on_the_right(drawn(a_small_case, a_plan(side), "lateral")) > 0.9


@pytest.mark.parametrize("view", VIEWS)
def test_bone_is_brighter_than_its_neighbourhood(
    view: Literal["ap", "lateral"], a_small_case: Case
) -> None:
    assert a_small_case.image is not None
    centre = np.array([0.0, -16.0, 20.0])
    png = draw_projection(a_small_case.image, view, centre, (), caption="x")
    picture: NDArray[np.float32] = imread(BytesIO(png))[..., 0]
    middle = picture.shape[0] // 2
    beside = middle - round(38.0 / 190.0 * picture.shape[1])
    assert picture[middle, middle] > picture[middle, beside] + 0.1


def test_nothing_but_air_is_dark_and_does_not_fail() -> None:
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    air = Volume(np.full((20, 20, 20), -1000.0, np.float32), affine, "patient")
    png = draw_projection(air, "ap", np.full(3, 40.0), (), caption="x")
    picture = imread(BytesIO(png))[..., :3]
    assert np.median(picture) == 0.0
