"""Strokes as a file: what was painted comes back as it was, and what is none is refused."""

import json
from pathlib import Path

import pytest

from kambin.anatomy.fragment_brush import Stroke
from kambin.core import InputError, RequestError
from kambin.exchange.strokes import MOST_STROKES, read_strokes, strokes_bytes

STROKES = (
    Stroke(((1.25, -2.5, 3.125), (2.0, -2.0, 3.0)), 3.0),
    Stroke(((1.5, 0.0, -7.125),), 1.5, erases=True),
)


def test_strokes_come_back_as_they_were_painted(tmp_path: Path) -> None:
    file = tmp_path / "painted.json"
    file.write_bytes(strokes_bytes(STROKES))
    assert read_strokes(file) == STROKES
    assert strokes_bytes(read_strokes(file)) == file.read_bytes()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read_strokes(tmp_path / "none.json")
    assert refused.value.code == "IN-027"


def _document(**parts: object) -> dict[str, object]:
    return {**json.loads(strokes_bytes(STROKES)), **parts}


STROKE = {"points_lps_mm": [[0, 0, 0]], "radius_mm": 3.0, "erases": False}


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        _document(schema_version=2),
        _document(strokes=[]),
        _document(strokes=[STROKE] * (MOST_STROKES + 1)),
        _document(more=1),
        _document(strokes=[{**STROKE, "radius_mm": 90.0}]),
        _document(strokes=[{**STROKE, "points_lps_mm": [[0, 0]]}]),
        _document(strokes=[{**STROKE, "colour": "red"}]),
    ],
)
def test_what_is_no_file_of_strokes_is_refused(tmp_path: Path, document: object) -> None:
    file = tmp_path / "painted.json"
    file.write_text(json.dumps(document), "utf-8")
    with pytest.raises(RequestError) as refused:
        read_strokes(file)
    assert refused.value.code == "RQ-085"


@pytest.mark.parametrize("text", ["", "{", "NaN", '{"schema_version": 1, "strokes": [NaN]}', "\0"])
def test_a_damaged_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "painted.json"
    file.write_text(text, "utf-8")
    with pytest.raises(RequestError) as refused:
        read_strokes(file)
    assert refused.value.code == "RQ-085"
