"""G26: two images of different days or postures are fused only under a person's name."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.differential import real_spines
from tests.e2e.command_line import run_kambin
from tests.unit.anatomy.bent_spine import BentSpine, bend

from kambin.anatomy import Case, StructureKey
from kambin.anatomy.fusion import fuse_cases
from kambin.core import AnatomyError
from kambin.exchange import read_case, write_case


@pytest.fixture(scope="module")
def spine() -> BentSpine:
    return bend(spacing_mm=2.0, mr_spacing_mm=(2.0, 1.5, 1.5))


@pytest.fixture(scope="module")
def folders(spine: BentSpine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("two")
    return write_case(spine.ct, folder / "ct"), write_case(spine.mr, folder / "mr")


def test_g26_the_fused_case_waits_for_a_person(folders: tuple[Path, Path], tmp_path: Path) -> None:
    made = run_kambin("fuse", *folders, "-o", tmp_path / "case", "--json")
    assert made.code == 0, made.errors
    picture = (tmp_path / "case" / "fusion.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000
    case = read_case(tmp_path / "case")
    said = json.loads(case.source["fusion"])
    assert said["ct_sha256"] == read_case(folders[0]).sha256
    assert said["mr_sha256"] == read_case(folders[1]).sha256
    for row in said["vertebrae"]:
        assert np.linalg.det(np.array(row["ct_from_mr"])[:3, :3]) == pytest.approx(1.0, abs=1e-4)
        assert row["holdout_mean_mm"] > 0.0
    assert [row["error_mm"] > 0 for row in said["levels"]] == [True] * 3
    checked = run_kambin("check", tmp_path / "case", "--json").document
    assert {"AN-412", "AN-414"} <= set(checked["unanswered"])
    assert case.registration_sigma_mm[StructureKey("dural_sac")] > 0.5


def test_g26_in_words_the_error_of_each_level_and_the_question_are_told(
    spine: BentSpine, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    kept = {v: k for v, k in spine.mr.names.items() if k.place not in ("L3", "S1")}
    mr = write_case(replace(spine.mr, names=kept), tmp_path / "mr")
    words = run_kambin("fuse", folders[0], mr, "-o", tmp_path / "case")
    assert words.code == 0, words.errors
    assert "L4-L5     error" in words.text
    assert "L3-L4" not in words.text
    assert "--accept AN-414" in words.text


def test_g26_a_side_that_is_wrong_already_is_not_fused(
    spine: BentSpine, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    swapped = {
        v: replace(k, side=k.side.opposite) if k.side else k for v, k in spine.mr.names.items()
    }
    wrong = write_case(replace(spine.mr, names=swapped), tmp_path / "mr")
    ended = run_kambin("fuse", folders[0], wrong, "-o", tmp_path / "case", "--json")
    assert ended.code == 4
    assert "AN-101" in ended.document["error"]["why"]
    assert not (tmp_path / "case").exists()


def test_g26_ct_and_atlas_are_two_patients(shared_data: Path) -> None:
    ct, atlas = real_spines.ct(shared_data), real_spines.atlas(shared_data)
    with pytest.raises(AnatomyError) as caught:
        fuse_cases(_lumbar(ct), _lumbar(atlas))
    assert caught.value.code == "AN-411"


def test_g26_a_real_ct_and_a_real_mr_of_two_patients_are_refused(
    shared_data: Path, tmp_path: Path
) -> None:
    names = {5: "L2", 6: "L3", 7: "L4", 105: "disc_L2-L3", 106: "disc_L3-L4"}
    plates = {205: "endplate_L2", 206: "endplate_L3", 207: "endplate_L4"}
    kinds = {"ct": ("ct_l3", "22_ct", "22", {}), "mri": ("mr_t2", "6_T2w", "6", names | plates)}
    for kind, (place, image, number, words) in kinds.items():
        folder = shared_data / f"{place}_patch_subregions"
        labels = []
        for part in ("vert", "subreg"):
            file = tmp_path / f"sub-{kind}_seg-{part}_label-{number}_msk.nii.gz"
            file.write_bytes((folder / file.name).read_bytes())
            labels += ["--labels", file]
        if words:
            file = tmp_path / f"sub-{kind}_seg-vert_label-{number}_msk.json"
            file.write_text(json.dumps(words))
        scan = folder / f"sub-{kind}_label-{image}.nii.gz"
        made = run_kambin("import", "-i", scan, *labels, "-o", tmp_path / kind)
        assert made.code == 0, made.errors

    ended = run_kambin("fuse", tmp_path / "ct", tmp_path / "mri", "-o", tmp_path / "case", "--json")

    assert ended.code == 4
    assert ended.document["error"]["code"] == "AN-411"
    # 0.92 of the size, where 8 % of difference are tolerated
    assert "92% of the size" in ended.document["error"]["why"]
    assert not (tmp_path / "case").exists()


def _lumbar(case: Case) -> Case:
    """L3, L4 and the discs: enough to tell two patients apart."""
    names = {
        v: k
        for v, k in case.names.items()
        if (k.kind == "vertebra" and k.place in ("L3", "L4")) or k.kind in ("disc", "spinal_cord")
    }
    return Case(None, case.labels, names, case.dialect)
