"""A root drawn in Slicer, from its file through the command line to the completed anatomy."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.e2e.command_line import Outcome, run_kambin
from tests.unit.exchange.made_markups import markup, save_markups

from kambin.anatomy import Level, Origin, StructureKey, Tube, complete
from kambin.core import AnatomyError
from kambin.desk.gate import read_checked_case, require_answered
from kambin.exchange import nifti_bytes, read_case
from kambin.frames import Side
from kambin.phantom import PhantomParameters, SpineCase, paint_spine_case

LEVEL = Level("L4", "L5")
ROOT = StructureKey.parse("exiting_root:L4:left")
DRG = StructureKey.parse("drg:L4:left")


@pytest.fixture(scope="module")
def a_patient() -> SpineCase:
    """L3 to S1 of a made patient, labels of 2 mm."""
    return paint_spine_case(PhantomParameters(LEVEL, Side.LEFT, seed=4, spacing_mm=2.0))


@pytest.fixture(scope="module")
def labels(a_patient: SpineCase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its labels as a file with a sidecar."""
    folder = tmp_path_factory.mktemp("labels")
    (folder / "seg.nii.gz").write_bytes(nifti_bytes(a_patient.case.labels))
    names = {str(value): str(key) for value, key in a_patient.case.names.items()}
    (folder / "seg.json").write_text(json.dumps(names), "utf-8")
    return folder / "seg.nii.gz"


@pytest.fixture(scope="module")
def line(a_patient: SpineCase) -> Tube:
    """The true root with the few points a person places, on the working grid's side of things."""
    tube = a_patient.truth.centre_lines[ROOT]
    steps = np.linspace(0, len(tube.points_lps_mm) - 1, 9).astype(int)
    return Tube(tube.points_lps_mm[steps], tube.radii_mm[steps])


def imported(labels: Path, out: Path, name: object, curve: Path) -> Outcome:
    words = ("import", "--labels", labels, "--root", f"{name}={curve}", "--root-radius", 2.2)
    return run_kambin(*words, "-o", out, "--json")


def test_from_the_file_to_the_anatomy(labels: Path, line: Tube, tmp_path: Path) -> None:
    points = line.points_lps_mm
    hashes = set()
    for system in ("LPS", "RAS"):
        curve = save_markups(tmp_path / f"{system}.mrk.json", markup(points, system=system))
        made = imported(labels, tmp_path / system, ROOT, curve)
        assert made.code == 0, made.errors
        hashes.add(made.document["case_sha256"])
    # so that what follows holds for both
    assert len(hashes) == 1
    anatomy = complete(read_case(tmp_path / "LPS"))
    root = anatomy.require(ROOT)
    assert root.origin is Origin.DRAWN
    assert root.sigma_mm == 1.0
    assert root.tube is not None
    np.testing.assert_allclose(root.tube.points_lps_mm, points, atol=1e-6)
    np.testing.assert_array_equal(root.tube.radii_mm, 2.2)
    assert anatomy.require(DRG).origin is Origin.MODELLED
    assert "drawn root" in anatomy.require(DRG).method
    other = anatomy.require("exiting_root:L4:right")
    assert other.origin is Origin.MODELLED
    assert not [f for f in anatomy.findings if f.code in ("AN-400", "AN-401")]


def test_the_wrong_side_is_blocked_by_the_check(labels: Path, line: Tube, tmp_path: Path) -> None:
    curve = save_markups(tmp_path / "c.mrk.json", markup(line.points_lps_mm))
    assert imported(labels, tmp_path / "case", "exiting_root:L4:right", curve).code == 0
    checked = run_kambin("check", tmp_path / "case", "--json").document
    assert "AN-400" in checked["blocking"]
    ended = run_kambin("measure", tmp_path / "case", "--level", "L4-L5", "--side", "left", "--json")
    assert ended.code == 4
    assert "AN-400" in {f["code"] for f in ended.document["error"]["findings"]}


def test_the_wrong_level_is_blocked_by_the_completion(
    labels: Path, line: Tube, tmp_path: Path
) -> None:
    curve = save_markups(tmp_path / "c.mrk.json", markup(line.points_lps_mm))
    assert imported(labels, tmp_path / "case", "exiting_root:L3:left", curve).code == 0
    checked = read_checked_case(tmp_path / "case")
    findings = complete(checked.case).findings
    with pytest.raises(AnatomyError) as caught:
        require_answered(replace(checked, findings=()), findings)
    assert [f.code for f in caught.value.findings] == ["AN-401"]
    assert "the pedicle of L4" in caught.value.findings[0].why
    # The command that a person looks with says the same, before anything is completed.
    shown = run_kambin("check", tmp_path / "case", "--json").document
    assert "AN-401" in shown["blocking"]
    assert caught.value.findings[0].as_document() in shown["findings"]
