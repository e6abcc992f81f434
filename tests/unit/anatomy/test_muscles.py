"""Multifidus and erector spinae out of one mass: medial and lateral of a cleft, nothing lost."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.made_bones import LUMBAR
from tests.unit.anatomy.soft_bones import MASS_BACK_MM, soft_bones

from kambin.anatomy import BonyAnatomy, Origin, Structure, StructureKey
from kambin.anatomy.muscles import complete_muscles
from kambin.core import Severity
from kambin.frames import RigidTransform, Side
from kambin.imaging import LabelMap
from kambin.knowledge import value, value_at

key = StructureKey.parse


@pytest.fixture(scope="module")
def muscles() -> dict[StructureKey, Structure]:
    found, (finding,) = complete_muscles(soft_bones())
    # The quadratus is bounded by no label in front and at its side.
    assert (finding.code, finding.severity) == ("AN-292", Severity.NOTE)
    assert finding.where == "quadratus:left, quadratus:right"
    return found


def places(structure: Structure) -> np.ndarray:
    return structure.region.lps_mm(np.argwhere(structure.region.values))


def with_mass(keep: np.ndarray) -> BonyAnatomy:
    """The made bones with part of the left mass only."""
    bony = soft_bones()
    mass = bony.structures[key("erector_spinae:left")]
    values = (mass.region.values * keep).astype(np.uint8)
    region = LabelMap(values, mass.region.lps_from_ijk, mass.region.frame_id)
    return replace(bony, structures={**bony.structures, mass.key: replace(mass, region=region)})


def lateral_of(region: LabelMap) -> np.ndarray:
    return region.lps_mm(np.moveaxis(np.indices(region.shape), 0, -1))[..., 0]


@pytest.mark.parametrize("side", Side)
def test_both_parts_are_the_mass_and_share_nothing(muscles, side: Side) -> None:
    mass = {tuple(r) for r in places(soft_bones().structures[key(f"erector_spinae:{side}")])}
    multifidus, erector = (
        {tuple(r) for r in places(muscles[key(f"{kind}:{side}")])}
        for kind in ("multifidus", "erector_spinae")
    )
    assert multifidus.isdisjoint(erector)
    assert multifidus | erector == mass


def test_the_multifidus_is_modelled_and_the_erector_keeps_its_segmented_surface(muscles) -> None:
    multifidus, erector = muscles[key("multifidus:left")], muscles[key("erector_spinae:left")]
    assert multifidus.origin is Origin.MODELLED
    assert multifidus.sigma_mm == value("completion_soft.multifidus_sigma_mm")
    assert erector.origin is Origin.SEGMENTED
    assert erector.sigma_mm == soft_bones().structures[erector.key].sigma_mm
    assert "multifidus is taken out" in erector.method


@pytest.mark.parametrize("level", ["L4-L5", "L5-S1"])
def test_under_the_fascia_the_cleft_lies_where_the_literature_has_it(muscles, level: str) -> None:
    sap = soft_bones().structures[key(f"sap:{level[-2:]}:left")]
    height = places(sap)[:, 2].mean()
    found = places(muscles[key("multifidus:left")])
    under_fascia = found[(np.abs(found[:, 2] - height) < 0.6) & (found[:, 1] > MASS_BACK_MM - 0.6)]
    # Where the mid-sagittal plane of the vertebra meets the fascia.
    frame = LUMBAR["L5"]
    backward = frame.rotation[:, 1] / frame.rotation[1, 1]
    middle = (frame.origin_mm + backward * (MASS_BACK_MM - frame.origin_mm[1]))[0]
    expected = value_at("completion_soft.cleft_mm", level)
    assert under_fascia[:, 0].max() - middle == pytest.approx(expected, abs=1.5)


def test_a_mask_of_the_erector_alone_is_left_as_it_is() -> None:
    mass = soft_bones().structures[key("erector_spinae:left")]
    found, (finding,) = complete_muscles(with_mass(lateral_of(mass.region) > 40.0))
    assert set(found) == {key("multifidus:right"), key("erector_spinae:right")}
    assert "multifidus:left" in finding.where


def test_a_given_multifidus_stops_the_parting() -> None:
    bony = soft_bones()
    given = {**bony.structures, key("multifidus:left"): bony.structures[key("psoas:left")]}
    found, _ = complete_muscles(
        replace(bony, structures=given, given=bony.given | {key("multifidus:left")})
    )
    assert set(found) == {key("multifidus:right"), key("erector_spinae:right")}


def test_muscles_that_no_mask_gives_are_named() -> None:
    bony = soft_bones()
    bare = {k: s for k, s in bony.structures.items() if k.kind not in ("psoas", "erector_spinae")}
    found, (finding,) = complete_muscles(replace(bony, structures=bare))
    assert found == {}
    assert finding.where.split(", ") == [
        f"{kind}:{side}"
        for kind in ("psoas", "quadratus", "erector_spinae", "multifidus")
        for side in ("left", "right")
    ]


def test_without_any_joint_there_is_no_cleft() -> None:
    bony = soft_bones()
    bare = {k: s for k, s in bony.structures.items() if k.kind != "sap"}
    found, _ = complete_muscles(replace(bony, structures=bare))
    assert found == {}


def turned(bony: BonyAnatomy, angle_deg: float) -> BonyAnatomy:
    """The same patient, turned about the upright axis."""
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    axes = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    motion = RigidTransform.from_axes("lps", "lps", axes, [0, 0, 0])

    def move(structure: Structure) -> Structure:
        region = structure.region
        affine = motion.matrix @ region.lps_from_ijk
        return replace(structure, region=LabelMap(region.values, affine, region.frame_id))

    kinds = ("sap", "erector_spinae", "psoas")
    moved = {k: move(s) for k, s in bony.structures.items() if k.kind in kinds}
    frames = {
        name: replace(frame, lps_from_vertebra=motion @ frame.lps_from_vertebra)
        for name, frame in bony.vertebra_frames.items()
    }
    return replace(bony, structures=moved, vertebra_frames=frames)


@pytest.mark.parametrize("angle_deg", [-6.0, 6.0])
def test_a_turned_vertebra_takes_the_cleft_with_it(muscles, angle_deg: float) -> None:
    """The midline runs back to the spinous process; straight back, one side lost a third."""
    found, _ = complete_muscles(turned(soft_bones(), angle_deg))
    for side in Side:
        name = key(f"multifidus:{side}")
        share = found[name].quality["share_of_mass"]
        assert share == pytest.approx(muscles[name].quality["share_of_mass"], rel=0.03)
