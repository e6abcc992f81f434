"""Several label maps into one: who keeps a voxel, and what is said about it."""

import numpy as np
import pytest

from kambin.anatomy import StructureKey
from kambin.core import InputError, Severity
from kambin.exchange.merging import merge_sources
from kambin.exchange.sources import LabelSource
from kambin.imaging import LabelMap


def a_source(values: list[int], names: dict[int, str], where: str = "seg") -> LabelSource:
    """A row of voxels of 2 x 2 x 2 mm with the names of its labels."""
    array = np.array(values, np.uint8).reshape(-1, 1, 1)
    labels = LabelMap(array, np.diag([2.0, 2.0, 2.0, 1.0]), "patient")
    keys = {value: StructureKey.parse(name) for value, name in names.items()}
    return LabelSource(labels, keys, {}, "kambin", "nifti", where)


def row_of(labels: LabelMap, names: dict[int, StructureKey]) -> list[str]:
    """Which structure each voxel of the row belongs to."""
    return [str(names[v]) if v else "" for v in labels.values.ravel().tolist()]


def test_one_source_keeps_its_own_numbers() -> None:
    source = a_source([0, 27, 28], {27: "vertebra:L5", 28: "vertebra:L4"})
    labels, names, findings, _ = merge_sources([source])
    assert labels is source.labels
    assert names == dict(source.names)
    assert findings == ()


def test_where_two_claim_a_voxel_the_earlier_keeps_it() -> None:
    one = a_source([1, 1, 0, 0], {1: "vertebra:L4"})
    two = a_source([0, 1, 1, 0], {1: "disc:L4-L5"})
    labels, names, _, _ = merge_sources([one, two])
    assert row_of(labels, names) == ["vertebra:L4", "vertebra:L4", "disc:L4-L5", ""]
    labels, names, _, _ = merge_sources([two, one])
    assert row_of(labels, names) == ["vertebra:L4", "disc:L4-L5", "disc:L4-L5", ""]


def test_masks_with_the_same_number_get_numbers_of_their_own() -> None:
    sources = [
        a_source([1, 0, 0], {1: "vertebra:L4"}),
        a_source([0, 1, 0], {1: "vertebra:L5"}),
        a_source([0, 0, 1], {1: "sacrum"}),
    ]
    labels, names, findings, _ = merge_sources(sources)
    assert labels.values.ravel().tolist() == [1, 2, 3]
    assert [str(names[v]) for v in (1, 2, 3)] == ["vertebra:L4", "vertebra:L5", "sacrum"]
    assert findings == ()


def test_labels_without_a_name_are_left_out_of_a_merged_map() -> None:
    one = a_source([9, 1, 0], {1: "vertebra:L4"})
    two = a_source([0, 0, 1], {1: "sacrum"})
    labels, names, _, _ = merge_sources([one, two])
    assert row_of(labels, names) == ["", "vertebra:L4", "sacrum"]


def test_the_numbers_follow_the_values_of_a_source_and_not_the_order_of_its_names() -> None:
    one = a_source([5, 2, 0], {5: "vertebra:L5", 2: "vertebra:L4"})
    two = a_source([0, 0, 1], {1: "sacrum"})
    assert merge_sources([one, two])[1] == {
        1: StructureKey("vertebra", "L4"),
        2: StructureKey("vertebra", "L5"),
        3: StructureKey("sacrum"),
    }


def test_the_overlap_is_told_in_cubic_millimetres() -> None:
    one = a_source([1, 1, 1, 0], {1: "vertebra:L4"})
    two = a_source([0, 1, 1, 1], {1: "disc:L4-L5"})
    (finding,) = merge_sources([one, two])[2]
    assert (finding.code, finding.severity) == ("IN-023", Severity.NOTE)
    assert finding.where == "1 pairs of structures"
    assert finding.why == ("16 mm3 are claimed twice: vertebra:L4 keeps 16 mm3 from disc:L4-L5.")


def test_what_holds_everything_inside_overlaps_nothing() -> None:
    one = a_source([1, 1, 0], {1: "vertebra:L4"})
    around = a_source([1, 1, 1], {1: "skin"})
    assert merge_sources([one, around])[2] == ()
    assert merge_sources([around, one])[2] == ()


def test_the_largest_overlaps_come_first_and_equal_ones_by_name() -> None:
    bones = a_source([1, 2, 2, 3, 0], {1: "vertebra:L3", 2: "vertebra:L5", 3: "vertebra:L4"})
    muscle = a_source([1, 1, 1, 1, 1], {1: "psoas:left"})
    (finding,) = merge_sources([bones, muscle])[2]
    told = finding.why.split(": ", 1)[1]
    assert told == (
        "vertebra:L5 keeps 16 mm3 from psoas:left; vertebra:L3 keeps 8 mm3 from psoas:left; "
        "vertebra:L4 keeps 8 mm3 from psoas:left."
    )


def test_only_five_pairs_are_named_and_all_of_them_count() -> None:
    organs = ["aorta", "liver", "spleen", "colon", "duodenum", "stomach", "pancreas"]
    one = a_source([1, 2, 3, 4, 5, 6, 7], dict(enumerate(organs, start=1)))
    two = a_source([1] * 7, {1: "psoas:left"})
    (finding,) = merge_sources([one, two])[2]
    assert finding.where == "7 pairs of structures"
    assert finding.why.startswith("56 mm3 are claimed twice")
    assert finding.why.count(" keeps ") == 5


def test_three_sources_that_claim_one_voxel_tell_who_keeps_it_twice() -> None:
    names = ("fragment", "disc:L4-L5", "dural_sac")
    (finding,) = merge_sources([a_source([1, 0], {1: name}) for name in names])[2]
    assert finding.why == (
        "16 mm3 are claimed twice: fragment keeps 8 mm3 from disc:L4-L5; "
        "fragment keeps 8 mm3 from dural_sac."
    )


def test_a_structure_that_two_files_hold_is_refused_with_both() -> None:
    one = a_source([1, 0], {1: "vertebra:L4"}, "first.nii")
    two = a_source([0, 1], {1: "vertebra:L4"}, "second.nii")
    with pytest.raises(InputError, match=r"IN-018.*first.nii and second.nii.*vertebra:L4"):
        merge_sources([one, two])


def test_a_structure_that_one_file_holds_twice_is_refused_even_alone() -> None:
    with pytest.raises(InputError, match="IN-018"):
        merge_sources([a_source([1, 2], {1: "aorta", 2: "aorta"})])


def test_the_merged_map_lies_where_its_sources_lie() -> None:
    one = a_source([1, 0], {1: "vertebra:L4"})
    labels, _, _, _ = merge_sources([one, a_source([0, 1], {1: "sacrum"})])
    assert np.array_equal(labels.lps_from_ijk, one.labels.lps_from_ijk)
    assert labels.frame_id == one.labels.frame_id
