"""A fused case on the disk says how it came about, and keeps what was asked of both inputs."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from tests.unit.exchange.made_markups import markup, save_markups

from kambin.anatomy import Case, StructureKey, Tube
from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.fusion_types import Fusion, LandmarkFit, LevelFit, VertebraFit
from kambin.anatomy.fusion_warp import lay_warp
from kambin.core import InputError, Severity, StoreError
from kambin.exchange import find_import_findings, read_case, write_case
from kambin.exchange.case_additions import additions_document, read_additions
from kambin.exchange.fused_cases import fusion_document, write_fused_case
from kambin.exchange.markups import read_closed_curves
from kambin.frames import RigidTransform
from kambin.imaging import LabelMap

L4, SAC = StructureKey.parse("vertebra:L4"), StructureKey.parse("dural_sac")
ROOT = StructureKey.parse("exiting_root:L4:left")
OTHER_ROOT = StructureKey.parse("traversing_root:L5:left")


def a_case(*keys: StructureKey) -> Case:
    values = np.zeros((12, 12, 12), np.uint8)
    for number, _ in enumerate(keys, start=1):
        values[2:10, 2:10, 3 * number] = number
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    return Case(None, LabelMap(values, affine, "patient"), dict(enumerate(keys, start=1)), "kambin")


def a_fit(name: str, turn_deg: float) -> VertebraFit:
    turn = Rotation.from_euler("x", turn_deg, degrees=True).as_matrix()
    motion = RigidTransform.from_axes("ct", "mr", turn, [1.0, 2.0, 3.0])
    return VertebraFit(name, motion, 0.3, 0.8, 0.35, 0.9, 0.4, 0.2, 1.4, 1.01)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Case]:
    """Two cases as they are read, each with a finding of its import."""
    folder = tmp_path_factory.mktemp("inputs")
    read = []
    for name, keys in (("ct", (L4,)), ("mr", (L4, SAC))):
        told = finding_of("AN-413", Severity.CONFIRM, where=name, why=f"Said of the {name}.")
        source = {"import_findings": json.dumps([told.as_document()]), "origin": name}
        read.append(read_case(write_case(replace(a_case(*keys), source=source), folder / name)))
    return read[0], read[1]


def a_fusion(landmarks: LandmarkFit | None = None) -> Fusion:
    fits = (a_fit("L4", 2.0), a_fit("L5", 6.0))
    case = replace(
        a_case(L4, SAC),
        drawn={ROOT: Tube(np.array([[20.0, 20, 20], [24, 22, 18]]), np.array([1.5, 2.0]))},
        registration_sigma_mm={SAC: 0.7, ROOT: 0.9},
    )
    warp = lay_warp([f.ct_from_mr for f in fits], np.array([[0.0, 0, 35], [0, 0, 0]]))
    said = finding_of("AN-414", Severity.CONFIRM, where="both images", why="Look.")
    level = LevelFit("L4", "L5", 4.0, 1.5, 0.8)
    return Fusion(case, fits, (level,), landmarks, {SAC: 0.02}, 0.9, warp, (said,))


def test_the_document_holds_motions_errors_and_both_inputs(inputs: tuple[Case, Case]) -> None:
    document = fusion_document(a_fusion(), *inputs)
    assert (document["ct_sha256"], document["mr_sha256"]) == tuple(c.sha256 for c in inputs)
    assert document["ct_sha256"] != document["mr_sha256"]
    matrix = np.array(document["vertebrae"][1]["ct_from_mr"])
    np.testing.assert_allclose(matrix, a_fit("L5", 6.0).ct_from_mr.matrix, atol=1e-5)
    assert document["levels"] == [
        {
            "upper": "L4", "lower": "L5", "neighbours": True,
            "turn_deg": 4.0, "shift_mm": 1.5, "error_mm": 0.8,
        }
    ]  # fmt: skip
    assert document["in_bone_share"] == {"dural_sac": 0.02}
    assert document["landmarks"] is None
    # nothing in it but what JSON keeps
    assert json.loads(json.dumps(document)) == document


def test_landmarks_are_kept_with_their_numbers(inputs: tuple[Case, Case]) -> None:
    placed = LandmarkFit(5, 0.9, 1.4, 20.0, 4.0)
    document = fusion_document(a_fusion(placed), *inputs)
    assert document["landmarks"]["swapped_ratio"] == 4.0
    assert document["landmarks"]["count"] == 5


def test_a_fused_case_is_a_case_with_the_findings_of_all_three(
    inputs: tuple[Case, Case], tmp_path: Path
) -> None:
    folder = write_fused_case(
        a_fusion(), *inputs, tmp_path / "case", extra={"fusion.png": b"picture"}
    )
    case = read_case(folder)
    assert [f.why for f in find_import_findings(case)] == [
        "Said of the ct.", "Said of the mr.", "Look.",
    ]  # fmt: skip
    assert case.source["origin"] == "ct"
    assert json.loads(case.source["fusion"])["levels"][0]["error_mm"] == 0.8
    assert dict(case.registration_sigma_mm) == {SAC: 0.7, ROOT: 0.9}
    np.testing.assert_allclose(case.drawn[ROOT].radii_mm, [1.5, 2.0])
    assert (folder / "fusion.png").read_bytes() == b"picture"


def test_the_same_fusion_gives_the_same_case_and_replaces_one_only_if_told(
    inputs: tuple[Case, Case], tmp_path: Path
) -> None:
    one = write_fused_case(a_fusion(), *inputs, tmp_path / "one")
    other = write_fused_case(a_fusion(), *inputs, tmp_path / "other")
    assert read_case(one).sha256 == read_case(other).sha256
    with pytest.raises(StoreError) as caught:
        write_fused_case(a_fusion(), *inputs, one)
    assert caught.value.code == "ST-002"
    write_fused_case(a_fusion(), *inputs, one, force=True)
    assert read_case(one).sha256 == read_case(other).sha256


def test_an_error_of_registration_alone_is_kept_too() -> None:
    case = replace(a_case(L4, SAC), registration_sigma_mm={SAC: 0.7})
    document = additions_document(case)
    assert document == {"registration_sigma_mm": {"dural_sac": 0.7}}
    assert read_additions("case", document) == ({}, {SAC: 0.7})


CORNERS = np.array([[0.0, 0, 5], [4, 0, 5], [4, 4, 5], [0, 4, 5]])


@pytest.mark.parametrize("system", ["LPS", "RAS"])
def test_closed_curves_are_read_in_their_order(system: str, tmp_path: Path) -> None:
    curves = [markup(CORNERS + n, kind="ClosedCurve", system=system) for n in range(3)]
    read = read_closed_curves(save_markups(tmp_path / "c.mrk.json", *curves))
    np.testing.assert_array_equal(read, [CORNERS, CORNERS + 1, CORNERS + 2])


@pytest.mark.parametrize(
    ("curves", "told"),
    [
        ([], "nothing"),
        ([markup(CORNERS)], "has Curve"),
        ([markup(CORNERS, kind="ClosedCurve"), markup(CORNERS, kind="Line")], "has Line"),
        ([markup(CORNERS[:2], kind="ClosedCurve")], "three points"),
        ([markup(CORNERS[:0], kind="ClosedCurve")], "three points"),
    ],
)
def test_what_is_no_closed_curve_is_refused(
    curves: list[dict[str, object]], told: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=told) as caught:
        read_closed_curves(save_markups(tmp_path / "c.mrk.json", *curves))
    assert caught.value.code == "IN-090"


def test_a_line_that_was_traced_says_so_when_it_is_read_again(tmp_path: Path) -> None:
    points, radii = np.array([[20.0, 20, 20], [24, 22, 18]]), np.array([1.5, 2.0])
    drawn = {ROOT: Tube(points, radii), OTHER_ROOT: Tube(points, radii, traced=True)}
    folder = write_case(replace(a_case(L4, SAC), drawn=drawn), tmp_path / "case")
    read = read_case(folder).drawn
    assert [read[key].traced for key in (ROOT, OTHER_ROOT)] == [False, True]
    # what a person drew keeps the bytes it had before lines could be traced
    assert "traced" not in json.loads((folder / "case.json").read_text())["drawn"][0]
