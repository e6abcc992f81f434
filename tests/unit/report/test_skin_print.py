"""The sheet of the skin map is as large as the back."""

import re
import zlib
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.cli.test_skinmap import _map
from tests.unit.planning.simple_spine import build_simple_spine

from kambin.planning import SkinMap
from kambin.report.skin_document import picture_document
from kambin.report.skin_map import SkinPicture
from kambin.report.skin_print import find_sheet, print_skin_document

POINTS_PER_MM = 72 / 25.4
NUMBER = rb"(-?[0-9.]+)"


def a_skin(step_mm: float = 1.0) -> SkinMap:
    """A lattice of entries on a flat back."""
    lateral, cranial = (
        g.ravel() for g in np.meshgrid(step_mm * np.arange(60.0, 90), np.arange(-15.0, 15))
    )
    entries = np.column_stack([lateral, np.full_like(lateral, 80.0), cranial])
    return SkinMap(entries, lateral, cranial, (80 - lateral) / 5, None, ())


@pytest.fixture(scope="module")
def the_sheet() -> bytes:
    """The sheet of a map with one safe square."""
    return print_skin_document(_map(), a_skin(), build_simple_spine())


def read_lines(sheet: bytes) -> np.ndarray:
    """All straight lines of a page, shape (N, 4), mm of paper, from its drawing commands."""
    drawn = b"\n".join(
        zlib.decompress(part)
        for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", sheet, re.DOTALL)
        if part[:1] == b"\x78"
    )
    pattern = NUMBER + rb" " + NUMBER + rb" m\n" + NUMBER + rb" " + NUMBER + rb" l\n"
    found = [[float(n) for n in line] for line in re.findall(pattern, drawn)]
    return np.array(found) / POINTS_PER_MM


def test_the_bar_is_a_hundred_millimetres_of_paper(the_sheet: bytes) -> None:
    lines = read_lines(the_sheet)
    level = lines[np.abs(lines[:, 1] - lines[:, 3]) < 1e-4]
    bars = level[np.abs(level[:, 0] - 8.0) < 1e-3]
    lengths = bars[:, 2] - bars[:, 0]
    assert np.abs(lengths - 100.0).min() < 1e-3


def test_the_paper_has_its_size(the_sheet: bytes) -> None:
    box = re.search(rb"/MediaBox \[ 0 0 " + NUMBER + rb" " + NUMBER + rb" \]", the_sheet)
    assert box is not None
    size = [float(n) / POINTS_PER_MM for n in box.groups()]
    assert size == pytest.approx([210.0, 297.0], abs=0.01)


def test_lines_of_the_grid_lie_a_centimetre_apart_on_paper(the_sheet: bytes) -> None:
    lines = read_lines(the_sheet)
    upright = lines[(np.abs(lines[:, 0] - lines[:, 2]) < 1e-4) & (lines[:, 3] - lines[:, 1] > 200)]
    assert len(upright) > 10
    # the first and the last are the frame
    places = np.unique(upright[:, 0].round(3))[1:-1]
    assert np.diff(places) == pytest.approx(10.0, abs=0.002)


def test_the_same_map_gives_the_same_bytes(the_sheet: bytes) -> None:
    assert print_skin_document(_map(), a_skin(), build_simple_spine()) == the_sheet
    assert b"CreationDate" not in the_sheet


def a_picture(step_mm: float) -> SkinPicture:
    return picture_document(_map(), a_skin(step_mm), build_simple_spine())


@pytest.mark.parametrize(
    ("step_mm", "paper", "is_cut"),
    [
        (1.0, "A4", False),
        (2.4, "A4 across", False),
        (4.0, "A3 across", False),
        (9.0, "A3 across", True),
    ],
)
def test_the_paper_grows_with_the_back(step_mm: float, paper: str, is_cut: bool) -> None:
    picture = a_picture(step_mm)
    # all of it safe, so that all of it is wanted
    sheet = find_sheet(replace(picture, room_mm=np.ones(len(picture.room_mm))))
    assert (sheet.paper, sheet.is_cut) == (paper, is_cut)


def test_midline_and_safe_skin_are_on_the_sheet() -> None:
    picture = a_picture(1.0)
    sheet = find_sheet(picture)
    safe = picture.room_mm >= 0
    x_mm = np.append(-picture.left_mm[safe], 0.0) - sheet.left_mm
    y_mm = np.append(picture.cranial_mm[safe], 0.0) - sheet.bottom_mm
    assert (x_mm > 0).all()
    assert (x_mm < sheet.drawn_mm[0]).all()
    assert (y_mm > 0).all()
    assert (y_mm < sheet.drawn_mm[1]).all()


def test_a_sheet_without_a_safe_entry_marks_none() -> None:
    none = print_skin_document(_map(-0.5), a_skin(), build_simple_spine())
    some = print_skin_document(_map(1.5), a_skin(), build_simple_spine())
    assert len(none) > 0
    assert none != some
