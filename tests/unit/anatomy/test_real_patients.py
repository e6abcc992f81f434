"""The real CT and the atlas: no false alarm, and roots where papers say they are."""

import json
import re
from pathlib import Path

import nibabel
import numpy as np
import pytest

from kambin.anatomy import Case, CaseCheck, StructureKey, check_case
from kambin.anatomy.completion import complete_bones
from kambin.anatomy.nerves import NerveCompletion, complete_nerves
from kambin.core import find_blocking, find_unanswered
from kambin.frames import LPS_FROM_RAS, Side
from kambin.imaging import LabelMap, Volume

KINDS = {
    "hip": "ilium",
    "hip_bones": "ilium",
    "inferior_vena_cava": "vena_cava",
    "iliac_vena": "iliac_vein",
    "autochthon": "erector_spinae",
    "iliopsoas": "psoas",
}
"""Names of the two data sets that differ from ours; the importer has the whole table."""


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    image = nibabel.load(path)
    return np.asanyarray(image.dataobj), LPS_FROM_RAS @ image.affine


def key_of(name: str) -> StructureKey:
    name = name.lower()
    if match := re.fullmatch(r"vertebrae?_([tls]\d+)", name):
        return StructureKey("vertebra", match[1].upper())
    if match := re.fullmatch(r"rib_(left|right)_(\d+)", name):
        return StructureKey("rib", match[2], Side(match[1]))
    side = None
    if match := re.fullmatch(r"(.+)_(left|right)", name):
        name, side = match[1], Side(match[2])
    return StructureKey(KINDS.get(name, name), "", side)


def names_in(folder: Path, values: np.ndarray) -> dict[int, StructureKey]:
    present = set(np.unique(values).tolist())
    table = json.loads((folder / "labels.json").read_text())
    return {int(v): key_of(n) for v, n in table.items() if int(v) in present}


@pytest.fixture(scope="module")
def the_real_ct(shared_data) -> Case:
    folder = shared_data / "ct_ts_abdopelvis_3mm"
    hu, affine = read(folder / "ct.nii.gz")
    labels, _ = read(folder / "labels_totalseg117.nii.gz")
    return Case(
        Volume(hu, affine, "ct").canonical(),
        LabelMap(labels, affine, "ct").canonical(),
        names_in(folder, labels),
        "totalsegmentator",
    )


@pytest.fixture(scope="module")
def its_nerves(the_real_ct) -> NerveCompletion:
    return complete_nerves(complete_bones(the_real_ct))


@pytest.fixture(scope="module")
def the_atlas_checked(shared_data) -> CaseCheck:
    folder = shared_data / "atlas_vhp_male"
    labels, affine = read(folder / "vhp_male_lumbar_labels_1mm.nii.gz")
    body, _ = read(folder / "vhp_male_body_skin_1mm.nii.gz")
    names = names_in(folder, labels) | {255: StructureKey("skin")}
    labels = np.where((labels == 0) & (body > 0), 255, labels).astype(np.uint8)
    return check_case(Case(None, LabelMap(labels, affine, "atlas").canonical(), names, "sidecar"))


def test_the_real_ct_is_asked_only_about_its_resolution(the_real_ct):
    check = check_case(the_real_ct)

    assert find_blocking(check.findings) == ()
    assert {f.code for f in find_unanswered(check.findings, ())} == {"AN-201"}
    assert check.scheme.name == "5 lumbar"
    assert check.scheme.counted_from_sacrum
    assert check.scheme.counted_from_rib
    assert check.levels_present[-5:] == ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")


def test_the_atlas_is_asked_about_its_count_and_its_vessels(the_atlas_checked):
    check = the_atlas_checked

    assert find_blocking(check.findings) == ()
    assert {f.code for f in find_unanswered(check.findings, ())} == {"AN-114", "AN-140"}
    assert not check.scheme.counted_from_rib


def test_every_root_of_the_real_ct_is_credible(its_nerves):
    assert its_nerves.findings == ()
    for vertebra in ("L1", "L2", "L3", "L4", "L5"):
        for side in Side:
            quality = its_nerves.structures[StructureKey("exiting_root", vertebra, side)].quality
            assert quality["moved_mm"] <= 5.0
            assert quality["overlap_mm"] <= 0.6


def test_nothing_of_the_real_ct_is_called_cord_where_there_is_none(its_nerves, the_real_ct):
    """Its label *spinal cord* reaches into the sacrum, as those of the usual tools do."""
    cord = StructureKey("spinal_cord")
    l2 = complete_bones(the_real_ct).vertebra_frames["L2"].upper_plate.origin_mm[2]
    left = its_nerves.structures[cord].region

    assert its_nerves.taken_up == {cord}
    assert left.lps_mm(np.argwhere(left.values > 0))[:, 2].min() > l2 - 10.0


@pytest.mark.parametrize("side", list(Side))
def test_roots_of_the_real_ct_leave_as_papers_describe(its_nerves, side):
    for vertebra in ("L2", "L3", "L4", "L5"):
        quality = its_nerves.structures[StructureKey("exiting_root", vertebra, side)].quality
        low, high = (20, 42) if vertebra == "L5" else (30, 73)
        assert low <= quality["angle_to_plate_deg"] <= high, "A4 28 at L5; A6 40-73"
        assert 6.6 <= quality["take_off_height_mm"] <= 26.1, "A6"
        assert 8.0 <= quality["sac_to_root_mm"] <= 30.0, "A6 13.6, flatter at L5"


def test_the_cord_label_of_the_real_ct_is_its_sac(its_nerves):
    sac = its_nerves.structures[StructureKey("dural_sac")]

    assert sac.origin == "segmented"
    assert sac.quality["seen_share"] > 0.8


def test_the_skin_of_the_real_ct_holds_all_its_labels(the_real_ct, its_nerves):
    skin = its_nerves.structures[StructureKey("skin")]
    ijk = np.argwhere(the_real_ct.labels.values > 0)[::97]

    inside = np.rint(skin.region.ijk(the_real_ct.labels.lps_mm(ijk))).astype(int)
    assert skin.region.values[tuple(inside.T)].mean() > 0.99
