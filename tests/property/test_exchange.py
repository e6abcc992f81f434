"""Files and documents over many inputs: round trips hold, and what is broken is refused."""

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kambin.anatomy import StructureKey
from kambin.core import InputError
from kambin.exchange import PATIENT_FRAME, find_key, nifti_bytes, read_label_map, to_json
from kambin.exchange.case_files import hash_case
from kambin.exchange.geometry import require_geometry, settle
from kambin.exchange.nifti_header import parse_nifti_header
from kambin.exchange.text_headers import parse_meta_header, parse_nrrd_header
from kambin.imaging import LabelMap

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=64)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)
ANGLES = st.floats(-3.1, 3.1)


@st.composite
def grids(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Draw a small label array and an oblique orthogonal affine, LPS, mm."""
    shape = draw(st.tuples(*[st.integers(8, 11)] * 3))
    values = draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, 3), fill=st.just(0)))
    a, b, c = draw(ANGLES), draw(ANGLES), draw(ANGLES)
    turn = _turn(0, a) @ _turn(1, b) @ _turn(2, c)
    spacing = draw(st.tuples(*[st.floats(4.0, 6.0)] * 3))
    mirror = draw(st.sampled_from([1.0, -1.0]))
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag(spacing) @ np.diag([mirror, 1.0, 1.0])
    affine[:3, 3] = draw(st.tuples(*[st.floats(-900, 900)] * 3))
    return values, affine


def _turn(axis: int, angle_rad: float) -> np.ndarray:
    turn = np.eye(3)
    one, two = [i for i in range(3) if i != axis]
    turn[one, one] = turn[two, two] = np.cos(angle_rad)
    turn[one, two], turn[two, one] = -np.sin(angle_rad), np.sin(angle_rad)
    return turn


@given(grid=grids())
def test_every_label_stays_where_it_is(
    grid: tuple[np.ndarray, np.ndarray], tmp_path_factory: pytest.TempPathFactory
) -> None:
    values, affine = grid
    path = tmp_path_factory.mktemp("grid") / "map.nii"
    image = nibabel.Nifti1Image(values, LPS_FROM_RAS @ affine)
    nibabel.save(image, path)
    back = read_label_map(path)
    for value in (1, 2, 3):
        before = np.argwhere(values == value) @ affine[:3, :3].T + affine[:3, 3]
        after = back.lps_mm(np.argwhere(back.values == value))
        assert len(before) == len(after)
        if len(before):
            assert np.abs(before.mean(axis=0) - after.mean(axis=0)).max() <= 0.01


@given(grid=grids())
def test_what_we_write_we_read_back(
    grid: tuple[np.ndarray, np.ndarray], tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = LabelMap(*grid, PATIENT_FRAME).canonical()
    path = tmp_path_factory.mktemp("grid") / "map.nii.gz"
    path.write_bytes(nifti_bytes(first))
    back = read_label_map(path)
    assert np.array_equal(back.values, first.values)
    assert np.abs(back.lps_from_ijk - settle(first.lps_from_ijk)).max() <= 0.0011


@given(grid=grids(), shear=st.floats(0.01, 0.6), axis=st.sampled_from([(0, 1), (1, 2), (2, 0)]))
def test_g02_every_shear_is_refused(
    grid: tuple[np.ndarray, np.ndarray], shear: float, axis: tuple[int, int]
) -> None:
    values, affine = grid
    sheared = affine.copy()
    sheared[:, axis[0]] += shear * affine[:, axis[1]]
    with pytest.raises(InputError, match="IN-008"):
        require_geometry(sheared, values.shape, "scan")


@given(grid=grids(), row=st.integers(0, 2), column=st.integers(0, 3))
def test_g14_every_number_that_is_none_is_refused(
    grid: tuple[np.ndarray, np.ndarray], row: int, column: int
) -> None:
    values, affine = grid
    affine[row, column] = np.nan
    with pytest.raises(InputError, match=rf"IN-009.*{'xyz'[row]} row"):
        require_geometry(affine, values.shape, "scan")


@given(grid=grids(), place=st.integers(0, 10**6), value=st.integers(1, 3))
def test_every_changed_voxel_changes_the_hash(
    grid: tuple[np.ndarray, np.ndarray], place: int, value: int
) -> None:
    values, affine = grid
    names = {n: StructureKey("vertebra", f"L{n}") for n in (1, 2, 3)}
    changed = values.copy().ravel()
    changed[place % changed.size] += value
    one = LabelMap(values, affine, PATIENT_FRAME)
    other = LabelMap(changed.reshape(values.shape), affine, PATIENT_FRAME)
    assert hash_case(None, one, names) != hash_case(None, other, names)


@given(document=PLAIN)
def test_documents_are_stable_and_without_nan(document: object) -> None:
    text = to_json(document)
    assert to_json(json.loads(text)) == text
    assert "NaN" not in json.dumps(json.loads(text))
    assert "Infinity" not in text.replace('"Infinity"', "")


@given(head=st.binary(min_size=0, max_size=600))
def test_g21_random_headers_are_refused_in_our_words(head: bytes) -> None:
    for parse in (parse_nifti_header, parse_nrrd_header, parse_meta_header):
        with pytest.raises(InputError, match="IN-00"):
            parse(head, "scan")


@settings(max_examples=200)
@given(place=st.integers(0, 347), byte=st.integers(0, 255))
def test_g21_a_changed_header_byte_is_read_or_refused_in_our_words(place: int, byte: int) -> None:
    image = nibabel.Nifti1Image(np.zeros((9, 9, 9), np.int16), np.diag([-5.0, -5.0, 5.0, 1.0]))
    head = bytearray(image.to_bytes()[:352])
    assume(head[place] != byte)
    head[place] = byte
    try:
        header = parse_nifti_header(bytes(head), "scan")
    except InputError as error:
        outcome = error.where
    else:
        outcome = "scan" if np.isfinite(header.lps_from_ijk).all() else "not finite"
    assert outcome == "scan"


@given(name=st.text(max_size=30))
def test_every_name_is_a_key_or_nothing(name: str) -> None:
    key = find_key(name)
    assert key is None or StructureKey.parse(str(key)) == key


def test_the_files_of_these_tests_are_small(tmp_path: Path) -> None:
    values = np.zeros((8, 8, 8), np.uint8)
    (tmp_path / "map.nii.gz").write_bytes(
        nifti_bytes(LabelMap(values, np.diag([5.0, 5.0, 5.0, 1.0]), PATIENT_FRAME))
    )
    assert (tmp_path / "map.nii.gz").stat().st_size < 500
