"""Labels that name no level: named by a file that does, and refused without one."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.fault.made_files import save

from kambin.anatomy import StructureKey
from kambin.core import InputError, Severity
from kambin.exchange.dialects import (
    find_dialect_in_file_name,
    find_key,
    read_dialects,
    words_from_below,
)
from kambin.exchange.merging import MergedLabels, merge_sources
from kambin.exchange.sources import LabelSource, read_sources
from kambin.imaging import LabelMap


def a_source(values: list[int], names: dict[int, str], dialect: str = "kambin") -> LabelSource:
    """A column of voxels of 2 x 2 x 2 mm from head to foot, with the names of its labels."""
    array = np.array(values, np.uint8).reshape(1, 1, -1)
    labels = LabelMap(array, np.diag([2.0, 2.0, -2.0, 1.0]), "patient")
    keys = {value: StructureKey.parse(name) for value, name in names.items()}
    return LabelSource(labels, keys, {}, dialect, "nifti", f"{dialect}.nii")


def column_of(merged: MergedLabels) -> list[str]:
    """Which structure each voxel belongs to, from head to foot."""
    return [str(merged.names[v]) if v else "" for v in merged.labels.values.ravel().tolist()]


@pytest.fixture
def vertebrae() -> LabelSource:
    """L4, two voxels of disc space, L5, two more, and the sacrum."""
    return a_source([1, 1, 0, 0, 2, 2, 0, 0, 3], {1: "vertebra:L4", 2: "vertebra:L5", 3: "sacrum"})


def test_discs_of_one_class_are_named_by_the_two_vertebrae_they_lie_between(vertebrae) -> None:
    discs = a_source([0, 0, 1, 1, 0, 0, 1, 1, 0], {1: "disc"})

    merged = merge_sources([vertebrae, discs])

    l4, l5 = ["vertebra:L4"] * 2, ["vertebra:L5"] * 2
    assert column_of(merged) == [*l4, *["disc:L4-L5"] * 2, *l5, *["disc:L5-S1"] * 2, "sacrum"]
    assert merged.findings == ()


def test_the_order_of_the_files_does_not_change_which_vertebra_a_part_belongs_to(vertebrae) -> None:
    parts = a_source([9, 8, 0, 0, 9, 9, 0, 0, 0], {9: "body", 8: "arch"})

    one, other = merge_sources([vertebrae, parts]), merge_sources([parts, vertebrae])

    told = ["body:L4", "arch:L4", "", "", "body:L5", "body:L5", "", "", "sacrum"]
    assert column_of(one) == column_of(other) == told
    assert one.given_by[StructureKey("body", "L4")] == 1


def test_a_piece_that_one_disc_label_joins_is_parted_by_the_nearest_level(vertebrae) -> None:
    bridge = a_source([0, 0, 1, 1, 1, 1, 1, 1, 0], {1: "disc"})

    merged = merge_sources([vertebrae, bridge])

    # bone keeps its voxels; on either side of it lies another disc
    assert column_of(merged)[2:8] == [
        "disc:L4-L5", "disc:L4-L5", "vertebra:L5", "vertebra:L5", "disc:L5-S1", "disc:L5-S1",
    ]  # fmt: skip


def test_a_disc_next_to_one_vertebra_only_gets_no_name(vertebrae) -> None:
    above = a_source([0, 1, 0, 0, 0, 0, 0, 0, 0], {1: "vertebra:L4"})
    disc = a_source([1, 0, 0, 0, 0, 0, 0, 0, 0], {1: "disc"})

    merged = merge_sources([above, disc])

    assert column_of(merged)[:2] == ["", "vertebra:L4"]
    assert [(f.code, f.severity) for f in merged.findings] == [("IN-081", Severity.NOTE)]
    assert "disc 8 mm3" in merged.findings[0].why


def test_one_class_for_all_vertebrae_says_nothing_more_than_the_file_that_numbers_them(
    vertebrae,
) -> None:
    one_class = a_source([5, 5, 0, 0, 5, 5, 0, 0, 0], {5: "vertebra"})

    assert column_of(merge_sources([vertebrae, one_class])) == column_of(merge_sources([vertebrae]))


@pytest.mark.parametrize("name", ["vertebra", "disc", "body", "sap:left"])
def test_labels_without_a_level_are_refused_alone(name: str) -> None:
    with pytest.raises(InputError, match=r"IN-083.*no file given with it names the vertebrae"):
        merge_sources([a_source([1, 0], {1: name})])


def test_the_refusal_of_total_mr_alone_says_what_the_table_lacks(tmp_path: Path) -> None:
    values = np.zeros((8, 8, 8), np.uint8)
    values[0], values[1] = 19, 20

    sources = read_sources(save(tmp_path / "seg.nii", values), "total_mr")

    with pytest.raises(InputError, match=r"IN-083.*all vertebrae in one class"):
        merge_sources(sources)


def test_a_given_part_takes_its_voxels_from_its_own_vertebra_and_from_no_other(vertebrae) -> None:
    mask = a_source([0, 1, 0, 0, 1, 0, 0, 0, 0], {1: "sap:L5:left"})

    merged = merge_sources([vertebrae, mask])

    assert column_of(merged)[1] == "vertebra:L4"
    assert column_of(merged)[4] == "sap:L5:left"
    (overlap,) = merged.findings
    assert "vertebra:L4 keeps 8 mm3 from sap:L5:left" in overlap.why


def test_two_files_that_agree_about_a_vertebra_give_it_once(vertebrae) -> None:
    again = a_source([1, 1, 1, 0, 0, 0, 0, 0, 0], {1: "vertebra:L4"})

    merged = merge_sources([vertebrae, again])

    assert column_of(merged)[:3] == ["vertebra:L4", "vertebra:L4", ""]
    assert [f.code for f in merged.findings] == ["IN-080"]
    assert "vertebra:L4 from 1, not 2" in merged.findings[0].why


def test_two_files_that_disagree_about_a_level_are_refused(vertebrae) -> None:
    shifted = a_source([0, 0, 0, 0, 1, 1, 0, 0, 0], {1: "vertebra:L4"})

    with pytest.raises(InputError, match=r"IN-018.*vertebra:L4.*Dice of 0.00"):
        merge_sources([vertebrae, shifted])


def test_two_files_that_disagree_about_a_side_are_refused() -> None:
    one = a_source([1, 1, 0, 0], {1: "kidney:left"})
    other = a_source([0, 0, 1, 1], {1: "kidney:left"})

    with pytest.raises(InputError, match=r"IN-018.*kidney:left"):
        merge_sources([one, other])


def test_organs_of_two_tools_may_differ_by_much() -> None:
    one, other = a_source([1, 1, 1, 1], {1: "colon"}), a_source([0, 0, 0, 1], {1: "colon"})

    assert [f.code for f in merge_sources([one, other]).findings] == ["IN-080"]


SPIDER = frozenset({1, 2, 3, 103, 100, 201, 202})


def test_spider_counts_from_the_vertebra_that_somebody_named() -> None:
    words = words_from_below(read_dialects()["spider"], SPIDER, "L5", "seg.mha")

    assert words == {
        1: "vertebrae_L5", 2: "vertebrae_L4", 3: "vertebrae_L3", 103: "vertebrae_L3",
        100: "spinal_canal", 201: "disc_L5-S1", 202: "disc_L4-L5",
    }  # fmt: skip


def test_spider_with_six_lumbar_vertebrae_names_the_discs_of_six() -> None:
    words = words_from_below(read_dialects()["spider"], SPIDER, "l6", "seg.mha")

    assert (words[1], words[2], words[201], words[202]) == (
        "vertebrae_L6", "vertebrae_L5", "disc_L6-S1", "disc_L5-L6",
    )  # fmt: skip


@pytest.mark.parametrize("lowest", ["", "LW", "T13"])
def test_spider_is_never_counted_without_the_name_of_its_lowest_vertebra(
    tmp_path: Path, lowest: str
) -> None:
    values = np.zeros((8, 8, 8), np.uint8)
    values[:7] = np.array(sorted(SPIDER), np.uint8)[:, None, None]
    file = save(tmp_path / "seg.nii", values)

    with pytest.raises(InputError, match=r"IN-082.*1, 2, 3.*--lowest L5"):
        read_sources(file, "spider", lowest=lowest)


def test_spider_is_asked_about_even_where_its_values_fit_nothing_else(tmp_path: Path) -> None:
    values = np.zeros((8, 8, 8), np.uint8)
    # 1 with 100 and 206 and 101: no other table has them all
    values[:4] = np.array([1, 100, 101, 206], np.uint8)[:, None, None]
    file = save(tmp_path / "seg.nii", values)

    with pytest.raises(InputError, match="IN-082"):
        read_sources(file, "auto")


@pytest.mark.parametrize(
    ("dialect", "values", "value", "name"),
    [
        ("verse", {24, 26, 124}, 124, "disc_L5-S1"),
        ("verse", {24, 25, 26, 124}, 124, "disc_L5-L6"),
        ("verse", {24, 25, 26, 125}, 125, "disc_L6-S1"),
        ("verse", {23, 26, 123}, 123, "disc_L4-S1"),
        ("verse", {23, 123}, 123, "disc_L4-L5"),
        ("totalspineseg", {44, 50, 95}, 95, "disc_L4-S1"),
        ("totalspineseg", {44, 50, 100}, 100, "disc_L4-S1"),
        ("totalspineseg", {45, 50, 100}, 100, "disc_L5-S1"),
        ("totalspineseg", {45, 46, 50, 100}, 100, "disc_L6-S1"),
    ],
)
def test_the_lowest_disc_is_named_by_the_vertebrae_that_are_there(
    dialect: str, values: set[int], value: int, name: str
) -> None:
    assert read_dialects()[dialect].words(frozenset(values))[value] == name


@pytest.mark.parametrize(
    ("stem", "values", "dialect"),
    [
        ("sub-7_seg-vert_msk", {21, 22}, "verse"),
        ("sub-7_seg-subreg_msk", {41, 50}, "spineps_subregions"),
        ("sub-7_seg-spine_msk", {41, 50}, "spineps_subregions"),
        ("sub-7_seg-spine_msk", {41, 77}, None),
        ("sub-7_seg-vertigo", {21}, None),
        ("p7_vertebrae_mr", {1, 2, 3}, "totalsegmentator_vertebrae_mr"),
        ("vertebrae_mr", {1, 2, 99}, None),
        ("my_vertebrae_mr_2", {1, 2, 3}, None),
        ("total_mr", {18, 19, 20}, "totalsegmentator_mr"),
        ("vertebrae_pp", {20, 21}, "totalsegmentator_vertebrae_pp"),
        ("vertebrae_body", {1, 2}, "totalsegmentator_vertebrae_body"),
        ("totalspineseg", {41, 42, 50}, "totalspineseg"),
        ("seg", {21}, None),
    ],
)
def test_a_tool_s_way_of_naming_files_counts_only_where_the_values_fit(
    stem: str, values: set[int], dialect: str | None
) -> None:
    found = find_dialect_in_file_name(stem, frozenset(values))
    assert (None if found is None else found.name) == dialect


def test_the_discs_of_a_real_mr_are_read_through_their_sidecar(
    shared_data: Path, tmp_path: Path
) -> None:
    file = tmp_path / "discs.nii.gz"
    file.write_bytes((shared_data / "mr_t2_ivd11" / "ivd_11_labels.nii.gz").read_bytes())
    names = ["L5-S1", "L4-L5", "L3-L4", "L2-L3", "L1-L2"]
    sidecar = {str(n): f"disc_{name}" for n, name in enumerate(names, start=1)}
    file.with_name("discs.json").write_text(json.dumps(sidecar))

    (source,) = read_sources(file, "auto")

    assert source.dialect == "sidecar"
    assert {str(key) for key in source.names.values()} == {f"disc:{name}" for name in names}


def test_the_real_verse_mask_is_known_by_its_file_name(shared_data: Path) -> None:
    (source,) = read_sources(
        shared_data / "mask_verse004" / "sub-verse004_seg-vert_msk.nii.gz", "auto"
    )

    assert source.dialect == "verse"
    assert [str(source.names[v]) for v in (16, 19, 20, 24)] == [
        "vertebra:T9", "vertebra:T12", "vertebra:L1", "vertebra:L5",
    ]  # fmt: skip


def test_ribs_that_one_file_numbers_get_their_side_from_another() -> None:
    vert = a_source([1, 1, 2, 2, 2], {1: "vertebra:T12", 2: "rib:12"}, "verse")
    sides = a_source([0, 5, 3, 3, 4], {3: "rib:left", 4: "rib:right", 5: "arch"})

    merged = merge_sources([vert, sides])

    ribs = ["rib:12:left", "rib:12:left", "rib:12:right"]
    assert column_of(merged) == ["vertebra:T12", "arch:T12", *ribs]
    # nothing is left of what has no side, and nothing was claimed twice
    assert StructureKey("rib", "12") not in {*merged.names.values(), *merged.given_by}
    assert merged.findings == ()


def test_a_rib_of_which_no_other_file_says_the_side_stays_as_it_is() -> None:
    vert = a_source([1, 2, 2], {1: "vertebra:T12", 2: "rib:12"}, "verse")
    sides = a_source([0, 3, 0], {3: "rib:left"})

    assert column_of(merge_sources([vert, sides])) == ["vertebra:T12", "rib:12:left", "rib:12"]


@pytest.mark.parametrize(("value", "name"), [(40, "rib:1"), (51, "rib:12"), (52, "rib:13")])
def test_the_ribs_of_a_vertebra_mask_are_numbered(value: int, name: str) -> None:
    table = find_dialect_in_file_name("sub-1_seg-vert_msk", frozenset({19, value}))

    assert table is not None
    assert table.name == "verse"
    assert str(find_key(table.words(frozenset({19, value}))[value])) == name
