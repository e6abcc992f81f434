"""The line through a mask: its middle and radius, and the same line in every order of the array."""

import itertools

import numpy as np
import pytest

from kambin.anatomy import Tube
from kambin.anatomy.traced_lines import line_sigma_mm, trace_line
from kambin.imaging import LabelMap, tube_distance
from kambin.imaging.grid import Grid

NOTHING = np.empty((0, 3))
RADIUS_MM = 2.2


def a_rod(length: int, gap: int = 0) -> tuple[np.ndarray, LabelMap]:
    """The voxel centres of a straight rod of 3 x 3 voxels of 1 mm, with a gap in its middle."""
    values = np.zeros((9, 9, length + 4), np.uint8)
    values[3:6, 3:6, 2 : length + 2] = 1
    middle = length // 2
    values[:, :, middle : middle + gap] = 0
    labels = LabelMap(values, np.eye(4), "patient")
    return labels.lps_mm(np.argwhere(values)), labels


def test_a_rod_is_traced_with_the_radius_of_its_section() -> None:
    points, labels = a_rod(30)
    tube = trace_line(points, NOTHING, labels)
    assert tube is not None
    # it begins and ends at a corner of the section, and is its middle in between
    assert np.allclose(tube.points_lps_mm[2:-2, :2], 4.0, atol=0.25)
    assert np.allclose(tube.points_lps_mm[:, :2], 4.0, atol=1.0)
    assert np.ptp(tube.points_lps_mm[:, 2]) == pytest.approx(30.0, abs=1.5)
    assert tube.radii_mm[2:-2] == pytest.approx(np.sqrt(9 / np.pi), abs=0.25)


def test_a_root_runs_on_through_its_ganglion_at_its_own_width() -> None:
    points, labels = a_rod(30)
    inside = np.abs(points[:, 2] - 16) < 5
    swelling = np.unique(
        np.vstack([points[inside] + d for d in np.argwhere(np.ones((5, 5, 1))) - [2, 2, 0]]), axis=0
    )
    tube = trace_line(points[~inside], swelling, labels)
    assert tube is not None
    assert tube.radii_mm[2:-2] == pytest.approx(np.sqrt(9 / np.pi), abs=0.25)
    assert trace_line(points[~inside], NOTHING, labels) is None


@pytest.mark.parametrize(("length", "gap"), [(30, 4), (3, 0)])
def test_a_mask_in_pieces_or_without_a_length_stays_a_mask(length: int, gap: int) -> None:
    points, labels = a_rod(length, gap)
    assert trace_line(points, NOTHING, labels) is None


def a_curved_root(spacing_mm: float, shift: np.ndarray) -> tuple[Tube, LabelMap]:
    """A root that bends forward and out as under a pedicle, and its mask on shifted voxels."""
    t = np.linspace(0, 1, 60)
    points = np.stack([26 * t, -4 * np.sin(np.pi * t), -24 * t**1.5], axis=1)
    line = Tube(points, np.full(len(points), RADIUS_MM))
    low = points.min(axis=0) - 6 + shift * spacing_mm
    shape = tuple(np.ceil((np.ptp(points, axis=0) + 12) / spacing_mm).astype(int).tolist())
    grid = Grid(low, spacing_mm, shape, "patient")
    inside = tube_distance(line.points_lps_mm, line.radii_mm, grid).values <= 0
    return line, LabelMap(inside.astype(np.uint8), grid.lps_from_ijk, "patient")


def traced(labels: LabelMap) -> Tube:
    tube = trace_line(labels.lps_mm(np.argwhere(labels.values)), NOTHING, labels)
    assert tube is not None
    return tube


def from_the_midline(tube: Tube) -> np.ndarray:
    points = tube.points_lps_mm
    return points if abs(points[0, 0]) < abs(points[-1, 0]) else points[::-1]


def beside_mm(points: np.ndarray, line: Tube) -> np.ndarray:
    """The distance of points from a poly-line, by sampling it densely."""
    at = np.linspace(0, len(line.points_lps_mm) - 1, 3000)
    fine = np.stack(
        [np.interp(at, np.arange(len(line.points_lps_mm)), c) for c in line.points_lps_mm.T], 1
    )
    return np.linalg.norm(points[:, None] - fine[None], axis=2).min(axis=1)


@pytest.mark.parametrize("spacing_mm", [0.8, 1.0, 1.5, 2.0])
def test_a_curved_root_is_traced_within_the_stated_error(spacing_mm: float) -> None:
    errors, widths = [], []
    rng = np.random.default_rng(5)
    for _ in range(6):
        line, labels = a_curved_root(spacing_mm, rng.uniform(0, 1, 3))
        tube = traced(labels)
        errors.append(beside_mm(tube.points_lps_mm[2:-2], line))
        widths.append(np.median(tube.radii_mm))
        ends = beside_mm(from_the_midline(tube)[[0, -1]], line)
        # an end is rounded: off by less than the root is thick
        assert ends.max() < RADIUS_MM
    off = np.concatenate(errors)
    sigma_mm = line_sigma_mm(labels)
    assert sigma_mm == pytest.approx(0.289 * spacing_mm, abs=0.001)
    # two directions across the line: a Rayleigh distribution has 86 and 99.97 % there
    assert np.mean(off < 2 * sigma_mm) > 0.86
    assert off.max() < 4 * sigma_mm
    assert np.mean(widths) == pytest.approx(RADIUS_MM, abs=sigma_mm)


@pytest.fixture(scope="module")
def a_root() -> LabelMap:
    """On voxels longer than wide, oblique to the patient, so that no two orders are alike."""
    _, labels = a_curved_root(1.0, np.array([0.3, 0.6, 0.1]))
    turn = np.deg2rad(17)
    affine = np.eye(4)
    affine[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    affine[:3, :3] *= [1.0, 1.2, 1.5]
    return LabelMap(labels.values, affine, "patient")


def reordered(labels: LabelMap, order: tuple[int, ...], flips: tuple[bool, ...]) -> LabelMap:
    """The same patient stored with permuted and flipped axes."""
    values, affine = labels.values.transpose(order), np.array(labels.lps_from_ijk)
    affine[:, :3] = labels.lps_from_ijk[:, order]
    for axis, flip in enumerate(flips):
        if flip:
            values = np.flip(values, axis)
            affine[:, 3] += affine[:, axis] * (values.shape[axis] - 1)
            affine[:, axis] *= -1.0
    return LabelMap(values, affine, labels.frame_id)


def test_all_48_orders_of_the_array_give_the_same_line(a_root: LabelMap) -> None:
    first = traced(a_root)
    for order in itertools.permutations(range(3)):
        for flips in itertools.product((False, True), repeat=3):
            tube = traced(reordered(a_root, order, flips))
            np.testing.assert_allclose(
                from_the_midline(tube), from_the_midline(first), atol=1e-6, rtol=0
            )
            assert sorted(tube.radii_mm) == pytest.approx(sorted(first.radii_mm))


def test_a_mirrored_mask_gives_the_mirrored_line(a_root: LabelMap) -> None:
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    other = traced(LabelMap(a_root.values, flip @ a_root.lps_from_ijk, "patient"))
    expected = from_the_midline(traced(a_root)) * [-1, 1, 1]
    np.testing.assert_allclose(from_the_midline(other), expected, atol=1e-6, rtol=0)
