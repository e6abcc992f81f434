import numpy as np
import pytest
from scipy import ndimage

from kambin.anatomy.sampling import RAY_STEP_MM, Sampler, crop_of_grid, find_exit_mm
from kambin.imaging import Grid

GRID = Grid(np.array([-10.0, -20.0, 5.0]), 1.0, (21, 31, 11), "made")


def a_ramp_along_x() -> Sampler:
    """Occupancy that falls from 1 to 0 between x = 1.5 and x = 2.5: the surface is at 2."""
    x = GRID.axes_mm()[0]
    values = np.broadcast_to(np.clip(2.5 - x, 0, 1)[:, None, None], GRID.shape)
    return Sampler(values.astype(np.float32), GRID.origin_lps_mm, GRID.spacing_mm)


def test_a_sample_between_nodes_is_trilinear() -> None:
    sampler = Sampler(
        np.arange(8, dtype=np.float32).reshape(2, 2, 2), np.array([1.0, 2.0, 3.0]), 2.0
    )
    assert sampler.sample([1.0, 2.0, 3.0]) == 0.0
    assert sampler.sample([3.0, 4.0, 5.0]) == 7.0
    assert sampler.sample([2.0, 3.0, 4.0]) == pytest.approx(3.5)


def test_beyond_the_border_the_border_goes_on() -> None:
    sampler = Sampler(np.arange(8, dtype=np.float32).reshape(2, 2, 2), np.zeros(3), 1.0)
    assert sampler.sample([-100.0, 0.0, 0.0]) == 0.0
    assert sampler.sample([100.0, 100.0, 100.0]) == 7.0


def test_samples_and_slopes_are_those_of_scipy_to_the_last_bit() -> None:
    rng = np.random.default_rng(2)
    sampler = Sampler(
        rng.normal(size=(7, 9, 5)).astype(np.float32), np.array([3.0, -4.0, 5.1]), 0.7
    )
    # Beyond the border too, and on nodes.
    points = np.concatenate([rng.uniform(-9.0, 15.0, (2000, 3)), sampler.nodes_lps_mm()[2, 3]])

    def expected(points_lps_mm: np.ndarray) -> np.ndarray:
        ijk = (points_lps_mm - sampler.origin_lps_mm) / sampler.spacing_mm
        return ndimage.map_coordinates(
            sampler.values, ijk.T, order=1, mode="nearest", output=np.float64
        )

    pairs = [expected(points + s) - expected(points - s) for s in 0.7 * np.eye(3)]
    assert np.array_equal(sampler.sample(points), expected(points))
    assert np.array_equal(sampler.gradient(points), np.stack(pairs, axis=-1) / 1.4)


def test_points_keep_their_shape() -> None:
    assert a_ramp_along_x().sample(np.zeros((4, 5, 3))).shape == (4, 5)
    assert a_ramp_along_x().gradient(np.zeros((4, 5, 3))).shape == (4, 5, 3)


def test_the_gradient_is_per_millimetre() -> None:
    x = 2.0 * np.arange(6, dtype=np.float32)
    values = np.broadcast_to(3.0 * x[:, None, None], (6, 6, 6)).astype(np.float32)
    slope = Sampler(values, np.zeros(3), 2.0).gradient([5.0, 5.0, 5.0])
    assert slope == pytest.approx([3.0, 0.0, 0.0], abs=1e-6)


def test_nodes_lie_where_the_samples_are() -> None:
    sampler = a_ramp_along_x()
    nodes = sampler.nodes_lps_mm()
    assert nodes.shape == (*GRID.shape, 3)
    assert sampler.sample(nodes) == pytest.approx(sampler.values)


def test_a_crop_keeps_its_place_and_is_cut_at_the_border() -> None:
    values = np.random.default_rng(1).random(GRID.shape).astype(np.float32)
    whole = Sampler(values, GRID.origin_lps_mm, 1.0)
    part = crop_of_grid(values, GRID, [-3, 4, 5], [7, 9, 99])
    assert part.values.shape == (8, 6, 6)
    inner = np.array([[-5.0, -13.2, 12.5], [-9.5, -12.0, 14.0]])
    assert part.sample(inner) == pytest.approx(whole.sample(inner))


def test_a_ray_leaves_the_bone_where_the_occupancy_is_one_half() -> None:
    starts = np.array([[-5.0, 0.0, 8.0], [0.25, 3.0, 9.0]])
    exits = find_exit_mm(a_ramp_along_x(), starts, [1.0, 0.0, 0.0], reach_mm=9.0)
    assert exits == pytest.approx([7.0, 1.75])


def test_a_ray_enters_the_bone_from_outside() -> None:
    exits = find_exit_mm(
        a_ramp_along_x(), [[9.0, 0.0, 8.0]], [-1.0, 0.0, 0.0], reach_mm=9.0, entering=True
    )
    assert exits == pytest.approx([7.0])


@pytest.mark.parametrize("direction", [[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
def test_a_ray_that_never_leaves_is_not_a_number(direction: list[float]) -> None:
    exits = find_exit_mm(a_ramp_along_x(), [[-5.0, 0.0, 8.0]], direction, reach_mm=9.0)
    assert np.isnan(exits).all()


def test_a_ray_that_starts_outside_has_no_way_out() -> None:
    exits = find_exit_mm(a_ramp_along_x(), [[5.0, 0.0, 8.0]], [1.0, 0.0, 0.0], reach_mm=4.0)
    assert np.isnan(exits).all()


def test_the_reach_limits_a_ray() -> None:
    assert GRID.spacing_mm >= RAY_STEP_MM
    exits = find_exit_mm(a_ramp_along_x(), [[-5.0, 0.0, 8.0]], [1.0, 0.0, 0.0], reach_mm=5.0)
    assert np.isnan(exits).all()
