"""Drawn roots from the command's words into the case, and back from its folder."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.fault.made_files import save_spine
from tests.unit.exchange.made_markups import markup, save_markups

from kambin.anatomy import Case, StructureKey, Tube
from kambin.core import InputError, RequestError, Severity, StoreError
from kambin.exchange import find_import_findings, import_case, read_case
from kambin.exchange.case_additions import additions_document, read_additions

ROOT = StructureKey.parse("exiting_root:L4:left")


@pytest.fixture
def spine(tmp_path: Path) -> Path:
    """The labels of a made spine."""
    return save_spine(tmp_path)[1]


@pytest.fixture
def line(spine: Path, tmp_path: Path) -> np.ndarray:
    """Three points in the middle of the labels."""
    labels = read_case(import_case(labels=[spine], out=tmp_path / "plain")).labels
    middle = labels.lps_mm(np.array(labels.shape) / 2)
    return middle + np.array([[0.0, 0, 5], [3, 0, 0], [6, 0, -5]])


def imported(spine: Path, out: Path, *roots: str, radius_mm: float | None = None) -> Case:
    return read_case(import_case(labels=[spine], roots=roots, root_radius_mm=radius_mm, out=out))


def test_a_drawn_root_is_kept_in_the_case_whatever_the_system(
    spine: Path, line: np.ndarray, tmp_path: Path
) -> None:
    lps = save_markups(tmp_path / "lps.mrk.json", markup(line, description="radius_mm=2.1"))
    ras = save_markups(
        tmp_path / "ras.mrk.json", markup(line, system="RAS", description="radius_mm=2.1")
    )
    one = imported(spine, tmp_path / "one", f"{ROOT}={lps}")
    other = imported(spine, tmp_path / "other", f"{ROOT}={ras}")
    np.testing.assert_allclose(one.drawn[ROOT].points_lps_mm, line, atol=1e-6)
    np.testing.assert_array_equal(one.drawn[ROOT].radii_mm, [2.1, 2.1, 2.1])
    assert one.sha256 == other.sha256
    assert find_import_findings(one) == ()


def test_the_line_and_its_radius_are_in_the_hash(
    spine: Path, line: np.ndarray, tmp_path: Path
) -> None:
    path = save_markups(tmp_path / "c.mrk.json", markup(line))
    hashes = {
        imported(spine, tmp_path / "a").sha256,
        imported(spine, tmp_path / "b", f"{ROOT}={path}", radius_mm=2.0).sha256,
        imported(spine, tmp_path / "c", f"{ROOT}={path}", radius_mm=2.2).sha256,
        imported(spine, tmp_path / "d", f"drg:L4:left={path}", radius_mm=2.0).sha256,
    }
    assert len(hashes) == 4


def test_a_line_changed_in_the_folder_is_found(
    spine: Path, line: np.ndarray, tmp_path: Path
) -> None:
    path = save_markups(tmp_path / "c.mrk.json", markup(line))
    imported(spine, tmp_path / "case", f"{ROOT}={path}", radius_mm=2.0)
    file = tmp_path / "case" / "case.json"
    document = json.loads(file.read_text("utf-8"))
    document["drawn"][0]["points_lps_mm"][1][0] += 1.0
    file.write_text(json.dumps(document), "utf-8")
    with pytest.raises(StoreError) as caught:
        read_case(tmp_path / "case")
    assert caught.value.code == "ST-003"
    document["drawn"][0]["radii_mm"] = [2.0]
    file.write_text(json.dumps(document), "utf-8")
    with pytest.raises(StoreError) as caught:
        read_case(tmp_path / "case")
    assert caught.value.code == "ST-005"


def test_a_radius_nobody_measured_is_noted(spine: Path, line: np.ndarray, tmp_path: Path) -> None:
    path = save_markups(tmp_path / "c.mrk.json", markup(line))
    case = imported(spine, tmp_path / "case", f"{ROOT}={path}", f"drg:L4:left={path}")
    np.testing.assert_allclose(case.drawn[ROOT].radii_mm, 5.13 / 2)
    np.testing.assert_allclose(case.drawn[StructureKey.parse("drg:L4:left")].radii_mm, 3.1)
    codes = [(f.code, f.severity) for f in find_import_findings(case)]
    assert codes == [("AN-402", Severity.NOTE)] * 2


@pytest.mark.parametrize("radius_mm", [0.1, 12.0, float("nan"), -2.0])
def test_a_radius_that_is_no_root_s_is_refused(
    radius_mm: float, spine: Path, line: np.ndarray, tmp_path: Path
) -> None:
    path = save_markups(tmp_path / "c.mrk.json", markup(line))
    with pytest.raises(RequestError) as caught:
        imported(spine, tmp_path / "case", f"{ROOT}={path}", radius_mm=radius_mm)
    assert caught.value.code == "RQ-071"


def test_where_no_table_has_a_radius_one_must_be_given(
    spine: Path, line: np.ndarray, tmp_path: Path
) -> None:
    path = save_markups(tmp_path / "c.mrk.json", markup(line))
    with pytest.raises(RequestError, match="no table") as caught:
        imported(spine, tmp_path / "case", f"exiting_root:T10:left={path}")
    assert caught.value.code == "RQ-071"


@pytest.mark.parametrize(
    "word",
    [
        "{file}",
        "exiting_root:L4={file}",
        "exiting_root:L4:links={file}",
        "psoas:L4:left={file}",
        "exiting_root:L9:left={file}",
        "exiting_root:L4:left",
    ],
)
def test_words_that_name_no_root_are_refused(
    word: str, spine: Path, line: np.ndarray, tmp_path: Path
) -> None:
    path = save_markups(tmp_path / "c.mrk.json", markup(line))
    with pytest.raises(RequestError) as caught:
        imported(spine, tmp_path / "case", word.format(file=path))
    assert caught.value.code == "RQ-070"
    assert not (tmp_path / "case").exists()


def test_a_root_given_twice_is_refused(spine: Path, line: np.ndarray, tmp_path: Path) -> None:
    path = save_markups(tmp_path / "c.mrk.json", markup(line))
    with pytest.raises(RequestError, match="given twice") as caught:
        imported(spine, tmp_path / "case", f"{ROOT}={path}", f"{ROOT}={path}")
    assert caught.value.code == "RQ-070"


def test_a_line_of_another_image_is_refused(spine: Path, line: np.ndarray, tmp_path: Path) -> None:
    path = save_markups(tmp_path / "c.mrk.json", markup(line + np.array([500.0, 0.0, 0.0])))
    with pytest.raises(InputError, match="3 of 3 points") as caught:
        imported(spine, tmp_path / "case", f"{ROOT}={path}")
    assert caught.value.code == "IN-091"


def test_additions_come_back_as_they_went() -> None:
    tube = Tube(np.array([[0.0, 1, 2], [3, 4, 5]]), np.array([2.0, 2.5]))
    document = {
        "drawn": [{"key": str(ROOT), "points_lps_mm": tube.points_lps_mm, "radii_mm": [2.0, 2.5]}],
        "registration_sigma_mm": {"dural_sac": 1.5},
    }
    drawn, sigma_mm = read_additions("case", document)
    np.testing.assert_array_equal(drawn[ROOT].points_lps_mm, tube.points_lps_mm)
    assert sigma_mm == {StructureKey("dural_sac"): 1.5}
    assert read_additions("case", {}) == ({}, {})


@pytest.mark.parametrize(
    "damage",
    [
        {"drawn": [{"key": "?", "points_lps_mm": [[0, 0, 0]], "radii_mm": [1]}]},
        {"drawn": [{"key": "drg:L4:left", "points_lps_mm": [[0, 0, 0]], "radii_mm": [-1]}]},
        {"drawn": [{"key": "drg:L4:left", "points_lps_mm": [[0, "x", 0]], "radii_mm": [1]}]},
        {"drawn": [{"key": "drg:L4:left"}]},
        {"drawn": 5},
        {"registration_sigma_mm": {"dural_sac": "wide"}},
        {"registration_sigma_mm": [1]},
    ],
)
def test_damaged_additions_are_no_case(damage: dict[str, object]) -> None:
    with pytest.raises(StoreError) as caught:
        read_additions("case", damage)
    assert caught.value.code == "ST-005"


def test_a_case_without_additions_says_nothing_of_them(spine: Path, tmp_path: Path) -> None:
    assert additions_document(imported(spine, tmp_path / "case")) == {}
