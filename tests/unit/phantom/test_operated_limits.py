"""Traces of operations on grids that run otherwise, at their borders, and undone by hand."""

import numpy as np
import pytest

from kambin.anatomy import StructureKey
from kambin.core import AnatomyError
from kambin.imaging import LabelMap, Volume
from kambin.knowledge import value, values
from kambin.phantom import Scan, operated

key = StructureKey.parse
L4, L5 = key("vertebra:L4"), key("vertebra:L5")
SHAPE = (30, 30, 36)


def scan_of(spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Scan:
    """Two blocks of bone above each other in fat; the middle of the array lies at the origin."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[10:20, 10:20, 20:30] = 1
    labels[10:20, 10:20, 7:17] = 2
    image = np.where(labels > 0, 300, -100).astype(np.float32)
    affine = np.diag([*spacing_mm, 1.0])
    affine[:3, 3] = -np.array(SHAPE) * spacing_mm / 2
    return Scan(Volume(image, affine, "made"), LabelMap(labels, affine, "made"), {1: L4, 2: L5})


@pytest.fixture
def a_scan() -> Scan:
    return scan_of()


def changed(before: Scan, after: Scan) -> tuple[np.ndarray, np.ndarray]:
    """Where labels and where the image differ."""
    return (
        before.labels.values != after.labels.values,
        before.image.values != after.image.values,
    )


OPERATIONS = {
    "screw": lambda s: operated.put_screw(s, [0, 8, 6], [0, -6, 6]),
    "gas": lambda s: operated.fill_gas(s, [0, 0, 0], 3.0),
    "laminectomy": lambda s: operated.remove_bone(s, L4, [-20, 0, -20], [20, 20, 20]),
    "fusion": lambda s: operated.fuse_joint(s, L4, L5),
    "hollow": lambda s: operated.hollow_out(s, L4),
    "break": lambda s: operated.break_apart(s, L5),
    "frame": lambda s: operated.move_to_frame(s, "other"),
    "cut": lambda s: operated.cut_off_below(s, -4.0),
}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_the_scan_that_was_operated_on_stays_as_it_was(name: str, a_scan: Scan) -> None:
    labels, image = a_scan.labels.values.copy(), a_scan.image.values.copy()
    after = OPERATIONS[name](a_scan)
    np.testing.assert_array_equal(a_scan.labels.values, labels)
    np.testing.assert_array_equal(a_scan.image.values, image)
    assert after.names == a_scan.names
    assert after.labels.values.dtype == labels.dtype
    assert after.image.values.dtype == image.dtype


@pytest.mark.parametrize("name", ["gas", "screw"])
def test_what_only_the_image_shows_leaves_the_labels(name: str, a_scan: Scan) -> None:
    labels, image = changed(a_scan, OPERATIONS[name](a_scan))
    assert not labels.any()
    assert image.any()


@pytest.mark.parametrize("name", ["hollow", "break", "frame"])
def test_a_fault_of_the_labels_leaves_the_image(name: str, a_scan: Scan) -> None:
    _, image = changed(a_scan, OPERATIONS[name](a_scan))
    assert not image.any()


@pytest.mark.parametrize("name", ["laminectomy", "fusion"])
def test_what_changes_bone_changes_it_in_both(name: str, a_scan: Scan) -> None:
    labels, image = changed(a_scan, OPERATIONS[name](a_scan))
    assert labels.any()
    np.testing.assert_array_equal(labels, image)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 0.5, 1.0), (1.0, 1.0, 2.0)])
def test_a_ball_of_gas_has_its_volume_on_any_grid(spacing: tuple[float, float, float]) -> None:
    after = operated.fill_gas(scan_of(spacing), [0.3, -0.2, 0.4], 4.0)
    voxels = int((after.image.values == value("phantom_ct.gas_hu")).sum())
    assert voxels * np.prod(spacing) == pytest.approx(4 / 3 * np.pi * 4**3, rel=0.15)


def test_gas_at_the_border_of_the_image_is_cut_there(a_scan: Scan) -> None:
    corner = a_scan.image.lps_mm([0, 0, 0])
    after = operated.fill_gas(a_scan, corner, 4.0)
    _, image = changed(a_scan, after)
    assert image.sum() == pytest.approx(4 / 3 * np.pi * 4**3 / 8, rel=0.6)
    assert image[:5, :5, :5].sum() == image.sum()


def test_gas_outside_the_image_changes_nothing(a_scan: Scan) -> None:
    _, image = changed(a_scan, operated.fill_gas(a_scan, [500.0, 0, 0], 4.0))
    assert not image.any()


@pytest.mark.parametrize("ends", [([0, 8, 6], [0, -6, 6]), ([-7, 3, 6], [7, 3, 6])])
def test_a_screw_is_the_same_from_head_to_tip_and_back(
    ends: tuple[list[float], list[float]], a_scan: Scan
) -> None:
    head, tip = ends
    one, other = operated.put_screw(a_scan, head, tip), operated.put_screw(a_scan, tip, head)
    np.testing.assert_allclose(one.image.values, other.image.values, atol=1e-3)


def test_every_voxel_within_its_radius_is_metal_and_no_other(a_scan: Scan) -> None:
    head, tip = np.array([0.0, 8, 6]), np.array([0.0, -6, 6])
    after = operated.put_screw(a_scan, head, tip).image
    radius, _ = values("phantom_ct.screw_mm")
    points = after.lps_mm(np.argwhere(np.ones(SHAPE)))
    nearest = np.clip(points[:, 1], -6, 8)
    away = np.linalg.norm(points - np.stack([0 * nearest, nearest, 0 * nearest + 6], 1), axis=1)
    metal = (after.values == value("phantom_ct.metal_hu")).ravel()
    np.testing.assert_array_equal(metal, away < radius)


def test_streaks_fade_with_distance(a_scan: Scan) -> None:
    after = operated.put_screw(a_scan, [0, 2, 0], [0, -2, 0])
    change = np.abs(after.image.values - a_scan.image.values)[:, 15, 18]
    radius, reach = values("phantom_ct.screw_mm")
    away = np.abs(
        after.image.lps_mm(np.stack([np.arange(30), 0 * np.arange(30), 0 * np.arange(30)], 1))[:, 0]
    )
    streaks = away > radius + 1
    expected = values("phantom_ct.streak")[1] * np.exp(-away / (reach / 2))
    assert (change[streaks] <= expected[streaks] * 1.05 + 1e-3).all()


@pytest.mark.parametrize(
    ("low", "high"),
    [([-20, -20, -20], [20, 20, 20]), ([20, 20, 20], [-20, -20, -20])],
    ids=["in order", "the other way round"],
)
def test_bone_is_taken_between_two_corners_in_any_order(
    low: list[float], high: list[float], a_scan: Scan
) -> None:
    after = operated.remove_bone(a_scan, L4, low, high)
    assert not (after.labels.values == 1).any()
    np.testing.assert_array_equal(after.labels.values == 2, a_scan.labels.values == 2)


def test_a_box_beside_the_bone_takes_nothing(a_scan: Scan) -> None:
    labels, image = changed(a_scan, operated.remove_bone(a_scan, L4, [-14, -14, 0], [-8, -8, 9]))
    assert not labels.any()
    assert not image.any()


@pytest.mark.parametrize(("width", "closed"), [(1, False), (2, True), (3, True)])
def test_a_joint_is_filled_when_both_sides_reach_its_middle(
    width: int, closed: bool, a_scan: Scan
) -> None:
    """Three planes lie between the blocks: grown by two from each side they meet."""
    after = operated.fuse_joint(a_scan, L4, L5, width)
    gap = after.labels.values[15, 15, 17:20]
    assert (gap > 0).any() == closed
    assert set(np.unique(gap)) <= {0, 2}
    # With the order exchanged the same voxels are bone of the other one.
    other = operated.fuse_joint(a_scan, L5, L4, width)
    np.testing.assert_array_equal(other.labels.values > 0, after.labels.values > 0)


@pytest.mark.parametrize("wall", [1, 2, 4])
def test_a_wall_is_as_thick_as_asked(wall: int, a_scan: Scan) -> None:
    after = operated.hollow_out(a_scan, L4, wall).labels.values
    assert (after == 1).sum() == 10**3 - (10 - 2 * wall) ** 3


def test_a_label_thinner_than_two_walls_stays_whole(a_scan: Scan) -> None:
    labels, _ = changed(a_scan, operated.hollow_out(a_scan, L4, 5))
    assert not labels.any()


@pytest.mark.parametrize("gap", [1, 2, 5])
def test_a_break_is_as_wide_as_asked(gap: int, a_scan: Scan) -> None:
    after = operated.break_apart(a_scan, L5, gap).labels.values
    empty = [k for k in range(7, 17) if not (after[:, :, k] == 2).any()]
    assert len(empty) == gap
    assert (np.diff(empty) == 1).all()


@pytest.mark.parametrize("by", [1, 3])
def test_a_grown_mask_is_the_label_within_steps_of_it(by: int, a_scan: Scan) -> None:
    grown = operated.grow_mask(a_scan, L4, by).values
    places = np.argwhere(np.ones(SHAPE)).reshape(*SHAPE, 3)
    low, high = np.array([10, 10, 20]), np.array([19, 19, 29])
    steps = np.maximum(low - places, places - high).clip(0).sum(axis=-1)
    np.testing.assert_array_equal(grown == 1, steps <= by)


@pytest.mark.parametrize("height", [-18.0, -4.0, -3.5, 8.0])
def test_a_cut_keeps_the_planes_above_its_height(height: float, a_scan: Scan) -> None:
    after = operated.cut_off_below(a_scan, height)
    z = a_scan.labels.lps_mm(np.stack([0 * np.arange(36), 0 * np.arange(36), np.arange(36)], 1))
    assert after.labels.shape[2] == (z[:, 2] >= height).sum()
    assert after.labels.lps_mm([0, 0, 0])[2] >= height
    np.testing.assert_allclose(after.image.lps_from_ijk, after.labels.lps_from_ijk)


@pytest.mark.parametrize("name", ["hollow", "break", "laminectomy", "fusion"])
def test_a_label_that_is_not_there_is_named_in_the_refusal(name: str) -> None:
    scan = scan_of()
    nameless = Scan(scan.image, scan.labels, {})
    with pytest.raises(AnatomyError) as caught:
        OPERATIONS[name](nameless)
    assert caught.value.code == "AN-180"
    assert caught.value.where in (str(L4), str(L5))
