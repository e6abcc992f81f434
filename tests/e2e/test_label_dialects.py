"""Real masks of several tools through ``kambin import``: parts and discs find their level."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.e2e.command_line import run_kambin

from kambin.anatomy import Case, StructureKey, check_case
from kambin.anatomy.completion import complete_bones
from kambin.core import Severity
from kambin.exchange import read_case
from kambin.frames import Side


def mask(case: Case, *keys: str) -> np.ndarray:
    """Where a case is any of some structures."""
    wanted = [v for v, key in case.names.items() if str(key) in keys]
    found: np.ndarray = np.isin(case.labels.values, wanted)
    return found


@pytest.fixture(scope="module")
def an_l3_in_parts(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The CT patch around L3 with vertebrae and subregions in two files."""
    folder = shared_data / "ct_l3_patch_subregions"
    out = tmp_path_factory.mktemp("ct") / "case"
    vert, parts = (folder / f"sub-ct_seg-{word}_label-22_msk.nii.gz" for word in ("vert", "subreg"))
    image = folder / "sub-ct_label-22_ct.nii.gz"
    done = run_kambin("import", "-i", image, "--labels", vert, "--labels", parts, "-o", out)
    assert done.code == 0, done.errors
    return read_case(out)


def test_parts_of_a_real_ct_lie_on_the_side_and_at_the_level_they_are_named_for(
    an_l3_in_parts: Case,
) -> None:
    case = an_l3_in_parts
    assert case.dialect == "verse+spineps_subregions"
    for kind in ("sap", "iap", "tp"):
        x = {
            side: case.labels.lps_mm(np.argwhere(mask(case, f"{kind}:L3:{side}")))[:, 0].mean()
            for side in Side
        }
        assert x[Side.LEFT] > x[Side.RIGHT] + 15.0, kind
    heights = [
        case.labels.lps_mm(np.argwhere(mask(case, f"body:{name}")))[:, 2].mean()
        for name in ("L2", "L3", "L4")
    ]
    assert heights == sorted(heights, reverse=True)


def test_core_and_shell_of_a_body_are_one_structure(an_l3_in_parts: Case) -> None:
    keys = [str(key) for key in an_l3_in_parts.names.values()]
    assert keys.count("body:L3") == 1
    # 9714 + 12635 voxels in the file, over three vertebrae
    assert mask(an_l3_in_parts, "body:L2", "body:L3", "body:L4").sum() == 22349


def test_the_case_says_which_input_gave_each_structure(an_l3_in_parts: Case) -> None:
    given = json.loads(an_l3_in_parts.source["structures_from"])
    assert given["sap:L3:left"] == "labels 2, spineps_subregions"
    assert given["vertebra:L3"] == "labels 1, verse"
    # a file name may be a patient's
    assert "sub-ct" not in json.dumps(dict(an_l3_in_parts.source))


def test_given_parts_win_over_the_rules_and_the_arch_keeps_its_pedicles(
    an_l3_in_parts: Case,
) -> None:
    bony = complete_bones(an_l3_in_parts)
    sap = bony.structures[StructureKey("sap", "L3", Side.LEFT)]
    assert sap.method == "Segmented."
    assert (sap.region.values != 0).sum() == mask(an_l3_in_parts, "sap:L3:left").sum()
    nodes: dict[str, set[tuple[int, ...]]] = {}
    for key, structure in bony.structures.items():
        # the parts that stand on the working grid
        on_grid = structure.region.spacing_mm[0] == bony.working_grid.spacing_mm
        if key.place == "L3" and key.kind != "vertebra" and on_grid:
            places = structure.region.lps_mm(np.argwhere(structure.region.values != 0))
            nodes[str(key)] = {tuple(p) for p in np.rint(bony.working_grid.ijk(places)).astype(int)}
    for side in Side:
        # a pedicle is some 15 mm wide and 10 deep behind the wall: never less than 300 mm3
        assert len(nodes[f"pedicle:L3:{side}"]) > 300
    assert "body_rim:L3" in nodes
    assert sum(map(len, nodes.values())) == len(set().union(*nodes.values()))


def test_a_part_of_the_spine_alone_is_imported_and_refused_later_with_its_reason(
    an_l3_in_parts: Case,
) -> None:
    findings = check_case(an_l3_in_parts).findings
    assert {f.code for f in findings if f.severity is Severity.BLOCK} == {"AN-115", "AN-134"}
    assert not {f.code for f in findings} & {"AN-101", "AN-106", "AN-120"}


def test_the_parts_of_a_real_mr_are_named_by_whoever_names_its_vertebrae(
    shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "mr_t2_patch_subregions"
    for word in ("vert", "subreg"):
        name = f"sub-mri_seg-{word}_label-6_msk.nii.gz"
        shutil.copy(folder / name, tmp_path / name)
    vert = tmp_path / "sub-mri_seg-vert_label-6_msk.nii.gz"
    parts = tmp_path / "sub-mri_seg-subreg_label-6_msk.nii.gz"
    call = ("import", "-i", folder / "sub-mri_label-6_T2w.nii.gz", "--labels", vert)
    call += ("--labels", parts, "-o", tmp_path / "case", "--json")
    # numbered 5 to 7 from above, which the table calls the neck
    refused = run_kambin(*call)
    assert refused.document["error"]["code"] == "IN-019"
    assert "body:C5" in refused.document["error"]["why"]
    assert "name them in a JSON beside" in refused.document["error"]["next_step"]
    names = {5: "L2", 6: "L3", 7: "L4", 105: "disc_L2-L3", 106: "disc_L3-L4"}
    plates = {205: "endplate_L2", 206: "endplate_L3", 207: "endplate_L4"}
    vert.with_name("sub-mri_seg-vert_label-6_msk.json").write_text(json.dumps(names | plates))

    done = run_kambin(*call)

    assert done.code == 0, done.errors
    case = read_case(tmp_path / "case")
    keys = {str(key) for key in case.names.values()}
    assert {"disc:L3-L4", "canal", "spinal_cord", "sap:L3:left", "end_plate:L3"} <= keys
    # one bone, whatever is named of it
    whole = complete_bones(case).structures[StructureKey("vertebra", "L3")]
    assert (whole.region.values != 0).sum() == 15754 + 971


def test_bodies_and_discs_of_a_real_ct_refine_the_named_vertebrae(
    shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "ct_ts_abdopelvis_3mm"
    call = ("import", "-i", folder / "ct.nii.gz", "--labels", folder / "labels_totalseg117.nii.gz")
    call += ("--labels", folder / "labels_vertebra_body_disc_TSspine.nii.gz", "--json")

    # the names stand in both files, which outweighs the folder's labels.json
    done = run_kambin(*call, "-o", tmp_path / "case")

    assert done.code == 0, done.errors
    assert done.document["dialect"] == "totalsegmentator+totalsegmentator_vertebrae_body"
    case = read_case(tmp_path / "case")
    for upper, lower in (("L1", "L2"), ("L2", "L3"), ("L3", "L4"), ("L4", "L5")):
        disc = case.labels.lps_mm(np.argwhere(mask(case, f"disc:{upper}-{lower}")))
        above = case.labels.lps_mm(np.argwhere(mask(case, f"body:{upper}")))
        below = case.labels.lps_mm(np.argwhere(mask(case, f"body:{lower}")))
        assert above[:, 2].mean() > disc[:, 2].mean() > below[:, 2].mean()
        # 5 to 25 cm3: no disc was given another's voxels
        assert 5e3 < len(disc) * 27.0 < 25e3
    assert "disc:L5-S1" in done.document["structures"]
    found = {f.code for f in check_case(case).findings if f.severity is Severity.BLOCK}
    assert found == set()
