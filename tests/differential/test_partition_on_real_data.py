"""The parts of real vertebrae against parts that somebody else drew."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from benchmarks.refit_parts import PATCHES, DrawnVertebra, fit_rules, read_patch, score_rules
from tests.differential.real_spines import atlas_bones, coarse_atlas_bones, ct_bones
from tests.differential.test_frames_on_real_data import read_stl

from kambin.anatomy import BonyAnatomy, StructureKey
from kambin.anatomy.part_rules import shipped_rules
from kambin.frames import Side
from kambin.imaging import extract_surface, surface_distance

LEAST_FITTED = {"body": 0.98, "sap": 0.85, "iap": 0.85, "tp": 0.87, "sp": 0.77, "arch": 0.76}
LEAST_UNSEEN = {"body": 0.97, "sap": 0.85, "iap": 0.80, "tp": 0.80, "sp": 0.70, "arch": 0.70}


@cache
def patch_of(folder: Path, patch: str) -> DrawnVertebra:
    return read_patch(folder, patch)


def hold_to(least: dict[str, float], scores: dict[str, tuple[float, float]]) -> None:
    """Both sides of every part reach the least Dice."""
    below = {part: both for part, both in scores.items() if min(both) < least[part]}
    assert not below


@pytest.mark.parametrize("patch", list(PATCHES))
def test_shipped_rules_agree_with_the_drawn_parts_they_were_fitted_to(
    shared_data: Path, patch: str
) -> None:
    hold_to(LEAST_FITTED, score_rules(patch_of(shared_data, patch), shipped_rules()))


@pytest.mark.parametrize(("fitted", "unseen"), [("ct", "mr"), ("mr", "ct")])
def test_rules_fitted_on_one_vertebra_part_the_other(
    shared_data: Path, fitted: str, unseen: str
) -> None:
    """CT to MR and back; the shipped numbers play no part in it."""
    rules = fit_rules([patch_of(shared_data, fitted)])
    hold_to(LEAST_UNSEEN, score_rules(patch_of(shared_data, unseen), rules))


def test_shifted_rules_fail_the_same_bars(shared_data: Path) -> None:
    """The comparison can fail: a SAP that begins 6 mm too far back is none."""
    rules = shipped_rules()
    notch, thickness, *rest = rules.sap
    shifted = replace(rules, sap=(notch + 6.0, thickness + 6.0, *rest))
    scores = score_rules(patch_of(shared_data, "ct"), shifted)
    assert max(scores["sap"]) < LEAST_UNSEEN["sap"]


def gaps_to_surface(bony: BonyAnatomy, key: str, mesh: Path) -> tuple[float, float]:
    """How far an articular plate lies from the surface of a part: median and p95 of its area."""
    triangles = read_stl(mesh).reshape(-1, 3, 3)
    a, b, c = triangles.transpose(1, 0, 2)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    surface = extract_surface(bony.structures[StructureKey.parse(key)].region)
    gaps = np.abs(surface_distance(triangles.mean(axis=1), surface))
    # By area: corners crowd at the rim of the plates.
    order = np.argsort(gaps)
    share = np.cumsum(area[order]) / area.sum()
    return tuple(float(gaps[order][np.searchsorted(share, q)]) for q in (0.5, 0.95))


@pytest.mark.parametrize(
    ("vertebra", "median", "p95"),
    [("L3", 1.2, 4.0), ("L4", 1.2, 4.0), ("L5", 1.2, 4.0), ("S1", 2.0, 11.0)],
)
@pytest.mark.parametrize("side", list(Side))
def test_the_articular_plates_of_the_atlas_lie_on_the_sap(
    shared_data: Path, vertebra: str, median: float, p95: float, side: Side
) -> None:
    mesh = shared_data / "atlas_vhp_male" / "meshes" / f"SAP_{vertebra}_{side}.stl"
    found = gaps_to_surface(atlas_bones(shared_data), f"sap:{vertebra}:{side}", mesh)
    assert found[0] <= median
    assert found[1] <= p95


@pytest.mark.parametrize("side", list(Side))
def test_a_sap_at_one_millimetre_has_the_size_of_a_sap(shared_data: Path, side: Side) -> None:
    for vertebra in ("L2", "L3", "L4", "L5", "S1"):
        sap = atlas_bones(shared_data).structures[StructureKey("sap", vertebra, side)]
        # Bodies of this man are 29 to 32 mm high: his processes are large too.
        assert 1800.0 < sap.quality["volume_mm3"] < 3000.0, vertebra


def test_three_millimetres_change_the_sap_by_up_to_a_fifth(shared_data: Path) -> None:
    """Averaged labels of one patient; a segmentation of a 3 mm CT loses more (recipes 7)."""
    shares = []
    for vertebra in ("L2", "L3", "L4", "L5", "S1"):
        for side in Side:
            key = StructureKey("sap", vertebra, side)
            fine, coarse = (
                bony(shared_data).structures[key].quality["volume_mm3"]
                for bony in (atlas_bones, coarse_atlas_bones)
            )
            shares.append(coarse / fine)
    assert min(shares) > 0.8
    assert max(shares) < 1.15
    assert np.mean(shares) < 1.0


@pytest.mark.parametrize("bones", [atlas_bones, ct_bones])
def test_sap_lies_behind_the_disc_and_iap_behind_the_sap(shared_data: Path, bones: object) -> None:
    bony = bones(shared_data)  # type: ignore[operator]
    for level, disc in bony.disc_frames.items():
        for side in Side:
            centres = []
            for kind, vertebra in (("sap", level.lower), ("iap", level.upper)):
                region = bony.structures[StructureKey(kind, vertebra, side)].region
                lps = region.lps_mm(np.argwhere(region.values)).mean(axis=0)
                centres.append(disc.lps_from_disc.inverse().points(lps))
            sap, iap = centres
            sign = side.lateral_sign_lps
            assert disc.posterior_rim_y_mm < sap[1] < iap[1] + 2.0, f"{level} {side}"
            assert 0 < iap[0] * sign < sap[0] * sign, f"{level} {side}"


def test_hip_bones_without_a_side_are_parted(shared_data: Path) -> None:
    bony = atlas_bones(shared_data)
    for side in Side:
        region = bony.structures[StructureKey("ilium", "", side)].region
        places = region.lps_mm(np.argwhere(region.values))
        assert (places[:, 0] * side.lateral_sign_lps > 0).mean() > 0.999


def test_the_hollow_colon_of_the_atlas_is_filled(shared_data: Path) -> None:
    """A path inside the lumen must not read as clear (recipes 0.3)."""
    bony = atlas_bones(shared_data)
    shell = sum((bony.labels.values == v).sum() for v, k in bony.names.items() if k.kind == "colon")
    colon = bony.structures[StructureKey("colon")].region.values
    assert colon.sum() > 1.3 * shell
