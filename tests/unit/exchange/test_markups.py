"""Slicer markups: what is read of them, and what is not believed."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.unit.exchange.made_markups import markup, save_markups

from kambin.core import InputError
from kambin.exchange.markups import read_curve, read_landmarks

POINTS = np.array([[3.0, 10.0, 40.0], [9.0, 8.0, 30.0], [15.0, 5.0, 25.0]])


def radius_row(**fields: object) -> dict[str, object]:
    return {"measurements": [{"name": "length", "value": 20.0}, {"name": "radius_mm", **fields}]}


def test_lps_and_ras_files_give_the_same_points(tmp_path: Path) -> None:
    one = read_curve(save_markups(tmp_path / "lps.mrk.json", markup(POINTS)))
    other = read_curve(save_markups(tmp_path / "ras.mrk.json", markup(POINTS, system="RAS")))
    np.testing.assert_array_equal(one.points_lps_mm, POINTS)
    np.testing.assert_array_equal(other.points_lps_mm, POINTS)
    assert one.radii_mm is None


def test_a_file_without_a_system_is_lps_and_a_coded_unit_is_mm(tmp_path: Path) -> None:
    curve = markup(POINTS, coordinateUnits=["mm", "UCUM", "millimeter"])
    del curve["coordinateSystem"]
    read = read_curve(save_markups(tmp_path / "c.mrk.json", curve))
    np.testing.assert_array_equal(read.points_lps_mm, POINTS)


@pytest.mark.parametrize(
    ("more", "radii"),
    [
        (radius_row(value=2.1, units="mm"), [2.1, 2.1, 2.1]),
        (radius_row(controlPointValues=[1.5, 2.0, 2.5]), [1.5, 2.0, 2.5]),
        ({"description": "left L4, radius_mm=1.9"}, [1.9, 1.9, 1.9]),
        (
            {"descriptions": ["radius_mm=1.5", "", "radius_mm = 2.5"]},
            [1.5, 1.5 + 140**0.5 / (140**0.5 + 70**0.5), 2.5],
        ),
        ({"descriptions": ["", "radius_mm=2"]}, [2.0, 2.0, 2.0]),
    ],
)
def test_the_radius_is_found_where_it_may_stand(
    more: dict[str, object], radii: list[float], tmp_path: Path
) -> None:
    read = read_curve(save_markups(tmp_path / "c.mrk.json", markup(POINTS, **more)))
    assert read.radii_mm is not None
    np.testing.assert_allclose(read.radii_mm, radii, atol=0.01)


def without(curve: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in curve.items() if name not in names}


def with_point(**fields: object) -> dict[str, object]:
    curve = markup(POINTS)
    curve["controlPoints"][1].update(fields)
    return curve


@pytest.mark.parametrize(
    ("curves", "reason"),
    [
        ([], "nothing"),
        ([markup(POINTS), markup(POINTS)], "Curve, Curve"),
        ([markup(POINTS, kind="ClosedCurve")], "ClosedCurve"),
        ([markup(POINTS[:1])], "two different points"),
        ([markup(POINTS[[0, 0]])], "two different points"),
        ([markup(POINTS, coordinateSystem="scanner")], "'scanner'"),
        ([markup(POINTS, coordinateUnits="cm")], "'cm'"),
        ([without(markup(POINTS), "coordinateUnits")], "'None'"),
        ([without(markup(POINTS), "controlPoints")], "control points"),
        ([with_point(positionStatus="undefined")], "Point 2 has the position status 'undefined'"),
        ([with_point(positionStatus="preview")], "Point 2"),
        ([with_point(position=[1.0, 2.0])], "Point 2 has no three"),
        ([with_point(position=[1.0, 2.0, True])], "Point 2 has no three"),
        ([markup(POINTS, **radius_row(value=2.0, units="cm"))], "'cm'"),
        ([markup(POINTS, **radius_row(controlPointValues=[1.0]))], "1 radii for 3 points"),
        ([markup(POINTS, **radius_row(value=None))], "3 radii"),
    ],
)
def test_what_is_not_certain_is_refused(
    curves: list[dict[str, object]], reason: str, tmp_path: Path
) -> None:
    path = save_markups(tmp_path / "c.mrk.json", *curves)
    with pytest.raises(InputError, match=reason) as caught:
        read_curve(path)
    assert caught.value.code == "IN-090"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"markups": [3]}', "{" * 5000, "\x00"])
def test_other_files_are_refused_in_words(text: str, tmp_path: Path) -> None:
    path = tmp_path / "c.mrk.json"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        read_curve(path)
    assert caught.value.code == "IN-090"


def test_a_missing_file_and_a_huge_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_curve(tmp_path / "none.mrk.json")
    huge = tmp_path / "huge.mrk.json"
    huge.write_text(json.dumps({"markups": [], "more": "x" * 11 * 1024**2}), "utf-8")
    with pytest.raises(InputError, match="bytes"):
        read_curve(huge)


def test_a_position_that_is_no_number_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.mrk.json"
    text = json.dumps({"markups": [markup(POINTS)]}).replace("40.0", "NaN")
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match="Point 1 has no three finite"):
        read_curve(path)


def test_landmarks_are_found_by_name(tmp_path: Path) -> None:
    lists = (
        markup(POINTS[:2], kind="Fiducial", labels=["L4 tip", "L5 tip"]),
        markup(POINTS[2:], kind="Fiducial", labels=["S1"], system="RAS"),
    )
    found = read_landmarks(save_markups(tmp_path / "f.mrk.json", *lists))
    assert list(found) == ["L4 tip", "L5 tip", "S1"]
    np.testing.assert_array_equal(np.array(list(found.values())), POINTS)


@pytest.mark.parametrize(
    ("lists", "reason"),
    [
        ([markup(POINTS, kind="Fiducial", labels=["a", "b", "a"])], "name of its own"),
        ([markup(POINTS, kind="Fiducial", labels=["a", " ", "c"])], "name of its own"),
        ([markup(POINTS)], "holds a Curve"),
        ([], "no point"),
    ],
)
def test_landmarks_without_names_do_not_pair(
    lists: list[dict[str, object]], reason: str, tmp_path: Path
) -> None:
    path = save_markups(tmp_path / "f.mrk.json", *lists)
    with pytest.raises(InputError, match=reason) as caught:
        read_landmarks(path)
    assert caught.value.code == "IN-090"
