"""Nothing of the patient reaches a case, a terminal or an error, unless it was asked for."""

import json
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from tests.e2e.command_line import run_kambin
from tests.fault.dicom_files import (
    BIRTH_DATE,
    NAME,
    PATIENT_ID,
    ROOT_UID,
    Grid,
    label_outlines,
    rtstruct_dataset,
    seg_dataset,
    spine_label_values,
    write,
    write_series,
)
from tests.fault.made_files import L4

from kambin.exchange import read_case

PERSONAL = (*NAME.split("^"), PATIENT_ID, BIRTH_DATE, ROOT_UID, "WARD-SEVEN", "DR-HOUSE")


def _marked(ds: Dataset, _: int) -> None:
    """Write the person into every place where scanners and people write it."""
    ds.OtherPatientIDs, ds.PatientAddress = PATIENT_ID, "WARD-SEVEN"
    ds.ReferringPhysicianName, ds.InstitutionName = "DR-HOUSE", "WARD-SEVEN"
    ds.StudyDescription = ds.SeriesDescription = ds.PatientComments = NAME
    ds.PatientAge = "061Y"


def _found(text: str) -> list[str]:
    return [word for word in PERSONAL if word.lower() in text.lower()]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A series and its segmentation, full of what must not be kept."""
    folder = tmp_path_factory.mktemp("private")
    series = write_series(folder / "study", change=_marked)
    seg = seg_dataset(Grid(spine_label_values()))
    _marked(seg, 0)
    seg.ContentCreatorName = NAME
    return series, write(seg, folder / "seg.dcm")


def _import(files: tuple[Path, Path], out: Path, *words: object) -> str:
    done = run_kambin("import", "-i", files[0], "--labels", files[1], "-o", out, *words)
    assert done.code == 0, done.errors
    return done.text + done.errors


def test_no_byte_of_the_patient_is_kept_or_shown(files: tuple[Path, Path], tmp_path: Path) -> None:
    shown = _import(files, tmp_path / "case")
    shown += run_kambin("check", tmp_path / "case", "--json").text
    assert _found(shown) == []
    kept = {file.name: file.read_bytes().decode("latin1") for file in (tmp_path / "case").iterdir()}
    assert "identity.json" not in kept
    assert {name: _found(text) for name, text in kept.items() if _found(text)} == {}


def test_identity_is_kept_apart_where_it_was_asked_for(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    shown = _import(files, tmp_path / "plain") + _import(
        files, tmp_path / "named", "--keep-identity"
    )
    assert _found(shown) == []
    identity = json.loads((tmp_path / "named" / "identity.json").read_text("utf-8"))
    assert identity == {"name": NAME, "id": PATIENT_ID, "birth_date": BIRTH_DATE}
    others = [f for f in (tmp_path / "named").iterdir() if f.name != "identity.json"]
    assert not [f.name for f in others if _found(f.read_bytes().decode("latin1"))]
    # who the patient is does not change what the case is
    plain, named = (read_case(tmp_path / name) for name in ("plain", "named"))
    assert plain.sha256 == named.sha256
    assert _found(run_kambin("check", tmp_path / "named", "--json").text) == []


def test_a_header_that_is_broken_beside_the_name_does_not_quote_it(tmp_path: Path) -> None:
    def change(ds: Dataset, k: int) -> None:
        _marked(ds, k)
        # a birth date that is a name makes the library warn, and quote it
        ds.add_new(0x00100030, "LO", NAME)

    folder = write_series(tmp_path / "study", change=change)
    file = folder / "CT004.dcm"
    file.write_bytes(file.read_bytes()[:-30])
    outcome = run_kambin("import", "-i", folder, "--labels", "x", "-o", tmp_path / "case")
    assert outcome.code == 3
    assert _found(outcome.text + outcome.errors) == []


def test_contours_bring_nothing_of_the_patient_either(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    ds = rtstruct_dataset({"L4": label_outlines(Grid(spine_label_values()), L4)})
    _marked(ds, 0)
    ds.StructureSetLabel = ds.OperatorsName = NAME
    shown = _import((files[0], write(ds, tmp_path / "rt.dcm")), tmp_path / "case")
    assert _found(shown) == []
    kept = b"".join(file.read_bytes() for file in (tmp_path / "case").iterdir())
    assert _found(kept.decode("latin1")) == []


@pytest.mark.parametrize(
    "words", [("--series", "3"), ("--deshear",), ("--keep-identity",)], ids=str
)
def test_dicom_options_without_dicom_are_a_usage_error(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    outcome = run_kambin("import", "--labels", "seg.nii", "-o", tmp_path / "case", *words, "--json")
    assert (outcome.code, outcome.document["error"]["code"]) == (2, "RQ-003")
