"""The bundle of all paths, and what lies near it."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.small_problems import FRAME, a_block

from kambin.anatomy import Anatomy
from kambin.imaging import Grid, LabelMap
from kambin.knowledge import value
from kambin.planning.bundle import Bundle

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
