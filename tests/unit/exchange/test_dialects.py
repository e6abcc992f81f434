"""Names and numbers of label maps: understood by evidence, never guessed."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.fault.made_files import (
    AORTA,
    L4,
    L5,
    NAMES,
    SACRUM,
    name_labels,
    save,
    save_spine,
    spine_labels,
)

from kambin.anatomy import StructureKey
from kambin.core import InputError
from kambin.exchange import find_key, read_dialects
from kambin.exchange.dialects import (
    find_dialect,
    find_dialects_by_values,
    find_dialects_filled,
    find_key_in_file_name,
    is_envelope,
    precedence,
    require_dialect,
)
from kambin.exchange.sources import read_mask, read_sources, stem_of
from kambin.frames import Side


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("vertebrae_L5", "vertebra:L5"),
        ("vertebra_L5", "vertebra:L5"),
        ("L5", "vertebra:L5"),
        ("vertebrae_S1", "vertebra:S1"),
        ("vertebra:L4", "vertebra:L4"),
        ("hip_bones", "ilium"),
        ("hip_left", "ilium:left"),
        ("disc_L4-L5", "disc:L4-L5"),
        ("intervertebral_disc_L5_S1", "disc:L5-S1"),
        ("muscle_PsoasMajor_left", "psoas:left"),
        ("iliac_vena_right", "iliac_vein:right"),
        ("inferior_vena_cava", "vena_cava"),
        ("rib_left_12", "rib:12:left"),
        ("rib_12_left", "rib:12:left"),
        ("left kidney", "kidney:left"),
        ("body", "skin"),
        ("skin", "skin"),
        ("lung_upper_lobe_left", "lung:upper:left"),
        ("sap:L5:left", "sap:L5:left"),
        ("sacrum", "sacrum"),
    ],
)
def test_a_tool_s_name_is_our_key(name: str, key: str) -> None:
    assert find_key(name) == StructureKey.parse(key)


@pytest.mark.parametrize("name", ["", "tumour", "L9", "sap:L5:up", "vertbra:L4", "kidney_l"])
def test_what_is_not_known_is_not_guessed(name: str) -> None:
    assert find_key(name) is None


@pytest.mark.parametrize("dialect", sorted(read_dialects()))
def test_every_name_in_the_tables_is_understood(dialect: str) -> None:
    names = read_dialects()[dialect].names.values()
    assert [name for name in names if find_key(name) is None] == []


@pytest.mark.parametrize("dialect", sorted(read_dialects()))
def test_a_table_names_one_structure_twice_only_if_it_joins_labels(dialect: str) -> None:
    table = read_dialects()[dialect]
    # a thirteenth rib has the number of the vertebra that bears it, L1 or T13
    keys = [find_key(name) for value, name in table.names.items() if value not in table.only_with]
    assert (len(keys) > len(set(keys))) == table.joins


def test_the_totalsegmentator_table_is_the_one_beside_the_real_ct(shared_data: Path) -> None:
    sidecar = shared_data / "ct_ts_abdopelvis_3mm" / "labels.json"
    names = {int(v): n for v, n in json.loads(sidecar.read_text()).items()}
    assert dict(read_dialects()["totalsegmentator"].names) == names


@pytest.mark.parametrize(
    ("value", "dialect", "key"),
    [
        (27, "totalsegmentator", "vertebra:L5"),
        (26, "totalsegmentator", "vertebra:S1"),
        (2, "vertebrae_mr", "vertebra:L5"),
        (24, "vertebrae_pp", "vertebra:L5"),
        (24, "verse", "vertebra:L5"),
        (26, "verse", "sacrum"),
        (123, "verse", "disc:L4-L5"),
        (45, "totalspineseg", "vertebra:L5"),
        (100, "totalspineseg", "disc:L5-S1"),
    ],
)
def test_one_number_means_different_things(value: int, dialect: str, key: str) -> None:
    table = find_dialect(dialect)
    assert table is not None
    assert str(find_key(table.names[value])) == key


def test_twenty_to_twenty_five_fit_several_tables() -> None:
    fitting = {d.name for d in find_dialects_by_values(frozenset(range(20, 26)))}
    assert {"totalsegmentator", "verse", "totalsegmentator_vertebrae_mr"} <= fitting


def test_a_whole_totalsegmentator_file_fits_one_table() -> None:
    values = frozenset({1, 2, 3, 5, 25, 26, 27, 28, 29, 52, 63, 77, 78})
    assert [d.name for d in find_dialects_by_values(values)] == ["totalsegmentator"]


def test_a_table_is_filled_only_by_all_its_values() -> None:
    assert {d.name for d in find_dialects_filled(frozenset({1, 2}))} == {
        "totalsegmentator_vertebrae_body",
        "totalsegmentator_body",
    }
    assert find_dialects_by_values(frozenset()) == ()


@pytest.mark.parametrize(
    ("stem", "key"),
    [
        ("vhp_male_body_skin_1mm", "skin"),
        ("vertebrae_L4", "vertebra:L4"),
        ("patient7_L4_kidney_left", "kidney:left"),
        ("kidney_left_and_right", None),
        ("colon_liver", None),
        ("scan_L4", None),
        ("ct", None),
    ],
)
def test_a_mask_s_file_name_speaks_of_one_structure_or_none(stem: str, key: str | None) -> None:
    found = find_key_in_file_name(stem)
    assert (None if found is None else str(found)) == key


def test_bone_keeps_its_voxels_and_skin_lies_under_everything() -> None:
    ranked = sorted(
        map(StructureKey.parse, ["skin", "colon", "vertebra:L4", "fragment", "psoas:left"]),
        key=precedence,
    )
    assert [str(k) for k in ranked] == ["fragment", "vertebra:L4", "colon", "psoas:left", "skin"]
    assert is_envelope(StructureKey("skin"))
    assert not is_envelope(StructureKey("kidney", "", Side.LEFT))


def test_an_unknown_dialect_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"IN-017.*verse"):
        require_dialect("martian", "seg.nii")


@pytest.mark.parametrize("word", ["total_mr", "vertebrae_body", "seg-subreg"])
def test_a_dialect_without_levels_says_so(word: str) -> None:
    assert not require_dialect(word, "seg.nii").names_levels


@pytest.fixture
def seg(tmp_path: Path) -> Path:
    """Labels with TotalSegmentator's numbers and nothing that names them."""
    _, labels = save_spine(tmp_path)
    (tmp_path / "seg.json").unlink()
    return labels


def test_numbers_that_fit_one_table_only_are_read(seg: Path) -> None:
    values = spine_labels()
    values[0, 0, 0] = 117
    save(seg, values)
    (source,) = read_sources(seg, "auto")
    assert source.dialect == "totalsegmentator"
    assert source.names[L4] == StructureKey("vertebra", "L4")


def test_ambiguous_numbers_are_refused_with_the_candidates(seg: Path) -> None:
    values = spine_labels()
    values[values == AORTA] = 0
    values[values == L4], values[values == L5], values[values == SACRUM] = 23, 24, 25
    save(seg, values)
    with pytest.raises(InputError, match=r"IN-015.*23, 24, 25.*verse.*--dialect"):
        read_sources(seg, "auto")


def test_the_dialect_named_by_the_user_decides(seg: Path) -> None:
    values = spine_labels()
    values[values == AORTA] = 0
    values[values == L4], values[values == L5], values[values == SACRUM] = 23, 24, 26
    save(seg, values)
    (source,) = read_sources(seg, "verse")
    named = {value: str(key) for value, key in source.names.items()}
    assert named == {23: "vertebra:L4", 24: "vertebra:L5", 26: "sacrum"}


def test_a_dialect_that_lacks_labels_is_refused(seg: Path) -> None:
    values = spine_labels()
    values[0, 0, 0] = 63
    save(seg, values)
    with pytest.raises(InputError, match=r"IN-017.*63"):
        read_sources(seg, "verse")


@pytest.mark.parametrize(
    ("values", "tables"),
    [
        ({25, 27, 28, 52, 117}, {"totalsegmentator"}),
        ({19, 20, 26, 52, 117}, {"totalsegmentator", "verse"}),
        ({28, 20, 26, 53, 121}, {"verse"}),
    ],
)
def test_a_thirteenth_rib_is_not_believed_without_its_vertebra(
    values: set[int], tables: set[str]
) -> None:
    """52 is the aorta of TotalSegmentator and the rib on L1 of ``seg-vert``."""
    assert {d.name for d in find_dialects_by_values(frozenset(values))} == tables


def test_names_beside_the_file_win(seg: Path) -> None:
    name_labels(seg, {v: NAMES[w] for v, w in zip(NAMES, reversed(NAMES), strict=True)})
    (source,) = read_sources(seg, "auto")
    assert source.dialect == "sidecar"
    assert source.names[SACRUM] == StructureKey("aorta")


def test_names_that_are_a_tool_s_are_called_after_it(seg: Path) -> None:
    name_labels(seg)
    assert read_sources(seg, "auto")[0].dialect == "totalsegmentator"


def test_our_own_keys_are_a_dialect(seg: Path) -> None:
    own = {SACRUM: "sacrum:", L5: "vertebra:L5", L4: "vertebra:L4", AORTA: "aorta:"}
    own = {v: n.rstrip(":") for v, n in own.items()}
    own[SACRUM], own[AORTA] = "disc:L5-S1", "kidney:left"
    name_labels(seg, own)
    assert read_sources(seg, "auto")[0].dialect == "kambin"


def test_a_folder_s_labels_json_names_a_large_file(seg: Path) -> None:
    words = {str(v): f"{n}" for v, n in NAMES.items()} | {"1": "spleen"}
    (seg.parent / "labels.json").write_text(json.dumps(words))
    (source,) = read_sources(seg, "auto")
    assert source.names[L5] == StructureKey("vertebra", "L5")


def test_a_folder_s_labels_json_does_not_name_a_file_of_another_table(seg: Path) -> None:
    words = {str(v): n for v, n in read_dialects()["totalsegmentator"].names.items()}
    (seg.parent / "labels.json").write_text(json.dumps(words))
    save(seg, np.clip(spine_labels(), 0, 2))
    save(seg, np.where(spine_labels() == AORTA, 2, np.clip(spine_labels(), 0, 1)).astype(np.uint8))
    with pytest.raises(InputError, match=r"IN-015.*sidecar.*vertebrae_body"):
        read_sources(seg, "auto")


def test_a_mask_beside_a_labels_json_is_not_named_by_it(seg: Path) -> None:
    (seg.parent / "labels.json").write_text('{"1": "spleen"}')
    save(seg, (spine_labels() == L4).astype(np.uint8))
    with pytest.raises(InputError, match=r"IN-015.*NAME=FILE"):
        read_sources(seg, "auto")
    (asked,) = read_sources(seg, "sidecar")
    assert asked.names == {1: StructureKey("spleen")}


def test_a_mask_is_named_by_its_file(seg: Path) -> None:
    file = seg.with_name("study_vertebrae_L4.nii")
    save(file, (spine_labels() == L4).astype(np.uint8))
    (source,) = read_sources(file, "auto")
    assert source.dialect == "masks"
    assert source.names == {1: StructureKey("vertebra", "L4")}


def test_a_mask_is_named_on_the_command_line(seg: Path) -> None:
    save(seg, (spine_labels() > 0).astype(np.uint8))
    (source,) = read_sources(f"skin={seg}", "auto")
    assert source.names == {1: StructureKey("skin")}


def test_a_structure_name_that_is_not_known_is_refused(seg: Path) -> None:
    with pytest.raises(InputError, match="IN-022"):
        read_sources(f"blob={seg}", "auto")


def test_labels_that_mean_the_same_are_refused(seg: Path) -> None:
    name_labels(seg, NAMES | {AORTA: "vertebra_L4"})
    with pytest.raises(InputError, match=r"IN-018.*28 and 52"):
        read_sources(seg, "auto")


@pytest.mark.parametrize("text", ["", "[1, 2]", '{"a": "b"}', "{"])
def test_a_sidecar_that_cannot_be_read_is_refused(seg: Path, text: str) -> None:
    seg.with_name("seg.json").write_text(text)
    with pytest.raises(InputError, match="IN-018"):
        read_sources(seg, "auto")


def test_asking_for_names_that_are_not_there_is_refused(seg: Path) -> None:
    with pytest.raises(InputError, match=r"IN-017.*sidecar"):
        read_sources(seg, "sidecar")


def test_names_that_are_not_known_are_kept_as_unknown(seg: Path) -> None:
    name_labels(seg, NAMES | {AORTA: "blob"})
    (source,) = read_sources(seg, "auto")
    assert source.unknown == {AORTA: "blob"}
    assert AORTA not in source.names


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    """A folder as TotalSegmentator writes it: one mask per structure, some of them empty."""
    folder = tmp_path / "masks"
    folder.mkdir()
    labels = spine_labels()
    for value, name in NAMES.items():
        save(folder / f"{name}.nii.gz", (labels == value).astype(np.uint8))
    save(folder / "brain.nii.gz", np.zeros_like(labels))
    save(folder / "summary_of_the_day.nii.gz", labels)
    return folder


def test_a_folder_of_masks_is_read_bone_first(masks: Path) -> None:
    sources = read_sources(masks, "auto")
    keys = [str(key) for source in sources for key in source.names.values()]
    assert keys == ["vertebra:L4", "vertebra:L5", "sacrum", "aorta"]
    assert list(sources[0].unknown.values()) == ["summary_of_the_day"]


def test_a_folder_without_masks_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "ct.nii", spine_labels())
    with pytest.raises(InputError, match=r"IN-027.*1 image file"):
        read_sources(tmp_path, "auto")


def test_a_folder_of_empty_masks_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "liver.nii", np.zeros_like(spine_labels()))
    with pytest.raises(InputError, match="IN-024"):
        read_sources(tmp_path, "auto")


def test_a_mask_with_several_labels_is_refused(tmp_path: Path) -> None:
    file = save(tmp_path / "fragment.nii", spine_labels())
    with pytest.raises(InputError, match=r"IN-026.*25, 27, 28, 52"):
        read_mask(file, StructureKey("fragment"))


def test_an_empty_mask_is_refused(tmp_path: Path) -> None:
    file = save(tmp_path / "fragment.nii", np.zeros_like(spine_labels()))
    with pytest.raises(InputError, match="IN-024"):
        read_mask(file, StructureKey("fragment"))


@pytest.mark.parametrize(
    ("name", "stem"),
    [("a.nii.gz", "a"), ("a.b.seg.nrrd", "a.b"), ("A.NII", "A"), ("x.mha", "x"), ("y.z", "y")],
)
def test_the_stem_leaves_the_image_endings_away(name: str, stem: str) -> None:
    assert stem_of(Path(name)) == stem
