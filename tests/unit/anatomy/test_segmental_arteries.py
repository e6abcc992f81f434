"""Lumbar arteries: round the waist, outside bone, from the aorta to the foramen, or not at all."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.unit.anatomy.made_bones import LUMBAR, PEDICLE, WALL_MM, in_vertebra
from tests.unit.anatomy.soft_bones import AORTA_LEFT_MM, soft_bones

from kambin.anatomy import BonyAnatomy, Origin, Structure, StructureKey
from kambin.anatomy.segmental_arteries import complete_segmental_arteries
from kambin.core import Severity
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.knowledge import value, value_at

key = StructureKey.parse
BOTH = {key("segmental_artery:L4:left"), key("segmental_artery:L4:right")}


@pytest.fixture(scope="module")
def arteries() -> dict[StructureKey, Structure]:
    found, findings = complete_segmental_arteries(soft_bones())
    assert findings == ()
    return found


def local_points(structure: Structure) -> np.ndarray:
    assert structure.tube is not None
    return LUMBAR["L4"].inverse().points(structure.tube.points_lps_mm)


def with_aorta(change: np.ndarray | None) -> BonyAnatomy:
    """The made bones with part of their aorta, or with none."""
    bony = soft_bones()
    aorta = bony.structures[key("aorta")]
    kept = {k: s for k, s in bony.structures.items() if k.kind != "aorta"}
    if change is not None:
        region = LabelMap(
            (aorta.region.values * change).astype(np.uint8),
            aorta.region.lps_from_ijk,
            aorta.region.frame_id,
        )
        kept[aorta.key] = replace(aorta, region=region)
    return replace(bony, structures=kept)


def above(height_mm: float) -> np.ndarray:
    region = soft_bones().structures[key("aorta")].region
    heights = region.lps_mm(np.moveaxis(np.indices(region.shape), 0, -1))[..., 2]
    return heights >= height_mm


def test_l4_has_one_on_each_side_and_l5_has_none(arteries) -> None:
    assert set(arteries) == BOTH


@pytest.mark.parametrize("side", Side)
def test_it_runs_from_the_aorta_round_the_body_to_behind_the_wall(arteries, side: Side) -> None:
    artery = arteries[StructureKey("segmental_artery", "L4", side)]
    points = local_points(artery)

    assert artery.origin is Origin.MODELLED
    assert artery.sigma_mm == value("completion_soft.artery_sigma_mm")
    assert points[0, 0] == pytest.approx(AORTA_LEFT_MM, abs=3.0)
    assert points[0, 1] < -WALL_MM
    # It passes the pedicle on the outside, and ends under it behind the wall.
    x, z, width, height = PEDICLE
    assert points[-1, 1] > WALL_MM
    assert points[-1, 0] * side.lateral_sign_lps > x + width / 2
    assert points[-1, 2] < z - height / 2
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert steps.max() < 15.0
    assert steps.sum() == pytest.approx(artery.quality["length_mm"])


def test_it_keeps_outside_bone_and_close_to_the_waist(arteries) -> None:
    for artery in arteries.values():
        points = local_points(artery)
        fine = np.concatenate([np.linspace(a, b, 9) for a, b in pairwise(points)])
        assert not in_vertebra(fine).any()
        # The body is an ellipse cut off in front; along it the line keeps its distance.
        beside = fine[(np.abs(fine[:, 1]) < 5) & (np.abs(fine[:, 0]) > 15)]
        outline = 22 * np.sqrt(1 - (beside[:, 1] / 19) ** 2)
        off = np.abs(beside[:, 0]) - outline
        assert np.all((off > 1.0) & (off < 4.0))
        radius = value_at("completion_soft.artery_radius_mm", "L4")
        assert artery.tube is not None
        assert np.all(artery.tube.radii_mm == radius)


def test_without_an_aorta_they_are_not_assessed() -> None:
    found, (finding,) = complete_segmental_arteries(with_aorta(None))
    assert found == {}
    assert (finding.code, finding.severity) == ("AN-291", Severity.NOTE)
    assert finding.where == "segmental_artery:L4:left, segmental_artery:L4:right"
    assert finding.why == "No aorta is labelled."


def test_below_the_fork_they_come_from_the_end_of_the_aorta() -> None:
    # L4 lies at 40 mm.
    found, findings = complete_segmental_arteries(with_aorta(above(55.0)))
    assert findings == ()
    starts = [local_points(found[k])[0, 2] for k in sorted(BOTH)]
    assert all(10.0 < height < 20.0 for height in starts)


def test_an_aorta_that_ends_far_above_gives_none() -> None:
    found, (finding,) = complete_segmental_arteries(with_aorta(above(70.0)))
    assert found == {}
    assert finding.code == "AN-291"
    assert "does not reach" in finding.why


def test_a_vertebra_without_a_pedicle_has_none_on_that_side() -> None:
    bony = soft_bones()
    frame = bony.vertebra_frames["L4"]
    lame = replace(frame, pedicles={Side.RIGHT: frame.pedicles[Side.RIGHT]})
    found, (finding,) = complete_segmental_arteries(
        replace(bony, vertebra_frames={**bony.vertebra_frames, "L4": lame})
    )
    assert set(found) == {key("segmental_artery:L4:right")}
    assert finding.where == "segmental_artery:L4:left"


def test_a_given_artery_is_not_modelled_again() -> None:
    given = replace(soft_bones(), given=frozenset({key("segmental_artery:L4:left")}))
    found, findings = complete_segmental_arteries(given)
    assert set(found) == {key("segmental_artery:L4:right")}
    assert findings == ()
