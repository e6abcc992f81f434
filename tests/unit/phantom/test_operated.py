"""Traces of operations and damaged masks: each does its one thing and leaves its input alone."""

import numpy as np
import pytest

from kambin.anatomy import StructureKey
from kambin.core import AnatomyError
from kambin.imaging import LabelMap, Volume
from kambin.phantom import Scan, operated

key = StructureKey.parse
L4, L5 = key("vertebra:L4"), key("vertebra:L5")


@pytest.fixture
def a_scan() -> Scan:
    """Two blocks of bone of 12 mm, 2 mm apart, in fat."""
    labels = np.zeros((40, 40, 40), dtype=np.uint8)
    labels[14:26, 14:26, 21:33] = 1
    labels[14:26, 14:26, 7:19] = 2
    image = np.where(labels > 0, 300, -100).astype(np.float32)
    affine = np.eye(4)
    affine[:3, 3] = [-20.0, -20.0, -20.0]
    return Scan(Volume(image, affine, "made"), LabelMap(labels, affine, "made"), {1: L4, 2: L5})


def test_a_screw_is_bright_and_its_streaks_stay_in_its_slices(a_scan: Scan) -> None:
    before = a_scan.image.values.copy()
    after = operated.put_screw(a_scan, [0, 10, 6], [0, -6, 6])
    change = after.image.values - before
    at = tuple(np.round(a_scan.image.ijk([0, 2, 6])).astype(int))
    assert after.image.values[at] == 3000
    assert (after.image.values == 3000).sum() == pytest.approx(np.pi * 3.2**2 * 16, rel=0.6)
    assert np.abs(change[:, :, 30:]).max() == np.abs(change[:, :, :21]).max() == 0
    beside = change[:, :, 26][after.image.values[:, :, 26] < 2999]
    assert beside.min() < -50 < 50 < beside.max()
    np.testing.assert_array_equal(a_scan.image.values, before)
    assert after.labels is a_scan.labels


def test_gas_fills_a_ball(a_scan: Scan) -> None:
    after = operated.fill_gas(a_scan, [0, 0, 0], 4.0)
    dark = after.image.values == -850
    assert dark.sum() == pytest.approx(4 / 3 * np.pi * 4**3, rel=0.15)
    assert (after.image.values[~dark] == a_scan.image.values[~dark]).all()


def test_bone_is_removed_in_labels_and_image_and_only_its_own(a_scan: Scan) -> None:
    after = operated.remove_bone(a_scan, L4, [-20, 0, -20], [20, 20, 20])
    gone = (a_scan.labels.values == 1) & (after.labels.values == 0)
    assert 0.3 < gone.sum() / (a_scan.labels.values == 1).sum() < 0.7
    assert (after.image.values[gone] == 70).all()
    assert ((after.labels.values == 2) == (a_scan.labels.values == 2)).all()


def test_a_fused_joint_has_no_gap(a_scan: Scan) -> None:
    after = operated.fuse_joint(a_scan, L4, L5)
    column = after.labels.values[20, 20]
    assert (column[7:33] > 0).all()
    assert (after.image.values[20, 20, 19:21] == 720).all()
    assert (after.labels.values[:10] == 0).all()


def test_a_cut_off_scan_ends_at_its_height(a_scan: Scan) -> None:
    after = operated.cut_off_below(a_scan, -5.0)
    assert after.labels.lps_mm([0, 0, 0])[2] == pytest.approx(-5.0)
    assert after.image.shape == after.labels.shape == (40, 40, 25)


def test_a_hollow_label_keeps_its_wall(a_scan: Scan) -> None:
    after = operated.hollow_out(a_scan, L4).labels.values
    assert after[20, 20, 27] == 0
    assert after[14, 20, 27] == 1
    assert (after == 1).sum() == 12**3 - 8**3


def test_a_broken_label_has_two_pieces(a_scan: Scan) -> None:
    after = operated.break_apart(a_scan, L5).labels.values
    column = after[20, 20]
    assert np.flatnonzero(np.diff((column == 2).astype(int)) == 1).size == 2


def test_a_grown_mask_overlaps_its_neighbour(a_scan: Scan) -> None:
    mask = operated.grow_mask(a_scan, L4, 4)
    shared = (mask.values == 1) & (a_scan.labels.values == 2)
    assert shared.sum() == 12 * 12 * 2
    assert (mask.values[a_scan.labels.values == 1] == 1).all()


def test_labels_in_another_frame_keep_their_voxels(a_scan: Scan) -> None:
    after = operated.move_to_frame(a_scan, "other")
    assert after.labels.frame_id == "other" != after.image.frame_id
    np.testing.assert_array_equal(after.labels.values, a_scan.labels.values)


@pytest.mark.parametrize(
    "operate",
    [
        lambda s: operated.hollow_out(s, key("vertebra:L1")),
        lambda s: operated.break_apart(s, key("vertebra:L1")),
        lambda s: operated.grow_mask(s, key("vertebra:L1")),
        lambda s: operated.fuse_joint(s, key("vertebra:L1"), L5),
        lambda s: operated.remove_bone(s, key("vertebra:L1"), [0, 0, 0], [1, 1, 1]),
    ],
)
def test_what_is_not_there_cannot_be_operated_on(operate: object, a_scan: Scan) -> None:
    with pytest.raises(AnatomyError, match="AN-180"):
        operate(a_scan)
