"""The bundle of all paths, and what lies near it."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.small_problems import FRAME, a_block

from kambin.anatomy import Anatomy
from kambin.imaging import Grid, LabelMap
from kambin.knowledge import value
from kambin.planning.bundle import Bundle, find_axis_steps, find_box

ROOM = value("planning.fine_reach_mm")
COARSE = value("planning.bundle_spacing_mm")
ROUNDING = (np.sqrt(3) - 1) * COARSE
"""Half the diagonal of a node at each end, less the node that is taken off."""

ENTRIES = np.array([(60.0, 50, 10), (70.0, 40, -5), (55.0, 60, 20)])
TARGET = np.array([(10.0, 16, 0)])


@pytest.fixture(scope="module")
def a_bundle(a_simple_spine: Anatomy) -> Bundle:
    return Bundle.around(a_simple_spine, ENTRIES, TARGET)


def least_to_paths(points: np.ndarray, entries: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The distance of points to the nearest of all segments, exactly."""
    found = np.full(len(points), np.inf)
    for entry in entries:
        for target in targets:
            way = entry - target
            share = np.clip((points - target) @ way / (way @ way), 0, 1)
            away = np.linalg.norm(points - target - share[:, None] * way, axis=1)
            found = np.minimum(found, away)
    return found


def test_both_grids_hold_all_ends_with_room(a_bundle: Bundle) -> None:
    ends = np.concatenate([ENTRIES, TARGET])
    for grid in (a_bundle.grid, a_bundle.coarse):
        assert (grid.origin_lps_mm <= ends.min(axis=0) - ROOM + 1e-9).all()
        assert (grid.high_lps_mm >= ends.max(axis=0) + ROOM - 1e-9).all()
        assert (grid.origin_lps_mm > ends.min(axis=0) - ROOM - grid.spacing_mm - 1e-6).all()


def test_the_grids_are_no_finer_than_the_working_grid(a_simple_spine: Anatomy) -> None:
    for spacing, fine, coarse in ((0.5, 0.75, 2.0), (1.0, 1.0, 2.0), (3.0, 3.0, 3.0)):
        working = Grid(np.zeros(3), spacing, (4, 4, 4), FRAME)
        bundle = Bundle.around(replace(a_simple_spine, working_grid=working), ENTRIES, TARGET)
        assert (bundle.grid.spacing_mm, bundle.coarse.spacing_mm) == (fine, coarse)


def test_nodes_are_anchored_in_the_working_grid(a_simple_spine: Anatomy) -> None:
    working = Grid(np.array([0.3, -0.2, 0.1]), 1.0, (4, 4, 4), FRAME)
    bundle = Bundle.around(replace(a_simple_spine, working_grid=working), ENTRIES, TARGET)
    steps = bundle.grid.origin_lps_mm - working.origin_lps_mm
    assert steps == pytest.approx(np.rint(steps), abs=1e-9)


def test_what_lies_on_a_path_is_near(a_bundle: Bundle) -> None:
    for entry in ENTRIES:
        for share in (0.0, 0.3, 0.8, 1.0):
            point = TARGET[0] + share * (entry - TARGET[0])
            assert a_bundle.distance_mm(a_block(point, point)) <= ROUNDING


@pytest.mark.parametrize("seed", range(3))
def test_what_is_far_is_said_to_be_far(seed: int, a_bundle: Bundle) -> None:
    points = np.rint(np.random.default_rng(seed).uniform((5, 10, -12), (75, 65, 25), (20, 3)))
    true = least_to_paths(points, ENTRIES, TARGET)
    said = np.array([a_bundle.distance_mm(a_block(p, p)) for p in points])
    assert (said <= true + ROUNDING).all()
    assert (said >= true - (1 + np.sqrt(3)) * COARSE).all()


def test_a_structure_is_as_near_as_its_nearest_voxel(a_bundle: Bundle) -> None:
    near, far = (30.0, 30, 4), (30.0, 60, 20)
    both = a_block(near, far)
    assert a_bundle.distance_mm(both) <= a_bundle.distance_mm(a_block(near, near))


def test_beyond_the_region_of_interest_the_way_to_it_counts(a_bundle: Bundle) -> None:
    edge = a_bundle.coarse.high_lps_mm[0]
    away = a_bundle.distance_mm(a_block((edge + 50, 50, 10), (edge + 52, 50, 10)))
    assert away == pytest.approx(50.0, abs=COARSE)


def test_a_structure_without_voxels_is_nowhere(a_bundle: Bundle) -> None:
    empty = LabelMap(np.zeros((3, 3, 3), np.uint8), np.eye(4), FRAME)
    assert a_bundle.distance_mm(empty) == np.inf


def test_the_spread_of_the_targets_is_taken_off(a_simple_spine: Anatomy) -> None:
    spread = TARGET + np.array([(0, 0, -3.0), (0, 0, 3.0)])
    together, alone = (
        Bundle.around(a_simple_spine, ENTRIES, targets).distance_mm(
            a_block((30, 20, 0), (30, 20, 0))
        )
        for targets in (spread, TARGET)
    )
    assert together == pytest.approx(alone - 3.0, abs=COARSE)


def test_the_mirrored_bundle_is_as_near_to_the_mirrored_structure(a_simple_spine: Anatomy) -> None:
    # The working grid of the boxes is symmetric about the midline.
    mirror = np.array([-1.0, 1, 1])
    here = Bundle.around(a_simple_spine, ENTRIES, TARGET)
    there = Bundle.around(a_simple_spine, ENTRIES * mirror, TARGET * mirror)
    assert there.grid.shape == here.grid.shape
    assert there.grid.origin_lps_mm[0] == pytest.approx(-here.grid.high_lps_mm[0])


def test_without_entries_the_bundle_is_the_targets(a_simple_spine: Anatomy) -> None:
    bundle = Bundle.around(a_simple_spine, np.empty((0, 3)), TARGET)
    assert (bundle.grid.high_lps_mm - bundle.grid.origin_lps_mm).max() <= 2 * ROOM + 2


# Axis by axis


def by_voxels(bundle: Bundle, region: LabelMap) -> float:
    """The bound that every voxel gives by itself."""
    nodes = bundle.coarse.ijk(region.lps_mm(np.argwhere(region.values > 0)))
    held = np.clip(nodes, 0, np.array(bundle.coarse.shape) - 1)
    beyond = np.linalg.norm(nodes - held, axis=1) * bundle.coarse.spacing_mm
    inside = bundle.distances_mm[tuple(np.rint(held).astype(int).T)]
    return float(np.maximum(inside - beyond, beyond).min())


def a_cloud(seed: int, linear: np.ndarray) -> LabelMap:
    """Scattered voxels near the paths and beyond them, on axes of any order, sign and length."""
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3, :3] = linear
    affine[:3, 3] = rng.uniform((-60, -40, -60), (150, 90, 60)) - linear @ (6, 7, 8)
    values = (rng.uniform(size=(12, 14, 16)) < 0.02).astype(np.uint8)
    values[3, 4, 5] = 1
    return LabelMap(values, affine, FRAME)


@pytest.mark.parametrize("seed", range(12))
def test_axis_by_axis_says_what_every_voxel_says(seed: int, a_bundle: Bundle) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(3)
    linear = np.zeros((3, 3))
    linear[np.arange(3), order] = rng.uniform(0.4, 3.0, 3) * rng.choice([-1, 1], 3)
    region = a_cloud(seed, linear)
    assert a_bundle.distance_mm(region) == pytest.approx(by_voxels(a_bundle, region), abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_axes_that_run_askew_are_asked_voxel_by_voxel(seed: int, a_bundle: Bundle) -> None:
    tilt = np.radians(20)
    turn = np.array([(np.cos(tilt), -np.sin(tilt), 0), (np.sin(tilt), np.cos(tilt), 0), (0, 0, 1)])
    region = a_cloud(seed, turn)
    assert find_axis_steps(region.lps_from_ijk) is None
    assert a_bundle.distance_mm(region) == pytest.approx(by_voxels(a_bundle, region), abs=1e-5)


def test_steps_name_the_voxel_axis_of_each_direction() -> None:
    affine = np.array([(0, -2.0, 0, 9), (0, 0, 3.0, 9), (0.5, 0, 0, 9), (0, 0, 0, 1)])
    found = find_axis_steps(affine)
    assert found is not None
    assert found[0] == (1, 2, 0)
    assert found[1].tolist() == [-2.0, 3.0, 0.5]


def test_the_box_holds_all_that_is_inside_and_no_more() -> None:
    inside = np.zeros((7, 8, 9), dtype=bool)
    inside[2, 3, 4] = inside[5, 3, 8] = True
    assert find_box(inside) == (slice(2, 6), slice(3, 4), slice(4, 9))
