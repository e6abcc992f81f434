"""G25: how the patient lay is read from the header and from where the table is."""

from functools import cache

import numpy as np
import pytest

from kambin.core import Severity
from kambin.exchange.dicom_posture import check_posture, find_posture

SHAPE = (56, 56, 30)
SPACING = np.array([8.0, 8.0, 8.0])
AIR, BODY, TABLE = -1000, 40, -100
SIDES = {
    "supine": (1, 1),
    "prone": (1, -1),
    "on the left side": (0, 1),
    "on the right side": (0, -1),
}


def affine(spacing: np.ndarray = SPACING) -> np.ndarray:
    return np.diag([*spacing, 1.0])


@cache
def a_patient(posture: str = "", table: int = TABLE, size: int = 30, gap: int = 4) -> np.ndarray:
    """A round body in air, with a flat table on the side it lies on; columns run left and back."""
    x, y, _ = np.indices(SHAPE)
    values = np.full(SHAPE, AIR, np.int16)
    values[(x - 27.5) ** 2 + (y - 27.5) ** 2 < 16**2] = BODY
    if posture:
        axis, sign = SIDES[posture]
        at = 27 + sign * (16 + gap) if sign > 0 else 28 - (16 + gap)
        low = 28 - size // 2
        place: list[slice] = [slice(low, low + size)] * 2
        place[axis] = slice(at, at + 3) if sign > 0 else slice(at - 3, at)
        values[(*place, slice(None))] = table
    return values


def a_cable() -> np.ndarray:
    """Something thin along the patient's back."""
    values = a_patient().copy()
    values[27, 48] = TABLE
    return values


@pytest.mark.parametrize("posture", SIDES)
def test_the_table_shows_how_the_patient_lay(posture: str) -> None:
    assert find_posture(a_patient(posture), affine()) == posture


def test_mirrored_left_to_right_only_the_sides_change() -> None:
    for posture in SIDES:
        mirrored = a_patient(posture)[::-1]
        other = {"on the left side": "on the right side", "on the right side": "on the left side"}
        assert find_posture(mirrored, affine()) == other.get(posture, posture)


@pytest.mark.parametrize(
    "image",
    [
        np.full(SHAPE, AIR, np.int16),
        np.full(SHAPE, BODY, np.int16),
        a_patient(),
        a_patient("supine", table=-900),
        a_cable(),
    ],
    ids=["air", "filled", "no table", "thin as air", "a cable"],
)
def test_without_a_table_nothing_is_guessed(image: np.ndarray) -> None:
    assert find_posture(image, affine()) == ""


def test_what_touches_the_skin_is_no_table() -> None:
    assert find_posture(a_patient("supine", gap=-1), affine()) == ""


def test_a_table_in_a_corner_decides_nothing() -> None:
    values = a_patient().copy()
    values[48:54, 48:54] = TABLE
    assert find_posture(values, affine()) == ""


@pytest.mark.parametrize("fold", [(2, 1, 1), (1, 2, 1), (1, 1, 2), (2, 2, 1)])
def test_finer_voxels_give_the_same_answer(fold: tuple[int, int, int]) -> None:
    fine = a_patient("prone")
    for axis, times in enumerate(fold):
        fine = fine.repeat(times, axis=axis)
    assert find_posture(fine, affine(SPACING / fold)) == "prone"


@pytest.mark.parametrize(
    ("stated", "seen"), [("HFS", "supine"), ("HFS", ""), ("", "supine"), ("", "")]
)
def test_head_first_supine_is_no_finding(stated: str, seen: str) -> None:
    assert check_posture(stated, a_patient(seen), affine(), is_ct=True) == ()


@pytest.mark.parametrize(
    ("stated", "seen", "words", "agrees"),
    [
        ("HFS", "prone", "HFS (head first, supine)", False),
        ("FFS", "supine", "FFS (feet first, supine)", True),
        ("FFP", "supine", "FFP (feet first, prone)", False),
        ("HFP", "prone", "HFP (head first, prone)", True),
        ("HFDL", "on the left side", "HFDL (head first, on the left side)", True),
        ("HFDL", "on the right side", "HFDL (head first, on the left side)", False),
        ("HFDR", "on the right side", "HFDR (head first, on the right side)", True),
        ("HFP", "", "HFP (head first, prone)", True),
        ("", "prone", "nothing that is understood", True),
        ("SITTING", "", "nothing that is understood", True),
    ],
)
def test_any_other_posture_is_asked_about_with_both_witnesses(
    stated: str, seen: str, words: str, agrees: bool
) -> None:
    (found,) = check_posture(stated, a_patient(seen), affine(), is_ct=True)
    assert (found.code, found.severity) == ("IN-064", Severity.CONFIRM)
    assert ("disagree" not in found.what) is agrees
    assert f"Header: {words}." in found.why
    picture = f"the table makes it {seen}" if seen else "no table is seen"
    assert f"Picture: {picture}." in found.why


def test_of_an_mr_only_the_header_speaks() -> None:
    prone = a_patient("prone")
    assert check_posture("HFS", prone, affine(), is_ct=False) == ()
    (found,) = check_posture("HFP", a_patient("supine"), affine(), is_ct=False)
    assert "no table is seen" in found.why
