"""Changes of a case folder: whole or not at all, and the case has another hash afterwards."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.fault.made_files import AORTA, L4, NAMES, save, save_spine, spine_labels
from tests.unit.exchange.made_markups import markup, save_markups

from kambin.anatomy import Anatomy, Case, Level, StructureKey
from kambin.anatomy.fragment import find_note, has_fragment
from kambin.anatomy.fragment_wish import FragmentWish
from kambin.core import AnatomyError, InputError, KambinError, RequestError
from kambin.desk import edits
from kambin.exchange import import_case, read_case
from kambin.exchange.importing import find_import_findings
from kambin.exchange.markups import DrawnCurve
from kambin.frames import Side
from kambin.imaging import LabelMap

ROOT = StructureKey("exiting_root", "L4", Side.LEFT)
VERTEBRA = StructureKey("vertebra", "L4")
"""The spine of these files has 24 x 22 x 26 voxels of 4 mm."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny made patient."""
    files = tmp_path / "files"
    files.mkdir()
    image, labels = save_spine(files)
    return import_case(image=image, labels=[labels], out=tmp_path / "case")


def _never(_: Case) -> Anatomy:
    msg = "the anatomy was completed"
    raise AssertionError(msg)


def _count(case: Case, key: StructureKey) -> int:
    (number,) = [n for n, known in case.names.items() if known == key]
    return int((np.asarray(case.labels.values) == number).sum())


def test_a_mask_takes_the_place_of_the_labels_and_the_case_is_another_one(
    folder: Path, tmp_path: Path
) -> None:
    before = read_case(folder)
    mask = (spine_labels() == L4).astype(np.uint8)
    mask[8:10, 16:18, 10:12] = 1
    taken = edits.replace_mask(folder, VERTEBRA, save(tmp_path / "l4.nii", mask))
    after = read_case(folder)
    assert taken == {StructureKey("aorta"): 8}
    assert _count(after, VERTEBRA) == int(mask.sum())
    assert _count(after, StructureKey("aorta")) == _count(before, StructureKey("aorta")) - 8
    assert after.sha256 != before.sha256
    assert NAMES[AORTA] == "aorta"


def test_the_same_mask_again_is_the_same_case(folder: Path, tmp_path: Path) -> None:
    before = read_case(folder).sha256
    mask = (spine_labels() == L4).astype(np.uint8)
    assert edits.replace_mask(folder, VERTEBRA, save(tmp_path / "l4.nii", mask)) == {}
    assert read_case(folder).sha256 == before


def _empty(mask: np.ndarray) -> np.ndarray:
    return np.zeros_like(mask)


def _of_two_labels(mask: np.ndarray) -> np.ndarray:
    return mask + (spine_labels() == AORTA).astype(np.uint8) * 2


def _smaller(mask: np.ndarray) -> np.ndarray:
    return mask[:-1]


@pytest.mark.parametrize(
    ("spoil", "code"), [(_empty, "IN-024"), (_of_two_labels, "IN-026"), (_smaller, "IN-012")]
)
def test_what_is_no_mask_of_one_structure_on_this_grid_changes_nothing(
    folder: Path, tmp_path: Path, spoil: Callable[[np.ndarray], np.ndarray], code: str
) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    mask = spoil((spine_labels() == L4).astype(np.uint8))
    with pytest.raises(InputError) as refused:
        edits.replace_mask(folder, VERTEBRA, save(tmp_path / "l4.nii", mask))
    assert refused.value.code == code
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def _curve(folder: Path) -> DrawnCurve:
    return DrawnCurve(read_case(folder).labels.lps_mm([[8, 8, 12], [4, 10, 8]]), None)


def test_a_drawn_root_is_listed_with_what_is_to_be_said_of_it(folder: Path) -> None:
    edits.draw_root(folder, ROOT, _curve(folder))
    once = read_case(folder)
    assert list(once.drawn) == [ROOT]
    (note,) = [f for f in find_import_findings(once) if f.code == "AN-402"]
    assert str(ROOT) in note.where
    edits.draw_root(folder, ROOT, _curve(folder))
    twice = read_case(folder)
    # drawn alike it is the same case, and nothing is said twice
    assert twice.sha256 == once.sha256
    assert find_import_findings(twice) == find_import_findings(once)


def test_a_root_with_a_radius_of_its_own_needs_no_literature(folder: Path) -> None:
    edits.draw_root(folder, ROOT, _curve(folder), radius_mm=1.6)
    case = read_case(folder)
    assert case.drawn[ROOT].radii_mm == pytest.approx([1.6, 1.6])
    assert "AN-402" not in {f.code for f in find_import_findings(case)}


def test_a_root_that_a_mask_gives_is_not_drawn_as_well(folder: Path, tmp_path: Path) -> None:
    mask = np.zeros(spine_labels().shape, np.uint8)
    mask[5:7, 10:12, 10:12] = 1
    edits.replace_mask(folder, ROOT, save(tmp_path / "root.nii", mask))
    with pytest.raises(RequestError) as refused:
        edits.draw_root(folder, ROOT, _curve(folder))
    assert refused.value.code == "RQ-070"
    assert "twice" in refused.value.why


@pytest.mark.parametrize(
    ("key", "radius_mm", "code"), [("disc:L4-L5", None, "RQ-070"), (str(ROOT), 90.0, "RQ-071")]
)
def test_what_is_no_root_is_not_drawn(
    folder: Path, key: str, radius_mm: float | None, code: str
) -> None:
    before = read_case(folder).sha256
    with pytest.raises(KambinError) as refused:
        edits.draw_root(folder, StructureKey.parse(key), _curve(folder), radius_mm=radius_mm)
    assert refused.value.code == code
    assert read_case(folder).sha256 == before


def test_a_fragment_is_drawn_replaced_and_taken_out(folder: Path, tmp_path: Path) -> None:
    labels = read_case(folder).labels
    files = [
        save_markups(
            tmp_path / f"{n}.mrk.json", markup(_square(labels, 12 + n, size), kind="ClosedCurve")
        )
        for n, size in enumerate((2, 3, 2))
    ]
    before = read_case(folder).sha256
    edits.place_drawn(folder, files)
    case = read_case(folder)
    assert has_fragment(case)
    note = find_note(case.source)
    assert note is not None
    assert note.wishes == {"contours": "3"}
    with pytest.raises(RequestError) as refused:
        edits.place_drawn(folder, files)
    assert refused.value.code == "RQ-080"
    edits.place_drawn(folder, files, replacing=True)
    assert read_case(folder).sha256 == case.sha256
    edits.remove_fragment(folder)
    assert read_case(folder).sha256 == before


def _square(labels: LabelMap, height: int, size: int) -> np.ndarray:
    """Return a closed square in one slice, mm, LPS."""
    middle, ring = np.array([12, 15]), [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    corners = [(*(middle + size * np.array(c)), height) for c in ring]
    return labels.lps_mm(corners)


def test_a_second_fragment_is_refused_before_anything_is_completed(folder: Path) -> None:
    with pytest.raises(RequestError) as refused:
        edits.remove_fragment(folder)
    assert refused.value.code == "RQ-081"
    wish = FragmentWish(Level("L4", "L5"), Side.LEFT, "paracentral", "none", 2, "extrusion")
    with pytest.raises(RequestError):
        edits.place_wished(folder, wish, _never, replacing=True)
    # and a case that its checks stop gets none
    with pytest.raises(AnatomyError) as stopped:
        edits.place_wished(folder, wish, _never)
    assert stopped.value.code in ("AN-020", "AN-021")
