"""Corruption operators: each does its one fault, nothing else, and leaves its input alone."""

import numpy as np
import pytest

from kambin.anatomy import StructureKey
from kambin.core import AnatomyError, InputError
from kambin.imaging import LabelMap, Volume
from kambin.phantom import Scan, corruptions

key = StructureKey.parse
NAMES = {1: "vertebra:L4", 2: "vertebra:L5", 3: "kidney:left", 4: "kidney:right", 5: "liver"}


@pytest.fixture
def a_scan() -> Scan:
    """Two vertebrae stacked, kidneys beside them, a liver on the right."""
    values = np.zeros((6, 4, 8), dtype=np.uint8)
    values[2:4, 1:3, 4:7] = 1
    values[2:4, 1:3, 1:4] = 2
    values[5, 2, 2:5] = 3
    values[0, 2, 2:4] = 4
    values[0, 0, 6] = 5
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    affine[:3, 3] = [-5.0, 10.0, 20.0]
    image = Volume(100.0 * values.astype(np.float32), affine, "made")
    return Scan(image, LabelMap(values, affine, "made"), {n: key(k) for n, k in NAMES.items()})


def names_of(scan: Scan) -> list[str]:
    return [str(name) for name in scan.names.values()]


OPERATORS = {
    "mirror_voxels": corruptions.mirror_voxels,
    "swap_sides": corruptions.swap_sides,
    "mirror_patient": corruptions.mirror_patient,
    "shift_levels": lambda s: corruptions.shift_levels(s, -1),
    "add_lumbar": corruptions.add_lumbar,
    "drop_slice": lambda s: corruptions.drop_slice(s, 3),
    "rescale": lambda s: corruptions.rescale(s, 10),
    "crop": lambda s: corruptions.crop(s, [1, 0, 0], [6, 4, 5]),
    "empty_label": lambda s: corruptions.empty_label(s, key("liver")),
    "merge_labels": lambda s: corruptions.merge_labels(s, key("vertebra:L4"), key("vertebra:L5")),
    "split_label": lambda s: corruptions.split_label(s, key("vertebra:L5"), key("vertebra:L4")),
    "spoil_voxels": lambda s: corruptions.spoil_voxels(s, [0, 0, 0], [2, 2, 2]),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_changes_something_and_leaves_its_input_alone(name: str, a_scan: Scan) -> None:
    image, labels = a_scan.image.values.copy(), a_scan.labels.values.copy()
    before = names_of(a_scan)
    after = OPERATORS[name](a_scan)
    np.testing.assert_array_equal(a_scan.image.values, image)
    np.testing.assert_array_equal(a_scan.labels.values, labels)
    assert names_of(a_scan) == before
    same = (
        names_of(after) == before
        and np.array_equal(after.labels.values, labels)
        and np.array_equal(after.image.values, image)
        and np.array_equal(after.image.lps_from_ijk, a_scan.image.lps_from_ijk)
    )
    assert not same
    assert after.image.shape == after.labels.shape


@pytest.mark.parametrize("name", ["mirror_voxels", "swap_sides", "mirror_patient"])
def test_a_mirror_twice_is_no_mirror(name: str, a_scan: Scan) -> None:
    again = OPERATORS[name](OPERATORS[name](a_scan))
    np.testing.assert_array_equal(again.labels.values, a_scan.labels.values)
    assert names_of(again) == names_of(a_scan)


def test_mirrored_voxels_keep_their_names_and_grid(a_scan: Scan) -> None:
    after = corruptions.mirror_voxels(a_scan)
    assert after.labels.values[0, 2, 2] == 3
    np.testing.assert_array_equal(after.labels.lps_from_ijk, a_scan.labels.lps_from_ijk)


def test_swapped_names_keep_unsided_structures(a_scan: Scan) -> None:
    after = corruptions.swap_sides(a_scan)
    assert after.names[3] == key("kidney:right")
    assert after.names[5] == key("liver")
    assert names_of(corruptions.swap_sides(a_scan, ["ilium"])) == names_of(a_scan)


def test_levels_move_both_ways(a_scan: Scan) -> None:
    assert names_of(corruptions.shift_levels(a_scan, -1))[:2] == ["vertebra:L3", "vertebra:L4"]
    assert names_of(corruptions.add_lumbar(a_scan))[:2] == ["vertebra:L5", "vertebra:L6"]


@pytest.mark.parametrize("by", [2, -7])
def test_levels_do_not_move_past_the_last_name(by: int, a_scan: Scan) -> None:
    with pytest.raises(AnatomyError) as caught:
        corruptions.shift_levels(a_scan, by)
    assert caught.value.code == "AN-181"


def test_a_lost_slice_shortens_the_patient(a_scan: Scan) -> None:
    after = corruptions.drop_slice(a_scan, 3)
    assert after.image.shape == (6, 4, 7)
    np.testing.assert_array_equal(after.labels.values[:, :, 3], a_scan.labels.values[:, :, 4])


def test_a_wrong_unit_scales_spacing_and_origin(a_scan: Scan) -> None:
    after = corruptions.rescale(a_scan, 10)
    np.testing.assert_allclose(after.labels.spacing_mm, [20, 20, 30])
    np.testing.assert_allclose(after.image.lps_mm([0, 0, 0]), [-50, 100, 200])


def test_a_cropped_voxel_stays_where_it_was(a_scan: Scan) -> None:
    after = corruptions.crop(a_scan, [1, 0, 2], [6, 4, 5])
    assert after.labels.shape == (5, 4, 3)
    np.testing.assert_allclose(after.labels.lps_mm([0, 0, 0]), a_scan.labels.lps_mm([1, 0, 2]))
    assert after.labels.values[1, 1, 0] == a_scan.labels.values[2, 1, 2]


def test_labels_are_emptied_merged_and_split(a_scan: Scan) -> None:
    assert not (corruptions.empty_label(a_scan, key("liver")).labels.values == 5).any()
    merged = corruptions.merge_labels(a_scan, key("vertebra:L4"), key("vertebra:L5"))
    assert (merged.labels.values == 2).sum() == 24
    assert not (merged.labels.values == 1).any()
    split = corruptions.split_label(a_scan, key("vertebra:L5"), key("vertebra:L4"))
    assert (split.labels.values[:, :, 2:4] == 2).sum() == 0
    assert (split.labels.values == 2).sum() == 4


def test_splitting_an_empty_label_changes_nothing(a_scan: Scan) -> None:
    emptied = corruptions.empty_label(a_scan, key("vertebra:L5"))
    after = corruptions.split_label(emptied, key("vertebra:L5"), key("vertebra:L4"))
    np.testing.assert_array_equal(after.labels.values, emptied.labels.values)


@pytest.mark.parametrize(
    "operate",
    [
        lambda s: corruptions.empty_label(s, key("aorta")),
        lambda s: corruptions.merge_labels(s, key("liver"), key("aorta")),
        lambda s: corruptions.split_label(s, key("aorta"), key("liver")),
    ],
)
def test_a_structure_that_is_not_there_cannot_be_corrupted(operate: object, a_scan: Scan) -> None:
    with pytest.raises(AnatomyError) as caught:
        operate(a_scan)
    assert caught.value.code == "AN-180"


def test_spoilt_voxels_are_not_numbers(a_scan: Scan) -> None:
    spoilt = corruptions.spoil_voxels(a_scan, [0, 0, 0], [2, 3, 4]).image.values
    assert np.isnan(spoilt[:2, :3, :4]).all()
    assert np.isnan(spoilt).sum() == 24


def test_a_sheared_affine_is_what_no_volume_accepts(a_scan: Scan) -> None:
    affine = corruptions.shear_affine(a_scan.image.lps_from_ijk, np.tan(np.radians(15)))
    np.testing.assert_allclose(affine[:3, 2], [0, 3 * np.tan(np.radians(15)), 3])
    with pytest.raises(InputError, match="IN-014"):
        Volume(a_scan.image.values, affine, "made")


def test_a_tilted_affine_is_a_legal_oblique_one(a_scan: Scan) -> None:
    affine = corruptions.tilt_affine(a_scan.image.lps_from_ijk, 20)
    tilted = Volume(a_scan.image.values, affine, "made")
    np.testing.assert_allclose(tilted.spacing_mm, a_scan.image.spacing_mm)
    assert affine[2, 1] == pytest.approx(2 * np.sin(np.radians(20)))


def test_a_phantom_survives_the_operators(its_scan: Scan) -> None:
    after = corruptions.mirror_patient(its_scan)
    lost = corruptions.drop_slice(corruptions.shift_levels(after, 1), 10)
    assert lost.image.shape[2] == its_scan.image.shape[2] - 1
    assert "vertebra:L6" in names_of(lost)
