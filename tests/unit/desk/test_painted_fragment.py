"""A fragment painted by hand: an edit of the case that can be taken back to the last byte."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.fault.made_files import save_spine

from kambin.anatomy import Case, Origin, StructureKey
from kambin.anatomy.fragment import FragmentNote, find_note, has_fragment, put_fragment
from kambin.anatomy.fragment_before import find_before
from kambin.anatomy.fragment_brush import Stroke, paint
from kambin.core import RequestError
from kambin.desk import edits
from kambin.exchange import import_case, read_case, write_case
from kambin.exchange.strokes import STROKES_FILE, read_strokes

FRAGMENT = StructureKey("fragment")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny made patient of voxels of 4 mm."""
    files = tmp_path / "files"
    files.mkdir()
    image, labels = save_spine(files)
    return import_case(image=image, labels=[labels], out=tmp_path / "case")


def _stroke(folder: Path, ijk: tuple[int, int, int], **more: bool) -> Stroke:
    x, y, z = (float(n) for n in read_case(folder).labels.lps_mm(ijk))
    return Stroke(((x, y, z), (x, y, z + 8.0)), 6.0, **more)


def _files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def _mask(case: Case) -> np.ndarray:
    (number,) = [n for n, known in case.names.items() if known == FRAGMENT]
    return np.asarray(case.labels.values) == number


def test_what_was_painted_is_the_fragment_drawn_by_hand(folder: Path) -> None:
    strokes = (_stroke(folder, (12, 15, 12)), _stroke(folder, (12, 15, 15), erases=True))
    labels = read_case(folder).labels
    edits.place_painted(folder, strokes)
    case = read_case(folder)
    assert (_mask(case) == paint(labels, strokes).as_mask(labels)).all()
    note = find_note(case.source)
    assert note is not None
    assert (note.origin, note.wishes) == (Origin.DRAWN, {"strokes": "2"})
    assert read_strokes(folder / STROKES_FILE) == strokes


def test_taken_out_again_every_byte_is_as_before(folder: Path) -> None:
    before = _files(folder)
    edits.place_painted(folder, (_stroke(folder, (12, 15, 12)),))
    assert has_fragment(read_case(folder))
    edits.remove_fragment(folder)
    assert _files(folder) == before


def test_painting_goes_on_with_the_fragment_that_is_there_or_replaces_it(folder: Path) -> None:
    first, second = _stroke(folder, (12, 15, 12)), _stroke(folder, (15, 15, 12))
    edits.place_painted(folder, (first,))
    edits.place_painted(folder, (second,))
    both = read_case(folder)
    labels = both.labels
    assert (_mask(both) == paint(labels, (first, second)).as_mask(labels)).all()
    edits.place_painted(folder, (second,), replacing=True)
    assert (_mask(read_case(folder)) == paint(labels, (second,)).as_mask(labels)).all()


def test_a_painting_that_is_undone_stroke_by_stroke_is_the_case_before(folder: Path) -> None:
    edits.place_painted(folder, (_stroke(folder, (12, 15, 12)),))
    before, files = find_before(read_case(folder)), _files(folder)
    strokes = (_stroke(folder, (15, 15, 12)), _stroke(folder, (12, 15, 12), erases=True))
    edits.repaint(folder, strokes, before)
    two = read_case(folder).sha256
    edits.repaint(folder, strokes[:1], before)
    edits.repaint(folder, strokes, before)
    assert read_case(folder).sha256 == two
    edits.repaint(folder, (), before)
    # but for the strokes themselves, which are of a painting that nobody kept
    kept = {name: data for name, data in files.items() if name != STROKES_FILE}
    assert _files(folder) == kept
    edits.repaint(folder, (), None)
    assert not has_fragment(read_case(folder))


def test_a_given_mask_that_is_put_back_is_given_again(folder: Path) -> None:
    case = read_case(folder)
    mask = np.zeros(case.labels.shape, bool)
    mask[11:13, 15:17, 11:14] = True
    given = put_fragment(case, mask, FragmentNote(Origin.SEGMENTED))
    write_case(replace(given, source=case.source), folder, force=True)
    before = find_before(read_case(folder))
    assert before is not None
    assert (before.origin, before.note) == (Origin.SEGMENTED, None)
    edits.repaint(folder, (_stroke(folder, (15, 15, 12)),), before)
    note = find_note(read_case(folder).source)
    assert note is not None
    assert note.wishes == {"strokes": "1", "begun_on": str(Origin.SEGMENTED)}
    edits.repaint(folder, (), before)
    again = read_case(folder)
    assert find_note(again.source) is None
    assert (_mask(again) == mask).all()


def test_what_was_begun_on_is_remembered_over_many_paintings(folder: Path) -> None:
    case = read_case(folder)
    mask = np.zeros(case.labels.shape, bool)
    mask[11:13, 15:17, 11:14] = True
    placed = put_fragment(case, mask, FragmentNote(Origin.MODELLED, {"zone": "paracentral"}))
    write_case(placed, folder, force=True)
    for place in ((15, 15, 12), (12, 15, 15)):
        edits.place_painted(folder, (_stroke(folder, place),))
        note = find_note(read_case(folder).source)
        assert note is not None
        assert note.wishes["begun_on"] == str(Origin.MODELLED)


def test_what_leaves_nothing_changes_nothing(folder: Path) -> None:
    before = _files(folder)
    with pytest.raises(RequestError) as refused:
        edits.place_painted(folder, (_stroke(folder, (12, 15, 12), erases=True),))
    assert refused.value.code == "RQ-086"
    with pytest.raises(RequestError) as refused:
        edits.place_painted(folder, (_stroke(folder, (12, 15, 12)),), replacing=True)
    assert refused.value.code == "RQ-081"
    assert _files(folder) == before
