import numpy as np
import pytest
from tests.unit.anatomy.made_bones import LUMBAR, in_sacrum, lumbar_bones

from kambin.anatomy import BonyAnatomy, Origin, StructureKey
from kambin.anatomy.partition_s1 import S1_PARTS, part_sacrum
from kambin.anatomy.structures import VertebraFrame
from kambin.frames import Side


@pytest.fixture(scope="module")
def bony() -> BonyAnatomy:
    return lumbar_bones()


def local_points(bony: BonyAnatomy, key: str) -> np.ndarray:
    region = bony.structures[StructureKey.parse(key)].region
    return LUMBAR["S1"].inverse().points(region.lps_mm(np.argwhere(region.values)))


def test_the_parts_fill_the_sacrum(bony: BonyAnatomy) -> None:
    parts = part_sacrum(bony.bone, bony.vertebra_frames["S1"], 1.0)
    assert sum(p.region.values.sum() for p in parts.values()) == bony.bone.mask("S1").sum()
    assert {k.kind for k in parts} == set(S1_PARTS)


def test_the_whole_sacrum_is_kept_beside_its_parts(bony: BonyAnatomy) -> None:
    whole = bony.structures[StructureKey("vertebra", "S1")]
    rest = bony.structures[StructureKey("sacrum")]
    assert whole.origin is rest.origin is Origin.SEGMENTED
    assert whole.region.values.sum() > rest.region.values.sum()


@pytest.mark.parametrize("side", list(Side))
def test_the_sap_rises_behind_the_wall_beside_the_canal(bony: BonyAnatomy, side: Side) -> None:
    sap = local_points(bony, f"sap:S1:{side}")
    assert (sap[:, 0] * side.lateral_sign_lps > 0).all()
    assert sap[:, 1].min() > 15.0
    assert sap[:, 2].max() > 6.0
    assert np.abs(sap[:, 0]).max() < 35.0


@pytest.mark.parametrize("side", list(Side))
def test_the_base_lies_under_the_sap(bony: BonyAnatomy, side: Side) -> None:
    sap, base = (local_points(bony, f"{kind}:S1:{side}") for kind in ("sap", "arch_base"))
    assert base[:, 2].mean() < sap[:, 2].mean() - 5.0


def test_the_body_of_s1_is_not_the_ala(bony: BonyAnatomy) -> None:
    body = np.vstack([local_points(bony, key) for key in ("body:S1", "body_rim:S1")])
    assert np.abs(body[:, 0]).max() < 29.0
    assert body[:, 2].min() > -30.0
    assert in_sacrum(body).mean() > 0.95


def test_the_rim_of_s1_is_at_its_plate(bony: BonyAnatomy) -> None:
    assert local_points(bony, "body_rim:S1")[:, 2].min() > -5.5


def test_without_the_canal_nothing_is_parted(bony: BonyAnatomy) -> None:
    frame = bony.vertebra_frames["S1"]
    blind = VertebraFrame(
        "S1",
        frame.lps_from_vertebra,
        frame.upper_plate,
        frame.lower_plate,
        frame.posterior_wall_y_mm,
        {},
        frame.sigma_tilt_deg,
    )
    assert part_sacrum(bony.bone, blind, 1.0) == {}
