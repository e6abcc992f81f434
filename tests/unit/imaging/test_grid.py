import numpy as np
import pytest

from kambin.imaging import Grid


@pytest.fixture
def a_grid_with_a_node_at_the_anchor() -> Grid:
    return Grid.around(
        [-3.2, 0.0, 1.0],
        [4.9, 2.0, 1.0],
        spacing_mm=0.5,
        anchor_lps_mm=[0.1, 0, 0],
        frame_id="frame",
    )


def test_the_grid_holds_the_box(a_grid_with_a_node_at_the_anchor) -> None:
    grid = a_grid_with_a_node_at_the_anchor
    assert (grid.origin_lps_mm <= [-3.2, 0.0, 1.0]).all()
    assert (grid.high_lps_mm >= [4.9, 2.0, 1.0]).all()
    # A face of the box that runs through nodes keeps one node more.
    assert grid.shape == (18, 7, 3)


def test_the_anchor_is_a_node(a_grid_with_a_node_at_the_anchor) -> None:
    index = a_grid_with_a_node_at_the_anchor.ijk([0.1, 0.0, 0.0])
    assert index == pytest.approx(np.rint(index))


def test_axes_and_affine_agree(a_grid_with_a_node_at_the_anchor) -> None:
    grid = a_grid_with_a_node_at_the_anchor
    last = np.array(grid.shape) - 1
    by_affine = grid.lps_from_ijk @ [*last, 1.0]
    assert [axis[-1] for axis in grid.axes_mm()] == pytest.approx(by_affine[:3].tolist())
    assert grid.high_lps_mm == pytest.approx(by_affine[:3])


def test_a_mirrored_box_with_a_mirrored_anchor_gives_the_mirrored_grid() -> None:
    low, high, anchor = np.array([-3.3, 0.0, 1.0]), np.array([4.6, 2.0, 7.7]), np.array([0.2, 0, 0])
    mirror = np.array([-1.0, 1.0, 1.0])
    grid = Grid.around(low, high, spacing_mm=0.75, anchor_lps_mm=anchor, frame_id="frame")
    twin = Grid.around(
        [-high[0], *low[1:]],
        [-low[0], *high[1:]],
        spacing_mm=0.75,
        anchor_lps_mm=anchor * mirror,
        frame_id="frame",
    )
    assert twin.shape == grid.shape
    assert twin.axes_mm()[0] == pytest.approx(-grid.axes_mm()[0][::-1])
