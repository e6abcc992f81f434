"""The NIfTI header, byte by byte: what each number means and which of them are refused."""

import math
import struct

import numpy as np
import pytest

from kambin.core import InputError
from kambin.exchange.nifti_header import data_offset, nifti_kind, parse_nifti_header

SHAPE = (20, 30, 40)
STEPS = (4.0, 3.0, 2.0)
ORIGIN = (-10.0, -20.0, 500.0)
DIM, DATATYPE, PIXDIM, SLOPE, UNITS = 40, 70, 76, 112, 123
QFORM, SFORM, QUATERNION, OFFSET, SROW, MAGIC = 252, 254, 256, 268, 280, 344


def first_header(order: str = "<", extension: bytes = b"") -> bytearray:
    """A NIfTI-1 header with an sform: RAS axes, millimetres, 16-bit numbers."""
    head = bytearray(352)
    struct.pack_into(order + "i", head, 0, 348)
    struct.pack_into(order + "8h", head, DIM, 3, *SHAPE, 1, 1, 1, 1)
    struct.pack_into(order + "2h", head, DATATYPE, 4, 16)
    struct.pack_into(order + "8f", head, PIXDIM, 1.0, *STEPS, 0, 0, 0, 0)
    struct.pack_into(order + "3f", head, 108, 352.0 + len(extension), 1.0, 0.0)
    head[UNITS] = 2
    struct.pack_into(order + "2h", head, QFORM, 0, 1)
    rows = np.column_stack([np.diag(STEPS), ORIGIN])
    struct.pack_into(order + "12f", head, SROW, *rows.ravel())
    head[MAGIC : MAGIC + 4] = b"n+1\0"
    return head + bytearray(extension)


def second_header(order: str = "<") -> bytearray:
    """The same content as a NIfTI-2 header."""
    head = bytearray(544)
    struct.pack_into(order + "i", head, 0, 540)
    head[4:8] = b"n+2\0"
    struct.pack_into(order + "2h", head, 12, 4, 16)
    struct.pack_into(order + "8q", head, 16, 3, *SHAPE, 1, 1, 1, 1)
    struct.pack_into(order + "8d", head, 104, 1.0, *STEPS, 0, 0, 0, 0)
    struct.pack_into(order + "q", head, 168, 544)
    struct.pack_into(order + "2d", head, 176, 1.0, 0.0)
    struct.pack_into(order + "2i", head, 344, 0, 1)
    rows = np.column_stack([np.diag(STEPS), ORIGIN])
    struct.pack_into(order + "12d", head, 400, *rows.ravel())
    struct.pack_into(order + "i", head, 500, 2)
    return head


def changed(offset: int, form: str, *numbers: float) -> bytes:
    """The good header with other numbers at one place."""
    head = first_header()
    struct.pack_into("<" + form, head, offset, *numbers)
    return bytes(head)


def by_quaternion(b: float, c: float, d: float, handedness: float = 1.0) -> bytes:
    """The good header with a qform and no sform."""
    head = first_header()
    struct.pack_into("<2h", head, QFORM, 1, 0)
    struct.pack_into("<f", head, PIXDIM, handedness)
    struct.pack_into("<6f", head, QUATERNION, b, c, d, *ORIGIN)
    return bytes(head)


LPS_FROM_IJK = np.array(
    [[-4.0, 0, 0, 10], [0, -3.0, 0, 20], [0, 0, 2.0, 500], [0, 0, 0, 1]], dtype=np.float64
)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("make", [first_header, second_header])
def test_both_versions_in_both_byte_orders_say_the_same(make: object, order: str) -> None:
    header = parse_nifti_header(bytes(make(order)), "scan")
    assert header.shape == SHAPE
    assert header.dtype == np.dtype(order + "i2")
    assert np.array_equal(header.lps_from_ijk, LPS_FROM_IJK)
    assert (header.slope, header.intercept) == (1.0, 0.0)
    assert header.data_bytes == 20 * 30 * 40 * 2


@pytest.mark.parametrize(
    ("make", "kind", "offset"), [(first_header, 1, 352), (second_header, 2, 544)]
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_the_version_and_the_place_of_the_voxels_are_read(
    make: object, kind: int, offset: int, order: str
) -> None:
    assert nifti_kind(bytes(make(order))) == kind
    assert data_offset(bytes(make(order)), "scan") == offset


@pytest.mark.parametrize(
    ("unit", "factor"), [(0, 1.0), (1, 1000.0), (2, 1.0), (3, 0.001), (10, 1.0)]
)
def test_the_unit_of_length_is_turned_into_millimetres(unit: int, factor: float) -> None:
    head = first_header()
    head[UNITS] = unit
    rows = np.column_stack([np.diag(STEPS), ORIGIN]) / factor
    struct.pack_into("<12f", head, SROW, *rows.ravel())
    struct.pack_into("<3f", head, PIXDIM + 4, *(step / factor for step in STEPS))
    affine = parse_nifti_header(bytes(head), "scan").lps_from_ijk
    assert np.allclose(affine, LPS_FROM_IJK, rtol=1e-6)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(2, "u1"), (4, "i2"), (8, "i4"), (16, "f4"), (64, "f8"), (256, "i1"), (512, "u2"),
     (768, "u4"), (1024, "i8"), (1280, "u8")],
)  # fmt: skip
def test_each_type_code_is_its_numpy_type(code: int, kind: str) -> None:
    assert parse_nifti_header(changed(DATATYPE, "h", code), "scan").dtype == np.dtype("<" + kind)


@pytest.mark.parametrize("code", [0, 1, 1536, 77, -2])
def test_a_type_that_is_not_read_is_named(code: int) -> None:
    with pytest.raises(InputError, match=rf"IN-003.*voxel type {code} "):
        parse_nifti_header(changed(DATATYPE, "h", code), "scan")


@pytest.mark.parametrize(("code", "count"), [(128, 3), (2304, 4), (32, 2), (1792, 2)])
def test_colours_and_complex_numbers_are_counted(code: int, count: int) -> None:
    with pytest.raises(InputError, match=rf"IN-005.*{count} values"):
        parse_nifti_header(changed(DATATYPE, "h", code), "scan")


@pytest.mark.parametrize(
    ("slope", "intercept", "read"),
    [
        (2.0, -1024.0, (2.0, -1024.0)),
        (0.0, 5.0, (1.0, 0.0)),
        (math.nan, 0.0, (1.0, 0.0)),
        (2.0, math.nan, (1.0, 0.0)),
        (math.inf, 0.0, (1.0, 0.0)),
        (-1.0, 0.0, (-1.0, 0.0)),
    ],
)
def test_a_scaling_that_is_none_means_unscaled(
    slope: float, intercept: float, read: tuple[float, float]
) -> None:
    header = parse_nifti_header(changed(SLOPE, "2f", slope, intercept), "scan")
    assert (header.slope, header.intercept) == read


def test_the_names_of_labels_are_read_from_the_extension() -> None:
    table = (
        b'<CaretExtension><Label Key="27" Red="1"><![CDATA[vertebrae_L5]]></Label>'
        b'<Label  Key="3"><![CDATA[kidney_right]]></Label></CaretExtension>'
    )
    header = parse_nifti_header(bytes(first_header(extension=table)), "seg")
    assert header.names == {27: "vertebrae_L5", 3: "kidney_right"}


def test_a_name_that_is_no_utf8_does_not_stop_the_reading() -> None:
    table = b'<Label Key="1"><![CDATA[\xff]]></Label>'
    assert parse_nifti_header(bytes(first_header(extension=table)), "seg").names == {1: "\ufffd"}


def test_without_an_extension_no_label_has_a_name() -> None:
    assert parse_nifti_header(bytes(first_header()), "seg").names == {}


@pytest.mark.parametrize(
    ("quaternion", "axes"),
    [
        ((0.0, 0.0, 0.0), [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
        ((1.0, 0.0, 0.0), [[1, 0, 0], [0, -1, 0], [0, 0, -1]]),
        ((0.0, 1.0, 0.0), [[-1, 0, 0], [0, 1, 0], [0, 0, -1]]),
        ((0.0, 0.0, 1.0), [[-1, 0, 0], [0, -1, 0], [0, 0, 1]]),
        ((0.0, 0.0, math.sqrt(0.5)), [[0, -1, 0], [1, 0, 0], [0, 0, 1]]),
    ],
)
def test_a_quaternion_turns_the_axes(
    quaternion: tuple[float, float, float], axes: list[list[int]]
) -> None:
    affine = parse_nifti_header(by_quaternion(*quaternion), "scan").lps_from_ijk
    expected = np.diag([-1.0, -1.0, 1.0]) @ np.array(axes, np.float64) * STEPS
    assert np.allclose(affine[:3, :3], expected, atol=1e-5)
    assert np.allclose(affine[:3, 3], (10.0, 20.0, 500.0))


def test_the_sign_of_the_first_pixdim_mirrors_the_third_axis() -> None:
    right = parse_nifti_header(by_quaternion(0, 0, 0), "scan").lps_from_ijk
    left = parse_nifti_header(by_quaternion(0, 0, 0, -1.0), "scan").lps_from_ijk
    assert np.array_equal(left[:3, 2], -right[:3, 2])
    assert np.array_equal(left[:, [0, 1, 3]], right[:, [0, 1, 3]])


def test_a_quaternion_beyond_the_unit_sphere_by_rounding_is_read() -> None:
    affine = parse_nifti_header(by_quaternion(0.0, 0.0, 1.0000001), "scan").lps_from_ijk
    assert np.allclose(affine[:3, :3], np.diag([4.0, 3.0, 2.0]), atol=1e-5)


def test_two_places_that_agree_are_one() -> None:
    head = bytearray(by_quaternion(0, 0, 0))
    struct.pack_into("<h", head, SFORM, 2)
    assert np.array_equal(parse_nifti_header(bytes(head), "scan").lps_from_ijk, LPS_FROM_IJK)


def test_two_places_that_disagree_are_both_described() -> None:
    head = bytearray(by_quaternion(0.0, 0.0, 1.0))
    struct.pack_into("<h", head, SFORM, 1)
    with pytest.raises(InputError, match=r"IN-007.*sform says RAS.*qform says LPS"):
        parse_nifti_header(bytes(head), "scan")


def test_a_quaternion_that_is_no_number_beside_an_sform_is_refused() -> None:
    head = bytearray(by_quaternion(math.nan, 0.0, 0.0))
    struct.pack_into("<h", head, SFORM, 1)
    with pytest.raises(InputError, match=r"IN-007.*no number"):
        parse_nifti_header(bytes(head), "scan")


def test_a_spacing_that_its_matrix_does_not_have_is_refused_with_both() -> None:
    with pytest.raises(InputError, match=r"IN-007.*\(4, 3, 5\).*\(4, 3, 2\)"):
        parse_nifti_header(changed(PIXDIM + 12, "f", 5.0), "scan")


def test_a_spacing_within_the_digits_of_text_headers_is_the_same() -> None:
    affine = parse_nifti_header(changed(PIXDIM + 12, "f", 2.01), "scan").lps_from_ijk
    assert affine[2, 2] == 2.0


def test_shear_keeps_its_own_message_although_it_changes_the_lengths() -> None:
    with pytest.raises(InputError, match="IN-008"):
        parse_nifti_header(changed(SROW + 4, "f", 1.5), "scan")


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e30])
def test_a_matrix_with_a_number_that_is_none_is_named_by_its_row(bad: float) -> None:
    with pytest.raises(InputError, match=r"IN-009.*The y row"):
        parse_nifti_header(changed(SROW + 16, "f", bad), "scan")


def test_no_place_at_all_is_refused() -> None:
    with pytest.raises(InputError, match=r"IN-006.*Neither qform nor sform"):
        parse_nifti_header(changed(QFORM, "2h", 0, 0), "scan")


@pytest.mark.parametrize(
    ("dim", "code"),
    [
        ((0, 20, 30, 40, 1, 1, 1, 1), "IN-003"),
        ((8, 20, 30, 40, 1, 1, 1, 1), "IN-003"),
        ((3, 20, 0, 40, 1, 1, 1, 1), "IN-003"),
        ((3, 20, -30, 40, 1, 1, 1, 1), "IN-003"),
        ((2, 20, 30, 1, 1, 1, 1, 1), "IN-005"),
        ((4, 20, 30, 40, 3, 1, 1, 1), "IN-005"),
        ((3, 20, 30, 1, 1, 1, 1, 1), "IN-005"),
        ((3, 32767, 32767, 32767, 1, 1, 1, 1), "IN-004"),
    ],
)
def test_sizes_that_are_no_volume_are_refused(dim: tuple[int, ...], code: str) -> None:
    with pytest.raises(InputError, match=code):
        parse_nifti_header(changed(DIM, "8h", *dim), "scan")


def test_trailing_axes_of_one_are_left_out() -> None:
    head = changed(DIM, "8h", 5, *SHAPE, 1, 1, 1, 1)
    assert parse_nifti_header(head, "scan").shape == SHAPE


@pytest.mark.parametrize("offset", [0.0, 347.0, 2.0**25, math.inf, math.nan, -1.0])
def test_voxels_cannot_start_in_the_header_nor_beyond_any_extension(offset: float) -> None:
    with pytest.raises(InputError, match=r"IN-003.*offset"):
        data_offset(changed(108, "f", offset), "scan")


@pytest.mark.parametrize(
    ("magic", "says"),
    [(b"ni1\0", "hdr/.img pair"), (b"\0\0\0\0", "ANALYZE"), (b"n+3\0", "ANALYZE")],
)
def test_a_header_without_its_voxels_is_refused(magic: bytes, says: str) -> None:
    head = first_header()
    head[MAGIC : MAGIC + 4] = magic
    with pytest.raises(InputError, match=rf"IN-003.*{says}"):
        data_offset(bytes(head), "scan")


@pytest.mark.parametrize("size", [4, 347])
def test_a_header_that_is_cut_is_no_header(size: int) -> None:
    with pytest.raises(InputError, match=r"IN-003.*does not start"):
        data_offset(bytes(first_header())[:size], "scan")


@pytest.mark.parametrize("unit", [4, 5, 6, 7])
def test_a_unit_of_length_that_does_not_exist_is_refused(unit: int) -> None:
    head = first_header()
    head[UNITS] = unit
    with pytest.raises(InputError, match=r"IN-003.*length unit"):
        parse_nifti_header(bytes(head), "scan")
