"""A case rewritten with a fragment, and contours from Slicer's closed curves."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kambin.anatomy import Case, Origin, StructureKey
from kambin.anatomy.fragment import FragmentNote, find_note, put_fragment, take_fragment
from kambin.cli.main import run
from kambin.cli.spreading import spread_values
from kambin.core import InputError
from kambin.exchange import read_case, write_case
from kambin.exchange.contours import read_contours
from kambin.exchange.fragment_files import rewrite_case
from kambin.exchange.markups import read_closed_curves
from kambin.exchange.reading import PATIENT_FRAME
from kambin.imaging import LabelMap


@pytest.fixture
def a_folder(tmp_path: Path) -> Path:
    """A tiny case with a file of its own beside it."""
    affine = np.eye(4)
    affine[:3, 3] = -20.0
    values = np.zeros((41, 41, 41), dtype=np.uint8)
    values[18:] = 3
    labels = LabelMap(values, affine, PATIENT_FRAME)
    case = Case(None, labels, {3: StructureKey("vertebra", "L4")}, "kambin")
    return write_case(case, tmp_path / "case", extra={"truth/truth.json": b"{}"})


def _put(folder: Path) -> Case:
    case = read_case(folder)
    mask = np.zeros(case.labels.shape, dtype=bool)
    mask[15:22, 19:22, 19:22] = True
    rewrite_case(put_fragment(case, mask, FragmentNote(Origin.DRAWN)), folder)
    return read_case(folder)


def test_a_case_with_a_fragment_has_another_hash_and_keeps_its_other_files(a_folder: Path) -> None:
    before = read_case(a_folder)
    after = _put(a_folder)
    assert after.sha256 != before.sha256
    assert StructureKey("fragment") in after.names.values()
    note = find_note(after.source)
    assert note is not None
    assert note.origin is Origin.DRAWN
    assert (a_folder / "truth" / "truth.json").read_bytes() == b"{}"


def test_without_it_again_the_case_has_the_hash_it_had(a_folder: Path) -> None:
    before = read_case(a_folder)
    rewrite_case(take_fragment(_put(a_folder)), a_folder)
    assert read_case(a_folder).sha256 == before.sha256


def test_the_command_takes_a_fragment_out(a_folder: Path) -> None:
    before = read_case(a_folder).sha256
    _put(a_folder)
    assert run(["fragment", str(a_folder), "--remove"]) == 0
    assert read_case(a_folder).sha256 == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--remove"], "RQ-081"),
        ([], "RQ-081"),
        (["--replace"], "RQ-082"),
        (["--level", "L4-L5", "--remove"], "RQ-082"),
        (["--level", "L4-L5", "--zone", "central"], "RQ-004"),
        (["--side", "left", "--zone", "central"], "RQ-004"),
        (["--level", "L4-L5", "--side", "left"], "RQ-082"),
    ],
)
def test_what_is_missing_or_contradicts_itself_is_told(
    a_folder: Path, words: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fragment", str(a_folder), *words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_a_second_fragment_needs_replace(
    a_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _put(a_folder)
    words = ["--level", "L4-L5", "--side", "left", "--zone", "central", "--json"]
    assert run(["fragment", str(a_folder), *words]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "RQ-080"


def _curve(z: float, kind: str = "ClosedCurve", sign: float = 1.0) -> dict[str, Any]:
    t = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    points = np.stack([sign * (4 * np.cos(t) + 2), sign * 3 * np.sin(t), np.full(12, z)], axis=1)
    return {
        "type": kind,
        "coordinateSystem": "LPS" if sign > 0 else "RAS",
        "coordinateUnits": "mm",
        "controlPoints": [{"position": p, "positionStatus": "defined"} for p in points.tolist()],
    }


def _write(path: Path, *markups: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"markups": list(markups)}))
    return path


def test_contours_of_both_frames_fill_the_same_voxels(a_folder: Path, tmp_path: Path) -> None:
    labels = read_case(a_folder).labels
    lps = _write(tmp_path / "lps.mrk.json", *(_curve(z) for z in (-2.0, 0.0, 2.0)))
    ras = [_write(tmp_path / f"{z}.mrk.json", _curve(z, sign=-1.0)) for z in (-2.0, 0.0, 2.0)]
    one, count = read_contours([lps], labels)
    two, _ = read_contours(ras, labels)
    assert count == 3
    assert np.array_equal(one, two)
    # five slices of 4 by 3 mm, and a cap on each side that is a millimetre smaller
    assert one.sum() == pytest.approx(np.pi * (5 * 4 * 3 + 2 * 3 * 2), rel=0.08)
    assert labels.lps_mm(np.argwhere(one)).mean(axis=0) == pytest.approx([2, 0, 0], abs=0.1)


@pytest.mark.parametrize(
    "markups", [(), (_curve(0.0, "Curve"),), (_curve(0.0), _curve(1.0, "Fiducial"))]
)
def test_anything_but_closed_curves_is_refused(
    tmp_path: Path, markups: tuple[dict[str, Any], ...]
) -> None:
    with pytest.raises(InputError) as error:
        read_closed_curves(_write(tmp_path / "x.mrk.json", *markups))
    assert error.value.code == "IN-090"


def test_several_contours_may_follow_one_option() -> None:
    words = ["fragment", "case", "--contours", "a.mrk.json", "b.mrk.json", "--json"]
    assert spread_values(words) == [
        "fragment", "case", "--contours", "a.mrk.json", "--contours", "b.mrk.json", "--json",
    ]  # fmt: skip
