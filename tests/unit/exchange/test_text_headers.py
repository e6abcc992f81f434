"""The text headers of NRRD and MetaImage, line by line."""

import numpy as np
import pytest

from kambin.core import InputError
from kambin.exchange.text_headers import parse_meta_header, parse_nrrd_header

NRRD = {
    "type": "short",
    "dimension": "3",
    "space": "left-posterior-superior",
    "sizes": "20 30 40",
    "space directions": "(4,0,0) (0,3,0) (0,0,2)",
    "space origin": "(-10,-20,500)",
    "encoding": "raw",
    "endian": "little",
}
META = {
    "ObjectType": "Image",
    "NDims": "3",
    "DimSize": "20 30 40",
    "ElementType": "MET_SHORT",
    "TransformMatrix": "1 0 0 0 1 0 0 0 1",
    "Offset": "-10 -20 500",
    "ElementSpacing": "4 3 2",
    "ElementDataFile": "LOCAL",
}
LPS_FROM_IJK = np.array(
    [[4.0, 0, 0, -10], [0, 3.0, 0, -20], [0, 0, 2.0, 500], [0, 0, 0, 1]], dtype=np.float64
)


def nrrd(lines: tuple[str, ...] = (), **fields: str | None) -> bytes:
    """The good NRRD header with some fields changed or left out."""
    told = NRRD | {name.replace("_", " "): word for name, word in fields.items()}
    text = [f"{name}: {word}" for name, word in told.items() if word is not None]
    return "\n".join(["NRRD0005", *text, *lines, "", "voxels"]).encode()


def meta(**fields: str | None) -> bytes:
    """The good MetaImage header with some tags changed or left out."""
    told = META | fields
    last = told.pop("ElementDataFile")
    told = {**told, "ElementDataFile": last}
    text = [f"{name} = {word}" for name, word in told.items() if word is not None]
    return "\n".join([*text, "voxels"]).encode()


def test_an_nrrd_header_is_read() -> None:
    header = parse_nrrd_header(nrrd(), "scan")
    assert header.raster.shape == (20, 30, 40)
    assert header.raster.dtype == np.dtype("<i2")
    assert np.array_equal(header.raster.lps_from_ijk, LPS_FROM_IJK)
    assert not header.is_packed
    assert nrrd()[header.offset :] == b"voxels"


def test_a_meta_header_is_read() -> None:
    header = parse_meta_header(meta(), "scan")
    assert header.raster.shape == (20, 30, 40)
    assert header.raster.dtype == np.dtype("<i2")
    assert np.array_equal(header.raster.lps_from_ijk, LPS_FROM_IJK)
    assert not header.is_packed
    assert meta()[header.offset :] == b"voxels"


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("left-posterior-superior", (1, 1, 1)),
        ("LPS", (1, 1, 1)),
        ("right-anterior-superior", (-1, -1, 1)),
        ("RAS", (-1, -1, 1)),
        ("left-anterior-superior", (1, -1, 1)),
        ("LAS", (1, -1, 1)),
    ],
)
def test_each_space_names_the_sides_of_the_patient(space: str, signs: tuple[int, ...]) -> None:
    affine = parse_nrrd_header(nrrd(space=space), "scan").raster.lps_from_ijk
    assert np.array_equal(affine[:3], LPS_FROM_IJK[:3] * np.array(signs)[:, None])


@pytest.mark.parametrize("space", ["scanner-xyz", "3D-right-handed", "", None])
def test_a_space_that_names_no_side_is_refused(space: str | None) -> None:
    with pytest.raises(InputError, match=r"IN-006.*space"):
        parse_nrrd_header(nrrd(space=space), "scan")


@pytest.mark.parametrize(
    "fields",
    [
        {"space_directions": None},
        {"space_directions": "(4,0,0) (0,3,0)"},
        {"space_origin": None},
        {"space_origin": "none"},
    ],
)
def test_an_nrrd_without_its_place_is_refused(fields: dict[str, str | None]) -> None:
    with pytest.raises(InputError, match="IN-006"):
        parse_nrrd_header(nrrd(**fields), "scan")


@pytest.mark.parametrize("tag", ["TransformMatrix", "Offset", "ElementSpacing"])
def test_a_meta_image_without_its_place_is_refused(tag: str) -> None:
    with pytest.raises(InputError, match=r"IN-006.*missing"):
        parse_meta_header(meta(**{tag: None}), "scan")


@pytest.mark.parametrize(("old", "new"), [("TransformMatrix", "Rotation"), ("Offset", "Position")])
def test_two_spellings_of_a_meta_tag_mean_the_same(old: str, new: str) -> None:
    header = parse_meta_header(meta(**{old: None, new: META[old]}), "scan")
    assert np.array_equal(header.raster.lps_from_ijk, LPS_FROM_IJK)


def test_a_meta_matrix_lists_the_direction_of_each_axis_in_turn() -> None:
    header = parse_meta_header(meta(TransformMatrix="0 1 0 -1 0 0 0 0 1"), "scan")
    # the first three numbers are where i runs: towards posterior
    assert np.array_equal(header.raster.lps_from_ijk[:3, 0], (0.0, 4.0, 0.0))
    assert np.array_equal(header.raster.lps_from_ijk[:3, 1], (-3.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("word", "kind"),
    [("uchar", "u1"), ("unsigned short", "u2"), ("int16_t", "i2"), ("float", "f4"),
     ("double", "f8"), ("uint32", "u4"), ("signed char", "i1")],
)  # fmt: skip
def test_the_spellings_of_nrrd_types_are_known(word: str, kind: str) -> None:
    assert parse_nrrd_header(nrrd(type=word), "scan").raster.dtype == np.dtype("<" + kind)


@pytest.mark.parametrize("word", ["block", "long long", "", None])
def test_an_nrrd_type_that_is_not_read_is_refused(word: str | None) -> None:
    with pytest.raises(InputError, match=r"IN-003.*voxel type"):
        parse_nrrd_header(nrrd(type=word), "scan")


@pytest.mark.parametrize(
    ("word", "kind"), [("MET_UCHAR", "u1"), ("MET_FLOAT", "f4"), ("MET_UINT", "u4")]
)
def test_the_names_of_meta_types_are_known(word: str, kind: str) -> None:
    assert parse_meta_header(meta(ElementType=word), "scan").raster.dtype == np.dtype("<" + kind)


@pytest.mark.parametrize("fields", [{"ElementType": "MET_LONG"}, {"BinaryData": "False"}])
def test_a_meta_image_that_is_text_or_of_a_strange_type_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"IN-003.*type"):
        parse_meta_header(meta(**fields), "scan")


@pytest.mark.parametrize("tag", ["BinaryDataByteOrderMSB", "ElementByteOrderMSB"])
def test_either_tag_turns_the_bytes_round(tag: str) -> None:
    assert parse_meta_header(meta(**{tag: "True"}), "scan").raster.dtype == np.dtype(">i2")


def test_the_endian_field_turns_the_bytes_round() -> None:
    assert parse_nrrd_header(nrrd(endian="big"), "scan").raster.dtype == np.dtype(">i2")


@pytest.mark.parametrize("encoding", ["gzip", "gz"])
def test_a_packed_nrrd_says_so(encoding: str) -> None:
    assert parse_nrrd_header(nrrd(encoding=encoding), "scan").is_packed


def test_a_packed_meta_image_says_so() -> None:
    assert parse_meta_header(meta(CompressedData="True"), "scan").is_packed


@pytest.mark.parametrize("encoding", ["ascii", "bzip2", "hex", None])
def test_an_encoding_that_is_not_read_is_refused(encoding: str | None) -> None:
    with pytest.raises(InputError, match=r"IN-003.*raw or gzip"):
        parse_nrrd_header(nrrd(encoding=encoding), "scan")


@pytest.mark.parametrize("field", ["data_file", "datafile"])
def test_an_nrrd_that_points_to_a_second_file_is_refused(field: str) -> None:
    with pytest.raises(InputError, match=r"IN-003.*same file"):
        parse_nrrd_header(nrrd(**{field: "/somewhere/else.raw"}), "scan")


@pytest.mark.parametrize("field", ["byte_skip", "line_skip", "byteskip"])
def test_an_nrrd_that_skips_bytes_is_refused(field: str) -> None:
    with pytest.raises(InputError, match="IN-003"):
        parse_nrrd_header(nrrd(**{field: "16"}), "scan")
    assert not parse_nrrd_header(nrrd(**{field: "0"}), "scan").is_packed


@pytest.mark.parametrize("file", ["voxels.raw", "LIST", ""])
def test_a_meta_image_that_points_to_a_second_file_is_refused(file: str) -> None:
    with pytest.raises(InputError, match=r"IN-003.*same file"):
        parse_meta_header(meta(ElementDataFile=file), "scan")


def test_a_header_without_its_end_is_refused() -> None:
    with pytest.raises(InputError, match=r"IN-003.*no end"):
        parse_nrrd_header(b"NRRD0005\ntype: short\n", "scan")
    with pytest.raises(InputError, match="IN-003"):
        parse_meta_header(b"NDims = 3\n", "scan")


@pytest.mark.parametrize("field", ["sizes", "space_origin", "space_directions"])
def test_an_nrrd_word_that_should_be_a_number_is_refused(field: str) -> None:
    word = {"sizes": "20 thirty 40", "space_origin": "(a,b,c)"}.get(
        field, "(4,0,0) (x,0,0) (0,0,2)"
    )
    with pytest.raises(InputError, match=r"IN-003.*number"):
        parse_nrrd_header(nrrd(**{field: word}), "scan")


@pytest.mark.parametrize(
    "fields",
    [
        {"DimSize": "20 thirty 40"},
        {"ElementNumberOfChannels": "one"},
        {"TransformMatrix": "1 0 0 0 1 0 0 0"},
        {"ElementSpacing": "4 3"},
        {"Offset": "0 0 far"},
    ],
)
def test_a_meta_word_that_should_be_a_number_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"IN-003.*number"):
        parse_meta_header(meta(**fields), "scan")


@pytest.mark.parametrize("unit", ['"m" "m" "m"', '"mm" "mm" "um"'])
def test_another_unit_of_length_is_refused(unit: str) -> None:
    with pytest.raises(InputError, match=r"IN-010.*millimetres"):
        parse_nrrd_header(nrrd(space_units=unit), "scan")


def test_millimetres_may_be_said() -> None:
    header = parse_nrrd_header(nrrd(space_units='"mm" "mm" "mm"'), "scan")
    assert np.array_equal(header.raster.lps_from_ijk, LPS_FROM_IJK)


@pytest.mark.parametrize("kind", ["list", "vector", "RGB-color", "RGBA-color"])
def test_layers_and_colours_are_told_apart_from_time(kind: str) -> None:
    with pytest.raises(InputError, match=r"IN-005.*3 layers or colours"):
        parse_nrrd_header(nrrd(sizes="3 20 30 40", kinds=f"{kind} domain domain domain"), "scan")
    with pytest.raises(InputError, match=r"IN-005.*4 dimensions"):
        parse_nrrd_header(nrrd(sizes="3 20 30 40", kinds="time domain domain domain"), "scan")


def test_several_channels_are_no_grey_image() -> None:
    with pytest.raises(InputError, match=r"IN-005.*3 values"):
        parse_meta_header(meta(ElementNumberOfChannels="3"), "scan")


def test_sizes_are_judged_before_memory_is_asked_for() -> None:
    with pytest.raises(InputError, match="IN-004"):
        parse_nrrd_header(nrrd(sizes="90000 90000 90000"), "scan")
    with pytest.raises(InputError, match="IN-004"):
        parse_meta_header(meta(DimSize="90000 90000 90000"), "scan")


def test_geometry_no_patient_has_is_refused_in_both() -> None:
    with pytest.raises(InputError, match="IN-008"):
        parse_nrrd_header(nrrd(space_directions="(4,0,0) (2,3,0) (0,0,2)"), "scan")
    with pytest.raises(InputError, match="IN-009"):
        parse_meta_header(meta(ElementSpacing="400 3 2"), "scan")


def test_segments_are_named_by_their_value_and_not_by_their_number() -> None:
    lines = (
        "Segment0_Name:=vertebrae_L5",
        "Segment0_LabelValue:=27",
        "Segment1_Name:=aorta",
        "Segment1_LabelValue:=5",
        "Segment1_Color:=1 0 0",
    )
    assert parse_nrrd_header(nrrd(lines), "seg").raster.names == {27: "vertebrae_L5", 5: "aorta"}


@pytest.mark.parametrize(
    "lines",
    [
        ("Segment0_Name:=aorta",),
        ("Segment0_LabelValue:=5",),
        ("Segment0_Name:=aorta", "Segment0_LabelValue:=five"),
        ("Segment0_Name:=aorta", "Segment0_LabelValue:=-5"),
    ],
)
def test_half_a_segment_names_nothing(lines: tuple[str, ...]) -> None:
    assert parse_nrrd_header(nrrd(lines), "seg").raster.names == {}


def test_comments_and_windows_line_ends_change_nothing() -> None:
    text = nrrd(("# a comment: with a colon",)).replace(b"\n", b"\r\n")
    header = parse_nrrd_header(text, "scan")
    assert np.array_equal(header.raster.lps_from_ijk, LPS_FROM_IJK)
    assert text[header.offset :] == b"voxels"
